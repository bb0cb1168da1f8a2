"""What a ledger with a limit keeps of an exchange."""

from __future__ import annotations

import json

import pytest

from pytest_graphcalls.bot.excerpts import BEGINNING, WHOLE_BODY, beginning, excerpt, of_notification
from pytest_graphcalls.redaction import OF_REPORTS
from pytest_graphcalls.simulator import Faulty
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

CALLS = "https://graph.microsoft.com/v1.0/communications/calls"
LONG = "x" * 5000


def exchange(body: bytes = b"", url: str = CALLS, status: int = 201, **headers: str) -> Exchange:
    return Exchange(Request("POST", url, Headers(headers), body), Response(status, Headers({"A": "b"}), b"{}"))


def test_an_exchange_of_usual_size_is_kept_as_it_is() -> None:
    """An exchange that was refused for its content is kept, too."""
    for status in (201, 400, 403, 404):
        one = exchange(b"x" * WHOLE_BODY, status=status, Authorization="Bearer " + "x" * 2000)
        assert excerpt(one).exchange == one
        assert excerpt(one).request_length is None


def test_a_long_body_is_cut_and_its_length_known() -> None:
    """What is kept is JSON with whole members."""
    body = json.dumps({"callbackUri": "https://b", "pad": ["y"] * 9, "z": "x" * WHOLE_BODY}).encode()
    kept = excerpt(exchange(body))
    assert json.loads(kept.exchange.request.body) == {"callbackUri": "https://b", "pad": ["y"] * 9}
    assert (kept.request_length, kept.response_length) == (len(body), None)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "b", "secret": "TOP',
        b'{"a": "b,c", "d": [{"secret": "TO\\"P,',
        b'[1, {"secret": "TOP SECRET, TOP',
        b"a=b&client_secret=TOP",
        b"client_secret=TOP",
        b"TOP",
        b'{"a": "\\\\", "b": "TOP',
    ],
)
def test_no_half_of_a_value_is_kept(body: bytes) -> None:
    """A secret is recognised as a whole only."""
    assert b"TO" not in beginning(body)


@pytest.mark.parametrize("body", [b'{"a": 1, "b": [true, "c"]}', b'[{"a": {"b": "c,d"}}, 2]', b"[" * 500, b'{"a": "'])
def test_the_beginning_of_json_is_json_wherever_it_is_cut(body: bytes) -> None:
    """Every open list and object is closed."""
    for length in range(1, len(body) + 1):
        json.loads(beginning(body[:length]))


def test_a_cut_body_is_redacted_by_its_members() -> None:
    """A cut body is redacted like a whole one."""
    body = json.dumps({"client_secret": "hush-hush-hush", "pad": "x" * WHOLE_BODY}).encode()
    safe = OF_REPORTS.exchange(excerpt(exchange(body, Content_Type="application/json")).exchange)
    assert b"hush" not in safe.request.body
    assert b"client_secret" in safe.request.body


@pytest.mark.parametrize(
    ("url", "status"),
    [(CALLS, 401), (f"{CALLS}/57da/nope", 400), ("https://graph.microsoft.com/v1.0/me", 400), (f"{CALLS}/{LONG}", 404)],
)
def test_a_request_of_an_unknown_caller_is_kept_as_one_line(url: str, status: int) -> None:
    """Method, address and status."""
    kept = excerpt(exchange(b"x" * 99, url, status, Cookie="x")).exchange
    assert (kept.request.headers.pairs, kept.request.body) == ((), b"")
    assert (kept.response.status, kept.response.headers.pairs, kept.response.body) == (status, (), b"")
    assert len(kept.request.url) < 260
    assert kept.request.url.startswith(CALLS[:32])


def test_long_addresses_and_headers_say_how_long_they_were() -> None:
    """Long addresses are kept without query, long headers without value."""
    kept = excerpt(exchange(url=f"{CALLS}?token={LONG}", X_Long=LONG, X_Short="a")).exchange.request
    assert kept.url == f"{CALLS}/...({len(CALLS) + 5007:,}-characters)"
    assert list(kept.headers.pairs) == [("X_Long", "(5,000 characters)"), ("X_Short", "a")]


def test_an_answer_that_a_fault_has_spoilt_stays_one() -> None:
    """The ledger says whether it arrived."""
    one = exchange(status=401)
    spoilt = Faulty(401, Headers(), b"{}", sent=-1)
    kept = excerpt(Exchange(one.request, spoilt)).exchange.response
    assert isinstance(kept, Faulty)
    assert kept.sent == -1


def test_the_body_of_a_notification_is_kept_unless_it_is_very_long() -> None:
    """Of a very long body the length is kept."""
    body = {"value": [{"resource": "x"}]}
    assert of_notification(body)[0] is body
    assert of_notification({"value": ["x" * 200_000]})[0] == {"value": [], "length": 200_014}
    assert BEGINNING < WHOLE_BODY
