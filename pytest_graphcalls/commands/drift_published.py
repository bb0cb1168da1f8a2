"""``graphcalls drift metadata`` and ``graphcalls drift docs``: what is published, against the contract."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_graphcalls.commands.text import show
from pytest_graphcalls.contract import VERSIONS, Contract
from pytest_graphcalls.contract.files import ContractFiles
from pytest_graphcalls.drift import EXIT_CODES, Difference, Outcome, Severity, Unchecked
from pytest_graphcalls.drift import docs as pages
from pytest_graphcalls.drift import metadata as published
from pytest_graphcalls.drift.docs.claims import open_keys
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.report.words import counted

Found = Difference | Unchecked


def metadata(args: Namespace) -> int:
    """Compare published metadata with the contract's types.

    Args:
        args: ``csdl`` or ``openapi``, ``version`` and ``format``.

    Returns:
        The exit code of :data:`.EXIT_CODES`.

    Raises:
        PublishedFileError: the file is there and is not what it should be.
    """
    found = list(_metadata(args))
    return _told(found, args.format)


def _metadata(args: Namespace) -> Iterator[Found]:
    path = Path(args.csdl or args.openapi)
    read = load(path, csdl=bool(args.csdl))
    if isinstance(read, Unchecked):
        yield read
        return
    files = ContractFiles()
    types, overlay = files.read(f"types-{args.version}.json", "types"), files.read("types-overlay.yaml", "overlay")
    yield from published.differences(types, read, overlay, args.version)
    if read.form is published.Form.OPENAPI:
        operations = Contract.packaged().operations.values()
        promised = {one.id: (one.method, open_keys(one.path)) for one in operations if args.version in one.versions}
        yield from published.routes_gone(read.routes, promised, args.version, read.file)


def load(path: Path, *, csdl: bool) -> published.Metadata | Unchecked:
    """Read a metadata file, or say why it says nothing.

    Args:
        path: the file.
        csdl: whether it is CSDL; else OpenAPI.

    Raises:
        PublishedFileError: it is there and is not what it should be.
    """
    try:
        read = published.read_csdl(path) if csdl else published.read_openapi(path)
    except OSError as error:
        return Unchecked(str(path), f"it cannot be read: {error.strerror}.")
    if read.has_calls:
        return read
    return Unchecked(str(path), "it says nothing of calls; is it the metadata of a cloud without them?")


def docs(args: Namespace) -> int:
    """Compare a checkout of the reference pages with the contract.

    Args:
        args: ``folder``, ``version`` (``None`` for both) and ``format``.

    Returns:
        The exit code of :data:`.EXIT_CODES`.

    Raises:
        SettingError: the folder is a file.
    """
    root = Path(args.folder)
    if root.is_file():
        raise SettingError("DIR", str(root), "the folder of a checkout of the reference pages")
    versions = (args.version,) if args.version else VERSIONS
    return _told([one for version in versions for one in _docs(root, version)], args.format)


def _docs(root: Path, version: str) -> Iterator[Found]:
    try:
        yield from pages.differences(root, Contract.packaged(), version)
    except OSError as error:
        yield Unchecked(str(error.filename or root), f"it cannot be read: {error.strerror}.")


def outcome(found: Iterable[Found]) -> Outcome:
    """What differences and gaps come to: a difference that breaks something outweighs a gap, which outweighs the rest.

    Args:
        found: both, in any order.
    """
    found = list(found)
    weights = {one.severity for one in found if isinstance(one, Difference)}
    gap = any(isinstance(one, Unchecked) and one.decides for one in found)
    order = (
        (Severity.BREAKING in weights, Outcome.BREAKING),
        (Severity.BEHAVIOURAL in weights, Outcome.BEHAVIOURAL),
        (gap, Outcome.COULD_NOT_CHECK),
        (Severity.ADDITIVE in weights, Outcome.ADDITIVE),
    )
    return next((word for holds, word in order if holds), Outcome.NO_DRIFT)


def _told(found: list[Found], form: str) -> int:
    word = outcome(found)
    differences = [one for one in found if isinstance(one, Difference)]
    unchecked = [one for one in found if isinstance(one, Unchecked)]
    if form == "json":
        told = {
            "outcome": word.value,
            "differences": [one.to_json() for one in differences],
            "unchecked": [{"subject": one.subject, "reason": one.reason} for one in unchecked],
        }
        show([json.dumps(told, indent=1, ensure_ascii=False)])
    else:
        show(_lines(word, differences, unchecked))
    return EXIT_CODES[word]


_ORDER = tuple(reversed(Severity))


def _lines(word: Outcome, differences: list[Difference], unchecked: list[Unchecked]) -> Iterator[str]:
    for one in sorted(differences, key=lambda one: _ORDER.index(one.severity)):
        yield f"{one}  [{one.fingerprint}]"
        yield from (f"    {text}" for text in (one.place, one.page, one.hint) if text)
    yield from (f"could not check: {one.subject}: {one.reason}" for one in unchecked)
    yield "" if differences or unchecked else "Nothing differs."
    counts = ((weight, sum(one.severity is weight for one in differences)) for weight in _ORDER)
    weighed = ", ".join(f"{number:,} {weight}" for weight, number in counts if number)
    if differences:
        yield f"{counted(len(differences), 'difference')}: {weighed}."
    if unchecked:
        yield f"{counted(len(unchecked), 'part')} could not be checked."
    yield f"Outcome: {word}"
