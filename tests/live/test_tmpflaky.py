"""Whatever happens to a run, no call of it goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_graphcalls import cli
from pytest_graphcalls.wire import Request
from tests.live.conftest import Run, Tenant, guid, ledger, platform_error
from tests.live.projects import HEAD, ONE_CALL, OWN, TWO_CALLS_THEN

Start = Callable[..., "subprocess.Popen[str]"]
WAITS = f"{TWO_CALLS_THEN}\n    time.sleep(60)\n"
SOON = 20.0
"""Seconds within which a process does what it was started for."""


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + SOON
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def is_create(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("/communications/calls")


@pytest.mark.parametrize(
    "then",
    ["pass", "assert 0", "raise OSError('x')", "pytest.skip('x')", "pytest.fail('x')"],
    ids=["passes", "fails", "raises", "skips", "gives up"],
)
def test_after_a_test_that(pytester: pytest.Pytester, run: Run, tenant: Tenant, then: str) -> None:
    """The stage hangs up; the meeting is as empty as before, and the ledger gone."""
    pytester.makepyfile(f"{TWO_CALLS_THEN}\n    {then}\n")
    run("--graphcalls-version=v1.0")
    assert len(tenant.calls()) == 2
    assert tenant.open_calls() == []
    assert tenant.people_in_meetings() == []
    assert ledger(pytester) == []


def test_somebody_left_in_a_meeting_by_another_run_does_not_matter(
    pytester: pytest.Pytester, run: Run, tenant: Tenant
) -> None:
    """Whom tests invite is taken out before a test begins, too."""
    pytester.makepyfile(
        f"""{HEAD}
@CREATED
def test_call(graphcalls_stage):
    call = graphcalls_stage.meeting_call(people=0)
    assert not call.has(graphcalls_stage.person())
"""
    )
    run("--graphcalls-version=v1.0").assert_outcomes(passed=1, deselected=1)
    (call,) = tenant.calls()
    with tenant.simulator.lock:
        tenant.simulator.stage._admit(
            tenant.simulator.store.calls[call].conference, tenant.simulator.people.identity(guid(1))
        )
    assert tenant.people_in_meetings() == [guid(1)]
    run("--graphcalls-version=v1.0").assert_outcomes(passed=1, deselected=1)
    assert tenant.people_in_meetings() == []


def test_calls_of_a_projects_own_tests_are_hung_up(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """Also without a stage, by a sync or an async client."""
    pytester.makepyfile(
        f"""import asyncio
{HEAD}{OWN}
def test_sync(graphcalls_client):
    assert graphcalls_client.post("/communications/calls", json=BODY).status_code == 201

def test_async(graphcalls_async_client):
    async def create():
        async with graphcalls_async_client as client:
            return await client.post("/communications/calls", json=BODY)

    assert asyncio.run(create()).status_code == 201
"""
    )
    run().assert_outcomes(passed=2)
    assert len(tenant.calls()) == 2
    assert tenant.open_calls() == []
    assert ledger(pytester) == []


def test_a_hang_up_that_fails_is_tried_again_at_the_end(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """A fault at teardown fails no test, and leaves no call."""
    faults = iter([500] * 2)
    tenant.answers(
        lambda request: request.method == "DELETE",
        lambda: platform_error(500, "9999", "Unknown internal server error.") if next(faults, None) else None,
    )
    pytester.makepyfile(ONE_CALL)
    run("--graphcalls-version=v1.0").assert_outcomes(passed=1, deselected=1)
    assert tenant.open_calls() == []
    assert ledger(pytester) == []


def test_what_cannot_be_hung_up_fails_the_run_and_is_told(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """With the command that ends it once the service lets us."""
    refusing = [True]
    tenant.answers(
        lambda request: request.method == "DELETE",
        lambda: platform_error(403, "7504", "Insufficient enterprise tenant permissions.") if refusing[0] else None,
    )
    pytester.makepyfile(ONE_CALL)
    result = run("--graphcalls-version=v1.0")
    assert result.parseoutcomes()["passed"] == 1
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    folder = pytester.path / ".graphcalls" / "ledger"
    assert f"graphcalls: calls still open: 1. End them with: graphcalls sweep --ledger {folder}" in result.outlines
    assert len(ledger(pytester)) == len(tenant.open_calls()) == 1
    refusing[0] = False
    assert sweep(tenant, folder) == 0
    assert tenant.open_calls() == []


def sweep(tenant: Tenant, folder: Path) -> int:
    return cli.main(["sweep", "--ledger", str(folder), "--root", tenant.url])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_hangs_up(
    pytester: pytest.Pytester, started: Start, tenant: Tenant, number: signal.Signals
) -> None:
    """Ctrl-C, and what whoever cancels a job sends."""
    pytester.makepyfile(WAITS)
    process = started("--graphcalls-version=v1.0")
    assert until(lambda: len(tenant.people_in_meetings()) == 1)
    assert len(tenant.open_calls()) == 2
    process.send_signal(number)
    text, _ = process.communicate(timeout=SOON)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, text
    assert tenant.open_calls() == []
    assert ledger(pytester) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_a_call_is_being_made_waits_for_it(
    pytester: pytest.Pytester, started: Start, tenant: Tenant, number: signal.Signals
) -> None:
    """Between the request and its answer the call has no id that anybody could hang up."""
    made, go_on = threading.Event(), threading.Event()

    def slowly(request: Request, proceed: Callable[[Request], object]) -> object:
        answer = proceed(request)
        if is_create(request):
            made.set()
            # The lock of the tenant is held here, and nobody else wants it.
            go_on.wait(SOON)
        return answer

    tenant.simulator.intercept(slowly)
    pytester.makepyfile(WAITS)
    process = started("--graphcalls-version=v1.0")
    assert made.wait(SOON)
    process.send_signal(number)
    time.sleep(0.3)
    assert process.poll() is None
    go_on.set()
    text, _ = process.communicate(timeout=SOON)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, text
    assert len(tenant.calls()) == 1
    assert tenant.open_calls() == []
    assert ledger(pytester) == []


def test_an_interrupted_run_with_workers_hangs_up(pytester: pytest.Pytester, started: Start, tenant: Tenant) -> None:
    """Ctrl-C reaches the workers as well; what they could not end their controller does."""
    pytester.makepyfile(WAITS)
    process = started("-n", "2")
    assert until(lambda: len(tenant.people_in_meetings()) >= 2)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=SOON)
    assert len(tenant.calls()) >= 3
    assert tenant.open_calls() == []
    assert ledger(pytester) == []


def test_the_calls_of_a_worker_that_died_are_hung_up(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """By the controller, when the run ends."""
    pytester.makepyfile(f"{TWO_CALLS_THEN}\n    os.kill(os.getpid(), signal.SIGKILL)\n")
    result = run("--graphcalls-version=v1.0", "--max-worker-restart=0", workers=1)
    assert result.ret != pytest.ExitCode.OK
    assert "graphcalls: calls that the run had left open: 2 hung up." in result.outlines
    assert len(tenant.calls()) == 2
    assert tenant.open_calls() == []
    assert ledger(pytester) == []


# --- killed ----------------------------------------------------------------------------------------------------------


def test_after_a_kill_a_sweep_ends_everything(
    pytester: pytest.Pytester, started: Start, tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGKILL in the middle: the calls go on, the ledger knows them, and after a sweep there is none."""
    pytester.makepyfile(WAITS)
    process = started("--graphcalls-version=v1.0")
    assert until(lambda: len(tenant.people_in_meetings()) == 1)
    process.kill()
    process.communicate()
    assert len(tenant.open_calls()) == 2
    folder = pytester.path / ".graphcalls" / "ledger"
    assert sweep(tenant, folder) == 0
    assert tenant.open_calls() == []
    assert ledger(pytester) == []
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(line.endswith("hung up") for line in lines)
    assert sweep(tenant, folder) == 0
    assert capsys.readouterr().out == f"Nothing is open in {folder}.\n"


def test_a_kill_at_any_moment_leaves_nothing_that_a_sweep_does_not_know(
    pytester: pytest.Pytester, started: Start, tenant: Tenant
) -> None:
    """A run that makes call after call, killed after more and more of them; between request and answer, too."""
    pytester.makepyfile(
        f"""{HEAD}
USER = {{"identity": {{"user": {{"id": "{guid(1)}"}}}}}}

@CREATED
def test_calls(graphcalls_stage):
    for _ in range(500):
        graphcalls_stage.create(targets=[USER])
"""
    )
    folder = pytester.path / ".graphcalls" / "ledger"
    for more in (1, 4, 9, 17):
        before = len(tenant.calls())
        process = started("--graphcalls-version=v1.0")
        assert until(lambda enough=before + more: len(tenant.calls()) >= enough)
        process.kill()
        process.communicate()
        unanswered = sweep(tenant, folder)
        assert len(tenant.open_calls()) <= unanswered <= 1
        tenant.simulator.advance(46 * 60)  # what the sweep has told: the service ends it by then
        assert tenant.open_calls() == []


def test_a_request_whose_answer_never_came_is_told(
    pytester: pytest.Pytester, started: Start, tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody knows its id, so nobody can hang it up; the sweep says until when it may go on."""
    made, go_on = threading.Event(), threading.Event()

    def slowly(request: Request, proceed: Callable[[Request], object]) -> object:
        answer = proceed(request)
        if is_create(request):
            made.set()
            go_on.wait(SOON)
        return answer

    tenant.simulator.intercept(slowly)
    pytester.makepyfile(WAITS)
    process = started("--graphcalls-version=v1.0")
    assert made.wait(SOON)
    process.kill()
    process.communicate()
    go_on.set()
    assert sweep(tenant, pytester.path / ".graphcalls" / "ledger") == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert "was never answered; if a call came of it, the service ends it by " in line
    assert len(ledger(pytester)) == 1


def test_a_sweep_in_another_tenant_touches_nothing(
    pytester: pytest.Pytester, started: Start, tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor does it send a token to an address that only the ledger knows."""
    pytester.makepyfile(WAITS)
    process = started("--graphcalls-version=v1.0", "-v", "-s", "--log-cli-level=DEBUG")
    if not until(lambda: len(tenant.people_in_meetings()) == 1):
        process.send_signal(2)
        print(process.communicate()[0]); print([(r.method, r.url) for r in tenant.requests])
        assert 0
    process.kill()
    process.communicate()
    folder = str(pytester.path / ".graphcalls" / "ledger")
    seen = len(tenant.requests)
    assert cli.main(["sweep", "--ledger", folder]) == 1
    assert "which is not below https://graph.microsoft.com (see --cloud and --root)" in capsys.readouterr().out
    assert len(tenant.requests) == seen
    assert len(tenant.open_calls()) == 2


def test_a_sweep_without_variables_says_what_is_missing(
    pytester: pytest.Pytester, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only when there is something to sweep."""
    folder = pytester.path / "ledger"
    folder.mkdir()
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    assert sweep(tenant, folder) == 0
    entries = ('{"event":"intend","at":"2026-11-22T10:00:00+00:00","intent":"1","url":"u","tenant":"t"}', "")
    made = '{"event":"created","at":"2026-11-22T10:00:00+00:00","intent":"1","call":"a","url":"u"}\n'
    (folder / "x.jsonl").write_text("\n".join(entries) + made)
    assert sweep(tenant, folder) == 2
    assert "AZURE_CLIENT_SECRET=(not set): expected" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A slip of the pen is no clean tenant."""
    assert cli.main(["sweep", "--ledger", str(tmp_path / "nowhere")]) == 2
    assert "expected a folder that a live run has made" in capsys.readouterr().err


def test_a_run_that_went_well_leaves_no_process_and_no_file(
    pytester: pytest.Pytester, started: Start, tenant: Tenant
) -> None:
    """Nor does it load the simulator: it does not know who answers."""
    pytester.makeconftest(
        """
        import sys

        def pytest_unconfigure(config):
            print("LOADED", sorted(name for name in sys.modules if name.startswith("pytest_graphcalls.simulator")))
        """
    )
    pytester.makepyfile(ONE_CALL)
    process = started("-s")
    text, _ = process.communicate(timeout=SOON)
    assert process.returncode == 0, text
    assert "LOADED []" in text
    assert ledger(pytester) == []
