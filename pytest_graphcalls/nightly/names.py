"""What a test is called: by pytest, in a recording, and on pytest's command line."""

from __future__ import annotations

FOLDER = "contracts"
PACKAGE = "pytest_graphcalls.contracts"


def recorded(nodeid: str, version: str) -> str:
    """The name of a test's tape, from pytest's name of it.

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


def argument(nodeid: str) -> str:
    """The word that makes pytest run this one test."""
    path, _, test = nodeid.partition("::")
    module = path.replace(chr(92), "/").rpartition("/")[2].removesuffix(".py")
    return f"{PACKAGE}.{module}::{test}"
