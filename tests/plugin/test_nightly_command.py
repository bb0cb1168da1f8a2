"""``graphcalls nightly`` with the suite in a process of its own: a few modules of it, as many as a test needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_graphcalls.cli import main
from pytest_graphcalls.nightly import Subprocess, SuiteRequest
from pytest_graphcalls.simulator import Simulator
from tests.few import only

READING, ENDING = "test_call_get", "test_call_delete"
ONE = "test_call_get.py::test_a_call_that_was_created_can_be_read[v1.0]"
NAMED = "test_a_call_that_was_created_can_be_read.yaml"


Nightly = Callable[..., tuple[int, str, str]]


@pytest.fixture
def nightly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Nightly:
    """Run the command in an empty folder: its exit code, what it printed, and what it said on the way."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, **variables: str) -> tuple[int, str, str]:
        for name, text in {**only(READING), **variables}.items():
            monkeypatch.setenv(name, text)
        return (main(["nightly", "--version", "v1.0", *words]), *capsys.readouterr())

    return run


def test_a_night_in_several_processes(nightly: Nightly, tmp_path: Path) -> None:
    """Two modules on the simulator, in a worker: no drift, every test recorded, no escape codes in the log.

    What the project has in its addopts, ``-x -k nothing``, does not cut the night short.
    """
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -x -k nothing\n")
    few = only(READING, ENDING)
    code, out, said = nightly("--target", "simulator", "--workers", "1", **few, PYTEST_ADDOPTS="--nonsense")
    assert (code, out.splitlines()[0]) == (0, "No drift."), said
    assert sorted(path.name for path in (tmp_path / "graphcalls-nightly").iterdir()) == [
        *("cassettes", "junit.xml", "report.html", "summary.md", "verdict.json", "verdict.sarif"),
    ]
    recorded = list((tmp_path / "graphcalls-nightly" / "cassettes").rglob("*.yaml"))
    assert f"  {len(recorded)}/{len(recorded)} tests" in said.splitlines()
    assert {path.parent.name for path in recorded} == {READING, ENDING}
    assert "\x1b" not in said + out
    assert "\r" not in said


def test_a_server_that_does_not_answer_is_not_checked(nightly: Nightly) -> None:
    """Exit code 3, with the sentence that pytest would give."""
    code, out, _ = nightly("--target", "http://127.0.0.1:9", "--workers", "0")
    assert code == 3, out
    why = "the whole run: --graphcalls-target=http://127.0.0.1:9: expected a server that answers."
    assert why in " ".join(out.split())


def test_a_sign_in_that_fails_is_not_checked(nightly: Nightly, served: tuple[str, Simulator]) -> None:
    """A token that the server does not take breaks no rule, in a worker either."""
    code, out, _ = nightly("--target", served[0], "--workers", "1", GRAPHCALLS_TOKEN="expired")
    assert code == 3, out
    assert "GRAPHCALLS_TOKEN=(not shown): expected a bearer token that" in " ".join(out.split())


def test_settings_that_pytest_refuses_are_not_checked(nightly: Nightly) -> None:
    """A live run that no project allows."""
    code, out, _ = nightly("--workers", "0")
    assert code == 3, out
    assert "the whole run: pytest ended with status 4: " in out


def test_only_the_tests_concerned_are_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeated tests are chosen by name, and the progress can be followed."""
    monkeypatch.chdir(tmp_path)
    for name, text in only(READING, ENDING).items():
        monkeypatch.setenv(name, text)
    (tmp_path / "2").mkdir()
    progress: list[tuple[int, int]] = []
    ran = Subprocess().run(
        SuiteRequest(tmp_path / "2", "simulator", ("v1.0",), (ONE,)), lambda done, total: progress.append((done, total))
    )
    assert ran.report is not None, ran.problem
    assert [test["nodeid"] for test in ran.report["tests"]] == [ONE]
    assert [path.name for path in ran.request.cassettes.rglob("*.yaml")] == [NAMED]
    assert progress[-1] == (1, 1)
    assert progress[0] == (0, 0)
