"""What a bot does by its own clock, or in a worker of its own: it happens in virtual time, and is waited for."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator import Simulator
from tests.unit.bot.bots import Note, Phone, asgi, incoming, turns, wsgi

EVERY = 600
LONG = 60.0


class Keeper:
    """Answers, and keeps each of its calls alive in a task that sleeps in between."""

    def __init__(self, bot: Bot, phone: Phone) -> None:
        self.bot, self.phone = bot, phone
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.app = asgi(self.notified)

    def notified(self, notes: Note, headers: dict[str, str]) -> None:
        del headers
        for call in incoming(notes):
            self.phone.answer(call)
            self.tasks[call] = asyncio.ensure_future(self.keep(call))
        for note in notes["value"]:
            call = note["resourceUrl"].rpartition("/")[2]
            if note["changeType"] == "deleted" and call in self.tasks:
                self.tasks.pop(call).cancel()

    async def keep(self, call: str) -> None:
        while True:
            await self.bot.sleep(EVERY)
            await turns()
            self.phone.send("POST", f"/calls/{call}/keepAlive")


def kept(bot: Bot) -> list[tuple[float, int]]:
    """The times at which the bot has kept a call alive, and the status of each answer."""
    return [(one.at, one.exchange.response.status) for one in bot.requests if one.path.endswith("/keepAlive")]


def test_an_hour_of_virtual_time_wakes_sleeping_tasks(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """Each time at its own moment, and nothing happens meanwhile: 45 minutes without a keepAlive would end the call."""
    bot(Keeper(bot, phone).app, linger=3000)
    call = simulator.incoming_call("Adele")
    simulator.advance(3599)  # a token lasts an hour
    assert kept(bot) == [(EVERY * turn, 200) for turn in range(1, 6)]
    assert call.state == "established"
    bot.assert_kept_alive()


def test_a_sleeping_task_is_not_waited_for_in_real_time(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """Each call would cost the whole of ``linger`` otherwise: this test would take hours."""
    bot(Keeper(bot, phone).app, linger=3000)
    for number in range(3):
        simulator.incoming_call(f"Caller {number}")
        simulator.advance(1)
    assert [one.error for one in bot.deliveries] == [""] * 12


class Stoppable(Keeper):
    """Waits for whatever comes first: the end of its sleep, or the order to stop."""

    async def keep(self, call: str) -> None:
        stop = asyncio.ensure_future(asyncio.Event().wait())
        while True:
            sleep = asyncio.ensure_future(self.bot.sleep(EVERY))
            await asyncio.wait([sleep, stop], return_when=asyncio.FIRST_COMPLETED)
            await turns()
            self.phone.send("POST", f"/calls/{call}/keepAlive")


def test_a_sleep_may_be_a_task_of_its_own(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """The task around it is over at once, and the sleeping task is waited for."""
    bot(Stoppable(bot, phone).app, linger=1)
    call = simulator.incoming_call("Adele")
    simulator.advance(3599)
    assert kept(bot) == [(EVERY * turn, 200) for turn in range(1, 6)]
    assert call.state == "established"


def test_a_cancelled_sleep_wakes_no_task(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """The call is over, so the bot has ended its timer."""
    bot(Keeper(bot, phone).app, linger=3000)
    simulator.person("Adele").leaves_after(EVERY / 2)
    simulator.incoming_call("Adele")
    simulator.advance(3600)
    assert kept(bot) == []


def test_a_task_that_ends_after_its_sleep_is_waited_for(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """A bot that lets it ring for a while."""
    tasks: list[asyncio.Task[None]] = []

    async def answers(call: str) -> None:
        await bot.sleep(4)
        await turns()
        phone.answer(call)

    def act(notes: Note, headers: dict[str, str]) -> None:
        tasks.extend(asyncio.ensure_future(answers(call)) for call in incoming(notes))

    bot(asgi(act), linger=3000)
    simulator.incoming_call()
    simulator.advance(20)
    assert [(one.at, one.exchange.response.status) for one in bot.requests] == [(4, 202)]


def test_a_task_that_does_not_sleep_again_is_left(simulator: Simulator, bot: Bot) -> None:
    """The task is abandoned after ``linger``, like other work of a bot after its answer."""
    tasks: list[asyncio.Task[None]] = []

    async def hangs() -> None:
        await bot.sleep(1)
        await asyncio.Event().wait()

    bot(asgi(lambda notes, headers: tasks.append(asyncio.ensure_future(hangs()))), linger=0.05)
    simulator.incoming_call()
    simulator.advance(2)
    assert simulator.now == 2
    assert not tasks[0].done()


def test_a_detached_bot_is_not_woken(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """The loop of a detached bot is closed, and the next bot is notified as usual."""
    bot(Keeper(bot, phone).app)
    simulator.incoming_call()
    simulator.advance(1)
    bot(asgi(lambda notes, headers: None))
    simulator.advance(EVERY)
    assert kept(bot) == []


def test_sleep_in_the_loop_that_advances_time(simulator: Simulator, bot: Bot) -> None:
    """Such a sleep cannot be waited for: it goes on as soon as the loop does."""
    woken: list[float] = []

    async def sleeps() -> None:
        await bot.sleep(5)
        woken.append(simulator.now)

    async def both() -> None:
        bot(asgi(lambda notes, headers: None), linger=3000)
        task = asyncio.ensure_future(sleeps())
        await asyncio.sleep(0)
        simulator.advance(7)
        await task

    asyncio.run(both())
    assert woken == [7]


def test_sleep_takes_seconds(bot: Bot) -> None:
    with pytest.raises(SettingError) as caught:
        asyncio.run(bot.sleep(-1))
    assert str(caught.value) == "sleep(seconds)=-1: expected virtual seconds, a number from 0 to 1,000,000,000."


# Workers that were there before the notification


class Worker:
    """Takes notifications out of a queue, and does nothing before it was asked whether it is busy."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.open = 0
        self.asked = threading.Event()

    def busy(self) -> int:
        self.asked.set()
        return self.open

    def work(self, notes: Note) -> None:
        self.asked.clear()
        for call in incoming(notes):
            self.phone.answer(call)
        self.open -= 1


@contextmanager
def threaded(worker: Worker) -> Iterator[Any]:
    todo: queue.Queue[Note | None] = queue.Queue()

    def run() -> None:
        while (notes := todo.get()) is not None:
            worker.asked.wait(LONG)
            worker.work(notes)

    def act(notes: Note, headers: dict[str, str]) -> None:
        worker.open += 1
        todo.put(notes)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield wsgi(act)
    todo.put(None)
    thread.join(LONG)


@contextmanager
def tasked(worker: Worker) -> Iterator[Any]:
    """The worker is a task of the application's lifespan."""
    todo: asyncio.Queue[Note] = asyncio.Queue()

    async def run() -> None:
        while True:
            notes = await todo.get()
            await asyncio.to_thread(worker.asked.wait, LONG)
            worker.work(notes)

    def act(notes: Note, headers: dict[str, str]) -> None:
        worker.open += 1
        todo.put_nowait(notes)

    inner = asgi(act)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await inner(scope, receive, send)
            return
        await receive()
        async with running(run):
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    yield app


@asynccontextmanager
async def running(work: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work())
    yield
    task.cancel()


@pytest.mark.parametrize("kind", [threaded, tasked])
def test_a_worker_started_before_the_notification_is_waited_for(
    simulator: Simulator, bot: Bot, phone: Phone, kind: Callable[[Worker], Any]
) -> None:
    """Work of such a thread cannot be seen from outside, so the bot says it; else 20 seconds would pass first."""
    worker = Worker(phone)
    with kind(worker) as app:
        bot(app, busy=worker.busy)
        call = simulator.incoming_call()
        simulator.advance(20)
        assert [(one.at, one.exchange.response.status) for one in bot.requests] == [(0, 202)]
        assert call.state == "established"
        bot.assert_answered_within(1)


def test_a_bot_that_stays_busy_is_left(simulator: Simulator, bot: Bot) -> None:
    """The ledger says so, unless it has a worse error to show."""
    bot(wsgi(lambda notes, headers: None), busy=lambda: True, timeout=0.02)
    simulator.incoming_call()
    simulator.advance(0)
    assert [(one.status, one.error) for one in bot.deliveries] == [(202, "was still busy 0.02 s after its answer")]


def test_busy_is_a_function(bot: Bot) -> None:
    with pytest.raises(SettingError) as caught:
        bot(wsgi(lambda notes, headers: None), busy=False)  # type: ignore[arg-type]  # the mistake itself
    expected = "expected a function, e.g. lambda: queue.unfinished_tasks"
    assert str(caught.value) == f"busy=False: {expected}. Give the function itself, so that it can be called again."
