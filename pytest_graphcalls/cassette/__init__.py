"""Recordings: read HAR 1.2 files and vcrpy cassettes, write cassettes, answer requests from them."""

from __future__ import annotations

from pytest_graphcalls.cassette.formats import Incomplete, row
from pytest_graphcalls.cassette.loading import Cassette, entries, exchange, opened, read
from pytest_graphcalls.cassette.passport import MEMBER, Kind, Passport, SignedIn
from pytest_graphcalls.cassette.replay import Replay
from pytest_graphcalls.cassette.writing import dump, save, state, write

__all__ = [
    "MEMBER",
    "Cassette",
    "Incomplete",
    "Kind",
    "Passport",
    "Replay",
    "SignedIn",
    "dump",
    "entries",
    "exchange",
    "opened",
    "read",
    "row",
    "save",
    "state",
    "write",
]
