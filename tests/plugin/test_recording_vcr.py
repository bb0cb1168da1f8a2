"""A project's own tests with @pytest.mark.vcr are safe as soon as we are installed."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_graphcalls import cassette, leakscan
from pytest_graphcalls.leakscan import Leak
from tests.plugin.taped import CANARIES, SERVICE, WITH_RECORDING, Taped, taped

__all__ = ["taped"]

MODES = ("once", "new_episodes", "all", "rewrite")
READ = SERVICE + "\n\n@pytest.mark.vcr\ndef test_it(client):\n    assert read(client)['id'] == '57da'\n"
BLIND = "\n\ndef service(request):\n    raise AssertionError('the service was asked')\n"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHCALLS_REDACTION_KEY", "a key for these tests")


def tape(pytester: pytest.Pytester, name: str = "test_it.yaml", module: str = "test_mod") -> Path:
    return pytester.path / "cassettes" / module / name


def recorded(pytester: pytest.Pytester, taped: Taped, source: str = READ) -> Path:
    """A cassette, made by a run that passed."""
    pytester.makepyfile(test_mod=source)
    taped("--record-mode=once").assert_outcomes(passed=1)
    return tape(pytester)


# --- what is written -------------------------------------------------------------------------------------------------


def test_it_is_safe_by_default_and_replays(pytester: pytest.Pytester, taped: Taped) -> None:
    """Token, secret, cookie, ids, names and the whole sign-in stay out; the test passes offline all the same."""
    test = """

@pytest.mark.vcr
def test_it(client):
    token = sign_in(client)
    answer = read(client, token)
    assert answer["id"] == "57da"
    assert client.delete(f"{GRAPH}/communications/calls/57da").status_code == 204
"""
    path = recorded(pytester, taped, SERVICE + test)
    text = path.read_text()
    assert not [canary for canary in CANARIES if canary in text]
    passport = cassette.opened(path).passport
    assert passport is not None
    assert (passport.kind, passport.versions) == (cassette.Kind.LIVE, ("v1.0",))
    assert [one.method for one in passport.sign_ins] == ["POST"]
    assert not list(leakscan.scan(path))

    pytester.makepyfile(test_mod=SERVICE + BLIND + test)
    before = path.read_bytes()
    result = taped("--record-mode=none", "--block-network")
    result.assert_outcomes(passed=1)
    assert any(line.startswith("recorded from: live (1 cassette, ") for line in result.outlines)
    assert path.read_bytes() == before


def test_a_failed_sign_in_is_replayed_as_one(pytester: pytest.Pytester, taped: Taped) -> None:
    """Neither secret nor answer are kept, only that it failed."""
    test = """

def service(request):
    return httpx.Response(401, json={"error": "invalid_client", "error_description": "canary"})


@pytest.mark.vcr
def test_it(client):
    assert client.post(SIGN_IN, data={"client_secret": "canary-of-the-secret"}).status_code == 401
"""
    path = recorded(pytester, taped, SERVICE + test)
    assert "canary" not in path.read_text()
    taped("--record-mode=none").assert_outcomes(passed=1)


def test_other_hosts_are_left_as_they_are(pytester: pytest.Pytester, taped: Taped) -> None:
    """A cassette of another service is byte for byte what it is without us."""
    test = (
        SERVICE
        + """

@pytest.mark.vcr
def test_it(client):
    client.post("https://api.example.org/things", json={"displayName": "Canary Person"}, headers={"X-Api-Key": "k"})
"""
    )
    path = recorded(pytester, taped, test)
    ours = path.read_bytes()
    path.unlink()
    taped("--record-mode=once", "-p", "no:graphcalls").assert_outcomes(passed=1)
    assert path.read_bytes() == ours
    assert b"Canary Person" in ours


@pytest.mark.parametrize("given", ["option", "ini"])
def test_other_hosts_can_be_made_safe(pytester: pytest.Pytester, taped: Taped, given: str) -> None:
    """By name or pattern, by option or ini key."""
    test = SERVICE + (
        "\n\n@pytest.mark.vcr\ndef test_it(client):\n"
        '    client.post("https://api.example.org/things", json={"displayName": "Canary Person"})\n'
    )
    pytester.makepyfile(test_mod=test)
    pytester.makeini("[pytest]\n" + ("graphcalls_record_hosts = *.example.org\n" if given == "ini" else ""))
    option = ("--graphcalls-record-hosts=*.example.org",) if given == "option" else ()
    taped("--record-mode=once", *option).assert_outcomes(passed=1)
    assert "Canary" not in tape(pytester).read_text()


def test_one_cassette_may_hold_both(pytester: pytest.Pytester, taped: Taped) -> None:
    """What concerns Graph is redacted, the neighbour stays as it was."""
    test = SERVICE + (
        "\n\n@pytest.mark.vcr\ndef test_it(client):\n    read(client)\n"
        '    client.get("https://api.example.org/things?name=neighbour@contoso.com")\n'
    )
    pytester.makepyfile(test_mod=test)
    result = taped("--record-mode=once")
    result.assert_outcomes(passed=1, errors=1)
    line = next(line for line in result.outlines if "the leak scan has found" in line)
    assert "e-mail address" in line
    assert "contoso" not in line
    assert not tape(pytester).exists()


def test_json_cassettes_are_safe_too(pytester: pytest.Pytester, taped: Taped) -> None:
    """Whatever serializer the project has chosen."""
    test = SERVICE + (
        "\n\n@pytest.mark.vcr(serializer='json')\ndef test_it(client):\n    assert read(client)['id'] == '57da'\n"
    )
    pytester.makepyfile(test_mod=test)
    taped("--record-mode=once").assert_outcomes(passed=1)
    path = tape(pytester, "test_it.json")
    assert not [canary for canary in CANARIES if canary in path.read_text()]
    taped("--record-mode=none").assert_outcomes(passed=1)


def test_a_project_adds_its_own(pytester: pytest.Pytester, taped: Taped) -> None:
    """The hook pytest_graphcalls_redact is asked."""
    pytester.makeconftest("def pytest_graphcalls_redact(redactor): redactor.add(members=['state', 'id'])")
    pytester.makepyfile(test_mod=READ)
    taped("--record-mode=once").assert_outcomes(passed=1)
    assert '"id":"REDACTED"' in tape(pytester).read_text()


def test_the_key_is_kept_for_the_next_recording(
    pytester: pytest.Pytester, taped: Taped, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a variable a key is made once; recorded again, only the time differs."""
    monkeypatch.delenv("GRAPHCALLS_REDACTION_KEY")
    path = recorded(pytester, taped)
    key = (pytester.path / "cassettes" / ".graphcalls-key").read_text()
    first = path.read_text()
    taped("--record-mode=rewrite").assert_outcomes(passed=1)
    assert (pytester.path / "cassettes" / ".graphcalls-key").read_text() == key
    changed = set(first.splitlines()) ^ set(path.read_text().splitlines())
    assert all(line.startswith("  recorded: ") for line in changed)


def test_what_the_scan_finds_is_not_written(
    pytester: pytest.Pytester, taped: Taped, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run fails, the older cassette stays, and the sentence names line and kind."""
    path = recorded(pytester, taped)
    before = path.read_bytes()
    monkeypatch.setattr(leakscan, "scan", lambda *_, **__: iter([Leak("", 7, "bearer token")]))
    result = taped("--record-mode=rewrite")
    result.assert_outcomes(passed=1, errors=1)
    assert any("line 7: bearer token" in line for line in result.outlines)
    assert path.read_bytes() == before


# --- what is not replaced --------------------------------------------------------------------------------------------

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
    pytester: pytest.Pytester, taped: Taped, mode: str, how: str
) -> None:
    """The older cassette is byte for byte what it was, in every mode."""
    path = recorded(pytester, taped)
    before = path.read_bytes()
    pytester.makepyfile(test_mod=f"{SERVICE}\n\n@pytest.mark.vcr\ndef test_it(client, request):\n{FAILURES[how]}")
    taped(f"--record-mode={mode}")
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_test_that_fails_leaves_no_cassette(pytester: pytest.Pytester, taped: Taped) -> None:
    """Where there was none."""
    pytester.makepyfile(test_mod=f"{SERVICE}\n\n@pytest.mark.vcr\ndef test_it(client):\n{FAILURES['fails']}")
    taped("--record-mode=once").assert_outcomes(failed=1)
    assert not tape(pytester).exists()


@pytest.mark.parametrize("where", ["mark", "config", "option"])
def test_rewrite_replaces_when_the_test_passes(pytester: pytest.Pytester, taped: Taped, where: str) -> None:
    """Wherever the mode was given; nothing of the old one is left."""
    path = recorded(pytester, taped)
    mark = "vcr(record_mode='rewrite')" if where == "mark" else "vcr"
    config = "@pytest.fixture\ndef vcr_config(): return {'record_mode': 'rewrite'}\n" if where == "config" else ""
    pytester.makepyfile(
        test_mod=f"{SERVICE}\n{config}\n@pytest.mark.{mark}\ndef test_it(client):\n    read(client)\n    read(client)\n"
    )
    taped(*(["--record-mode=rewrite"] if where == "option" else [])).assert_outcomes(passed=1)
    assert len(cassette.opened(path).rows) == 2


@pytest.mark.parametrize(("end", "status"), [("SIGINT", 2), ("SIGKILL", -9)])
def test_a_killed_run_loses_nothing(pytester: pytest.Pytester, taped: Taped, end: str, status: int) -> None:
    """Ctrl-C and SIGKILL in the middle of a test that is recorded anew."""
    path = recorded(pytester, taped)
    before = path.read_bytes()
    head = f"{SERVICE}\nimport os, signal, time\n\n@pytest.mark.vcr\ndef test_it(client):\n"
    pytester.makepyfile(test_mod=f"{head}    read(client)\n    os.kill(os.getpid(), signal.{end})\n    time.sleep(5)\n")
    command = [sys.executable, "-m", "pytest", *WITH_RECORDING, "--record-mode=rewrite"]
    done = subprocess.run(command, cwd=pytester.path, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize(("error", "says"), [(errno.ENOSPC, "No space left on device"), (errno.EROFS, "Read-only")])
def test_a_disk_that_refuses(
    pytester: pytest.Pytester, taped: Taped, monkeypatch: pytest.MonkeyPatch, error: int, says: str
) -> None:
    """The test fails with one sentence; the older cassette stays."""
    path = recorded(pytester, taped)
    before = path.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "fsync", refuse)
    result = taped("--record-mode=rewrite")
    result.assert_outcomes(passed=1, errors=1)
    assert any(f"cannot be written: {says}" in line for line in result.outlines)
    assert path.read_bytes() == before


def test_two_tests_with_one_cassette_are_told(pytester: pytest.Pytester, taped: Taped) -> None:
    """pytest-recording gives test[a/b] and test[a*b] one file name. Two workers do not overwrite each other."""
    pytester.makepyfile(
        test_mod=SERVICE
        + """
import pathlib, time

@pytest.mark.parametrize("path", ["a/b", "a*b"])
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
    result = taped("--record-mode=once", workers=2)
    result.assert_outcomes(passed=2, errors=1)
    text = "\n".join(result.outlines)
    assert "another test has written it since this one began" in text
    assert not cassette.opened(tape(pytester, "test_it[a-b].yaml")).edited


# --- what is read ----------------------------------------------------------------------------------------------------


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
def test_a_damaged_cassette_says_so(pytester: pytest.Pytester, taped: Taped, damage, says: str, mode: str) -> None:
    """One sentence with the file; nothing is run and nothing is written."""
    path = recorded(pytester, taped)
    path.write_text(damage(path.read_text()))
    before = path.read_bytes()
    result = taped(f"--record-mode={mode}")
    result.assert_outcomes(errors=1)
    assert any(path.name in line and says in line for line in result.outlines), result.outlines
    assert path.read_bytes() == before
    assert not (pytester.path / "owned").exists()


def test_rewrite_mends_a_damaged_cassette(pytester: pytest.Pytester, taped: Taped) -> None:
    """That is what the messages say to do."""
    path = recorded(pytester, taped)
    path.write_text("")
    taped("--record-mode=rewrite").assert_outcomes(passed=1)
    assert len(cassette.opened(path).rows) == 1


def test_a_cassette_with_metadata_of_vcrpy_9(pytester: pytest.Pytester, taped: Taped) -> None:
    """pytest-recording 0.14 alone fails on it."""
    path = recorded(pytester, taped)
    path.write_text(path.read_text().replace("version: 1", "metadata:\n  seed: 7\nversion: 1"))
    taped("--record-mode=none").assert_outcomes(passed=1)


def test_extra_cassettes_of_the_mark(pytester: pytest.Pytester, taped: Taped) -> None:
    """They are read, and only the first is written, as pytest-recording has it."""
    path = recorded(pytester, taped)
    path.rename(path.with_name("extra.yaml"))
    pytester.makepyfile(
        test_mod=f"{SERVICE}{BLIND}\n\n@pytest.mark.vcr('extra.yaml')\ndef test_it(client):\n    read(client)\n"
    )
    taped("--record-mode=none").assert_outcomes(passed=1)
    assert not path.exists()


def test_a_cassette_from_before_us_is_read(pytester: pytest.Pytester, taped: Taped) -> None:
    """It has real ids, no passport, and plays; recorded again, it is safe."""
    pytester.makepyfile(test_mod=READ)
    taped("--record-mode=once", "-p", "no:graphcalls").assert_outcomes(passed=1)
    assert "Canary" in tape(pytester).read_text()
    taped("--record-mode=none").assert_outcomes(passed=1)
    taped("--record-mode=rewrite").assert_outcomes(passed=1)
    assert "Canary" not in tape(pytester).read_text()


def test_new_episodes_are_added(pytester: pytest.Pytester, taped: Taped) -> None:
    """What was there stays as it was; what is new is redacted."""
    path = recorded(pytester, taped)
    (old,) = cassette.opened(path).rows
    pytester.makepyfile(
        test_mod=READ.replace("== '57da'\n", "== '57da'\n    client.delete(f'{GRAPH}/communications/calls/57da')\n")
    )
    taped("--record-mode=new_episodes").assert_outcomes(passed=1)
    rows = cassette.opened(path).rows
    assert len(rows) == 2
    assert rows[0] == old


def test_an_edited_cassette_is_noticed(pytester: pytest.Pytester, taped: Taped) -> None:
    """It plays, and the summary says so; strict, the run fails."""
    path = recorded(pytester, taped)
    path.write_text(path.read_text().replace('"mail"', '"post"'))
    result = taped("--record-mode=none")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK
    said = (
        f"cassettes edited since they were recorded: {path.relative_to(pytester.path)}; record them again, or restore"
    )
    assert any(line.startswith(said) for line in result.outlines)
    strict = taped("--record-mode=none", "--graphcalls-strict-cassettes")
    assert strict.ret == pytest.ExitCode.TESTS_FAILED
    assert "The run fails for that (--graphcalls-strict-cassettes)." in strict.outlines


def test_without_recording_we_stay_out(pytester: pytest.Pytester, taped: Taped) -> None:
    """--disable-recording is pytest-recording's switch, and does what it says."""
    pytester.makepyfile(test_mod=READ)
    taped("--disable-recording", "--record-mode=all").assert_outcomes(passed=1)
    assert not tape(pytester).exists()
