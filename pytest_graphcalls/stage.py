"""What a contract test needs before it starts: a meeting with two people in it, an incoming call, and so on.

The rules of this page:

1. Everything is built by requests, the same ones for every target. What a target can do beyond that (its
   clock, its notifications, further apps, incoming calls, phones) is used for the rules that name the need.
2. A step that a test needs but does not judge goes through :meth:`Stage.accepted`. If the target refuses it,
   the test is *not checked* and says which rule to look at; it does not fail for another rule's sake.
3. Nothing waits for a fixed time. It is asked again until the answer is there (:meth:`Stage.until`), or until
   somebody else who was invited later has joined (:meth:`Stage.settle`).
4. Every call is hung up in the end, whatever happened before. A meeting that outlives the test is left as empty as
   it was.
5. Who is invited and where comes from :class:`~pytest_graphcalls.sandbox.Props`: made up, or out of a live sandbox.

No HTTP client is named here; :class:`Client` and :class:`Answer` are what any of them can do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol
from uuid import NAMESPACE_URL, uuid4, uuid5

from pytest_graphcalls.contract import Need, parse_error
from pytest_graphcalls.errors import EnvironmentFaultError, StageError
from pytest_graphcalls.sandbox.facts import tenant_of
from pytest_graphcalls.sandbox.props import CALLBACK, Dealt, Invented, Props
from pytest_graphcalls.wire import Headers, MalformedJsonError, Response, decode_json

if TYPE_CHECKING:
    from pytest_graphcalls.session import Recorder
    from pytest_graphcalls.targets import Connection

CALLS = "/communications/calls"
OLD_CALLS = "/app/calls"
"""The deprecated address of the same calls."""

_MOVING: set[str] = set()
"""Servers on which something has come about while a test waited for it."""
_STILL: set[str] = set()
"""Servers on which nothing did so far. A mock without memory is not waited for in full by every test."""

_OVER = frozenset({"gone", "terminating", "terminated"})
"""States of a call that is over, in lower case."""
_GRAPH = "#microsoft.graph."
_MEDIA = {"@odata.type": f"{_GRAPH}serviceHostedMediaConfig"}


class Answer(Protocol):
    """An HTTP answer, as every Python client has it."""

    @property
    def status_code(self) -> int: ...  # noqa: D102  what the class says
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def content(self) -> bytes: ...  # noqa: D102


class Client(Protocol):
    """An HTTP client that speaks for one app, or for nobody."""

    def request(  # noqa: D102  what the class says
        self, method: str, url: str, *, json: Any = None, content: bytes | None = None
    ) -> Answer: ...


def refused(answer: Answer) -> bool:
    """Whether the request was not carried out; which status says so is no rule's business here."""
    return answer.status_code >= 400


def members(answer: Answer) -> dict[str, Any]:
    """The JSON object in the answer's body; empty when there is none, because that is another rule's business."""
    try:
        body = decode_json(answer.content)
    except MalformedJsonError:
        return {}
    return body if isinstance(body, dict) else {}


def shown(answer: Answer) -> str:
    """An answer in a few words, for a message: its status, and the error's code and text."""
    error = parse_error(Response(answer.status_code, Headers(answer.headers), answer.content))
    return f"{answer.status_code} {error.code}: {error.message.rstrip('.')}" if error else f"{answer.status_code}"


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person, a phone or a bot that can be invited.

    Attributes:
        id: the id of the user or application, or a number in E.164 form.
        name: display name, or ``""``.
        sort: the member of an identity set that it belongs in.
    """

    id: str
    name: str = ""
    sort: str = "user"

    def identity(self) -> dict[str, Any]:
        """An identity set that names it."""
        who = {"@odata.type": f"{_GRAPH}identity", "id": self.id, **({"displayName": self.name} if self.name else {})}
        return {"@odata.type": f"{_GRAPH}identitySet", self.sort: who}

    def entry(self, *, chosen_id: str = "", replaces: str = "") -> dict[str, Any]:
        """An ``invitationParticipantInfo`` for it.

        Args:
            chosen_id: the ``participantId`` to ask for.
            replaces: the id of the call to take it out of.
        """
        wishes = {"participantId": chosen_id, "replacesCallId": replaces}
        asked = {name: value for name, value in wishes.items() if value}
        return {"@odata.type": f"{_GRAPH}invitationParticipantInfo", "identity": self.identity(), **asked}

    def is_(self, participant: Mapping[str, Any]) -> bool:
        """Whether a roster's ``participant`` is this one; ids compare without regard to case."""
        who = participant.get("info", {}).get("identity", {}).get(self.sort) or {}
        return str(who.get("id", "")).lower() == self.id.lower()


@dataclass(frozen=True, slots=True)
class StagedCall:
    """A call on the stage, and the requests that are about it.

    Attributes:
        stage: where it was built.
        id: its id.
        client: who speaks in :meth:`request`.
        people: who was brought into it.
        facts: the call as it was answered when it was created; empty for an incoming one.
        root: the address of calls, below the version.
    """

    stage: Stage
    id: str
    client: Client
    people: tuple[Somebody, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    root: str = CALLS

    def through(self, client: Client) -> StagedCall:
        """The same call, with ``client`` speaking."""
        return replace(self, client=client)

    def at_old_address(self) -> StagedCall:
        """The same call, below ``/app``."""
        return replace(self, root=OLD_CALLS)

    def request(self, method: str, path: str = "", json: Any = None) -> Answer:
        """Send a request about this call; ``path`` starts with ``/`` or is empty."""
        return self.client.request(method, f"{self.root}/{self.id}{path}", json=json)

    def get(self) -> Answer:
        """Read the call."""
        return self.request("GET")

    def hang_up(self) -> Answer:
        """End the bot's own leg."""
        return self.request("DELETE")

    def keep_alive(self) -> Answer:
        """Say that the call is still in use."""
        return self.request("POST", "/keepAlive")

    def answer(self) -> Answer:
        """Take an incoming call."""
        body = {"callbackUri": CALLBACK, "mediaConfig": _MEDIA, "acceptedModalities": ["audio"]}
        return self.request("POST", "/answer", body)

    def reject(self, **body: Any) -> Answer:
        """Reject an incoming call."""
        return self.request("POST", "/reject", body)

    def participants(self) -> Answer:
        """List who is in it."""
        return self.request("GET", "/participants")

    def participant(self, participant_id: str) -> Answer:
        """Read one participant."""
        return self.request("GET", f"/participants/{participant_id}")

    def invite(self, *entries: Mapping[str, Any], **body: Any) -> Answer:
        """Invite whom ``entries`` name (see :meth:`Somebody.entry`); ``body`` are further parameters."""
        return self.request("POST", "/participants/invite", {"participants": list(entries), **body})

    def remove(self, participant_id: str, json: Any = None) -> Answer:
        """Remove a participant, or withdraw an invitation."""
        return self.request("DELETE", f"/participants/{participant_id}", json)

    def operation(self, operation_id: str) -> Answer:
        """Read an operation that was started in this call."""
        return self.request("GET", f"/operations/{operation_id}")

    # --- what tests ask of it, each through a request whose own rule is somebody else's business -------------------

    def roster(self) -> list[dict[str, Any]]:
        """The participants that the target lists now."""
        rule = "call-list-participants.success-is-200-with-collection"
        value = members(self.stage.accepted(self.participants(), rule)).get("value")
        if not isinstance(value, list):
            raise StageError("a roster", "the list of participants has no value", rule)
        return [entry for entry in value if isinstance(entry, dict)]

    def has(self, *people: Somebody) -> bool:
        """Whether every one of ``people`` is on the roster."""
        roster = self.roster()
        return all(any(one.is_(entry) for entry in roster) for one in people)

    def id_of(self, person: Somebody) -> str:
        """The participant id under which the roster lists ``person``."""
        found = [entry for entry in self.roster() if person.is_(entry)]
        if not found or not isinstance(found[0].get("id"), str):
            raise StageError(f"the participant id of {person.name or person.id}", "the roster does not tell it")
        return str(found[0]["id"])

    def state(self) -> str:
        """The call's state, or ``gone`` when it cannot be read any more."""
        answer = self.get()
        if answer.status_code in {404, 410}:
            return "gone"
        return str(members(self.stage.accepted(answer, "call-get.success-is-200-with-call")).get("state", "")).lower()

    def lives(self) -> bool:
        """Whether the call is still there and not over."""
        return self.state() not in _OVER

    def status_of(self, operation_id: str) -> str:
        """The status of an operation, in lower case."""
        rule = "commsoperation-get.success-is-200-with-operation"
        status = members(self.stage.accepted(self.operation(operation_id), rule)).get("status")
        if not isinstance(status, str):
            raise StageError("the status of an operation", "the operation read has none", rule)
        return status.lower()


class Stage:
    """Builds what a test needs on the target that was chosen, and takes it down again.

    Args:
        connection: the target, for one API version.
        recorder: what sees every exchange of this test.
    """

    def __init__(self, connection: Connection, recorder: Recorder) -> None:
        self._connection = connection
        self._recorder = recorder
        self._after = ExitStack()
        self._simulated = Need.CLOCK in connection.capabilities
        # A clock that is ours costs nothing to wait for; real seconds do.
        self._step, self._patience = (1.0, 60.0) if self._simulated else (0.05, 5.0)
        self._longest_step = self._step
        self._names = self._new_names()
        self._called: Callable[[str], str] = connection.case.called if connection.case else str
        self._props: Props = Invented(self._names, self._called)
        if connection.sandbox is not None:
            self._props = Dealt(connection.sandbox)
            # Somebody's telephone rings there for a minute (observed 10.4), and each look at it counts as a request.
            self._patience, self._longest_step = 75.0, 2.0
        self.client: Client = connection.client()
        self._nobody: Client | None = None

    # --- who there is ----------------------------------------------------------------------------------------------

    def _new_names(self) -> Iterator[str]:
        """Ids: the same in every run where nothing outlives the test, new ones elsewhere; a recording says which."""
        if self._connection.case:
            yield from self._connection.case.ids()
        number = 0
        while True:
            number += 1
            yield str(uuid5(NAMESPACE_URL, f"graphcalls:{number}") if self._simulated else uuid4())

    def new_id(self) -> str:
        """An id that nobody has yet, e.g. for a ``participantId``."""
        return next(self._names)

    def person(self, name: str = "Alice") -> Somebody:
        """Somebody who is in no call yet."""
        return Somebody(self._props.user(), self._called(name))

    def bot(self, name: str = "Other Bot") -> Somebody:
        """Another application, to be invited."""
        return Somebody(self._props.bot(), self._called(name), "application")

    def phone(self) -> Somebody:
        """A phone, to be invited (needs ``phone``)."""
        return Somebody(self._props.phone(), sort="phone")

    def client_with(self, *roles: str) -> Client:
        """The default app, with a token that carries ``roles`` only (needs ``apps``)."""
        return self._connection.client(token=self._world().authority.token(roles=roles))

    def client_without_token(self) -> Client:
        """Nobody: requests without an Authorization header."""
        self._nobody = self._nobody or self._connection.client(token="")
        return self._nobody

    def other_app(self, *, allow_listed: bool = True, phone: bool = True) -> Client:
        """Another app of the same tenant (needs ``apps``).

        Args:
            allow_listed: whether it may remove participants.
            phone: whether it has an application instance with a phone number.
        """
        authority = self._world().authority
        number = "+15550101" if phone else None
        app = authority.register(may_remove_participants=allow_listed, phone_number=number)
        return self._connection.client(token=authority.token(app))

    def _world(self) -> Any:
        world = self._connection.simulator
        if world is None:
            raise StageError("something beyond plain requests", "this target has no such means", "--graphcalls-target")
        return world

    # --- calls -----------------------------------------------------------------------------------------------------

    def meeting(self) -> dict[str, Any]:
        """A meeting that nobody is in yet, as members of a call to be created."""
        return self._props.meeting()

    def organizer_of(self, meeting: Mapping[str, Any]) -> Somebody:
        """Who organizes a meeting from :meth:`meeting`."""
        user = meeting["meetingInfo"].get("organizer", {}).get("user", {})
        if not user.get("id"):
            raise StageError("the organizer of a meeting", "its address does not tell", "the long form of join address")
        return Somebody(user["id"], user.get("displayName", ""))

    def call_body(self, **facts: Any) -> dict[str, Any]:
        """The body that creates a call; ``facts`` say whom it is to, or which meeting it joins."""
        return {
            "@odata.type": f"{_GRAPH}call",
            "callbackUri": self._props.callback(),
            "requestedModalities": ["audio"],
            "mediaConfig": _MEDIA,
            **self._tenant(),
            **facts,
        }

    def _tenant(self) -> dict[str, str]:
        tenant = tenant_of(self._connection.token)
        return {"tenantId": tenant} if tenant else {}

    def create(self, *, by: Client | None = None, root: str = CALLS, **facts: Any) -> Answer:
        """Create a call and remember to hang it up; ``by`` is another app."""
        client = by or self.client
        answer = client.request("POST", root, json=self.call_body(**facts))
        call_id = members(answer).get("id")
        if isinstance(call_id, str):
            # A call that nobody could create can still be hung up by somebody.
            owner = self.client if client is self._nobody else client
            call = StagedCall(self, call_id, owner)
            self._finally(call.hang_up)
            if "meetingInfo" in facts:
                self._finally(lambda: self._clear(call))
        return answer

    def staged(self, *people: Somebody, by: Client | None = None, **facts: Any) -> StagedCall:
        """A call that was created and is established."""
        rule = "application-post-calls.success-is-201-with-call"
        body = members(self.accepted(self.create(by=by, **facts), rule))
        call = StagedCall(self, str(body.get("id", "")), by or self.client, people, body)
        self.reached(lambda: self._established(call), "an established call", rule)
        if "meetingInfo" in facts:
            self._clear(call)  # a run that was killed may have left somebody in there
        return call

    def _established(self, call: StagedCall) -> bool:
        state = call.state()
        if state in _OVER:
            raise StageError("an established call", f"it was {state} before it was established")
        return state == "established"

    def meeting_call(
        self, people: int = 2, *, at: Mapping[str, Any] | None = None, by: Client | None = None
    ) -> StagedCall:
        """A bot in a meeting, with ``people`` invited into it one by one.

        Args:
            people: how many.
            at: coordinates from :meth:`meeting`; by default those of a new one.
            by: the app whose bot it is; by default the default app.
        """
        call = self.staged(by=by, **(at or self.meeting()))
        return replace(call, people=self.bring(call, *self.persons(people)))

    def persons(self, count: int) -> tuple[Somebody, ...]:
        """As many people, each with a name."""
        names = ("Alice", "Bob", "Carol", "Dave", "Erin", "Frank")
        return tuple(self.person(name) for name in names[:count])

    def group_call_without_chat(self) -> StagedCall:
        """A group call with two people that was made by its targets, hence has no ``chatInfo``."""
        people = self.persons(2)
        call = self.staged(*people, targets=[one.entry() for one in people])
        self.reached(lambda: call.has(*people), "a group call with two people in it")
        return call

    def peer_to_peer_call(self, person: Somebody | None = None) -> StagedCall:
        """The bot and one person, nobody else."""
        person = person or self.person()
        return self.staged(person, targets=[person.entry()])

    def incoming_call(self, *, group: bool = False) -> StagedCall:
        """A call that rings at the bot (needs ``incoming-call``); a ``group`` one is an invitation to a meeting."""
        call = StagedCall(self, self._world().incoming_call(group=group).id, self.client)
        self._finally(call.hang_up)
        return call

    def answered_call(self) -> StagedCall:
        """An incoming call that the bot has taken."""
        call = self.incoming_call()
        self.accepted(call.answer(), "call-answer.success-is-202-empty")
        self.reached(lambda: call.state() == "established", "an answered call that is established")
        return call

    def bring(self, call: StagedCall, *people: Somebody) -> tuple[Somebody, ...]:
        """Invite ``people`` one by one and wait until all of them are in ``call``."""
        for one in people:
            self.accepted(call.invite(one.entry()), "participant-invite.success-is-200-with-operation")
        self.reached(lambda: call.has(*people), "a call that the people invited have joined")
        return people

    # --- steps that are not judged ---------------------------------------------------------------------------------

    def accepted(self, answer: Answer, rule: str = "") -> Answer:
        """``answer``, if it is a success.

        Raises:
            StageError: it is not; the test that asked is not checked, and ``rule`` is to be looked at.
        """
        if not 200 <= answer.status_code < 300:
            raise StageError("what this test needs", f"the target answered {shown(answer)}", rule)
        return answer

    def cannot_tell(self, wanted: str, got: str, see: str = "") -> StageError:
        """What a test raises when its own rule cannot be judged on what it found."""
        return StageError(wanted, got, see)

    def reached(self, condition: Callable[[], bool], wanted: str, rule: str = "") -> None:
        """Wait for ``condition``; raises :class:`StageError` if it never comes."""
        if condition():
            return
        still = self._connection.root in _STILL and self._connection.sandbox is None
        patience = self._patience / 10 if still else self._patience
        if self.until(condition, patience):
            _MOVING.add(self._connection.root)
            return
        if not self._simulated and self._connection.root not in _MOVING:
            _STILL.add(self._connection.root)
        raise StageError(wanted, f"it did not come about within {patience:g} seconds", rule)

    def brought_in(self, call: StagedCall, answer: Answer, people: Iterable[Somebody]) -> list[Somebody]:
        """Which of ``people`` an invite that was answered with ``answer`` has really brought into ``call``.

        Waits until all of them are in, or the operation is over, whichever comes first. An invite that was
        refused has brought nobody.

        Raises:
            StageError: neither happens, so nothing can be said.
        """
        people = tuple(people)
        operation = members(answer).get("id")
        if refused(answer):
            return []
        if not isinstance(operation, str):
            rule = "participant-invite.success-is-200-with-operation"
            raise StageError("the outcome of an invite", "the answer names no operation", rule)
        self.reached(
            lambda: call.has(*people) or call.status_of(operation) in {"completed", "failed"},
            "the outcome of an invite",
            "participant-invite.success-is-200-with-operation",
        )
        roster = call.roster()
        return [one for one in people if any(one.is_(entry) for entry in roster)]

    # --- time ------------------------------------------------------------------------------------------------------

    def until(self, condition: Callable[[], bool], within: float | None = None) -> bool:
        """Ask ``condition`` again and again until it is true.

        Args:
            condition: the question; it may raise :class:`StageError`.
            within: seconds of the target's time; by default as long as anything here should take.

        Returns:
            Whether it became true.
        """
        left = self._patience if within is None else within
        step = self._step
        while not condition():
            if left <= 0:
                return False
            self._connection.wait(min(step, left))
            left -= step
            step = min(step * 1.5, self._longest_step)
        return True

    def settle(self, call: StagedCall) -> None:
        """Wait until whoever was invited into ``call`` before has had the time to join.

        Somebody who is invited now and has joined rang no shorter than they did.
        """
        self.bring(call, self.person("Zoe"))

    def advance(self, seconds: float) -> None:
        """Let time pass (needs ``clock``)."""
        self._connection.wait(seconds)

    # --- what the target says by other ways ------------------------------------------------------------------------

    @property
    def notifications(self) -> list[Notice]:
        """Everything the bot was told so far, in order (needs ``notifications``)."""
        return [Notice.of(sent.posted_to, entry) for sent in self._world().notifications for entry in sent.entries]

    def told(self, change: str, about: str) -> list[Notice]:
        """The notifications of ``change`` (created, updated, deleted) about the path ``about`` below the calls."""
        return [one for one in self.notifications if one.change == change and one.about == about]

    def expecting(self, what: str) -> AbstractContextManager[Any]:
        """A request that breaks the contract on purpose is sent inside this; ``what`` it breaks is a slug or a kind."""
        return self._recorder.expect_violation(what)

    def record_answer(self, question: str, answer: Answer, note: str = "") -> None:
        """Keep for the report how the target answered ``question``; ``note`` says what followed from it."""
        error = parse_error(Response(answer.status_code, Headers(answer.headers), answer.content))
        code, text = (error.code, error.message) if error else ("", "")
        self._recorder.answer(question, status=answer.status_code, code=code, text=note or text)

    def close(self) -> None:
        """Hang up every call, the last one first; one that cannot be hung up does not keep the others."""
        self._after.close()

    def _finally(self, step: Callable[[], object]) -> None:
        """Take ``step`` at the end. What the target does then judges nothing, and hides nothing."""

        def quietly() -> None:
            with suppress(StageError, EnvironmentFaultError):
                step()

        self._after.callback(quietly)

    def _clear(self, call: StagedCall) -> None:
        """Take those whom tests invite out of a sandbox's meeting, which goes on without us; if the target lets us."""
        sandbox = self._connection.sandbox
        if sandbox is None:
            return
        invitees = [Somebody(*one) for one in sandbox.invitees]
        for entry in call.roster():
            if any(one.is_(entry) for one in invitees):
                call.remove(str(entry.get("id")))


@dataclass(frozen=True, slots=True)
class Notice:
    """One entry of a notification.

    Attributes:
        posted_to: the address it was meant for.
        change: ``created``, ``updated`` or ``deleted``.
        about: what changed, as a path below the calls: ``57da…``, ``57da…/participants``.
        data: the ``resourceData``: an object, or a list for a roster.
    """

    posted_to: str
    change: str
    about: str
    data: Any

    @classmethod
    def of(cls, posted_to: str, entry: Mapping[str, Any]) -> Notice:
        """From an entry of ``commsNotifications``."""
        path = str(entry.get("resourceUrl") or entry.get("resource") or "")
        about = path.partition("/calls/")[2].strip("/")
        return cls(posted_to, str(entry.get("changeType", "")).lower(), about, entry.get("resourceData"))

    def of_call(self) -> Mapping[str, Any]:
        """The data, where it is one object."""
        return self.data if isinstance(self.data, dict) else {}

    def lists(self, person: Somebody) -> bool:
        """Whether it is a roster with ``person`` on it."""
        entries = self.data if isinstance(self.data, list) else []
        return any(isinstance(entry, dict) and person.is_(entry) for entry in entries)
