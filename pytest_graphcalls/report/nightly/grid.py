"""Rules by nights, small enough for a thousand nights in one file: a letter for each rule and night."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Any

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Night, RuleState, Unchecked
from pytest_graphcalls.report.nightly.words import instant

# No letters, which a run of could look like Base64 to the leak scan.
LETTERS: Mapping[RuleState | None, str] = MappingProxyType(
    {
        RuleState.HELD: ".",
        RuleState.BROKEN: "!",
        RuleState.NOTICE: "*",
        RuleState.COULD_NOT_CHECK: "?",
        RuleState.NOT_CHECKED: "-",
        None: " ",
    }
)
"""By state: how a night is written in a rule's row; a space where the rule was not known yet."""
LIVE = "live"


def grid(nights: Sequence[Night], unchecked: Iterable[Unchecked], contract: Contract) -> dict[str, Any]:
    """The data that the page draws from.

    Args:
        nights: oldest first.
        unchecked: of tonight, for the reasons.
        contract: for what the rules say.
    """
    fingerprints = sorted({one for night in nights for one in _told(night)})
    numbers = {fingerprint: number for number, fingerprint in enumerate(fingerprints)}
    targets = sorted({night.target for night in nights})
    reasons = {one.subject: one.reason for one in unchecked}
    return {
        "fingerprints": fingerprints,
        "targets": targets,
        "nights": [
            [
                night.id,
                instant(night.started),
                night.outcome.value if night.outcome else "incomplete",
                targets.index(night.target),
                sorted(numbers[one] for one in night.fingerprints),
            ]
            for night in nights
        ],
        "rules": [_rule(name, nights, numbers, reasons, contract) for name in _names(nights)],
    }


def _told(night: Night) -> Iterator[str]:
    """Every difference that the night names."""
    yield from night.fingerprints
    for fingerprints in night.broken.values():
        yield from fingerprints


def _names(nights: Iterable[Night]) -> list[str]:
    known: dict[str, None] = {}
    for night in nights:
        known.update(dict.fromkeys(night.rules))
    return sorted(known)


def _rule(
    name: str,
    nights: Sequence[Night],
    numbers: Mapping[str, int],
    reasons: Mapping[str, str],
    contract: Contract,
) -> dict[str, Any]:
    id_, _, version = name.partition("@")
    rule = contract.rules.get(id_)
    states = [night.rules.get(name) for night in nights]
    return {
        "id": id_,
        "version": version,
        "operation": id_.partition(".")[0],
        "says": rule.says if rule else "",
        "evidence": rule.evidence.value if rule else "",
        "page": rule.pages.get(version, "") if rule else "",
        "states": "".join(LETTERS[state] for state in states),
        "broken": _ranges(name, nights, numbers),
        "reason": reasons.get(name) or reasons.get(id_, ""),
        "live": _last_live(nights, states),
    }


def _ranges(name: str, nights: Sequence[Night], numbers: Mapping[str, int]) -> list[list[Any]]:
    """From which night to which the rule was broken, and the differences that say so."""
    told = ((number, night.broken.get(name)) for number, night in enumerate(nights))
    ranges: list[list[Any]] = []
    for fingerprints, group in groupby(told, key=lambda one: one[1]):
        if fingerprints:
            at = [number for number, _ in group]
            ranges.append([at[0], at[-1], [numbers[one] for one in fingerprints]])
    return ranges


def _last_live(nights: Sequence[Night], states: Sequence[RuleState | None]) -> int:
    """Number of the last night in which the rule was checked against the service, or -1."""
    seen = {RuleState.HELD, RuleState.BROKEN, RuleState.NOTICE}
    for number in range(len(nights) - 1, -1, -1):
        if nights[number].target == LIVE and states[number] in seen:
            return number
    return -1
