"""The assertion that a bot handles ``established`` before ``establishing``, which may occur (call-answer.r06)."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import reduce

from pytest_graphcalls.bot.ledger import MESSAGE_ID, Asked, Ledger
from pytest_graphcalls.bot.timeline import (
    BotUnderTest,
    CausedActions,
    DeliveredEntry,
    call_of,
    describe_request,
    effects_of,
    entries_of,
    failure,
    genuine_deliveries,
    is_action,
    path_parts,
    stored_notification,
)
from pytest_graphcalls.contract import Effect

LATE = "late"
"""Remark of an ``establishing`` that is posted after ``established`` on purpose."""
_STARTS_OR_ENDS = frozenset({Effect.TAKES_CALL, Effect.REJECTS_CALL, Effect.ENDS_CALL})


def survives_reorder(bot: BotUnderTest, wait: float) -> None:
    """A call that is notified as established first and as establishing then stays established for the bot.

    Args:
        bot: if no call was notified in that order so far, the ``establishing`` of every established call is posted
            again, late, with a new message id.
        wait: real seconds for a bot behind a URL to act after its answers.

    Raises:
        BotError: the bot did not accept both, repeated an action or ended the call because of the late one, or left
            out an action of all calls of that direction that were notified in order. Or no call was established.
    """
    wait = wait if bot.courier.is_remote else 0.0
    if not _late_pairs(bot.ledger):
        _post_late(bot)
        time.sleep(wait)
    late = _late_pairs(bot.ledger)
    if not late:
        what = "no call was notified as establishing and established, so the two could not come in reverse order"
        raise failure(f"{what}; let the bot answer or create one first", bot.ledger)
    for first, second in late.values():
        _check_both_accepted(bot.ledger, first, second)
        _check_no_repeated_action(bot.ledger, second, wait)
    _check_usual_actions(bot.ledger, late)


def _rising_entries(ledger: Ledger) -> dict[str, list[DeliveredEntry]]:
    """By call: its ``establishing`` and ``established`` entries in order, accepted or not."""
    found: dict[str, list[DeliveredEntry]] = {}
    for delivery in genuine_deliveries(ledger):
        for entry in entries_of(delivery):
            if entry.state in {"establishing", "established"}:
                found.setdefault(entry.call, []).append(entry)
    return found


def _late_pairs(ledger: Ledger) -> dict[str, tuple[DeliveredEntry, DeliveredEntry]]:
    """By call: the first ``established``, and the first ``establishing`` after it that is not a repetition."""
    found = {}
    for call, entries in _rising_entries(ledger).items():
        first = next((place for place, one in enumerate(entries) if one.state == "established"), len(entries))
        known = {one.delivery.message for one in entries[:first]}
        after = (one for one in entries[first:] if one.state == "establishing" and one.delivery.message not in known)
        second = next(after, None)
        if second is not None:
            found[call] = entries[first], second
    return found


def _post_late(bot: BotUnderTest) -> None:
    for entries in _rising_entries(bot.ledger).values():
        rising = next((one.delivery for one in entries if one.state == "establishing" and one.delivery.accepted), None)
        if rising is None or not any(one.state == "established" and one.delivery.accepted for one in entries):
            continue
        note = stored_notification(bot.simulator, rising)
        if note is not None:
            message = bot.simulator.ids.named(f"{LATE}:{rising.sequence}")
            bot.courier.post(replace(note, headers=note.headers.with_(MESSAGE_ID, message)), remark=LATE)


def _check_both_accepted(ledger: Ledger, first: DeliveredEntry, second: DeliveredEntry) -> None:
    for one in (first.delivery, second.delivery):
        if not one.accepted:
            said = f"answered {one.status or 'nothing'} to '{one.kind}' (#{one.number})"
            what = f"the bot {said} when 'established' of call {first.call} came before 'establishing'"
            raise failure(f"{what}; expected 2xx, because the two may come in either order", ledger)


def _check_no_repeated_action(ledger: Ledger, late: DeliveredEntry, wait: float) -> None:
    """Refuse actions that ``establishing`` has caused again; those that ``established`` has caused may still run."""
    for asked in CausedActions(ledger, wait).of(late.delivery):
        if call_of(asked) == late.call and (effects_of(asked) & _STARTS_OR_ENDS or _was_done_before(ledger, asked)):
            order = f"'establishing' of call {late.call} came after 'established' (#{late.delivery.number})"
            what = f"the bot sent {describe_request(asked)} because {order}"
            raise failure(f"{what}; expected that the call stays established for it", ledger)


def _was_done_before(ledger: Ledger, asked: Asked) -> bool:
    what = asked.exchange.request.method, path_parts(asked)
    before = (one for one in ledger.requests if one.number < asked.number)
    return any((one.exchange.request.method, path_parts(one)) == what for one in before)


def _check_usual_actions(ledger: Ledger, late: dict[str, tuple[DeliveredEntry, DeliveredEntry]]) -> None:
    """Require the actions that the bot takes in every call of that direction that was notified in order."""
    usual: dict[str, list[frozenset[str]]] = {}
    directions = _directions(ledger)
    for call, entries in _rising_entries(ledger).items():
        if call not in late and any(one.state == "established" for one in entries):
            usual.setdefault(directions.get(call, ""), []).append(_actions_in(ledger, call))
    for call, (first, _) in late.items():
        alike = usual.get(directions.get(call, ""), [])
        missing = sorted(reduce(frozenset.intersection, alike) - _actions_in(ledger, call)) if alike else []
        if missing:
            what = f"the bot did not send {missing[0]} in call {call}, where 'established' (#{first.delivery.number})"
            raise failure(f"{what} came before 'establishing'; it does when they come in order", ledger)


def _directions(ledger: Ledger) -> dict[str, str]:
    entries = (entry for delivery in genuine_deliveries(ledger) for entry in entries_of(delivery))
    return {entry.call: entry.direction for entry in entries if entry.direction}


def _actions_in(ledger: Ledger, call: str) -> frozenset[str]:
    """The actions of the bot within a call, without ids: ``POST participants/invite``."""
    asked = (one for one in ledger.requests if call_of(one) == call and is_action(one))
    return frozenset(_generalised(one) for one in asked if not effects_of(one) & _STARTS_OR_ENDS)


def _generalised(asked: Asked) -> str:
    parts = [part for place, part in enumerate(path_parts(asked)[2:]) if place != 1 or part.isalpha()]
    return f"{asked.exchange.request.method} {'/'.join(parts)}"
