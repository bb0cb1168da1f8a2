"""Reading the published OpenAPI of one API version, of which the calls are a small slice.

OpenAPI says less than CSDL. What it does not state becomes ``None``, which is never a difference: nullability where it
is not written down, abstract and open types, flags, numbers of enumeration members, containment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_graphcalls.contract.types import NAMESPACE
from pytest_graphcalls.errors import PublishedFileError
from pytest_graphcalls.parsing import UnreadableError, opened, weight
from pytest_graphcalls.published.csdl import SENTINEL, TOP, Form, Metadata, short
from pytest_graphcalls.streaming import Reader, reader_of

PREFIXES = ("/communications/calls", "/app/calls")
"""Where the calls are."""
_PARTS = ("schemas", "requestBodies", "responses")
_REF = "#/components/"
_PRIMITIVES: Mapping[tuple[str, str], str] = {
    ("string", ""): "Edm.String",
    ("boolean", ""): "Edm.Boolean",
    ("string", "date-time"): "Edm.DateTimeOffset",
    ("string", "duration"): "Edm.Duration",
    ("string", "uuid"): "Edm.Guid",
    ("string", "date"): "Edm.Date",
    ("string", "time"): "Edm.TimeOfDay",
    ("string", "base64url"): "Edm.Binary",
    **{
        (type_, form): f"Edm.{'Single' if form == 'float' else form.capitalize()}"
        for type_ in ("number", "integer", "string")
        for form in ("int16", "int32", "int64", "float", "double", "decimal")
    },
}
"""Type and format to the primitive they stand for; anything else says no type."""
_KEY = re.compile(r"\{[^{}]*\}")


def read_openapi(path: Path) -> Metadata:
    """Read an OpenAPI 3 document, YAML or JSON, of tens of megabytes.

    Args:
        path: the file.

    Raises:
        PublishedFileError: neither YAML nor JSON, no OpenAPI, cut off, or a reference that leads nowhere.
        OSError: the file cannot be opened or read.
    """
    with opened(path) as file:
        try:
            return _read(reader_of(file)).metadata(path.name)
        except UnreadableError as error:
            raise PublishedFileError(str(path), error.line, error.byte, error.problem) from None


def _read(reader: Reader) -> _Document:
    paths: dict[str, Any] = {}
    others: set[str] = set()
    parts: dict[str, dict[str, Any]] = {part: {} for part in _PARTS}
    seen = set()
    for key in reader.names():
        seen.add(key)
        if key == "paths":
            calls, others = _calls(reader)
            paths |= calls
        elif key == "components":
            _components(reader, parts)
        else:
            reader.skip()
    if "paths" not in seen:
        reader.fail("is no OpenAPI: it has no member 'paths'.")
    if paths and "components" not in seen:
        reader.fail("has paths of calls, but ends before its components; is it cut off?")
    return _Document(reader, paths, parts, "communications" in others and len(others) < _PRODUCTS)


def _calls(reader: Reader) -> tuple[dict[str, Any], set[str]]:
    """The paths of calls, and the first segments of all other paths."""
    wanted, others = {}, set()
    for path in reader.names():
        if path in PREFIXES or path.startswith(tuple(f"{prefix}/" for prefix in PREFIXES)):
            wanted[path] = reader.value()
        else:
            others.add(path.split("/")[1] if "/" in path else path)
            reader.skip()
    return wanted, others


_PRODUCTS = 10
"""With so many different first segments of paths a file is whole; the published one has ten times as many."""
_ROOM = 48 * 2**20
"""Bytes, about, of all that is kept of one file; the published ones need a third of it."""


def _components(reader: Reader, parts: dict[str, dict[str, Any]]) -> None:
    left = _ROOM
    for part in reader.names():
        if part not in parts:
            reader.skip()
            continue
        for name in reader.names():
            # Thousands of schemas belong to other products; each is cut down to its facts before the next comes.
            value = reader.value()
            kept = _fact(value) if part == "schemas" else value
            left -= weight(kept)
            if left < 0:
                reader.fail("has more schemas than a memory should hold; expected the OpenAPI of one version.")
            parts[part][name] = kept


def _fact(schema: Any) -> dict[str, Any]:
    """A schema as an enumeration or a type of the model; one that is neither has no members."""
    schema = _mapping(schema)
    if isinstance(schema.get("enum"), list):
        names = [str(member) for member in schema["enum"]]
        flags = _flags(schema)
        return {"flags": flags, "evolvable": SENTINEL in names, "members": dict.fromkeys(names)}
    own: Mapping[str, Any] = schema
    base = None
    for part in map(_mapping, _items(schema.get("allOf"))):
        if "$ref" in part:
            base = _target(part["$ref"])
        else:
            own = part
    # Every type takes more members there, open or not; and what derives from a type is listed for some files only.
    raw: dict[str, Any] = {"base": base, "abstract": None, "open": None, "lists": "discriminator" in own}
    raw |= {"properties": {}, "navigation": {}}
    for member, value in _mapping(own.get("properties")).items():
        if "@" not in member and isinstance(value, dict):
            raw["navigation" if value.get("x-ms-navigationProperty") else "properties"][member] = _member(value)
    return raw


def _mapping(value: Any) -> Mapping[str, Any]:
    """``value``, or nothing where something else stands: what it would have said is not stated then."""
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _flags(schema: Mapping[str, Any]) -> bool | None:
    stated = _mapping(schema.get("x-ms-enum-flags")).get("isFlags")
    return None if stated is None else bool(stated)


def _target(reference: Any) -> str:
    """The type that a reference names, as the contract has it, or ``""``: another product's, or none."""
    name = str(reference).rpartition("/")[2]
    return short(name) if name.startswith(NAMESPACE) else ""


def _member(value: Mapping[str, Any]) -> dict[str, Any]:
    collection = value.get("type") == "array"
    options = _options(_mapping(value.get("items")) if collection else value)
    named = (_target(option["$ref"]) for option in options if "$ref" in option)
    plain = (_primitive(option) for option in options if "$ref" not in option)
    type_ = next(filter(None, named), "") or next(filter(None, plain), "")
    nullable = True if any(option.get("nullable") is True for option in options) else None
    return {"type": type_, "collection": collection, "nullable": nullable}


def _options(value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The schemas that a value may have, alternatives of ``anyOf`` and ``oneOf``; those with a format first."""
    found = [value]
    for key in ("anyOf", "oneOf"):
        found += map(_mapping, _items(value.get(key)))
    return sorted(found, key=lambda option: "format" not in option)


def _primitive(option: Mapping[str, Any]) -> str:
    return _PRIMITIVES.get((str(option.get("type", "")), str(option.get("format", ""))), "")


@dataclass(frozen=True, slots=True)
class _Document:
    """The slice that was kept: references are followed, actions found, and everything named as in the contract."""

    _reader: Reader
    _paths: Mapping[str, Any]
    _parts: Mapping[str, Mapping[str, Any]]
    _partial: bool

    def metadata(self, file: str) -> Metadata:
        """Everything that was read, as :class:`Metadata`."""
        schemas = {short(name): raw for name, raw in self._parts["schemas"].items()}
        types = {name: raw for name, raw in schemas.items() if "members" not in raw}
        enums = {name: raw for name, raw in schemas.items() if "members" in raw}
        bare = Metadata(Form.OPENAPI, file, types if self._paths else {}, enums, ())
        entities = frozenset(name for name in types if TOP in bare.chain(name))
        actions = tuple(self._actions(bare))
        read = replace(
            bare, actions=actions, entities=entities, routes=frozenset(self._routes()), partial=self._partial
        )
        self._whole(read)
        return read

    def _routes(self) -> Iterator[tuple[str, str]]:
        for path, item in self._paths.items():
            for method in _mapping(item):
                yield method.upper(), _KEY.sub("{}", path).replace(f"/{NAMESPACE}", "/")

    def _actions(self, types: Metadata) -> Iterator[dict[str, Any]]:
        seen = set()
        for path, item in sorted(self._paths.items()):
            post = _mapping(item).get("post")
            found = _bound(types, path)
            if not isinstance(post, dict) or found is None or found in seen:
                continue
            seen.add(found)
            bound, collection, name = found
            facts = {"name": name, "kind": "action", "boundTo": bound, "boundToCollection": collection}
            yield {**facts, "returns": self._returns(post), "parameters": self._parameters(post)}

    def _parameters(self, post: Mapping[str, Any]) -> dict[str, Any]:
        properties = _mapping(self._content(post.get("requestBody")).get("properties"))
        return {name: _member(_mapping(value)) for name, value in properties.items() if "@" not in name}

    def _returns(self, post: Mapping[str, Any]) -> dict[str, Any] | None:
        for status, response in _mapping(post.get("responses")).items():
            if status.startswith("2"):
                schema = self._content(response)
                if schema:
                    return _member(_mapping(_mapping(schema.get("properties")).get("value")) or schema)
        return None

    def _content(self, half: Any) -> Mapping[str, Any]:
        """The schema of the body of a request or a response, a reference to one followed."""
        if "$ref" in _mapping(half):
            half = self._followed(str(half["$ref"]))
        media = _mapping(_mapping(half).get("content")).get("application/json")
        return _mapping(_mapping(media).get("schema"))

    def _followed(self, reference: str) -> Any:
        part, _, name = reference.removeprefix(_REF).partition("/")
        if not reference.startswith(_REF) or name not in self._parts.get(part, ()):
            self._reader.fail(f"refers to {reference!r}, which is not there; is it cut off?")
        return self._parts[part][name]

    def _whole(self, read: Metadata) -> None:
        """Refuse a file without a schema that the calls refer to: YAML cut between two lines is still YAML."""
        if not self._paths:
            return
        known = read.types.keys() | read.enums.keys()
        for name in sorted(read.reach(("call",), ())) or ("call",):
            for other in (name, *read.named(name)):
                if other and not other.startswith("Edm.") and other not in known:
                    self._reader.fail(f"refers to the schema {other!r}, which is not there; is it cut off?")


def _bound(types: Metadata, path: str) -> tuple[str, bool, str] | None:
    """The type that the action at ``path`` is bound to, and its name; ``None`` where there is no action."""
    type_, collection = "call", True
    steps = path.split("/")[3:]
    for index, step in enumerate(steps):
        if step.startswith("{"):
            collection = False
            continue
        member = types.member(type_, step)
        if member is None:
            last = index == len(steps) - 1 and step != "$count"
            return (type_, collection, step.removeprefix(NAMESPACE)) if last else None
        type_, collection = member["type"], member["collection"]
    return None
