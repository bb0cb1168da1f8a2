"""The words of what looks at nights."""

from __future__ import annotations

import argparse

from pytest_graphcalls.commands.words.kind import Commands


def folders(parser: argparse.ArgumentParser) -> None:
    """Where a night's reports and the accepted recordings lie."""
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
