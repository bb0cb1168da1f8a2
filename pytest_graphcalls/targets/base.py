"""The protocols of targets, of the connections that tests have to them, and what both are given.

A server at a base URL that is not ours cannot be asked for its calls and people, so a project says what they are.
What is not said is invented, where any id will do, or the tests that need it are not checked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol
from uuid import NAMESPACE_URL, uuid5

from pytest_graphcalls.contract import Contract, Need
from pytest_graphcalls.errors import StageError
from pytest_graphcalls.redaction.fields import Kind
from pytest_graphcalls.redaction.pseudonyms import Pseudonyms
from pytest_graphcalls.sandbox.guard import fault_of
from pytest_graphcalls.sandbox.tenant import READERS, FactSetting, Meeting, Readers, Sandbox, merged, parsed
from pytest_graphcalls.session import Offer, Recorder
from pytest_graphcalls.wire import Exchange, Notification

if TYPE_CHECKING:
    from pytest_graphcalls.clients.httpx import AsyncClient, Client
    from pytest_graphcalls.simulator import Simulator


@dataclass(frozen=True, slots=True)
class Case:
    """A test that is recorded or replayed.

    Attributes:
        path: its cassette.
        name: ``file::test``; another test's cassette is never written over.
        again: the command that records it.
        made: what the test makes up, by what it stands for: the number of an id, or a name. It goes into the passport,
            so that a cassette plays whatever pseudonyms look like in a later version.
        compared: whether its recording is compared with another night's; then a service that fails is no answer.
        salt: what makes its ids other ones than those of an earlier night, on a server that remembers those.
    """

    path: Path
    name: str
    again: str
    made: dict[str, str] = field(default_factory=dict, compare=False)
    compared: bool = False
    salt: str = ""

    def ids(self) -> Iterator[str]:
        """Ids for what the test makes up: the same for one salt, no other test's, and unchanged by redaction."""
        for number in map(str, count(1)):
            yield self.made.get(number) or self._make(
                "guid", number, str(uuid5(NAMESPACE_URL, f"{self.name}:{number}{self.salt}"))
            )

    def called(self, name: str) -> str:
        """A display name for this test, in a form that redaction does not change."""
        return self.made.get(name) or self._make("name", name, name)

    def _make(self, kind: str, what: str, text: str) -> str:
        self.made[what] = Pseudonyms(b"").of(Kind(kind), text)
        return self.made[what]


Prepare = Callable[["Simulator"], None]
"""The function that is called with each new simulator before its test sees it."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A test that begins, as a target has to know it.

    Attributes:
        version: ``v1.0`` or ``beta``.
        recorder: is handed every exchange of the test, once.
        tenant: id of the simulated tenant; by default the simulator's own.
        prepare: what to do with a new simulator first.
        case: the test, when it is recorded or replayed.
        incoming: the project's hook that makes an incoming call at a base URL.
    """

    version: str
    recorder: Recorder
    tenant: str = ""
    prepare: Prepare | None = None
    case: Case | None = None
    incoming: Callable[[bool], str | None] = lambda _group: None

    @property
    def observer(self) -> Callable[[Exchange], None]:
        """The observer of a test's exchanges; in a compared test, a fault of the environment is kept, not judged."""
        return self.recorder if self.case is None or not self.case.compared else sparing(self.recorder)

    def through(self, transport: Any) -> Any:
        """The transport of a test; for a comparison, one that keeps faults of the environment apart from answers."""
        if self.case is None or not self.case.compared:
            return transport
        from pytest_graphcalls.clients.network import FaultTransport

        return FaultTransport(transport)


def sparing(recorder: Recorder) -> Callable[[Exchange], None]:
    """An observer that keeps exchanges which show a fault of the environment, and has ``recorder`` judge all others."""

    def seen(exchange: Exchange) -> None:
        fault = fault_of(exchange.request, exchange.response)
        (recorder if fault is None else recorder.keep)(exchange)

    return seen


INI_KEY = "graphcalls_mock"
"""The ini key with the settings, ``name = value`` on each line; the variables begin with its name in capitals."""
_INCOMING = "incoming-call"


def _fact(noun: str, example: str, gives: str = "") -> FactSetting:
    return FactSetting(noun, example, gives, INI_KEY)


SETTINGS: Mapping[str, FactSetting] = {
    "operations": _fact("an operation", "<operation id> …"),
    "incoming_calls": _fact("an incoming call", "<call id> …", _INCOMING),
    "group_calls": _fact("an incoming call of a group", "<call id> …", _INCOMING),
    "incoming_command": _fact("a command that makes an incoming call", "<command>", _INCOMING),
    "calls": _fact("a call in a meeting", "<call id> …"),
    "participants": _fact("a participant in it", "<participant id> …"),
    "meetings": _fact("a meeting", "<join address> …"),
    "users": _fact("a user who takes calls", "<id> …"),
    "bots": _fact("another bot", "<id> …"),
    "phone": _fact("a phone", "+<number>", "phone"),
    "callback": _fact("a callback address", "https://…"),
}
"""The settings by name."""


@dataclass(frozen=True, slots=True)
class MockFacts:
    """The settings of a server at a base URL.

    Attributes:
        operations: ids of the operations that it has; empty where only its answers tell.
        incoming_calls: ids of calls that ring at the bot. All of them are used before one is used again.
        group_calls: likewise, of invitations into a group call.
        incoming_command: a command that makes one and prints its id.
        calls: ids of calls by which the bot is in a meeting.
        participants: ids of others who are in each of them; used where the server cannot list them.
        meetings: meetings that the bot can join.
        users: ids of users who accept calls.
        bots: ids of other applications that can be invited.
        phone: a number in E.164 form, or ``""``.
        callback: address that the server posts notifications to, or ``""``.
    """

    operations: tuple[str, ...] = ()
    incoming_calls: tuple[str, ...] = ()
    group_calls: tuple[str, ...] = ()
    incoming_command: str = ""
    calls: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    users: tuple[str, ...] = ()
    bots: tuple[str, ...] = ()
    phone: str = ""
    callback: str = ""

    @property
    def offer(self) -> Offer:
        """The operations that the server has."""
        return Offer(frozenset(self.operations), whole=False)


@cache
def mock_facts(given: tuple[tuple[str, str, str], ...]) -> MockFacts:
    """Parse the settings.

    Args:
        given: source (shown in messages), name and text of each setting.

    Raises:
        SettingError: a name does not exist, or a text is invalid.
    """
    return MockFacts(**parsed(merged(given, SETTINGS), _READERS))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _operations(text: str) -> tuple[str, ...]:
    return tuple(Contract.packaged().operation(id).id for id in _words(text))


_IDS = (_words, "ids with white space between")
_READERS: Readers = {
    **{name: READERS[name] for name in ("meetings", "phone", "callback")},
    **dict.fromkeys(("incoming_calls", "group_calls", "calls", "participants", "users", "bots"), _IDS),
    "incoming_command": (str, "a command"),
    "operations": (_operations, "ids of operations as 'graphcalls rules' lists them"),
}


class World(Protocol):
    """People, calls and time beyond requests: a :class:`.Simulator`, or a server that can be controlled like one.

    What can only be listened to raises :class:`StageError` where anything else is asked of it.

    Attributes:
        open_directory: whether every person, phone and meeting exists there; see :attr:`.Simulator.open_directory`.
    """

    open_directory: bool

    @property
    def notifications(self) -> list[Notification]:
        """Every notification for the bot, in order."""

    @property
    def authority(self) -> Any:
        """Registers apps (``register``) and mints tokens (``token``)."""

    def incoming_call(self, *, group: bool = False, recording_policy: bool = False) -> Any:
        """Place a call to the default app; it has an ``id``."""

    def person(self, name_or_id: str) -> Any:
        """A user of the target, who does what a :class:`.Person` can do."""


class Connection(Protocol):
    """One test's connection to its target, for one API version."""

    @property
    def version(self) -> str:
        """``v1.0`` or ``beta``."""

    @property
    def root(self) -> str:
        """The address that operations' paths are appended to, e.g. ``https://graph.microsoft.com/v1.0``."""

    @property
    def token(self) -> str:
        """The bearer token of the default app."""

    @property
    def capabilities(self) -> frozenset[Need]:
        """The capabilities of the target beyond answering requests."""

    @property
    def simulator(self) -> Simulator | None:
        """The simulated tenant, or ``None`` when the target is none."""

    @property
    def world(self) -> World | None:
        """The controls that a stage has beyond requests: of the simulator, here or behind a URL; else ``None``."""

    @property
    def is_fresh(self) -> bool:
        """Whether nothing outlives the test there."""

    @property
    def sandbox(self) -> Sandbox | None:
        """The sandbox that a stage may use; ``None`` where any id will do."""

    @property
    def case(self) -> Case | None:
        """The test, when it is recorded or replayed and has to ask the same each time; else ``None``."""

    @property
    def offer(self) -> Offer:
        """The operations that the target has."""

    @property
    def given(self) -> MockFacts | None:
        """The project's facts about a server at a base URL; ``None`` for any other target."""

    def client(self, token: str | None = None) -> Client:
        """A new client on :attr:`root`.

        Args:
            token: the bearer token it sends; by default :attr:`token`, and ``""`` for none.
        """

    def async_client(self, token: str | None = None) -> AsyncClient:
        """A new asynchronous client; making and leaving it takes no event loop. Arguments as for :meth:`client`."""

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` of the target's time pass."""

    def close(self) -> None:
        """End the test: nothing that it made goes on."""


class Clients(ABC):
    """Makes the clients of a connection, synchronous or not, on the transports that it has.

    Attributes:
        root: see :attr:`Connection.root`.
        token: see :attr:`Connection.token`.
    """

    root: str
    token: Any

    @abstractmethod
    def _transport(self, *, asynchronous: bool) -> Any:
        """The transport of a new client."""

    def _credentials(self, token: str | None) -> dict[str, Any]:
        """What a new client sends, as arguments of :func:`.make_client`."""
        return {"token": self.token if token is None else token}

    def client(self, token: str | None = None) -> Client:
        """A new client, as :meth:`Connection.client` describes it."""
        from pytest_graphcalls.clients.httpx import make_client

        return make_client(self._transport(asynchronous=False), self.root, **self._credentials(token))

    def async_client(self, token: str | None = None) -> AsyncClient:
        """A new asynchronous client, as :meth:`Connection.async_client` describes it."""
        from pytest_graphcalls.clients.httpx import make_async_client

        return make_async_client(self._transport(asynchronous=True), self.root, **self._credentials(token))


class Target(Protocol):
    """The service that a run talks to."""

    @property
    def name(self) -> str:
        """``simulator``, or the base URL."""

    @property
    def capabilities(self) -> frozenset[Need]:
        """The capabilities of the target beyond answering requests."""

    def connect(self, setup: Setup) -> Connection:
        """Begin a test.

        Args:
            setup: the test.

        Raises:
            SettingError: nothing answers there.
        """

    def close(self) -> None:
        """Leave the target at the end of the run."""


SIMULATOR = "simulator"
LIVE = "live"
REPLAY = "replay"
GRAPH = "https://graph.microsoft.com"
"""The address that the simulator answers for, in process, and that recordings are written for."""


class ReceivedNotifications:
    """The notifications of a bot, for a target that supports no other staging beyond requests.

    Args:
        received: gives them, in order.
        prove: raises :class:`EnvironmentFaultError` if none can be received at present.
    """

    open_directory = True

    def __init__(self, received: Callable[[], list[Notification]], prove: Callable[[], None] = lambda: None) -> None:
        self._received = received
        self.prove = prove

    @property
    def notifications(self) -> list[Notification]:
        """See :attr:`.World.notifications`."""
        return self._received()

    @property
    def authority(self) -> Any:
        """See :attr:`.World.authority`; raises :class:`StageError`."""
        return _lacking("another app, or a token of one's own making")

    def incoming_call(self, *, group: bool = False, recording_policy: bool = False) -> Any:  # noqa: ARG002  the protocol's signature
        """See :meth:`.World.incoming_call`; raises :class:`StageError`."""
        return _lacking("an incoming call")

    def person(self, name_or_id: str) -> Any:  # noqa: ARG002  the protocol's signature
        """See :meth:`.World.person`; raises :class:`StageError`."""
        return _lacking("a user with a scripted reaction")


def _lacking(what: str) -> NoReturn:
    raise StageError(what, "this target can only be listened to", "--graphcalls-target")
