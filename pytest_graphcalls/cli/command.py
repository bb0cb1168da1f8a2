"""The command ``graphcalls``: its arguments and its exit codes.

Exit codes: 0 all is well, 1 something was found that has to be put right, 2 something could not be read, found or
started; ``check`` ends with 3 when there was nothing that it could judge. Those of ``nightly`` are in its help; there,
and with ``drift`` and ``history``, 64 is for words and files that cannot be used.
The words of each command are in :mod:`pytest_graphcalls.cli.arguments`; what it does is beside them, imported when it
is asked for.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import NoReturn

from pytest_graphcalls._version import __version__
from pytest_graphcalls.cli.arguments import COMMANDS, add
from pytest_graphcalls.cli.terminal import cleaned, complain, complain_of_crash, printable
from pytest_graphcalls.errors import GraphCallsError

UNUSABLE = 2
RUNS: Mapping[str, str] = {
    "serve": "serve:run",
    "env": "serve:run_env",
    "token": "serve:run_token",
    "doctor": "tenant:run",
    "sweep": "tenant:run_sweep",
    "check": "check:run",
    "cassettes": "cassettes:run",
    "nightly": "nightly:run",
    "history": "nightly:run_history",
    "drift": "drift:run",
    "contracts": "contracts:run",
    "rules": "contracts:run_rules",
    "explain": "explain:run",
}
"""By command: the module of this package that carries it out, imported when the command is given, and its function."""
USAGE: Mapping[str, int] = {"nightly": 64, "drift": 64, "history": 64}
"""By command: the exit code for words and files that cannot be used, where 2 says something else."""
CLOSED_PIPE = 141
"""As a shell reports a program that was stopped by a closed pipe."""
CRASHED: Mapping[str, int] = {"nightly": 3, "drift": 3}
"""By command: the exit code after an unexpected exception, where Python's 1 would mean additions only."""
INTERRUPTED = 130
"""As a shell reports a program that was stopped by Ctrl-C."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the words after ``graphcalls``; those of this process by default.

    Returns:
        The exit code.

    Raises:
        SystemExit: from argparse, for ``--help``, ``--version`` and words that make no command.
    """
    _never_fail_on_a_letter()
    words = parser()
    args, more = words.parse_known_args(argv)
    if more:
        words.command = args.command
        words.error(f"unrecognized arguments: {' '.join(more)}")
    module, _, function = RUNS[args.command].partition(":")
    run: Callable[[argparse.Namespace], int] = getattr(import_module(f"pytest_graphcalls.cli.{module}"), function)
    try:
        code = run(args)
        sys.stdout.flush()
    except GraphCallsError as error:
        complain(error)
        return USAGE.get(args.command, UNUSABLE)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        complain("stopped before the end.")
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes standard output once more at its end, which would print a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except Exception as error:  # noqa: BLE001  what Python would print of it may come from a file
        complain_of_crash(error)
        return CRASHED.get(args.command, 1)
    return code


def _never_fail_on_a_letter() -> None:
    # Names and quotes from recordings may hold letters that a terminal's encoding lacks.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class _Words(argparse.ArgumentParser):
    """The words of the command, or of one part of it."""

    command = ""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the words, and end as the command promises."""
        self.print_usage(sys.stderr)
        command = self.command or next(iter(self.prog.split()[1:]), "")
        self.exit(USAGE.get(command, UNUSABLE), f"{self.prog}: error: {printable(cleaned(message))}\n")


def parser() -> _Words:
    """The parser of the command's arguments."""
    words = _Words(
        prog="graphcalls",
        description="Contract, simulator and checks for the Microsoft Graph cloud communications calls API.",
    )
    words.add_argument("--version", action="version", version=f"pytest-graphcalls {__version__}")
    commands = words.add_subparsers(dest="command", metavar="COMMAND", required=True)
    add(commands.add_parser, COMMANDS)
    return words
