"""The words of what reads recordings."""

from __future__ import annotations

import argparse

from pytest_graphcalls.commands.words.kind import Commands


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a HAR file, or a cassette of vcrpy (YAML or JSON)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    parser.add_argument("--strict", action="store_true", help="let notices count as violations")
    parser.epilog = (
        "Exit code: 0 no violation, 1 violations, 2 a file or an entry could not be read; the others are checked all "
        "the same. Tokens are not expected in recordings, and none is shown."
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


RECORDINGS_COMMANDS: Commands = {
    "check": ("check recordings against the contract", _check),
    "cassettes": ("tell how recordings stand, and look for leaks in them", _cassettes),
}
