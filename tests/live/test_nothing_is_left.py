"""Whatever happens to a run, no call of it goes on."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import pytest

from pytest_graphcalls.wire import Request
from tests.live.conftest import Run, Tenant, guid, ledger, platform_error
from tests.live.endings import NOTES_SIGNALS, SOON, WAITS, Start, is_create, sweep, until
from tests.live.projects import HEAD, ONE_CALL, OWN, TWO_CALLS_THEN


@pytest.mark.parametrize(
    "then",
    ["pass", "assert 0", "raise OSError('x')", "pytest.skip('x')", "pytest.fail('x')"],
    ids=["passes", "fails", "raises", "skips", "gives up"],
)
def test_no_call_is_left_after_a_test_that(pytester: pytest.Pytester, run: Run, tenant: Tenant, then: str) -> None:
    """The stage hangs up; the meeting is as empty as before, and the ledger removed."""
    pytester.makepyfile(f"{TWO_CALLS_THEN}\n    {then}\n")
    run("--graphcalls-version=v1.0")
    assert len(tenant.calls()) == 2
    assert tenant.open_calls() == []
    assert tenant.people_in_meetings() == []
    assert ledger(pytester) == []


def test_a_user_left_in_a_meeting_by_another_run_does_not_matter(
    pytester: pytest.Pytester, run: Run, tenant: Tenant
) -> None:
    """Users whom tests invite are removed before a test begins, too."""
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
        conference = tenant.simulator.store.calls[call].conference
        tenant.simulator.acting.enter(conference, tenant.simulator.people.identity(guid(1)))
    assert tenant.people_in_meetings() == [guid(1)]
    run("--graphcalls-version=v1.0").assert_outcomes(passed=1, deselected=1)
    assert tenant.people_in_meetings() == []


def test_calls_of_a_projects_own_tests_are_hung_up(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """Calls made without a stage, by a sync or an async client, are hung up."""
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
    """A fault at teardown fails no test, and no call is kept."""
    faults = iter([500] * 2)
    tenant.answers(
        lambda request: request.method == "DELETE",
        lambda: platform_error(500, "9999", "Unknown internal server error.") if next(faults, None) else None,
    )
    pytester.makepyfile(ONE_CALL)
    run("--graphcalls-version=v1.0").assert_outcomes(passed=1, deselected=1)
    assert tenant.open_calls() == []
    assert ledger(pytester) == []


def test_a_call_that_cannot_be_hung_up_fails_the_run_and_is_reported(
    pytester: pytest.Pytester, run: Run, tenant: Tenant
) -> None:
    """The report has the command that ends the call once the service permits it."""
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_hangs_up(
    pytester: pytest.Pytester, started: Start, tenant: Tenant, number: signal.Signals
) -> None:
    """Ctrl-C, and the signal that cancels a job."""
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
    """Between the request and its answer the call has no id, without which it cannot be hung up."""
    made, go_on = threading.Event(), threading.Event()

    def slowly(request: Request, proceed: Callable[[Request], object]) -> object:
        answer = proceed(request)
        if is_create(request):
            made.set()
            # The lock of the tenant is held here, and no other thread needs it.
            go_on.wait(SOON)
        return answer

    tenant.simulator.intercept(slowly)
    pytester.makeconftest(NOTES_SIGNALS)
    pytester.makepyfile(WAITS)
    process = started("--graphcalls-version=v1.0")
    assert made.wait(SOON)
    process.send_signal(number)
    assert until((pytester.path / "deferred").exists)
    assert process.poll() is None
    go_on.set()
    text, _ = process.communicate(timeout=SOON)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, text
    assert len(tenant.calls()) == 1
    assert tenant.open_calls() == []
    assert ledger(pytester) == []


def test_an_interrupted_run_with_a_worker_hangs_up(pytester: pytest.Pytester, started: Start, tenant: Tenant) -> None:
    """Ctrl-C reaches the worker as well; what it could not end its controller does."""
    pytester.makepyfile(WAITS)
    process = started("-n", "1")
    assert until(lambda: len(tenant.open_calls()) >= 2)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=SOON)
    assert len(tenant.calls()) >= 2
    assert tenant.open_calls() == []
    assert ledger(pytester) == []


def test_the_calls_of_a_worker_that_died_are_hung_up(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """The controller hangs them up when the run ends."""
    pytester.makepyfile(f"{TWO_CALLS_THEN}\n    os.kill(os.getpid(), signal.SIGKILL)\n")
    result = run("--graphcalls-version=v1.0", "--max-worker-restart=0", workers=1)
    assert result.ret != pytest.ExitCode.OK
    assert "graphcalls: calls that the run had left open: 2 hung up." in result.outlines
    assert len(tenant.calls()) == 2
    assert tenant.open_calls() == []
    assert ledger(pytester) == []
