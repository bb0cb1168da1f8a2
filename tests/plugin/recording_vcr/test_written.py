"""What a project's own tests with @pytest.mark.vcr write is safe as soon as we are installed."""

from __future__ import annotations

import pytest

from pytest_graphcalls import cassette, leakscan
from pytest_graphcalls.cassette import writing
from pytest_graphcalls.leakscan import Leak
from tests.plugin.recording_runs import CANARIES, SERVICE, RunRecording
from tests.plugin.recording_vcr.conftest import BLIND, READ, cassette_file, recorded


def test_a_cassette_is_redacted_by_default_and_replays(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """Token, secret, cookie, ids, names and the whole sign-in stay out; the test passes offline all the same."""
    test = """

@pytest.mark.vcr
def test_it(client):
    token = sign_in(client)
    answer = read(client, token)
    assert answer["id"] == "57da"
    assert client.delete(f"{GRAPH}/communications/calls/57da").status_code == 204
"""
    path = recorded(pytester, run_recording, SERVICE + test)
    text = path.read_text()
    assert not [canary for canary in CANARIES if canary in text]
    passport = cassette.opened(path).passport
    assert passport is not None
    assert (passport.kind, passport.versions) == (cassette.Kind.LIVE, ("v1.0",))
    assert [one.method for one in passport.sign_ins] == ["POST"]
    assert not list(leakscan.scan(path))

    pytester.makepyfile(test_mod=SERVICE + BLIND + test)
    before = path.read_bytes()
    result = run_recording("--record-mode=none", "--block-network")
    result.assert_outcomes(passed=1)
    assert any("recorded from: live (1 cassette, " in line for line in result.outlines)
    assert path.read_bytes() == before


def test_a_failed_sign_in_is_replayed_as_one(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """The passport keeps that the sign-in failed, but neither secret nor answer."""
    test = """

def service(request):
    return httpx.Response(401, json={"error": "invalid_client", "error_description": "canary"})


@pytest.mark.vcr
def test_it(client):
    assert client.post(SIGN_IN, data={"client_secret": "canary-of-the-secret"}).status_code == 401
"""
    path = recorded(pytester, run_recording, SERVICE + test)
    assert "canary" not in path.read_text()
    run_recording("--record-mode=none").assert_outcomes(passed=1)


def test_other_hosts_are_left_as_they_are(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """A cassette of another service is byte for byte what it is without us."""
    test = (
        SERVICE
        + """

@pytest.mark.vcr
def test_it(client):
    client.post("https://api.example.org/things", json={"displayName": "Canary Person"}, headers={"X-Api-Key": "k"})
"""
    )
    path = recorded(pytester, run_recording, test)
    ours = path.read_bytes()
    path.unlink()
    run_recording("--record-mode=once", "-p", "no:graphcalls").assert_outcomes(passed=1)
    assert path.read_bytes() == ours
    assert b"Canary Person" in ours


@pytest.mark.parametrize("given", ["option", "ini"])
def test_other_hosts_can_be_made_safe(pytester: pytest.Pytester, run_recording: RunRecording, given: str) -> None:
    """Other hosts are added by name or pattern, by option or ini key."""
    test = SERVICE + (
        "\n\n@pytest.mark.vcr\ndef test_it(client):\n"
        '    client.post("https://api.example.org/things", json={"displayName": "Canary Person"})\n'
    )
    pytester.makepyfile(test_mod=test)
    pytester.makeini("[pytest]\n" + ("graphcalls_record_hosts = *.example.org\n" if given == "ini" else ""))
    option = ("--graphcalls-record-hosts=*.example.org",) if given == "option" else ()
    run_recording("--record-mode=once", *option).assert_outcomes(passed=1)
    assert "Canary" not in cassette_file(pytester).read_text()


def test_one_cassette_may_hold_graph_and_other_hosts(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """What concerns Graph is redacted, the neighbour stays as it was."""
    test = SERVICE + (
        "\n\n@pytest.mark.vcr\ndef test_it(client):\n    read(client)\n"
        '    client.get("https://api.example.org/things?name=neighbour@contoso.com")\n'
    )
    pytester.makepyfile(test_mod=test)
    result = run_recording("--record-mode=once")
    result.assert_outcomes(passed=1, errors=1)
    line = next(line for line in result.outlines if "the leak scan has found" in line)
    assert "e-mail address" in line
    assert "contoso" not in line
    assert not cassette_file(pytester).exists()


def test_json_cassettes_are_safe_too(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """Cassettes are redacted with any serializer of the project."""
    test = SERVICE + (
        "\n\n@pytest.mark.vcr(serializer='json')\ndef test_it(client):\n    assert read(client)['id'] == '57da'\n"
    )
    pytester.makepyfile(test_mod=test)
    run_recording("--record-mode=once").assert_outcomes(passed=1)
    path = cassette_file(pytester, "test_it.json")
    assert not [canary for canary in CANARIES if canary in path.read_text()]
    run_recording("--record-mode=none").assert_outcomes(passed=1)


def test_a_project_adds_its_own(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """The hook pytest_graphcalls_redact is asked."""
    pytester.makeconftest("def pytest_graphcalls_redact(redactor): redactor.add(members=['state', 'id'])")
    pytester.makepyfile(test_mod=READ)
    run_recording("--record-mode=once").assert_outcomes(passed=1)
    assert '"id":"REDACTED"' in cassette_file(pytester).read_text()


def test_the_key_is_kept_for_the_next_recording(
    pytester: pytest.Pytester, run_recording: RunRecording, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a variable a key is made once; recorded again, only the time differs."""
    monkeypatch.delenv("GRAPHCALLS_REDACTION_KEY")
    pytester.makepyfile(test_mod=READ)
    run_recording("--record-mode=once").assert_outcomes(passed=1)
    path = cassette_file(pytester)
    key = (pytester.path / "cassettes" / ".graphcalls-key").read_text()
    first = path.read_text()
    run_recording("--record-mode=rewrite").assert_outcomes(passed=1)
    assert (pytester.path / "cassettes" / ".graphcalls-key").read_text() == key
    changed = set(first.splitlines()) ^ set(path.read_text().splitlines())
    assert all(line.startswith("  recorded: ") for line in changed)


def test_a_cassette_with_a_leak_is_not_written(
    pytester: pytest.Pytester, run_recording: RunRecording, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run fails, the older cassette stays, and the sentence names line and kind."""
    path = recorded(pytester, run_recording)
    before = path.read_bytes()
    monkeypatch.setattr(writing, "scan", lambda *_, **__: iter([Leak("", 7, "bearer token")]))
    result = run_recording("--record-mode=rewrite")
    result.assert_outcomes(passed=1, errors=1)
    assert any("line 7: bearer token" in line for line in result.outlines)
    assert path.read_bytes() == before
