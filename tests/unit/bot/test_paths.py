"""The path at which a bot behind a URL is notified is taken as it was written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Simulator


def noting(asked: list[str]) -> Callable[..., Awaitable[None]]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        await receive()
        query = scope["query_string"].decode()
        asked.append(f"{scope['path']}?{query}" if query else scope["path"])
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("", "/api/calls"),
        ("/", "/api/calls"),
        ("/?code=s3", "/api/calls?code=s3"),
        ("/calling/hook", "/calling/hook"),
        ("/calling/hook/", "/calling/hook/"),
        ("/api/calls?code=s3&x=1", "/api/calls?code=s3&x=1"),
    ],
)
def test_a_url_is_taken_as_it_was_written(simulator: Simulator, bot: Bot, written: str, asked: str) -> None:
    """Django minds the slash at the end, a function behind a key its query."""
    seen: list[str] = []
    with serve_in_thread(noting(seen)) as url:
        bot(f"{url}{written}")
        simulator.incoming_call()
        simulator.advance(0)
    assert seen == [asked]


def test_the_name_of_an_application_is_no_application(bot: Bot) -> None:
    with pytest.raises(SettingError, match=r"Give the application itself, or the URL at which the bot listens"):
        bot("my_bot.main:app")


def test_a_url_that_cannot_be_read_is_a_setting(bot: Bot) -> None:
    with pytest.raises(SettingError, match=r"^bot=http://\[::1/api: expected http:// or https:// and this machine"):
        bot("http://[::1/api")
