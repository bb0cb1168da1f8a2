"""What holds for every recording: another run of the same is no different, and any change is one."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given, strategies as st

from pytest_graphcalls.drift import Recording
from pytest_graphcalls.drift.values import NUMBER_MEMBERS, TEXT_MEMBERS
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response, encode_json
from tests.effort import examples
from tests.unit.drift import recordings as t

GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
BASE = t.recording(t.exchanges(), t.notifications())
DIGITS = st.text("0123456789abcdef", min_size=32, max_size=32).filter(lambda text: text.strip("0"))


def renamed(recording: Recording, ids: dict[str, str], time: str, name: str, shift: float) -> Recording:
    """A recording as another run would make it: other ids, another time, other names."""

    def text(value: str) -> str:
        value = GUID.sub(lambda found: ids[found[0]], value)
        return TIME.sub(time, value).replace("Alice", name).replace("01 Jan 2026", "02 Feb 2027")

    def half(headers: Headers) -> Headers:
        return Headers([(key, text(value)) for key, value in headers.pairs])

    exchanges = [
        Exchange(
            Request(
                one.request.method,
                text(one.request.url),
                half(one.request.headers),
                text(one.request.body.decode()).encode(),
            ),
            Response(one.response.status, half(one.response.headers), text(one.response.body.decode()).encode()),
        )
        for one in recording.exchanges
    ]
    notes = [
        Notification(one.posted_to, json.loads(text(json.dumps(one.body))), one.at + shift, call_id=text(one.call_id))
        for one in recording.notifications
    ]
    return Recording(recording.test, recording.version, tuple(exchanges), tuple(notes))


def all_ids(recording: Recording) -> list[str]:
    """Every id in it."""
    texts = [one.request.url + one.request.body.decode() + one.response.body.decode() for one in recording.exchanges]
    texts += [json.dumps(one.body) for one in recording.notifications]
    return sorted({found for text in texts for found in GUID.findall(text)})


@given(
    new=st.lists(DIGITS, min_size=len(all_ids(BASE)), max_size=len(all_ids(BASE)), unique=True),
    time=st.datetimes().map(lambda one: one.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")),
    name=st.sampled_from(["Bob", "Zoë", "a", "57"]),
    shift=st.floats(-5, 5),
)
@examples(25)
def test_another_run_of_the_same_is_no_different(new: list[str], time: str, name: str, shift: float) -> None:
    """Ids, times and names say nothing, as long as the same ones stand for the same things."""
    guids = [f"{one[:8]}-{one[8:12]}-{one[12:16]}-{one[16:20]}-{one[20:]}" for one in new]
    after = renamed(BASE, dict(zip(all_ids(BASE), guids, strict=True)), time, name, shift)
    assert t.found(BASE, after) == []
    assert t.found(after, BASE) == []


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside ``value``."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        yield (*path, key)
        yield from places(one, (*path, key))


def parent_of(value: Any, path: tuple[Any, ...]) -> Any:
    """The object or list that holds the last step of ``path``."""
    for step in path[:-1]:
        value = value[step]
    return value


def other(value: Any) -> Any:
    """A value of another JSON type."""
    return {} if isinstance(value, list) else [] if isinstance(value, dict) else {"now": "an object"}


def removed(parent: Any, key: Any) -> None:
    del parent[key]


def retyped(parent: Any, key: Any) -> None:
    parent[key] = other(parent[key])


def added(parent: Any, key: Any) -> None:
    if isinstance(parent, dict):
        parent[f"{key}Too"] = parent[key]
    else:
        parent.insert(key, {"something": "else"})


def respelled(parent: Any, key: Any) -> None:
    if isinstance(parent, dict) and key.upper() != key:
        parent[key.upper()] = parent.pop(key)
    else:
        removed(parent, key)


def emptied(parent: Any, key: Any) -> None:
    parent[key] = {"x": 1} if parent[key] is None else None


BODIES = [number for number, one in enumerate(BASE.exchanges) if one.response.body]
SPOTS = [(number, path) for number in BODIES for path in places(BASE.exchanges[number].response.json())]


@given(
    spot=st.sampled_from(SPOTS),
    damage=st.sampled_from([removed, retyped, added, respelled, emptied]),
)
@examples(150)
def test_any_change_of_a_structure_is_a_difference(spot: tuple[int, tuple[Any, ...]], damage: Any) -> None:
    """A removed, added, renamed or retyped member is a difference at any place."""
    number, path = spot
    old = BASE.exchanges[number]
    body = copy.deepcopy(old.response.json())
    damage(parent_of(body, path), path[-1])
    response = Response(old.response.status, old.response.headers, encode_json(body))
    before, after = t.recording([old]), t.recording([Exchange(old.request, response)])
    assert t.found(before, after)
    assert t.found(after, before)


@given(spot=st.sampled_from([spot for spot in SPOTS if isinstance(spot[1][-1], str)]))
@examples(25)
def test_a_difference_has_the_same_fingerprint_in_every_run(spot: tuple[int, tuple[Any, ...]]) -> None:
    """Other ids, times and names in both recordings: the same fingerprint, in another test as well."""
    number, path = spot
    body = copy.deepcopy(BASE.exchanges[number].response.json())
    removed(parent_of(body, path), path[-1])
    exchanges = list(BASE.exchanges)
    old = exchanges[number]
    exchanges[number] = Exchange(old.request, Response(old.response.status, old.response.headers, encode_json(body)))
    after = t.recording(exchanges, BASE.notifications)
    ids = {one: one[::-1].replace("-", "")[:8] + one[8:] for one in all_ids(BASE)}
    again = renamed(after, ids, "2031-05-05T05:05:05", "Carol", 1.0)
    elsewhere = Recording("other.py::test", "v1.0", again.exchanges, again.notifications)
    accepted = Recording("other.py::test", "v1.0", BASE.exchanges, BASE.notifications)
    first = [one.fingerprint for one in t.found(BASE, after)]
    assert first == [one.fingerprint for one in t.found(accepted, elsewhere)]


def test_the_tables_of_what_is_volatile_are_in_lower_case_with_reasons() -> None:
    """Names are looked up in lower case; a row without a reason is a guess."""
    for table in (TEXT_MEMBERS, NUMBER_MEMBERS):
        assert all(name == name.lower() and reason for name, reason in table.items())
