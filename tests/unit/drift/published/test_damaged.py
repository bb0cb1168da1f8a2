"""Files that are not what they should be: what is said, and where it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_graphcalls.errors import PublishedFileError
from pytest_graphcalls.published.csdl import read_csdl
from pytest_graphcalls.published.openapi import read_openapi
from tests.unit.drift.published import forms

WHOLE_XML = forms.csdl(forms.types())
WHOLE_JSON = forms.written(forms.openapi(forms.types()), "json")
SHORT = {"paths": {"/communications/calls": {"get": {}}}, "components": {"schemas": {}}}
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>\n<Edmx>&b;</Edmx>'
OUTSIDE = '<?xml version="1.0"?>\n<!DOCTYPE x SYSTEM "file:///etc/hostname">\n<Edmx/>'


def of_schema(inner: str) -> str:
    return f'<Edmx><Schema Namespace="x">{inner}</Schema>\n</Edmx>'


def failed(read: object, path: Path, text: str | bytes) -> PublishedFileError:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(PublishedFileError) as caught:
        read(path)
    assert caught.value.file == str(path)
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "ends in the middle; is it cut off?"),
        ("\n\nno XML at all", 3, "is not XML: syntax error."),
        ('{"openapi": "3.0.4"}', 1, "is not XML"),
        ("<html>\n</html>", 1, "is XML, but not CSDL: its outermost element is 'html', not 'Edmx'."),
        ("<Edmx>\n<a></b></Edmx>", 2, "is not XML: mismatched tag."),
        (
            BOMB,
            1,
            "has a document type declaration, which CSDL never has; it is not read any further.",
        ),
        (OUTSIDE, 2, "has a document type declaration, which CSDL never has; it is not read any further."),
        (
            '<Edmx><Schema Namespace="x">\n<EntityType/></Schema></Edmx>',
            2,
            "has an element without its attribute 'Name' here.",
        ),
        (
            '<?xml version="1.0" encoding="utf-7"?><Edmx/>',
            1,
            "is in the encoding 'utf-7'; expected iso-8859-1 or us-ascii",
        ),
        ("<Edmx>" + "<a>\n" * 101, 100, "is nested too deep."),
        (of_schema('<EntityType Name="a" BaseType="x.a"/>'), 2, "has a type that derives from itself: 'x.a'."),
        (
            of_schema("".join(f'<EntityType Name="t{n}" BaseType="x.t{n + 1}"/>' for n in range(102))),
            2,
            "has a type with more than 100 bases: 'x.t0'.",
        ),
        (
            of_schema(f'<EnumType Name="e"><Member Name="a" Value="{"9" * 5000}"/></EnumType>'),
            1,
            "has a number of 5,000 digits; expected at most 20.",
        ),
    ],
)
def test_a_file_that_is_no_csdl_is_reported_with_its_line(text: str, line: int, problem: str, tmp_path: Path) -> None:
    """Neither another document nor one that would fill the memory is read to its end."""
    error = failed(read_csdl, tmp_path / "v1.csdl", text)
    assert error.line == line
    assert error.problem.startswith(problem)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.999])
def test_csdl_that_is_cut_says_where(share: float, tmp_path: Path) -> None:
    """The place is where it ends."""
    cut = WHOLE_XML.encode()[: int(len(WHOLE_XML.encode()) * share)]
    error = failed(read_csdl, tmp_path / "v1.csdl", cut)
    assert error.problem == "ends in the middle; is it cut off?"
    assert error.line == cut.count(b"\n") + 1
    assert len(cut) - 2000 <= error.byte <= len(cut)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_openapi_json_that_is_cut_says_where(share: float, tmp_path: Path) -> None:
    """The place is where it ends."""
    cut = WHOLE_JSON[: int(len(WHOLE_JSON) * share)]
    error = failed(read_openapi, tmp_path / "openapi.json", cut)
    assert 0 < error.byte <= len(cut)
    assert 1 < error.line <= cut.count("\n") + 1


def test_openapi_yaml_that_is_cut_between_two_lines_is_noticed(tmp_path: Path) -> None:
    """Such a rest is YAML all the same, but refers to what is not there."""
    whole = forms.written(forms.openapi(forms.types()), "yaml")
    path = tmp_path / "openapi.yaml"
    lines = whole.splitlines(keepends=True)
    schemas = lines.index("components:\n")
    problems = {
        failed(read_openapi, path, "".join(lines[:end])).problem.partition("'")[0]
        for end in (schemas, schemas + 40, schemas + (len(lines) - schemas) // 2)
    }
    assert problems == {
        "has paths of calls, but ends before its components; is it cut off?",
        "refers to the schema ",
    }


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "ends where a value has to stand; is it cut off?"),
        ("just a text", 1, "has something else where a mapping has to stand."),
        ("openapi: 3.0.4\ninfo: {}\n", 3, "is no OpenAPI: it has no member 'paths'."),
        (
            "paths:\n  /communications/calls: [1, 2\n",
            3,
            "is not YAML: did not find expected ',' or ']'; is it cut off?",
        ),
        (
            "paths:\n  /communications/calls: &a {}\n  /app/calls: *a\n",
            3,
            "uses the alias *a; write the value out, an alias is not followed.",
        ),
        ("paths: {}\n? [a, b]\n: c\n", 2, "has a key that is no text."),
        (b"paths: {}\nx: \xff\xfe\n", 1, "is not text: "),
        (f"paths:\n  /app/calls: {'[' * 120}{']' * 120}", 2, "is nested too deep."),
        ('{"paths": []}', 1, "has something else where an object has to stand."),
        ('{"paths"}', 1, "is not JSON: a member has to stand here."),
        ('{"paths": {}\n 3}', 2, "is not JSON: a comma or the end of an object has to stand here."),
        ('{"openapi": "3.0.4"}', 1, "is no OpenAPI: it has no member 'paths'."),
        ('{"a": nothing}', 1, "is not JSON: Expecting value."),
        ('{"a": ' + "[" * 100_000, 1, "is nested too deep."),
        (b'{"a": "\xff"}', 0, "is not text in UTF-8 or UTF-16."),
        (json.dumps(SHORT), 1, "refers to the schema 'call', which is not there; is it cut off?"),
    ],
)
def test_a_file_that_is_no_openapi_is_reported_with_its_line(
    text: str | bytes, line: int, problem: str, tmp_path: Path
) -> None:
    """YAML or JSON of another sort, damaged, or made to fill the memory."""
    error = failed(read_openapi, tmp_path / "openapi", text)
    assert error.problem.startswith(problem)
    assert error.line == line


def test_a_place_in_yaml_is_counted_in_bytes(tmp_path: Path) -> None:
    """libyaml counts letters; an editor that jumps to a byte would land elsewhere."""
    text = "info: äöü\npaths: [1\n"
    error = failed(read_openapi, tmp_path / "openapi.yaml", text)
    assert error.byte == len(text.encode()[: error.byte])
    assert "äöü".encode() in text.encode()[: error.byte]


def test_a_body_that_is_referred_to_has_to_be_there(tmp_path: Path) -> None:
    """An action whose request body stands elsewhere is found by its reference, or the file is damaged."""
    document = forms.openapi(forms.types())
    post = document["paths"]["/communications/calls/{call-id}/reject"]["post"]
    document["components"]["requestBodies"]["reject"] = post["requestBody"]
    post["requestBody"] = {"$ref": "#/components/requestBodies/reject"}
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    reject = next(action for action in read_openapi(path).actions if action["name"] == "reject")
    assert sorted(reject["parameters"]) == ["callbackUri", "reason"]
    del document["components"]["requestBodies"]["reject"]
    error = failed(read_openapi, path, json.dumps(document))
    assert error.problem == "refers to '#/components/requestBodies/reject', which is not there; is it cut off?"


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_metadata_of_a_cloud_without_calls_has_none(form: str, tmp_path: Path) -> None:
    """The file is read to its end, and states nothing about calls."""
    document = forms.openapi(forms.types(), {"/groups": {"get": {}}})
    document["paths"] = {"/groups": {"get": {}}}
    path = tmp_path / "openapi"
    path.write_text(forms.written(document, form))
    assert not read_openapi(path).has_calls


def test_actions_of_another_product_are_not_of_the_calls(tmp_path: Path) -> None:
    """An ``invite`` of files, functions, and what is bound to nothing are left out of the slice."""
    more = (
        '<EntityType Name="driveItem"/><Action Name="invite" IsBound="true">'
        '<Parameter Name="b" Type="graph.driveItem"/></Action>'
        '<Function Name="count" IsBound="true"><Parameter Name="b" Type="graph.call"/></Function>'
        '<Action Name="ping"><Parameter Name="text" Type="Edm.String"/></Action>',
    )
    path = tmp_path / "v1.csdl"
    path.write_text(forms.csdl(forms.types(), more))
    read = read_csdl(path)
    names = [(one["name"], one["boundTo"]) for one in read.actions_of(read.slice((), ("identity", "identitySet")))]
    assert ("invite", "participant") in names
    assert not {"driveItem", ""} & {bound for _, bound in names}
    assert "count" not in {name for name, _ in names}


def test_values_of_a_wrong_shape_state_nothing(tmp_path: Path) -> None:
    """A text instead of members, a number instead of alternatives: strange, but nothing to stumble over."""
    document = forms.openapi(forms.types())
    schemas = document["components"]["schemas"]
    schemas["microsoft.graph.chatInfo"] = {"properties": "none", "allOf": 3}
    schemas["microsoft.graph.toneInfo"] = "a text"
    schemas["microsoft.graph.mediaInfo"] = {"allOf": ["a", 5], "properties": {"uri": 3}}
    schemas["microsoft.graph.prompt"] = {"properties": {"x": {"anyOf": 3}, "y": {"type": "array", "items": 3}}}
    document["paths"]["/communications/calls/{call-id}/reject"] = "a text"
    document["paths"]["/communications/calls/{call-id}/answer"]["post"] = {"requestBody": 3, "responses": {"2XX": 3}}
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    read = read_openapi(path)
    assert {name: list(read.types[name]["properties"]) for name in ("chatInfo", "toneInfo", "mediaInfo", "prompt")} == {
        "chatInfo": [],
        "toneInfo": [],
        "mediaInfo": [],
        "prompt": ["x", "y"],
    }
