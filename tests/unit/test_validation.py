"""Seconds and counts are checked by one function, wherever a user gives them, and refused in one sentence."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from pytest_graphcalls.bot import Bot, Terms
from pytest_graphcalls.errors import SettingError, UnknownNameError
from pytest_graphcalls.simulator import Pace, Simulator
from pytest_graphcalls.validation import quantity

NONE = {"text": "1", "truth": True, "nan": math.nan, "negative": -1, "list": [1], "huge": 10**5000}
"""What is no number of seconds."""


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


Take = Callable[[Simulator, Any], object]
TAKERS: dict[str, Take] = {
    "advance(seconds)": lambda simulator, given: simulator.advance(given),
    "answers_after(seconds)": lambda simulator, given: simulator.person("Adele").answers_after(given),
    "leaves_after(seconds)": lambda simulator, given: simulator.person("Adele").leaves_after(given),
    "ring": lambda _, given: Pace(ring=given),
    "timeout": lambda _, given: Terms(timeout=given),
    "redeliveries": lambda _, given: Terms(redeliveries=given),
    "spacing": lambda _, given: Terms(spacing=given),
    "linger": lambda _, given: Terms(linger=given),
    "seconds": lambda simulator, given: simulator.fault("delay", seconds=given),
    "wait_for(seconds)": lambda simulator, given: Bot(simulator).wait_for(lambda: True, seconds=given),
    "assert_answered_within(seconds)": lambda simulator, given: Bot(simulator).assert_answered_within(given),
    "assert_took_every_notification(within)": lambda simulator, given: Bot(simulator).assert_took_every_notification(
        given
    ),
    "assert_kept_alive(every)": lambda simulator, given: Bot(simulator).assert_kept_alive(given),
    "assert_acts_once_on_duplicates(wait)": lambda simulator, given: Bot(simulator).assert_acts_once_on_duplicates(
        given
    ),
    "assert_survives_reorder(wait)": lambda simulator, given: Bot(simulator).assert_survives_reorder(given),
}


@pytest.mark.parametrize("given", NONE.values(), ids=NONE)
@pytest.mark.parametrize("name", TAKERS)
def test_a_value_that_is_no_number_is_named(simulator: Simulator, name: str, given: Any) -> None:
    """A function that takes seconds or counts names value, setting and what was expected; nothing has happened."""
    with pytest.raises(SettingError) as caught:
        TAKERS[name](simulator, given)
    assert (caught.value.name, caught.value.value != "") == (name, True)
    assert "number" in caught.value.expected
    assert simulator.now == 0


def test_time_that_is_no_number_is_refused() -> None:
    """The whole sentence, for what is mistaken most."""
    with pytest.raises(SettingError) as caught:
        Simulator().advance("1")  # type: ignore[arg-type]  # the mistake itself
    assert str(caught.value) == "advance(seconds)='1': expected virtual seconds, a number of 0 or more."


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "a number of 0 or more"),
        ({"above": True}, "a number above 0"),
        ({"most": 60}, "a number from 0 to 60"),
        ({"most": 60, "above": True, "unit": "real seconds"}, "real seconds, a number above 0 and up to 60"),
        ({"whole": True, "least": 1, "most": 1000}, "a whole number from 1 to 1,000"),
    ],
)
def test_the_range_is_said(facts: dict[str, Any], expected: str) -> None:
    """What would have been right, with its unit and its limits."""
    with pytest.raises(SettingError) as caught:
        quantity("wait", "x", **facts)
    assert caught.value.expected == expected


@pytest.mark.parametrize("given", [0, 1, 2.5, Fraction(1, 2), math.inf])
def test_any_number_in_range_is_taken_as_it_is(given: Any) -> None:
    """A whole one, a float, a fraction; without an upper limit also one that never ends."""
    assert quantity("wait", given) is given


def test_a_condition_to_wait_for_is_a_function() -> None:
    """``wait_for`` refuses a value, which never changes, and asks for a function."""
    with pytest.raises(SettingError, match=r"wait_for\(condition\)=False: expected a function, e.g. lambda: "):
        Bot(Simulator()).wait_for(False)  # type: ignore[arg-type]  # the mistake itself


def test_a_name_that_is_no_text_is_named() -> None:
    """A name of another type is refused where names are looked up."""
    with pytest.raises(UnknownNameError) as caught:
        Simulator().call(5)  # type: ignore[arg-type]  # the mistake itself
    assert str(caught.value) == "there is no call 5."


@pytest.mark.parametrize("given", [5, None, ""])
def test_a_person_goes_by_a_text(given: Any) -> None:
    """A name that is none is named."""
    with pytest.raises(SettingError, match=r"expected a name, an object id, or a phone number in E.164 form, as text"):
        Simulator().person(given)
