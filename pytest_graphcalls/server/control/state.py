"""The state behind the control addresses: a simulator, its bot, and its clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.simulator import Simulator

LEDGER_ENTRIES, LEDGER_BYTES = 20_000, 32 * 1024 * 1024
"""How many entries the ledger of a server keeps at most, and about how much memory they take: it may never be reset."""
MOST_CALLS = 1_000
"""Calls that are over, of some kB with their people, that a server keeps."""
MOST_NOTIFICATIONS = 5_000
"""Notifications, of some kB, that a server keeps."""
EXTRA = 200
"""Notifications that an advance delivers beyond twice as many as were due, when others make new ones meanwhile."""
TICK = 0.02
"""Real seconds between two looks at the clock: how late a notification may be."""


@dataclass(slots=True)
class ServerAddresses:
    """The addresses of a server that listens, for clients that use the host names of the cloud.

    Attributes:
        url: its base URL.
        proxy: URL of its proxy; ``""`` without one.
        ca: absolute path of the certificate that clients trust; ``""`` without TLS.
    """

    url: str = ""
    proxy: str = ""
    ca: str = ""


@dataclass(frozen=True, slots=True)
class ServerState:
    """Everything that the control addresses show and change.

    Attributes:
        simulator: the tenant.
        bot: the bot under test; its ledger has every notification and request.
        time: serves the tenant, and decides whether virtual time follows real time.
        allow_hosts: hosts that the bot may be on besides this machine. The command line names them, and no request
            can: else a request could have notifications posted anywhere.
        addresses: where clients find the server under the names of the cloud.
    """

    simulator: Simulator
    bot: Bot
    time: SimulatorApp
    allow_hosts: Collection[str] = ()
    addresses: ServerAddresses = field(default_factory=ServerAddresses)

    @classmethod
    def of(
        cls,
        simulator: Simulator,
        time: SimulatorApp,
        *,
        seed: int = 0,
        allow_hosts: Collection[str] = (),
        ledger_bytes: int = LEDGER_BYTES,
    ) -> ServerState:
        """The state of a new server without a bot. Requests are recorded from now on, and the oldest forgotten."""
        simulator.keep_latest(calls=MOST_CALLS, notifications=MOST_NOTIFICATIONS)
        # In real time one call does not wait for another; in frozen time every run is the same.
        limits = {"most": LEDGER_ENTRIES, "most_bytes": ledger_bytes}
        bot = Bot(simulator, seed=seed, side_by_side=lambda: not time.frozen, **limits)
        bot.watch()
        return cls(simulator, bot, time, allow_hosts)

    def place_bot(self, url: str, **terms: Any) -> None:
        """Set where the bot is; ``terms`` as for calling a :class:`.Bot`.

        Raises:
            SettingError: the URL is of a host that is not allowed, or a value is out of range.
        """
        try:
            self.bot(url, allow_hosts=self.allow_hosts, **terms)
        except SettingError as error:  # which speaks of parameters in Python
            step = error.next_step
            if "allow_hosts" in step:
                step = "'graphcalls serve --allow-host HOST' allows a host."
            raise SettingError(error.name, error.value, error.expected, step) from None

    def advance(self, seconds: float, patience: float) -> None:
        """Let virtual time pass and deliver what falls due.

        Args:
            seconds: how much passes.
            patience: real seconds to wait for each notification that another thread delivers already.
        """
        self.simulator.advance(seconds, patience=patience, extra=EXTRA)
        self.bot.wait_until_idle(patience)

    def reset(self) -> None:
        """Forget calls, faults and the ledger; the bot stays where it is, and the clock frozen or not.

        Virtual time is 0 again, and stands for the present: assertions and tokens of clients have real times in them.
        """
        self.simulator.reset(start=datetime.now(UTC))
        self.bot.ledger.clear()


@contextmanager
def real_time(state: ServerState, tick: float = TICK) -> Iterator[None]:
    """Deliver notifications when they fall due, without any request, until the block ends; not while time is frozen.

    It ends when the bot has answered, or when its time for that is over.

    Args:
        state: whose clock is followed.
        tick: real seconds between two looks.
    """
    over = Event()

    def deliver() -> None:
        if not state.time.frozen:
            state.simulator.advance(0)

    # Two threads, so that time passes while a bot is waited for.
    threads = [
        Thread(target=_repeat, args=(step, over, tick), name="graphcalls-clock", daemon=True)
        for step in (state.time.follow, deliver)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        state.simulator.deliver_to(None)  # the rest is not delivered: each would wait for a bot that hangs
        for thread in threads:
            thread.join()


def _repeat(step: Callable[[], None], over: Event, every: float) -> None:
    while not over.wait(every):
        step()
