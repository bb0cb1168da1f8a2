"""Writing cassettes: whole or not at all, with a passport, and with nothing in them that leaks."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_graphcalls import cassette
from pytest_graphcalls.atomic import hold
from pytest_graphcalls.cassette import Kind, Passport, SignedIn, writing
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

WHEN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PASSPORT = Passport(WHEN, Kind.SIMULATOR, ("v1.0",), "abc", test="test_it.py::test_one@v1.0")


def exchange(body: bytes = b'{"id":"57da"}', url: str = "https://graph.microsoft.com/v1.0/communications/calls/57da"):
    request = Request("GET", url, Headers([("Authorization", "Bearer REDACTED"), ("X", "1"), ("X", "2")]), b"")
    return Exchange(request, Response(200, Headers([("Content-Type", "application/json")]), body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"a":1}',
        b"\xff\xfe\x00",
        "Zoë ☎\n\ttabs".encode(),
        b"a\r\nb",
        "\x85\u2028".encode(),
        b"  two  spaces ",
        b"~",
    ],
)
def test_a_written_cassette_is_read_back(tmp_path: Path, body: bytes) -> None:
    """Bytes, letters of all sorts, repeated headers and the passport come back as they were."""
    path = tmp_path / "v1.0" / "test_it" / "one.yaml"
    cassette.write(path, [exchange(body)], PASSPORT)
    found = cassette.opened(path)
    (read,) = found.exchanges()
    assert (read.request, read.response) == (exchange(body).request, exchange(body).response)
    assert found.passport == PASSPORT.sealed(found.rows)
    assert not found.edited


def test_a_passport_says_all_it_knows(tmp_path: Path) -> None:
    """Every member survives the file."""
    passport = Passport(
        WHEN,
        Kind.LIVE,
        ("v1.0", "beta"),
        operations={"call-get": "0123456789ab"},
        test="x",
        tenant="t",
        capabilities=("phone",),
        sandbox={"tenantId": "t", "users": [{"user": {"id": "1"}}]},
        sign_ins=(SignedIn("POST", "https://login.microsoftonline.com/t/oauth2/v2.0/token", 200),),
    )
    path = tmp_path / "one.yaml"
    cassette.write(path, [exchange()], passport)
    found = cassette.opened(path).passport
    assert found is not None
    assert found.to_json() == passport.sealed(cassette.opened(path).rows).to_json()
    assert found.days(WHEN + timedelta(days=3, hours=5)) == 3


def test_vcrpy_and_pytest_recording_read_it(tmp_path: Path) -> None:
    """The passport stands beside what vcrpy knows, so plain vcrpy plays the cassette."""
    from vcr.serialize import deserialize
    from vcr.serializers import yamlserializer

    path = tmp_path / "one.yaml"
    cassette.write(path, [exchange()], PASSPORT)
    loaded = deserialize(path.read_text(), yamlserializer)
    assert len(loaded) == 2, "metadata would be a third part, which pytest-recording 0.14 cannot unpack"
    ((request,), (response,)) = loaded
    assert (request.method, response["body"]["string"]) == ("GET", b'{"id":"57da"}')


def test_an_edited_cassette_is_noticed(tmp_path: Path) -> None:
    """A changed body, and an interaction taken out."""
    path = tmp_path / "one.yaml"
    cassette.write(path, [exchange()], PASSPORT)
    path.write_text(path.read_text().replace("57da", "58da"))
    assert cassette.opened(path).edited


def test_without_exchanges_no_cassette_is_written(tmp_path: Path) -> None:
    """An empty recording replaces nothing."""
    path = tmp_path / "one.yaml"
    cassette.write(path, [exchange()], PASSPORT)
    before = path.read_bytes()
    cassette.write(path, [], PASSPORT, before=cassette.state(path))
    assert path.read_bytes() == before


def test_a_cassette_with_a_secret_is_not_written(tmp_path: Path) -> None:
    """The message names lines and kinds, never the secret; known values are found whatever they look like."""
    path = tmp_path / "one.yaml"
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"
    with pytest.raises(RecordingError) as caught:
        cassette.write(path, [exchange(f'{{"note":"{token}"}}'.encode())], PASSPORT)
    assert "JSON web token" in str(caught.value)
    assert "pytest_graphcalls_redact" in str(caught.value)
    assert "eyJ" not in str(caught.value)
    with pytest.raises(RecordingError, match=r"line \d+"):
        cassette.write(path, [exchange(b'{"note":"plain words"}')], PASSPORT, known=["plain words"])
    assert not list(tmp_path.iterdir())


def refusing(error: int) -> Callable[..., Any]:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    return refuse


@pytest.mark.parametrize(
    ("where", "error", "says"),
    [
        ("os.fsync", errno.ENOSPC, "No space left on device"),
        ("pathlib.Path.replace", errno.EACCES, "Permission denied"),
        ("os.open", errno.EROFS, "Read-only file system"),
        ("pathlib.Path.mkdir", errno.EACCES, "Permission denied"),
    ],
)
def test_a_disk_that_refuses_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, error: int, says: str
) -> None:
    """A full disk, a read-only folder: one sentence, the older cassette as it was, and nothing lying about."""
    path = tmp_path / "one.yaml"
    cassette.write(path, [exchange()], PASSPORT)
    before, state = path.read_bytes(), cassette.state(path)
    with monkeypatch.context() as patched:
        patched.setattr(where, refusing(error))
        with pytest.raises(RecordingError) as caught:
            cassette.write(path, [exchange(b"{}")], PASSPORT, before=state)
    assert str(caught.value) == (f"{path}: cannot be written: {says}. The older recording is as it was.")
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["one.yaml"]


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    """The folder of the cassettes cannot be made."""
    (tmp_path / "v1.0").write_text("")
    with pytest.raises(RecordingError, match="cannot be written"):
        cassette.write(tmp_path / "v1.0" / "test_it" / "one.yaml", [exchange()], PASSPORT)


def test_two_writers_never_write_one_file_at_once(tmp_path: Path) -> None:
    """Of many writers that began with the same file one wins, the others get an error; the file is whole."""
    path = tmp_path / "one.yaml"
    before = cassette.state(path)
    messages: list[str] = []
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        try:
            cassette.write(path, [exchange(b"%d" % number)] * 20, PASSPORT, before=before)
        except RecordingError as error:
            messages.append(str(error))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(messages) == 7
    assert all("another test has written it since this one began" in text for text in messages)
    assert not cassette.opened(path).edited
    assert [one.name for one in tmp_path.iterdir()] == ["one.yaml"]


KILLED = """
import os, signal
from pathlib import Path
from pytest_graphcalls import cassette
from tests.unit.test_cassette_writing import PASSPORT, exchange

os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
cassette.write(Path("one.yaml"), [exchange()], PASSPORT)
"""


def test_after_a_kill_within_a_write_the_next_one_writes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock and the half-written file that the killed process has left do not outlive it."""
    monkeypatch.setattr(writing, "WAIT", 0.0)
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=tmp_path, env={**os.environ, "PYTHONPATH": root}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2, "the lock, and the half of the file"
    cassette.write(tmp_path / "one.yaml", [exchange()], PASSPORT)
    assert [one.name for one in tmp_path.iterdir()] == ["one.yaml"]


def test_a_lock_that_is_held_is_waited_for_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock of a process that lives is not taken away."""
    monkeypatch.setattr(writing, "WAIT", 0.05)
    held = hold(tmp_path / ".one.yaml.lock", make=True)
    assert held is not None
    with pytest.raises(RecordingError, match="another process writes it"):
        cassette.write(tmp_path / "one.yaml", [exchange()], PASSPORT)
    os.close(held)
    cassette.write(tmp_path / "one.yaml", [exchange()], PASSPORT)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "graphcalls:\n  format: 9\ninteractions: []\nversion: 1\n",
            "its passport has format 9; this version reads 1.",
        ),
        ("graphcalls:\n  format: 1\ninteractions: []\nversion: 1\n", "its passport cannot be read"),
        ("graphcalls:\n  format: 1\ninteractions: []\n", "it was cut"),
        ("a: 1\n", "has the keys 'a'; a HAR file has 'log'"),
        ('{"log": {"entries": []}}', "is no cassette of vcrpy: it has no 'interactions'."),
        ("interactions:\n- !!python/object/apply:os.system ['true']\nversion: 1\n", "only running code could build"),
    ],
)
def test_a_file_that_is_no_cassette_is_reported(tmp_path: Path, text: str, says: str) -> None:
    """One sentence each; nothing is run."""
    path = tmp_path / "one.yaml"
    path.write_text(text)
    with pytest.raises(RecordingError, match=says):
        cassette.opened(path)
