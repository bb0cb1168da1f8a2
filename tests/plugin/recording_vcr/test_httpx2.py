"""Clients of httpx2 are recorded, played and checked as those of httpx are."""

from __future__ import annotations

import pytest

from pytest_graphcalls import cassette
from tests.plugin.recording_runs import CANARIES, SERVICE, RunRecording
from tests.plugin.recording_vcr.conftest import cassette_file

BOTH = """
import asyncio

from pytest_graphcalls import CheckedTransport

CALL = f"{GRAPH}/communications/calls/57dab8b1-894c-409a-b240-bd8beae78896"
HEADERS = {"Authorization": "Bearer canary-of-the-token"}


def service(request):
    if request.method == "DELETE":
        return httpx2.Response(204, content=SURPRISE)
    error = {"code": "8522", "message": "Call not found."}
    return httpx2.Response(404, json={"error": error}, headers={"Set-Cookie": "session=canary-of-the-cookie"})


def sync(transport, method):
    with httpx2.Client(transport=CheckedTransport(transport)) as client:
        return client.request(method, CALL, headers=HEADERS)


def later(transport, method):
    async def ask():
        async with httpx2.AsyncClient(transport=CheckedTransport(transport)) as client:
            return await client.request(method, CALL, headers=HEADERS)

    return asyncio.run(ask())


@pytest.mark.vcr
@pytest.mark.parametrize("ask", [sync, later])
def test_it(graphcalls, ask):
    transport = httpx2.MockTransport(service)
    assert type(answer := ask(transport, "GET")) is httpx2.Response
    assert answer.json()["error"]["code"] == "8522"
    assert ask(transport, "DELETE").status_code == 204
    assert [exchange.response.status for exchange in graphcalls.exchanges] == [404, 204]
"""
PROJECT = SERVICE.replace("httpx", "httpx2") + BOTH


def test_a_client_is_recorded_safely_and_played_offline(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """Sync and async clients are recorded; a replay sends no request, and no file holds a secret."""
    pytester.makepyfile(test_mod=f"SURPRISE = b''\n{PROJECT}")
    run_recording("--record-mode=once").assert_outcomes(passed=2)
    paths = [cassette_file(pytester, f"test_it[{name}].yaml") for name in ("sync", "later")]
    for path in paths:
        assert not [canary for canary in CANARIES if canary in path.read_text()]
        assert [row["response"]["status"]["code"] for row in cassette.opened(path).rows] == [404, 204]
    pytester.makepyfile(
        test_mod=f"SURPRISE = b''\n{PROJECT}".replace("    error =", "    assert False, 'asked'\n    error =")
    )
    run_recording("--record-mode=none", "--block-network").assert_outcomes(passed=2)


def test_a_replayed_answer_is_checked(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """An answer that breaks the contract does so from a cassette, too."""
    pytester.makepyfile(test_mod=f"SURPRISE = b''\n{PROJECT}")
    run_recording("--record-mode=once").assert_outcomes(passed=2)
    for name in ("sync", "later"):
        path = cassette_file(pytester, f"test_it[{name}].yaml")
        path.write_text(path.read_text().replace("code: 204", "code: 202"))
    pytester.makepyfile(
        test_mod=f"SURPRISE = b''\n{PROJECT}".replace("== 204", "== 202").replace("[404, 204]", "[404, 202]")
    )
    result = run_recording("--record-mode=none", "--block-network")
    result.assert_outcomes(failed=2)
    assert any("call-delete.success-is-204-empty" in line for line in result.outlines)
