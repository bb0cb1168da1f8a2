"""Time that passes by itself: notifications go out when they fall due, also when nobody asks for anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from pytest_graphcalls.server.control.state import World

EVERY = 0.02
"""Real seconds between two looks at the clock: how late a notification may be."""


@contextmanager
def ticking(world: World, every: float = EVERY) -> Iterator[None]:
    """Let real time drive a world until the block ends; while its clock is frozen nothing goes out.

    It ends when the bot has answered, or nobody waits for it any longer.

    Args:
        world: what passes.
        every: real seconds between two looks.
    """
    over = Event()

    def deliver() -> None:
        if not world.time.frozen:
            world.simulator.advance(0)

    # Time passes while a bot is waited for.
    threads = [
        Thread(target=_again_and_again, args=(step, over, every), name="graphcalls-clock", daemon=True)
        for step in (world.time.follow, deliver)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        world.simulator.deliver_to(None)  # what is left is not told; a bot that hangs would be waited for each time
        for thread in threads:
            thread.join()


def _again_and_again(step: Callable[[], None], over: Event, every: float) -> None:
    while not over.wait(every):
        step()
