"""A JUnit file without secrets: pytest writes it, other plugins and fixtures add to it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from pytest_graphcalls.sanitize import Cleaned, clean


def cleaned(text: str, *, people: bool = False) -> Cleaned:
    """The text of a JUnit file, masked within its texts and attributes, so that it stays XML.

    Args:
        text: as it was written; a file that was cut short is masked as any text is.
        people: as for :func:`pytest_graphcalls.sanitize.clean`.
    """
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
