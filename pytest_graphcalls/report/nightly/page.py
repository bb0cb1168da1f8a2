"""The verdict as one HTML file that needs nothing but itself.

Everything that can be read without JavaScript stands in the markup; the grid is drawn from data beside it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import chain, groupby
from statistics import median
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Entry, Night, RuleState, Unchecked, Verdict
from pytest_graphcalls.report.nightly.document import difference
from pytest_graphcalls.report.nightly.sides import sides
from pytest_graphcalls.report.nightly.summary import CHANGES, OUTCOMES, STATES, STATUSES, day, instant, minute, readable
from pytest_graphcalls.sanitize import clean_json

# No letters, which a run of could look like Base64 to the leak scan.
LETTERS: Mapping[RuleState | None, str] = {
    RuleState.HELD: ".",
    RuleState.BROKEN: "!",
    RuleState.NOTICE: "*",
    RuleState.COULD_NOT_CHECK: "?",
    RuleState.NOT_CHECKED: "-",
    None: " ",
}
"""By state: how a night is written in a rule's row; a space where the rule was not known yet."""
LIVE = "live"


def grid(nights: Sequence[Night], unchecked: Iterable[Unchecked], contract: Contract) -> dict[str, Any]:
    """The data that the page draws from.

    Args:
        nights: oldest first.
        unchecked: of tonight, for the reasons.
        contract: for what the rules say.
    """
    fingerprints = sorted({one for night in nights for one in chain(night.fingerprints, *night.broken.values())})
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
        "rules": [
            _rule(name, nights, numbers, reasons, contract)
            for name in sorted({name for night in nights for name in night.rules})
        ],
    }


def _rule(
    name: str, nights: Sequence[Night], numbers: Mapping[str, int], reasons: Mapping[str, str], contract: Contract
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
    broken = ((number, night.broken.get(name)) for number, night in enumerate(nights))
    ranges: list[list[Any]] = []
    for fingerprints, group in groupby(broken, key=lambda one: one[1]):
        if fingerprints:
            at = [number for number, _ in group]
            ranges.append([at[0], at[-1], [numbers[one] for one in fingerprints]])
    return ranges


def _last_live(nights: Sequence[Night], states: Sequence[RuleState | None]) -> int:
    """Number of the last night in which the rule was checked against the service, or -1."""
    seen = {RuleState.HELD, RuleState.BROKEN, RuleState.NOTICE}
    pairs = enumerate(zip(nights, states, strict=True))
    return max((number for number, (night, state) in pairs if night.target == LIVE and state in seen), default=-1)


WIDTH, HEIGHT = 240, 36
"""Of a line, in units of its own picture."""
_EDGE = 3


@dataclass(frozen=True, slots=True)
class Trend:
    """How long the answers of an operation take.

    Attributes:
        operation: its id.
        version: of the API.
        tonight: median, in milliseconds; ``None`` when it was not asked tonight.
        usual: the median of the nights' medians.
        highest: the slowest answer of tonight, or ``None``.
        line: the medians as an SVG path; a night without an answer is a gap.
        dot: where tonight lies in it, or ``None``.
        nights: how many nights it was asked in.
    """

    operation: str
    version: str
    tonight: float | None
    usual: float
    highest: float | None
    line: str
    dot: tuple[float, float] | None
    nights: int


def trends(nights: Sequence[Night]) -> tuple[Trend, ...]:
    """A line of latency for each operation and version that any of ``nights`` (oldest first) has called."""
    names = sorted({name for night in nights for name in night.latency})
    return tuple(_trend(name, nights) for name in names)


def _trend(name: str, nights: Sequence[Night]) -> Trend:
    operation, _, version = name.partition("@")
    seen = [night.latency.get(name) for night in nights]
    medians = [one.median if one else None for one in seen]
    known = [one for one in medians if one is not None]
    points = list(_points(medians, max(known)))
    last, highest = points[-1] if points else None, seen[-1].highest if seen[-1] else None
    line = "".join(_path(points))
    return Trend(operation, version, medians[-1], median(known), highest, line, last, len(known))


def _points(medians: Sequence[float | None], highest: float) -> Iterator[tuple[float, float] | None]:
    """At most one for each unit of the width: nights that fall together are drawn as their mean."""
    count = len(medians)
    steps = min(count, WIDTH)
    for step in range(steps):
        group = medians[step * count // steps : (step + 1) * count // steps]
        known = [one for one in group if one is not None]
        if not known:
            yield None
            continue
        across = step / (steps - 1) if steps > 1 else 1
        up = (sum(known) / len(known)) / highest if highest else 0
        yield (round(_EDGE + across * (WIDTH - 2 * _EDGE), 1), round(HEIGHT - _EDGE - up * (HEIGHT - 2 * _EDGE), 1))


def _path(points: Sequence[tuple[float, float] | None]) -> Iterator[str]:
    pen_down = False
    for point in points:
        if point:
            yield f"{'L' if pen_down else 'M'}{point[0]:g} {point[1]:g}"
        pen_down = point is not None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of an operation is looked at.

    Attributes:
        operation: its id.
        version: of the API.
        rules: how many it has.
        tonight: how many were checked tonight.
        live: how many the service itself was ever asked about.
        last_live: the last day on which it was, in words, or ``""``.
    """

    operation: str
    version: str
    rules: int
    tonight: int
    live: int
    last_live: str


def coverage(grid: Mapping[str, Any], nights: Sequence[Night]) -> tuple[Coverage, ...]:
    """The coverage of each operation and version.

    Args:
        grid: what :func:`pytest_graphcalls.report.nightly.page.grid` returned.
        nights: those it was made from.
    """
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for rule in grid["rules"]:
        if rule["states"][-1:].strip():
            groups.setdefault((rule["operation"], rule["version"]), []).append(rule)
    return tuple(_coverage(*name, rules, nights) for name, rules in groups.items())


def _coverage(operation: str, version: str, rules: Sequence[Mapping[str, Any]], nights: Sequence[Night]) -> Coverage:
    last = max(rule["live"] for rule in rules)
    tonight = sum(rule["states"][-1] in ".!*" for rule in rules)
    live = sum(rule["live"] >= 0 for rule in rules)
    return Coverage(operation, version, len(rules), tonight, live, day(nights[last].started) if last >= 0 else "")


LARGEST_EARLIER = 4_000_000
"""Characters that differences of earlier nights may take with their exchanges, the latest first; as much again is
left for others without."""

SCRIPTS = ("base", "choosing", "drawing", "tools", "moving", "naming", "panel", "start")
"""The parts of the page's script, in the order in which they run, in one scope."""
_LOOK = files("pytest_graphcalls.report") / "nightly" / "look"
_ENVIRONMENT = Environment(
    loader=FunctionLoader(lambda name: (_LOOK / name).read_text(encoding="utf-8")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _breakable(text: str) -> Markup:
    """A path that may go on in the next line after each of its parts."""
    return Markup("/<wbr>").join(text.split("/"))


_ENVIRONMENT.filters["breakable"] = _breakable
_ENVIRONMENT.filters["readable"] = readable
_ENVIRONMENT.filters["short"] = lambda url: url.partition("://")[2].partition("?")[0] or url
_ENVIRONMENT.globals.update(STATUSES={str(name): text for name, text in STATUSES.items()})


def page_of(verdict: Verdict, document: Mapping[str, Any], nights: Sequence[Night], known: Mapping[str, Entry]) -> str:
    """The text of the page.

    Args:
        verdict: what the night comes to.
        document: the same as :func:`pytest_graphcalls.report.nightly.document.document` has it.
        nights: oldest first, tonight's last.
        known: by fingerprint, the differences that the history keeps.
    """
    data = grid(nights, verdict.unchecked, Contract.packaged())
    style, script = _parts()
    shown = [_shown(entry) for entry in verdict.entries]
    tonight = verdict.night
    return _ENVIRONMENT.get_template("page.html").render(
        verdict=document,
        outcome=OUTCOMES[verdict.outcome],
        night=minute(tonight.started),
        lasted=_lasted(tonight),
        is_live=tonight.target == LIVE,
        groups=[
            (severity.value, names, [one for one in shown if one["severity"] == severity and one["standing_decides"]])
            for severity, names in CHANGES.items()
        ],
        undecided=[one for one in shown if not one["standing_decides"]],
        states=list(STATES.values()),
        earlier=Markup("").join(_earlier(known, nights, {one["fingerprint"] for one in shown})),
        trends=trends(nights),
        width=WIDTH,
        height=HEIGHT,
        coverage=coverage(data, nights),
        rules=data["rules"],
        data=_embedded(clean_json(data, people=True).value),
        style=style,
        script=script,
        style_hash=_digest(style),
        script_hash=_digest(script),
    )


def constant_parts() -> tuple[str, ...]:
    """The page's own style and script, and the digests of both, by which a browser takes no others."""
    return (*map(str, _parts()), *map(_digest, _parts()))


@cache
def _parts() -> tuple[Markup, Markup]:
    style, *scripts = (
        (_LOOK / name).read_text(encoding="utf-8") for name in ("page.css", *(f"script/{one}.js" for one in SCRIPTS))
    )
    script = "".join(('"use strict";\n(() => {\n', *scripts, "})();\n"))
    return Markup(style), Markup(script)  # noqa: S704  escaped on this line  files of the package, without data


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _embedded(data: Any) -> Markup:
    """JSON that can stand in a ``<script>``: nothing in it ends the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704


def _lasted(night: Night) -> str:
    if night.ended is None:
        return ""
    minutes, seconds = divmod(round((night.ended - night.started).total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _shown(entry: Entry) -> dict[str, Any]:
    """A difference, ready for the template."""
    return {
        **clean_json(difference(entry), people=True).value,
        "standing_decides": entry.status.decides,
        "first_day": day(entry.first_seen),
        "last_day": day(entry.last_seen),
        "sides": sides(entry.sample) if entry.sample else None,
    }


def _earlier(known: Mapping[str, Entry], nights: Iterable[Night], tonight: set[str]) -> Iterator[Markup]:
    """Differences that are not tonight's, for the panel: the latest with all there is, as long as there is room."""
    named = {fingerprint for night in nights for fingerprint in night.fingerprints}
    entries = [known[fingerprint] for fingerprint in (named & known.keys()) - tonight]
    macro = _ENVIRONMENT.get_template("difference.html").module.body  # type: ignore[attr-defined]  # a macro of the template
    left = LARGEST_EARLIER
    for entry in sorted(entries, key=lambda one: (one.last_seen, one.difference.fingerprint), reverse=True):
        one = _shown(entry if left > 0 else replace(entry, sample=None))
        text = macro(one)
        left -= len(text)
        if left < -LARGEST_EARLIER:
            return
        yield Markup('<template id="t-{}">{}</template>\n').format(one["fingerprint"], text)
