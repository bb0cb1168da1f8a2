"""Sets up the calls and meetings that a contract test needs, and ends whatever was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from pytest_graphcalls.contract import Contract, Effect, parse_error
from pytest_graphcalls.errors import EnvironmentFaultError, StageError
from pytest_graphcalls.sandbox.tenant import StageData, below, tenant_of
from pytest_graphcalls.session import Recorder
from pytest_graphcalls.stage.base import (
    GRAPH,
    Answer,
    Client,
    Invitee,
    Notice,
    Notices,
    OnTarget,
    Waiting,
    members,
    refused,
)
from pytest_graphcalls.stage.call import CALLS, MEDIA, OVER, StagedCall, StagedMeeting, success_of
from pytest_graphcalls.targets import Connection
from pytest_graphcalls.targets.base import SETTINGS, MockFacts
from pytest_graphcalls.wire import Headers, Response

CALLER = "Caller"
"""Who calls the bot by default."""
_ROSTER_LAG = 0.5
"""Seconds by which a list of participants may be behind the operation that has brought one in."""
ENDED = frozenset({"completed", "failed"})
"""The last states of an operation, in lower case."""


class People(OnTarget):
    """The part of a stage that supplies people, phones, apps and ids; arguments as for :class:`.OnTarget`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._names = self._new_names()
        self._called: Callable[[str], str] = connection.case.called if connection.case else str
        self._props = StageData(self._names, self._called)
        if connection.sandbox is not None:
            self._props = StageData(facts=connection.sandbox)
        elif connection.given is not None:
            self._props = StageData(self._names, self._called, connection.given, SETTINGS)
        elif self._simulated and connection.world is not None:
            connection.world.open_directory = True  # for the people and meetings that are invented
        self.client: Client = connection.client()
        self._nobody: Client | None = None

    def _new_names(self) -> Iterator[str]:
        """Yield ids: those of a recording; else the same in every run, or new ones where state outlives the test."""
        if self._connection.case:
            yield from self._connection.case.ids()
        fresh = self._simulated and self._connection.is_fresh
        number = 0
        while True:
            number += 1
            yield str(uuid5(NAMESPACE_URL, f"graphcalls:{number}") if fresh else uuid4())

    def new_id(self) -> str:
        """A new id, e.g. for a ``participantId``."""
        return next(self._names)

    def person(self, name: str = "Alice") -> Invitee:
        """A user who is in no call yet."""
        return Invitee(self._props.user(), self._called(name))

    def persons(self, count: int) -> tuple[Invitee, ...]:
        """Make ``count`` people, each with a name."""
        names = ("Alice", "Bob", "Carol", "Dave", "Erin", "Frank")
        return tuple(self.person(name) for name in names[:count])

    def stranger(self) -> Invitee:
        """A user with an unknown id."""
        self.close_directory()
        return Invitee(self.new_id())

    def close_directory(self) -> None:
        """Let only those people and meetings exist that were made; a server that others use, too, stays open."""
        if self._simulated and self._connection.is_fresh:
            self._world().open_directory = False

    def decliner(self, name: str = "Dora") -> Invitee:
        """A user who declines every invitation (needs ``clock``)."""
        person = self.person(name)
        self._world().person(person.id).declines()
        return person

    def acting(self, call: StagedCall, person: Invitee | None = None) -> Any:
        """A person in a call, by default the other side, who presses keys, speaks and shares (needs ``clock``)."""
        people = (person,) if person else call.people
        return self._world().person(people[0].id if people else CALLER)

    def read(self, url: str, token: str) -> Answer:
        """Read an address that an answer or a notification has given, with a token of its own."""
        return self._connection.client(token=token).request("GET", url)

    def bot(self, name: str = "Other Bot") -> Invitee:
        """Another application, to be invited."""
        return Invitee(self._props.bot(), self._called(name), "application")

    def phone(self) -> Invitee:
        """A phone, to be invited (needs ``phone``)."""
        return Invitee(self._props.phone(), sort="phone")

    def client_with(self, *roles: str) -> Client:
        """The default app, with a token that carries ``roles`` only (needs ``apps``)."""
        return self._connection.client(token=self._world().authority.token(roles=roles))

    def client_without_token(self) -> Client:
        """A client that sends no Authorization header."""
        self._nobody = self._nobody or self._connection.client(token="")
        return self._nobody

    def other_app(self, *, allow_listed: bool = True, phone: bool = True, policy: bool = True) -> Client:
        """Another app of the same tenant (needs ``apps``).

        Args:
            allow_listed: whether it may remove participants.
            phone: whether it has an application instance with a phone number.
            policy: whether an application access policy lets it act for the users.
        """
        authority = self._world().authority
        facts = {"phone_number": "+15550101" if phone else None, "has_access_policy": policy}
        app = authority.register(may_remove_participants=allow_listed, **facts)
        return self._connection.client(token=authority.token(app))


class Making(Waiting, People):
    """The part of a stage that makes calls; arguments as for :class:`.OnTarget`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._after = ExitStack()
        self._add_wrong_value: Callable[[str, str, str, str], None] = lambda *_: None
        self._not_compared: Callable[[], AbstractContextManager[None]] = nullcontext
        """Exchanges inside this context restore the sandbox; recordings of two nights are compared without them."""

    def meeting(self) -> dict[str, Any]:
        """An empty meeting, as members of a create request."""
        return self._props.meeting()

    def organizer_of(self, meeting: Mapping[str, Any]) -> Invitee:
        """The organizer of a meeting from :meth:`meeting`."""
        user = meeting["meetingInfo"].get("organizer", {}).get("user", {})
        if not user.get("id"):
            raise StageError("the organizer of a meeting", "its address does not tell", "the long form of join address")
        return Invitee(user["id"], user.get("displayName", ""))

    def new_callback(self) -> str:
        """A callback address that no other call has."""
        return below(self._props.callback(), self.new_id())

    def call_body(self, **facts: Any) -> dict[str, Any]:
        """The body that creates a call; ``facts`` say whom it is to, or which meeting it joins."""
        return {
            "@odata.type": f"{GRAPH}call",
            "callbackUri": self._props.callback(),
            "requestedModalities": ["audio"],
            "mediaConfig": MEDIA,
            **self._tenant(),
            **facts,
        }

    def _tenant(self) -> dict[str, str]:
        tenant = tenant_of(self._connection.token)
        return {"tenantId": tenant} if tenant else {}

    def create(self, *, by: Client | None = None, root: str = CALLS, **facts: Any) -> Answer:
        """Create a call and remember to hang it up; ``by`` is another app."""
        client = by or self.client
        answer = self.ask(client, "POST", root, self.call_body(**facts))
        call_id = members(answer).get("id")
        if isinstance(call_id, str):
            # The call may exist although its creation has failed.
            owner = self.client if client is self._nobody else client
            call = StagedCall(self, call_id, owner)
            if not (self._simulated and self._connection.is_fresh):  # which is thrown away with all its calls
                self._finally(call.hang_up)
            if "meetingInfo" in facts:
                self._finally(lambda: self._clear(call))
        return answer

    def staged(self, *people: Invitee, by: Client | None = None, **facts: Any) -> StagedCall:
        """A call that was created and is established."""
        rule = success_of(Effect.MAKES_CALL)
        body = members(self.accepted(self.create(by=by, **facts), rule))
        call = StagedCall(self, str(body.get("id", "")), by or self.client, people, body)
        self.reached(
            lambda: self._established(call),
            "an established call",
            rule,
            after=self._step * (2 if "targets" in facts else 1),
        )
        if "meetingInfo" in facts:
            self._clear(call)  # a run that was killed may have left participants in there
        return call

    def _established(self, call: StagedCall) -> bool:
        state = call.state()
        if state in OVER:
            raise StageError("an established call", f"it was {state} before it was established")
        return state == "established"

    def outlast_ringing(self, call: StagedCall) -> None:
        """Read a call until it is established, or over, where nights are compared and time is real.

        Of reads that follow one another the last one is compared, and while it rings, what that says would be chance.
        """
        case = self._connection.case
        if case is not None and case.compared and not self._simulated:
            self.until(lambda: call.state() != "establishing")

    def close(self) -> None:
        """Hang up every call, the last one first; one that cannot be hung up does not keep the others."""
        self._after.close()

    def _finally(self, step: Callable[[], object]) -> None:
        """Take ``step`` when the test is over. Its failure breaks no rule and hides no earlier error."""

        def quietly() -> None:
            with suppress(StageError, EnvironmentFaultError):
                step()

        self._after.callback(quietly)

    def _clear(self, call: StagedCall) -> None:
        """Remove earlier invitees from a meeting of the sandbox, which lasts longer than a run."""
        sandbox = self._connection.sandbox
        if sandbox is None:
            return
        invitees = [Invitee(*one) for one in sandbox.invitees]
        with self._not_compared():
            for entry in call.roster():
                if any(one.is_(entry) for one in invitees):
                    call.remove(str(entry.get("id")))


class Scenes(Making):
    """The part of a stage that sets up calls and meetings with people in them; arguments as for :class:`.OnTarget`."""

    def meeting_call(
        self, people: int = 2, *, at: Mapping[str, Any] | None = None, by: Client | None = None
    ) -> StagedCall:
        """A bot in a meeting, with ``people`` invited into it one by one.

        Args:
            people: how many.
            at: coordinates from :meth:`meeting`; by default those of a new one.
            by: the app whose bot it is; by default the default app.
        """
        given = self._connection.given
        if given is not None and given.calls and at is None and by is None:
            return self._given_call(given, people)
        call = self.staged(by=by, **(at or self.meeting()))
        return replace(call, people=self.bring(call, *self.persons(people)))

    def routed_call(self) -> tuple[StagedCall, str]:
        """A bot in a meeting with two people, and the id of a multicast group from the first one to the second.

        Raises:
            StageError: the target makes no such group, or gives it no id.
        """
        call, rule = self.meeting_call(people=2), success_of(Effect.MAKES_ROUTE)
        source, receiver = map(call.id_of, call.people)
        body = {"id": "multicast", "routingMode": "multicast", "sources": [source], "receivers": [receiver]}
        made = members(self.accepted(call.send(Effect.MAKES_ROUTE, body), rule))
        if not isinstance(made.get("id"), str):
            raise self.cannot_tell("an audio routing group", "the answer that made it has no id", rule)
        return call, str(made["id"])

    def _given_call(self, given: MockFacts, count: int) -> StagedCall:
        """A call that the project names, on a server that creates none or need not."""
        call, people = StagedCall(self, self._props.call(), self.client), self.persons(count)
        listed = Contract.packaged().operation_that(Effect.SHOWS_ROSTER).id
        if given.participants and not self._connection.offer.includes(listed):
            return replace(call, people=people, ids={one.id: self._props.participant() for one in people})
        return replace(call, people=self.bring(call, *people))

    def group_call_without_chat(self) -> StagedCall:
        """A group call with two people that was made by its targets, hence has no ``chatInfo``."""
        people = self.persons(2)
        call = self.staged(*people, targets=[one.entry() for one in people])
        self.reached(lambda: call.has(*people), "a group call with two people in it")
        return call

    def peer_to_peer_call(self, person: Invitee | None = None, **facts: Any) -> StagedCall:
        """A call of the bot with one person; ``facts`` are further members of its body."""
        person = person or self.person()
        return self.staged(person, targets=[person.entry()], **facts)

    def incoming_call(self, *, group: bool = False, recording_policy: bool = False) -> StagedCall:
        """A call that rings at the bot (needs ``incoming-call``).

        Args:
            group: whether it is an invitation to a meeting.
            recording_policy: whether it comes because people in it are to be recorded.
        """
        facts = {"group": group, **({"recording_policy": True} if recording_policy else {})}
        call = StagedCall(self, self._world().incoming_call(**facts).id, self.client)
        self._finally(call.hang_up)
        return call

    def answered_call(self, *, recording_policy: bool = False) -> StagedCall:
        """An incoming call that the bot has taken; argument as for :meth:`incoming_call`."""
        call = self.incoming_call(recording_policy=recording_policy)
        self.accepted(call.answer(), success_of(Effect.TAKES_CALL))
        self.reached(lambda: call.state() == "established", "an answered call that is established")
        return call

    def organizer(self) -> StagedMeeting:
        """A user who can organize meetings, and has none yet."""
        return StagedMeeting(self, self.client, self._props.user())

    def make_meeting(self, user: StagedMeeting, **asked: Any) -> Answer:
        """Make a meeting that ``user`` organizes, and take it away when the test is over."""
        answer = user.create(**asked)
        self._finally(replace(user, client=self.client, facts=members(answer)).delete)
        return answer

    def online_meeting(self, *attendees: Invitee, organizer: StagedMeeting | None = None) -> StagedMeeting:
        """A meeting that was made, with ``attendees`` invited to it."""
        user = organizer or self.organizer()
        invited = [{"identity": one.identity(), "upn": f"user-{one.id[:8]}@example.com"} for one in attendees]
        answer = self.make_meeting(user, participants={"attendees": invited})
        return replace(user, facts=members(self.accepted(answer, success_of(Effect.MAKES_MEETING))))

    def bring(self, call: StagedCall, *people: Invitee) -> tuple[Invitee, ...]:
        """Invite ``people`` one by one and wait until all of them are in ``call``."""
        if not people:
            return ()
        rule = success_of(Effect.ADDS_PEOPLE)
        invites = {one: members(self.accepted(call.invite(one.entry()), rule)).get("id") for one in people}
        wanted = "a call that the people invited have joined"
        try:
            self.reached(
                lambda: call.has(*people) or self._are_over(call, invites.values()), wanted, after=2 * self._step
            )
            self._require_listed(call, people, wanted)
        except StageError:
            self._judge_roster(call, invites)
            raise
        return people

    @property
    def _looks_at_operations(self) -> bool:
        """Whether waiting takes real time, and no recording has to be the same each time."""
        return self._connection.given is not None and self._connection.case is None

    def _require_listed(self, call: StagedCall, people: Iterable[Invitee], wanted: str) -> None:
        """Give a list of participants the time to show ``people``, where their operations may have ended the wait."""
        if self._looks_at_operations and not self.until(lambda: call.has(*people), within=_ROSTER_LAG):
            raise StageError(wanted, "their invites are over, and the list does not show them")

    def _are_over(self, call: StagedCall, operations: Iterable[Any]) -> bool:
        """Whether every operation is over, as far as they are looked at."""
        with suppress(StageError):
            return self._looks_at_operations and all(call.status_of(str(one)) in ENDED for one in operations)
        return False

    def _judge_roster(self, call: StagedCall, invites: Mapping[Invitee, Any]) -> None:
        """Report a list of participants that lacks one whose invite is completed; not in a sandbox: people leave it."""
        case = self._connection.case
        if self._connection.sandbox is not None or (case is not None and not case.compared):
            return
        for one, operation in invites.items():
            with suppress(StageError):
                if call.status_of(str(operation)) == "completed" and not call.has(one):
                    expected = f"{one.name or one.id}, whose invite is completed, in the list"
                    self._add_wrong_value(success_of(Effect.SHOWS_ROSTER), "$.value", expected, "no such participant")

    def brought_in(self, call: StagedCall, answer: Answer, people: Iterable[Invitee]) -> list[Invitee]:
        """The participants among ``people`` who joined ``call`` by the invite that ``answer`` belongs to.

        Waits until all of them are in, or the operation is over, whichever comes first. By a refused invite none has.

        Raises:
            StageError: neither happens, so it is unknown.
        """
        people = tuple(people)
        operation = members(answer).get("id")
        if refused(answer):
            return []
        if not isinstance(operation, str):
            rule = success_of(Effect.ADDS_PEOPLE)
            raise StageError("the outcome of an invite", "the answer names no operation", rule)
        self.reached(
            lambda: call.has(*people) or call.status_of(operation) in {"completed", "failed"},
            "the outcome of an invite",
            success_of(Effect.ADDS_PEOPLE),
        )
        roster = call.roster()
        return [one for one in people if any(one.is_(entry) for entry in roster)]

    def wait_for_invited(self, call: StagedCall) -> None:
        """Wait until all users who were invited into ``call`` have had the time to join.

        A user who is invited now and has joined has rung no longer than they have.
        """
        self.bring(call, self.person("Zoe"))


class Stage(Scenes, Notices):
    """Builds what a test needs on the target that was chosen, and takes it down again.

    Args:
        connection: the target, for one API version.
        recorder: what sees every exchange of this test.
    """

    def __init__(self, connection: Connection, recorder: Recorder) -> None:
        super().__init__(connection)
        self._recorder = recorder
        self._not_compared = recorder.not_compared
        self._add_wrong_value = recorder.add_wrong_value

    def expecting(self, what: str) -> AbstractContextManager[Any]:
        """Allow a request that breaks the contract on purpose; ``what`` is the slug of a rule or a kind of finding."""
        return self._recorder.expect_violation(what)

    def record_answer(self, question: str, answer: Answer, note: str = "") -> None:
        """Keep for the report how the target answered ``question``; ``note`` says what followed from it."""
        error = parse_error(Response(answer.status_code, Headers(answer.headers), answer.content))
        code, text = (error.code, error.message) if error else ("", "")
        self._recorder.answer(question, status=answer.status_code, code=code, text=note or text)

    def wait_for_end(self, call: StagedCall, answer: Answer, within: float | None = None) -> list[Notice]:
        """Wait for the notification that the operation in ``answer`` is over; see :meth:`wait_for_notices`."""
        return self.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}", within=within)

    def close(self) -> None:
        """Hang up every call after the last notification."""
        self.wait_for_last_notice()
        super().close()
