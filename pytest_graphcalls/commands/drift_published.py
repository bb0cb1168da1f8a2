"""``graphcalls drift metadata`` and ``graphcalls drift docs``: what is published, against the contract."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from pytest_graphcalls.commands.drift_accepted import accepted_of
from pytest_graphcalls.commands.text import show
from pytest_graphcalls.contract import VERSIONS
from pytest_graphcalls.drift import EXIT_CODES, Difference, Outcome, Severity, Unchecked
from pytest_graphcalls.drift.acceptances import AcceptedFile
from pytest_graphcalls.drift.deciding import is_expired, weighed
from pytest_graphcalls.drift.metadata import Form
from pytest_graphcalls.drift.published import Found, Published, of_metadata
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.report.words import counted


def metadata(args: Namespace) -> int:
    """Compare published metadata with the contract's types.

    Args:
        args: ``csdl`` or ``openapi``, ``version``, ``file`` and ``format``.

    Returns:
        The exit code of :data:`.EXIT_CODES`.

    Raises:
        PublishedFileError: the file is there and is not what it should be.
        DriftFileError: the file of accepted differences cannot be used.
    """
    form = Form.CSDL if args.csdl else Form.OPENAPI
    return _told(of_metadata(Path(args.csdl or args.openapi), form, args.version), args)


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
    return _told(Published(pages=root).differences(versions), args)


def _told(found: Iterable[Found], args: Namespace) -> int:
    agreed, now = AcceptedFile.read(accepted_of(args)).acceptances, datetime.now(UTC)
    settled = {name for name, one in agreed.items() if not is_expired(one, now)}
    all_ = list(found)
    differences = [one for one in all_ if isinstance(one, Difference)]
    unchecked = [one for one in all_ if isinstance(one, Unchecked)]
    word = weighed({one.severity for one in differences if one.fingerprint not in settled}, unchecked)
    if args.format == "json":
        told = {
            "outcome": word.value,
            "differences": [{**one.to_json(), "accepted": one.fingerprint in settled} for one in differences],
            "unchecked": [{"subject": one.subject, "reason": one.reason} for one in unchecked],
        }
        show([json.dumps(told, indent=1, ensure_ascii=False)])
    else:
        show(_lines(word, differences, unchecked, settled))
    return EXIT_CODES[word]


_ORDER = tuple(reversed(Severity))


def _lines(
    word: Outcome, differences: list[Difference], unchecked: list[Unchecked], settled: Collection[str]
) -> Iterator[str]:
    for one in sorted(differences, key=lambda one: _ORDER.index(one.severity)):
        yield f"{one}  [{one.fingerprint}{', accepted' if one.fingerprint in settled else ''}]"
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
