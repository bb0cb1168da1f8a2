"""Assertions about the behaviour of the bot under test, as methods of :class:`pytest_graphcalls.bot.Bot`.

Each reads the ledger, some drive the bot, and every error shows the timeline. None passes where there was nothing to
judge: the error says what has to happen first. The bots of ``tests/proof/bots.py`` prove each one: a good one passes
all of them, and for each assertion there is one that fails it and no other.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import parsedate_to_datetime

from pytest_graphcalls.bot import lifetimes, reordering, speaking
from pytest_graphcalls.bot.courier import MAX_REAL_SECONDS
from pytest_graphcalls.bot.forgery import demanded_forgeries
from pytest_graphcalls.bot.ledger import Asked, Delivery, Ledger
from pytest_graphcalls.bot.timeline import (
    BotUnderTest,
    CausedActions,
    call_of,
    describe_request,
    effects_of,
    entries_of,
    failure,
    genuine_deliveries,
    is_action,
    path_parts,
    stored_notification,
    succeeded,
)
from pytest_graphcalls.contract import Effect
from pytest_graphcalls.validation import quantity
from pytest_graphcalls.wire import Notification

__all__ = ["Assertions"]

RECOMMENDED_KEEPALIVE = 15 * 60.0
"""Seconds from one keepAlive to the next, as the page recommends (call-keepalive.r03, observed 10.2)."""
REFUSALS = frozenset({401, 403})
"""Statuses by which a bot refuses a token (observed 6.3: 401)."""
WAIT_STATUSES = frozenset({429, 503})
"""Statuses whose ``Retry-After`` header has to be respected."""
MAX_REPEATS = 100
"""Number of notifications that are sent again at most, the latest ones."""
REPEATED = "once more"
"""Remark of a delivery that was repeated by an assertion."""
_DECISIONS = frozenset({Effect.TAKES_CALL, Effect.REJECTS_CALL, Effect.REDIRECTS_CALL})
_TIMER_TOLERANCE = 0.02
"""Real seconds by which a timer may be early."""
_EXPECTED = "that it recognises a repeated notification, by its message id or by the state of the call"


class Assertions:
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
        _answered_within(self.ledger, seconds, self.simulator.now)

    def assert_took_every_notification(self: BotUnderTest, within: float) -> None:
        """Every notification was answered with 2xx in time, and no task of the bot has raised an exception.

        Args:
            within: real seconds for each answer.

        Raises:
            BotError: one was not, or there was none, or a task has raised; with the timeline.
        """
        quantity("assert_took_every_notification(within)", within, unit="real seconds")
        self._record_raised()
        _took_every_notification(self.ledger, within)

    def assert_refuses_forged_notifications(self: BotUnderTest, *, missing_tid: bool = False) -> None:
        """The bot accepts a notification with a good token, and refuses each forged one with 401 or 403.

        They have no token, or one with a wrong audience, issuer or signature, an unknown key, or no signature, or one
        that has expired: what the validators of Bot Framework and of the agents SDKs refuse.

        Args:
            missing_tid: whether one that names no tenant is to be refused, too: these validators accept it.

        Raises:
            BotError: it accepts a forged one, or refuses the good one; with the timeline.
        """
        _refuses_forged(self, missing_tid=missing_tid)

    def assert_kept_alive(self: BotUnderTest, every: float = RECOMMENDED_KEEPALIVE) -> None:
        """In an established call, no more than ``every`` seconds pass without a successful keepAlive.

        Args:
            every: virtual seconds; by default 15 minutes, as recommended (call-keepalive.r03). After 45 the service
                ends the call.

        Raises:
            BotError: more time passed without, or no call lasted for so long; with the timeline.
        """
        quantity("assert_kept_alive(every)", every, unit="virtual seconds", above=True)
        lifetimes.kept_alive(self.ledger, every, self.simulator.now)

    def assert_stopped_after_end(self: BotUnderTest) -> None:
        """The bot sends no request about a call once it knows that the call is over.

        It knows from its 2xx answer to the notification that the call was deleted, or from the first 404 that says
        so (call-keepalive.r04); that request itself, and those it sent before that answer, are allowed.

        Raises:
            BotError: it sent one, or it learned of no end; with the timeline.
        """
        lifetimes.stopped_after_end(self.ledger)

    def assert_hung_up_what_it_created(self: BotUnderTest) -> None:
        """Every call that the bot created or answered is over, by its DELETE or otherwise, and the bot knows.

        Raises:
            BotError: one is not, or it has created and answered none; with the timeline.
        """
        lifetimes.hung_up(self)

    def assert_waited_retry_after(self: BotUnderTest) -> None:
        """After 429 or 503 with ``Retry-After: N`` the same request is not sent again for N seconds.

        Either clock counts: in process, virtual time stands still unless it is advanced, and a bot may sleep in real
        time.

        Raises:
            BotError: it was, or no answer said how long to wait; with the timeline.
        """
        _waited_retry_after(self.ledger)

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
        _acts_once(self, wait)

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
        reordering.survives_reorder(self, wait)

    def assert_leaves_transferred_calls_alone(self: BotUnderTest) -> None:
        """Once a transfer was taken, the bot sends no POST, PATCH or DELETE about the call but keepAlive.

        It may go on once it has accepted the notification that the transfer has failed. Requests about a call that it
        knows to be over are judged by :meth:`assert_stopped_after_end`.

        Raises:
            BotError: it sent one, or no transfer of it was taken; with the timeline.
        """
        lifetimes.leaves_transferred_calls_alone(self.ledger)

    def assert_copes_with_failed_transfers(self: BotUnderTest) -> None:
        """After the notification that a transfer has failed, the bot does something in the call, which lives on.

        Another transfer, a prompt or a hang-up will do; keepAlive alone will not.

        Raises:
            BotError: it has done nothing so far, or no transfer has failed; with the timeline.
        """
        lifetimes.copes_with_failed_transfers(self.ledger)

    def assert_plays_when_audio_is_active(self: BotUnderTest) -> None:
        """The bot plays and records nothing in a call before it has accepted that the call's audio is active.

        The notification is the update of the established call with ``mediaState.audio: active`` (s0.17).

        Raises:
            BotError: it did, or it has played and recorded nothing; with the timeline.
        """
        speaking.plays_when_audio_is_active(self.ledger)

    def assert_goes_on_after_an_end(self: BotUnderTest) -> None:
        """While it plays or records, the bot starts no other prompt or recording, and does not hang up.

        It may go on once it was notified of the operation's end, has cancelled it, or was notified of a key, of a
        change of the roster or of the call's end; and at any time with ``bargeInAllowed``.

        Raises:
            BotError: it did, or no operation of it was running; with the timeline.
        """
        speaking.goes_on_after_an_end(self.ledger)

    def assert_acts_once_for_each_tone(self: BotUnderTest, wait: float = 0.5) -> None:
        """A key that is notified again with the same ``sequenceId`` makes the bot send no POST, PATCH or DELETE.

        Every accepted key is posted again, with a new message id, best while the call still goes on. Virtual time
        stands still.

        Args:
            wait: real seconds for a bot behind a URL to act after its answers; others are waited for anyway.

        Raises:
            BotError: it sends one, or it was notified of no key; with the timeline.
        """
        quantity("assert_acts_once_for_each_tone(wait)", wait, unit="real seconds", most=MAX_REAL_SECONDS)
        speaking.acts_once_for_each_tone(self, wait)

    def assert_fetched_every_recording(self: BotUnderTest) -> None:
        """Every recording that was notified to the bot was read by it, while it was kept.

        Raises:
            BotError: one was not read so far, or there was none; with the timeline.
        """
        speaking.fetched_every_recording(self)

    def assert_plays_nothing_while_muted(self: BotUnderTest) -> None:
        """The bot plays no prompt while it knows that it is muted, as the prompt is not heard (call-mute.r04).

        It knows from a roster that it has accepted, in which its own participant has ``isMuted``. It may play again
        after a roster without that, or once its request to unmute itself has succeeded.

        Raises:
            BotError: it has, or it was muted in no call; with the timeline.
        """
        speaking.plays_nothing_while_muted(self)

    def assert_states_recording_first(self: BotUnderTest) -> None:
        """In every call of a recording policy the bot has set the status ``recording``, before any recordResponse.

        Media that the bot hosts itself cannot be seen here: in such a call the status has to be set at all.

        Raises:
            BotError: it has not, or it has answered no such call; with the timeline.
        """
        speaking.states_recording_first(self)


def _answered_within(ledger: Ledger, seconds: float, now: float) -> None:
    incoming: dict[str, Delivery] = {}
    for delivery in genuine_deliveries(ledger):
        for entry in entries_of(delivery):
            if entry.change == "created" and entry.of_call:
                incoming.setdefault(entry.call, delivery)
    if not incoming:
        hint = "say where it is with graphcalls.bot(app), then let a call come in and time pass: advance(0)"
        raise failure(f"the bot was notified of no incoming call; {hint}", ledger)
    decisions = [one for one in ledger.requests if effects_of(one) & _DECISIONS and succeeded(one)]
    decided = {call_of(one): one for one in reversed(decisions)}
    for call, delivery in incoming.items():
        decision = decided.get(call)
        if decision is None:
            elapsed = now - delivery.at
            passed = f"{elapsed:g} virtual second{'s' * (elapsed != 1)} later"
            raise failure(f"incoming call {call} was not answered, rejected or redirected; it is {passed}", ledger)
        if decision.at - delivery.at > seconds:
            late = f"after {decision.at - delivery.at:g} virtual seconds; expected at most {seconds:g}"
            raise failure(f"incoming call {call} was answered, rejected or redirected {late}", ledger)


def _took_every_notification(ledger: Ledger, within: float) -> None:
    deliveries = genuine_deliveries(ledger)
    if not deliveries:
        hint = "say where it is, graphcalls.bot(app), let something happen and time pass: advance(0)"
        raise failure(f"the bot received no notification; {hint}", ledger)
    refused = [one for one in deliveries if not one.accepted]
    if refused:
        first = refused[0]
        result = f"answered {first.status}" if first.status else f"did not answer: it {first.error}"
        what = (
            f"to '{first.kind}' (#{first.number}) the bot {result}; expected 2xx, best 202 at once and the work later"
        )
        raise failure(f"{what}. {_share(refused, deliveries)}", ledger)
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


def _share(some: list[Delivery], of: list[Delivery]) -> str:
    return f"This affects {len(some)} of {len(of)} deliveries"


def _refuses_forged(bot: BotUnderTest, *, missing_tid: bool) -> None:
    good = bot.send_again()
    if not good.accepted:
        what = f"answered {good.status or 'nothing'} to a good token"
        hint = "its validator has to read the keys at /v1/.well-known/OpenIdConfiguration of the simulator"
        raise failure(f"the bot {what}, so forged ones cannot be judged; {hint}", bot.ledger)
    sent = {name: bot.forge(name) for name in demanded_forgeries(missing_tid=missing_tid)}
    taken = [f"{name} ({one.status or one.error})" for name, one in sent.items() if one.status not in REFUSALS]
    if taken:
        what = f"the bot did not refuse with 401 or 403: {', '.join(taken)}"
        raise failure(f"{what}; it has to refuse these forgeries: {', '.join(sent)}", bot.ledger)


def _acts_once(bot: BotUnderTest, wait: float) -> None:
    ledger = bot.ledger
    if not any(map(is_action, ledger.requests)):
        raise failure("the bot did nothing so far, so it could do nothing twice; let it answer a call first", ledger)
    wait = wait if bot.courier.is_remote else 0.0
    _check_past_repeats(ledger, wait)
    before = len(ledger.requests)
    for delivery, note in _accepted_notifications(bot):
        again = bot.courier.post(note, sequence=delivery.sequence, remark=REPEATED)
        done = CausedActions(ledger, 0).of(again)
        if done:
            raise failure(_repeated(done[0], again), ledger)
    bot.simulator.advance(0)  # wakes tasks that wait for virtual time
    time.sleep(wait)
    late = next(filter(is_action, ledger.requests[before:]), None)
    if late is not None:
        what = f"the bot sent {describe_request(late)} because a notification was repeated"
        raise failure(f"{what}; expected {_EXPECTED}", ledger)


def _check_past_repeats(ledger: Ledger, wait: float) -> None:
    """Judge the notifications that were repeated so far, by a fault or by the test."""
    done: dict[str, set[tuple[str, ...]]] = {}
    caused = CausedActions(ledger, wait)
    for delivery in genuine_deliveries(ledger):
        if not delivery.message:
            continue
        first = done.get(delivery.message)
        for asked in caused.of(delivery):
            if first is not None and _action(asked) in first:
                raise failure(_repeated(asked, delivery), ledger)
            if delivery.accepted:
                done.setdefault(delivery.message, set()).add(_action(asked))


def _action(asked: Asked) -> tuple[str, ...]:
    """Method and path of a request: what makes two requests equal."""
    return asked.exchange.request.method, *path_parts(asked)


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


def _waited_retry_after(ledger: Ledger) -> None:
    refusals = [(one, wait) for one in ledger.requests if (wait := _retry_after(one)) is not None]
    if not refusals:
        hint = "let the simulator refuse a request that way first"
        raise failure(f"no answer was 429 or 503 with Retry-After, so the bot had nothing to wait for; {hint}", ledger)
    for refused, wait in refusals:
        later = (one for one in ledger.requests if one.number > refused.number and _action(one) == _action(refused))
        again = next(later, None)
        if again is None:
            continue
        virtual, real = again.at - refused.at, again.moment - refused.moment
        if virtual < wait and real < wait - _TIMER_TOLERANCE:
            after = f"{virtual:g} virtual and {real:.3g} real seconds after #{refused.number}"
            answer = f"which was answered {refused.exchange.response.status} with Retry-After: {wait:g}"
            what = f"the bot sent {describe_request(again)} again {after}, {answer}"
            raise failure(f"{what}; expected that it waits {wait:g} seconds by either clock", ledger)


def _retry_after(asked: Asked) -> float | None:
    """Seconds that an answer asks to wait; ``None`` if it has no readable ``Retry-After``."""
    answer = asked.exchange.response
    said = answer.headers.get("retry-after", "").strip()
    if answer.status not in WAIT_STATUSES or not said or asked.lost:
        return None
    if said.isdecimal():
        return float(said)
    try:
        sent = parsedate_to_datetime(answer.headers.get("date", ""))
        return max(0.0, (parsedate_to_datetime(said) - sent).total_seconds())
    except (TypeError, ValueError):  # no date, or one with and one without a zone
        return None
