"""``graphcalls serve``: the simulator for every language and SDK that speaks HTTP."""

from __future__ import annotations

import signal
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from pytest_graphcalls.clients.asgi import SimulatorApp
from pytest_graphcalls.clients.server import serve_in_thread
from pytest_graphcalls.commands.text import show
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator import Pace, Simulator

TOKEN_LIFETIME = 24 * 3600.0
"""Seconds that the printed token lives: a working day, and no more."""


def run(args: Namespace) -> int:
    """Serve until somebody stops it.

    Args:
        args: ``host``, ``port``, ``seed``, ``ring`` and ``frozen``.

    Raises:
        SettingError: the address is taken, or the ring time is no time.
    """
    simulator = Simulator(seed=args.seed, pace=_pace(args.ring))
    with serve_in_thread(SimulatorApp(simulator, frozen=args.frozen), args.host, args.port) as url, _told_to() as stop:
        show(_greeting(url, simulator, args))
        # With a time limit: on Windows an endless wait cannot be interrupted.
        while not stop.wait(1):
            pass
    show(["stopped"])
    return 0


def _pace(ring: float | None) -> Pace:
    if ring is None:
        return Pace()
    if not 0 <= ring < float("inf"):
        raise SettingError("--ring", str(ring), "seconds, 0 or more")
    return Pace(ring=ring)


def _greeting(url: str, simulator: Simulator, args: Namespace) -> Iterator[str]:
    time = "time stands still" if args.frozen else "time passes as it does outside"
    yield f"The simulator listens on {url} (seed {args.seed}; {time})."
    yield ""
    yield f"  v1.0   {url}/v1.0/communications/calls"
    yield f"  beta   {url}/beta/communications/calls"
    yield f"  tenant {simulator.tenant_id}"
    yield ""
    yield "A token for it, good for 24 hours:"
    yield f"  export GRAPHCALLS_TOKEN={simulator.authority.token(lifetime=TOKEN_LIFETIME)}"
    yield ""
    yield "The contract suite against it:"
    yield f"  pytest --pyargs pytest_graphcalls.contracts --graphcalls-target={url}"
    yield ""
    yield "Ctrl-C stops it."


@contextmanager
def _told_to() -> Iterator[Event]:
    """An event that is set when this process is asked to stop."""
    stop = Event()
    before = {name: signal.signal(name, lambda *_: stop.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
