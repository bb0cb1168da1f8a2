"""The bot acts once, however often it is told the same."""

from __future__ import annotations

import time
from collections.abc import Iterable

from pytest_graphcalls.bot.assertions.reading import Causes, Driven, about, failed, genuine, is_action, known_of, named
from pytest_graphcalls.bot.ledger import Asked, Delivery, Ledger
from pytest_graphcalls.wire import Notification

MOST_AGAIN = 100
"""How many notifications are sent again at most, the latest ones."""
ONCE_MORE = "once more"


def acts_once(bot: Driven, wait: float) -> None:
    """Neither what came twice by itself nor what is sent once more makes the bot do anything again.

    Args:
        bot: it is told everything that it took once more; virtual time stands still.
        wait: real seconds for a bot behind a URL to act after its answers.

    Raises:
        BotError: it did, or nothing that it was told made it do anything in the first place.
    """
    ledger = bot.ledger
    if not any(map(is_action, ledger.requests)):
        raise failed("the bot did nothing so far, so it could do nothing twice; let it answer a call first", ledger)
    wait = wait if bot.courier.is_remote else 0.0
    _did_nothing_twice(ledger, wait)
    before = len(ledger.requests)
    for delivery, note in _taken(bot):
        again = bot.courier.post(note, sequence=delivery.sequence, remark=ONCE_MORE)
        done = Causes(ledger, 0).of(again)
        if done:
            raise failed(_twice(done[0], again), ledger)
    bot.simulator.advance(0)  # for what waits for virtual time to go on
    time.sleep(wait)
    late = next(filter(is_action, ledger.requests[before:]), None)
    if late is not None:
        raise failed(f"the bot sent {named(late)} because something came once more; expected {_EXPECTED}", ledger)


_EXPECTED = "that it knows a notification again, by its message id or by the state of the call"


def _did_nothing_twice(ledger: Ledger, wait: float) -> None:
    """Look at what was delivered twice so far, because of a fault or because somebody sent it again."""
    done: dict[str, set[tuple[str, ...]]] = {}
    causes = Causes(ledger, wait)
    for delivery in genuine(ledger):
        if not delivery.message:
            continue
        first = done.get(delivery.message)
        for asked in causes.of(delivery):
            if first is not None and _what(asked) in first:
                raise failed(_twice(asked, delivery), ledger)
            if delivery.accepted:
                done.setdefault(delivery.message, set()).add(_what(asked))


def _what(asked: Asked) -> tuple[str, ...]:
    return asked.exchange.request.method, *about(asked)


def _twice(asked: Asked, delivery: Delivery) -> str:
    what = f"the bot sent {named(asked)} because '{delivery.kind}' came once more (#{delivery.number})"
    return f"{what}; expected {_EXPECTED}"


def _taken(bot: Driven) -> Iterable[tuple[Delivery, Notification]]:
    """What the bot has taken and the simulator still knows, each once."""
    taken = ((one, known_of(bot.simulator, one)) for one in genuine(bot.ledger) if one.accepted)
    once = {one.sequence: (one, note) for one, note in taken if note is not None}
    return list(once.values())[-MOST_AGAIN:]
