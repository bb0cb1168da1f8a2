"""``graphcalls contracts``: the contract's own files."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files as package_files
from pathlib import Path

from pytest_graphcalls.commands.text import show
from pytest_graphcalls.contract.files import ContractFiles
from pytest_graphcalls.contract.types import TypeModel
from pytest_graphcalls.drift import EXIT_CODES, Outcome, Unchecked
from pytest_graphcalls.drift import metadata as published
from pytest_graphcalls.drift.published import load
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.filing import put
from pytest_graphcalls.report.words import counted

SAME, CHANGED = 0, 1


def run(args: Namespace) -> int:
    """Do what ``args.action`` says.

    Args:
        args: ``action``, and the words that it takes.

    Returns:
        0 nothing has changed, 1 something has, 3 it could not be looked at.

    Raises:
        GraphCallsError: words or files that cannot be used.
    """
    return _ACTIONS[args.action](args)


def refresh(args: Namespace) -> int:
    """Show what ``types-<version>.json`` would become by published metadata, and write it with ``--write``.

    Args:
        args: ``csdl``, ``version``, ``write`` and ``into``.

    Returns:
        0 nothing has changed, 1 something has, 3 there is no such file or it says nothing of calls.

    Raises:
        ContractFileError: the contract in the folder cannot be used.
        PublishedFileError: the file is there and is not what it should be.
        SettingError: the folder cannot be written to.
    """
    read = load(Path(args.csdl), published.Form.CSDL)
    if isinstance(read, Unchecked):
        show([f"could not check: {read.subject}: {read.reason}"])
        return EXIT_CODES[Outcome.COULD_NOT_CHECK]
    folder = Path(args.into) if args.into else Path(str(package_files("pytest_graphcalls.contracts")))
    files = ContractFiles(folder)
    name = f"types-{args.version}.json"
    old, overlay = files.read(name, "types"), files.read("types-overlay.yaml", "overlay")
    new = published.refreshed(old, read, overlay)
    TypeModel(args.version, new, overlay)  # what could not be read again is not written
    same = all(new[part] == old[part] for part in new if part != "source")
    show(_lines(old, read, overlay, args.version, same=same))
    if args.write and not same:
        _write(folder / name, published.as_text(new))
        show([f"Written: {folder / name}"])
    elif not same:
        show([f"Not written; --write replaces {folder / name}."])
    return SAME if same else CHANGED


def _lines(
    old: Mapping[str, object], read: published.Metadata, overlay: Mapping[str, object], version: str, *, same: bool
) -> Iterator[str]:
    found = list(published.differences(old, read, overlay, version))
    for one in found:
        yield f"{one}"
        yield from (f"    {one.hint}",) if one.hint else ()
    if same:
        yield "The types are as published."
    else:
        yield f"{counted(len(found), 'difference')}; what was not known before is not counted."


def _write(path: Path, text: str) -> None:
    try:
        put({path: text})
    except OSError as error:
        raise SettingError("--into", str(path.parent), f"a folder to write to ({error.strerror})") from None


_ACTIONS: Mapping[str, Callable[[Namespace], int]] = {"refresh": refresh}
"""By name, what is done; gives the exit code."""
