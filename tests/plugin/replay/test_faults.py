"""Recording a test in which something was made to go wrong: the recording says so."""

from __future__ import annotations

from argparse import Namespace

import pytest

from pytest_graphcalls.cassette import Kind, opened
from pytest_graphcalls.cli.cassettes import status
from tests.plugin.recording_runs import RunRecording
from tests.plugin.replay.conftest import Served, cassette_files

READ = """
def test_read(graphcalls_client):
    assert graphcalls_client.get("/communications/calls/57da").status_code == 429
    assert graphcalls_client.get("/communications/calls/57da").status_code == 404
"""
FILE = "cassettes/v1.0/test_own/test_{}.yaml"
SAID = f"cassettes with faults that were injected: {FILE}; those answers prove nothing about the service"


def test_a_recording_names_the_injected_faults(
    pytester: pytest.Pytester,
    run_recording: RunRecording,
    to_server: tuple[str, ...],
    served: Served,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The passport, each answer, the summaries of recording and replay, and ``status`` name the faults."""
    pytester.makepyfile(test_own=READ)
    with served[1].fault("429", retry_after=3, nth=1):
        result = run_recording(*to_server)
    result.assert_outcomes(passed=1)
    (path,) = cassette_files(pytester)
    found = opened(path)
    assert found.passport is not None
    assert (found.passport.kind, found.passport.faults) == (Kind.SIMULATOR, ("429 (retry_after=3, nth=1)",))
    headers = [one.response.headers.get("x-graphcalls-fault") for one in found.exchanges()]
    assert headers == ["429 (retry_after=3, nth=1)", None]
    assert SAID.format("read") in result.outlines
    played = run_recording("--graphcalls-target=replay", "--block-network")
    played.assert_outcomes(passed=1)
    assert SAID.format("read") in played.outlines
    status(Namespace(paths=[path], days=90))
    listed = capsys.readouterr().out
    assert "with faults that were injected, so not as the service answers: 1" in listed


def test_a_recording_without_faults_is_as_ever(
    pytester: pytest.Pytester, run_recording: RunRecording, to_server: tuple[str, ...]
) -> None:
    pytester.makepyfile(test_own=READ.replace("429", "404"))
    result = run_recording(*to_server)
    (path,) = cassette_files(pytester)
    assert "graphcalls-fault" not in path.read_text()
    result.stdout.no_fnmatch_line("*injected*")


@pytest.mark.parametrize("fault", ["dropped", "half-sent"])
def test_an_answer_that_did_not_arrive_says_so(
    pytester: pytest.Pytester, run_recording: RunRecording, fault: str
) -> None:
    """What is recorded for a comparison holds the answer as it was given, and why it did not arrive whole."""
    pytester.makepyfile(
        test_own=f"""
        import pytest

        from pytest_graphcalls.errors import EnvironmentFaultError

        @pytest.mark.graphcalls_fault("{fault}")
        def test_spoilt(graphcalls):
            with pytest.raises(EnvironmentFaultError):
                graphcalls.client.get("/communications/calls/57da")
        """
    )
    result = run_recording("--graphcalls-nightly", "--record-mode=rewrite")
    result.assert_outcomes(passed=1)
    (path,) = cassette_files(pytester)
    passport = opened(path).passport
    assert passport is not None
    assert passport.faults == (fault,)
    assert SAID.format("spoilt") in result.outlines
