"""``graphcalls serve --tls``."""

from __future__ import annotations

import json
import re
import shlex
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.unit.cli_tenant.conftest import Run

TENANT = "https://login.microsoftonline.com/contoso.onmicrosoft.com"


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
        if line.startswith("  export "):
            name, _, value = shlex.split(line)[1].partition("=")
            found[name] = value
    return found


def test_serve_tls_says_how_to_trust_it_and_how_to_sign_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, graphcalls: Run
) -> None:
    """With the printed variables the doctor signs in over TLS, and ``token`` gets its token."""
    folder = tmp_path / "a folder"
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
    assert sorted(path.name for path in folder.iterdir()) == ["ca-with-key.pem", "ca.p12", "ca.pem", "graphcalls.ini"]


def test_env_prints_what_an_unmodified_bot_needs(tmp_path: Path, graphcalls: Run) -> None:
    """The words that serve prints lead to it; what the bot gets is asked of the running server."""
    folder = tmp_path / "a folder"
    with serving("--tls", str(folder), "--proxy", "0", "--domain", "contoso.onmicrosoft.com") as server:
        assert server.stdout is not None
        lines = iter(server.stdout.readline, "Ctrl-C stops it.\n")
        command = next(shlex.split(line) for line in lines if line.startswith("  graphcalls env "))
        code, out, err = graphcalls(*command[1:], "--format", "json", "--for", "python")
        assert (code, err) == (0, "")
        given = json.loads(out)
        assert given["SSL_CERT_FILE"] == str(folder / "ca.pem")
        trust = ssl.create_default_context(cafile=given["SSL_CERT_FILE"])
        ledger = httpx.get(f"{command[command.index('--url') + 1]}/_graphcalls/ledger", verify=trust, trust_env=False)
        assert ledger.json()["entries"] == [], "it is no request of the bot"
        with httpx.Client(proxy=given["HTTPS_PROXY"], verify=trust) as client:
            form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
            form |= {"client_id": given["AZURE_CLIENT_ID"], "client_secret": given["AZURE_CLIENT_SECRET"]}
            answer = client.post(
                "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token", data=form
            )
        assert answer.status_code == 200
        code, out, err = graphcalls(*command[1:], "--hosts-file")
        assert "127.0.0.1 graph.microsoft.com" in out
    code, out, err = graphcalls(*command[1:])
    assert (code, out) == (2, "")
    assert "expected a running 'graphcalls serve'" in err


def test_env_says_what_is_missing(tmp_path: Path, graphcalls: Run) -> None:
    """No folder of a server, or a server without a proxy."""
    code, _, err = graphcalls("env", "--tls", str(tmp_path))
    assert code == 2
    assert "expected a folder with ca.pem. Give the folder of 'graphcalls serve --tls FOLDER --proxy PORT'" in err
    with serving("--tls", str(tmp_path)) as server:
        url = exports(server)["AZURE_AUTHORITY_HOST"]
        code, _, err = graphcalls("env", "--tls", str(tmp_path), "--url", url)
    assert code == 2
    assert "expected a server with a proxy. Start it with --tls FOLDER --proxy PORT." in err


def test_a_proxy_needs_tls(graphcalls: Run) -> None:
    code, out, err = graphcalls("serve", "--port", "0", "--proxy", "0")
    assert (code, out) == (2, "")
    assert "--proxy" in err
    assert "expected together with --tls. Clients ask Microsoft's hosts by https alone" in err


def test_a_path_of_a_bot_needs_its_address(graphcalls: Run) -> None:
    """It would be passed over otherwise."""
    code, out, err = graphcalls("serve", "--port", "0", "--bot-path", "/api/calls")
    assert (code, out) == (2, "")
    assert "--bot-path=/api/calls: expected together with --bot. A bot that is named later brings its path along" in err


def test_for_a_bot_without_a_scheme_the_whole_address_is_named(graphcalls: Run) -> None:
    err = graphcalls("serve", "--port", "0", "--bot", "localhost:3978")[2]
    assert "bot=localhost:3978: expected" in err
    assert "Write http://localhost:3978." in err


def test_serve_tls_says_that_a_folder_cannot_be_used(tmp_path: Path, graphcalls: Run) -> None:
    """The error comes before the server listens."""
    (tmp_path / "file").touch()
    code, out, err = graphcalls("serve", "--port", "0", "--tls", str(tmp_path / "file"))
    assert (code, out) == (2, "")
    assert "expected a folder to keep a certificate authority in" in err


def test_the_first_call_trusts_the_server(tmp_path: Path) -> None:
    """The shown command precedes the variables, so it names the file itself."""
    folder = tmp_path / "a folder"
    with serving("--tls", str(folder)) as server:
        assert server.stdout is not None
        words = next(shlex.split(line.rstrip("\\\n")) for line in server.stdout if line.startswith("  curl "))
    assert words[1:3] == ["--cacert", str(folder / "ca.pem")]
