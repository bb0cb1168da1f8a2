"""The contract's types against published metadata: each change and the differences reported for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_graphcalls.drift import Difference, Origin
from pytest_graphcalls.published.csdl import Metadata, read_csdl
from pytest_graphcalls.published.metadata import as_text, differences, refreshed, routes_gone
from pytest_graphcalls.published.openapi import read_openapi
from tests.unit.drift.published import forms

UNKNOWN = object()
"""``None`` in the model."""


def member(type_: str = "Edm.String", *, collection: bool = False, nullable: bool | None = True) -> dict[str, Any]:
    return {"type": type_, "collection": collection, "nullable": nullable}


def put(model: dict[str, Any], path: str, value: Any) -> None:
    """Set what stands at ``path`` of a model; ``None`` takes it away."""
    *steps, last = path.split("/")
    place: Any = model
    for step in steps:
        place = next(one for one in place if one["name"] == step) if isinstance(place, list) else place[step]
    if isinstance(place, list):
        place[:] = [one for one in place if one["name"] != last] + ([value] if value else [])
    elif value is None:
        place.pop(last, None)
    else:
        place[last] = None if value is UNKNOWN else value


def enum(*members: str, flags: bool = False) -> dict[str, Any]:
    numbered = {name: number for number, name in enumerate(members)}
    return {"flags": flags, "evolvable": "unknownFutureValue" in members, "members": numbered}


def action(name: str, bound: str = "call") -> dict[str, Any]:
    facts = {"boundTo": bound, "boundToCollection": False, "returns": None, "parameters": {}}
    return {"name": name, "kind": "action", **facts}


def summaries(found: list[Difference]) -> list[str]:
    return [f"{one.severity} {one.kind} {one.subject} {one.where}".strip() for one in found]


CALL, PROPERTIES = "entityTypes/call", "entityTypes/call/properties"
STATE, REJECT = "enumTypes/callState", "actions/reject/parameters"
SAME: list[str] = ["the same"]
"""OpenAPI states it as well."""
NOT_SAID: list[str] = []
"""OpenAPI cannot state it."""
ROWS: list[tuple[str, str, Any, Any, list[str], list[str]]] = [
    ("a member goes", f"{PROPERTIES}/subject", member(), None, ["breaking member-gone call subject"], SAME),
    ("a member comes", f"{PROPERTIES}/mood", None, member(), ["additive member-new call mood"], SAME),
    (
        "a member is another type",
        f"{PROPERTIES}/subject",
        member(),
        member("Edm.Int32"),
        ["breaking type-changed call subject"],
        SAME,
    ),
    (
        "a member is a list",
        f"{PROPERTIES}/subject",
        member(),
        member(collection=True),
        ["breaking type-changed call subject"],
        SAME,
    ),
    (
        "a member may be null",
        f"{PROPERTIES}/subject",
        member(nullable=False),
        member(),
        ["breaking nullability-loosened call subject"],
        SAME,
    ),
    (
        "a member is never null",
        f"{PROPERTIES}/subject",
        member(),
        member(nullable=False),
        ["additive nullability-tightened call subject"],
        NOT_SAID,
    ),
    ("whether null is allowed was unknown", f"{PROPERTIES}/subject", member(nullable=None), member(), [], SAME),
    (
        "a number of a generated client has its size",
        f"{PROPERTIES}/size",
        {**member("Edm.Int32"), "from": "sdk"},
        member("Edm.Int64"),
        [],
        SAME,
    ),
    (
        "a member changes a letter",
        "complexTypes/chatInfo/properties",
        {"threadId": member()},
        {"threadID": member()},
        ["behavioural letter-case-changed chatInfo threadId"],
        SAME,
    ),
    ("a type opens", "complexTypes/chatInfo/open", False, True, ["additive type-opened chatInfo open"], NOT_SAID),
    ("a type closes", "complexTypes/chatInfo/open", True, False, ["breaking type-changed chatInfo open"], NOT_SAID),
    (
        "a type is abstract",
        "complexTypes/chatInfo/abstract",
        False,
        True,
        ["breaking type-changed chatInfo abstract"],
        NOT_SAID,
    ),
    ("whether it is abstract was unknown", "complexTypes/chatInfo/abstract", UNKNOWN, True, [], NOT_SAID),
    (
        "a type has another base",
        "entityTypes/playPromptOperation/base",
        "commsOperation",
        "participant",
        ["breaking type-changed playPromptOperation base"],
        SAME,
    ),
    (
        "a base comes in between",
        "entityTypes/recordOperation/base",
        "commsOperation",
        "playPromptOperation",
        [],
        SAME,
    ),
    (
        "a type goes",
        "entityTypes/participantLeftNotification",
        forms.types()["entityTypes"]["participantLeftNotification"],
        None,
        ["breaking type-gone participantLeftNotification"],
        SAME,
    ),
    (
        "an operation comes",
        "entityTypes/danceOperation",
        None,
        {**forms.types()["entityTypes"]["recordOperation"], "properties": {}},
        ["additive type-new danceOperation"],
        SAME,
    ),
    (
        "an identity of calls comes",
        "complexTypes/communicationsRobotIdentity",
        None,
        {**forms.types()["complexTypes"]["communicationsUserIdentity"], "properties": {}},
        ["additive type-new communicationsRobotIdentity"],
        SAME,
    ),
    (
        "an identity of another product comes",
        "complexTypes/gardenIdentity",
        None,
        {**forms.types()["complexTypes"]["communicationsUserIdentity"], "properties": {}},
        [],
        SAME,
    ),
    (
        "an enumeration loses a member",
        STATE,
        enum("incoming", "hold", "established"),
        enum("incoming", "established"),
        ["breaking enum-member-gone callState hold"],
        SAME,
    ),
    (
        "an enumeration has one more",
        STATE,
        enum("incoming"),
        enum("incoming", "parked"),
        ["additive enum-member-new callState parked"],
        SAME,
    ),
    (
        "an enumeration changes a letter",
        STATE,
        enum("incoming", "hold"),
        enum("incoming", "Hold"),
        ["behavioural letter-case-changed callState hold"],
        SAME,
    ),
    (
        "a hidden member goes",
        STATE,
        enum("incoming", "unknownFutureValue", "parked"),
        enum("incoming", "unknownFutureValue"),
        ["breaking enum-member-gone callState parked"],
        NOT_SAID,
    ),
    (
        "a member takes another number",
        STATE,
        enum("incoming", "hold"),
        enum("hold", "incoming"),
        [],
        SAME,
    ),
    (
        "several at once are allowed",
        STATE,
        enum("incoming"),
        enum("incoming", flags=True),
        ["breaking type-changed callState flags"],
        SAME,
    ),
    ("an action goes", "actions/hush", action("hush"), None, ["breaking action-gone hush"], SAME),
    ("an action comes", "actions/hush", None, action("hush"), ["additive action-new hush"], SAME),
    (
        "an action goes and there is another of its name",
        "actions/hush",
        action("hush"),
        action("hush", "participant"),
        ["breaking action-gone hush", "additive action-new hush"],
        SAME,
    ),
    ("a parameter goes", f"{REJECT}/mood", member(), None, ["breaking parameter-gone reject mood"], SAME),
    ("a parameter comes", f"{REJECT}/mood", None, member(), ["additive parameter-new reject mood"], SAME),
    (
        "a parameter comes that has to be sent",
        f"{REJECT}/mood",
        None,
        member(nullable=False),
        ["breaking parameter-changed reject mood"],
        ["additive parameter-new reject mood"],
    ),
    (
        "a parameter has to be sent",
        f"{REJECT}/mood",
        member(),
        member(nullable=False),
        ["breaking parameter-changed reject mood"],
        NOT_SAID,
    ),
    (
        "a parameter may be left out",
        f"{REJECT}/mood",
        member(nullable=False),
        member(),
        ["additive parameter-loosened reject mood"],
        SAME,
    ),
    (
        "a parameter is another type",
        f"{REJECT}/mood",
        member(),
        member("Edm.Boolean"),
        ["breaking parameter-changed reject mood"],
        SAME,
    ),
    (
        "an answer is another type",
        "actions/invite/returns",
        member("inviteParticipantsOperation"),
        member("commsOperation"),
        ["breaking type-changed invite returns"],
        SAME,
    ),
]


def read(form: str, model: dict[str, Any], folder: Path) -> Metadata:
    """``model`` in a form of publication, read back; ``yaml`` is OpenAPI, too, and slower to write."""
    if form == "csdl":
        path = folder / "metadata.xml"
        path.write_text(forms.csdl(model), encoding="utf-8")
        return read_csdl(path)
    path = folder / f"{form}.txt"
    path.write_text(forms.written(forms.openapi(model), "yaml" if form == "yaml" else "json"), encoding="utf-8")
    return read_openapi(path)


@pytest.mark.parametrize("form", ["csdl", "openapi"])
@pytest.mark.parametrize(("_name", "path", "before", "after", "csdl", "openapi"), ROWS, ids=[row[0] for row in ROWS])
def test_each_change_of_the_metadata_is_reported(
    _name: str, path: str, before: Any, after: Any, csdl: list[str], openapi: list[str], form: str, tmp_path: Path
) -> None:
    """CSDL says all of it; OpenAPI what it can state, and of the rest nothing is made up."""
    contract, published = forms.types(), forms.types()
    put(contract, path, before)
    put(published, path, after)
    found = list(differences(contract, read(form, published, tmp_path), forms.overlay(), "v1.0"))
    assert summaries(found) == (csdl if form == "csdl" or openapi is SAME else openapi)
    assert {one.origin for one in found} <= {Origin.METADATA}


@pytest.mark.parametrize("form", ["csdl", "openapi", "yaml"])
@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_metadata_that_fits_the_contract_has_no_differences(version: str, form: str, tmp_path: Path) -> None:
    """Published as it is, whatever the form, there is no difference: no overlay entry, nothing unknown of beta."""
    published = read(form, forms.types(version), tmp_path)
    assert list(differences(forms.types(version), published, forms.overlay(), version)) == []
    assert published.has_calls


def test_a_member_of_the_overlay_that_is_published_now_is_additive(tmp_path: Path) -> None:
    """The hint says which entry to take out, and where the two differ."""
    published = forms.types()
    put(published, "complexTypes/identity/properties/tenantId", member())
    put(published, "complexTypes/participantInfo/properties/endpointId", member("Edm.Guid"))
    members = dict.fromkeys(["notStarted", "running", "completed", "failed"])
    put(published, "enumTypes/operationStatus/members", dict(zip(members, range(4), strict=True)))
    found = list(differences(forms.types(), read("csdl", published, tmp_path), forms.overlay(), "v1.0"))
    assert {str(one.severity) for one in found} == {"additive"}
    hints = {f"{one.subject} {one.where}".strip(): one.hint for one in found}
    take = "The metadata has it now: take {} out of types-overlay.yaml."
    assert hints["identity tenantId"] == take.format("identity.tenantId")
    otherwise = " It says Edm.String there, the metadata Edm.Guid."
    assert hints["participantInfo endpointId"] == take.format("participantInfo.endpointId") + otherwise
    assert hints["operationStatus running"] == take.format("operationStatus: running")


def test_a_type_of_the_overlay_that_is_published_now_is_additive(tmp_path: Path) -> None:
    """As that of v1.0 has deltaParticipants, and that of beta may have it one day."""
    published = forms.types("beta")
    put(published, "entityTypes/deltaParticipants", {**published["entityTypes"]["entity"], "properties": {}})
    (found,) = differences(forms.types("beta"), read("csdl", published, tmp_path), forms.overlay(), "beta")
    assert (found.severity, found.subject) == ("additive", "deltaParticipants")
    assert found.hint == "The metadata has it now: take deltaParticipants out of types-overlay.yaml."


def test_a_member_that_moved_into_a_base_is_still_there(tmp_path: Path) -> None:
    """Where in the chain a member is declared cannot be seen on the wire."""
    published = forms.types()
    moved = published["entityTypes"]["participant"]["properties"].pop("isMuted")
    published["entityTypes"]["presenceLike"] = {**published["entityTypes"]["entity"], "base": "entity"}
    published["entityTypes"]["presenceLike"]["properties"] = {"isMuted": moved}
    published["entityTypes"]["participant"]["base"] = "presenceLike"
    found = list(differences(forms.types(), read("csdl", published, tmp_path), forms.overlay(), "v1.0"))
    assert summaries(found) == ["additive type-new presenceLike"]


def test_an_answer_that_comes_or_goes_is_a_body(tmp_path: Path) -> None:
    """``keepAlive`` answers with something, ``invite`` with nothing any more."""
    published = forms.types()
    put(published, "actions/keepAlive/returns", member("commsOperation"))
    next(one for one in published["actions"] if one["name"] == "invite")["returns"] = None
    for form in ("csdl", "openapi"):
        found = differences(forms.types(), read(form, published, tmp_path), forms.overlay(), "v1.0")
        assert summaries(list(found)) == ["breaking body-gone invite returns", "additive body-new keepAlive returns"]


@pytest.mark.parametrize(("lists", "expected"), [(True, ["breaking type-gone appHostedMediaConfig"]), (False, [])])
def test_a_subtype_is_missing_where_its_base_lists_the_others(lists: bool, expected: list[str], tmp_path: Path) -> None:
    """OpenAPI cut down to one product omits the subtypes that no path names."""
    published = forms.types()
    del published["complexTypes"]["appHostedMediaConfig"]
    path = tmp_path / "openapi.json"
    path.write_text(forms.written(forms.openapi(published, lists=lists), "json"))
    assert summaries(list(differences(forms.types(), read_openapi(path), forms.overlay(), "v1.0"))) == expected


def test_one_action_name_on_two_types_is_two_actions(tmp_path: Path) -> None:
    """There is a ``mute`` of the call and one of a participant."""
    published = forms.types()
    published["actions"] = [one for one in published["actions"] if (one["name"], one["boundTo"]) != ("mute", "call")]
    found = list(differences(forms.types(), read("csdl", published, tmp_path), forms.overlay(), "v1.0"))
    assert summaries(found) == ["breaking action-gone call.mute"]


def test_an_address_that_is_not_published_any_more_is_reported(tmp_path: Path) -> None:
    """OpenAPI has the addresses; what else it has is none of the contract's business."""
    published = read("openapi", forms.types(), tmp_path)
    assert ("POST", "/communications/calls/{}/reject") in published.routes
    promised = {"call-reject": ("POST", "/communications/calls/{}/reject"), "call-x": ("PUT", "/communications/calls")}
    (missing,) = routes_gone(published.routes, promised, "v1.0", "openapi.json")
    assert (missing.subject, missing.before, missing.after) == (
        "call-x",
        "PUT /communications/calls",
        "GET, POST /communications/calls",
    )


def test_a_difference_has_the_same_fingerprint_from_either_form(tmp_path: Path) -> None:
    """A difference accepted for one file is accepted for both."""
    published = forms.types()
    put(published, f"{PROPERTIES}/mood", member())
    prints = {
        one.fingerprint
        for form in ("csdl", "openapi")
        for one in differences(forms.types(), read(form, published, tmp_path), forms.overlay(), "v1.0")
    }
    assert len(prints) == 1


def test_the_refreshed_file_is_the_one_that_lies_there(tmp_path: Path) -> None:
    """Line by line but for its source, so that a refresh shows nothing but what has changed."""
    contract = forms.types()
    others = {base: [name for name in names if "." not in name] for base, names in contract["omittedSubtypes"].items()}
    more = [f'<ComplexType Name="{n}" BaseType="graph.{base}"/>' for base, names in others.items() for n in names]
    path = tmp_path / "metadata.xml"
    path.write_text(forms.csdl(contract, more), encoding="utf-8")
    new = refreshed(contract, read_csdl(path), forms.overlay())
    assert new["omittedSubtypes"] == others
    assert new["source"] == [{"file": "metadata.xml", "gives": "everything"}]
    before = (Path(__file__).parents[4] / "contracts" / "types-v1.0.json").read_text(encoding="utf-8").splitlines()
    after = as_text({**new, "omittedSubtypes": contract["omittedSubtypes"], "source": contract["source"]})
    assert after.splitlines() == before
