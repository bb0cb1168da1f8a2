"""``graphcalls serve``."""

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

import pytest

from pytest_graphcalls.cli import parser
from pytest_graphcalls.cli.serve import _reach


@contextmanager
def serving(*words):
    command = [sys.executable, "-c", "from pytest_graphcalls.cli import main; raise SystemExit(main())", "serve"]
    server = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield server
    finally:
        server.kill()
        server.communicate()


def greeted(server):
    lines = []
    for line in server.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            break
    return "".join(lines)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_serve_greets_answers_and_stops(stop):
    with serving("--port", "0", "--seed", "7") as server:
        text = greeted(server)
        url = re.search(r"http://127\.0\.0\.1:\d+", text)[0]
        token = re.search(r"export GRAPHCALLS_TOKEN=(\S+)", text)[1]
        assert f"pytest --pyargs pytest_graphcalls.contracts --graphcalls-target={url}\n" in text
        assert "seed 7" in text
        request = urllib.request.Request(
            f"{url}/v1.0/communications/calls/57da", headers={"Authorization": f"Bearer {token}"}
        )
        with pytest.raises(urllib.error.HTTPError, match="404") as refused:
            urllib.request.urlopen(request, timeout=10)
        refused.value.close()
        shown = re.search(r"-d '(.*)'$", text, re.MULTILINE)[1].encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        first = urllib.request.Request(f"{url}/v1.0/communications/calls", shown, headers)
        assert urllib.request.urlopen(first, timeout=10).status == 201
        server.send_signal(stop)
        out, err = server.communicate(timeout=20)
        assert (server.returncode, out, err) == (0, "stopped\n", "")


def test_serve_stops_while_a_body_is_half_received():
    """Quietly, and without waiting for the rest of it."""
    with serving("--port", "0") as server:
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)", greeted(server))[1])
        with (
            socket.create_connection(("127.0.0.1", port)) as half,
            socket.create_connection(("127.0.0.1", port)) as whole,
        ):
            half.sendall(b"POST /v1.0/communications/calls HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\n{")
            whole.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert whole.recv(8) == b"HTTP/1.1"
            server.send_signal(signal.SIGTERM)
            out, err = server.communicate(timeout=20)
        assert (server.returncode, out, err) == (0, "stopped\n", "")


def test_a_taken_port_is_reported(graphcalls):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = graphcalls("serve", "--port", port)
    assert (code, out) == (2, "")
    assert f"--port={port}: expected a port to listen on at 127.0.0.1." in err
    assert "Give another port, or 0 for a free one." in err


def test_an_invalid_host_is_named(graphcalls):
    """The port is not to blame."""
    code, out, err = graphcalls("serve", "--host", "999.1.1.1", "--port", "0")
    assert (code, out) == (2, "")
    assert err.startswith("graphcalls: --host=999.1.1.1: expected an address of this machine.")


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_a_port_is_a_small_number(graphcalls, port):
    code, _, err = graphcalls("serve", f"--port={port}")
    assert code == 2
    assert f"'{port}' is no port; expected 0 to 65535" in err


@pytest.mark.parametrize("ring", ["-1", "nan", "inf"])
def test_a_ring_time_is_a_time(graphcalls, ring):
    assert graphcalls("serve", f"--ring={ring}")[0] == 2


@pytest.mark.parametrize("size", ["0", "-1", "nan", "1e99"])
def test_a_ledger_has_a_size(graphcalls, size):
    """The size of a ledger is at least a megabyte, and has an upper limit."""
    code, _, err = graphcalls("serve", f"--ledger-size={size}")
    assert code == 2
    assert f"--ledger-size={float(size)!r}: expected MB, a number from 1 to 65,536" in err


def test_a_bot_on_another_machine_is_refused(graphcalls):
    code, out, err = graphcalls("serve", "--bot", "http://192.0.2.7/api")
    assert (code, out) == (2, "")
    assert "bot=http://192.0.2.7/api: expected http:// or https:// and this machine" in err
    assert "'graphcalls serve --allow-host HOST' allows a host." in err


def test_a_bot_on_an_allowed_host_is_notified():
    with serving("--port", "0", "--bot", "http://192.0.2.7/api", "--allow-host", "192.0.2.7", "--frozen") as server:
        assert "  bot    http://192.0.2.7/api\n" in greeted(server)


@pytest.mark.parametrize("words", [["--bot-path", "x"], ["--bot-path", "x", "--frozen"]])
def test_a_path_of_a_bot_starts_with_a_slash(graphcalls, words):
    assert (
        "path=x: expected a path that starts with /." in graphcalls("serve", "--bot", "http://127.0.0.1:9", *words)[2]
    )


@pytest.mark.parametrize(
    ("words", "reach"),
    [
        ([], "local"),
        (["--host", "localhost"], "local"),
        (["--host", "0.0.0.0"], "off"),
        (["--host", "192.0.2.7", "--control", "local"], "local"),
        (["--host", "0.0.0.0", "--control", "any"], "any"),
        (["--control", "off"], "off"),
    ],
)
def test_control_addresses_are_off_when_bound_elsewhere(words, reach):
    assert _reach(parser().parse_args(["serve", *words])) == reach


def test_the_greeting_says_whom_the_control_addresses_answer():
    with serving("--host", "0.0.0.0", "--port", "0") as server:
        text = greeted(server)
        assert "control addresses are off; --control local has them answer this machine" in text
        port = re.search(r"http://0\.0\.0\.0:(\d+)", text)[1]
        with pytest.raises(urllib.error.HTTPError, match="404") as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_graphcalls/", timeout=10)
        refused.value.close()
