"""Open, update or close the one issue about drift, as verdict.json says. Copy it; it needs nothing but Python.

Usage: python keep_one_issue.py nightly/verdict.json [nightly/summary.md]

It reads the variables that GitHub sets in a job (GITHUB_API_URL, GITHUB_REPOSITORY) and GITHUB_TOKEN, which needs
``issues: write``. An issue is found by its label. A comment reports the differences that were not in it before;
known ones only change the issue's text. A night that could not be checked changes nothing.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

LABEL = "graphcalls-drift"
MARK = re.compile(r"<!-- graphcalls: ([0-9a-f ]*) -->")
LONGEST = 60_000
"""Characters of an issue's text; GitHub takes 65,536."""


@dataclass(frozen=True)
class GitHub:
    """The issues of one repository.

    Attributes:
        api: address of the API, without a slash at its end.
        repository: owner and name.
        token: a token that may write issues.
    """

    api: str
    repository: str
    token: str

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask for ``path`` below the repository; gives the answer's JSON.

        Raises:
            URLError: GitHub could not be reached, or has refused.
        """
        request = Request(  # noqa: S310  the address is the job's own
            f"{self.api}/repos/{self.repository}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "User-Agent": "pytest-graphcalls-example",
            },
        )
        with urlopen(request, timeout=30) as answer:  # noqa: S310  the same
            return json.load(answer)

    def issue(self) -> dict[str, Any] | None:
        """The open issue about drift; the oldest, should there be several."""
        found = self.ask("GET", f"issues?state=open&labels={quote(LABEL)}&sort=created&direction=asc&per_page=10")
        return next((one for one in found if "pull_request" not in one), None)


def keep(github: GitHub, verdict: dict[str, Any], summary: str) -> str:
    """Bring the issue up to date.

    Args:
        github: where it is.
        verdict: what verdict.json holds.
        summary: Markdown for the issue's text.

    Returns:
        What was done, in a sentence.
    """
    wanted = verdict["issue"]
    if wanted["action"] == "leave":
        return "Could not check tonight; the issue is unchanged."
    issue = github.issue()
    if wanted["action"] == "close":
        return _close(github, issue, verdict)
    text = {"title": wanted["title"], "body": _body(summary, wanted["fingerprints"])}
    if issue is None:
        number = github.ask("POST", "issues", {**text, "labels": [LABEL]})["number"]
        return f"Opened issue {number}."
    number = issue["number"]
    known = _known(issue["body"] or "")
    news = [one for one in verdict["differences"] if one["decides"] and one["fingerprint"] not in known]
    if text != {"title": issue["title"], "body": issue["body"]}:
        github.ask("PATCH", f"issues/{number}", text)
    if news:
        lines = [f"- `{one['fingerprint']}` {_plain(one['says'])}" for one in news]
        github.ask("POST", f"issues/{number}/comments", {"body": "\n".join(["New tonight:", "", *lines])[:LONGEST]})
    return f"Updated issue {number}; {len(news)} new."


def _close(github: GitHub, issue: dict[str, Any] | None, verdict: dict[str, Any]) -> str:
    if issue is None:
        return "Nothing to report, and no issue is open."
    number = issue["number"]
    github.ask("POST", f"issues/{number}/comments", {"body": _over(verdict)})
    github.ask("PATCH", f"issues/{number}", {"state": "closed", "state_reason": "completed"})
    return f"Closed issue {number}."


def _over(verdict: dict[str, Any]) -> str:
    night = verdict["night"]["started"]
    if verdict["outcome"] == "no-drift":
        return f"No drift any more in the night of {night}."
    return f"{verdict['headline']} That is all right here: the night of {night}."  # --additive-ok


def _body(summary: str, fingerprints: list[str]) -> str:
    return f"{summary[:LONGEST].rstrip()}\n\n<!-- graphcalls: {' '.join(fingerprints)} -->"


def _known(body: str) -> set[str]:
    """The fingerprints that an issue's text already speaks of: in its last mark, as the service could imitate one."""
    found = MARK.findall(body)
    return set(found[-1].split()) if found else set()


def _plain(text: str) -> str:
    """A text of the service as text: in backquotes, on one line."""
    return "`" + " ".join(text.replace("`", "'").split()) + "`"


def main(arguments: list[str]) -> int:
    """Run it; the exit status is 0 when the issue is as it should be, else 1."""
    if not 1 <= len(arguments) <= len(("verdict.json", "summary.md")):
        sys.stderr.write(f"{__doc__}")
        return 64
    missing = [name for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN") if not os.environ.get(name)]
    if missing:
        sys.stderr.write(f"set {' and '.join(missing)}\n")
        return 64
    api = os.environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
    github = GitHub(api, os.environ["GITHUB_REPOSITORY"], os.environ["GITHUB_TOKEN"])
    try:
        verdict = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        summary = Path(arguments[1]).read_text(encoding="utf-8") if arguments[1:] else verdict["headline"]
        sys.stdout.write(f"{keep(github, verdict, summary)}\n")
    except HTTPError as error:
        error.close()
        sys.stderr.write(f"GitHub has refused with {error.code}: may the token write issues?\n")
        return 1
    except (URLError, OSError, ValueError) as error:
        sys.stderr.write(f"the issue was not brought up to date: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
