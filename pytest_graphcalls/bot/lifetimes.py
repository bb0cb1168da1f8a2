"""Assertions about how the calls of a bot go on and end, by the ledger: keepAlive, transfers, hang-ups."""

from __future__ import annotations

import math
from itertools import pairwise

from pytest_graphcalls.bot.ledger import Ledger
from pytest_graphcalls.bot.timeline import (
    BotUnderTest,
    DeliveredEntry,
    accepted_entries,
    call_made_by,
    call_of,
    describe_request,
    effects_of,
    failure,
    is_action,
    known_ends,
    succeeded,
)
from pytest_graphcalls.contract import Effect
from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.simulator.calls import KEEPALIVE_SECONDS


def stopped_after_end(ledger: Ledger) -> None:
    """About a call that the bot knows to be over, it sends no request."""
    ends = known_ends(ledger)
    if not ends:
        raise failure("the bot learned of the end of no call; end one and let time pass: advance(0)", ledger)
    for asked in ledger.requests:
        end = ends.get(call_of(asked))
        if end is None or asked.number == end.number or asked.moment <= end.moment:
            continue
        after = f"{asked.at - end.at:g} virtual seconds after it {end.how}"
        what = f"the bot sent {describe_request(asked)} at {asked.at:g} s, {after}"
        raise failure(f"{what}: the call is over; expected no further request about it", ledger)


def hung_up(bot: BotUnderTest) -> None:
    """The calls that the bot has created and answered are over, and it knows."""
    ledger = bot.ledger
    calls = list(dict.fromkeys(filter(None, map(call_made_by, ledger.requests))))
    if not calls:
        raise failure("the bot has created and answered no call, so there was nothing to hang up", ledger)
    known = known_ends(ledger)
    deleted = {call_of(one) for one in ledger.requests if Effect.ENDS_CALL in effects_of(one) and succeeded(one)}
    for call in calls:
        if call in deleted or call in known:
            continue
        stored = bot.simulator.store.calls.get(call)  # a call that is no longer stored was over
        state = stored.state if stored else CallState.TERMINATED
        if state is CallState.TERMINATED:
            hint = "let time pass, advance(0), or see why it did not take the notification"
            raise failure(f"call {call} is over, and the bot has not been notified; {hint}", ledger)
        what = f"call {call} is still {state}; expected that the bot ends what it has created or answered"
        raise failure(f"{what}: DELETE /communications/calls/{call}", ledger)


def kept_alive(ledger: Ledger, every: float, now: float) -> None:
    """No established call was without a keepAlive for longer than ``every`` virtual seconds."""
    spans = {call: span for call, span in _established_spans(ledger, now).items() if span[1] - span[0] > every}
    if not spans:
        what = f"no call was established for more than {every:g} virtual seconds, so none had to be kept alive"
        raise failure(f"{what}; let more time pass: advance({every * 2:g})", ledger)
    keepalives: dict[str, list[float]] = {}
    for asked in ledger.requests:
        if Effect.KEEPS_CALL_ALIVE in effects_of(asked) and succeeded(asked):
            keepalives.setdefault(call_of(asked), []).append(asked.at)
    for call, (first, last) in spans.items():
        moments = [first, *(at for at in keepalives.get(call, ()) if first <= at <= last), last]
        since, until = max(pairwise(moments), key=lambda gap: gap[1] - gap[0])
        if until - since > every:
            gap = f"from {since:g} s to {until:g} s, for {until - since:g} virtual seconds"
            limit = f"expected one every {every:g}; the service ends a call after {KEEPALIVE_SECONDS:g} without"
            raise failure(f"call {call} got no keepAlive {gap}; {limit}", ledger)


def _established_spans(ledger: Ledger, now: float) -> dict[str, tuple[float, float]]:
    """By call: the virtual seconds from which on and until which the bot knew it as established."""
    began: dict[str, float] = {}
    for entry in accepted_entries(ledger):
        if entry.state == "established":
            began.setdefault(entry.call, entry.delivery.at)
    over = {call: end.at for call, end in known_ends(ledger).items()}
    for asked in ledger.requests:
        if Effect.ENDS_CALL in effects_of(asked) and succeeded(asked):
            over[call_of(asked)] = min(asked.at, over.get(call_of(asked), now))
    return {call: (at, over.get(call, now)) for call, at in began.items()}


def leaves_transferred_calls_alone(ledger: Ledger) -> None:
    """Between a transfer that was taken and the notification of its failure, the bot does nothing in the call."""
    transfers = [one for one in ledger.requests if Effect.TRANSFERS_CALL in effects_of(one) and succeeded(one)]
    if not transfers:
        raise failure("no transfer of the bot was taken; let it transfer an established call", ledger)
    failures, ends = _failed_transfers(ledger), known_ends(ledger)
    for transfer in transfers:
        call = call_of(transfer)
        over = [one.delivery.number for one in failures if one.call == call]
        over += [ends[call].number] if call in ends else []
        until = min((number for number in over if number > transfer.number), default=math.inf)
        for one in filter(is_action, ledger.requests):
            if call_of(one) == call and transfer.number < one.number < until:
                what = f"the bot sent {describe_request(one)} at {one.at:g} s, after it has transferred the call"
                raise failure(f"{what} (#{transfer.number}); expected that it waits for what becomes of it", ledger)


def copes_with_failed_transfers(ledger: Ledger) -> None:
    """After each notification of a failed transfer the bot acts in the call."""
    failures = _failed_transfers(ledger)
    if not failures:
        hint = "let it transfer a call to a person who declines: simulator.person(…).declines()"
        raise failure(f"the bot was notified of no failed transfer; {hint}", ledger)
    for one in failures:
        later = (asked for asked in ledger.requests if asked.number > one.delivery.number and is_action(asked))
        if not any(call_of(asked) == one.call and succeeded(asked) for asked in later):
            what = f"the transfer of call {one.call} has failed (#{one.delivery.number}), and the bot has done nothing"
            expected = "expected another transfer, a prompt or DELETE: the person is still there"
            raise failure(f"{what} in the call since; {expected}", ledger)


def _failed_transfers(ledger: Ledger) -> list[DeliveredEntry]:
    """The entries by which the bot was first notified that a call is established again, with a reason (s9.4)."""
    found = (one for one in reversed(accepted_entries(ledger)) if one.of_call and one.change == "updated")
    failed = (one for one in found if one.state == "established" and one.data.get("resultInfo"))
    return list({(one.call, one.delivery.message): one for one in failed}.values())
