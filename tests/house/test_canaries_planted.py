"""Planted secrets come out nowhere: a failing suite, a night and a server, as they are really run."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pytest_graphcalls.cli import main
from pytest_graphcalls.server.control import PREFIX
from tests.environment import clean
from tests.house import planting
from tests.plugin.conftest import QUIET
from tests.plugin.recording_runs import WITH_RECORDING

SUITE = Path(__file__).with_name("planted_suite.py")


def test_enough_secrets_are_planted() -> None:
    """150 at least, each unlike every other one; a kind that is planted has one of them."""
    values = [one.value for kind in planting.KINDS for one in kind]
    assert len(set(values)) == len(values) >= 150
    assert all(set(kind) & set(planting.PLANTED) for kind in planting.KINDS)


def assert_clean(shown: Mapping[str, str]) -> None:
    """No secret of ours is found, in no form, and detect-secrets finds none either."""
    assert {name: planting.report(text) for name, text in shown.items()} == dict.fromkeys(shown, "")
    assert planting.second_opinion(*shown.values()) == set()


def test_a_failing_suite_shows_no_planted_secret(pytester: pytest.Pytester) -> None:
    """Console, JUnit, report in both forms, log file; as pytest shows it by default, shortened."""
    facts = [
        {name: getattr(one, name) for name in ("name", "member", "written", "assigned", "said")}
        for one in planting.PLANTED
    ]
    (pytester.path / "planted.json").write_text(json.dumps(facts))
    head, *tests = re.split(r"\n\n\n(?=@|if )", SUITE.read_text())
    (pytester.path / "planted.py").write_text(head)
    for number, test in enumerate(tests):
        (pytester.path / f"test_planted_{number}.py").write_text(f"from planted import *\n\n{test}\n")
    result = pytester.runpytest_subprocess(
        *(*QUIET, "-q", "-rA", "--showlocals", "--junitxml=junit.xml", "-o", "junit_logging=all"),
        *("--log-file=all.log", "--log-file-level=DEBUG"),
        *("--graphcalls-report=report.json", "--graphcalls-report=report.md"),
    )
    shown = {"console": "\n".join(result.outlines + result.errlines)}
    shown |= {name: (pytester.path / name).read_text() for name in ("junit.xml", "report.json", "report.md", "all.log")}
    assert result.parseoutcomes()["xfailed"] == len(planting.PLANTED)
    assert_clean(shown)


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
    assert_clean(shown)


RECORDING = """
import json
from pathlib import Path

import httpx
import pytest

from tests.house.planting import CALLS, PLANTED, requests


def echo(request):
    headers = {name: request.headers[name] for name in ("X-Api-Key", "Content-Type") if name in request.headers}
    return httpx.Response(200, content=request.content, headers=headers)


@pytest.mark.vcr
@pytest.mark.parametrize("number", range(len(PLANTED)))
def test_recorded(number):
    with httpx.Client(base_url="https://graph.microsoft.com/v1.0", transport=httpx.MockTransport(echo)) as client:
        for request in requests(PLANTED[number]):
            client.post(f"{CALLS}{request.pop('path', '')}", **request)
"""


def test_a_recording_holds_no_planted_secret(pytester: pytest.Pytester) -> None:
    """Cassettes of pytest-recording: what is sent, and what comes back with it. What redaction misses is refused."""
    pytester.makepyfile(test_recording=RECORDING)
    root = Path(__file__).parents[2]
    result = pytester.runpytest_subprocess(
        *(*WITH_RECORDING, "-q", "--record-mode=rewrite", "-o", f"pythonpath={shlex.quote(str(root))}")
    )
    cassettes = list(pytester.path.rglob("*.yaml"))
    outcomes = result.parseoutcomes()
    assert len(cassettes) + outcomes["errors"] == outcomes["passed"] == len(planting.PLANTED)
    assert len(cassettes) >= 0.9 * len(planting.PLANTED)
    assert_clean({"cassettes": "\n".join(one.read_text() for one in cassettes), "console": result.stdout.str()})


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_check_of_a_recording_shows_no_planted_secret(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A HAR file that was made elsewhere, with a secret in every place."""
    entries = []
    with httpx.Client(base_url="https://graph.microsoft.com/v1.0") as client:
        for one in planting.PLANTED:
            for arguments in planting.requests(one):
                request = client.build_request("POST", f"{planting.CALLS}{arguments.pop('path', '')}", **arguments)
                headers = [{"name": name, "value": value} for name, value in request.headers.items()]
                body = {"text": request.content.decode()}
                asked = {"method": "POST", "url": str(request.url), "headers": headers, "postData": body}
                answer = {"status": 299, "headers": headers, "content": body}
                entries.append({"request": asked, "response": answer})
    (tmp_path / "x.har").write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    assert main(["check", str(tmp_path / "x.har"), "--format", form]) == 1
    shown = "".join(capsys.readouterr())
    if form == "json":
        assert json.loads(shown)["summary"]["violations"] > len(planting.PLANTED)
    assert_clean({"check": shown})


def test_a_usage_error_shows_no_planted_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """Of argparse, and of a command."""
    shown = ""
    for one in planting.PLANTED:
        with pytest.raises(SystemExit):
            main(["serve", "--port", one.assigned])
        assert main(["explain", one.said]) in {0, 2}
        assert main(["serve", "--host", one.assigned, "--port", "0"]) == 2
        shown += "".join(capsys.readouterr())
    assert_clean({"errors": shown})
