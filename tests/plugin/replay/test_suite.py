"""Recording the packaged suite over HTTP, and replaying it offline."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.few import suite
from tests.plugin.recording_runs import RunRecording, once
from tests.plugin.replay.conftest import ENDING, FEW, cassette_files

REPLAY = ("--graphcalls-target=replay", "--graphcalls-version=v1.0")
HANGING_UP = "v1.0/test_call_delete/test_hanging_up_is_answered_with_204_and_nothing.yaml"


@pytest.fixture
def recorded(pytester: pytest.Pytester, run_recording: RunRecording, to_server: tuple[str, ...]) -> list[Path]:
    """The cassettes of a few tests, in both versions."""
    return once(FEW, pytester.path / "cassettes", lambda: run_recording(*FEW, *to_server))


def test_a_run_is_recorded_and_replayed(
    pytester: pytest.Pytester, run_recording: RunRecording, to_server: tuple[str, ...], workers: int
) -> None:
    """A replay, with or without workers, has the verdict of the recorded run, with the network blocked."""
    result = run_recording(*FEW, *to_server, "--graphcalls-report=recorded.json", workers=workers)
    passed = result.parseoutcomes()["passed"]
    assert passed > 2
    files = cassette_files(pytester)
    assert len(files) == passed
    layout = {file.relative_to(pytester.path / "cassettes").parts[:2] for file in files}
    assert layout >= {("v1.0", "test_call_get"), ("beta", "test_call_get"), ("v1.0", "test_call_delete")}
    assert any(line.startswith(f"cassettes written: {passed} (") for line in result.outlines)

    replayed = run_recording(
        *FEW, "--graphcalls-target=replay", "--block-network", "--graphcalls-report=replayed.json", workers=workers
    )
    replayed.assert_outcomes(passed=passed, skipped=replayed.parseoutcomes()["skipped"])
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert (
        f"recorded from: simulator ({passed} cassettes, {today}); that says what the simulator does, and nothing about "
        "the service"
    ) in replayed.outlines
    verdicts = [json.loads((pytester.path / name).read_text())["rules"] for name in ("recorded.json", "replayed.json")]
    live, replayed = ({(r["id"], r["version"]): r["status"] for r in rules} for rules in verdicts)
    assert live == replayed
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in cassette_files(pytester)]


def test_the_shipped_cassettes_are_found(run_recording: RunRecording) -> None:
    """A project without recordings of its own replays those of the package."""
    result = run_recording(*FEW, "--graphcalls-target=replay", "--block-network")
    assert result.parseoutcomes()["passed"] > 2
    assert result.ret == pytest.ExitCode.OK


def test_the_simulator_in_process_is_not_recorded(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """There is nothing to keep: it can be asked again at any time."""
    run_recording(*FEW, "--record-mode=rewrite")
    assert not cassette_files(pytester)


def test_once_keeps_what_is_there(
    run_recording: RunRecording, to_server: tuple[str, ...], recorded: list[Path]
) -> None:
    """Only what is missing is recorded."""
    first, *others = recorded
    first.unlink()
    before = [file.read_bytes() for file in others]
    result = run_recording(*FEW, to_server[0], "--record-mode=once")
    assert any(line.startswith("cassettes written: 1 (") for line in result.outlines)
    assert first.exists()
    assert [file.read_bytes() for file in others] == before


def test_a_test_without_a_recording_is_skipped_by_name(
    pytester: pytest.Pytester, run_recording: RunRecording, recorded: list[Path]
) -> None:
    """The reason has the command that records it; a test that needs more than requests names that instead."""
    (pytester.path / "cassettes" / HANGING_UP).unlink()
    result = run_recording(*suite(ENDING), *REPLAY, "-rs")
    skipped = [line for line in result.outlines if line.startswith("SKIPPED")]
    assert any(
        f"not checked: there is no recording of it (cassettes/{HANGING_UP}); record it with: pytest '" in line
        for line in skipped
    )
    assert any("needs a second registered app, which replay does not offer" in line for line in skipped)


def test_replaying_from_an_empty_folder_ends_the_run(
    pytester: pytest.Pytester, run_recording: RunRecording, workers: int
) -> None:
    """One sentence, instead of a green run in which everything is skipped."""
    result = run_recording(*FEW, "--graphcalls-target=replay", "--graphcalls-cassettes=nothing", workers=workers)
    assert result.ret != pytest.ExitCode.OK
    text = "\n".join((*result.outlines, *result.errlines))
    assert f"--graphcalls-target=replay: expected cassettes in {pytester.path / 'nothing'}." in text


def test_a_request_that_was_not_recorded(
    pytester: pytest.Pytester, run_recording: RunRecording, recorded: list[Path]
) -> None:
    """The test fails and names the nearest; about the rule nothing is known, so it is not called broken."""
    path = pytester.path / "cassettes" / HANGING_UP
    path.write_text(path.read_text().replace('"requestedModalities":["audio"]', '"requestedModalities":["video"]'))
    result = run_recording(*suite(ENDING), *REPLAY, "-k", "hanging_up", "--graphcalls-report=r.json")
    result.assert_outcomes(failed=1, skipped=1)
    (line,) = [line for line in result.outlines if line.startswith(str(path))]
    assert line.startswith(
        f"{path} holds no answer to POST /v1.0/communications/calls. Nearest is entry 1, POST "
        "/v1.0/communications/calls; it differs in the body at $.requestedModalities[0] (recorded 'video', sent "
        "'audio'). Record the test again: pytest '"
    )
    assert (
        "--record-mode=rewrite --graphcalls-cassettes=cassettes --graphcalls-target=<what it was recorded from>" in line
    )
    rules = json.loads((pytester.path / "r.json").read_text())["rules"]
    assert not [rule for rule in rules if rule["status"] == "broken"]
