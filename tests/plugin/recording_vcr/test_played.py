"""What a test with @pytest.mark.vcr is given to play."""

from __future__ import annotations

import pytest

from pytest_graphcalls import cassette
from tests.plugin.recording_runs import SERVICE, RunRecording
from tests.plugin.recording_vcr.conftest import BLIND, READ, cassette_file, recorded


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda text: "", "is empty"),
        (lambda text: text[: len(text) // 2], "cut"),
        (lambda text: text.replace("version: 1\n", ""), "it was cut"),
        (lambda text: text + "evil: !!python/object/apply:os.mkdir [owned]\n", "only running code could build"),
    ],
    ids=["empty", "cut in the middle", "cut behind an entry", "runs code"],
)
@pytest.mark.parametrize("mode", ["none", "once", "all"])
def test_a_damaged_cassette_says_so(
    pytester: pytest.Pytester, run_recording: RunRecording, damage, says: str, mode: str
) -> None:
    """One sentence with the file; nothing is run and nothing is written."""
    path = recorded(pytester, run_recording)
    path.write_text(damage(path.read_text()))
    before = path.read_bytes()
    result = run_recording(f"--record-mode={mode}")
    result.assert_outcomes(errors=1)
    assert any(path.name in line and says in line for line in result.outlines), result.outlines
    assert path.read_bytes() == before
    assert not (pytester.path / "owned").exists()


def test_rewrite_replaces_a_damaged_cassette(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """The messages advise to record with rewrite."""
    path = recorded(pytester, run_recording)
    path.write_text("")
    run_recording("--record-mode=rewrite").assert_outcomes(passed=1)
    assert len(cassette.opened(path).rows) == 1


def test_a_cassette_with_metadata_of_vcrpy_9(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """pytest-recording 0.14 alone fails on it."""
    path = recorded(pytester, run_recording)
    path.write_text(path.read_text().replace("version: 1", "metadata:\n  seed: 7\nversion: 1"))
    run_recording("--record-mode=none").assert_outcomes(passed=1)


def test_extra_cassettes_of_the_mark(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """Extra cassettes are read, and only the first is written, as pytest-recording does."""
    path = recorded(pytester, run_recording)
    path.rename(path.with_name("extra.yaml"))
    pytester.makepyfile(
        test_mod=f"{SERVICE}{BLIND}\n\n@pytest.mark.vcr('extra.yaml')\ndef test_it(client):\n    read(client)\n"
    )
    run_recording("--record-mode=none").assert_outcomes(passed=1)
    assert not path.exists()


def test_a_cassette_from_before_us_is_read(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """A cassette with real ids and without passport is replayed; recorded again, it is redacted."""
    pytester.makepyfile(test_mod=READ)
    run_recording("--record-mode=once", "-p", "no:graphcalls").assert_outcomes(passed=1)
    assert "Canary" in cassette_file(pytester).read_text()
    run_recording("--record-mode=none").assert_outcomes(passed=1)
    run_recording("--record-mode=rewrite").assert_outcomes(passed=1)
    assert "Canary" not in cassette_file(pytester).read_text()


def test_new_episodes_are_added(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """What was there stays as it was; what is new is redacted."""
    path = recorded(pytester, run_recording)
    (old,) = cassette.opened(path).rows
    pytester.makepyfile(
        test_mod=READ.replace("== '57da'\n", "== '57da'\n    client.delete(f'{GRAPH}/communications/calls/57da')\n")
    )
    run_recording("--record-mode=new_episodes").assert_outcomes(passed=1)
    rows = cassette.opened(path).rows
    assert len(rows) == 2
    assert rows[0] == old


def test_an_edited_cassette_is_noticed(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """An edited cassette is replayed, and the summary names it; strict, the run fails."""
    path = recorded(pytester, run_recording)
    path.write_text(path.read_text().replace('"mail"', '"post"'))
    result = run_recording("--record-mode=none")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK
    said = (
        f"cassettes edited since they were recorded: {path.relative_to(pytester.path)}; record them again, or restore"
    )
    assert any(line.startswith(said) for line in result.outlines)
    strict = run_recording("--record-mode=none", "--graphcalls-strict-cassettes")
    assert strict.ret == pytest.ExitCode.TESTS_FAILED
    assert "The run fails for that (--graphcalls-strict-cassettes)." in strict.outlines


def test_without_recording_the_plugin_changes_nothing(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """--disable-recording is pytest-recording's switch, and does what it says."""
    pytester.makepyfile(test_mod=READ)
    run_recording("--disable-recording", "--record-mode=all").assert_outcomes(passed=1)
    assert not cassette_file(pytester).exists()
