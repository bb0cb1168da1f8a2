"""Words that the forms of a verdict share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType

from pytest_graphcalls.drift import Entry, Outcome, RuleState, Severity, Standing, Verdict
from pytest_graphcalls.report.words import counted

CHANGES: Mapping[Severity, tuple[str, str]] = MappingProxyType(
    {
        Severity.BREAKING: ("breaking change", "breaking changes"),
        Severity.BEHAVIOURAL: ("change of behaviour", "changes of behaviour"),
        Severity.ADDITIVE: ("addition", "additions"),
        Severity.NOTICE: ("notice", "notices"),
    }
)
"""By severity: what a difference of it is called, one and many."""

STATES: Mapping[RuleState, str] = MappingProxyType(
    {
        RuleState.HELD: "held",
        RuleState.BROKEN: "broken",
        RuleState.NOTICE: "notice",
        RuleState.COULD_NOT_CHECK: "could not check",
        RuleState.NOT_CHECKED: "not checked",
    }
)

OUTCOMES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.NO_DRIFT: "no drift",
        Outcome.ADDITIVE: "additive",
        Outcome.BEHAVIOURAL: "behavioural",
        Outcome.BREAKING: "breaking",
        Outcome.COULD_NOT_CHECK: "could not check",
    }
)

STANDINGS: Mapping[Standing, str] = MappingProxyType(
    {
        Standing.NEW: "new tonight",
        Standing.KNOWN: "known from earlier nights",
        Standing.ACCEPTED: "accepted",
        Standing.EXPIRED: "was accepted, and that has expired",
        Standing.FLAKY: "flaky: it did not come again often enough",
    }
)


def changes(number: int, severity: Severity) -> str:
    """``1 breaking change``, ``2 additions``."""
    one, many = CHANGES[severity]
    return f"{number:,} {one if number == 1 else many}"


def deciding(verdict: Verdict, severity: Severity) -> int:
    """How many differences of this severity the verdict depends on."""
    return sum(entry.difference.severity is severity and entry.standing.decides for entry in verdict.entries)


def counts(entry: Entry) -> bool:
    """Whether the verdict depends on it."""
    return entry.standing.decides and entry.difference.severity is not Severity.NOTICE


def headline(verdict: Verdict) -> str:
    """What a night comes to, in a sentence of a few words."""
    if verdict.outcome is Outcome.NO_DRIFT:
        return "No drift."
    if verdict.outcome is Outcome.COULD_NOT_CHECK:
        return "Could not check."
    severity = Severity(verdict.outcome.value)
    alone = ", nothing broken" if severity is Severity.ADDITIVE else ""
    return f"{changes(deciding(verdict, severity), severity)}{alone}."


def sentences(verdict: Verdict) -> list[str]:
    """What follows the headline: what else there is, what does not count and why, what was not seen."""
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
    return f"{first.kind.replace('-', ' ').capitalize()} in {first.subject} ({first.version}){where}{also}."


def _others(verdict: Verdict) -> str:
    lesser = [severity for severity in CHANGES if severity.value != verdict.outcome.value]
    numbers = ((deciding(verdict, severity), severity) for severity in lesser)
    said = [changes(number, severity) for number, severity in numbers if number]
    return f"Also {joined(said)}." if said else ""


def _news(verdict: Verdict) -> str:
    open_ones = [entry for entry in verdict.entries if counts(entry)]
    new = sum(entry.standing is Standing.NEW for entry in open_ones)
    if not open_ones:
        return ""
    if new == len(open_ones):
        return "All of it is new tonight." if new > 1 else "It is new tonight."
    return f"{new:,} of {len(open_ones):,} new tonight." if new else "Nothing of it is new tonight."


def _silent(verdict: Verdict) -> str:
    silent = (Standing.ACCEPTED, Standing.FLAKY)
    numbers = {name: sum(entry.standing is name for entry in verdict.entries) for name in silent}
    said = [f"{number:,} {name.value}" for name, number in numbers.items() if number]
    total = sum(numbers.values())
    return f"{joined(said)} {'does' if total == 1 else 'do'} not count." if said else ""


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
    """``text`` on one line of at most so many characters."""
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
