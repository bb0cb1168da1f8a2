"""The settings of a night: options of the command, then environment variables, then defaults."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_graphcalls.drift.history import DEFAULT_KEEP
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.plugin.options import BOTH_VERSIONS, LIVE, REPLAY
from pytest_graphcalls.plugin.settings import parse_target
from pytest_graphcalls.published.csdl import Form
from pytest_graphcalls.published.published import Published

OUT = Path("graphcalls-nightly")
BASELINE = Path("graphcalls-baseline")
HISTORY = Path("graphcalls-history.db")
ACCEPTED = Path("graphcalls-drift.toml")
"""Where things lie by default, seen from where the command is run."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """How often a difference must be seen to count.

    Attributes:
        needed: how often it has to come.
        runs: in how many runs of its tests.
    """

    needed: int = 2
    runs: int = 3

    @classmethod
    def of(cls, name: str, text: str) -> Repetition:
        """The repetition that a text such as ``2/3`` means; raises :class:`.SettingError`."""
        found = re.fullmatch(r"(\d{1,2})/(\d{1,2})", text.strip())
        if found and 1 <= int(found[1]) <= int(found[2]):
            return cls(int(found[1]), int(found[2]))
        raise SettingError(name, text, "how often of how many runs, such as 2/3; 1/1 asks for no repetition")


@dataclass(frozen=True, slots=True)
class NightSettings:
    """The settings of a night.

    Attributes:
        target: ``live``, ``simulator``, or a base URL.
        out: folder for the reports and recordings; nothing else may be in it.
        baseline: folder of the accepted recordings; it need not be there.
        history: file of the earlier nights; it need not be there.
        accepted: file of the accepted differences; it need not be there.
        versions: API versions to look at.
        repetition: when a difference counts.
        workers: processes the suite runs in, if pytest-xdist is there: a number or ``auto``; ``0`` for this one.
        keep: how many nights the history keeps.
        published: metadata and reference pages to look at, too.
        named: whether the baseline was given explicitly; then a night without one could not check the service.
        additive_ok: whether additions are all right.
    """

    target: str = LIVE
    out: Path = OUT
    baseline: Path = BASELINE
    history: Path = HISTORY
    accepted: Path = ACCEPTED
    versions: tuple[str, ...] = BOTH_VERSIONS
    repetition: Repetition = field(default_factory=Repetition)
    workers: str = "auto"
    keep: int = DEFAULT_KEEP
    published: Published = field(default_factory=Published)
    named: bool = False
    additive_ok: bool = False


def target_of(given: str | None, environ: Mapping[str, str]) -> str:
    """The target of a night.

    Args:
        given: on the command line, if it was.
        environ: may hold ``GRAPHCALLS_TARGET``.

    Raises:
        SettingError: it is none, or recordings, which do not drift.
    """
    name, text = ("--target", given) if given is not None else ("GRAPHCALLS_TARGET", environ.get("GRAPHCALLS_TARGET"))
    target = parse_target(name, text) if text else LIVE
    if target == REPLAY:
        raise SettingError(name, target, "live, simulator or a base URL", "Recordings say the same every night.")
    return target


def path_of(given: str | None, variable: str, default: Path, environ: Mapping[str, str]) -> Path:
    """A path: what was given, else what the variable says, else the default; as it was written."""
    return Path(given or environ.get(variable) or default)


def published_of(
    csdl: Iterable[str], openapi: Iterable[str], pages: str | None, versions: tuple[str, ...] = BOTH_VERSIONS
) -> Published:
    """The published documents to compare with, and their folders.

    Args:
        csdl: files of metadata, each as ``v1.0=FILE``; without a version it is that of v1.0.
        openapi: files of OpenAPI, likewise.
        pages: folder of a checkout of the reference pages.
        versions: API versions that are looked at.

    Raises:
        SettingError: two files are for one version, one is for a version that is not looked at, or the folder is a
            file.
    """
    found: dict[str, tuple[Path, Form]] = {}
    given = [(Form.CSDL, text) for text in csdl] + [(Form.OPENAPI, text) for text in openapi]
    for form, text in given:
        version, equals, file = text.partition("=")
        if not (equals and version in BOTH_VERSIONS):
            version, file = BOTH_VERSIONS[0], text
        if version not in versions:
            step = f"Write {versions[0]}=FILE, or let --version be {version} or both."
            raise SettingError(f"--{form}", text, f"metadata of {versions[0]}, as --version says", step)
        if version in found:
            step = f"{found[version][0]} is that already; write beta=FILE for the other one."
            raise SettingError(f"--{form}", text, f"one file for {version}", step)
        found[version] = Path(file), form
    if pages is not None and Path(pages).is_file():
        raise SettingError("--docs", pages, "the folder of a checkout of the reference pages")
    return Published(found, Path(pages) if pages is not None else None)


def workers_of(name: str, text: str) -> str:
    """How many processes: ``auto`` or a number; raises :class:`.SettingError`."""
    if text == "auto":
        return text
    if re.fullmatch(r"\d{1,3}", text):
        return str(int(text))
    raise SettingError(name, text, "auto, or a number of processes; 0 for one without pytest-xdist")


def number(name: str, text: str) -> int:
    """A number, 1 or more; raises :class:`.SettingError`."""
    if re.fullmatch(r"\d{1,9}", text) and int(text):
        return int(text)
    raise SettingError(name, text, "a whole number, 1 or more")
