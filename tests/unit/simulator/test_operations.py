"""Long-running operations of any type: how they start, wait for each other, end and are shown."""

from __future__ import annotations

import pytest

from pytest_graphcalls.simulator import SimulatedCall, Simulator
from tests.unit.simulator.bot import Bot, code, entry, evidence, summaries


@pytest.fixture(name="simulator")
def _simulator() -> Simulator:
    return Simulator()


@pytest.fixture(name="bot", params=["v1.0", "beta"])
def _bot(simulator: Simulator, request: pytest.FixtureRequest) -> Bot:
    return Bot(simulator, version=request.param)


@pytest.fixture(name="call")
def _call(simulator: Simulator, bot: Bot) -> SimulatedCall:
    return bot.ring(simulator.person("Ana"))


def ended(simulator: Simulator) -> list[str]:
    """Ids of the operations whose end was notified, in order."""
    entries = (note.entries[0] for note in simulator.notifications)
    return [one["resourceData"]["id"] for one in entries if "/operations/" in one["resourceUrl"]]


def test_a_prompt_is_heard_for_as_long_as_the_pace_says(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """Each of them; the operation runs that long and completes."""
    answer = bot.play(call, 3)
    assert (answer.status, answer.json()["status"]) == (200, "running")
    simulator.advance(3 * simulator.pace.prompt - 0.1)
    assert bot.operation(call, answer)["status"] == "running"
    simulator.advance(0.1)
    assert bot.operation(call, answer)["status"] == "completed"


def test_the_end_shows_what_was_played_and_why_it_ended(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """The end of the operation is as in the capture of s1.2; the answer shows neither."""
    answer = bot.play(call, clientContext="beep")
    simulator.advance(60)
    data = simulator.notifications[-1].entries[0]["resourceData"]
    assert data["prompts"][0]["mediaInfo"]["resourceId"] == "beep"
    assert (data["completionReason"], data["clientContext"]) == ("completedSuccessfully", "beep")
    assert data["resultInfo"]["message"] == "Action completed successfully. DiagCode: 200#0.@"
    assert not {"prompts", "completionReason"} & set(answer.json())


def test_operations_of_one_queue_wait_for_each_other(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """Each begins when those before it have ended."""
    ids = [bot.play(call, prompts).json()["id"] for prompts in (3, 1, 2)]
    simulator.advance(4 * simulator.pace.prompt)
    assert ended(simulator) == ids[:2]
    simulator.advance(2 * simulator.pace.prompt)
    assert ended(simulator) == ids


def test_two_calls_have_a_queue_each(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """What is played in one of them keeps nothing waiting in the other."""
    other = bot.ring(simulator.person("Ben"))
    first, second = bot.play(call, 5), bot.play(other, 1)
    simulator.advance(simulator.pace.prompt)
    assert ended(simulator) == [second.json()["id"]]
    simulator.advance(4 * simulator.pace.prompt)
    assert ended(simulator) == [second.json()["id"], first.json()["id"]]


def test_a_running_operation_can_be_cancelled_and_the_next_begins(
    simulator: Simulator, bot: Bot, call: SimulatedCall
) -> None:
    """A cancelled operation ends once, as its file of the contract says; an invite is none that can be."""
    bot.play(call, 5)
    invite = bot.invite(call, entry(simulator.person("Cleo").never_answers()))
    simulator.operations.cancel(simulator.store.calls[call.id])
    assert summaries(simulator.notifications)[-1] == "deleted operation failed 400/8508"
    later = bot.play(call)
    simulator.advance(5 * simulator.pace.prompt)
    assert summaries(simulator.notifications)[-1] == "deleted operation completed 200/0"
    assert ended(simulator)[-1] == later.json()["id"]
    assert len(ended(simulator)) == 2
    assert bot.operation(call, invite)["status"] == "running"


def test_an_operation_of_an_ended_call_is_not_notified(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """Running and waiting operations of an ended call are not notified (s0.18)."""
    bot.play(call)
    bot.play(call)
    bot.delete(f"/{call.id}")
    simulator.advance(60)
    assert ended(simulator) == []


def test_a_loop_goes_on_in_beta_alone(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """v1.0 has no such parameter; it is passed over."""
    bot.play(call, loop=True)
    simulator.advance(600)
    assert len(ended(simulator)) == (bot.version == "v1.0")


def test_no_prompts_and_app_hosted_media_are_refused(simulator: Simulator, bot: Bot) -> None:
    """With the codes of the sibling service."""
    app_hosted = {"@odata.type": "#microsoft.graph.appHostedMediaConfig", "blob": "x"}
    call = simulator.call(bot.create(targets=[entry(simulator.person("Ana"))], mediaConfig=app_hosted).json()["id"])
    assert code(bot.play(call)) == "400 8501"
    simulator.advance(5)
    assert code(bot.play(call)) == "400 8500"
    assert code(bot.play(bot.ring(simulator.person("Ben")), 0)) == "400 8523"


def test_a_mute_is_done_at_once(simulator: Simulator, bot: Bot) -> None:
    """The operation of a mute is completed at once, and there is no notification of it."""
    call = bot.join()
    answer = bot.mute(call, "Ana", clientContext="quiet")
    assert answer.json()["@odata.type"] == "#microsoft.graph.muteParticipantOperation"
    assert (answer.json()["status"], answer.json()["clientContext"]) == ("completed", "quiet")
    assert answer.headers["Location"].endswith(f"/calls/{call.id}/operations/{answer.json()['id']}")
    assert evidence(answer) == "documented; fact=participant-mute.r01"
    simulator.advance(60)
    assert bot.operation(call, answer)["status"] == "completed"
    assert ended(simulator) == []
