"""Answers that are long are written in pieces, and read as any other."""

from __future__ import annotations

import json
import time

import pytest

from pytest_graphcalls.server.control import ServerState, views
from pytest_graphcalls.server.control.views import encode, written
from tests.unit.bot.bots import asgi
from tests.unit.server.control.conftest import Ask


@pytest.mark.parametrize("body", [{}, {"a": []}, {"a": [], "b": 1}, {"a": [1, {"b": "ü"}], "c": None, "d": ({}, "e")}])
def test_the_pieces_are_json_together(body: dict[str, object]) -> None:
    """The pieces equal the JSON that is written at once."""
    assert json.loads(written(body)) == encode(body) == json.loads(json.dumps(body))


def test_other_threads_run_between_two_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever it has taken a while."""
    pauses: list[float] = []
    moments = iter(range(100))
    monkeypatch.setattr(views.time, "perf_counter", lambda: float(next(moments)))
    monkeypatch.setattr(views.time, "sleep", pauses.append)
    written({"a": list(range(9)), "b": 1})
    assert len(pauses) == 9
    assert time.sleep == pauses.append


def test_a_secret_that_spans_lines_of_a_traceback_is_masked(ask: Ask, state: ServerState) -> None:
    """Entries are masked line by line, what follows them as a whole."""
    lines = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ", "wV3Jm0mCw8Y2zq1N9t4yQ7pXk5bR6dU8fG2hJ3lZ0xC"]
    key = "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])

    def fail(notes: object, headers: object) -> None:
        raise ValueError(key)

    state.bot(asgi(fail), redeliveries=0)
    state.simulator.incoming_call()
    state.simulator.advance(0)
    shown = "\n".join(ask("GET", "timeline")[1]["lines"])
    assert "ValueError" in shown
    assert not any(line in shown for line in lines)
