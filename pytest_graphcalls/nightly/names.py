"""What a test is called: by pytest, and in a recording."""

from __future__ import annotations

FOLDER = "contracts"
"""The folder that the names of all recordings of the suite begin with."""


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
