"""Open, update or close the one work item about drift, as verdict.json says. Copy it; it needs nothing but Python.

Usage: python keep_one_work_item.py nightly/verdict.json [nightly/summary.md]

It reads the variables that Azure Pipelines sets in a job (SYSTEM_COLLECTIONURI, SYSTEM_TEAMPROJECT) and
SYSTEM_ACCESSTOKEN, which a step has to be given by name; the build service needs *Edit work items in this node*, and
for the first work item *Create tag definition*. GRAPHCALLS_WORK_ITEM_TYPE (Issue) and GRAPHCALLS_CLOSED_STATE (Done)
name what your process has; the defaults are of the Basic process, and an Agile project sets Bug or Task, and Closed.

A work item is found by its tag. A comment reports the differences that were not in it before; known ones only change
its text. A night that could not be checked changes nothing.

The reported fingerprints are in the last line of the description, visibly. An HTML comment would be nicer, but Boards
does not promise to keep one when the text is edited or converted to Markdown. Tags do not work either: a work item
takes 100 of them, and each one would be suggested in the whole project from then on.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from html import escape, unescape
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, Request, build_opener

TAG = "graphcalls-drift"
MARK = re.compile(r"graphcalls knows:((?: [0-9a-f]{8,}\b)*)")
LONGEST = 60_000
"""Characters of the summary and of a comment before they are escaped; Boards takes a million."""
LONGEST_TITLE = 255
FIELDS = ("System.Id", "System.Title", "System.Description", "System.Tags")
PROCESS = "are GRAPHCALLS_WORK_ITEM_TYPE and GRAPHCALLS_CLOSED_STATE those of your process?"
WHY: dict[int, str] = {HTTPStatus.BAD_REQUEST: PROCESS, HTTPStatus.NOT_FOUND: PROCESS}


class _Stay(HTTPRedirectHandler):
    """Follows no redirect: one leads to a page to sign in, and the token would go with it."""

    def redirect_request(self, *_: object) -> None:
        """Gives nothing to ask instead, so that the redirect is a refusal."""


@dataclass(frozen=True)
class Boards:
    """The work items of one project.

    Attributes:
        collection: address of the organization or collection, without a slash at its end.
        project: name of the project.
        token: a token that may write work items.
        kind: type of a new work item.
        closed: state of a work item that is done with.
    """

    collection: str
    project: str
    token: str
    kind: str = "Issue"
    closed: str = "Done"

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Ask for ``path`` below the project's work items; gives the answer's JSON.

        Raises:
            URLError: Boards could not be reached, or has refused.
            PermissionError: it has answered with its page to sign in.
        """
        words = "&".join(f"{name}={quote(value)}" for name, value in {**query, "api-version": "7.1"}.items())
        request = Request(  # noqa: S310  the address is the job's own
            f"{self.collection}/{quote(self.project, safe='')}/_apis/wit/{path}?{words}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Accept": "application/json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json-patch+json" if isinstance(body, list) else "application/json",
                "User-Agent": "pytest-graphcalls-example",
            },
        )
        with build_opener(_Stay).open(request, timeout=30) as answer:
            if answer.status == HTTPStatus.NON_AUTHORITATIVE_INFORMATION:
                raise PermissionError("Azure asks for a sign-in: is SYSTEM_ACCESSTOKEN the job's token?")
            return json.load(answer)

    def item(self) -> dict[str, Any] | None:
        """The open work item about drift with its number in ``id``; the oldest, should there be several."""
        closed = self.closed.replace("'", "''")
        query = (
            "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project"  # noqa: S608  its one outside word is quoted
            f" AND [System.Tags] CONTAINS '{TAG}' AND [System.State] <> '{closed}' AND [System.State] <> 'Removed'"
            " ORDER BY [System.CreatedDate] ASC"
        )
        found = self.ask("POST", "wiql", {"query": query}, **{"$top": "10"})["workItems"]
        if not found:
            return None
        numbers = [one["id"] for one in found]
        # A query gives numbers only, whatever it selects.
        items = self.ask("GET", "workitems", ids=",".join(map(str, numbers)), fields=",".join(FIELDS))["value"]
        tagged = [one for one in items if TAG in _tags(one["fields"].get("System.Tags", ""))]
        return min(tagged, key=lambda one: numbers.index(one["id"]), default=None)

    def write(self, number: int | None, **fields: str) -> int:
        """Change a work item in one revision, or make one where ``number`` is None; gives its number."""
        changes = [{"op": "add", "path": f"/fields/System.{name}", "value": text} for name, text in fields.items()]
        if number is None:
            return int(self.ask("POST", f"workitems/${quote(self.kind, safe='')}", changes)["id"])
        return int(self.ask("PATCH", f"workitems/{number}", changes)["id"])


def keep(boards: Boards, verdict: dict[str, Any], summary: str) -> str:
    """Bring the work item up to date.

    Args:
        boards: where it is.
        verdict: what verdict.json holds.
        summary: plain text or Markdown for the description; it is shown as it stands.

    Returns:
        What was done, in a sentence.
    """
    wanted = verdict["issue"]
    if wanted["action"] == "leave":
        return "Could not check tonight; the work item is unchanged."
    item = boards.item()
    if wanted["action"] == "close":
        return _close(boards, item, verdict)
    title, text = wanted["title"][:LONGEST_TITLE], _description(summary, wanted["fingerprints"])
    if item is None:
        return f"Opened work item {boards.write(None, Title=title, Description=text, Tags=TAG)}."
    before = item["fields"].get("System.Description", "")
    known = _known(before)
    news = [one for one in verdict["differences"] if one["decides"] and one["fingerprint"] not in known]
    changes = {}
    if (title, _words(text)) != (item["fields"]["System.Title"], _words(before)):
        changes = {"Title": title, "Description": text}
    if news:
        changes["History"] = _comment(news)
    if changes:
        boards.write(item["id"], **changes)
    return f"Updated work item {item['id']}; {len(news)} new."


def _close(boards: Boards, item: dict[str, Any] | None, verdict: dict[str, Any]) -> str:
    if item is None:
        return "Nothing to report, and no work item is open."
    boards.write(item["id"], State=boards.closed, History=escape(_over(verdict)))
    return f"Closed work item {item['id']}."


def _over(verdict: dict[str, Any]) -> str:
    night = verdict["night"]["started"]
    if verdict["outcome"] == "no-drift":
        return f"No drift any more in the night of {night}."
    return f"{verdict['headline']} That is all right here: the night of {night}."  # --additive-ok


def _description(summary: str, fingerprints: list[str]) -> str:
    return f"<pre>{escape(summary[:LONGEST].rstrip())}</pre><p>graphcalls knows: {' '.join(fingerprints)}</p>"


def _comment(news: list[dict[str, Any]]) -> str:
    """Each difference on its line, what the service has said as text."""
    each = LONGEST // len(news)
    lines = [f"<li><code>{escape(one['fingerprint'])}</code> {escape(one['says'][:each])}</li>" for one in news]
    return f"<p>New tonight:</p><ul>{''.join(lines)}</ul>"


def _known(description: str) -> set[str]:
    """The fingerprints that a description already speaks of: in its last mark, as the service could imitate one."""
    found = MARK.findall(_words(description))
    return set(found[-1].split()) if found else set()


def _words(html: str) -> str:
    """The words of a text: Boards may write its HTML in another way than it was given."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def _tags(text: str) -> set[str]:
    return {one.strip().lower() for one in text.split(";")}


def main(arguments: list[str]) -> int:
    """Run it; the exit status is 0 when the work item is as it should be, else 1."""
    if not 1 <= len(arguments) <= len(("verdict.json", "summary.md")):
        sys.stderr.write(f"{__doc__}")
        return 64
    needed = ("SYSTEM_COLLECTIONURI", "SYSTEM_TEAMPROJECT", "SYSTEM_ACCESSTOKEN")
    missing = [name for name in needed if not os.environ.get(name)]
    if missing:
        sys.stderr.write(f"set {' and '.join(missing)}\n")
        return 64
    boards = Boards(
        os.environ["SYSTEM_COLLECTIONURI"].rstrip("/"),
        os.environ["SYSTEM_TEAMPROJECT"],
        os.environ["SYSTEM_ACCESSTOKEN"],
        os.environ.get("GRAPHCALLS_WORK_ITEM_TYPE") or Boards.kind,
        os.environ.get("GRAPHCALLS_CLOSED_STATE") or Boards.closed,
    )
    try:
        verdict = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        summary = Path(arguments[1]).read_text(encoding="utf-8") if arguments[1:] else verdict["headline"]
        sys.stdout.write(f"{keep(boards, verdict, summary)}\n")
    except HTTPError as error:
        error.close()
        why = WHY.get(error.code, "may the build service edit work items?")
        sys.stderr.write(f"Azure Boards has refused with {error.code}: {why}\n")
        return 1
    except (URLError, OSError, ValueError) as error:
        sys.stderr.write(f"the work item was not brought up to date: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
