"""The summary of a job: one screen, with links into the page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_graphcalls.drift import Outcome, Status, Unchecked
from pytest_graphcalls.report.nightly import PAGE, document, write
from pytest_graphcalls.report.nightly.summary import summary
from tests.unit.report_nightly.nights import GONE, entry, known, season, verdict

SCREEN = 30
"""Lines."""


def test_every_link_leads_to_an_element_of_the_page(tmp_path: Path) -> None:
    """A click on a difference leads to that difference."""
    nights = season(3)
    write(verdict(nights), nights, known(), tmp_path)
    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    links = re.findall(r"\]\(report\.html#([^)]+)\)", (tmp_path / "summary.md").read_text(encoding="utf-8"))
    assert len(links) == 4
    assert all(f'id="{link}"' in page for link in links)


def test_the_links_may_lead_to_where_a_job_has_put_the_page() -> None:
    """A job's summary knows no files beside it."""
    text = summary(document(verdict(season(3))), "https://ci.example/7/report.html")
    assert f"(https://ci.example/7/report.html#d-{GONE.fingerprint})" in text


def test_the_summary_fits_on_a_screen() -> None:
    """Fifty differences are ten, and a link to the others."""
    many = tuple(entry(replace(GONE, subject=f"operation-{number}", before="x" * 5_000)) for number in range(50))
    missing = tuple(Unchecked(f"rule-{number}", "why " * 900) for number in range(50))
    text = summary(document(verdict(season(3), entries=many, unchecked=missing)), PAGE)
    assert len(text.splitlines()) <= SCREEN
    assert max(map(len, text.splitlines())) < 1_000
    assert "… and 40 more differences in [the page](report.html#differences)." in text
    assert "… and 47 more in [the page](report.html#unchecked)" in text


def test_the_first_line_is_the_verdict() -> None:
    """The verdict is a heading."""
    text = summary(document(verdict(season(3), outcome=Outcome.NO_DRIFT, entries=(), unchecked=())), PAGE)
    assert text.startswith("## No drift.\n")
    assert "|" not in text


def test_differences_that_do_not_count_are_not_listed() -> None:
    """Accepted and flaky ones are a number in a sentence."""
    text = summary(document(verdict(season(3), entries=(entry(GONE, Status.ACCEPTED),))), PAGE)
    assert GONE.fingerprint not in text
    assert "1 accepted does not count" in text


def test_a_text_of_the_service_is_text() -> None:
    """No markup, no picture, no mention that notifies users."""
    hostile = replace(GONE, before="`|x| ![a](http://evil.example/x.png) @everyone")
    why = Unchecked("x", "<img src=x> @everyone [a](http://evil.example) **b**")
    text = summary(document(verdict(season(3), entries=(entry(hostile),), unchecked=(why,))), PAGE)
    outside = re.sub(r"`[^`]*`", "", text)
    assert "<img" not in text
    assert "@everyone" not in outside
    assert not re.search(r"(?<!\\)\[a(?<!\\)\]\(", outside)
    assert all(line.count("|") - line.count("\\|") == 6 for line in text.splitlines() if line.startswith("| breaking"))


@pytest.mark.parametrize(
    ("said", "cell"),
    [
        ("a|b", r"`a\|b`"),
        (r"a\|b", r"`a\\|b`"),
        ("a`b", "``a`b``"),
        ("`a``", "``` `a`` ```"),
        ("a\nb", "`a b`"),
    ],
)
def test_code_in_a_cell_is_shown_letter_by_letter(said: str, cell: str) -> None:
    """A bar does not end the cell, a backtick does not end the code; GitHub shows what was there."""
    text = summary(document(verdict(season(3), entries=(entry(replace(GONE, before=said, after="")),))), PAGE)
    (row,) = (line for line in text.splitlines() if line.startswith("| breaking"))
    assert f"| {cell} |" in row
    assert len(re.findall(r"(?<!\\)\|", row)) == 6


def test_a_difference_without_a_place_shows_none() -> None:
    """Two backticks would be text."""
    text = summary(document(verdict(season(3), entries=(entry(replace(GONE, where="")),))), PAGE)
    assert f"| `{GONE.subject}` {GONE.version} |" in text
