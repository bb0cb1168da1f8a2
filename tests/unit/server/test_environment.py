"""The variables by which unmodified bots reach the simulator."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_graphcalls.cli import main
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.environment import FORMATS, RUNTIMES, ClientFacts, hosts_file, variables
from pytest_graphcalls.server.http import server
from pytest_graphcalls.server.proxy import proxy_in_thread
from pytest_graphcalls.server.tls import certificate_in
from pytest_graphcalls.simulator import Simulator
from tests.tunnel import free_port

GRAPHCALLS = [sys.executable, "-c", "from pytest_graphcalls.cli import main; raise SystemExit(main())"]
EXAMPLES = Path(__file__).parents[2] / "examples"
GRAPH = "https://graph.microsoft.com/v1.0/communications/calls/x"
PYTHON = f"""
import asyncio, aiohttp, httpx, requests
from azure.identity import EnvironmentCredential
token = EnvironmentCredential().get_token("https://graph.microsoft.com/.default").token
headers = {{"Authorization": f"Bearer {{token}}"}}
print(httpx.get("{GRAPH}", headers=headers).status_code, requests.get("{GRAPH}").status_code)

async def by_aiohttp():
    async with aiohttp.ClientSession(trust_env=True) as session, session.get("{GRAPH}", headers=headers) as answer:
        return answer.status

print(asyncio.run(by_aiohttp()))
"""
NODE = f"""
const https = require('node:https');
const status = (url) => new Promise((done) => {{
  const asked = https.get(url, (answer) => {{ answer.resume(); done(answer.statusCode); }});
  asked.on('error', (error) => done(error.message));
}});
(async () => {{
  const e = process.env;
  const body = new URLSearchParams({{ grant_type: 'client_credentials', client_id: e.AZURE_CLIENT_ID,
    client_secret: e.AZURE_CLIENT_SECRET, scope: 'https://graph.microsoft.com/.default' }});
  const url = `https://login.microsoftonline.com/${{e.AZURE_TENANT_ID}}/oauth2/v2.0/token`;
  const token = (await (await fetch(url, {{ method: 'POST', body }})).json()).access_token;
  const answer = await fetch('{GRAPH}', {{ headers: {{ authorization: `Bearer ${{token}}` }} }});
  const other = await fetch('https://example.com/').catch((error) => error.cause.message);
  console.log(answer.status, await status('{GRAPH}'), other, await status('https://example.com/'));
}})();
"""
JAVA = f"""
import java.net.URI;
import java.net.http.*;
public class Asks {{
  public static void main(String[] words) throws Exception {{
    var request = HttpRequest.newBuilder(URI.create("{GRAPH}")).build();
    System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
  }}
}}
"""
PHP = f"""
$asked = curl_init('{GRAPH}');
curl_setopt($asked, CURLOPT_RETURNTRANSFER, true);
curl_exec($asked);
echo curl_getinfo($asked, CURLINFO_RESPONSE_CODE), "\n";
"""


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientFacts]:
    """A server behind a proxy; its folder has a blank in its name."""
    simulator = Simulator(start=datetime.now(UTC))
    folder = tmp_path_factory.mktemp("tls") / "with a blank"
    with (
        certificate_in(folder, simulator.cloud.hosts) as tls,
        server(SimulatorApp(simulator), certificate=tls.certificate) as served,
        proxy_in_thread(served, simulator.cloud) as proxy,
    ):
        yield ClientFacts(
            url=served.url,
            proxy=proxy,
            tls=tls,
            hosts=tuple(simulator.cloud.hosts),
            tenant_id=simulator.tenant_id,
            client_id=simulator.authority.app.app_id,
            client_secret=simulator.signin.secret(),
        )


def output(command: list[str], facts: ClientFacts, runtime: str) -> str:
    """What a process prints that has the variables of its runtime."""
    environment = {**os.environ, **variables(facts, runtime)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_python_clients_need_nothing_but_the_variables(facts: ClientFacts) -> None:
    """azure-identity signs in; httpx, requests and aiohttp ask: each trusts and is led by variables of its own."""
    assert output([sys.executable, "-c", PYTHON], facts, "python") == "404 401\n404\n"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_node_clients_need_nothing_but_the_variables(facts: ClientFacts) -> None:
    """fetch and https, of every version of Node; another host is refused by name."""
    refused = "[pytest-graphcalls] example.com:443 is no host that graphcalls simulates (https alone)."
    assert output(["node", "-e", NODE], facts, "node") == f"404 401 {refused} {refused}\n"


@pytest.mark.skipif(shutil.which("javac") is None, reason="a Java development kit is not installed")
def test_java_clients_need_nothing_but_the_variables(facts: ClientFacts, tmp_path: Path) -> None:
    """The trust store and the proxy come by JAVA_TOOL_OPTIONS."""
    source = tmp_path / "Asks.java"
    source.write_text(JAVA, "utf-8")
    assert output(["java", "-XX:TieredStopAtLevel=1", str(source)], facts, "java") == "401\n"


def _has_curl_for_php() -> bool:
    return shutil.which("php") is not None and b"curl" in subprocess.run(["php", "-m"], capture_output=True).stdout


@pytest.mark.skipif(not _has_curl_for_php(), reason="php with its extension curl is not installed")
def test_php_clients_need_nothing_but_the_variables(facts: ClientFacts) -> None:
    """Beside the settings of the machine, PHP reads those in our folder."""
    assert output(["php", "-r", PHP], facts, "php") == "401\n"


def test_every_runtime_has_the_proxy_the_sign_in_and_the_control_address(facts: ClientFacts) -> None:
    """The proxy in both letter cases, because clients differ (clients 3.11)."""
    for runtime in RUNTIMES:
        given = variables(facts, runtime)
        assert given["HTTPS_PROXY"] == given["https_proxy"] == facts.proxy
        assert given["GRAPHCALLS_URL"] == facts.url
        assert given["AZURE_CLIENT_SECRET"] == given["MicrosoftAppPassword"] == facts.client_secret
    together = {name for runtime in RUNTIMES for name in variables(facts, runtime)}
    assert set(variables(facts)) == together


def test_the_formats_say_the_same(facts: ClientFacts) -> None:
    """A shell reads back what was meant, blanks and quotes included."""
    given = {**variables(facts), "ODD": 'a\'b "c" $d'}
    assert json.loads("\n".join(FORMATS["json"](given))) == given
    script = "\n".join([*FORMATS["shell"](given), "env -0"])
    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={"PATH": os.defpath})
    read = dict(line.partition("=")[::2] for line in shown.stdout.split("\0") if line)
    assert {name: read[name] for name in given} == given
    assert "$env:ODD = 'a''b \"c\" $d'" in FORMATS["powershell"](given)
    assert 'ODD="a\'b \\"c\\" $d"' in FORMATS["dotenv"](given)


def test_a_hosts_file_names_every_host(facts: ClientFacts) -> None:
    """The regions are missing, because no such file can name them."""
    lines = hosts_file(facts)
    assert "127.0.0.1 graph.microsoft.com" in lines
    assert not [line for line in lines if "*" in line]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node, 18 or newer")
def test_a_bot_in_node_passes_a_test_of_nodes_own_runner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With nothing but the variables that ``graphcalls env`` prints."""
    port, folder = str(free_port()), str(tmp_path)
    words = ["serve", "--tls", folder, "--port", "0", "--proxy", "0", "--frozen"]
    bot = ["--bot", f"http://127.0.0.1:{port}/api/calls"]
    with subprocess.Popen([*GRAPHCALLS, *words, *bot], stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        url = re.findall(r"https://\S+", serving.stdout.readline())[0]
        assert main(["env", "--tls", folder, "--url", url, "--for", "node", "--format", "json"]) == 0
        given = json.loads(capsys.readouterr().out)
        done = subprocess.run(
            ["node", "--test", "plain_bot.test.mjs"],
            cwd=EXAMPLES,
            env={**os.environ, **given, "GRAPHCALLS_URL": url, "PORT": port},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        serving.terminate()
    assert done.returncode == 0, done.stdout + done.stderr
