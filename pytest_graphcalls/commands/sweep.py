"""``graphcalls sweep``: end what a live run that was killed has left in a tenant."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_graphcalls.commands.text import show
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.live import Line as TenantLine, Place, left_open
from pytest_graphcalls.sandbox import End, Ending, Ledger, ledgers

USUAL = Path(".graphcalls", "ledger")
"""Where the ledgers of a project lie, below its folder."""
STILL_OPEN = 1


def run_sweep(args: Namespace) -> int:
    """Hang up every call that a ledger says is open.

    Args:
        args: ``ledger``, ``cloud``, ``root`` and ``authority``.

    Returns:
        0 when nothing is open any more, else 1.

    Raises:
        SettingError: a variable is missing, or the folder is not there or holds something else.
        SignInError: there is no token to be had.
        UnknownNameError: there is no such cloud.
    """
    folder = Path(args.ledger or os.environ.get("GRAPHCALLS_LEDGER") or USUAL)
    if args.ledger and not folder.is_dir():
        raise SettingError("--ledger", str(folder), "a folder that a live run has made", "The run tells its name.")
    found = ledgers(folder)
    endings = list(_swept(found, args)) if any(ledger.open_calls() for ledger in found) else []
    show(_lines(folder, found, endings))
    for ledger in found:
        ledger.close()
    still = any(ending.end is End.STILL_OPEN for ending in endings) or any(ledger.unanswered() for ledger in found)
    return STILL_OPEN if still else 0


def _swept(found: Iterable[Ledger], args: Namespace) -> Iterator[Ending]:
    line = TenantLine(Place.of(os.environ, cloud=args.cloud, root=args.root, authority=args.authority))
    try:
        for ledger in found:
            yield from left_open(line, ledger)
    finally:
        line.close()


def _lines(folder: Path, found: Iterable[Ledger], endings: Iterable[Ending]) -> Iterator[str]:
    told = [*map(_ending, endings), *(line for ledger in found for line in _unanswered(ledger))]
    yield from told or [f"Nothing is open in {folder}."]


def _ending(ending: Ending) -> str:
    why = f": {ending.why}" if ending.why else ""
    return f"call {ending.call.call_id}, made {ending.call.made:%Y-%m-%d %H:%M} UTC, {ending.end}{why}"


def _unanswered(ledger: Ledger) -> Iterator[str]:
    for intent in ledger.unanswered():
        yield (
            f"a request of {intent.made:%Y-%m-%d %H:%M} UTC was never answered; if a call came of it, the service ends "
            f"it by {intent.gone_by:%H:%M} UTC"
        )
