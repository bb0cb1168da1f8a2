"""Differences planted in pages and in metadata: each is found with its kind, its place and nothing besides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_graphcalls.drift import Difference, Kind, Unchecked
from pytest_graphcalls.published.csdl import Form
from pytest_graphcalls.published.published import of_metadata, of_pages
from tests.unit.drift.published import checkout, forms

K = Kind
API, RESOURCES, BETA = "api-reference/v1.0/api", "api-reference/v1.0/resources", "api-reference/beta/api"
CREATE, ANSWER, REJECT = (f"{API}/{name}.md" for name in ("application-post-calls", "call-answer", "call-reject"))
INVITE, REMOVE, PLAY = (f"{API}/{name}.md" for name in ("participant-invite", "participant-delete", "call-playprompt"))
KEEP, MUTE, OPERATION = (
    f"{API}/{name}.md" for name in ("call-keepalive", "participant-mute", "addlargegalleryviewoperation-get")
)

Found = tuple[Kind, str, str, str, str]
"""Kind, subject, where, before and after."""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Every page of both versions, with its text."""
    root = checkout.made(checkout.made(tmp_path_factory.mktemp("docs")), "beta")
    return {path: path.read_text(encoding="utf-8") for path in root.rglob("*.md")}


@pytest.fixture
def docs(pristine: dict[Path, str]) -> Iterator[Path]:
    """The pages; one that a test has changed is put back afterwards."""
    yield next(parent.parent for parent in next(iter(pristine)).parents if parent.name == "api-reference")
    for path, text in pristine.items():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def facts(one: Difference) -> Found:
    return one.kind, one.subject, one.where, one.before, one.after


def limit(operation: str, parameter: str, before: str, after: str) -> list[Found]:
    return [(K.VALUE_CHANGED, operation, f"{parameter}, limit", before, after)]


def unmentioned(operation: str, where: str, before: str) -> list[Found]:
    return [(K.MEMBER_UNMENTIONED, operation, where, before, "")]


def test_both_versions_end_clean(docs: Path) -> None:
    """No difference, and nothing that could not be checked: the operation that has no page of its own included."""
    assert [one for version in ("v1.0", "beta") for one in of_pages(docs, version)] == []


PAGES: list[tuple[str, str, str, list[Found]]] = [
    # Limits
    (INVITE, "maximum of 256 char", "maximum of 128 char", limit("participant-invite", "clientContext", "256", "128")),
    (INVITE, "maximum of 256 char", "limit of 512 char", limit("participant-invite", "clientContext", "256", "512")),
    (PLAY, "maximum of 256 char", "maximum of 1,024 char", limit("call-playprompt", "clientContext", "256", "1024")),
    (MUTE, "Can have a maximum of 256 characters.", "", unmentioned("participant-mute", "clientContext, limit", "256")),
    (INVITE, "up to 5 participants", "up to 10 participants", limit("participant-invite", "participants", "5", "10")),
    (INVITE, "up to 5 participants", "up to ten invitees", limit("participant-invite", "participants", "5", "10")),
    (PLAY, "size of the list is 20", "size of the list is 1", limit("call-playprompt", "prompts", "20", "1")),
    (
        PLAY,
        "size of the list is 20",
        "size of the list is twenty-five",
        limit("call-playprompt", "prompts", "20", "25"),
    ),
    (PLAY, "size of the list is 20", "size of the list is twenty", []),
    (
        f"{BETA}/participant-invite.md",
        "maximum of 256 char",
        "maximum of 64 char",
        limit("participant-invite", "clientContext", "256", "64"),
    ),
    # Durations
    (
        REJECT,
        "15 seconds",
        "30 seconds",
        [(K.VALUE_CHANGED, "call-reject", "call-reject.fifteen-seconds-to-decide", "15 seconds", "30 seconds")],
    ),
    (REJECT, "15 seconds", "fifteen seconds", []),
    (
        REJECT,
        "within 15 seconds.",
        "in time.\n\nMore.",
        unmentioned("call-reject", "call-reject.fifteen-seconds-to-decide", "15 seconds"),
    ),
    (
        ANSWER,
        "within 5 seconds",
        "within 3 seconds",
        [(K.VALUE_CHANGED, "call-answer", "call-reject.fifteen-seconds-to-decide", "5 seconds", "3 seconds")],
    ),
    (
        KEEP,
        "45 minutes",
        "30 minutes",
        [
            (
                K.VALUE_CHANGED,
                "call-keepalive",
                "call-keepalive.missed-for-45-minutes-ends-the-call",
                "45 minutes",
                "30 minutes",
            )
        ],
    ),
    (
        KEEP,
        "within 45 minutes.",
        "every 15 to 45 minutes. Without one for 60 minutes the call ends.",
        [
            (
                K.VALUE_CHANGED,
                "call-keepalive",
                "call-keepalive.missed-for-45-minutes-ends-the-call",
                "15 minutes, 45 minutes",
                "60 minutes",
            )
        ],
    ),
    # Listed values
    (REJECT, ", `busy`", "", [(K.ENUM_MEMBER_GONE, "rejectReason", "busy", "busy", "")]),
    (
        REJECT,
        "`forbidden`",
        "`prohibited`",
        [
            (K.ENUM_MEMBER_NEW, "rejectReason", "prohibited", "", "prohibited"),
            (K.ENUM_MEMBER_GONE, "rejectReason", "forbidden", "forbidden", ""),
        ],
    ),
    (REJECT, "`none`, `busy`, `forbidden`", "`None`, `Busy` and `Forbidden`", []),
    (ANSWER, ", `video`", "", [(K.ENUM_MEMBER_GONE, "modality", "video", "video", "")]),
    (
        f"{RESOURCES}/call.md",
        ", `transferAccepted`",
        "",
        [(K.ENUM_MEMBER_GONE, "callState", "transferAccepted", "transferAccepted", "")],
    ),
    (
        f"{RESOURCES}/commsoperation.md",
        ", `failed`",
        "",
        [(K.ENUM_MEMBER_GONE, "operationStatus", "failed", "failed", "")],
    ),
    (f"{RESOURCES}/call.md", "Possible values are: `incoming`, `outgoing`.", "", []),
    # Bodies
    (
        REMOVE,
        "Do not supply a request body for this method.",
        "In the request body, provide a JSON object.",
        [(K.BODY_NEW, "participant-delete", "request body", "", "a body")],
    ),
    (
        REMOVE,
        "Do not supply a request body for this method.",
        "In the request body, provide:\n\n|Parameter|Type|Description|\n|:---|:---|:---|\n|reason|String|Why.|",
        [(K.BODY_NEW, "participant-delete", "request body", "", "a body")],
    ),
    (REMOVE, "Do not supply a request body", "Don't supply a request body", []),
    (
        KEEP,
        "Do not supply a request body for this method.",
        "Supply the id of the call as JSON.",
        [(K.BODY_NEW, "call-keepalive", "request body", "", "a body")],
    ),
    (
        CREATE,
        "Send a [call](x.md) as JSON.",
        "Do not supply a request body for this method.",
        [(K.BODY_GONE, "application-post-calls", "request body", "a body", "")],
    ),
    (
        MUTE,
        "a [muteParticipantOperation](../resources/muteparticipantoperation.md) in the response body",
        "a [participant](../resources/participant.md) in the response body",
        [(K.TYPE_CHANGED, "participant-mute", "response body", "muteParticipantOperation", "participant")],
    ),
    (
        MUTE,
        "a [muteParticipantOperation](../resources/muteparticipantoperation.md) in the response body",
        "nothing else. It does not return anything in the response body",
        [(K.BODY_GONE, "participant-mute", "response body", "muteParticipantOperation", "")],
    ),
    (
        REJECT,
        "nothing else. It does not return anything in the response body.",
        "a [call](../resources/call.md) in the response body.",
        [(K.BODY_NEW, "call-reject", "response body", "", "call")],
    ),
    # Addresses, permissions, statuses, members
    (
        OPERATION,
        "GET /communications/calls/{call-id}/operations/{operation-id}",
        "GET /communications/operations/{operation-id}",
        [
            (
                K.PATH_GONE,
                "commsoperation-get",
                "GET /communications/calls/{}/operations/{}",
                "GET /communications/calls/{}/operations/{}",
                "",
            ),
            (
                K.PATH_NEW,
                "commsoperation-get",
                "GET /communications/operations/{}",
                "",
                "GET /communications/operations/{}",
            ),
        ],
    ),
    (OPERATION, "`200 Done`", "`202 Done`", [(K.STATUS_CHANGED, "commsoperation-get", "status", "200", "202")]),
    (REMOVE, "`204 Done`", "`200 Done`", [(K.STATUS_CHANGED, "participant-delete", "status", "204", "200")]),
    (
        PLAY,
        "|prompts|",
        "|volume| Int32 | Loudness. |\n|prompts|",
        [(K.PARAMETER_NEW, "playPrompt", "volume", "", "Int32")],
    ),
    (
        PLAY,
        "|clientContext|",
        "|ClientContext2|",
        [
            (K.PARAMETER_NEW, "playPrompt", "ClientContext2", "", "String"),
            (K.MEMBER_UNMENTIONED, "playPrompt", "clientContext", "Edm.String", ""),
            *unmentioned("call-playprompt", "clientContext, limit", "256"),
        ],
    ),
    (
        f"{RESOURCES}/participant.md",
        "|isMuted| Boolean |",
        "|isMuted| String |",
        [(K.TYPE_CHANGED, "participant", "isMuted", "Edm.Boolean", "String")],
    ),
]


@pytest.mark.parametrize(
    ("file", "before", "after", "expected"),
    PAGES,
    ids=[f"{Path(row[0]).stem}-{number}" for number, row in enumerate(PAGES)],
)
def test_a_change_of_a_page_is_found(file: str, before: str, after: str, expected: list[Found], docs: Path) -> None:
    """The difference has kind, place in the contract and line of the page; nothing else is reported."""
    path, version = docs / file, file.split("/")[1]
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    found = list(of_pages(docs, version))
    assert [facts(one) for one in found] == expected
    changed = text[: text.index(before)].count("\n") + 1
    lines = [int(one.place.rpartition(":")[2]) for one in found]
    assert all(one.place.startswith(f"{file}:") for one in found)
    assert not lines or changed in lines or {one.kind for one in found} <= {K.MEMBER_UNMENTIONED, K.BODY_GONE}


CONTAINER = (
    '<EntityContainer Name="GraphService"><Singleton Name="communications" Type="graph.cloudCommunications"/>'
    '<EntitySet Name="users" EntityType="graph.user"/></EntityContainer>'
)
PARTICIPANTS = (
    r'(EntityType Name="call".*?Name="participants" Type="Collection\(graph\.participant\)") ContainsTarget="true"'
)
METADATA: list[tuple[str, str, str, list[Found]]] = [
    (
        "the singleton is missing",
        '<Singleton Name="communications" [^>]*/>',
        "",
        [(K.PATH_GONE, "communications", "/communications", "singleton of cloudCommunications", "")],
    ),
    (
        "the singleton has another name",
        'Singleton Name="communications"',
        'Singleton Name="communication"',
        [(K.PATH_GONE, "communications", "/communications", "singleton of cloudCommunications", "")],
    ),
    (
        "the singleton is of another type",
        'Name="communications" Type="graph.cloudCommunications"',
        'Name="communications" Type="graph.communications"',
        [
            (
                K.TYPE_CHANGED,
                "communications",
                "/communications",
                "singleton of cloudCommunications",
                "singleton of communications",
            )
        ],
    ),
    (
        "participants are not contained",
        PARTICIPANTS,
        r"\1",
        [
            (
                K.TYPE_CHANGED,
                "call",
                "participants",
                "contained list of participant",
                "not contained list of participant",
            )
        ],
    ),
    (
        "participants are said not to be contained",
        PARTICIPANTS,
        r'\1 ContainsTarget="false"',
        [
            (
                K.TYPE_CHANGED,
                "call",
                "participants",
                "contained list of participant",
                "not contained list of participant",
            )
        ],
    ),
    (
        "calls are not contained",
        r'(Name="calls" Type="Collection\(graph\.call\)") ContainsTarget="true"',
        r"\1",
        [(K.TYPE_CHANGED, "cloudCommunications", "calls", "contained list of call", "not contained list of call")],
    ),
    (
        "operations are not contained",
        r'(Name="operations" Type="Collection\(graph\.commsOperation\)") ContainsTarget="true"',
        r"\1",
        [
            (
                K.TYPE_CHANGED,
                "call",
                "operations",
                "contained list of commsOperation",
                "not contained list of commsOperation",
            )
        ],
    ),
    ("an entity set is missing", '<EntitySet Name="users" EntityType="graph.user"/>', "", []),
    ("there is no container", "<EntityContainer.*</EntityContainer>", "", []),
    (
        "a reason is missing",
        '<Member Name="busy" Value="1"/>',
        "",
        [(K.ENUM_MEMBER_GONE, "rejectReason", "busy", "busy", "")],
    ),
    (
        "an action is missing",
        r'<Action Name="reject" IsBound="true">.*?</Action>',
        "",
        [(K.ACTION_GONE, "reject", "", "action on call", "")],
    ),
]


def metadata(path: Path, **more: object) -> list[Difference | Unchecked]:
    return list(of_metadata(path, Form.CSDL, "v1.0", **more))


@pytest.mark.parametrize(("_name", "before", "after", "expected"), METADATA, ids=[row[0] for row in METADATA])
def test_a_change_of_the_metadata_is_found(
    _name: str, before: str, after: str, expected: list[Found], tmp_path: Path
) -> None:
    """The place where calls begin and what they contain are as much a part of it as types."""
    path = tmp_path / "v1.0-Prod.csdl"
    text = forms.csdl(forms.types(), [CONTAINER])
    path.write_text(text)
    assert metadata(path) == []
    changed = re.sub(before, after, text, count=1, flags=re.DOTALL)
    assert changed != text
    path.write_text(changed)
    assert [facts(one) for one in metadata(path)] == expected
    assert all(one.place == path.name for one in metadata(path))


def without(*names: str) -> str:
    """CSDL without these types, enumerations and actions, and without the members of ``participant`` among them."""
    raw = forms.types()
    for part in ("entityTypes", "complexTypes", "enumTypes"):
        raw[part] = {name: type_ for name, type_ in raw[part].items() if name not in names}
    raw["actions"] = [action for action in raw["actions"] if action["name"] not in names]
    properties = raw["entityTypes"]["participant"]["properties"]
    raw["entityTypes"]["participant"]["properties"] = {one: two for one, two in properties.items() if one not in names}
    return forms.csdl(raw, [CONTAINER])


LEFT_OUT = ("sendDtmfTones", "sendDtmfTonesOperation", "removedState", "rosterSequenceNumber")


@pytest.mark.parametrize(
    ("name", "more", "missing"),
    [
        ("v1.0-Prod.csdl", {}, {"sendDtmfTones", "sendDtmfTonesOperation", "removedState", "participant"}),
        ("v1.0-Prod.csdl", {"is_slice": True}, {"participant"}),
        ("v1.0-Fairfax.csdl", {}, set()),
        ("metadata.xml", {"cloud": "us-gov-l4"}, set()),
        (
            "v1.0-Prod.csdl",
            {"cloud": "global"},
            {"sendDtmfTones", "sendDtmfTonesOperation", "removedState", "participant"},
        ),
    ],
)
def test_a_file_is_compared_with_what_it_can_hold(
    name: str, more: dict[str, object], missing: set[str], tmp_path: Path
) -> None:
    """Another cloud is behind in many things, and a slice omits types, but no members of a type that it has."""
    path = tmp_path / name
    path.write_text(without(*LEFT_OUT))
    found = metadata(path, **more)
    assert {one.subject for one in found if isinstance(one, Difference)} == missing
    rest = [one for one in found if isinstance(one, Unchecked)]
    assert all(not one.decides and "sendDtmfTonesOperation" in one.reason for one in rest)
    assert bool(rest) == (len(missing) < 4)


def test_an_operation_documented_for_a_cloud_has_to_be_in_its_metadata(tmp_path: Path) -> None:
    """``answer`` is documented for US Government L4, so its metadata cannot be without it."""
    path = tmp_path / "v1.0-Fairfax.csdl"
    path.write_text(without(*LEFT_OUT, "answer"))
    assert not [one for one in metadata(path) if isinstance(one, Difference)]
    (missing,) = (one for one in metadata(path, cloud="us-gov-l4") if isinstance(one, Difference))
    assert facts(missing) == (K.ACTION_GONE, "answer", "", "action on call", "")


def test_a_change_in_another_clouds_metadata_is_found(tmp_path: Path) -> None:
    """Only what is missing may be missing: what is there has to be what the contract says."""
    path = tmp_path / "beta-Fairfax.csdl"
    path.write_text(
        without(*LEFT_OUT).replace(
            '<Property Name="subject" Type="Edm.String"', '<Property Name="subject" Type="Edm.Int32"'
        )
    )
    found = [facts(one) for one in metadata(path) if isinstance(one, Difference)]
    assert found == [(K.TYPE_CHANGED, "call", "subject", "Edm.String", "Edm.Int32")]


def sliced(others: tuple[str, ...], spoil: Callable[[dict[str, object]], object]) -> str:
    raw = forms.types()
    document = forms.openapi(raw, {path: {"get": {"responses": {}}} for path in others})
    spoil(document)
    return forms.written(document, "json")


@pytest.mark.parametrize(
    ("others", "kinds"),
    [
        (("/communications/presences", "/users"), []),
        (("/communications/presences", *(f"/product{number}" for number in range(20))), [K.PATH_GONE]),
        (("/users",), [K.PATH_GONE]),
    ],
)
def test_a_slice_of_openapi_is_known_by_its_few_paths(
    others: tuple[str, ...], kinds: list[Kind], tmp_path: Path
) -> None:
    """A file for one product's client: a path that it lacks was omitted; in a whole file it would be a difference."""
    path = tmp_path / "openapi.json"
    path.write_text(sliced(others, lambda document: document["paths"]["/communications/calls/{call-id}"].pop("delete")))
    found = list(of_metadata(path, Form.OPENAPI, "v1.0"))
    assert [one.kind for one in found if isinstance(one, Difference)] == kinds
    assert len(found) == 1
