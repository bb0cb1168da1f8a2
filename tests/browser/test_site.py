"""The documentation in a browser: nothing comes from elsewhere, it fits a telephone, and its search finds things."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from tests.site.build import stage
from tests.site.pages import CONFIGURATION, navigation

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDE, NARROW = (1280, 900), (400, 860)
PATIENCE = 10_000
"""Milliseconds until what is waited for is missing."""
LOOK_EVERY = 100
PAGES = [
    "",
    *(name.removesuffix(".md") + "/" for _, inside in navigation() for _, name in inside[:2] if name != "index.md"),
    "reference/control-api/",
    "reference/errors/",
    "reference/operations/participant-invite/",
]
Open = Callable[..., "Page"]


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each on the screen."""

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the built site on this machine."""
    if not find_spec("zensical"):
        pytest.skip("needs zensical, which 'make docs' installs")
    folder = tmp_path_factory.mktemp("site")
    stage(folder / "docs")
    text = CONFIGURATION.read_text(encoding="utf-8").replace("build/docs", "docs").replace("build/site", "site")
    (folder / "zensical.toml").write_text(text, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "zensical", "build", "--strict"], cwd=folder, check=True, capture_output=True)
    with served(folder / "site") as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def served(folder: Path) -> ThreadingHTTPServer:
    return ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))


@pytest.fixture
def open_site(browser: Browser, site: str) -> Iterator[Open]:
    """Open a page of the site; at the end no error may have been logged, and no other host been asked."""
    contexts: list[Any] = []
    complaints: list[str] = []
    asked: list[str] = []

    def opened(size: tuple[int, int] = WIDE, *, scheme: str = "light", at: str = "") -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,  # type: ignore[arg-type]  # one of two words
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{site}{at}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "dark"), (NARROW, "light")], ids=["wide", "narrow"])
def test_no_page_is_wider_than_the_window(
    open_site: Open, site: str, size: tuple[int, int], scheme: str, pictures: Path
) -> None:
    """Tables, code and drawings that are wider scroll within themselves."""
    page = open_site(size, scheme=scheme)
    for name in PAGES:
        page.goto(f"{site}{name}")
        page.screenshot(path=pictures / f"site-{name.strip('/').replace('/', '-') or 'home'}-{size[0]}-{scheme}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name


def test_the_page_is_dark_where_the_system_is(open_site: Open) -> None:
    shades = [
        open_site(scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert shades[0] != shades[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_site: Open, scheme: str) -> None:
    """Contrast, names and roles, on a page with a drawing and tables."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(open_site(scheme=scheme, at="explanation/states/")).response["violations"]
    assert [one["id"] for one in found if one["impact"] in {"serious", "critical"}] == []


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("bot does not answer", "how-to/bot-does-not-answer/"),
        ("8522", "reference/errors/"),
        ("replay", "how-to/record-and-replay/"),
    ],
)
def test_the_search_finds_it_first(open_site: Open, words: str, page: str) -> None:
    """What people look for is the first of the results."""
    opened = open_site()
    field = opened.get_by_label("Search", exact=True).and_(opened.locator("[aria-autocomplete]"))
    while not field.is_visible():  # the script that listens for the key may come later than the page
        opened.keyboard.press("Control+k")
        opened.wait_for_timeout(LOOK_EVERY)
    field.fill(words)
    assert page in (opened.locator("a[role=option]").first.get_attribute("href") or "")
