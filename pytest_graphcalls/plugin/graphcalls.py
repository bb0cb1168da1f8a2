"""The object behind the fixture ``graphcalls``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from pytest_graphcalls.errors import SettingError, StageError
from pytest_graphcalls.findings import Finding
from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.session import Recorder
from pytest_graphcalls.stage.base import shown as shown_answer
from pytest_graphcalls.stage.call import CALLS, MEDIA
from pytest_graphcalls.targets import Connection
from pytest_graphcalls.validation import shown
from pytest_graphcalls.wire import Exchange, Request

if TYPE_CHECKING:
    from pytest_graphcalls.bot import Bot
    from pytest_graphcalls.clients.httpx import AsyncClient, Client
    from pytest_graphcalls.simulator import SimulatedCall, Simulator

_T = TypeVar("_T")
Serve = Callable[["Simulator"], AbstractContextManager[str]]
"""Lets a local server answer for a simulator inside the block; gives its URL."""


class GraphCalls:
    """The fixture ``graphcalls``: client, simulator, bot and exchanges of one test. Safe under threads.

    Args:
        connection: to the target.
        recorder: of the test.
        serve: lets a local server answer for the simulator.
        follow: is handed the bot, once there is one, and gives it back.
        seed: of the run.

    Attributes:
        token: the bearer token that the clients send.
        root: the address that the paths of operations are appended to.
        version: the API version of this test, ``v1.0`` or ``beta``.
    """

    def __init__(
        self, connection: Connection, recorder: Recorder, serve: Serve, follow: Callable[[Bot], Bot], seed: int
    ) -> None:
        self._connection = connection
        self._recorder = recorder
        self._serve = serve
        self._follow = follow
        self._seed = seed
        self._lock = RLock()
        self._made: dict[str, Any] = {}
        self._closing = ExitStack()
        self.token = connection.token
        self.root = connection.root
        self.version = connection.version

    def close(self) -> None:
        """Detach the bot, and let the server answer for this test no longer."""
        self._closing.close()

    def _part(self, name: str, make: Callable[[], _T]) -> _T:
        """The part of that name; the first thread that asks makes it."""
        with self._lock:
            if name not in self._made:
                self._made[name] = make()
            part: _T = self._made[name]
            return part

    @property
    def client(self) -> Client:
        """An ``httpx.Client`` on :attr:`root`, with a token; every exchange is checked against the contract.

        ``graphcalls.client.post(f"/communications/calls/{call.id}/reject", json={"reason": "busy"})``
        """
        return self._part("client", self._connection.client)

    @property
    def async_client(self) -> AsyncClient:
        """An ``httpx.AsyncClient`` on :attr:`root`, with a token; every exchange is checked against the contract."""
        return self._part("async client", self._connection.async_client)

    @property
    def simulator(self) -> Simulator:
        """The simulated tenant of this test: place calls, script people, inject faults, move the clock.

        Skips the test when it runs against another target than the simulator.
        """
        if self._connection.simulator is None:
            pytest.skip(
                f"needs a simulator, and this test runs against {self.root}; "
                '--graphcalls-target=simulator or @pytest.mark.graphcalls(target="simulator") gives it one.'
            )
        return self._connection.simulator

    @property
    def server(self) -> str:
        """URL of a local server in front of :attr:`simulator`, without API version: for clients of any library.

        Skips the test when it runs against another target than the simulator.
        """
        simulator = self.simulator
        return self._part("server", lambda: self._closing.enter_context(self._serve(simulator)))

    @property
    def bot(self) -> Bot:
        """The bot under test. ``graphcalls.bot(app)`` says where it is; notifications are posted to it as time passes.

        Skips the test when it runs against another target than the simulator.
        """
        simulator = self.simulator
        return self._part("bot", lambda: self._new_bot(simulator))

    def _new_bot(self, simulator: Simulator) -> Bot:
        from pytest_graphcalls.bot import Bot

        bot = self._follow(Bot(simulator, seed=self._seed))
        self._closing.callback(bot.close)
        return bot

    def environment(self) -> dict[str, str]:
        """Variables by which a process of any language reaches :attr:`simulator`, under Microsoft's own host names.

        A server with TLS and a proxy are started for it; they end with the test. Skips as :attr:`simulator` does.
        """
        return self._environment(os.environ)

    def _environment(self, given: Mapping[str, str]) -> dict[str, str]:
        from pytest_graphcalls.plugin.processes import client_facts
        from pytest_graphcalls.server.environment import variables

        simulator = self.simulator
        facts = self._part("facts", lambda: self._closing.enter_context(client_facts(simulator)))
        return variables(facts, given=given)

    def run(
        self,
        command: Sequence[str | os.PathLike[str]],
        *,
        port_variable: str = "",
        listens: int = 0,
        path: str = "",
        environment: Mapping[str, str] | None = None,
        within: float = 20.0,
    ) -> Bot:
        """Start a bot of any language as a process, wait until it listens, and attach it as :attr:`bot`.

        It and its children end with the test, whatever happens; what it wrote is shown when the test fails. Virtual
        time moves by ``simulator.advance`` only, however long the bot works.
        ``graphcalls.run(["node", "bot.js"], port_variable="PORT")``

        Args:
            command: program and arguments.
            port_variable: the variable by which it is given a free port.
            listens: instead of that, the port of a bot with a fixed one.
            path: the bot's path for notifications; by default that of the registered address, ``/api/calls``.
            environment: variables beside those of :meth:`environment`, which it is given anyway; options of a runtime
                (``NODE_OPTIONS``, ``JAVA_TOOL_OPTIONS``) join ours.
            within: real seconds that it has until it listens.

        Raises:
            SettingError: no way to its port is given, or two; the port is taken; the program cannot be started.
            BotError: it ends before it listens, or does not listen in time.
        """
        from pytest_graphcalls.plugin.processes import running
        from pytest_graphcalls.server.environment import JOINED

        own = environment or {}
        led = self._environment({**os.environ, **own})
        given = {**led, **{name: value for name, value in own.items() if name not in JOINED}}
        process = running(command, given, port_variable=port_variable, listens=listens, within=within)
        return self.bot(self._closing.enter_context(process), path=path)

    def in_meeting(self, *people: str) -> SimulatedCall:
        """Bring the bot into a meeting with ``people``: the client joins it, and the call is established.

        Args:
            people: who is in the meeting already: names, object ids, or phone numbers in E.164 form.

        Raises:
            StageError: the request was refused, or the call was not established.
        """
        simulator = self.simulator
        body = simulator.meeting(people).join_body(callback_uri=simulator.authority.app.callback_uri)
        answer = self.client.post(CALLS, json=body)
        if answer.is_error:
            raise StageError("the bot in a meeting", f"the simulator answered {shown_answer(answer)}")
        return self._established(simulator.call(answer.json()["id"]))

    def answered_call(self, caller: str, *, seconds: float = 5.0) -> SimulatedCall:
        """Let a person call the bot: an attached bot answers by itself, else the client does; the call is established.

        Args:
            caller: who calls: a name, an object id, or a phone number in E.164 form.
            seconds: real seconds that a bot behind a URL has for its first request.

        Raises:
            BotError: the attached bot has done nothing.
            StageError: the call was not established.
        """
        simulator = self.simulator
        call = simulator.incoming_call(caller)
        if simulator.outbox.is_open:
            simulator.advance(0)
            self.bot.wait_for(lambda: call.state is not CallState.INCOMING, seconds=seconds)
        else:
            answer = {"acceptedModalities": ["audio"], "callbackUri": call.callback_uri, "mediaConfig": MEDIA}
            self.client.post(f"{CALLS}/{call.id}/answer", json=answer)
        return self._established(call)

    def _established(self, call: SimulatedCall) -> SimulatedCall:
        self.simulator.advance(self.simulator.pace.establish)
        if call.state is not CallState.ESTABLISHED:
            raise StageError("an established call", f"it is {call.state}")
        return call

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every request with its response so far, in order."""
        return self._recorder.exchanges

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every disagreement with the contract found so far, whether it fails the test or not."""
        return self._recorder.findings

    def expect_violation(self, what: str) -> AbstractContextManager[None]:
        """Expect a violation inside the ``with`` block; without one the test fails.

        Args:
            what: a rule's full id or slug (``at-most-five-invitees``), or a kind of finding (``token-missing``).

        Raises:
            UnknownNameError: there is no such rule, slug or kind.
            NoViolationError: the block ended without that violation.
        """
        return self._recorder.expect_violation(what)

    def receive(self, request: Request) -> Mapping[str, Any]:
        """Check a notification that a receiver of your own was sent, and return its decoded body.

        Args:
            request: what arrived: ``Request("POST", url, headers, body)`` of ``pytest_graphcalls.wire``.

        Raises:
            SettingError: ``request`` is not a :class:`.wire.Request`.
        """
        if not isinstance(request, Request):
            hint = "Make one of what came in: from pytest_graphcalls.wire import Request."
            raise SettingError("receive(request)", shown(request), 'Request("POST", url, headers, body) of wire', hint)
        return self._recorder.receive(request, self.version)
