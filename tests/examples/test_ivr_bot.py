"""The IVR, driven in this process: people press keys and speak, time passes when the test says so."""

from __future__ import annotations

import io
import wave

import httpx
import pytest
from ivr_bot import Ivr

from pytest_graphcalls import GraphCalls, SimulatorTransport


def wav(seconds: int) -> bytes:
    """Silence in the format that the service takes."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(bytes(2 * 16_000 * seconds))
    return file.getvalue()


@pytest.fixture
def ivr(graphcalls: GraphCalls) -> Ivr:
    api = httpx.AsyncClient(
        transport=SimulatorTransport(graphcalls.simulator),
        base_url="https://graph.microsoft.com",
        headers={"Authorization": f"Bearer {graphcalls.token}"},
    )
    prompts = {"menu": wav(8), "leave-a-message": wav(4), "goodbye": wav(2)}
    ivr = Ivr(api, graphcalls.simulator.authority.app.callback_uri, prompts)
    graphcalls.bot(ivr.app)
    return ivr


def test_a_caller_who_presses_one_can_record_a_message(graphcalls: GraphCalls, ivr: Ivr) -> None:
    call = graphcalls.answered_call("Adele")
    adele = graphcalls.simulator.person("Adele")
    adele.presses("1", after=3)
    adele.speaks(5, after=9)
    graphcalls.simulator.advance(60)
    names = [one.resource_id for one in adele.heard]
    assert names == ["menu", "leave-a-message", "goodbye"]
    assert [one.ended for one in adele.heard] == ["cancelled", "completed", "completed"]
    assert [message[:4] for message in ivr.messages] == [b"RIFF"]
    assert call.state == "terminated"
    graphcalls.bot.assert_plays_when_audio_is_active()
    graphcalls.bot.assert_goes_on_after_an_end()
    graphcalls.bot.assert_fetched_every_recording()
    graphcalls.bot.assert_hung_up_what_it_created()


def test_a_silent_caller_is_hung_up_on(graphcalls: GraphCalls, ivr: Ivr) -> None:
    call = graphcalls.answered_call("Adele")
    graphcalls.simulator.person("Adele").stays_silent()
    graphcalls.simulator.person("Adele").presses("1", after=3)
    graphcalls.simulator.advance(60)
    assert (ivr.messages, call.state) == ([], "terminated")


def test_a_key_that_comes_again_is_no_second_choice(graphcalls: GraphCalls, ivr: Ivr) -> None:
    graphcalls.answered_call("Adele")
    graphcalls.simulator.person("Adele").presses("1", after=3)
    graphcalls.simulator.advance(5)
    graphcalls.bot.assert_acts_once_for_each_tone()
    assert len(graphcalls.bot.requests_to("call-playprompt")) == 2
    assert ivr.messages == []
