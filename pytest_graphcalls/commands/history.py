"""``graphcalls history``: what earlier nights came to."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_graphcalls.commands.text import show, wrapped
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Entry, Night, RuleState
from pytest_graphcalls.drift.history import History
from pytest_graphcalls.errors import UnknownNameError
from pytest_graphcalls.nightly.settings import HISTORY, number, path_of
from pytest_graphcalls.report.words import counted

_MADE = "incomplete: the job ended in the middle"


def run_history(args: Namespace) -> int:
    """Print the nights, or how one rule stood in each of them.

    Args:
        args: ``history``, ``rule``, ``limit``, ``format``.

    Returns:
        0.

    Raises:
        DriftFileError: there is no history, or it cannot be used.
        UnknownNameError: there is no such rule.
        SettingError: the limit is no number.
    """
    path = path_of(args.history, "GRAPHCALLS_HISTORY", HISTORY, os.environ)
    rule = _rule(args.rule) if args.rule else ""
    with History(Path(path), create=False) as history:
        nights, known = history.nights(number("--limit", args.limit)), history.known()
    if args.format == "json":
        sys.stdout.write(json.dumps(_document(nights, known, rule), ensure_ascii=False, indent=1) + "\n")
    else:
        show(_history_lines(nights, known, rule))
    return 0


def _rule(name: str) -> str:
    """The rule's full id; raises :class:`.UnknownNameError`."""
    rules = Contract.packaged().rules
    found = [one.id for one in rules.values() if name in {one.id, one.slug}]
    if len(found) == 1:
        return found[0]
    raise UnknownNameError("rule", name, tuple(rules), "'graphcalls rules'")


def _states(night: Night, rule: str) -> Mapping[str, RuleState]:
    """How a rule stood, by API version."""
    return {
        version: state for name, state in night.rules.items() for id, _, version in [name.rpartition("@")] if id == rule
    }


def _history_lines(nights: Sequence[Night], known: Mapping[str, Entry], rule: str) -> Iterator[str]:
    yield f"{counted(len(nights), 'night')}."
    for night in nights:
        said = night.outcome.value if night.outcome else _MADE
        if rule:
            states = ", ".join(f"{version} {state}" for version, state in _states(night, rule).items())
            said = states or (said if not night.complete else "not part of it")
        else:
            count = len(night.fingerprints)
            said += f" ({counted(count, 'difference')})" if count else ""
        yield f"{night.started:%Y-%m-%d %H:%M:%S}  {night.target}  {said}"
        if night.note:
            yield from wrapped(night.note, indent=4)
    concerned = [one for one in known.values() if not rule or _is_of(one, rule)]
    if concerned:
        yield ""
    for one in sorted(concerned, key=lambda entry: (entry.last_seen, str(entry.difference)), reverse=True):
        seen = f"first {one.first_seen:%Y-%m-%d}, last {one.last_seen:%Y-%m-%d}, in {counted(one.count, 'night')}"
        yield from wrapped(f"{one.difference} [{one.difference.fingerprint}, {one.standing}; {seen}]")


def _is_of(entry: Entry, rule: str) -> bool:
    return entry.difference.subject in {rule, rule.partition(".")[0]}


def _document(nights: Sequence[Night], known: Mapping[str, Entry], rule: str) -> dict[str, Any]:
    return {
        "nights": [_night(night, rule) for night in nights],
        "differences": [
            {
                **one.difference.to_json(),
                "standing": one.standing.value,
                "first_seen": one.first_seen.isoformat(),
                "last_seen": one.last_seen.isoformat(),
                "nights": one.count,
            }
            for one in known.values()
            if not rule or _is_of(one, rule)
        ],
    }


def _night(night: Night, rule: str) -> dict[str, Any]:
    states = night.rules.items()
    return {
        "id": night.id,
        "started": night.started.isoformat(),
        "ended": night.ended.isoformat() if night.ended else None,
        "target": night.target,
        "outcome": night.outcome.value if night.outcome else None,
        "complete": night.complete,
        "note": night.note,
        "rules": {name: state.value for name, state in states if not rule or name.rpartition("@")[0] == rule},
        "latency": {
            name: {"median": one.median, "highest": one.highest, "count": one.count}
            for name, one in night.latency.items()
        },
        "fingerprints": sorted(night.fingerprints),
    }
