"""The verdict as a JSON document, made for a script; its shape is ``verdict.schema.json`` beside this file.

A new member may be added to a version; a member that changes its meaning makes a new version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from pytest_graphcalls._version import __version__
from pytest_graphcalls.drift import Entry, FactRow, Outcome, RuleState, Severity, Status, Verdict
from pytest_graphcalls.report.nightly.summary import counts, deciding, headline, instant, sentences
from pytest_graphcalls.sanitize import clean_json, note

FORMAT = "pytest-graphcalls verdict"
VERSION = 1

ISSUE_ACTIONS: Mapping[Outcome, str] = {
    **dict.fromkeys(Outcome, "open"),
    Outcome.NO_DRIFT: "close",
    Outcome.COULD_NOT_CHECK: "leave",
}
"""By outcome: what becomes of the one issue. An outage neither opens one nor closes it."""


def document(verdict: Verdict, facts: Iterable[FactRow] = (), masked: Counter[str] | None = None) -> dict[str, Any]:
    """The whole verdict, without secrets; its last sentence says how many values the leak scan has masked.

    Args:
        verdict: what the night comes to.
        facts: rows of the table of three columns.
        masked: counts what the leak scan has masked, by kind; what it counts already is said as well.
    """
    night = verdict.night
    data: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "tool_version": __version__,
        "outcome": verdict.outcome.value,
        "exit_code": verdict.exit_code,
        "headline": headline(verdict),
        "sentences": sentences(verdict),
        "night": {
            "id": night.id,
            "started": instant(night.started),
            "ended": instant(night.ended),
            "target": night.target,
        },
        "api_versions": list(verdict.versions),
        "contract_revision": verdict.contract,
        "baseline": verdict.baseline,
        "issue": _issue(verdict),
        "summary": _summary(verdict),
        "differences": list(map(difference, verdict.entries)),
        "unchecked": list(map(asdict, verdict.unchecked)),
        "unobserved": [one.to_json() for one in verdict.unobserved],
        "facts": list(map(_fact, facts)),
    }
    safe = clean_json(data, people=True)
    kinds = Counter(safe.kinds) if masked is None else masked
    if masked is not None:
        masked.update(safe.kinds)
    return {**safe.value, "sentences": [*safe.value["sentences"], *filter(None, [note(kinds.elements())])]}


def _issue(verdict: Verdict) -> dict[str, Any]:
    return {
        "action": ISSUE_ACTIONS[verdict.effective_outcome],
        "title": f"Graph calls API drift: {headline(verdict).rstrip('.')}",
        "fingerprints": sorted(entry.difference.fingerprint for entry in verdict.entries if counts(entry)),
    }


def _summary(verdict: Verdict) -> dict[str, Any]:
    statuses = Counter(entry.status for entry in verdict.entries)
    states = Counter(verdict.night.rules.values())
    return {
        **{severity.value: deciding(verdict, severity) for severity in Severity},
        **{status.value: statuses[status] for status in Status},
        "unchecked": len(verdict.unchecked),
        "unobserved": len(verdict.unobserved),
        "rules": {state.value.replace("-", "_"): states[state] for state in RuleState},
    }


def difference(entry: Entry) -> dict[str, Any]:
    """One difference with what is known of it."""
    seen, runs = entry.repeated
    return {
        **entry.difference.to_json(),
        "says": str(entry.difference),
        "standing": entry.status.value,
        "decides": counts(entry),
        "places": list(entry.places),
        "first_seen": instant(entry.first_seen),
        "last_seen": instant(entry.last_seen),
        "nights": entry.count,
        "repeated": {"seen": seen, "runs": runs},
        "acceptance": entry.acceptance.to_json() if entry.acceptance else None,
        "accept": accept_command(entry.difference.fingerprint),
    }


def accept_command(fingerprint: str) -> str:
    """The command that accepts a difference; its reason is to be filled in."""
    return f'graphcalls drift accept {fingerprint} --reason ""'


def _fact(row: FactRow) -> dict[str, Any]:
    return {
        "fact": row.fact,
        "version": row.version,
        "contract": row.contract,
        **{side.value: cell.says for side, cell in row.cells.items()},
        "differ": [side.value for side, cell in row.cells.items() if cell.differs],
    }
