"""The bot keeps its calls alive."""

from __future__ import annotations

from itertools import pairwise

from pytest_graphcalls.bot.assertions.reading import KEEP_ALIVE, call_of, ends, failed, step_of, succeeded, told
from pytest_graphcalls.bot.ledger import Ledger
from pytest_graphcalls.simulator.calls import KEEPALIVE_SECONDS

RECOMMENDED = 15 * 60.0
"""Seconds from one keepAlive to the next, as the page recommends (call-keepalive.r03, observed 10.2)."""


def kept_alive(ledger: Ledger, every: float, now: float) -> None:
    """In an established call, no more than ``every`` seconds pass without a successful keepAlive.

    Args:
        ledger: what happened.
        every: virtual seconds.
        now: the virtual present.

    Raises:
        BotError: more did, or no call lasted for so long.
    """
    began: dict[str, float] = {}
    for entry in told(ledger):
        if entry.state == "established":
            began.setdefault(entry.call, entry.delivery.at)
    over = {call: end[0] for call, end in ends(ledger).items()}
    for asked in ledger.requests:
        if step_of(asked) == "DELETE" and succeeded(asked):
            over[call_of(asked)] = min(asked.at, over.get(call_of(asked), now))
    spans = {call: (at, over.get(call, now)) for call, at in began.items()}
    long = {call: span for call, span in spans.items() if span[1] - span[0] > every}
    if not long:
        what = f"no call was established for more than {every:g} virtual seconds, so none had to be kept alive"
        raise failed(f"{what}; let more time pass: advance({every * 2:g})", ledger)
    beats: dict[str, list[float]] = {}
    for asked in ledger.requests:
        if step_of(asked) == KEEP_ALIVE and succeeded(asked):
            beats.setdefault(call_of(asked), []).append(asked.at)
    for call, (first, last) in long.items():
        moments = [first, *(at for at in beats.get(call, ()) if first <= at <= last), last]
        since, until = max(pairwise(moments), key=lambda gap: gap[1] - gap[0])
        if until - since > every:
            what = (
                f"call {call} got no keepAlive from {since:g} s to {until:g} s, for {until - since:g} virtual seconds"
            )
            limit = f"expected one every {every:g}; the service ends a call after {KEEPALIVE_SECONDS:g} without"
            raise failed(f"{what}; {limit}", ledger)
