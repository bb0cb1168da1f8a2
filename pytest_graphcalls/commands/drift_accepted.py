"""``graphcalls drift accept`` and ``prune``: the file of differences that somebody has looked at."""

from __future__ import annotations

import os
from argparse import Namespace
from datetime import UTC, date, datetime
from pathlib import Path

from pytest_graphcalls.commands.text import show
from pytest_graphcalls.drift.acceptances import AcceptedFile
from pytest_graphcalls.drift.deciding import is_expired
from pytest_graphcalls.drift.remembered import remembered
from pytest_graphcalls.drift.verdict import Acceptance
from pytest_graphcalls.errors import SettingError, UnknownNameError
from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.nightly.publishing import DOCUMENT
from pytest_graphcalls.nightly.settings import ACCEPTED, OUT, path_of
from pytest_graphcalls.report.words import counted


def accept(args: Namespace) -> int:
    """Accept differences of the last verdict: all of them, or none.

    Args:
        args: ``fingerprints``, ``reason``, ``owner``, ``expires``, ``verdict``, ``file``.

    Returns:
        0.

    Raises:
        SettingError: the reason is empty or holds a secret, or the date is none or has passed.
        UnknownNameError: the last verdict has no such difference.
        DriftFileError: the verdict or the file cannot be used.
    """
    today = datetime.now(UTC).date()
    expires = _date(args.expires, today)
    reason, owner = (" ".join(text.split()) for text in (args.reason, args.owner))
    if not reason:
        raise SettingError("--reason", "''", "why it is all right, in a sentence")
    verdict, place = _verdict_of(args), accepted_of(args)
    known = remembered(verdict).differences
    _refuse_leaks("--reason", reason)
    before = file = AcceptedFile.read(place)
    until, said = f" until {expires}" if expires else "", []
    for given in dict.fromkeys(args.fingerprints):
        fingerprint = given.lower()
        if fingerprint not in known:
            raise UnknownNameError("difference", given, tuple(known), str(verdict))
        acceptance = Acceptance(fingerprint, reason, today, owner, expires, str(known[fingerprint]))
        _refuse_leaks("the difference", acceptance.about)
        file = file.accept(acceptance)
        word = "accepted again" if fingerprint in before.acceptances else "accepted"
        said.append(f"{word}{until}: {acceptance.about}")
    file.write()
    show([*said, f"Commit {place}."])
    return 0


def accepted_of(args: Namespace) -> Path:
    """The file of accepted differences: the one that nights read as well."""
    return path_of(args.file, "GRAPHCALLS_ACCEPTED", ACCEPTED, os.environ)


def _verdict_of(args: Namespace) -> Path:
    """The last verdict: where nights put it."""
    return Path(args.verdict) if args.verdict else path_of(None, "GRAPHCALLS_OUT", OUT, os.environ) / DOCUMENT


def _date(text: str, today: date) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise SettingError("--expires", text, "a date such as 2027-01-31") from None
    if found < today:
        raise SettingError(
            "--expires", text, f"today ({today} in UTC) or a later day", "It would have expired already."
        )
    return found


def _refuse_leaks(name: str, text: str) -> None:
    kinds = sorted({str(leak.kind) for leak in scan(text)})
    if kinds:
        # The value itself is not repeated.
        raise SettingError(name, "…", f"a text without {', '.join(kinds)}", "The file is for everybody who has it.")


def prune(args: Namespace) -> int:
    """Take out acceptances that have expired, or that nothing of the last verdict needs.

    Args:
        args: ``verdict``, ``file``.

    Returns:
        0.

    Raises:
        DriftFileError: the verdict or the file cannot be used.
    """
    file = AcceptedFile.read(accepted_of(args))
    last = remembered(_verdict_of(args))
    now = datetime.now(UTC)
    why = {
        name: "expired" if is_expired(one, now) else "not seen any more"
        for name, one in file.acceptances.items()
        # What was not looked at may be there all the same.
        if is_expired(one, now) or (last.complete and name not in last.differences)
    }
    if why:
        file.without(why).write()
    show(f"  {name} ({reason}): {file.acceptances[name].about}" for name, reason in why.items())
    show([f"{counted(len(why), 'acceptance')} of {len(file.acceptances)} taken out."])
    if not last.complete:
        show(["The last night could not check everything, so only those that have expired were looked for."])
    return 0
