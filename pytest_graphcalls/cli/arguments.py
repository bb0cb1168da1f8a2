"""The arguments of each command."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

__all__ = ["COMMANDS", "Commands", "add"]

Commands = Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None]]]
"""By name: what a command or an action does, and what adds its words to a parser."""


def add(add_parser: Callable[..., argparse.ArgumentParser], commands: Commands) -> None:
    """Give each command a parser of its own; ``add_parser`` is that of argparse's subparsers."""
    for name, (summary, add_words) in commands.items():
        add_words(add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."))


def _contracts(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    refresh = actions.add_parser(
        "refresh", help="rebuild the types from metadata", description="Rebuild the contract's types from metadata."
    )
    refresh.add_argument("--csdl", metavar="FILE", required=True, help="the service's own metadata ($metadata), XML")
    refresh.add_argument("--version", choices=("v1.0", "beta"), default="v1.0", help="default: %(default)s")
    refresh.add_argument("--write", action="store_true", help="replace the file; without it the changes are only shown")
    refresh.add_argument("--into", metavar="FOLDER", help="the contract's folder (default: the one of the package)")
    refresh.epilog = (
        "Exit code: 0 the types are as published, 1 they have changed, 3 FILE is missing or has no types of calls."
    )


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


CONTRACT_COMMANDS: Commands = {
    "contracts": ("rebuild the contract's types from published metadata", _contracts),
    "rules": ("list what is published about the operations", _rules),
    "explain": ("explain a rule, a question, an error or a finding", _explain),
}


def folders(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for the folders of a night's reports and of the accepted recordings."""
    parser.add_argument("--out", metavar="DIR", help="reports and recordings (default: graphcalls-nightly)")
    parser.add_argument(
        "--baseline",
        metavar="DIR",
        help="the accepted recordings; one for each target, and for each address of a 'graphcalls serve' "
        "(default: graphcalls-baseline)",
    )


def _nightly(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", metavar="TARGET", help="live (default), a base URL, or simulator")
    folders(parser)
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


NIGHTS_COMMANDS: Commands = {
    "nightly": ("look whether the service has moved away from the contract or from itself", _nightly),
    "history": ("print what earlier nights came to", _history),
}


def _files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verdict",
        metavar="FILE",
        help="the last verdict, or what 'drift metadata --format json' has printed (default: verdict.json in "
        "GRAPHCALLS_OUT, or graphcalls-nightly)",
    )
    _accepted(parser)
    parser.epilog = "Exit code: 0 done, 64 a word or a file cannot be used; then nothing was changed."


def _accepted(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--file",
        metavar="FILE",
        help="the accepted differences (default: GRAPHCALLS_ACCEPTED, or graphcalls-drift.toml)",
    )


def _accept(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fingerprints", metavar="FINGERPRINT", nargs="+", help="of a difference in the last verdict")
    parser.add_argument("--reason", required=True, help="why it is accepted")
    parser.add_argument("--owner", default="", metavar="NAME", help="who answers for it")
    parser.add_argument("--expires", default="", metavar="DATE", help="the last day on which it holds, as 2027-01-31")
    _files(parser)


def _promote(parser: argparse.ArgumentParser) -> None:
    folders(parser)
    parser.epilog = (
        "What tonight could not record stays as it was. The leak scan comes first, and the older baseline stays until "
        "the new one is in place. Exit code: 0 done, 64 something cannot be used; then nothing was changed."
    )


_CODES = (
    "Exit code: 0 no difference but notices, 1 additive differences only, 2 breaking or behavioural ones, 3 something "
    "could not be checked and nothing is broken, 64 a word or a damaged file cannot be used."
)


def _metadata(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument("--csdl", metavar="FILE", help="the service's own metadata ($metadata), XML")
    form.add_argument("--openapi", metavar="FILE", help="the published OpenAPI of one version, YAML or JSON")
    parser.add_argument("--version", choices=("v1.0", "beta"), default="v1.0", help="default: %(default)s")
    parser.add_argument(
        "--cloud", default="", help="the cloud it is of, e.g. us-gov-l4: only what is documented there has to be in it"
    )
    parser.add_argument("--slice", action="store_true", help="it was cut out: types and paths may be left out")
    _printed(parser)


def _docs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="a checkout of the reference pages, with api-reference in it")
    parser.add_argument("--version", choices=("v1.0", "beta"), help="default: both")
    _printed(parser)


def _printed(parser: argparse.ArgumentParser) -> None:
    _accepted(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    parser.epilog = _CODES


DRIFT: Commands = {
    "accept": ("accept a difference, so that it decides no verdict any more", _accept),
    "promote": ("make tonight's recordings the ones that later nights are compared with", _promote),
    "prune": ("take out acceptances that have expired or are not needed any more", _files),
    "metadata": ("compare published metadata with the contract", _metadata),
    "docs": ("compare the reference pages with the contract", _docs),
}
"""By name: what an action of 'drift' does, and the words it takes; done by :mod:`pytest_graphcalls.cli.drift`."""


def _drift(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add(actions.add_parser, DRIFT)


DRIFT_COMMANDS: Commands = {
    "drift": ("look at what is published, and say which differences are all right", _drift),
}


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a HAR file, or a cassette of vcrpy (YAML or JSON)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    parser.add_argument("--strict", action="store_true", help="let notices count as violations")
    parser.epilog = (
        "Exit code: 0 no violation, 1 violations, 2 a file or an entry could not be read, and the others are "
        "still checked, 3 there was nothing that could be judged. Tokens are not expected in recordings, and none is "
        "shown."
    )


def _cassettes(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    status = actions.add_parser("status", help="age, origin, edits, orphans", description="How cassettes stand.")
    status.add_argument("paths", nargs="*", metavar="PATH", help="files or folders (default: cassettes)")
    status.add_argument("--days", type=int, default=180, help="how old one may be (default: %(default)s)")
    status.epilog = (
        "Exit code: 0 all is well, 1 one is too old, edited, unreadable, or used by no test, 2 a path cannot be read."
    )
    scan = actions.add_parser(
        "scan", help="look for secrets and personal data", description="Look for secrets and personal data."
    )
    scan.add_argument("paths", nargs="*", metavar="PATH", help="files or folders (default: cassettes)")
    scan.epilog = (
        "Prints file, line and kind, never the secret. Exit code: 0 nothing was found, 1 something was, 2 a path "
        "cannot be read. The values of AZURE_CLIENT_SECRET, AZURE_TENANT_ID, AZURE_CLIENT_ID and GRAPHCALLS_TOKEN are "
        "looked for wherever they stand."
    )


RECORDINGS_COMMANDS: Commands = {
    "check": ("check recordings against the contract", _check),
    "cassettes": ("tell how recordings stand, and look for leaks in them", _cassettes),
}


def _port(text: str) -> int:
    # The socket layer takes larger numbers and listens somewhere else.
    if not (text.isdecimal() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; expected 0 to 65535")
    return int(text)


def _serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="port; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same ids (default: %(default)s)")
    parser.add_argument("--ring", type=float, metavar="SECONDS", help="how long people let it ring before they answer")
    parser.add_argument(
        "--open-directory", action="store_true", help="let every person, phone and meeting exist, not only those made"
    )
    parser.add_argument("--frozen", action="store_true", help="freeze time: it passes by clock/advance only")
    parser.add_argument(
        "--bot", metavar="URL", help="post notifications to a bot on this machine, e.g. http://127.0.0.1:3978/api/calls"
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
        help="which machines /_graphcalls/ answers (default: local, this one; off when --host is another address)",
    )
    parser.add_argument(
        "--ledger-size",
        type=float,
        default=32,
        metavar="MB",
        help="memory for the ledger of requests and deliveries; the oldest entries go first (default: %(default)s)",
    )
    parser.add_argument(
        "--tls",
        metavar="FOLDER",
        help="use TLS, for Microsoft's host names, too; FOLDER keeps the certificate authority that clients trust",
    )
    parser.add_argument(
        "--proxy",
        type=_port,
        metavar="PORT",
        help="with --tls: an HTTP proxy that leads Microsoft's host names to the server and refuses all others; 0 "
        "takes a free port. 'graphcalls env' prints the variables by which a bot uses it",
    )
    parser.add_argument(
        "--domain", action="append", default=[], metavar="NAME", help="one more name of the tenant; may be repeated"
    )


def _token(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the server's address (default: %(default)s)")
    parser.add_argument("--role", action="append", metavar="ROLE", help="a role in it; may be repeated")
    parser.add_argument("--no-roles", action="store_true", help="a token without any role")
    parser.add_argument("--app", metavar="ID", help="whose token (default: the tenant's default app)")
    parser.add_argument("--lifetime", type=float, default=3600, metavar="SECONDS", help="default: %(default)s")
    parser.epilog = "Without --role the token has every role of the app. A lifetime of 0 gives an expired one."


def _env(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", default="https://127.0.0.1:8080", help="the server's address (default: %(default)s)")
    parser.add_argument("--tls", required=True, metavar="FOLDER", help="the folder that the server was given")
    parser.add_argument(
        "--format",
        choices=("shell", "dotenv", "powershell", "json"),
        default="shell",
        help="default: %(default)s",
    )
    parser.add_argument(
        "--for",
        dest="runtime",
        choices=("python", "node", "java", "dotnet", "go", "php"),
        help="for one runtime only (default: the variables of all)",
    )
    parser.add_argument(
        "--hosts-file", action="store_true", help="lines for a hosts file instead; the server needs port 443"
    )
    parser.epilog = 'Set them in a shell by: eval "$(graphcalls env --tls FOLDER)". They hold a secret that is made up.'


SERVICE_COMMANDS: Commands = {
    "serve": ("run the simulator as an HTTP server", _serve),
    "env": ("print the variables by which an unmodified bot reaches a running 'graphcalls serve --proxy'", _env),
    "token": ("get a token from a running 'graphcalls serve'", _token),
}


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


TENANT_COMMANDS: Commands = {
    "doctor": ("look whether a tenant is ready: token, roles, registration, settings", _doctor),
    "sweep": ("hang up what a live run that was killed has left behind", _sweep),
}


COMMANDS: Commands = {
    **SERVICE_COMMANDS,
    **TENANT_COMMANDS,
    **RECORDINGS_COMMANDS,
    **NIGHTS_COMMANDS,
    **DRIFT_COMMANDS,
    **CONTRACT_COMMANDS,
}
"""Every command, in the order of the help."""
