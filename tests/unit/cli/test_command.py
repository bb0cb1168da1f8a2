"""The command itself, whatever is asked of it."""

import io
import os
import subprocess
import sys

from pytest_graphcalls.cli import command
from pytest_graphcalls.cli.arguments import show


def test_version_and_help(graphcalls):
    code, out, _ = graphcalls("--version")
    assert (code, out.startswith("pytest-graphcalls ")) == (0, True)
    for name in command.COMMANDS:
        assert graphcalls(name, "--help")[0] == 0
        assert name in graphcalls("--help")[1]


def test_no_command_is_a_mistake(graphcalls):
    assert graphcalls()[0] == 2


def subprocess_of(code, **more):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False, **more)


def test_a_closed_pipe_leaves_no_traceback():
    code = "import sys; from pytest_graphcalls.cli import main; sys.exit(main(['rules']))"
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        assert process.stderr.read() == b""
    assert process.returncode == command.CLOSED_PIPE


def test_ctrl_c_leaves_no_traceback(graphcalls, monkeypatch):
    def interrupted(args):
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_graphcalls.cli.contracts.run_rules", interrupted)
    assert graphcalls("rules") == (130, "", "\ngraphcalls: stopped before the end.\n")


def test_a_poor_encoding_leaves_no_traceback(tmp_path):
    code = "from pytest_graphcalls.cli import main; raise SystemExit(main(['rules']))"
    done = subprocess_of(code, env={"PYTHONIOENCODING": "ascii", "PATH": ""})
    assert (done.returncode, done.stderr) == (0, b"")


def test_help_starts_light():
    heavy = ["httpx", "yaml", "jsonschema", "jwt", "cryptography", "uvicorn", "msal", "vcr", "deepdiff", "pytest"]
    code = f"import sys; import pytest_graphcalls.cli as c; c.parser(); print(set({heavy!r}) & set(sys.modules))"
    done = subprocess_of(code)
    assert (done.stdout, done.stderr) == (b"set()\n", b"")


def test_lines_fit_the_terminal(graphcalls, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = graphcalls("explain", "participant-invite.at-most-five-invitees")
    assert all(len(line) <= 60 or "https://" in line for line in out.splitlines())


def test_lines_can_be_read_as_soon_as_they_are_written(monkeypatch):
    read = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(read))
    show(["listens"])
    assert read.getvalue() == b"listens\n"
