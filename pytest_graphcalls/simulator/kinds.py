"""Notifications in short: what changed, of what, and how it stands. Ledgers show it, faults are selected by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

KINDS = ("created call", "updated call", "deleted call", "updated roster", "deleted operation")
"""What is told: the first two words of every kind."""

_SORTS = {2: "call", 3: "roster", 4: "operation"}


def kind_of(entries: Iterable[Mapping[str, Any]]) -> str:
    """The kind of an envelope, e.g. ``created call incoming``; of several entries with ``+`` in between."""
    return " + ".join(map(_kind, entries))


def _kind(entry: Mapping[str, Any]) -> str:
    data = entry.get("resourceData")
    path = str(entry.get("resourceUrl") or entry.get("resource") or "")
    sort = _SORTS.get(path.strip("/").count("/"), "resource")
    state = ""
    if isinstance(data, list):
        state = f"({len(data)})"
    elif isinstance(data, dict):
        state = str(data.get("state") or data.get("status") or "")
        result = data.get("resultInfo")
        if isinstance(result, dict):
            state += f" {result.get('code')}/{result.get('subcode')}"
    return f"{entry.get('changeType')} {sort} {state}".rstrip()
