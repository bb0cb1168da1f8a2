"""The words of what has to do with a sandbox tenant."""

from __future__ import annotations

import argparse

from pytest_graphcalls.commands.words.kind import Commands


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
