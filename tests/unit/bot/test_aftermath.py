"""What a bot goes on doing after its answer: what is raised there is told, what the bot takes care of itself is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.simulator import Simulator
from tests.unit.bot.bots import asgi


async def fails() -> None:
    await asyncio.sleep(0.01)
    raise LookupError("no such caller")


async def gathers() -> None:
    await asyncio.gather(fails(), return_exceptions=True)


async def catches() -> None:
    task = asyncio.ensure_future(fails())
    try:
        await task
    except LookupError:
        return


async def looks() -> None:
    """As Django's handler does with the task that listens for a disconnect."""
    task = asyncio.ensure_future(fails())
    await asyncio.wait([task])
    task.exception()


@pytest.mark.parametrize("work", [gathers, catches, looks])
def test_what_the_bot_takes_care_of_is_no_failure(
    simulator: Simulator, bot: Bot, work: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """An exception of a task that another task of the bot has asked for is the bot's own affair."""
    kept: list[Any] = []
    bot(asgi(lambda notes, headers: kept.append(asyncio.ensure_future(work()))))
    simulator.incoming_call()
    simulator.advance(0)
    (told,) = bot.deliveries
    assert (told.status, told.error) == (202, "")
    assert kept[0].done()


def answering(after: Callable[[], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """A bot that answers 202 and goes on in the same task."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        await receive()
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        await after()

    return app


def test_what_is_raised_in_the_same_breath_as_the_answer_is_told(simulator: Simulator, bot: Bot) -> None:
    """Nothing lies between the answer and the exception, so the task is over before anybody looks."""

    async def at_once() -> None:
        raise LookupError("no such caller")

    bot(answering(at_once))
    simulator.incoming_call()
    simulator.advance(0)
    (told,) = bot.deliveries
    assert told.error == "raised after its answer: LookupError: no such caller"
    assert "at_once" in told.trace
