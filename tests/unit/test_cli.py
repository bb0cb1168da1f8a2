"""The command line: what it prints, the exit codes, and what a mistake gets."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

import pytest

from pytest_graphcalls import cli
from pytest_graphcalls.commands import check, explain
from pytest_graphcalls.commands.kinds import KINDS
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.findings import Kind

CONTRACT = Contract.packaged()
ROOT = "https://graph.microsoft.com/v1.0/communications/calls"
JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJl"


@pytest.fixture
def graphcalls(capsys):
    """Run the command in this process: exit code, standard output, standard error."""

    def run(*words):
        try:
            code = cli.main([str(word) for word in words])
        except SystemExit as leaving:
            code = leaving.code
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


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
UNCOVERED = entry(path="/57da/playPrompt", sent={}, status=200)
OTHER = entry("GET", url="https://graph.microsoft.com/v1.0/me", status=200)
CANCELLED = {**GOOD, "response": {"status": 0}}


@pytest.fixture
def har(tmp_path):
    def write(*entries, name="calls.har"):
        path = tmp_path / name
        path.write_text(json.dumps({"log": {"entries": list(entries)}}), encoding="utf-8")
        return path

    return write


# --- check ------------------------------------------------------------------------------------------------------------


def test_a_clean_recording(graphcalls, har):
    path = har(GOOD, UNCOVERED, OTHER)
    code, out, err = graphcalls("check", path)
    assert (code, err) == (0, "")
    assert " ".join(out.split()) == (
        f"{path}: 1 exchange of the calls API checked; 1 not covered by the contract (call-playprompt 1); "
        "1 of other services "
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


def test_nothing_to_judge_is_said(graphcalls, har):
    code, out, _ = graphcalls("check", har(OTHER))
    assert code == 0
    assert "Nothing was judged" in out


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


# --- rules ------------------------------------------------------------------------------------------------------------


def test_rules_lists_every_rule_and_question_the_central_operations_first(graphcalls):
    code, out, _ = graphcalls("rules")
    assert code == 0
    for name in (*CONTRACT.rules, *CONTRACT.questions):
        assert f" {name.partition('.')[2]} (" in out
    heads = re.findall(r"^(\S+): ", out, re.MULTILINE)
    assert {"participant-invite", "participant-delete", "call-reject"} == set(heads[:3])
    assert f"{len(CONTRACT.rules)} rules, {len(CONTRACT.questions)} questions." in out


def test_rules_of_one_operation(graphcalls):
    code, out, _ = graphcalls("rules", "--operation", "call-keepalive", "--format", "json")
    (operation,) = json.loads(out)["operations"]
    assert (code, operation["id"]) == (0, "call-keepalive")
    assert [f"call-keepalive.{slug}" for slug in CONTRACT.operation("call-keepalive").rules] == [
        rule["id"] for rule in operation["rules"]
    ]


def test_rules_as_markdown(graphcalls):
    code, out, _ = graphcalls("rules", "--format=markdown")
    assert code == 0
    assert "| rule | it says | versions | evidence | source |\n| --- | --- | --- | --- | --- |\n" in out
    assert f"Contract revision `{CONTRACT.revision}`." in out


def test_an_unknown_operation_gets_the_nearest(graphcalls):
    assert graphcalls("rules", "--operation", "participant-invit") == (
        2,
        "",
        "graphcalls: there is no operation 'participant-invit'. Did you mean 'participant-invite'? "
        "'graphcalls rules' lists them all.\n",
    )


# --- explain ----------------------------------------------------------------------------------------------------------


def test_a_rule_is_explained_with_source_and_examples(graphcalls):
    rule = CONTRACT.rule("participant-invite.at-most-five-invitees")
    code, out, _ = graphcalls("explain", rule.id)
    flat = " ".join(out.split())
    assert code == 0
    for text in (rule.says, rule.holds, rule.broken, str(rule.source), *rule.facts, *rule.pages.values()):
        assert " ".join(text.split()) in flat
    assert "documented: breaking it fails the test" in flat


@pytest.mark.parametrize(
    ("name", "headline"),
    [
        ("at-most-five-invitees", "rule participant-invite.at-most-five-invitees"),
        ("Participant-Invite.At-Most-Five-Invitees", "rule participant-invite.at-most-five-invitees"),
        ("one-other-bot", "question participant-invite.one-other-bot"),
        ("participant-delete", "operation participant-delete: Delete participant"),
        ("8522", "error call-not-found"),
        ("7503", "error app-not-registered"),
        ("InvalidAuthenticationToken", "error token-missing"),
        ("call-not-found", "error call-not-found"),
        ("403", "error insufficient-permissions"),
        ("200/5002", "result 200/5002"),
        ("5002", "result 200/5002"),
        ("member-missing", "finding member-missing"),
        ("roster-updated", "notification roster-updated"),
    ],
)
def test_every_sort_of_name_is_explained(graphcalls, name, headline):
    code, out, _ = graphcalls("explain", name)
    assert code == 0
    assert headline in out


def test_a_slug_of_several_operations_explains_each(graphcalls):
    _, out, _ = graphcalls("explain", "token-is-required")
    assert {f"rule {name}" for name in CONTRACT.rules if name.endswith(".token-is-required")} == set(
        re.findall(r"^rule \S+", out, re.MULTILINE)
    )


def test_an_error_is_explained_with_cause_remedy_and_source(graphcalls):
    row = CONTRACT.errors.responses["call-not-found"]
    flat = " ".join(graphcalls("explain", row.name)[1].split())
    for text in (row.meaning, row.cause, row.remedy, row.source, row.message):
        assert " ".join(text.split()) in flat


def test_everything_there_is_can_be_explained():
    for names, explanation in explain._known(CONTRACT):
        assert explanation().headline, names
        assert all(isinstance(text, str) for _, text in explanation().facts)
    assert set(Kind) == set(KINDS)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("at-most-five-invites", "at-most-five-invitees"), ("InvalidAuthenticToken", "InvalidAuthenticationToken")],
)
def test_an_unknown_name_gets_the_nearest(graphcalls, name, nearest):
    code, out, err = graphcalls("explain", name)
    assert (code, out) == (2, "")
    assert f"'{name}'. Did you mean {nearest!r}?" in err


def test_a_fingerprint_is_sent_to_the_report(graphcalls):
    code, _, err = graphcalls("explain", "0123456789ab")
    assert code == 2
    assert "The report (--graphcalls-report=FILE.json) has findings by their fingerprint" in err


# --- serve ------------------------------------------------------------------------------------------------------------


@contextmanager
def serving(*words):
    command = [sys.executable, "-c", "from pytest_graphcalls.cli import main; raise SystemExit(main())", "serve"]
    server = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield server
    finally:
        server.kill()
        server.communicate()


def greeted(server):
    lines = []
    for line in server.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            break
    return "".join(lines)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_serve_greets_answers_and_stops(stop):
    with serving("--port", "0", "--seed", "7") as server:
        text = greeted(server)
        url = re.search(r"http://127\.0\.0\.1:\d+", text)[0]
        token = re.search(r"export GRAPHCALLS_TOKEN=(\S+)", text)[1]
        assert f"pytest --pyargs pytest_graphcalls.contracts --graphcalls-target={url}\n" in text
        assert "seed 7" in text
        request = urllib.request.Request(
            f"{url}/v1.0/communications/calls/57da", headers={"Authorization": f"Bearer {token}"}
        )
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(request, timeout=10)
        server.send_signal(stop)
        out, err = server.communicate(timeout=20)
        assert (server.returncode, out, err) == (0, "stopped\n", "")


def test_a_taken_port_is_said(graphcalls):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = graphcalls("serve", "--port", port)
    assert (code, out) == (2, "")
    assert f"127.0.0.1:{port}: expected an address to listen on." in err
    assert "Give another port, or 0 for a free one." in err


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_a_port_is_a_small_number(graphcalls, port):
    code, _, err = graphcalls("serve", f"--port={port}")
    assert code == 2
    assert f"'{port}' is no port; expected 0 to 65535" in err


@pytest.mark.parametrize("ring", ["-1", "nan", "inf"])
def test_a_ring_time_is_a_time(graphcalls, ring):
    assert graphcalls("serve", f"--ring={ring}")[0] == 2


# --- the command itself -----------------------------------------------------------------------------------------------


def test_version_and_help(graphcalls):
    code, out, _ = graphcalls("--version")
    assert (code, out.startswith("pytest-graphcalls ")) == (0, True)
    for command in cli.COMMANDS:
        assert graphcalls(command, "--help")[0] == 0
        assert command in graphcalls("--help")[1]


def test_no_command_is_a_mistake(graphcalls):
    assert graphcalls()[0] == 2


def subprocess_of(code, **more):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False, **more)


def test_a_closed_pipe_leaves_no_traceback():
    code = "import sys; from pytest_graphcalls.cli import main; sys.exit(main(['rules']))"
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        assert process.stderr.read() == b""
    assert process.returncode == cli.CLOSED_PIPE


def test_a_poor_encoding_leaves_no_traceback(tmp_path):
    code = "from pytest_graphcalls.cli import main; raise SystemExit(main(['rules']))"
    done = subprocess_of(code, env={"PYTHONIOENCODING": "ascii", "PATH": ""})
    assert (done.returncode, done.stderr) == (0, b"")


def test_help_starts_light():
    heavy = ["httpx", "yaml", "jsonschema", "jwt", "cryptography", "uvicorn", "msal", "vcr", "deepdiff", "pytest"]
    code = f"import sys; import pytest_graphcalls.cli as c; c.parser(); print(set({heavy!r}) & set(sys.modules))"
    done = subprocess_of(code)
    assert (done.stdout, done.stderr) == (b"set()\n", b"")


def test_lines_fit_the_terminal(graphcalls, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = graphcalls("explain", "participant-invite.at-most-five-invitees")
    assert all(len(line) <= 60 or "https://" in line for line in out.splitlines())
