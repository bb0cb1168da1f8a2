"""What a bot answers to an incoming call in the older form, and to one more person of a recording policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.simulator import Simulator
from tests.unit.bot.bots import Phone


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def bot(simulator: Simulator) -> Iterator[Bot]:
    with closing(Bot(simulator)) as found:
        yield found


def replying(status: int, body: bytes = b"") -> Any:
    """A bot that says the same to everything."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        await receive()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app


def test_a_204_to_the_older_form_brings_the_form_of_graph(simulator: Simulator, bot: Bot) -> None:
    """The form of Graph comes once, and not for a call that is over meanwhile."""
    bot(replying(204))
    call = simulator.incoming_call("Ana", in_old_form=True)
    simulator.advance(1)
    older, newer = bot.deliveries
    assert (older.kind, newer.kind) == ("incoming call in the older form", "created call incoming")
    assert newer.body["value"][0]["resourceData"]["id"] == call.id
    simulator.incoming.arrive_again("57da")
    assert len(simulator.notifications) == 2


def test_another_answer_to_the_older_form_brings_nothing(simulator: Simulator, bot: Bot) -> None:
    """The call rings on until its time is over."""
    bot(replying(202))
    call = simulator.incoming_call("Ana", in_old_form=True)
    simulator.advance(15)
    assert [one.kind for one in bot.deliveries] == [
        "incoming call in the older form",
        "deleted call terminated 408/8587",
    ]
    assert call.state == "terminated"


def test_the_reply_about_one_more_person_is_kept(simulator: Simulator, bot: Bot) -> None:
    """The reply is the body of the answer, whatever the bot decides."""
    call = simulator.incoming_call("Ana", recording_policy=True)
    Phone(simulator).answer(call.id)
    simulator.advance(1)
    answer = {"@odata.type": "#microsoft.graph.rejectJoinResponse", "reason": "busy"}
    bot(replying(200, json.dumps(answer).encode()))
    simulator.person("Ben").asks_to_join(call)
    simulator.advance(0)
    assert [one.reply for one in bot.deliveries] == [answer]
    bot(replying(200, b"fine"))
    simulator.person("Cem").asks_to_join(call)
    simulator.advance(0)
    assert bot.deliveries[-1].reply is None
