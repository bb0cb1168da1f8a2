"""``graphcalls check``: what it prints, the exit codes, and what a mistake gets."""

import json

import pytest

from pytest_graphcalls.cli import check
from tests.unit.cli.conftest import CONTRACT

ROOT = "https://graph.microsoft.com/v1.0/communications/calls"
JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJl"


def entry(method="POST", path="/57da/reject", sent=None, status=202, got=None, url=None):
    """An entry of a HAR file; by default one that keeps the contract."""
    content = {"size": 0} if got is None else {"text": json.dumps(got), "size": 1}
    types = [{"name": "Content-Type", "value": "application/json"}]
    posted = {} if sent is None else {"postData": {"mimeType": "application/json", "text": json.dumps(sent)}}
    return {
        "request": {"method": method, "url": url or ROOT + path, "headers": types, **posted},
        "response": {"status": status, "headers": types, "content": content},
    }


GOOD = entry(sent={"reason": "busy"})
BAD = entry("DELETE", "/57da/participants/7d50", status=200, got={"token": JWT})
ODD = entry(sent={"reason": "busy", "identity_provider": "AAD"})
UNCOVERED = entry(path="/57da/raiseHand", sent={}, status=200)
OTHER = entry("GET", url="https://graph.microsoft.com/v1.0/me", status=200)
CANCELLED = {**GOOD, "response": {"status": 0}}


@pytest.fixture
def har(tmp_path):
    def write(*entries, name="calls.har"):
        path = tmp_path / name
        path.write_text(json.dumps({"log": {"entries": list(entries)}}), encoding="utf-8")
        return path

    return write


def test_a_clean_recording(graphcalls, har):
    path = har(GOOD, OTHER)
    code, out, err = graphcalls("check", path)
    assert (code, err) == (0, "")
    assert " ".join(out.split()) == (
        f"{path}: 1 exchange of the calls API checked; 1 of other services "
        "1 file, 1 exchange checked, 0 violations, 0 notices."
    )


def test_a_violation_names_entry_place_rule_and_page(graphcalls, har):
    code, out, _ = graphcalls("check", har(GOOD, BAD))
    assert code == 1
    assert "  entry 2: DELETE /v1.0/communications/calls/57da/participants/7d50 -> 200" in out
    assert "    violation in the response, status-undocumented [" in out
    for line in (
        "      where     status",
        "      expected  204",
        "      got       200",
        "      rule      participant-delete.success-is-204-empty",
        "      page      https://learn.microsoft.com/graph/api/participant-delete?view=graph-rest-1.0",
    ):
        assert line in out.splitlines()
    assert JWT not in out


def test_notices_fail_under_strict_only(graphcalls, har):
    path = har(ODD)
    assert graphcalls("check", path)[0] == 0
    code, out, _ = graphcalls("check", "--strict", path)
    assert code == 1
    assert "1 notice (counted, --strict)" in out


def test_an_unreadable_file_does_not_stop_the_others(graphcalls, har, tmp_path):
    empty = tmp_path / "empty.har"
    empty.touch()
    code, out, _ = graphcalls("check", empty, har(BAD), tmp_path / "missing.har")
    assert code == 2
    assert f"unreadable: {empty}: is empty." in " ".join(out.split())
    assert "participant-delete.success-is-204-empty" in out
    assert "there is no such file." in " ".join(out.split())
    assert "1 violation, 0 notices, 2 problems reading." in out


def test_a_request_without_answer_is_unreadable_only_if_it_is_ours(graphcalls, har):
    code, out, _ = graphcalls("check", har(CANCELLED, {**OTHER, "response": {"status": 0}}, GOOD))
    assert code == 2
    assert "entry 1: has no response" in " ".join(out.split())
    assert "1 problem reading" in out


def callback(data, **response):
    """A notification that a proxy has seen on its way to a bot."""
    row = {"changeType": "updated", "resourceUrl": "/communications/calls/57da", "resourceData": data}
    sent = {"@odata.type": "#microsoft.graph.commsNotifications", "value": [row]}
    return {**entry(sent=sent, url="https://bot.contoso.com/api/calls"), **response}


def test_notifications_in_a_recording_are_judged(graphcalls, har):
    state = {"@odata.type": "#microsoft.graph.call", "state": "established"}
    code, out, _ = graphcalls("check", har(GOOD, callback(state), OTHER))
    assert code == 0
    assert "1 exchange of the calls API checked; 1 notification checked; 1 of other services" in " ".join(out.split())
    assert "1 file, 1 exchange checked, 1 notification checked, 0 violations" in " ".join(out.split())
    code, out, _ = graphcalls("check", har(callback({**state, "state": None}), GOOD))
    assert code == 1
    assert "  entry 1: POST /api/calls -> 202" in out
    assert "violation in the notification call-updated, null-unexpected [" in out
    assert "      where     $.value[0].resourceData.state" in out.splitlines()


def test_a_notification_without_answer_is_judged_all_the_same(graphcalls, har):
    code, out, _ = graphcalls("check", har(callback({}, response={"status": 0}), GOOD))
    assert code == 1
    assert "  entry 1: POST /api/calls -> no answer" in out


def test_notifications_are_judged_by_the_version_of_their_file(graphcalls, har):
    beta = entry(sent={"reason": "busy"}, url=ROOT.replace("v1.0", "beta") + "/57da/reject")
    _, out, _ = graphcalls("check", "--format=json", har(callback({}), beta, beta, GOOD))
    data = json.loads(out)
    assert (data["summary"]["checked"], data["summary"]["notifications"]) == (3, 1)
    finding = data["files"][0]["findings"][0]
    assert (finding["side"], finding["operation"], finding["version"]) == ("notification", "call-updated", "beta")


def test_a_file_without_exchanges_of_calls_is_reported(graphcalls, har):
    code, out, _ = graphcalls("check", har(OTHER))
    assert code == check.NOT_JUDGED
    assert "Nothing was judged" in out


def test_an_empty_cassette_is_no_success(graphcalls, tmp_path):
    empty = tmp_path / "empty.yaml"
    empty.write_text("interactions: []\nversion: 1\n")
    assert graphcalls("check", empty)[0] == check.NOT_JUDGED


def test_a_file_of_several_in_which_nothing_was_judged_is_named(graphcalls, har):
    code, out, _ = graphcalls("check", har(GOOD), har(OTHER, name="other.har"))
    assert (code, out.count("not judged")) == (0, 1)


def test_an_uncovered_operation_is_a_notice(graphcalls, har):
    """A notice of its own kind; a file that holds nothing else counts as unjudged."""
    code, out, _ = graphcalls("check", har(UNCOVERED))
    assert (code, "notice in the request, not-covered" in out) == (check.NOT_JUDGED, True)
    assert "1 not covered by the contract (call-raisehand 1)" in out
    assert graphcalls("check", har(GOOD, UNCOVERED))[0] == 0
    assert graphcalls("check", "--strict", har(GOOD, UNCOVERED))[0] == 1


def test_the_json_document(graphcalls, har, tmp_path):
    code, out, _ = graphcalls("check", "--format=json", har(GOOD, BAD, OTHER), tmp_path)
    data = json.loads(out)
    assert code == 2
    assert (check.FORMAT, check.VERSION, CONTRACT.revision) == (
        data["format"],
        data["version"],
        data["contract_revision"],
    )
    assert data["summary"]["violations"] == len(data["files"][0]["findings"]) > 0
    finding = data["files"][0]["findings"][0]
    assert (finding["entry"], finding["status"], finding["severity"]) == (2, 200, "violation")
    assert (data["files"][0]["checked"], data["files"][0]["others"]) == (2, 1)
    assert "is a folder" in data["files"][1]["problems"][0]
    assert JWT not in out


def test_an_operation_is_compared_with_the_answer_that_started_it(graphcalls, har):
    """Within one file."""
    muted = {"@odata.type": "#microsoft.graph.muteParticipantOperation", "id": "0fe0623f", "status": "completed"}
    other = {**muted, "@odata.type": "#microsoft.graph.playPromptOperation"}
    start = entry(path="/57da/mute", sent={}, status=200, got=muted)
    code, out, _ = graphcalls("check", har(start, entry("GET", "/57da/operations/0fe0623f", status=200, got=other)))
    assert code == 1
    assert "commsoperation-get.shows-what-was-started" in out
    assert graphcalls("check", har(start, entry("GET", "/57da/operations/0fe0623f", status=200, got=muted)))[0] == 0
