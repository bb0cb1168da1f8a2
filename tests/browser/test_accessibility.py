"""axe-core looks for what keeps people from using the page, in both colour schemes and in every state of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_graphcalls.report.nightly import PAGE, write
from tests.browser.conftest import NARROW, WIDE, Open
from tests.unit.report_nightly.nights import FACTS, known, season, verdict

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A smaller page with one of everything: axe looks at each square, and all squares are alike."""
    nights = season(40, rules=80)
    folder = tmp_path_factory.mktemp("night")
    write(verdict(nights), nights, known(), folder, facts=FACTS)
    return folder / PAGE


SERIOUS = {"serious", "critical"}


def broken(page: Page) -> None:
    page.get_by_role("radio", name=re.compile("^broken")).check()
    page.locator("#grid tr[data-row='1'] td").last.click()


def every_difference(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")


def many_nights(page: Page) -> None:
    page.get_by_label("Nights across").select_option("40")
    page.get_by_text("not always held in these nights").click()


STATES: dict[str, Callable[[Page], object]] = {
    "as it opens": lambda page: None,
    "the panel open": broken,
    "every difference open": every_difference,
    "many nights": many_nights,
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW)], ids=["light-wide", "dark-narrow"])
def test_axe_finds_nothing_serious(open_page: Open, scheme: str, size: tuple[int, int], state: str) -> None:
    """The rules of WCAG 2.2 A and AA, and its best practices."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-core: make test-browser")
    page = open_page(size, scheme=scheme)
    STATES[state](page)
    results = axe.Axe().run(page).response
    assert results["passes"], "axe has looked at nothing"
    found = [
        f"{one['id']} ({one['impact']}): {node['html'][:120]} {node.get('failureSummary', '')[:200]}"
        for one in results["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"][:2]
    ]
    assert found == []
