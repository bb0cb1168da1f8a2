"""The report for people, in Markdown: the same facts as the JSON document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any


def markdown(document: Mapping[str, Any]) -> str:
    """The text of a report.

    Args:
        document: what :func:`pytest_graphcalls.report.run_document.document` returned.
    """
    sections = (_head, _broken, _rules, _questions, _findings, _exercised, _messages)
    return "\n".join(line for section in sections for line in section(document)) + "\n"


def _head(document: Mapping[str, Any]) -> Iterator[str]:
    counts = document["summary"]
    yield "# Contract report"
    yield ""
    faults = f", {counts['could_not_check']} could not be checked" if counts["could_not_check"] else ""
    facts = {
        "target": document["target"],
        "API versions": ", ".join(document["api_versions"]),
        "contract": document["contract_revision"],
        "strict": "yes" if document["strict"] else "no",
        "seed": document["seed"],
        "written": f"{document['created']} by pytest-graphcalls {document['tool_version']}",
        "rules": f"{counts['held']} held, {counts['broken']} broken, {counts['not_checked']} not checked{faults}",
        **{name: counts[name] for name in ("tests", "exchanges", "findings")},
    }
    if document["masked"]:
        kinds = ", ".join(f"{number:,} x {kind}" for kind, number in document["masked"].items())
        facts["masked by the leak scan"] = kinds
    yield from table(("", ""), ((name, value) for name, value in facts.items()))


def _broken(document: Mapping[str, Any]) -> Iterator[str]:
    broken = [rule for rule in document["rules"] if rule["status"] == "broken"]
    if broken:
        yield from ("", "## Broken", "")
    for rule in broken:
        tests = [*rule["tests"], *rule["broken_by"]]
        yield f"- `{rule['id']}` ({rule['version']}): {_escaped(rule['reason'])}"
        yield from (f"  - `{test}`" for test in tests)


def _rules(document: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Rules", "")
    rows = (
        (f"`{rule['id']}`", rule["version"], rule["status"].replace("-", " "), rule["evidence"], rule["reason"])
        for rule in document["rules"]
    )
    yield from table(("rule", "version", "status", "evidence", "why"), rows)


def _questions(document: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Questions", "")
    rows = (
        (f"`{one['id']}`", one["version"], one["asks"], _answer(one["answer"]) or one["reason"])
        for one in document["questions"]
    )
    yield from table(("question", "version", "it asks", "answer"), rows)


def _answer(answer: Mapping[str, Any] | None) -> str:
    return " ".join(str(answer[name]) for name in ("status", "code", "text") if answer[name]) if answer else ""


def _findings(document: Mapping[str, Any]) -> Iterator[str]:
    if document["findings"]:
        yield from ("", "## Findings", "")
        rows = (
            (
                f"`{one['fingerprint']}`",
                one["severity"],
                one["side"],
                f"{one['operation']} {one['version']}",
                f"`{one['where']}`",
                one["expected"],
                one["got"],
                f"`{one['rule']}`" if one["rule"] else one["tolerated"],
                len(one["seen"]),
            )
            for one in document["findings"]
        )
        head = ("fingerprint", "severity", "side", "operation", "where", "expected", "got", "rule", "seen")
        yield from table(head, rows)


def _exercised(document: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Exercised operations", "")
    rows = ((one["id"], one["version"], one["count"]) for one in document["exercised"]["operations"])
    yield from table(("operation", "version", "exchanges"), rows)
    if rest := document["exercised"]["not_covered"]:
        yield from ("", "## Not covered by the contract, so not judged", "")
        yield from table(("operation", "exchanges"), ((one["name"], one["count"]) for one in rest))


def _messages(document: Mapping[str, Any]) -> Iterator[str]:
    """The exchanges and the notifications that findings refer to by their numbers."""
    for sort in ("exchanges", "notifications"):
        if document[sort]:
            yield from ("", f"## {sort.capitalize()}", "")
        for number, message in enumerate(document[sort]):
            request, response = message["request"], message.get("response")
            yield f"{number}. `{message['test']}`"
            lines = [f"{request['method']} {request['url']}", *_body(request)]
            lines += [f"-> {response['status']}", *_body(response)] if response else []
            yield from ("", "   ~~~text", *(f"   {line}" for line in lines), "   ~~~", "")


def _body(half: Mapping[str, Any]) -> list[str]:
    return str(half["body"]).splitlines()


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a table."""
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(_escaped(str(cell)) for cell in row)} |" for row in rows)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
