"""Expected and observed, side by side: the difference stands out, what always differs does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_graphcalls.drift import Sample
from pytest_graphcalls.report.nightly.sides import LONGEST_LINE, MOST_LINES, Row, sides
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response


def exchange(body: Any, status: int = 200, **headers: str) -> Exchange:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(
        Request("GET", "https://graph.microsoft.com/v1.0/communications/calls/7"),
        Response(status, Headers(headers), text),
    )


def rows(expected: Any, observed: Any, where: str = "") -> list[Row]:
    return [row for row in sides(Sample(observed, expected, where)).rows if row.mark not in {"same", "fold"}]


def test_a_missing_member_stands_alone_on_its_side() -> None:
    """The difference is about this line."""
    found = rows(exchange({"id": "a", "state": "x"}), exchange({"id": "a"}), "$.state")
    assert found == [Row("gone", hit=True, expected='  "state": "x"', observed="")]


def test_another_id_differs_and_is_not_meant() -> None:
    """What the difference is about is marked; what differs every night is not."""
    found = rows(exchange({"id": "a", "state": "x"}), exchange({"id": "b", "state": "y"}), "$.state")
    assert [(row.mark, row.hit, row.observed) for row in found] == [
        ("changed", False, '  "id": "b",'),
        ("changed", True, '  "state": "y"'),
    ]


def test_a_place_in_a_list_is_found_with_and_without_its_number() -> None:
    """A fingerprint's place has no index."""
    old, new = exchange({"value": [{"a": 1}, {"a": 2}]}), exchange({"value": [{"a": 1}, {"a": 3}]})
    for where in ("$.value[1].a", "$.value[].a"):
        assert [(row.hit, row.observed) for row in rows(old, new, where)] == [(True, '      "a": 3')]


@pytest.mark.parametrize("where", ["Retry-After", "retry-after"])
def test_a_header_is_found_by_its_name(where: str) -> None:
    """A header is found in any letter case."""
    found = rows(exchange({}, **{"Retry-After": "3", "Date": "a"}), exchange({}, Date="b"), where)
    assert [(row.mark, row.hit) for row in found] == [("changed", False), ("gone", True)]


def test_a_status_is_found_by_its_word() -> None:
    """The status is the first line of a side."""
    (found,) = rows(exchange({}), exchange({}, status=202), "status")
    assert found == Row("changed", hit=True, expected="HTTP 200", observed="HTTP 202")


def test_without_a_place_all_different_lines_are_marked() -> None:
    """Without a named place there is no other way to decide."""
    assert all(row.hit for row in rows(exchange({"a": 1}), exchange({"a": 2, "b": 1})))


def test_equal_lines_far_from_a_difference_are_folded() -> None:
    """Three lines around a difference are shown."""
    old = {f"m{number:02}": number for number in range(40)}
    found = sides(Sample(exchange({**old, "m20": -1}), exchange(old), "$.m20")).rows
    assert [row.expected for row in found if row.mark == "fold"] == ["… 19 equal lines", "… 17 equal lines"]
    assert len(found) == 10


def test_a_body_that_is_no_json_is_shown_as_lines() -> None:
    """The whole body can be read then."""
    (found,) = rows(exchange(b"one\ntwo"), exchange(b"one\n<html>"), "$")
    assert (found.expected, found.observed) == ("two", "<html>")


def test_notifications_are_compared_by_their_envelope() -> None:
    """What was posted, and where to."""
    one, other = (Notification("https://bot.example/cb", {"value": [{"state": state}]}) for state in ("a", "b"))
    laid_out = sides(Sample(other, one, "$.value[0].state"))
    assert laid_out.title == "notification to https://bot.example/cb"
    assert [row.observed for row in laid_out.rows if row.hit] == ['      "state": "b"']
    assert laid_out.curl.startswith("curl -X POST https://bot.example/cb")


def test_a_side_that_is_not_there_is_left_empty() -> None:
    """A new exchange has nothing to be compared with."""
    laid_out = sides(Sample(exchange({"a": 1}), None))
    assert (laid_out.has_expected, laid_out.has_observed) == (False, True)
    assert {row.expected for row in laid_out.rows} == {""}


def test_a_huge_body_is_cut() -> None:
    """A page stays a page."""
    huge = exchange({"text": "x" * 10_000, **{f"m{number}": number for number in range(1_000)}})
    laid_out = sides(Sample(huge, None))
    assert len(laid_out.rows) == MOST_LINES
    assert max(len(row.observed) for row in laid_out.rows) == LONGEST_LINE + 1
