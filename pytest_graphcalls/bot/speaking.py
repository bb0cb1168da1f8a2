"""Assertions about bots that play, record and hear keys, by the ledger and what the simulator recorded."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pytest_graphcalls.bot.ledger import MESSAGE_ID, Asked, Ledger
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
    genuine_deliveries,
    is_action,
    stored_notification,
    succeeded,
)
from pytest_graphcalls.contract import Effect
from pytest_graphcalls.simulator.audio import NAMES
from pytest_graphcalls.wire import MalformedJsonError, Request, Response

PRESSED_AGAIN = "the same key"
"""Remark of a key that is notified again, with a new message id."""
_T = TypeVar("_T")
_SPEAKS = frozenset({Effect.PLAYS, Effect.RECORDS})


def plays_when_audio_is_active(ledger: Ledger) -> None:
    """Every request that plays or records follows a notification of active audio that the bot has accepted."""
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


def goes_on_after_an_end(ledger: Ledger) -> None:
    """While something is played or recorded, the bot neither plays nor records nor hangs up, unless it has a reason."""
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
                what = (
                    f"the bot sent {describe_request(one)} at {one.at:g} s, before the end of {_last(begun)} (#{since})"
                )
                raise failure(f"{what}; expected that it waits for the notification of operation {id}", ledger)


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
    return _members(asked.exchange.request).get("bargeInAllowed") is True


def _running(asked: Asked) -> str:
    """Id of the operation that an answer says is running, or ``""``."""
    body = _members(asked.answer) if asked.whole else {}
    return str(body.get("id", "")) if body.get("status") == "running" else ""


def _members(message: Request | Response) -> Mapping[str, Any]:
    """The members of a body; none of one that is no JSON object, which a bot or a test may have sent."""
    try:
        body = message.json() if message.body else None
    except MalformedJsonError:
        return {}
    return body if isinstance(body, dict) else {}


def acts_once_for_each_tone(bot: BotUnderTest, wait: float) -> None:
    """A key that is notified again, with its ``sequenceId`` and a new message id, makes the bot do nothing."""
    ledger = bot.ledger
    pressed = {
        (entry.call, number): entry.delivery
        for entry in reversed(accepted_entries(ledger))
        if (number := _sequence_id(entry)) is not None
    }
    if not pressed:
        hint = "it has to call subscribeToTone, and a person has to press a key"
        raise failure(f"the bot was notified of no key; {hint}", ledger)
    wait = wait if bot.courier.is_remote else 0.0
    before = len(ledger.requests)
    for (_, number), delivery in reversed(pressed.items()):
        note = stored_notification(bot.simulator, delivery)
        if note is None:
            continue
        message = bot.simulator.ids.named(f"{PRESSED_AGAIN}:{delivery.sequence}")
        again = bot.courier.post(replace(note, headers=note.headers.with_(MESSAGE_ID, message)), remark=PRESSED_AGAIN)
        for asked in CausedActions(ledger, 0).of(again):
            why = f"because the key with sequenceId {number} was notified again (#{again.number})"
            raise failure(f"the bot sent {describe_request(asked)} {why}; expected that it acts once for each", ledger)
    bot.simulator.advance(0)  # wakes tasks that wait for virtual time
    time.sleep(wait)
    late = next(filter(is_action, ledger.requests[before:]), None)
    if late is not None:
        what = f"the bot sent {describe_request(late)} because keys were notified again"
        raise failure(f"{what}; expected that it acts once for each sequenceId", ledger)


def _sequence_id(entry: DeliveredEntry) -> int | None:
    match entry.data:
        case {"toneInfo": {"sequenceId": int() as number}}:
            return number
    return None


def fetched_every_recording(bot: BotUnderTest) -> None:
    """Every recording that the bot was notified of was read, which is possible for some time after the call only."""
    locations = [location for location, _ in NAMES.values()]
    made = [entry for entry in accepted_entries(bot.ledger) if any(map(entry.data.get, locations))]
    if not made:
        raise failure("the bot was notified of no recording; let it record, and let time pass", bot.ledger)
    for entry in made:
        recording = bot.simulator.store.recordings.get(str(entry.data.get("id")))
        if recording is not None and not recording.fetched:
            kept = f"it is kept for {bot.simulator.pace.recording_kept:g} virtual seconds after the call"
            what = f"the bot did not read the recording of call {entry.call} (#{entry.delivery.number})"
            raise failure(
                f"{what}; {kept}; expected GET {recording.location} with its recordingAccessToken", bot.ledger
            )


def states_recording_first(bot: BotUnderTest) -> None:
    """In every call of a recording policy the bot says that it records, and before it does."""
    ledger, calls = bot.ledger, bot.simulator.store.calls
    taken = filter(None, map(call_made_by, ledger.requests))
    by_policy = [id for id in dict.fromkeys(taken) if id in calls and calls[id].by_policy]
    if not by_policy:
        hint = "place one with simulator.incoming_call(..., recording_policy=True)"
        raise failure(f"the bot has answered no call of a recording policy; {hint}", ledger)
    said: dict[str, int] = {}
    for one in _with_effect(ledger, Effect.STATES_RECORDING):
        if succeeded(one) and _members(one.exchange.request).get("status") == "recording":
            said.setdefault(call_of(one), one.number)
    records = {call_of(one): one for one in reversed(_with_effect(ledger, Effect.RECORDS))}
    for call in by_policy:
        expected = f"expected POST /communications/calls/{call}/updateRecordingStatus with 'recording' before"
        if call in records and said.get(call, math.inf) > records[call].number:
            raise failure(
                f"the bot sent {describe_request(records[call])} without its recording status; {expected}", ledger
            )
        if call not in said:
            raise failure(f"in call {call} of a recording policy the bot set no recording status; {expected}", ledger)


def plays_nothing_while_muted(bot: BotUnderTest) -> None:
    """The bot plays no prompt from a roster that shows it muted to one that does not, or its own unmute."""
    ledger, calls = bot.ledger, bot.simulator.store.calls
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
        if is_muted and _members(asked.exchange.request).get("prompts"):
            what = f"the bot sent {describe_request(asked)} at {asked.at:g} s, and was muted (#{since})"
            unmute = f"POST /communications/calls/{call_of(asked)}/unmute"
            raise failure(f"{what}, so the prompt is not heard; expected {unmute} before", ledger)


def _with_effect(ledger: Ledger, *effects: Effect) -> list[Asked]:
    """The requests with one of these effects, in order."""
    return [one for one in ledger.requests if effects_of(one).intersection(effects)]
