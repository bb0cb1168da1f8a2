"""From a folder of cassettes to what is compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from statistics import median

from pytest_graphcalls.cassette import Cassette, opened
from pytest_graphcalls.contract import Contract, Match, Need, parse_error
from pytest_graphcalls.drift import Latency, Tape
from pytest_graphcalls.nightly.stayed import lists_without, stayed, without

_UNSIGNED, _BAD_TOKEN = 401, "InvalidAuthenticationToken"


def cassettes(folder: Path) -> Iterator[Cassette]:
    """Every cassette of the suite, ``<version>/<module>/<test>.yaml``, by its path.

    Raises:
        RecordingError: one cannot be read.
    """
    yield from map(opened, sorted(folder.glob("*/*/*.yaml")))


def tape(found: Cassette) -> Tape:
    """A cassette of ours as a tape, without what depends on what others had left in a sandbox.

    Raises:
        RecordingError: an exchange cannot be read.
    """
    passport = found.passport
    assert passport is not None
    test, _, version = passport.test.rpartition("@")
    paired = zip_longest(found.exchanges(), passport.seconds[: len(found.rows)])
    aside = frozenset(passport.aside)
    timed = [replace(one, seconds=took) for one, took in paired]
    there = stayed(timed, aside)
    exchanges = tuple(without(one, there) for number, one in enumerate(timed) if number not in aside)
    heard = bool(passport.notifications) or Need.NOTIFICATIONS in passport.capabilities
    told = tuple(replace(one, body=lists_without(one.body, there)) for one in passport.notifications)
    return Tape(test, version, exchanges, told, heard, frozenset[str]().union(*there.values()))


def refused(one: Tape) -> str:
    """What the service said of the token that a test has sent, or ``""`` when it took it.

    A test that sends no token on purpose has none that could be refused.
    """
    for exchange in one.exchanges:
        if exchange.response.status == _UNSIGNED and exchange.request.headers.get("authorization"):
            error = parse_error(exchange.response)
            if error is not None and error.code == _BAD_TOKEN:
                asked = f"{exchange.request.method} {exchange.request.path}"
                return f"{asked} was answered 401 {error.code}: the sign-in failed. Look at it, and run it again."
    return ""


def latencies(recorded: Iterable[Tape], contract: Contract) -> Mapping[str, Latency]:
    """How long answers took, by ``operation@version``, where that was measured."""
    took: defaultdict[str, list[float]] = defaultdict(list)
    for one in recorded:
        for exchange in one.exchanges:
            match = contract.match(exchange.request.method, exchange.request.path)
            if exchange.seconds is not None and isinstance(match, Match):
                took[f"{match.operation.id}@{one.version}"].append(exchange.seconds * 1000)
    return {
        name: Latency(round(median(all_), 3), round(max(all_), 3), len(all_)) for name, all_ in sorted(took.items())
    }
