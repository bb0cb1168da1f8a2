"""A bot of any language as a process of its own, led to the test's simulator by its environment alone."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory, gettempdir
from typing import IO, Any

from pytest_graphcalls.atomic import hold
from pytest_graphcalls.errors import BotError, SettingError
from pytest_graphcalls.plugin.keeper import END_WITHIN
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.environment import ClientFacts
from pytest_graphcalls.server.http import listening, server
from pytest_graphcalls.server.proxy import proxy_in_thread
from pytest_graphcalls.server.tls import certificate_in
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.simulator.hosting import ByHost

KEEPER = str(Path(__file__).with_name("keeper.py"))
"""Ends a bot, whatever happens to this process."""
RUN_ID = "GRAPHCALLS_RUN_ID"
"""The variable by which it finds the bot's children, which inherit it."""
LINES = 40
"""How many of its last lines an error shows."""
HOST = "127.0.0.1"


@contextmanager
def client_facts(simulator: Simulator) -> Iterator[ClientFacts]:
    """Serve a simulator under Microsoft's names, through a proxy, until the block ends."""
    cloud, app = simulator.cloud, simulator.authority.app
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="graphcalls-")))
        tls = stack.enter_context(certificate_in(folder, cloud.hosts))
        app_by_host = SimulatorApp(ByHost(simulator, cloud), frozen=True)
        served = stack.enter_context(server(app_by_host, certificate=tls.certificate))
        proxy = stack.enter_context(proxy_in_thread(served, cloud))
        names = (tuple(cloud.hosts), simulator.tenant_id, app.app_id, simulator.signin.secret())
        yield ClientFacts(served.url, proxy, tls, *names)


@contextmanager
def running(
    command: Sequence[str | os.PathLike[str]],
    environment: Mapping[str, str],
    *,
    port_variable: str,
    listens: int,
    within: float,
) -> Iterator[str]:
    """Run a bot until the block ends; gives its URL once it listens. Its output is written out at the end.

    Args:
        command: program and arguments.
        environment: variables beside those of this process.
        port_variable: by which it is given a free port; ``""`` for a bot with a port of its own.
        listens: that port.
        within: real seconds that it has until it listens.

    Raises:
        SettingError: no way to its port is given, or two; the port is taken; the command
            is one text, or its program cannot be started.
        BotError: it ends before it listens, or does not listen in time.
    """
    if bool(port_variable) == bool(listens):
        ways = 'port_variable="PORT" for a bot that reads its port, or listens=3978 for one with a fixed port'
        raise SettingError(
            "graphcalls.run(port_variable, listens)", f"{port_variable!r}, {listens!r}", f"one of {ways}"
        )
    if isinstance(command, str):
        raise SettingError("graphcalls.run(command)", repr(command), "a list of words", f"Write {command.split()}.")
    with ExitStack() as stack:
        words = [os.fspath(word) for word in command]
        stack.enter_context(only_user_of(listens))
        port = _free_port(listens)
        given = {**os.environ, **environment, **({port_variable: str(port)} if port_variable else {})}
        output = Path(stack.enter_context(TemporaryDirectory(prefix="graphcalls-"))) / "output.txt"
        stack.callback(lambda: sys.stdout.write(f"\n{shlex.join(words)} wrote:\n{_text(output)}\n"))
        process = stack.enter_context(_kept(words, given, output))
        given_as = f", given as {port_variable}," if port_variable else ""
        _wait_until_it_listens(process, shlex.join(words), port, within, output, given_as)
        yield f"http://localhost:{port}"


@contextmanager
def only_user_of(port: int) -> Iterator[None]:
    """Keep other runs of this user off a fixed port until the block ends, from before its bot listens; 0 is none.

    Raises:
        SettingError: another run has it.
    """
    if not port:
        yield
        return
    user = os.getuid() if sys.platform != "win32" else "user"
    path = Path(gettempdir(), f"graphcalls-{user}-port-{port}.lock")
    held = hold(path, make=True)
    if held is None:
        raise _taken(port)
    try:
        yield
    finally:
        with suppress(OSError):  # on Windows it is in use; another run takes it as it is
            path.unlink()
        os.close(held)


def _free_port(wanted: int) -> int:
    try:
        with listening(HOST, wanted) as listener:
            return int(listener.getsockname()[1])
    except SettingError:
        raise _taken(wanted) from None


def _taken(port: int) -> SettingError:
    return SettingError(
        "graphcalls.run(listens)",
        str(port),
        "a port that is free",
        "Another process listens there, maybe another xdist worker: give such tests one worker by "
        "@pytest.mark.xdist_group and --dist loadgroup, or a bot that reads its port a port_variable.",
    )


@contextmanager
def _kept(command: Sequence[str], environment: Mapping[str, str], output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process until the block ends, or this process does, in whatever way; its children end with it."""
    run_id = token_hex(16)
    # A session of their own: Ctrl-C, and what ends the group of pytest, reach only pytest.
    keeper = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", KEEPER, f"{RUN_ID}={run_id}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert keeper.stdin is not None
    ending = [keeper]
    try:
        with output.open("wb") as file:
            process = _started(command, {**environment, RUN_ID: run_id}, file)
        ending.append(process)
        keeper.stdin.write(b"%d\n" % process.pid)
        keeper.stdin.flush()
        yield process
    finally:
        keeper.stdin.close()
        for one in ending:
            try:
                one.wait(3 * END_WITHIN)
            except subprocess.TimeoutExpired:
                one.kill()


def _started(command: Sequence[str], environment: Mapping[str, str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    facts: Any = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": subprocess.STDOUT, "env": environment}
    try:
        return subprocess.Popen(command, start_new_session=True, **facts)  # noqa: S603 - the test's own command
    except OSError as error:
        name = command[0] if command else ""
        raise SettingError("graphcalls.run(command)", name, "a program that can be started", f"{error}.") from None


def _wait_until_it_listens(
    process: subprocess.Popen[bytes], name: str, port: int, within: float, output: Path, given_as: str
) -> None:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("localhost", port), 1):
            return
        try:
            status = process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        raise BotError(f"{name} ended with status {status} before it listened on port {port}; it wrote:", _last(output))
    raise BotError(f"{name} did not listen on port {port}{given_as} within {within:g} s; it wrote:", _last(output))


def _text(output: Path) -> str:
    return output.read_text(encoding="utf-8", errors="replace").rstrip()


def _last(output: Path) -> list[str]:
    return _text(output).splitlines()[-LINES:] or ["(nothing)"]
