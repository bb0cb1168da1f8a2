"""The page of a night: built from a thousand nights of 150 rules, and drawn by Chromium for 200."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from pytest_graphcalls.drift import Entry, Night, Sample
from pytest_graphcalls.report.nightly import PAGE, write
from tests.bench.measure import Figure, at_most
from tests.browser.conftest import ARGUMENTS, CHROMIUM, WIDE
from tests.unit.report_nightly.nights import FACTS, OLD, entry, invitation, known, season, verdict

MANY, SHOWN, RULES, KEPT = 1_000, 200, 150, 600
BUILT = 5.0
"""Seconds for :data:`MANY` nights."""
SIZE = 20.0
"""Megabytes, likewise."""
DRAWN = 2.0
"""Seconds for :data:`SHOWN` nights, all of them in view."""


def figures() -> Iterator[Figure]:
    """Every file is written, and read again by a browser."""
    with tempfile.TemporaryDirectory() as folder:
        nights = season(MANY, rules=RULES)
        seconds = min(_written(nights, known(), Path(folder)) for _ in range(3))
        yield at_most(f"{MANY:,} nights of {RULES} rules: all files written", seconds, BUILT, unit="s")
        yield at_most("  the page", (Path(folder) / PAGE).stat().st_size / 1e6, SIZE, unit="MB")
        seconds = min(_written(*_eventful(), Path(folder)) for _ in range(3))
        yield at_most(f"  with {KEPT} differences kept, each with its exchange", seconds, BUILT, unit="s")
        yield at_most("  the page", (Path(folder) / PAGE).stat().st_size / 1e6, SIZE, unit="MB")
        if not find_spec("playwright") or not CHROMIUM.exists():
            sys.stderr.write("  not drawn: needs playwright and Chromium, see 'make test-browser'\n")
            return
        _written(season(SHOWN, rules=RULES), known(), Path(folder))
        opened, all_of_them = _drawn(Path(folder) / PAGE)
        yield at_most(f"{SHOWN} nights of {RULES} rules: opened, as many as fit in view", opened, DRAWN, unit="s")
        yield at_most("  and all of them in view", all_of_them, DRAWN, unit="s")


def _eventful() -> tuple[list[Night], Mapping[str, Entry]]:
    """A service that is never still: every night has twenty differences, and none lasts."""
    old, new = (invitation(200, **{f"member{n}": letter * 20 for n in range(40)}) for letter in "xy")
    seen = [entry(replace(OLD, subject=f"operation-{n}"), sample=Sample(new, old, "$.member3")) for n in range(KEPT)]
    kept = {one.difference.fingerprint: one for one in seen}
    names = [*kept]
    nights = [
        replace(night, fingerprints=frozenset(names[number % KEPT : number % KEPT + 20]))
        for number, night in enumerate(season(MANY, rules=RULES))
    ]
    return nights, kept


def _written(nights: list[Night], kept: Mapping[str, Entry], folder: Path) -> float:
    start = time.perf_counter()
    write(verdict(nights), nights, kept, folder, facts=FACTS)
    return time.perf_counter() - start


PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
ALL = """async () => {
    const across = document.querySelector("select[name=across]");
    const start = performance.now();
    across.value = across.options[across.options.length - 1].value;
    across.dispatchEvent(new Event("change"));
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    return performance.now() - start;
}"""
HEADS = 400
"""Pixels for the names of the rules, which every night of the season must fit beside."""


def _drawn(page: Path) -> tuple[float, float]:
    """Seconds until the page is painted, from its address on; and until all nights are, from their choice on."""
    from playwright.sync_api import sync_playwright

    opened, every = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for _ in range(3):
            tab = browser.new_page(viewport={"width": WIDE[0] + HEADS, "height": WIDE[1]})
            tab.goto(page.as_uri())
            opened.append(tab.evaluate(PAINTED) / 1e3)
            every.append(tab.evaluate(ALL) / 1e3)
            shown = tab.locator("#grid tr[data-row='1'] td").count()
            assert shown == SHOWN, shown
            tab.close()
        browser.close()
    return min(opened), min(every)
