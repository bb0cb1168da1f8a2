"""Documentation, metadata and service beside one another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Difference, Kind, Origin, Severity, rows
from pytest_graphcalls.drift.fact_table import Side

CONTRACT = Contract.packaged()
METADATA = Difference(
    Kind.TYPE_CHANGED, Origin.METADATA, "v1.0", "participant", "isMuted", "Edm.Boolean", "Edm.String", "v1.csdl"
)
PAGE = Difference(
    Kind.TYPE_CHANGED,
    Origin.DOCUMENTATION,
    "v1.0",
    "participant",
    "isMuted",
    "Edm.Boolean",
    "Int32",
    "participant.md:7",
    "https://docs.example/participant",
)
SERVICE = Difference(
    Kind.TYPE_CHANGED,
    Origin.RECORDING,
    "v1.0",
    "call-list-participants",
    "$.value[3].isMuted",
    "a truth",
    "a text",
    "test_x#2",
)


def test_three_sides_that_say_three_things_are_one_row() -> None:
    """The service's place in a body leads to the member that the others name by its type."""
    (row,) = rows([SERVICE, METADATA, PAGE], contract=CONTRACT)
    assert (row.fact, row.version) == ("participant.isMuted", "v1.0")
    assert [cell.says for cell in row.cells.values()] == ["Int32", "Edm.String", "a text"]
    assert [cell.place for cell in row.cells.values()] == ["participant.md:7", "v1.csdl", "test_x#2"]
    assert row.cells[Side.DOCUMENTATION].page == "https://docs.example/participant"
    assert all(cell.differs for cell in row.cells.values())
    assert row.disagree
    assert row.severity is Severity.BREAKING
    assert row.fingerprints == tuple(sorted(one.fingerprint for one in (METADATA, PAGE, SERVICE)))


def test_a_side_that_was_looked_at_says_what_the_contract_says() -> None:
    """A side that was not looked at is empty, and cannot disagree."""
    (row,) = rows([METADATA])
    assert [cell.says for cell in row.cells.values()] == ["", "Edm.String", ""]
    assert not row.disagree
    (row,) = rows([METADATA], looked=[Origin.DOCUMENTATION])
    assert [cell.says for cell in row.cells.values()] == ["Edm.Boolean", "Edm.String", ""]
    assert not row.cells[Side.DOCUMENTATION].differs
    assert row.disagree


def test_three_sides_that_agree_are_not_a_contradiction() -> None:
    """The sides differ from the contract, and agree with one another."""
    (row,) = rows([METADATA, replace(PAGE, after="Edm.String")])
    assert row.contract == "Edm.Boolean"
    assert not row.disagree


def test_a_missing_fact_is_a_word_in_its_cell() -> None:
    """An empty cell would mean that this side was not looked at."""
    (row,) = rows([replace(METADATA, kind=Kind.MEMBER_GONE, after="")], looked=[Origin.RECORDING])
    assert (row.cells[Side.METADATA].says, row.cells[Side.SERVICE].says) == ("nothing", "Edm.Boolean")
    (row,) = rows([replace(METADATA, kind=Kind.MEMBER_NEW, before="")], looked=[Origin.RECORDING])
    assert (row.cells[Side.METADATA].says, row.cells[Side.SERVICE].says) == ("Edm.String", "nothing")


@pytest.mark.parametrize(
    ("subject", "where", "fact"),
    [
        ("participant", "isMuted", "participant.isMuted"),
        ("participant", "id", "entity.id"),
        ("call", "", "call"),
        ("callState", "parked", "callState.parked"),
        ("call-reject", "status", "call-reject status"),
        ("call-get", "$.source.identity.user.displayName", "identity.displayName"),
        ("call-get", "$.mediaConfig.blob", "appHostedMediaConfig.blob"),
        ("call-get", "$.source.nobodyKnows", "call-get $.source.nobodyKnows"),
        ("participant-invite", "$.participants[2].endpointType", "invitationParticipantInfo.endpointType"),
        ("participant-invite", "request $.clientContext", "invite.clientContext"),
        ("application-post-calls", "request $.subject", "call.subject"),
        ("call-updated", "$.value[0].resourceData.state", "call.state"),
        ("call-updated", "$.value[0].changeType", "commsNotification.changeType"),
        ("participant-invite", "Location", "participant-invite Location"),
        ("participant-invite.at-most-five-invitees", "", "participant-invite.at-most-five-invitees"),
    ],
)
def test_a_fact_has_one_name_on_all_sides(subject: str, where: str, fact: str) -> None:
    """A fact is named by the type that declares the member; one without such a type keeps its own name."""
    (row,) = rows([replace(SERVICE, subject=subject, where=where)], contract=CONTRACT)
    assert row.fact == fact


def test_versions_and_facts_keep_to_themselves() -> None:
    """Rows are sorted by version and fact; a second difference of a side is in the same cell."""
    other = replace(METADATA, version="beta")
    second = replace(METADATA, kind=Kind.NULLABILITY_LOOSENED, before="never null", after="may be null")
    found = rows([METADATA, other, second])
    assert [(row.version, row.fact) for row in found] == [
        ("beta", "participant.isMuted"),
        ("v1.0", "participant.isMuted"),
    ]
    assert found[1].cells[Side.METADATA].says == "Edm.String; may be null"
