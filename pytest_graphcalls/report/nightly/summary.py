"""The verdict for the summary of a job: one screen of Markdown, with links into the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_graphcalls.report.nightly.words import cut
from pytest_graphcalls.report.words import counted

MOST = 10
"""Differences that are listed."""
MOST_UNCHECKED = 3
LONGEST = 120
"""Characters of a cell that are shown."""
_BACKTICKS = re.compile("`+")
_MARKUP = re.compile(r"[\\`*_~\[\]<>&#|]")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def summary(document: Mapping[str, Any], page: str) -> str:
    """The text of a summary.

    Args:
        document: what :func:`pytest_graphcalls.report.nightly.document.document` returned.
        page: address of the page: a file's name, or where a job has put it.
    """
    sections = (_head, _differences, _unchecked, _foot)
    return "\n".join(line for section in sections for line in section(document, page)) + "\n"


def _head(document: Mapping[str, Any], _: str) -> Iterator[str]:
    night = document["night"]
    rules = document["summary"]["rules"]
    yield f"## {_text(document['headline'])}"
    yield ""
    if document["sentences"]:
        yield _text(" ".join(document["sentences"]))
        yield ""
    states = [f"{number:,} {name.replace('_', ' ')}" for name, number in rules.items() if number]
    facts = [night["target"], ", ".join(document["api_versions"]), night["started"] or "", ", ".join(states)]
    yield _text(" · ".join(filter(None, facts)))


def _differences(document: Mapping[str, Any], page: str) -> Iterator[str]:
    shown = [one for one in document["differences"] if one["decides"]]
    if not shown:
        return
    yield from ("", "| severity | what | where | change | since |", "| --- | --- | --- | --- | --- |")
    for one in shown[:MOST]:
        link = f"[{one['kind'].replace('-', ' ')}]({page}#d-{one['fingerprint']})"
        change = " → ".join(_code(side) for side in (one["before"], one["after"]) if side)
        since = f"**new**, {one['first_seen'][:10]}" if one["standing"] == "new" else one["first_seen"][:10]
        where = " ".join(filter(None, (_code(one["subject"]), one["version"], _code(one["where"]))))
        yield f"| {one['severity']} | {link} | {where} | {change} | {since} |"
    if len(shown) > MOST:
        yield ""
        yield f"… and {counted(len(shown) - MOST, 'more difference')} in [the page]({page}#differences)."


def _unchecked(document: Mapping[str, Any], page: str) -> Iterator[str]:
    missing = [one for one in document["unchecked"] if one["decides"]]
    if not missing:
        return
    yield from ("", "**Not seen:**", "")
    yield from (f"- {_text(one['subject'])}: {_text(cut(one['reason'], LONGEST))}" for one in missing[:MOST_UNCHECKED])
    if len(missing) > MOST_UNCHECKED:
        yield f"- … and {len(missing) - MOST_UNCHECKED:,} more in [the page]({page}#unchecked)"


def _foot(document: Mapping[str, Any], page: str) -> Iterator[str]:
    yield ""
    accept = (
        "; accept what is meant to be so with `graphcalls drift accept`" if document["issue"]["fingerprints"] else ""
    )
    yield f"[The whole night]({page}){accept}."


def _code(text: str) -> str:
    """Text in a cell of a table, letter by letter as it is; ``""`` for none."""
    # In a table a bar ends its cell, inside of code as well, unless there is a backslash in front of it.
    shown = cut(text, LONGEST).replace("|", "\\|")
    # Code ends at as many backticks as it began with; a blank keeps those at its edges apart from them.
    fence = "`" * (max(map(len, _BACKTICKS.findall(shown)), default=0) + 1)
    edge = " " if shown.startswith("`") or shown.endswith("`") else ""
    return shown and f"{fence}{edge}{shown}{edge}{fence}"


def _text(text: str) -> str:
    """Text of the service, or of a person, as text: no markup, and nobody is notified."""
    flat = " ".join(text.split())
    return _MARKUP.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), flat).replace("@", "@\u200b")
