"""``graphcalls nightly``, ``history`` and ``drift promote``."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_graphcalls.cli import command, nightly
from pytest_graphcalls.cli.nightly import Progress
from pytest_graphcalls.nightly import SuiteRequest
from tests.unit.nightly.conftest import READ, RULE, Fake, Said, answered

Shown = tuple[int, str, str]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    """The suite, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("TARGET", "OUT", "BASELINE", "HISTORY", "ACCEPTED", "TOKEN"):
        monkeypatch.delenv(f"GRAPHCALLS_{name}", raising=False)
    one = Fake()
    monkeypatch.setattr(nightly, "Subprocess", lambda: one)
    return one


@pytest.fixture
def graphcalls(fake: Fake, capsys: pytest.CaptureFixture[str]) -> Callable[..., Shown]:
    """Run the command: exit code, standard output, standard error."""

    def run(*words: str) -> Shown:
        try:
            code = command.main(words)
        except SystemExit as leaving:
            code = int(str(leaving.code))
        return (code, *capsys.readouterr())

    return run


def every(said: dict[str, Said]) -> dict[int, dict[str, Said]]:
    """Results that are the same in every run of a night."""
    return dict.fromkeys(range(1, 4), said)


NIGHT = ("nightly", "--target", "simulator", "--version", "v1.0")


def test_a_mistake_of_ours_is_no_addition(fake: Fake, graphcalls: Callable[..., Shown]) -> None:
    """Python's own exit code after one would say that something is new, and nothing else."""

    def broken(order: object) -> None:
        raise ZeroDivisionError

    fake.before = broken
    code, _, shown = graphcalls(*NIGHT)
    assert code == 3
    assert "ZeroDivisionError" in shown


def test_exit_codes(fake: Fake, graphcalls: Callable[..., Shown]) -> None:
    """0 no drift, 1 additive only, 0 if that is all right, 2 behavioural or breaking, 3 could not check."""
    assert graphcalls(*NIGHT)[0] == 0
    assert graphcalls("drift", "promote")[0] == 0
    fake.says = every({READ: Said((answered(mood="calm"),))})
    assert graphcalls(*NIGHT)[0] == 1
    assert json.loads(Path("graphcalls-nightly/verdict.json").read_text())["exit_code"] == 1
    assert graphcalls(*NIGHT, "--additive-ok")[0] == 0
    written = json.loads(Path("graphcalls-nightly/verdict.json").read_text())
    assert (written["exit_code"], written["issue"]["action"]) == (0, "close")
    fake.says = every({READ: Said((answered(direction="incoming"),))})
    assert graphcalls(*NIGHT, "--additive-ok")[0] == 2
    fake.says = every({READ: Said((answered(direction=None),))})
    assert graphcalls(*NIGHT)[0] == 2
    fake.problem = "the network is down"
    assert graphcalls(*NIGHT)[0] == 3


def test_a_missing_baseline_is_not_checked_where_it_was_named(
    graphcalls: Callable[..., Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A baseline may be named by an option or a variable; a typing error must not look like a quiet night."""
    assert graphcalls(*NIGHT, "--baseline", "mistyped")[0] == 3
    monkeypatch.setenv("GRAPHCALLS_BASELINE", "mistyped")
    code, out, _ = graphcalls(*NIGHT)
    assert (code, out.splitlines()[0]) == (3, "Could not check.")


def stopped(_: object) -> None:
    signal.raise_signal(signal.SIGTERM)


def full(order: SuiteRequest) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(order.report))


@pytest.mark.parametrize(
    ("before", "said"),
    [(stopped, "it was stopped. "), (full, "the machine refuses: [Errno 28] No space left on device: ")],
    ids=["SIGTERM", "full"],
)
def test_a_night_that_is_cut_short_is_not_checked(
    fake: Fake, graphcalls: Callable[..., Shown], before: Callable[[SuiteRequest], None], said: str
) -> None:
    """A cancelled job and a full disk give exit code 3 and a sentence; the night is marked incomplete."""
    graphcalls(*NIGHT)
    fake.before = before
    code, out, err = graphcalls(*NIGHT)
    assert (code, out) == (3, "")
    assert err.splitlines()[-1].startswith(f"graphcalls: {said}")
    assert err.endswith(
        "This night stays incomplete in the history; the baseline and the older reports are as they were. Run it "
        "again.\n"
    )
    assert "incomplete: the job ended in the middle" in graphcalls("history")[1]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_the_output_of_a_night(fake: Fake, graphcalls: Callable[..., Shown]) -> None:
    """The verdict in words, each difference that decides with its fingerprint, and where the reports are."""
    _, out, err = graphcalls(*NIGHT)
    assert out.splitlines()[0] == "No drift."
    assert "  the recordings: there is no baseline yet, so only the contract was compared with;" in out
    assert "written: graphcalls-nightly/report.html" in out
    assert err.splitlines() == [
        "graphcalls: running the suite against simulator, compared with the contract only, because there is no "
        "baseline yet",
        "graphcalls: writing the reports",
    ]
    graphcalls("drift", "promote")
    fake.says = every({READ: Said((answered(direction=None),))})
    _, out, err = graphcalls(*NIGHT)
    assert "  breaking: member-gone in call-get (v1.0) at $.direction: missing: 'direction' [" in out
    assert ", new, 2 of 2 runs]" in out
    assert "graphcalls: repeating what differs: 1 test, run 2" in err
    fake.says = {1: fake.says[1]}
    assert "flaky, so not counted: 1 difference" in graphcalls(*NIGHT)[1]


def test_promoting_says_what_it_did(graphcalls: Callable[..., Shown]) -> None:
    """How many, and what to do with the folder."""
    graphcalls(*NIGHT)
    assert graphcalls("drift", "promote", "--baseline", "accepted")[1].splitlines() == [
        "accepted holds 2 recordings of tonight; the leak scan found nothing in them.",
        "Commit accepted, or keep it where the next night finds it.",
    ]


def test_promoting_a_night_with_drift_says_what_it_buries(fake: Fake, graphcalls: Callable[..., Shown]) -> None:
    """Differences of a promoted night are not reported again; a night without a verdict file is promoted, too."""
    graphcalls(*NIGHT)
    graphcalls("drift", "promote")
    fake.says = every({READ: Said((answered(direction=None),))})
    graphcalls(*NIGHT)
    said = "That night came to: 1 breaking change. What was recorded in it is what later nights expect from now on."
    assert said in graphcalls("drift", "promote")[1].splitlines()
    Path("graphcalls-nightly/verdict.json").unlink()
    code, out, _ = graphcalls("drift", "promote")
    assert (code, "That night" in out) == (0, False)


def test_usage_errors_have_exit_code_64(graphcalls: Callable[..., Shown], tmp_path: Path) -> None:
    """argparse's own errors and ours alike, in these commands only; nothing is written."""
    for words in (
        ("nightly", "--nonsense"),
        ("nightly", "--out"),
        ("nightly", "--confirm", "9"),
        ("nightly", "--version", "v3"),
        ("nightly", "--target", "replay"),
        ("nightly", "--workers", "x"),
        ("history",),
        ("history", "--limit", "0"),
        ("history", "--format", "yaml"),
        ("drift",),
        ("drift", "nonsense"),
        ("drift", "promote"),
        ("drift", "promote", "more"),
    ):
        code, out, err = graphcalls(*words)
        assert (code, out) == (64, ""), words
        commands = ("drift", "drift promote", "nightly", "history")
        assert err.splitlines()[-1].startswith(("graphcalls: ", *(f"graphcalls {one}: error" for one in commands))), (
            words
        )
    assert list(tmp_path.iterdir()) == []
    assert graphcalls("serve", "--nonsense")[0] == 2
    assert graphcalls("nonsense")[0] == 2


def test_history_is_printed(fake: Fake, graphcalls: Callable[..., Shown]) -> None:
    """A line for each night, the differences below; or how one rule stood."""
    graphcalls(*NIGHT)
    fake.says = every({READ: Said((answered(),), "broken", "it lies")})
    graphcalls(*NIGHT)
    code, out, _ = graphcalls("history")
    lines = out.splitlines()
    assert (code, lines[0]) == (0, "2 nights.")
    assert lines[1].endswith("  simulator  no-drift")
    assert lines[2].endswith("  simulator  behavioural (1 difference)")
    assert lines[4].startswith("behavioural: rule-broken in call-get.success-is-200-with-call (v1.0): ")
    assert " in 1 night]" in out
    states = graphcalls("history", "--rule", RULE)[1].splitlines()
    assert [line.rpartition("  ")[2] for line in states[1:3]] == ["v1.0 held", "v1.0 broken"]
    assert graphcalls("history", "--rule", "success-is-200-with-call", "--limit", "1")[1].startswith("1 night.")
    code, _, err = graphcalls("history", "--rule", "call-get.success")
    assert code == 64
    assert "there is no rule 'call-get.success'. Did you mean 'call-get.success-is-200-with-call'?" in err


def test_history_as_json(fake: Fake, graphcalls: Callable[..., Shown]) -> None:
    """The history for programs; a night that died has no outcome."""
    graphcalls(*NIGHT)

    def killed(_: object) -> None:
        raise KeyboardInterrupt

    fake.before = killed
    assert graphcalls(*NIGHT)[0] == 3
    data = json.loads(graphcalls("history", "--format", "json")[1])
    assert [(night["outcome"], night["complete"]) for night in data["nights"]] == [("no-drift", True), (None, False)]
    assert data["nights"][0]["rules"] == {f"{RULE}@v1.0": "held"}
    assert data["differences"] == []
    assert "incomplete: the job ended in the middle" in graphcalls("history")[1]


def test_variables_name_the_files(
    graphcalls: Callable[..., Shown], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A job can name its files once by variables."""
    for name, path in (("OUT", "a"), ("BASELINE", "b"), ("HISTORY", "c/h.db"), ("TARGET", "simulator")):
        monkeypatch.setenv(f"GRAPHCALLS_{name}", path)
    assert graphcalls("nightly", "--version", "v1.0")[0] == 3
    assert graphcalls("drift", "promote")[0] == 0
    assert graphcalls("nightly", "--version", "v1.0")[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]
    assert graphcalls("history")[0] == 0


def test_reports_that_cannot_be_written_have_exit_code_3(
    graphcalls: Callable[..., Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence is on standard error."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pytest_graphcalls.nightly.publish.shutil.copytree", full)
    code, _, err = graphcalls(*NIGHT)
    assert code == 3
    assert err.endswith(
        "graphcalls: graphcalls-nightly: cannot be written: No space left on device. What was there is as it was.\n"
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_in_a_log_is_a_line_now_and_then() -> None:
    """Nothing that only a terminal understands."""
    log, now = io.StringIO(), iter([0.0, 0.0, 1.0, 7.0, 8.0, 9.0])
    progress = Progress(log, lambda: next(now))
    progress.phase("running")
    for done in (1, 40, 50, 100):
        progress.count(done, 100)
    assert log.getvalue() == "graphcalls: running\n  40/100 tests\n  100/100 tests\n"


def test_progress_on_a_terminal_rewrites_its_line() -> None:
    """One line, no escape codes there either."""
    screen, now = Terminal(), iter([0.0, 0.0, 1.0, 2.0, 3.0])
    progress = Progress(screen, lambda: next(now))
    progress.phase("running")
    progress.count(0, 0)
    progress.count(9, 10)
    progress.phase("writing")
    assert screen.getvalue() == "graphcalls: running\n\r  9/10 tests\ngraphcalls: writing\n"
    assert "\x1b" not in screen.getvalue()
