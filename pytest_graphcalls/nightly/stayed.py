"""Who was in a meeting before a test began: people of an earlier night who cannot be taken out, such as an organizer.

The stage looks at the roster before it hands a meeting to a test, and says that this is no part of the test. Who is in
there, and was not invited by the test, has stayed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pytest_graphcalls.drift.tape import invited
from pytest_graphcalls.wire import Exchange, MalformedJsonError, encode_json, path_segments

_DONE = 200


def stayed(exchanges: Sequence[Exchange], aside: Collection[int]) -> Mapping[str, frozenset[str]]:
    """By the id that they have in the roster, in lower case: the ids of their identities. Apps are left out: so are we.

    Args:
        exchanges: of the whole test.
        aside: numbers, from 0, of those that are no part of it.
    """
    found: dict[str, frozenset[str]] = {}
    asked = ""
    for number, one in enumerate(exchanges):
        if number not in aside:
            asked += invited(one)
        elif one.request.method == "GET" and path_segments(one.request.path)[-1:] == ["participants"]:
            people = {_id(entry): frozenset(_identities(entry)) for entry in _roster(one)}
            found |= {id: names for id, names in people.items() if names and not any(name in asked for name in names)}
    return found


def without(one: Exchange, who: Collection[str]) -> Exchange:
    """An exchange in whose answer they are in no list."""
    if not who or not one.response.body:
        return one
    try:
        data = one.response.json()
    except MalformedJsonError:
        return one
    left = lists_without(data, who)
    return one if left == data else replace(one, response=replace(one.response, body=encode_json(left)))


def lists_without(value: Any, who: Collection[str]) -> Any:
    """A decoded body in which they are in no list."""
    if isinstance(value, Mapping):
        return {name: lists_without(one, who) for name, one in value.items()}
    if isinstance(value, list):
        return [lists_without(one, who) for one in value if not (isinstance(one, dict) and _id(one) in who)]
    return value


def _roster(one: Exchange) -> Iterator[Mapping[str, Any]]:
    if one.response.status != _DONE:
        return
    try:
        data = one.response.json()
    except MalformedJsonError:
        return
    value = data.get("value") if isinstance(data, dict) else None
    yield from (entry for entry in (value if isinstance(value, list) else ()) if isinstance(entry, dict))


def _identities(entry: Mapping[str, Any]) -> Iterator[str]:
    info = entry.get("info")
    identity = info.get("identity") if isinstance(info, dict) else None
    if isinstance(identity, dict) and not identity.get("application"):
        yield from (_id(one) for one in identity.values() if isinstance(one, dict) and _id(one))


def _id(entry: Mapping[str, Any]) -> str:
    return str(entry.get("id") or "").lower()
