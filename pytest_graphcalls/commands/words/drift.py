"""The words of what people look at and decide about drift."""

from __future__ import annotations

import argparse

from pytest_graphcalls.commands.words.kind import Commands, add
from pytest_graphcalls.commands.words.nights import folders


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
    parser.add_argument("--reason", required=True, help="why it is all right")
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
"""By name: what an action of 'drift' does, and the words it takes; done by :mod:`pytest_graphcalls.commands.drift`."""


def _drift(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add(actions.add_parser, DRIFT)


DRIFT_COMMANDS: Commands = {
    "drift": ("look at what is published, and say which differences are all right", _drift),
}
