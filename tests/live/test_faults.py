"""What a live run says when the service, the network or a test fails."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain, repeat

import pytest

from pytest_graphcalls.plugin import live
from pytest_graphcalls.wire import Headers, Request, Response
from tests.live.conftest import Run, Tenant, facts, ini, platform_error
from tests.live.projects import HEAD, INVITE, ONE_CALL, OWN, P2P

INVITES = f"""{HEAD}
@INVITED
def test_invite(graphcalls_stage):
    call = graphcalls_stage.meeting_call(people=0)
    assert call.invite(graphcalls_stage.person().entry()).status_code == 200
"""


def is_invite(request: Request) -> bool:
    return request.path.endswith("/participants/invite")


def answering(tenant: Tenant, *answers: Response | None) -> None:
    """Answer invites by ``answers``, the last of them for ever; ``None`` is the tenant's own answer."""
    each: Iterator[Response | None] = chain(answers, repeat(answers[-1]))
    tenant.answers(is_invite, lambda: next(each))


NOT_NOW = Response(429, Headers({"Retry-After": "0", "request-id": "5d0e8a1c"}))
HTML = Response(502, Headers({"Content-Type": "text/html"}), b"<html>bad gateway</html>")


def test_retry_after_is_honoured(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """The test sees the answer that comes in the end, and its rule is held."""
    answering(tenant, NOT_NOW, NOT_NOW, None)
    pytester.makepyfile(INVITES)
    run("--graphcalls-version=v1.0").assert_outcomes(passed=1, deselected=1)
    assert sum(map(is_invite, tenant.requests)) == 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            platform_error(500, "9999", "Unknown internal server error."),
            "was answered 500 9999 Unknown internal server error (request-id 5d0e8a1c, date Sun, 22 Nov 2026 10:00:00 "
            "GMT). This proves nothing about the contract; run it again.",
        ),
        (NOT_NOW, "was answered 429 (request-id 5d0e8a1c). This proves nothing about the contract; run it again."),
        (HTML, "was answered 502. This proves nothing about the contract; run it again."),
    ],
    ids=["500/9999", "429 for ever", "gateway"],
)
def test_a_fault_of_the_service_breaks_no_rule(
    pytester: pytest.Pytester, run: Run, tenant: Tenant, answer: Response, reason: str
) -> None:
    """A fault is counted apart, on the screen and in the reports, with the facts that support asks for."""
    answering(tenant, answer)
    pytester.makepyfile(INVITES)
    result = run("--graphcalls-version=v1.0", "--graphcalls-report=report.json", "--graphcalls-report=report.md")
    result.assert_outcomes(skipped=1, deselected=1)
    assert result.ret == pytest.ExitCode.OK
    (line,) = [line for line in result.outlines if line.startswith("could not check, ")]
    assert line.startswith(f"could not check, {INVITE} (v1.0): POST /v1.0/communications/calls/")
    assert line.endswith(reason)
    assert any(line.startswith("rules: 0 held, 0 broken, ") and "1 could not check" in line for line in result.outlines)
    report = json.loads((pytester.path / "report.json").read_text())
    (row,) = [row for row in report["rules"] if row["id"] == INVITE and row["version"] == "v1.0"]
    assert (row["status"], row["findings"]) == ("could-not-check", [])
    assert (report["summary"]["could_not_check"], report["summary"]["broken"]) == (1, 0)
    assert "1 could not be checked" in (pytester.path / "report.md").read_text()


def test_a_fault_before_the_rule_is_judged_is_one_as_well(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """The steps that a test needs but does not judge are no different."""
    tenant.answers(
        lambda request: request.method == "POST", lambda: platform_error(500, "9999", "Unknown internal server error.")
    )
    pytester.makepyfile(INVITES)
    result = run("--graphcalls-version=v1.0")
    assert any(
        line.startswith(f"could not check, {INVITE} (v1.0): POST /v1.0/communications/calls was")
        for line in result.outlines
    )


def test_a_network_that_fails_breaks_no_rule(
    pytester: pytest.Pytester, run: Run, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test could not check after all allowed attempts."""
    pytester.makeconftest(
        """
        import httpx
        import pytest
        import pytest_graphcalls.clients.network as ours

        @pytest.fixture(autouse=True)
        def broken(monkeypatch, request):
            whole = ours._Shared.handle_request

            def cut(self, asked):
                if "/participants/invite" in str(asked.url):
                    raise httpx.ReadError("connection reset", request=asked)
                return whole(self, asked)

            monkeypatch.setattr(ours._Shared, "handle_request", cut)
        """
    )
    pytester.makepyfile(INVITES)
    result = run("--graphcalls-version=v1.0")
    result.assert_outcomes(skipped=1, deselected=1)
    (line,) = [line for line in result.outlines if line.startswith("could not check, ")]
    assert "got no answer: ReadError: connection reset." in line
    assert tenant.open_calls() == []


def test_a_broken_rule_is_still_broken(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """The failure shows the last exchanges, the ids that support asks for, what the code means, and the doctor."""
    answering(tenant, platform_error(403, "7503", "Application is not registered in our store."))
    pytester.makepyfile(INVITES)
    result = run("--graphcalls-version=v1.0")
    assert result.parseoutcomes()["failed"] == 1
    text = "\n".join(result.outlines)
    section = text[text.index("graphcalls live") :]
    assert (
        "answered 403 7503: Application is not registered in our store.; request-id 5d0e8a1c; date Sun, 22" in section
    )
    assert "Teams" in section.partition("7503")[2]  # what the catalogue says to that code
    assert "'graphcalls doctor' looks at the token" in section
    assert tenant.variables["AZURE_CLIENT_SECRET"] not in text
    assert not any(request.headers["Authorization"] in text for request in tenant.requests if is_invite(request))


def test_a_projects_own_test_sees_the_fault_itself(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """A project may test how its bot handles a fault."""
    tenant.answers(
        lambda request: request.method == "POST", lambda: platform_error(500, "9999", "Unknown internal server error.")
    )
    pytester.makepyfile(
        f"""{HEAD}{OWN}
def test_it(graphcalls_client):
    assert graphcalls_client.post("/communications/calls", json=BODY).status_code == 500
"""
    )
    run().assert_outcomes(passed=1)


def test_a_rule_that_one_of_its_tests_could_not_check_is_not_held(
    pytester: pytest.Pytester, run: Run, tenant: Tenant
) -> None:
    """A rule is not held when one of its tests could not check."""
    answering(tenant, HTML, None)
    pytester.makepyfile(f"{INVITES}\n@INVITED\ndef test_more(graphcalls_stage):\n    test_invite(graphcalls_stage)\n")
    result = run("--graphcalls-version=v1.0")
    result.assert_outcomes(passed=1, skipped=1, deselected=2)
    assert any(line.split() == [INVITE, "could", "not", "check", "documented"] for line in result.outlines)


def test_the_budget_ends_the_calls_and_not_the_run(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """What comes after it is not checked, and says which setting would."""
    pytester.makepyfile(
        f"""{HEAD}
@CREATED
@pytest.mark.parametrize("number", range(4))
def test_call(graphcalls_stage, number): graphcalls_stage.peer_to_peer_call()
"""
    )
    result = run("-rs", "--graphcalls-version=v1.0", "--graphcalls-budget=3")
    result.assert_outcomes(passed=3, skipped=1, deselected=4)
    assert len(tenant.calls()) == 3
    assert any("the budget of 3 calls is spent. See graphcalls_budget." in line for line in result.outlines)


def test_workers_share_the_budget(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """Workers share the users of the sandbox, too: no two of them use the same ones."""
    pytester.makepyfile(
        f"""{HEAD}
@CREATED
@pytest.mark.parametrize("number", range(6))
def test_call(graphcalls_stage, number): graphcalls_stage.peer_to_peer_call()
"""
    )
    result = run("--graphcalls-version=v1.0", "--graphcalls-budget=4", workers=2)
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] <= 4
    assert len(tenant.calls()) == outcomes["passed"]


def test_long_runs_say_how_far_they_are(
    pytester: pytest.Pytester, run: Run, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every half a minute; here at once."""
    monkeypatch.setattr(live, "PROGRESS_EVERY", 0.0)
    pytester.makepyfile(ONE_CALL)
    for workers in (0, 1):
        result = run("-q", workers=workers)
        assert any(
            re.search(r"graphcalls: 2 of 2 tests, \d+:\d\d min, 0 calls open$", line) for line in result.outlines
        )


def test_a_ledger_that_cannot_be_written_makes_no_call(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """No call is created that could not be found again."""
    (pytester.path / "file").write_text("")
    pytester.makefile(".ini", pytest=ini(tenant.id, facts(tenant.id), "graphcalls_ledger = file/ledger"))
    pytester.makepyfile(ONE_CALL)
    result = run("--graphcalls-version=v1.0")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert tenant.calls() == []
    assert "No call is created that is not recorded first." in "\n".join((*result.outlines, *result.errlines))


def test_a_disk_that_fills_up_breaks_no_rule(
    pytester: pytest.Pytester, run: Run, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the disk is full no more calls are created, and the service is not blamed."""
    pytester.makepyfile(
        f"""{ONE_CALL}
@CREATED
def test_on_a_full_disk(graphcalls_stage, monkeypatch):
    def full(*_): raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "write", full)
    graphcalls_stage.peer_to_peer_call()
"""
    )
    result = run("--graphcalls-version=v1.0")
    result.assert_outcomes(passed=1, skipped=1, deselected=2)
    assert len(tenant.calls()) == 1
    (line,) = [line for line in result.outlines if line.startswith("could not check, ")]
    assert "No space left on device" in line


def test_the_reason_travels_from_workers(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """The table is the same."""
    answering(tenant, HTML)
    pytester.makepyfile(INVITES)
    result = run("--graphcalls-version=v1.0", workers=1)
    assert any(line.startswith(f"could not check, {INVITE} (v1.0): ") for line in result.outlines)
    assert P2P not in "\n".join(line for line in result.outlines if "could not" in line)
