"""Makes the sources of the site: pages with their generated parts, pages that are generated whole, and llms.txt."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import yaml

from pytest_graphcalls import Contract
from tests.site import code, contract, drawings
from tests.site.pages import CONFIGURATION, DOCS, README, addresses, configuration, filled, navigation, refreshed

PARTS: Mapping[str, Callable[[], str]] = {**code.PARTS, **contract.PARTS, **drawings.PARTS}
"""Every generated part of the site, by the name in a page's marker."""
COPIED = (".css", ".svg", ".png")


def stage(folder: Path) -> None:
    """Write the pages, with their generated parts, the pages that are generated whole, and llms.txt."""
    shutil.rmtree(folder, ignore_errors=True)
    written: dict[str, str] = {}
    for path in sorted(DOCS.rglob("*")):
        name = path.relative_to(DOCS).as_posix()
        if path.suffix == ".md":
            written[name] = filled(path.read_text(encoding="utf-8"), PARTS)
        elif path.suffix in COPIED:
            written[name] = path.read_text(encoding="utf-8")
    for operation in Contract.packaged().operations.values():
        written[f"reference/operations/{operation.id}.md"] = contract.operation_page(operation)
    written["llms.txt"] = "\n".join(index(written))
    for name, text in written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def index(pages: Mapping[str, str]) -> Iterator[str]:
    """The lines of llms.txt: every page with its address and description."""
    facts = configuration()
    yield from (f"# {facts['site_name']}", "", f"> {facts['site_description']}")
    for section, inside in navigation():
        yield from ("", f"## {section}", "")
        yield from (_line(title, name, pages[name]) for title, name in inside)
    yield from ("", "## Operations", "")
    operations = Contract.packaged().operations
    yield from (_line(id, name, pages[name]) for id in operations for name in [f"reference/operations/{id}.md"])


def _line(title: str, name: str, text: str) -> str:
    address = f"{addresses()['Documentation']}{name.removesuffix('index.md').removesuffix('.md')}"
    return f"- [{title}]({address}{'' if address.endswith('/') else '/'}): {described(text)}"


def described(text: str) -> str:
    """What a page says of itself in the lines before its title."""
    facts = yaml.safe_load(text.split("---\n", 2)[1]) if text.startswith("---\n") else {}
    return str(facts.get("description", ""))


def links() -> str:
    """The addresses that the README links to, each a page of the site or one of pyproject.toml."""
    text = README.read_text(encoding="utf-8").partition("<!-- generated: links -->")[0]
    used = dict.fromkeys(re.findall(r"\]\[([\w/.-]+)\]", text))
    return "\n".join(f"[{name}]: {_address(name)}" for name in used)


def _address(name: str) -> str:
    """An address of pyproject.toml by its name, or that of a page by its path."""
    home = addresses()
    return home.get(name) or f"{home['Documentation']}{name}/"


README_PARTS: Mapping[str, Callable[[], str]] = {"coverage": contract.coverage, "links": links}
"""The generated parts of README, which are kept in it between markers."""


def bring_in_step() -> None:
    """Make the generated parts of README, and the addresses in the site's configuration, anew."""
    README.write_text(refreshed(README.read_text(encoding="utf-8"), README_PARTS), encoding="utf-8")
    text = CONFIGURATION.read_text(encoding="utf-8")
    for key, name in (("site_url", "Documentation"), ("repo_url", "Source")):
        text = re.sub(rf'^{key} = ".*"$', f'{key} = "{addresses()[name]}"', text, flags=re.MULTILINE)
    CONFIGURATION.write_text(text, encoding="utf-8")
