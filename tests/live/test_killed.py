"""The open calls of a killed run are known, and a sweep ends them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_graphcalls.cli import command
from pytest_graphcalls.wire import Request
from tests.live.conftest import Tenant, guid, ledger
from tests.live.endings import SOON, WAITS, Start, is_create, sweep, until
from tests.live.projects import HEAD, ONE_CALL


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


def test_after_a_kill_at_any_moment_a_sweep_knows_every_call(
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
        tenant.simulator.advance(46 * 60)  # as the sweep has printed: the service ends it by then
        assert tenant.open_calls() == []


def test_a_request_without_an_answer_is_reported(
    pytester: pytest.Pytester, started: Start, tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    """The id of such a call is unknown, so it cannot be hung up; the sweep says until when it may go on."""
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
    """The sweep sends no token to an address that only the ledger knows."""
    pytester.makepyfile(WAITS)
    process = started("--graphcalls-version=v1.0")
    assert until(lambda: len(tenant.people_in_meetings()) == 1)
    process.kill()
    process.communicate()
    folder = str(pytester.path / ".graphcalls" / "ledger")
    seen = len(tenant.requests)
    assert command.main(["sweep", "--ledger", folder]) == 1
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
    assert command.main(["sweep", "--ledger", str(tmp_path / "nowhere")]) == 2
    assert "expected the ledger folder of a live run" in capsys.readouterr().err


def test_after_a_good_run_there_is_no_process_and_no_file(
    pytester: pytest.Pytester, started: Start, tenant: Tenant
) -> None:
    """A live run does not load the simulator: it does not know who answers."""
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
