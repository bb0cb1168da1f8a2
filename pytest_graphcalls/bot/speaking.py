"""Assertions about bots that play, record and hear keys, by the ledger and what the simulator recorded."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from pytest_graphcalls.bot.courier import MAX_REAL_SECONDS
from pytest_graphcalls.bot.ledger import Asked, Ledger
from pytest_graphcalls.bot.timeline import (
    BotUnderTest,
    CausedActions,
    DeliveredEntry,
    accepted_entries,
    call_made_by,
    call_of,
    describe_request,
    effects_of,
    entries_of,
    failure,
    first_late_action,
    genuine_deliveries,
    post_again,
    succeeded,
)
from pytest_graphcalls.contract import Effect
from pytest_graphcalls.simulator.audio import NAMES
from pytest_graphcalls.validation import quantity
from pytest_graphcalls.wire import json_object

PRESSED_AGAIN = "the same key"
"""Remark of a key that is notified again, with a new message id."""
_T = TypeVar("_T")
_SPEAKS = frozenset({Effect.PLAYS, Effect.RECORDS})


class SpeakingAssertions:
    """The assertions about prompts, keys and recordings, as methods of :class:`pytest_graphcalls.bot.Bot`."""

    def assert_plays_when_audio_is_active(self: BotUnderTest) -> None:
        """The bot plays and records nothing in a call before it has accepted that the call's audio is active.

        The notification is the update of the established call with ``mediaState.audio: active`` (s0.17).

        Raises:
            BotError: it did, or it has played and recorded nothing; with the timeline.
        """
        ledger = self.ledger
        asked = _with_effect(ledger, *_SPEAKS)
        if not asked:
            raise failure("the bot has played and recorded nothing; let it answer a call, and let time pass", ledger)
        active: dict[str, int] = {}
        for entry in accepted_entries(ledger):
            match entry.data:
                case {"mediaState": {"audio": "active"}}:
                    active.setdefault(entry.call, entry.delivery.number)
        for one in asked:
            if active.get(call_of(one), math.inf) > one.number:
                what = f"the bot sent {describe_request(one)} at {one.at:g} s, before it was notified of active audio"
                raise failure(f"{what}; expected that it waits for mediaState.audio 'active'", ledger)

    def assert_goes_on_after_an_end(self: BotUnderTest) -> None:
        """While it plays or records, the bot starts no other prompt or recording, and does not hang up.

        It may go on once it was notified of the operation's end, has cancelled it, or was notified of a key, of a
        change of the roster or of the call's end; and at any time with ``bargeInAllowed``.

        Raises:
            BotError: it did, or no operation of it was running; with the timeline.
        """
        ledger = self.ledger
        started = {id: one for one in _with_effect(ledger, *_SPEAKS) if succeeded(one) and (id := _running(one))}
        if not started:
            raise failure("no operation of the bot has begun to play or record, so it had no end to wait for", ledger)
        entries = _by_call(accepted_entries(ledger), lambda entry: entry.call)
        going_on = _by_call(_with_effect(ledger, *_SPEAKS, Effect.ENDS_CALL), call_of)
        cancels = _by_call(filter(succeeded, _with_effect(ledger, Effect.CANCELS_MEDIA)), call_of)
        for id, begun in started.items():
            call, since = call_of(begun), begun.number
            reasons = [entry.delivery.number for entry in entries[call] if _is_reason(entry, id)]
            reasons += [one.number for one in cancels[call]]
            until = min((number for number in reasons if number > since), default=math.inf)
            for one in going_on[call]:
                if since < one.number < until and not _barges_in(one):
                    what = f"the bot sent {describe_request(one)} at {one.at:g} s, before the end of {_last(begun)}"
                    raise failure(
                        f"{what} (#{since}); expected that it waits for the notification of operation {id}", ledger
                    )

    def assert_acts_once_for_each_tone(self: BotUnderTest, wait: float = 0.5) -> None:
        """A key that is notified again with the same ``sequenceId`` makes the bot send no POST, PATCH or DELETE.

        Every accepted key is posted again, with a new message id, best while the call still goes on. Virtual time
        stands still.

        Args:
            wait: real seconds for a bot behind a URL to act after its answers; others are waited for anyway.

        Raises:
            BotError: it sends one, or it was notified of no key; with the timeline.
        """
        quantity("assert_acts_once_for_each_tone(wait)", wait, unit="real seconds", most=MAX_REAL_SECONDS)
        ledger = self.ledger
        pressed = {
            (entry.call, number): entry.delivery
            for entry in reversed(accepted_entries(ledger))
            if (number := _sequence_id(entry)) is not None
        }
        if not pressed:
            hint = "it has to call subscribeToTone, and a person has to press a key"
            raise failure(f"the bot was notified of no key; {hint}", ledger)
        wait = wait if self.courier.is_remote else 0.0
        before = len(ledger.requests)
        for (_, number), delivery in reversed(pressed.items()):
            again = post_again(self, delivery, PRESSED_AGAIN)
            if again is None:
                continue
            for asked in CausedActions(ledger, 0).of(again):
                why = f"because the key with sequenceId {number} was notified again (#{again.number})"
                raise failure(
                    f"the bot sent {describe_request(asked)} {why}; expected that it acts once for each", ledger
                )
        late = first_late_action(self, before, wait)
        if late is not None:
            what = f"the bot sent {describe_request(late)} because keys were notified again"
            raise failure(f"{what}; expected that it acts once for each sequenceId", ledger)

    def assert_fetched_every_recording(self: BotUnderTest) -> None:
        """Every recording that was notified to the bot was read by it, while it was kept.

        Raises:
            BotError: one was not read so far, or there was none; with the timeline.
        """
        locations = [location for location, _ in NAMES.values()]
        made = [entry for entry in accepted_entries(self.ledger) if any(map(entry.data.get, locations))]
        if not made:
            raise failure("the bot was notified of no recording; let it record, and let time pass", self.ledger)
        for entry in made:
            recording = self.simulator.store.recordings.get(str(entry.data.get("id")))
            if recording is not None and not recording.fetched:
                kept = f"it is kept for {self.simulator.pace.recording_kept:g} virtual seconds after the call"
                what = f"the bot did not read the recording of call {entry.call} (#{entry.delivery.number})"
                raise failure(
                    f"{what}; {kept}; expected GET {recording.location} with its recordingAccessToken", self.ledger
                )

    def assert_plays_nothing_while_muted(self: BotUnderTest) -> None:
        """The bot plays no prompt while it knows that it is muted, as the prompt is not heard (call-mute.r04).

        It knows from a roster that it has accepted, in which its own participant has ``isMuted``. It may play again
        after a roster without that, or once its request to unmute itself has succeeded.

        Raises:
            BotError: it has, or it was muted in no call; with the timeline.
        """
        ledger = self.ledger
        ledger, calls = self.ledger, self.simulator.store.calls
        states: dict[str, list[tuple[int, bool]]] = defaultdict(list)
        was_muted = False
        for entry in (entry for one in genuine_deliveries(ledger) for entry in entries_of(one)):
            own = calls[entry.call].my_participant if entry.call in calls else ""
            for participant in entry.roster:
                if participant.get("id") == own:
                    is_muted = participant.get("isMuted") is True
                    was_muted = was_muted or is_muted
                    states[entry.call] += [(entry.delivery.number, is_muted)] if entry.delivery.accepted else []
        if not was_muted:
            hint = "mute it in a group call: simulator.person(...).mutes_bot(call)"
            raise failure(f"the bot was muted in no call, by no roster; {hint}", ledger)
        for asked in filter(succeeded, _with_effect(ledger, Effect.UNMUTES)):
            states[call_of(asked)].append((asked.number, False))
        for asked in _with_effect(ledger, *_SPEAKS):
            since, is_muted = max((one for one in states[call_of(asked)] if one[0] < asked.number), default=(0, False))
            if is_muted and json_object(asked.exchange.request.body).get("prompts"):
                what = f"the bot sent {describe_request(asked)} at {asked.at:g} s, and was muted (#{since})"
                unmute = f"POST /communications/calls/{call_of(asked)}/unmute"
                raise failure(f"{what}, so the prompt is not heard; expected {unmute} before", ledger)

    def assert_states_recording_first(self: BotUnderTest) -> None:
        """In every call of a recording policy the bot has set the status ``recording``, before any recordResponse.

        Media that the bot hosts itself cannot be seen here: in such a call the status has to be set at all.

        Raises:
            BotError: it has not, or it has answered no such call; with the timeline.
        """
        ledger = self.ledger
        ledger, calls = self.ledger, self.simulator.store.calls
        taken = filter(None, map(call_made_by, ledger.requests))
        by_policy = [id for id in dict.fromkeys(taken) if id in calls and calls[id].by_policy]
        if not by_policy:
            hint = "place one with simulator.incoming_call(..., recording_policy=True)"
            raise failure(f"the bot has answered no call of a recording policy; {hint}", ledger)
        said: dict[str, int] = {}
        for one in _with_effect(ledger, Effect.STATES_RECORDING):
            if succeeded(one) and json_object(one.exchange.request.body).get("status") == "recording":
                said.setdefault(call_of(one), one.number)
        records = {call_of(one): one for one in reversed(_with_effect(ledger, Effect.RECORDS))}
        for call in by_policy:
            expected = f"expected POST /communications/calls/{call}/updateRecordingStatus with 'recording' before"
            if call in records and said.get(call, math.inf) > records[call].number:
                raise failure(
                    f"the bot sent {describe_request(records[call])} without its recording status; {expected}", ledger
                )
            if call not in said:
                raise failure(
                    f"in call {call} of a recording policy the bot set no recording status; {expected}", ledger
                )


def _by_call(some: Iterable[_T], call: Callable[[_T], str]) -> dict[str, list[_T]]:
    found: dict[str, list[_T]] = defaultdict(list)
    for one in some:
        found[call(one)].append(one)
    return found


def _last(asked: Asked) -> str:
    return asked.path.rpartition("/")[2].rpartition(".")[2]


def _is_reason(entry: DeliveredEntry, operation: str) -> bool:
    """Whether a notification lets a bot go on: an end, a key, or a change of the roster."""
    if entry.of_call:
        return entry.change == "deleted" or "toneInfo" in entry.data
    return entry.change == "updated" or entry.data.get("id") == operation


def _barges_in(asked: Asked) -> bool:
    return json_object(asked.exchange.request.body).get("bargeInAllowed") is True


def _running(asked: Asked) -> str:
    """Id of the operation that an answer says is running, or ``""``."""
    body = json_object(asked.answer.body) if asked.whole else {}
    return str(body.get("id", "")) if body.get("status") == "running" else ""


def _sequence_id(entry: DeliveredEntry) -> int | None:
    match entry.data:
        case {"toneInfo": {"sequenceId": int() as number}}:
            return number
    return None


def _with_effect(ledger: Ledger, *effects: Effect) -> list[Asked]:
    """The requests with one of these effects, in order."""
    return [one for one in ledger.requests if effects_of(one).intersection(effects)]
