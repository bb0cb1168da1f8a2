"""Recordings: read HAR 1.2 files and vcrpy cassettes, write cassettes, answer from them.

What is written replaces the older file as a whole or not at all, and has passed the leak scan (``writing.py``). A
cassette of ours says what it is worth: its passport (``passport.py``).
"""

from __future__ import annotations

from pytest_graphcalls.cassette.files import Cassette, entries, exchange, opened, read
from pytest_graphcalls.cassette.passport import MEMBER, Kind, Passport, SignedIn, faults_of, kind_of
from pytest_graphcalls.cassette.pieces import Incomplete
from pytest_graphcalls.cassette.replay import Replay
from pytest_graphcalls.cassette.vcr import row
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
    "faults_of",
    "kind_of",
    "opened",
    "read",
    "row",
    "save",
    "state",
    "write",
]
