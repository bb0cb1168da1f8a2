"""A ``graphcalls serve`` on this machine as a stage: calls, people and time through its control addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from pytest_graphcalls.clients.httpx import Client
from pytest_graphcalls.clients.network import Network, trusted
from pytest_graphcalls.errors import StageError
from pytest_graphcalls.validation import is_loopback
from pytest_graphcalls.wire import CONTROL_PREFIX as PREFIX, Headers, MalformedJsonError, Notification, decode_json


def is_steerable(url: str) -> bool:
    """Whether a ``graphcalls serve`` with control addresses answers at ``url``; other machines are not asked."""
    if not is_loopback(urlsplit(url).hostname or ""):
        return False
    network = Network(ca_file=trusted(url))
    try:
        answer = network.look(f"{url}{PREFIX}")
        listed = answer.json() if answer is not None and answer.status == 200 else None
    except MalformedJsonError:
        listed = None
    finally:
        network.close()
    return isinstance(listed, dict) and "addresses" in listed


@dataclass(frozen=True, slots=True)
class Named:
    """A call or an app of the server, by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class RemotePerson:
    """A person of the server's tenant.

    Attributes:
        world: the server.
        id: their object id, phone number or name.
    """

    world: RemoteWorld
    id: str

    def __getattr__(self, action: str) -> Callable[..., object]:
        """A method of :class:`.Person`, called over the control addresses with arguments by name."""
        return lambda **facts: self.world.ask("POST", f"{PREFIX}people/{quote(self.id, safe='')}/{action}", **facts)


class RemoteWorld:
    """A simulator behind a URL, controlled for a stage. Several runs may share it.

    Args:
        client: on the server's own address, without a token: the control addresses need none.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._notifications: list[Notification] = []
        self._known = 0
        self._began = 0.0
        self.authority = RemoteAuthority(self)

    @property
    def open_directory(self) -> bool:
        """Whether every person, phone and meeting exists there."""
        return bool(self.ask("GET", f"{PREFIX}directory")["open"])

    @open_directory.setter
    def open_directory(self, everybody: bool) -> None:
        self.ask("POST", f"{PREFIX}directory", open=everybody)

    def ask(self, method: str, path: str, **members: Any) -> Mapping[str, Any]:
        """Ask a control address.

        Raises:
            StageError: it refuses; nothing is judged by that.
        """
        given = {name: value for name, value in members.items() if value is not None}
        answer = self._client.request(method, path, json=given) if given else self._client.request(method, path)
        body: dict[str, Any] = decode_json(answer.content)
        if answer.status_code >= 300:
            raise StageError(f"{method} {path}", f"the server refused: {body['error']['message']}")
        return body

    def incoming_call(self, **facts: bool) -> Named:
        """Place a call to the default app; see :meth:`.Simulator.incoming_call`."""
        return Named(self.ask("POST", f"{PREFIX}calls", **facts)["id"])

    def person(self, name_or_id: str) -> RemotePerson:
        """A person of its tenant; see :meth:`.Simulator.person`."""
        return RemotePerson(self, name_or_id)

    def begin_test(self) -> None:
        """Let :attr:`notifications`, and their time, begin now."""
        self._look()
        self._notifications.clear()
        self._began = self.ask("GET", f"{PREFIX}clock")["now"]

    def advance(self, seconds: float) -> None:
        """Let its virtual time pass."""
        self.ask("POST", f"{PREFIX}clock/advance", seconds=seconds)

    @property
    def notifications(self) -> list[Notification]:
        """The notifications of the server since the test began, in order; known ones are not requested again."""
        self._look()
        return list(self._notifications)

    def _look(self) -> None:
        answer = self.ask("GET", f"{PREFIX}notifications?since={self._known}")
        if answer["count"] < self._known:  # it was reset
            self._notifications.clear()
            self._known = 0
            return self._look()
        self._known = answer["count"]
        self._notifications += [self._opened(_notification(one, self._began)) for one in answer["notifications"]]
        return None

    def _opened(self, one: Notification) -> Notification:
        """A notification with the token of its recording, which its call shows and the list does not."""
        for entry in one.entries:
            data = entry.get("resourceData")
            if isinstance(data, dict) and data.get("recordingLocation"):
                kept = self.ask("GET", f"{PREFIX}calls/{one.call_id}")["recordings"]
                tokens = {recording["location"]: recording["token"] for recording in kept}
                data["recordingAccessToken"] = tokens.get(data["recordingLocation"], "")
        return one


class RemoteAuthority:
    """Apps and tokens of the server: what a stage needs of an :class:`.Authority`."""

    def __init__(self, world: RemoteWorld) -> None:
        self._world = world

    def token(self, app: Named | None = None, *, roles: Iterable[str] | None = None) -> str:
        """A bearer token; see :meth:`.Authority.token`."""
        wanted = None if roles is None else list(roles)
        token = self._world.ask("POST", f"{PREFIX}token", app=app and app.id, roles=wanted)["access_token"]
        return str(token)

    def register(self, **facts: Any) -> Named:
        """A new app; see :meth:`.Authority.register`."""
        return Named(self._world.ask("POST", f"{PREFIX}apps", **facts)["app_id"])


def _notification(one: Mapping[str, Any], began: float) -> Notification:
    headers = Headers(one["headers"])
    return Notification(one["posted_to"], one["body"], one["at"] - began, headers, one["call"], one["app"])
