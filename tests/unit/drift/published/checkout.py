"""A checkout of reference pages in the form that Microsoft's have, made from the contract, in words of our own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pytest_graphcalls.contract import Contract, Operation
from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.contract.types import Member

CONTRACT = Contract.packaged()
STATED = ContractFiles().read("pages.yaml", "pages")
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
    shared: dict[str, list[str]] = {}
    for operation in CONTRACT.operations.values():
        paths = (f"{operation.method} {path}" for path in operation.paths(version))
        shared.setdefault(operation.page(version), []).extend(paths)
    for operation in reversed(CONTRACT.operations.values()):
        if version in operation.versions:
            text = "\n".join(page(operation, version, shared[operation.page(version)]))
            name = operation.page(version).partition("?")[0].rpartition("/")[2]
            (base / "api" / f"{name}.md").write_text(text, encoding="utf-8")
            include = base / "includes" / "permissions" / f"{operation.id}-permissions.md"
            include.write_text("\n".join(newer_table(operation)), encoding="utf-8")
    answered = {one.body for operation in CONTRACT.operations.values() for one in operation.responses.values()}
    for name in sorted({"call", "participant", "commsOperation", *answered} & {*CONTRACT.types(version).types}):
        text = "\n".join(resource(name, version))
        (base / "resources" / f"{name.lower()}.md").write_text(text, encoding="utf-8")
    return root


def page(operation: Operation, version: str, paths: Iterable[str]) -> Iterator[str]:
    """An operation's page: old table of permissions for GET, an included new one for the rest."""
    yield from ("---", f'title: "{operation.title}"', "---", "", f"# {operation.title}", "")
    durations = STATED["durations"].get(operation.id, {})
    yield from (f"Something has to happen within {duration}." for duration in durations)
    yield from ("", "## Permissions", "")
    if operation.method == "GET":
        yield from older_table(operation)
    else:
        place = f"../includes/permissions/{operation.id}-permissions.md"
        yield f'<!-- {{ "blockType": "permissions", "name": "x" }} -->\n[!INCLUDE [permissions-table]({place})]'
    yield from ("", "## HTTP request", '<!-- { "blockType": "ignored" } -->', "```http")
    yield from paths
    yield from ("```", "", "## Request body", "")
    yield from request_body(operation, version)
    yield from ("", "## Response", "")
    statuses = " or ".join(f"`{status} Done`" for status in operation.responses)
    body = next(iter(operation.responses.values())).body
    answer = f"a [{body}](../resources/{body.lower()}.md) in the response body" if body else "nothing else"
    nothing = "" if body else " It does not return anything in the response body."
    yield from (f"When it works it answers with {statuses} and {answer}.{nothing}", "", "## Examples", "")
    yield from examples(operation, version)


def request_body(operation: Operation, version: str) -> Iterator[str]:
    """What stands below "Request body": nothing to send, an object, or a table of parameters and their limits."""
    action = CONTRACT.types(version).actions.get(operation.action)
    if operation.request.body == "none":
        yield "Do not supply a request body for this method."
    elif operation.request.body != "action" or not action:
        yield f"Send a [{operation.request.body}](x.md) as JSON."
    else:
        limits: dict[str, dict[str, object]] = {}
        for one in operation.request.constraints:
            limits.setdefault(one.at, {}).update(one.limits)
        words = {
            name: " ".join(text.format(found[key]) for key, text in LIMITS.items() if key in found)
            for name, found in limits.items()
        }
        yield from table("Parameter", action.parameters, version, action.name, words)
        if "maxItems" in limits.get("participants", {}):
            yield from ("", f"> **Note**: up to {limits['participants']['maxItems']} participants can be invited.")


LIMITS = {
    "maxLength": "Can have a maximum of {} characters.",
    "maxItems": "The maximum size of the list is {}.",
    "minimum": "At least {}.",
    "maximum": "At most {}.",
}
"""By keyword: how a limit is worded."""


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
    yield from table("Property", {"id": Member("Edm.String"), **own}, version, name, {})
    yield from ("", "## JSON representation", "```json", '{"id": "String", "state": "String"}', "```")


def table(
    head: str, members: Mapping[str, Member], version: str, owner: str, words: Mapping[str, str]
) -> Iterator[str]:
    """A table of members or parameters, with the values of enumerations."""
    enums = CONTRACT.types(version).enums
    yield from (f"| {head} | Type | Description |", "|:---|:---:|---|")
    for name, member in members.items():
        plain = member.type.removeprefix(_PLAIN)
        type_ = plain if plain != member.type else f"[{plain}](../resources/{plain.lower()}.md)"
        values = enums[member.type].members if member.type in enums else ()
        hidden = {"unknownFutureValue", *STATED["unlisted"].get(f"{owner}.{name}", ())}
        listed = ", ".join(f"`{value}`" for value in values if value not in hidden)
        said = f"Some words. {words.get(name, '')}" + (f"Possible values are: {listed}. Read `only`." if listed else "")
        yield f"|{name}| {type_}{' collection' if member.collection else ''} | {said.strip()} |"
