"""A bot behind a socket, notified by a server in real or frozen time; no request blocks another."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import httpx
import pytest

from pytest_graphcalls.server.control import PREFIX, ServerState
from pytest_graphcalls.server.http import serve_in_thread
from tests.unit.bot.bots import Act, asgi, incoming

LONG = 60.0
"""Seconds that nothing here takes, on a busy machine either: they only end what hangs."""


@pytest.fixture
def post(served: httpx.Client) -> Callable[..., Any]:
    def send(path: str, **members: Any) -> Any:
        return served.post(f"{PREFIX}{path}", json=members).raise_for_status().json()

    return send


@contextmanager
def a_bot(act: Act) -> Iterator[str]:
    """A bot in a thread of its own server: what it does blocks no other."""
    with serve_in_thread(asgi(act)) as url:
        yield f"{url}/notify"


def rejecting(served: httpx.Client, state: ServerState) -> Act:
    """A bot that calls back over HTTP, and uses control addresses, while it handles a notification."""
    headers = {"Authorization": f"Bearer {state.simulator.authority.token()}"}

    def act(notes: dict[str, Any], _: dict[str, str]) -> None:
        for call in incoming(notes):
            url = f"/v1.0/communications/calls/{call}/reject"
            rejected = httpx.post(f"{served.base_url}{url}", json={"reason": "busy"}, headers=headers, timeout=LONG)
            assert rejected.status_code == 202
            for path in ("clock/advance", "calls"):
                body = {"seconds": 0} if path == "clock/advance" else {"caller": "Zoe"}
                if path == "clock/advance" or len(state.simulator.store.calls) < 3:
                    assert httpx.post(f"{served.base_url}{PREFIX}{path}", json=body, timeout=LONG).is_success

    return act


def test_in_frozen_time_the_bot_is_notified_on_advance_alone(
    served: httpx.Client, state: ServerState, post: Callable[..., Any]
) -> None:
    """The response to it comes when all notifications are delivered, also those of later events."""
    with a_bot(rejecting(served, state)) as url:
        assert post("bot", url=url)["url"] == url
        call = post("calls", caller="Mallory")
        assert state.bot.deliveries == ()
        post("clock/advance", seconds=2)
        seen = served.get(f"{PREFIX}calls/{call['id']}").json()
        assert (seen["state"], seen["rejected_with"]) == ("terminated", "busy")
        assert len(served.get(f"{PREFIX}calls").json()["calls"]) == 3
        assert [one.status for one in state.bot.deliveries] == [202] * 6
        assert state.bot.deliveries[0].url.endswith("/notify")
        assert post("assertions/answered-within", seconds=15) == {"passed": True}


def test_in_real_time_the_bot_is_notified_without_any_request(
    served: httpx.Client, state: ServerState, post: Callable[..., Any]
) -> None:
    """The clock drives it, also what falls due later."""
    done = Event()

    def act(notes: dict[str, Any], _: dict[str, str]) -> None:
        if notes["value"][0]["changeType"] == "deleted":
            done.set()

    post("people/Adele/leaves_after", seconds=0.2)
    with a_bot(act) as url:
        post("bot", url=url)
        post("clock/thaw")
        post("calls", caller="Adele")
        assert done.wait(LONG)
        post("clock/freeze")
    assert [one.kind for one in state.bot.deliveries][:1] == ["created call incoming"]
    assert state.simulator.now >= 0.2


def test_in_real_time_too_an_advance_is_answered_after_the_notifications(
    served: httpx.Client, state: ServerState, post: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer waits also for a notification that the clock has begun."""
    notifying, asked = Event(), Event()
    advance = ServerState.advance

    def advance_too(state: ServerState, seconds: float, patience: float) -> None:
        asked.set()
        advance(state, seconds, patience)

    monkeypatch.setattr(ServerState, "advance", advance_too)

    def act(notes: dict[str, Any], _: dict[str, str]) -> None:
        notifying.set()
        assert asked.wait(LONG)

    with a_bot(act) as url:
        post("bot", url=url)
        post("clock/thaw")
        post("calls")
        assert notifying.wait(LONG)
        post("clock/advance", seconds=15)
        assert [one.kind for one in state.bot.deliveries] == [
            "created call incoming",
            "deleted call terminated 408/8587",
        ]


@pytest.mark.parametrize("frozen", [True, False])
def test_a_bot_that_hangs_is_reported_and_blocks_no_request(
    served: httpx.Client, state: ServerState, post: Callable[..., Any], frozen: bool
) -> None:
    """Requests and control requests are answered meanwhile, and another bot can take its place."""
    seen = Event()
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        hanging.settimeout(LONG)
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}/notify"
        state.bot.ledger.listen(lambda delivery: seen.set() if "no answer within" in delivery.error else None)
        post("bot", url=url, timeout=0.2, redeliveries=0)
        post("calls")
        advance = threading.Thread(target=lambda: post("clock/advance", seconds=0) if frozen else post("clock/thaw"))
        advance.start()
        with hanging.accept()[0]:
            assert served.get("/v1.0/communications/calls/57da").status_code == 401
            assert served.get(f"{PREFIX}calls").status_code == 200
            assert seen.wait(LONG)
            advance.join()
    assert served.get(f"{PREFIX}ledger").json()["entries"][-1]["status"] in {None, 401}


def test_time_passes_while_a_bot_hangs(served: httpx.Client, state: ServerState, post: Callable[..., Any]) -> None:
    """Without any request; else the next notification would seem to come before its time."""
    hanging, over = Event(), Event()

    def hang(notes: dict[str, Any], _: dict[str, str]) -> None:
        hanging.set()
        over.wait(LONG)

    with a_bot(hang) as url:
        post("bot", url=url, timeout=LONG, redeliveries=0)
        post("calls")
        post("clock/thaw")
        assert hanging.wait(LONG)
        before = state.simulator.now
        state.bot.wait_for(lambda: state.simulator.now > before, seconds=LONG)
        over.set()


def test_a_bot_that_is_replaced_while_it_hangs_is_not_notified_any_more(
    served: httpx.Client, state: ServerState, post: Callable[..., Any]
) -> None:
    """The next one receives what happens from then on."""
    hanging, over = Event(), Event()

    def hang(notes: dict[str, Any], _: dict[str, str]) -> None:
        hanging.set()
        over.wait(LONG)

    with a_bot(hang) as slow, a_bot(lambda notes, headers: None) as quick:
        post("bot", url=slow, timeout=LONG, redeliveries=5)
        post("calls")
        advance = threading.Thread(target=lambda: post("clock/advance", seconds=0))
        advance.start()
        assert hanging.wait(LONG)
        post("bot", url=quick)
        advance.join()
        call = post("calls")
        post("clock/advance", seconds=10)
        over.set()
    delivered = [(one.attempt, one.status) for one in state.bot.deliveries]
    assert (delivered[0], delivered[1:]) == ((1, None), [(1, 202)])
    assert state.bot.deliveries[-1].call == call["id"]


def test_a_bot_that_is_not_there_is_reported(
    served: httpx.Client, state: ServerState, post: Callable[..., Any]
) -> None:
    """A bot that cannot be reached is notified again, as often as usual."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    post("bot", url=f"http://127.0.0.1:{port}")
    post("calls")
    post("clock/advance", seconds=5)
    entries = served.get(f"{PREFIX}ledger").json()["entries"]
    assert [one["attempt"] for one in entries] == [1, 2, 3]
    assert all("cannot be reached" in one["error"] for one in entries)


def test_a_redirect_to_another_machine_is_not_followed(
    served: httpx.Client, state: ServerState, post: Callable[..., Any]
) -> None:
    """The redirect is reported in the ledger."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"location", b"http://192.0.2.7/x")]
        await send({"type": "http.response.start", "status": 307, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    with serve_in_thread(app) as url:
        post("bot", url=url, redeliveries=0)
        post("calls")
        post("clock/advance", seconds=0)
    (entry,) = served.get(f"{PREFIX}ledger").json()["entries"]
    assert entry["error"].startswith("redirects to 'http://192.0.2.7/x', where nothing is sent")


def test_faults_spoil_answers_and_never_control_answers(served: httpx.Client, post: Callable[..., Any]) -> None:
    """The connection is closed in the middle of one."""
    post("faults/half-sent")
    with pytest.raises(httpx.TransportError):
        served.get("/v1.0/communications/calls/57da", headers={"Authorization": "Bearer x"})
    assert len(served.get(f"{PREFIX}faults").json()["faults"][0]["struck"]) == 1


def test_web_pages_are_refused(served: httpx.Client, state: ServerState) -> None:
    """Over the socket as in the table of the guard."""
    headers = {"Origin": "https://evil.example"}
    assert served.post(f"{PREFIX}calls", headers=headers).status_code == 403
    assert served.post(f"{PREFIX}calls", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert served.options(f"{PREFIX}calls").status_code == 405
    assert state.simulator.notifications == []


def test_the_end_comes_while_a_bot_hangs(state: ServerState) -> None:
    """After the end no thread is left running, and no exception was raised in one."""
    from contextlib import closing

    from pytest_graphcalls.server.control import ControlledApp, real_time

    hanging, over = Event(), Event()

    def hang(notes: dict[str, Any], _: dict[str, str]) -> None:
        hanging.set()
        over.wait(LONG)

    app = ControlledApp(state)
    before = set(threading.enumerate())  # an earlier test may have threads that wait for the garbage collector
    with a_bot(hang) as url:
        with closing(app), real_time(state), closing(state.bot), serve_in_thread(app):
            state.place_bot(url, timeout=1.0)
            state.simulator.incoming_call()
            state.time.thaw()
            assert hanging.wait(LONG)
        over.set()
    left = {one.name for one in set(threading.enumerate()) - before}
    assert not [name for name in left if name.startswith(("graphcalls-clock", "graphcalls-control"))]


def meeting_bot(calls: int) -> Any:
    """A bot that answers for a call only once it was notified of so many."""
    seen: set[str] = set()
    all_there = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        seen.update(incoming(json.loads((await receive())["body"])))
        if len(seen) == calls:
            all_there.set()
        await asyncio.wait_for(all_there.wait(), LONG)
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body"})

    return app


def test_in_real_time_one_call_does_not_wait_for_another(state: ServerState, post: Callable[..., Any]) -> None:
    """The bot is notified of a second call while it handles the first; on advance, everything is waited for."""
    with serve_in_thread(meeting_bot(2)) as url:
        post("bot", url=url)
        post("clock/thaw")
        post("calls")
        post("calls")
        state.bot.wait_for(lambda: len(state.bot.deliveries) >= 2, seconds=LONG)
        assert {(one.status, one.attempt) for one in state.bot.deliveries} == {(202, 1)}


def placing_calls(served: httpx.Client, over: Event) -> Act:
    """A bot that places one more call for each notification, until it is over: clients that never stop."""

    def act(notes: dict[str, Any], _: dict[str, str]) -> None:
        if over.is_set():
            return
        served.post(f"{PREFIX}calls", json={})

    return act


@pytest.mark.parametrize("frozen", [True, False])
def test_an_advance_ends_although_there_is_always_something_new_to_deliver(
    served: httpx.Client, state: ServerState, post: Callable[..., Any], frozen: bool
) -> None:
    """Just the time that was asked for passes; what came about meanwhile goes out later."""
    over = Event()
    with a_bot(placing_calls(served, over)) as url:
        post("bot", url=url)
        for _ in range(8):
            post("calls")
        if not frozen:
            post("clock/thaw")
        try:
            clock = post("clock/advance", seconds=0.2)
        finally:
            over.set()
        if frozen:
            assert clock["now"] == 0.2
            before = len(state.bot.deliveries)
            post("clock/advance", seconds=0)
            assert len(state.bot.deliveries) > before
            assert [one.sequence for one in state.bot.deliveries] == list(range(len(state.bot.deliveries)))
