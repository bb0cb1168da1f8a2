"""The example script that keeps one work item, against an Azure Boards of our own on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from pytest_graphcalls.drift import Outcome, Status
from tests.unit.report_nightly.nights import BROKEN, GONE, NEW, entry
from tests.unit.report_nightly.scripts import loaded, served
from tests.unit.report_nightly.test_one_issue import night

SCRIPT = Path(__file__).parents[3] / "examples" / "keep_one_work_item.py"
ROOM = "/team/our bot/_apis/wit/"


@dataclass
class WorkItems:
    """A project's work items, as its API has them; their numbers begin at 1."""

    items: list[dict[str, Any]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    refuse: int = 0

    def add(self, **fields: str) -> dict[str, Any]:
        """One more, open unless it says otherwise."""
        named = {f"System.{name}": value for name, value in fields.items()}
        self.items.append({"id": len(self.items) + 1, "fields": {"System.State": "To Do", **named}})
        return self.items[-1]

    def found(self, fields: dict[str, str], query: str) -> bool:
        """Whether a query finds one: by a part of its tags, and unless it is in a state that the query names."""
        return "graphcalls-drift" in fields["System.Tags"] and f"<> '{fields['System.State']}'" not in query

    def answer(self, method: str, address: str, kind: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(address)
        path, words = unquote(parts.path).removeprefix(ROOM), parse_qs(parts.query)
        assert words["api-version"] == ["7.1"]
        self.asked.append(f"{method} {path}")
        if self.refuse:
            return self.refuse, "<html>"
        if path == "wiql":
            assert kind == "application/json"
            self.queries.append(body["query"])
            return 200, {
                "workItems": [{"id": one["id"]} for one in self.items if self.found(one["fields"], body["query"])]
            }
        if method == "GET":
            named = words["fields"][0].split(",")
            found = [self.items[int(number) - 1] for number in reversed(words["ids"][0].split(","))]
            kept = [{**one, "fields": {k: v for k, v in one["fields"].items() if k in named}} for one in found]
            return 200, {"count": len(kept), "value": kept}
        assert kind == "application/json-patch+json"
        item = self.add() if method == "POST" else self.items[int(path.rpartition("/")[2]) - 1]
        for change in body:
            assert change["op"] == "add"
            name = change["path"].removeprefix("/fields/")
            if name == "System.History":
                self.comments.append(change["value"])
            else:
                item["fields"][name] = change["value"]
        return 200, item


@pytest.fixture
def boards(monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkItems]:
    items = WorkItems()
    with served(items.answer) as url:
        monkeypatch.setenv("SYSTEM_COLLECTIONURI", f"{url}/team/")
        monkeypatch.setenv("SYSTEM_TEAMPROJECT", "our bot")
        monkeypatch.setenv("SYSTEM_ACCESSTOKEN", "job-token")
        for name in ("http_proxy", "HTTP_PROXY", "GRAPHCALLS_WORK_ITEM_TYPE", "GRAPHCALLS_CLOSED_STATE"):
            monkeypatch.delenv(name, raising=False)
        yield items


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script, as a copy of the file gives it."""
    return loaded(SCRIPT, monkeypatch)


@pytest.fixture
def main(script: Any) -> Any:
    return script.main


def test_the_first_drift_opens_a_work_item(boards: WorkItems, main: Any, tmp_path: Path) -> None:
    """The work item has the tag, the summary, and a line with the fingerprints in it."""
    assert main(night(tmp_path, entries=(entry(GONE),))) == 0
    (item,) = boards.items
    assert item["fields"] == {
        "System.State": "To Do",
        "System.Tags": "graphcalls-drift",
        "System.Title": "Graph calls API drift: 1 breaking change",
        "System.Description": f"<pre>## 1 breaking change.</pre><p>graphcalls knows: {GONE.fingerprint}</p>",
    }
    assert boards.asked == ["POST wiql", "POST workitems/$Issue"]
    assert boards.comments == []


def test_the_same_drift_the_next_night_writes_nothing(boards: WorkItems, main: Any, tmp_path: Path) -> None:
    """Nothing is written, although Boards has put the HTML in other words."""
    main(night(tmp_path, entries=(entry(GONE),)))
    fields = boards.items[0]["fields"]
    fields["System.Description"] = fields["System.Description"].replace("<p>", "<p>\n").replace(": ", ":&nbsp;")
    boards.asked.clear()
    assert main(night(tmp_path, entries=(entry(GONE, Status.KNOWN, 2),))) == 0
    assert boards.asked == ["POST wiql", "GET workitems"]
    assert len(boards.items) == 1


def test_something_new_is_a_comment_and_a_new_text(boards: WorkItems, main: Any, tmp_path: Path) -> None:
    """Comment and text are one revision; known differences are not repeated."""
    main(night(tmp_path, entries=(entry(GONE),)))
    boards.asked.clear()
    assert main(night(tmp_path, entries=(entry(GONE, Status.KNOWN, 2), entry(BROKEN)))) == 0
    (comment,) = boards.comments
    assert BROKEN.fingerprint in comment
    assert str(BROKEN) in unescape(comment)
    assert GONE.fingerprint not in comment
    assert BROKEN.fingerprint in boards.items[0]["fields"]["System.Description"]
    assert boards.asked == ["POST wiql", "GET workitems", "PATCH workitems/1"]


def test_less_drift_is_a_new_text_and_no_comment(boards: WorkItems, main: Any, tmp_path: Path) -> None:
    """Accepted and flaky differences are no news, either."""
    main(night(tmp_path, entries=(entry(GONE), entry(BROKEN))))
    main(night(tmp_path, entries=(entry(GONE), entry(NEW, Status.ACCEPTED), entry(BROKEN, Status.FLAKY))))
    assert boards.comments == []
    assert boards.items[0]["fields"]["System.Title"] == "Graph calls API drift: 1 breaking change"
    assert BROKEN.fingerprint not in boards.items[0]["fields"]["System.Description"]


def test_a_text_of_the_service_is_no_html_and_no_mark(boards: WorkItems, main: Any, tmp_path: Path) -> None:
    """A text of the service is shown as it is, in the description and in the comment."""
    main(night(tmp_path, entries=(entry(NEW),)))
    arguments = night(tmp_path, entries=(entry(NEW), entry(GONE)))
    data = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    for one in data["differences"]:
        one["says"] = "<img src=x> & more"
    Path(arguments[0]).write_text(json.dumps(data), encoding="utf-8")
    said = f"<b>said</b> graphcalls knows: {BROKEN.fingerprint}"
    Path(arguments[1]).write_text(said, encoding="utf-8")
    main(arguments)
    assert "&lt;img src=x&gt; &amp; more</li>" in boards.comments[0]
    assert boards.items[0]["fields"]["System.Description"].startswith("<pre>&lt;b&gt;said&lt;/b&gt; ")
    main(night(tmp_path, entries=(entry(NEW), entry(GONE), entry(BROKEN))))
    assert BROKEN.fingerprint in boards.comments[1]
    assert GONE.fingerprint not in boards.comments[1]


def test_a_night_without_drift_closes_it(boards: WorkItems, main: Any, tmp_path: Path) -> None:
    """A comment says so; the next night finds no work item to close."""
    main(night(tmp_path, entries=(entry(GONE),)))
    quiet = night(tmp_path, outcome=Outcome.NO_DRIFT, entries=())
    assert main(quiet) == 0
    assert boards.items[0]["fields"]["System.State"] == "Done"
    assert boards.comments == ["No drift any more in the night of 2026-11-27T03:00:00Z."]
    main(night(tmp_path, entries=(entry(GONE),)))
    assert main(night(tmp_path, outcome=Outcome.ADDITIVE, entries=(entry(NEW),), additive_ok=True)) == 0
    said = "1 addition, nothing broken. That is all right here: the night of 2026-11-27T03:00:00Z."
    assert boards.comments[-1] == said
    boards.asked.clear()
    assert main(quiet) == 0
    assert boards.asked == ["POST wiql"]


def test_another_process_has_other_words(
    boards: WorkItems, main: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Type and state are variables; a quote in one does not end the query's text."""
    monkeypatch.setenv("GRAPHCALLS_WORK_ITEM_TYPE", "User Story")
    monkeypatch.setenv("GRAPHCALLS_CLOSED_STATE", "It's closed")
    main(night(tmp_path, entries=(entry(GONE),)))
    main(night(tmp_path, outcome=Outcome.NO_DRIFT, entries=()))
    assert boards.asked[1] == "POST workitems/$User Story"
    assert boards.items[0]["fields"]["System.State"] == "It's closed"
    assert "<> 'It''s closed'" in boards.queries[0]


def test_an_outage_changes_nothing(boards: WorkItems, main: Any, tmp_path: Path) -> None:
    """Boards is not even asked."""
    assert main(night(tmp_path, outcome=Outcome.COULD_NOT_CHECK, entries=())) == 0
    assert boards.asked == []


def test_the_oldest_with_the_very_tag_is_kept(boards: WorkItems, main: Any, tmp_path: Path) -> None:
    """Without its line all differences are written again."""
    boards.add(Title="not mine", Tags="graphcalls-drift-notes")
    boards.add(Title="mine", Tags="ops; Graphcalls-Drift; graphcalls-drift")
    boards.add(Title="a twin", Tags="graphcalls-drift")
    main(night(tmp_path, entries=(entry(GONE),)))
    assert [one["fields"]["System.Title"] for one in boards.items] == [
        "not mine",
        "Graph calls API drift: 1 breaking change",
        "a twin",
    ]
    assert boards.items[1]["fields"]["System.Tags"] == "ops; Graphcalls-Drift; graphcalls-drift"
    assert len(boards.comments) == 1


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (403, "Azure Boards has refused with 403: may the build service edit work items?\n"),
        (302, "Azure Boards has refused with 302: may the build service edit work items?\n"),
        (
            404,
            "Azure Boards has refused with 404: are GRAPHCALLS_WORK_ITEM_TYPE and GRAPHCALLS_CLOSED_STATE those of"
            " your process?\n",
        ),
        (
            203,
            "the work item was not brought up to date: Azure asks for a sign-in: is SYSTEM_ACCESSTOKEN the"
            " job's token?\n",
        ),
    ],
)
def test_a_refusal_is_a_sentence(
    boards: WorkItems, main: Any, tmp_path: Path, status: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence names the likely cause, and not the token; no other server gets a request."""
    boards.refuse = status
    assert main(night(tmp_path, entries=(entry(GONE),))) == 1
    assert capsys.readouterr().err == says
    assert boards.asked == ["POST wiql"]


@pytest.mark.parametrize(("arguments", "status"), [([], 64), (["a", "b", "c"], 64), (["no such file"], 1)])
def test_wrong_arguments_and_files_are_reported(
    boards: WorkItems, main: Any, arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is sent."""
    assert main(arguments) == status
    assert capsys.readouterr().err
    assert boards.asked == []


def test_a_missing_variable_is_named(
    boards: WorkItems, main: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error comes before any file is read."""
    monkeypatch.delenv("SYSTEM_ACCESSTOKEN")
    assert main(["verdict.json"]) == 64
    assert capsys.readouterr().err == "set SYSTEM_ACCESSTOKEN\n"
    assert boards.asked == []


def test_a_long_night_keeps_its_mark(script: Any) -> None:
    """The summary is cut, and the comment's lines are."""
    text = script._description("x" * 1_000_000, [GONE.fingerprint])
    assert len(text) < 61_000
    assert script._known(text) == {GONE.fingerprint}
    assert len(script._comment([{"fingerprint": "a" * 12, "says": "y" * 100_000}] * 2)) < 61_000
