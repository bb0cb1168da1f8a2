"""Assertions about the behaviour of the bot under test, as methods of :class:`pytest_graphcalls.bot.Bot`.

Each reads the ledger, some drive the bot, and every error shows the timeline. None passes where there was nothing to
judge: the error says what has to happen first. The bots of ``tests/proof/bots.py`` prove each one: a good one passes
all of them, and for each assertion there is one that fails it and no other.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_graphcalls.bot.courier import MAX_REAL_SECONDS
from pytest_graphcalls.bot.forgery import demanded_forgeries
from pytest_graphcalls.bot.ledger import Asked, Delivery, Ledger
from pytest_graphcalls.bot.lifetimes import LifetimeAssertions
from pytest_graphcalls.bot.speaking import SpeakingAssertions
from pytest_graphcalls.bot.timeline import (
    BotUnderTest,
    CausedActions,
    action_of,
    call_of,
    describe_request,
    effects_of,
    entries_of,
    failure,
    first_late_action,
    genuine_deliveries,
    is_action,
    stored_notification,
    succeeded,
)
from pytest_graphcalls.contract import Effect
from pytest_graphcalls.validation import quantity
from pytest_graphcalls.wire import Notification

__all__ = ["Assertions"]

REFUSALS = frozenset({401, 403})
"""Statuses by which a bot refuses a token (observed 6.3: 401)."""
WAIT_STATUSES = frozenset({429, 503})
"""Statuses whose ``Retry-After`` header has to be respected."""
MAX_REPEATS = 100
"""Number of notifications that are sent again at most, the latest ones."""
REPEATED = "once more"
"""Remark of a delivery that was repeated by an assertion."""
_ATTACH = "say where it is with graphcalls.bot(app) or serve --bot"
_DECISIONS = frozenset({Effect.TAKES_CALL, Effect.REJECTS_CALL, Effect.REDIRECTS_CALL})
_TIMER_TOLERANCE = 0.02
"""Real seconds by which a timer may be early."""
_EXPECTED = "that it recognises a repeated notification, by its message id or by the state of the call"


class Assertions(LifetimeAssertions, SpeakingAssertions):
    """The assertions, as methods of :class:`pytest_graphcalls.bot.Bot`.

    Every one raises :class:`.SettingError` for a number of seconds that is out of range.
    """

    def assert_answered_within(self: BotUnderTest, seconds: float) -> None:
        """Every incoming call that was notified to the bot was answered, rejected or redirected in time.

        Args:
            seconds: virtual seconds from the first delivery.

        Raises:
            BotError: one was not, or there was none; with the timeline.
        """
        quantity("assert_answered_within(seconds)", seconds, unit="virtual seconds")
        ledger = self.ledger
        incoming: dict[str, Delivery] = {}
        for delivery in genuine_deliveries(ledger):
            for entry in entries_of(delivery):
                if entry.change == "created" and entry.of_call:
                    incoming.setdefault(entry.call, delivery)
        if not incoming:
            hint = f"{_ATTACH}, then let a call come in and time pass: advance(0)"
            raise failure(f"the bot was notified of no incoming call; {hint}", ledger)
        decisions = [one for one in ledger.requests if effects_of(one) & _DECISIONS and succeeded(one)]
        decided = {call_of(one): one for one in reversed(decisions)}
        for call, delivery in incoming.items():
            decision = decided.get(call)
            if decision is None:
                elapsed = self.simulator.now - delivery.at
                passed = f"{elapsed:g} virtual second{'s' * (elapsed != 1)} later"
                raise failure(f"incoming call {call} was not answered, rejected or redirected; it is {passed}", ledger)
            if decision.at - delivery.at > seconds:
                late = f"after {decision.at - delivery.at:g} virtual seconds; expected at most {seconds:g}"
                raise failure(f"incoming call {call} was answered, rejected or redirected {late}", ledger)

    def assert_took_every_notification(self: BotUnderTest, within: float) -> None:
        """Every notification was answered with 2xx in time, and no task of the bot has raised an exception.

        Args:
            within: real seconds for each answer.

        Raises:
            BotError: one was not, or there was none, or a task has raised; with the timeline.
        """
        quantity("assert_took_every_notification(within)", within, unit="real seconds")
        self._record_raised()
        ledger = self.ledger
        deliveries = genuine_deliveries(ledger)
        if not deliveries:
            hint = f"{_ATTACH}, let something happen and time pass: advance(0)"
            raise failure(f"the bot received no notification; {hint}", ledger)
        refused = [one for one in deliveries if not one.accepted]
        if refused:
            first = refused[0]
            result = f"answered {first.status}" if first.status else f"did not answer: it {first.error}"
            what = f"to '{first.kind}' (#{first.number}) the bot {result}"
            expected = "expected 2xx, best 202 at once and the work later"
            raise failure(f"{what}; {expected}. {_share(refused, deliveries)}", ledger)
        raised = [(one.number, one.error) for one in ledger.raised]
        raised += [(one.number, one.error.partition(": ")[2]) for one in deliveries if one.trace]
        if raised:
            number, error = min(raised)
            raise failure(f"a task of the bot raised {error} (#{number}); expected that the bot handles it", ledger)
        slow = [one for one in deliveries if one.seconds > within]
        if slow:
            first = max(slow, key=lambda one: one.seconds)
            what = f"for '{first.kind}' (#{first.number}) the bot took {first.seconds:.3g} real seconds"
            raise failure(f"{what}; expected at most {within:g}. {_share(slow, deliveries)}", ledger)

    def assert_refuses_forged_notifications(self: BotUnderTest, *, missing_tid: bool = False) -> None:
        """The bot accepts a notification with a good token, and refuses each forged one with 401 or 403.

        They have no token, or one with a wrong audience, issuer or signature, an unknown key, or no signature, or one
        that has expired: what the validators of Bot Framework and of the agents SDKs refuse.

        Args:
            missing_tid: whether one that names no tenant is to be refused, too: these validators accept it.

        Raises:
            BotError: it accepts a forged one, or refuses the good one; with the timeline.
        """
        good = self.send_again()
        if not good.accepted:
            what = f"answered {good.status or 'nothing'} to a good token"
            hint = "its validator has to read the keys at /v1/.well-known/OpenIdConfiguration of the simulator"
            raise failure(f"the bot {what}, so forged ones cannot be judged; {hint}", self.ledger)
        sent = {name: self.forge(name) for name in demanded_forgeries(missing_tid=missing_tid)}
        taken = [f"{name} ({one.status or one.error})" for name, one in sent.items() if one.status not in REFUSALS]
        if taken:
            what = f"the bot did not refuse with 401 or 403: {', '.join(taken)}"
            raise failure(f"{what}; it has to refuse these forgeries: {', '.join(sent)}", self.ledger)

    def assert_waited_retry_after(self: BotUnderTest) -> None:
        """After 429 or 503 with ``Retry-After: N`` the same request is not sent again for N seconds.

        Either clock counts: in process, virtual time stands still unless it is advanced, and a bot may sleep in real
        time.

        Raises:
            BotError: it was, or no answer said how long to wait; with the timeline.
        """
        ledger = self.ledger
        refusals = [(one, wait) for one in ledger.requests if (wait := _retry_after(one)) is not None]
        if not refusals:
            hint = "let the simulator refuse a request that way first"
            raise failure(
                f"no answer was 429 or 503 with Retry-After, so the bot had nothing to wait for; {hint}", ledger
            )
        for refused, wait in refusals:
            later = (
                one for one in ledger.requests if one.number > refused.number and action_of(one) == action_of(refused)
            )
            again = next(later, None)
            if again is None:
                continue
            virtual, real = again.at - refused.at, again.moment - refused.moment
            if virtual < wait and real < wait - _TIMER_TOLERANCE:
                after = f"{virtual:g} virtual and {real:.3g} real seconds after #{refused.number}"
                answer = f"which was answered {refused.exchange.response.status} with Retry-After: {wait:g}"
                what = f"the bot sent {describe_request(again)} again {after}, {answer}"
                raise failure(f"{what}; expected that it waits {wait:g} seconds by either clock", ledger)

    def assert_acts_once_on_duplicates(self: BotUnderTest, wait: float = 0.5) -> None:
        """A repeated notification makes the bot repeat no POST, PATCH or DELETE except keepAlive.

        Notifications that were repeated so far are judged first; then the accepted ones are sent again, the latest
        hundred. Virtual time stands still.

        Args:
            wait: real seconds for a bot behind a URL to act after its answers; others are waited for anyway.

        Raises:
            BotError: it repeats one, or it has done nothing at all; with the timeline.
        """
        quantity("assert_acts_once_on_duplicates(wait)", wait, unit="real seconds", most=MAX_REAL_SECONDS)
        ledger = self.ledger
        if not any(map(is_action, ledger.requests)):
            raise failure(
                "the bot did nothing so far, so it could do nothing twice; let it answer a call first", ledger
            )
        wait = wait if self.courier.is_remote else 0.0
        _check_past_repeats(ledger, wait)
        before = len(ledger.requests)
        for delivery, note in _accepted_notifications(self):
            again = self.courier.post(note, sequence=delivery.sequence, remark=REPEATED)
            done = CausedActions(ledger, 0).of(again)
            if done:
                raise failure(_repeated(done[0], again), ledger)
        late = first_late_action(self, before, wait)
        if late is not None:
            what = f"the bot sent {describe_request(late)} because a notification was repeated"
            raise failure(f"{what}; expected {_EXPECTED}", ledger)


def _share(some: list[Delivery], of: list[Delivery]) -> str:
    return f"This affects {len(some)} of {len(of)} deliveries"


def _check_past_repeats(ledger: Ledger, wait: float) -> None:
    """Judge the notifications that were repeated so far, by a fault or by the test."""
    done: dict[str, set[tuple[str, ...]]] = {}
    caused = CausedActions(ledger, wait)
    for delivery in genuine_deliveries(ledger):
        if not delivery.message:
            continue
        first = done.get(delivery.message)
        for asked in caused.of(delivery):
            if first is not None and action_of(asked) in first:
                raise failure(_repeated(asked, delivery), ledger)
            if delivery.accepted:
                done.setdefault(delivery.message, set()).add(action_of(asked))


def _repeated(asked: Asked, delivery: Delivery) -> str:
    what = f"the bot sent {describe_request(asked)} because '{delivery.kind}' was repeated (#{delivery.number})"
    return f"{what}; expected {_EXPECTED}"


def _accepted_notifications(bot: BotUnderTest) -> Iterable[tuple[Delivery, Notification]]:
    """The accepted notifications that the simulator still has, each once."""
    found: dict[int, tuple[Delivery, Notification]] = {}
    for one in genuine_deliveries(bot.ledger):
        note = stored_notification(bot.simulator, one) if one.accepted else None
        if note is not None:
            found[one.sequence] = one, note
    return list(found.values())[-MAX_REPEATS:]


def _retry_after(asked: Asked) -> float | None:
    """Seconds that an answer asks to wait; ``None`` if it has no readable ``Retry-After``."""
    return asked.answer.retry_after() if asked.answer.status in WAIT_STATUSES and not asked.lost else None
