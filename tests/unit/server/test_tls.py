"""The certificate authority in a folder."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from pytest_graphcalls.clients.httpx import http_for_msal, tls_context
from pytest_graphcalls.clients.network import Network
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.server.tls import CA_FILE, CA_KEY_FILE, PHP_SETTINGS, TRUST_STORE, certificate_in
from pytest_graphcalls.simulator import Simulator

FOR_CLIENTS = (CA_FILE, TRUST_STORE, PHP_SETTINGS)


def test_the_authority_is_the_same_in_every_run(tmp_path: Path) -> None:
    """Trusted once, trusted always; the server's own certificate is removed with the server."""
    folder = tmp_path / "new" / "folder"
    with certificate_in(folder) as first:
        ca = first.ca.read_bytes()
        assert first.certificate.exists()
    with certificate_in(folder) as second:
        assert second.ca.read_bytes() == ca
    assert sorted(path.name for path in folder.iterdir()) == [CA_KEY_FILE, TRUST_STORE, CA_FILE, PHP_SETTINGS]


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    """With the authority's key one can stand between a client that trusts it and any server."""
    with certificate_in(tmp_path) as tls:
        modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    assert modes == {CA_KEY_FILE: 0, tls.certificate.name: 0, **dict.fromkeys(FOR_CLIENTS, 0o044)}
    assert b"PRIVATE" not in (tmp_path / CA_FILE).read_bytes()


KILLED = """
import os, signal, sys
from pathlib import Path
from pytest_graphcalls.server import tls
folder = Path(sys.argv[1])
with tls.certificate_in(folder), tls._key_file(folder / "ca.pem", b"half written"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_the_key_of_a_killed_server_goes_with_the_next_start(tmp_path: Path) -> None:
    """Keys of a running server and files of other names are kept."""
    (tmp_path / "server-of-mine.pem").write_text("mine")
    with certificate_in(tmp_path) as running:
        assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False).returncode < 0
        assert len(list(tmp_path.iterdir())) == 8
        with certificate_in(tmp_path) as next_one:
            here = {
                *FOR_CLIENTS,
                CA_KEY_FILE,
                "server-of-mine.pem",
                running.certificate.name,
                next_one.certificate.name,
            }
            assert {path.name for path in tmp_path.iterdir()} == here


def test_runs_that_start_at_once_agree_on_one_authority(tmp_path: Path) -> None:
    """Two xdist workers, say."""
    at_once = Barrier(4)

    def run(_: int) -> bytes:
        at_once.wait()
        with certificate_in(tmp_path) as tls:
            ssl.create_default_context(cafile=str(tls.ca)).check_hostname = True
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate)
        return (tmp_path / CA_KEY_FILE).read_bytes()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(run, range(4)))) == 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "bots.example"])
def test_the_certificate_holds_for_each_name(tmp_path: Path, host: str) -> None:
    """This machine's, and the ones that are given."""
    with (
        certificate_in(tmp_path, ["bots.example", "127.0.0.1"]) as tls,
        serve_in_thread(SimulatorApp(Simulator()), certificate=tls.certificate) as url,
    ):
        assert url.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(tls.ca))
        port = int(url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port), 10) as plain,
            context.wrap_socket(plain, server_hostname=host) as line,
        ):
            assert line.version() in {"TLSv1.2", "TLSv1.3"}


def test_a_client_that_does_not_trust_the_server_does_not_talk_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verification is never switched off; SSL_CERT_FILE counts where the environment is trusted."""
    with (
        certificate_in(tmp_path) as tls,
        serve_in_thread(SimulatorApp(Simulator()), certificate=tls.certificate) as url,
    ):
        monkeypatch.setenv("SSL_CERT_FILE", str(tls.ca))
        for trust_env, reached in ((False, False), (True, True)):
            network = Network(trust_env=trust_env)
            said = network.unreachable(url)
            assert (said == "") is reached
            remedy = (
                "set SSL_CERT_FILE to the authority's file, which is FOLDER/ca.pem for 'graphcalls serve --tls FOLDER'."
            )
            assert reached or (said.endswith(remedy) and "Start it" not in said)
            network.close()
        trusting, strange = http_for_msal(verify=str(tls.ca)), http_for_msal()
        assert trusting.get(f"{url}/v1.0/communications/calls/x").status_code == 401
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            strange.get(url)
        trusting.close(), strange.close()


def test_a_folder_that_cannot_be_used_is_reported(tmp_path: Path) -> None:
    """A file in its place, an authority that is none."""
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(SettingError, match=r"--tls=.*file: expected a folder .*File exists"),
        certificate_in(tmp_path / "file"),
    ):
        pass
    (tmp_path / CA_KEY_FILE).write_text("oops")
    with pytest.raises(SettingError, match="Give another or an empty one"), certificate_in(tmp_path):
        pass


@pytest.mark.parametrize("content", [None, "oops"])
def test_unreadable_certificates_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    """The variable is named, and its value."""
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(SettingError, match=r"SSL_CERT_FILE=.*ca\.pem: expected a file with certificates"):
        tls_context(trust_env=True)
