"""Recording over HTTP what the fixtures see, and replaying it offline."""

from __future__ import annotations

import json
import re
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_graphcalls import cassette
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.simulator import Simulator
from tests.plugin.conftest import Run
from tests.plugin.taped import Taped, taped

__all__ = ["taped"]

SUITE = ("--pyargs", "pytest_graphcalls.contracts")
FEW = (*SUITE, "-k", "call_get or call_delete")
"""A few tests of the suite, in both versions."""
Served = tuple[str, Simulator]
SHIPPED = Path(__file__).parents[2] / "cassettes"

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


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    monkeypatch.setenv("GRAPHCALLS_REDACTION_KEY", "a key for these tests")
    monkeypatch.setenv("GRAPHCALLS_TOKEN", served[1].authority.token(lifetime=3600.0))


@pytest.fixture
def to_server(served: Served) -> tuple[str, ...]:
    """Arguments that record from the server."""
    return f"--graphcalls-target={served[0]}", "--record-mode=rewrite"


def tapes(pytester: pytest.Pytester) -> list[Path]:
    return sorted((pytester.path / "cassettes").rglob("*.yaml"))


# --- the suite -------------------------------------------------------------------------------------------------------


def test_a_run_is_recorded_and_replayed(
    pytester: pytest.Pytester, taped: Taped, to_server: tuple[str, ...], workers: int
) -> None:
    """With workers or without: the same verdict offline, the network blocked, from safe cassettes."""
    result = taped(*FEW, *to_server, "--graphcalls-report=recorded.json", workers=workers)
    passed = result.parseoutcomes()["passed"]
    assert passed > 2
    files = tapes(pytester)
    assert len(files) == passed
    layout = {file.relative_to(pytester.path / "cassettes").parts[:2] for file in files}
    assert layout >= {("v1.0", "test_call_get"), ("beta", "test_call_get"), ("v1.0", "test_call_delete")}
    assert any(line.startswith(f"cassettes written: {passed} (") for line in result.outlines)

    replayed = taped(
        *FEW, "--graphcalls-target=replay", "--block-network", "--graphcalls-report=replayed.json", workers=workers
    )
    replayed.assert_outcomes(passed=passed, skipped=replayed.parseoutcomes()["skipped"])
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert (
        f"recorded from: simulator ({passed} cassettes, {today}); that says what the simulator does, and nothing about "
        "the service"
    ) in replayed.outlines
    verdicts = [json.loads((pytester.path / name).read_text())["rules"] for name in ("recorded.json", "replayed.json")]
    told, heard = ({(r["id"], r["version"]): r["status"] for r in rules} for rules in verdicts)
    assert told == heard
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in tapes(pytester)]


def test_the_shipped_cassettes_are_found(taped: Taped) -> None:
    """A project without recordings of its own replays those of the package."""
    result = taped(*FEW, "--graphcalls-target=replay", "--block-network")
    assert result.parseoutcomes()["passed"] > 2
    assert result.ret == pytest.ExitCode.OK


def test_the_simulator_in_process_is_not_recorded(pytester: pytest.Pytester, taped: Taped) -> None:
    """There is nothing to keep: it can be asked again at any time."""
    taped(*FEW, "--record-mode=rewrite")
    assert not tapes(pytester)


def test_once_keeps_what_is_there(pytester: pytest.Pytester, taped: Taped, to_server: tuple[str, ...]) -> None:
    """Only what is missing is recorded."""
    taped(*FEW, *to_server)
    first, *others = tapes(pytester)
    first.unlink()
    before = [file.read_bytes() for file in others]
    result = taped(*FEW, to_server[0], "--record-mode=once")
    assert any(line.startswith("cassettes written: 1 (") for line in result.outlines)
    assert first.exists()
    assert [file.read_bytes() for file in others] == before


def test_what_was_not_recorded_is_skipped_by_name(
    pytester: pytest.Pytester, taped: Taped, to_server: tuple[str, ...]
) -> None:
    """With the command that records it; what needs more than requests names that instead."""
    taped(*FEW, *to_server, "--graphcalls-version=v1.0")
    (gone,) = [file for file in tapes(pytester) if "hanging_up" in file.name]
    gone.unlink()
    result = taped(*SUITE, "-k", "call_delete", "-rs", "--graphcalls-target=replay", "--graphcalls-version=v1.0")
    skipped = [line for line in result.outlines if line.startswith("SKIPPED")]
    name = "test_hanging_up_is_answered_with_204_and_nothing"
    assert any(
        f"not checked: there is no recording of it (cassettes/v1.0/test_call_delete/{name}.yaml); record it with: "
        "pytest '" in line
        for line in skipped
    )
    assert any("needs a second registered app, which replay does not offer" in line for line in skipped)


def test_replaying_from_an_empty_folder_ends_the_run(pytester: pytest.Pytester, taped: Taped, workers: int) -> None:
    """One sentence, instead of a green run in which everything is skipped."""
    result = taped(*FEW, "--graphcalls-target=replay", "--graphcalls-cassettes=nothing", workers=workers)
    assert result.ret != pytest.ExitCode.OK
    text = "\n".join((*result.outlines, *result.errlines))
    assert f"--graphcalls-target=replay: expected cassettes in {pytester.path / 'nothing'}." in text


def test_a_request_that_was_not_recorded(pytester: pytest.Pytester, taped: Taped, to_server: tuple[str, ...]) -> None:
    """The test fails and names the nearest; about the rule nothing is known, so it is not called broken."""
    taped(*FEW, *to_server, "--graphcalls-version=v1.0")
    (path,) = [file for file in tapes(pytester) if "hanging_up" in file.name]
    path.write_text(path.read_text().replace('"requestedModalities":["audio"]', '"requestedModalities":["video"]'))
    result = taped(
        *SUITE,
        "-k",
        "hanging_up",
        "--graphcalls-target=replay",
        "--graphcalls-version=v1.0",
        "--graphcalls-report=r.json",
    )
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


# --- age and edits ---------------------------------------------------------------------------------------------------


def aged(path: Path, days: int) -> None:
    """Make a cassette older."""
    when = f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    path.write_text(re.sub(r"recorded: '.*'", f"recorded: '{when}'", path.read_text(), count=1))


@pytest.fixture
def shelf(pytester: pytest.Pytester) -> Path:
    """Three of the shipped cassettes, as a project's own; one of them is 181 days old."""
    for name in ("test_call_get", "test_call_delete"):
        shutil.copytree(SHIPPED / "v1.0" / name, pytester.path / "cassettes" / "v1.0" / name)
    for path in tapes(pytester):
        aged(path, 180)
    (old,) = [path for path in tapes(pytester) if "hanging_up" in path.name]
    aged(old, 181)
    return old


def test_an_old_cassette_is_a_warning(pytester: pytest.Pytester, taped: Taped, shelf: Path, workers: int) -> None:
    """Locally; with --graphcalls-strict-cassettes the run fails."""
    replay = (*FEW, "--graphcalls-target=replay", "--graphcalls-version=v1.0")
    result = taped(*replay, workers=workers)
    assert result.ret == pytest.ExitCode.OK
    said = (
        f"cassettes older than 180 days: {shelf.relative_to(pytester.path)}; record them again (--record-mode=rewrite)"
    )
    assert said in result.outlines
    strict = taped(*replay, "--graphcalls-strict-cassettes", workers=workers)
    assert strict.ret == pytest.ExitCode.TESTS_FAILED
    assert said in strict.outlines
    assert taped(*replay, "--graphcalls-strict-cassettes", "--graphcalls-cassette-days=181").ret == pytest.ExitCode.OK


def test_only_what_was_played_counts(taped: Taped, shelf: Path) -> None:
    """A run of other tests (-k) says nothing about it."""
    assert shelf.exists()
    result = taped(
        *(*SUITE, "-k", "call_get", "--graphcalls-target=replay"),
        *("--graphcalls-version=v1.0", "--graphcalls-strict-cassettes"),
    )
    assert result.ret == pytest.ExitCode.OK
    assert not any("older than" in line for line in result.outlines)


def test_the_age_is_an_ini_key_too(pytester: pytest.Pytester, taped: Taped, shelf: Path) -> None:
    """graphcalls_cassette_days."""
    pytester.makeini("[pytest]\ngraphcalls_cassette_days = 10\ngraphcalls_strict_cassettes = true\n")
    result = taped(*SUITE, "-k", "call_get", "--graphcalls-target=replay", "--graphcalls-version=v1.0")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert any(line.startswith("cassettes older than 10 days: ") for line in result.outlines)


@pytest.mark.parametrize("value", ["0", "-3", "soon"])
def test_a_wrong_age(taped: Taped, value: str) -> None:
    """Named with what was expected."""
    result = taped(f"--graphcalls-cassette-days={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: --graphcalls-cassette-days={value}: expected a number of days, 1 or more." in result.errlines


def test_another_revision_of_the_contract(pytester: pytest.Pytester, taped: Taped, shelf: Path) -> None:
    """It is said, and fails nothing."""
    shelf.write_text(re.sub(r"contract: .*", "contract: abcdef", shelf.read_text(), count=1))
    others = [path for path in tapes(pytester) if path != shelf]
    for path in others:
        path.write_text(re.sub(r"contract: .*", f"contract: {Contract.packaged().revision}", path.read_text(), count=1))
    result = taped(*FEW, "--graphcalls-target=replay", "--graphcalls-version=v1.0")
    assert result.ret == pytest.ExitCode.OK
    path = shelf.relative_to(pytester.path)
    assert f"cassettes recorded for another revision of the contract: {path}" in result.outlines


# --- a project's own tests -------------------------------------------------------------------------------------------


def test_a_users_test_is_recorded_and_replayed(
    pytester: pytest.Pytester, taped: Taped, to_server: tuple[str, ...]
) -> None:
    """On the same fixtures, sync and async."""
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
    taped(*to_server).assert_outcomes(passed=3)
    assert [path.name for path in tapes(pytester)] == ["test_async.yaml", "test_poll.yaml"]
    pytester.makepyfile(test_bot=POLL)
    taped("--graphcalls-target=replay", "--block-network").assert_outcomes(passed=1)


def test_a_users_test_without_recording_says_so(pytester: pytest.Pytester, taped: Taped) -> None:
    """It is no contract test, so it fails."""
    shutil.copytree(SHIPPED / "beta" / "test_call_get", pytester.path / "cassettes" / "beta" / "test_call_get")
    pytester.makepyfile(test_bot=POLL)
    result = taped("--graphcalls-target=replay")
    result.assert_outcomes(errors=1)
    assert any("test_poll.yaml" in line and "there is no such file" in line for line in result.outlines)


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
    pytester: pytest.Pytester, taped: Taped, to_server: tuple[str, ...], damage, says: str
) -> None:
    """One sentence with the file; nothing is run, nothing is sent, and recording again mends it."""
    pytester.makepyfile(test_bot=POLL)
    taped(*to_server).assert_outcomes(passed=1)
    (path,) = tapes(pytester)
    path.write_text(damage(path.read_text()))
    result = taped("--graphcalls-target=replay")
    result.assert_outcomes(errors=1)
    assert any(path.name in line and says in line for line in result.outlines)
    assert not (pytester.path / "owned").exists()
    taped(*to_server).assert_outcomes(passed=1)
    assert len(cassette.opened(path).rows) == 2


def test_the_cassette_of_another_test_is_kept(
    pytester: pytest.Pytester, taped: Taped, to_server: tuple[str, ...]
) -> None:
    """Two modules of one name in two folders: the second one is told."""
    for folder in ("one", "two"):
        pytester.mkpydir(folder).joinpath("test_bot.py").write_text(POLL)
    result = taped(*to_server)
    result.assert_outcomes(passed=2, errors=1)
    assert any(
        "belongs to one/test_bot.py::test_poll@v1.0, not to two/test_bot.py::test_poll@v1.0." in line
        for line in result.outlines
    )


def test_a_test_that_fails_is_not_recorded(pytester: pytest.Pytester, taped: Taped, to_server: tuple[str, ...]) -> None:
    """The older recording stays; also when only the contract was broken, which shows at the end."""
    pytester.makepyfile(test_bot=POLL)
    taped(*to_server).assert_outcomes(passed=1)
    (path,) = tapes(pytester)
    before = path.read_bytes()
    for more in ("    assert False\n", "    graphcalls_client.post('/communications/calls', json={})\n"):
        pytester.makepyfile(test_bot=POLL + more)
        assert taped(*to_server).ret == pytest.ExitCode.TESTS_FAILED
        assert path.read_bytes() == before


def test_people_and_tenants_stay_out(pytester: pytest.Pytester, taped: Taped, to_server: tuple[str, ...]) -> None:
    """What a project's own test sends is redacted like everything else.

    A replay with the same key finds it all the same: what is sent is looked up by its pseudonyms.
    """
    pytester.makepyfile(
        test_bot=POLL.replace(
            'graphcalls_client.get("/communications/calls/57da")\n    assert',
            'graphcalls_client.post("/communications/calls", json=BODY)\n    assert',
        )
    )
    taped(*to_server)
    (path,) = tapes(pytester)
    text = path.read_text()
    assert "Canary" not in text
    assert "112f7296-5fa4-42ca-bae8-6a692b15d4b8" not in text
    taped("--graphcalls-target=replay").assert_outcomes(passed=1)


def test_nothing_of_it_is_loaded_where_nothing_is_recorded(pytester: pytest.Pytester, run: Run) -> None:
    """A run on the simulator enters neither the recording room nor vcrpy."""
    pytester.makepyfile(
        """
        import sys

        def test_it(graphcalls_client):
            graphcalls_client.get("/communications/calls/57da")
            names = [name for name in sys.modules if name.startswith("pytest_graphcalls.recording")]
            assert not names
        """
    )
    script = "import pytest, sys; sys.exit(pytest.main(['-q', '-p', 'no:randomly', '-p', 'no:cacheprovider']))"
    done = pytester.run(sys.executable, "-c", script)
    assert done.ret == 0, done.outlines


def test_without_the_key_real_ids_are_not_found(
    pytester: pytest.Pytester, taped: Taped, to_server: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says what differs; the suite needs no key, because what it sends is made up."""
    pytester.makepyfile(
        test_bot=POLL.replace('.get("/communications/calls/57da")\n', '.post("/communications/calls", json=BODY)\n')
    )
    taped(*to_server)
    monkeypatch.setenv("GRAPHCALLS_REDACTION_KEY", "another key")
    result = taped("--graphcalls-target=replay")
    result.assert_outcomes(failed=1)
    assert any("the body at $.targets[0].identity.user.displayName" in line for line in result.outlines)


def test_all_processes_have_one_key(
    pytester: pytest.Pytester, taped: Taped, to_server: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made by whoever writes first; the same person has the same pseudonym in every file."""
    monkeypatch.delenv("GRAPHCALLS_REDACTION_KEY")
    test = POLL.replace('.get("/communications/calls/57da")\n', '.post("/communications/calls", json=BODY)\n')
    pytester.makepyfile(
        test_bot=test
        + "".join(f"\n\ndef test_{n}(graphcalls_client):\n    test_poll(graphcalls_client)\n" for n in range(8))
    )
    taped(*to_server, workers=2).assert_outcomes(passed=9)
    names = {name for path in tapes(pytester) for name in re.findall(r"Name [0-9a-f]{8}", path.read_text())}
    assert len(names) == 1
    assert (pytester.path / "cassettes" / ".graphcalls-key").is_file()
