"""Printing for the commands: lines as wide as the terminal, without control characters.

Everything that comes from a file passes here, so that no file moves the cursor, sets a title or turns a line around.
There are no colours, so that files and pipes get plain text.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import textwrap
import traceback
from collections.abc import Iterable, Iterator
from typing import IO, Any

from pytest_graphcalls.validation import shortened

NARROWEST, WIDEST, PIPE = 40, 120, 100
"""Columns: what is still readable, what is still comfortable, and what a pipe or a file gets."""
LONGEST = 2000
"""Characters of the longest line that is shown."""
_STEERING = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Control characters of C0 and C1 but the tab, marks of direction, invisible characters, halves of surrogate pairs."""
_LINE_BREAK = r"\u000a"
"""A line break inside of a line: what follows it would pass for a line of ours."""


def printable(text: str) -> str:
    """A line in which characters that steer a terminal are escaped as in JSON, so that a JSON text stays one."""
    return _STEERING.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else json.dumps(found[0])[1:-1]


def cleaned(text: str) -> str:
    """``text`` without secrets; what masks them is loaded when there is something to say."""
    from pytest_graphcalls.sanitize import clean

    return clean(text).text


def show(lines: Iterable[str], *, checked: bool = False) -> None:
    """Write lines to standard output, without secrets, and flush it: a server's are followed by nothing for hours.

    Args:
        lines: what to write.
        checked: whether nothing is masked: JSON whose values are clean already, or a token that was asked for.
    """
    if checked:
        _write(sys.stdout, "".join(f"{line}\n" for line in lines))
        return
    # What is cut off is looked through once more than what is shown, so that no half of a secret is left.
    text = cleaned("".join(f"{line[: 2 * LONGEST].replace(chr(10), _LINE_BREAK)}\n" for line in lines))
    _write(sys.stdout, "\n".join(shortened(line, LONGEST) for line in text.split("\n")))


def show_json(value: Any, *, indent: int = 1) -> None:
    """Write a value as JSON to standard output, without secrets."""
    from pytest_graphcalls.sanitize import clean_json

    show(json.dumps(clean_json(value).value, ensure_ascii=False, indent=indent).split("\n"), checked=True)


def complain(problem: object) -> None:
    """Write why the command cannot go on to standard error, without secrets."""
    _write(sys.stderr, f"graphcalls: {cleaned(str(problem))}\n")


def complain_of_crash(error: BaseException) -> None:
    """Write an unexpected exception to standard error, as Python would, without secrets."""
    _write(sys.stderr, cleaned("".join(traceback.format_exception(error))))


def _write(stream: IO[str], text: str) -> None:
    stream.write("\n".join(map(printable, text.split("\n"))))
    stream.flush()


def wrapped(text: str, *, indent: int = 0, label: str = "", gap: int = 0) -> Iterator[str]:
    """Lines of ``text``, as wide as the terminal, without secrets: a line's end may part a secret from its name.

    Args:
        text: the text; white space in it counts as one space.
        indent: columns before each line.
        label: a word in front of the first line; the others stand below the text.
        gap: columns that the label takes.
    """
    columns = min(max(shutil.get_terminal_size((PIPE, 24)).columns, NARROWEST), WIDEST)
    yield from textwrap.wrap(
        " ".join(printable(cleaned(text)).split()),
        columns,
        initial_indent=" " * indent + label.ljust(gap),
        subsequent_indent=" " * (indent + gap),
        break_long_words=False,
        break_on_hyphens=False,
    )
