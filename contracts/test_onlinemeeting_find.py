"""Find onlineMeeting. What the documentation promises about looking a meeting up."""

from __future__ import annotations

from functools import partial
from urllib.parse import unquote

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required as test_a_token_without_roles_finds_nothing,
    test_a_token_is_required as test_a_request_without_a_token_is_refused,
    test_an_application_access_policy_is_required as test_an_app_without_a_policy_finds_nothing,
)
from pytest_graphcalls.stage import Answer, Stage, StagedMeeting, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "onlinemeeting-find"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)


def ids(answer: Answer) -> list[str]:
    """The ids of the meetings in a list."""
    found = members(answer).get("value")
    return [str(one.get("id")) for one in found if isinstance(one, dict)] if isinstance(found, list) else []


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A meeting is looked up by its join address."""
    meeting = graphcalls_stage.online_meeting()
    return Attempt(OPERATION, meeting, partial(StagedMeeting.find, filter=meeting.by_address))


@rule("onlinemeeting-find.success-is-200-with-collection")
def test_a_look_up_is_answered_with_a_list(graphcalls_stage: Stage) -> None:
    """A meeting that was found is answered with 200 and a list."""
    meeting = graphcalls_stage.online_meeting()
    answer = meeting.find(meeting.by_address)
    assert answer.status_code == 200
    assert isinstance(members(answer).get("value"), list)


@rule("onlinemeeting-find.join-url-finds-one-meeting")
def test_a_join_address_finds_its_meeting_alone(graphcalls_stage: Stage) -> None:
    """Of two meetings of a user the one with the address is found."""
    meeting = graphcalls_stage.online_meeting()
    graphcalls_stage.online_meeting(organizer=meeting)
    answer = graphcalls_stage.accepted(
        meeting.find(meeting.by_address), "onlinemeeting-find.success-is-200-with-collection"
    )
    if not isinstance(members(answer).get("value"), list):
        raise graphcalls_stage.cannot_tell("what was found", "the answer is no list")
    assert ids(answer) == [meeting.id]


@rule("onlinemeeting-find.join-meeting-id-finds-one-meeting")
def test_a_number_finds_its_meeting_alone(graphcalls_stage: Stage) -> None:
    """Of two meetings of a user the one with the number is found."""
    meeting = graphcalls_stage.online_meeting()
    graphcalls_stage.online_meeting(organizer=meeting)
    answer = meeting.find(meeting.by_number)
    assert not refused(answer)
    if not isinstance(members(answer).get("value"), list):
        raise graphcalls_stage.cannot_tell("what was found", "the answer is no list")
    assert ids(answer) == [meeting.id]


@rule("onlinemeeting-find.filter-is-required")
def test_no_list_is_given_without_a_filter(graphcalls_stage: Stage) -> None:
    """The meetings of a user cannot be listed."""
    assert refused(graphcalls_stage.online_meeting().find(""))


@rule("onlinemeeting-find.organizer-finds-it")
def test_an_attendee_does_not_find_the_meeting(graphcalls_stage: Stage) -> None:
    """With an attendee in the path the look-up is refused."""
    attendee = graphcalls_stage.person()
    meeting = graphcalls_stage.online_meeting(attendee)
    assert refused(meeting.seen_by(attendee.id).find(meeting.by_address))


@question("onlinemeeting-find.unknown-address")
def test_how_an_unknown_address_is_answered(graphcalls_stage: Stage) -> None:
    """The address of a meeting that was deleted."""
    meeting = graphcalls_stage.online_meeting()
    graphcalls_stage.accepted(meeting.delete())
    answer = meeting.find(meeting.by_address)
    graphcalls_stage.record_answer(
        "onlinemeeting-find.unknown-address", answer, "" if refused(answer) else f"{len(ids(answer))} meetings"
    )


@question("onlinemeeting-find.decoded-address")
def test_how_a_decoded_address_is_answered(graphcalls_stage: Stage) -> None:
    """The address with braces and quotes in clear."""
    meeting = graphcalls_stage.online_meeting()
    answer = meeting.find(unquote(meeting.by_address))
    graphcalls_stage.record_answer(
        "onlinemeeting-find.decoded-address", answer, "" if refused(answer) else f"{len(ids(answer))} meetings"
    )


@question("onlinemeeting-find.user-principal-name")
def test_how_a_user_principal_name_is_answered(graphcalls_stage: Stage) -> None:
    """A name in place of the object id."""
    meeting = graphcalls_stage.online_meeting()
    answer = meeting.seen_by("user-00000000@example.com").find(meeting.by_address)
    graphcalls_stage.record_answer("onlinemeeting-find.user-principal-name", answer)


@question("onlinemeeting-find.no-join-address")
def test_how_another_text_is_answered(graphcalls_stage: Stage) -> None:
    """A text that is no join address."""
    answer = graphcalls_stage.organizer().find("JoinWebUrl eq 'https://bot.example.org/'")
    graphcalls_stage.record_answer("onlinemeeting-find.no-join-address", answer)
