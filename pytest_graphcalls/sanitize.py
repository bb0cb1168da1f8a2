"""Makes a text, XML or a JSON value fit to leave the process: redacts it, then masks what the leak scan still finds.

Everything that is shown or written passes one of these functions last: console, captured output, logs, reports,
answers of the control address. The redactor knows structure and names; the leak scan is independent of it, so that a
mistake made in one is not made in the other.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from pytest_graphcalls import redaction
from pytest_graphcalls.leakscan import hide
from pytest_graphcalls.redaction import MASK, Redactor, remembered


class Cleaned(NamedTuple):
    """A text that holds no secret.

    Attributes:
        kinds: for each place that the leak scan alone found, what sort of thing stood there; it was masked there.
        text: the text.
    """

    kinds: tuple[str, ...]
    text: str


class CleanedJson(NamedTuple):
    """A JSON value that holds no secret.

    Attributes:
        kinds: as those of a :class:`Cleaned` text.
        value: the value; mappings are dictionaries, tuples are lists.
    """

    kinds: tuple[str, ...]
    value: Any


def clean(text: str, *, people: bool = False, redactor: Redactor | None = None) -> Cleaned:
    """Redact ``text``, and mask what the leak scan still finds after that.

    Args:
        text: what is about to be shown or written.
        people: whether the leak scan also masks what names people, tenants and apps; for files that are published.
        redactor: what redacts; :data:`~.redaction.OF_REPORTS` unless given.
    """
    masked, kinds = hide((redactor or redaction.OF_REPORTS).mask(text), remembered(), mask=MASK, people=people)
    return Cleaned(kinds, masked)


def clean_json(value: Any, *, people: bool = False, redactor: Redactor | None = None) -> CleanedJson:
    """Redact a JSON value and mask what the leak scan then still finds in its texts and member names.

    Args:
        value: mappings, lists, texts, numbers.
        people: as for :func:`clean`.
        redactor: what redacts; :data:`~.redaction.OF_REPORTS` unless given.
    """
    redacted = (redactor or redaction.OF_REPORTS).json(value)
    known = remembered()

    @cache  # a report says the same again and again
    def hidden(text: str) -> tuple[str, tuple[str, ...]]:
        return hide(text, known, mask=MASK, people=people)

    # One look at all of it: most values hold nothing, and a member's name counts for what stands in it.
    if not hidden(json.dumps(redacted, ensure_ascii=False))[1]:
        return CleanedJson((), redacted)
    kinds: list[str] = []

    def checked(text: str, name: str = "") -> str:
        shown, found = hidden(text)
        if not found and name and (named := hidden(f"{json.dumps(name)}: {json.dumps(text)}")[1]):
            shown, found = MASK, named
        kinds.extend(found)
        return shown

    def walked(item: Any, name: str) -> Any:
        if isinstance(item, Mapping):
            return {checked(key): walked(inner, key) for key, inner in item.items()}
        if isinstance(item, list | tuple):
            return [walked(inner, name) for inner in item]
        return checked(item, name) if isinstance(item, str) else item

    masked = walked(redacted, "")
    return CleanedJson(tuple(kinds), masked)


def clean_xml(text: str, *, people: bool = False) -> Cleaned:
    """Redact the text of a JUnit file within its texts and attributes, so that it stays XML.

    Args:
        text: as it was written; a file that was cut short is masked as any text is.
        people: as for :func:`clean`.
    """
    from xml.etree import ElementTree as ET

    kinds: list[str] = []

    def shown(part: str) -> str:
        safe = clean(part, people=people)
        kinds.extend(safe.kinds)
        return safe.text

    try:
        root = ET.fromstring(text)  # noqa: S314  pytest wrote it a moment ago
    except ET.ParseError:
        return clean(text, people=people)
    before = ET.tostring(root)
    for one in root.iter():
        one.text, one.tail = (part and shown(part) for part in (one.text, one.tail))
        one.attrib.update({name: shown(value) for name, value in one.attrib.items()})
        if one.tag == "property":
            named = f"{one.get('name')}="
            one.set("value", shown(f"{named}{one.get('value')}").removeprefix(named))
    if ET.tostring(root) == before:
        return Cleaned((), text)
    return Cleaned(tuple(kinds), f'<?xml version="1.0" encoding="utf-8"?>{ET.tostring(root, encoding="unicode")}')


def note(kinds: Iterable[str]) -> str:
    """One line about what the leak scan alone found, for the end of a report; ``""`` where that is nothing."""
    counts = Counter(kinds)
    if not counts:
        return ""
    sorts = ", ".join(f"{kind} ({count})" if count > 1 else kind for kind, count in sorted(counts.items()))
    places = "1 place" if counts.total() == 1 else f"{counts.total()} places"
    return f"The leak scan masked {places} that redaction had let through: {sorts}."
