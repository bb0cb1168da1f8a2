"""Recordings that are old, edited or of another contract are reported."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.few import suite
from tests.plugin.recording_runs import RunRecording
from tests.plugin.replay.conftest import ENDING, FEW, READING, SHIPPED, cassette_files


def aged(path: Path, days: int) -> None:
    """Make a cassette older."""
    when = f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    path.write_text(re.sub(r"recorded: '.*'", f"recorded: '{when}'", path.read_text(), count=1))


@pytest.fixture
def old_cassette(pytester: pytest.Pytester) -> Path:
    """Three of the shipped cassettes, as a project's own; one of them is 181 days old."""
    for name in (READING, ENDING):
        shutil.copytree(SHIPPED / "v1.0" / name, pytester.path / "cassettes" / "v1.0" / name)
    for path in cassette_files(pytester):
        aged(path, 180)
    (old,) = [path for path in cassette_files(pytester) if "hanging_up" in path.name]
    aged(old, 181)
    return old


REPLAY = (*FEW, "--graphcalls-target=replay", "--graphcalls-version=v1.0")
STRICT = "--graphcalls-strict-cassettes"


def warning(pytester: pytest.Pytester, old_cassette: Path) -> str:
    """The line of a run about the cassette that is too old."""
    path = old_cassette.relative_to(pytester.path)
    return f"cassettes older than 180 days: {path}; record them again (--record-mode=rewrite)"


def test_an_old_cassette_is_a_warning(
    pytester: pytest.Pytester, run_recording: RunRecording, old_cassette: Path
) -> None:
    """Locally; with --graphcalls-strict-cassettes the run fails."""
    result = run_recording(*REPLAY)
    assert result.ret == pytest.ExitCode.OK
    assert warning(pytester, old_cassette) in result.outlines
    strict = run_recording(*REPLAY, STRICT)
    assert strict.ret == pytest.ExitCode.TESTS_FAILED
    assert warning(pytester, old_cassette) in strict.outlines
    assert run_recording(*REPLAY, STRICT, "--graphcalls-cassette-days=181").ret == pytest.ExitCode.OK


def test_workers_report_an_old_cassette(
    pytester: pytest.Pytester, run_recording: RunRecording, old_cassette: Path
) -> None:
    """The controller says it, and fails the run."""
    strict = run_recording(*REPLAY, STRICT, workers=1)
    assert strict.ret == pytest.ExitCode.TESTS_FAILED
    assert warning(pytester, old_cassette) in strict.outlines


def test_only_played_cassettes_count(run_recording: RunRecording, old_cassette: Path) -> None:
    """A run of other tests (-k) says nothing about it."""
    assert old_cassette.exists()
    result = run_recording(*REPLAY, STRICT, "-k", "call_get")
    assert result.ret == pytest.ExitCode.OK
    assert not any("older than" in line for line in result.outlines)


def test_the_age_is_an_ini_key_too(pytester: pytest.Pytester, run_recording: RunRecording, old_cassette: Path) -> None:
    """graphcalls_cassette_days."""
    pytester.makeini("[pytest]\ngraphcalls_cassette_days = 10\ngraphcalls_strict_cassettes = true\n")
    result = run_recording(*suite(READING), "--graphcalls-target=replay", "--graphcalls-version=v1.0")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert any(line.startswith("cassettes older than 10 days: ") for line in result.outlines)


@pytest.mark.parametrize("value", ["0", "-3", "soon"])
def test_a_wrong_age(run_recording: RunRecording, value: str) -> None:
    """Named with what was expected."""
    result = run_recording(f"--graphcalls-cassette-days={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: --graphcalls-cassette-days={value}: expected a number of days, 1 or more." in result.errlines


def test_another_revision_of_the_contract(
    pytester: pytest.Pytester, run_recording: RunRecording, old_cassette: Path
) -> None:
    """The revision is reported, and no test fails."""
    old_cassette.write_text(
        re.sub(r"(    [a-z]+-[a-z-]+): [0-9a-f]{12}", r"\1: abcdef", old_cassette.read_text(), count=1)
    )
    result = run_recording(*REPLAY)
    assert result.ret == pytest.ExitCode.OK
    path = old_cassette.relative_to(pytester.path)
    assert f"cassettes recorded for another revision of the contract: {path}" in result.outlines
