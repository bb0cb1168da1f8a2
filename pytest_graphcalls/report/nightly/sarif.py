"""The verdict as SARIF 2.1.0, for services that show findings of tools."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pytest_graphcalls.report.nightly.summary import readable
from pytest_graphcalls.sanitize import clean_json

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://learn.microsoft.com/graph/api/resources/communications-api-overview"
"""Where help is, for a difference that no page speaks of."""

LEVELS: Mapping[str, str] = {"breaking": "error", "behavioural": "error", "additive": "warning", "notice": "note"}
_FULL = "'{name}' ({severity}) in {subject}: it is not what was promised, or what was accepted before."
NOWHERE = "graphcalls-drift.toml"
"""The file that a difference is about that was seen in none, because services want one: there it can be accepted."""
_LINE = re.compile(r"(?P<file>[^:\s]+\.\w+)(?::(?P<line>[1-9]\d*))?(?:::.*|\b.*)")


def sarif(document: Mapping[str, Any]) -> dict[str, Any]:
    """The differences of a verdict as SARIF.

    Args:
        document: what :func:`pytest_graphcalls.report.nightly.document.document` returned.
    """
    differences = document["differences"]
    rules = {_rule_id(one): one for one in differences}
    numbers = {id_: number for number, id_ in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "pytest-graphcalls",
                "version": document["tool_version"],
                "rules": [_rule(id_, one) for id_, one in rules.items()],
            }
        },
        "automationDetails": {"id": f"graphcalls-nightly/{document['night']['id']}"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(document)],
        "results": [_result(one, numbers) for one in differences],
    }
    data: dict[str, Any] = clean_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, people=True).value
    return data


def _rule_id(one: Mapping[str, Any]) -> str:
    return f"{one['kind']}/{one['subject']}"


def _rule(id_: str, one: Mapping[str, Any]) -> dict[str, Any]:
    name = readable(one["kind"])
    return {
        "id": id_,
        "name": "".join(word.title() for word in name.split()),
        "shortDescription": {"text": f"{name}: {one['subject']}"},
        "fullDescription": {"text": _FULL.format(name=name, **one)},
        # GitHub shows this one, others the address.
        "help": {
            "text": f"{_FULL.format(name=name, **one)} What was promised: {one['page'] or HOME}",
            "markdown": f"{_FULL.format(name=name, **one)} [What was promised]({one['page'] or HOME}).",
        },
        "helpUri": one["page"] or HOME,
        "defaultConfiguration": {"level": LEVELS[one["severity"]]},
    }


def _result(one: Mapping[str, Any], numbers: Mapping[str, int]) -> dict[str, Any]:
    id_ = _rule_id(one)
    result: dict[str, Any] = {
        "ruleId": id_,
        "ruleIndex": numbers[id_],
        "level": LEVELS[one["severity"]],
        "message": {"text": " ".join(filter(None, (f"{one['says']}.", one["hint"])))},
        "locations": [_location(one)],
        "partialFingerprints": {"graphcallsDrift/v1": one["fingerprint"]},
        "baselineState": "new" if one["standing"] in {"new", "flaky"} else "unchanged",
        "properties": {
            **{name: one[name] for name in ("severity", "origin", "standing", "nights")},
            "firstSeen": one["first_seen"],
            "lastSeen": one["last_seen"],
        },
    }
    if one["standing"] in {"accepted", "flaky"}:
        result["suppressions"] = [_suppression(one)]
    return result


def _location(one: Mapping[str, Any]) -> dict[str, Any]:
    where = ".".join(filter(None, (one["subject"], one["where"].removeprefix("$.").removeprefix("$"))))
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": f"{where} ({one['version']})"}]}
    found = _LINE.fullmatch(one["place"])
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(found["file"]) if found else NOWHERE}}
    if found and found["line"]:
        physical["region"] = {"startLine": int(found["line"])}
    location["physicalLocation"] = physical
    return location


def _suppression(one: Mapping[str, Any]) -> dict[str, Any]:
    accepted = one["acceptance"]
    if accepted and one["standing"] == "accepted":
        return {"kind": "external", "status": "accepted", "justification": accepted["reason"]}
    seen = one["repeated"]
    why = f"Flaky: it was seen in {seen['seen']} of {seen['runs']} runs."
    return {"kind": "external", "status": "underReview", "justification": why}


def _invocation(document: Mapping[str, Any]) -> dict[str, Any]:
    night = document["night"]
    invocation: dict[str, Any] = {
        "executionSuccessful": document["outcome"] != "could-not-check",
        "startTimeUtc": night["started"],
        "exitCode": document["exit_code"],
        "toolExecutionNotifications": [
            {"level": "error" if one["decides"] else "note", "message": {"text": f"{one['subject']}: {one['reason']}"}}
            for one in document["unchecked"]
        ],
    }
    if night["ended"]:
        invocation["endTimeUtc"] = night["ended"]
    return invocation
