"""The example script that keeps one issue, against a GitHub of our own on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pytest_graphcalls.drift import Outcome, Status
from pytest_graphcalls.report.nightly import document
from tests.unit.report_nightly.nights import BROKEN, GONE, NEW, entry, season, verdict
from tests.unit.report_nightly.scripts import loaded, served

SCRIPT = Path(__file__).parents[3] / ".github" / "scripts" / "keep_one_issue.py"


@dataclass
class Issues:
    """A repository's issues, as its API has them."""

    url: str = ""
    open: list[dict[str, Any]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refuse: int = 0

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        self.asked.append(f"{method} {path.partition('?')[0].removeprefix('/repos/team/bot/')}")
        if self.refuse:
            return self.refuse, {"message": "no"}
        if method == "GET":
            return 200, [one for one in self.open if one["state"] == "open"]
        if path.endswith("/comments"):
            self.comments.append(body["body"])
            return 201, {}
        if method == "POST":
            self.open.append({"number": len(self.open) + 1, "state": "open", **body})
            return 201, self.open[-1]
        issue = self.open[int(path.rpartition("/")[2]) - 1]
        issue.update(body)
        return 200, issue


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[Issues]:
    issues = Issues()
    with served(lambda method, path, _, body: issues.answer(method, path, body or {})) as url:
        monkeypatch.setenv("GITHUB_API_URL", f"{url}/")
        monkeypatch.setenv("GITHUB_REPOSITORY", "team/bot")
        monkeypatch.setenv("GITHUB_TOKEN", "job-token")
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield issues


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script's main, as a copy of the file gives it."""
    return loaded(SCRIPT, monkeypatch).main


def night(folder: Path, **more: Any) -> list[str]:
    """The files of a night, as the script is given them."""
    data = document(verdict(season(2), **more))
    (folder / "verdict.json").write_text(json.dumps(data), encoding="utf-8")
    (folder / "summary.md").write_text(f"## {data['headline']}\n", encoding="utf-8")
    return [str(folder / "verdict.json"), str(folder / "summary.md")]


def test_the_first_drift_opens_an_issue(github: Issues, main: Any, tmp_path: Path) -> None:
    """The issue has the label, the summary, and a mark with the fingerprints in it."""
    assert main(night(tmp_path, entries=(entry(GONE),))) == 0
    (issue,) = github.open
    assert issue["labels"] == ["graphcalls-drift"]
    assert issue["title"] == "Graph calls API drift: 1 breaking change"
    assert issue["body"] == f"## 1 breaking change.\n\n<!-- graphcalls: {GONE.fingerprint} -->"
    assert github.comments == []


def test_the_same_drift_the_next_night_writes_nothing(github: Issues, main: Any, tmp_path: Path) -> None:
    """Nothing has changed, so nothing is written."""
    main(night(tmp_path, entries=(entry(GONE),)))
    github.asked.clear()
    assert main(night(tmp_path, entries=(entry(GONE, Status.KNOWN, 2),))) == 0
    assert github.asked == ["GET issues"]
    assert len(github.open) == 1


def test_something_new_is_a_comment_and_a_new_text(github: Issues, main: Any, tmp_path: Path) -> None:
    """Known differences are not repeated."""
    main(night(tmp_path, entries=(entry(GONE),)))
    both = (entry(GONE, Status.KNOWN, 2), entry(BROKEN))
    assert main(night(tmp_path, entries=both)) == 0
    (comment,) = github.comments
    assert BROKEN.fingerprint in comment
    assert GONE.fingerprint not in comment
    assert BROKEN.fingerprint in github.open[0]["body"]


def test_a_mark_that_the_service_has_written_hides_nothing(github: Issues, main: Any, tmp_path: Path) -> None:
    """Ours is the last one."""
    arguments = night(tmp_path, entries=(entry(GONE),))
    Path(arguments[1]).write_text(f"it said <!-- graphcalls: {BROKEN.fingerprint} -->\n", encoding="utf-8")
    main(arguments)
    main(night(tmp_path, entries=(entry(GONE, Status.KNOWN, 2), entry(BROKEN))))
    (comment,) = github.comments
    assert BROKEN.fingerprint in comment
    assert GONE.fingerprint not in comment


def test_an_accepted_difference_is_no_news(github: Issues, main: Any, tmp_path: Path) -> None:
    """A flaky one is no news, either."""
    main(night(tmp_path, entries=(entry(GONE),)))
    main(night(tmp_path, entries=(entry(GONE), entry(NEW, Status.ACCEPTED), entry(BROKEN, Status.FLAKY))))
    assert github.comments == []


def test_a_night_without_drift_closes_it(github: Issues, main: Any, tmp_path: Path) -> None:
    """A comment says so; the next night finds no issue to close."""
    main(night(tmp_path, entries=(entry(GONE),)))
    quiet = night(tmp_path, outcome=Outcome.NO_DRIFT, entries=())
    assert main(quiet) == 0
    assert (github.open[0]["state"], github.open[0]["state_reason"]) == ("closed", "completed")
    assert github.comments == ["No drift any more in the night of 2026-11-27T03:00:00Z."]
    github.asked.clear()
    assert main(quiet) == 0
    assert github.asked == ["GET issues"]


def test_accepted_additions_close_it_too(github: Issues, main: Any, tmp_path: Path) -> None:
    """What is said then is not that there are none."""
    main(night(tmp_path, entries=(entry(GONE),)))
    assert main(night(tmp_path, outcome=Outcome.ADDITIVE, entries=(entry(NEW),), additive_ok=True)) == 0
    assert github.open[0]["state"] == "closed"
    assert github.comments == ["1 addition, nothing broken. That is all right here: the night of 2026-11-27T03:00:00Z."]


def test_an_outage_changes_nothing(github: Issues, main: Any, tmp_path: Path) -> None:
    """GitHub is not even asked."""
    assert main(night(tmp_path, outcome=Outcome.COULD_NOT_CHECK, entries=())) == 0
    assert github.asked == []


def test_a_pull_request_with_the_label_is_no_issue(github: Issues, main: Any, tmp_path: Path) -> None:
    """GitHub lists both."""
    github.open.append({"number": 1, "state": "open", "pull_request": {}, "title": "x", "body": ""})
    main(night(tmp_path, entries=(entry(GONE),)))
    assert len(github.open) == 2


def test_an_edited_issue_is_restored(github: Issues, main: Any, tmp_path: Path) -> None:
    """Without its mark all differences are written again."""
    github.open.append({"number": 1, "state": "open", "title": "mine", "body": None})
    main(night(tmp_path, entries=(entry(GONE),)))
    assert github.open[0]["title"].startswith("Graph calls API drift")
    assert len(github.comments) == 1


def test_a_refusal_is_a_sentence(github: Issues, main: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence names the likely cause, and not the token."""
    github.refuse = 403
    assert main(night(tmp_path, entries=(entry(GONE),))) == 1
    assert capsys.readouterr().err == "GitHub has refused with 403: may the token write issues?\n"


@pytest.mark.parametrize(("arguments", "status"), [([], 64), (["a", "b", "c"], 64), (["no such file"], 1)])
def test_wrong_arguments_and_files_are_reported(
    github: Issues, main: Any, arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is sent."""
    assert main(arguments) == status
    assert capsys.readouterr().err
    assert github.asked == []


def test_a_missing_variable_is_named(
    main: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error comes before any file is read."""
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.setenv("GITHUB_REPOSITORY", "team/bot")
    assert main(["verdict.json"]) == 64
    assert capsys.readouterr().err == "set GITHUB_TOKEN\n"
