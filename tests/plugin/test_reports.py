"""The report: as JSON, as Markdown, as JUnit properties; complete whatever the number of workers."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from pytest_graphcalls.contract import Contract
from tests.plugin.conftest import Run
from tests.plugin.projects import BROKEN_LOCATION, CREATE_A_CALL, INVITE_SIX, READ_A_CALL
from tests.plugin.test_checking import RECEIVER

MIXED = (
    CREATE_A_CALL
    + """

@pytest.mark.graphcalls_rule("application-post-calls.success-is-201-with-call")
def test_shape(graphcalls_client):
    create(graphcalls_client)

@pytest.mark.graphcalls_rule("application-post-calls.location-names-the-call")
def test_location(graphcalls_client):
    create(graphcalls_client)

@pytest.mark.graphcalls_question("participant-delete.deleted-twice")
def test_question(graphcalls_stage, graphcalls_client):
    answer = graphcalls_client.delete("/communications/calls/57da/participants/1")
    graphcalls_stage.record_answer("participant-delete.deleted-twice", answer)

def test_other(): pass
"""
    + INVITE_SIX
    + READ_A_CALL
)
"""Contract tests, a question, a user's tests, and one that does not use the plugin."""


Written = Callable[[int], dict[str, str]]
_WRITTEN: dict[int, dict[str, str]] = {}


@pytest.fixture
def written(pytester: pytest.Pytester, run: Run) -> Written:
    """The files that a run of the mixed tests writes with so many workers; it runs once for all tests."""

    def ran(workers: int) -> dict[str, str]:
        if workers not in _WRITTEN:
            pytester.makeconftest(BROKEN_LOCATION)
            pytester.makepyfile(test_mixed=MIXED)
            reports = [f"--graphcalls-report={name}" for name in ("report.json", "report.md")]
            result = run("--graphcalls-seed=5", "--junitxml=junit.xml", *reports, workers=workers)
            assert f"report written to {pytester.path / 'report.json'}" in result.outlines
            paths = [pytester.path / name for name in ("report.json", "report.md", "junit.xml")]
            _WRITTEN[workers] = {path.name: path.read_text(encoding="utf-8") for path in paths}
        return _WRITTEN[workers]

    return ran


def validated(path: Path) -> dict[str, Any]:
    """The report in a file, after its schema has accepted it."""
    return accepted(path.read_text(encoding="utf-8"))


def accepted(text: str) -> dict[str, Any]:
    """A report, after its schema has accepted it."""
    schema = json.loads(files("pytest_graphcalls.report").joinpath("report.schema.json").read_text(encoding="utf-8"))
    report: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator(schema).validate(report)
    return report


def test_the_report_is_the_same_alone_and_with_workers(written: Written) -> None:
    """Two workers give the report that one process gives, apart from the time."""
    alone, two = (accepted(written(workers)["report.json"]) for workers in (0, 2))
    assert alone.pop("created")
    assert two.pop("created")
    assert alone == two


def test_the_report_has_every_fact(written: Written) -> None:
    """Every rule in every version, the questions, the findings with their exchanges, and what was exercised."""
    report = accepted(written(0)["report.json"])
    contract = Contract.packaged()
    assert (report["target"], report["api_versions"], report["seed"]) == ("simulator", ["v1.0", "beta"], 5)
    assert report["contract_revision"] == contract.revision
    wanted = {(rule.id, version) for rule in contract.rules.values() for version in rule.versions}
    rules = {(rule["id"], rule["version"]): rule for rule in report["rules"]}
    assert set(rules) == wanted
    broken = rules["application-post-calls.location-names-the-call", "beta"]
    assert broken["status"] == "broken"
    assert broken["tests"] == ["test_mixed.py::test_location[beta]"]
    assert broken["broken_by"] == ["test_mixed.py::test_shape[beta]"]
    assert rules["application-post-calls.success-is-201-with-call", "v1.0"]["status"] == "held"
    assert rules["call-get.success-is-200-with-call", "v1.0"] == {
        "id": "call-get.success-is-200-with-call",
        "version": "v1.0",
        "evidence": "documented",
        "status": "not-checked",
        "reason": "no test of this run judged it",
        "tests": [],
        "findings": [],
        "broken_by": [],
    }
    assert report["summary"]["broken"] == sum(rule["status"] == "broken" for rule in report["rules"])
    assert {"id": "call-get", "version": "v1.0", "count": 1} in report["exercised"]["operations"]
    assert {test["nodeid"] for test in report["tests"]} >= {"test_mixed.py::test_six", "test_mixed.py::test_read"}
    assert "test_mixed.py::test_other" not in {test["nodeid"] for test in report["tests"]}


def test_findings_lead_to_their_exchanges(pytester: pytest.Pytester, run: Run) -> None:
    """A finding names its tests and the exchange it came up in, whose tokens are masked."""
    pytester.makepyfile(test_a=INVITE_SIX)
    run("--graphcalls-report=report.json")
    report = validated(pytester.path / "report.json")
    (finding,) = report["findings"]
    assert (finding["rule"], finding["where"]) == ("participant-invite.at-most-five-invitees", "$.participants")
    (place,) = finding["seen"]
    assert (place["test"], place["standing"]) == ("test_a.py::test_six", "fails")
    exchange = report["exchanges"][place["exchange"]]
    assert exchange["request"]["url"].endswith("/calls/57da/participants/invite")
    assert ["Authorization", "Bearer REDACTED"] in [
        [name.title(), value] for name, value in exchange["request"]["headers"]
    ]
    assert exchange["response"]["status"] == 404


def test_exchanges_that_went_well_are_not_kept(pytester: pytest.Pytester, run: Run) -> None:
    """A report stays small: exchanges are kept of tests that broke something or asked a question."""
    pytester.makepyfile(READ_A_CALL)
    run("--graphcalls-report=report.json")
    report = validated(pytester.path / "report.json")
    assert report["exchanges"] == []
    assert report["summary"]["exchanges"] == 1


def test_questions_carry_their_answers(pytester: pytest.Pytester, run: Run) -> None:
    """Each question of the run's versions has an answer or a reason."""
    pytester.makepyfile(MIXED)
    run("--graphcalls-report=report.json", "--graphcalls-version=beta", "-k", "question")
    questions = {(one["id"], one["version"]): one for one in validated(pytester.path / "report.json")["questions"]}
    assert {version for _, version in questions} == {"beta"}
    answered = questions["participant-delete.deleted-twice", "beta"]
    assert (answered["answer"]["status"], answered["answer"]["code"]) == (404, "8522")
    assert answered["answer"]["text"].startswith("Call not found. [pytest-graphcalls] App ")
    assert questions["participant-delete.organizer", "beta"]["reason"] == "no test of this run asked it"


def test_a_version_left_out_is_said_to_be(pytester: pytest.Pytester, run: Run) -> None:
    """Rules in a version that the run does not cover are not checked, for that reason."""
    pytester.makepyfile(MIXED)
    run("--graphcalls-report=report.json", "--graphcalls-version=beta", "-k", "shape")
    rules = {(rule["id"], rule["version"]): rule for rule in validated(pytester.path / "report.json")["rules"]}
    left_out = rules["application-post-calls.success-is-201-with-call", "v1.0"]
    assert (left_out["status"], left_out["reason"]) == (
        "not-checked",
        "this run covers beta only (--graphcalls-version)",
    )


def test_markdown_has_the_same_facts(written: Written) -> None:
    """The report for people has the same facts."""
    text = written(0)["report.md"]
    assert text.startswith("# Contract report\n")
    assert "| `application-post-calls.success-is-201-with-call` | v1.0 | held | documented |  |" in text
    assert "- `application-post-calls.location-names-the-call` (beta): " in text
    assert "| 404 8522 Call not found. [pytest-graphcalls] App " in text
    assert "   POST https://graph.microsoft.com/v1.0/communications/calls/57da/participants/invite" in text


@pytest.mark.parametrize("workers", [0, 2])
def test_junit_properties_carry_the_facts(written: Written, workers: int) -> None:
    """JUnit's file says of each test of ours which rule, version, target, operations and findings."""
    cases = {case.get("name"): case for case in ET.fromstring(written(workers)["junit.xml"]).iter("testcase")}
    properties = {
        name: {entry.get("name"): entry.get("value") for entry in case.iter("property")} for name, case in cases.items()
    }
    location = properties["test_location[beta]"]
    fingerprint = location.pop("graphcalls_findings")
    assert fingerprint is not None
    assert len(fingerprint) == 12
    assert location == {
        "graphcalls_version": "beta",
        "graphcalls_target": "simulator",
        "graphcalls_rule": "application-post-calls.location-names-the-call",
        "graphcalls_operations": "application-post-calls@beta",
    }
    assert properties["test_question[v1.0]"]["graphcalls_question"] == "participant-delete.deleted-twice"
    assert properties["test_other"] == {}


def test_a_report_that_cannot_be_written_fails_the_run(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked for and is missing is no success; a report that was there before stays."""
    pytester.makepyfile(READ_A_CALL + "\ndef test_folder():\n    import os\n    os.mkdir('report.json')\n")
    result = run("--graphcalls-report=report.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert any(line.startswith(f"the report {pytester.path / 'report.json'} was not") for line in result.outlines)
    assert not list(pytester.path.glob(".report*"))


def test_a_report_of_a_run_without_us_says_so(pytester: pytest.Pytester, run: Run) -> None:
    """Every rule is not checked, and nothing else is claimed."""
    pytester.makepyfile("def test_other(): pass")
    run("--graphcalls-report=report.json").assert_outcomes(passed=1)
    report = validated(pytester.path / "report.json")
    assert report["summary"]["not_checked"] == len(report["rules"])
    assert report["tests"] == []


def test_collecting_only_writes_nothing(pytester: pytest.Pytester, run: Run) -> None:
    """--collect-only judges nothing, so there is nothing to report."""
    pytester.makepyfile(MIXED)
    run("--collect-only", "--graphcalls-report=report.json")
    assert not (pytester.path / "report.json").exists()


def test_the_report_shows_the_notifications_that_were_wrong(pytester: pytest.Pytester, run: Run) -> None:
    """Wrong notifications are findings of their own side, with the redacted POST; in Markdown, too."""
    pytester.makepyfile(RECEIVER.replace("STATE", "None"))
    run("--graphcalls-report=report.json")
    report = validated(pytester.path / "report.json")
    (finding,) = report["findings"]
    assert (finding["side"], finding["operation"]) == ("notification", "call-updated")
    (place,) = finding["seen"]
    assert (place["exchange"], place["notification"], place["standing"]) == (None, 0, "fails")
    (notification,) = report["notifications"]
    assert notification["request"]["method"] == "POST"
    assert "Bearer abc" not in json.dumps(report)
    run("--graphcalls-report=report.md")
    text = (pytester.path / "report.md").read_text(encoding="utf-8")
    assert "## Notifications" in text
    assert "POST https://bot.contoso.com/calls" in text
