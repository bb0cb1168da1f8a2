"""Report synthetic media. What the documentation promises about reports that a participant's media is synthetic."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_token_is_required,
    test_it_is_answered_with_200_and_nothing as test_a_report_is_answered_with_200_and_nothing,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Notice, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "participant-reportsyntheticmedia"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "participant-reportsyntheticmedia.success-is-200-empty"


def report(stage: Stage, call: StagedCall, participant: str = "", **changes: Any) -> Answer:
    """Report a participant, by default the first person in the call; a parameter that is ``None`` is left out."""
    body = {
        "id": stage.new_id(),
        "detectionDateTime": "2026-06-15T10:30:00Z",
        "contentMetadata": {"modality": "audio", "isRealTime": True, "duration": 10},
        "detections": [{"modality": "audio", "confidence": 0.9, "modelName": "detector-1"}],
        "isMalicious": False,
        "overallConfidence": 0.9,
        **changes,
    }
    sent = {name: value for name, value in body.items() if value is not None}
    return call.send(OPERATION, sent, participant_id=participant or call.id_of(call.people[0]))


def detection(stage: Stage, call: StagedCall) -> dict[str, Any]:
    """What the first person in the call is read with."""
    person = members(call.participant(call.id_of(call.people[0])))
    if "id" not in person:
        raise stage.cannot_tell(
            "a participant", "the answer has no id", "participant-get.success-is-200-with-participant"
        )
    found = person.get("syntheticMediaDetection")
    return found if isinstance(found, dict) else {}


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """One person is reported."""
    call = graphcalls_stage.meeting_call(people=1)
    return Attempt(OPERATION, call, partial(report, graphcalls_stage, participant=call.id_of(call.people[0])))


@rule("participant-reportsyntheticmedia.participant-shows-the-report")
def test_the_participant_is_read_with_the_report(graphcalls_stage: Stage) -> None:
    """A reported participant is read with the id of the report and the overall confidence."""
    call, id = graphcalls_stage.meeting_call(people=1), graphcalls_stage.new_id()
    graphcalls_stage.accepted(report(graphcalls_stage, call, id=id, overallConfidence=0.75), SUCCESS)
    assert graphcalls_stage.until(lambda: bool(detection(graphcalls_stage, call)))
    assert str(detection(graphcalls_stage, call).get("detectionId")).lower() == id.lower()
    assert detection(graphcalls_stage, call).get("syntheticConfidence") == 0.75


@rule("participant-reportsyntheticmedia.roster-update-follows")
def test_the_roster_follows(graphcalls_stage: Stage) -> None:
    """After a report the roster is sent again, with the report on the participant."""
    call = graphcalls_stage.meeting_call(people=1)
    participant = call.id_of(call.people[0])
    graphcalls_stage.accepted(report(graphcalls_stage, call, participant), SUCCESS)

    def has_it(heard: list[Notice]) -> bool:
        entries = (one for notice in heard for one in notice.data if one.get("id") == participant)
        return any(one.get("syntheticMediaDetection") for one in entries)

    assert has_it(graphcalls_stage.wait_for_notices("updated", f"{call.id}/participants", has_it))


@rule("participant-reportsyntheticmedia.latest-report-is-shown")
def test_the_latest_report_is_shown(graphcalls_stage: Stage) -> None:
    """Of two reports about a participant the second one is shown."""
    call, second = graphcalls_stage.meeting_call(people=1), graphcalls_stage.new_id()
    graphcalls_stage.accepted(report(graphcalls_stage, call, overallConfidence=0.2), SUCCESS)
    if not graphcalls_stage.until(lambda: bool(detection(graphcalls_stage, call))):
        see = "participant-reportsyntheticmedia.participant-shows-the-report"
        raise graphcalls_stage.cannot_tell("a participant with a report", "the participant is read without it", see)
    graphcalls_stage.accepted(report(graphcalls_stage, call, id=second, overallConfidence=0.8), SUCCESS)
    assert graphcalls_stage.until(
        lambda: str(detection(graphcalls_stage, call).get("detectionId")).lower() == second.lower()
    )


@rule("participant-reportsyntheticmedia.bot-has-been-admitted")
def test_a_bot_that_is_not_in_the_call_is_refused(graphcalls_stage: Stage) -> None:
    """While the call rings; the same report is taken once the bot has answered."""
    call = graphcalls_stage.incoming_call(group=True)
    caller = next((one["id"] for one in call.roster() if one.get("id")), None)
    if caller is None:
        see = "call-list-participants.success-is-200-with-collection"
        raise graphcalls_stage.cannot_tell("a participant of a call that rings", "the roster names none", see)
    participant = str(caller)
    assert refused(report(graphcalls_stage, call, participant))
    graphcalls_stage.accepted(call.answer(), "call-answer.success-is-202-empty")
    graphcalls_stage.reached(lambda: call.state() == "established", "an answered call that is established")
    graphcalls_stage.accepted(report(graphcalls_stage, call, participant), SUCCESS)


@rule("participant-reportsyntheticmedia.six-parameters-are-required")
@pytest.mark.parametrize("missing", ["id", "detections", "isMalicious"])
def test_a_report_that_lacks_a_parameter_is_answered_with_400(graphcalls_stage: Stage, missing: str) -> None:
    """Three of the six that are required."""
    call = graphcalls_stage.meeting_call(people=1)
    with graphcalls_stage.expecting("six-parameters-are-required"):
        answer = report(graphcalls_stage, call, **{missing: None})
    assert answer.status_code == 400


@rule("participant-reportsyntheticmedia.confidence-from-0-to-1")
def test_both_ends_of_the_confidence_are_taken(graphcalls_stage: Stage) -> None:
    """0 and 1 are confidences."""
    call = graphcalls_stage.meeting_call(people=2)
    graphcalls_stage.accepted(report(graphcalls_stage, call), SUCCESS)
    answers = [report(graphcalls_stage, call, overallConfidence=one) for one in (0.0, 1.0)]
    assert not any(map(refused, answers))


@rule("participant-reportsyntheticmedia.unknown-is-404")
def test_an_unknown_participant_is_answered_with_404(graphcalls_stage: Stage) -> None:
    """A report about an id that no participant of the call has."""
    call = graphcalls_stage.meeting_call(people=0)
    assert report(graphcalls_stage, call, graphcalls_stage.new_id()).status_code == 404


@rule("participant-reportsyntheticmedia.role-is-required")
def test_a_role_is_required(graphcalls_stage: Stage) -> None:
    """A token without the role is answered with 403."""
    call = graphcalls_stage.meeting_call(people=1)
    participant = call.id_of(call.people[0])
    answer = report(graphcalls_stage, call.through(graphcalls_stage.client_with()), participant)
    assert answer.status_code == 403
    # Is it because of the role? Then the same request with it is carried out.
    graphcalls_stage.accepted(report(graphcalls_stage, call, participant), SUCCESS)


@question("participant-reportsyntheticmedia.same-id-twice")
def test_question_same_id_twice(graphcalls_stage: Stage) -> None:
    """What is answered to a second report with the same id?"""
    call, id = graphcalls_stage.meeting_call(people=1), graphcalls_stage.new_id()
    graphcalls_stage.accepted(report(graphcalls_stage, call, id=id), SUCCESS)
    answer = report(graphcalls_stage, call, id=id)
    graphcalls_stage.record_answer("participant-reportsyntheticmedia.same-id-twice", answer)


@question("participant-reportsyntheticmedia.twice-in-a-minute")
def test_question_twice_in_a_minute(graphcalls_stage: Stage) -> None:
    """Is a second report about a participant refused within a minute?"""
    call = graphcalls_stage.meeting_call(people=1)
    graphcalls_stage.accepted(report(graphcalls_stage, call), SUCCESS)
    answer = report(graphcalls_stage, call)
    graphcalls_stage.record_answer("participant-reportsyntheticmedia.twice-in-a-minute", answer)


@question("participant-reportsyntheticmedia.other-members")
def test_question_other_members(graphcalls_stage: Stage) -> None:
    """What do detectorBot and isParticipantTrusted hold?"""
    call = graphcalls_stage.meeting_call(people=1)
    answer = graphcalls_stage.accepted(report(graphcalls_stage, call), SUCCESS)
    graphcalls_stage.until(lambda: bool(detection(graphcalls_stage, call)))
    note = ", ".join(
        f"{name}: {detection(graphcalls_stage, call).get(name)}" for name in ("detectorBot", "isParticipantTrusted")
    )
    graphcalls_stage.record_answer("participant-reportsyntheticmedia.other-members", answer, note)


@question("participant-reportsyntheticmedia.participant-id-of-another-form")
def test_question_participant_id_of_another_form(graphcalls_stage: Stage) -> None:
    """Which code goes with the 400 for a participant id of another form?"""
    answer = report(graphcalls_stage, graphcalls_stage.meeting_call(people=0), "nobody")
    graphcalls_stage.record_answer("participant-reportsyntheticmedia.participant-id-of-another-form", answer)


@question("participant-reportsyntheticmedia.in-peer-to-peer")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Can the other side of a peer-to-peer call be reported?"""
    call = graphcalls_stage.peer_to_peer_call()
    answer = report(graphcalls_stage, call, graphcalls_stage.new_id())
    graphcalls_stage.record_answer("participant-reportsyntheticmedia.in-peer-to-peer", answer)
