"""The contract's types, written as a service and as Graph's catalogue publish theirs; small texts of our own."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from xml.sax.saxutils import quoteattr

import yaml

from pytest_graphcalls.contract.loading import ContractFiles

Facts = Mapping[str, Any]


def types(version: str = "v1.0") -> dict[str, Any]:
    """The contract's types, to be changed at will."""
    return copy.deepcopy(_read(f"types-{version}.json"))


@cache
def _read(name: str) -> dict[str, Any]:
    return ContractFiles().read(name, "types" if name.endswith(".json") else "overlay")


def overlay() -> dict[str, Any]:
    """What the contract adds to them."""
    return copy.deepcopy(_read("types-overlay.yaml"))


def csdl(raw: Facts, more: Iterable[str] = ()) -> str:
    """``raw`` as CSDL; ``more`` are elements of other products."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">\n<edmx:DataServices>\n'
        '<Schema Namespace="microsoft.graph" Alias="graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">\n'
        + "\n".join([*more, *_csdl_parts(raw)])
        + "\n</Schema>\n</edmx:DataServices>\n</edmx:Edmx>\n"
    )


def _csdl_parts(raw: Facts) -> Iterable[str]:
    for name, enum in raw["enumTypes"].items():
        flags = ' IsFlags="true"' if enum["flags"] else ""
        inner = "".join(f"<Member Name={quoteattr(m)} Value={quoteattr(str(n))}/>" for m, n in enum["members"].items())
        yield f"<EnumType Name={quoteattr(name)}{flags}>{inner}</EnumType>"
    for part, element in (("entityTypes", "EntityType"), ("complexTypes", "ComplexType")):
        for name, type_ in raw[part].items():
            base = f' BaseType="graph.{type_["base"]}"' if type_["base"] else ""
            switches = "".join(f' {key}="true"' for key, fact in _SWITCHES.items() if type_[fact])
            inner = "".join(_csdl_value("Property", n, f) for n, f in type_["properties"].items())
            inner += "".join(_csdl_value("NavigationProperty", n, f) for n, f in type_["navigation"].items())
            yield f"<{element} Name={quoteattr(name)}{base}{switches}>{inner}</{element}>"
    for action in raw["actions"]:
        bound = {"type": action["boundTo"], "collection": action["boundToCollection"], "nullable": True}
        parameters = {"bindingParameter": bound, **action["parameters"]}
        inner = "".join(_csdl_value("Parameter", n, f) for n, f in parameters.items())
        inner += _csdl_value("ReturnType", "", action["returns"]) if action["returns"] else ""
        yield f'<Action Name="{action["name"]}" IsBound="true">{inner}</Action>'


_SWITCHES = {"Abstract": "abstract", "OpenType": "open"}


def _csdl_value(element: str, name: str, facts: Facts) -> str:
    type_ = facts["type"] if facts["type"].startswith("Edm.") else f"graph.{facts['type']}"
    whole = f"Collection({type_})" if facts["collection"] else type_
    named = f" Name={quoteattr(name)}" if name else ""
    nullable = ' Nullable="false"' if facts["nullable"] is False else ""
    contained = ' ContainsTarget="true"' if facts.get("contained") else ""
    return f"<{element}{named} Type={quoteattr(whole)}{nullable}{contained}/>"


def openapi(raw: Facts, more: Facts | None = None, *, lists: bool = True) -> dict[str, Any]:
    """``raw`` as OpenAPI.

    Args:
        raw: the types.
        more: paths of other products, written before those of the calls.
        lists: whether a base lists what derives from it; small files do not.
    """
    schemas = {f"microsoft.graph.{name}": _enum(name, enum) for name, enum in raw["enumTypes"].items()}
    for part in ("entityTypes", "complexTypes"):
        schemas |= {f"microsoft.graph.{name}": _schema(name, type_) for name, type_ in raw[part].items()}
    for type_ in (*raw["entityTypes"].values(), *raw["complexTypes"].values()):
        base = schemas.get(f"microsoft.graph.{type_['base']}") if lists else None
        if base:
            base.get("allOf", [base])[-1]["discriminator"] = {"propertyName": "@odata.type"}
    calls = {f"/communications/calls{path}": item for path, item in _items(raw)}
    return {
        "openapi": "3.0.4",
        "info": {"title": "ours", "version": "v1.0"},
        "servers": [{"url": "https://graph.example/v1.0"}],
        "paths": {**(more or {}), **calls},
        "components": {"schemas": schemas, "responses": {"error": {"description": "Error"}}, "requestBodies": {}},
    }


def _enum(name: str, enum: Facts) -> dict[str, Any]:
    flags = {"x-ms-enum-flags": {"isFlags": True}} if enum["flags"] else {}
    return {"title": name, "enum": list(enum["members"]), "type": "string", **flags}


def _schema(name: str, type_: Facts) -> dict[str, Any]:
    properties = {member: _value(facts) for member, facts in type_["properties"].items()}
    for member, facts in type_["navigation"].items():
        properties[member] = {**_value(facts), "x-ms-navigationProperty": True}
    more = {"additionalProperties": {"type": "object"}}  # as published, whether it is open or not
    own = {
        "title": name,
        "required": ["@odata.type"],
        "type": "object",
        "properties": {**properties, "@odata.type": {"type": "string"}},
        **more,
    }
    return {"allOf": [_ref(type_["base"]), own]} if type_["base"] else own


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/microsoft.graph.{name}"}


_PLAIN: dict[str, dict[str, Any]] = {
    "Edm.String": {"type": "string"},
    "Edm.Boolean": {"type": "boolean"},
    "Edm.Duration": {"type": "string", "format": "duration"},
    "Edm.Guid": {"type": "string", "format": "uuid"},
    "Edm.DateTimeOffset": {"type": "string", "format": "date-time"},
    "Edm.Int32": {"type": "number", "format": "int32"},
    "Edm.Int64": {"type": "number", "format": "int64"},
    "Edm.Binary": {"type": "string", "format": "base64url"},
    "Edm.Double": {
        "oneOf": [
            {"type": "number", "format": "double"},
            {"type": "string"},
            {"$ref": "#/components/schemas/ReferenceNumeric"},
        ]
    },
}


def _value(facts: Facts) -> dict[str, Any]:
    plain = _PLAIN.get(facts["type"])
    value = dict(plain) if plain else _ref(facts["type"])
    if facts["nullable"] and plain and not facts["collection"]:
        value["nullable"] = True
    elif facts["nullable"] and not facts["collection"]:
        value = {"anyOf": [value, {"type": "object", "nullable": True}]}
    return {"type": "array", "items": value} if facts["collection"] else value


def _items(raw: Facts) -> Iterable[tuple[str, dict[str, Any]]]:
    done = {"description": "Success"}
    yield "", {"get": {"responses": {"2XX": done}}, "post": {"responses": {"2XX": done}}}
    yield "/{call-id}", {"get": {"responses": {"2XX": done}}, "delete": {"responses": {"204": done}}}
    yield "/{call-id}/operations/{commsOperation-id}", {"get": {"responses": {"2XX": done}}}
    yield "/{call-id}/participants", {"get": {"responses": {"2XX": done}}}
    yield "/{call-id}/participants/{participant-id}", {"get": {"responses": {"2XX": done}}, "delete": {"responses": {}}}
    yield "/{call-id}/contentSharingSessions", {"get": {"responses": {"2XX": done}}}
    yield "/{call-id}/contentSharingSessions/{contentSharingSession-id}", {"get": {"responses": {"2XX": done}}}
    group = {"get": {"responses": {"2XX": done}}, "patch": {"responses": {"2XX": done}}, "delete": {"responses": {}}}
    yield "/{call-id}/audioRoutingGroups", {"get": {"responses": {"2XX": done}}, "post": {"responses": {"2XX": done}}}
    yield "/{call-id}/audioRoutingGroups/{audioRoutingGroup-id}", group
    for action in raw["actions"]:
        place = "" if action["boundTo"] == "call" else "/{call-id}/participants"
        key = "" if action["boundToCollection"] else f"/{{{action['boundTo']}-id}}"
        yield f"{place}{key}/{action['name']}", {"post": _action(action)}


def _action(action: Facts) -> dict[str, Any]:
    properties = {name: _value(facts) for name, facts in action["parameters"].items()}
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": properties}}}}
    answer: dict[str, Any] = {"description": "Success"}
    if action["returns"]:
        answer["content"] = {"application/json": {"schema": _value(action["returns"])}}
    responses = {"2XX": answer, "4XX": {"$ref": "#/components/responses/error"}}
    return {"requestBody": body, "responses": responses, "x-ms-docs-operation-type": "action"}


def written(document: Facts, form: str) -> str:
    """An OpenAPI document as ``yaml`` or ``json``, without aliases."""
    if form == "json":
        return json.dumps(document, indent=1)

    class Plain(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return yaml.dump(document, Dumper=Plain, sort_keys=False)


def foreign(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A path and a schema of another product."""
    answer = {"content": {"application/json": {"schema": _ref(f"other{number}")}}, "description": "An entity."}
    option = {"name": "$select", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}
    get = {"tags": ["groups.other"], "operationId": f"other.{number}", "parameters": [option], "responses": {}}
    get["responses"] = {"2XX": answer, "4XX": {"$ref": "#/components/responses/error"}}
    members = {
        f"member{index}": {"type": "string", "description": "Some words.", "nullable": True} for index in range(8)
    }
    return {"get": get}, _schema_of(members)


def _schema_of(members: Facts) -> dict[str, Any]:
    return {"allOf": [_ref("entity"), {"title": "other", "type": "object", "properties": dict(members)}]}


def yaml_path(number: int) -> str:
    """A path of another product as it stands in YAML."""
    return _indented({f"/groups/{{group-id}}/others{number}": foreign(number % 7)[0]}, 2)


def yaml_schema(number: int) -> str:
    """A schema of another product as it stands in YAML."""
    return _indented({f"microsoft.graph.other{number}": foreign(number % 7)[1]}, 4)


def json_path(number: int) -> str:
    """A path of another product as it stands in JSON."""
    return json.dumps({f"/groups/{{group-id}}/others{number}": foreign(number % 7)[0]}, indent=1)[1:-1]


def json_schema(number: int) -> str:
    """A schema of another product as it stands in JSON."""
    return json.dumps({f"microsoft.graph.other{number}": foreign(number % 7)[1]}, indent=1)[1:-1]


def csdl_type(number: int) -> str:
    """A type of another product as it stands in CSDL."""
    inner = "\n".join(f'  <Property Name="member{index}" Type="Edm.String"/>' for index in range(8))
    return f'<EntityType Name="other{number}" BaseType="graph.entity">\n{inner}\n</EntityType>'


@cache
def _template(text: str, indent: int) -> str:
    lines = written(json.loads(text), "yaml").splitlines()
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def _indented(value: Facts, indent: int) -> str:
    """Dumped once for each form; the number in the key is put in as text."""
    (key, inner), *_ = value.items()
    return _template(json.dumps({"KEY": inner}), indent).replace("KEY", key, 1)
