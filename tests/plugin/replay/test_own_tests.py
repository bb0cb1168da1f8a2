"""Recording and replaying a project's own tests on the fixtures."""

from __future__ import annotations

import re
import shutil

import pytest

from pytest_graphcalls import cassette
from tests.plugin.conftest import Run
from tests.plugin.recording_runs import WITH_RECORDING, RunRecording
from tests.plugin.replay.conftest import SHIPPED, cassette_files

POLL = """
import pytest

BODY = {
    "callbackUri": "https://bot.example.org/calls",
    "requestedModalities": ["audio"],
    "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
    "targets": [{"identity": {"user": {"id": "112f7296-5fa4-42ca-bae8-6a692b15d4b8", "displayName": "Canary"}}}],
    "tenantId": "f43b0b1e-1f9f-4b0c-8f4f-0a1b2c3d4e5f",
}


def test_poll(graphcalls_client):
    graphcalls_client.get("/communications/calls/57da")
    assert graphcalls_client.get("/communications/calls/57da").status_code == 404
"""


def test_a_users_test_is_recorded_and_replayed(
    pytester: pytest.Pytester, run_recording: RunRecording, to_server: tuple[str, ...]
) -> None:
    """Sync and async tests are recorded with the usual fixtures."""
    pytester.makepyfile(
        test_bot=POLL
        + """
import asyncio

def test_async(graphcalls_async_client):
    async def read():
        return (await graphcalls_async_client.get("/communications/calls/58da")).status_code
    assert asyncio.run(read()) == 404
    graphcalls_async_client.headers.clear()

def test_token(graphcalls):
    assert graphcalls.token
    assert graphcalls.root.endswith("/v1.0")
"""
    )
    run_recording(*to_server).assert_outcomes(passed=3)
    assert [path.name for path in cassette_files(pytester)] == ["test_async.yaml", "test_poll.yaml"]
    pytester.makepyfile(test_bot=POLL)
    run_recording("--graphcalls-target=replay", "--block-network").assert_outcomes(passed=1)


def test_a_users_test_without_recording_says_so(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """A user's test fails, where a contract test is skipped."""
    shutil.copytree(SHIPPED / "beta" / "test_call_get", pytester.path / "cassettes" / "beta" / "test_call_get")
    pytester.makepyfile(test_bot=POLL)
    result = run_recording("--graphcalls-target=replay")
    result.assert_outcomes(errors=1)
    assert any("test_poll.yaml" in line and "there is no such file" in line for line in result.outlines)
    assert any(line.startswith("Record this test first: pytest 'test_bot.py::test_poll'") for line in result.outlines)
    result.stdout.no_fnmatch_line("*another exception*")


def test_a_missing_recording_is_looked_for_in_the_project(
    pytester: pytest.Pytester, run_recording: RunRecording
) -> None:
    """Not in the package, whose recordings are replayed then."""
    pytester.makepyfile(test_bot=POLL)
    result = run_recording("--graphcalls-target=replay")
    result.assert_outcomes(errors=1)
    own = pytester.path / "cassettes" / "v1.0" / "test_bot" / "test_poll.yaml"
    assert any(line.startswith(f"{own}: there is no such file.") for line in result.outlines)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda text: "", "is empty"),
        (lambda text: text[: len(text) // 2], "cut"),
        (lambda text: text + "evil: !!python/object/apply:os.mkdir [owned]\n", "only running code could build"),
    ],
    ids=["empty", "cut", "runs code"],
)
def test_a_damaged_cassette_says_so(
    pytester: pytest.Pytester, run_recording: RunRecording, to_server: tuple[str, ...], damage, says: str
) -> None:
    """One sentence with the file; nothing is run, nothing is sent, and recording again repairs it."""
    pytester.makepyfile(test_bot=POLL)
    run_recording(*to_server).assert_outcomes(passed=1)
    (path,) = cassette_files(pytester)
    path.write_text(damage(path.read_text()))
    result = run_recording("--graphcalls-target=replay")
    result.assert_outcomes(errors=1)
    assert any(path.name in line and says in line for line in result.outlines)
    assert not (pytester.path / "owned").exists()
    run_recording(*to_server).assert_outcomes(passed=1)
    assert len(cassette.opened(path).rows) == 2


def test_the_cassette_of_another_test_is_kept(
    pytester: pytest.Pytester, run_recording: RunRecording, to_server: tuple[str, ...]
) -> None:
    """Two modules of one name in two folders: the second one gets an error."""
    for folder in ("one", "two"):
        pytester.mkpydir(folder).joinpath("test_bot.py").write_text(POLL)
    result = run_recording(*to_server)
    result.assert_outcomes(passed=2, errors=1)
    assert any(
        "belongs to one/test_bot.py::test_poll@v1.0, not to two/test_bot.py::test_poll@v1.0." in line
        for line in result.outlines
    )


def test_a_test_that_fails_is_not_recorded(
    pytester: pytest.Pytester, run_recording: RunRecording, to_server: tuple[str, ...]
) -> None:
    """The older recording stays; also when only the contract was broken, which shows at the end."""
    pytester.makepyfile(test_bot=POLL)
    run_recording(*to_server).assert_outcomes(passed=1)
    (path,) = cassette_files(pytester)
    before = path.read_bytes()
    for more in ("    assert False\n", "    graphcalls_client.post('/communications/calls', json={})\n"):
        pytester.makepyfile(test_bot=POLL + more)
        assert run_recording(*to_server).ret == pytest.ExitCode.TESTS_FAILED
        assert path.read_bytes() == before


def test_a_recording_holds_no_people_and_tenants(
    pytester: pytest.Pytester, run_recording: RunRecording, to_server: tuple[str, ...]
) -> None:
    """What a project's own test sends is redacted like everything else.

    A replay with the same key finds it all the same: what is sent is looked up by its pseudonyms.
    """
    pytester.makepyfile(
        test_bot=POLL.replace(
            'graphcalls_client.get("/communications/calls/57da")\n    assert',
            'graphcalls_client.post("/communications/calls", json=BODY)\n    assert',
        )
    )
    run_recording(*to_server)
    (path,) = cassette_files(pytester)
    text = path.read_text()
    assert "Canary" not in text
    assert "112f7296-5fa4-42ca-bae8-6a692b15d4b8" not in text
    run_recording("--graphcalls-target=replay").assert_outcomes(passed=1)


def test_recording_is_not_loaded_where_nothing_is_recorded(pytester: pytest.Pytester, run: Run) -> None:
    """A run on the simulator enters neither the recording room nor vcrpy."""
    pytester.makepyfile(
        """
        import sys

        def test_it(graphcalls_client):
            graphcalls_client.get("/communications/calls/57da")
            names = [name for name in sys.modules if name.startswith("pytest_graphcalls.plugin.recording")]
            assert not names
        """
    )
    done = pytester.runpytest_subprocess(*WITH_RECORDING)
    assert done.ret == 0, done.outlines


def test_without_the_key_real_ids_are_not_found(
    pytester: pytest.Pytester, run_recording: RunRecording, to_server: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says what differs; the suite needs no key, because what it sends is made up."""
    pytester.makepyfile(
        test_bot=POLL.replace('.get("/communications/calls/57da")\n', '.post("/communications/calls", json=BODY)\n')
    )
    run_recording(*to_server)
    monkeypatch.setenv("GRAPHCALLS_REDACTION_KEY", "another key")
    result = run_recording("--graphcalls-target=replay")
    result.assert_outcomes(failed=1)
    assert any("the body at $.targets[0].identity.user.displayName" in line for line in result.outlines)


def test_all_processes_have_one_key(
    pytester: pytest.Pytester, run_recording: RunRecording, to_server: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first process that writes makes it; the same person has the same pseudonym in every file."""
    monkeypatch.delenv("GRAPHCALLS_REDACTION_KEY")
    test = POLL.replace('.get("/communications/calls/57da")\n', '.post("/communications/calls", json=BODY)\n')
    pytester.makepyfile(
        test_bot=test
        + "".join(f"\n\ndef test_{n}(graphcalls_client):\n    test_poll(graphcalls_client)\n" for n in range(8))
    )
    run_recording(*to_server, workers=2).assert_outcomes(passed=9)
    names = {name for path in cassette_files(pytester) for name in re.findall(r"Name [0-9a-f]{8}", path.read_text())}
    assert len(names) == 1
    assert (pytester.path / "cassettes" / ".graphcalls-key").is_file()


@pytest.mark.parametrize(("words", "said"), [(["--record-mode=once"], True), ([], False)], ids=["asked", "not asked"])
def test_a_run_on_the_simulator_says_that_it_recorded_no_answer(
    pytester: pytest.Pytester, run_recording: RunRecording, words: list[str], *, said: bool
) -> None:
    pytester.makepyfile(test_bot=POLL)
    result = run_recording(*words)
    result.assert_outcomes(passed=1)
    shown = (
        "--record-mode=once has recorded no answer of the simulator, because it answers the same without a recording; "
        "to record a service, give --graphcalls-target."
    )
    assert (shown in result.outlines) is said
    assert not cassette_files(pytester)
