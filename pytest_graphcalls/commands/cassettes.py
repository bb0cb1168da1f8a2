"""``graphcalls cassettes``: how recordings stand, and whether anything leaks from them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pytest_graphcalls.commands.leaks import scan
from pytest_graphcalls.commands.standings import status

FOLDER = "cassettes"
"""Where cassettes lie unless told otherwise."""


def run(args: Namespace) -> int:
    """Do what ``args.action`` says.

    Args:
        args: ``action``, ``paths``, and for ``status`` ``days``.

    Returns:
        0 all is well, 1 something is to be done.

    Raises:
        RecordingError: a path does not exist or cannot be read.
    """
    paths = [Path(path) for path in args.paths or [FOLDER]]
    return _ACTIONS[args.action](paths, args)


_ACTIONS: Mapping[str, Callable[[Sequence[Path], Namespace], int]] = {"scan": scan, "status": status}
"""By name, what is done with the paths; gives the exit code."""
