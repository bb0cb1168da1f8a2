"""Ready-made assertions about a bot. Each reads the ledger, some drive the bot, and all raise with the timeline.

None passes where there was nothing to judge: it says what has to happen first. Seconds that are none are refused with
:class:`.SettingError`. The bots of ``tests/proof/bots.py``
prove each one: a good one passes all of them, and for each there is one that fails it and no other.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from itertools import pairwise

from pytest_graphcalls.bot import reordering
from pytest_graphcalls.bot.courier import LONGEST
from pytest_graphcalls.bot.forgery import FORGERIES
from pytest_graphcalls.bot.ledger import Asked, Delivery, Ledger
from pytest_graphcalls.bot.timeline import (
    Causes,
    Driven,
    about,
    call_of,
    effects_of,
    ends,
    entries,
    failed,
    genuine,
    is_action,
    known_of,
    made,
    named,
    succeeded,
    told,
)
from pytest_graphcalls.contract import Effect
from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.simulator.calls import KEEPALIVE_SECONDS
from pytest_graphcalls.validation import quantity
from pytest_graphcalls.wire import Notification

__all__ = ["Assertions"]

_DECISIONS = frozenset({Effect.TAKES_CALL, Effect.REJECTS_CALL})


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
    decisions = [one for one in ledger.requests if effects_of(one) & _DECISIONS and succeeded(one)]
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
    deleted = {call_of(one) for one in ledger.requests if Effect.ENDS_CALL in effects_of(one) and succeeded(one)}
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
        if Effect.ENDS_CALL in effects_of(asked) and succeeded(asked):
            over[call_of(asked)] = min(asked.at, over.get(call_of(asked), now))
    spans = {call: (at, over.get(call, now)) for call, at in began.items()}
    long = {call: span for call, span in spans.items() if span[1] - span[0] > every}
    if not long:
        what = f"no call was established for more than {every:g} virtual seconds, so none had to be kept alive"
        raise failed(f"{what}; let more time pass: advance({every * 2:g})", ledger)
    beats: dict[str, list[float]] = {}
    for asked in ledger.requests:
        if Effect.KEEPS_CALL_ALIVE in effects_of(asked) and succeeded(asked):
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


class Assertions:
    """The assertions, as methods of :class:`pytest_graphcalls.bot.Bot`."""

    def assert_answered_within(self: Driven, seconds: float) -> None:
        """Every incoming call that the bot was told of was answered or rejected within ``seconds`` of virtual time.

        Raises:
            BotError: one was not, or there was none; with the timeline.
        """
        quantity("assert_answered_within(seconds)", seconds, unit="virtual seconds")
        answered_within(self.ledger, seconds, self.simulator.now)

    def assert_took_every_notification(self: Driven, within: float) -> None:
        """Every notification was answered with 2xx, each within ``within`` real seconds.

        Raises:
            BotError: one was not, or there was none; with the timeline.
        """
        quantity("assert_took_every_notification(within)", within, unit="real seconds")
        took_every_notification(self.ledger, within)

    def assert_refuses_forged_notifications(self: Driven) -> None:
        """The bot takes a notification with a good token, and refuses each forged one with 401 or 403.

        Raises:
            BotError: it takes a forged one, or refuses the good one; with the timeline.
        """
        refuses_forged(self)

    def assert_kept_alive(self: Driven, every: float = RECOMMENDED) -> None:
        """In an established call, a successful keepAlive comes at least every ``every`` virtual seconds.

        Args:
            every: by default 15 minutes, as recommended (call-keepalive.r03); after 45 the service ends the call.

        Raises:
            BotError: more time passed without, or no call lasted for so long; with the timeline.
        """
        quantity("assert_kept_alive(every)", every, unit="virtual seconds", above=True)
        kept_alive(self.ledger, every, self.simulator.now)

    def assert_stopped_after_end(self: Driven) -> None:
        """Nothing is asked about a call once the bot knows that it is over.

        It knows from its 2xx answer to the notification that the call was deleted, or from the first 404 that says
        so (call-keepalive.r04); that request itself is allowed.

        Raises:
            BotError: something was, or the bot learned of no end; with the timeline.
        """
        stopped_after_end(self.ledger)

    def assert_hung_up_what_it_created(self: Driven) -> None:
        """Every call that the bot created or answered is over: by its DELETE, or otherwise and it was told.

        Raises:
            BotError: one is not, or it has created and answered none; with the timeline.
        """
        hung_up(self.ledger, self.simulator)

    def assert_waited_retry_after(self: Driven) -> None:
        """After 429, or 503, with ``Retry-After: N`` the same method and path is not asked for N seconds.

        Seconds of either clock: virtual time that was advanced, or real time.

        Raises:
            BotError: it was, or no answer said how long to wait; with the timeline.
        """
        waited_retry_after(self.ledger)

    def assert_acts_once_on_duplicates(self: Driven, wait: float = 0.5) -> None:
        """What comes twice makes the bot do nothing twice: no POST, PATCH or DELETE but keepAlive.

        What came twice by itself is judged first; then the bot is told once more what it took, the latest hundred.

        Args:
            wait: real seconds for a bot behind a URL to act after its answers; others are waited for anyway.

        Raises:
            BotError: it did, or it had done nothing at all; with the timeline.
        """
        quantity("assert_acts_once_on_duplicates(wait)", wait, unit="real seconds", most=LONGEST)
        acts_once(self, wait)

    def assert_survives_reorder(self: Driven, wait: float = 0.5) -> None:
        """``established`` before ``establishing`` is taken, and the call stays established for the bot.

        Calls that were told in that order are compared with calls of the same direction that were told in the usual
        one: what the bot does in all of these it has to do in those. If there was none, every ``establishing`` is
        posted once more, late.

        Args:
            wait: real seconds for a bot behind a URL to act after its answers; others are waited for anyway.

        Raises:
            BotError: it does not, or no call was established; with the timeline.
        """
        quantity("assert_survives_reorder(wait)", wait, unit="real seconds", most=LONGEST)
        reordering.survives_reorder(self, wait)
