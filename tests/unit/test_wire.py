"""Values in transit: JSON with limits, headers without letter case, paths and queries."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from pytest_graphcalls.wire import (
    MAX_DEPTH,
    Headers,
    MalformedJsonError,
    Notification,
    Request,
    Response,
    decode_json,
    encode_json,
    path_segments,
)
from tests.effort import examples

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff", "is not UTF-8 (byte 0)"),
        (b'{"a": }', "is not JSON (Expecting value at character 6)"),
        (b"", "is not JSON (Expecting value at character 0)"),
        (b'{"a": NaN}', "holds NaN, which JSON does not know"),
        (b"[" * 2000 + b"]" * 2000, f"is nested deeper than {MAX_DEPTH} levels"),
        (b'{"a":' * 100_000, f"is nested deeper than {MAX_DEPTH} levels"),
        (b"9" * 5000, "holds a number that is too long to read"),
    ],
)
def test_a_body_that_cannot_be_read_says_why(body: bytes, reason: str) -> None:
    """Every way in which a body is no JSON text ends in one exception with a reason."""
    with pytest.raises(MalformedJsonError) as caught:
        decode_json(body)
    assert caught.value.reason == reason


def test_brackets_inside_texts_do_not_count_as_depth() -> None:
    """Depth is what nests, not what is quoted."""
    value = {"text": "[{" * 500 + '\\"'}
    assert decode_json(json.dumps(value).encode()) == value


def test_a_flat_body_with_many_brackets_is_read() -> None:
    """Many siblings are not deep."""
    value: list[Any] = [{} for _ in range(1000)]
    assert decode_json(encode_json(value)) == value


def test_a_byte_order_mark_is_passed_over() -> None:
    """Some clients on Windows send one."""
    assert decode_json(b"\xef\xbb\xbf{}") == {}


@examples(100)
@given(VALUES)
def test_written_json_is_read_again(value: Any) -> None:
    """Encoding and decoding are inverse."""
    assert decode_json(encode_json(value)) == json.loads(json.dumps(value))


@examples(100)
@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused(body: bytes) -> None:
    """No input leads to any other exception."""
    with suppress(MalformedJsonError):
        decode_json(body)


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        (
            "https://graph.microsoft.com/v1.0/communications/calls?$select=id%2Cstate#x",
            "/v1.0/communications/calls",
            {"$select": "id,state"},
        ),
        ("https://graph.microsoft.com", "/", {}),
        ("https://graph.microsoft.com?a=1", "/", {"a": "1"}),
        ("/v1.0/x?next=https://h/y&e=", "/v1.0/x", {"next": "https://h/y", "e": ""}),
        ("/a%20b", "/a%20b", {}),
    ],
)
def test_a_url_has_a_path_and_a_query(url: str, path: str, query: dict[str, str]) -> None:
    """The path stays as sent, the query is decoded; a URL may be absolute or not."""
    request = Request("GET", url)
    assert (request.path, request.query) == (path, query)


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("/a//b/", ["a", "b"]),
        ("/calls('7')/reject", ["calls", "7", "reject"]),
        ("/calls('it''s')", ["calls", "it's"]),
        ("/('7')", ["('7')"]),
        ("/a%2Fb", ["a/b"]),
    ],
)
def test_a_path_is_split_into_decoded_segments(path: str, segments: list[str]) -> None:
    """A key may stand in parentheses; an encoded slash does not split."""
    assert path_segments(path) == segments


def test_headers_have_no_letter_case_and_keep_their_order() -> None:
    """The first of equal names counts; the wire order stays."""
    headers = Headers([("Content-Type", "a"), ("X", "1"), ("content-type", "b")])
    assert headers["CONTENT-TYPE"] == "a"
    assert headers.get("missing") is None
    assert headers.get("missing", "d") == "d"
    assert len(headers) == 2
    assert list(headers.with_("x", "2").pairs) == [("Content-Type", "a"), ("content-type", "b"), ("x", "2")]
    assert hash(headers) == hash(Headers(headers.pairs))


def test_a_notification_holds_its_entries() -> None:
    """Several notifications may come in one envelope."""
    assert Notification("https://bot", {"value": [{"changeType": "created"}]}).entries == ({"changeType": "created"},)


def test_half_a_surrogate_pair_is_written_as_an_escape() -> None:
    """UTF-8 has no bytes for it; what is written can be read again, and is the same."""
    value = {"name": "\ud83d", "city": "Köln"}
    assert decode_json(encode_json(value)) == value
    assert encode_json({"city": "Köln"}) == '{"city":"Köln"}'.encode()


@pytest.mark.parametrize("given", [{"Content-Type": "text/plain"}, [("Content-Type", "text/plain")]])
def test_headers_are_taken_in_any_form(given: Any) -> None:
    """As a mapping, or in pairs: those of any framework, without a conversion in the test."""
    wanted = Headers({"Content-Type": "text/plain"})
    for message in (Request("GET", "/", given, b""), Response(200, given, b""), Notification("/", {}, headers=given)):
        assert message.headers == wanted
        assert message.headers["content-type"] == "text/plain"
    assert replace(Response(200), headers=given).headers == wanted
    assert Request("GET", "/", given) == Request("GET", "/", wanted)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:09 GMT", "Date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 9.0),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:09 -0000", "Date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 9.0),
        ({"Retry-After": "Sun, 22 Nov 2026 09:00:00 GMT", "Date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:09 GMT"}, None),
    ],
)
def test_an_answer_says_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    """By a number, or by a date that counts from the date of the answer; from the present where it has none."""
    assert Response(429, headers).retry_after() == seconds
    dated = "Retry-After" in headers and "Date" not in headers and "GMT" in headers["Retry-After"]
    present = datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert Response(429, headers).retry_after(present) == (9.0 if dated else seconds)
