"""``graphcalls drift``: whether what is published has moved away from the contract."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping

from pytest_graphcalls.commands import drift_published


def run(args: Namespace) -> int:
    """Do what ``args.action`` says.

    Args:
        args: ``action``, and the words that it takes.

    Returns:
        0 no difference, 1 additive ones only, 2 breaking or behavioural ones, 3 it could not be checked.

    Raises:
        GraphCallsError: words or files that cannot be used.
    """
    return ACTIONS[args.action](args)


ACTIONS: Mapping[str, Callable[[Namespace], int]] = {
    "metadata": drift_published.metadata,
    "docs": drift_published.docs,
}
"""By name, what is done; gives the exit code."""
