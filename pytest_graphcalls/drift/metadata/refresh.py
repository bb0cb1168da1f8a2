"""A new ``types-<version>.json`` from published metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_graphcalls.drift.metadata.model import Metadata, members
from pytest_graphcalls.errors import PublishedFileError
from pytest_graphcalls.quantities import shown


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
    added = (name for name, entry in overlay.get("types", {}).items() if contract["version"] in entry["versions"])
    names = published.slice((*known, *added), shared)
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
