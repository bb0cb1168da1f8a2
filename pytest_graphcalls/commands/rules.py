"""``graphcalls rules``: what is published about the operations, as a list."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pytest_graphcalls.commands.text import show, wrapped
from pytest_graphcalls.contract import Contract, Operation, Question, Rule
from pytest_graphcalls.report.words import counted

FORMAT = "graphcalls rules"
VERSION = 1
"""Name and version of the JSON document; the version changes when a member goes or changes its meaning."""


def run_rules(args: Namespace) -> int:
    """List rules and questions.

    Args:
        args: ``operation`` (an id, or ``None`` for all) and ``format``.

    Raises:
        UnknownNameError: there is no such operation.
    """
    contract = Contract.packaged()
    ids = [args.operation] if args.operation else contract.operation_ids
    # The operations that the project is about come first.
    operations = sorted(map(contract.operation, ids), key=lambda operation: not operation.central)
    show(_WRITERS[args.format](contract, operations))
    return 0


def _text(_: Contract, operations: Iterable[Operation]) -> Iterator[str]:
    rules = questions = 0
    for operation in operations:
        rules, questions = rules + len(operation.rules), questions + len(operation.questions)
        yield f"{operation.id}: {operation.title}"
        yield from (f"  {operation.method} {path} ({versions})" for path, versions in _paths(operation))
        for rule in operation.rules.values():
            yield f"  {rule.slug} ({_marks(rule)})"
            yield from wrapped(rule.says, indent=6)
        for slug, question in operation.questions.items():
            yield f"  ? {slug} ({', '.join(question.versions)})"
            yield from wrapped(question.asks, indent=6)
        yield ""
    yield f"{counted(rules, 'rule')}, {counted(questions, 'question')}. More about one: graphcalls explain NAME"


def _marks(rule: Rule) -> str:
    needs = f"; needs {', '.join(rule.needs)}" if rule.needs else ""
    return f"{rule.evidence}; {', '.join(rule.versions)}{needs}"


def _paths(operation: Operation) -> Iterator[tuple[str, str]]:
    """Each address once, with the versions it exists in."""
    versions: dict[str, list[str]] = {}
    for version in operation.versions:
        for path in operation.paths(version):
            versions.setdefault(path, []).append(version)
    yield from ((path, ", ".join(found)) for path, found in versions.items())


def _json(contract: Contract, operations: Iterable[Operation]) -> Iterator[str]:
    data = {
        "format": FORMAT,
        "version": VERSION,
        "contract_revision": contract.revision,
        "operations": [_operation(operation) for operation in operations],
    }
    yield json.dumps(data, ensure_ascii=False, indent=2)


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "id": operation.id,
        "title": operation.title,
        "summary": operation.summary,
        "method": operation.method,
        "paths": {version: list(operation.paths(version)) for version in operation.versions},
        "pages": dict(operation.pages),
        "rules": [_rule(rule) for rule in operation.rules.values()],
        "questions": [_question(question) for question in operation.questions.values()],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "says": rule.says,
        "versions": list(rule.versions),
        "evidence": rule.evidence.value,
        "source": {"page": rule.source.page, "section": rule.source.section},
        "pages": {version: rule.page(version) for version in rule.versions},
        "facts": list(rule.facts),
        "contradictions": list(rule.contradictions),
        "needs": [need.value for need in rule.needs],
        "holds": rule.holds,
        "broken": rule.broken,
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "id": question.id,
        "asks": question.asks,
        "versions": list(question.versions),
        "needs": [need.value for need in question.needs],
        "facts": list(question.facts),
        "simulated": question.simulated,
    }


def _markdown(contract: Contract, operations: Iterable[Operation]) -> Iterator[str]:
    yield "# Rules"
    yield ""
    yield f"Contract revision `{contract.revision}`."
    for operation in operations:
        yield from ("", f"## {operation.title} (`{operation.id}`)", "", operation.summary, "")
        yield from (f"- `{operation.method} {path}` ({versions})" for path, versions in _paths(operation))
        yield from _table(
            ("rule", "it says", "versions", "evidence", "source"),
            (
                (f"`{r.slug}`", r.says, ", ".join(r.versions), r.evidence, f"[{r.source}]({r.page(r.versions[0])})")
                for r in operation.rules.values()
            ),
        )
        yield from _table(
            ("question", "it asks", "versions"),
            ((f"`{slug}`", q.asks, ", ".join(q.versions)) for slug, q in operation.questions.items()),
        )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    body = [_row(row) for row in rows]
    if body:
        yield from ("", _row(head), _row(("---",) * len(head)), *body)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"


_WRITERS: Mapping[str, Callable[[Contract, Iterable[Operation]], Iterator[str]]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
}
