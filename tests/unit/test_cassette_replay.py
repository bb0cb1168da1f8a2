"""Answering from a recording."""

from __future__ import annotations

import pytest

from pytest_graphcalls.cassette import Replay
from pytest_graphcalls.errors import UnrecordedRequestError
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

CALL = "https://graph.microsoft.com/v1.0/communications/calls/57da"
TOKEN = Headers([("Authorization", "Bearer REDACTED")])


def asked(method: str, url: str, body: bytes = b"", *, headers: Headers = TOKEN) -> Request:
    return Request(method, url, headers, body)


def replay(*pairs: tuple[Request, bytes]) -> Replay:
    exchanges = [Exchange(request, Response(200, body=body)) for request, body in pairs]
    return Replay(exchanges, "one.yaml", "pytest --record-mode=rewrite")


def test_a_repeated_get_gets_the_recorded_responses_in_order() -> None:
    """Polls are answered in the order of the recording; one more reads the last answer again."""
    service = replay(*((asked("GET", CALL), state) for state in (b"1", b"2", b"3")))
    assert [service.handle(asked("GET", CALL)).body for _ in range(5)] == [b"1", b"2", b"3", b"3", b"3"]


def test_a_request_that_changes_something_is_answered_once() -> None:
    """A second DELETE was not recorded, so its response is unknown."""
    service = replay((asked("DELETE", CALL), b""))
    service.handle(asked("DELETE", CALL))
    with pytest.raises(UnrecordedRequestError) as caught:
        service.handle(asked("DELETE", CALL))
    assert caught.value.differences == ("nothing, but it was answered already (1 recorded)",)


@pytest.mark.parametrize(
    "request_",
    [
        asked("POST", "http://127.0.0.1:8080/v1.0/communications/calls?b=2&a=1", b'{ "y": [1], "x": null }'),
        asked("POST", "/v1.0/communications/calls?a=1&b=2", b'{"x":null,"y":[1]}'),
    ],
)
def test_a_request_in_another_spelling_matches_the_recorded_one(request_: Request) -> None:
    """Host, order of parameters, and the layout of a JSON body do not count."""
    url = "https://graph.microsoft.com/v1.0/communications/calls?a=1&b=2"
    assert replay((asked("POST", url, b'{"x":null,"y":[1]}'), b"ok")).handle(request_).body == b"ok"


@pytest.mark.parametrize(
    ("request_", "differences"),
    [
        (asked("PATCH", CALL, b'{"a":1}'), ("the method (recorded 'POST', sent 'PATCH')",)),
        (
            asked("POST", f"{CALL}/x", b'{"a":1}'),
            ("the path (recorded '/v1.0/communications/calls/57da', sent '/v1.0/communications/calls/57da/x')",),
        ),
        (asked("POST", f"{CALL}?a=1", b'{"a":1}'), ("the query (recorded {}, sent {'a': '1'})",)),
        (asked("POST", CALL, b'{"a":1}', headers=Headers()), ("the token (recorded 'one', sent 'none')",)),
        (
            asked("POST", CALL, b'{"a":2,"b":[]}'),
            ("the body at $.a (recorded 1, sent 2)", "the body at $.b (recorded nothing, sent [])"),
        ),
        (asked("POST", CALL, b"no json"), ("the body (recorded b'{\"a\":1}', sent b'no json')",)),
        (
            asked("POST", CALL, b'{"b":1,"c":1,"d":1}'),
            (
                "the body at $.a (recorded 1, sent nothing)",
                "the body at $.b (recorded nothing, sent 1)",
                "the body at $.c (recorded nothing, sent 1)",
                "1 more places of the body",
            ),
        ),
    ],
)
def test_an_unrecorded_request_names_the_nearest_one_and_the_difference(
    request_: Request, differences: tuple[str, ...]
) -> None:
    """Each part that counts is compared and named."""
    service = replay(
        (asked("GET", "https://graph.microsoft.com/v1.0/users"), b""), (asked("POST", CALL, b'{"a":1}'), b"")
    )
    with pytest.raises(UnrecordedRequestError) as caught:
        service.handle(request_)
    assert caught.value.nearest == "entry 2, POST /v1.0/communications/calls/57da"
    assert caught.value.differences == differences


def test_the_message() -> None:
    """What was asked, what comes nearest, what differs, and the command that records again."""
    with pytest.raises(UnrecordedRequestError) as caught:
        replay((asked("POST", CALL), b"")).handle(asked("GET", CALL))
    assert str(caught.value) == (
        "one.yaml holds no answer to GET /v1.0/communications/calls/57da. Nearest is entry 1, POST "
        "/v1.0/communications/calls/57da; it differs in the method (recorded 'POST', sent 'GET'). "
        "Record the test again: pytest --record-mode=rewrite"
    )


def test_an_empty_recording_has_no_nearest() -> None:
    """An empty recording has nothing to compare with."""
    with pytest.raises(UnrecordedRequestError, match=r"holds no answer to GET /x\. Record the test again"):
        replay().handle(asked("GET", "https://graph.microsoft.com/x"))


def test_secrets_are_not_shown() -> None:
    """A message is read by more people than the cassette."""
    with pytest.raises(UnrecordedRequestError) as caught:
        replay((asked("POST", CALL), b"")).handle(asked("POST", CALL, b'{"clientSecret":"s3cr3t-s3cr3t"}'))
    assert "s3cr3t" not in str(caught.value)


def test_a_thousand_entries_are_found_at_once() -> None:
    """The look-up is by key, so the time grows with the recording and not with its square."""
    service = replay(*((asked("GET", f"{CALL}/{number}"), b"%d" % number) for number in range(5000)))
    assert all(service.handle(asked("GET", f"{CALL}/{number}")).body == b"%d" % number for number in range(5000))
