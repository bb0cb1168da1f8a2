"""The bot leaves calls that are over alone, and ends what it began."""

from __future__ import annotations

from pytest_graphcalls.bot.assertions.reading import call_of, ends, failed, made, named, step_of, succeeded
from pytest_graphcalls.bot.ledger import Ledger
from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.simulator import Simulator


def stopped_after_end(ledger: Ledger) -> None:
    """Nothing is asked about a call once the bot knows that it is over.

    It knows when it has taken the notification that the call was deleted, from its answer on, or when a request was
    answered 404 because there is no such call: that request is the one that tells, and the last one. What it asks
    before it has answered the notification crosses it and is allowed.

    Args:
        ledger: what happened.

    Raises:
        BotError: something was, or the bot never learned of an end.
    """
    known = ends(ledger)
    if not known:
        raise failed("the bot learned of the end of no call; end one and let time pass: advance(0)", ledger)
    for asked in ledger.requests:
        end = known.get(call_of(asked))
        if end is None or asked.number == end[2] or asked.moment <= end[3]:
            continue
        what = f"the bot sent {named(asked)} at {asked.at:g} s, {asked.at - end[0]:g} virtual seconds after it {end[1]}"
        raise failed(f"{what}: the call is over; expected that it drops what it keeps about the call", ledger)


def hung_up(ledger: Ledger, simulator: Simulator) -> None:
    """Every call that the bot created or answered is over, by its own DELETE or otherwise, and it knows.

    Args:
        ledger: what happened.
        simulator: knows how the calls stand.

    Raises:
        BotError: one is not, or there was none.
    """
    calls = list(dict.fromkeys(filter(None, map(made, ledger.requests))))
    if not calls:
        raise failed("the bot has created and answered no call, so there was nothing to hang up", ledger)
    known = ends(ledger)
    deleted = {call_of(one) for one in ledger.requests if step_of(one) == "DELETE" and succeeded(one)}
    for call in calls:
        if call in deleted or call in known:
            continue
        kept = simulator.store.calls.get(call)  # one that is kept no longer was over
        state = kept.state if kept else CallState.TERMINATED
        if state is CallState.TERMINATED:
            hint = "let time pass, advance(0), or see why it did not take the notification"
            raise failed(f"call {call} is over, and the bot has not been told; {hint}", ledger)
        what = f"call {call} is still {state}; expected that the bot ends what it has created or answered"
        raise failed(f"{what}: DELETE /communications/calls/{call}", ledger)
