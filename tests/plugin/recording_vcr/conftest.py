"""A project's own tests with @pytest.mark.vcr."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.recording_runs import SERVICE, RunRecording, once, run_recording

__all__ = ["run_recording"]

READ = SERVICE + "\n\n@pytest.mark.vcr\ndef test_it(client):\n    assert read(client)['id'] == '57da'\n"
BLIND = "\n\ndef service(request):\n    raise AssertionError('the service was asked')\n"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHCALLS_REDACTION_KEY", "a key for these tests")


def cassette_file(pytester: pytest.Pytester, name: str = "test_it.yaml", module: str = "test_mod") -> Path:
    return pytester.path / "cassettes" / module / name


def recorded(pytester: pytest.Pytester, run_recording: RunRecording, source: str = READ) -> Path:
    """A cassette, made by a run that passed."""
    pytester.makepyfile(test_mod=source)
    (path,) = once(source, pytester.path / "cassettes", lambda: run_recording("--record-mode=once"))
    return path
