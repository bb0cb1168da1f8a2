"""The contract's types and what was published, type by type."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pytest_graphcalls.drift.difference import Difference, Kind, Origin
from pytest_graphcalls.errors import PublishedFileError, did_you_mean
from pytest_graphcalls.published.csdl import ROOTS, SENTINEL, SINGLETON, Form, Metadata, members, read_csdl
from pytest_graphcalls.published.openapi import read_openapi
from pytest_graphcalls.validation import shown

__all__ = ["Form", "Metadata", "as_text", "differences", "read_csdl", "read_openapi", "refreshed", "routes_gone"]

Facts = Mapping[str, Any]


def differences(contract: Facts, published: Metadata, overlay: Facts, version: str) -> Iterator[Difference]:
    """The differences between published metadata and the contract's types.

    What ``types-overlay.yaml`` adds is not looked for; what it adds and the metadata now has is additive, with the
    hint to take it out of there. What one of the sides does not know is no difference.

    Args:
        contract: the content of ``types-<version>.json``.
        published: what was read.
        overlay: the content of ``types-overlay.yaml``.
        version: ``v1.0`` or ``beta``.
    """
    yield from _Comparison(contract, published, overlay, version).differences()


def routes_gone(
    routes: Collection[tuple[str, str]], promised: Mapping[str, tuple[str, str]], version: str, file: str
) -> Iterator[Difference]:
    """Operations whose path and method are published no longer.

    Args:
        routes: what was published, keys left open.
        promised: by the operation's id: its method and its path, keys left open.
        version: ``v1.0`` or ``beta``.
        file: where it was looked for.
    """
    for id, (method, path) in sorted(promised.items()):
        if (method, path) not in routes:
            others = sorted(name for name, other in routes if other == path)
            after = f"{', '.join(others)} {path}" if others else ""
            where = f"{method} {path}"
            yield Difference(Kind.PATH_GONE, Origin.METADATA, version, id, where, where, after, file)


def _entries(overlay: Facts, part: str, version: str) -> Facts:
    """The entries of a part of ``types-overlay.yaml`` that hold for ``version``."""
    return {name: entry for name, entry in overlay.get(part, {}).items() if version in entry["versions"]}


class _Comparison:
    def __init__(self, contract: Facts, published: Metadata, overlay: Facts, version: str) -> None:
        self._old = Metadata.of(contract)
        self._new = published
        self._shared = frozenset(contract["omittedSubtypes"])
        self._omitted = {name for names in contract["omittedSubtypes"].values() for name in names}
        self._ours, self._our_types, self._our_enums = (
            _entries(overlay, part, version) for part in ("members", "types", "enums")
        )
        self._version = version
        names = [action["name"] for action in self._old.actions]
        self._ambiguous = {name for name in names if names.count(name) > 1}

    def differences(self) -> Iterator[Difference]:
        singletons, (name, type_) = self._new.singletons, SINGLETON
        if singletons is not None and singletons.get(name) != type_:
            now = singletons.get(name)
            words = (f"singleton of {type_}", f"singleton of {now}" if now else "")
            yield self._difference(Kind.TYPE_CHANGED if now else Kind.PATH_GONE, name, f"/{name}", *words)
        for name in sorted({**self._old.types, **self._old.enums}):
            yield from self._known(name)
        yield from self._added()
        yield from self._actions()

    def _difference(self, kind: Kind, subject: str, where: str = "", before: str = "", after: str = "") -> Difference:
        return Difference(kind, Origin.METADATA, self._version, subject, where, before, after, self._new.file)

    def _known(self, name: str) -> Iterator[Difference]:
        sort = "enumeration" if name in self._old.enums else "type"
        now = "enumeration" if name in self._new.enums else "type" if name in self._new.types else ""
        if not now:
            if self._stated(name):
                yield self._difference(Kind.TYPE_GONE, name, "", sort)
        elif now != sort:
            yield self._difference(Kind.TYPE_CHANGED, name, "", sort, now)
        elif sort == "enumeration":
            yield from self._enum(name)
        else:
            yield from self._type(name)

    def _stated(self, name: str) -> bool:
        """Whether a type that is not there should be: OpenAPI has what its paths lead to, and what a base lists."""
        if self._new.form is Form.CSDL or name in self._old.reach(ROOTS[:3], self._old.types):
            return True
        base = self._old.types[name]["base"] if name in self._old.types else None
        return bool(self._new.types.get(base or "", {}).get("lists"))

    def _added(self) -> Iterator[Difference]:
        known = {*self._old.types, *self._old.enums}
        for name in sorted(self._new.slice({*known, *self._our_types}, self._shared) - known - self._omitted):
            sort = "enumeration" if name in self._new.enums else "type"
            found = self._difference(Kind.TYPE_NEW, name, "", "", sort)
            yield replace(found, hint=_take_out(name)) if name in self._our_types else found

    def _type(self, name: str) -> Iterator[Difference]:
        old, new = self._old.types[name], self._new.types[name]
        if old["base"] != new["base"] and not self._keeps_base(name, old["base"]):
            yield self._difference(Kind.TYPE_CHANGED, name, "base", old["base"] or "none", new["base"] or "none")
        for fact, words in (("abstract", ("concrete", "abstract")), ("open", ("closed", "open"))):
            if _differ(old[fact], new[fact]):
                kind = Kind.TYPE_OPENED if fact == "open" and new[fact] else Kind.TYPE_CHANGED
                yield self._difference(kind, name, fact, words[bool(old[fact])], words[bool(new[fact])])
        yield from self._members(name)

    def _keeps_base(self, name: str, base: str | None) -> bool:
        """Whether the old base type is still among the bases; a new type in between is no difference."""
        return base is None or base in list(self._new.chain(name))[1:]

    def _members(self, name: str) -> Iterator[Difference]:
        old, new = (dict(members(name, side.types[name])) for side in (self._old, self._new))
        added = {member: facts for member, facts in new.items() if self._old.member(name, member) is None}
        for member, facts in old.items():
            now = self._new.member(name, member)
            respelled = _by_case(member, added)
            if now is not None:
                yield from self._member(name, member, facts, now)
            elif respelled:
                del added[respelled]
                yield self._difference(Kind.LETTER_CASE_CHANGED, name, member, member, respelled)
            else:
                near = did_you_mean(member, added).strip()
                missing = self._difference(Kind.MEMBER_GONE, name, member, _words(facts))
                yield replace(missing, hint=near)
        for member, facts in added.items():
            found = self._difference(Kind.MEMBER_NEW, name, member, "", _words(facts))
            yield replace(found, hint=self._hint(name, member, facts))

    def _hint(self, name: str, member: str, facts: Facts) -> str:
        ours = self._ours.get(f"{name}.{member}")
        if ours is None:
            return ""
        return _take_out(f"{name}.{member}", _words({"collection": False, **ours}), _words(facts))

    def _member(self, name: str, member: str, old: Facts, new: Facts) -> Iterator[Difference]:
        if not _same_type(old, new):
            yield self._difference(Kind.TYPE_CHANGED, name, member, _words(old), _words(new))
        elif _differ(old["nullable"], new["nullable"]):
            kind = Kind.NULLABILITY_LOOSENED if new["nullable"] else Kind.NULLABILITY_TIGHTENED
            words = "never null", "may be null"
            yield self._difference(kind, name, member, words[bool(old["nullable"])], words[bool(new["nullable"])])
        if _differ(old.get("contained"), new.get("contained")):
            contained = tuple(f"{'' if one['contained'] else 'not '}contained {_words(one)}" for one in (old, new))
            yield self._difference(Kind.TYPE_CHANGED, name, member, *contained)

    def _enum(self, name: str) -> Iterator[Difference]:
        old, new = self._old.enums[name], self._new.enums[name]
        if _differ(old["flags"], new["flags"]):
            words = "one member at a time", "several members at once"
            yield self._difference(
                Kind.TYPE_CHANGED, name, "flags", words[bool(old["flags"])], words[bool(new["flags"])]
            )
        ours = self._our_enums.get(name, {"members": ()})["members"]
        added = {member: None for member in new["members"] if member not in old["members"]}
        for member in old["members"]:
            if member in new["members"]:
                continue
            respelled = _by_case(member, added)
            if respelled in ours:
                continue  # reported below, as what the overlay said before the metadata did
            if respelled:
                del added[respelled]
                yield self._difference(Kind.LETTER_CASE_CHANGED, name, member, member, respelled)
            elif not self._hidden(old["members"], member):
                yield self._difference(Kind.ENUM_MEMBER_GONE, name, member, member)
        for member in added:
            found = self._difference(Kind.ENUM_MEMBER_NEW, name, member, "", member)
            yield replace(found, hint=_take_out(f"{name}: {member}")) if member in ours else found

    def _hidden(self, all_members: Facts, member: str) -> bool:
        """Whether OpenAPI may leave it out: what comes after the sentinel is only sent to who asks for it."""
        order = list(all_members)
        return self._new.form is Form.OPENAPI and SENTINEL in order and order.index(member) > order.index(SENTINEL)

    def _actions(self) -> Iterator[Difference]:
        known = {_identity(action): action for action in self._old.actions}
        slice_ = self._new.slice(self._old.types, self._shared)
        published = {_identity(action): action for action in self._new.actions_of(slice_)}
        for identity, action in sorted(known.items()):
            if identity not in published:
                yield self._difference(Kind.ACTION_GONE, self._subject(action), "", _bound(action))
            else:
                yield from self._action(self._subject(action), action, published[identity])
        for identity, action in sorted(published.items()):
            if identity not in known:
                yield self._difference(Kind.ACTION_NEW, self._subject(action), "", "", _bound(action))

    def _subject(self, action: Facts) -> str:
        name: str = action["name"]
        return f"{action['boundTo']}.{name}" if name in self._ambiguous else name

    def _action(self, subject: str, old: Facts, new: Facts) -> Iterator[Difference]:
        before, after = old["returns"], new["returns"]
        if before is None or after is None:
            if before is not after:
                kind = Kind.BODY_GONE if after is None else Kind.BODY_NEW
                words = (_words(one) if one else "" for one in (before, after))
                yield self._difference(kind, subject, "returns", *words)
        elif not _same_type(before, after):
            yield self._difference(Kind.TYPE_CHANGED, subject, "returns", _words(before), _words(after))
        yield from self._parameters(subject, old["parameters"], new["parameters"])

    def _parameters(self, subject: str, old: Facts, new: Facts) -> Iterator[Difference]:
        for name, facts in old.items():
            if name not in new:
                yield self._difference(Kind.PARAMETER_GONE, subject, name, _words(facts))
            elif not _same_type(facts, new[name]):
                yield self._difference(Kind.PARAMETER_CHANGED, subject, name, _words(facts), _words(new[name]))
            elif _differ(facts["nullable"], new[name]["nullable"]):
                loose = new[name]["nullable"]
                kind = Kind.PARAMETER_LOOSENED if loose else Kind.PARAMETER_CHANGED
                words = ("required", "optional") if loose else ("optional", "required")
                yield self._difference(kind, subject, name, *words)
        for name, facts in new.items():
            if name not in old:
                # Who does not send it is refused, if it has to be there.
                kind = Kind.PARAMETER_CHANGED if facts["nullable"] is False else Kind.PARAMETER_NEW
                required = ", required" if kind is Kind.PARAMETER_CHANGED else ""
                yield self._difference(kind, subject, name, "", f"{_words(facts)}{required}")


def _identity(action: Facts) -> tuple[str, str, bool]:
    return action["name"], action["boundTo"], action["boundToCollection"]


def _bound(action: Facts) -> str:
    return f"action on {'a collection of ' if action['boundToCollection'] else ''}{action['boundTo']}"


def _differ(old: object, new: object) -> bool:
    return old is not None and new is not None and old != new


_LOOSE = {"Edm.Int32": frozenset({"Edm.Int16", "Edm.Int64"}), "Edm.Double": frozenset({"Edm.Single", "Edm.Decimal"})}
"""Other types of a number that is known from a generated client only (``from: sdk``), which does not name sizes."""


def _same_type(old: Facts, new: Facts) -> bool:
    if old["collection"] != new["collection"]:
        return False
    unknown = not (old["type"] and new["type"])
    loose = new["type"] in _LOOSE.get(old["type"], ()) if old.get("from") == "sdk" else False
    streams = {old["type"], new["type"]} == {"Edm.Binary", "Edm.Stream"}  # the same bytes in OpenAPI
    return unknown or loose or streams or old["type"] == new["type"]


def _words(facts: Facts) -> str:
    name = facts["type"] or "a value"
    return f"list of {name}" if facts["collection"] else str(name)


def _by_case(name: str, others: Collection[str]) -> str:
    return next((other for other in others if other.lower() == name.lower()), "")


def _take_out(entry: str, ours: str = "", now: str = "") -> str:
    otherwise = f" It says {ours} there, the metadata {now}." if ours != now else ""
    return f"The metadata has it now: take {entry} out of types-overlay.yaml.{otherwise}"


def refreshed(contract: Mapping[str, Any], published: Metadata, overlay: Mapping[str, Any]) -> dict[str, Any]:
    """The content of ``types-<version>.json`` by what was published.

    The calls slice is cut out as before: what the calls reach, and what the file had already. Types that many
    products derive from stay without the types of the others, which are listed by name.

    Args:
        contract: the content of the file so far.
        published: what was read from CSDL; OpenAPI says too little for it.
        overlay: the content of ``types-overlay.yaml``; a type that it adds is taken in once the metadata has it.

    Raises:
        PublishedFileError: a type derives from one that is not there.
    """
    shared = tuple(contract["omittedSubtypes"])
    known = {**contract["entityTypes"], **contract["complexTypes"], **contract["enumTypes"]}
    names = published.slice((*known, *_entries(overlay, "types", contract["version"])), shared)
    types = {name: _type(name, published.types[name]) for name in sorted(names) if name in published.types}
    for name, raw in types.items():
        if raw["base"] and raw["base"] not in types:
            problem = f"has the type {shown(name)}, whose base {shown(raw['base'])} is not in the file."
            raise PublishedFileError(published.file, 0, 0, problem)
    below = published.subtypes()
    return {
        "version": contract["version"],
        "namespace": contract["namespace"],
        "source": [{"file": published.file, "gives": "everything"}],
        "omittedSubtypes": {base: sorted({*below.get(base, ())} - names) for base in shared},
        "entityTypes": {name: raw for name, raw in types.items() if name in published.entities},
        "complexTypes": {name: raw for name, raw in types.items() if name not in published.entities},
        "enumTypes": {name: dict(published.enums[name]) for name in sorted(names) if name in published.enums},
        "actions": sorted(map(_action, published.actions_of(names)), key=lambda one: (one["name"], one["boundTo"])),
    }


def _type(name: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    kept = {member for member, _ in members(name, raw)}
    parts = {part: {m: raw[part][m] for m in sorted(raw[part]) if m in kept} for part in ("properties", "navigation")}
    return {"base": raw["base"], "abstract": raw["abstract"], "open": raw["open"], **parts}


def _action(action: Mapping[str, Any]) -> dict[str, Any]:
    order = ("name", "kind", "boundTo", "boundToCollection", "returns")
    parameters = dict(sorted(action["parameters"].items()))
    return {**{key: action[key] for key in order}, "parameters": parameters}


def as_text(types: Mapping[str, Any]) -> str:
    """The content of ``types-<version>.json`` as it is written: a member a line, so that a change is one line."""
    return "".join(_lines(types))


def _lines(types: Mapping[str, Any]) -> Iterator[str]:
    yield "{\n"
    for key in ("version", "namespace", "source", "omittedSubtypes"):
        yield f" {_json(key)}: {_json(types[key])},\n"
    for part in ("entityTypes", "complexTypes"):
        yield f" {_json(part)}: {{\n"
        yield ",\n".join(_type_text(name, raw) for name, raw in types[part].items())
        yield "\n },\n"
    yield ' "enumTypes": {\n'
    yield ",\n".join(f"  {_json(name)}: {_json(raw)}" for name, raw in types["enumTypes"].items())
    yield '\n },\n "actions": [\n'
    yield ",\n".join(map(_action_text, types["actions"]))
    yield "\n ]\n}\n"


def _type_text(name: str, raw: Mapping[str, Any]) -> str:
    facts = ", ".join(f"{_json(key)}: {_json(raw[key])}" for key in ("base", "abstract", "open"))
    parts = ",\n".join(f'   "{part}": {_block(raw[part])}' for part in ("properties", "navigation"))
    return f"  {_json(name)}: {{{facts},\n{parts}\n  }}"


def _action_text(action: Mapping[str, Any]) -> str:
    facts = ", ".join(f"{_json(key)}: {_json(value)}" for key, value in action.items() if key != "parameters")
    return f'  {{{facts},\n   "parameters": {_block(action["parameters"])}}}'


def _block(entries: Mapping[str, Any]) -> str:
    if not entries:
        return "{}"
    return "{\n" + ",\n".join(f"    {_json(name)}: {_json(facts)}" for name, facts in entries.items()) + "\n   }"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
