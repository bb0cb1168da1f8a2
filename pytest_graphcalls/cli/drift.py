"""``graphcalls drift``: accepted differences, the baseline, and published files against the contract."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from pytest_graphcalls.cli.cassettes import secrets_of
from pytest_graphcalls.cli.terminal import show, show_json
from pytest_graphcalls.contract import VERSIONS, Contract
from pytest_graphcalls.drift import EXIT_CODES, Difference, Outcome, Severity, Unchecked
from pytest_graphcalls.drift.acceptances import AcceptedFile, read_verdict
from pytest_graphcalls.drift.model import Acceptance
from pytest_graphcalls.drift.outcome import is_expired, outcome_of_severities
from pytest_graphcalls.errors import DriftFileError, SettingError, UnknownNameError
from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.nightly.baseline import promote as put
from pytest_graphcalls.nightly.publish import CASSETTES, DOCUMENT
from pytest_graphcalls.nightly.settings import ACCEPTED, BASELINE, OUT, path_of
from pytest_graphcalls.published.csdl import Form
from pytest_graphcalls.published.published import Found, Published, of_metadata
from pytest_graphcalls.report.run_document import counted


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
        raise SettingError("--reason", "''", "why it is accepted, in a sentence")
    verdict, place = _verdict_of(args), accepted_of(args)
    known = read_verdict(verdict).differences
    _refuse_leaks("--reason", reason)
    before = file = AcceptedFile.read(place)
    until, lines = f" until {expires}" if expires else "", []
    for given in dict.fromkeys(args.fingerprints):
        fingerprint = given.lower()
        if fingerprint not in known:
            raise UnknownNameError("difference", given, tuple(known), str(verdict))
        acceptance = Acceptance(fingerprint, reason, today, owner, expires, str(known[fingerprint]))
        _refuse_leaks("the difference", acceptance.about)
        file = file.accept(acceptance)
        word = "accepted again" if fingerprint in before.acceptances else "accepted"
        lines.append(f"{word}{until}: {acceptance.about}")
    file.write()
    show([*lines, f"Commit {place}."])
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
    """Remove acceptances that have expired, or whose difference the last verdict does not have.

    Args:
        args: ``verdict``, ``file``.

    Returns:
        0.

    Raises:
        DriftFileError: the verdict or the file cannot be used.
    """
    file = AcceptedFile.read(accepted_of(args))
    last = read_verdict(_verdict_of(args))
    now = datetime.now(UTC)
    why = {
        name: "expired" if is_expired(one, now) else "not seen any more"
        for name, one in file.acceptances.items()
        # A difference that was not looked for may still be there.
        if is_expired(one, now) or (last.complete and name not in last.differences)
    }
    if why:
        file.without(why).write()
    show(f"  {name} ({reason}): {file.acceptances[name].about}" for name, reason in why.items())
    show([f"{counted(len(why), 'acceptance')} of {len(file.acceptances)} taken out."])
    if not last.complete:
        show(["The last night could not check everything, so only those that have expired were looked for."])
    return 0


def promote(args: Namespace) -> int:
    """Make them the baseline.

    Args:
        args: ``out``, ``baseline``.

    Returns:
        0.

    Raises:
        SettingError: there are no recordings of a night, or they do not fit the baseline.
        RecordingError: one cannot be read, something would leak, or the disk refuses. The older baseline is as it was.
    """
    out = path_of(args.out, "GRAPHCALLS_OUT", OUT, os.environ)
    baseline = path_of(args.baseline, "GRAPHCALLS_BASELINE", BASELINE, os.environ)
    done = put(out / CASSETTES, baseline, secrets_of(os.environ))
    show(done.repaired)
    show([f"{baseline} holds {counted(done.new, 'recording')} of tonight; the leak scan found nothing in them."])
    if done.kept:
        show([f"{counted(done.kept, 'older one')} kept, because tonight has none of those tests."])
    if done.removed:
        show([f"{counted(done.removed, 'older one')} removed, because the suite has no such test."])
    headline = _headline(out / DOCUMENT)
    if headline:
        # A night with drift that is promoted by mistake would never be reported again.
        show([f"That night came to: {headline} What was recorded in it is what later nights expect from now on."])
    show([f"Commit {baseline}, or keep it where the next night finds it."])
    return 0


def _headline(verdict: Path) -> str:
    """The result of the night in a sentence; ``""`` without drift, when recordings alone were accepted."""
    try:
        return read_verdict(verdict).headline
    except DriftFileError:
        return ""


def metadata(args: Namespace) -> int:
    """Compare published metadata with the contract's types.

    Args:
        args: ``csdl`` or ``openapi``, ``version``, ``cloud``, ``slice``, ``file`` and ``format``.

    Returns:
        The exit code of :data:`.EXIT_CODES`.

    Raises:
        PublishedFileError: the file is there and is not what it should be.
        UnknownNameError: there is no such cloud.
        DriftFileError: the file of accepted differences cannot be used.
    """
    form = Form.CSDL if args.csdl else Form.OPENAPI
    cloud = Contract.packaged().cloud(args.cloud).name if args.cloud else ""
    place = Path(args.csdl or args.openapi)
    return _report(list(of_metadata(place, form, args.version, cloud=cloud, is_slice=args.slice)), args)


def docs(args: Namespace) -> int:
    """Compare a checkout of the reference pages with the contract.

    Args:
        args: ``folder``, ``version`` (``None`` for both), ``file`` and ``format``.

    Returns:
        The exit code of :data:`.EXIT_CODES`.

    Raises:
        SettingError: the folder is a file.
        DriftFileError: the file of accepted differences cannot be used.
    """
    root = Path(args.folder)
    if root.is_file():
        raise SettingError("DIR", str(root), "the folder of a checkout of the reference pages")
    versions = (args.version,) if args.version else VERSIONS
    return _report(list(Published(pages=root).differences(versions)), args)


def _report(found: Collection[Found], args: Namespace) -> int:
    acceptances, now = AcceptedFile.read(accepted_of(args)).acceptances, datetime.now(UTC)
    accepted = {name for name, one in acceptances.items() if not is_expired(one, now)}
    differences = [one for one in found if isinstance(one, Difference)]
    unchecked = [one for one in found if isinstance(one, Unchecked)]
    word = outcome_of_severities({one.severity for one in differences if one.fingerprint not in accepted}, unchecked)
    if args.format == "json":
        document = {
            "outcome": word.value,
            "differences": [{**one.to_json(), "accepted": one.fingerprint in accepted} for one in differences],
            "unchecked": [{"subject": one.subject, "reason": one.reason} for one in unchecked],
        }
        show_json(document)
    else:
        show(_lines(word, differences, unchecked, accepted))
    return EXIT_CODES[word]


_ORDER = tuple(reversed(Severity))


def _lines(
    word: Outcome, differences: list[Difference], unchecked: list[Unchecked], accepted: Collection[str]
) -> Iterator[str]:
    for one in sorted(differences, key=lambda one: _ORDER.index(one.severity)):
        yield f"{one}  [{one.fingerprint}{', accepted' if one.fingerprint in accepted else ''}]"
        yield from (f"    {text}" for text in (one.place, one.page, one.hint) if text)
    yield from (f"could not check: {one.subject}: {one.reason}" for one in unchecked)
    yield "" if differences or unchecked else "Nothing differs."
    counts = ((weight, sum(one.severity is weight for one in differences)) for weight in _ORDER)
    weights = ", ".join(f"{number:,} {weight}" for weight, number in counts if number)
    if differences:
        yield f"{counted(len(differences), 'difference')}: {weights}."
    if unchecked:
        yield f"{counted(len(unchecked), 'part')} could not be checked."
    yield f"Outcome: {word}"
