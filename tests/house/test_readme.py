"""The README is short, current where it is generated, and usable on a package index."""

from __future__ import annotations

import re

import pytest

from tests.site.build import README_PARTS
from tests.site.pages import DOCS, README, ROOT, addresses, blocks, configuration, refreshed

pytestmark = pytest.mark.skipif(not README.exists(), reason="needs README.md, which lies beside the source only")

LONGEST, LONGEST_TEST = 150, 10
TEXT = README.read_text(encoding="utf-8") if README.exists() else ""


def test_the_readme_is_read_in_two_minutes() -> None:
    """The whole page, and the first test on it, are short."""
    assert len(TEXT.splitlines()) <= LONGEST
    first = next(block for block in blocks(README) if block.language == "python")
    assert len(first.text.splitlines()) <= LONGEST_TEST


def test_generated_parts_of_the_readme_are_current() -> None:
    """``make readme`` writes what is simulated, and the links, anew."""
    assert set(re.findall(r"<!-- generated: ([\w-]+) -->", TEXT)) == set(README_PARTS)
    assert refreshed(TEXT, README_PARTS) == TEXT, "run 'make readme'"


def test_links_of_the_readme_work_on_a_package_index() -> None:
    """Every link is absolute; those to the source and the documentation begin with the addresses of pyproject.toml."""
    assert re.findall(r"\]\((?!https://)[^)]*\)", TEXT) == []
    links = re.findall(r"^\[([\w/.-]+)\]: (\S+)$", TEXT, re.MULTILINE)
    assert links
    home = addresses()
    assert [address for _, address in links if not address.startswith(tuple(home.values()))] == []


def test_every_page_that_the_readme_links_to_exists() -> None:
    named = re.findall(r"^\[([a-z/-]+)\]: ", TEXT, re.MULTILINE)
    assert named
    assert [name for name in named if not (ROOT / "docs" / f"{name}.md").exists()] == []


def test_the_site_has_the_addresses_of_the_project() -> None:
    """``make readme`` takes over what is set in pyproject.toml."""
    site = configuration()
    assert {"Documentation": site["site_url"], "Source": site["repo_url"]} == addresses()


def test_no_page_has_them_written_down() -> None:
    """A page that names an address has it from pyproject.toml, by a generated part."""
    home = tuple(addresses().values())
    pages = {path.name: path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md")}
    assert [name for name, text in pages.items() if any(address in text for address in home)] == []


def test_make_targets_that_are_named_exist() -> None:
    """README and CONTRIBUTING name targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for file in (README, ROOT / "CONTRIBUTING.md"):
        for target in re.findall(r"^(?:\$ )?make ([a-z-]+)", file.read_text(encoding="utf-8"), re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
