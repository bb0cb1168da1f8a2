"""A call as a test sees it: from outside, without permissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pytest_graphcalls.lifecycle import CallState, ParticipantState
from pytest_graphcalls.simulator.audio import Prompt, Recording, Tone
from pytest_graphcalls.simulator.entities import (
    Call,
    Conference,
    ContentSession,
    Identity,
    Kind,
    Operation,
    Participant,
    Route,
)
from pytest_graphcalls.simulator.hearing import Hearing
from pytest_graphcalls.simulator.responses import Result
from pytest_graphcalls.simulator.store import Store


class CallSource(Protocol):
    """The sources of a call's facts: the store, the audio, and the error for an unknown id."""

    store: Store
    hearing: Hearing

    def known(self, call_id: str) -> Call:
        """A call, by its id; raises :class:`UnknownNameError` when there is none, or it is kept no longer."""


class SimulatedCall:
    """A call seen from outside, without permissions. Reading never changes it.

    It always shows how things stand now; the values it gives out are frozen. After a reset there is nothing to show:
    :class:`UnknownNameError`.
    """

    __slots__ = ("_scenario", "id")

    def __init__(self, scenario: CallSource, id: str) -> None:
        self._scenario = scenario
        self.id = id

    def __repr__(self) -> str:
        call = self._scenario.store.calls.get(self.id)
        return f"SimulatedCall({self.id!r}, state={call.state.value if call else 'not kept'!r})"

    def __str__(self) -> str:
        """Its id: so it can be put into an address as it is."""
        return self.id

    @property
    def _call(self) -> Call:
        return self._scenario.known(self.id)

    @property
    def state(self) -> CallState:
        """The state it is in."""
        return self._call.state

    @property
    def result(self) -> Result | None:
        """Why it ended, if it did and a reason is known."""
        return self._call.result

    @property
    def rejected_with(self) -> str | None:
        """The reason it was rejected with, in lower case, or ``None``."""
        return self._call.rejected_with

    @property
    def callback_uri(self) -> str:
        """The address that the call's notifications go to."""
        return self._call.callback

    @property
    def my_participant_id(self) -> str:
        """Id of the bot's own entry in the roster."""
        return self._call.my_participant

    @property
    def kind(self) -> Kind:
        """Peer-to-peer or group."""
        return self._conference.kind

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Everybody in it, bots included, also in a peer-to-peer call and also those off the roster."""
        return tuple(self._conference.active)

    @property
    def invited(self) -> tuple[Participant, ...]:
        """The people who are being rung."""
        everybody = self._conference.people.values()
        return tuple(one for one in everybody if one.state is ParticipantState.INVITED)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The long-running operations started in it, oldest first."""
        return self._scenario.store.operations_of(self._call)

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """The prompts that were played into it, in order: which, from when to when, and how each ended."""
        return self._scenario.hearing.played(self._call)

    @property
    def tones(self) -> tuple[Tone, ...]:
        """The keys that people have pressed and the tones that the bot has sent, in order."""
        return self._call.tones

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """The recordings of the bot that it can read, or could, in order."""
        kept = self._scenario.store.recordings
        return tuple(kept[one.id] for one in self.operations if one.id in kept)

    @property
    def routes(self) -> tuple[Route, ...]:
        """The audio routing groups that its bot has made, in order."""
        return tuple(self._call.routes.values())

    @property
    def recording_status(self) -> str:
        """Whether the bot says that it records: the status that it has set last, or ``""``."""
        return self._call.recording_status

    @property
    def sharing(self) -> tuple[ContentSession, ...]:
        """The content that is shared in it now."""
        return tuple(self._conference.sessions.values())

    @property
    def device_quality(self) -> tuple[Mapping[str, Any], ...]:
        """The reports of the media of devices under its ``callChainId``, in order."""
        return self._scenario.store.quality_of(self._call)

    @property
    def is_recorded(self) -> bool:
        """Whether a bot has started the recording of it for all, and none has stopped it."""
        return self._conference.kept.get("recording", (False,))[0]

    @property
    def is_transcribed(self) -> bool:
        """Whether a bot has started its transcription, and none has stopped it."""
        return self._conference.kept.get("transcription", (False,))[0]

    @property
    def _conference(self) -> Conference:
        return self._scenario.store.conference_of(self._call)


@dataclass(frozen=True, slots=True)
class PersonCall:
    """The call of a person, seen from their side.

    Attributes:
        state: ``established``, or ``ringing``: at them, or at those they wait for.
        others: names of the others, bots among them.
        since: virtual second from which on it is so.
        calls: ids of the bots' own calls in it.
        handed_on_from: id of the call that was transferred or redirected, and has led to it; or ``""``.
    """

    state: str
    others: tuple[str, ...]
    since: float
    calls: tuple[str, ...] = ()
    handed_on_from: str = ""


def call_of(store: Store, identity: Identity) -> PersonCall | None:
    """The call of a person; one that is established rather than one that rings, and the latest of several."""
    seen = (_seen_by(store, identity, conference) for conference in store.conferences.values())
    return max(filter(None, seen), key=lambda one: (one.state == "established", one.since), default=None)


def _seen_by(store: Store, identity: Identity, conference: Conference) -> PersonCall | None:
    me = next((one for one in conference.people.values() if one.identity.key == identity.key), None)
    if me is None:
        return None
    others = [one for one in conference.people.values() if one is not me and not one.gallery_of]
    there = [one for one in others if one.state is ParticipantState.ACTIVE]
    legs = [store.calls[leg] for leg in conference.legs]
    rung = [call.targets[0].name for call in legs if call.my_participant not in conference.people]
    is_in, group = me.state is ParticipantState.ACTIVE, conference.kind is Kind.GROUP
    talks = is_in and bool(there or group)
    seen = others if is_in and not talks else there
    names = (*(one.identity.name or one.identity.id for one in seen), *(rung if is_in and not talks else ()))
    if not talks and not names:
        return None
    since = max(one.since for one in (me, *(there if talks and not group else ())))
    origin = conference.id if conference.id in store.calls else ""
    return PersonCall("established" if talks else "ringing", names, since, conference.legs, origin)
