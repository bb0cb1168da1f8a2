"""Reads CSDL, the XML in which a service publishes its types (``$metadata``).

The parser is the standard library's expat, fed piece by piece. A document type declaration is refused as soon as it
begins: CSDL has none, and without one there are no entities, neither external ones nor any that grow. So defusedxml,
which refuses such declarations, is not needed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn
from xml.parsers import expat

from pytest_graphcalls.contract.types import NAMESPACE
from pytest_graphcalls.errors import PublishedFileError
from pytest_graphcalls.parsing import DEEP, DEEPEST, opened
from pytest_graphcalls.validation import shown

ROOTS = ("call", "participant", "commsOperation", "commsNotifications")
"""The types that the calls part of Graph begins with."""
SENTINEL = "unknownFutureValue"
"""The member by which an evolvable enumeration is known."""
SINGLETON = ("communications", "cloudCommunications")
"""Where the paths of calls begin: the singleton, and its type."""
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
    """The types, enumerations and actions of one metadata file.

    Attributes:
        form: how it was published.
        file: its name, for messages.
        types: entity and complex types, each as in ``types-<version>.json``; of OpenAPI with ``lists`` besides, which
            says whether the schema lists what derives from it.
        enums: enumerations, likewise.
        actions: actions, likewise.
        entities: which of the types are entity types.
        routes: of OpenAPI only: methods and paths of the calls, keys left open, e.g.
            ``("GET", "/communications/calls/{}")``.
        singletons: the types of the singletons by name; ``None`` where the file has no entity container.
        partial: whether it is a slice by its paths: others of communications, and those of a few products besides.
    """

    form: Form
    file: str
    types: Mapping[str, Mapping[str, Any]]
    enums: Mapping[str, Mapping[str, Any]]
    actions: tuple[Mapping[str, Any], ...]
    entities: frozenset[str] = frozenset()
    routes: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    singletons: Mapping[str, str] | None = None
    partial: bool = False

    @classmethod
    def of(cls, types: Mapping[str, Any], file: str = "") -> Metadata:
        """The content of ``types-<version>.json`` as metadata."""
        merged = {**types["entityTypes"], **types["complexTypes"]}
        entities = frozenset(types["entityTypes"])
        return cls(Form.CSDL, file, merged, types["enumTypes"], tuple(types["actions"]), entities)

    @property
    def has_calls(self) -> bool:
        """Whether the metadata has calls; that of a cloud without them has none."""
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
        """The declaration of ``member`` of the type ``name``, in whichever base it is; ``None`` if there is none."""
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
            waiting += (*self.named(name), *bound.get(name, ()))
            waiting += [] if name == TOP or name in shared else below.get(name, [])
        return frozenset(reached)

    def slice(self, also: Iterable[str], shared: Collection[str]) -> frozenset[str]:
        """The types and enumerations of the calls: what they reach, what is named besides, and identities of theirs.

        Args:
            also: further names that belong to the slice.
            shared: as for :meth:`reach`.
        """
        ours = (name for name, raw in self.types.items() if raw["base"] in shared and name.startswith(_OURS))
        return self.reach((*ROOTS, *also, *ours), shared)

    def named(self, name: str) -> Iterator[str]:
        """The base of a type and the types of its members; nothing for what is no type here."""
        if raw := self.types.get(name):
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


_PIECE = 1 << 20
_LONGEST = 1 << 20
"""Bytes of the longest tag or comment; a tag of the published metadata has a few hundred."""
_MOST = 200_000
"""How many types, members and parameters are kept; the published metadata of a version has a third of them."""
_OWNERS = ("EntityType", "ComplexType", "EnumType", "Action", "Function")


def read_csdl(path: Path) -> Metadata:
    """Read a CSDL file, whatever its size.

    Args:
        path: the file.

    Raises:
        PublishedFileError: no XML, cut off, with a document type, or XML of another sort.
        OSError: the file cannot be opened or read.
    """
    reader = _Reader(str(path))
    with opened(path) as file:
        while piece := file.read(_PIECE):
            reader.feed(piece)
    reader.feed(b"", final=True)
    return reader.result(path.name)


class _Reader:
    """Collects types, enumerations and actions while the parser goes through the document."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.XmlDeclHandler = self._declaration
        self._given = self._at = self._kept = 0
        self._depth = 0
        self._namespace = ""
        self._aliases: dict[str, str] = {}
        self._owner: dict[str, Any] = {}
        self._types: dict[str, dict[str, Any]] = {}
        self._enums: dict[str, dict[str, Any]] = {}
        self._actions: list[dict[str, Any]] = []
        self._entities: set[str] = set()
        self._singletons: dict[str, str] | None = None
        self._elements = {
            "Schema": self._schema,
            **dict.fromkeys(("EntityType", "ComplexType"), self._type),
            **dict.fromkeys(("Action", "Function"), self._action),
            **dict.fromkeys(("Property", "NavigationProperty"), self._member),
            "EnumType": self._enum,
            "Member": self._enum_member,
            "Parameter": self._parameter,
            "ReturnType": self._returns,
            "EntityContainer": self._container,
            "Singleton": self._singleton,
        }

    def feed(self, piece: bytes, *, final: bool = False) -> None:
        """Parse the next bytes; raises :class:`PublishedFileError`."""
        self._given += len(piece)
        try:
            self._parser.Parse(piece, final)
        except expat.ExpatError as error:
            cut = error.code in _CUT
            words = "ends in the middle; is it cut off?" if cut else f"is not XML: {expat.ErrorString(error.code)}."
            raise PublishedFileError(self._file, error.lineno, max(self._parser.ErrorByteIndex, 0), words) from None
        # Between two calls the parser stands before what it has not seen the end of, and holds all of it.
        self._at = max(self._at, self._parser.CurrentByteIndex)
        if self._given - self._at > _LONGEST + _PIECE:
            self._fail("has a tag or a comment of more than 1 MB here.")

    def result(self, file: str) -> Metadata:
        """The metadata that was read, with names as the contract has them."""
        for raw in self._types.values():
            raw["base"] = self._resolved(raw["base"]) if raw["base"] else None
            for part in ("properties", "navigation"):
                for facts in raw[part].values():
                    facts["type"] = self._resolved(facts["type"])
        for action in self._actions:
            action["boundTo"] = self._resolved(action["boundTo"])
            for facts in (*action["parameters"].values(), action["returns"] or {"type": ""}):
                facts["type"] = self._resolved(facts["type"])
        bound = tuple(action for action in self._actions if action["boundTo"])
        self._derive()
        read = Metadata(Form.CSDL, file, self._types, self._enums, bound, frozenset(self._entities))
        if self._singletons is None:
            return read
        return replace(read, singletons={name: self._resolved(type_) for name, type_ in self._singletons.items()})

    def _derive(self) -> None:
        """Make open what derives from an open type, and refuse bases that lead in a circle or nowhere near an end."""
        levels: dict[str, int] = {}
        for name in self._types:
            chain: dict[str, None] = {}
            link = name
            while link in self._types and link not in levels:
                if link in chain:
                    self._fail(f"has a type that derives from itself: {shown(link)}.")
                chain[link] = None
                link = self._types[link]["base"] or ""
            for one in reversed(chain):
                base = self._types[one]["base"] or ""
                levels[one] = levels.get(base, 0) + 1
                self._types[one]["open"] |= base in self._types and self._types[base]["open"]
            if levels[name] > DEEPEST:
                self._fail(f"has a type with more than {DEEPEST} bases: {shown(name)}.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if not self._depth and local != "Edmx":
            self._fail(f"is XML, but not CSDL: its outermost element is {shown(local)}, not 'Edmx'.")
        self._depth += 1
        if self._depth > DEEPEST:
            self._fail(DEEP)
        handle = self._elements.get(local)
        if handle is not None:
            self._kept += 1
            if self._kept > _MOST:
                self._fail(f"has more than {_MOST:,} types and members; expected the metadata of one version.")
            handle(local, attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name.rpartition(" ")[2] in _OWNERS:
            self._owner = {}

    def _declaration(self, _: str, encoding: str | None, __: int) -> None:
        if encoding and encoding.lower() not in _ENCODINGS:
            self._fail(f"is in the encoding {shown(encoding)}; expected {' or '.join(sorted(_ENCODINGS))}.")

    def _doctype(self, *_: object) -> None:
        self._fail("has a document type declaration, which CSDL never has; it is not read any further.")

    def _schema(self, _: str, attributes: Mapping[str, str]) -> None:
        self._namespace = self._text(attributes, "Namespace")
        if alias := attributes.get("Alias"):
            self._aliases[alias] = self._namespace

    def _type(self, local: str, attributes: Mapping[str, str]) -> None:
        name = self._own_name(attributes)
        abstract, open_ = (attributes.get(key) == "true" for key in ("Abstract", "OpenType"))
        facts = {"base": attributes.get("BaseType"), "abstract": abstract, "open": open_}
        self._owner = self._types[name] = {**facts, "properties": {}, "navigation": {}}
        if local == "EntityType":
            self._entities.add(name)

    def _enum(self, _: str, attributes: Mapping[str, str]) -> None:
        flags = attributes.get("IsFlags") == "true"
        self._owner = self._enums[self._own_name(attributes)] = {"flags": flags, "evolvable": False, "members": {}}

    def _enum_member(self, _: str, attributes: Mapping[str, str]) -> None:
        name, number = self._text(attributes, "Name"), attributes.get("Value", "")
        if "members" in self._owner:
            if len(number) > _DIGITS:
                self._fail(f"has a number of {len(number):,} digits; expected at most {_DIGITS}.")
            self._owner["members"][name] = int(number) if _NUMBER.fullmatch(number) else None
            self._owner["evolvable"] |= name == SENTINEL

    def _member(self, local: str, attributes: Mapping[str, str]) -> None:
        if "properties" not in self._owner:
            return
        facts = self._facts(attributes)
        if local == "Property":
            self._owner["properties"][self._text(attributes, "Name")] = facts
        else:
            facts["contained"] = attributes.get("ContainsTarget") == "true"
            self._owner["navigation"][self._text(attributes, "Name")] = facts

    def _action(self, local: str, attributes: Mapping[str, str]) -> None:
        facts = {
            "name": self._text(attributes, "Name"),
            "kind": local.lower(),
            "boundTo": "",
            "boundToCollection": False,
        }
        self._owner = {**facts, "returns": None, "parameters": {}, "bound": attributes.get("IsBound") == "true"}
        if local == "Action":
            self._actions.append(self._owner)

    def _parameter(self, _: str, attributes: Mapping[str, str]) -> None:
        if "parameters" not in self._owner:
            return
        facts = self._facts(attributes)
        if self._owner.pop("bound", False):  # the first parameter says what it is bound to
            self._owner |= {"boundTo": facts["type"], "boundToCollection": facts["collection"]}
        else:
            self._owner["parameters"][self._text(attributes, "Name")] = facts

    def _returns(self, _: str, attributes: Mapping[str, str]) -> None:
        if "returns" in self._owner:
            self._owner["returns"] = self._facts(attributes)

    def _container(self, _: str, __: Mapping[str, str]) -> None:
        self._singletons = {}

    def _singleton(self, _: str, attributes: Mapping[str, str]) -> None:
        if self._singletons is not None:
            self._singletons[self._text(attributes, "Name")] = self._text(attributes, "Type")

    def _facts(self, attributes: Mapping[str, str]) -> dict[str, Any]:
        type_ = self._text(attributes, "Type")
        inner = type_.removeprefix("Collection(").removesuffix(")")
        return {"type": inner, "collection": inner != type_, "nullable": attributes.get("Nullable") != "false"}

    def _own_name(self, attributes: Mapping[str, str]) -> str:
        return short(f"{self._namespace}.{self._text(attributes, 'Name')}")

    def _resolved(self, name: str) -> str:
        prefix, dot, rest = name.rpartition(".")
        return short(f"{self._aliases.get(prefix, prefix)}{dot}{rest}")

    def _text(self, attributes: Mapping[str, str], key: str) -> str:
        if key not in attributes:
            self._fail(f"has an element without its attribute {key!r} here.")
        return attributes[key]

    def _fail(self, problem: str) -> NoReturn:
        parser = self._parser
        raise PublishedFileError(self._file, parser.CurrentLineNumber, parser.CurrentByteIndex, problem)


_ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "iso-8859-1"})
"""Encodings that expat reads itself; for others it would ask Python, which knows some that are no text."""
_NUMBER = re.compile(r"-?[0-9]+")
_DIGITS = 20
_CUT = frozenset(
    expat.errors.codes[text]
    for text in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)
"""The error of expat for a document that ended too early."""
