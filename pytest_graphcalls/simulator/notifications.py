"""Notifications for the bots: produced in order, never sent from here.

A notification is noted down when something happens and written out when it is read, because most
tests of the REST side never do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.simulator import resources
from pytest_graphcalls.simulator.clock import Clock, Ids
from pytest_graphcalls.simulator.entities import (
    Call,
    Conference,
    ContentSession,
    Identity,
    Kind,
    Operation,
    Participant,
)
from pytest_graphcalls.simulator.responses import Fact, Result, documented, inferred, reported, weakest
from pytest_graphcalls.simulator.store import Store
from pytest_graphcalls.wire import EVIDENCE_HEADER, Headers, Notification

_SAME = (  # observed 6.1, without the bearer token
    ("User-Agent", "Microsoft-Skype/3.0,(Calling/1.0)"),
    ("Accept", "application/json"),
    ("Content-Type", "application/json"),
    ("MS-Teams-Ring", "general"),
    ("MS-Teams-Partition", "amer01"),
    ("MS-Teams-Region", "amer"),
)
CONTENT_SHARED: Mapping[str, Fact] = {
    "outgoing": documented("application-post-calls.r13"),
    "incoming": documented("s15.3"),
}
GOES_ON = inferred("s9.4")
"""That what changes in a group call is notified while a person is handed on."""
KNOWN_SINCE = reported("observed 6.11")
AUDIO_ACTIVE = {"@odata.type": "#microsoft.graph.callMediaState", "audio": "active"}
_ALWAYS: Mapping[str, Any] = {"coOrganizers": []}
"""Of every capture from the media state on (observed 5.7), but for meetingCapability, which beta has with members."""
DELTA: Mapping[bool, Fact] = {False: documented("observed 5.15"), True: inferred("observed 5.15")}
"""How well a roster of differences is known: with people who came only, and with a participant who has left."""


@dataclass(frozen=True, slots=True)
class _Note:
    """A notification that was not read yet."""

    at: float
    posted_to: str
    call: Call
    change: str
    path: str
    data: Callable[[], Any]
    evidence: str


class Notifier:
    """Notes down the notifications of each app.

    Args:
        clock: for the moment.
        ids: for the message ids.
        store: for the state that a notification reports.
        tenant_id: the tenant that incoming calls come from.
    """

    def __init__(self, clock: Clock, ids: Ids, store: Store, tenant_id: str) -> None:
        self._clock = clock
        self._ids = ids
        self._store = store
        self._tenant_id = tenant_id
        self.reset()

    def reset(self) -> None:
        """Forget every notification."""
        self._notes: list[_Note] = []
        self._written: list[Notification] = []
        self.forgotten = 0
        """How many of the oldest are no longer kept."""
        self._first_message: dict[str, str] = {}
        self._sent_rosters: dict[str, tuple[int, dict[str, Participant]]] = {}

    @property
    def written(self) -> list[Notification]:
        """Every notification so far, in order; where not all are kept, the kept ones."""
        self._write_until(self.count)
        return list(self._written)

    @property
    def count(self) -> int:
        """How many there are so far; counting writes none of them."""
        return self.forgotten + len(self._notes)

    def numbered(self, number: int) -> Notification | None:
        """The one with that number, counted from 0; ``None`` when there are not so many yet, or it is not kept."""
        self._write_until(min(number + 1, self.count))
        place = number - self.forgotten
        return self._written[place] if 0 <= place < len(self._written) else None

    def _write_until(self, count: int) -> None:
        self._written += [self._write(note) for note in self._notes[len(self._written) : count - self.forgotten]]

    def forget_until(self, number: int) -> None:
        """Keep only those from this number on."""
        much = number - self.forgotten
        if much > 0:
            self._write_until(number)  # so that the later ones have the same ids as if all were kept
            del self._notes[:much], self._written[:much]
            self.forgotten = number

    def forget_call(self, call: Call) -> None:
        """Forget a call of which no further notification comes; those so far keep their ids."""
        self._write_until(self.count)
        self._sent_rosters.pop(call.id, None)
        self._first_message.pop(call.id, None)

    def _write(self, note: _Note) -> Notification:
        entry = {
            "@odata.type": "#microsoft.graph.commsNotification",
            "changeType": note.change,
            "resource": f"/app/calls/{note.path}",  # observed 5.2: the wire has both
            "resourceUrl": f"/communications/calls/{note.path}",
            "resourceData": note.data(),
        }
        body = {"@odata.type": "#microsoft.graph.commsNotifications", "value": [entry]} if note.change else note.data()
        headers = Headers((*_SAME, *self._trail(note.call), (EVIDENCE_HEADER, note.evidence)))
        return Notification(note.posted_to, body, note.at, headers, note.call.id, note.call.app_id)

    def _trail(self, call: Call) -> Iterator[tuple[str, str]]:
        """The headers by which a bot recognises and groups notifications (observed 6.1)."""
        message = self._ids.new("message")
        first = self._first_message.setdefault(call.id, message)
        yield "X-Microsoft-Skype-Chain-ID", call.chain
        yield "Scenario-Id", call.chain
        yield "X-Microsoft-Skype-Message-ID", message
        if first != message:
            yield "X-Microsoft-Skype-Original-Message-ID", first

    def call_arrived(self, call: Call) -> None:
        """Notify of an incoming call (observed 5.8)."""
        conference = self._store.conference_of(call)
        self._note_down(call, "created", lambda: self._incoming(call, conference), documented("observed 5.8"))

    def call_arrived_in_old_form(self, call: Call) -> None:
        """Notify of an incoming call in the form of Skype: one object, neither an envelope nor types (m3.1)."""
        conference = self._store.conference_of(call)
        self._note_down(call, "", lambda: resources.old_incoming(call, conference), reported("m3.1"))

    def participant_joining(self, call: Call, who: Identity) -> None:
        """Ask the bot of a recording call for an answer about one more person (m3.22; how it is posted is open)."""
        joining = {**_reference(call), "source": resources.source_info(who)}
        data = {"@odata.type": "#microsoft.graph.participantJoiningNotification", "call": joining}
        self._note_down(call, "created", lambda: data, inferred("m3.25"))

    def call_changed(self, call: Call, fact: Fact) -> None:
        """Notify that a call is in another state, in as few members as captured.

        Args:
            call: as it is now.
            fact: how well it is known that this is notified; the result of a call that is over says it, too.
        """
        evidence = call.result.evidence if call.result else str(fact)
        members = {"direction": call.direction} if call.state is CallState.ESTABLISHED else _ended(call)
        self._note_down(call, "updated", partial(self.state, call, members), evidence)

    def call_known(self, call: Call, fact: Fact = KNOWN_SINCE) -> None:
        """Notify that a call is established again, with more members each time (observed 6.11)."""
        conference, known = self._store.conference_of(call), dict(_ALWAYS)
        for name, value in (
            ("mediaState", AUDIO_ACTIVE),
            ("chatInfo", conference.chat),
            ("meetingInfo", _token(call, conference)),
        ):
            if value is not None:
                known = {**known, name: value}
                self._note_down(call, "updated", partial(self.state, call, known), fact)

    def call_ended(self, call: Call) -> None:
        """Notify that a call is over, and why (observed 6.16, 6.17)."""
        members = {**_ended(call), **_ALWAYS}
        self._note_down(call, "deleted", partial(self.state, call, members), _of(call.result))

    def call_rejected(self, call: Call) -> None:
        """Notify that a rejected call is over; no state and no reason are documented (observed 6.18)."""
        self._note_down(call, "deleted", lambda: _reference(call), documented("call-reject.r07"))

    def call_redirected(self, call: Call, members: Mapping[str, Any] = _ALWAYS) -> None:
        """Notify that a redirected call is over: its state, without a result (s10.2)."""
        self._note_down(call, "deleted", partial(self.state, call, members), documented("call-redirect.r05"))

    def call_transferred(self, call: Call, change: str, members: Mapping[str, Any], fact: Fact) -> None:
        """Notify of what has become of a transfer: ``members`` beside the state of the call."""
        self._note_down(call, change, partial(self.state, call, members), fact)

    def roster_changed(self, conference: Conference, fact: Fact) -> None:
        """Notify each app in a group call of the roster; a peer-to-peer call has none (application-post-calls.r05).

        Args:
            conference: the call.
            fact: how well it is known that it is sent now.
        """
        if conference.kind is Kind.GROUP:
            for leg in conference.legs:
                self.send_roster(self._store.calls[leg], conference, fact)

    def send_roster(self, call: Call, conference: Conference, fact: Fact) -> None:
        """Notify one app of the whole roster, or of its changes, once its call is established."""
        if not call.is_through:
            return
        fact = weakest(fact, GOES_ON) if call.state is CallState.TRANSFERRING else fact
        people = tuple(conference.seen_by(call.my_participant))
        if not (call.asked.get("callOptions") or {}).get("isDeltaRosterEnabled"):
            self._note_down(call, "updated", lambda: resources.roster(people), fact, "/participants")
            return
        number, known = self._sent_rosters.get(call.id, (0, {}))
        now = {one.id: one for one in people}
        came = tuple(one for id, one in now.items() if known.get(id) != one)
        left = tuple(one for id, one in known.items() if id not in now)
        if came or left:
            self._sent_rosters[call.id] = number + 1, now
            data = partial(resources.roster_delta, came, left, number + 1)
            self._note_down(call, "updated", data, weakest(fact, DELTA[bool(left)]), "/participants")

    def content_shared(self, conference: Conference, change: str, session: ContentSession) -> None:
        """Notify each app that has asked for it that content is shared, or is no longer.

        A call that was made gets a list of one, a call that was answered an address without data, as the page of
        each has it (application-post-calls.c06).
        """
        for call in (self._store.calls[leg] for leg in conference.legs):
            if call.is_through and call.follows_content and conference.is_inside(call.my_participant):
                self.notify_content(call, change, session)

    def notify_content(self, call: Call, change: str, session: ContentSession) -> None:
        """Notify one app that content is shared, or is no longer."""
        made = call.direction == "outgoing"
        data = [resources.content_session(session)] if made else None
        below = "/contentsharingsessions" if made else f"/contentsharingsessions/{session.id}"
        self._note_down(call, change, lambda: data, CONTENT_SHARED[call.direction], below)

    def tone_pressed(self, call: Call, tone: str, number: int) -> None:
        """Notify that a key was pressed, in as few members as captured (s4.2)."""
        pressed = {"@odata.type": "#microsoft.graph.toneInfo", "sequenceId": number, "tone": tone}
        data = {"@odata.type": "#microsoft.graph.call", "state": call.state.value, "toneInfo": pressed}
        self._note_down(call, "updated", lambda: data, documented("call-subscribetotone.r03"))

    def operation_ended(self, operation: Operation) -> None:
        """Notify that an operation has completed or failed (observed 5.16)."""
        call = self._store.calls[operation.call]
        evidence, data = _of(operation.result), partial(resources.ended_operation, operation)
        self._note_down(call, "deleted", data, evidence, f"/operations/{operation.id}")

    def _note_down(
        self, call: Call, change: str, data: Callable[[], Any], evidence: Fact | str, below: str = ""
    ) -> None:
        path = f"{call.id}{below}"
        self._notes.append(_Note(self._clock.now, self.address(call), call, change, path, data, str(evidence)))

    def note_down(self, call: Call, change: str, below: str, data: Any) -> None:
        """Notify of what a test has made up: nothing but the test knows it."""
        self._note_down(call, change, lambda: data, inferred("simulator.notify"), f"/{below}".rstrip("/"))

    def address(self, call: Call) -> str:
        """The address for notifications of ``call``: the one given for it, else the app's own (observed 6.7)."""
        return call.callback

    def state(self, call: Call, members: Mapping[str, Any]) -> dict[str, Any]:
        """A call as captures have it: without its id and address, which stand in the entry beside it."""
        known = {"@odata.type": "#microsoft.graph.call", "state": call.state.value}
        return {**known, **members, "callChainId": call.chain}

    def _incoming(self, call: Call, conference: Conference) -> dict[str, Any]:
        caller = next((one.id for one in conference.active if one.identity == call.source), None)
        body = {
            **_reference(call),
            "state": call.state.value,
            "direction": call.direction,
            "callbackUri": self.address(call),
            "source": resources.source_info(call.source) if call.source else None,
            "targets": [resources.target_info(one) for one in call.targets],
            "requestedModalities": call.asked.get("requestedModalities", ["audio"]),
            "tenantId": self._tenant_id,
            "myParticipantId": call.my_participant,
            "callChainId": call.chain,
            "incomingContext": {
                "@odata.type": "#microsoft.graph.incomingContext",
                "observedParticipantId": caller,
                "onBehalfOf": None,
                "sourceParticipantId": caller,
                **({"transferor": resources.identity_set(call.transferor)} if call.transferor else {}),
            },
            "chatInfo": conference.chat,
            "meetingInfo": _token(call, conference) if call.by_policy else conference.meeting,
            "applicationMetadata": resources.bot_data(call, caller or "") if call.by_policy else None,
        }
        return {name: value for name, value in body.items() if value is not None}


def _ended(call: Call) -> dict[str, Any]:
    return {"resultInfo": call.result.wire()} if call.result else {}


def _token(call: Call, conference: Conference) -> dict[str, Any] | None:
    """The ``meetingInfo`` with which a call in a meeting can be joined again (s19.6)."""
    return None if conference.meeting is None else resources.token_info(call)


def _of(result: Result | None) -> str:
    """How well an end is known."""
    return result.evidence if result else str(inferred("no reason is known"))


def _reference(call: Call) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.call",
        "@odata.id": f"/communications/calls/{call.id}",
        "id": call.id,
    }


KINDS = (
    *("created call", "updated call", "deleted call", "updated roster", "deleted operation"),
    *("created content", "deleted content"),
)
"""The first two words of every kind of notification."""

_SORTS = {"": "call", "participants": "roster", "operations": "operation", "contentsharingsessions": "content"}
"""By what stands below the call in its address."""


def kind_of(entries: Iterable[Mapping[str, Any]]) -> str:
    """The kind of an envelope, e.g. ``created call incoming``; of several entries with ``+`` in between."""
    return " + ".join(map(_kind, entries)) or "incoming call in the older form"


def _kind(entry: Mapping[str, Any]) -> str:
    data = entry.get("resourceData")
    path = str(entry.get("resourceUrl") or entry.get("resource") or "")
    sort = _SORTS.get("".join(path.strip("/").split("/")[3:4]), "resource")
    state = ""
    if isinstance(data, list):
        state = f"({len(data)})"
    elif isinstance(data, dict):
        state = str(data.get("state") or data.get("status") or "")
        result = data.get("resultInfo")
        if isinstance(result, dict):
            state += f" {result.get('code')}/{result.get('subcode', result.get('subCode'))}"
    return f"{entry.get('changeType')} {sort} {state}".rstrip()
