"""Calls, conferences, participants and operations as frozen values.

A conference is what people are in together; a call is one app's leg in it. Two apps that join one
meeting have a call each and share the conference.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from pytest_graphcalls.contract.model import LongRunning
from pytest_graphcalls.lifecycle import CallState, OperationState, ParticipantState
from pytest_graphcalls.simulator.audio import Music, Plan, Sound, Tone
from pytest_graphcalls.simulator.responses import Result

E164 = re.compile(r"\+[1-9][0-9]{1,14}")
"""A phone number in the form that the service takes (participant-invite.r10)."""


class Kind(StrEnum):
    """The kind of a conference."""

    PEER = "peer-to-peer"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Identity:
    """A person, a phone or a bot.

    Attributes:
        sort: the member of an identity set that holds it: ``user``, ``application``, ``phone``, …
        id: the object id, the app id, or a number in E.164 form.
        name: display name, or ``""``.
        tenant_id: home tenant, or ``""``.
    """

    sort: str
    id: str
    name: str = ""
    tenant_id: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The key by which identities are compared; ids compare without regard to case."""
        return self.sort, self.id.lower()

    @property
    def called(self) -> str:
        """The display name, or the id where there is none."""
        return self.name or self.id

    @property
    def mri(self) -> str:
        """The name the platform uses in its messages (observed 5c, template of a failed invite)."""
        return f"4:{self.id}" if self.sort == "phone" else f"8:orgid:{self.id}"


class CachedJson:
    """JSON text that is written when it is first read, and once: rosters are long and read often."""

    __slots__ = ("text",)

    def __init__(self) -> None:
        self.text = b""


AUDIO_ALONE: Mapping[str, str] = MappingProxyType({"audio": "sendReceive"})
"""The streams of one who takes part by voice."""


@dataclass(frozen=True, slots=True)
class OnlineMeeting:
    """A meeting as its organizer has it, whether or not people are in it.

    Attributes:
        id: its id on the wire.
        join_url: the long form of its join address.
        join_id: its number, digits only.
        passcode: belongs to the number, or ``None``.
        attendees: ids of the users who are invited.
        members: further members, as they are shown.
    """

    id: str
    join_url: str
    join_id: str
    passcode: str | None
    attendees: tuple[str, ...]
    members: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ContentSession:
    """Content that a participant shares: a screen, or a presentation.

    Attributes:
        id: its id.
        presenter: participant id of who shares it.
        what: ``screen`` or ``powerpoint``.
    """

    id: str
    presenter: str
    what: str


@dataclass(frozen=True, slots=True)
class Participant:
    """A participant of a conference, active or invited.

    Attributes:
        id: the participant's id.
        identity: the person, phone or bot.
        state: invited or active.
        source: number of the audio stream.
        streams: the direction of each stream, by its medium.
        leg: the id of the call this is the bot's entry of, or ``""`` for people.
        gallery_of: the id of the call whose bot has added this large gallery, or ``""`` for people and bots.
        operation: the id of the invite operation that brought it, or ``""``.
        invited_by: id of the call whose app invited it, or ``""``.
        hidden: whether it is off the roster, as the invite asked.
        muted: whether the service has muted it.
        self_muted: whether it has muted itself.
        music: what it hears on hold, or ``None``.
        holds: whether it holds the call by its client.
        in_lobby: whether it waits in the lobby.
        on_hold: whether it is shown as on hold.
        apart: whether it is outside of the group in which everybody hears everybody.
        reports: the reports that its media is synthetic, as they were sent, each with the app as ``detectorBot``.
        audience: ids of those who alone hear it, by audio routing groups; ``None`` for everybody.
        since: virtual second at which it became active, or last changed.
        json: its JSON as the roster shows it; every change starts an empty one.
    """

    id: str
    identity: Identity
    state: ParticipantState
    source: int
    streams: Mapping[str, str] = field(default_factory=lambda: AUDIO_ALONE)
    leg: str = ""
    gallery_of: str = ""
    operation: str = ""
    invited_by: str = ""
    hidden: bool = False
    muted: bool = False
    self_muted: bool = False
    music: Music | None = None
    holds: bool = False
    in_lobby: bool = False
    on_hold: bool = False
    reports: tuple[Mapping[str, Any], ...] = ()
    apart: bool = field(default=False, compare=False)
    audience: frozenset[str] | None = field(default=None, compare=False)
    since: float = field(default=0.0, compare=False)
    json: CachedJson = field(default_factory=CachedJson, compare=False)

    @property
    def is_person(self) -> bool:
        """Whether the participant is a person or a phone: neither a bot nor a gallery."""
        return not (self.leg or self.gallery_of)

    @property
    def is_muted(self) -> bool:
        """Whether the participant is muted, by itself or by the service (s6.3)."""
        return self.muted or self.self_muted

    def hears(self, other: Participant) -> bool:
        """Whether the participant hears a second one who speaks.

        One who is muted is not heard (participant-mute.r04), nor is a gallery; one in the lobby, or on hold, neither
        hears nor is heard (s7.7). An audio route is private (call-post-audioroutinggroups): its source is heard by its
        receivers alone.
        """
        if (
            other.id == self.id
            or other.gallery_of
            or other.is_muted
            or any(one.music or one.holds or one.in_lobby for one in (self, other))
        ):
            return False
        return not (self.apart or other.apart) if other.audience is None else self.id in other.audience


@dataclass(frozen=True, slots=True)
class Conference:
    """A conference: the people who are connected to each other.

    Attributes:
        id: ours, never on the wire.
        kind: peer-to-peer or group. A third person makes a group of a peer-to-peer call.
        grown: whether it was peer-to-peer before.
        chat: ``chatInfo`` of a meeting, or ``None``: a group call made by targets has none
            (application-post-calls.r07).
        meeting: ``meetingInfo`` of a meeting, or ``None``.
        organizer: id of the user who organizes the meeting, or ``""``.
        online: the meeting as its organizer has it; ``None`` where only those who join know of it, or it was deleted.
        lets_in: whether a bot that joins it gets in.
        lobby: whether those who join it from now on wait in its lobby.
        kept: what is or was kept of it, ``recording`` or ``transcription``: whether it is now, and since when.
        people: everybody in it or invited to it, by participant id.
        legs: ids of the calls in it that are not over.
        sources: how many audio streams were numbered so far.
        sessions: the content that is shared in it, by participant id of who shares it.
    """

    id: str
    kind: Kind
    grown: bool = False
    chat: Mapping[str, Any] | None = None
    meeting: Mapping[str, Any] | None = None
    organizer: str = ""
    online: OnlineMeeting | None = None
    lets_in: bool = True
    lobby: bool = False
    kept: Mapping[str, tuple[bool, str]] = field(default_factory=dict)
    people: Mapping[str, Participant] = field(default_factory=dict)
    legs: tuple[str, ...] = ()
    sources: int = 0
    sessions: Mapping[str, ContentSession] = field(default_factory=dict)

    @property
    def active(self) -> Iterator[Participant]:
        """The participants who are in the conference now."""
        return (one for one in self.people.values() if one.state is ParticipantState.ACTIVE)

    @property
    def roster(self) -> Iterator[Participant]:
        """The participants that the roster names."""
        return (one for one in self.active if not one.hidden)

    def seen_by(self, id: str) -> Iterator[Participant]:
        """The roster that a participant sees: in the lobby itself alone (application-post-calls.r11)."""
        one = self.people.get(id)
        return iter((one,)) if one is not None and one.in_lobby else self.roster

    @property
    def has_people(self) -> bool:
        """Whether a person is in the conference or still being rung."""
        return any(one.is_person for one in self.people.values())

    def holds(self, identity: Identity) -> bool:
        """Whether ``identity`` is in the conference or invited to it."""
        return next(self._entries(identity), None) is not None

    def find(self, identity: Identity) -> Participant | None:
        """The active participant who is ``identity``."""
        return next((one for one in self._entries(identity) if one.state is ParticipantState.ACTIVE), None)

    def is_inside(self, id: str) -> bool:
        """Whether the participant with that id is in the conference, and not in its lobby."""
        one = self.people.get(id)
        return one is not None and not one.in_lobby

    def has_admitted(self, identity: Identity) -> bool:
        """Whether ``identity`` is in the conference, and not in its lobby."""
        one = self.find(identity)
        return one is not None and not one.in_lobby

    def _entries(self, identity: Identity) -> Iterator[Participant]:
        sort, id = identity.key
        # Not by their keys: a pair for everybody in a long roster is slow.
        return (one for one in self.people.values() if one.identity.id.lower() == id and one.identity.sort == sort)


@dataclass(frozen=True, slots=True)
class Route:
    """An audio routing group: what its sources say is heard by its receivers alone.

    Attributes:
        id: as the app has chosen it, or the service.
        mode: ``oneToOne`` or ``multicast``.
        sources, receivers: ids of participants.
    """

    id: str
    mode: str = "oneToOne"
    sources: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One app's leg.

    Attributes:
        app_id: the app it belongs to; others cannot see it.
        conference: id of the conference it is a leg of.
        direction: ``incoming`` or ``outgoing``.
        my_participant: id of the bot's own entry in the roster.
        chain: ``callChainId``.
        callback: where its notifications go; at first the address registered for the app.
        alive_until: virtual second at which the service ends it unless it is kept alive.
        asked: the members of the create or answer body that the call shows again.
        result, ended: why it ended, and the virtual second at which it was over.
        rejected_with, redirected_to: the reason, or each target's name or id, once it was rejected or redirected.
        hears_tones: whether its bot has subscribed to tones.
        tones: keys that were pressed, and tones that its bot has sent, in order.
        by_policy: whether a recording policy has brought the bot in.
        transferor: the bot that has transferred it, or ``None``.
        replaces: id of the call that its consultative transfer replaces, or ``""``.
        recording_status: as its bot has set it last, or ``""``.
        routes: the audio routing groups that its bot has made, by id.
    """

    id: str
    app_id: str
    conference: str
    state: CallState
    direction: str
    my_participant: str
    chain: str
    callback: str
    alive_until: float = 0.0
    source: Identity | None = None
    targets: tuple[Identity, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    result: Result | None = None
    rejected_with: str | None = None
    redirected_to: tuple[str, ...] = ()
    ended: float | None = None
    hears_tones: bool = False
    tones: tuple[Tone, ...] = ()
    by_policy: bool = False
    recording_status: str = ""
    routes: Mapping[str, Route] = field(default_factory=dict)
    transferor: Identity | None = None
    replaces: str = ""

    @property
    def is_through(self) -> bool:
        """Whether the call is established or transfers a person."""
        return self.state in {CallState.ESTABLISHED, CallState.TRANSFERRING}

    @property
    def follows_content(self) -> bool:
        """Whether the bot of the call has asked for notifications of shared content (application-post-calls.r13)."""
        return (self.asked.get("callOptions") or {}).get("isContentSharingNotificationEnabled") is True


@dataclass(frozen=True, slots=True)
class Invitee:
    """One entry of an invite.

    Attributes:
        identity: whom to invite.
        participant: the id chosen by the client, or ``""``.
        replaces: ``replacesCallId``, or ``""``.
        hidden: whether to keep the participant off the roster.
        apart: whether to keep it out of the group in which everybody hears everybody (observed 10.11).
        extras: further members of the entry, shown again in the answer.
    """

    identity: Identity
    participant: str = ""
    replaces: str = ""
    hidden: bool = False
    apart: bool = False
    extras: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """A long-running operation.

    Attributes:
        call: id of the call it was started in.
        spec: its type, and how operations of that type run and end.
        members: what an answer shows of it beyond the members that every operation has.
        end_members: further members of the notification of its end.
        pending: ids of what it waits for, such as participants who have not answered yet.
        begin: what to do when its turn has come; ``None`` for one that waits for other things than time.
        sounds: the audio that it plays, in order.
        plan: what it records, and until when.
        loops: whether it plays them over and over.
        began: virtual second at which its turn came, or at which it was started again.
        cut: from when to when it has run before it was started again.
        listens: virtual second from which it records.
        ended: virtual second at which it was over.
        how: name of its end in the contract, or ``""``.
        result: how it ended; while it runs, the first failure of a part of it.
    """

    id: str
    call: str
    spec: LongRunning
    status: OperationState
    client_context: str | None
    members: Mapping[str, Any]
    end_members: Mapping[str, Any]
    pending: frozenset[str] = frozenset()
    begin: Callable[[Operation], None] | None = None
    sounds: tuple[Sound, ...] = ()
    plan: Plan | None = None
    loops: bool = False
    began: float | None = None
    cut: tuple[tuple[float, float], ...] = ()
    listens: float | None = None
    ended: float | None = None
    how: str = ""
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """A participant as it was until a virtual second; infinite while that lasts."""

    one: Participant
    until: float = math.inf
