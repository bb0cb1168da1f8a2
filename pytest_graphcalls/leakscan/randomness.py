"""Words that look made by a machine."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

_WORD = re.compile(r"[A-Za-z0-9_~+-]{24,}")
_PLAIN_HEX = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|\b[0-9A-Fa-f]{32,}\b")


def random_words(text: str, read: list[tuple[int, int]]) -> Iterator[int]:
    """Where words look random, other than in the Base64 that was ``read``: spans in order."""
    begins = [begin for begin, _ in read]
    for found in _WORD.finditer(text):
        before = bisect_right(begins, found.start()) - 1
        if (before < 0 or found.start() >= read[before][1]) and _is_random(found[0]):
            yield found.start()


def _is_random(word: str) -> bool:
    """Whether a word looks made by a machine: letters of both cases and digits, mixed, few of them twice."""
    word = _PLAIN_HEX.sub("", word)
    if len(word) < 24 or "REDACTED" in word:
        return False
    sorts = [0 if letter.islower() else 1 if letter.isupper() else 2 if letter.isdigit() else 3 for letter in word]
    if not {0, 1, 2} <= set(sorts):
        return False
    changes = sum(a != b for a, b in pairwise(sorts))
    return changes >= 0.4 * len(word) and _entropy(word) >= 3.8


def _entropy(word: str) -> float:
    """Bits for each character, by how often the characters of ``word`` occur in it."""
    return -sum(count / len(word) * math.log2(count / len(word)) for count in Counter(word).values())
