"""Forged bearer tokens, each wrong in one way, that a bot has to refuse."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_graphcalls.simulator import App, Simulator
from pytest_graphcalls.simulator.identity import LIFETIME
from pytest_graphcalls.simulator.keys import signing_key
from pytest_graphcalls.wire import encode_json

FOREIGN_KEY = "graphcalls-stranger"
"""Id of a signing key that is not published."""
FORGED = "forged: "
"""Prefix of the remark of a forged delivery."""
MISSING_TID = "missing tid"
"""The forgery that bots have to refuse only on request."""
INVENTED = "made up"
"""Remark of a delivery about a call that does not exist."""
UNKNOWN_APP_ID = "00000000-0000-4000-8000-00000000dead"
"""An app id without an app."""

Make = Callable[[Simulator, App, float], str]
"""Makes a token, from the simulator, the app it claims to be for, and the present time in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Forgery:
    """A kind of forged token.

    Attributes:
        name: what is wrong, e.g. ``wrong audience``.
        make: makes the token.
        to_refuse: whether every bot has to refuse it; false for odd tokens that the real service was seen to send, and
            for those that bots take by Microsoft's own validators.
    """

    name: str
    make: Make
    to_refuse: bool = True


def _signed(*, age: float = 0, key: str = "", header: Mapping[str, str] | None = None, **changes: Any) -> Make:
    """A token that is good but for its age in seconds, the name of the key that signs it, its header or its claims."""

    def make(simulator: Simulator, app: App, epoch: float) -> str:
        claims = {**simulator.channel.claims(app, epoch - age), **changes}
        named = {name: value for name, value in claims.items() if value is not None}
        return simulator.channel.keys.sign(named, signing_key(0, key) if key else None, header)

    return make


def _unsigned(simulator: Simulator, app: App, epoch: float) -> str:
    return f"{_part({'typ': 'JWT', 'alg': 'none'})}.{_part(simulator.channel.claims(app, epoch))}."


FORGERIES: Mapping[str, Forgery] = {
    forgery.name: forgery
    for forgery in (
        Forgery("no token", lambda *_: ""),
        Forgery("wrong audience", _signed(aud=UNKNOWN_APP_ID)),
        # Not the address of Graph, which samples accept besides the real one (observed 7.1).
        Forgery("wrong issuer", _signed(iss="https://issuer.invalid")),
        # A day, because validators tolerate clocks that are some minutes off.
        Forgery("expired", _signed(age=24 * 3600 + LIFETIME)),
        Forgery("unsigned", _unsigned),
        Forgery("unknown key", _signed(key=FOREIGN_KEY, header={"kid": FOREIGN_KEY})),
        Forgery("wrong signature", _signed(key=FOREIGN_KEY)),
        # The samples refuse it (observed 7.4); validators of Bot Framework and of the agents SDKs take it.
        Forgery(MISSING_TID, _signed(tid=None), to_refuse=False),
        # A good token in every other way (observed 7.5).
        Forgery("odd cty", _signed(header={"cty": "JWT"}), to_refuse=False),
    )
}
"""The forgeries by name. ``odd cty`` is sent by the real service: a bot should accept it."""


def demanded_forgeries(*, missing_tid: bool) -> list[str]:
    """The names of those that a bot has to refuse; ``missing tid`` among them on request."""
    return [name for name, one in FORGERIES.items() if one.to_refuse or (missing_tid and name == MISSING_TID)]


def _part(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(encode_json(value)).rstrip(b"=").decode()
