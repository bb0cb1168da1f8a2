"""Ready-made assertions about a bot. Each reads the ledger, some drive the bot, and all raise with the timeline.

None passes where there was nothing to judge: it says what has to happen first. Seconds that are none are refused with
:class:`.SettingError`. The bots of ``tests/proof/bots.py``
prove each one: a good one passes all of them, and for each there is one that fails it and no other.
"""

from __future__ import annotations

from pytest_graphcalls.bot.assertions import answering, believing, ending, keeping, reordering, repeating, waiting
from pytest_graphcalls.bot.assertions.reading import Driven
from pytest_graphcalls.bot.courier import LONGEST
from pytest_graphcalls.quantities import quantity

__all__ = ["Assertions"]


class Assertions:
    """The assertions, as methods of :class:`pytest_graphcalls.bot.Bot`."""

    def assert_answered_within(self: Driven, seconds: float) -> None:
        """Every incoming call that the bot was told of was answered or rejected within ``seconds`` of virtual time.

        Raises:
            BotError: one was not, or there was none; with the timeline.
        """
        quantity("assert_answered_within(seconds)", seconds, unit="virtual seconds")
        answering.answered_within(self.ledger, seconds, self.simulator.now)

    def assert_took_every_notification(self: Driven, within: float) -> None:
        """Every notification was answered with 2xx, each within ``within`` real seconds.

        Raises:
            BotError: one was not, or there was none; with the timeline.
        """
        quantity("assert_took_every_notification(within)", within, unit="real seconds")
        answering.took_every_notification(self.ledger, within)

    def assert_refuses_forged_notifications(self: Driven) -> None:
        """The bot takes a notification with a good token, and refuses each forged one with 401 or 403.

        Raises:
            BotError: it takes a forged one, or refuses the good one; with the timeline.
        """
        believing.refuses_forged(self)

    def assert_kept_alive(self: Driven, every: float = keeping.RECOMMENDED) -> None:
        """In an established call, a successful keepAlive comes at least every ``every`` virtual seconds.

        Args:
            every: by default 15 minutes, as recommended (call-keepalive.r03); after 45 the service ends the call.

        Raises:
            BotError: more time passed without, or no call lasted for so long; with the timeline.
        """
        quantity("assert_kept_alive(every)", every, unit="virtual seconds", above=True)
        keeping.kept_alive(self.ledger, every, self.simulator.now)

    def assert_stopped_after_end(self: Driven) -> None:
        """Nothing is asked about a call once the bot knows that it is over.

        It knows from its 2xx answer to the notification that the call was deleted, or from the first 404 that says
        so (call-keepalive.r04); that request itself is allowed.

        Raises:
            BotError: something was, or the bot learned of no end; with the timeline.
        """
        ending.stopped_after_end(self.ledger)

    def assert_hung_up_what_it_created(self: Driven) -> None:
        """Every call that the bot created or answered is over: by its DELETE, or otherwise and it was told.

        Raises:
            BotError: one is not, or it has created and answered none; with the timeline.
        """
        ending.hung_up(self.ledger, self.simulator)

    def assert_waited_retry_after(self: Driven) -> None:
        """After 429, or 503, with ``Retry-After: N`` the same method and path is not asked for N seconds.

        Seconds of either clock: virtual time that was advanced, or real time.

        Raises:
            BotError: it was, or no answer said how long to wait; with the timeline.
        """
        waiting.waited_retry_after(self.ledger)

    def assert_acts_once_on_duplicates(self: Driven, wait: float = 0.5) -> None:
        """What comes twice makes the bot do nothing twice: no POST, PATCH or DELETE but keepAlive.

        What came twice by itself is judged first; then the bot is told once more what it took, the latest hundred.

        Args:
            wait: real seconds for a bot behind a URL to act after its answers; others are waited for anyway.

        Raises:
            BotError: it did, or it had done nothing at all; with the timeline.
        """
        quantity("assert_acts_once_on_duplicates(wait)", wait, unit="real seconds", most=LONGEST)
        repeating.acts_once(self, wait)

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
