"""The verdict as a JSON document, made for a script; its shape is ``verdict.schema.json`` beside this file.

A new member may be added to a version; a member that changes its meaning makes a new version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pytest_graphcalls import atomic
from pytest_graphcalls._version import __version__
from pytest_graphcalls.drift import (
    Acceptance,
    Entry,
    FactRow,
    Outcome,
    RuleState,
    Severity,
    Standing,
    Verdict,
)
from pytest_graphcalls.drift.fact_table import Side
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.leakscan import listed, scan
from pytest_graphcalls.redaction import mask, remembered
from pytest_graphcalls.report.nightly.summary import counts, deciding, headline, instant, sentences

FORMAT = "pytest-graphcalls verdict"
VERSION = 1

ISSUE_ACTIONS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.NO_DRIFT: "close",
        Outcome.ADDITIVE: "open",
        Outcome.BEHAVIOURAL: "open",
        Outcome.BREAKING: "open",
        Outcome.COULD_NOT_CHECK: "leave",
    }
)
"""By outcome: what becomes of the one issue. An outage neither opens one nor closes it."""


def document(verdict: Verdict, facts: Iterable[FactRow] = ()) -> dict[str, Any]:
    """The whole verdict, without what could name a secret.

    Args:
        verdict: what the night comes to.
        facts: rows of the table of three columns.
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
        "unchecked": [
            {"subject": one.subject, "reason": one.reason, "decides": one.decides} for one in verdict.unchecked
        ],
        "unobserved": list(map(_acceptance, verdict.unobserved)),
        "facts": list(map(_fact, facts)),
    }
    return {name: masked(value) for name, value in data.items()}


def _issue(verdict: Verdict) -> dict[str, Any]:
    return {
        "action": ISSUE_ACTIONS[verdict.effective_outcome],
        "title": f"Graph calls API drift: {headline(verdict).rstrip('.')}",
        "fingerprints": sorted(entry.difference.fingerprint for entry in verdict.entries if counts(entry)),
    }


def _summary(verdict: Verdict) -> dict[str, Any]:
    standings = Counter(entry.standing for entry in verdict.entries)
    states = Counter(verdict.night.rules.values())
    return {
        **{severity.value: deciding(verdict, severity) for severity in Severity},
        **{standing.value: standings[standing] for standing in Standing},
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
        "standing": entry.standing.value,
        "decides": counts(entry),
        "places": list(entry.places),
        "first_seen": instant(entry.first_seen),
        "last_seen": instant(entry.last_seen),
        "nights": entry.count,
        "repeated": {"seen": seen, "runs": runs},
        "acceptance": _acceptance(entry.acceptance) if entry.acceptance else None,
        "accept": accept_command(entry.difference.fingerprint),
    }


def accept_command(fingerprint: str) -> str:
    """What accepts a difference, once somebody has written the reason."""
    return f'graphcalls drift accept {fingerprint} --reason ""'


def _acceptance(one: Acceptance) -> dict[str, Any]:
    return {
        "fingerprint": one.fingerprint,
        "reason": one.reason,
        "accepted": one.accepted.isoformat(),
        "owner": one.owner,
        "expires": one.expires.isoformat() if one.expires else None,
        "about": one.about,
    }


def _fact(row: FactRow) -> dict[str, Any]:
    sides = dict(zip(Side, row.cells, strict=True))
    return {
        "fact": row.fact,
        "version": row.version,
        "contract": row.contract,
        **{side.value: cell.says for side, cell in sides.items()},
        "differ": [side.value for side, cell in sides.items() if cell.differs],
    }


def masked(value: Any) -> Any:
    """A JSON value whose texts show no secret."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [masked(one) for one in value]
    if isinstance(value, dict):
        return {name: masked(one) for name, one in value.items()}
    return value


def put(folder: Path, texts: Mapping[str, str], *, ours: Collection[str] = ()) -> list[Path]:
    """Write each of ``texts`` under its name, beside the older one first, and then in its place.

    Args:
        folder: where to; it is made when it is not there.
        texts: by name of the file.
        ours: what looks like a secret and is none: digests of the package's own files.

    Raises:
        RecordingError: something would leak, or the folder takes no file; the older files are as they were.
    """
    for name, text in texts.items():
        _refuse_leaks(folder / name, text, ours)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        atomic.put({folder / name: text for name, text in texts.items()})
    except OSError as error:
        why = error.strerror or error
        problem = f"the report cannot be written there: {why}. What was there is as it was; name another folder."
        raise RecordingError(str(folder), 0, problem) from error
    return [folder / name for name in texts]


def _refuse_leaks(path: Path, text: str, ours: Collection[str]) -> None:
    for digest in ours:
        text = text.replace(digest, "")
    found = listed(scan(text, known=remembered()))
    if found:
        problem = (
            f"the leak scan has found what may not be written down ({found}; lines of the file as it would be). "
            "No report was written. Add what is missing in the hook pytest_graphcalls_redact."
        )
        raise RecordingError(str(path), 0, problem)
