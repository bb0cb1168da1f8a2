"""The bot believes the service, and nobody else."""

from __future__ import annotations

from pytest_graphcalls.bot.assertions.reading import Driven, failed
from pytest_graphcalls.bot.forgery import FORGERIES

REFUSES = frozenset({401, 403})
"""How a bot says that it does not believe a token (observed 6.3: 401)."""


def refuses_forged(bot: Driven) -> None:
    """The bot believes a good token and refuses every forged one with 401 or 403.

    Raises:
        BotError: it takes a forged one, or refuses the good one.
    """
    genuine = bot.send_again()
    if not genuine.accepted:
        what = f"answered {genuine.status or 'nothing'} to a good token"
        hint = "its validator has to read the keys at /v1/.well-known/OpenIdConfiguration of the simulator"
        raise failed(f"the bot {what}, so nothing can be said about forged ones; {hint}", bot.ledger)
    sent = {name: bot.forge(name) for name, forgery in FORGERIES.items() if forgery.to_refuse}
    taken = [f"{name} ({one.status or one.error})" for name, one in sent.items() if one.status not in REFUSES]
    if taken:
        raise failed(f"the bot did not refuse with 401 or 403: {', '.join(taken)}", bot.ledger)
