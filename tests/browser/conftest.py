"""A page in headless Chromium. What is missing is named, and the tests are skipped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_graphcalls.report.nightly import PAGE, write
from tests.unit.report_nightly.nights import FACTS, known, season, verdict

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path(os.environ.get("GRAPHCALLS_TEST_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE, NARROW = (1360, 900), (420, 860)
PATIENCE = 10_000
"""Milliseconds until what is waited for is missing."""
Open = Callable[..., "Page"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of the system, driven by playwright."""
    if not find_spec("playwright"):
        pytest.skip("needs playwright, which 'make test-browser' installs")
    if not CHROMIUM.exists():
        pytest.skip(f"needs {CHROMIUM}, which 'make test-browser' installs as root, or GRAPHCALLS_TEST_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a night with one of everything, after a season."""
    nights = season(200, rules=150)
    folder = tmp_path_factory.mktemp("night")
    write(verdict(nights), nights, known(), folder, facts=FACTS)
    return folder / PAGE


@pytest.fixture
def open_page(browser: Browser, report: Path) -> Iterator[Open]:
    """Open the page from disk; at the end nothing may have been complained of, or asked for."""
    contexts: list[Any] = []
    complaints: list[str] = []
    asked: list[str] = []

    def opened(
        size: tuple[int, int] = WIDE,
        *,
        scheme: str = "light",
        at: str = "",
        javascript: bool = True,
        file: Path = report,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,  # type: ignore[arg-type]  # one of two words
            reduced_motion="reduce",
            java_script_enabled=javascript,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri() + at)
        if javascript:
            page.wait_for_selector("#grid.drawn")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith("file:") or not url.partition("#")[0].endswith(".html")] == []


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of screenshots: GRAPHCALLS_TEST_PICTURES, or a temporary folder."""
    named = os.environ.get("GRAPHCALLS_TEST_PICTURES", "")
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
