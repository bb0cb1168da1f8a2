"""Pages of the documentation as text: their places, their code blocks, and the markers of generated parts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
CONFIGURATION = ROOT / "zensical.toml"

_BLOCK = re.compile(r"(?:<!-- ([\w ]+) -->\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PART = re.compile(r"^<!-- generated: ([\w-]+) -->\n", re.MULTILINE)
_FILE = re.compile(r"^<!-- file: (\S+) -->\n", re.MULTILINE)
_LANGUAGES = {
    ".py": "python",
    ".mjs": "js",
    ".cjs": "js",
    ".yml": "yaml",
    ".go": "go",
    ".java": "java",
    ".cs": "csharp",
}
_KEPT_PART = re.compile(r"(?<=^<!-- generated: )([\w-]+)( -->\n).*?(?=^<!-- end -->$)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced code block.

    Attributes:
        page: path of its page below the repository.
        line: number of its first line.
        language: the word behind the fence.
        text: what stands in it.
        remark: the HTML comment in the line above it: ``fails``, ``sdk`` or ``conftest``.
    """

    page: str
    line: int
    language: str
    text: str
    remark: str

    @property
    def name(self) -> str:
        """A name that can be part of a file name."""
        return re.sub(r"\W+", "_", f"{self.page.removesuffix('.md')}_{self.line}").lower()


def sources() -> list[Path]:
    """README and every page of the site that people write."""
    return [README, *sorted(DOCS.rglob("*.md"))] if README.exists() else []


def blocks(path: Path) -> Iterator[Block]:
    """Every code block of a page."""
    text = path.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        line = text[: found.start(3)].count("\n") + 1
        yield Block(path.relative_to(ROOT).as_posix(), line, found[2], found[3], found[1] or "")


def filled(text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """A page with each of its markers replaced by the generated part, or the file, that it names."""
    text = _PART.sub(lambda found: parts[found[1]]().strip() + "\n", text)
    return _FILE.sub(lambda found: _shown(ROOT / found[1]), text)


def _shown(path: Path) -> str:
    """A file of the repository: Markdown as it is, anything else as a code block with its name."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    return f'```{_LANGUAGES[path.suffix]} title="{path.relative_to(ROOT).as_posix()}"\n{text.strip()}\n```\n'


def refreshed(text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """A page that keeps its generated parts between two markers, with these parts made anew."""
    return _KEPT_PART.sub(lambda found: f"{found[1]}{found[2]}{parts[found[1]]().strip()}\n", text)


def configuration() -> dict[str, Any]:
    """What the site's configuration says of the project."""
    project: dict[str, Any] = tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))["project"]
    return project


def addresses() -> dict[str, str]:
    """The addresses in pyproject.toml by name; the only place where they are set."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    urls: dict[str, str] = project["urls"]
    return urls


def navigation() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Sections of the site with title and file of each page, in the order of the menu."""
    for entry in configuration()["nav"]:
        ((section, inside),) = entry.items()
        pages = [inside] if isinstance(inside, str) else inside
        yield section, [next(iter(one.items())) if isinstance(one, dict) else (section, one) for one in pages]
