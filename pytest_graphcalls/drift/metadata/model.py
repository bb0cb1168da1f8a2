"""Published metadata as a value, and which part of it the calls can reach."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pytest_graphcalls.contract.types import NAMESPACE

ROOTS = ("call", "participant", "commsOperation", "commsNotifications")
"""The types that the calls part of Graph begins with."""
SENTINEL = "unknownFutureValue"
"""The member by which an evolvable enumeration is known."""
TOP = "entity"
"""The base of everything with an id; who derives from it has nothing to do with calls."""
_TRIMMED: Mapping[str, frozenset[str]] = {"cloudCommunications": frozenset({"calls"})}
"""Types of which the contract has these members only, because the others lead to other products."""

_OURS = "communications"
"""How the names of identities begin that belong to calls, although their base is everybody's."""


class Form(StrEnum):
    """How metadata is published."""

    CSDL = "csdl"
    OPENAPI = "openapi"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What one metadata file says.

    Attributes:
        form: how it was published.
        file: its name, to be told.
        types: entity and complex types, each as in ``types-<version>.json``; of OpenAPI with ``lists`` besides, which
            says whether the schema lists what derives from it.
        enums: enumerations, likewise.
        actions: actions, likewise.
        entities: which of the types are entity types.
        routes: of OpenAPI only: methods and paths of the calls, keys left open, e.g.
            ``("GET", "/communications/calls/{}")``.
    """

    form: Form
    file: str
    types: Mapping[str, Mapping[str, Any]]
    enums: Mapping[str, Mapping[str, Any]]
    actions: tuple[Mapping[str, Any], ...]
    entities: frozenset[str] = frozenset()
    routes: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    @classmethod
    def of(cls, types: Mapping[str, Any], file: str = "") -> Metadata:
        """The content of ``types-<version>.json`` as metadata."""
        merged = {**types["entityTypes"], **types["complexTypes"]}
        entities = frozenset(types["entityTypes"])
        return cls(Form.CSDL, file, merged, types["enumTypes"], tuple(types["actions"]), entities)

    @property
    def has_calls(self) -> bool:
        """Whether it speaks of calls at all; that of a cloud without them does not."""
        return ROOTS[0] in self.types

    def chain(self, name: str) -> Iterator[str]:
        """``name`` and its bases that are known, the nearest first."""
        seen: set[str] = set()
        while name in self.types and name not in seen:
            seen.add(name)
            yield name
            name = self.types[name]["base"] or ""

    def actions_of(self, names: Collection[str]) -> Iterator[Mapping[str, Any]]:
        """The actions bound to one of the types ``names``, those of types at the edge left out."""
        return (one for one in self.actions if one["boundTo"] in names and one["boundTo"] not in _TRIMMED)

    def member(self, name: str, member: str) -> Mapping[str, Any] | None:
        """What ``member`` of the type ``name`` is, wherever in its bases it is declared; ``None`` for nothing."""
        for link in self.chain(name):
            for part in ("properties", "navigation"):
                found: Mapping[str, Any] | None = self.types[link][part].get(member)
                if found is not None:
                    return found
        return None

    def subtypes(self) -> dict[str, list[str]]:
        """By type: the types whose base it is."""
        found: dict[str, list[str]] = {}
        for name, raw in self.types.items():
            found.setdefault(raw["base"] or "", []).append(name)
        return found

    def reach(self, roots: Iterable[str], shared: Collection[str]) -> frozenset[str]:
        """The types and enumerations that can occur where one of ``roots`` does.

        Args:
            roots: where to begin; names that are not there are passed over.
            shared: types that many products derive from; what derives from them is not followed.
        """
        below, bound = self.subtypes(), self._bound()
        reached: set[str] = set()
        waiting = list(roots)
        while waiting:
            name = waiting.pop()
            if name in reached or not (name in self.types or name in self.enums):
                continue
            reached.add(name)
            if name in self.types:
                waiting += self._named(name)
                waiting += bound.get(name, ())
                waiting += [] if name == TOP or name in shared else below.get(name, [])
        return frozenset(reached)

    def slice(self, also: Iterable[str], shared: Collection[str]) -> frozenset[str]:
        """The types and enumerations of the calls: what they reach, what is named besides, and identities of theirs.

        Args:
            also: names that belong to it all the same.
            shared: as for :meth:`reach`.
        """
        ours = (name for name, raw in self.types.items() if raw["base"] in shared and name.startswith(_OURS))
        return self.reach((*ROOTS, *also, *ours), shared)

    def _named(self, name: str) -> Iterator[str]:
        raw = self.types[name]
        yield raw["base"] or ""
        yield from (facts["type"] for _, facts in members(name, raw))

    def _bound(self) -> dict[str, list[str]]:
        """By type: the types that actions bound to it take and give."""
        found: dict[str, list[str]] = {}
        for action in self.actions:
            if action["boundTo"] in _TRIMMED:
                continue
            named = [facts["type"] for facts in action["parameters"].values()]
            named += [action["returns"]["type"]] if action["returns"] else []
            found.setdefault(action["boundTo"], []).extend(named)
        return found


def members(name: str, raw: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The own members of a type, properties first; of a type at the edge only those that belong to calls."""
    kept = _TRIMMED.get(name)
    for part in ("properties", "navigation"):
        for member, facts in raw[part].items():
            if kept is None or member in kept:
                yield member, facts


def short(name: str) -> str:
    """A qualified name as the contract has it: without the main namespace, others whole."""
    rest = name.removeprefix(NAMESPACE)
    return rest if rest and "." not in rest else name
