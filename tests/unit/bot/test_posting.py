"""What kind of bot it is, and how it is spoken to in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from pytest_graphcalls.bot.courier import poster
from pytest_graphcalls.bot.inprocess import AsgiPoster
from pytest_graphcalls.bot.posting import CLOSED, HttpPoster, Poster, WsgiPoster
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.server.tls import certificate_in
from pytest_graphcalls.wire import Headers, Request


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """A function, as bare applications are."""


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    return []


class Asgi:
    """An object, as Starlette's and Django's are."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    async def method(self, scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.parametrize("tls", [False, True])
def test_a_post_that_waits_for_an_answer_ends_when_the_poster_is_closed(
    tls: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server with a bot that hangs could not stop before the timeout otherwise."""
    asked, over = Event(), Event()

    async def hanging(scope: Any, receive: Any, send: Any) -> None:
        asked.set()
        await asyncio.to_thread(over.wait, 60)

    with certificate_in(tmp_path) as files, ThreadPoolExecutor(1) as threads:
        monkeypatch.setenv("SSL_CERT_FILE", str(files.ca))
        with serve_in_thread(hanging, certificate=files.certificate if tls else None) as url:
            bot = HttpPoster(url)
            post = threads.submit(bot.post, Request("POST", f"{url}/api/calls"), 50.0, 0.0)
            assert asked.wait(20)
            bot.close()
            assert post.result(20).error == CLOSED
            over.set()


class Passed:
    """A middleware that hands the coroutine on."""

    def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return asgi(scope, receive, send)


class Wsgi:
    """An object, as Flask's is."""

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        return []


@pytest.fixture
def made() -> Iterator[Callable[[Any], Poster]]:
    """Makes posters and closes them."""
    open_: list[Poster] = []

    def make(where: Any) -> Poster:
        open_.append(poster(where))
        return open_[-1]

    yield make
    for one in open_:
        one.close()


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        (asgi, AsgiPoster),
        (Asgi(), AsgiPoster),
        (Asgi().method, AsgiPoster),
        (Passed(), AsgiPoster),
        (partial(Passed()), AsgiPoster),
        (wsgi, WsgiPoster),
        (Wsgi(), WsgiPoster),
        ("http://localhost:3978/api/calls", HttpPoster),
        ("https://[::1]/", HttpPoster),
        ("http://127.8.9.1/", HttpPoster),
    ],
)
def test_the_kind_of_an_application_is_recognised(
    made: Callable[[Any], Poster], where: Any, kind: type[Poster]
) -> None:
    assert type(made(where)) is kind


def test_a_url_reaches_this_machine_only(made: Callable[[Any], Poster]) -> None:
    way = made("http://localhost:1/")
    assert way.reaches("https://127.0.0.1:8080/x")
    assert not way.reaches("https://localhost.contoso.com/")
    assert not way.reaches("file:///localhost")
    assert not way.reaches("http://[x")


REQUEST = Request("POST", "https://bot.contoso.com:8443/a%20b/%C3%BC?q=1%202", Headers({"X-One": "1"}), b"{}")


def test_the_asgi_scope_of_a_post(made: Callable[[Any], Poster]) -> None:
    """The scope is what a server would make of the address in the callbackUri."""
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen.update(scope)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"x-two", b"2")]})
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
            await send({"type": "http.response.body", "body": b"b"})
            seen["then"] = await receive(), await receive()

    answer = made(app).post(REQUEST, 5, 1)
    assert (answer.status, answer.headers["X-Two"], answer.body) == (200, "2", b"ab")
    assert (seen["method"], seen["path"], seen["query_string"]) == ("POST", "/a b/ü", b"q=1%202")
    assert (seen["scheme"], seen["server"], dict(seen["headers"])[b"x-one"]) == (
        "https",
        ("bot.contoso.com", 8443),
        b"1",
    )
    assert [message["type"] for message in seen["then"]] == ["http.request", "http.disconnect"]


def test_the_wsgi_environ_of_a_post(made: Callable[[Any], Poster]) -> None:
    """The environ follows PEP 3333; the iterable of the application is closed."""
    seen: dict[str, Any] = {}

    class Body(list[bytes]):
        def close(self) -> None:
            seen["closed"] = True

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [("X-Two", "2")])(b"a")
        return Body([b"b"])

    answer = made(app).post(REQUEST, 5, 1)
    assert (answer.status, answer.headers["X-Two"], answer.body) == (200, "2", b"ab")
    assert (seen["PATH_INFO"].encode("latin-1").decode(), seen["QUERY_STRING"]) == ("/a b/ü", "q=1%202")
    assert (seen["wsgi.url_scheme"], seen["SERVER_NAME"], seen["SERVER_PORT"]) == ("https", "bot.contoso.com", "8443")
    assert (seen["HTTP_X_ONE"], seen["CONTENT_LENGTH"], seen["closed"]) == ("1", "2", True)


@pytest.mark.parametrize("where", ["http://127.0.0.1:9", asgi])
def test_a_detached_bot_is_not_notified(where: Any) -> None:
    """A post that was about to begin ends with an error that says so."""
    way = poster(where)
    way.close()
    answer = way.post(Request("POST", "https://bot.contoso.com/api/calls"), 1.0, 0.0)
    assert (answer.status, answer.error) == (None, "was detached before it was notified")


def test_a_bot_that_is_detached_while_it_is_notified() -> None:
    """The post that waits for its answer ends at once."""
    notified = Event()

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            notified.set()
            await asyncio.Event().wait()

    way = AsgiPoster(wait, 5)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(way.post, REQUEST, 60, 0)
        assert notified.wait(20)
        way.close()
        assert answer.result(20).error == "was detached before it answered"


def test_an_answer_without_end(made: Callable[[Any], Poster]) -> None:
    """An endless answer is read no longer than the bot's timeout."""
    begun, closed = Event(), Event()

    def chatter(environ: Any, start_response: Any) -> Iterator[bytes]:
        begun.set()
        start_response("200 OK", [])
        try:
            while True:
                yield b"x" * 65_536
        finally:
            closed.set()

    way = made(chatter)
    while not begun.is_set():  # a busy machine may need longer than that until the bot runs at all
        assert way.post(REQUEST, 0.05, 0).error == "gave no answer within 0.05 s"
    assert closed.wait(60)
