"""Share the bot's screen. What the documentation promises about a bot that begins to share, or stops."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required,
    test_a_token_is_required,
    test_it_is_answered_with_202_and_nothing as test_a_change_is_answered_with_202_and_nothing,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Notice, Stage, StagedCall, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-changescreensharingrole"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-changescreensharingrole.success-is-202-empty"
SCREEN = "videoBasedScreenSharing"


def act(call: StagedCall, role: str = "sharer", **body: Any) -> Answer:
    """Let the bot be sharer, or viewer."""
    return call.send(OPERATION, {"role": role, **body})


def hosting(stage: Stage, *modalities: str, **where: Any) -> StagedCall:
    """A call whose bot hosts its media itself, in a meeting or ``where`` is said, with these modalities."""
    wanted = list(modalities or ("audio", "video", SCREEN))
    media = {"@odata.type": "#microsoft.graph.appHostedMediaConfig", "blob": stage.new_id()}
    return stage.staged(mediaConfig=media, requestedModalities=wanted, **(where or stage.meeting()))


def directions(call: StagedCall, id: str) -> list[Any]:
    """The direction of the screen of a participant, as the list has it."""
    streams = [stream for one in call.roster() if one.get("id") == id for stream in one.get("mediaStreams", ())]
    return [stream.get("direction") for stream in streams if stream.get("mediaType") == SCREEN]


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A bot that hosts its media itself begins to share."""
    return Attempt(OPERATION, hosting(graphcalls_stage), act)


@rule("call-changescreensharingrole.roster-update-follows")
def test_the_roster_follows(graphcalls_stage: Stage) -> None:
    """The roster is sent again, and lists the bot."""
    stage = graphcalls_stage
    call = hosting(stage)
    own = call.facts.get("myParticipantId")
    about = f"{call.id}/participants"
    before = len(stage.wait_for_notices("updated", about))
    stage.accepted(act(call), SUCCESS)

    def is_sent(notices: list[Notice]) -> bool:
        return any(one.get("id") == own for notice in notices[before:] for one in notice.data)

    assert is_sent(stage.wait_for_notices("updated", about, is_sent))


@rule("call-changescreensharingrole.group-calls-only")
def test_it_is_refused_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Screen sharing roles exist in group calls only."""
    assert refused(act(hosting(graphcalls_stage, targets=[graphcalls_stage.person().entry()])))


@rule("call-changescreensharingrole.app-hosted-media-only")
def test_it_is_refused_with_service_hosted_media(graphcalls_stage: Stage) -> None:
    """A bot whose media the service hosts has no screen."""
    assert refused(act(graphcalls_stage.meeting_call(people=0)))


@rule("call-changescreensharingrole.roles-are-viewer-and-sharer")
def test_both_roles_are_taken(graphcalls_stage: Stage) -> None:
    """A bot becomes sharer, and viewer again."""
    call = hosting(graphcalls_stage)
    answers = [act(call, role) for role in ("sharer", "viewer")]
    if all(map(refused, answers)):
        graphcalls_stage.accepted(answers[0], SUCCESS)
    assert not any(map(refused, answers))


@question("call-changescreensharingrole.in-peer-to-peer-status")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Which status and code refuse the request in a peer-to-peer call?"""
    answer = act(hosting(graphcalls_stage, targets=[graphcalls_stage.person().entry()]))
    graphcalls_stage.record_answer("call-changescreensharingrole.in-peer-to-peer-status", answer)


@question("call-changescreensharingrole.service-hosted-media-status")
def test_question_service_hosted_media(graphcalls_stage: Stage) -> None:
    """Which status and code refuse the request in a call whose media the service hosts?"""
    answer = act(graphcalls_stage.meeting_call(people=0))
    graphcalls_stage.record_answer("call-changescreensharingrole.service-hosted-media-status", answer)


@question("call-changescreensharingrole.without-screen-sharing")
def test_question_without_screen_sharing(graphcalls_stage: Stage) -> None:
    """What is answered in a call without the modality of shared screens?"""
    answer = act(hosting(graphcalls_stage, "audio"))
    graphcalls_stage.record_answer("call-changescreensharingrole.without-screen-sharing", answer)


@question("call-changescreensharingrole.viewer-twice")
def test_question_viewer_twice(graphcalls_stage: Stage) -> None:
    """What is answered to a viewer who asks to be viewer?"""
    answer = act(hosting(graphcalls_stage), "viewer")
    graphcalls_stage.record_answer("call-changescreensharingrole.viewer-twice", answer)


@question("call-changescreensharingrole.other-sharer")
def test_question_other_sharer(graphcalls_stage: Stage) -> None:
    """What becomes of a person who shares when the bot begins to share?"""
    stage = graphcalls_stage
    call = hosting(stage)
    (person,) = stage.bring(call, stage.person())
    stage.acting(call, person).shares_screen(call=call.id)
    answer = act(call)
    note = f"then the stream of the person is {' '.join(directions(call, call.id_of(person))) or 'gone'}"
    stage.record_answer("call-changescreensharingrole.other-sharer", answer, note)
