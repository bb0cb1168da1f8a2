"""``graphcalls explain``."""

import re

import pytest

from pytest_graphcalls.cli import explain
from pytest_graphcalls.findings import Kind
from tests.unit.cli.conftest import CONTRACT


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
        ("reject", "operation call-reject: "),
        ("#microsoft.graph.playPrompt", "operation call-playprompt: "),
        ("play prompt", "operation call-playprompt: "),
        ("RejectCall", "operation call-reject: "),
        ("delete participant", "operation participant-delete: "),
        ("POST /communications/calls/{call-id}/reject", "operation call-reject: "),
        ("call-raisehand", "operation call-raisehand, documented, but not covered by this contract"),
        ("raiseHand", "operation call-raisehand, documented"),
        ("transfer", "operation call-transfer: "),
        ("redirect", "operation call-redirect: "),
        ("changeScreenSharingRole", "operation call-changescreensharingrole: "),
        ("8506", "error not-a-recording-call"),
        ("call-declined", "sequence call-declined"),
        ("#microsoft.graph.inviteParticipantsOperation", "type inviteParticipantsOperation"),
        ("callState", "enumeration callState"),
        ("transferAccepted", "enumeration callState"),
        ("callback_uri", "member callbackUri"),
        ("participant-invite.r07", "rule participant-invite."),
        ("us-gov-l4", "cloud us-gov-l4"),
        ("calls.initiate.all", "permission Calls.Initiate.All"),
        ("graphcalls_bot", "fixture graphcalls_bot"),
        ("graphcalls_rule", "marker graphcalls_rule(rule, *more)"),
        ("graphcalls_target", "option --graphcalls-target"),
        ("graphcalls.run", "graphcalls.run(command, *, port_variable='', listens=0, path='', environment=None, within"),
        ("answered_within", "bot.assert_answered_within(seconds)"),
        ("simulator.advance", "simulator.advance(seconds, *"),
        ("rejected_with", "call.rejected_with"),
        ("person.declines", "person.declines("),
        ("transfer_end", "switches.transfer_end"),
        ("pace.gallery", "pace.gallery"),
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


@pytest.mark.parametrize(
    ("id", "when"),
    [
        ("participant-mute", ""),
        ("call-mute", " (checked when the call is created)"),
        ("application-post-calls", " (which one depends on what is asked for)"),
    ],
)
def test_an_operation_says_when_its_roles_are_checked(graphcalls, id, when):
    """Roles are checked with the request, once, or by kind."""
    _, out, _ = graphcalls("explain", id)
    permissions = CONTRACT.operation(id).permissions
    names = ", ".join((*permissions.least, *permissions.higher))
    assert f" needs one of {names}{when} rules " in " ".join(out.split())


def test_everything_there_is_can_be_explained():
    for names, explanation in explain._known(CONTRACT):
        assert all(map(explain._forms, filter(None, names)))
        assert explanation().headline, names
        assert all(isinstance(text, str) for _, text in explanation().facts)
    assert set(CONTRACT.kinds) == set(Kind)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("at-most-five-invites", "at-most-five-invitees"),
        ("InvalidAuthenticToken", "InvalidAuthenticationToken"),
        ("graphcalls_simulater", "graphcalls_simulator"),
        ("assert_answerd_within", "assert_answered_within"),
    ],
)
def test_an_unknown_name_gets_the_nearest(graphcalls, name, nearest):
    code, out, err = graphcalls("explain", name)
    assert (code, out) == (2, "")
    assert f"'{name}'. Did you mean {nearest!r}?" in err


def test_a_name_that_resembles_nothing_gets_none(graphcalls):
    """Rather than one that shares a few letters with it."""
    for name in ("foo", "banana", "hello_world"):
        assert "Did you mean" not in graphcalls("explain", name)[2]


def test_a_method_of_a_fixture_is_explained_in_plain_text(graphcalls):
    """The first part of its docstring, without marks."""
    _, out, _ = graphcalls("explain", "graphcalls.run")
    flat = " ".join(out.split())
    assert " does Start a bot of any language as a process, wait until it listens, and attach it as bot. " in flat
    assert not [mark for mark in ("`", "Args:", ":attr:") if mark in flat]


def test_a_fingerprint_is_sent_to_the_report(graphcalls):
    code, _, err = graphcalls("explain", "0123456789ab")
    assert code == 2
    assert "The report (--graphcalls-report=FILE.json) has findings by their fingerprint" in err
