"""A call as a test sees it: from outside, without permissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_graphcalls.lifecycle import CallState, ParticipantState
from pytest_graphcalls.simulator.acting import Acting
from pytest_graphcalls.simulator.audio import Prompt, Recording, Tone
from pytest_graphcalls.simulator.entities import Call, Conference, ContentSession, Kind, Operation, Participant, Route
from pytest_graphcalls.simulator.responses import Result


class SimulatedCall:
    """A call seen from outside, without permissions. Reading never changes it.

    It always shows how things stand now; the values it gives out are frozen. After a reset there is nothing to show:
    :class:`UnknownNameError`.
    """

    __slots__ = ("_acting", "id")

    def __init__(self, acting: Acting, id: str) -> None:
        self._acting = acting
        self.id = id

    def __repr__(self) -> str:
        call = self._acting.store.calls.get(self.id)
        return f"SimulatedCall({self.id!r}, state={call.state.value if call else 'not kept'!r})"

    def __str__(self) -> str:
        """The id of the call, so that a call can be used in an address."""
        return self.id

    @property
    def _call(self) -> Call:
        return self._acting.known(self.id)

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
        """All participants of the call, bots included, also in a peer-to-peer call and also those off the roster."""
        return tuple(self._conference.active)

    @property
    def invited(self) -> tuple[Participant, ...]:
        """The people who are being rung."""
        everybody = self._conference.people.values()
        return tuple(one for one in everybody if one.state is ParticipantState.INVITED)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The long-running operations started in it, oldest first."""
        return self._acting.store.operations_of(self._call)

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """The prompts that were played into it, in order: which, from when to when, and how each ended."""
        return self._acting.hearing.played(self._call)

    @property
    def tones(self) -> tuple[Tone, ...]:
        """The keys that people have pressed and the tones that the bot has sent, in order."""
        return self._call.tones

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """The recordings of the bot that it can read, or could, in order."""
        kept = self._acting.store.recordings
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
        """The content that is shared in the call now."""
        return tuple(self._conference.sessions.values())

    @property
    def device_quality(self) -> tuple[Mapping[str, Any], ...]:
        """The reports of the media of devices under its ``callChainId``, in order."""
        return self._acting.store.quality_of(self._call)

    @property
    def is_recorded(self) -> bool:
        """Whether a bot has started recording the call for all, and none has stopped it."""
        return self._conference.kept.get("recording", (False,))[0]

    @property
    def is_transcribed(self) -> bool:
        """Whether a bot has started its transcription, and none has stopped it."""
        return self._conference.kept.get("transcription", (False,))[0]

    @property
    def _conference(self) -> Conference:
        return self._acting.store.conference_of(self._call)
