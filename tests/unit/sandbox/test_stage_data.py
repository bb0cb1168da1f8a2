"""What a stage is furnished with."""

from __future__ import annotations

from itertools import count

import pytest

from pytest_graphcalls.errors import StageError
from pytest_graphcalls.sandbox import Meeting, Sandbox, StageData

HAS = Sandbox("t", (Meeting(join_id="1"),), ("u1", "u2"), ("b1",), "+1234567", "https://bot.example/calls")


def test_no_value_is_given_out_twice() -> None:
    """Each value is given out once, until there are no more."""
    dealt = StageData(facts=HAS)
    assert (dealt.user(), dealt.user()) == ("u1", "u2")
    with pytest.raises(StageError):
        dealt.user()
    assert dealt.bot() == "b1"
    assert dealt.meeting()["meetingInfo"]["joinMeetingId"] == "1"
    assert (dealt.phone(), dealt.callback()) == ("+1234567", "https://bot.example/calls")


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (
            "user",
            "not checked: a user who takes calls (no. 3) could not be staged; the sandbox has 2 for this process. See "
            "'users = <object id> …' in graphcalls_sandbox, or GRAPHCALLS_SANDBOX_USERS.",
        ),
        (
            "meeting",
            "not checked: a meeting (no. 2) could not be staged; the sandbox has 1 for this process. See "
            "'meetings = <join address> …' in graphcalls_sandbox, or GRAPHCALLS_SANDBOX_MEETINGS.",
        ),
    ],
)
def test_an_error_names_the_setting_when_data_runs_out(what: str, sentence: str) -> None:
    """Only the test that asked for more is not checked."""
    dealt = StageData(facts=HAS)
    for _ in range({"user": 2, "meeting": 1}[what]):
        getattr(dealt, what)()
    with pytest.raises(StageError) as error:
        getattr(dealt, what)()
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("what", "name", "wanted"),
    [
        ("user", "users", "a user who takes calls"),
        ("bot", "bots", "another bot"),
        ("meeting", "meetings", "a meeting"),
        ("phone", "phone", "a phone"),
        ("callback", "callback", "a callback address"),
    ],
)
def test_a_missing_setting_of_a_sandbox_is_named(what: str, name: str, wanted: str) -> None:
    """No value is invented in its place: an invented callback address could belong to another server."""
    with pytest.raises(StageError) as error:
        getattr(StageData(facts=Sandbox("t")), what)()
    assert (error.value.wanted, error.value.got) == (wanted, "the sandbox has none")
    assert f"'{name} = " in error.value.see
    assert error.value.see.endswith(f"GRAPHCALLS_SANDBOX_{name.upper()}")


def test_outside_a_sandbox_all_data_is_invented() -> None:
    """A simulator accepts invented users."""
    made = StageData(str(number) for number in count(1))
    assert (made.user(), made.bot()) == ("1", "2")
    assert made.meeting()["chatInfo"]["threadId"] == "19:meeting_3@thread.v2"
    assert made.meeting()["meetingInfo"]["organizer"]["user"]["id"] == "6"
    assert made.callback().startswith("https://")
