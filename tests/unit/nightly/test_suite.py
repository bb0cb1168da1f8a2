"""The arguments of a run of the suite, and the files that are read after it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.nightly import Subprocess, SuiteRequest, SuiteRun, suite
from pytest_graphcalls.nightly.recordings import recorded
from pytest_graphcalls.nightly.settings import Repetition, number, target_of, workers_of
from pytest_graphcalls.nightly.suite import counted


def order(folder: Path, **facts: object) -> SuiteRequest:
    return SuiteRequest(folder, "simulator", ("v1.0", "beta"), **facts)  # type: ignore[arg-type]  # tests name them


def test_pytest_options_of_a_project_do_not_shorten_a_night(tmp_path: Path) -> None:
    """``-x`` in addopts, or in the environment, is left out; what the project says of a sandbox stays."""
    words = order(tmp_path).arguments()
    assert "addopts=" in words
    left = order(tmp_path).prepare({"PYTEST_ADDOPTS": "-x", "GRAPHCALLS_SANDBOX_PHONE": "+49", "PATH": "/bin"})
    assert set(left) == {
        "GRAPHCALLS_SANDBOX_PHONE",
        "PATH",
        "GRAPHCALLS_NIGHTLY_PROGRESS",
        "GRAPHCALLS_NIGHTLY_ROOM",
        "GRAPHCALLS_NIGHTLY_TESTS",
    }


def test_workers_are_handed_to_xdist(tmp_path: Path) -> None:
    """0 keeps it out."""
    assert order(tmp_path, workers="auto").arguments()[-10:].count("-n") == 0
    words = order(tmp_path, workers="3").arguments()
    assert words[words.index("-n") + 1] == "3"
    assert "no:xdist" in order(tmp_path, workers="0").arguments()


def test_tests_to_be_run_again_are_named_in_a_file(tmp_path: Path) -> None:
    """Two modules may have tests of one name, which pytest would take for one."""
    names = ("test_a.py::test_one[v1.0]", "test_b.py::test_one[v1.0]")
    left = order(tmp_path, tests=names).prepare({})
    assert Path(left["GRAPHCALLS_NIGHTLY_TESTS"]).read_text().splitlines() == list(names)


@pytest.mark.parametrize(
    ("nodeid", "name"),
    [
        ("test_a.py::test_one[v1.0]", "contracts/test_a.py::test_one@v1.0"),
        ("../site/contracts/test_a.py::test_one[v1.0-meeting]", "contracts/test_a.py::test_one[meeting]@v1.0"),
        ("test_a.py::test_one[meeting-v1.0]", "contracts/test_a.py::test_one[meeting]@v1.0"),
        ("contracts\\test_a.py::TestX::test_one[v1.0]", "contracts/test_a.py::TestX.test_one@v1.0"),
    ],
)
def test_a_test_is_found_in_its_recording(nodeid: str, name: str) -> None:
    """Wherever pytest was run."""
    assert recorded(nodeid, "v1.0") == name


def test_a_run_that_ended_has_its_report(tmp_path: Path) -> None:
    """Failing tests are no failing run."""
    one = order(tmp_path)
    one.report.write_text('{"tests": []}')
    assert SuiteRun.of(one, 1, "1 failed") == SuiteRun(one, {"tests": []})


@pytest.mark.parametrize(
    ("status", "screen", "problem"),
    [
        (4, "usage\nERROR: no tenant is listed\n", "pytest ended with status 4: no tenant is listed"),
        (3, "INTERNALERROR> boom\nrest", "pytest ended with status 3: INTERNALERROR> boom"),
        (5, "\n  no tests ran  \n", "pytest ended with status 5: no tests ran"),
        (-9, "", "pytest ended with status -9: it printed nothing"),
        (0, "1 passed", "the suite has left no report that can be read ("),
    ],
)
def test_a_run_that_did_not_end_says_why(tmp_path: Path, status: int, screen: str, problem: str) -> None:
    """From what pytest printed."""
    ran = SuiteRun.of(order(tmp_path), status, screen)
    assert ran.report is None
    assert ran.problem.startswith(problem)


def test_why_a_run_was_stopped_comes_first(tmp_path: Path) -> None:
    """The plugin knows the reason; it is masked."""
    one = order(tmp_path)
    one.report.write_text("{}")
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
    one.progress.write_text(json.dumps({"stopped": f"no token: {token}"}) + "\n")
    ran = SuiteRun.of(one, 1, "")
    assert ran.report is None
    assert ran.problem.startswith("no token: ")
    assert token not in ran.problem


def test_progress_is_read_while_it_is_written(tmp_path: Path) -> None:
    """The last line may be half of one."""
    file = tmp_path / "progress.jsonl"
    assert counted(file) == (0, 0)
    file.write_text('{"total": 12}\n{"done": 1}\n{"done": 2}\n{"do')
    assert counted(file) == (2, 12)


def test_a_run_that_is_stopped_can_hang_up_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is interrupted once, by us: Ctrl-C of a terminal does not reach it as well. Then it is killed."""
    script = tmp_path / "suite.py"
    script.write_text(
        "import os, pathlib, sys, time\n"
        f"here = pathlib.Path({str(tmp_path)!r})\n"
        "(here / 'started').write_text(f'{os.getpid()} {os.getpgrp()}\\n')\n"
        "sys.stdin.read()\n"
        "(here / 'hung-up').touch()\n"
        "while True:\n"
        "    time.sleep(0.05)\n"
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}"\n')  # which may lie in a folder with blanks
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    wait = subprocess.Popen.wait

    def until_it_hung_up(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        if timeout is None:
            return wait(process)
        assert timeout == suite._KILLED_AFTER
        while not (tmp_path / "hung-up").exists():
            time.sleep(0.01)
        raise subprocess.TimeoutExpired([], timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", until_it_hung_up)
    (tmp_path / "run").mkdir()
    started = tmp_path / "started"

    def ctrl_c(_done: int, _total: int) -> None:
        while not (started.exists() and started.read_text().endswith("\n")):
            time.sleep(0.05)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Subprocess().run(order(tmp_path / "run"), ctrl_c)
    assert (tmp_path / "hung-up").exists()
    pid, group = map(int, started.read_text().split())
    assert group == pid != os.getpgrp()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("text", ["3/2", "0/2", "two of three", "2"])
def test_a_repetition_that_is_none_says_so(text: str) -> None:
    """How often of how many."""
    with pytest.raises(SettingError, match="expected how often of how many runs, such as 2/3"):
        Repetition.of("--confirm", text)
    assert Repetition.of("--confirm", "3/5") == Repetition(3, 5)


def test_the_choice_of_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """The word, else the variable, else a live tenant; recordings are no target."""
    assert target_of(None, {}) == "live"
    assert target_of(None, {"GRAPHCALLS_TARGET": "simulator"}) == "simulator"
    assert target_of("http://127.0.0.1:1/v1.0", {"GRAPHCALLS_TARGET": "simulator"}) == "http://127.0.0.1:1"
    with pytest.raises(SettingError, match="Recordings say the same every night"):
        target_of("replay", {})


def test_numbers_are_validated() -> None:
    """Processes and nights."""
    assert (workers_of("--workers", "auto"), workers_of("--workers", "02"), number("--keep", "7")) == ("auto", "2", 7)
    with pytest.raises(SettingError, match="expected auto, or a number of processes; 0 for one without pytest-xdist"):
        workers_of("--workers", "many")
    with pytest.raises(SettingError, match="expected a whole number, 1 or more"):
        number("--keep", "0")
