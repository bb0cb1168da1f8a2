"""Planted secrets come out nowhere: a failing suite, a night and a server, as they are really run."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pytest_graphcalls.server.control import PREFIX
from tests.environment import clean
from tests.house import planting

SUITE = Path(__file__).with_name("planted_suite.py")


def test_there_are_enough() -> None:
    """150 at least, each unlike every other one."""
    assert len({one.value for one in planting.PLANTED}) == len(planting.PLANTED) >= 150


def test_a_failing_suite_shows_no_planted_secret(pytester: pytest.Pytester) -> None:
    """Console, JUnit, report in both forms, log file; as pytest shows it by default, shortened."""
    facts = [
        {name: getattr(one, name) for name in ("name", "member", "written", "assigned", "said")}
        for one in planting.PLANTED
    ]
    (pytester.path / "planted.json").write_text(json.dumps(facts))
    (pytester.path / "test_planted.py").write_text(SUITE.read_text())
    result = pytester.runpytest_subprocess(
        *("-p", "no:randomly", "-q", "-rA", "--showlocals", "--junitxml=junit.xml", "-o", "junit_logging=all"),
        *("--log-file=all.log", "--log-file-level=DEBUG"),
        *("--graphcalls-report=report.json", "--graphcalls-report=report.md"),
    )
    shown = {"console": "\n".join(result.outlines + result.errlines)}
    shown |= {name: (pytester.path / name).read_text() for name in ("junit.xml", "report.json", "report.md", "all.log")}
    said = {name: planting.report(text) for name, text in shown.items()}
    assert said == dict.fromkeys(shown, "")


@contextmanager
def serving(*words: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """``graphcalls serve`` in a process of its own: it, its address, its token."""
    command = [sys.executable, "-c", "from pytest_graphcalls.cli import main; raise SystemExit(main())", "serve"]
    server = subprocess.Popen(
        [*command, "--port", "0", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean()
    )
    try:
        assert server.stdout is not None
        greeting = "".join(iter(server.stdout.readline, "Ctrl-C stops it.\n"))
        address, token = re.search(r"http://127\.0\.0\.1:\d+", greeting), re.search(r"TOKEN=(\S+)", greeting)
        assert address is not None
        assert token is not None
        yield server, address[0], token[1]
    finally:
        server.kill()
        server.communicate()


def test_a_server_shows_no_planted_secret() -> None:
    """Ledger, timeline, notifications, the refusal of an assertion, and what it prints."""
    with serving() as (server, address, token), httpx.Client(base_url=address, timeout=60) as client:
        signed = {"Authorization": f"Bearer {token}"}
        client.post(f"{PREFIX}bot", json={"url": f"{address}/bot"})
        for one in planting.PLANTED:
            for request in planting.requests(one):
                request = {**request, "headers": {**signed, **request.get("headers", {})}}
                client.post(f"/v1.0{planting.CALLS}{request.pop('path', '')}", **request)
        shown = {
            name: client.request(method, f"{PREFIX}{name}", json=body).text
            for name, method, body in (
                ("ledger", "GET", None),
                ("timeline", "GET", None),
                ("notifications", "GET", None),
                ("assertions/answered-within", "POST", {"seconds": 1}),
            )
        }
        server.send_signal(signal.SIGTERM)
        shown["printed"] = "".join(server.communicate(timeout=60))
    assert "REDACTED" in shown["ledger"]
    assert {name: planting.report(text) for name, text in shown.items()} == dict.fromkeys(shown, "")
