"""The page of a night, as people use it: with a mouse, with a keyboard, on paper, and without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_graphcalls.drift import Unchecked
from pytest_graphcalls.report.nightly import PAGE, write
from tests.browser.conftest import NARROW, WIDE, Open
from tests.unit.report_nightly.nights import BROKEN, CURED, GONE, GONE_AGAIN, NEW, RULE, known, season, verdict

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

RULES = 150
ROW = "#grid tbody tr[data-row]:not([data-row='0'])"


def cells(page: Page, row: int) -> Locator:
    return page.locator(f"#grid tr[data-row='{row}'] td")


def names(page: Page) -> list[str]:
    return page.locator(f"{ROW} th").evaluate_all("all => all.map(one => one.title)")


def found(page: Page) -> str:
    return page.locator(".found").inner_text()


def test_the_page_opens_from_disk_and_shows_the_verdict_first(open_page: Open) -> None:
    """The page writes nothing to the console, and sends no request (the fixture checks both)."""
    page = open_page()
    assert page.title().startswith("1 breaking change. Graph calls API, 27 Nov 2026")
    heading = page.get_by_role("heading", level=1)
    assert heading.inner_text() == "1 breaking change."
    assert heading.bounding_box()["y"] < 300  # type: ignore[index]  # it is there
    assert page.get_by_text("Field missing in participant-invite (v1.0) at $.status.").is_visible()


def test_the_grid_shows_as_many_nights_as_fit_and_tonight_last(open_page: Open) -> None:
    """Every rule has a row; each square says in words what it is."""
    page = open_page()
    assert page.locator(ROW).count() == RULES
    shown = cells(page, 1).count()
    assert 40 < shown < 50
    assert page.locator(".span").inner_text().endswith(f"to 27 Nov 2026 · {shown} nights")
    words = page.locator("#grid td").evaluate_all("all => [...new Set(all.map(one => one.ariaLabel))]")
    assert {"held", "broken", "notice", "could not check", "not checked", "behavioural", "breaking"} <= {*words}


def test_a_state_is_shown_by_more_than_its_colour(open_page: Open) -> None:
    """Each has a sign of its own, or, where there is no room for one, a form."""
    page = open_page()
    signs = """style => {
        const cell = document.querySelector(`#grid tbody tr:not(.all) td.${style}`);
        const {backgroundClip, backgroundImage, backgroundSize} = getComputedStyle(cell);
        const sign = getComputedStyle(cell, "::before").content;
        return [sign, backgroundClip, backgroundImage.slice(0, 9), backgroundSize].join();
    }"""
    styles = ("s-held", "s-broken", "s-notice", "s-could", "s-idle")
    assert len({page.evaluate(signs, style).partition(",")[0] for style in styles}) == len(styles)
    page.get_by_label("Nights across").select_option("200")
    assert len({page.evaluate(signs, style) for style in styles}) == len(styles)


def test_filters_work_alone_and_together(open_page: Open) -> None:
    """Filters are status, operation, version and text; the number of rules is shown."""
    page = open_page()
    assert found(page) == "150 of 150 rules"
    page.get_by_label("Version").select_option("beta")
    beta = page.locator(f"{ROW} .version").all_inner_texts()
    assert {*beta} == {"beta"}
    page.get_by_label("Operation").select_option("call-reject")
    assert page.locator("#grid tr.group").all_inner_texts() == ["call-reject"]
    page.get_by_role("radio", name=re.compile("^broken")).check()
    assert names(page) == [RULE.partition(".")[2]]
    assert found(page) == "1 of 150 rules"
    page.get_by_role("radio", name=re.compile("^all")).check()
    page.get_by_label("Operation").select_option("")
    page.get_by_label("Version").select_option("")
    page.get_by_role("searchbox", name="Text").fill("At-Most-Five")
    assert names(page) == [CURED.partition(".")[2]] * 2
    page.get_by_role("searchbox", name="Text").fill("no such words")
    assert page.get_by_text("No rule is like that. Take a filter away.").is_visible()
    page.get_by_role("searchbox", name="Text").fill("")
    assert page.locator(ROW).count() == RULES
    assert page.locator(".empty").count() == 0


def test_a_text_is_also_looked_for_in_what_a_rule_says(open_page: Open) -> None:
    """A user need not remember the ids of rules."""
    page = open_page()
    page.get_by_role("searchbox", name="Text").fill("bearer token")
    assert any("token" in name for name in names(page))


def test_rules_that_did_not_always_hold_are_a_filter_of_the_nights_in_view(open_page: Open) -> None:
    """A rule that was broken in spring is not shown for autumn."""
    page = open_page()
    page.get_by_text("not always held in these nights").click()
    page.get_by_role("searchbox", name="Text").fill("at-most-five")
    page.get_by_label("Version").select_option("v1.0")
    for _ in range(2):
        page.get_by_role("button", name="Older").click()
    assert names(page) == [CURED.partition(".")[2]]
    page.get_by_label("Operation").select_option("call-reject")
    assert names(page) == []
    page.get_by_role("searchbox", name="Text").fill("no-role-is-needed")
    page.get_by_label("Version").select_option("beta")
    page.get_by_label("Last night in view").press("End")
    assert names(page) == [RULE.partition(".")[2]]


def test_older_nights_are_a_page_away(open_page: Open) -> None:
    """Buttons, the slider and clicks into the overview lead to older nights."""
    page = open_page()
    newest = page.locator(".span").inner_text()
    assert page.get_by_role("button", name="Newer").is_disabled()
    for _ in range(6):
        if page.get_by_role("button", name="Older").is_enabled():
            page.get_by_role("button", name="Older").click()
    assert page.get_by_role("button", name="Older").is_disabled()
    assert page.locator(".span").inner_text().startswith("12 May 2026 to ")
    page.get_by_label("Last night in view").press("End")
    assert page.locator(".span").inner_text() == newest
    page.locator(".overview").click(position={"x": 5, "y": 10})
    assert page.locator(".span").inner_text().startswith("12 May 2026 to ")


def test_pointing_at_a_square_says_what_it_is(open_page: Open) -> None:
    """State, night and what the rule says."""
    page = open_page()
    page.get_by_role("radio", name=re.compile("^broken")).check()
    cells(page, 1).last.hover()
    tip = page.locator("#tip")
    assert tip.is_visible()
    assert tip.inner_text().startswith("Broken on 27 Nov 2026")
    page.get_by_role("heading", level=2, name="Rules and nights").hover()
    assert not tip.is_visible()


def test_a_click_leads_to_the_exchange(open_page: Open) -> None:
    """Rule, page, first and last seen, both bodies, fingerprint, the command that accepts it, and the request."""
    page = open_page()
    page.get_by_role("radio", name=re.compile("^broken")).check()
    cells(page, 1).last.click()
    panel = page.get_by_role("dialog", name=RULE)
    assert panel.is_visible()
    text = panel.inner_text()
    for words in (
        "broken, since 24 Nov 2026",
        "learn.microsoft.com/graph/api/call-reject",
        "on 4 nights, first on 24 Nov 2026, last on 27 Nov 2026",
        f"graphcalls drift accept {BROKEN.fingerprint}",
        "curl -X POST",
        "HTTP 403",
        '"code": "7503"',
    ):
        assert words in text, words
    assert panel.locator("mark").all_inner_texts() == ["202 without a role", "403 with code 7503"]


def test_a_difference_of_an_earlier_night_is_still_there(open_page: Open) -> None:
    """An earlier difference is shown with its exchange, from the history."""
    page = open_page()
    page.get_by_label("Nights across").select_option("200")
    page.get_by_role("searchbox", name="Text").fill("at-most-five")
    page.get_by_label("Version").select_option("v1.0")
    cells(page, 1).nth(80).click()
    panel = page.get_by_role("dialog", name=CURED)
    assert f"Difference {GONE_AGAIN.fingerprint}" in panel.inner_text()
    assert "HTTP 200" in panel.inner_text()


def test_the_row_of_whole_nights_lists_what_was_seen(open_page: Open) -> None:
    """A night can be opened like a rule."""
    page = open_page()
    cells(page, 0).last.click()
    text = page.get_by_role("dialog", name="27 Nov 2026").inner_text()
    assert "Breaking." in text
    assert "Rule broken in" in text
    page.get_by_role("button", name="Night before").click()
    assert page.get_by_role("dialog", name="26 Nov 2026").is_visible()
    assert page.evaluate("document.activeElement.className") == "before"


def test_the_keyboard_reaches_every_square_and_the_panel(open_page: Open) -> None:
    """Arrows move, Enter opens, Escape closes and leads back; one stop with Tab for the whole grid."""
    page = open_page()
    assert page.locator('#grid td[tabindex="0"]').count() == 1
    page.locator(".to-night").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") in {"", "grid-box"}
    if page.evaluate("document.activeElement.id") == "grid-box":
        page.keyboard.press("Tab")
    where = "() => [document.activeElement.parentNode.dataset.row, document.activeElement.ariaColIndex]"
    assert page.evaluate(where) == ["0", "201"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(where) == ["2", "200"]
    page.keyboard.press("Control+End")
    assert page.evaluate(where) == [str(RULES), "201"]
    page.keyboard.press("Home")
    first = int(page.evaluate(where)[1])
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(where) == [str(RULES), str(first - 1)]
    page.keyboard.press("Enter")
    panel = page.locator("#panel")
    assert panel.is_visible()
    assert page.evaluate("document.getElementById('panel').contains(document.activeElement)")
    page.keyboard.press("Escape")
    assert not panel.is_visible()
    assert page.evaluate(where) == [str(RULES), str(first - 1)]
    page.keyboard.press("Control+Home")
    page.keyboard.press("PageDown")
    assert page.evaluate(where)[0] == "10"


def test_a_link_of_the_summary_opens_its_difference(open_page: Open) -> None:
    """A link opens its difference also when it is not the first one."""
    page = open_page(at=f"#d-{NEW.fingerprint}")
    assert page.locator(f"#d-{NEW.fingerprint}").get_attribute("open") == ""
    assert page.locator(f"#d-{NEW.fingerprint} .sides").is_visible()


def test_a_command_can_be_copied(open_page: Open) -> None:
    """The command is at least selected, where a browser does not let a file copy."""
    from playwright.sync_api import expect

    page = open_page()
    button = page.locator(f"#d-{GONE.fingerprint} .copy").last
    button.click()
    expect(button).to_have_text(re.compile("^(Copied|Selected)$"))  # the browser is asked, and answers later


def test_without_javascript_the_verdict_and_the_differences_are_there(open_page: Open) -> None:
    """The differences open and close without JavaScript."""
    page = open_page(javascript=False)
    assert page.get_by_role("heading", level=1).inner_text() == "1 breaking change."
    assert page.locator(f"#d-{GONE.fingerprint} .sides").is_visible()
    other = page.locator(f"#d-{NEW.fingerprint}")
    assert not other.locator(".sides").is_visible()
    other.locator("summary").click()
    assert other.locator(".sides").is_visible()
    assert page.locator("#grid tbody tr").count() == RULES


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_element_is_wider_than_the_window(open_page: Open, size: tuple[int, int]) -> None:
    """A page is scrolled down, never sideways."""
    page = open_page(size)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_long_name_in_the_verdict_is_broken(open_page: Open, tmp_path: Path) -> None:
    """The name of a test that could not be looked at is longer than a telephone is wide."""
    nights, missing = season(3), Unchecked(f"contracts/test_call_get.py::test_{'a_call_' * 12}is_read@beta", "503.")
    write(verdict(nights, unchecked=(missing,)), nights, known(), tmp_path)
    page = open_page(NARROW, file=tmp_path / PAGE)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_on_paper_there_are_no_tools_and_nothing_is_cut_off(open_page: Open, tmp_path: Path) -> None:
    """Differences are opened, and the grid is as long as it is."""
    page = open_page()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for hidden in ("body > nav", ".tools", ".chips", ".to-night", ".copy >> nth=0"):
        assert not page.locator(hidden).is_visible(), hidden
    assert page.evaluate("getComputedStyle(document.getElementById('grid-box')).maxHeight") == "none"
    assert page.locator("#differences details:not([open])").count() == 0
    paper = page.pdf(format="A4")
    assert paper.startswith(b"%PDF")


@pytest.mark.parametrize("part", ["top", "grid", "panel"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_are_taken(open_page: Open, pictures: Path, scheme: str, size: tuple[int, int], part: str) -> None:
    """Screenshots are taken for people to look at: GRAPHCALLS_TEST_PICTURES names the folder."""
    page = open_page(size, scheme=scheme)
    if part != "top":
        page.locator("#nights").evaluate("one => one.scrollIntoView()")
    if part == "panel":
        page.get_by_role("radio", name=re.compile("^broken")).check()
        cells(page, 1).last.click()
    file = pictures / f"{part}-{scheme}-{size[0]}.png"
    page.screenshot(path=file)
    assert file.read_bytes().startswith(b"\x89PNG")
    assert file.stat().st_size > 10_000
