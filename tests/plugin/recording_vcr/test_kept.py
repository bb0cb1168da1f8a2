"""What recording does not replace."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from pytest_graphcalls import cassette
from tests.plugin.recording_runs import SERVICE, WITH_RECORDING, RunRecording
from tests.plugin.recording_vcr.conftest import cassette_file, recorded

MODES = ("once", "new_episodes", "all", "rewrite")
FAILURES = {
    "fails": "    read(client)\n    assert False\n",
    "fails before": "    assert False\n",
    "asks for nothing": "    pass\n",
    "skips": "    read(client)\n    pytest.skip('half-way')\n",
    "is expected to fail": "    read(client)\n    pytest.xfail('known')\n",
    "fails when it is taken down": "    read(client)\n    request.addfinalizer(lambda: 1 / 0)\n",
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("how", FAILURES)
def test_a_test_that_does_not_pass_changes_nothing(
    pytester: pytest.Pytester, run_recording: RunRecording, mode: str, how: str
) -> None:
    """The older cassette is byte for byte what it was, in every mode."""
    path = recorded(pytester, run_recording)
    before = path.read_bytes()
    pytester.makepyfile(test_mod=f"{SERVICE}\n\n@pytest.mark.vcr\ndef test_it(client, request):\n{FAILURES[how]}")
    run_recording(f"--record-mode={mode}")
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_failing_test_writes_no_cassette(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """Without an earlier cassette none is written."""
    pytester.makepyfile(test_mod=f"{SERVICE}\n\n@pytest.mark.vcr\ndef test_it(client):\n{FAILURES['fails']}")
    run_recording("--record-mode=once").assert_outcomes(failed=1)
    assert not cassette_file(pytester).exists()


@pytest.mark.parametrize("where", ["mark", "config", "option"])
def test_rewrite_replaces_when_the_test_passes(
    pytester: pytest.Pytester, run_recording: RunRecording, where: str
) -> None:
    """The mode may be given in any place; no interaction of the old one is kept."""
    path = recorded(pytester, run_recording)
    mark = "vcr(record_mode='rewrite')" if where == "mark" else "vcr"
    config = "@pytest.fixture\ndef vcr_config(): return {'record_mode': 'rewrite'}\n" if where == "config" else ""
    pytester.makepyfile(
        test_mod=f"{SERVICE}\n{config}\n@pytest.mark.{mark}\ndef test_it(client):\n    read(client)\n    read(client)\n"
    )
    run_recording(*(["--record-mode=rewrite"] if where == "option" else [])).assert_outcomes(passed=1)
    assert len(cassette.opened(path).rows) == 2


@pytest.mark.parametrize(("end", "status"), [("SIGINT", 2), ("SIGKILL", -9)])
def test_a_killed_run_loses_nothing(
    pytester: pytest.Pytester, run_recording: RunRecording, end: str, status: int
) -> None:
    """Ctrl-C and SIGKILL in the middle of a test that is recorded anew."""
    path = recorded(pytester, run_recording)
    before = path.read_bytes()
    head = f"{SERVICE}\nimport os, signal, time\n\n@pytest.mark.vcr\ndef test_it(client):\n"
    pytester.makepyfile(test_mod=f"{head}    read(client)\n    os.kill(os.getpid(), signal.{end})\n    time.sleep(5)\n")
    command = [sys.executable, "-m", "pytest", *WITH_RECORDING, "--record-mode=rewrite"]
    done = subprocess.run(command, cwd=pytester.path, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize(("error", "says"), [(errno.ENOSPC, "No space left on device"), (errno.EROFS, "Read-only")])
def test_a_full_or_read_only_disk(
    pytester: pytest.Pytester, run_recording: RunRecording, monkeypatch: pytest.MonkeyPatch, error: int, says: str
) -> None:
    """The test fails with one sentence; the older cassette stays."""
    path = recorded(pytester, run_recording)
    before = path.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "fsync", refuse)
    result = run_recording("--record-mode=rewrite")
    result.assert_outcomes(passed=1, errors=1)
    assert any(f"cannot be written: {says}" in line for line in result.outlines)
    assert path.read_bytes() == before


def test_two_tests_with_one_cassette_are_an_error(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """Named by hand. Two workers do not overwrite each other."""
    pytester.makepyfile(
        test_mod=SERVICE
        + """
import pathlib, time

@pytest.mark.parametrize("path", ["a/b", "a*b"])
@pytest.mark.default_cassette("one.yaml")
@pytest.mark.vcr
def test_it(client, path):
    read(client)
    # Both have begun before either ends.
    mine = pathlib.Path(f"begun-{path[1] == '/'}")
    mine.touch()
    until = time.monotonic() + 20
    while len(list(pathlib.Path().glob("begun-*"))) < 2 and time.monotonic() < until:
        time.sleep(0.02)
"""
    )
    result = run_recording("--record-mode=once", workers=2)
    result.assert_outcomes(passed=2, errors=1)
    text = "\n".join(result.outlines)
    assert "another test has written it since this one began" in text
    assert not cassette.opened(cassette_file(pytester, "one.yaml")).edited


TWO_IDS = """

@pytest.mark.vcr MODE
@pytest.mark.parametrize("name", ["a/b", "a-b"])
def test_it(client, name):
    assert read(client)["id"] == "57da"
"""


@pytest.mark.parametrize(
    ("mode", "arguments", "workers"),
    [
        ("", "--record-mode=rewrite", 0),
        ("", "--record-mode=once", 1),
        ("(record_mode='once')", "-q", 0),
    ],
)
def test_two_ids_never_lead_to_one_cassette(
    pytester: pytest.Pytester, run_recording: RunRecording, mode: str, arguments: str, workers: int
) -> None:
    """The run stops before its first test, alone and with workers, and nothing is written."""
    pytester.makepyfile(test_mod=SERVICE + TWO_IDS.replace(" MODE", mode))
    result = run_recording(arguments, workers=workers)
    assert result.ret in {pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.TESTS_FAILED}
    assert not {"passed", "failed"} & result.parseoutcomes().keys()
    shown = result.stdout.str() + result.stderr.str()
    sentence = (
        "test_mod.py::test_it[a/b] and test_it[a-b] would be recorded into one cassette, test_it[a-b].yaml, and the "
        "first one would be lost. Give one of them a different id: pytest.param(..., id=...)."
    )
    assert sentence in " ".join(shown.split())
    assert not list(pytester.path.rglob("*.yaml"))


def test_two_ids_may_replay_what_there_is(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """A replay loses nothing; a cassette that is named by hand is shared on purpose."""
    pytester.makepyfile(test_mod=SERVICE + TWO_IDS.replace(" MODE", "\n@pytest.mark.default_cassette('one.yaml')"))
    run_recording("--record-mode=new_episodes").assert_outcomes(passed=2)
    run_recording("--record-mode=none").assert_outcomes(passed=2)
