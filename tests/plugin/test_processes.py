"""graphcalls.run and graphcalls.environment: a bot as a process of its own, with nothing but its environment."""

from __future__ import annotations

import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

import pytest

from pytest_graphcalls.plugin.processes import only_user_of
from tests.plugin.conftest import QUIET, Run

PATIENCE = 30.0
"""Seconds after which a process is taken for one that was left running."""

BOT = """
import http.server, json, os, subprocess, sys
import requests
from azure.identity import ClientSecretCredential

CALLS = "https://graph.microsoft.com/v1.0/communications/calls"
CHILD = '''
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
listener.accept()
'''
child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE)
print("child", int(child.stdout.readline()), flush=True)
print("proxied", os.environ["HTTPS_PROXY"], file=sys.stderr, flush=True)

class Bot(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(202)
        self.end_headers()
        resource = body["value"][0]["resourceData"]
        if resource["state"] == "incoming":
            names = (os.environ[f"AZURE_{one}"] for one in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"))
            token = ClientSecretCredential(*names).get_token("https://graph.microsoft.com/.default").token
            url = f"{CALLS}/{body['value'][0]['resource'].rpartition('/')[2]}/reject"
            requests.post(url, json={"reason": "busy"}, headers={"Authorization": f"Bearer {token}"}).raise_for_status()

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["BOT_PORT"])), Bot).serve_forever()
"""


def test_an_unmodified_bot_runs_as_a_process(pytester: pytest.Pytester, run: Run) -> None:
    """The bot signs in and calls Graph by the real names; a failing test shows its output; its child ends, too."""
    pytester.makepyfile(
        test_it="""
        import pathlib
        import sys

        def test_it(graphcalls):
            bot = graphcalls.run([sys.executable, pathlib.Path("bot.py")], port_variable="BOT_PORT")
            call = graphcalls.simulator.incoming_call()
            graphcalls.simulator.advance(0)
            bot.wait_for(lambda: call.rejected_with == "busy")
            assert graphcalls.simulator.now == 0.0, "time passed while the bot signed in"
            assert [exchange.response.status for exchange in graphcalls.exchanges] == [202]
            assert False, "to see the output"
        """,
        bot=BOT,
    )
    result = run()
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "to see the output" in text
    assert "bot.py wrote:" in text
    assert "proxied http://127.0.0.1:" in text
    port = int(next(line for line in result.outlines if line.startswith("child ")).split()[1])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_bot_of_a_module_runs_through_its_tests(pytester: pytest.Pytester, run: Run) -> None:
    """One process serves them, and ends with the module; other hosts than Microsoft's are refused to it."""
    pytester.makepyfile(
        test_it="""
        import subprocess
        import sys
        import pytest

        @pytest.fixture(scope="module")
        def running(graphcalls_shared):
            with graphcalls_shared() as graphcalls:
                graphcalls.run([sys.executable, "bot.py"], port_variable="BOT_PORT")
                yield graphcalls

        @pytest.mark.parametrize("number", range(2))
        def test_it(running, number):
            call = running.simulator.incoming_call()
            running.simulator.advance(0)
            running.bot.wait_for(lambda: call.rejected_with == "busy")

        def test_elsewhere(graphcalls):
            program = "import requests; requests.get('https://example.com/')"
            facts = {"env": graphcalls.environment(), "capture_output": True, "text": True}
            done = subprocess.run([sys.executable, "-c", program], check=False, **facts)
            assert "ProxyError" in done.stderr and "example.com" in done.stderr
        """,
        bot=BOT,
    )
    run().assert_outcomes(passed=3)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_bot_of_node(pytester: pytest.Pytester, run: Run) -> None:
    """The fetch of Node reaches Graph by the variables alone, in any version."""
    (pytester.path / "bot.js").write_text(
        """
        const http = require("http");
        http.createServer(async (request, response) => {
          let text = "";
          for await (const piece of request) text += piece;
          response.writeHead(202).end();
          const change = JSON.parse(text).value[0];
          if (change.resourceData.state !== "incoming") return;
          const id = change.resource.split("/").pop(), root = "https://graph.microsoft.com/v1.0/communications/calls";
          const form = {grant_type: "client_credentials", client_id: process.env.AZURE_CLIENT_ID,
            client_secret: process.env.AZURE_CLIENT_SECRET, scope: "https://graph.microsoft.com/.default"};
          const address = `https://login.microsoftonline.com/${process.env.AZURE_TENANT_ID}/oauth2/v2.0/token`;
          const answer = await fetch(address, {method: "POST", body: new URLSearchParams(form)});
          const token = (await answer.json()).access_token;
          const headers = {Authorization: `Bearer ${token}`, "Content-Type": "application/json"};
          await fetch(`${root}/${id}/reject`, {method: "POST", headers, body: JSON.stringify({reason: "busy"})});
        }).listen(process.env.PORT, "127.0.0.1");
        """
    )
    pytester.makepyfile(
        """
        def test_it(graphcalls):
            bot = graphcalls.run(["node", "bot.js"], port_variable="PORT")
            call = graphcalls.simulator.incoming_call()
            graphcalls.simulator.advance(0)
            bot.wait_for(lambda: call.rejected_with == "busy")
        """
    )
    run().assert_outcomes(passed=1)


LISTENS_NEVER = "import threading; print(7, flush=True); threading.Event().wait()"
WRONG = {
    '"-c", "print(1/0)"], port_variable="PORT"': "*ended with status 1 before it listened on port *; it wrote:",
    f'"-c", {LISTENS_NEVER!r}], port_variable="PORT", within=1': "*did not listen on port *, given as PORT, within 1 *",
    '"bot.py"]': "*graphcalls.run(port_variable, listens)='', 0: expected one of port_variable=*listens=3978*",
    '"bot.py"], port_variable="PORT", listens=3978': "*listens)='PORT', 3978: expected one of port_variable=*",
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.items(), ids=["dies", "never listens", "no port", "two ports"])
def test_a_bot_that_does_not_start_is_reported_with_its_problem(
    pytester: pytest.Pytester, run: Run, arguments: str, message: str
) -> None:
    """A bot that dies at start or never listens, and no way, or two, to its port."""
    pytester.makepyfile(f"import sys\ndef test_it(graphcalls): graphcalls.run([sys.executable, {arguments})")
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([message])


def test_a_port_that_is_taken_is_named(pytester: pytest.Pytester, run: Run) -> None:
    """The port may be taken by the bot of another xdist worker."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        pytester.makepyfile(f'def test_it(graphcalls): graphcalls.run(["bot"], listens={port})')
        result = run()
    result.assert_outcomes(failed=1)
    expected = f"*graphcalls.run(listens)={port}: expected a port that is free. Another process listens there, maybe *"
    result.stdout.fnmatch_lines([expected])


def test_a_program_that_is_not_there_is_named(pytester: pytest.Pytester, run: Run) -> None:
    """The error has the given name."""
    pytester.makepyfile('def test_it(graphcalls): graphcalls.run(["no-such-program"], port_variable="PORT")')
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*graphcalls.run(command)=no-such-program: expected a program that can be started.*"])


def test_a_command_in_one_text_is_refused(pytester: pytest.Pytester, run: Run) -> None:
    """A text is not taken for a list of letters."""
    pytester.makepyfile('def test_it(graphcalls): graphcalls.run("python bot.py", port_variable="PORT")')
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*(command)='python bot.py': expected a list of words. Write [[]'python', 'bot.py'].*"]
    )


HOLDING = """
import os, socket, subprocess, sys
holding = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
if len(sys.argv) > 2:
    command = [sys.executable, __file__, sys.argv[1]]
    subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE).stdout.readline()
    if sys.argv[2] == "dies":
        sys.exit(1)
    with socket.create_server(("127.0.0.1", int(os.environ["PORT"]))) as listener:
        while True:
            listener.accept()
print("connected", flush=True)
holding.recv(1)
"""
"""A bot that, like a child in a session of its own, is connected to the test for as long as it lives."""


@pytest.fixture
def watching(pytester: pytest.Pytester) -> Iterator[socket.socket]:
    """The socket that bot and child connect to."""
    pytester.makepyfile(bot=HOLDING)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        yield listener


def both_end(watching: socket.socket) -> None:
    """Wait until the bot and its child have run, and have ended."""
    for _ in range(2):
        connection, _ = watching.accept()
        with connection:
            connection.settimeout(PATIENCE)
            assert connection.recv(1) == b""


STARTS = """
import os, signal, sys
def test_it(graphcalls):
    graphcalls.run([sys.executable, "bot.py", "{port}", "parent"], port_variable="PORT")
    {then}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, where the environment of a process is read")
def test_a_child_in_a_session_of_its_own_ends_with_the_test(
    pytester: pytest.Pytester, run: Run, watching: socket.socket
) -> None:
    """The child is found by the environment that the bot was given."""
    pytester.makepyfile(STARTS.format(port=watching.getsockname()[1], then=""))
    run().assert_outcomes(passed=1)
    both_end(watching)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, where the environment of a process is read")
def test_the_child_of_a_bot_that_dies_at_start_is_ended(
    pytester: pytest.Pytester, run: Run, watching: socket.socket
) -> None:
    """What it had started by then ends with the test as well."""
    pytester.makepyfile(STARTS.format(port=watching.getsockname()[1], then="").replace("parent", "dies"))
    run().assert_outcomes(failed=1)
    both_end(watching)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, where the environment of a process is read")
def test_the_bot_of_a_killed_pytest_is_ended(pytester: pytest.Pytester, watching: socket.socket) -> None:
    """Bot and child end, although no process of the run is left to end them."""
    then = "os.kill(os.getpid(), signal.SIGKILL)"
    pytester.makepyfile(STARTS.format(port=watching.getsockname()[1], then=then))
    assert pytester.runpytest_subprocess(*QUIET).ret == -signal.SIGKILL
    both_end(watching)


def test_a_bot_with_a_fixed_port_is_attached(pytester: pytest.Pytester, run: Run) -> None:
    """Twice in a row: the port is free again when a test is over."""
    pytester.makepyfile(bot=BOT)
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    pytester.makepyfile(
        f"""
        import sys
        import pytest

        @pytest.mark.parametrize("number", range(2))
        def test_it(graphcalls, number):
            own = {{"BOT_PORT": "{port}"}}
            bot = graphcalls.run([sys.executable, "bot.py"], listens={port}, environment=own)
            call = graphcalls.simulator.incoming_call()
            graphcalls.simulator.advance(0)
            bot.wait_for(lambda: call.rejected_with == "busy")
        """
    )
    run().assert_outcomes(passed=2)


def test_a_port_that_another_worker_has_is_refused_before_its_bot_listens(pytester: pytest.Pytester, run: Run) -> None:
    """Of two bots that start at once one has the port, and the other the sentence."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    pytester.makepyfile(f'def test_it(graphcalls): graphcalls.run(["bot"], listens={port})')
    with only_user_of(port):
        result = run()
    assert not [*Path(gettempdir()).glob(f"graphcalls-*-port-{port}.lock")]
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*graphcalls.run(listens)={port}: expected a port that is free. Another *"])


def test_options_that_a_runtime_has_already_stay(pytester: pytest.Pytester, run: Run) -> None:
    """Options from the environment and from the test are kept; ours follow."""
    pytester.makepyfile(
        """
        import pytest
        from pytest_graphcalls.errors import BotError

        def test_of_the_environment(graphcalls, monkeypatch):
            monkeypatch.setenv("NODE_OPTIONS", "--max-old-space-size=512")
            monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx512m")
            monkeypatch.setenv("PHP_INI_SCAN_DIR", "/own")
            given = graphcalls.environment()
            assert given["NODE_OPTIONS"].startswith("--max-old-space-size=512 --require ")
            assert given["JAVA_TOOL_OPTIONS"].startswith("-Xmx512m '-Dhttps.proxyHost=")
            assert given["PHP_INI_SCAN_DIR"].startswith("/own:/")
            monkeypatch.setenv("NODE_OPTIONS", given["NODE_OPTIONS"])
            assert graphcalls.environment()["NODE_OPTIONS"] == given["NODE_OPTIONS"]

        def test_of_the_test(graphcalls):
            bot = ["sh", "-c", "echo $NODE_OPTIONS; exit 3"]
            with pytest.raises(BotError) as failure:
                graphcalls.run(bot, port_variable="PORT", environment={"NODE_OPTIONS": "--enable-source-maps"})
            assert failure.value.timeline[0].startswith("--enable-source-maps --require ")
        """
    )
    run().assert_outcomes(passed=2)
