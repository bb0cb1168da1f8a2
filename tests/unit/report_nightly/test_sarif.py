"""The verdict as SARIF 2.1.0: what the standard demands, and levels, help and fingerprints."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator

from pytest_graphcalls.drift import Outcome
from pytest_graphcalls.report.nightly.document import document
from pytest_graphcalls.report.nightly.sarif import sarif
from tests.unit.report_nightly.nights import ENTRIES, GONE, season, verdict

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "$schema": {"type": "string"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "version"],
                                "properties": {
                                    "name": {"type": "string", "minLength": 1},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id", "helpUri"],
                                            "properties": {
                                                "id": {"type": "string", "minLength": 1},
                                                "helpUri": {"type": "string", "pattern": "^https://"},
                                                "shortDescription": TEXT,
                                                "defaultConfiguration": {"properties": {"level": LEVEL}},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "invocations": {
                        "items": {
                            "type": "object",
                            "required": ["executionSuccessful"],
                            "properties": {
                                "executionSuccessful": {"type": "boolean"},
                                "startTimeUtc": TIME,
                                "endTimeUtc": TIME,
                                "exitCode": {"type": "integer"},
                                "toolExecutionNotifications": {
                                    "items": {
                                        "type": "object",
                                        "required": ["message"],
                                        "properties": {"message": TEXT},
                                    }
                                },
                            },
                        }
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message", "ruleId", "partialFingerprints", "locations"],
                            "properties": {
                                "message": TEXT,
                                "level": LEVEL,
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "baselineState": {"enum": ["new", "unchanged", "updated", "absent"]},
                                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                                "suppressions": {
                                    "items": {
                                        "required": ["kind"],
                                        "properties": {
                                            "kind": {"enum": ["inSource", "external"]},
                                            "status": {"enum": ["accepted", "underReview", "rejected"]},
                                        },
                                    }
                                },
                                "locations": {
                                    "items": {
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation"],
                                                "properties": {
                                                    "artifactLocation": {"required": ["uri"]},
                                                    "region": {
                                                        "properties": {"startLine": {"type": "integer", "minimum": 1}}
                                                    },
                                                },
                                            }
                                        }
                                    }
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}
"""The part of the standard's schema that our files touch, in our own words."""


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    return made()["runs"][0]


def made(**more: Any) -> dict[str, Any]:
    data: dict[str, Any] = sarif(document(verdict(season(3), **more)))
    return data


def test_members_required_by_the_standard_are_there() -> None:
    """Required members, types and words."""
    assert [*Draft202012Validator(SARIF).iter_errors(made())] == []


def test_every_result_finds_its_rule(run: dict[str, Any]) -> None:
    """A result names its rule by number and by id."""
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])


def test_every_rule_helps(run: dict[str, Any]) -> None:
    """The help of a rule is the page with its statement, or the overview of the API."""
    pages = [rule["helpUri"] for rule in run["tool"]["driver"]["rules"]]
    assert {urlsplit(page).netloc for page in pages} == {"learn.microsoft.com"}
    assert GONE.page in pages


def test_a_rule_helps_where_no_address_is_shown(run: dict[str, Any]) -> None:
    """GitHub wants a text of each sort, and shows the help's Markdown."""
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["fullDescription"]["text"].endswith(": it is not what was promised, or what was accepted before.")
        assert rule["help"]["markdown"].endswith(f"[What was promised]({rule['helpUri']}).")
        assert rule["help"]["text"].endswith(rule["helpUri"])


def test_every_result_is_somewhere(run: dict[str, Any]) -> None:
    """GitHub takes no file of which one result has no place; latency has none, so it is where it can be accepted."""
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]]
    assert places.count("graphcalls-drift.toml") == sum(not one.difference.place for one in ENTRIES) > 0


def test_fingerprints_are_those_of_the_verdict(run: dict[str, Any]) -> None:
    """By them a service distinguishes old results from new ones."""
    found = [one["partialFingerprints"]["graphcallsDrift/v1"] for one in run["results"]]
    assert found == [one.difference.fingerprint for one in ENTRIES]


@pytest.mark.parametrize(
    ("severity", "level"),
    [("breaking", "error"), ("behavioural", "error"), ("additive", "warning"), ("notice", "note")],
)
def test_a_level_follows_from_the_severity(run: dict[str, Any], severity: str, level: str) -> None:
    """What exits with 2 is an error."""
    assert {one["level"] for one in run["results"] if one["properties"]["severity"] == severity} == {level}


def test_an_accepted_difference_is_suppressed_with_its_reason(run: dict[str, Any]) -> None:
    """A flaky difference is under review."""
    found = {one["properties"]["standing"]: one.get("suppressions") for one in run["results"]}
    assert found["accepted"] == [
        {"kind": "external", "status": "accepted", "justification": "the service has announced it"}
    ]
    assert found["flaky"] == [
        {"kind": "external", "status": "underReview", "justification": "Flaky: it was seen in 1 of 3 runs."}
    ]
    assert found["expired"] is None


def test_a_place_with_a_line_is_a_location_with_a_line(run: dict[str, Any]) -> None:
    """A page of the documentation has one, a test has only its file."""
    places = {
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: one["locations"][0]["physicalLocation"]
        for one in run["results"]
        if "physicalLocation" in one["locations"][0]
    }
    assert places["call-answer.md"]["region"] == {"startLine": 212}
    assert "region" not in places["contracts/test_participant_invite.py"]


def test_an_unchecked_subject_is_a_notification_of_the_tool() -> None:
    """An unchecked subject is no result, because nothing was found."""
    (run,) = made(outcome=Outcome.COULD_NOT_CHECK, entries=())["runs"]
    (invocation,) = run["invocations"]
    assert run["results"] == []
    assert invocation["executionSuccessful"] is False
    assert [one["level"] for one in invocation["toolExecutionNotifications"]] == ["note", "error"]
