"""The contract against reference pages: each change of a page and the differences reported for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_graphcalls.drift import Difference, Origin, Unchecked
from pytest_graphcalls.published.docs import differences
from tests.unit.drift.published import checkout

API, RESOURCES = "api-reference/v1.0/api", "api-reference/v1.0/resources"
INVITE, REJECT = f"{API}/participant-invite.md", f"{API}/call-reject.md"
INCLUDED = "api-reference/v1.0/includes/permissions/participant-invite-permissions.md"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout.made(tmp_path_factory.mktemp("docs"))


@pytest.fixture
def docs(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "docs"))


def look(root: Path, version: str = "v1.0") -> tuple[list[Difference], list[Unchecked]]:
    found = list(differences(root, checkout.CONTRACT, version))
    return [one for one in found if isinstance(one, Difference)], [one for one in found if isinstance(one, Unchecked)]


def summary(one: Difference) -> str:
    return f"{one.severity} {one.kind} {one.subject} {one.where}".strip()


def line_of(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_pages_that_say_what_the_contract_says_give_nothing(version: str, tmp_path: Path) -> None:
    """Pages with both layouts of permission tables, old addresses, examples and notifications fit the contract."""
    assert look(checkout.made(tmp_path, version), version) == ([], [])


ROWS: list[tuple[str, str, str, str, list[str]]] = [
    (
        "an address is another",
        REJECT,
        "POST /communications/calls/{call-id}/reject",
        "POST /communications/calls/{call-id}/refuse",
        [
            "breaking path-gone call-reject POST /communications/calls/{}/reject",
            "additive path-new call-reject POST /communications/calls/{}/refuse",
        ],
    ),
    (
        "a method is another",
        REJECT,
        "POST /communications/calls/{call-id}/reject",
        "PATCH /communications/calls/{id}/reject",
        [
            "breaking path-gone call-reject POST /communications/calls/{}/reject",
            "additive path-new call-reject PATCH /communications/calls/{}/reject",
        ],
    ),
    (
        "an address comes",
        REJECT,
        "POST /communications/calls/{call-id}/reject",
        "POST /communications/calls/{id}/reject\nPOST https://graph.microsoft.com/v1.0/me/calls/{id}/reject?x=1",
        ["additive path-new call-reject POST /me/calls/{}/reject"],
    ),
    (
        "a permission is another",
        INCLUDED,
        "Calls.InitiateGroupCall.All",
        "Calls.Invite.All",
        [
            "additive permission-new participant-invite permissions",
            "breaking permission-gone participant-invite permissions, Calls.InitiateGroupCall.All",
        ],
    ),
    ("a permission is spelled as before", INCLUDED, "GroupCall.All", "GroupCalls.All", []),
    (
        "a permission for people comes",
        INCLUDED,
        "|Not supported.|Not supported.|",
        "|Calls.Read.All|Not supported.|",
        ["additive permission-new participant-invite permissions, delegated"],
    ),
    (
        "a permission of the older table goes",
        f"{API}/call-get.md",
        ", Calls.AccessMedia.All",
        "",
        ["breaking permission-gone call-get permissions, Calls.AccessMedia.All"],
    ),
    (
        "a status is another",
        REJECT,
        "`202 Done`",
        "`204 No Content`",
        ["behavioural status-changed call-reject status"],
    ),
    ("an error is named besides", REJECT, "`202 Done`", "`202 Accepted`, or else `404 Not Found`", []),
    (
        "a parameter comes",
        REJECT,
        "|reason|",
        "|mood| String | New. |\n|reason|",
        ["additive parameter-new reject mood"],
    ),
    (
        "a parameter is left out",
        REJECT,
        "|callbackUri|",
        "|`reason`|",
        ["notice member-unmentioned reject callbackUri"],
    ),
    (
        "a member comes",
        f"{RESOURCES}/call.md",
        "|subject|",
        "|mood| String | New. |\n|subject|",
        ["additive member-new call mood"],
    ),
    ("a member is left out", f"{RESOURCES}/call.md", "|subject|", "|id|", ["notice member-unmentioned call subject"]),
    (
        "a member is another type",
        f"{RESOURCES}/call.md",
        "|subject| String |",
        "|subject| Int32 |",
        ["breaking type-changed call subject"],
    ),
    (
        "a member is a list",
        f"{RESOURCES}/call.md",
        "|subject| String |",
        "|subject| String collection |",
        ["breaking type-changed call subject"],
    ),
    (
        "a member names its subtypes",
        f"{RESOURCES}/call.md",
        "[mediaConfig](../resources/mediaconfig.md)",
        "[appHostedMediaConfig](a.md) or [serviceHostedMediaConfig](b.md)",
        [],
    ),
    ("an enumeration is called a text", f"{RESOURCES}/call.md", "[callState](../resources/callstate.md)", "String", []),
    (
        "a value comes",
        f"{RESOURCES}/call.md",
        "`incoming`, `establishing`",
        "`incoming`, `parked`, `establishing`",
        ["additive enum-member-new callState parked"],
    ),
    (
        "a value of a parameter comes",
        f"{API}/call-reject.md",
        "`none`, ",
        "`none`, `sleepy`, ",
        ["additive enum-member-new rejectReason sleepy"],
    ),
    ("a slip of the table", f"{RESOURCES}/call.md", "|state|", "|STATE|", []),
    (
        "a member in other letters",
        f"{RESOURCES}/call.md",
        "|subject|",
        "|Subject|",
        ["behavioural letter-case-changed call subject"],
    ),
]


@pytest.mark.parametrize(("_name", "file", "before", "after", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_each_change_of_a_page_is_reported(
    _name: str, file: str, before: str, after: str, expected: list[str], docs: Path
) -> None:
    """Each difference has the page and the line."""
    path = docs / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    found, unchecked = look(docs)
    assert [summary(one) for one in found] == expected
    assert unchecked == []
    assert all(one.place.startswith(f"{file}:") and one.origin is Origin.DOCUMENTATION for one in found)


BROKEN: list[tuple[str, str, str, str, list[str]]] = [
    (
        "a request is no JSON",
        INVITE,
        '"clientContext": "ours"\n}\n```\n# [C#]',
        '"clientContext": "ours",\n}\n```\n# [C#]',
        ["notice example-invalid participant-invite example 1, request"],
    ),
    (
        "an answer is no JSON",
        INVITE,
        '"status": "Running",',
        '"status": Running,',
        ["notice example-invalid participant-invite example 1, response"],
    ),
    (
        "a notification is no JSON",
        f"{API}/call-delete.md",
        '"changeType": "deleted",',
        "changeType: deleted,",
        ["notice example-invalid call-delete example, JSON"],
    ),
    (
        "a member is another type",
        INVITE,
        '"clientContext": "ours"\n}\n```\n# [C#]',
        '"clientContext": 3\n}\n```\n# [C#]',
        ["notice example-broken participant-invite request $.clientContext"],
    ),
    (
        "an answer has another status",
        INVITE,
        "HTTP/1.1 200 OK",
        "HTTP/1.1 202 Accepted",
        ["notice example-broken participant-invite response status"],
    ),
    (
        "a notification is of another type",
        f"{API}/call-delete.md",
        '"state": "terminated"',
        '"state": 7',
        ["notice example-broken call-ended notification $.value[0].resourceData.state"],
    ),
    ("a member is left out of a shortened answer", INVITE, '  "id": "two",\n', "", []),
    (
        "a member is left out of a whole answer",
        INVITE,
        '"truncated": true',
        '"truncated": false',
        [
            "notice example-broken participant-invite response Location",
            "notice example-broken participant-invite response $.participants",
        ],
    ),
    ("what the contract tolerates by name", INVITE, '"Running"', "null", []),
]


@pytest.mark.parametrize(("_name", "file", "before", "after", "expected"), BROKEN, ids=[row[0] for row in BROKEN])
def test_each_example_is_judged_by_the_contract(
    _name: str, file: str, before: str, after: str, expected: list[str], docs: Path
) -> None:
    """A difference in an example is a notice: no program breaks by it."""
    path = docs / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    found, unchecked = look(docs)
    assert [summary(one) for one in found] == expected
    assert unchecked == []


def test_an_example_names_the_line_that_is_wrong(docs: Path) -> None:
    """The line is that of the wrong member, not that of the block."""
    path = docs / INVITE
    path.write_text(path.read_text().replace('"status": "Running",', '"status": "Running" 3,'))
    (invalid,), _ = look(docs)
    assert invalid.place == f"{INVITE}:{line_of(path, 'Running')}"
    path.write_text(path.read_text().replace('"status": "Running" 3,', '"status": 3,'))
    (broken,), _ = look(docs)
    assert broken.place == f"{INVITE}:{line_of(path, chr(34) + 'status')}"
    assert broken.page.startswith("https://learn.microsoft.com/graph/api/participant-invite")


def test_the_body_of_a_request_may_stand_in_a_block_of_its_own(docs: Path) -> None:
    """Some pages print it so, with an annotation for the body alone."""
    path = docs / INVITE
    split = 'Content-Type: application/json\n```\n<!-- { "blockType": "example" } -->\n```json\n'
    text = path.read_text().replace("Content-Type: application/json\nContent-Length: 7\n\n", split)
    path.write_text(text)
    assert look(docs) == ([], [])
    path.write_text(text.replace('"identity": {', '"who": {'))
    assert "$.participants[0].identity" in {one.where.partition(" ")[2] for one in look(docs)[0]}


GAPS: list[tuple[str, Callable[[Path], object], list[str]]] = [
    ("a page is missing", lambda docs: (docs / REJECT).unlink(), ["call-reject@v1.0"]),
    ("an include is missing", lambda docs: (docs / INCLUDED).unlink(), ["participant-invite.permissions@v1.0"]),
    ("a resource is missing", lambda docs: (docs / RESOURCES / "call.md").unlink(), ["call@v1.0"]),
    (
        "sections are missing",
        lambda docs: (docs / REJECT).write_text("# call: reject\n"),
        ["call-reject.path@v1.0", "call-reject.permissions@v1.0", "call-reject.status@v1.0"],
    ),
    ("the folder is missing", shutil.rmtree, ["documentation@v1.0"]),
    (
        "it is another product's",
        lambda docs: [page.rename(page.with_name(f"x-{page.name}")) for page in (docs / API).glob("*.md")],
        ["documentation@v1.0"],
    ),
]


@pytest.mark.parametrize(("_name", "spoil", "expected"), GAPS, ids=[row[0] for row in GAPS])
def test_a_missing_page_could_not_be_checked(
    _name: str, spoil: Callable[[Path], object], expected: list[str], docs: Path
) -> None:
    """A missing page is never a difference."""
    spoil(docs)
    found, unchecked = look(docs)
    assert found == []
    assert [one.subject for one in unchecked] == expected
    assert all(one.decides and one.reason.endswith((".", "?")) for one in unchecked)


def test_an_include_does_not_lead_out_of_the_checkout(docs: Path) -> None:
    """A page could name any file of the machine."""
    outside = docs.parent / "outside.md"
    outside.write_text((docs / INCLUDED).read_text())
    path = docs / INVITE
    include = "../includes/permissions/participant-invite-permissions.md"
    path.write_text(path.read_text().replace(include, "../../../../outside.md"))
    found, unchecked = look(docs)
    assert found == []
    assert [one.subject for one in unchecked] == ["participant-invite.permissions@v1.0"]


def test_a_fingerprint_does_not_hang_on_the_line(docs: Path) -> None:
    """Pages grow above what is wrong in them."""
    path = docs / REJECT
    path.write_text(path.read_text().replace("`202 Done`", "`204 Done`"))
    (before,), _ = look(docs)
    path.write_text(path.read_text().replace("# call: reject", "# call: reject\n\nMore words.\n"))
    (after,), _ = look(docs)
    assert before.fingerprint == after.fingerprint
    assert before.place != after.place
