"""What the proxy of ``graphcalls serve --tls --proxy`` adds to a request, and how long a bot in Node takes to start.

Server and client are processes of their own, as with a user; server and proxy are one, as ``serve`` has them.
"""

from __future__ import annotations

import http.client
import json
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

from pytest_graphcalls.plugin.processes import client_facts, running
from pytest_graphcalls.server.environment import variables
from pytest_graphcalls.simulator import Simulator
from tests.bench.measure import Figure, at_most
from tests.tunnel import free_port

GRAPH = "graph.microsoft.com"
ROUNDS = 15
NODE_BOT = """
require("http").createServer((request, response) => response.writeHead(202).end()).listen(process.env.PORT);
"""


class Way:
    """Requests for a call, straight to the TLS port or through the proxy.

    Args:
        ca: the certificate to trust.
        url: of the server.
        proxy: of the proxy, or ``""``.
        token: to send.
    """

    def __init__(self, ca: Path, url: str, proxy: str, token: str) -> None:
        self._context = ssl.create_default_context(cafile=str(ca))
        self._to = urlsplit(proxy or url)
        self._proxied = bool(proxy)
        self._headers = {"Authorization": f"Bearer {token}"}

    def connection(self) -> http.client.HTTPSConnection:
        """A connection that was not used yet."""
        made = http.client.HTTPSConnection(self._to.hostname or "", self._to.port, context=self._context)
        if self._proxied:
            made.set_tunnel(GRAPH, 443)
        return made

    def get(self, connection: http.client.HTTPSConnection, path: str) -> None:
        """One request."""
        connection.request("GET", path, headers=self._headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body

    def kept(self, path: str, requests: int = 150) -> float:
        """Seconds for a request on a connection that is open."""
        connection = self.connection()
        self.get(connection, path)
        began = time.perf_counter()
        for _ in range(requests):
            self.get(connection, path)
        spent = time.perf_counter() - began
        connection.close()
        return spent / requests

    def anew(self, path: str, requests: int = 20) -> float:
        """Seconds for a request on a connection of its own."""
        began = time.perf_counter()
        for _ in range(requests):
            connection = self.connection()
            self.get(connection, path)
            connection.close()
        return (time.perf_counter() - began) / requests


def figures() -> Iterator[Figure]:
    """The speed with and without the proxy, measured in turns, and that of a bot."""
    with _served() as (ca, url, proxy, token, path):
        ways = [Way(ca, url, "", token), Way(ca, url, proxy, token)]
        for name, measure, most in (
            ("a request through the proxy over one to the TLS port, kept connection", Way.kept, 1.1),
            ("  the same with a connection for each request", Way.anew, None),
        ):
            spent = [[measure(way, path) for way in ways] for _ in range(ROUNDS)]
            ratio = statistics.median(through / straight for straight, through in spent)
            direct = Figure("  straight", f"{statistics.median(one for one, _ in spent) * 1e3:.2f} ms")
            yield at_most(name, ratio, most) if most else Figure(name, f"{ratio:.2f}")
            yield direct
    yield _start_of_a_bot()


@contextmanager
def _served() -> Iterator[tuple[Path, str, str, str, str]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url, proxy = (f"{scheme}://127.0.0.1:{free_port()}" for scheme in ("https", "http"))
        ports = ("--port", str(urlsplit(url).port), "--proxy", str(urlsplit(proxy).port))
        command = [str(Path(sys.executable).with_name("graphcalls")), "serve", "--tls", str(folder), *ports, "--frozen"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        stack.callback(server.wait)
        stack.callback(server.terminate)
        assert server.stdout is not None
        said = iter(server.stdout.readline, "")
        token = next(line.partition("TOKEN=")[2].strip() for line in said if "GRAPHCALLS_TOKEN=" in line)
        next(line for line in said if "Ctrl-C" in line)
        ca = folder / "ca.pem"
        control = http.client.HTTPSConnection(
            "127.0.0.1", urlsplit(url).port, context=ssl.create_default_context(cafile=str(ca))
        )
        control.request("POST", "/_graphcalls/calls", json.dumps({}), {"Content-Type": "application/json"})
        call = json.loads(control.getresponse().read())["id"]
        control.close()
        yield ca, url, proxy, token, f"/v1.0/communications/calls/{call}"


def _start_of_a_bot() -> Figure:
    name = "graphcalls.run of a trivial bot in Node, server and proxy included"
    if shutil.which("node") is None:
        return Figure(name, "node is not installed")
    spent = []
    with tempfile.TemporaryDirectory() as folder:
        bot = Path(folder, "bot.js")
        bot.write_text(NODE_BOT)
        for _ in range(5):
            began = time.perf_counter()
            with (
                redirect_stdout(StringIO()),  # the bot's own output
                client_facts(Simulator()) as facts,
                running(["node", str(bot)], variables(facts), port_variable="PORT", listens=0, within=20),
            ):
                spent.append(time.perf_counter() - began)
    return at_most(name, statistics.median(spent), 2, unit="s")
