"""A bot that does not take a notification: the ledger shows where it was asked and what it said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import jwt
import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Simulator


def asgi(status: int, body: bytes) -> Callable[..., Awaitable[None]]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        await receive()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app


def wsgi(status: int, body: bytes) -> Callable[..., Iterable[bytes]]:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(f"{status} -", [])
        return [body]

    return app


def line(simulator: Simulator, bot: Bot) -> str:
    """What the ledger says of the first delivery, without how long it took."""
    simulator.incoming_call()
    simulator.advance(0)
    words = str(bot.deliveries[0]).split(" ")
    at = words.index("ms") if "ms" in words else words.index("ms:")
    return " ".join(words[: at - 1] + words[at:])


SAID = b'{"detail":[\n  {"loc":["body","value",0],\n   "msg":"Input should be a valid dictionary"}]}'
SHOWN = '{"detail":[ {"loc":["body","value",0], "msg":"Input should be a valid dictionary"}]}'


@pytest.mark.parametrize("kind", ["asgi", "wsgi", "http"])
def test_the_body_of_a_refusal_is_shown(simulator: Simulator, bot: Bot, kind: str) -> None:
    """422 alone says nothing; the body of the answer names the member."""
    if kind == "http":
        with serve_in_thread(asgi(422, SAID)) as url:
            bot(url)
            shown = line(simulator, bot)
    else:
        bot({"asgi": asgi, "wsgi": wsgi}[kind](422, SAID))
        shown = line(simulator, bot)
    assert shown == f"posted created call incoming: 422 in ms: {SHOWN}"
    assert bot.deliveries[0].answer == SHOWN


@pytest.mark.parametrize("status", [404, 405])
def test_a_path_without_a_handler_is_shown(simulator: Simulator, bot: Bot, status: int) -> None:
    """A bot with another path than the registered one is the most frequent first mistake."""
    bot(asgi(status, b'{"detail":"Not Found"}'))
    assert line(simulator, bot) == (
        f'posted created call incoming: {status} from /api/calls in ms: {{"detail":"Not Found"}}'
    )


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"x" * 500, "x" * 200 + "…", id="long"),
        pytest.param(b"\xff\x00\x1b[31mred", "\ufffd\ufffd\ufffd[31mred", id="garbage"),
    ],
)
def test_the_shown_body_is_one_short_line(simulator: Simulator, bot: Bot, body: bytes, shown: str) -> None:
    bot(asgi(401, body))
    assert line(simulator, bot) == f"posted created call incoming: 401 in ms{shown and ': '}{shown}"


def test_the_body_of_a_success_is_not_shown(simulator: Simulator, bot: Bot) -> None:
    bot(asgi(202, SAID))
    assert line(simulator, bot) == "posted created call incoming: 202 in ms"
    assert bot.deliveries[0].answer == ""


def test_a_token_in_the_shown_body_is_hidden(simulator: Simulator, bot: Bot) -> None:
    """The token is masked before the text is cut, so that no half of one is left."""
    token = jwt.encode({"aud": "x" * 400}, "s" * 32)
    bot(asgi(401, b"x" * 150 + b" " + token.encode()))
    simulator.incoming_call()
    simulator.advance(0)
    assert "eyJ" not in bot.timeline()
    assert "REDACTED" in bot.deliveries[0].answer


def test_a_notification_without_an_answer_yet_is_in_the_timeline(simulator: Simulator, bot: Bot) -> None:
    """After an interrupt the timeline shows where a run hangs; once there is an answer, the line shows that."""
    shown: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        shown.extend(bot.timeline().splitlines()[1:])
        start_response("202 -", [])
        return [b""]

    bot(app)
    call = simulator.incoming_call()
    simulator.advance(0)
    assert shown == [f"#1       0.00 s  posted created call incoming: no answer yet  (call {call.id[:8]})"]
    assert bot.timeline().count("#1 ") == 1
