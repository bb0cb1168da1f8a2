"""The command ``graphcalls``: its commands with their arguments, and its exit codes.

Exit codes: 0 all is well, 1 something was found that has to be put right, 2 something could not be read, found or
started; ``check`` ends with 3 when there was nothing that it could judge. Those of ``nightly`` are in its help; there,
and with ``drift`` and ``history``, 64 is for arguments and files that cannot be used.
What a command does is in a module of its own, imported when it is asked for.
"""

from __future__ import annotations

import io
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from pytest_graphcalls._version import __version__
from pytest_graphcalls.cli.arguments import UNUSABLE, USAGE, Arguments, Command, add, port
from pytest_graphcalls.cli.terminal import complain, complain_of_crash
from pytest_graphcalls.errors import GraphCallsError

CLOSED_PIPE = 141
"""As a shell reports a program that was stopped by a closed pipe."""
CRASHED: Mapping[str, int] = {"nightly": 3, "drift": 3}
"""By command: the exit code after an unexpected exception, where Python's 1 would mean additions only."""
INTERRUPTED = 130
"""As a shell reports a program that was stopped by Ctrl-C."""


def _refresh(parser: Arguments) -> None:
    parser.value("--csdl", "FILE", "the service's own metadata ($metadata), XML", required=True)
    parser.choice("--version", ("v1.0", "beta"))
    parser.switch("--write", "replace the file; without it the changes are only shown")
    parser.value("--into", "FOLDER", "the contract's folder (default: the one of the package)")
    parser.epilog = (
        "Exit code: 0 the types are as published, 1 they have changed, 2 FILE is damaged, 3 it is missing or "
        "has no types of calls."
    )


CONTRACTS = {"refresh": Command("rebuild the contract's types from metadata", _refresh, "contracts:refresh")}


def _rules(parser: Arguments) -> None:
    parser.value("--operation", "ID", "of one operation only, e.g. participant-invite")
    parser.choice("--format", ("text", "json", "markdown"))


def _explain(parser: Arguments) -> None:
    parser.value(
        "name",
        "NAME",
        "a rule or question (participant-invite.at-most-five-invitees, or without the operation), an operation, "
        "an error code or status (8522, InvalidAuthenticationToken, 403, AADSTS7000215), a result (200/5002), or a "
        "kind of finding (member-missing)",
    )


def folders(parser: Arguments) -> None:
    """Add the arguments for the folders of a night's reports and of the accepted recordings."""
    parser.value("--out", "DIR", "reports and recordings (default: graphcalls-nightly)")
    parser.value(
        "--baseline",
        "DIR",
        "the accepted recordings; one for each target, and for each address of a 'graphcalls serve' "
        "(default: graphcalls-baseline)",
    )


def _nightly(parser: Arguments) -> None:
    parser.value("--target", "TARGET", "live (default), a base URL, or simulator")
    folders(parser)
    parser.value("--history", "FILE", "the earlier nights (default: graphcalls-history.db)")
    parser.value("--file", "FILE", "the accepted differences (default: graphcalls-drift.toml)")
    parser.value("--version", "VERSION", "v1.0, beta or both (default)", default="both")
    parser.value(
        "--confirm",
        "K/N",
        "a difference counts when it comes in K of N runs of its tests (default: %(default)s)",
        default="2/3",
    )
    parser.value(
        "--workers",
        "NUMBER",
        "processes, where pytest-xdist is installed; 0 for one (default: %(default)s)",
        default="auto",
    )
    parser.value("--keep", "NIGHTS", "kept in the history (default: %(default)s)", default="400")
    for form, noun in (("csdl", "published metadata ($metadata), XML"), ("openapi", "published OpenAPI, YAML or JSON")):
        parser.values(f"--{form}", "[VERSION=]FILE", f"compare this, too: {noun}; of v1.0 unless it says beta=FILE")
    parser.value("--docs", "DIR", "compare this, too: a checkout of the reference pages")
    parser.switch("--additive-ok", "exit with 0 when there are only additions")
    parser.epilog = (
        "Exit code: 0 no drift, 1 additions only, 2 something broke or behaves differently, 3 could not check, "
        "64 an argument or a file cannot be used. A network, a service or a sign-in that fails is never drift. Each "
        "setting can be a variable: GRAPHCALLS_TARGET, GRAPHCALLS_OUT, GRAPHCALLS_BASELINE, GRAPHCALLS_HISTORY, "
        "GRAPHCALLS_ACCEPTED. "
        "What pytest reads (GRAPHCALLS_TOKEN, AZURE_…, the ini keys of a sandbox) holds here, too."
    )


def _history(parser: Arguments) -> None:
    parser.value("--history", "FILE", "default: GRAPHCALLS_HISTORY, or graphcalls-history.db")
    parser.value("--rule", "ID", "one rule in each night, e.g. call-reject.success-is-202-empty")
    parser.value("--limit", "NIGHTS", "the latest ones (default: %(default)s)", default="30")
    parser.choice("--format", ("text", "json"))
    parser.epilog = "Exit code: 0, or 64 when there is no history or it cannot be used."


def _files(parser: Arguments) -> None:
    parser.value(
        "--verdict",
        "FILE",
        "the last verdict, or what 'drift metadata --format json' has printed (default: verdict.json in "
        "GRAPHCALLS_OUT, or graphcalls-nightly)",
    )
    _accepted(parser)
    parser.epilog = "Exit code: 0 done, 64 an argument or a file cannot be used; then nothing was changed."


def _accepted(parser: Arguments) -> None:
    parser.value("--file", "FILE", "the accepted differences (default: GRAPHCALLS_ACCEPTED, or graphcalls-drift.toml)")


def _accept(parser: Arguments) -> None:
    parser.value("fingerprints", "FINGERPRINT", "of a difference in the last verdict", nargs="+")
    parser.value("--reason", "REASON", "why it is accepted", required=True)
    parser.value("--owner", "NAME", "who answers for it", default="")
    parser.value("--expires", "DATE", "the last day on which it holds, as 2027-01-31", default="")
    _files(parser)


def _promote(parser: Arguments) -> None:
    folders(parser)
    parser.epilog = (
        "What tonight could not record stays as it was. The leak scan comes first, and the older baseline stays until "
        "the new one is in place. Exit code: 0 done, 64 something cannot be used; then nothing was changed."
    )


_CODES = (
    "Exit code: 0 no difference but notices, 1 additive differences only, 2 breaking or behavioural ones, 3 something "
    "could not be checked and nothing is broken, 64 an argument or a damaged file cannot be used."
)


def _metadata(parser: Arguments) -> None:
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument("--csdl", metavar="FILE", help="the service's own metadata ($metadata), XML")
    form.add_argument("--openapi", metavar="FILE", help="the published OpenAPI of one version, YAML or JSON")
    parser.choice("--version", ("v1.0", "beta"))
    parser.value(
        "--cloud",
        "CLOUD",
        "the cloud it is of, e.g. us-gov-l4: only what is documented there has to be in it",
        default="",
    )
    parser.switch("--slice", "it was cut out: types and paths may be left out")
    _printed(parser)


def _docs(parser: Arguments) -> None:
    parser.value("folder", "DIR", "a checkout of the reference pages, with api-reference in it")
    parser.choice("--version", ("v1.0", "beta"), "default: both", default=None)
    _printed(parser)


def _printed(parser: Arguments) -> None:
    _accepted(parser)
    parser.choice("--format", ("text", "json"))
    parser.epilog = _CODES


DRIFT = {
    "accept": Command("accept a difference, so that it decides no verdict any more", _accept, "drift:accept"),
    "promote": Command(
        "make tonight's recordings the ones that later nights are compared with", _promote, "drift:promote"
    ),
    "prune": Command("take out acceptances that have expired or are not needed any more", _files, "drift:prune"),
    "metadata": Command("compare published metadata with the contract", _metadata, "drift:metadata"),
    "docs": Command("compare the reference pages with the contract", _docs, "drift:docs"),
}


def _check(parser: Arguments) -> None:
    parser.value("files", "FILE", "a HAR file, or a cassette of vcrpy (YAML or JSON)", nargs="+")
    parser.choice("--format", ("text", "json"))
    parser.switch("--strict", "let notices count as violations")
    parser.epilog = (
        "Exit code: 0 no violation, 1 violations, 2 a file or an entry could not be read, and the others are "
        "still checked, 3 there was nothing that could be judged. Tokens are not expected in recordings, and none is "
        "shown."
    )


def _status(parser: Arguments) -> None:
    _scan(parser)
    parser.value("--days", "DAYS", "how old one may be (default: %(default)s)", type=int, default=180)
    parser.epilog = (
        "Exit code: 0 all is well, 1 one is too old, edited, unreadable, or used by no test, 2 a path cannot be read."
    )


def _scan(parser: Arguments) -> None:
    parser.value("paths", "PATH", "files or folders (default: cassettes)", nargs="*")
    parser.epilog = (
        "Prints file, line and kind, never the secret. Exit code: 0 nothing was found, 1 something was, 2 a path "
        "cannot be read. The values of AZURE_CLIENT_SECRET, AZURE_TENANT_ID, AZURE_CLIENT_ID and GRAPHCALLS_TOKEN are "
        "looked for wherever they stand."
    )


CASSETTES = {
    "status": Command(
        "print age, origin and edits of cassettes, and those that no test uses", _status, "cassettes:status"
    ),
    "scan": Command("look for secrets and personal data", _scan, "cassettes:scan"),
}


def _serve(parser: Arguments) -> None:
    parser.value("--host", "HOST", "address to listen on (default: %(default)s)", default="127.0.0.1")
    parser.value("--port", "PORT", "port; 0 takes a free one (default: %(default)s)", type=port, default=8080)
    parser.value("--seed", "SEED", "the same seed gives the same ids (default: %(default)s)", type=int, default=0)
    parser.value("--ring", "SECONDS", "how long people let it ring before they answer", type=float)
    parser.switch("--open-directory", "let every person, phone and meeting exist, not only those made")
    parser.switch("--frozen", "freeze time: it passes by clock/advance only")
    parser.value("--bot", "URL", "post notifications to a bot on this machine, e.g. http://127.0.0.1:3978/api/calls")
    parser.value("--bot-path", "PATH", "with --bot: its path for notifications (default: the URL's)", default="")
    parser.values("--allow-host", "HOST", "a host the bot may be on besides this machine")
    parser.choice(
        "--control",
        ("off", "local", "any"),
        "which machines /_graphcalls/ answers (default: local, this one; off when --host is another address)",
        default=None,
    )
    parser.value(
        "--ledger-size",
        "MB",
        "memory for the ledger of requests and deliveries; the oldest entries go first (default: %(default)s)",
        type=float,
        default=32,
    )
    parser.value(
        "--tls",
        "FOLDER",
        "use TLS, for Microsoft's host names, too; FOLDER keeps the certificate authority that clients trust",
    )
    parser.value(
        "--proxy",
        "PORT",
        "with --tls: an HTTP proxy that leads Microsoft's host names to the server and refuses all others; 0 "
        "takes a free port. 'graphcalls env' prints the variables by which a bot uses it",
        type=port,
    )
    parser.values("--domain", "NAME", "one more name of the tenant; may be repeated")


def _token(parser: Arguments) -> None:
    parser.value("--url", "URL", "the server's address (default: %(default)s)", default="http://127.0.0.1:8080")
    parser.value("--role", "ROLE", "an application permission in it; may be repeated", action="append")
    parser.switch("--no-roles", "a token without any permission")
    parser.value("--app", "ID", "whose token (default: the tenant's default app)")
    parser.value("--lifetime", "SECONDS", "default: %(default)s", type=float, default=3600)
    parser.epilog = "Without --role the token has every permission of the app. A lifetime of 0 gives an expired one."


def _env(parser: Arguments) -> None:
    parser.value("--url", "URL", "the server's address (default: %(default)s)", default="https://127.0.0.1:8080")
    parser.value("--tls", "FOLDER", "the folder that the server was given", required=True)
    parser.choice("--format", ("shell", "dotenv", "powershell", "json"))
    parser.choice(
        "--for",
        ("python", "node", "java", "dotnet", "go", "php"),
        "for one runtime only (default: the variables of all)",
        dest="runtime",
        default=None,
    )
    parser.switch("--hosts-file", "lines for a hosts file instead; the server needs port 443")
    parser.epilog = 'Set them in a shell by: eval "$(graphcalls env --tls FOLDER)". They hold a secret that is made up.'


def _doctor(parser: Arguments) -> None:
    parser.value("--cloud", "NAME", "national cloud (default: GRAPHCALLS_CLOUD, or global)")
    parser.value("--root", "URL", "Graph (default: GRAPHCALLS_ROOT, or the cloud's)")
    parser.value("--authority", "URL", "sign-in (default: AZURE_AUTHORITY_HOST, or the cloud's)")
    parser.choice("--version", ("v1.0", "beta"))
    parser.epilog = (
        "Signs in by AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or "
        "AZURE_FEDERATED_TOKEN_FILE, or takes GRAPHCALLS_TOKEN. With GRAPHCALLS_SANDBOX_MEETINGS it joins that "
        "meeting for a moment, with GRAPHCALLS_SANDBOX_USERS it rings the first of these users for a moment. "
        "Exit code: 0 nothing is wrong, 1 something is, 2 a setting cannot be used."
    )


def _sweep(parser: Arguments) -> None:
    parser.value("--ledger", "FOLDER", "default: GRAPHCALLS_LEDGER, or .graphcalls/ledger here")
    parser.value("--cloud", "CLOUD", "national cloud of the tenant (default: %(default)s)", default="global")
    parser.value("--root", "URL", "scheme and host of Graph, if not the cloud's", default="")
    parser.value("--authority", "URL", "scheme and host of the sign-in, if not the cloud's", default="")
    parser.epilog = (
        "It signs in by the same AZURE_… variables as a live run. Let no run go on meanwhile: its calls are ended too. "
        "Exit code: 0 nothing is open any more, 1 something still is, 2 it could not be looked at."
    )


COMMANDS: Mapping[str, Command] = {
    "serve": Command("run the simulator as an HTTP server", _serve, "serve:run"),
    "env": Command(
        "print the variables by which an unmodified bot reaches a running 'graphcalls serve --proxy'",
        _env,
        "serve:run_env",
    ),
    "token": Command("get a token from a running 'graphcalls serve'", _token, "serve:run_token"),
    "doctor": Command("look whether a tenant is ready: token, roles, registration, settings", _doctor, "tenant:run"),
    "sweep": Command("hang up what a live run that was killed has left behind", _sweep, "tenant:run_sweep"),
    "check": Command("check recordings against the contract", _check, "check:run"),
    "cassettes": Command("print age and edits of recordings, and look for leaks in them", actions=CASSETTES),
    "nightly": Command(
        "look whether the service differs from the contract, or from earlier nights", _nightly, "nightly:run"
    ),
    "history": Command("print the outcomes of earlier nights", _history, "nightly:run_history"),
    "drift": Command("compare what is published with the contract, and accept differences", actions=DRIFT),
    "contracts": Command("rebuild the contract's types from published metadata", actions=CONTRACTS),
    "rules": Command("list what is published about the operations", _rules, "contracts:run_rules"),
    "explain": Command("explain a rule, a question, an error or a finding", _explain, "explain:run"),
}
"""Every command, in the order of the help."""


def parser() -> Arguments:
    """The parser of the command's arguments."""
    words = Arguments(
        prog="graphcalls",
        description="Contract, simulator and checks for the Microsoft Graph cloud communications calls API.",
    )
    words.add_argument("--version", action="version", version=f"pytest-graphcalls {__version__}")
    add(words, "command", COMMANDS)
    return words


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
    args, more = parser().parse_known_args(argv)
    if more:
        args.parser.error(f"unrecognized arguments: {' '.join(more)}")
    module, _, function = args.runs.partition(":")
    run: Callable[[Namespace], int] = getattr(import_module(f"pytest_graphcalls.cli.{module}"), function)
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
