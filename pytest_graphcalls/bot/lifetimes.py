"""Assertions about how the calls of a bot come about, go on and end: order, keepAlive, transfers, hang-ups."""

from __future__ import annotations

import math
import time
from functools import reduce
from itertools import pairwise

from pytest_graphcalls.bot.courier import MAX_REAL_SECONDS
from pytest_graphcalls.bot.ledger import Asked, Ledger
from pytest_graphcalls.bot.timeline import (
    BotUnderTest,
    CausedActions,
    DeliveredEntry,
    accepted_entries,
    action_of,
    call_made_by,
    call_of,
    describe_request,
    effects_of,
    entries_of,
    failure,
    genuine_deliveries,
    is_action,
    known_ends,
    path_parts,
    post_again,
    succeeded,
)
from pytest_graphcalls.contract import Effect
from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.simulator.calls import KEEPALIVE_SECONDS
from pytest_graphcalls.validation import quantity

RECOMMENDED_KEEPALIVE = 15 * 60.0
"""Seconds from one keepAlive to the next, as the page recommends (call-keepalive.r03, observed 10.2)."""
LATE = "late"
"""Remark of an ``establishing`` that is posted after ``established`` on purpose."""
_STARTS_OR_ENDS = frozenset({Effect.TAKES_CALL, Effect.REJECTS_CALL, Effect.ENDS_CALL})


class LifetimeAssertions:
    """The assertions about how calls come about, go on and end, as methods of :class:`pytest_graphcalls.bot.Bot`."""

    def assert_kept_alive(self: BotUnderTest, every: float = RECOMMENDED_KEEPALIVE) -> None:
        """In an established call, no more than ``every`` seconds pass without a successful keepAlive.

        Args:
            every: virtual seconds; by default 15 minutes, as recommended (call-keepalive.r03). After 45 the service
                ends the call.

        Raises:
            BotError: more time passed without, or no call lasted for so long; with the timeline.
        """
        quantity("assert_kept_alive(every)", every, unit="virtual seconds", above=True)
        ledger = self.ledger
        spans = {
            call: span
            for call, span in _established_spans(ledger, self.simulator.now).items()
            if span[1] - span[0] > every
        }
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

    def assert_stopped_after_end(self: BotUnderTest) -> None:
        """The bot sends no request about a call once it knows that the call is over.

        It knows from its 2xx answer to the notification that the call was deleted, or from the first 404 that says
        so (call-keepalive.r04); that request itself, and those it sent before that answer, are allowed.

        Raises:
            BotError: it sent one, or it learned of no end; with the timeline.
        """
        ledger = self.ledger
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

    def assert_hung_up_what_it_created(self: BotUnderTest) -> None:
        """Every call that the bot created or answered is over, by its DELETE or otherwise, and the bot knows.

        Raises:
            BotError: one is not, or it has created and answered none; with the timeline.
        """
        ledger = self.ledger
        calls = list(dict.fromkeys(filter(None, map(call_made_by, ledger.requests))))
        if not calls:
            raise failure("the bot has created and answered no call, so there was nothing to hang up", ledger)
        known = known_ends(ledger)
        deleted = {call_of(one) for one in ledger.requests if Effect.ENDS_CALL in effects_of(one) and succeeded(one)}
        for call in calls:
            if call in deleted or call in known:
                continue
            stored = self.simulator.store.calls.get(call)  # a call that is no longer stored was over
            state = stored.state if stored else CallState.TERMINATED
            if state is CallState.TERMINATED:
                hint = "let time pass, advance(0), or see why it did not take the notification"
                raise failure(f"call {call} is over, and the bot has not been notified; {hint}", ledger)
            what = f"call {call} is still {state}; expected that the bot ends what it has created or answered"
            raise failure(f"{what}: DELETE /communications/calls/{call}", ledger)

    def assert_survives_reorder(self: BotUnderTest, wait: float = 0.5) -> None:
        """``established`` before ``establishing`` is accepted, and the call stays established for the bot.

        Calls that were notified in that order are compared with calls of the same direction that were notified in the
        usual one: what the bot does in all of these it has to do in those. If there was none, every ``establishing``
        is posted again, late.

        Args:
            wait: real seconds for a bot behind a URL to act after its answers; others are waited for anyway.

        Raises:
            BotError: it does not, or no call was established; with the timeline.
        """
        quantity("assert_survives_reorder(wait)", wait, unit="real seconds", most=MAX_REAL_SECONDS)
        wait = wait if self.courier.is_remote else 0.0
        if not _late_pairs(self.ledger):
            _post_late(self)
            time.sleep(wait)
        late = _late_pairs(self.ledger)
        if not late:
            what = "no call was notified as establishing and established, so the two could not come in reverse order"
            raise failure(f"{what}; let the bot answer or create one first", self.ledger)
        for first, second in late.values():
            _check_both_accepted(self.ledger, first, second)
            _check_no_repeated_action(self.ledger, second, wait)
        _check_usual_actions(self.ledger, late)

    def assert_leaves_transferred_calls_alone(self: BotUnderTest) -> None:
        """Once a transfer was taken, the bot sends no POST, PATCH or DELETE about the call but keepAlive.

        It may go on once it has accepted the notification that the transfer has failed. Requests about a call that it
        knows to be over are judged by :meth:`assert_stopped_after_end`.

        Raises:
            BotError: it sent one, or no transfer of it was taken; with the timeline.
        """
        ledger = self.ledger
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

    def assert_copes_with_failed_transfers(self: BotUnderTest) -> None:
        """After the notification that a transfer has failed, the bot does something in the call, which lives on.

        Another transfer, a prompt or a hang-up will do; keepAlive alone will not.

        Raises:
            BotError: it has done nothing so far, or no transfer has failed; with the timeline.
        """
        ledger = self.ledger
        failures = _failed_transfers(ledger)
        if not failures:
            hint = "let it transfer a call to a person who declines: simulator.person(…).declines()"
            raise failure(f"the bot was notified of no failed transfer; {hint}", ledger)
        for one in failures:
            later = (asked for asked in ledger.requests if asked.number > one.delivery.number and is_action(asked))
            if not any(call_of(asked) == one.call and succeeded(asked) for asked in later):
                what = (
                    f"the transfer of call {one.call} has failed (#{one.delivery.number}), and the bot has done nothing"
                )
                expected = "expected another transfer, a prompt or DELETE: the person is still there"
                raise failure(f"{what} in the call since; {expected}", ledger)


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


def _failed_transfers(ledger: Ledger) -> list[DeliveredEntry]:
    """The entries by which the bot was first notified that a call is established again, with a reason (s9.4)."""
    found = (one for one in reversed(accepted_entries(ledger)) if one.of_call and one.change == "updated")
    failed = (one for one in found if one.state == "established" and one.data.get("resultInfo"))
    return list({(one.call, one.delivery.message): one for one in failed}.values())


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
        post_again(bot, rising, LATE)


def _check_both_accepted(ledger: Ledger, first: DeliveredEntry, second: DeliveredEntry) -> None:
    for one in (first.delivery, second.delivery):
        if not one.accepted:
            said = f"answered {one.status or 'nothing'} to '{one.kind}' (#{one.number})"
            what = f"the bot {said} when 'established' of call {first.call} came before 'establishing'"
            raise failure(f"{what}; expected 2xx, because the two may come in either order", ledger)


def _check_no_repeated_action(ledger: Ledger, late: DeliveredEntry, wait: float) -> None:
    """Refuse actions that ``establishing`` has caused again; those that ``established`` has caused may still run."""

    def was_done(asked: Asked) -> bool:
        return action_of(asked) in (action_of(one) for one in ledger.requests if one.number < asked.number)

    for asked in CausedActions(ledger, wait).of(late.delivery):
        if call_of(asked) == late.call and (effects_of(asked) & _STARTS_OR_ENDS or was_done(asked)):
            order = f"'establishing' of call {late.call} came after 'established' (#{late.delivery.number})"
            what = f"the bot sent {describe_request(asked)} because {order}"
            raise failure(f"{what}; expected that the call stays established for it", ledger)


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
