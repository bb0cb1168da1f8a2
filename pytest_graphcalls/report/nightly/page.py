"""The verdict as one HTML file that needs nothing but itself.

Everything that can be read without JavaScript stands in the markup; the grid is drawn from data beside it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Entry, Night, Severity, Verdict
from pytest_graphcalls.report.nightly.document import difference, masked
from pytest_graphcalls.report.nightly.grid import LIVE, grid
from pytest_graphcalls.report.nightly.sides import Sides, sides
from pytest_graphcalls.report.nightly.trends import HEIGHT, WIDTH, coverage, trends
from pytest_graphcalls.report.nightly.words import CHANGES, OUTCOMES, STANDINGS, STATES, day, minute

LARGEST_EARLIER = 4_000_000
"""Characters that differences of earlier nights may take with their exchanges, the latest first; as much again is
left for others without."""

SCRIPTS = ("base", "choosing", "drawing", "tools", "moving", "naming", "panel", "start")
"""The parts of the page's script, in the order in which they run, in one scope."""
_LOOK = files("pytest_graphcalls.report.nightly") / "look"
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
_ENVIRONMENT.filters["short"] = lambda url: url.partition("://")[2].partition("?")[0] or url
_ENVIRONMENT.globals.update(STANDINGS={str(name): text for name, text in STANDINGS.items()})


def page(
    verdict: Verdict,
    document: Mapping[str, Any],
    nights: Sequence[Night],
    known: Mapping[str, Entry],
) -> str:
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
        groups=[(severity.value, CHANGES[severity], _of(shown, severity)) for severity in CHANGES],
        aside=[one for one in shown if not one["standing_decides"]],
        states=list(STATES.values()),
        earlier=Markup("").join(_earlier(known, nights, {one["fingerprint"] for one in shown})),
        trends=trends(nights),
        width=WIDTH,
        height=HEIGHT,
        coverage=coverage(data, nights),
        rules=data["rules"],
        data=_embedded(masked(data)),
        style=style,
        script=script,
        style_hash=_digest(style),
        script_hash=_digest(script),
    )


def digests() -> tuple[str, ...]:
    """What the page names its own style and script by, so that a browser takes no others."""
    return tuple(map(_digest, _parts()))


@cache
def _parts() -> tuple[Markup, Markup]:
    style, *scripts = (
        (_LOOK / name).read_text(encoding="utf-8") for name in ("page.css", *(f"script/{one}.js" for one in SCRIPTS))
    )
    script = "".join(('"use strict";\n(() => {\n', *scripts, "})();\n"))
    return Markup(style), Markup(script)  # noqa: S704  files of the package, without data


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


def _of(shown: Iterable[Mapping[str, Any]], severity: Severity) -> list[Mapping[str, Any]]:
    return [one for one in shown if one["severity"] == severity.value and one["standing_decides"]]


def _shown(entry: Entry) -> dict[str, Any]:
    """A difference, ready for the template."""
    return {
        **masked(difference(entry)),
        "standing_decides": entry.standing.decides,
        "first_day": day(entry.first_seen),
        "last_day": day(entry.last_seen),
        "sides": _sides(entry),
    }


def _sides(entry: Entry) -> Sides | None:
    return sides(entry.sample) if entry.sample else None


def _earlier(known: Mapping[str, Entry], nights: Iterable[Night], tonight: set[str]) -> Iterator[Markup]:
    """Differences that are not tonight's, for the panel: the latest with all there is, as long as there is room."""
    named = {fingerprint for night in nights for fingerprint in night.fingerprints}
    entries = [known[fingerprint] for fingerprint in (named & known.keys()) - tonight]
    macro = _ENVIRONMENT.get_template("difference.html").module.body  # type: ignore[attr-defined]  # a macro of the template
    room = LARGEST_EARLIER
    for entry in sorted(entries, key=lambda one: (one.last_seen, one.difference.fingerprint), reverse=True):
        one = _shown(entry if room > 0 else replace(entry, sample=None))
        text = macro(one)
        room -= len(text)
        if room < -LARGEST_EARLIER:
            return
        yield Markup('<template id="t-{}">{}</template>\n').format(one["fingerprint"], text)
