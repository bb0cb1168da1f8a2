"""One undamaged exchange of every operation, to be damaged."""

from __future__ import annotations

from functools import cache

from pytest_graphcalls.contract import Contract, Match
from pytest_graphcalls.contracts.shared import prompt
from pytest_graphcalls.contracts.test_call_logteleconferencedevicequality import quality
from pytest_graphcalls.session import Recorder
from pytest_graphcalls.stage import Stage, members
from pytest_graphcalls.targets import Setup, SimulatorTarget
from pytest_graphcalls.wire import Exchange

CONTRACT = Contract.packaged()
OPERATIONS = CONTRACT.operation_ids
CASES = [(id, version) for id in OPERATIONS for version in CONTRACT.operation(id).versions]
"""Every operation with each version that has it."""


@cache
def undamaged(version: str) -> dict[str, Exchange]:
    """One success of every operation, recorded from the simulator; the last one, which has seen the most."""
    recorder = Recorder(CONTRACT, rules=tuple(CONTRACT.rules))
    stage = Stage(SimulatorTarget().connect(Setup(version, recorder)), recorder)
    everything(stage)
    found = {}
    for exchange in recorder.exchanges:
        match = CONTRACT.match(exchange.request.method, exchange.request.path)
        assert isinstance(match, Match)
        if exchange.response.status in match.operation.responses:
            found[match.operation.id] = exchange
    return found


def everything(stage: Stage) -> None:
    """Use every operation of the stage's version once, with bodies as full as they get."""
    stage.answered_call().keep_alive()
    stage.incoming_call(group=True).reject(reason="busy")
    targets = [stage.person("Dora").entry()]
    late = "https://late.example.org/calls"
    stage.incoming_call().send("call-redirect", {"targets": targets, "callbackUri": late})
    other, first = stage.peer_to_peer_call(), stage.meeting_call(people=1)
    transferee = {"identity": first.people[0].identity(), "participantId": first.id_of(first.people[0])}
    target = other.people[0].entry(replaces=other.id)
    first.send("call-transfer", {"transferTarget": target, "transferee": transferee})
    stage.advance(5)
    call = stage.meeting_call(people=2)
    alice, bob = call.people
    entry = stage.person("Carol").entry(chosen_id=stage.new_id())
    operation = stage.accepted(call.invite(entry, clientContext=stage.new_id()))
    stage.wait_for_invited(call)
    call.operation(operation.headers["Location"].rpartition("/")[2])
    call.participant(call.id_of(bob))
    call.remove(call.id_of(alice))
    call.get()
    context = {"clientContext": stage.new_id()}
    call.send("call-addlargegalleryview", context)
    hosted = {"@odata.type": "#microsoft.graph.appHostedMediaConfig", "blob": "0"}
    options = {"@odata.type": "#microsoft.graph.outgoingCallOptions", "isContentSharingNotificationEnabled": True}
    screen = ["audio", "videoBasedScreenSharing"]
    seen = stage.staged(mediaConfig=hosted, requestedModalities=screen, callOptions=options, **stage.meeting())
    seen.send("call-changescreensharingrole", {"role": "sharer"})
    (session,) = members(seen.send("call-list-contentsharingsessions"))["value"]
    seen.send("contentsharingsession-get", session_id=session["id"])
    stage.ask(stage.client, "POST", "/communications/calls/logTeleconferenceDeviceQuality", {"quality": quality(stage)})
    call.send("call-mute", context)
    call.send("call-unmute", context)
    call.send("participant-mute", context, participant_id=call.id_of(bob))
    group = {"routingMode": "multicast", "sources": [call.id_of(bob)], "receivers": []}
    call.send("call-post-audioroutinggroups", {"id": "multicast", **group})
    call.send("call-list-audioroutinggroups")
    call.send("audioroutinggroup-update", group, group_id="multicast")
    call.send("audioroutinggroup-get", group_id="multicast")
    call.send("audioroutinggroup-delete", group_id="multicast")
    if stage._connection.version == "beta":  # the only one whose pages have these
        level = {"participant": call.id_of(bob)}
        call.send("participant-configuremixer", {"participantMixerLevels": [level], **context})
        call.send("participant-muteall", {"participants": [call.id_of(bob)], **context})
    call.send("call-playprompt", {"prompts": [prompt()], **context})
    call.send("participant-startholdmusic", {"customPrompt": prompt(), **context}, participant_id=call.id_of(bob))
    stage.advance(1)
    call.send("participant-stopholdmusic", context, participant_id=call.id_of(bob))
    call.send("call-subscribetotone", context)
    call.send(
        "call-record",
        {
            "prompts": [prompt()],
            "bargeInAllowed": False,
            "initialSilenceTimeoutInSeconds": 5,
            "maxSilenceTimeoutInSeconds": 5,
            "maxRecordDurationInSeconds": 5,
            "playBeep": True,
            "stopTones": ["#"],
            **context,
        },
    )
    call.send("call-cancelmediaprocessing", context)
    stage.answered_call(recording_policy=True).send("call-updaterecordingstatus", {"status": "recording", **context})
    if stage._connection.version == "v1.0":  # the only one whose pages have it
        call.send("call-senddtmftones", {"tones": ["tone1", "pound"], **context})
    if stage._connection.version == "beta":
        language = {"language": "en-us", **context}
        for what, body in (("recording", context), ("transcription", language)):
            call.send(f"call-start{what}", body)
            call.send(f"call-stop{what}", body)
        report = {
            "id": stage.new_id(),
            "detectionDateTime": "2026-06-15T10:30:00Z",
            "contentMetadata": {"modality": "audio", "isRealTime": True, "duration": 10},
            "detections": [{"modality": "audio", "confidence": 0.9, "modelName": "detector-1"}],
            "isMalicious": True,
            "overallConfidence": 0.9,
            "severity": "high",
        }
        call.send("participant-reportsyntheticmedia", report, participant_id=call.id_of(bob))
    meeting = stage.online_meeting(stage.person())
    meeting.get()
    meeting.find(f"JoinWebUrl eq '{meeting.facts['joinWebUrl']}'")
    meeting.delete()
    stage.close()
