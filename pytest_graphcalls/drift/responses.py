"""Compare the responses to one step in two recordings: status, headers and body."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_graphcalls.contract import Contract, Match
from pytest_graphcalls.drift.difference import Kind
from pytest_graphcalls.drift.normalise import ORDER, AddressTemplates, Normaliser, Tree
from pytest_graphcalls.drift.values import (
    HEADERS_COMPARED_BY_VALUE,
    IGNORED_HEADERS,
    describe,
    describe_type,
    json_type,
    kind_of,
    value_of,
)
from pytest_graphcalls.findings import at_any_index
from pytest_graphcalls.wire import Exchange, MalformedJsonError, Response, readable

_PLAIN = re.compile(r"[A-Za-z_]\w*")
_ERRORS = 400
_CONTENT_TYPE = "content-type"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a response or a notification; the attributes are those of :class:`.Difference`.

    Attributes:
        kind: its kind.
        where: the place, with tonight's list indexes where there are any, else the accepted ones.
        before: the accepted state, in words.
        after: tonight's state, in words.
        hint: more about it, or ``""``.
    """

    kind: Kind
    where: str
    before: str = ""
    after: str = ""
    hint: str = ""

    @property
    def place(self) -> str:
        """The place without list indexes: ``$.value[].id``."""
        return at_any_index(self.where)


@dataclass(frozen=True, slots=True)
class Step:
    """One exchange of a test, with the operation that it calls.

    Attributes:
        exchange: the exchange.
        number: its place in the test, from 1.
        subject: id of the operation, or method and template where there is none.
        match: the operation, or ``None``.
    """

    exchange: Exchange
    number: int
    subject: str
    match: Match | None

    def page(self, version: str) -> str:
        """Address of the operation's page, or ``""``."""
        return self.match.operation.page(version) if self.match else ""


def step(exchange: Exchange, number: int, contract: Contract, addresses: AddressTemplates) -> Step:
    """Find the operation that an exchange calls.

    Args:
        exchange: the exchange.
        number: its place in the test, from 1.
        contract: knows the operations.
        addresses: makes a template of an address outside the contract.
    """
    request = exchange.request
    match = contract.match(request.method, request.path)
    if isinstance(match, Match):
        return Step(exchange, number, match.operation.id, match)
    return Step(exchange, number, f"{request.method} {addresses.template(request.path)}", None)


def compare_answers(before: Step, after: Step, normaliser: Normaliser, addresses: AddressTemplates) -> Iterator[Change]:
    """The changes between the responses of two paired steps.

    Args:
        before: the accepted step.
        after: tonight's step.
        normaliser: of the test; it maps the ids of both.
        addresses: makes templates of addresses.
    """
    _match_request_ids(before, after, normaliser)
    old, new = before.exchange.response, after.exchange.response
    if old.status != new.status:
        yield Change(Kind.STATUS_CHANGED, "status", str(old.status), str(new.status))
    # An error and a success have different headers and bodies anyway.
    if (old.status < _ERRORS) == (new.status < _ERRORS):
        yield from _headers(old, new, addresses)
        yield from _bodies(old, new, normaliser, _type_of(after))


def _match_request_ids(before: Step, after: Step, normaliser: Normaliser) -> None:
    """Map the ids of two requests. Requests are not compared: the test makes them, not the service."""
    if before.match and after.match:
        for name, key in before.match.keys.items():
            normaliser.ids.match(key, after.match.keys.get(name, key))
    normaliser.match(readable(before.exchange.request), readable(after.exchange.request))


def _type_of(step: Step) -> str:
    spec = step.match.operation.responses.get(step.exchange.response.status) if step.match else None
    if spec is None or not spec.body:
        return ""
    return f"collection:{spec.body}" if spec.collection else spec.body


def _headers(before: Response, after: Response, addresses: AddressTemplates) -> Iterator[Change]:
    old, new = _compared(before, addresses), _compared(after, addresses)
    if bool(before.body) != bool(after.body):
        # Reported as a missing or new body already.
        old.pop(_CONTENT_TYPE, None)
        new.pop(_CONTENT_TYPE, None)
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Change(Kind.HEADER_GONE, name, repr(name))
        elif name not in old:
            yield Change(Kind.HEADER_NEW, name, "", repr(name))
        elif old[name] != new[name]:
            yield Change(Kind.HEADER_CHANGED, name, old[name], new[name])


def _compared(response: Response, addresses: AddressTemplates) -> dict[str, str]:
    return {
        name: _value(name, value, addresses) for name, value in response.headers.items() if name not in IGNORED_HEADERS
    }


def _value(name: str, value: str, addresses: AddressTemplates) -> str:
    """The part of a header's value that is compared."""
    if name not in HEADERS_COMPARED_BY_VALUE:
        return ""
    if name == "location":
        return addresses.template(value)
    return value.replace(" ", "").lower()


def _bodies(before: Response, after: Response, normaliser: Normaliser, type_: str) -> Iterator[Change]:
    if not (before.body and after.body):
        if after.body:
            yield Change(Kind.BODY_NEW, "body", "", "a body")
        elif before.body:
            yield Change(Kind.BODY_GONE, "body", "a body")
        return
    values = (readable(before), readable(after))
    forms = ["no JSON" if isinstance(value, MalformedJsonError) else "JSON" for value in values]
    if forms == ["JSON", "JSON"]:
        yield from changes(*normaliser.normalise(*values, type_))
    elif forms[0] != forms[1]:
        yield Change(Kind.TYPE_CHANGED, "body", *forms)


def changes(before: Tree, after: Tree, root: str = "$") -> Iterator[Change]:
    """The changes between two trees of :class:`.Normaliser`, sorted by place.

    Args:
        before: tree of the accepted recording.
        after: tree of tonight.
        root: JSON path of the trees in their body.
    """
    if before == after:
        return
    if isinstance(before, str) or isinstance(after, str):
        yield _changed([], str(before), str(after), root)
        return
    from deepdiff import DeepDiff

    # By default DeepDiff summarises objects that have little in common, and skips members named like __this.
    found = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0, ignore_private_variables=False)
    missing, new = (_levels(found, f"dictionary_item_{word}") for word in ("removed", "added"))
    changed = [_changed(path, one.t1, one.t2, root) for path, one in _levels(found, "values_changed")]
    yield from sorted(
        (*_one_sided_changes(missing, new, root), *changed), key=lambda one: (one.where, one.kind, one.after)
    )


def _levels(found: Mapping[str, Any], sort: str) -> list[tuple[list[str], Any]]:
    return [(list(map(str, one.path(output_format="list"))), one) for one in found.get(sort, ())]


def _one_sided_changes(
    missing: Sequence[tuple[list[str], Any]], new: Sequence[tuple[list[str], Any]], root: str
) -> Iterator[Change]:
    """Report members and items of one side only; a member in a different letter case is one change."""
    spelled = {(tuple(path[:-1]), path[-1].lower()): path for path, _ in new if not _is_item(path)}
    renamed = set()
    for path, level in missing:
        respelled = spelled.get((tuple(path[:-1]), path[-1].lower()))
        if respelled is not None and not _is_item(path):
            renamed.add(tuple(respelled))
            yield Change(Kind.LETTER_CASE_CHANGED, _where(respelled, root), repr(path[-1]), repr(respelled[-1]))
        elif ORDER not in path:
            yield _one_sided(path, level.t1, root, missing=True)
    for path, level in new:
        if path[-1] == ORDER:
            yield Change(Kind.ORDER_CHANGED, _where(path[:-1], root), "an order", "another order")
        elif tuple(path) not in renamed:
            yield _one_sided(path, level.t2, root, missing=False)


def _is_item(path: Sequence[str]) -> bool:
    return path[-1].startswith("[")


def _one_sided(path: Sequence[str], value: Tree, root: str, *, missing: bool) -> Change:
    gone, new, text = Kind.ITEM_GONE, Kind.ITEM_NEW, describe(value) if isinstance(value, str) else "an object"
    if not _is_item(path):
        # The name, not the value: an accepted difference has to keep its fingerprint when the value is null tomorrow.
        gone, new, text = Kind.MEMBER_GONE, Kind.MEMBER_NEW, repr(path[-1])
    elif isinstance(value, str) and kind_of(value) == "strange":
        gone, new = Kind.ENUM_MEMBER_GONE, Kind.ENUM_MEMBER_NEW
    where = _where(path, root)
    return Change(gone, where, text) if missing else Change(new, where, "", text)


def _changed(path: Sequence[str], before: str, after: str, root: str) -> Change:
    if path and path[-1] == ORDER:
        return Change(Kind.ORDER_CHANGED, _where(path[:-1], root), "an order", "another order")
    kind = next(kind for kind, holds in _KINDS.items() if holds(path, before, after))
    # The value of a changed type may be volatile.
    described = describe_type(after) if json_type(before) != json_type(after) else describe(after)
    return Change(kind, _where(path, root), describe(before), described)


_Test = Callable[[Sequence[str], str, str], bool]
_KINDS: Mapping[Kind, _Test] = {
    Kind.LETTER_CASE_CHANGED: lambda _, before, after: bool(value_of(before)) and _spelled(before) == _spelled(after),
    Kind.ERROR_CODE_CHANGED: lambda path, _, after: _is_error_code(path) and kind_of(after) == "word",
    Kind.ENUM_MEMBER_NEW: lambda *values: kind_of(values[-1]) == "strange",
    Kind.ENUM_MEMBER_GONE: lambda _, before, after: kind_of(before) == "strange" and kind_of(after) == "enum",
    Kind.TYPE_CHANGED: lambda _, before, after: (
        "null" not in {before, after}
        and (json_type(before) != json_type(after) or kind_of(before) == kind_of(after) == "type")
    ),
    Kind.VALUE_CHANGED: lambda *_: True,
}
"""The kinds of a changed value; the first one whose condition holds is taken."""


def _spelled(value: str) -> str:
    """A value in comparable form without letter case, and a type's name without its ``#``."""
    return value.lower().replace("type #", "type ", 1)


def _is_error_code(path: Sequence[str]) -> bool:
    return bool(path) and path[0] == "error" and path[-1].lower() in {"code", "errorcode"}


def _where(path: Sequence[str], root: str) -> str:
    return root + "".join(map(_step, path))


def _step(key: str) -> str:
    if key.startswith("[") and key.endswith("]") and "|" in key:
        before, _, after = key.strip("[]").partition("|")
        return f"[{after or before}]"
    return f".{key}" if _PLAIN.fullmatch(key) else f"[{key!r}]"
