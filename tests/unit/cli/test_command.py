"""The command itself, whatever is asked of it."""

import io
import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from pytest_graphcalls.cli import command
from pytest_graphcalls.cli.terminal import complain, complain_of_crash, show, show_json


def test_version_and_help(graphcalls):
    code, out, _ = graphcalls("--version")
    assert (code, out.startswith("pytest-graphcalls ")) == (0, True)
    for name in command.COMMANDS:
        assert graphcalls(name, "--help")[0] == 0
        assert name in graphcalls("--help")[1]


def test_every_command_and_action_is_carried_out_by_a_function():
    for one in command.COMMANDS.values():
        for each in one.actions.values() or [one]:
            module, _, function = each.runs.partition(":")
            assert callable(getattr(import_module(f"pytest_graphcalls.cli.{module}"), function))


def test_a_missing_command_is_a_usage_error(graphcalls):
    assert graphcalls()[0] == 2


@pytest.mark.parametrize(
    ("words", "said", "usage"),
    [
        (("serv",), "Did you mean 'serve'?", "graphcalls [-h]"),
        (("cassettes", "statos"), "Did you mean 'status'?", "graphcalls cassettes [-h]"),
        (("rules", "--format", "jsn"), "Did you mean 'json'?", "graphcalls rules [-h]"),
        (("rules", "--opration=call-get"), "Did you mean '--operation'?", "graphcalls rules [-h]"),
        (("drift", "prune", "--verdikt", "x"), "Did you mean '--verdict'?", "graphcalls drift prune [-h]"),
    ],
)
def test_a_misspelt_word_is_answered_with_the_nearest_one(graphcalls, words, said, usage):
    """The usage is that of the command that was meant."""
    code, out, err = graphcalls(*words)
    assert (code, out) == (64 if "drift" in words else 2, "")
    assert said in err
    assert err.startswith(f"usage: {usage}")


def subprocess_of(code, **more):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False, **more)


def test_a_closed_pipe_prints_no_traceback():
    code = "import sys; from pytest_graphcalls.cli import main; sys.exit(main(['rules']))"
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        assert process.stderr.read() == b""
    assert process.returncode == command.CLOSED_PIPE


def test_ctrl_c_prints_no_traceback(graphcalls, monkeypatch):
    def interrupted(args):
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_graphcalls.cli.contracts.run_rules", interrupted)
    assert graphcalls("rules") == (130, "", "\ngraphcalls: stopped before the end.\n")


def test_a_poor_encoding_prints_no_traceback(tmp_path):
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


STEERING = "\x1b]0;title\x07\x1b[2J\x9b31m\u202egnp\u2066\u200b\r\n\ud800\U000e0041"
ESCAPED = r"\u001b]0;title\u0007\u001b[2J\u009b31m\u202egnp\u2066\u200b\u000d\u000a\ud800\udb40\udc41"


def test_no_character_that_is_printed_steers_the_terminal(capsys):
    """Control characters are escaped in text, in JSON (still JSON then), in problems and in crashes."""
    show([STEERING])
    show_json({STEERING: "é\t"})
    complain(f"{STEERING}")
    complain_of_crash(ValueError(STEERING))
    out, err = capsys.readouterr()
    assert out.startswith(f"{ESCAPED}\n")
    assert json.loads(out.partition("\n")[2]) == {STEERING: "é\t"}
    assert not STEERED.search(out + err)
    assert f"graphcalls: {ESCAPED.partition(chr(92) + 'u000a')[0]}\n" in err


STEERED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def test_only_one_module_writes_to_the_terminal():
    """What a command prints of a file passes the page that escapes what steers a terminal."""
    writes = re.compile(r"\bprint\(|sys\.std(?:out|err)\.write\(|traceback\.print|\.print_usage\(")
    found = {
        (path.name, line.strip())
        for path in Path(command.__file__).parent.glob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if writes.search(line)
    }
    # The usage is argparse's own text, and the empty line ends that of a terminal's ^C.
    assert found == {("arguments.py", "self.print_usage(sys.stderr)"), ("command.py", 'sys.stderr.write("\\n")')}


def test_a_wrong_word_is_printed_as_it_can_be_shown(graphcalls):
    code, _, err = graphcalls("check", "x", "--\x1b[2J")
    assert code == 2
    assert r"unrecognized arguments: --\u001b[2J" in err
