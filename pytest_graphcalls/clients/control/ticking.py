"""Time that passes by itself: notifications go out when they fall due, also when nobody asks for anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from pytest_graphcalls.clients.control.world import World

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

    def tick() -> None:
        while not over.wait(every):
            if not world.time.frozen:
                world.advance(0)

    thread = Thread(target=tick, name="graphcalls-clock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        world.simulator.deliver_to(
            None
        )  # what is left is not told; else a bot that hangs would be waited for each time
        thread.join()
