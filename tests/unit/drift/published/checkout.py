"""A checkout of reference pages in the form that Microsoft's have, made from the contract, in words of our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pytest_graphcalls.contract import Contract, Operation
from pytest_graphcalls.contract.types import Member

CONTRACT = Contract.packaged()
_PLAIN = "Edm."
INVITED = """{
  "participants": [
    {
      "@odata.type": "#microsoft.graph.invitationParticipantInfo",
      "identity": {"@odata.type": "#microsoft.graph.identitySet", "user": {"id": "one"}}
    }
  ],
  "clientContext": "ours"
}"""
STARTED = """{
  "@odata.type": "#microsoft.graph.inviteParticipantsOperation",
  "id": "two",
  "status": "Running",
  "clientContext": "ours"
}"""
ENDED = """{
  "value": [
    {
      "changeType": "deleted",
      "resourceUrl": "/communications/calls/three",
      "resourceData": {"@odata.type": "#microsoft.graph.call", "state": "terminated"}
    }
  ]
}"""


def made(root: Path, version: str = "v1.0") -> Path:
    """Write the pages of ``version`` that the contract speaks of; gives ``root``."""
    base = root / "api-reference" / version
    for folder in ("api", "resources", "includes/permissions"):
        (base / folder).mkdir(parents=True)
    for operation in CONTRACT.operations.values():
        if version in operation.versions:
            text = "\n".join(page(operation, version))
            (base / "api" / f"{operation.id}.md").write_text(text, encoding="utf-8")
            include = base / "includes" / "permissions" / f"{operation.id}-permissions.md"
            include.write_text("\n".join(newer_table(operation)), encoding="utf-8")
    answered = {one.body for operation in CONTRACT.operations.values() for one in operation.responses.values()}
    for name in sorted({"call", "participant", "commsOperation", *answered} & {*CONTRACT.types(version).types}):
        text = "\n".join(resource(name, version))
        (base / "resources" / f"{name.lower()}.md").write_text(text, encoding="utf-8")
    return root


def page(operation: Operation, version: str) -> Iterator[str]:
    """An operation's page: old table of permissions for GET, an included new one for the rest."""
    yield from ("---", f'title: "{operation.title}"', "---", "", f"# {operation.title}", "", "## Permissions", "")
    if operation.method == "GET":
        yield from older_table(operation)
    else:
        place = f"../includes/permissions/{operation.id}-permissions.md"
        yield f'<!-- {{ "blockType": "permissions", "name": "x" }} -->\n[!INCLUDE [permissions-table]({place})]'
    yield from ("", "## HTTP request", '<!-- { "blockType": "ignored" } -->', "```http")
    yield from (f"{operation.method} {path}" for path in operation.paths(version))
    yield from ("```", "", "## Request body", "")
    action = CONTRACT.types(version).actions.get(operation.action)
    if operation.request.body == "action" and action:
        yield from table("Parameter", action.parameters)
    yield from ("", "## Response", "")
    statuses = " or ".join(f"`{status} Done`" for status in operation.responses)
    yield from (f"When it works it answers with {statuses}.", "", "## Examples", "")
    yield from examples(operation, version)


def examples(operation: Operation, version: str) -> Iterator[str]:
    """What ``participant-invite`` and ``call-delete`` print: a request, its answer, a notification."""
    if operation.id == "participant-invite":
        url = f"https://graph.microsoft.com/{version}/communications/calls/{{id}}/participants/invite"
        yield from ("### Example 1: one person", "", "#### Request", "# [HTTP](#tab/http)")
        yield from ("<!-- {", '  "blockType": "request",', '  "name": "invite"', "}-->", "```http")
        yield from (f"POST {url}", "Content-Type: application/json", "Content-Length: 7", "", INVITED, "```")
        yield from ("# [C#](#tab/csharp)", "[!INCLUDE [sample-code](../includes/snippets/x.md)]", "---", "")
        yield from ("#### Response", '<!-- { "blockType": "response", "truncated": true } -->', "```http")
        yield from ("HTTP/1.1 200 OK", "Content-Type: application/json", "", STARTED, "```", "")
    if operation.id == "call-delete":
        yield from ("#### Notification", "```http", "POST https://bot.example/api/calls", "```", "")
        yield from ('<!-- { "blockType": "example", "@odata.type": "microsoft.graph.commsNotifications" } -->',)
        yield from ("```json", ENDED, "```")


def older_table(operation: Operation) -> Iterator[str]:
    """From least to most privileged in one column."""
    names = [*operation.permissions.least, *operation.permissions.higher]
    yield from ("|Permission type | Permissions (from least to most privileged)|", "|:---|:---|")
    yield "|Delegated (work or school account) | Not Supported |"
    yield f"|Application | {', '.join(names) or 'None'} |"


def newer_table(operation: Operation) -> Iterator[str]:
    """Least and higher ones in a column each."""
    least, higher = (
        ", ".join(names) or "Not available." for names in (operation.permissions.least, operation.permissions.higher)
    )
    yield from ("|Permission type|Least privileged permissions|Higher privileged permissions|", "|:---|:---|:---|")
    yield "|Delegated (personal Microsoft account)|Not supported.|Not supported.|"
    yield f"|Application|{least}|{higher}|"


def resource(name: str, version: str) -> Iterator[str]:
    """A resource's page with every member that the metadata declares for it."""
    model = CONTRACT.types(version)
    type_ = model.types[name]
    inherited = {member for base in type_.bases for member in model.types[base].members}
    added = model.added.get(name, {})
    own = {one: facts for one, facts in type_.members.items() if one not in inherited and one not in added}
    yield from (f"# {name} resource type", "", "## Properties", "")
    yield from table("Property", {"id": Member("Edm.String"), **own})
    yield from ("", "## JSON representation", "```json", '{"id": "String", "state": "String"}', "```")


def table(head: str, members: object) -> Iterator[str]:
    """A table of members or parameters."""
    yield from (f"| {head} | Type | Description |", "|:---|:---:|---|")
    for name, member in dict(members).items():
        plain = member.type.removeprefix(_PLAIN)
        type_ = plain if plain != member.type else f"[{plain}](../resources/{plain.lower()}.md)"
        yield f"|{name}| {type_}{' collection' if member.collection else ''} | Some words. |"
