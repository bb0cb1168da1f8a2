"""What a table of commands looks like."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

Commands = Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None]]]
"""By name: what a command or an action does, and what adds its words to a parser."""


def add(add_parser: Callable[..., argparse.ArgumentParser], commands: Commands) -> None:
    """Give each command a parser of its own; ``add_parser`` is that of argparse's subparsers."""
    for name, (summary, add_words) in commands.items():
        add_words(add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."))
