"""Report the media quality of a meeting room device."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required,
    test_a_token_is_required,
    test_it_is_answered_with_200_and_nothing as test_a_report_is_answered_with_200_and_nothing,
)
from pytest_graphcalls.stage import Answer, Client, Stage, StagedCall, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-logteleconferencedevicequality"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
ADDRESS = "/communications/calls/logTeleconferenceDeviceQuality"
AUDIO = {
    "@odata.type": "#microsoft.graph.teleconferenceDeviceAudioQuality",
    "channelIndex": 1,
    "mediaDuration": "PT20M",
    "averageInboundJitter": "PT0.03S",
    "averageInboundPacketLossRateInPercentage": 0.01,
}


def quality(stage: Stage) -> dict[str, Any]:
    """A report about a call, a participant and a leg of media that are new."""
    ids = {name: stage.new_id() for name in ("callChainId", "participantId", "mediaLegId")}
    device = {"deviceName": "Room 7", "deviceDescription": "A device on a wall"}
    return {"@odata.type": "#microsoft.graph.teleconferenceDeviceQuality", **ids, **device, "mediaQualityList": [AUDIO]}


def report(stage: Stage, client: Client | None = None, **body: Any) -> Answer:
    """Send a report; ``body`` in the place of a whole one."""
    return stage.ask(client or stage.client, "POST", ADDRESS, body or {"quality": quality(stage)})


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A device reports."""
    no_call = StagedCall(graphcalls_stage, "", graphcalls_stage.client)
    return Attempt(OPERATION, no_call, lambda call: report(graphcalls_stage, call.client))


@rule("call-logteleconferencedevicequality.quality-is-required")
def test_a_quality_is_required(graphcalls_stage: Stage) -> None:
    """A request that reports nothing is not taken."""
    stage = graphcalls_stage
    with stage.expecting("quality-is-required"):
        answer = report(stage, quality=None)
    assert refused(answer)


@question("call-logteleconferencedevicequality.unknown-call")
def test_question_unknown_call(graphcalls_stage: Stage) -> None:
    """What is answered to a report about a call that there is not?"""
    answer = report(graphcalls_stage)
    graphcalls_stage.record_answer("call-logteleconferencedevicequality.unknown-call", answer)


@question("call-logteleconferencedevicequality.other-partners")
def test_question_other_partners(graphcalls_stage: Stage) -> None:
    """What is answered to an app that is no certified partner?"""
    answer = report(graphcalls_stage)
    graphcalls_stage.record_answer("call-logteleconferencedevicequality.other-partners", answer)
