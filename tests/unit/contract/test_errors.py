"""The error catalogue, and error answers in all their forms."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_graphcalls.contract import Contract, parse_error
from pytest_graphcalls.wire import Response, encode_json

INNER = {"date": "2026-01-01T00:00:00", "request-id": "r", "client-request-id": "c"}


def parsed(body: Any, status: int = 403) -> tuple[str, str, str] | None:
    error = parse_error(Response(status, body=body if isinstance(body, bytes) else encode_json(body)))
    return error and (error.code, error.message, error.envelope)


def test_a_flat_envelope_is_read() -> None:
    """Code and message stand where they are expected."""
    body = {"error": {"code": "7505", "message": "Request authorization tenant mismatch.", "innerError": INNER}}
    assert parsed(body) == ("7505", "Request authorization tenant mismatch.", "flat")


@pytest.mark.parametrize("name", ["innerError", "innererror", "INNERERROR"])
def test_the_inner_error_is_found_in_any_letter_case(name: str) -> None:
    """The documentation spells it in two ways."""
    error = parse_error(
        Response(404, body=encode_json({"error": {"code": "a", "message": "b", name: {"Request-Id": "r"}}}))
    )
    assert error is not None
    assert error.inner == {"request-id": "r"}


@pytest.mark.parametrize(
    "wrapped",
    [
        {"errorCode": "7503", "message": "m", "instanceAnnotations": []},
        {"code": "7503", "message": "m", "target": None, "innerError": None},
        {"Code": "7503", "Message": "m"},
    ],
)
def test_a_wrapped_envelope_is_opened(wrapped: dict[str, Any]) -> None:
    """The platform's error is JSON text inside the gateway's message, under names that changed over the years."""
    body = {"error": {"code": "UnknownError", "message": json.dumps(wrapped), "innerError": INNER}}
    assert parsed(body) == ("7503", "m", "wrapped")


def test_a_bare_envelope_is_read() -> None:
    """The platform behind the gateway omits innerError."""
    assert parsed({"error": {"code": "8522", "message": "Call not found."}}) == ("8522", "Call not found.", "bare")


def test_an_envelope_with_details_is_read() -> None:
    """The gateway answers a body that it does not take with an empty code, and the same once more as a detail."""
    error = {"code": "", "message": "The input was not valid."}
    assert parsed({"error": {**error, "details": [error]}}, 400) == ("", "The input was not valid.", "detailed")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"oops",
        b"[]",
        {"error": "deleted"},
        {"error": {"code": 8522, "message": "m"}},
        {"error": {"code": "a"}},
        b"{" * 2000,
    ],
)
def test_anything_else_is_no_error_answer(body: Any) -> None:
    """A body of another shape is no error answer."""
    assert parsed(body) is None


def test_a_message_that_only_looks_like_json_stays_a_message() -> None:
    """A brace alone does not make an envelope."""
    assert parsed({"error": {"code": "a", "message": "{broken", "innerError": INNER}}) == ("a", "{broken", "flat")


def test_a_code_finds_its_rows() -> None:
    """One code may stand for several answers."""
    rows = Contract.packaged().errors.by_code("8522")
    assert {row.status for row in rows} == {404}
    assert "call-not-found" in {row.name for row in rows}


def test_a_code_of_the_sign_in_finds_its_row() -> None:
    """Of two rows with the same code the error decides (observed 8.3, 8.4); an unknown code has none."""
    errors = Contract.packaged().errors
    found = {error: errors.by_signin_code("AADSTS90002", error) for error in ("invalid_tenant", "invalid_request", "x")}
    assert {error: row.name for error, row in found.items() if row} == {
        "invalid_tenant": "tenant-not-found-at-discovery",
        "invalid_request": "tenant-not-found",
        "x": "tenant-not-found",
    }
    assert errors.by_signin_code("AADSTS1") is None


@pytest.mark.parametrize("name", sorted(Contract.packaged().errors.signin))
def test_every_row_of_the_sign_in_says_what_to_look_at(name: str) -> None:
    """A setting, a remedy, a public source."""
    row = Contract.packaged().errors.signin[name]
    assert row.setting
    assert row.remedy.endswith(".")
    assert "https://" in row.source


@pytest.mark.parametrize("name", sorted(Contract.packaged().errors.responses))
def test_every_row_says_what_to_do(name: str) -> None:
    """A catalogue that only names errors would not help."""
    row = Contract.packaged().errors.responses[name]
    assert row.meaning
    assert row.cause
    assert row.remedy
    assert row.status in Contract.packaged().errors.statuses
