"""Secrets known by their value: what this run itself was given, and what a project adds."""

from __future__ import annotations

import html
import json
import re
import threading
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from pytest_graphcalls.redaction.fields import MASK

SHORTEST = 8
"""Characters of the shortest value that is looked for. No secret of the service is shorter; a shorter word would
be found, and masked, all over the place."""
_SHORTEST_PIECE = 4
_JWT = re.compile(r"ey[JA][\w-]+\.[\w-]+\.[\w-]*")
_CUT = ("...", "\u2026")
"""How pytest, and our reports, show that they left something out."""


class Literals:
    """Finds values as they stand, as they look when they are written in other ways, and where they were cut."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.values: frozenset[str] = frozenset()
        self.forms: tuple[str, ...] = ()

    def add(self, values: Iterable[str]) -> None:
        """Look for ``values`` too; those shorter than :data:`SHORTEST` are passed over."""
        with self._lock:
            self.values |= {value for value in map(str.strip, values) if len(value) >= SHORTEST}
            forms = {form for value in self.values for form in _forms(value)}
            self.forms = tuple(sorted(forms, key=len, reverse=True))

    def hide(self, text: str) -> str:
        """``text`` without the values."""
        for form in self.forms:
            if form in text:
                text = text.replace(form, MASK)
        if self.values and any(mark in text for mark in _CUT):
            for value in self.values:
                text = _hide_pieces(text, value)
        return text


def _forms(value: str) -> Iterator[str]:
    yield value
    yield quote(value, safe="")
    yield quote(value)
    yield quote_plus(value)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield html.escape(value)
    for raw in (value.encode("utf-8", "surrogatepass"), value.encode("utf-16-le", "surrogatepass")):
        yield raw.hex()
        yield raw.hex().upper()
        yield from _in_base64(raw)


def _in_base64(raw: bytes) -> Iterator[str]:
    """The parts that the Base64 of every body with ``raw`` in it has in common: three offsets, without the edges."""
    for before in range(3):
        text = b64encode(b"\0" * before + raw).decode().rstrip("=")
        whole = text[-(-before * 8 // 6) : len(text) - (1 if (len(raw) + before) % 3 else 0)]
        yield whole
        yield whole.replace("+", "-").replace("/", "_")


def _hide_pieces(text: str, value: str) -> str:
    """Hide the beginning or the end of ``value`` beside a mark that says "cut here"."""
    sizes = range(len(value) - 1, _SHORTEST_PIECE - 1, -1)
    for mark in _CUT:
        parts = text.split(mark)
        for number, part in enumerate(parts[:-1]):
            end = next((size for size in sizes if part.endswith(value[:size])), 0)
            parts[number] = part[: len(part) - end] + MASK if end else part
        for number, part in enumerate(parts[1:], 1):
            begin = next((size for size in sizes if part.startswith(value[-size:])), 0)
            parts[number] = MASK + part[begin:] if begin else part
        text = mark.join(parts)
    return text


RUN = Literals()
"""What is secret in this process, whatever profile is at work."""


def remember(*values: str | None) -> None:
    """Hide ``values`` from now on in everything that passes this room, in this process.

    Args:
        values: a client secret, an opaque token, a passphrase. Passed over are ``None``, values under eight
            characters, and JWTs, which are known by their form and renewed again and again.
    """
    RUN.add(value for value in values if value and _JWT.fullmatch(value) is None)


VARIABLES = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_PASSWORD",
    "GRAPHCALLS_TOKEN",
    "GRAPHCALLS_REDACTION_KEY",
)
"""Variables whose values are secret."""


def remember_environment(environ: Mapping[str, str]) -> None:
    """Remember what the variables in :data:`VARIABLES` hold."""
    remember(*(environ.get(name) for name in VARIABLES))


def hide_remembered(text: str) -> str:
    """``text`` without the values handed to :func:`remember`, and otherwise as it is."""
    return RUN.hide(text)


def remembered() -> frozenset[str]:
    """The values handed to :func:`remember`; for :func:`pytest_graphcalls.leakscan.scan`."""
    return RUN.values


def forget() -> None:
    """Forget the values handed to :func:`remember`; for tests."""
    RUN.values, RUN.forms = frozenset(), ()
