"""``graphcalls nightly``: whether anything has moved since the last accepted recordings."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from pytest_graphcalls.cli.terminal import cleaned, complain, printable, show, show_json, wrapped
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Entry, Night, RuleState, Status
from pytest_graphcalls.drift.history import History
from pytest_graphcalls.errors import UnknownNameError
from pytest_graphcalls.nightly import NightSettings, Subprocess, SuiteRunner, run_night
from pytest_graphcalls.nightly.run import NightProgress, NightResult
from pytest_graphcalls.nightly.settings import (
    ACCEPTED,
    BASELINE,
    HISTORY,
    OUT,
    Repetition,
    number,
    path_of,
    published_of,
    target_of,
    workers_of,
)
from pytest_graphcalls.plugin.settings import misspelt_variables, parse_versions
from pytest_graphcalls.records import plain
from pytest_graphcalls.report.nightly.summary import headline
from pytest_graphcalls.report.run_document import counted
from pytest_graphcalls.sandbox.guard import sigterm_as_ctrl_c
from pytest_graphcalls.sanitize import note

COULD_NOT_CHECK = 3
_SHOWN = 10
"""Differences, and things that could not be checked, that are named here; the reports have them all."""
_OFTEN, _SELDOM = 0.2, 5.0
"""Seconds between two words about how far a run is: on a terminal, and in the log of a job."""


def run(args: Namespace, runner: SuiteRunner | None = None) -> int:
    """Run the suite, and report what has changed since the last nights.

    Args:
        args: ``target``, ``out``, ``baseline``, ``history``, ``file``, ``version``, ``confirm``, ``workers``, ``keep``,
            ``csdl``, ``openapi``, ``docs``, ``additive_ok``.
        runner: runs the suite; by default a process of this Python.

    Returns:
        0 no drift, 1 additive only, 2 breaking or behavioural, 3 could not check.

    Raises:
        SettingError: a word, a folder or the baseline cannot be used.
        RecordingError: a recording of the baseline cannot be read.
        DriftFileError: the history or the file of accepted differences cannot be used.
        PublishedFileError: a metadata file is there and is not what it should be.
    """
    settings = settings_of(args)
    for said in misspelt_variables():
        complain(said)
    try:
        with sigterm_as_ctrl_c():
            seen = run_night(settings, runner or Subprocess(), Progress(sys.stderr))
    except KeyboardInterrupt:
        return _unfinished("it was stopped")
    except OSError as error:
        # Left to Python it would be a traceback and exit code 1, which is "additive only".
        return _unfinished(f"the machine refuses: {error}")
    show(_lines(seen))
    if seen.problem:
        complain(seen.problem)
        return COULD_NOT_CHECK
    return seen.verdict.exit_code


def _unfinished(why: str) -> int:
    complain(
        f"{why}. This night stays incomplete in the history; the baseline and the older reports are as they were. "
        "Run it again."
    )
    return COULD_NOT_CHECK


def settings_of(args: Namespace) -> NightSettings:
    """The settings of a night from the command line; raises :class:`.SettingError`."""
    environ = os.environ
    versions = parse_versions("--version", args.version)
    return NightSettings(
        target_of(args.target, environ),
        path_of(args.out, "GRAPHCALLS_OUT", OUT, environ),
        path_of(args.baseline, "GRAPHCALLS_BASELINE", BASELINE, environ),
        path_of(args.history, "GRAPHCALLS_HISTORY", HISTORY, environ),
        path_of(args.file, "GRAPHCALLS_ACCEPTED", ACCEPTED, environ),
        versions,
        Repetition.of("--confirm", args.confirm),
        workers_of("--workers", args.workers),
        number("--keep", args.keep),
        published_of(args.csdl, args.openapi, args.docs, versions),
        named=bool(args.baseline or environ.get("GRAPHCALLS_BASELINE")),
        additive_ok=args.additive_ok,
    )


def _lines(seen: NightResult) -> Iterator[str]:
    verdict = seen.verdict
    yield from wrapped(headline(verdict))
    if verdict.night.note:
        yield from wrapped(verdict.night.note)
    deciding = [one for one in verdict.entries if one.status.decides]
    for one in deciding[:_SHOWN]:
        seen_in = f" [{one.difference.fingerprint}, {one.status}, {one.repeated[0]} of {one.repeated[1]} runs]"
        yield from wrapped(f"{one.difference}{seen_in}", indent=2)
    if len(deciding) > _SHOWN:
        yield f"  and {counted(len(deciding) - _SHOWN, 'more difference')}"
    for status in (Status.ACCEPTED, Status.FLAKY):
        some = sum(one.status is status for one in verdict.entries)
        if some:
            yield f"{status}, so not counted: {counted(some, 'difference')}"
    missing = sorted(verdict.unchecked, key=lambda one: not one.decides)
    if missing:
        yield f"not checked: {counted(len(missing), 'thing')}"
        for thing in missing[:_SHOWN]:
            yield from wrapped(f"{thing.subject}: {thing.reason}", indent=2)
    if verdict.unobserved:
        yield f"accepted, but not seen any more: {counted(len(verdict.unobserved), 'difference')}; drift prune"
    if seen.masked:
        yield from wrapped(note(Counter(seen.masked).elements()))
    for path in seen.files:
        yield f"written: {path}"


class Progress(NightProgress):
    """Tells how a night goes on: rewriting one line on a terminal, and a line now and then elsewhere.

    Args:
        stream: where to.
        clock: seconds that only grow.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._lively = stream.isatty()
        self._written = clock()
        self._width = 0

    def phase(self, text: str) -> None:
        """Print the phase of the night that begins now."""
        self._end_line()
        self._stream.write(f"graphcalls: {printable(cleaned(text))}\n")
        self._stream.flush()
        self._written = self._clock()

    def count(self, done: int, total: int) -> None:
        """How many tests are done, of how many."""
        now, over = self._clock(), done == total
        if not total or (not over and now - self._written < (_OFTEN if self._lively else _SELDOM)):
            return
        self._written = now
        text = f"  {done}/{total} tests"
        if self._lively:
            # Going back to the beginning of the line is all that a terminal has to know.
            self._stream.write(f"\r{text.ljust(self._width)}")
            self._width = len(text)
            if over:
                self._end_line()
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def _end_line(self) -> None:
        if self._width:
            self._stream.write("\n")
            self._width = 0


_MADE = "incomplete: the job ended in the middle"


def run_history(args: Namespace) -> int:
    """Print the nights, or the state of one rule in each of them.

    Args:
        args: ``history``, ``rule``, ``limit``, ``format``.

    Returns:
        0.

    Raises:
        DriftFileError: there is no history, or it cannot be used.
        UnknownNameError: there is no such rule.
        SettingError: the limit is no number.
    """
    path = path_of(args.history, "GRAPHCALLS_HISTORY", HISTORY, os.environ)
    rule = _rule(args.rule) if args.rule else ""
    with History(Path(path), create=False) as history:
        nights, known = history.nights(number("--limit", args.limit)), history.known()
    if args.format == "json":
        show_json(_document(nights, known, rule))
    else:
        show(_history_lines(nights, known, rule))
    return 0


def _rule(name: str) -> str:
    """The rule's full id; raises :class:`.UnknownNameError`."""
    rules = Contract.packaged().rules
    found = [one.id for one in rules.values() if name in {one.id, one.slug}]
    if len(found) == 1:
        return found[0]
    raise UnknownNameError("rule", name, tuple(rules), "'graphcalls rules'")


def _states(night: Night, rule: str) -> Mapping[str, RuleState]:
    """The states of a rule, by API version."""
    return {
        version: state for name, state in night.rules.items() for id, _, version in [name.rpartition("@")] if id == rule
    }


def _history_lines(nights: Sequence[Night], known: Mapping[str, Entry], rule: str) -> Iterator[str]:
    yield f"{counted(len(nights), 'night')}."
    for night in nights:
        said = night.outcome.value if night.outcome else _MADE
        if rule:
            states = ", ".join(f"{version} {state}" for version, state in _states(night, rule).items())
            said = states or (said if not night.complete else "not part of it")
        else:
            count = len(night.fingerprints)
            said += f" ({counted(count, 'difference')})" if count else ""
        yield f"{night.started:%Y-%m-%d %H:%M:%S}  {night.target}  {said}"
        if night.note:
            yield from wrapped(night.note, indent=4)
    concerned = [one for one in known.values() if not rule or _is_of(one, rule)]
    if concerned:
        yield ""
    for one in sorted(concerned, key=lambda entry: (entry.last_seen, str(entry.difference)), reverse=True):
        seen = f"first {one.first_seen:%Y-%m-%d}, last {one.last_seen:%Y-%m-%d}, in {counted(one.count, 'night')}"
        yield from wrapped(f"{one.difference} [{one.difference.fingerprint}, {one.status}; {seen}]")


def _is_of(entry: Entry, rule: str) -> bool:
    return entry.difference.subject in {rule, rule.partition(".")[0]}


def _document(nights: Sequence[Night], known: Mapping[str, Entry], rule: str) -> dict[str, Any]:
    return {
        "nights": [_night(night, rule) for night in nights],
        "differences": [
            {
                **one.difference.to_json(),
                "standing": one.status.value,
                "first_seen": one.first_seen.isoformat(),
                "last_seen": one.last_seen.isoformat(),
                "nights": one.count,
            }
            for one in known.values()
            if not rule or _is_of(one, rule)
        ],
    }


def _night(night: Night, rule: str) -> dict[str, Any]:
    states = {name: state for name, state in night.rules.items() if not rule or name.rpartition("@")[0] == rule}
    data: dict[str, Any] = plain(replace(night, rules=states))
    del data["broken"]
    return {**data, "complete": night.complete}
