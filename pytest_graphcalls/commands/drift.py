"""``graphcalls drift``: looks at what is published, and says which differences are all right."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping

from pytest_graphcalls.commands.drift_accepted import accept, prune
from pytest_graphcalls.commands.drift_promote import promote
from pytest_graphcalls.commands.drift_published import docs, metadata
from pytest_graphcalls.errors import GraphCallsError

USAGE = 64
"""Exit status for words or files that cannot be used."""

ACTIONS: Mapping[str, Callable[[Namespace], int]] = {
    "accept": accept,
    "prune": prune,
    "metadata": metadata,
    "docs": docs,
    "promote": promote,
}
"""By name: what carries the action out and gives the exit code."""


def run(args: Namespace) -> int:
    """Do what ``args.action`` says.

    Args:
        args: ``action``, and what the action takes.

    Returns:
        The action's exit code; 64 when a word or a file cannot be used.
    """
    try:
        return ACTIONS[args.action](args)
    except GraphCallsError as error:
        sys.stderr.write(f"graphcalls: {error}\n")
        return USAGE
