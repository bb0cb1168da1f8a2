"""Expected and observed values side by side, with the differences marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any, NamedTuple

from pytest_graphcalls.drift import Sample
from pytest_graphcalls.findings import at_any_index
from pytest_graphcalls.redaction import OF_REPORTS
from pytest_graphcalls.report.failure import curl
from pytest_graphcalls.wire import Exchange, Headers, MalformedJsonError, Notification, Request, Response, encode_json

MOST_LINES = 300
"""Lines of one side that are shown."""
LONGEST_LINE = 240
"""Characters of a line that are shown."""
CONTEXT = 3
"""Equal lines that are shown around a difference."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison.

    Attributes:
        mark: ``same``, ``changed``, ``gone``, ``new``, or ``fold`` for equal lines that are left out.
        hit: whether the difference is about this line; other lines differ in ids and times, and the like.
        expected: the line on the left, ``""`` for none.
        observed: the line on the right, ``""`` for none.
    """

    mark: str
    hit: bool
    expected: str
    observed: str


@dataclass(frozen=True, slots=True)
class Sides:
    """A sample, ready to be shown.

    Attributes:
        title: the request, or that it is a notification.
        rows: the comparison; empty where there is nothing to show.
        has_expected: whether there was an accepted recording.
        has_observed: whether there was anything tonight.
        curl: the request to send again, or ``""``.
    """

    title: str
    rows: tuple[Row, ...]
    has_expected: bool
    has_observed: bool
    curl: str


class _Line(NamedTuple):
    key: tuple[str, str]
    text: str
    comma: str = ""

    @property
    def shown(self) -> str:
        text = f"{self.text}{self.comma}"
        return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}…"


def sides(sample: Sample) -> Sides:
    """Lay a sample out for a page; it is redacted once more on the way."""
    expected, observed = map(OF_REPORTS.seen, (sample.expected, sample.observed))
    left, right = (_lines(one) for one in (expected, observed))
    shown = observed or expected
    rows = tuple(_folded(list(_compared(left, right, sample.where)))) if left and right else _one_sided(left, right)
    request = "\n".join(curl(_request(shown))) if shown else ""
    return Sides(_title(shown), rows, expected is not None, observed is not None, request)


def _title(one: Exchange | Notification | None) -> str:
    if isinstance(one, Exchange):
        return f"{one.request.method} {one.request.path}"
    return f"notification to {one.posted_to}" if one else ""


def _request(one: Exchange | Notification) -> Request:
    if isinstance(one, Exchange):
        return one.request
    return Request("POST", one.posted_to, Headers({"Content-Type": "application/json"}), encode_json(one.body))


def _lines(one: Exchange | Notification | None) -> list[_Line]:
    if isinstance(one, Exchange):
        return [*_answer(one.response)][:MOST_LINES]
    return [*_json(dict(one.body), "$")][:MOST_LINES] if one else []


def _answer(response: Response) -> Iterator[_Line]:
    yield _Line(("status", ""), f"HTTP {response.status}")
    for name, value in sorted(response.headers.pairs, key=lambda pair: pair[0].lower()):
        yield _Line((name.lower(), "header"), f"{name}: {value}")
    if not response.body:
        return
    yield _Line(("", "gap"), "")
    try:
        yield from _json(response.json(), "$")
    except MalformedJsonError:
        text = response.body.decode("utf-8", "backslashreplace")
        yield from (_Line((str(number), "text"), line) for number, line in enumerate(text.splitlines()))


def _json(value: Any, path: str, *, indent: str = "", name: str = "", comma: str = "") -> Iterator[_Line]:
    start = f'{indent}"{name}": ' if name else indent
    if isinstance(value, dict) and value:
        yield _Line((path, "{"), f"{start}{{")
        for last, (key, inner) in _with_last(value.items()):
            yield from _json(inner, f"{path}.{key}", indent=f"{indent}  ", name=key, comma="" if last else ",")
        yield _Line((path, "}"), f"{indent}}}", comma)
    elif isinstance(value, list) and value:
        yield _Line((path, "["), f"{start}[")
        for last, (number, inner) in _with_last(enumerate(value)):
            yield from _json(inner, f"{path}[{number}]", indent=f"{indent}  ", comma="" if last else ",")
        yield _Line((path, "]"), f"{indent}]", comma)
    else:
        yield _Line((path, ""), f"{start}{encode_json(value).decode('utf-8', 'backslashreplace')}", comma)


def _with_last(items: Iterable[tuple[Any, Any]]) -> Iterator[tuple[bool, tuple[Any, Any]]]:
    held = list(items)
    return ((number == len(held), one) for number, one in enumerate(held, 1))


def _one_sided(left: Sequence[_Line], right: Sequence[_Line]) -> tuple[Row, ...]:
    return (
        *(Row("same", hit=False, expected=line.shown, observed="") for line in left),
        *(Row("same", hit=False, expected="", observed=line.shown) for line in right),
    )


def _compared(left: Sequence[_Line], right: Sequence[_Line], where: str) -> Iterator[Row]:
    hits = _hits([line.key[0] for line in (*left, *right)], where)
    matcher = SequenceMatcher(None, [line.key for line in left], [line.key for line in right], autojunk=False)
    for tag, start, end, begin, stop in matcher.get_opcodes():
        if tag == "equal":
            for one, other in zip(left[start:end], right[begin:stop], strict=True):
                mark = "same" if one.text == other.text else "changed"
                yield Row(mark, mark != "same" and hits(one.key[0]), one.shown, other.shown)
            continue
        yield from (Row("gone", hits(line.key[0]), line.shown, "") for line in left[start:end])
        yield from (Row("new", hits(line.key[0]), "", line.shown) for line in right[begin:stop])


def _hits(paths: Sequence[str], where: str) -> Callable[[str], bool]:
    """Make the test whether a line is meant: exactly there, in any item of its lists, or, if that is nowhere, all."""

    def beginning(place: str, spelled: Callable[[str], str]) -> Callable[[str], bool]:
        return lambda path: f"{spelled(path)}.".startswith((f"{place}.", f"{place}["))

    wanted = (beginning(where, str), beginning(where.lower(), str), beginning(at_any_index(where), at_any_index))
    found = (one for one in wanted if where and any(map(one, paths)))
    return next(found, lambda _: True)


def _folded(rows: Sequence[Row]) -> Iterator[Row]:
    """Leave out equal lines that are far from any difference."""
    near = {
        at
        for number, row in enumerate(rows)
        if row.mark != "same"
        for at in range(number - CONTEXT, number + CONTEXT + 1)
    }
    for shown, group in groupby(enumerate(rows), key=lambda one: one[0] in near or one[0] == 0):
        lines = [row for _, row in group]
        if shown or len(lines) < CONTEXT:
            yield from lines
        else:
            text = f"… {len(lines)} equal lines"
            yield Row("fold", hit=False, expected=text, observed=text)
