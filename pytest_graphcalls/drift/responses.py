"""What differs between two answers to the same step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pytest_graphcalls.contract import Contract, Match
from pytest_graphcalls.drift.difference import Kind
from pytest_graphcalls.drift.leaves import json_type, shown, shown_type, sort_of, value_of
from pytest_graphcalls.drift.normalise import ORDER, Addresses, Settler, Tree
from pytest_graphcalls.drift.values import HEADERS_BY_VALUE, HEADERS_OF_THE_WAY
from pytest_graphcalls.findings import at_any_index
from pytest_graphcalls.wire import Exchange, MalformedJsonError, Request, Response

_PLAIN = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an answer or a notification; members as those of :class:`.Difference`.

    Attributes:
        kind: what sort it is.
        where: the place, list indexes included; those of tonight where there are any.
        before: what was there, in words.
        after: what is there now, in words.
        hint: more about it, or ``""``.
    """

    kind: Kind
    where: str
    before: str = ""
    after: str = ""
    hint: str = ""

    @property
    def place(self) -> str:
        """The place with every list index left open."""
        return at_any_index(self.where)


def changes(before: Tree, after: Tree, root: str = "$") -> Iterator[Change]:
    """What differs between two trees of :class:`.Settler`, in the order of its places.

    Args:
        before: of the accepted recording.
        after: of tonight.
        root: where in a body the trees begin, as a JSON path.
    """
    if before == after:
        return
    if isinstance(before, str) or isinstance(after, str):
        yield _changed([], str(before), str(after), root)
        return
    from deepdiff import DeepDiff

    # Every difference is told, however little two objects have in common and whatever their members are called.
    found = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0, ignore_private_variables=False)
    gone, new = (_levels(found, f"dictionary_item_{word}") for word in ("removed", "added"))
    changed = [_changed(path, one.t1, one.t2, root) for path, one in _levels(found, "values_changed")]
    yield from sorted((*_came_and_went(gone, new, root), *changed), key=lambda one: (one.where, one.kind, one.after))


def _levels(found: Mapping[str, Any], sort: str) -> list[tuple[list[str], Any]]:
    return [(list(map(str, one.path(output_format="list"))), one) for one in found.get(sort, ())]


def _came_and_went(
    gone: Sequence[tuple[list[str], Any]], new: Sequence[tuple[list[str], Any]], root: str
) -> Iterator[Change]:
    """Members and items of one side only; a member that came back in another letter case is one change."""
    spelled = {(tuple(path[:-1]), path[-1].lower()): path for path, _ in new if not _is_item(path)}
    renamed = set()
    for path, level in gone:
        twin = spelled.get((tuple(path[:-1]), path[-1].lower()))
        if twin is not None and not _is_item(path):
            renamed.add(tuple(twin))
            yield Change(Kind.LETTER_CASE_CHANGED, _where(twin, root), repr(path[-1]), repr(twin[-1]))
        elif ORDER not in path:
            yield _one_sided(path, level.t1, root, gone=True)
    for path, level in new:
        if path[-1] == ORDER:
            yield Change(Kind.ORDER_CHANGED, _where(path[:-1], root), "an order", "another order")
        elif tuple(path) not in renamed:
            yield _one_sided(path, level.t2, root, gone=False)


def _is_item(path: Sequence[str]) -> bool:
    return path[-1].startswith("[")


def _one_sided(path: Sequence[str], leaf: Tree, root: str, *, gone: bool) -> Change:
    where = _where(path, root)
    if not _is_item(path):
        # The name, not the value: what is accepted tonight has to be the same when the value is null tomorrow.
        return (
            Change(Kind.MEMBER_GONE, where, repr(path[-1]))
            if gone
            else Change(Kind.MEMBER_NEW, where, "", repr(path[-1]))
        )
    text = shown(leaf) if isinstance(leaf, str) else "an object"
    strange = isinstance(leaf, str) and sort_of(leaf) == "strange"
    if gone:
        return Change(Kind.ENUM_MEMBER_GONE if strange else Kind.ITEM_GONE, where, text)
    return Change(Kind.ENUM_MEMBER_NEW if strange else Kind.ITEM_NEW, where, "", text)


def _changed(path: Sequence[str], before: str, after: str, root: str) -> Change:
    if path and path[-1] == ORDER:
        return Change(Kind.ORDER_CHANGED, _where(path[:-1], root), "an order", "another order")
    kind = next(kind for kind, holds in _KINDS.items() if holds(path, before, after))
    # Of another type the value says nothing, and may be another one in every run.
    said = shown_type(after) if json_type(before) != json_type(after) else shown(after)
    return Change(kind, _where(path, root), shown(before), said)


_Test = Callable[[Sequence[str], str, str], bool]

_KINDS: Mapping[Kind, _Test] = MappingProxyType(
    {
        Kind.LETTER_CASE_CHANGED: lambda _, before, after: (
            bool(value_of(before)) and _spelled(before) == _spelled(after)
        ),
        Kind.ERROR_CODE_CHANGED: lambda path, _, after: _is_error_code(path) and sort_of(after) == "word",
        Kind.ENUM_MEMBER_NEW: lambda *leaves: sort_of(leaves[-1]) == "strange",
        Kind.ENUM_MEMBER_GONE: lambda _, before, after: sort_of(before) == "strange" and sort_of(after) == "enum",
        Kind.TYPE_CHANGED: lambda _, before, after: (
            "null" not in {before, after}
            and (json_type(before) != json_type(after) or sort_of(before) == sort_of(after) == "type")
        ),
        Kind.VALUE_CHANGED: lambda *_: True,
    }
)
"""What a changed value is: the first that holds."""


def _spelled(leaf: str) -> str:
    """A leaf that is the same in another letter case, and for a name of a type without its ``#``."""
    return leaf.lower().replace("type #", "type ", 1)


def _is_error_code(path: Sequence[str]) -> bool:
    return bool(path) and path[0] == "error" and path[-1].lower() in {"code", "errorcode"}


def _where(path: Sequence[str], root: str) -> str:
    return root + "".join(map(_step, path))


def _step(key: str) -> str:
    if key.startswith("[") and key.endswith("]") and "|" in key:
        before, _, after = key.strip("[]").partition("|")
        return f"[{after or before}]"
    return f".{key}" if _PLAIN.fullmatch(key) else f"[{key!r}]"


_NO_JSON = object()
_CONTENT_TYPE = "content-type"


@dataclass(frozen=True, slots=True)
class Step:
    """One exchange of a test, by what it asks for.

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


def step(exchange: Exchange, number: int, contract: Contract, addresses: Addresses) -> Step:
    """What an exchange asks for.

    Args:
        exchange: the exchange.
        number: its place in the test, from 1.
        contract: knows the operations.
        addresses: makes a template of an address that none of them has.
    """
    request = exchange.request
    match = contract.match(request.method, request.path)
    if isinstance(match, Match):
        return Step(exchange, number, match.operation.id, match)
    return Step(exchange, number, f"{request.method} {addresses.template(request.path)}", None)


def learn(before: Step, after: Step, settler: Settler) -> None:
    """Take in who is who from what the test has asked for; requests are its own doing, and not compared."""
    if before.match and after.match:
        for name, key in before.match.keys.items():
            settler.names.meet(key, after.match.keys.get(name, key))
    settler.meet(_json(before.exchange.request), _json(after.exchange.request))


def compare_answers(before: Step, after: Step, settler: Settler, addresses: Addresses) -> Iterator[Change]:
    """What differs between two answers.

    Args:
        before: the accepted step.
        after: tonight's.
        settler: the test's, which learns from them.
        addresses: makes templates of addresses.
    """
    learn(before, after, settler)
    old, new = before.exchange.response, after.exchange.response
    if old.status != new.status:
        yield Change(Kind.STATUS_CHANGED, "status", str(old.status), str(new.status))
    # An error has nothing in common with a success but that both are answers.
    if (old.status < _ERRORS) == (new.status < _ERRORS):
        yield from _headers(old, new, addresses)
        yield from _bodies(old, new, settler, _type_of(after))


_ERRORS = 400


def _type_of(step: Step) -> str:
    spec = step.match.operation.responses.get(step.exchange.response.status) if step.match else None
    if spec is None or not spec.body:
        return ""
    return f"collection:{spec.body}" if spec.collection else spec.body


def _headers(before: Response, after: Response, addresses: Addresses) -> Iterator[Change]:
    old, new = _compared(before, addresses), _compared(after, addresses)
    if bool(before.body) != bool(after.body):
        # What is said of a body comes and goes with it.
        old.pop(_CONTENT_TYPE, None)
        new.pop(_CONTENT_TYPE, None)
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Change(Kind.HEADER_GONE, name, repr(name))
        elif name not in old:
            yield Change(Kind.HEADER_NEW, name, "", repr(name))
        elif old[name] != new[name]:
            yield Change(Kind.HEADER_CHANGED, name, old[name], new[name])


def _compared(response: Response, addresses: Addresses) -> dict[str, str]:
    return {
        name: _value(name, value, addresses)
        for name, value in response.headers.items()
        if name not in HEADERS_OF_THE_WAY
    }


def _value(name: str, value: str, addresses: Addresses) -> str:
    """What of a header's value counts."""
    if name not in HEADERS_BY_VALUE:
        return ""
    if name == "location":
        return addresses.template(value)
    return value.replace(" ", "").lower()


def _bodies(before: Response, after: Response, settler: Settler, type_: str) -> Iterator[Change]:
    if not (before.body and after.body):
        if after.body:
            yield Change(Kind.BODY_NEW, "body", "", "a body")
        elif before.body:
            yield Change(Kind.BODY_GONE, "body", "a body")
        return
    old, new = _json(before), _json(after)
    if old is _NO_JSON or new is _NO_JSON:
        if old is not new:
            yield Change(Kind.TYPE_CHANGED, "body", _said(old), _said(new))
        return
    yield from changes(*settler.settle(old, new, type_))


def _said(value: Any) -> str:
    return "no JSON" if value is _NO_JSON else "JSON"


def _json(half: Request | Response) -> Any:
    try:
        return half.json() if half.body else _NO_JSON
    except MalformedJsonError:
        return _NO_JSON
