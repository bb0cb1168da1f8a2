"""Values that must not be there, whatever they look like."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator

SHORTEST_KNOWN = 4
"""Characters of the shortest known value that is looked for."""
Finder = Callable[[str], Iterable[int]]
Known = tuple[Finder, ...]
"""What finds each of the values."""


def finder(form: str) -> Finder:
    """Finds where ``form`` stands in a text of lower-case letters. YAML folds long texts where a space is."""
    if not re.search(r"\s", form):
        return lambda low: places(low, form)
    folded = re.compile(r"\s+".join(map(re.escape, form.split())))
    return lambda low: (found.start() for found in folded.finditer(low))


def forms(value: str) -> Iterator[str]:
    """How a known value may stand in a text of lower-case letters: as it is, or in Base64 from any offset."""
    yield value.lower()
    raw = value.encode("utf-8", "surrogatepass")
    for before in range(3):
        whole = b64encode(b"\0" * before + raw).decode().rstrip("=")
        inner = whole[-(-before * 8 // 6) : len(whole) - (1 if (len(raw) + before) % 3 else 0)].lower()
        if len(inner) >= 2 * SHORTEST_KNOWN:
            yield from {inner, inner.replace("+", "-").replace("/", "_")}


def places(low: str, word: str) -> Iterator[int]:
    """Where ``word`` stands in ``low``."""
    at = low.find(word)
    while at >= 0:
        yield at
        at = low.find(word, at + len(word))
