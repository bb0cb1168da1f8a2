"""The derived JSON Schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pytest_graphcalls.contract import VERSIONS, Contract
from pytest_graphcalls.contract.schema import Schemas, problem_of
from pytest_graphcalls.contract.types import TypeModel
from pytest_graphcalls.findings import Kind, Side

CONTRACT = Contract.packaged()
ROOTS = [
    "call",
    "participant",
    "inviteParticipantsOperation",
    "collection:participant",
    "action:invite",
    "action:reject",
]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_schema_is_valid_json_schema_2020_12(version: str) -> None:
    """Schemas of bodies and of types are plain JSON, and pass the meta-schema."""
    model = CONTRACT.types(version)
    schemas = Schemas(model, Side.RESPONSE)
    derived = [schemas.validator(root).schema for root in ROOTS] + list(map(schemas.definition, model.types))
    for schema in derived:
        assert json.loads(json.dumps(schema)) == schema
        Draft202012Validator.check_schema(schema)


def test_a_validator_is_compiled_once() -> None:
    """Compiling costs more than checking."""
    schemas = Schemas(CONTRACT.types("v1.0"), Side.RESPONSE)
    assert schemas.validator("call") is schemas.validator("call")


def test_a_sound_body_needs_no_validator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly every body is sound, and the validator takes ten times as long to say so."""
    schemas = Schemas(CONTRACT.types("v1.0"), Side.REQUEST)
    asked: list[str] = []
    monkeypatch.setattr(schemas, "validator", lambda root: asked.append(root) or Draft202012Validator({}))
    user = {"@odata.type": "#microsoft.graph.identity", "id": "7"}
    body = {"participants": [{"identity": {"user": user}}], "clientContext": None}
    assert list(schemas.errors("action:invite", body)) == []
    assert asked == []
    list(schemas.errors("action:invite", {**body, "clientContext": 7}))
    assert asked == ["action:invite"]


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("Edm.Boolean", True, 1),
        ("Edm.Int32", 1.0, True),
        ("Edm.Int32", -(2**31), -(2**31) - 1),
        ("Edm.Double", 1, True),
        ("Edm.Duration", "PT1S", "PT1S\n"),
        ("Edm.String", "", ["x"]),
        ("color", "blue", {}),
        ("thing", {"@odata.type": "#microsoft.graph.thing"}, {"@odata.type": ["#microsoft.graph.thing"]}),
        ("thing", {"@odata.etag": 1}, {"etag": 1}),
    ],
)
def test_the_quick_look_is_never_lenient(type_: str, good: Any, bad: Any) -> None:
    """What Python takes for the same thing, JSON does not."""
    schemas = Schemas(_model({"value": {"type": type_, "collection": False, "nullable": True}}), Side.RESPONSE)
    assert list(schemas.errors("thing", {"value": good})) == []
    assert list(schemas.errors("thing", {"value": bad})) != []


def test_members_of_bases_stand_in_the_flat_definition() -> None:
    """No check has to walk through the base types."""
    definition = Schemas(CONTRACT.types("v1.0"), Side.RESPONSE).definition("inviteParticipantsOperation")
    assert {"id", "status", "clientContext", "resultInfo", "participants"} <= set(definition["properties"])
    assert set(definition["graphMembers"]["required"]) == {"id", "status", "participants"}


def test_a_request_is_not_asked_for_an_id() -> None:
    """The service makes the id of an entity."""
    model = CONTRACT.types("v1.0")
    asked = {side: Schemas(model, side).definition("call")["graphMembers"]["required"] for side in Side}
    assert "id" in asked[Side.RESPONSE]
    assert "id" not in asked[Side.REQUEST]


def _model(properties: dict[str, Any], *, nullable_beta: bool | None = None) -> TypeModel:
    type_ = {"base": None, "abstract": False, "open": False, "properties": properties, "navigation": {}}
    enums = {"color": {"flags": True, "evolvable": True, "members": {"red": 1, "blue": 2, "unknownFutureValue": 4}}}
    metadata = {
        "entityTypes": {},
        "complexTypes": {"thing": type_},
        "enumTypes": enums,
        "actions": [],
        "omittedSubtypes": {},
    }
    return TypeModel("v1.0", metadata, {"members": {}, "enums": {}, "tolerated": {}})


@pytest.mark.parametrize(
    ("type_", "good", "bad", "kind"),
    [
        ("Edm.String", "", 5, Kind.TYPE_WRONG),
        ("Edm.Boolean", False, 0, Kind.TYPE_WRONG),
        ("Edm.Int32", 2**31 - 1, True, Kind.TYPE_WRONG),
        ("Edm.Int32", -5, 2**31, Kind.LIMIT_EXCEEDED),
        ("Edm.Int64", 2**40, 2**63, Kind.LIMIT_EXCEEDED),
        ("Edm.Double", 0.5, "0.5", Kind.TYPE_WRONG),
        ("Edm.Guid", "57dab8b1-894c-409a-b240-bd8beae78896", "57dab8b1", Kind.FORMAT_WRONG),
        ("Edm.DateTimeOffset", "2026-01-01T00:00:00.12Z", "1 January", Kind.FORMAT_WRONG),
        ("Edm.Duration", "PT1.5S", "90 s", Kind.FORMAT_WRONG),
        ("color", "red,blue", "red,pink", Kind.ENUM_UNKNOWN),
        ("color", "blue", "Blue", Kind.ENUM_LETTER_CASE),
        ("thing", {}, [], Kind.TYPE_WRONG),
        ("Edm.String", "x", None, Kind.NULL_UNEXPECTED),
    ],
)
def test_a_value_is_held_to_its_type(type_: str, good: Any, bad: Any, kind: Kind) -> None:
    """Each primitive, enumeration and object, right and wrong."""
    required = {"value": {"type": type_, "collection": False, "nullable": False}}
    if type_ == "thing":
        required["value"]["nullable"] = True
    schemas = Schemas(_model(required), Side.RESPONSE)
    assert list(schemas.errors("thing", {"value": good})) == []
    (error,) = schemas.errors("thing", {"value": bad})
    assert (problem_of(error).kind, error.json_path) == (kind, "$.value")


def test_unknown_nullability_promises_nothing() -> None:
    """Beta members that only the generated client has may be missing or null."""
    validator = Schemas(
        _model({"a": {"type": "Edm.String", "collection": False, "nullable": None}}), Side.RESPONSE
    ).validator("thing")
    assert list(validator.iter_errors({})) == []
    assert list(validator.iter_errors({"a": None})) == []


def test_annotations_are_not_members() -> None:
    """OData control information is left alone, on the object and on a member."""
    validator = Schemas(_model({}), Side.RESPONSE).validator("thing")
    assert list(validator.iter_errors({"@odata.context": "x", "a@odata.count": 1, "@odata.etag": "y"})) == []
