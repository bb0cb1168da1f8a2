"""Post a request to an ASGI application in the same process, in an event loop of its own, and let its tasks sleep.

A bot never runs in the thread of the test, so the test continues when a bot hangs. Its tasks sleep in virtual
time if they wish: the simulator's clock wakes them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, MutableMapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import partial
from threading import Event, Lock, Thread, current_thread
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit
from weakref import WeakKeyDictionary, WeakSet

from pytest_graphcalls.bot.posting import (
    CLIENT_ADDRESS,
    CLOSED,
    MAX_ANSWER_BYTES,
    PostResult,
    describe,
    no_answer,
    trace,
)
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.validation import MOST, quantity
from pytest_graphcalls.wire import Headers, Request

Message = MutableMapping[str, Any]
AsgiApp = Callable[..., Coroutine[Any, Any, None]]

SHUTDOWN_SECONDS = 2.0
"""Seconds that a bot has to shut down."""
_ASLEEP: WeakSet[asyncio.Task[Any]] = WeakSet()
"""Tasks that wait for virtual time, and therefore must not be waited for in real time."""
_GRACE_SECONDS = 0.5
_POLL_SECONDS = 0.01


class AsgiPoster:
    """Posts to an ASGI application; an event loop in a thread of its own runs it and its lifespan.

    Args:
        app: the application.
        timeout: seconds it has to start.

    Raises:
        SettingError: it does not start.
    """

    def __init__(self, app: AsgiApp, timeout: float) -> None:
        self._app = app
        self._lifespan = _Lifespan(app)
        self._long_lived: WeakSet[asyncio.Task[Any]] = WeakSet()
        self._blocked = False
        self._closed = False
        self._closing = Lock()
        """Held while work is scheduled, so that none is scheduled after the loop was closed."""
        self._failed: list[asyncio.Task[Any]] = []
        """Tasks of the bot that raised; one whose error another task takes is left out when they are looked at."""
        self._loop = asyncio.new_event_loop()
        self._loop.set_task_factory(self._new_task)
        self._thread = Thread(target=self._live, name="graphcalls-bot", daemon=True)
        self._thread.start()
        problem = self._run(self._lifespan.start(timeout), timeout + _GRACE_SECONDS)
        if problem:
            self.close()
            raise SettingError("bot", repr(app)[:80], "an application that starts", f"It {problem}.")

    def _live(self) -> None:
        """Run the loop until it is stopped, and clean up, even if the bot blocks it for long."""
        while True:
            try:
                self._loop.run_forever()
            except (SystemExit, KeyboardInterrupt):
                continue  # asyncio re-raises these two in the loop's thread as well; the task has them anyway
            break
        self._loop.run_until_complete(_cancel_all())
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, str], timeout: float) -> str:
        future: Future[str] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            return "blocks its event loop"

    def _new_task(self, loop: asyncio.AbstractEventLoop, work: Any, **facts: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=loop, **facts)
        task.add_done_callback(lambda one: None if _was_retrieved(one) else self._failed.append(one))
        return task

    async def _take_raised(self) -> list[BaseException]:
        """Exceptions of tasks since the last look that no other task has taken."""
        await asyncio.sleep(0)  # a task that waits for them goes first
        failed, self._failed = self._failed, []
        return [error for one in failed if not _was_retrieved(one) and (error := _raised(one)) is not None]

    def raised(self) -> Sequence[BaseException]:
        """Exceptions of the bot's tasks since the last look."""
        with self._closing:
            if self._closed or current_thread() is self._thread or self._is_still_blocked():
                return ()
            future = asyncio.run_coroutine_threadsafe(self._take_raised(), self._loop)
        with suppress(TimeoutError, CancelledError):
            return future.result(_GRACE_SECONDS)
        return ()

    def reaches(self, url: str) -> bool:
        """Whether it may post to ``url``: always, because no request is sent over the network."""
        del url
        return True

    def post(self, request: Request, timeout: float, linger: float, *, redirected: bool = False) -> PostResult:
        """Post to the bot, and wait for the tasks that it has started."""
        del redirected
        with self._closing:
            if self._closed:
                return PostResult(error=CLOSED)
            if self._is_still_blocked():
                return PostResult(error="still blocks its event loop, since an earlier notification")
            began = time.perf_counter()
            future = asyncio.run_coroutine_threadsafe(self._post(request, timeout, linger), self._loop)
        try:
            return future.result(timeout + linger + 2 * _GRACE_SECONDS)
        except CancelledError:  # closing the poster cancels every task in its loop
            return PostResult(seconds=time.perf_counter() - began, error="was detached before it answered")
        except TimeoutError:
            future.cancel()
            self._blocked = True
            error = f"{no_answer(timeout)}: it blocks its event loop"
            return PostResult(seconds=time.perf_counter() - began, error=error)

    def _is_still_blocked(self) -> bool:
        if self._blocked:
            free = Event()
            self._loop.call_soon_threadsafe(free.set)
            self._blocked = not free.wait(_GRACE_SECONDS)
        return self._blocked

    async def _post(self, request: Request, timeout: float, linger: float) -> PostResult:
        before = asyncio.all_tasks()
        exchange = _AsgiExchange(request, self._lifespan.state)
        task = asyncio.ensure_future(_call(self._app, exchange.scope, exchange.receive, exchange.send))
        either: set[asyncio.Future[Any]] = {task, exchange.complete}
        await asyncio.wait(either, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if not exchange.complete.done():
            timed_out = not task.done()
            failed = await _failed(task, timeout)
            return PostResult(seconds=exchange.age, error=failed[0], trace=failed[1], timed_out=timed_out)
        seconds = exchange.complete.result()
        problem = await self._outlast(before, linger)
        body, moment = bytes(exchange.body[:MAX_ANSWER_BYTES]), exchange.began + seconds
        return PostResult(exchange.status, exchange.headers, body, seconds, *problem, moment)

    async def _outlast(self, before: set[asyncio.Task[Any]], linger: float) -> tuple[str, str]:
        """Wait for tasks that the bot has started; a task that exceeds the time is not waited for again."""
        ours = before | {one for one in (asyncio.current_task(),) if one}
        deadline = self._loop.time() + linger
        while running := {one for one in asyncio.all_tasks() - ours - set(self._long_lived) if one not in _ASLEEP}:
            remaining = max(0.0, deadline - self._loop.time())
            # In short steps, because one of them may begin a virtual sleep meanwhile.
            await asyncio.wait(running, timeout=min(remaining, _POLL_SECONDS))
            if self._loop.time() >= deadline:
                self._long_lived.update(one for one in running if not one.done())
                break
        raised = await self._take_raised()
        return (f"raised after its answer: {describe(raised[0])}", "".join(map(trace, raised))) if raised else ("", "")

    def close(self) -> None:
        """Shut the application down and stop its loop; a blocked one is abandoned."""
        with self._closing:
            self._closed = True
        if current_thread() is self._thread:  # called by the bot itself, which attaches a different bot
            self._shutdown_task = self._loop.create_task(self._shut_down())
            return
        if not self._is_still_blocked():
            self._run(self._lifespan.stop(), SHUTDOWN_SECONDS + _GRACE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(2 * _GRACE_SECONDS)

    async def _shut_down(self) -> None:
        await self._lifespan.stop()
        self._loop.stop()


async def _cancel_all() -> None:
    rest = asyncio.all_tasks() - {task for task in (asyncio.current_task(),) if task}
    for task in rest:
        task.cancel()
    if rest:
        await asyncio.wait(rest, timeout=_GRACE_SECONDS)
    for task in rest:
        _raised(task)
    await asyncio.get_running_loop().shutdown_asyncgens()


async def _call(app: AsgiApp, *arguments: Any) -> None:
    """Call the application inside its task, so that errors of the call itself count as the bot's."""
    await app(*arguments)


def _raised(task: asyncio.Task[Any]) -> BaseException | None:
    """The exception of a task that is done; retrieving it keeps asyncio from logging a complaint."""
    return task.exception() if task.done() and not task.cancelled() else None


def _was_retrieved(task: asyncio.Task[Any]) -> bool:
    """Whether the exception of a task, if any, was retrieved: one task of a bot may expect an error of another."""
    # The flag that asyncio checks before it complains; it is private, and other event loops may lack it.
    return not getattr(task, "_log_traceback", True)


async def _failed(task: asyncio.Task[Any], timeout: float) -> tuple[str, str]:
    """The reason for a missing answer, and the traceback if there is one."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_GRACE_SECONDS)
        _raised(task)
        return no_answer(timeout), ""
    error = _raised(task)
    return (f"raised {describe(error)}", trace(error)) if error else ("returned without an answer", "")


class _AsgiExchange:
    """One request to an ASGI application, and its answer as it is sent."""

    def __init__(self, request: Request, state: Message) -> None:
        self.began = time.perf_counter()
        self._body: bytes | None = request.body
        self.scope = _scope(request, state)
        self.status = 0
        self.headers = Headers()
        self.body = bytearray()
        self.complete: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    @property
    def age(self) -> float:
        return time.perf_counter() - self.began

    async def receive(self) -> Message:
        body, self._body = self._body, None
        if body is not None:
            return {"type": "http.request", "body": body, "more_body": False}
        await asyncio.wait({self.complete})  # not awaited directly: cancelling this task must not cancel it
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            self.headers = Headers([(_text(name), _text(value)) for name, value in message.get("headers", ())])
        elif message["type"] == "http.response.body":
            if not self.status:
                raise RuntimeError("http.response.body came before http.response.start")
            self.body += message.get("body", b"")
            if not message.get("more_body", False) and not self.complete.done():
                self.complete.set_result(self.age)


def _text(raw: bytes) -> str:
    return bytes(raw).decode("latin-1")


def _scope(request: Request, state: Message) -> Message:
    url = urlsplit(request.url)
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.pairs]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote_to_bytes(url.path or "/").decode("utf-8", "replace"),
        "raw_path": (url.path or "/").encode("latin-1", "replace"),
        "query_string": url.query.encode("latin-1", "replace"),
        "root_path": "",
        "headers": [(b"host", url.netloc.encode("latin-1", "replace")), *headers],
        "client": CLIENT_ADDRESS,
        "server": (url.hostname or "localhost", url.port or 443),
        "state": dict(state),
    }


class _Lifespan:
    """The lifespan of an ASGI application: startup and shutdown, which many applications do without."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self.state: Message = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self, timeout: float) -> str:
        """Start the application; the result is the problem as a phrase, or ``""``."""
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        self._task = asyncio.ensure_future(_call(self._app, scope, self._to_app.get, self._from_app.put))
        message = await self._step("startup", timeout)
        if message is None and not self._task.done():
            self._task.cancel()
            return f"did not start within {timeout:g} s"
        if message is not None and message["type"] == "lifespan.startup.failed":
            return f"failed to start: {message.get('message') or 'no reason given'}"
        return ""

    async def stop(self) -> str:
        """Shut the application down; errors no longer matter, so the result is ``""``."""
        if self._task is not None and not self._task.done():
            await self._step("shutdown", SHUTDOWN_SECONDS)
        return ""

    async def _step(self, stage: str, timeout: float) -> Message | None:
        """Request a stage of the lifespan; ``None`` for an application without lifespan, which raises or returns."""
        assert self._task is not None
        await self._to_app.put({"type": f"lifespan.{stage}"})
        message_from_app = asyncio.ensure_future(self._from_app.get())
        either: set[asyncio.Future[Any]] = {self._task, message_from_app}
        await asyncio.wait(either, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        _raised(self._task)
        if message_from_app.done():
            return message_from_app.result()
        message_from_app.cancel()
        return None


class VirtualSleep:
    """Lets tasks sleep, and makes the caller that advances time wait for each task that wakes.

    Args:
        later: calls a function after so many virtual seconds, while the simulator is not locked.
        timeout: gives the real seconds to wait for a woken task until it sleeps again or is done.
    """

    def __init__(self, later: Callable[[float, Callable[[], None]], None], timeout: Callable[[], float]) -> None:
        self._later = later
        self._timeout = timeout
        self._awake: WeakKeyDictionary[asyncio.Task[Any], Event] = WeakKeyDictionary()
        self._pending: WeakKeyDictionary[asyncio.AbstractEventLoop, Event] = WeakKeyDictionary()
        """For a sleep that was a task of its own: its waiter is unknown, so the next sleep in the loop counts."""

    async def sleep(self, seconds: float) -> None:
        """Sleep for ``seconds`` of virtual time; raises :class:`SettingError` unless they are a number of 0 or more."""
        quantity("sleep(seconds)", seconds, unit="virtual seconds", most=MOST)
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None  # a coroutine runs in one
        for one in (self._awake.pop(task, None), self._pending.pop(loop, None)):
            if one is not None:
                one.set()
        due, asleep_again = asyncio.Event(), Event()
        self._later(seconds, partial(self._wake, loop, due, asleep_again))
        _ASLEEP.add(task)
        try:
            await due.wait()
        except BaseException:
            asleep_again.set()
            raise
        finally:
            _ASLEEP.discard(task)
        if _is_only_a_sleep(task):
            self._pending[loop] = asleep_again
        else:
            self._awake[task] = asleep_again
            task.add_done_callback(lambda _: asleep_again.set())

    def _wake(self, loop: asyncio.AbstractEventLoop, due: asyncio.Event, asleep_again: Event) -> None:
        if asleep_again.is_set() or loop.is_closed():
            return
        loop.call_soon_threadsafe(due.set)
        if not _runs_here(loop):  # in its own loop it would wait for itself
            asleep_again.wait(self._timeout())


def _is_only_a_sleep(task: asyncio.Task[Any]) -> bool:
    """Whether a task consists of a sleep only, as ``asyncio.wait`` and ``gather`` make one."""
    return getattr(task.get_coro(), "cr_code", None) is VirtualSleep.sleep.__code__


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
