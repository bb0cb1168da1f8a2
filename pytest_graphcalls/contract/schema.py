"""JSON Schema (2020-12) from the type model, and the validator that reads it.

Each type becomes one flat definition: its own members and those of its bases. Three keywords say what plain
JSON Schema cannot say in one step, so that an error names the right member and nothing else:

``graphType``
    The value is an object of this type, or of the subtype that its ``@odata.type`` names.
``graphMembers``
    Which members are known, and which must be there. Members with an ``@`` are annotations.
``graphEnum``
    The value is a member of this enumeration, letter by letter.

``graphAt`` is a note for the reader and for tolerated contradictions: ``<type>.<member>``. Anything else is
standard vocabulary. A schema is compiled once per type, version and side.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from pytest_graphcalls.contract.types import NAMESPACE, Member, TypeModel
from pytest_graphcalls.errors import did_you_mean, nearest
from pytest_graphcalls.findings import Kind, Side

Test = Callable[[Any], bool]
"""Whether a decoded JSON value is surely sound."""

_SORTS: Mapping[str, frozenset[type]] = {
    "array": frozenset({list}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "null": frozenset({type(None)}),
    "number": frozenset({int, float}),
    "object": frozenset({dict}),
    "string": frozenset({str}),
}
"""By the name that JSON Schema has for it: what the decoder makes of it. A bool is an int for Python, not here."""


class Soundness:
    """Compiles schemas.

    Args:
        spellings: by the name of a type: what ``@odata.type`` may say for it (``None``: nothing), and the definition
            that the object is judged by then.
        members: the members of an enumeration by its name.
    """

    def __init__(
        self,
        spellings: Callable[[str], Mapping[str | None, str]],
        definition: Callable[[str], Mapping[str, Any]],
        members: Callable[[str], Iterable[str]],
    ) -> None:
        self._spellings = spellings
        self._definition = definition
        self._members = members
        self._definitions: dict[str, Test] = {}
        self._compilers: Mapping[str, Callable[[Any, Mapping[str, Any]], Test]] = {
            "type": _type,
            "pattern": _pattern,
            "minimum": _minimum,
            "maximum": _maximum,
            "items": self._items,
            "graphType": self._graph_type,
            "graphEnum": self._graph_enum,
            "graphMembers": self._graph_members,
        }

    def test(self, schema: Mapping[str, Any]) -> Test:
        """The test for ``schema``; raises ``KeyError`` for a keyword that is not known here."""
        keywords = [keyword for keyword in schema if keyword not in {"graphAt", "properties"}]
        tests = [self._compilers[keyword](schema[keyword], schema) for keyword in keywords]
        return reduce(_both, tests) if tests else _anything

    def _items(self, items: Mapping[str, Any], _schema: Mapping[str, Any]) -> Test:
        test = self.test(items)
        return lambda value: type(value) is not list or all(map(test, value))

    def _graph_type(self, name: str, _schema: Mapping[str, Any]) -> Test:
        spellings = self._spellings(name)

        def test(value: Any) -> bool:
            if type(value) is not dict:
                return True
            written = value.get("@odata.type")
            chosen = spellings.get(written) if written is None or type(written) is str else None
            return chosen is not None and self._defined(chosen)(value)

        return test

    def _defined(self, name: str) -> Test:
        # When it is first needed: types hold one another.
        found = self._definitions.get(name)
        if found is None:
            found = self._definitions[name] = self.test(self._definition(name))
        return found

    def _graph_enum(self, name: str, _schema: Mapping[str, Any]) -> Test:
        known = frozenset((*self._members(name), None))
        return lambda value: type(value) in _HASHABLE and value in known

    def _graph_members(self, spec: Mapping[str, Any], schema: Mapping[str, Any]) -> Test:
        required = frozenset(spec["required"])
        tests = {name: self.test(member) for name, member in schema["properties"].items()}

        def test(value: Any) -> bool:
            if type(value) is not dict:
                return True
            for name, one in value.items():
                known = tests.get(name)
                if not (known(one) if known is not None else "@" in name):
                    return False
            return value.keys() >= required

        return test


_HASHABLE = frozenset({str, type(None)})


def _both(first: Test, second: Test) -> Test:
    return lambda value: first(value) and second(value)


def _anything(_value: Any) -> bool:
    return True


def _type(names: str | list[str], _schema: Mapping[str, Any]) -> Test:
    sorts = _SORTS[names] if isinstance(names, str) else frozenset[type]().union(*map(_SORTS.__getitem__, names))
    return lambda value: type(value) in sorts


def _pattern(pattern: str, _schema: Mapping[str, Any]) -> Test:
    search = re.compile(pattern).search
    return lambda value: type(value) is not str or search(value) is not None


def _minimum(limit: int, _schema: Mapping[str, Any]) -> Test:
    return lambda value: value is None or (type(value) in _SORTS["number"] and value >= limit)


def _maximum(limit: int, _schema: Mapping[str, Any]) -> Test:
    return lambda value: value is None or (type(value) in _SORTS["number"] and value <= limit)


SENTINEL = "unknownFutureValue"
"""The member by which an evolvable enumeration is known."""

# In Python alone "$" also stands before a line break at the end; with "(?!\n)" it does so nowhere.
_GUID = r"^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$(?!\n)"
_DATE_TIME = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$(?!\n)"
_DURATION = r"^-?P(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$(?!\n)"

_PRIMITIVES: Mapping[str, Mapping[str, Any]] = {
    "Edm.String": {"type": "string"},
    "Edm.Boolean": {"type": "boolean"},
    "Edm.Int16": {"type": "integer", "minimum": -(2**15), "maximum": 2**15 - 1},
    "Edm.Int32": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "Edm.Int64": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "Edm.Single": {"type": "number"},
    "Edm.Double": {"type": "number"},
    "Edm.Decimal": {"type": "number"},
    "Edm.Guid": {"type": "string", "pattern": _GUID},
    "Edm.DateTimeOffset": {"type": "string", "pattern": _DATE_TIME},
    "Edm.Duration": {"type": "string", "pattern": _DURATION},
    "Edm.Binary": {"type": "string"},
    "Edm.Stream": {"type": "string"},
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What a schema error means in the contract's words; ``at`` is ``<type>.<member>``."""

    kind: Kind
    at: str
    expected: str
    got: str = ""
    evolvable: bool = False
    hint: str = ""


class Schemas:
    """The derived schemas of one API version and one side of the exchange.

    Args:
        model: the type model.
        side: in a request an entity's ``id`` is not asked for, because the service makes it; in a notification
            no member of an entity is, because it tells of what has changed.
    """

    def __init__(self, model: TypeModel, side: Side) -> None:
        self.model = model
        self.side = side
        self._definitions: dict[str, Mapping[str, Any]] = {}
        self._validators: dict[str, Draft202012Validator] = {}
        self._soundness = Soundness(self._spellings, self.definition, lambda name: model.enums[name].members)
        self._tests: dict[str, Test] = {}
        self._validator_class = extend(Draft202012Validator, self._keywords())  # type: ignore[no-untyped-call]  # the stubs leave it untyped

    def validator(self, root: str) -> Draft202012Validator:
        """The compiled validator for ``root``.

        Args:
            root: a type's name, ``collection:<type>`` for a ``value`` list, or ``action:<name>`` for the
                parameters of an action.
        """
        found = self._validators.get(root)
        if found is None:
            found = self._validators[root] = self._validator_class(self._root(root))
        return found

    def errors(self, root: str, body: Any) -> Iterator[ValidationError]:
        """What :meth:`validator` says of ``body``, which is decoded JSON."""
        test = self._tests.get(root)
        if test is None:
            test = self._tests[root] = self._soundness.test(self._root(root))
        return iter(()) if test(body) else self.validator(root).iter_errors(body)

    def document(self, root: str) -> dict[str, Any]:
        """The schema of ``root`` as one self-contained JSON document, its definitions under ``$defs``."""
        names: dict[str, None] = {}
        self._reach(self._root(root), names)
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:graphcalls:{self.model.version}:{self.side.value}:{root}",
            **self._root(root),
            "$defs": {name: self.definition(name) for name in names},
        }

    def definition(self, name: str) -> Mapping[str, Any]:
        """The flat definition of one type."""
        found = self._definitions.get(name)
        if found is None:
            type_ = self.model.types[name]
            found = self._definitions[name] = self._object(name, type_.members, open_=type_.open)
        return found

    def _root(self, root: str) -> Mapping[str, Any]:
        sort, _, name = root.rpartition(":")
        if sort == "action":
            return {"type": "object", **self._object(name, self.model.actions[name].parameters, open_=False)}
        if sort == "collection":
            members = {"value": Member(name, collection=True, nullable=False, required=True)}
            return {"type": "object", **self._object("collection", members, open_=False)}
        return {"type": "object", "graphType": name, "graphAt": name}

    def _object(self, owner: str, members: Mapping[str, Member], *, open_: bool) -> Mapping[str, Any]:
        required = [name for name, member in members.items() if member.required and self._asked_for(owner, name)]
        return {
            "graphMembers": {"owner": owner, "open": open_, "known": list(members), "required": required},
            "properties": {name: self._member(f"{owner}.{name}", member) for name, member in members.items()},
        }

    def _asked_for(self, owner: str, name: str) -> bool:
        if self.side is Side.NOTIFICATION:
            return not self.model.is_entity(owner)
        return self.side is Side.RESPONSE or name != "id"

    def _member(self, at: str, member: Member) -> Mapping[str, Any]:
        value = self._value(at, member)
        if not member.collection:
            return value
        return {"type": _with_null("array", nullable=member.nullable), "graphAt": at, "items": value}

    def _value(self, at: str, member: Member) -> Mapping[str, Any]:
        if member.type in self.model.types:
            return {"type": _with_null("object", nullable=member.nullable), "graphAt": at, "graphType": member.type}
        if member.type in self.model.enums:
            return {"type": _with_null("string", nullable=member.nullable), "graphAt": at, "graphEnum": member.type}
        primitive = _PRIMITIVES.get(member.type, {})
        if "type" not in primitive:
            return {"graphAt": at}
        return {**primitive, "type": _with_null(primitive["type"], nullable=member.nullable), "graphAt": at}

    def _reach(self, schema: Any, names: dict[str, None]) -> None:
        if isinstance(schema, list):
            for item in schema:
                self._reach(item, names)
        elif isinstance(schema, Mapping):
            for name in self.model.subtypes(schema["graphType"]) if "graphType" in schema else ():
                if name not in names:
                    names[name] = None
                    self._reach(self.definition(name), names)
            for value in schema.values():
                self._reach(value, names)

    def _keywords(self) -> Mapping[str, Callable[..., Any]]:
        return {"graphType": self._check_type, "graphMembers": _check_members, "graphEnum": self._check_enum}

    def _check_type(
        self, validator: Any, name: str, instance: Any, schema: Mapping[str, Any]
    ) -> Iterator[ValidationError]:
        if not isinstance(instance, dict):
            return
        chosen, problem = self._choose(name, instance.get("@odata.type"), schema.get("graphAt", name))
        if problem is not None:
            yield _error(problem, "@odata.type", instance=instance.get("@odata.type"))
        if chosen:
            yield from validator.descend(instance, self.definition(chosen))

    def _choose(self, base: str, written: Any, at: str) -> tuple[str, Problem | None]:
        """The type to check by, and what is wrong with ``@odata.type``."""
        here = f"{at}.@odata.type"
        if written is None:
            if not self.model.types[base].abstract:
                return base, None
            options = ", ".join(f"#{NAMESPACE}{name}" for name in self._concrete(base))
            return "", Problem(Kind.TYPE_MISSING, here, f"one of {options}, because {base} is abstract", "nothing")
        if not isinstance(written, str):
            return base, Problem(Kind.TYPE_WRONG, here, "a text", describe(written))
        name = written.removeprefix("#").removeprefix(NAMESPACE)
        if name in self.model.subtypes(base) and not self.model.types[name].abstract:
            spelled = f"#{NAMESPACE}{name}"
            return name, None if written == spelled else Problem(Kind.TYPE_SPELLING, here, spelled, written)
        if name in self.model.foreign:
            return base, None
        expected = f"#{NAMESPACE}{base} or a type derived from it"
        hint = did_you_mean(name, self.model.subtypes(base)).strip()
        # A type that another branch of the model has is wrong here; one that nobody knows may be new.
        return base, Problem(Kind.TYPE_UNKNOWN, here, expected, written, name not in self.model.types, hint)

    def _spellings(self, base: str) -> dict[str | None, str]:
        """What ``@odata.type`` may say where ``base`` is promised, and the type that it means."""
        spelled: dict[str | None, str] = {f"#{NAMESPACE}{name}": name for name in self._concrete(base)}
        return spelled if self.model.types[base].abstract else {None: base, **spelled}

    def _concrete(self, base: str) -> list[str]:
        return sorted(name for name in self.model.subtypes(base) if not self.model.types[name].abstract)

    def _check_enum(
        self, _validator: Any, name: str, instance: Any, schema: Mapping[str, Any]
    ) -> Iterator[ValidationError]:
        enum = self.model.enums[name]
        if not isinstance(instance, str) or instance in enum.members:
            return
        by_case = {member.lower(): member for member in enum.members}
        for part in instance.split(",") if enum.flags else (instance,):
            if part in enum.members:
                continue
            known = by_case.get(part.lower())
            if known is not None:
                yield _error(Problem(Kind.ENUM_LETTER_CASE, schema["graphAt"], f"{known}, in this letter case", part))
            else:
                # unknownFutureValue only marks that more may come; nobody should send it.
                expected = f"one of {', '.join(member for member in enum.members if member != SENTINEL)}"
                hint = did_you_mean(part, enum.members).strip()
                yield _error(Problem(Kind.ENUM_UNKNOWN, schema["graphAt"], expected, repr(part), enum.evolvable, hint))


def _check_members(_validator: Any, spec: Mapping[str, Any], instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    owner = spec["owner"]
    for name in spec["required"]:
        if name not in instance:
            yield _error(
                Problem(Kind.MEMBER_MISSING, f"{owner}.{name}", f"the member {name!r} of {owner}", "nothing"), name
            )
    unknown = instance.keys() - spec["known"]
    # In the order of the body: that of a set changes from run to run.
    for name in instance if unknown else ():
        if name in unknown and "@" not in name:
            yield _error(_undocumented(spec, name), name)


def _undocumented(spec: Mapping[str, Any], name: str) -> Problem:
    owner = spec["owner"]
    kind = "open, so the service accepts more" if spec["open"] else "closed"
    close = nearest(name.replace("_", ""), spec["known"])
    hint = f"Did you mean {close!r}?" if close else ""
    return Problem(
        Kind.MEMBER_UNDOCUMENTED, f"{owner}.{name}", f"a documented member; {owner} is {kind}", repr(name), hint=hint
    )


def _error(problem: Problem, *path: str, **facts: Any) -> ValidationError:
    return ValidationError(problem.kind.value, validator="graph", validator_value=problem, path=path, **facts)


def _with_null(name: str, *, nullable: bool) -> str | list[str]:
    return [name, "null"] if nullable else name


_STANDARD = {
    "type": Kind.TYPE_WRONG,
    "pattern": Kind.FORMAT_WRONG,
    "minimum": Kind.LIMIT_EXCEEDED,
    "maximum": Kind.LIMIT_EXCEEDED,
}


def problem_of(error: ValidationError) -> Problem:
    """What ``error`` means in the contract's words."""
    if isinstance(error.validator_value, Problem):
        return error.validator_value
    schema: Any = error.schema
    kind = _STANDARD[str(error.validator)]
    if kind is Kind.TYPE_WRONG and error.instance is None:
        kind = Kind.NULL_UNEXPECTED
    return Problem(kind, schema.get("graphAt", ""), _expectation(error), describe(error.instance))


def _expectation(error: ValidationError) -> str:
    value: Any = error.validator_value
    if error.validator == "type":
        return " or ".join([value] if isinstance(value, str) else value)
    words = {"pattern": "a text that matches", "minimum": "at least", "maximum": "at most"}
    return f"{words[str(error.validator)]} {value}"


def describe(value: Any) -> str:
    """``value`` in a few words: its JSON sort, and the value itself when it is short."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f"the text {value if len(value) <= 60 else value[:57] + '…'!r}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    return (
        f"a list of {len(value)}"
        if isinstance(value, list)
        else f"an object with {', '.join(list(value)[:4]) or 'no members'}"
    )
