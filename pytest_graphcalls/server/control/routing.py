"""One address of the control API."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from pytest_graphcalls.server.control.names import PREFIX
from pytest_graphcalls.server.control.parameters import Parameter

Do = Callable[..., Mapping[str, Any]]
"""Takes the world, and what the address and the members say by name; gives the answer's body."""


@dataclass(frozen=True, slots=True)
class Route:
    """One address.

    Attributes:
        method: of the request.
        path: below :data:`.PREFIX`; ``{call}`` stands for what a request names.
        says: what it does.
        do: does it.
        takes: the members of its body, or with GET of its query.
        status: of the answer when all is well.
    """

    method: str
    path: str
    says: str
    do: Do = field(repr=False)
    takes: Mapping[str, Parameter] = field(default_factory=dict)
    status: int = 200

    def __str__(self) -> str:
        return f"{self.method} {PREFIX}{self.path}"

    @property
    def segments(self) -> list[str]:
        """The path in pieces."""
        return [piece for piece in self.path.split("/") if piece]

    def keys(self, segments: list[str]) -> Mapping[str, str] | None:
        """What a path names, by the words in braces; ``None`` when it is another path."""
        ours = self.segments
        if len(ours) != len(segments):
            return None
        pairs = list(zip(ours, segments, strict=True))
        if any(not _is_key(piece) and piece != given for piece, given in pairs):
            return None
        return {piece[1:-1]: given for piece, given in pairs if _is_key(piece)}

    def shares(self, segments: list[str]) -> int:
        """How many pieces of a path, from its beginning, it has as well."""
        pairs = zip(self.segments, segments, strict=False)
        return sum(1 for _ in takewhile(lambda pair: _is_key(pair[0]) or pair[0] == pair[1], pairs))

    def like(self, segments: list[str]) -> str:
        """The path that comes closest to ``segments``: with what they have where it has a word in braces."""
        pieces = self.segments
        given = segments + pieces[len(segments) :]
        return PREFIX + "/".join(one if _is_key(piece) else piece for piece, one in zip(pieces, given, strict=False))

    def described(self) -> Mapping[str, Any]:
        """As the list of addresses shows it."""
        takes = {name: {"says": one.says, "required": one.required} for name, one in self.takes.items()}
        return {"method": self.method, "path": f"{PREFIX}{self.path}", "says": self.says, "takes": takes}


def _is_key(piece: str) -> bool:
    return piece.startswith("{")


def taken(method: Any, known: Mapping[str, Parameter]) -> Mapping[str, Parameter]:
    """The members that ``method`` takes, by its signature; ``known`` has each one's meaning."""
    wanted = [one for one in inspect.signature(method).parameters.values() if one.name != "self"]
    return {one.name: known[one.name]._replace(required=one.default is one.empty) for one in wanted}


def first_line(thing: Any) -> str:
    """The first sentence of a docstring, without the marks of its form, and on one line."""
    whole = " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())
    return whole.replace("``", "").removesuffix(".")
