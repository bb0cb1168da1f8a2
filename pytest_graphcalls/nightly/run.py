"""One nightly run, from its entry in the history to its reports."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pytest_graphcalls.atomic import restored
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import (
    Acceptance,
    Difference,
    Entry,
    Kind,
    Latency,
    Night,
    Origin,
    Outcome,
    RuleState,
    Unchecked,
    Verdict,
)
from pytest_graphcalls.drift.acceptances import AcceptedFile
from pytest_graphcalls.drift.fact_table import rows
from pytest_graphcalls.drift.history import History
from pytest_graphcalls.drift.model import Observation
from pytest_graphcalls.drift.outcome import Sighting, entries, is_expired, outcome, sightings, unobserved
from pytest_graphcalls.drift.suite_report import rule_states
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.nightly import baseline as accepted
from pytest_graphcalls.nightly.assess import Assessment, assess
from pytest_graphcalls.nightly.baseline import Baseline
from pytest_graphcalls.nightly.publish import CASSETTES, claim, junit_of, publish
from pytest_graphcalls.nightly.recordings import cassettes, latencies
from pytest_graphcalls.nightly.retry import Confirmed, confirm
from pytest_graphcalls.nightly.settings import NightSettings
from pytest_graphcalls.nightly.suite import SuiteRequest, SuiteRun, SuiteRunner, has_xdist
from pytest_graphcalls.nightly.workspace import remove_abandoned, temporary_workspace
from pytest_graphcalls.plugin.options import NAMED
from pytest_graphcalls.report.run_document import counted
from pytest_graphcalls.targets import capabilities_of


def keep_steady(assessments: Sequence[Assessment], unsteady: Collection[str]) -> None:
    """Replace recordings of the first run that hold a flaky difference by later ones without it.

    A flaky difference would otherwise be promoted to the baseline.

    Args:
        assessments: the whole run, and the runs of some tests after it.
        unsteady: fingerprints of flaky differences.
    """
    if not unsteady:
        return
    first, *later = assessments
    wanted = _unsteady(first, unsteady)
    folder = first.ran.request.cassettes
    for one in later:
        steady = wanted & one.tests.keys() - _unsteady(one, unsteady)
        for name, path in _paths(one).items():
            if name in steady:
                shutil.copyfile(path, folder / path.relative_to(one.ran.request.cassettes))
        wanted -= steady


def _unsteady(assessment: Assessment, unsteady: Collection[str]) -> set[str]:
    return {
        name
        for observation in assessment.observations
        if observation.difference.fingerprint in unsteady
        for name in assessment.where(observation)
    }


def _paths(assessment: Assessment) -> dict[str, Path]:
    return {one.passport.test: one.path for one in cassettes(assessment.ran.request.cassettes) if one.passport}


_ALONE = 24
"""The number of tests up to which starting more processes takes longer than the tests do."""
_NAMED = 3
"""How many subjects that could not be checked for one reason are named individually."""
_FIRST_NIGHT = (
    "there is no baseline yet, so only the contract was compared with; 'graphcalls drift promote' makes tonight's "
    "recordings the baseline"
)
_OTHER_CLOCK = "If the clock of the last night was wrong, move the history away to begin a new one."
_KNOWN_STATES = frozenset({RuleState.HELD, RuleState.BROKEN, RuleState.NOTICE})


class NightProgress:
    """Receives the progress of a night; this one ignores it."""

    def phase(self, text: str) -> None:
        """A new phase begins."""

    def count(self, done: int, total: int) -> None:
        """Show how many tests are done, and of how many."""


@dataclass(frozen=True, slots=True)
class NightResult:
    """The result of a night.

    Attributes:
        verdict: its verdict.
        files: the files that were written.
        problem: why the reports were not written, a sentence, or ``""``.
        masked: what the leak scan has masked in them: by kind, how often.
    """

    verdict: Verdict
    files: tuple[Path, ...] = ()
    problem: str = ""
    masked: Mapping[str, int] = field(default_factory=dict)


def run_night(
    settings: NightSettings,
    runner: SuiteRunner,
    progress: NightProgress | None = None,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    seed: int = 0,
) -> NightResult:
    """Run the suite, compare its recordings, and write the reports.

    Args:
        settings: what was asked for.
        runner: runs the suite.
        progress: receives its progress.
        now: the clock; gives aware times.
        seed: where the simulator's ids start.

    Raises:
        SettingError: the folder for the reports or the baseline cannot be used.
        RecordingError: a recording of the baseline cannot be read.
        DriftFileError: the history or the file of accepted differences cannot be used.
        PublishedFileError: a metadata file is there and is not what it should be.
    """
    progress = progress or NightProgress()
    claim(settings.out)
    for place in (settings.out / CASSETTES, settings.baseline):
        if message := restored(place):
            progress.phase(message)
    for folder in remove_abandoned():
        progress.phase(f"removed {folder}, which an earlier night had left behind when it was killed")
    published = tuple(_published(settings, progress))
    old = accepted.read(settings.baseline, settings.target, settings.versions)
    acceptances = AcceptedFile.read(settings.accepted).acceptances
    with History(settings.history, keep=settings.keep, now=now) as history, temporary_workspace() as folder:
        # Workers would share the clock of a server that lets itself be steered, so none of them could move it.
        steered = settings.target not in NAMED and bool(capabilities_of(settings.target))
        in_workers = has_xdist() and not steered
        night = _Night(settings, runner, progress, old, published, folder, seed, in_workers)
        return night.run(history, acceptances, now)


def _published(settings: NightSettings, progress: NightProgress) -> Iterator[Difference | Unchecked]:
    """Compare what is published; what cannot be read is reported before the suite runs."""
    if settings.published.origins:
        progress.phase("looking at what is published")
    found = list(settings.published.differences(settings.versions))
    for one in _grouped(one for one in found if isinstance(one, Unchecked)):
        progress.phase(f"could not check {one.subject}: {one.reason}")
    yield from found


@dataclass(frozen=True, slots=True)
class _Night:
    _settings: NightSettings
    _runner: SuiteRunner
    _progress: NightProgress
    _old: Baseline
    _published: Sequence[Difference | Unchecked]
    _folder: Path
    _seed: int
    _in_workers: bool
    _contract: Contract = field(default_factory=Contract.packaged)

    def run(self, history: History, acceptances: Mapping[str, Acceptance], now: Callable[[], datetime]) -> NightResult:
        last, known = _last(history.nights(), self._settings.target), history.known()
        begun = history.begin(self._settings.target)
        compared = self._old.words or "the contract only, because there is no baseline yet"
        self._progress.phase(f"running the suite against {self._settings.target}, compared with {compared}")
        ran = self._run("1", ())
        first = self._read(ran, last)
        found = _Found(
            sightings(Observation(one) for one in self._published if isinstance(one, Difference)),
            [one for one in self._published if isinstance(one, Unchecked)],
        )
        if isinstance(first, Unchecked):
            found.unchecked.append(first)
        else:
            self._judge(found, first, acceptances, begun.started)
            if not self._old:
                # Before what this target lacks the means for, every night, of which only the beginning is shown.
                found.unchecked.insert(0, Unchecked("the recordings", _FIRST_NIGHT, decides=self._settings.named))
        found.entries = entries(found.seen, acceptances, known, begun.started, self._settings.repetition.needed)
        verdict = self._verdict(found, begun, acceptances, max(now(), begun.started))
        masked: Counter[str] = Counter()
        junit = junit_of(ran.request, masked)
        history.finish(verdict)
        self._progress.phase("writing the reports")
        recordings = None if isinstance(first, Unchecked) else ran.request.cassettes
        try:
            table = rows((one.difference for one in verdict.entries), self._looked(first), self._contract)
            facts = [one for one in table if one.disagree]
            files = publish(verdict, history, self._settings.out, recordings, junit, facts, masked)
            return NightResult(verdict, tuple(files), masked=masked)
        except RecordingError as error:
            return NightResult(verdict, problem=str(error))

    def _looked(self, first: Assessment | Unchecked) -> frozenset[Origin]:
        """The sources that were compared tonight."""
        service = frozenset[Origin]() if isinstance(first, Unchecked) else frozenset({Origin.CONTRACT})
        return self._settings.published.origins | service

    def _run(self, name: str, tests: tuple[str, ...]) -> SuiteRun:
        folder = self._folder / name
        folder.mkdir()
        alone = 0 < len(tests) <= _ALONE or not self._in_workers
        settings = self._settings
        workers = "0" if alone else settings.workers
        request = SuiteRequest(folder, settings.target, settings.versions, tests, workers, self._old.key, self._seed)
        return self._runner.run(request, self._progress.count)

    def _read(
        self, ran: SuiteRun, last: Mapping[str, RuleState], only: frozenset[str] = frozenset()
    ) -> Assessment | Unchecked:
        if ran.report is None:
            return Unchecked("the whole run", ran.problem)
        try:
            return assess(ran, self._old, last, self._contract, only=only)
        except RecordingError as error:
            return Unchecked("tonight's recordings", str(error))

    def _judge(
        self, found: _Found, first: Assessment, acceptances: Mapping[str, Acceptance], tonight: datetime
    ) -> None:
        """Repeat the tests with differences, and keep those that last."""
        repetition = self._settings.repetition

        def again(names: frozenset[str], number: int) -> Assessment | None:
            tests = tuple(sorted(first.tests[name] for name in names if name in first.tests))
            if not tests:
                return None
            self._progress.phase(f"repeating what differs: {counted(len(tests), 'test')}, run {number}")
            found = self._read(self._run(str(number), tests), {}, names)
            return None if isinstance(found, Unchecked) else found

        accepted = {name for name, one in acceptances.items() if not is_expired(one, tonight)}
        confirmed, assessments = confirm(first, again, repetition, accepted)
        found.seen += tuple(confirmed.seen)
        found.unchecked += (*first.unchecked, *confirmed.unchecked)
        covered = self._settings.versions
        found.rules = {
            name: state for name, state in rule_states(first.report).items() if name.rpartition("@")[2] in covered
        }
        found.rules |= _unsteady_rules(first, confirmed)
        found.latency = latencies(first.recordings, self._contract)
        keep_steady(assessments, confirmed.unsteady)

    def _verdict(self, found: _Found, begun: Night, acceptances: Mapping[str, Acceptance], ended: datetime) -> Verdict:
        if begun.note:
            # By such a clock acceptances and tokens expire at another time than they should.
            found.unchecked.append(Unchecked("the clock", f"{begun.note} {_OTHER_CLOCK}"))
        unchecked = tuple(_grouped(found.unchecked))
        decided = outcome(found.entries, unchecked)
        night = replace(
            begun,
            ended=ended,
            outcome=decided,
            rules=found.rules,
            latency=found.latency,
            fingerprints=frozenset(one.difference.fingerprint for one in found.entries),
            broken=_broken(found.entries),
        )
        return Verdict(
            night,
            decided,
            self._settings.versions,
            self._contract.revision,
            found.entries,
            unchecked,
            # What was not looked at may need its acceptance all the same.
            () if decided is Outcome.COULD_NOT_CHECK else unobserved(acceptances, found.entries),
            self._old.words,
            self._settings.additive_ok,
        )


@dataclass(slots=True)
class _Found:
    """The findings of a night so far."""

    seen: tuple[Sighting, ...] = ()
    unchecked: list[Unchecked] = field(default_factory=list)
    entries: tuple[Entry, ...] = ()
    rules: dict[str, RuleState] = field(default_factory=dict)
    latency: Mapping[str, Latency] = field(default_factory=dict)


def _last(nights: Iterable[Night], target: str) -> Mapping[str, RuleState]:
    """The last known state of each rule on this target."""
    return {
        name: state
        for night in nights
        if night.target == target
        for name, state in night.rules.items()
        if state in _KNOWN_STATES
    }


def _unsteady_rules(first: Assessment, confirmed: Confirmed) -> Mapping[str, RuleState]:
    """Rules that were broken once: a notice where they held when repeated, else not checked."""
    broken = {
        one.difference.fingerprint: f"{one.difference.subject}@{one.difference.version}"
        for one in first.observations
        if one.difference.kind is Kind.RULE_BROKEN and one.difference.fingerprint in confirmed.unsteady
    }
    flaky = {one.observation.difference.fingerprint for one in confirmed.seen}
    return {rule: RuleState.NOTICE if name in flaky else RuleState.COULD_NOT_CHECK for name, rule in broken.items()}


def _broken(found: Iterable[Entry]) -> Mapping[str, tuple[str, ...]]:
    rules: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for one in found:
        if one.difference.kind is Kind.RULE_BROKEN:
            rules[f"{one.difference.subject}@{one.difference.version}"] += (one.difference.fingerprint,)
    return dict(rules)


def _grouped(unchecked: Iterable[Unchecked]) -> Iterator[Unchecked]:
    """The subjects that could not be checked; those with one reason are joined."""
    groups: defaultdict[tuple[str, bool], dict[str, None]] = defaultdict(dict)
    for one in unchecked:
        groups[one.reason, one.decides][one.subject] = None
    for (reason, decides), subjects in groups.items():
        if len(subjects) <= _NAMED:
            yield from (Unchecked(name, reason, decides) for name in subjects)
        else:
            yield Unchecked(f"{next(iter(subjects))} and {len(subjects) - 1} more", reason, decides)
