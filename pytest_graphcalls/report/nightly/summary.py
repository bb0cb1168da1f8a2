"""The verdict for the summary of a job: one screen of Markdown, with links into the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from pytest_graphcalls.drift import Entry, Outcome, RuleState, Severity, Status, Verdict
from pytest_graphcalls.report.run_document import counted

CHANGES: Mapping[Severity, tuple[str, str]] = {
    Severity.BREAKING: ("breaking change", "breaking changes"),
    Severity.BEHAVIOURAL: ("change of behaviour", "changes of behaviour"),
    Severity.ADDITIVE: ("addition", "additions"),
    Severity.NOTICE: ("notice", "notices"),
}
"""By severity: what a difference of it is called, one and many."""

STATES: Mapping[RuleState, str] = {
    state: state.value.replace("-", " ")
    for state in (
        *(RuleState.HELD, RuleState.BROKEN, RuleState.NOTICE, RuleState.COULD_NOT_CHECK, RuleState.NOT_CHECKED),
    )
}
OUTCOMES: Mapping[Outcome, str] = {outcome: outcome.value.replace("-", " ") for outcome in Outcome}

STATUSES: Mapping[Status, str] = {
    Status.NEW: "new tonight",
    Status.KNOWN: "known from earlier nights",
    Status.ACCEPTED: "accepted",
    Status.EXPIRED: "was accepted, and that has expired",
    Status.FLAKY: "flaky: it was not seen often enough",
}


def changes(number: int, severity: Severity) -> str:
    """``1 breaking change``, ``2 additions``."""
    one, many = CHANGES[severity]
    return f"{number:,} {one if number == 1 else many}"


def deciding(verdict: Verdict, severity: Severity) -> int:
    """How many differences of this severity the verdict depends on."""
    return sum(entry.difference.severity is severity and entry.status.decides for entry in verdict.entries)


_WORDS: Mapping[str, str] = {
    "enum-member": "enum value",
    "member": "field",
    "gone": "missing",
    "new": "added",
    "shape": "schema",
}
"""Displayed forms of the parts of a kind's name; the name itself is part of the verdict's format."""


def readable(kind: str) -> str:
    """The kind of a difference as it is displayed: ``field missing`` for ``member-gone``."""
    for part, word in _WORDS.items():
        kind = re.sub(rf"\b{part}\b", word, kind)
    return kind.replace("-", " ")


def counts(entry: Entry) -> bool:
    """Whether the verdict depends on the entry."""
    return entry.status.decides and entry.difference.severity is not Severity.NOTICE


def headline(verdict: Verdict) -> str:
    """The result of a night in a sentence of a few words."""
    if verdict.outcome is Outcome.NO_DRIFT:
        return "No drift."
    if verdict.outcome is Outcome.COULD_NOT_CHECK:
        return "Could not check."
    severity = Severity(verdict.outcome.value)
    alone = ", nothing broken" if severity is Severity.ADDITIVE else ""
    return f"{changes(deciding(verdict, severity), severity)}{alone}."


def sentences(verdict: Verdict) -> list[str]:
    """The sentences below the headline: further results, differences that do not count and why, gaps."""
    found = [_first(verdict), _heaviest(verdict), _others(verdict), _news(verdict), _silent(verdict), _unseen(verdict)]
    return [sentence for sentence in found if sentence]


def _first(verdict: Verdict) -> str:
    if verdict.outcome is not Outcome.NO_DRIFT:
        return ""
    held = sum(state is RuleState.HELD for state in verdict.night.rules.values())
    compared = f" Nothing has moved since {verdict.baseline}." if verdict.baseline else f" {_NOTHING_YET}"
    return f"{counted(held, 'rule')} held.{compared}"


_NOTHING_YET = "There is no baseline yet: 'graphcalls drift promote' makes tonight's recordings the one."
"""No drift, compared with the contract only, is less than it looks."""


def _heaviest(verdict: Verdict) -> str:
    """The first of what the headline counts, by name."""
    first = next((one.difference for one in verdict.entries if counts(one)), None)
    if first is None or first.severity.value != verdict.outcome.value:
        return ""
    more = deciding(verdict, first.severity) - 1
    where = f" at {first.where}" if first.where else ""
    also = f", and {more:,} more" if more else ""
    return f"{readable(first.kind).capitalize()} in {first.subject} ({first.version}){where}{also}."


def _others(verdict: Verdict) -> str:
    lesser = [severity for severity in CHANGES if severity.value != verdict.outcome.value]
    numbers = ((deciding(verdict, severity), severity) for severity in lesser)
    parts = [changes(number, severity) for number, severity in numbers if number]
    return f"Also {joined(parts)}." if parts else ""


def _news(verdict: Verdict) -> str:
    open_ones = [entry for entry in verdict.entries if counts(entry)]
    new = sum(entry.status is Status.NEW for entry in open_ones)
    if not open_ones:
        return ""
    if new == len(open_ones):
        return "All of it is new tonight." if new > 1 else "It is new tonight."
    return f"{new:,} of {len(open_ones):,} new tonight." if new else "None of it is new tonight."


def _silent(verdict: Verdict) -> str:
    silent = (Status.ACCEPTED, Status.FLAKY)
    numbers = {name: sum(entry.status is name for entry in verdict.entries) for name in silent}
    parts = [f"{number:,} {name.value}" for name, number in numbers.items() if number]
    total = sum(numbers.values())
    return f"{joined(parts)} {'does' if total == 1 else 'do'} not count." if parts else ""


def _unseen(verdict: Verdict) -> str:
    missing = [one for one in verdict.unchecked if one.decides]
    if not missing:
        return ""
    first = cut(f"{missing[0].subject}: {missing[0].reason}".rstrip("."), _LONGEST)
    more = f", and {counted(len(missing) - 1, 'more thing')}" if len(missing) > 1 else ""
    return f"Not seen: {first}{more}.".replace("….", "…")


_LONGEST = 160
"""Characters of what was not seen, in a sentence that should be read at once."""


def cut(text: str, longest: int) -> str:
    """``text`` on one line, cut to the limit."""
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else f"{flat[:longest]}…"


def joined(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def instant(time: datetime | None) -> str | None:
    """A point of time in UTC, as the JSON forms write it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else None


def day(time: date) -> str:
    """``27 Nov 2026``; a point of time is taken in UTC."""
    at = time.astimezone(UTC) if isinstance(time, datetime) else time
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""By hand: the names of strftime depend on the machine's language."""


def minute(time: datetime) -> str:
    """``27 Nov 2026, 03:00 UTC``."""
    return f"{day(time)}, {time.astimezone(UTC):%H:%M} UTC"


MOST = 10
"""Differences that are listed."""
MOST_UNCHECKED = 3
LONGEST = 120
"""Characters of a cell that are shown."""
_BACKTICKS = re.compile("`+")
_MARKUP = re.compile(r"[\\`*_~\[\]<>&#|]")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def summary(document: Mapping[str, Any], page: str) -> str:
    """The text of a summary.

    Args:
        document: what :func:`pytest_graphcalls.report.nightly.document.document` returned.
        page: address of the page: a file's name, or where a job has put it.
    """
    sections = (_head, _differences, _unchecked, _foot)
    return "\n".join(line for section in sections for line in section(document, page)) + "\n"


def _head(document: Mapping[str, Any], _: str) -> Iterator[str]:
    night = document["night"]
    rules = document["summary"]["rules"]
    yield f"## {_text(document['headline'])}"
    yield ""
    if document["sentences"]:
        yield _text(" ".join(document["sentences"]))
        yield ""
    states = [f"{number:,} {name.replace('_', ' ')}" for name, number in rules.items() if number]
    facts = [night["target"], ", ".join(document["api_versions"]), night["started"] or "", ", ".join(states)]
    yield _text(" · ".join(filter(None, facts)))


def _differences(document: Mapping[str, Any], page: str) -> Iterator[str]:
    shown = [one for one in document["differences"] if one["decides"]]
    if not shown:
        return
    yield from ("", "| severity | what | where | change | since |", "| --- | --- | --- | --- | --- |")
    for one in shown[:MOST]:
        link = f"[{readable(one['kind'])}]({page}#d-{one['fingerprint']})"
        change = " → ".join(_code(side) for side in (one["before"], one["after"]) if side)
        since = f"**new**, {one['first_seen'][:10]}" if one["standing"] == "new" else one["first_seen"][:10]
        where = " ".join(filter(None, (_code(one["subject"]), one["version"], _code(one["where"]))))
        yield f"| {one['severity']} | {link} | {where} | {change} | {since} |"
    if len(shown) > MOST:
        yield ""
        yield f"… and {counted(len(shown) - MOST, 'more difference')} in [the page]({page}#differences)."


def _unchecked(document: Mapping[str, Any], page: str) -> Iterator[str]:
    missing = [one for one in document["unchecked"] if one["decides"]]
    if not missing:
        return
    yield from ("", "**Not seen:**", "")
    yield from (f"- {_text(one['subject'])}: {_text(cut(one['reason'], LONGEST))}" for one in missing[:MOST_UNCHECKED])
    if len(missing) > MOST_UNCHECKED:
        yield f"- … and {len(missing) - MOST_UNCHECKED:,} more in [the page]({page}#unchecked)"


def _foot(document: Mapping[str, Any], page: str) -> Iterator[str]:
    yield ""
    accept = (
        "; accept what is meant to be so with `graphcalls drift accept`" if document["issue"]["fingerprints"] else ""
    )
    yield f"[The whole night]({page}){accept}."


def _code(text: str) -> str:
    """Text in a cell of a table, letter by letter as it is; ``""`` for none."""
    # In a table a bar ends its cell, inside of code as well, unless there is a backslash in front of it.
    shown = cut(text, LONGEST).replace("|", "\\|")
    # Code ends at as many backticks as it began with; a blank keeps those at its edges apart from them.
    fence = "`" * (max(map(len, _BACKTICKS.findall(shown)), default=0) + 1)
    edge = " " if shown.startswith("`") or shown.endswith("`") else ""
    return shown and f"{fence}{edge}{shown}{edge}{fence}"


def _text(text: str) -> str:
    """Text of the service, or of a person, escaped for Markdown, so that it mentions no user."""
    flat = " ".join(text.split())
    return _MARKUP.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), flat).replace("@", "@\u200b")
