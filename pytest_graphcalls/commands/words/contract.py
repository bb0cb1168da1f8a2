"""The words of what tells of the contract."""

from __future__ import annotations

import argparse

from pytest_graphcalls.commands.words.kind import Commands


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


CONTRACT_COMMANDS: Commands = {
    "contracts": ("rebuild the contract's types from published metadata", _contracts),
    "rules": ("list what is published about the operations", _rules),
    "explain": ("explain a rule, a question, an error or a finding", _explain),
}
