"""What the control addresses steer: a simulator, its bot, and the clock in front of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator import Simulator

MOST_LINES = 20_000
"""Lines of some kB that the ledger of a server keeps: nobody may ever reset it. As many notifications."""
MOST_CALLS = 5_000
"""Calls that are over, of some kB with their people, that a server keeps."""


class Time(Protocol):
    """Whether virtual time follows real time: :class:`.SimulatorApp`."""

    @property
    def frozen(self) -> bool:
        """Whether virtual time moves by ``advance`` only."""
        ...

    def freeze(self) -> None:
        """Let virtual time stand still."""
        ...

    def thaw(self) -> None:
        """Let virtual time follow real time again."""
        ...

    def follow(self) -> None:
        """Let as much virtual time pass as real time has since the last look."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """What can be steered.

    Attributes:
        simulator: the tenant.
        bot: who is told; everything it is told and asks for is in its ledger.
        time: the clock's way.
        allow_hosts: hosts that the bot may be on besides this machine. Whoever starts the server says so, and no
            request can: else a request could have it post anywhere.
    """

    simulator: Simulator
    bot: Bot
    time: Time
    allow_hosts: Collection[str] = ()

    @classmethod
    def of(cls, simulator: Simulator, time: Time, *, seed: int = 0, allow_hosts: Collection[str] = ()) -> World:
        """A world whose bot is nowhere yet. What is asked for is written down from now on, what is old forgotten."""
        simulator.keep_latest(calls=MOST_CALLS, notifications=MOST_LINES)
        # In real time one call does not wait for another; in frozen time every run is the same.
        bot = Bot(simulator, seed=seed, most=MOST_LINES, side_by_side=lambda: not time.frozen)
        bot.watch()
        return cls(simulator, bot, time, allow_hosts)

    def place_bot(self, url: str, **terms: Any) -> None:
        """Say where the bot is; ``terms`` as for calling a :class:`.Bot`.

        Raises:
            SettingError: nobody may be told there, or a value is out of range.
        """
        try:
            self.bot(url, allow_hosts=self.allow_hosts, **terms)
        except SettingError as error:  # which speaks of parameters in Python
            step = error.next_step and "'graphcalls serve --allow-host HOST' allows a host."
            raise SettingError(error.name, error.value, error.expected, step) from None

    def advance(self, seconds: float, patience: float) -> None:
        """Let virtual time pass and tell the bot what falls due.

        Args:
            seconds: how much passes.
            patience: real seconds to wait for each notification that goes out by itself already.
        """
        self.simulator.advance(seconds, patience=patience)
        self.bot.settle(patience)

    def reset(self) -> None:
        """Be as new; the bot stays where it is, and the clock's way as it is."""
        self.simulator.reset()
        self.bot.ledger.clear()
