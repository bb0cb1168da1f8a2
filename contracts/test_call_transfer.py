"""call: transfer. What the documentation promises about handing an established call on."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required,
    test_a_token_is_required,
    test_it_is_answered_with_202_and_nothing as test_a_transfer_is_answered_with_202_and_nothing,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Invitee, Stage, StagedCall, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-transfer"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-transfer.success-is-202-empty"


def transfer(call: StagedCall, target: Invitee, *, replaces: str = "", **body: Any) -> Answer:
    """The answer to a transfer of ``call`` to ``target``."""
    return call.send(OPERATION, {"transferTarget": target.entry(replaces=replaces), **body})


def transferred(stage: Stage, target: Invitee | None = None) -> StagedCall:
    """A call with one person whose transfer was taken."""
    call = stage.peer_to_peer_call()
    stage.accepted(transfer(call, target or stage.person("Bob")), SUCCESS)
    return call


def goes_on(stage: Stage, call: StagedCall, answer: Answer) -> bool:
    """Whether a call still exists after the time that a transfer with this answer needs."""
    return call.lives() if refused(answer) else not stage.until(lambda: not call.lives(), within=2)


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A call with one person is transferred to another."""
    call, bob = graphcalls_stage.peer_to_peer_call(), graphcalls_stage.person("Bob")
    return Attempt(OPERATION, call, partial(transfer, target=bob), call.lives)


@rule("call-transfer.transferred-call-ends")
def test_a_transferred_call_is_over(graphcalls_stage: Stage) -> None:
    """Once the target has taken the call, it is over for the bot."""
    call = transferred(graphcalls_stage)
    assert graphcalls_stage.until(lambda: not call.lives()), "the transferred call is still there"


@rule("call-transfer.end-is-notified")
def test_the_end_is_notified(graphcalls_stage: Stage) -> None:
    """The end of a transferred call is posted as deleted, with the state terminated."""
    call = transferred(graphcalls_stage)
    notices = graphcalls_stage.wait_for_notices("deleted", call.id)
    assert [one.of_call().get("state") for one in notices] == ["terminated"]


@rule("call-transfer.states-are-notified")
def test_the_states_are_notified(graphcalls_stage: Stage) -> None:
    """Transferring and transferAccepted are posted, in this order."""
    call = transferred(graphcalls_stage)
    notices = graphcalls_stage.wait_for_notices(
        "updated", call.id, lambda seen: "transferaccepted" in {one.state() for one in seen}
    )
    seen = [one.state() for one in notices]
    assert [one for one in seen if one.startswith("transfer")] == ["transferring", "transferaccepted"]


@rule("call-transfer.consultative-with-replaces-call-id")
def test_a_consultative_transfer_is_taken(graphcalls_stage: Stage) -> None:
    """With replacesCallId, the id of the bot's own call with the target, the transferred call ends as well."""
    stage = graphcalls_stage
    alice, bob = stage.persons(2)
    first, second = stage.peer_to_peer_call(alice), stage.peer_to_peer_call(bob)
    answer = transfer(first, bob, replaces=second.id)
    if refused(answer):
        stage.accepted(transfer(first, bob), SUCCESS)
        pytest.fail("the request was refused because of replacesCallId")
    assert stage.until(lambda: not first.lives()), "the transferred call is still there"


@rule("call-transfer.failed-transfer-goes-on")
def test_a_call_whose_transfer_has_failed_goes_on(graphcalls_stage: Stage) -> None:
    """When the target has declined, the call is established again."""
    stage = graphcalls_stage
    call = transferred(stage, stage.decliner())
    stage.advance(5)
    assert call.state() == "established"


@rule("call-transfer.failure-is-notified")
def test_a_failure_is_notified(graphcalls_stage: Stage) -> None:
    """When the target has declined, an update says established, with a resultInfo of code 500."""
    stage = graphcalls_stage
    call = transferred(stage, stage.decliner())
    results = [one.of_call().get("resultInfo") for one in _after_failure(stage, call) if one.state() == "established"]
    assert [int(result["code"]) for result in results if result] == [500]


def _after_failure(stage: Stage, call: StagedCall) -> list[Any]:
    stage.advance(5)
    return stage.notices_of("updated", call.id)


@rule("call-transfer.group-call-names-the-transferee")
def test_without_transferee_nobody_is_transferred_out_of_a_group_call(graphcalls_stage: Stage) -> None:
    """A transfer that does not say who is transferred does not change the group call."""
    call = graphcalls_stage.meeting_call()
    answer = transfer(call, graphcalls_stage.person("Zoe"))
    assert goes_on(graphcalls_stage, call, answer), "the bot's call is over"


@rule("call-transfer.phone-needs-application-instance")
def test_a_bot_without_application_instance_transfers_to_no_phone(graphcalls_stage: Stage) -> None:
    """To transfer a call to a phone the bot has to be an application instance."""
    stage = graphcalls_stage
    alice, phone = stage.person(), stage.phone()
    call = stage.staged(alice, by=stage.other_app(phone=False), targets=[alice.entry()])
    assert goes_on(stage, call, transfer(call, phone)), "the call was transferred to a phone"
    stage.accepted(transfer(stage.peer_to_peer_call(), phone), SUCCESS)


@question("call-transfer.out-of-a-group-call")
def test_question_out_of_a_group_call(graphcalls_stage: Stage) -> None:
    """Is a person who is named as transferee transferred out of a group call?"""
    call = graphcalls_stage.meeting_call()
    answer = transfer(call, graphcalls_stage.person("Zoe"), transferee=_participant(call))
    outcome = "the call went on" if goes_on(graphcalls_stage, call, answer) else "the call ended"
    graphcalls_stage.record_answer("call-transfer.out-of-a-group-call", answer, "" if refused(answer) else outcome)


def _participant(call: StagedCall) -> dict[str, Any]:
    who = call.people[0]
    info = {"@odata.type": "#microsoft.graph.participantInfo", "identity": who.identity()}
    return {**info, "participantId": call.id_of(who)}


@question("call-transfer.after-an-invite")
def test_question_after_an_invite(graphcalls_stage: Stage) -> None:
    """What is answered when a user was invited into the peer-to-peer call before?"""
    stage = graphcalls_stage
    call = stage.peer_to_peer_call()
    stage.accepted(call.invite(stage.person("Carol").entry()), "participant-invite.success-is-200-with-operation")
    stage.record_answer("call-transfer.after-an-invite", transfer(call, stage.person("Bob")))


@question("call-transfer.bot-as-target")
def test_question_bot_as_target(graphcalls_stage: Stage) -> None:
    """What is answered when the target is a bot, or the resource account of one?"""
    answer = transfer(graphcalls_stage.peer_to_peer_call(), graphcalls_stage.bot())
    graphcalls_stage.record_answer("call-transfer.bot-as-target", answer)


@question("call-transfer.unknown-replaced-call")
def test_question_unknown_replaced_call(graphcalls_stage: Stage) -> None:
    """What is answered when replacesCallId names no call?"""
    stage = graphcalls_stage
    answer = transfer(stage.peer_to_peer_call(), stage.person("Bob"), replaces=stage.new_id())
    stage.record_answer("call-transfer.unknown-replaced-call", answer)


@question("call-transfer.replaced-call")
def test_question_replaced_call(graphcalls_stage: Stage) -> None:
    """What becomes of the bot's own call with the target after a consultative transfer?"""
    stage = graphcalls_stage
    alice, bob = stage.persons(2)
    first, second = stage.peer_to_peer_call(alice), stage.peer_to_peer_call(bob)
    answer = stage.accepted(transfer(first, bob, replaces=second.id), SUCCESS)
    ends = stage.wait_for_notices("deleted", second.id)
    results = [one.of_call().get("resultInfo") or {} for one in ends]
    outcome = ", ".join(f"{one.get('code')}/{one.get('subcode')}" for one in results) or "no end was notified"
    stage.record_answer("call-transfer.replaced-call", answer, outcome)


@question("call-transfer.transferred-twice")
def test_question_transferred_twice(graphcalls_stage: Stage) -> None:
    """What is answered to a second transfer while the first one is under way?"""
    call = transferred(graphcalls_stage)
    answer = transfer(call, graphcalls_stage.person("Carol"))
    graphcalls_stage.record_answer("call-transfer.transferred-twice", answer)


@question("call-transfer.phone-without-instance-status")
def test_question_phone_without_instance(graphcalls_stage: Stage) -> None:
    """Which status and code refuse a phone as target to a bot that is no application instance?"""
    stage = graphcalls_stage
    alice = stage.person()
    call = stage.staged(alice, by=stage.other_app(phone=False), targets=[alice.entry()])
    stage.record_answer("call-transfer.phone-without-instance-status", transfer(call, stage.phone()))


@question("call-transfer.no-transferee-status")
def test_question_no_transferee(graphcalls_stage: Stage) -> None:
    """Which status and code refuse a transfer without transferee in a group call?"""
    answer = transfer(graphcalls_stage.meeting_call(), graphcalls_stage.person("Zoe"))
    graphcalls_stage.record_answer("call-transfer.no-transferee-status", answer)
