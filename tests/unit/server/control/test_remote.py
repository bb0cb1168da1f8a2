"""A server behind a URL is a stage as a simulator in this process is."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from threading import Thread
from typing import Any

import httpx
import pytest

from pytest_graphcalls.clients.httpx import make_client
from pytest_graphcalls.clients.network import Network
from pytest_graphcalls.errors import StageError
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.control import PREFIX, ControlledApp, Reach, ServerState
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.targets.remote import RemoteWorld, is_steerable


@pytest.fixture
def remote(served: httpx.Client) -> Iterator[RemoteWorld]:
    network = Network()
    yield RemoteWorld(make_client(network.sync, str(served.base_url), ""))
    network.close()


def test_a_stage_finds_what_it_asks_of_a_simulator(remote: RemoteWorld, state: ServerState) -> None:
    """Calls, apps, tokens, time; ids are those of the simulator there."""
    call = remote.incoming_call(group=True)
    assert state.simulator.call(call.id).kind == "group"
    app = remote.authority.register(may_remove_participants=False, phone_number="+15550101")
    known = state.simulator.authority.app_of(app.id)
    assert (known.may_remove_participants, known.phone_number) == (False, "+15550101")
    assert remote.authority.token(app) != remote.authority.token(roles=[]) != remote.authority.token()
    remote.advance(16)
    assert state.simulator.now == 16.0
    assert [(one.body, one.posted_to, one.call_id, one.at) for one in remote.notifications] == [
        (one.body, one.posted_to, one.call_id, one.at) for one in state.simulator.notifications
    ]


def test_notifications_are_asked_for_once(remote: RemoteWorld, served: httpx.Client) -> None:
    """What is known stays the same object; after a reset all is new."""
    remote.incoming_call()
    (first,) = remote.notifications
    remote.incoming_call()
    again, _ = remote.notifications
    assert again is first
    served.post(f"{PREFIX}reset")
    assert remote.notifications == []


def test_notifications_of_earlier_tests_are_not_given(remote: RemoteWorld, served: httpx.Client) -> None:
    """A test has its own alone, and their time counts from its beginning; a reset in between is no matter."""
    remote.incoming_call()
    remote.advance(3)
    remote.begin_test()
    assert remote.notifications == []
    remote.advance(1)
    call = remote.incoming_call()
    assert [(one.call_id, one.at) for one in remote.notifications] == [(call.id, 1.0)]
    remote.begin_test()
    served.post(f"{PREFIX}reset")
    again = remote.incoming_call()
    assert [one.call_id for one in remote.notifications] == [again.id]


def test_notifications_that_a_server_has_dropped_are_not_missed(remote: RemoteWorld, state: ServerState) -> None:
    """What was read stays, and what comes is read once."""
    state.simulator.keep_latest(calls=1, notifications=2)
    for _ in range(3):
        remote.incoming_call()
        remote.incoming_call()
        state.simulator.advance(0)
    assert len(remote.notifications) == 2
    last = remote.incoming_call()
    state.simulator.advance(0)
    assert [one.call_id for one in remote.notifications][2:] == [last.id]


def test_a_refusal_makes_the_test_unchecked(remote: RemoteWorld) -> None:
    """The refused test judges nothing, and repeats the server's answer."""
    with pytest.raises(StageError, match=r"Did you mean 'Calls\.Initiate\.All'"):
        remote.authority.token(roles=["Calls.Initate.All"])


@pytest.mark.parametrize(
    ("app", "steerable"),
    [
        (lambda simulator: ControlledApp(ServerState.of(simulator, SimulatorApp(simulator))), True),
        (lambda simulator: ControlledApp(ServerState.of(simulator, SimulatorApp(simulator)), reach=Reach.OFF), False),
        (lambda simulator: SimulatorApp(simulator), False),
    ],
)
def test_only_a_server_that_lists_its_addresses_is_steered(app: Callable[..., Any], steerable: bool) -> None:
    """A mock, or a server whose control addresses are off, is asked by requests alone."""
    served = app(Simulator())
    with closing(served) if isinstance(served, ControlledApp) else nullcontext(), serve_in_thread(served) as url:
        assert is_steerable(url) is steerable


async def _text(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def test_a_server_that_is_no_simulator_is_not_steered() -> None:
    """No JSON, a closed connection, or no server at all."""
    with serve_in_thread(_text) as url:
        assert is_steerable(url) is False
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closing = Thread(target=lambda: listener.accept()[0].close())
        closing.start()
        assert is_steerable(f"http://127.0.0.1:{listener.getsockname()[1]}") is False
        closing.join()
    assert is_steerable("http://127.0.0.1:9") is False


def test_another_machine_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on another machine has no capabilities of a simulator on this one."""
    monkeypatch.setattr("pytest_graphcalls.targets.remote.Network", lambda: pytest.fail("a request was sent"))
    assert is_steerable("https://graph.example.org") is False
    assert is_steerable("http://192.0.2.7") is False
