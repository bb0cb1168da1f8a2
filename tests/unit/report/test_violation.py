"""The message of a failing test, line by line."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.findings import Finding, Kind, Severity, Side
from pytest_graphcalls.report.failure import LONGEST_BODY, answered, curl, messages
from pytest_graphcalls.session import FindingStatus, Seen
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

CALL = "https://graph.microsoft.com/v1.0/communications/calls/57da"
SECRET = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
PAGE = "https://learn.microsoft.com/graph/api/call-reject?view=graph-rest-1.0"

REQUEST = Request(
    "POST",
    f"{CALL}/reject",
    Headers(
        {
            "Host": "graph.microsoft.com",
            "User-Agent": "mine",
            "Accept": "*/*",
            "authorization": f"Bearer {SECRET}",
            "content-type": "application/json",
        }
    ),
    b'{"reason":"it\'s late"}',
)
RESPONSE = Response(
    400,
    Headers({"Date": "Thu, 01 Jan 2026 00:00:00 GMT", "request-id": "aaaa-bbbb"}),
    b'{"error":{"code":"8523","message":"Invalid request."}}',
)
FINDING = Finding(
    Kind.ENUM_UNKNOWN,
    Severity.VIOLATION,
    Side.REQUEST,
    "call-reject",
    "v1.0",
    "$.reason",
    "none, busy or forbidden",
    'the text "it\'s late"',
    "call-reject.reasons-are-none-busy-forbidden",
    PAGE,
)


def message(*findings: Finding) -> list[str]:
    """The lines about ``findings`` in the second of three exchanges."""
    exchanges = [Exchange(Request("GET", CALL), Response(200)), Exchange(REQUEST, RESPONSE)]
    seen = [Seen(one, 1, FindingStatus.FAILS) for one in findings]
    (text,) = messages(seen, [*exchanges, exchanges[0]], Contract.packaged(), {})
    return text.splitlines()


def test_the_message_says_everything_once() -> None:
    """Operation, rule, where, expected, got, page, next step, exchange, answer, and what support asks for."""
    rule = Contract.packaged().rule("call-reject.reasons-are-none-busy-forbidden")
    assert message(FINDING) == [
        "graphcalls: request breaks call-reject.reasons-are-none-busy-forbidden (v1.0)",
        "  operation call-reject",
        f"  rule      {rule.says}",
        "  where     $.reason",
        "  expected  none, busy or forbidden",
        '  got       the text "it\'s late"',
        f"  page      {PAGE}",
        "  next      fix the request; if it is wrong on purpose, send it in "
        'graphcalls.expect_violation("reasons-are-none-busy-forbidden").',
        "  exchange  2 of 3",
        f"    curl -X POST {CALL}/reject \\",
        "      -H 'Authorization: Bearer REDACTED' \\",
        "      -H 'Content-Type: application/json' \\",
        """      --data '{"reason":"it'"'"'s late"}'""",
        "    answered 400 8523: Invalid request.; request-id aaaa-bbbb; date Thu, 01 Jan 2026 00:00:00 GMT",
    ]


def test_several_findings_of_one_exchange_share_it() -> None:
    """The exchange is shown once, after all that is wrong with it."""
    lines = message(FINDING, replace(FINDING, where="$.callbackUri"))
    assert [line for line in lines if line.startswith("  where")] == [
        "  where     $.reason",
        "  where     $.callbackUri",
    ]
    assert sum("curl" in line for line in lines) == 1


def test_exchanges_have_a_message_each() -> None:
    """Messages are in the order of the exchanges."""
    exchanges = [Exchange(REQUEST, RESPONSE)] * 2
    seen = [Seen(replace(FINDING, where="$"), 1, FindingStatus.FAILS), Seen(FINDING, 0, FindingStatus.FAILS)]
    first, second = messages(seen, exchanges, Contract.packaged(), {})
    assert "exchange  1 of 2" in first
    assert "exchange  2 of 2" in second


def test_a_repeated_finding_is_shown_once() -> None:
    """Where it came up first, with the numbers of all exchanges; what came up later only, has a message of its own."""
    exchanges = [Exchange(REQUEST, RESPONSE)] * 3
    seen = [Seen(FINDING, number, FindingStatus.FAILS) for number in (0, 2, 2)]
    seen.append(Seen(replace(FINDING, where="$"), 2, FindingStatus.FAILS))
    first, second = messages(seen, exchanges, Contract.packaged(), {})
    assert "  times     3 (exchanges 1, 3)" in first
    assert "exchange  3 of 3" in second
    assert "times" not in second


@pytest.mark.parametrize(
    ("facts", "headline"),
    [
        ({"rule": ""}, "graphcalls: request breaks call-reject (v1.0)"),
        ({"rule": "", "operation": ""}, "graphcalls: request breaks the calls API (v1.0)"),
        ({"rule": "", "operation": "", "version": ""}, "graphcalls: request breaks the calls API"),
        (
            {"severity": Severity.NOTICE, "side": Side.RESPONSE, "rule": ""},
            "graphcalls: response departs, under strict, from call-reject (v1.0)",
        ),
    ],
)
def test_the_headline_names_the_closest_thing_known(facts: dict[str, object], headline: str) -> None:
    """The rule, else the operation, else the API as a whole."""
    assert message(replace(FINDING, **facts))[0] == headline  # type: ignore[arg-type]  # the table above has the types


def test_an_unknown_fact_has_no_line() -> None:
    """No empty rule, page or next step."""
    bare = replace(FINDING, side=Side.RESPONSE, rule="", page="", operation="")
    names = [line.split()[0] for line in message(bare)[1:5]]
    assert names == ["where", "expected", "got", "exchange"]


def test_a_hint_is_the_next_step() -> None:
    """What the check knows better is said instead of the general advice."""
    assert "  next      Did you mean reject?" in message(replace(FINDING, hint="Did you mean reject?"))


def test_curl_is_a_command_that_a_shell_reads_back() -> None:
    """Quoting survives quotes; the client's own headers are left out."""
    words = shlex.split(" ".join(line.removesuffix("\\") for line in curl(REQUEST)))
    assert words == [
        *("curl", "-X", "POST", f"{CALL}/reject"),
        *("-H", f"Authorization: Bearer {SECRET}"),
        *("-H", "Content-Type: application/json"),
        *("--data", '{"reason":"it\'s late"}'),
    ]


def test_a_long_body_is_cut() -> None:
    """A screen is no place for a megabyte."""
    text = "".join(curl(replace(REQUEST, body=b"x" * 1_000_000)))
    assert len(text) < LONGEST_BODY + 500
    assert "x… (1,000,000 bytes in all)" in text


@pytest.mark.parametrize(
    ("response", "line"),
    [
        (Response(204), "answered 204"),
        (Response(500, body=b"<html>"), "answered 500"),
        (Response(202, Headers({"request-id": "r"})), "answered 202; request-id r"),
    ],
)
def test_an_answer_fits_a_line(response: Response, line: str) -> None:
    """Whatever it was."""
    assert answered(response) == line
