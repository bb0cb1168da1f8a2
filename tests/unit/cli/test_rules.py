"""``graphcalls rules``."""

import json
import re

from tests.unit.cli.conftest import CONTRACT


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
