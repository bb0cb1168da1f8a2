"""From ``operations/<id>.yaml`` to an :class:`Operation`: its rules are written out, then the values are built.

Rules that several operations keep in the same words are stated once, in ``shared-rules.yaml`` by slug. An operation
takes one by naming it among its ``rules``, and writes down only what differs. A placeholder such as ``<status>`` stands
for what the operation's own file says elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.contract.model import (
    Constraint,
    EndSpec,
    HeaderSpec,
    LongRunning,
    Operation,
    Permissions,
    Question,
    Repeat,
    RequestSpec,
    ResponseSpec,
    Rule,
)
from pytest_graphcalls.errors import did_you_mean
from pytest_graphcalls.records import made

_T = TypeVar("_T")
FILE = "shared-rules.yaml"
_NEEDED = ("says", "evidence", "source", "facts", "holds", "broken")
_PLACEHOLDER = re.compile(r"<([a-z-]+)>")
_PAGE = "https://learn.microsoft.com/graph/api/{}?view=graph-rest-{}"


def _answer(data: Mapping[str, Any]) -> str:
    body = next(iter(data["responses"].values()))["body"]
    name: str = body if isinstance(body, str) else body["collection"]
    return name if name != "none" else ""


def _alias(data: Mapping[str, Any]) -> str:
    return next((f"/{version}{paths[0]}" for version, paths in data["aliases"].items() if paths), "")


def _roles(data: Mapping[str, Any]) -> str:
    *others, last = [*data["permissions"]["least"], *data["permissions"].get("higher", ())] or [""]
    return f"{', '.join(others)} or {last}" if others else str(last)


_PLACEHOLDERS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Any]]] = MappingProxyType(
    {
        "id": ("id", lambda data: data["id"]),
        "page": ("page", lambda data: data["page"]),
        "method": ("method", lambda data: data["method"]),
        "path": ("path", lambda data: data["path"]),
        "action": ("action", lambda data: data.get("action", "")),
        "status": ("responses", lambda data: next(iter(data["responses"]))),
        "answer": ("responses", _answer),
        "answered": ("long_running", lambda data: data.get("long_running", {}).get("answered", "")),
        "aliased": ("aliases", lambda data: list(data["aliases"])),
        "alias": ("aliases", _alias),
        "roles": ("permissions", _roles),
    }
)
"""By placeholder: the key of an operation's file that it comes from, and how it is read."""


class SharedRules:
    """The shared rules of one contract folder; a folder without the file has none.

    Args:
        files: the folder's files.

    Raises:
        ContractFileError: the file is there and cannot be used.
    """

    def __init__(self, files: ContractFiles) -> None:
        self._files = files
        self._rules: Mapping[str, Any] = files.read(FILE, "shared-rules") if FILE in files.names("", ".yaml") else {}

    def written_out(self, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """The content of an operation's file, with the addresses of its page, and every rule in full.

        Args:
            name: the file's name below the folder.
            data: its content. What it says of a rule itself stands; a rule without ``needs`` has those of the operation
                and of the shared rule.

        Raises:
            ContractFileError: a rule is neither whole nor shared, or a placeholder is unknown or has no value here.
        """
        data = {"aliases": {}, "page": data["id"], **data}
        pages = {one: _PAGE.format(data["page"], one.removeprefix("v")) for one in data["versions"]}
        rules = {slug: self._rule(name, data, slug, own or {}) for slug, own in data["rules"].items()}
        return {"pages": pages, **data, "rules": rules}

    def _rule(self, name: str, data: Mapping[str, Any], slug: str, own: Mapping[str, Any]) -> dict[str, Any]:
        shared = self._rules.get(slug, {})
        lacking = [key for key in _NEEDED if key not in own and key not in shared]
        if lacking:
            unknown = "" if shared else f" There is no shared rule {slug!r}.{did_you_mean(slug, self._rules)}"
            raise self._files.error(name, ("rules", slug), f"lacks {', '.join(lacking)}.{unknown}")
        taken = {
            key: _filled(value, partial(self._value, name, data, slug, key))
            for key, value in shared.items()
            if key not in own
        }
        return {**taken, "needs": [*data.get("needs", ()), *shared.get("needs", ())], **own}

    def _value(self, name: str, data: Mapping[str, Any], slug: str, key: str, placeholder: str) -> Any:
        if placeholder not in _PLACEHOLDERS:
            problem = f"there is no placeholder <{placeholder}>.{did_you_mean(placeholder, _PLACEHOLDERS)}"
            raise self._files.error(FILE, (slug, key), problem)
        source, read = _PLACEHOLDERS[placeholder]
        value = read(data)
        if not value:
            problem = (
                f"{FILE} puts <{placeholder}> into {key}, and {source} of this file has none; write {key} out here."
            )
            raise self._files.error(name, ("rules", slug), problem)
        return value


def _filled(value: Any, of: Callable[[str], Any]) -> Any:
    if isinstance(value, list):
        return [_filled(one, of) for one in value]
    if isinstance(value, dict):
        return {key: _filled(one, of) for key, one in value.items()}
    whole = _PLACEHOLDER.fullmatch(value)
    return of(whole[1]) if whole else _PLACEHOLDER.sub(lambda found: _as_text(of(found[1])), value)


def _as_text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else " and ".join(value)


_LIMITS = {
    "max_items": "maxItems",
    "max_length": "maxLength",
    "minimum": "minimum",
    "maximum": "maximum",
    "pattern": "pattern",
}
"""Our key to the JSON Schema keyword that means it."""


def build(data: Mapping[str, Any]) -> Operation:
    """Build the operation that an operation file describes, written out."""
    return made(
        Operation,
        {"central": False, "action": "", "clouds": {}, **data},
        permissions=made(Permissions, {**data["permissions"], "spellings": data.get("spellings", {})}),
        request=_request(data["request"]),
        responses=MappingProxyType(
            {int(status): _response(int(status), raw) for status, raw in data["responses"].items()}
        ),
        rules=_stated(Rule, data, "rules", pages=MappingProxyType(data["pages"])),
        questions=_stated(Question, data, "questions"),
        long_running=_long_running(data["long_running"]) if "long_running" in data else None,
        reads=MappingProxyType({place: tuple(values or ()) for place, values in data.get("reads", {}).items()}),
    )


def _stated(kind: type[_T], data: Mapping[str, Any], key: str, **known: Any) -> Mapping[str, _T]:
    """The rules or questions of an operation by slug; with its versions and needs unless they name their own."""
    rows, usual = data.get(key, {}).items(), {"versions": data["versions"], "needs": data.get("needs", ())}
    facts = ((slug, {**usual, **raw, "id": f"{data['id']}.{slug}"}) for slug, raw in rows)
    return MappingProxyType({slug: made(kind, fact, **known) for slug, fact in facts})


def _long_running(raw: Mapping[str, Any]) -> LongRunning:
    usual = {name: raw[name] for name in ("completed", "cancelled") if name in raw}
    ends = {name: _end(end) for name, end in (usual | raw.get("ends", {})).items()}
    return made(LongRunning, raw, ends=MappingProxyType(ends))


def _end(raw: Mapping[str, Any]) -> EndSpec:
    code, _, subcode = raw["pair"].partition("/")
    return made(EndSpec, raw, code=int(code), subcode=int(subcode))


def _request(raw: Mapping[str, Any]) -> RequestSpec:
    return made(RequestSpec, raw, constraints=tuple(map(_constraint, raw.get("constraints", ()))))


def _constraint(raw: Mapping[str, Any]) -> Constraint:
    return made(Constraint, {**raw, "limits": {keyword: raw[key] for key, keyword in _LIMITS.items() if key in raw}})


def _response(status: int, raw: Mapping[str, Any]) -> ResponseSpec:
    body = raw["body"]
    collection = not isinstance(body, str)
    return made(
        ResponseSpec,
        raw,
        status=status,
        body=body["collection"] if collection else "" if body == "none" else body,
        collection=collection,
        headers=tuple(made(HeaderSpec, facts, name=name) for name, facts in raw.get("headers", {}).items()),
        repeats=tuple(map(_repeat, raw.get("repeats", ()))),
    )


def _repeat(raw: Mapping[str, Any]) -> Repeat:
    source, _, name = raw["of"].partition(".")
    return made(Repeat, raw, of=source, name=name)
