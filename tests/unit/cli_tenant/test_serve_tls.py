"""``graphcalls serve --tls``."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.cli_tenant.conftest import Run


@contextmanager
def serving(*words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", "from pytest_graphcalls.cli import main; raise SystemExit(main())", "serve"]
    with subprocess.Popen(
        [*command, "--port", "0", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            yield server
        finally:
            server.kill()


def exports(server: subprocess.Popen[str]) -> dict[str, str]:
    assert server.stdout is not None
    found = {}
    for line in server.stdout:
        if line.startswith("Ctrl-C"):
            break
        if match := re.match(r"  export (\w+)=(\S+)", line):
            found[match[1]] = match[2]
    return found


def test_serve_tls_says_how_to_trust_it_and_how_to_sign_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, graphcalls: Run
) -> None:
    """With what it prints exported, the doctor signs in over TLS, and token gets its token."""
    folder = tmp_path / "ca"
    with serving("--tls", str(folder)) as server:
        given = exports(server)
        assert given["SSL_CERT_FILE"] == given["REQUESTS_CA_BUNDLE"] == given["NODE_EXTRA_CA_CERTS"]
        assert given["SSL_CERT_FILE"] == str(folder / "ca.pem")
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("GRAPHCALLS_TOKEN")
        root = given["AZURE_AUTHORITY_HOST"]
        code, out, err = graphcalls("doctor", "--root", root)
        assert (code, err) == (0, "")
        assert re.findall(r"^(\w+) +ok ", out, re.MULTILINE) == ["token", "roles", "tenant", "7503"]
        assert graphcalls("token", "--url", root)[0] == 0
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
        assert server.stderr is not None
        assert server.stderr.read() == ""
    assert sorted(path.name for path in folder.iterdir()) == ["ca-with-key.pem", "ca.pem"]


def test_serve_tls_says_that_a_folder_cannot_be_used(tmp_path: Path, graphcalls: Run) -> None:
    """Before it listens."""
    (tmp_path / "file").touch()
    code, out, err = graphcalls("serve", "--port", "0", "--tls", str(tmp_path / "file"))
    assert (code, out) == (2, "")
    assert "expected a folder to keep a certificate authority in" in err
