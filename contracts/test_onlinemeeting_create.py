"""Create onlineMeeting. What the documentation promises about making a meeting."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required as test_a_token_without_roles_makes_nothing,
    test_a_token_is_required as test_a_request_without_a_token_is_refused,
    test_an_application_access_policy_is_required as test_an_app_without_a_policy_makes_nothing,
)
from pytest_graphcalls.stage import Answer, Stage, StagedMeeting, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "onlinemeeting-create"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "onlinemeeting-create.success-is-201-with-meeting"


def make(stage: Stage, user: StagedMeeting | None = None, **asked: Any) -> Answer:
    """Make a meeting of a user, by default of one who has none yet."""
    return stage.make_meeting(user or stage.organizer(), **asked)


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A user makes a meeting."""
    return Attempt(OPERATION, graphcalls_stage.organizer(), partial(make, graphcalls_stage))


@rule("onlinemeeting-create.success-is-201-with-meeting")
def test_a_meeting_is_made(graphcalls_stage: Stage) -> None:
    """A meeting that was made is answered with 201 and itself."""
    answer = make(graphcalls_stage)
    assert answer.status_code == 201
    assert members(answer).get("id")


@rule("onlinemeeting-create.says-how-to-join")
def test_the_answer_says_how_to_join(graphcalls_stage: Stage) -> None:
    """Address, chat and number are in it."""
    body = members(graphcalls_stage.accepted(make(graphcalls_stage), SUCCESS))
    assert body.get("joinWebUrl")
    assert (body.get("chatInfo") or {}).get("threadId")
    assert (body.get("joinMeetingIdSettings") or {}).get("joinMeetingId")


@rule("onlinemeeting-create.user-is-organizer")
def test_the_user_of_the_path_organizes_it(graphcalls_stage: Stage) -> None:
    """The organizer in the answer is the user in the path."""
    user = graphcalls_stage.organizer()
    body = members(graphcalls_stage.accepted(make(graphcalls_stage, user), SUCCESS))
    who = (((body.get("participants") or {}).get("organizer") or {}).get("identity") or {}).get("user") or {}
    assert str(who.get("id")).lower() == user.user.lower()


@rule("onlinemeeting-create.passcode-is-generated")
def test_a_passcode_is_made_where_one_is_required(graphcalls_stage: Stage) -> None:
    """IsPasscodeRequired decides whether there is one."""
    for wanted in (True, False):
        answer = make(graphcalls_stage, joinMeetingIdSettings={"isPasscodeRequired": wanted})
        settings = members(graphcalls_stage.accepted(answer, SUCCESS)).get("joinMeetingIdSettings")
        if not isinstance(settings, dict):
            raise graphcalls_stage.cannot_tell(
                "a passcode", "the answer has no settings", "onlinemeeting-create.says-how-to-join"
            )
        assert bool(settings.get("passcode")) is wanted


@question("onlinemeeting-create.user-principal-name")
def test_how_a_user_principal_name_is_answered(graphcalls_stage: Stage) -> None:
    """A name in place of the object id."""
    answer = make(graphcalls_stage, graphcalls_stage.organizer().seen_by("user-00000000@example.com"))
    graphcalls_stage.record_answer("onlinemeeting-create.user-principal-name", answer)


@question("onlinemeeting-create.attendee-without-upn")
def test_how_an_attendee_without_upn_is_answered(graphcalls_stage: Stage) -> None:
    """An id alone."""
    attendees = [{"identity": graphcalls_stage.person().identity()}]
    answer = make(graphcalls_stage, participants={"attendees": attendees})
    graphcalls_stage.record_answer("onlinemeeting-create.attendee-without-upn", answer)


@question("onlinemeeting-create.own-passcode")
def test_how_a_passcode_of_ones_own_is_answered(graphcalls_stage: Stage) -> None:
    """Is a passcode in the request accepted, or does the service generate one all the same?"""
    answer = make(graphcalls_stage, joinMeetingIdSettings={"isPasscodeRequired": True, "passcode": "letmein"})
    got = (members(answer).get("joinMeetingIdSettings") or {}).get("passcode")
    note = "" if refused(answer) else "taken" if got == "letmein" else "ignored"
    graphcalls_stage.record_answer("onlinemeeting-create.own-passcode", answer, note)
