"""One night, with a suite whose results are given."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pytest_graphcalls.cassette import Kind as Recorded, opened
from pytest_graphcalls.contract import Need
from pytest_graphcalls.drift import Acceptance, Kind, Outcome, RuleState, Status
from pytest_graphcalls.drift.acceptances import AcceptedFile
from pytest_graphcalls.drift.history import History
from pytest_graphcalls.errors import DriftFileError, RecordingError, SettingError
from pytest_graphcalls.nightly import NightSettings, promote, run_night
from pytest_graphcalls.nightly.retry import VARIES
from pytest_graphcalls.nightly.run import NightResult
from pytest_graphcalls.nightly.settings import Repetition
from pytest_graphcalls.wire import Notification
from tests.unit.nightly.conftest import NOT_FOUND, READ, RULE, Fake, Phases, Said, answered, refused

ALWAYS = range(1, 6)


def always(said: dict[str, Said]) -> Fake:
    return Fake(dict.fromkeys(ALWAYS, said))


@pytest.fixture
def begun(settings: NightSettings) -> NightSettings:
    """A night with a baseline."""
    run_night(settings, Fake())
    promote(settings.out / "cassettes", settings.baseline)
    return settings


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def unchecked(seen: NightResult) -> dict[str, str]:
    return {one.subject: one.reason for one in seen.verdict.unchecked if one.decides}


def test_a_first_night_has_no_baseline_and_says_so(settings: NightSettings) -> None:
    """Without a baseline only the contract is checked, which is no reason to fail."""
    seen = run_night(settings, Fake())
    assert (seen.verdict.outcome, seen.verdict.baseline) == (Outcome.NO_DRIFT, "")
    assert {one.subject: one.decides for one in seen.verdict.unchecked} == {"the recordings": False}
    names = ("verdict.json", "report.html", "summary.md", "verdict.sarif", "junit.xml", "cassettes")
    assert sorted(path.name for path in seen.files) == sorted(path.name for path in settings.out.iterdir())
    assert {path.name for path in seen.files} == set(names)


@pytest.mark.parametrize(("capabilities", "workers"), [(frozenset(), "auto"), (frozenset({Need.CLOCK}), "0")])
def test_a_server_that_is_steered_has_one_process(
    settings: NightSettings, monkeypatch: pytest.MonkeyPatch, capabilities: frozenset[Need], workers: str
) -> None:
    """Several would share its clock, and none of them could move it."""
    monkeypatch.setattr("pytest_graphcalls.nightly.run.has_xdist", lambda: True)
    monkeypatch.setattr("pytest_graphcalls.nightly.run.capabilities_of", lambda _: capabilities)
    runner = Fake()
    run_night(replace(settings, target="http://127.0.0.1:8080", workers="auto"), runner)
    assert {order.workers for order in runner.orders} == {workers}


def test_the_reason_that_a_user_can_fix_comes_first(settings: NightSettings) -> None:
    """A tenant lacks so much that the end of the list is not shown."""
    seen = run_night(settings, Fake({1: {NOT_FOUND: Said(outcome="not-checked", reason="needs a clock")}}))
    assert [one.subject for one in seen.verdict.unchecked][:1] == ["the recordings"]
    assert len(seen.verdict.unchecked) > 1


def test_a_night_that_ran_nothing_advises_no_promotion(settings: NightSettings) -> None:
    """A first night that could not begin has no recordings, so the report does not advise to make them the baseline."""
    seen = run_night(settings, Fake(problem="the sign-in failed."))
    assert unchecked(seen) == {"the whole run": "the sign-in failed."}
    assert len(seen.verdict.unchecked) == 1


def test_a_baseline_that_is_named_has_to_exist(settings: NightSettings) -> None:
    """Comparing with nothing is not what was asked for; the recordings can be promoted all the same."""
    named = replace(settings, named=True)
    seen = run_night(named, Fake())
    assert seen.verdict.outcome is Outcome.COULD_NOT_CHECK
    assert unchecked(seen)["the recordings"].startswith("there is no baseline yet, so only the contract was compared")
    promote(named.out / "cassettes", named.baseline)
    assert run_night(named, Fake()).verdict.outcome is Outcome.NO_DRIFT


def test_a_broken_rule_needs_no_baseline(settings: NightSettings) -> None:
    """What the contract says is looked at on the first night as well."""
    seen = run_night(settings, always({READ: Said((answered(),), "broken", "it lies")}))
    assert seen.verdict.outcome is Outcome.BEHAVIOURAL
    assert [one.difference.kind for one in seen.verdict.entries] == [Kind.RULE_BROKEN]
    assert seen.verdict.night.rules == {f"{RULE}@v1.0": RuleState.BROKEN}
    assert list(seen.verdict.night.broken) == [f"{RULE}@v1.0"]


def test_a_night_like_the_last_one_is_no_drift(begun: NightSettings) -> None:
    """Nothing differs, so no test is repeated."""
    fake = Fake()
    seen = run_night(begun, fake)
    assert (seen.verdict.outcome, seen.verdict.entries, seen.verdict.unchecked) == (Outcome.NO_DRIFT, (), ())
    assert seen.verdict.baseline.startswith("2 recordings from simulator, ")
    assert len(fake.orders) == 1


def test_a_test_with_a_difference_is_repeated(begun: NightSettings) -> None:
    """Only its test is run again, and it counts when it comes in two of three runs."""
    fake = always({READ: Said((answered(direction=None),))})
    seen = run_night(begun, fake)
    assert seen.verdict.outcome is Outcome.BREAKING
    assert [(one.difference.kind, one.repeated, one.status) for one in seen.verdict.entries] == [
        (Kind.MEMBER_GONE, (2, 2), Status.NEW)
    ]
    assert [order.tests for order in fake.orders] == [(), (READ,)]
    again = run_night(begun, always({READ: Said((answered(direction=None),))}))
    assert [(one.status, one.count) for one in again.verdict.entries] == [(Status.KNOWN, 2)]


def test_a_difference_that_is_not_repeated_is_flaky(begun: NightSettings) -> None:
    """A flaky difference is reported, decides nothing, and is not made the baseline."""
    fake = Fake({1: {READ: Said((answered(direction=None),), "broken", "it lies")}})
    seen = run_night(begun, fake)
    assert seen.verdict.outcome is Outcome.NO_DRIFT
    assert {(one.difference.kind, one.status, one.repeated) for one in seen.verdict.entries} == {
        (Kind.MEMBER_GONE, Status.FLAKY, (1, 3)),
        (Kind.RULE_BROKEN, Status.FLAKY, (1, 3)),
    }
    assert seen.verdict.night.rules[f"{RULE}@v1.0"] is RuleState.NOTICE
    kept = opened(begun.out / "cassettes" / "v1.0" / "test_call_get" / "test_read.yaml")
    assert b"outgoing" in next(kept.exchanges()).response.body


def test_a_difference_of_the_repeated_runs_alone_is_flaky(begun: NightSettings) -> None:
    """Repeated runs start in another state: users of the first one may still be in a meeting of the sandbox."""
    fake = Fake(
        {
            1: {READ: Said((answered(direction=None),))},
            2: {READ: Said((answered(mood="calm"),))},
            3: {READ: Said((answered(mood="calm"),))},
        }
    )
    seen = run_night(begun, fake)
    assert {one.difference.kind: one.status for one in seen.verdict.entries} == {
        Kind.MEMBER_GONE: Status.FLAKY,
        Kind.MEMBER_NEW: Status.FLAKY,
    }
    assert seen.verdict.outcome is Outcome.NO_DRIFT


def test_a_difference_may_be_repeated_in_the_third_run_only(begun: NightSettings) -> None:
    """Two of three need not follow one another."""
    broken = {READ: Said((answered(direction=None),))}
    seen = run_night(begun, Fake({1: broken, 3: broken}))
    assert [(one.status, one.repeated) for one in seen.verdict.entries] == [(Status.NEW, (2, 3))]


def test_a_value_that_differs_in_every_run_has_changed(begun: NightSettings) -> None:
    """A value that differs in every run is one difference, with the same name every night; so it can be accepted."""
    words = ("incoming", "sideways", "upwards", "down", "back")
    seen = run_night(begun, Fake({run: {READ: Said((answered(direction=words[run]),))} for run in (1, 2, 3)}))
    (entry,) = [one for one in seen.verdict.entries if one.difference.kind is Kind.ENUM_MEMBER_NEW]
    assert (entry.status, entry.repeated) == (Status.NEW, (2, 2))
    assert (entry.difference.where, entry.difference.after) == ("$.direction", VARIES)
    again = run_night(begun, Fake({run: {READ: Said((answered(direction=words[run + 1]),))} for run in (1, 2, 3)}))
    assert [one.status for one in again.verdict.entries] == [Status.KNOWN]


def test_a_number_where_a_text_was_has_one_name(begun: NightSettings) -> None:
    """Another type is the same difference whatever the value is: it comes in both runs."""
    seen = run_night(begun, Fake({run: {READ: Said((answered(direction=run * 7),))} for run in (1, 2)}))
    assert seen.verdict.outcome is Outcome.BREAKING
    assert [(str(one.difference), one.repeated) for one in seen.verdict.entries] == [
        ("breaking: type-changed in call-get (v1.0) at $.direction: 'outgoing' -> a number", (2, 2))
    ]


def test_the_repetition_can_be_switched_off(begun: NightSettings) -> None:
    """1/1 asks for no repetition."""
    fake = always({READ: Said((answered(direction=None),))})
    seen = run_night(replace(begun, repetition=Repetition(1, 1)), fake)
    assert (seen.verdict.outcome, len(fake.orders)) == (Outcome.BREAKING, 1)


def test_a_test_that_cannot_be_repeated_is_not_checked(begun: NightSettings) -> None:
    """A service that goes down in between makes no break of what was seen once."""

    def down(order: object) -> None:
        fake.problem = "" if len(fake.orders) == 1 else "the network is down"

    fake = always({READ: Said((answered(direction=None),))})
    fake.before = down
    seen = run_night(begun, fake)
    assert seen.verdict.outcome is Outcome.COULD_NOT_CHECK
    assert seen.verdict.entries == ()
    assert list(unchecked(seen).values()) == [
        "it was seen in 1 of 1 runs, and could not be repeated as often as 2 of 3 needs; run it again"
    ]


def test_an_accepted_difference_decides_nothing_and_is_not_repeated(begun: NightSettings) -> None:
    """Until the day on which the acceptance expires."""
    broken = always({READ: Said((answered(direction=None),))})
    name = run_night(begun, broken).verdict.entries[0].difference.fingerprint
    today = datetime.now(UTC).date()
    accepted = Acceptance(name, "we know", today, expires=today)
    AcceptedFile.read(begun.accepted).accept(accepted).write()
    fake = always({READ: Said((answered(direction=None),))})
    seen = run_night(begun, fake)
    assert (seen.verdict.outcome, len(fake.orders)) == (Outcome.NO_DRIFT, 1)
    assert [one.status for one in seen.verdict.entries] == [Status.ACCEPTED]
    AcceptedFile.read(begun.accepted).accept(replace(accepted, expires=date(2020, 1, 1))).write()
    late = run_night(begun, broken)
    assert (late.verdict.outcome, late.verdict.entries[0].status) == (Outcome.BREAKING, Status.EXPIRED)
    assert [one.fingerprint for one in run_night(begun, Fake()).verdict.unobserved] == [name]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Said((), "could-not-check", "could not check: no answer"), "could not check: no answer"),
        (
            Said((refused(401, "InvalidAuthenticationToken"),), "broken", "401"),
            f"GET {'/v1.0/communications/calls/57dab8b1-894c-409a-b240-bd8beae78896'} was answered 401 "
            "InvalidAuthenticationToken: the sign-in failed. Look at it, and run it again.",
        ),
        (
            Said((refused(503, "ServiceUnavailable"),), "broken", "503"),
            "call-get was answered 503, which proves nothing about the operation; run it again",
        ),
        (
            Said((refused(429, "TooManyRequests"),), "held"),
            "call-get was answered 429, which proves nothing about the operation; run it again",
        ),
    ],
)
def test_a_failing_service_is_never_drift(begun: NightSettings, said: Said, reason: str) -> None:
    """An outage, a throttled app, a token that is refused: could not check, and the rule is not broken."""
    seen = run_night(begun, always({READ: said}))
    assert seen.verdict.outcome is Outcome.COULD_NOT_CHECK
    assert seen.verdict.entries == ()
    assert reason in unchecked(seen).values()
    assert seen.verdict.night.rules == {f"{RULE}@v1.0": RuleState.COULD_NOT_CHECK}


def test_a_refused_token_is_no_drift_on_the_first_night(settings: NightSettings) -> None:
    """Without recordings to compare with, the answer itself says it."""
    seen = run_night(settings, always({READ: Said((refused(401, "InvalidAuthenticationToken"),), "broken", "401")}))
    assert (seen.verdict.outcome, seen.verdict.entries) == (Outcome.COULD_NOT_CHECK, ())


def test_a_token_that_is_missing_on_purpose_is_judged(begun: NightSettings) -> None:
    """A request without a token that used to be accepted, and is refused now, is a difference."""
    bare = Said((refused(401, "InvalidAuthenticationToken", token=False),), "broken", "401")
    seen = run_night(replace(begun, baseline=begun.baseline.with_name("none")), always({READ: bare}))
    assert [one.difference.kind for one in seen.verdict.entries] == [Kind.RULE_BROKEN]


def test_a_run_that_does_not_finish_is_not_checked(begun: NightSettings) -> None:
    """A sign-in that fails at the beginning, for one; recordings and JUnit of the last night stay."""
    before = everything(begun.out / "cassettes")
    seen = run_night(begun, Fake(problem="no token: the secret has expired."))
    assert (seen.verdict.outcome, unchecked(seen)) == (
        Outcome.COULD_NOT_CHECK,
        {"the whole run": "no token: the secret has expired."},
    )
    assert everything(begun.out / "cassettes") == before
    assert json.loads((begun.out / "verdict.json").read_text())["outcome"] == "could-not-check"


def test_a_test_without_a_recording_is_reported_with_its_reason(begun: NightSettings) -> None:
    """A test without a recording tonight is not checked; one that was removed from the suite decides nothing."""
    seen = run_night(begun, always({READ: Said((), "not-checked", "not checked: the sandbox has no phone")}))
    name = "contracts/test_call_get.py::test_read@v1.0"
    assert unchecked(seen)[name] == "not checked: the sandbox has no phone"
    stray = begun.baseline / "v1.0" / "test_call_get" / "test_not_found.yaml"
    text = stray.read_text().replace("::test_not_found@", "::test_older@")
    stray.with_name("test_older.yaml").write_text(text)
    left = {one.subject: one.decides for one in run_night(begun, Fake()).verdict.unchecked}
    assert left == {"contracts/test_call_get.py::test_older@v1.0": False}


def test_the_end_of_a_recording_is_not_missed_when_its_test_failed_before(begun: NightSettings) -> None:
    """What made it fail says enough."""
    long = {NOT_FOUND: Said((answered(), refused(404, "8522"), answered()))}
    run_night(begun, always(long))
    promote(begun.out / "cassettes", begun.baseline)
    seen = run_night(begun, always({NOT_FOUND: Said((answered(), refused(410, "8522")), "broken", "410")}))
    kinds = {one.difference.kind for one in seen.verdict.entries}
    assert kinds == {Kind.STATUS_CHANGED, Kind.RULE_BROKEN}


def test_notifications_are_compared(begun: NightSettings) -> None:
    """Notifications are kept in the recordings of a night."""
    data = {"@odata.type": "#microsoft.graph.call", "state": "established"}
    value = [{"changeType": "updated", "resourceUrl": "/communications/calls/57da", "resourceData": data}]
    received = Notification("https://bot.example.org/calls", {"value": value}, 1.5)
    run_night(begun, always({READ: Said((answered(),), notifications=(received,))}))
    promote(begun.out / "cassettes", begun.baseline)
    kinds = [one.difference.kind for one in run_night(begun, Fake()).verdict.entries]
    assert kinds == [Kind.NOTIFICATION_MISSING]


def test_latency_is_kept(begun: NightSettings) -> None:
    """Latency is kept in milliseconds, by operation and version; slower answers are a notice and decide nothing."""
    quick, slow = (Said(tuple(answered(seconds=took) for _ in range(6))) for took in (0.1, 0.9))
    run_night(begun, always({READ: quick}))
    promote(begun.out / "cassettes", begun.baseline)
    seen = run_night(begun, always({READ: slow}))
    assert seen.verdict.night.latency["call-get@v1.0"].median == 900.0
    with History(begun.history) as history:
        assert history.nights()[-1].latency == seen.verdict.night.latency
    assert seen.verdict.outcome is Outcome.NO_DRIFT


def test_a_clock_that_goes_back_is_reported(begun: NightSettings) -> None:
    """The night is put after the last one, and cannot say that nothing is new. Nothing that was there is touched."""
    before = everything(begun.baseline)
    with History(begun.history) as history:
        (first,) = history.nights()
    seen = run_night(begun, Fake(), now=lambda: datetime.now(UTC) - timedelta(days=30))
    assert seen.verdict.outcome is Outcome.COULD_NOT_CHECK
    reason = unchecked(seen)["the clock"]
    assert reason.startswith("The clock said ")
    assert reason.endswith("If the clock of the last night was wrong, move the history away to begin a new one.")
    assert everything(begun.baseline) == before
    with History(begun.history) as history:
        assert history.nights()[0] == first
    with History(begun.history) as history:
        assert [night.id for night in history.nights()] == sorted(night.id for night in history.nights())


def test_many_tests_with_one_reason_are_one_line(begun: NightSettings) -> None:
    """Two hundred tests that failed by one outage are one line."""
    many = {f"test_call_get.py::test_{n}[v1.0]": Said((), "could-not-check", "no answer") for n in range(9)}
    seen = run_night(begun, always(many))
    assert unchecked(seen) == {f"{RULE}@v1.0": "no answer"}
    lost = {name: Said((), "not-checked", "no phone") for name in (READ, NOT_FOUND)}
    run_night(begun, Fake({1: {**{name: Said((answered(),)) for name in many}}}))
    promote(begun.out / "cassettes", begun.baseline)
    lost_night = run_night(begun, always({**dict.fromkeys(many, Said((), "not-checked", "no phone")), **lost}))
    assert "contracts/test_call_get.py::test_0@v1.0 and 10 more" in unchecked(lost_night)


def test_the_key_of_the_baseline_is_passed_on(begun: NightSettings) -> None:
    """With it the same people have the same pseudonyms every night."""
    (begun.baseline / ".graphcalls-key").write_text("abc\n")
    fake = Fake()
    run_night(begun, fake)
    assert fake.orders[0].prepare({})["GRAPHCALLS_REDACTION_KEY"] == "abc"
    assert fake.orders[0].prepare({"GRAPHCALLS_REDACTION_KEY": "own"})["GRAPHCALLS_REDACTION_KEY"] == "own"


class TestBadInput:
    """A sentence before anything is run, and what was there stays as it was."""

    def refuses(self, settings: NightSettings, error: type[Exception], text: str) -> None:
        root = settings.history.parent
        before, fake = everything(root), Fake()
        with pytest.raises(error) as caught:
            run_night(settings, fake)
        assert text in str(caught.value)
        assert fake.orders == []
        assert everything(root) == before

    def test_a_baseline_of_other_tests(self, begun: NightSettings) -> None:
        """Cassettes of a project's own tests are none of the suite."""
        path = begun.baseline / "v1.0" / "test_call_get" / "test_read.yaml"
        path.write_text(path.read_text().replace("test: contracts/", "test: tests/"))
        self.refuses(
            begun, SettingError, "expected recordings of the packaged suite. v1.0/test_call_get/test_read.yaml"
        )

    def test_a_baseline_that_is_another_folder(self, begun: NightSettings) -> None:
        """A folder with other files is not taken for an empty baseline."""
        begun.baseline.rename(begun.baseline.with_name("older"))
        begun.baseline.mkdir()
        (begun.baseline / "holiday.jpg").write_bytes(b"x")
        self.refuses(begun, SettingError, "holiday.jpg in it is none.")

    def test_a_baseline_that_is_a_file(self, settings: NightSettings) -> None:
        """A baseline has to be a folder."""
        settings.baseline.write_text("x")
        self.refuses(
            settings, SettingError, "expected a folder. Name the one that 'graphcalls drift promote' has made."
        )

    def test_a_baseline_from_something_else(self, begun: NightSettings) -> None:
        """A recording of the simulator proves nothing about a tenant."""
        own = replace(begun, baseline=begun.baseline.with_name("live"), out=begun.out.with_name("other"), target="live")
        run_night(own, Fake(kind=Recorded.LIVE))
        promote(own.out / "cassettes", own.baseline)
        self.refuses(
            replace(begun, baseline=own.baseline),
            SettingError,
            "expected recordings to compare simulator with. test_not_found.yaml in it was recorded from: live. "
            "Give each target a baseline of its own.",
        )

    def test_a_baseline_that_turns_out_to_be_from_something_else(self, begun: NightSettings) -> None:
        """Only the answers show that the baseline was recorded from a simulator at the address of a tenant."""
        seen = run_night(replace(begun, target="live"), Fake(kind=Recorded.LIVE))
        assert seen.verdict.outcome is Outcome.COULD_NOT_CHECK
        assert unchecked(seen) == {
            "the recordings": "tonight's are from: live, those of the baseline from: simulator, so only the contract "
            "was compared with. Give each target a baseline of its own"
        }

    def test_a_baseline_that_was_cut(self, begun: NightSettings) -> None:
        """A recording that cannot be read is named."""
        path = begun.baseline / "v1.0" / "test_call_get" / "test_read.yaml"
        path.write_text(path.read_text().replace("version: 1\n", ""))
        self.refuses(begun, RecordingError, "test_read.yaml, entry 1: ends without 'version'")

    def test_a_history_of_a_later_version(self, begun: NightSettings) -> None:
        """See the history's own tests."""
        raw = bytearray(begun.history.read_bytes())
        raw[60:64] = (99).to_bytes(4, "big")
        begun.history.write_bytes(raw)
        self.refuses(begun, DriftFileError, "was written by a later version")

    def test_accepted_differences_that_are_none(self, begun: NightSettings) -> None:
        """A file that is no TOML."""
        begun.accepted.write_text("[[[")
        self.refuses(begun, DriftFileError, "accepted.toml")

    def test_an_output_folder_that_is_a_file(self, begun: NightSettings) -> None:
        """Nothing can be written there."""
        out = begun.history.with_name("taken")
        out.write_text("x")
        self.refuses(replace(begun, out=out), SettingError, "expected a folder that can be written. File exists.")

    def test_an_output_folder_with_other_recordings(self, begun: NightSettings) -> None:
        """A project's own cassettes are not written over."""
        (begun.out / "verdict.json").unlink()
        self.refuses(begun, SettingError, "The cassettes in it are not those of a night; name another folder.")


def test_reports_that_cannot_be_written_leave_the_older_ones(
    begun: NightSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The history has the night; the reports are as they were."""
    before = everything(begun.out)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pytest_graphcalls.nightly.publish.shutil.copytree", full)
    seen = run_night(begun, Fake())
    assert seen.problem == f"{begun.out}: cannot be written: No space left on device. What was there is as it was."
    assert everything(begun.out) == before
    with History(begun.history) as history:
        assert [night.complete for night in history.nights()] == [True, True]


def test_a_night_that_dies_is_incomplete(begun: NightSettings) -> None:
    """After a kill the night has no outcome, and reports and baseline are as they were."""
    before = everything(begun.out), everything(begun.baseline)

    def killed(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_night(begun, Fake(before=killed))
    assert (everything(begun.out), everything(begun.baseline)) == before
    with History(begun.history) as history:
        assert [night.complete for night in history.nights()] == [True, False]


def test_a_server_may_be_the_simulator(begun: NightSettings) -> None:
    """'graphcalls serve' answers as the simulator does; a tenant's recordings are not compared with it."""
    url = replace(begun, target="http://127.0.0.1:8080")
    assert run_night(url, Fake()).verdict.outcome is Outcome.NO_DRIFT
    own = replace(begun, baseline=begun.baseline.with_name("live"), out=begun.out.with_name("live-out"), target="live")
    run_night(own, Fake(kind=Recorded.LIVE))
    promote(own.out / "cassettes", own.baseline)
    with pytest.raises(SettingError, match="was recorded from: live"):
        run_night(replace(url, baseline=own.baseline), Fake())


def test_a_night_reports_what_it_has_repaired(settings: NightSettings) -> None:
    """A job that was killed while it made a baseline costs no baseline."""
    run_night(settings, Fake())
    promote(settings.out / "cassettes", settings.baseline)
    settings.baseline.rename(settings.baseline.parent / ".baseline.old-1234")
    progress = Phases()
    assert run_night(settings, Fake(), progress).verdict.outcome is Outcome.NO_DRIFT
    assert progress.phases[0] == f"{settings.baseline} was put back: an earlier job was killed while it replaced it."
