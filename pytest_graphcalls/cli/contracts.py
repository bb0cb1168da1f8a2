"""``graphcalls contracts``: the contract's own files."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from pytest_graphcalls.atomic import put
from pytest_graphcalls.cli.terminal import show, wrapped
from pytest_graphcalls.contract import Contract, Operation, Rule
from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.contract.types import TypeModel
from pytest_graphcalls.drift import EXIT_CODES, Outcome, Unchecked
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.published import metadata as published
from pytest_graphcalls.published.published import load
from pytest_graphcalls.records import plain
from pytest_graphcalls.report.markdown import table
from pytest_graphcalls.report.run_document import counted

SAME, CHANGED = 0, 1


def refresh(args: Namespace) -> int:
    """Show what ``types-<version>.json`` would become by published metadata, and write it with ``--write``.

    Args:
        args: ``csdl``, ``version``, ``write`` and ``into``.

    Returns:
        0 nothing has changed, 1 something has, 3 there is no such file or it has no types of calls.

    Raises:
        ContractFileError: the contract in the folder cannot be used.
        PublishedFileError: the file is there and is not what it should be.
        SettingError: the folder cannot be written to.
    """
    read = load(Path(args.csdl), published.Form.CSDL)
    if isinstance(read, Unchecked):
        show([f"could not check: {read.subject}: {read.reason}"])
        return EXIT_CODES[Outcome.COULD_NOT_CHECK]
    folder = Path(args.into) if args.into else Path(str(package_files("pytest_graphcalls.contracts")))
    files = ContractFiles(folder)
    name = f"types-{args.version}.json"
    old, overlay = files.read(name, "types"), files.read("types-overlay.yaml", "overlay")
    new = published.refreshed(old, read, overlay)
    TypeModel(args.version, new, overlay)  # what could not be read again is not written
    same = all(new[part] == old[part] for part in new if part != "source")
    show(_lines(old, read, overlay, args.version, same=same))
    if args.write and not same:
        _write(folder / name, published.as_text(new))
        show([f"Written: {folder / name}"])
    elif not same:
        show([f"Not written; --write replaces {folder / name}."])
    return SAME if same else CHANGED


def _lines(
    old: Mapping[str, object], read: published.Metadata, overlay: Mapping[str, object], version: str, *, same: bool
) -> Iterator[str]:
    found = list(published.differences(old, read, overlay, version))
    for one in found:
        yield f"{one}"
        yield from (f"    {one.hint}",) if one.hint else ()
    if same:
        yield "The types are as published."
    else:
        yield f"{counted(len(found), 'difference')}; what was not known before is not counted."


def _write(path: Path, text: str) -> None:
    try:
        put({path: text})
    except OSError as error:
        raise SettingError("--into", str(path.parent), f"a folder to write to ({error.strerror})") from None


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
    yield from json.dumps(data, ensure_ascii=False, indent=2).split("\n")


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "id": operation.id,
        "title": operation.title,
        "summary": operation.summary,
        "method": operation.method,
        "paths": {version: list(operation.paths(version)) for version in operation.versions},
        "pages": dict(operation.pages),
        "rules": [_rule(rule) for rule in operation.rules.values()],
        "questions": plain(tuple(operation.questions.values())),
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {**plain(rule), "pages": {version: rule.page(version) for version in rule.versions}}


def _markdown(contract: Contract, operations: Iterable[Operation]) -> Iterator[str]:
    yield "# Rules"
    yield ""
    yield f"Contract revision `{contract.revision}`."
    for operation in operations:
        yield from ("", f"## {operation.title} (`{operation.id}`)", "", operation.summary, "")
        yield from (f"- `{operation.method} {path}` ({versions})" for path, versions in _paths(operation))
        rules = [
            (
                f"`{one.slug}`",
                one.says,
                ", ".join(one.versions),
                one.evidence,
                f"[{one.source}]({one.page(one.versions[0])})",
            )
            for one in operation.rules.values()
        ]
        questions = [(f"`{slug}`", one.asks, ", ".join(one.versions)) for slug, one in operation.questions.items()]
        if rules:
            yield from ("", *table(("rule", "it says", "versions", "evidence", "source"), rules))
        if questions:
            yield from ("", *table(("question", "it asks", "versions"), questions))


_WRITERS: Mapping[str, Callable[[Contract, Iterable[Operation]], Iterator[str]]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
}
