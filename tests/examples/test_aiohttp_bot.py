"""The reception with aiohttp, which is neither ASGI nor WSGI: it listens on this machine, and so does the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from aiohttp import ClientSession, web
from aiohttp_bot import Reception

from pytest_graphcalls import GraphCalls


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread, for the bot."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def reception(graphcalls: GraphCalls, loop: asyncio.AbstractEventLoop) -> Iterator[GraphCalls]:
    simulator, server, token = graphcalls.simulator, graphcalls.server, graphcalls.token
    adele, colleague = simulator.person("Adele").id, simulator.person("Colin").id
    app = simulator.authority.app

    async def start() -> tuple[ClientSession, web.AppRunner, str]:
        api = ClientSession(server, headers={"Authorization": f"Bearer {token}"})
        runner = web.AppRunner(Reception(api, app.app_id, {adele}, colleague, app.callback_uri).app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return api, runner, f"http://127.0.0.1:{runner.addresses[0][1]}/api/calls"

    api, runner, url = asyncio.run_coroutine_threadsafe(start(), loop).result()
    graphcalls.bot(url)
    yield graphcalls
    for closing in (runner.cleanup, api.close):
        asyncio.run_coroutine_threadsafe(closing(), loop).result()


def until(reception: GraphCalls, condition: Callable[[], object]) -> None:
    """The work of a bot behind a URL cannot be observed: let time pass until its effect is there."""

    def seen() -> object:
        reception.simulator.advance(0.1)
        return condition()

    reception.bot.wait_for(seen)


def test_an_unknown_caller_is_rejected(reception: GraphCalls) -> None:
    call = reception.simulator.incoming_call(caller="Mallory")
    until(reception, lambda: call.rejected_with == "forbidden")


def test_a_known_caller_is_connected_to_a_colleague(reception: GraphCalls) -> None:
    for name in ("Adele", "Colin"):
        reception.simulator.person(name).leaves_after(20)
    call = reception.simulator.incoming_call(caller="Adele")
    until(reception, lambda: len(call.participants) == 3)
    until(reception, lambda: call.state == "terminated")


def test_a_forged_notification_is_refused(reception: GraphCalls) -> None:
    reception.bot.assert_refuses_forged_notifications()
