"""A bot that goes on after its answer: exceptions that it raises there are reported, handled ones are not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.errors import BotError
from pytest_graphcalls.simulator import Simulator
from tests.unit.bot.bots import asgi, turns


async def fails() -> None:
    await turns()
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
    """A task that a second task looks at, like Django's task that listens for a disconnect."""
    task = asyncio.ensure_future(fails())
    await asyncio.wait([task])
    task.exception()


@pytest.mark.parametrize("work", [gathers, catches, looks])
def test_a_handled_exception_is_no_failure(
    simulator: Simulator, bot: Bot, work: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """An exception of a task that another task of the bot has asked for is the bot's own affair."""
    kept: list[Any] = []
    bot(asgi(lambda notes, headers: kept.append(asyncio.ensure_future(work()))))
    simulator.incoming_call()
    simulator.advance(0)
    (delivery,) = bot.deliveries
    assert (delivery.status, delivery.error) == (202, "")
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


def test_an_exception_right_after_the_answer_is_reported(simulator: Simulator, bot: Bot) -> None:
    """Such a task is over before it is looked at."""

    async def at_once() -> None:
        raise LookupError("no such caller")

    bot(answering(at_once))
    simulator.incoming_call()
    simulator.advance(0)
    (delivery,) = bot.deliveries
    assert delivery.error == "raised after its answer: LookupError: no such caller"
    assert "at_once" in delivery.trace


async def late(bot: Bot) -> None:
    await bot.sleep(60)
    raise LookupError("no such caller")


async def at_once_and_twice() -> None:
    kept = [asyncio.ensure_future(raises(name)) for name in ("one", "two")]
    await turns()
    del kept


async def raises(name: str) -> None:
    raise LookupError(name)


def test_every_task_that_raises_is_reported(simulator: Simulator, bot: Bot) -> None:
    """A task that is over before it could be waited for is reported, too; all tracebacks are shown."""
    kept: list[Any] = []
    bot(asgi(lambda notes, headers: kept.append(asyncio.ensure_future(at_once_and_twice()))))
    simulator.incoming_call()
    simulator.advance(0)
    (delivery,) = bot.deliveries
    assert delivery.error == "raised after its answer: LookupError: one"
    assert bot.timeline().count("in raises") == 2
    with pytest.raises(BotError, match=r"a task of the bot raised LookupError: one \(#1\); expected that the bot"):
        bot.assert_took_every_notification(within=5)


def test_an_exception_much_later_is_in_the_timeline(simulator: Simulator, bot: Bot) -> None:
    """The exception is an entry of its own with its traceback, and fails the assertion on notifications."""
    kept: list[Any] = []
    bot(asgi(lambda notes, headers: None if kept else kept.append(asyncio.ensure_future(late(bot)))))
    simulator.incoming_call()
    simulator.advance(0)
    bot.assert_took_every_notification(within=5)
    simulator.advance(120)
    with pytest.raises(BotError, match="a task of the bot raised LookupError: no such caller"):
        bot.assert_took_every_notification(within=5)
    lines = bot.timeline().splitlines()
    assert sum("raised in a task of the bot: LookupError: no such caller" in line for line in lines) == 1
    assert any("await bot.sleep(60)" in line or 'raise LookupError("no such caller")' in line for line in lines)


def test_a_task_of_the_start_of_an_application_counts_as_well(simulator: Simulator, bot: Bot) -> None:
    """A worker that the lifespan has started."""
    kept: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while scope["type"] == "lifespan":
            stage = (await receive())["type"]
            if stage == "lifespan.startup":
                kept.append(asyncio.ensure_future(raises("worker")))
            await send({"type": f"{stage}.complete"})
            if stage == "lifespan.shutdown":
                return

    bot(app)
    assert "raised in a task of the bot: LookupError: worker" in bot.timeline()


def test_looking_from_inside_the_bot_does_not_wait_for_itself(simulator: Simulator, bot: Bot) -> None:
    """A bot may look at the timeline, too."""
    seen: list[str] = []
    bot(asgi(lambda notes, headers: seen.append(bot.timeline())))
    simulator.incoming_call()
    simulator.advance(0)
    assert seen
    bot.assert_took_every_notification(within=5)
