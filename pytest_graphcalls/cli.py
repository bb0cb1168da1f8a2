"""The command ``graphcalls``: the words people type, and the exit codes they get.

Exit codes: 0 all is well, 1 a recording breaks the contract, 2 something could not be read, found or started. Those of
``nightly`` are in its help; there, and with ``drift`` and ``history``, 64 is for words and files that cannot be used.
What a command does is in :mod:`pytest_graphcalls.commands`, imported when it is asked for.
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
from pytest_graphcalls.errors import GraphCallsError

OK, VIOLATIONS, UNUSABLE = 0, 1, 2
USAGE: Mapping[str, int] = {"nightly": 64, "drift": 64, "history": 64}
"""By command: the exit code for words and files that cannot be used, where 2 says something else."""
CLOSED_PIPE = 141
"""As a shell reports a program that was stopped by a closed pipe."""
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
    run: Callable[[argparse.Namespace], int] = import_module(f"pytest_graphcalls.commands.{args.command}").run
    try:
        code = run(args)
        sys.stdout.flush()
    except GraphCallsError as error:
        sys.stderr.write(f"graphcalls: {error}\n")
        return USAGE.get(args.command, UNUSABLE)
    except KeyboardInterrupt:
        sys.stderr.write("\ngraphcalls: stopped before the end.\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes standard output once more at its end, which would print a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
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
        self.exit(USAGE.get(command, UNUSABLE), f"{self.prog}: error: {message}\n")


def parser() -> _Words:
    """The words of the command, for whoever wants to check some without running them."""
    words = _Words(
        prog="graphcalls",
        description="Contract, simulator and checks for the Microsoft Graph cloud communications calls API.",
    )
    words.add_argument("--version", action="version", version=f"pytest-graphcalls {__version__}")
    commands = words.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (summary, add_words) in COMMANDS.items():
        add_words(commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."))
    return words


def _port(text: str) -> int:
    # The socket layer takes larger numbers and listens somewhere else.
    if not (text.isdecimal() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; expected 0 to 65535")
    return int(text)


def _serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="port; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same ids (default: %(default)s)")
    parser.add_argument("--ring", type=float, metavar="SECONDS", help="how long it rings until somebody answers")
    parser.add_argument("--frozen", action="store_true", help="let no time pass, so that nobody answers by waiting")
    parser.add_argument(
        "--bot", metavar="URL", help="tell a bot on this machine what happens, e.g. http://127.0.0.1:3978/api/calls"
    )
    parser.add_argument(
        "--bot-path", default="", metavar="PATH", help="its path for notifications (default: the URL's)"
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="HOST",
        help="a host the bot may be on besides this machine",
    )
    parser.add_argument(
        "--control",
        choices=("off", "local", "any"),
        help="whom /_graphcalls/ answers (default: local, this machine; off when --host is another address)",
    )
    parser.add_argument(
        "--tls", metavar="FOLDER", help="speak TLS; FOLDER keeps the certificate authority that clients have to trust"
    )


def _token(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the server's address (default: %(default)s)")
    parser.add_argument("--role", action="append", metavar="ROLE", help="a role in it; may be repeated")
    parser.add_argument("--no-roles", action="store_true", help="a token without any role")
    parser.add_argument("--app", metavar="ID", help="whose token (default: the tenant's default app)")
    parser.add_argument("--lifetime", type=float, default=3600, metavar="SECONDS", help="default: %(default)s")
    parser.epilog = "Without --role the token has every role of the app. A lifetime of 0 gives one that has run out."


def _doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cloud", metavar="NAME", help="national cloud (default: GRAPHCALLS_CLOUD, or global)")
    parser.add_argument("--root", metavar="URL", help="Graph (default: GRAPHCALLS_ROOT, or the cloud's)")
    parser.add_argument("--authority", metavar="URL", help="sign-in (default: AZURE_AUTHORITY_HOST, or the cloud's)")
    parser.add_argument("--version", choices=("v1.0", "beta"), default="v1.0", help="default: %(default)s")
    parser.epilog = (
        "Signs in by AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or "
        "AZURE_FEDERATED_TOKEN_FILE, or takes GRAPHCALLS_TOKEN. With GRAPHCALLS_SANDBOX_MEETINGS it joins that "
        "meeting for a moment, with GRAPHCALLS_SANDBOX_USERS it rings the first of these users for a moment. "
        "Exit code: 0 nothing is wrong, 1 something is, 2 a setting cannot be used."
    )


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a HAR file, or a cassette of vcrpy (YAML or JSON)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    parser.add_argument("--strict", action="store_true", help="let notices count as violations")
    parser.epilog = (
        "Exit code: 0 no violation, 1 violations, 2 a file or an entry could not be read; the others are checked all "
        "the same. Tokens are not expected in recordings, and none is shown."
    )


def _sweep(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ledger", metavar="FOLDER", help="default: GRAPHCALLS_LEDGER, or .graphcalls/ledger here")
    parser.add_argument("--cloud", default="global", help="national cloud of the tenant (default: %(default)s)")
    parser.add_argument("--root", default="", metavar="URL", help="scheme and host of Graph, if not the cloud's")
    parser.add_argument(
        "--authority", default="", metavar="URL", help="scheme and host of the sign-in, if not the cloud's"
    )
    parser.epilog = (
        "It signs in by the same AZURE_… variables as a live run. Let no run go on meanwhile: its calls are ended too. "
        "Exit code: 0 nothing is open any more, 1 something still is, 2 it could not be looked at."
    )


def _cassettes(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    status = actions.add_parser("status", help="age, origin, edits, orphans", description="How cassettes stand.")
    status.add_argument("paths", nargs="*", metavar="PATH", help="files or folders (default: cassettes)")
    status.add_argument("--days", type=int, default=180, help="how old one may be (default: %(default)s)")
    status.epilog = "Exit code: 0 all is well, 1 one is too old, edited, unreadable, or used by no test."
    scan = actions.add_parser("scan", help="look for secrets and people", description="Look for what leaks.")
    scan.add_argument("paths", nargs="*", metavar="PATH", help="files or folders (default: cassettes)")
    scan.epilog = (
        "Prints file, line and kind, never the secret. Exit code: 0 nothing was found, 1 something was. The values of "
        "AZURE_CLIENT_SECRET, AZURE_TENANT_ID, AZURE_CLIENT_ID and GRAPHCALLS_TOKEN are looked for wherever they stand."
    )


def _drift(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, (summary, add_words) in DRIFT.items():
        add_words(actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."))


def _drift_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verdict",
        default="graphcalls-nightly/verdict.json",
        metavar="FILE",
        help="the last verdict (default: %(default)s)",
    )
    parser.add_argument(
        "--file", default="graphcalls-drift.toml", help="the accepted differences (default: %(default)s)"
    )
    parser.epilog = "Exit code: 0 done, 64 a word or a file cannot be used; then nothing was changed."


def _drift_accept(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fingerprint", metavar="FINGERPRINT", help="of a difference in the last verdict")
    parser.add_argument("--reason", required=True, help="why it is all right")
    parser.add_argument("--owner", default="", metavar="NAME", help="who answers for it")
    parser.add_argument("--expires", default="", metavar="DATE", help="the last day on which it holds, as 2027-01-31")
    _drift_files(parser)


_DRIFT_CODES = (
    "Exit code: 0 no difference but notices, 1 additive differences only, 2 breaking or behavioural ones, 3 something "
    "could not be checked and nothing is broken."
)


def _drift_metadata(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument("--csdl", metavar="FILE", help="the service's own metadata ($metadata), XML")
    form.add_argument("--openapi", metavar="FILE", help="the published OpenAPI of one version, YAML or JSON")
    parser.add_argument("--version", choices=("v1.0", "beta"), default="v1.0", help="default: %(default)s")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    parser.epilog = _DRIFT_CODES


def _drift_docs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="a checkout of the reference pages, with api-reference in it")
    parser.add_argument("--version", choices=("v1.0", "beta"), help="default: both")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    parser.epilog = _DRIFT_CODES


def _contracts(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    refresh = actions.add_parser(
        "refresh", help="rebuild the types from metadata", description="Rebuild the contract's types from metadata."
    )
    refresh.add_argument("--csdl", metavar="FILE", required=True, help="the service's own metadata ($metadata), XML")
    refresh.add_argument("--version", choices=("v1.0", "beta"), default="v1.0", help="default: %(default)s")
    refresh.add_argument("--write", action="store_true", help="replace the file; without it the changes are only shown")
    refresh.add_argument("--into", metavar="FOLDER", help="the contract's folder (default: the one of the package)")
    refresh.epilog = "Exit code: 0 the types are as published, 1 they have changed, 3 FILE says nothing of calls."


def _rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--operation", metavar="ID", help="of one operation only, e.g. participant-invite")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="default: %(default)s")


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name",
        metavar="NAME",
        help=(
            "a rule or question (participant-invite.at-most-five-invitees, or without the operation), an operation, "
            "an error code or status (8522, InvalidAuthenticationToken, 403, AADSTS7000215), a result (200/5002), or a "
            "kind of finding (member-missing)"
        ),
    )


def _drift_promote(parser: argparse.ArgumentParser) -> None:
    _folders(parser)
    parser.epilog = (
        "What tonight could not record stays as it was. The leak scan comes first, and the older baseline stays until "
        "the new one is in place. Exit code: 0 done, 64 something cannot be used; then nothing was changed."
    )


def _folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="DIR", help="reports and recordings (default: graphcalls-nightly)")
    parser.add_argument("--baseline", metavar="DIR", help="the accepted recordings (default: graphcalls-baseline)")


def _nightly(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", metavar="TARGET", help="live (default), a base URL, or simulator")
    _folders(parser)
    parser.add_argument("--history", metavar="FILE", help="the earlier nights (default: graphcalls-history.db)")
    parser.add_argument("--file", metavar="FILE", help="the accepted differences (default: graphcalls-drift.toml)")
    parser.add_argument("--version", default="both", metavar="VERSION", help="v1.0, beta or both (default)")
    parser.add_argument(
        "--confirm",
        default="2/3",
        metavar="K/N",
        help="a difference counts when it comes in K of N runs of its tests (default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        default="auto",
        metavar="NUMBER",
        help="processes, where pytest-xdist is installed; 0 for one (default: %(default)s)",
    )
    parser.add_argument("--keep", default="400", metavar="NIGHTS", help="kept in the history (default: %(default)s)")
    for form, noun in (("csdl", "published metadata ($metadata), XML"), ("openapi", "published OpenAPI, YAML or JSON")):
        parser.add_argument(
            f"--{form}",
            action="append",
            default=[],
            metavar="[VERSION=]FILE",
            help=f"look at this, too: {noun}; of v1.0 unless it says beta=FILE",
        )
    parser.add_argument("--docs", metavar="DIR", help="look at this, too: a checkout of the reference pages")
    parser.add_argument("--additive-ok", action="store_true", help="exit with 0 when there are only additions")
    parser.epilog = (
        "Exit code: 0 no drift, 1 additions only, 2 something broke or behaves otherwise, 3 could not check, 64 a word "
        "or a file cannot be used. A network, a service or a sign-in that fails is never drift. Each setting can be a "
        "variable: GRAPHCALLS_TARGET, GRAPHCALLS_OUT, GRAPHCALLS_BASELINE, GRAPHCALLS_HISTORY, GRAPHCALLS_ACCEPTED. "
        "What pytest reads (GRAPHCALLS_TOKEN, AZURE_…, the ini keys of a sandbox) holds here, too."
    )


def _history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--history", metavar="FILE", help="default: GRAPHCALLS_HISTORY, or graphcalls-history.db")
    parser.add_argument("--rule", metavar="ID", help="how one rule stood, e.g. call-reject.success-is-202-empty")
    parser.add_argument("--limit", default="30", metavar="NIGHTS", help="the latest ones (default: %(default)s)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    parser.epilog = "Exit code: 0, or 64 when there is no history or it cannot be used."


DRIFT: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "accept": ("accept a difference, so that it decides no verdict any more", _drift_accept),
    "promote": ("make tonight's recordings the ones that later nights are compared with", _drift_promote),
    "prune": ("take out acceptances that have expired or are not needed any more", _drift_files),
    "metadata": ("compare published metadata with the contract", _drift_metadata),
    "docs": ("compare the reference pages with the contract", _drift_docs),
}
"""By name: what an action of 'drift' does, and the words it takes; done by :mod:`pytest_graphcalls.commands.drift`."""

COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "serve": ("run the simulator as an HTTP server", _serve),
    "token": ("get a token from a running 'graphcalls serve'", _token),
    "doctor": ("look whether a tenant is ready: token, roles, registration, settings", _doctor),
    "sweep": ("hang up what a live run that was killed has left behind", _sweep),
    "check": ("check recordings against the contract", _check),
    "cassettes": ("tell how recordings stand, and look for leaks in them", _cassettes),
    "nightly": ("look whether the service has moved away from the contract or from itself", _nightly),
    "history": ("print what earlier nights came to", _history),
    "drift": ("look at what is published, and say which differences are all right", _drift),
    "contracts": ("rebuild the contract's types from published metadata", _contracts),
    "rules": ("list what is published about the operations", _rules),
    "explain": ("explain a rule, a question, an error or a finding", _explain),
}
"""By name: what it does, and the words it takes."""
