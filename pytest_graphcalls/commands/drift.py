"""``graphcalls drift``: looks at what is published, and says which differences are all right."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from pytest_graphcalls.errors import GraphCallsError

USAGE = 64
"""Exit status for words or files that cannot be used."""

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "accept": "drift_accepted:accept",
        "prune": "drift_accepted:prune",
        "metadata": "drift_published:metadata",
        "docs": "drift_published:docs",
        "promote": "drift_promote:promote",
    }
)
"""By name: the module in this folder, and the function in it, that does it and gives the exit code."""


def run(args: Namespace) -> int:
    """Do what ``args.action`` says.

    Args:
        args: ``action``, and what the action takes.

    Returns:
        The action's exit code; 64 when a word or a file cannot be used.
    """
    module, _, name = ACTIONS[args.action].partition(":")
    act: Callable[[Namespace], int] = getattr(import_module(f"pytest_graphcalls.commands.{module}"), name)
    try:
        return act(args)
    except GraphCallsError as error:
        sys.stderr.write(f"graphcalls: {error}\n")
        return USAGE
