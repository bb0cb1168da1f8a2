"""The bot waits as long as it is told to before it tries again."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from pytest_graphcalls.bot.assertions.reading import about, failed, named
from pytest_graphcalls.bot.ledger import Asked, Ledger

TELL_TO_WAIT = frozenset({429, 503})
_TIMER = 0.02
"""Real seconds by which a timer may be early."""


def waited_retry_after(ledger: Ledger) -> None:
    """After 429, or 503, with ``Retry-After`` the same request is not sent again too soon.

    Whichever clock runs counts: it is enough that so many virtual seconds have passed, or so many real ones. In
    process virtual time stands still unless it is advanced, and a bot that sleeps sleeps in real time.

    Args:
        ledger: what happened.

    Raises:
        BotError: it was, or no answer said how long to wait.
    """
    told = [(one, wait) for one in ledger.requests if (wait := _wait(one)) is not None]
    if not told:
        hint = "let the simulator refuse a request that way first"
        raise failed(f"no answer was 429 or 503 with Retry-After, so the bot had nothing to wait for; {hint}", ledger)
    for refused, wait in told:
        later = (one for one in ledger.requests if one.number > refused.number and _same(one, refused))
        again = next(later, None)
        if again is None:
            continue
        virtual, real = again.at - refused.at, again.moment - refused.moment
        if virtual < wait and real < wait - _TIMER:
            what = f"the bot sent {named(again)} again {virtual:g} virtual and {real:.3g} real seconds after #"
            status = refused.exchange.response.status
            what += f"{refused.number}, which was answered {status} with Retry-After: {wait:g}"
            raise failed(f"{what}; expected that it waits {wait:g} seconds by either clock", ledger)


def _same(one: Asked, other: Asked) -> bool:
    return one.exchange.request.method == other.exchange.request.method and about(one) == about(other)


def _wait(asked: Asked) -> float | None:
    """Seconds that an answer tells to wait; ``None`` if it does not, or nobody can read it."""
    answer = asked.exchange.response
    said = answer.headers.get("retry-after", "").strip()
    if answer.status not in TELL_TO_WAIT or not said or asked.lost:
        return None
    if said.isdecimal():
        return float(said)
    try:
        sent = parsedate_to_datetime(answer.headers.get("date", ""))
        return max(0.0, (parsedate_to_datetime(said) - sent).total_seconds())
    except (TypeError, ValueError):  # no date, or one with and one without a zone
        return None
