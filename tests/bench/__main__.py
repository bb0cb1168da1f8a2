"""Run every bench but ``cpu``, or those that are named: ``python -m tests.bench [startup checking … cpu]``."""

from __future__ import annotations

import platform
import sys
from importlib import import_module

BENCHES = (
    *("startup", "checking", "redaction", "simulator", "server", "proxy", "hostile", "bot", "media"),
    *("published", "pages", "suite", "drift"),
)
BY_NAME = ("cpu",)
"""Benches that take so long that they are run only when they are named."""


def main(names: list[str]) -> int:
    """Print the figures; the exit status says whether every goal was reached."""
    unknown = set(names) - {*BENCHES, *BY_NAME}
    if unknown:
        known = ", ".join((*BENCHES, *BY_NAME))
        print(f"there is no bench {', '.join(sorted(unknown))}; there are {known}", file=sys.stderr)
        return 64
    missed = 0
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    for name in names or BENCHES:
        print(f"\n{name}: {(import_module(f'tests.bench.{name}').__doc__ or '').splitlines()[0]}")
        for figure in import_module(f"tests.bench.{name}").figures():
            print(figure, flush=True)
            missed += figure.reached is False
    print(f"\n{missed} goals missed" if missed else "\nevery goal reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
