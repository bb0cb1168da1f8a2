"""Comparison of published files (metadata, OpenAPI, reference pages) with the contract."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.drift.difference import Difference, Kind, Origin
from pytest_graphcalls.drift.model import Unchecked
from pytest_graphcalls.errors import did_you_mean
from pytest_graphcalls.published import docs as pages, metadata
from pytest_graphcalls.published.docs_page import open_keys
from pytest_graphcalls.published.openapi import PREFIXES

Found = Difference | Unchecked


@dataclass(frozen=True, slots=True)
class Published:
    """Published files that were fetched: metadata, reference pages.

    Attributes:
        metadata: the metadata of each version: the file, and how it was published.
        pages: a checkout of the reference pages, or ``None``.
    """

    metadata: Mapping[str, tuple[Path, metadata.Form]] = field(default_factory=dict)
    pages: Path | None = None

    @property
    def origins(self) -> frozenset[Origin]:
        """The published sources that were given."""
        found = {Origin.METADATA} if self.metadata else set()
        return frozenset(found | ({Origin.DOCUMENTATION} if self.pages else set()))

    def differences(self, versions: tuple[str, ...]) -> Iterator[Found]:
        """The differences between all published sources and the contract.

        Args:
            versions: API versions to look at.

        Raises:
            PublishedFileError: a metadata file is there and is not what it should be.
        """
        for version in versions:
            if version in self.metadata:
                yield from of_metadata(*self.metadata[version], version)
            if self.pages is not None:
                yield from of_pages(self.pages, version)


_WHOLE_GONE = frozenset({Kind.TYPE_GONE, Kind.ACTION_GONE, Kind.PATH_GONE})
_PART_GONE = frozenset({Kind.MEMBER_GONE, Kind.ENUM_MEMBER_GONE, Kind.PARAMETER_GONE})
_CLOUD_FILE = re.compile(r"(?:v1\.0|beta)-(?!prod\b)(\w+)\.csdl", re.IGNORECASE)
"""How the metadata of the other clouds is named where Microsoft publishes it, e.g. ``v1.0-Fairfax.csdl``."""


def of_metadata(
    path: Path, form: metadata.Form, version: str, *, cloud: str = "", is_slice: bool = False
) -> Iterator[Found]:
    """The differences between published metadata and the contract's types.

    What another cloud or a slice does not have is no difference; it is named in an :class:`.Unchecked`
    that decides nothing.

    Args:
        path: the file.
        form: how it was published.
        version: ``v1.0`` or ``beta``.
        cloud: the cloud whose metadata it is, e.g. ``us-gov-l4``; ``""`` for the one in its file name.
        is_slice: whether it was cut out of the published file.

    Raises:
        PublishedFileError: it is there and is not what it should be.
    """
    read = load(path, form)
    if isinstance(read, Unchecked):
        yield read
        return
    named = _CLOUD_FILE.fullmatch(path.name)
    elsewhere = (cloud or (named[1] if named else "global")) != "global"
    documented = _documented(cloud, version) if elsewhere else None
    absent = []
    for one in _of_types(read, version):
        if (elsewhere or is_slice or read.partial) and not _has_to_be_there(one, read, documented):
            absent.append(f"{one.subject} {one.where}".strip())
        else:
            yield one
    if absent:
        what = "of another cloud" if elsewhere else "a slice"
        reason = f"it is {what}; what it does not have of the contract is no difference: {', '.join(absent)}."
        yield Unchecked(str(path), reason, decides=False)


def _documented(cloud: str, version: str) -> frozenset[str]:
    """Ids, actions and bodies of the operations that are documented for a cloud."""
    here = [one for one in Contract.packaged().operations.values() if cloud in one.clouds.get(version, ())]
    bodies = (response.body for one in here for response in one.responses.values())
    return frozenset({*(name for one in here for name in (one.id, one.action)), *bodies})


def _has_to_be_there(one: Difference, read: metadata.Metadata, documented: Collection[str] | None) -> bool:
    """Whether another cloud has it as its documentation says, or a slice as it has the type that it is of."""
    if documented is not None:
        return one.kind not in _WHOLE_GONE | _PART_GONE or (one.kind in _WHOLE_GONE and one.subject in documented)
    type_ = one.before.removeprefix("list of ")
    known = one.kind is Kind.ENUM_MEMBER_GONE or type_.startswith("Edm.") or type_ in {*read.types, *read.enums}
    return one.kind not in _WHOLE_GONE and (known or one.kind not in _PART_GONE)


def _of_types(read: metadata.Metadata, version: str) -> Iterator[Difference]:
    files = ContractFiles()
    types, overlay = files.read(f"types-{version}.json", "types"), files.read("types-overlay.yaml", "overlay")
    yield from metadata.differences(types, read, overlay, version)
    if read.form is metadata.Form.OPENAPI:
        operations = Contract.packaged().operations.values()
        read_ones = (one for one in operations if version in one.versions and one.path.startswith(PREFIXES))
        promised = {one.id: (one.method, open_keys(one.path)) for one in read_ones}
        yield from metadata.routes_gone(read.routes, promised, version, read.file)


def load(path: Path, form: metadata.Form) -> metadata.Metadata | Unchecked:
    """Read a metadata file, or say why it says nothing; arguments and errors as for :func:`of_metadata`."""
    try:
        read = _READERS[form](path)
    except FileNotFoundError:
        return Unchecked(str(path), _not_there(path, "file"))
    except OSError as error:
        return Unchecked(str(path), f"it cannot be read: {error.strerror}.")
    if read.has_calls:
        return read
    return Unchecked(str(path), "it has no type 'call'; is it the metadata of a cloud without calls?")


_READERS = {metadata.Form.CSDL: metadata.read_csdl, metadata.Form.OPENAPI: metadata.read_openapi}


def of_pages(root: Path, version: str) -> Iterator[Found]:
    """The differences between the reference pages and the contract.

    Args:
        root: a checkout of them, with ``api-reference`` in it.
        version: ``v1.0`` or ``beta``.
    """
    if not root.exists():
        yield Unchecked(f"documentation@{version}", f"{root}: {_not_there(root, 'folder')}")
        return
    try:
        yield from pages.differences(root, Contract.packaged(), version)
    except OSError as error:
        yield Unchecked(str(error.filename or root), f"it cannot be read: {error.strerror}.")


def _not_there(path: Path, sort: str) -> str:
    """The error for a missing file or folder, with the nearest name that is there."""
    while not path.parent.exists():
        path = path.parent
    try:
        names = [one.name for one in path.parent.iterdir()]
    except OSError:
        names = []
    return f"there is no such {sort}.{did_you_mean(path.name, names)}"
