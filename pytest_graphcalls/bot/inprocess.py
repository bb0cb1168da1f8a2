"""Posting to a bot in the same process: ASGI in an event loop of its own, WSGI in threads.

A bot never runs in the thread of the test, so one that hangs is left to itself and the test goes on.
"""

from __future__ import annotations

import asyncio
import io
import sys
import time
import traceback
from collections.abc import Callable, Coroutine, Iterable, MutableMapping
from concurrent.futures import CancelledError, Future
from threading import Event, Lock, Thread, current_thread
from threading import enumerate as living
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit
from weakref import WeakSet

from pytest_graphcalls.bot.posting import KEPT, LEFT, Answer
from pytest_graphcalls.bot.virtual_sleep import is_asleep
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.wire import Headers, Request

Message = MutableMapping[str, Any]
AsgiApp = Callable[..., Coroutine[Any, Any, None]]
WsgiApp = Callable[..., Iterable[bytes]]

CLIENT = ("127.0.0.1", 49152)
"""Who a bot in the same process is told it is called by."""
STOP_WITHIN = 2.0
"""Seconds that a bot gets to shut down."""
_GRACE = 0.5
_LOOK_EVERY = 0.01


def _shown(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _no_answer(timeout: float) -> str:
    return f"gave no answer within {timeout:g} s"


class AsgiPoster:
    """Posts to an ASGI application, which lives in one event loop in a thread of its own, with its lifespan.

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
        self._left = False
        self._leaving = Lock()
        """Held while something is put into the loop: what got in before the end ends with it."""
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._live, name="graphcalls-bot", daemon=True)
        self._thread.start()
        problem = self._run(self._lifespan.start(timeout), timeout + _GRACE)
        if problem:
            self.close()
            raise SettingError("bot", repr(app)[:80], "an application that starts", f"It {problem}.")

    def _live(self) -> None:
        """Run the loop until it is stopped, and clean up, however long that takes a bot that blocks it."""
        while True:
            try:
                self._loop.run_forever()
            except (SystemExit, KeyboardInterrupt):
                continue  # asyncio lets these two through to whoever runs the loop; the bot's task has them as well
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

    def reaches(self, url: str) -> bool:
        """See :meth:`.Poster.reaches`: nothing leaves the process, whatever the address."""
        del url
        return True

    def post(self, request: Request, timeout: float, linger: float, *, redirected: bool = False) -> Answer:
        """See :meth:`.Poster.post`; tasks that the bot has started are waited for."""
        del redirected
        with self._leaving:
            if self._left:
                return Answer(error=LEFT)
            if self._is_still_blocked():
                return Answer(error="still blocks its event loop, since an earlier notification")
            began = time.perf_counter()
            future = asyncio.run_coroutine_threadsafe(self._post(request, timeout, linger), self._loop)
        try:
            return future.result(timeout + linger + 2 * _GRACE)
        except CancelledError:  # as everything in its loop is when the bot is left
            return Answer(seconds=time.perf_counter() - began, error="was left before it answered")
        except TimeoutError:
            future.cancel()
            self._blocked = True
            error = f"{_no_answer(timeout)}: it blocks its event loop"
            return Answer(seconds=time.perf_counter() - began, error=error)

    def _is_still_blocked(self) -> bool:
        if self._blocked:
            free = Event()
            self._loop.call_soon_threadsafe(free.set)
            self._blocked = not free.wait(_GRACE)
        return self._blocked

    async def _post(self, request: Request, timeout: float, linger: float) -> Answer:
        before = asyncio.all_tasks()
        exchange = _AsgiExchange(request, self._lifespan.state)
        task = asyncio.ensure_future(_called(self._app, exchange.scope, exchange.receive, exchange.send))
        either: set[asyncio.Future[Any]] = {task, exchange.complete}
        await asyncio.wait(either, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if not exchange.complete.done():
            late = not task.done()
            failed = await _failed(task, timeout)
            return Answer(seconds=exchange.age, error=failed[0], trace=failed[1], late=late)
        seconds = exchange.complete.result()
        error, trace = await self._outlast(task, before, linger)
        body, moment = bytes(exchange.body[:KEPT]), exchange.began + seconds
        return Answer(exchange.status, exchange.headers, body, seconds, error, trace, moment)

    async def _outlast(
        self, task: asyncio.Task[None], before: set[asyncio.Task[Any]], linger: float
    ) -> tuple[str, str]:
        """Wait for what the bot goes on doing; what takes longer is no longer waited for, now and later."""
        seen = [task]
        ours = before | {one for one in (asyncio.current_task(),) if one}
        deadline = self._loop.time() + linger
        while running := {one for one in asyncio.all_tasks() - ours - set(self._long_lived) if not is_asleep(one)}:
            seen.extend(running.difference(seen))
            left = max(0.0, deadline - self._loop.time())
            await asyncio.wait(running, timeout=min(left, _LOOK_EVERY))  # one of them may fall asleep meanwhile
            if self._loop.time() >= deadline:
                self._long_lived.update(one for one in running if not one.done())
                break
        raised = next((error for one in seen if not _is_heard(one) and (error := _raised(one))), None)
        return (f"raised after its answer: {_shown(raised)}", _trace(raised)) if raised is not None else ("", "")

    def close(self) -> None:
        """Shut the application down and end its loop; one that is blocked is left behind."""
        with self._leaving:
            self._left = True
        if current_thread() is self._thread:  # a bot that says itself where the bot is from now on
            self._leaver = self._loop.create_task(self._leave())
            return
        if not self._is_still_blocked():
            self._run(self._lifespan.stop(), STOP_WITHIN + _GRACE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(2 * _GRACE)

    async def _leave(self) -> None:
        await self._lifespan.stop()
        self._loop.stop()


async def _cancel_all() -> None:
    rest = asyncio.all_tasks() - {task for task in (asyncio.current_task(),) if task}
    for task in rest:
        task.cancel()
    if rest:
        await asyncio.wait(rest, timeout=_GRACE)
    for task in rest:
        _raised(task)
    await asyncio.get_running_loop().shutdown_asyncgens()


async def _called(app: AsgiApp, *arguments: Any) -> None:
    """The application, called inside its task: what is wrong with the call itself is the bot's fault, too."""
    await app(*arguments)


def _raised(task: asyncio.Task[Any]) -> BaseException | None:
    """What a task that is over has raised; asking keeps asyncio from complaining that nobody did."""
    return task.exception() if task.done() and not task.cancelled() else None


def _is_heard(task: asyncio.Task[Any]) -> bool:
    """Whether nothing was raised that nobody has asked for: what one task of a bot raises another may expect."""
    # What asyncio itself goes by before it complains; nothing public says it, and a loop of another make may not.
    return not getattr(task, "_log_traceback", True)


async def _failed(task: asyncio.Task[Any], timeout: float) -> tuple[str, str]:
    """Why there is no answer, and the traceback if there is one."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_GRACE)
        _raised(task)
        return _no_answer(timeout), ""
    error = _raised(task)
    return (f"raised {_shown(error)}", _trace(error)) if error else ("returned without an answer", "")


class _AsgiExchange:
    """One request to an ASGI application, and its answer as it comes."""

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
        await asyncio.wait({self.complete})  # not awaited itself: who is cancelled here must not cancel it
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
        "client": CLIENT,
        "server": (url.hostname or "localhost", url.port or 443),
        "state": dict(state),
    }


class _Lifespan:
    """An application's start and end; many have neither."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self.state: Message = {}
        self._task: asyncio.Task[None] | None = None
        self._problem = ""

    async def start(self, timeout: float) -> str:
        """Start; what went wrong as a phrase, or ``""``."""
        self._asked: asyncio.Queue[Message] = asyncio.Queue()
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        self._task = asyncio.ensure_future(_called(self._app, scope, self._asked.get, self._told.put))
        message = await self._step("startup", timeout)
        if message is None and not self._task.done():
            self._task.cancel()
            return f"did not start within {timeout:g} s"
        if message is not None and message["type"] == "lifespan.startup.failed":
            return f"failed to start: {message.get('message') or 'no reason given'}"
        return ""

    async def stop(self) -> str:
        """End what was started; nothing can go wrong that matters any more, so ``""``."""
        if self._task is not None and not self._task.done():
            await self._step("shutdown", STOP_WITHIN)
        return ""

    async def _step(self, stage: str, timeout: float) -> Message | None:
        """Ask for a stage; the answer, or ``None``: an application without lifespan raises or returns."""
        assert self._task is not None
        await self._asked.put({"type": f"lifespan.{stage}"})
        told = asyncio.ensure_future(self._told.get())
        either: set[asyncio.Future[Any]] = {self._task, told}
        await asyncio.wait(either, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        _raised(self._task)
        if told.done():
            return told.result()
        told.cancel()
        return None


class WsgiPoster:
    """Posts to a WSGI application; each post has a thread of its own.

    Args:
        app: the application.
    """

    def __init__(self, app: WsgiApp) -> None:
        self._app = app
        self._long_lived: WeakSet[Thread] = WeakSet()

    def reaches(self, url: str) -> bool:
        """See :meth:`.Poster.reaches`: nothing leaves the process, whatever the address."""
        del url
        return True

    def post(self, request: Request, timeout: float, linger: float, *, redirected: bool = False) -> Answer:
        """See :meth:`.Poster.post`; threads that the bot has started are waited for."""
        del redirected
        before = set(living())
        exchange = _WsgiExchange(self._app, request)
        thread = Thread(target=exchange.run, name="graphcalls-bot", daemon=True)
        thread.start()
        thread.join(timeout)
        if thread.is_alive():
            exchange.left = True
            return Answer(seconds=timeout, error=_no_answer(timeout), late=True)
        self._outlast(before, linger)
        return exchange.answer

    def _outlast(self, before: set[Thread], linger: float) -> None:
        """Wait for threads that the bot has started; what takes longer is no longer waited for, now and later."""
        deadline = time.monotonic() + linger
        for thread in set(living()) - before - set(self._long_lived):
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                self._long_lived.add(thread)

    def close(self) -> None:
        """Nothing is held."""


class _WsgiExchange:
    """One request to a WSGI application, and its answer."""

    def __init__(self, app: WsgiApp, request: Request) -> None:
        self._app = app
        self._request = request
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()
        self.answer = Answer(error="returned without an answer")
        self.left = False
        """Whether nobody waits for it any longer."""

    def run(self) -> None:
        began = time.perf_counter()
        try:
            self._serve()
        except BaseException as error:  # noqa: BLE001  whatever a bot raises is told in the ledger
            self.answer = Answer(
                seconds=time.perf_counter() - began, error=f"raised {_shown(error)}", trace=_trace(error)
            )
            return
        code = self._status.partition(" ")[0]
        if code.isdecimal():
            body, ended = bytes(self._body[:KEPT]), time.perf_counter()
            self.answer = Answer(int(code), Headers(self._headers), body, ended - began, moment=ended)
        elif self._status:
            what = f"answered with the status {self._status[:80]!r}, which begins with no number"
            self.answer = Answer(seconds=time.perf_counter() - began, error=what)

    def _serve(self) -> None:
        result = self._app(_environ(self._request), self._start)
        try:
            for chunk in result:
                self._body += chunk
                if self.left:
                    break
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        del exc_info
        self._status, self._headers = str(status), [(str(name), str(value)) for name, value in headers]
        return self._body.extend


def _environ(request: Request) -> dict[str, Any]:
    url = urlsplit(request.url)
    facts: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname or "localhost",
        "SERVER_PORT": str(url.port or 443),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": CLIENT[0],
        "HTTP_HOST": url.netloc,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    named = {name.upper().replace("-", "_"): value for name, value in request.headers.pairs}
    facts["CONTENT_TYPE"] = named.pop("CONTENT_TYPE", "")
    named.pop("CONTENT_LENGTH", None)
    return {**facts, **{f"HTTP_{name}": value for name, value in named.items()}}
