"""How a command of ``graphcalls`` declares its arguments, and what is said of those that make no command.

A command is a row of a table: what it does, its arguments, and the function that carries it out. Arguments that cannot
be used are answered with the usage of the command that was meant, what is wrong, and the nearest match.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from pytest_graphcalls.cli.terminal import cleaned, printable
from pytest_graphcalls.errors import did_you_mean

USAGE: Mapping[str, int] = {"nightly": 64, "drift": 64, "history": 64}
"""By command: the exit code for arguments and files that cannot be used, where :data:`UNUSABLE` says something else."""
UNUSABLE = 2
"""The exit code for arguments, files and addresses that cannot be used."""


class Arguments(argparse.ArgumentParser):
    """The arguments of the command, of one of its commands, or of an action of that."""

    def value(self, name: str, metavar: str, says: str, **facts: Any) -> None:
        """Take an argument with a value."""
        self.add_argument(name, metavar=metavar, help=says, **facts)

    def values(self, name: str, metavar: str, says: str) -> None:
        """Take an option that may be repeated."""
        self.add_argument(name, metavar=metavar, help=says, action="append", default=[])

    def choice(self, name: str, known: Sequence[str], says: str = "default: %(default)s", **facts: Any) -> None:
        """Take an option with one of a few values, by default the first."""
        self.add_argument(name, choices=known, help=says, **{"default": known[0], **facts})

    def switch(self, name: str, says: str) -> None:
        """Take an option without a value."""
        self.add_argument(name, help=says, action="store_true")

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments, with the nearest match, and end as the command promises."""
        self.print_usage(sys.stderr)
        command = next(iter(self.prog.split()[1:]), "")
        said = f"{message}{self._nearest(message)}"
        self.exit(USAGE.get(command, UNUSABLE), f"{self.prog}: error: {printable(cleaned(said))}\n")

    def _nearest(self, message: str) -> str:
        # Read from argparse's own sentence: only from Python 3.14 on does it look for the nearest choice,
        # and for an option never.
        said, _, choices = message.partition(" (choose from ")
        _, _, more = message.partition("unrecognized arguments: ")
        wrong = said.split("'")[-2] if choices else more.partition(" ")[0].partition("=")[0]
        hint = did_you_mean(wrong, re.findall(r"[\w.-]+", choices or self.format_usage()))
        return f".{hint}" if hint else ""


class Command(NamedTuple):
    """A command, or an action of one.

    Attributes:
        summary: what it does.
        declare: declares its arguments.
        runs: the module of this package that carries it out, imported when the command is given, and its function.
        actions: by name, where it has some: they have arguments and are carried out instead.
    """

    summary: str
    declare: Callable[[Arguments], None] = lambda _: None
    runs: str = ""
    actions: Mapping[str, Command] = {}


def add(parser: Arguments, dest: str, commands: Mapping[str, Command]) -> None:
    """Let a parser take one of some commands, by its name."""
    parsers = parser.add_subparsers(dest=dest, metavar=dest.upper(), required=True)
    for name, (says, declare, runs, actions) in commands.items():
        one = parsers.add_parser(name, help=says, description=f"{says[0].upper()}{says[1:]}.")
        one.set_defaults(runs=runs, parser=one)
        declare(one)
        if actions:
            add(one, "action", actions)


def port(text: str) -> int:
    """The number of a port, for ``type=``; the socket layer takes larger ones and listens somewhere else."""
    if not (text.isdecimal() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; expected 0 to 65535")
    return int(text)
