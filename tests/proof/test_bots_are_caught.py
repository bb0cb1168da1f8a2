"""Every assertion about a bot can fail, for its own reason: a bot with one bad habit fails it, and no other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.bot.assertions import Assertions
from pytest_graphcalls.errors import BotError
from pytest_graphcalls.simulator import Simulator
from tests.proof.bots import FAULTY, GOOD, Receptionist, worked_through

JUDGED: dict[str, Callable[[Bot], None]] = {
    "assert_answered_within": lambda bot: bot.assert_answered_within(3),
    "assert_took_every_notification": lambda bot: bot.assert_took_every_notification(within=5),
    "assert_kept_alive": lambda bot: bot.assert_kept_alive(),
    "assert_stopped_after_end": lambda bot: bot.assert_stopped_after_end(),
    "assert_waited_retry_after": lambda bot: bot.assert_waited_retry_after(),
    "assert_acts_once_on_duplicates": lambda bot: bot.assert_acts_once_on_duplicates(),
    "assert_survives_reorder": lambda bot: bot.assert_survives_reorder(),
    "assert_hung_up_what_it_created": lambda bot: bot.assert_hung_up_what_it_created(),
    "assert_refuses_forged_notifications": lambda bot: bot.assert_refuses_forged_notifications(),
    "assert_plays_when_audio_is_active": lambda bot: bot.assert_plays_when_audio_is_active(),
    "assert_goes_on_after_an_end": lambda bot: bot.assert_goes_on_after_an_end(),
    "assert_acts_once_for_each_tone": lambda bot: bot.assert_acts_once_for_each_tone(),
    "assert_fetched_every_recording": lambda bot: bot.assert_fetched_every_recording(),
    "assert_states_recording_first": lambda bot: bot.assert_states_recording_first(),
    "assert_plays_nothing_while_muted": lambda bot: bot.assert_plays_nothing_while_muted(),
    "assert_leaves_transferred_calls_alone": lambda bot: bot.assert_leaves_transferred_calls_alone(),
    "assert_copes_with_failed_transfers": lambda bot: bot.assert_copes_with_failed_transfers(),
}


def test_every_assertion_has_a_bot_that_fails_it() -> None:
    names = {name for name in dir(Assertions) if name.startswith("assert_")}
    assert names == set(JUDGED) == set(FAULTY)


@pytest.mark.parametrize("assertion", JUDGED)
def test_a_good_bot_passes(assertion: str) -> None:
    with worked_through(GOOD) as bot:
        JUDGED[assertion](bot)


def test_a_good_bot_passes_them_one_after_the_other() -> None:
    """Assertions that drive the bot leave no trace that a later one would take for a fault."""
    with worked_through(GOOD) as bot:
        for judge in (*JUDGED.values(), *JUDGED.values()):
            judge(bot)


@pytest.mark.parametrize("habit", FAULTY)
def test_a_faulty_bot_is_caught_by_the_assertion_of_its_fault_alone(habit: str) -> None:
    caught = set()
    with ExitStack() as bots:
        bot = bots.enter_context(worked_through(FAULTY[habit]))
        for assertion, judge in JUDGED.items():
            before = bot.ledger.entries
            try:
                judge(bot)
            except BotError:
                caught.add(assertion)
            if bot.ledger.entries != before:  # it has driven the bot, so the next one looks at another
                bot = bots.enter_context(worked_through(FAULTY[habit]))
    assert caught == {habit}


SPEAKING = {
    "assert_plays_when_audio_is_active": (
        r"sent POST /calls/\S+/playPrompt \(#\d+\) at 0\.5 s, before it was notified of active audio; expected",
        r"the bot has played and recorded nothing; let it answer a call, and let time pass",
    ),
    "assert_goes_on_after_an_end": (
        r"/recordResponse \(#\d+\) at 0\.5 s, before the end of playPrompt \(#\d+\); expected",
        r"no operation of the bot has begun to play or record, so it had no end to wait for",
    ),
    "assert_acts_once_for_each_tone": (
        r"/playPrompt \(#\d+\) because the key with sequenceId 1 was notified again \(#\d+\); expected",
        r"the bot was notified of no key; it has to call subscribeToTone, and a person has to press a key",
    ),
    "assert_fetched_every_recording": (
        r"the bot did not read the recording of call \S+ \(#\d+\); it is kept for \S+ virtual seconds after the",
        r"the bot was notified of no recording; let it record, and let time pass",
    ),
    "assert_plays_nothing_while_muted": (
        r"/playPrompt \(#\d+\) at 25 s, and was muted \(#\d+\), so the prompt is not heard; expected POST /",
        r"the bot was muted in no call, by no roster; mute it in a group call: simulator\.person\(",
    ),
    "assert_states_recording_first": (
        r"/recordResponse \(#\d+\) without its recording status; expected POST /communications/calls/\S+/update",
        r"the bot has answered no call of a recording policy; place one with simulator\.incoming_call\(",
    ),
    "assert_leaves_transferred_calls_alone": (
        r"/playPrompt \(#\d+\) at \S+ s, after it has transferred the call \(#\d+\); expected that it waits",
        r"no transfer of the bot was taken; let it transfer an established call",
    ),
    "assert_copes_with_failed_transfers": (
        r"the transfer of call \S+ has failed \(#\d+\), and the bot has done nothing in the call since; expected",
        r"the bot was notified of no failed transfer; let it transfer a call to a person who declines: simulator",
    ),
}
"""By assertion about bots that speak or transfer: how its two errors are worded."""


@pytest.mark.parametrize(("assertion", "words"), SPEAKING.items())
def test_an_error_says_what_was_done_and_what_was_expected(assertion: str, words: tuple[str, str]) -> None:
    with worked_through(FAULTY[assertion]) as bot, pytest.raises(BotError, match=words[0]):
        JUDGED[assertion](bot)
    with closing(Bot(Simulator())) as idle, pytest.raises(BotError, match=words[1]):
        JUDGED[assertion](idle)


def test_a_bot_of_a_recording_policy_has_to_set_its_status_even_where_no_recording_is_seen() -> None:
    simulator = Simulator()
    with closing(Bot(simulator)) as bot:
        bot(Receptionist(simulator, replace(GOOD, states_first=False)))
        simulator.incoming_call("Dora", recording_policy=True)
        simulator.advance(1)
        with pytest.raises(BotError, match=r"in call \S+ of a recording policy the bot set no recording status"):
            bot.assert_states_recording_first()


@pytest.mark.parametrize("assertion", JUDGED)
def test_an_assertion_without_anything_to_judge_fails(assertion: str) -> None:
    """A bot without notifications passes none of them, except that about tokens, which sends its own."""
    simulator = Simulator()
    with closing(Bot(simulator)) as bot:
        bot(Receptionist(simulator))
        if assertion == "assert_refuses_forged_notifications":
            JUDGED[assertion](bot)
            return
        with pytest.raises(BotError, match=r"\b(no|nothing)\b"):
            JUDGED[assertion](bot)
