"""The bot copes with ``established`` before ``establishing``, which may come in either order (call-answer.r06)."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import reduce

from pytest_graphcalls.bot.ledger import MESSAGE_ID, Asked, Ledger
from pytest_graphcalls.bot.timeline import (
    Causes,
    Driven,
    Told,
    about,
    call_of,
    effects_of,
    entries,
    failed,
    genuine,
    is_action,
    known_of,
    named,
)
from pytest_graphcalls.contract import Effect

LATE = "late"
"""Remark of an ``establishing`` that is posted after ``established`` on purpose."""
_STARTS_OR_ENDS = frozenset({Effect.TAKES_CALL, Effect.REJECTS_CALL, Effect.ENDS_CALL})


def survives_reorder(bot: Driven, wait: float) -> None:
    """A call that is told as established first, and as establishing then, is an established call.

    Args:
        bot: if no call was told in that order so far, the ``establishing`` of every established call is posted once
            more, late, with a message id of its own.
        wait: real seconds for a bot behind a URL to act after its answers.

    Raises:
        BotError: the bot did not take both, did something again or ended the call because of the late one, or did not
            do what it did in calls of the same direction that were told in order. Or no call was established.
    """
    wait = wait if bot.courier.is_remote else 0.0
    if not _late(bot.ledger):
        _post_late(bot)
        time.sleep(wait)
    late = _late(bot.ledger)
    if not late:
        what = "no call was told as establishing and established, so the two could not come in the other order"
        raise failed(f"{what}; let the bot answer or create one first", bot.ledger)
    for first, second in late.values():
        _took_both(bot.ledger, first, second)
        _did_not_go_back(bot.ledger, second, wait)
    _did_as_ever(bot.ledger, late)


def _told(ledger: Ledger) -> dict[str, list[Told]]:
    """By call: what was told of its way up, in order, taken or not."""
    found: dict[str, list[Told]] = {}
    for delivery in genuine(ledger):
        for entry in entries(delivery):
            if entry.state in {"establishing", "established"}:
                found.setdefault(entry.call, []).append(entry)
    return found


def _late(ledger: Ledger) -> dict[str, tuple[Told, Told]]:
    """By call: the first ``established``, and the first ``establishing`` with news of its own after it."""
    found = {}
    for call, way in _told(ledger).items():
        first = next((place for place, one in enumerate(way) if one.state == "established"), len(way))
        known = {one.delivery.message for one in way[:first]}
        after = (one for one in way[first:] if one.state == "establishing" and one.delivery.message not in known)
        second = next(after, None)
        if second is not None:
            found[call] = way[first], second
    return found


def _post_late(bot: Driven) -> None:
    for way in _told(bot.ledger).values():
        rising = next((one.delivery for one in way if one.state == "establishing" and one.delivery.accepted), None)
        if rising is None or not any(one.state == "established" and one.delivery.accepted for one in way):
            continue
        note = known_of(bot.simulator, rising)
        if note is not None:
            message = bot.simulator.ids.named(f"{LATE}:{rising.sequence}")
            bot.courier.post(replace(note, headers=note.headers.with_(MESSAGE_ID, message)), remark=LATE)


def _took_both(ledger: Ledger, first: Told, second: Told) -> None:
    for one in (first.delivery, second.delivery):
        if not one.accepted:
            said = f"answered {one.status or 'nothing'} to '{one.kind}' (#{one.number})"
            what = f"the bot {said} when 'established' of call {first.call} came before 'establishing'"
            raise failed(f"{what}; expected 2xx, because the two may come in either order", ledger)


def _did_not_go_back(ledger: Ledger, late: Told, wait: float) -> None:
    """What a bot may still be doing because of ``established`` is no fault; doing it again is."""
    for asked in Causes(ledger, wait).of(late.delivery):
        if call_of(asked) == late.call and (effects_of(asked) & _STARTS_OR_ENDS or _was_done(ledger, asked)):
            what = f"the bot sent {named(asked)} because 'establishing' of call {late.call} came after 'established'"
            raise failed(f"{what} (#{late.delivery.number}); expected that the call stays established for it", ledger)


def _was_done(ledger: Ledger, asked: Asked) -> bool:
    what = asked.exchange.request.method, about(asked)
    before = (one for one in ledger.requests if one.number < asked.number)
    return any((one.exchange.request.method, about(one)) == what for one in before)


def _did_as_ever(ledger: Ledger, late: dict[str, tuple[Told, Told]]) -> None:
    """What the bot does in every call of a direction that is told in order, it does in the others, too."""
    usual: dict[str, list[frozenset[str]]] = {}
    directions = _directions(ledger)
    for call, way in _told(ledger).items():
        if call not in late and any(one.state == "established" for one in way):
            usual.setdefault(directions.get(call, ""), []).append(_done(ledger, call))
    for call, (first, _) in late.items():
        alike = usual.get(directions.get(call, ""), [])
        missing = sorted(reduce(frozenset.intersection, alike) - _done(ledger, call)) if alike else []
        if missing:
            what = f"the bot did not send {missing[0]} in call {call}, where 'established' (#{first.delivery.number})"
            raise failed(f"{what} came before 'establishing'; it does when they come in order", ledger)


def _directions(ledger: Ledger) -> dict[str, str]:
    told = (entry for delivery in genuine(ledger) for entry in entries(delivery))
    return {entry.call: entry.direction for entry in told if entry.direction}


def _done(ledger: Ledger, call: str) -> frozenset[str]:
    """What the bot did inside of a call, ids left out: ``POST participants/invite``."""
    asked = (one for one in ledger.requests if call_of(one) == call and is_action(one))
    return frozenset(_in_short(one) for one in asked if not effects_of(one) & _STARTS_OR_ENDS)


def _in_short(asked: Asked) -> str:
    parts = [part for place, part in enumerate(about(asked)[2:]) if place != 1 or part.isalpha()]
    return f"{asked.exchange.request.method} {'/'.join(parts)}"
