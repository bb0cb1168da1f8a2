"""The published type model: entity and complex types, enumerations and actions of one API version.

The metadata is kept as published (``types-<version>.json``); members that are documented or were observed but are
missing there come from ``types-overlay.yaml``, each entry with its source. Both are merged here, and bases are
resolved, so that a lookup gives every member that an object of a type may have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.findings import Side
from pytest_graphcalls.records import made

NAMESPACE = "microsoft.graph."


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a type or a parameter of an action.

    Attributes:
        type: a name in the model, or a primitive such as ``Edm.String``.
        collection: whether the value is a list of that type.
        nullable: whether null is allowed (for a list: the list and its items).
        required: whether it must be present.
    """

    type: str
    collection: bool = False
    nullable: bool = True
    required: bool = False


@dataclass(frozen=True, slots=True)
class GraphType:
    """An entity or complex type with the members of its bases."""

    name: str
    bases: tuple[str, ...]
    abstract: bool
    open: bool
    members: Mapping[str, Member]


@dataclass(frozen=True, slots=True)
class GraphEnum:
    """An enumeration; an evolvable one may get new members, a flags one combines several members."""

    name: str
    members: tuple[str, ...]
    evolvable: bool
    flags: bool


@dataclass(frozen=True, slots=True)
class Action:
    """An action and the parameters in its body."""

    name: str
    parameters: Mapping[str, Member]


@dataclass(frozen=True, slots=True)
class Tolerated:
    """A contradiction in the documentation that is accepted by name.

    Attributes:
        name: the entry's name in the overlay.
        at: the members it is about, ``<type or action>.<member>``.
        kind: the kind of finding that becomes a notice.
        pattern: a pattern that the value, as text, has to match, or ``""``.
        when_member: a member of the object that has to be present as well, or ``""``.
        contradiction: id of the collected contradiction, or ``""``.
        sides: the sides on which it is accepted.
        says: what is accepted, and why.
    """

    name: str
    at: frozenset[str]
    kind: str
    says: str
    pattern: str = ""
    when_member: str = ""
    contradiction: str = ""
    sides: frozenset[Side] = frozenset(Side)


class TypeModel:
    """The types of one API version.

    Args:
        version: ``v1.0`` or ``beta``.
        metadata: the content of ``types-<version>.json``.
        overlay: the content of ``types-overlay.yaml``.

    Attributes:
        added: by type: the members that come from the overlay.
    """

    def __init__(self, version: str, metadata: Mapping[str, Any], overlay: Mapping[str, Any]) -> None:
        self.version = version
        self._raw: dict[str, Mapping[str, Any]] = {
            **metadata["entityTypes"],
            **metadata["complexTypes"],
            **dict(_overlay_types(version, overlay)),
        }
        self.added = _overlay_members(version, overlay)
        self.enums = dict(_enums(version, metadata, overlay))
        self.actions = {entry["name"]: _action(entry) for entry in metadata["actions"]}
        self.actions |= {
            name: Action(name, self.added.get(name, {}))
            for name, entry in overlay.get("actions", {}).items()
            if version in entry["versions"]
        }
        self.types = {name: self._flatten(name) for name in self._raw}
        self.foreign = {name for names in metadata["omittedSubtypes"].values() for name in names}
        self._subtypes = {
            name: frozenset(other for other, type_ in self.types.items() if other == name or name in type_.bases)
            for name in self.types
        }
        self.tolerated = tuple(
            replace(entry, at=frozenset(at for one in entry.at for at in self._inherited(one)))
            for entry in _tolerated(version, overlay)
        )

    @classmethod
    def load(cls, files: ContractFiles, version: str) -> TypeModel:
        """Read the model of ``version`` from the contract's files."""
        return cls(version, files.read(f"types-{version}.json", "types"), files.read("types-overlay.yaml", "overlay"))

    def _inherited(self, at: str) -> Iterator[str]:
        """A place in a type, and the corresponding place in every type derived from it."""
        owner, _, member = at.partition(".")
        yield from (f"{name}.{member}" for name in self._subtypes.get(owner, {owner}))

    def subtypes(self, name: str) -> frozenset[str]:
        """``name`` and every type derived from it."""
        return self._subtypes[name]

    def reached(self, names: Iterable[str]) -> dict[str, Any]:
        """The types and enumerations that ``names`` refer to, directly or not, as JSON; without derived types."""
        found: dict[str, Any] = {}
        waiting = [name for name in names if name in self.types or name in self.enums]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            if name in self.enums:
                found[name] = sorted(self.enums[name].members)
                continue
            type_ = self.types[name]
            members = {key: (one.type, one.collection, one.nullable) for key, one in type_.members.items()}
            found[name] = {"bases": type_.bases, "open": type_.open, "members": members}
            waiting += [one.type for one in type_.members.values() if one.type in self.types or one.type in self.enums]
        return found

    def is_entity(self, name: str) -> bool:
        """Whether ``name`` is an entity type: its objects have an id."""
        return name in self.types and "entity" in (name, *self.types[name].bases)

    def _flatten(self, name: str) -> GraphType:
        chain = list(self._chain(name))
        members: dict[str, Member] = {}
        for link in reversed(chain):
            raw = self._raw[link]
            members |= {key: _member(value) for key, value in raw["properties"].items()}
            # A navigation property is present only where it was expanded.
            members |= {key: Member(value["type"], value["collection"]) for key, value in raw["navigation"].items()}
            members |= self.added.get(link, {})
        raw = self._raw[name]
        return GraphType(name, tuple(chain[1:]), bool(raw["abstract"]), bool(raw["open"]), members)

    def _chain(self, name: str | None) -> Iterator[str]:
        while name:
            yield name
            name = self._raw[name]["base"]


def _member(raw: Mapping[str, Any]) -> Member:
    # Unknown nullability (beta members that only the generated client has) promises nothing.
    nullable = raw["nullable"] is not False
    return made(Member, raw, nullable=nullable, required=not nullable)


def _action(raw: Mapping[str, Any]) -> Action:
    return Action(raw["name"], {name: _member(value) for name, value in raw["parameters"].items()})


def _enums(version: str, metadata: Mapping[str, Any], overlay: Mapping[str, Any]) -> Iterator[tuple[str, GraphEnum]]:
    added = {name: entry["members"] for name, entry in overlay["enums"].items() if version in entry["versions"]}
    for name, raw in metadata["enumTypes"].items():
        ours = added.get(name, [])
        # Where the overlay has a member in a different letter case, that spelling was observed on the wire.
        spelled = {member.lower() for member in ours}
        members = (*ours, *(member for member in raw["members"] if member.lower() not in spelled))
        yield name, GraphEnum(name, members, bool(raw["evolvable"]), bool(raw["flags"]))


def _overlay_types(version: str, overlay: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, entry in overlay.get("types", {}).items():
        if version in entry["versions"]:
            yield name, {"base": None, "abstract": False, "open": True, "properties": {}, "navigation": {}}


def _overlay_members(version: str, overlay: Mapping[str, Any]) -> dict[str, dict[str, Member]]:
    added: dict[str, dict[str, Member]] = {}
    for path, entry in overlay["members"].items():
        if version in entry["versions"]:
            type_, _, member = path.partition(".")
            added.setdefault(type_, {})[member] = made(Member, entry)
    return added


def _tolerated(version: str, overlay: Mapping[str, Any]) -> Iterator[Tolerated]:
    for name, entry in overlay["tolerated"].items():
        if version in entry.get("versions", (version,)):
            yield made(Tolerated, entry, name=name)
