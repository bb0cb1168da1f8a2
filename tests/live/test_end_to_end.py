"""The packaged suite against ``graphcalls serve --tls`` in a process of its own, as users with a tenant run it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pytest_graphcalls.contract import Contract, Need
from tests.effort import EFFORT
from tests.few import ROOT
from tests.live.conftest import facts, ini
from tests.tunnel import Tunnel, free_port

WORKERS = 2
WITHIN = 900.0
"""Seconds; it takes a tenth of it, most of which are waits for notifications that must not come."""


START = """
import sys
from dataclasses import replace
from functools import partial
from pytest_graphcalls.cli import main
from pytest_graphcalls.cli import serve

def made(make=serve.Simulator, **facts):
    simulator = make(**facts)
    quick = simulator.clock.pace
    slow = replace(quick, ring=5.0)

    def answer(request, proceed):
        simulator.clock.pace = slow if b'"participantId"' in request.body else quick
        return proceed(request)

    simulator.intercept(answer)
    return simulator

serve.Simulator = made
serve.Pace = partial(serve.Pace, establish=0.0)
sys.exit(main())
"""
"""The command line, but that calls are established at once: half a second for each would be most of the test. It rings
longer at whom a test invites under an id of its choice, which is to withdraw the invitation on a busy machine, too."""
LISTENS = """
import logging, os

def pytest_configure(config):
    if hasattr(config, "workerinput"):
        logger = logging.getLogger("pytest_graphcalls.sandbox.guard")
        logger.setLevel(logging.INFO)
        logger.addHandler(logging.FileHandler(f"live.{os.getpid()}.log"))
"""
"""A plugin that keeps what each worker logs about its calls."""


@pytest.fixture
def tunnel() -> Tunnel:
    """Leads to where the run listens; the server posts there, too."""
    return Tunnel(free_port())


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tunnel: Tunnel) -> Iterator[dict[str, str]]:
    """A server with its own sign-in; what it prints is what the environment is set to."""
    bot = f"--bot=http://127.0.0.1:{tunnel.port}"
    words = ["serve", "--open-directory", "--port=0", "--ring=0.1", bot, "--tls", str(tmp_path / "tls")]
    with subprocess.Popen([sys.executable, "-c", START, *words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        variables: dict[str, str] = {}
        for line in iter(process.stdout.readline, ""):
            if line.startswith("  export "):
                name, _, value = shlex.split(line)[1].partition("=")
                variables[name] = value
            if "Ctrl-C stops it" in line:
                break
        yield variables
        process.send_signal(signal.SIGINT)


def test_the_suite_runs_live_in_both_versions(
    pytester: pytest.Pytester, served: dict[str, str], tunnel: Tunnel, tmp_path: Path
) -> None:
    """Every rule that needs requests and notifications only is held, the others say what they lack, and no call goes
    on afterwards. The versions take turns; under ``make search`` each rule is there in all of its own.
    """
    url, tenant = served["AZURE_AUTHORITY_HOST"], served["AZURE_TENANT_ID"]
    has = facts(tenant, meetings=2 * WORKERS, users=8 * WORKERS, bots=2 * WORKERS)
    command = [sys.executable, "-m", "pytest", "--pyargs", "pytest_graphcalls.contracts", "-q", "-n", str(WORKERS)]
    options = ["--dist=worksteal", "-p", "no:cacheprovider", "-p", "listens", "--graphcalls-report=report.json"]
    options += [] if EFFORT else ["-p", "tests.turns"]
    live = ["--graphcalls-target=live", f"--graphcalls-root={url}", f"--graphcalls-authority={url}"]
    pytester.makepyfile(listens=LISTENS)
    environment = {**os.environ, **served, "PYTHONPATH": os.pathsep.join((str(ROOT), str(pytester.path)))}
    del environment["AZURE_AUTHORITY_HOST"]  # given explicitly
    with tunnel.open(tmp_path / "tls") as public:
        has |= {"callback": f"{public}/calls", "listen": f"127.0.0.1:{tunnel.port}"}
        pytester.makefile(".ini", pytest=ini(tenant, has))
        done = subprocess.run(
            [*command, *options, *live], env=environment, capture_output=True, text=True, timeout=WITHIN, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr

    report = json.loads((pytester.path / "report.json").read_text())
    judged = {(rule, test["version"]) for test in report["tests"] for rule in test["rules"]}
    rules = Contract.packaged().rules
    assert {id for id, _ in judged} == set(rules)
    assert not EFFORT or judged == {(rule.id, version) for rule in rules.values() for version in rule.versions}
    for row in report["rules"]:
        lacking = set(rules[row["id"]].needs) - {Need.PHONE, Need.NOTIFICATIONS}
        if (row["id"], row["version"]) in judged:
            assert row["status"] == ("not-checked" if lacking else "held"), row
            assert bool(lacking) == row["reason"].startswith("not checked: needs "), row
    assert report["summary"]["questions_answered"] > 0

    assert nothing_left(pytester.path, served, url) > 100


def nothing_left(folder: Path, served: dict[str, str], url: str) -> int:
    """The number of calls that were created; a GET shows that each of them has ended."""
    assert list(folder.glob(".graphcalls/ledger/*.jsonl")) == []
    logs = [path.read_text() for path in folder.glob("live.*.log")]
    made = set(re.findall(r"call (\S+) made", "\n".join(logs)))
    assert len(logs) == WORKERS
    headers = {"Authorization": f"Bearer {served['GRAPHCALLS_TOKEN']}"}
    trusted = ssl.create_default_context(cafile=served["SSL_CERT_FILE"])
    with httpx.Client(verify=trusted, headers=headers, trust_env=False) as client:
        left = [call for call in made if client.get(f"{url}/v1.0/communications/calls/{call}").status_code != 404]
    assert left == []
    return len(made)
