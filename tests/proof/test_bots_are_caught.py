"""Every assertion about a bot can fail, for its own reason: a bot with one bad habit fails it, and no other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.bot.assertions import Assertions
from pytest_graphcalls.errors import BotError
from pytest_graphcalls.simulator import Simulator
from tests.proof.bots import FAULTY, GOOD, Receptionist, worked_through

JUDGED: dict[str, Callable[[Bot], None]] = {
    "assert_answered_within": lambda bot: bot.assert_answered_within(10),
    "assert_took_every_notification": lambda bot: bot.assert_took_every_notification(within=5),
    "assert_kept_alive": lambda bot: bot.assert_kept_alive(),
    "assert_stopped_after_end": lambda bot: bot.assert_stopped_after_end(),
    "assert_waited_retry_after": lambda bot: bot.assert_waited_retry_after(),
    "assert_acts_once_on_duplicates": lambda bot: bot.assert_acts_once_on_duplicates(),
    "assert_survives_reorder": lambda bot: bot.assert_survives_reorder(),
    "assert_hung_up_what_it_created": lambda bot: bot.assert_hung_up_what_it_created(),
    "assert_refuses_forged_notifications": lambda bot: bot.assert_refuses_forged_notifications(),
}


def test_every_assertion_has_a_bot_that_fails_it() -> None:
    names = {name for name in vars(Assertions) if name.startswith("assert_")}
    assert names == set(JUDGED) == set(FAULTY)


@pytest.mark.parametrize("assertion", JUDGED)
def test_a_good_bot_passes(assertion: str) -> None:
    with worked_through(GOOD) as bot:
        JUDGED[assertion](bot)


def test_a_good_bot_passes_them_one_after_the_other() -> None:
    """Those that drive the bot leave nothing behind that another one would take for a fault."""
    with worked_through(GOOD) as bot:
        for judge in (*JUDGED.values(), *JUDGED.values()):
            judge(bot)


@pytest.mark.parametrize("habit", FAULTY)
def test_a_bad_habit_is_caught_by_its_own_assertion_alone(habit: str) -> None:
    caught = set()
    for assertion, judge in JUDGED.items():
        with worked_through(FAULTY[habit]) as bot:
            try:
                judge(bot)
            except BotError:
                caught.add(assertion)
    assert caught == {habit}


@pytest.mark.parametrize("assertion", JUDGED)
def test_nothing_to_judge_is_no_success(assertion: str) -> None:
    """A bot that was told nothing passes none of them, but that about tokens, which brings its own."""
    simulator = Simulator()
    with closing(Bot(simulator)) as bot:
        bot(Receptionist(simulator))
        if assertion == "assert_refuses_forged_notifications":
            JUDGED[assertion](bot)
            return
        with pytest.raises(BotError, match=r"\b(no|nothing)\b"):
            JUDGED[assertion](bot)
