"""Derive JSON Schema (2020-12) from the type model, and validate bodies against it.

Each type becomes one flat definition: its own members and those of its bases. Three keywords express what plain JSON
Schema cannot express in one step, so that an error names the right member only:

``graphType``
    The value is an object of this type, or of the subtype that its ``@odata.type`` names.
``graphMembers``
    The known and the required members. Members with an ``@`` and a namespace after it are annotations.
``graphEnum``
    The value is a member of this enumeration, letter by letter.

``graphAt`` is the place, ``<type>.<member>``, for messages and tolerated contradictions. All other keywords are
standard. A schema is compiled once per type, version and side; :class:`.FastCheck` accepts valid bodies without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from pytest_graphcalls.contract.fast_check import FastCheck, Predicate, is_annotation
from pytest_graphcalls.contract.types import NAMESPACE, Member, TypeModel
from pytest_graphcalls.errors import did_you_mean, nearest
from pytest_graphcalls.findings import Kind, Side, describe

SENTINEL = "unknownFutureValue"
"""The member that marks an evolvable enumeration, and stands for later ones where these were not asked for."""
ASKING = "Prefer: include-unknown-enum-members"
"""The header of a request by which they are asked for."""
# Only in Python "$" also matches before a line break at the end; "(?!\n)" excludes that.
_GUID = r"^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$(?!\n)"
_DATE_TIME = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$(?!\n)"
_DURATION = r"^-?P(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$(?!\n)"
_FORMATS = {
    _GUID: "a GUID such as 57dab8b1-894c-409a-b240-bd8beae78896",
    _DATE_TIME: "a date and time such as 2026-06-15T10:30:00Z",
    _DURATION: "a duration such as PT30S",
}
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
    """A schema error in the contract's words.

    Attributes:
        at: ``<type>.<member>``.
        evolvable: whether the model may have grown since.
        published: whether it is about a member of an enumeration that is published and has to be asked for.
    """

    kind: Kind
    at: str
    expected: str
    got: str = ""
    evolvable: bool = False
    hint: str = ""
    published: bool = False


class Schemas:
    """The derived schemas of one API version and one side of the exchange.

    Args:
        model: the type model.
        side: in a request an entity's ``id`` is not required, because the service makes it; in a notification no
            member of an entity is, because it holds the changes only. In a response a member of an enumeration that was
            published after ``unknownFutureValue`` has to be asked for.
    """

    def __init__(self, model: TypeModel, side: Side) -> None:
        self.model = model
        self.side = side
        self._definitions: dict[str, Mapping[str, Any]] = {}
        self._validators: dict[str, Draft202012Validator] = {}
        self._fast_check = FastCheck(self._spellings, self.definition, self._expected_members)
        self._tests: dict[str, Predicate] = {}
        keywords = {"graphType": self._check_type, "graphMembers": _check_members, "graphEnum": self._check_enum}
        self._validator_class = extend(Draft202012Validator, keywords)  # type: ignore[no-untyped-call]  # the stubs leave it untyped

    def validator(self, root: str) -> Draft202012Validator:
        """The compiled validator for ``root``.

        Args:
            root: a type's name, ``collection:<type>`` for a ``value`` list, ``partial:<type>`` for an object without
                some of its members, or ``action:<name>`` for the parameters of an action.
        """
        found = self._validators.get(root)
        if found is None:
            found = self._validators[root] = self._validator_class(self._root(root))
        return found

    def errors(self, root: str, body: Any) -> Iterator[ValidationError]:
        """The errors of :meth:`validator` for ``body``, decoded JSON; a valid body is accepted without it."""
        return iter(()) if self.is_sound(root, body) else self.validator(root).iter_errors(body)

    def is_sound(self, root: str, body: Any) -> bool:
        """Whether ``body`` is certainly valid, found without the validator."""
        test = self._tests.get(root)
        if test is None:
            test = self._tests[root] = self._fast_check.test(self._root(root))
        return test(body)

    def published(self, root: str, body: Any, *, values: bool = False) -> tuple[Any, dict[str, str]]:
        """``body`` with the names of its members as published, and by place: the names that were written otherwise.

        Args:
            root: as for :meth:`validator`.
            body: decoded JSON; it is not changed.
            values: whether values of enumerations are put in the published letter case, too.
        """
        written: dict[str, str] = {}
        return self._renamed(self._root(root), body, "$", written, values=values), written

    def _renamed(self, schema: Mapping[str, Any], value: Any, at: str, written: dict[str, str], *, values: bool) -> Any:
        if isinstance(value, list) and "items" in schema:
            places = ((one, f"{at}[{index}]") for index, one in enumerate(value))
            return [self._renamed(schema["items"], one, place, written, values=values) for one, place in places]
        if isinstance(value, str) and values and "graphEnum" in schema:
            by_case = {member.lower(): member for member in self.model.enums[schema["graphEnum"]].members}
            return ",".join(by_case.get(part.lower(), part) for part in value.split(","))
        if not isinstance(value, dict):
            return value
        if "graphType" in schema:
            chosen, _ = self._choose(schema["graphType"], value.get("@odata.type"), "")
            schema = self.definition(chosen) if chosen else {}
        properties: Mapping[str, Any] = schema.get("properties", {})
        by_case = {name.lower(): name for name in properties if name not in value}
        renamed = {}
        for key, one in value.items():
            name = key if key in properties else by_case.pop(key.lower(), key)
            if name != key:
                written[f"{at}.{key}"] = name
            renamed[name] = self._renamed(properties.get(name, {}), one, f"{at}.{name}", written, values=values)
        return renamed

    def definition(self, name: str) -> Mapping[str, Any]:
        """The flat definition of one type."""
        found = self._definitions.get(name)
        if found is None:
            type_ = self.model.types[name]
            found = self._definitions[name] = self._object(name, type_.members, open_=type_.open)
        return found

    def _root(self, root: str) -> Mapping[str, Any]:
        kind, _, name = root.rpartition(":")
        if kind == "action":
            return {"type": "object", **self._object(name, self.model.actions[name].parameters, open_=False)}
        if kind == "partial":
            found = self.definition(name)
            return {"type": "object", **found, "graphMembers": {**found["graphMembers"], "required": []}}
        if kind == "collection":
            members = {"value": Member(name, collection=True, nullable=False, required=True)}
            return {"type": "object", **self._object("collection", members, open_=False)}
        return {"type": "object", "graphType": name, "graphAt": name}

    def _object(self, owner: str, members: Mapping[str, Member], *, open_: bool) -> Mapping[str, Any]:
        required = [name for name, member in members.items() if member.required and self._asked_for(owner, name)]
        return {
            "graphMembers": {
                "owner": owner,
                "open": open_,
                "known": list(members),
                "required": required,
                "elsewhere": self._elsewhere(owner, members),
            },
            "properties": {name: self._member(f"{owner}.{name}", member) for name, member in members.items()},
        }

    def _elsewhere(self, owner: str, members: Iterable[str]) -> Mapping[str, str]:
        """Members that a type does not have and another of the same base has, with the name of that one."""
        base = self.model.types[owner].bases[:1] if owner in self.model.types else ()
        others = [name for name, one in self.model.types.items() if base and one.bases[:1] == base != ("entity",)]
        return {key: name for name in others for key in self.model.types[name].members if key not in members}

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
        """The type to check against, and the problem of ``@odata.type`` if there is one."""
        here = f"{at}.@odata.type"
        if written is None:
            if not self.model.types[base].abstract:
                return base, None
            options = [f"#{NAMESPACE}{name}" for name in self._concrete(base)]
            expected = options[0] if len(options) == 1 else f"one of {', '.join(options)}"
            return "", Problem(Kind.TYPE_MISSING, here, f"{expected}, because {base} is abstract", "nothing")
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
        # A type of a different branch of the model is wrong here; an unknown one may be new.
        return base, Problem(Kind.TYPE_UNKNOWN, here, expected, written, name not in self.model.types, hint)

    def _spellings(self, base: str) -> dict[str | None, str]:
        """The allowed values of ``@odata.type`` where ``base`` is expected, and the type that each names."""
        spelled: dict[str | None, str] = {f"#{NAMESPACE}{name}": name for name in self._concrete(base)}
        return spelled if self.model.types[base].abstract else {None: base, **spelled}

    def _concrete(self, base: str) -> list[str]:
        return sorted(name for name in self.model.subtypes(base) if not self.model.types[name].abstract)

    def _expected_members(self, name: str) -> tuple[str, ...]:
        """The members that are sent without being asked for."""
        members = self.model.enums[name].members
        later = self.side is Side.RESPONSE and SENTINEL in members
        return members[: members.index(SENTINEL) + 1] if later else members

    def _check_enum(
        self, _validator: Any, name: str, instance: Any, schema: Mapping[str, Any]
    ) -> Iterator[ValidationError]:
        enum = self.model.enums[name]
        expected_members = self._expected_members(name)
        if not isinstance(instance, str) or instance in expected_members:
            return
        by_case = {member.lower(): member for member in enum.members}
        for part in instance.split(",") if enum.flags else (instance,):
            if part in expected_members:
                continue
            known = by_case.get(part.lower())
            if known is not None and known not in expected_members:
                expected = f"{SENTINEL}, because {part} was published later and the request has no {ASKING}"
                yield _error(Problem(Kind.ENUM_UNKNOWN, schema["graphAt"], expected, repr(part), published=True))
            elif known is not None:
                yield _error(Problem(Kind.ENUM_LETTER_CASE, schema["graphAt"], f"{known}, in this letter case", part))
            else:
                # unknownFutureValue stands for others and is no value of its own.
                expected = f"one of {', '.join(member for member in enum.members if member != SENTINEL)}"
                hint = did_you_mean(part, enum.members).strip()
                yield _error(Problem(Kind.ENUM_UNKNOWN, schema["graphAt"], expected, repr(part), enum.evolvable, hint))


def _check_members(_validator: Any, spec: Mapping[str, Any], instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    owner, known = spec["owner"], spec["known"]
    unknown = [name for name in instance if name not in known and not is_annotation(name)]
    for name in spec["required"]:
        if name not in instance:
            got = f"nothing{', but ' if unknown else ''}{', '.join(repr(one[:80]) for one in unknown[:4])}"
            yield _error(Problem(Kind.MEMBER_MISSING, f"{owner}.{name}", f"the member {name!r} of {owner}", got), name)
    for name in unknown:
        yield _error(_undocumented(spec, name), name)


def _undocumented(spec: Mapping[str, Any], name: str) -> Problem:
    owner = spec["owner"]
    # That a type is closed in the metadata does not say that the service refuses more: Microsoft's SDKs send more.
    more = "; the type is open, so the service accepts more" if spec["open"] else ""
    close = nearest(name.replace("_", ""), ("@odata.type",) if name.startswith("@") else spec["known"])
    other = spec["elsewhere"].get(name, "")
    has_it = f"{other} has it, by its @odata.type #microsoft.graph.{other}." if other else ""
    hint = has_it or (f"Did you mean {close!r}?" if close else "")
    return Problem(
        Kind.MEMBER_UNDOCUMENTED, f"{owner}.{name}", f"a documented member of {owner}{more}", repr(name), hint=hint
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
    """Word ``error`` as a :class:`Problem`."""
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
    if error.validator == "pattern":
        return _FORMATS[value]
    return f"{'at least' if error.validator == 'minimum' else 'at most'} {value}"
