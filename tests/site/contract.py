"""Parts of the reference that are read from the contract: operations, rules, notifications, sequences, error codes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from pytest_graphcalls import Contract
from pytest_graphcalls.cli.explain import CHECKED
from pytest_graphcalls.contract import (
    ErrorRow,
    Evidence,
    Operation,
    Payload,
    Question,
    ResultRow,
    Rule,
    SignInRow,
    Step,
)
from tests.proof.deviations import DEVIATIONS
from tests.site.markdown import code, codes, facts, plain, table
from tests.site.pages import ROOT

NOT_SIMULATED = (
    "Media (audio, video, RTP), PSTN carriers, and other parts of Graph.",
    "Your bot's own HTTP server, its TLS and its network; a bot is called in this process or at a local address.",
)
"""What the simulator omits besides operations."""
_KINDS = {Evidence.DOCUMENTED: "fails the test", Evidence.REPORTED: "is a notice", Evidence.INFERRED: "is never judged"}


@cache
def uncovered() -> Mapping[str, Any]:
    """The operations that the contract recognises and does not judge, as their file says."""
    data: Mapping[str, Any] = yaml.safe_load((ROOT / "contracts" / "uncovered.yaml").read_text(encoding="utf-8"))
    return data


def coverage() -> str:
    """What is simulated and checked, and what is not."""
    contract = Contract.packaged()
    central = [one.id for one in contract.operations.values() if one.central]
    others = [one.id for one in contract.operations.values() if not one.central]
    rows = [
        ("simulated and checked, in full depth", codes(central)),
        ("simulated and checked", codes(others)),
        (
            "recognised, not simulated: 404, with the reason",
            codes(one["id"] for name in ("operations", "around_calls") for one in uncovered()[name]),
        ),
        ("not there", " ".join(NOT_SIMULATED)),
    ]
    return f"{table(('how far', 'what'), rows)}\n\n{_counted(contract)}"


def _counted(contract: Contract) -> str:
    levels = Counter(rule.evidence for rule in contract.rules.values())
    rules = ", ".join(f"{number} {level}" for level, number in levels.items())
    counts = {
        "operations in v1.0 and beta (some in one of them only)": contract.operations,
        f"rules ({rules})": contract.rules,
        "open questions": contract.questions,
        "kinds of notification": contract.notifications,
        "sequences": contract.sequences,
        "error answers": contract.errors.responses,
    }
    return f"{', '.join(f'{len(things)} {name}' for name, things in counts.items())}."


COUNTED = ("rules", "deviations", "open questions", "sequences")
"""What is counted of each operation."""


def counts() -> dict[str, tuple[int, ...]]:
    """By operation: its :data:`COUNTED`; a sequence counts with the operation that causes it."""
    contract = Contract.packaged()
    broken = Counter(id.partition(".")[0] for id in DEVIATIONS)
    caused = Counter(one.starts for one in contract.sequences.values())
    return {
        one.id: (len(one.rules), broken[one.id], len(one.questions), caused[one.id])
        for one in contract.operations.values()
    }


def operations() -> str:
    """Every operation with a link to its page of rules, and what there is of it."""
    contract, counted = Contract.packaged(), counts()
    rows = [
        (f"[{code(id)}](operations/{id}.md)", plain(one.summary), ", ".join(one.versions), *map(str, counted[id]))
        for id, one in contract.operations.items()
    ]
    sums = (str(sum(column)) for column in zip(*counted.values(), strict=True))
    calls = sum(one.path.startswith("/communications/calls") for one in contract.operations.values())
    total = (f"**{len(rows)} operations**", f"{calls} of them about calls", "", *sums)
    return table(("operation", "does", "versions", *COUNTED), [*rows, total])


def unjudged() -> str:
    """Every operation that is recognised and not judged."""
    rows = [
        (f"[{code(one['id'])}]({one['page']})", code(f"{one['method']} {one['path']}"))
        for one in uncovered()["operations"]
    ]
    return table(("operation", "address"), rows)


def operation_page(operation: Operation) -> str:
    """A page about one operation: where it is, who may call it, its rules and questions."""
    return "\n\n".join(
        (
            f"---\ndescription: {json.dumps(operation.summary)}\n---",
            f"# {operation.id}",
            plain(operation.summary),
            facts(_facts(operation)),
            "## Rules",
            *(_rule(rule) for rule in operation.rules.values()),
            *(["## Open questions"] if operation.questions else []),
            *(_question(question) for question in operation.questions.values()),
        )
    )


def _facts(operation: Operation) -> Iterator[tuple[str, str]]:
    yield "address", code(f"{operation.method} {operation.path}")
    for version, paths in operation.aliases.items():
        yield f"also, in {version}", codes(paths)
    yield "versions", ", ".join(operation.versions)
    yield "application permissions", _permissions(operation)
    yield "success", ", ".join(str(status) for status in operation.responses)
    yield "published page", ", ".join(f"[{version}]({page})" for version, page in operation.pages.items())


def _permissions(operation: Operation) -> str:
    permissions = operation.permissions
    if not permissions.least:
        return "none"
    least = codes(permissions.least)
    named = f"one of {least} (least privileged), {codes(permissions.higher)}" if permissions.higher else least
    return f"{named}{CHECKED[permissions.checked]}"


def _rule(rule: Rule) -> str:
    source = f"{rule.source.page}{f', {rule.source.section}' if rule.source.section else ''}"
    page = rule.page(rule.versions[0])
    said = [
        ("evidence", f"{rule.evidence}: breaking it {_KINDS[rule.evidence]}"),
        ("versions", ", ".join(rule.versions)),
        ("source", f"[{plain(source)}]({page})" if page else plain(source)),
        ("respects it", plain(rule.holds)),
        ("breaks it", plain(rule.broken)),
    ]
    return f"### {code(rule.slug)} {{ #{rule.slug} }}\n\n{plain(rule.says)}\n\n{facts(said)}"


def _question(question: Question) -> str:
    simulated = f"\n\nThe simulator, until it is known: {plain(question.simulated)}" if question.simulated else ""
    return f"### {code(question.id.partition('.')[2])}\n\n{plain(question.asks)}{simulated}"


def notifications() -> str:
    """Every kind of notification."""
    return "\n\n".join(_notification(one) for one in Contract.packaged().notifications.values())


def _notification(payload: Payload) -> str:
    said = [
        ("changeType", codes(payload.changes)),
        ("resource", code(payload.resource)),
        ("resourceData", payload.wanted if payload.type else "not known"),
        ("versions", ", ".join(payload.versions)),
        ("evidence", str(payload.evidence)),
    ]
    return f"### {code(payload.name)}\n\n{plain(payload.says)}\n\n{facts(said)}"


def sequence_table() -> str:
    """Every sequence of notifications, as the contract's own page shows it; a pair with different evidence shows it."""
    rows = ["| sequence | what happens | what is posted, and how well that is known |", "| --- | --- | --- |"]
    shown = Contract.packaged().sequences.values()
    rows += [f"| `{one.id}` | {one.says} | {'<br>'.join(map(_step, one.steps)) or 'nothing'} |" for one in shown]
    return "\n".join(rows)


def _step(step: Step) -> str:
    tells, _, rest = str(step).partition(" ")
    after = "" if step.after is None else f" after {step.after:g} s"
    pair = step.result
    differs = f", {pair.pair} {pair.evidence}" if pair and pair.evidence is not step.evidence else ""
    return f"`{tells}`{rest and ' '}{rest}{after}: {step.evidence}{differs}"


def responses() -> str:
    """Every error answer of the calls API."""
    return "\n\n".join(_response(row) for row in Contract.packaged().errors.responses.values())


def _response(row: ErrorRow) -> str:
    own = [("status", str(row.status)), ("code", code(row.code)), ("message", plain(row.message))]
    return _entry(row.name, f"{row.status} {row.code}", row, own)


def results() -> str:
    """Every code and subcode with which calls and operations end."""
    return "\n\n".join(_entry(row.pair, "", row, []) for row in Contract.packaged().errors.results.values())


def sign_in() -> str:
    """Every error answer of the sign-in."""
    return "\n\n".join(_sign_in(row) for row in Contract.packaged().errors.signin.values())


def _sign_in(row: SignInRow) -> str:
    own = [("status", str(row.status)), ("error", code(row.error)), ("look at", code(row.setting))]
    return _entry(row.name, row.code, row, own)


def _entry(name: str, number: str, row: ErrorRow | ResultRow | SignInRow, own: Iterable[tuple[str, str]]) -> str:
    cause = "" if isinstance(row, SignInRow) else row.cause
    said = [
        *own,
        ("usual cause", plain(cause)),
        ("what to do", plain(row.remedy)),
        ("evidence", f"{row.evidence} ({plain(row.source)})"),
    ]
    heading = " ".join(filter(None, (code(name), number)))
    return f"### {heading} {{ #{name.replace('/', '-')} }}\n\n{plain(row.meaning)}\n\n{facts(said)}"


PARTS: Mapping[str, Callable[[], str]] = {
    "coverage": coverage,
    "operations": operations,
    "unjudged": unjudged,
    "notifications": notifications,
    "sequences": sequence_table,
    "responses": responses,
    "results": results,
    "sign-in": sign_in,
}
"""By the name in a page's marker: what makes that part."""
