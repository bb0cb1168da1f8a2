"""The bot decides on incoming calls in time, and takes what it is told."""

from __future__ import annotations

from pytest_graphcalls.bot.assertions.reading import call_of, entries, failed, genuine, step_of, succeeded
from pytest_graphcalls.bot.ledger import Delivery, Ledger

_DECISIONS = frozenset({"POST answer", "POST reject"})


def answered_within(ledger: Ledger, seconds: float, now: float) -> None:
    """Every incoming call that the bot was told of was answered or rejected in time.

    Args:
        ledger: what happened.
        seconds: virtual seconds that it had from the first delivery.
        now: the virtual present.

    Raises:
        BotError: one was not, or there was none.
    """
    told: dict[str, Delivery] = {}
    for delivery in genuine(ledger):
        for entry in entries(delivery):
            if entry.change == "created" and entry.of_call:
                told.setdefault(entry.call, delivery)
    if not told:
        hint = "say where it is, graphcalls.bot(app), place one and let time pass: advance(0)"
        raise failed(f"the bot was told of no incoming call; {hint}", ledger)
    decisions = [one for one in ledger.requests if step_of(one) in _DECISIONS and succeeded(one)]
    decided = {call_of(one): one for one in reversed(decisions)}
    for call, delivery in told.items():
        taken = decided.get(call)
        if taken is None:
            passed = f"{now - delivery.at:g} virtual seconds later"
            raise failed(f"incoming call {call} was neither answered nor rejected; it is {passed}", ledger)
        if taken.at - delivery.at > seconds:
            late = f"after {taken.at - delivery.at:g} virtual seconds; expected at most {seconds:g}"
            raise failed(f"incoming call {call} was answered or rejected {late}", ledger)


def took_every_notification(ledger: Ledger, within: float) -> None:
    """Every notification got its answer in time, and a 2xx.

    Args:
        ledger: what happened.
        within: real seconds that the bot had for each.

    Raises:
        BotError: one did not, or there was none.
    """
    deliveries = genuine(ledger)
    if not deliveries:
        hint = "say where it is, graphcalls.bot(app), let something happen and time pass: advance(0)"
        raise failed(f"the bot was told nothing; {hint}", ledger)
    refused = [one for one in deliveries if not one.accepted]
    if refused:
        first = refused[0]
        said = f"answered {first.status}" if first.status else f"did not answer: it {first.error}"
        what = f"to '{first.kind}' (#{first.number}) the bot {said}; expected 2xx, best 202 at once and the work later"
        raise failed(f"{what}. {_count(refused, deliveries)}", ledger)
    slow = [one for one in deliveries if one.seconds > within]
    if slow:
        first = max(slow, key=lambda one: one.seconds)
        what = f"for '{first.kind}' (#{first.number}) the bot took {first.seconds:.3g} real seconds"
        raise failed(f"{what}; expected at most {within:g}. {_count(slow, deliveries)}", ledger)


def _count(some: list[Delivery], of: list[Delivery]) -> str:
    return f"So it went with {len(some)} of {len(of)} deliveries"
