"""From a folder of cassettes to what is compared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pytest_graphcalls.cassette import Cassette, opened
from pytest_graphcalls.contract import Contract, Match, Need, parse_error
from pytest_graphcalls.drift import Latency, Recording, compare
from pytest_graphcalls.drift.model import invited
from pytest_graphcalls.wire import Exchange, encode_json, json_object, path_segments, readable

_DONE = 200


def present_before(exchanges: Sequence[Exchange], uncompared: Collection[int]) -> Mapping[str, frozenset[str]]:
    """By the id that they have in the roster, in lower case: the ids of their identities. Apps are left out: so are we.

    Args:
        exchanges: of the whole test.
        uncompared: numbers, from 0, of those that are no part of it.
    """
    found: dict[str, frozenset[str]] = {}
    asked = ""
    for number, one in enumerate(exchanges):
        if number not in uncompared:
            asked += invited(one)
        elif one.request.method == "GET" and path_segments(one.request.path)[-1:] == ["participants"]:
            people = {_id(entry): frozenset(_identities(entry)) for entry in _roster(one)}
            found |= {id: names for id, names in people.items() if names and not any(name in asked for name in names)}
    return found


def without(one: Exchange, who: Collection[str]) -> Exchange:
    """An exchange in whose answer they are in no list."""
    data = readable(one.response) if who else None
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
    value = json_object(one.response.body).get("value")
    yield from (entry for entry in (value if isinstance(value, list) else ()) if isinstance(entry, dict))


def _identities(entry: Mapping[str, Any]) -> Iterator[str]:
    info = entry.get("info")
    identity = info.get("identity") if isinstance(info, dict) else None
    if isinstance(identity, dict) and not identity.get("application"):
        yield from (_id(one) for one in identity.values() if isinstance(one, dict) and _id(one))


def _id(entry: Mapping[str, Any]) -> str:
    return str(entry.get("id") or "").lower()


_UNSIGNED, _BAD_TOKEN = 401, "InvalidAuthenticationToken"


def cassettes(folder: Path, *, that_have: str = "") -> Iterator[Cassette]:
    """Every cassette of the suite, ``<version>/<module>/<test>.yaml``, by its path.

    Args:
        folder: where they are.
        that_have: a text; a cassette without it is passed over, because looking for it is much quicker than reading.

    Raises:
        RecordingError: one cannot be read.
    """
    for path in sorted(folder.glob("*/*/*.yaml")):
        if not that_have or that_have.encode() in path.read_bytes():
            yield opened(path)


def recording_of(found: Cassette) -> Recording:
    """A cassette of ours as a tape, without what depends on what others had left in a sandbox.

    Raises:
        RecordingError: an exchange cannot be read.
    """
    passport = found.passport
    assert passport is not None
    test, _, version = passport.test.rpartition("@")
    paired = zip_longest(found.exchanges(), passport.seconds[: len(found.rows)])
    uncompared = frozenset(passport.uncompared)
    timed = [replace(one, seconds=took) for one, took in paired]
    present = present_before(timed, uncompared)
    exchanges = tuple(without(one, present) for number, one in enumerate(timed) if number not in uncompared)
    notifications_recorded = bool(passport.notifications) or Need.NOTIFICATIONS in passport.capabilities
    notifications = tuple(replace(one, body=lists_without(one.body, present)) for one in passport.notifications)
    return Recording(
        test, version, exchanges, notifications, notifications_recorded, frozenset[str]().union(*present.values())
    )


def refused(one: Recording) -> str:
    """The service's reason for refusing the token that a test sent; ``""`` when it accepted it.

    A test that sends no token on purpose has none that could be refused.
    """
    for exchange in one.exchanges:
        if exchange.response.status == _UNSIGNED and exchange.request.headers.get("authorization"):
            error = parse_error(exchange.response)
            if error is not None and error.code == _BAD_TOKEN:
                asked = f"{exchange.request.method} {exchange.request.path}"
                return f"{asked} was answered 401 {error.code}: the sign-in failed. Look at it, and run it again."
    return ""


def latencies(recorded: Iterable[Recording], contract: Contract) -> Mapping[str, Latency]:
    """How long answers took, by ``operation@version``, where that was measured."""
    answers = ((one, recording.version) for recording in recorded for one in recording.exchanges)
    matched = ((contract.match(one.request.method, one.request.path), version, one) for one, version in answers)
    return compare.latencies(
        (f"{match.operation.id}@{version}", one.seconds) for match, version, one in matched if isinstance(match, Match)
    )


FOLDER = "contracts"
"""The folder that the names of all recordings of the suite begin with."""


def recorded(nodeid: str, version: str) -> str:
    """The name of a test's recording, from pytest's name of the test.

    Args:
        nodeid: e.g. ``contracts/test_call_get.py::test_one[v1.0-meeting]``; which folders it names depends on where
            pytest was run.
        version: the API version.
    """
    path, _, test = nodeid.partition("::")
    base, bracket, inside = test.partition("[")
    others = "-".join(part for part in inside.removesuffix("]").split("-") if part != version) if bracket else ""
    name = base.replace("::", ".") + (f"[{others}]" if others else "")
    return f"{FOLDER}/{path.replace(chr(92), '/').rpartition('/')[2]}::{name}@{version}"
