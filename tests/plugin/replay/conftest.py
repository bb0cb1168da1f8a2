"""Recording over HTTP what the fixtures see, and replaying it offline."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_graphcalls.simulator import Simulator
from tests.few import suite
from tests.plugin.recording_runs import run_recording

__all__ = ["run_recording"]

READING, ENDING = "test_call_get", "test_call_delete"
FEW = suite(READING, ENDING)
"""A few tests of the suite, in both versions."""
Served = tuple[str, Simulator]
SHIPPED = Path(__file__).parents[3] / "cassettes"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    monkeypatch.setenv("GRAPHCALLS_REDACTION_KEY", "a key for these tests")
    monkeypatch.setenv("GRAPHCALLS_TOKEN", served[1].authority.token(lifetime=3600.0))


@pytest.fixture
def to_server(served: Served) -> tuple[str, ...]:
    """Arguments that record from the server."""
    return f"--graphcalls-target={served[0]}", "--record-mode=rewrite"


def cassette_files(pytester: pytest.Pytester) -> list[Path]:
    return sorted((pytester.path / "cassettes").rglob("*.yaml"))
