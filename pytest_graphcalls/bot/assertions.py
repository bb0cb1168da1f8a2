"""Ready-made assertions about a bot. Each takes the ledger, or the bot, and raises with the timeline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_graphcalls.bot.forgery import FORGERIES
from pytest_graphcalls.bot.ledger import Asked, Delivery, Ledger
from pytest_graphcalls.errors import BotError

if TYPE_CHECKING:
    from pytest_graphcalls.bot import Bot

_DECIDES = re.compile(r"^/calls/([^/]+)/(?:microsoft\.graph\.)?(?:answer|reject)$", re.IGNORECASE)
_INCOMING = "created call"
REFUSES = frozenset({401, 403})
"""How a bot says that it does not believe a token (observed 6.3: 401)."""


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
    for delivery in ledger.deliveries:
        if delivery.kind.startswith(_INCOMING) and not delivery.note:
            told.setdefault(delivery.call, delivery)
    if not told:
        raise BotError("the bot was told of no incoming call; place one and let time pass: advance(0)", ledger.lines())
    decided = {call: asked for asked in reversed(ledger.requests) if (call := _decided(asked))}
    for call, delivery in told.items():
        taken = decided.get(call)
        if taken is None:
            passed = f"{now - delivery.at:g} virtual seconds later"
            raise BotError(f"incoming call {call} was neither answered nor rejected; it is {passed}", ledger.lines())
        if taken.at - delivery.at > seconds:
            late = f"after {taken.at - delivery.at:g} virtual seconds; expected at most {seconds:g}"
            raise BotError(f"incoming call {call} was answered or rejected {late}", ledger.lines())


def _decided(asked: Asked) -> str:
    """The call that a request has answered or rejected, or ``""``."""
    found = _DECIDES.match(asked.path)
    took = asked.exchange.request.method == "POST" and asked.exchange.response.status < 300
    return found[1] if found and took else ""


def refuses_forged(bot: Bot) -> None:
    """The bot believes a good token and refuses every forged one with 401 or 403.

    Raises:
        BotError: it takes a forged one, or refuses the good one.
    """
    genuine = bot.send_again()
    if not genuine.accepted:
        what = f"answered {genuine.status or 'nothing'} to a good token"
        hint = "its validator has to read the keys at /v1/.well-known/OpenIdConfiguration of the simulator"
        raise BotError(f"the bot {what}, so nothing can be said about forged ones; {hint}", bot.ledger.lines())
    sent = {name: bot.forge(name) for name, forgery in FORGERIES.items() if forgery.to_refuse}
    taken = [f"{name} ({one.status or one.error})" for name, one in sent.items() if one.status not in REFUSES]
    if taken:
        raise BotError(f"the bot did not refuse with 401 or 403: {', '.join(taken)}", bot.ledger.lines())
