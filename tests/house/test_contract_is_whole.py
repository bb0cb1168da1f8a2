"""The packaged contract: every file has the documented shape, and every name in it leads somewhere."""

from __future__ import annotations

import re
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import pytest

from pytest_graphcalls.contract import VERSIONS, Contract, Evidence, notifications
from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.contract.operations import SharedRules
from pytest_graphcalls.errors import ContractFileError, UnknownNameError
from pytest_graphcalls.findings import Kind
from tests.every import every
from tests.site.contract import sequence_table

CONTRACT = Contract.packaged()
ROOT = files("pytest_graphcalls.contracts")
PACKAGED = ContractFiles()
SHARED = SharedRules(PACKAGED)
FILES = [
    *((f"operations/{id}.yaml", "operation") for id in CONTRACT.operation_ids),
    ("clouds.yaml", "clouds"),
    ("pages.yaml", "pages"),
    ("errors.yaml", "errors"),
    ("findings.yaml", "findings"),
    ("notifications.yaml", "notifications"),
    ("sequences.yaml", "sequences"),
    ("shared-rules.yaml", "shared-rules"),
    ("types-overlay.yaml", "overlay"),
    ("uncovered.yaml", "uncovered"),
    *((f"types-{version}.json", "types") for version in VERSIONS),
]


@pytest.mark.parametrize(("name", "schema"), FILES)
def test_every_file_has_its_shape(name: str, schema: str) -> None:
    """The loader trusts the packaged files, because this test does not."""
    ContractFiles(ROOT, trusted=False).read(name, schema)


@every("id", CONTRACT.operation_ids)
def test_every_slug_that_is_used_is_a_rule(id: str) -> None:
    """A constraint, header or answer attributes what it finds to a rule that exists."""
    operation = CONTRACT.operation(id)
    responses = operation.responses.values()
    used = {operation.request.token, operation.request.rule}
    used |= {constraint.rule for constraint in operation.request.constraints} | {
        response.rule for response in responses
    }
    used |= {header.rule for response in responses for header in response.headers}
    assert used - {""} <= set(operation.rules)


@every("slug", PACKAGED.read("shared-rules.yaml", "shared-rules"))
def test_every_shared_rule_is_taken_by_several_operations(slug: str) -> None:
    """One that a single operation has belongs into its file."""
    assert len([one for one in CONTRACT.operations.values() if slug in one.rules]) > 1


@every("id", CONTRACT.operation_ids)
def test_an_operation_does_not_repeat_what_a_shared_rule_says(id: str) -> None:
    """Below the name of a shared rule stands only what differs."""
    name = f"operations/{id}.yaml"
    data = PACKAGED.read(name, "operation")
    for slug, own in data["rules"].items():
        for key in own or ():
            rest = {other: own[other] for other in own if other != key}
            with suppress(ContractFileError):  # it is needed
                whole = SHARED.written_out(name, {**data, "rules": {slug: rest}})["rules"][slug]
                assert whole.get(key) != own[key], f"{slug}.{key}"


def test_rules_in_the_same_words_are_shared() -> None:
    """Rules with the same words are in shared-rules.yaml once."""
    rules = [PACKAGED.read(f"operations/{id}.yaml", "operation")["rules"] for id in CONTRACT.operation_ids]
    whole = [own["says"] for one in rules for own in one.values() if own and {"says", "evidence"} <= own.keys()]
    assert sorted(set(whole)) == sorted(whole)


@every("case", [(one.id, version) for one in CONTRACT.operations.values() for version in one.versions])
def test_every_type_that_is_used_is_in_the_model(case: tuple[str, str]) -> None:
    """Bodies name types, actions and members of the type model."""
    id, version = case
    operation, model = CONTRACT.operation(id), CONTRACT.types(version)
    if version not in operation.versions:
        return
    if operation.request.body == "action":
        assert operation.action in model.actions
    elif operation.request.body != "none":
        assert operation.request.body in model.types
    assert {response.body for response in operation.responses.values()} - {""} <= set(model.types)


@every("id", CONTRACT.sequences)
def test_every_name_in_a_sequence_leads_somewhere(id: str) -> None:
    """The operation that starts it, the payloads of its steps, their states, and the pairs that they end with."""
    sequence = CONTRACT.sequence(id)
    assert sequence.starts in {*CONTRACT.operation_ids, *notifications.STARTERS}
    for step in sequence.steps:
        payload = CONTRACT.notifications[step.payload]
        allowed = payload.values.get("state") or payload.values.get("status")
        assert set(sequence.versions) <= set(payload.versions)
        assert not step.state or allowed is None or step.state in allowed
        assert (step.roster is not None) == step.payload.startswith("roster-")
        assert set(step.departed) <= set(step.roster or ())
        assert step.result is None or step.result.pair in CONTRACT.errors.results


def test_an_unknown_sequence_is_named() -> None:
    """The error has the nearest known sequence."""
    with pytest.raises(UnknownNameError, match=r"there is no sequence 'hangup'.*hang-up"):
        CONTRACT.sequence("hangup")


def test_every_kind_of_finding_is_put_in_words_and_no_other() -> None:
    """A new kind gets its entry in findings.yaml, and one that goes takes its own along."""
    assert set(ContractFiles(ROOT).read("findings.yaml", "findings")["findings"]) == {kind.value for kind in Kind}


def test_the_sequences_are_shown_as_they_are() -> None:
    """The table in the contract's README is the one that the site shows; replace it by that."""
    readme = (Path(str(ROOT)) / "README.md").read_text(encoding="utf-8")
    assert sequence_table() in readme


@pytest.mark.parametrize("version", VERSIONS)
def test_every_tolerated_place_exists(version: str) -> None:
    """A tolerance for a member that the model does not have would never be used."""
    model = CONTRACT.types(version)
    for entry in model.tolerated:
        for at in entry.at:
            owner, _, member = at.partition(".")
            members = model.types[owner].members if owner in model.types else model.actions[owner].parameters
            known = member in members or entry.kind == "member-undocumented" or member.endswith("@odata.type")
            assert known, f"{entry.name}: {at}"


def test_every_fact_of_an_operation_is_carried_or_explained() -> None:
    """A statement of the documentation becomes a rule, or the contract's README says why not."""
    readme = (Path(str(ROOT)) / "README.md").read_text(encoding="utf-8")
    known = {
        "participant-delete": 8,
        "participant-invite": 17,
        "call-reject": 11,
        "participant-mute": 5,
        "call-playprompt": 5,
        "call-mute": 4,
        "call-unmute": 4,
        "call-cancelmediaprocessing": 3,
        "call-senddtmftones": 2,
        "call-subscribetotone": 4,
        "call-record": 6,
        "call-updaterecordingstatus": 3,
        "participant-muteall": 2,
        "participant-configuremixer": 2,
        "call-post-audioroutinggroups": 3,
        "call-list-audioroutinggroups": 1,
        "audioroutinggroup-get": 1,
        "audioroutinggroup-update": 3,
        "audioroutinggroup-delete": 1,
        "participant-startholdmusic": 3,
        "participant-stopholdmusic": 2,
        "participant-reportsyntheticmedia": 5,
        "call-startrecording": 1,
        "call-stoprecording": 1,
        "call-starttranscription": 2,
        "call-stoptranscription": 2,
    }
    for operation, last in known.items():
        carried = {fact for rule in CONTRACT.rules.values() for fact in rule.facts}
        for number in range(1, last + 1):
            fact = f"{operation}.r{number:02}"
            assert fact in carried or re.search(rf"{operation}.r0?{number}\b|\br{number:02}\b", readme), fact


@every("id", CONTRACT.operation_ids)
def test_every_rule_was_read_beside_its_page(id: str) -> None:
    """The contract's README has a verdict for it: in the row of its operation, in the last column if it is reported."""
    readme = (Path(str(ROOT)) / "README.md").read_text(encoding="utf-8")
    table = readme.partition("## Rules beside their pages")[2].partition("\n## ")[0]
    (row,) = re.findall(rf"^\| {id} \|(.*)\|$", table, re.MULTILINE)
    *others, reported = ([slug.strip(" `") for slug in cell.split(",")] for cell in row.split("|"))
    rules = CONTRACT.operation(id).rules
    assert sorted(filter(None, sum(others, reported))) == sorted(rules)
    assert set(filter(None, reported)) == {
        slug for slug, one in rules.items() if one.evidence is not Evidence.DOCUMENTED
    }


@every("id", sorted(CONTRACT.rules))
def test_every_rule_can_be_explained(id: str) -> None:
    """A rule has a statement, a source, an address, and an example of either kind."""
    rule = CONTRACT.rules[id]
    assert rule.says.endswith(".")
    assert rule.holds != rule.broken
    assert rule.source.page
    assert all(rule.page(version).startswith("https://") for version in rule.versions)


@pytest.mark.parametrize("id", sorted(CONTRACT.questions))
def test_every_question_says_how_it_is_simulated(id: str) -> None:
    """A question names the status of the simulator, which the proof compares with the answer."""
    assert re.match(r"[2-5]\d\d\b", CONTRACT.questions[id].simulated)


def test_every_documented_operation_on_calls_is_covered() -> None:
    """Of operations on calls: those that are documented are covered, whole or as a question."""
    listed = PACKAGED.read("uncovered.yaml", "uncovered")["operations"]
    assert [one["id"] for one in listed if one["page"]] == []
    assert len(listed) == 9
