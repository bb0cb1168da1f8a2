"""Lines for a terminal: wrapped to its width, indented, and nothing else. No colours, so that files and pipes get the
same text.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator

NARROWEST, WIDEST, PIPE = 40, 120, 100
"""Columns: what is still readable, what is still comfortable, and what a pipe or a file gets."""


def show(lines: Iterable[str]) -> None:
    """Write lines to standard output, where they are read at once: a server's are followed by nothing for hours."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def wrapped(text: str, *, indent: int = 0, label: str = "", gap: int = 0) -> Iterator[str]:
    """Lines of ``text``, as wide as the terminal.

    Args:
        text: the text; white space in it counts as one space.
        indent: columns before each line.
        label: a word in front of the first line; the others stand below the text.
        gap: columns that the label takes.
    """
    columns = min(max(shutil.get_terminal_size((PIPE, 24)).columns, NARROWEST), WIDEST)
    yield from textwrap.wrap(
        " ".join(text.split()),
        columns,
        initial_indent=" " * indent + label.ljust(gap),
        subsequent_indent=" " * (indent + gap),
        break_long_words=False,
        break_on_hyphens=False,
    )
