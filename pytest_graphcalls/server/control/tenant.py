"""Addresses about apps and their tokens, and the one that starts anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import SettingError, UnknownNameError
from pytest_graphcalls.quantities import quantity, shown
from pytest_graphcalls.server.control import parameters, views
from pytest_graphcalls.server.control.parameters import Parameter
from pytest_graphcalls.server.control.routing import Route
from pytest_graphcalls.server.control.state import World
from pytest_graphcalls.simulator import App, Keyring

LONGEST = 366 * 24 * 3600
"""Seconds that a token may live."""


def known_roles() -> tuple[str, ...]:
    """Every application permission that the contract names, in each of its spellings; sorted."""
    operations = Contract.packaged().operations.values()
    return tuple(sorted(frozenset[str]().union(*(operation.permissions.accepted for operation in operations))))


def _roles(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise SettingError(name, shown(value), "a list of names")
    known = known_roles()
    for role in value:
        if role not in known:
            raise UnknownNameError("application permission of the calls API", str(role)[:80], known)
    return tuple(value)


def _lifetime(name: str, value: Any) -> float:
    return float(quantity(name, value, unit="virtual seconds", least=-LONGEST, most=LONGEST))


def _token(world: World, app: App | None = None, lifetime: float = 3600, **facts: Any) -> Mapping[str, Any]:
    authority = world.simulator.authority
    with world.simulator.lock:
        app = app or authority.app
        token = authority.token(app, lifetime=lifetime, **facts)
    return {
        "access_token": token,
        "expires_in": lifetime,
        "client_id": app.app_id,
        "tenant_id": authority.tenant_id,
    }


def _apps(world: World) -> Mapping[str, Any]:
    authority = world.simulator.authority
    return {"default": authority.app.app_id, "apps": [views.app(app) for app in authority.apps]}


def _register(world: World, **facts: Any) -> Mapping[str, Any]:
    with world.simulator.lock:
        return views.app(world.simulator.authority.register(**facts))


def _change(world: World, app: App, roles: tuple[str, ...] | None = None, **facts: Any) -> Mapping[str, Any]:
    if roles is not None:
        facts["roles"] = frozenset(roles)
    with world.simulator.lock:
        return views.app(world.simulator.authority.change(app, **facts))


_OWNERS: Mapping[str, Callable[[World], Keyring]] = {
    "notifications": lambda world: world.simulator.channel.keys,
    "tokens": lambda world: world.simulator.authority.keys,
}
"""Whose keys there are: those that notifications are signed with, and those of access tokens."""


def _owner(name: str, value: Any) -> str:
    del name
    if value not in tuple(_OWNERS):
        raise UnknownNameError("sort of keys", shown(value) if not isinstance(value, str) else value, tuple(_OWNERS))
    return str(value)


def _keys(world: World) -> Mapping[str, Any]:
    with world.simulator.lock:
        return {name: list(keys(world).names) for name, keys in _OWNERS.items()}


def _rotate(world: World, of: str = "notifications") -> Mapping[str, Any]:
    with world.simulator.lock:
        _OWNERS[of](world).rotate()
    return _keys(world)


def _retire(world: World, of: str = "notifications") -> Mapping[str, Any]:
    with world.simulator.lock:
        _OWNERS[of](world).retire()
    return _keys(world)


def _reset(world: World) -> Mapping[str, Any]:
    world.reset()
    return {"now": world.simulator.now}


_OF_AN_APP = {
    "name": Parameter("display name", parameters.text),
    "roles": Parameter("its application permissions", _roles),
    "may_remove_participants": Parameter("whether AllowRemoveParticipantAppIds lists it", parameters.flag),
    "phone_number": Parameter("number of its application instance in E.164 form", parameters.text),
    "callback_uri": Parameter("the address registered for its bot", parameters.text),
}
_OF_KEYS = Parameter("'notifications' (by default), or 'tokens'", _owner)
_CHANGEABLE = ("name", "roles", "may_remove_participants", "callback_uri")
ROUTES = (
    Route(
        "POST",
        "token",
        "a bearer token",
        _token,
        {
            "app": Parameter("id of the app; by default the default app", parameters.text),
            "roles": Parameter("roles in the token; by default those of the app", _roles),
            "lifetime": Parameter("virtual seconds, 3600 by default; 0 gives one that has run out", _lifetime),
            "audience": Parameter("another audience than Graph, for a token that is refused", parameters.text),
            "tenant_id": Parameter("another tenant than this one, for a token that is refused", parameters.text),
        },
    ),
    Route("GET", "apps", "the apps of the tenant", _apps),
    Route("POST", "apps", "register one more app", _register, _OF_AN_APP, 201),
    Route(
        "PATCH",
        "apps/{app}",
        "change an app; tokens keep the roles that they were given",
        _change,
        {name: _OF_AN_APP[name] for name in _CHANGEABLE},
    ),
    Route("GET", "keys", "ids of the published keys: of notifications, and of tokens; the last one signs", _keys),
    Route(
        "POST",
        "keys/rotate",
        "sign with a new key from now on; what older ones have signed still holds",
        _rotate,
        {"of": _OF_KEYS},
    ),
    Route(
        "POST",
        "keys/retire",
        "publish the newest key alone; what older ones have signed holds no more",
        _retire,
        {"of": _OF_KEYS},
    ),
    Route("POST", "reset", "be as new: no calls, no faults, an empty ledger, time zero, the same ids again", _reset),
)
"""Everything about the tenant."""
