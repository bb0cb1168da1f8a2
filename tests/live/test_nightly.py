"""A night in a tenant."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

import pytest

from pytest_graphcalls import leakscan
from pytest_graphcalls.drift import Outcome
from pytest_graphcalls.drift.compare import ALREADY_PRESENT
from pytest_graphcalls.nightly import NightSettings, Subprocess, promote, run_night
from pytest_graphcalls.nightly.workspace import remove_abandoned
from tests.few import only
from tests.live.conftest import Tenant, facts, guid, ini
from tests.live.endings import until


@pytest.fixture
def ring() -> float:
    """Long enough to withdraw an invitation, however busy the machine is: who was quicker would seem to be drift."""
    return 0.4


def test_a_night_in_a_tenant_and_the_next_one(
    tenant: Tenant, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other ids of one tenant are no drift; no real id is in what is written, and no call is left.

    An organizer who was invited in the first night cannot be taken out, and is no drift either.
    """
    here = tmp_path_factory.mktemp("project")
    monkeypatch.chdir(here)
    for name, text in only("test_participant_invite:phone", "test_participant_delete", "test_call_get").items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("GRAPHCALLS_ROOT", tenant.url)
    Path("pytest.ini").write_text(ini(tenant.id, facts(tenant.id)))
    settings = NightSettings("live", versions=("v1.0",), workers="0")
    first = run_night(settings, Subprocess())
    assert (first.verdict.outcome, first.problem) == (Outcome.NO_DRIFT, ""), first.verdict
    assert first.verdict.night.latency["participant-invite@v1.0"].count > 5
    promote(settings.out / "cassettes", settings.baseline)
    second = run_night(settings, Subprocess())
    differences = "\n".join(
        f"{one.difference} {one.places} {one.status} {one.repeated}" for one in second.verdict.entries
    )
    assert (second.verdict.outcome, differences, second.problem) == (Outcome.NO_DRIFT, "", "")
    assert [one.subject.partition("::")[2] for one in second.verdict.unchecked if ALREADY_PRESENT in one.reason] == [
        "test_question_organizer@v1.0"
    ]
    assert "from simulator" in second.verdict.baseline  # what answers there says so itself
    real = (tenant.id, *tenant.variables.values(), *map(guid, range(1, 9)), "+15550123")
    leaks = [leak for path in (settings.out, settings.history) for leak in leakscan.scan(path, known=real)]
    # The page names the digests of its own style and script, which look random.
    assert [leak for leak in leaks if not leak.file.endswith("report.html") or leak.kind == "secret of this run"] == []
    assert tenant.open_calls() == []


def test_a_suite_does_not_outlive_its_night(tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL of ``graphcalls nightly`` in the middle of a call: its suite hangs up, and ends as well.

    What it has worked in goes with the next night.
    """
    (tmp_path / "waiting.py").write_text(WAITING)
    (tmp_path / "temporary").mkdir()
    (tmp_path / "pytest.ini").write_text(ini(tenant.id, facts(tenant.id)))
    few = only("test_application_post_calls")
    variables = {
        **few,
        "TMPDIR": str(tmp_path / "temporary"),
        "GRAPHCALLS_ROOT": tenant.url,
        "PYTHONPATH": os.pathsep.join((few["PYTHONPATH"], str(tmp_path))),
        "PYTEST_PLUGINS": f"{few['PYTEST_PLUGINS']},waiting",
    }
    night = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "nightly", "--version", "v1.0", "--workers", "0"],
        cwd=tmp_path,
        env={**os.environ, **variables},
        stderr=subprocess.DEVNULL,
    )
    try:
        assert until(lambda: (tmp_path / "lock").exists() and bool(tenant.open_calls()))
        monkeypatch.setattr(tempfile, "tempdir", variables["TMPDIR"])
        (folder,) = Path(variables["TMPDIR"]).glob("graphcalls-nightly-*")
        assert remove_abandoned() == ()
    finally:
        night.kill()
        night.wait()
    with (tmp_path / "lock").open() as lock:
        assert until(lambda: is_free(lock))
    assert tenant.open_calls() == []
    assert [*tmp_path.glob(".graphcalls/ledger/*.jsonl")] == []
    assert until(lambda: folder in remove_abandoned() or not folder.exists())


COMMAND = "import sys; from pytest_graphcalls.cli import main; sys.exit(main())"
WAITING = """
import fcntl, time
import pytest

LOCK = open("lock", "w")
fcntl.flock(LOCK, fcntl.LOCK_EX)

@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    result = yield
    if "calling_one_person" in item.name:
        time.sleep(600)
    return result
"""
"""A plugin that holds a lock as long as its process lives, and never ends a test in which a call goes on."""


def is_free(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
