"""``graphcalls explain``: everything that is known about a name, whatever sort of name it is."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from inspect import Parameter, Signature, getdoc, signature
from itertools import chain
from typing import Any

from pytest_graphcalls.cli.terminal import show, wrapped
from pytest_graphcalls.contract import (
    Contract,
    ErrorRow,
    Evidence,
    Operation,
    Payload,
    Question,
    ResultRow,
    Rule,
    SignInRow,
)
from pytest_graphcalls.contract.clouds import Cloud
from pytest_graphcalls.contract.model import VERSIONS, RoleCheck
from pytest_graphcalls.contract.notifications import Sequence
from pytest_graphcalls.contract.routes import Uncovered
from pytest_graphcalls.contract.types import Tolerated, TypeModel
from pytest_graphcalls.errors import UnknownNameError

_FINGERPRINT = re.compile(r"[0-9a-f]{12}")
_WEIGHT = {
    Evidence.DOCUMENTED: "documented: breaking it fails the test",
    Evidence.REPORTED: "reported: breaking it is a notice, and fails under --graphcalls-strict only",
    Evidence.INFERRED: "inferred: a guess from the meaning, or from the sibling service; never judged",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of one name: a headline, and named facts."""

    headline: str
    facts: tuple[tuple[str, str], ...]


def run(args: Namespace) -> int:
    """Explain a name.

    Args:
        args: ``name``.

    Raises:
        UnknownNameError: nothing is known by that name.
    """
    contract = Contract.packaged()
    found = explanations(contract, args.name) or _named(_of_python(), args.name)
    if not found:
        raise _unknown(contract, args.name)
    for number, explanation in enumerate(found):
        show([""] * (number > 0))
        show(_lines(explanation))
    return 0


def explanations(contract: Contract, name: str) -> list[Explanation]:
    """Everything that goes by ``name``.

    Args:
        contract: where to look.
        name: a rule or question (full id or slug), an operation (by its id or a word of it, covered or not), a
            notification or a sequence of them, a kind of finding, an error (our
            name, code or status), an error of the sign-in (our name or code), or a result (``code/subcode`` or
            subcode), a type, a member, an enumeration or a value of one, a cloud or a permission; in any spelling: only
            letters and digits count.
    """
    return _named(_known(contract), name)


def _named(known: Iterable[_Known], name: str) -> list[Explanation]:
    wanted = _forms(name)
    return [explain() for names, explain in known if any(wanted & _forms(one) for one in names)]


@cache
def _forms(name: str) -> frozenset[str]:
    """The forms in which names are compared: letters and digits, without Graph's namespace; and the words, sorted."""
    name = name.strip().removeprefix("#").removeprefix("microsoft.graph.")
    words = sorted(re.findall(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+", name), key=str.lower)
    return frozenset({re.sub(r"[^a-z0-9]", "", name.lower()), "".join(words).lower()} - {""})


_Known = tuple[tuple[str, ...], Callable[[], Explanation]]
"""The names that something goes by, and how to explain it."""


def _known(contract: Contract) -> Iterator[_Known]:
    """Everything in the contract that can be explained."""
    for operation in contract.operations.values():
        yield (*_called(operation), operation.title), partial(_operation, operation)
        for slug, rule in operation.rules.items():
            yield (rule.id, slug, *rule.facts, *rule.contradictions), partial(_rule, rule)
        for slug, question in operation.questions.items():
            yield (question.id, slug), partial(_question, question)
    for entry in contract.uncovered:
        yield (*_called(entry), *entry.codes), partial(_uncovered, entry)
    for payload in contract.notifications.values():
        yield (payload.name,), partial(_notification, payload)
    for sequence in contract.sequences.values():
        yield (sequence.id,), partial(_sequence, sequence)
    for kind, words in contract.kinds.items():
        yield (kind.value,), partial(_explained, f"finding {kind}", words, "means weighs remedy example")
    for row in contract.errors.responses.values():
        yield (row.name, row.code, str(row.status)), partial(_error, row)
    for refusal in contract.errors.signin.values():
        yield (refusal.name, refusal.code, refusal.code.removeprefix("AADSTS")), partial(_sign_in, refusal)
    for result in contract.errors.results.values():
        yield (result.pair, result.pair.partition("/")[2]), partial(_result, result)
    yield from _of_types(contract)
    for cloud in contract.clouds.values():
        yield (cloud.name,), partial(_cloud, cloud)
    for name in sorted({name for one in contract.operations.values() for name in one.permissions.accepted}):
        yield (name,), partial(_permission, contract, name)


def _called(operation: Operation | Uncovered) -> tuple[str, ...]:
    """The names of an operation: its id with and without what it is done to, its address and the last word of that."""
    last = [word for word in operation.path.split("/") if "{" not in word][-1]
    return operation.id, operation.id.partition("-")[2], last, operation.path, f"{operation.method} {operation.path}"


def _of_types(contract: Contract) -> Iterator[_Known]:
    """The names of the type model, each once for both API versions."""
    models = [contract.types(version) for version in VERSIONS]
    for name in sorted({name for model in models for name in model.types}):
        yield (name,), partial(_type, models, name)
    for name in sorted({name for model in models for name in model.enums}):
        members = {member for model in models if name in model.enums for member in model.enums[name].members}
        yield (name, *sorted(members)), partial(_enum, models, name)
    for name in sorted({name for model in models for _, members in _owners(model) for name in members}):
        yield (name,), partial(_member, models, name)
    for entry in {entry.name: entry for model in models for entry in model.tolerated}.values():
        yield (entry.name, entry.contradiction), partial(_tolerated, entry)


def _unknown(contract: Contract, name: str) -> UnknownNameError:
    sort = "rule, question, operation, notification, error, type, finding, fixture, marker, option, method or switch"
    if _FINGERPRINT.fullmatch(name):
        where = "The report (--graphcalls-report=FILE.json) has findings by their fingerprint, and"
        return UnknownNameError(sort, name, (), where)
    known = tuple(dict.fromkeys(one for names, _ in chain(_known(contract), _of_python()) for one in names))
    return UnknownNameError(sort, name, known, "'graphcalls rules'")


_OBJECTS = {
    "graphcalls": "pytest_graphcalls.plugin.graphcalls:GraphCalls",
    "bot": "pytest_graphcalls.bot:Bot",
    "simulator": "pytest_graphcalls.simulator:Simulator",
    "call": "pytest_graphcalls.simulator:SimulatedCall",
    "person": "pytest_graphcalls.simulator.person:Person",
}
"""What a test has, by the name that the documentation gives it, and its class."""
_TABLES = {
    "switches": "pytest_graphcalls.simulator.switches:Switches",
    "pace": "pytest_graphcalls.simulator.clock:Pace",
}
"""What a test sets, by the same name, and the class whose docstring explains its attributes."""


def _of_python() -> Iterator[_Known]:
    """The vocabulary of tests: fixtures, markers, options, and the methods of what fixtures give."""
    from pytest_graphcalls.plugin import fixtures, options

    for name in fixtures.__dir__():
        if name.startswith("graphcalls"):
            says = getdoc(getattr(fixtures, name))
            yield (name, name.removeprefix("graphcalls_")), partial(_of_a_test, f"fixture {name}", says)
    for name, says in options.MARKERS.items():
        yield (name,), partial(_of_a_test, f"marker {name}({options.ARGUMENTS[name]})", says)
    for setting in options.SETTINGS:
        yield (setting.flag, setting.dest), partial(_of_a_test, f"option {setting.flag}", setting.help)
    for owner, place in _OBJECTS.items():
        yield from _methods(owner, _class(place))
    for owner, place in _TABLES.items():
        listed = (getdoc(_class(place)) or "").partition("Attributes:\n")[2].partition("\n\n")[0]
        for name, says in re.findall(r"^ {4}(\w+): (.*(?:\n {5}.*)*)", listed, re.MULTILINE):
            yield (f"{owner}.{name}", name), partial(_of_a_test, f"{owner}.{name}", says)


def _class(place: str) -> type:
    module, _, name = place.partition(":")
    found: type = getattr(import_module(module), name)
    return found


def _methods(owner: str, kind: type) -> Iterator[_Known]:
    for name in dir(kind):
        if not name.startswith("_"):
            thing = getattr(kind, name)
            names = (f"{owner}.{name}", name, name.removeprefix("assert_"))
            yield names, partial(_of_a_test, f"{owner}.{name}{_called_with(thing)}", getdoc(thing))


def _called_with(thing: Any) -> str:
    """How a method is called, without types; nothing for what is no method."""
    if not callable(thing):
        return ""
    _, *given = signature(thing).parameters.values()
    return str(Signature([one.replace(annotation=Parameter.empty) for one in given]))


def _of_a_test(headline: str, says: str | None) -> Explanation:
    described = re.split(r"\n\n(?=[A-Z]\w+:\n)", says or "")[0]
    plain = re.sub(r":\w+:`\.?([^`]*)`", r"\1", described).replace("``", "")
    return Explanation(headline, (("does", " ".join(plain.split())),))


def _lines(explanation: Explanation) -> Iterator[str]:
    facts = [(name, text) for name, text in explanation.facts if text]
    gap = max(len(name) for name, _ in facts) + 2
    yield explanation.headline
    for name, text in facts:
        yield from wrapped(text, indent=2, label=name, gap=gap)


def _explained(headline: str, thing: Any, names: str, **worded: str | tuple[str, ...] | list[str]) -> Explanation:
    """An explanation by the attributes of a thing.

    Args:
        headline: what it is.
        thing: has the attributes.
        names: of the facts, in their order; each is the attribute of that name unless it is worded otherwise.
        worded: by name; the texts of a tuple stand behind each other, those of a list below each other.
    """
    facts: list[tuple[str, str]] = []
    for name in names.split():
        said = worded[name] if name in worded else getattr(thing, name)
        facts += [(name, text) for text in (said if isinstance(said, list) else [_listed(said)])]
    return Explanation(headline, tuple(facts))


def _listed(said: Any) -> str:
    return ", ".join(said) if isinstance(said, tuple) else str(said)


def _pages(thing: Operation | Rule | Payload) -> list[str]:
    # One line each, never wrapped together: an address is there to be clicked.
    return list(dict.fromkeys(map(thing.page, thing.versions)))


def _rule(rule: Rule) -> Explanation:
    return _explained(
        f"rule {rule.id}",
        rule,
        "says evidence versions source page facts needs holds broken",
        evidence=_WEIGHT[rule.evidence],
        page=_pages(rule),
        facts=(*rule.facts, *rule.contradictions),
    )


def _question(question: Question) -> Explanation:
    return _explained(
        f"question {question.id}",
        question,
        "asks answered versions needs facts simulated",
        answered="by no public source; its test records what the target does, and never fails",
    )


CHECKED = {
    RoleCheck.REQUEST: "",
    RoleCheck.CREATION: " (checked when the call is created)",
    RoleCheck.KIND: " (which one depends on what is asked for)",
}
"""When the permissions of an operation are looked at, as an addition to their names."""


def _operation(operation: Operation) -> Explanation:
    permissions = (*operation.permissions.least, *operation.permissions.higher)
    when = CHECKED[operation.permissions.checked]
    return _explained(
        f"operation {operation.id}: {operation.title}",
        operation,
        "does request answer versions page needs rules questions",
        does=operation.summary,
        request=f"{operation.method} {operation.path}",
        answer=tuple(f"{one.status} {one.body or 'without a body'}" for one in operation.responses.values()),
        page=_pages(operation),
        needs=f"one of {_listed(permissions)}{when}" if permissions else "no permission",
        rules=tuple(operation.rules),
        questions=tuple(operation.questions),
    )


def _uncovered(entry: Uncovered) -> Explanation:
    return _explained(
        f"operation {entry.id}, documented, but not covered by this contract",
        entry,
        "request versions page note code weighs",
        request=f"{entry.method} {entry.path}",
        code=[f"{code}: {says}" for code, says in entry.codes.items()],
        weighs="a finding of the kind not-covered: it is not judged, and the simulator answers 404",
    )


def _sequence(sequence: Sequence) -> Explanation:
    return _explained(
        f"sequence {sequence.id}",
        sequence,
        "says starts then note versions source",
        then=[f"{step}: {step.evidence}" for step in sequence.steps],
        note=list(sequence.notes),
    )


def _type(models: Iterable[TypeModel], name: str) -> Explanation:
    found = [(model.version, model.types[name]) for model in models if name in model.types]
    members = (
        (version, ", ".join(f"{key} ({'list of ' * one.collection}{one.type})" for key, one in type_.members.items()))
        for version, type_ in found
    )
    return Explanation(f"type {name}", (("extends", _listed(found[-1][1].bases)), *members))


def _enum(models: Iterable[TypeModel], name: str) -> Explanation:
    found = ((model.version, _listed(model.enums[name].members)) for model in models if name in model.enums)
    return Explanation(f"enumeration {name}", tuple(found))


def _owners(model: TypeModel) -> Iterator[tuple[str, Iterable[str]]]:
    """The types that have members, and the names of those."""
    yield from ((name, one.members) for name, one in model.types.items())
    yield from ((f"action {name}", one.parameters) for name, one in model.actions.items())


def _member(models: Iterable[TypeModel], name: str) -> Explanation:
    places = ((model.version, ", ".join(owner for owner, names in _owners(model) if name in names)) for model in models)
    return Explanation(f"member {name}", tuple(places))


def _tolerated(entry: Tolerated) -> Explanation:
    at = ("at", ", ".join(sorted(entry.at)))
    return Explanation(
        f"accepted contradiction {entry.name}",
        (("says", entry.says), at, ("makes a notice of", entry.kind), ("fact", entry.contradiction)),
    )


def _cloud(cloud: Cloud) -> Explanation:
    return Explanation(f"cloud {cloud.name}", (("Graph", cloud.graph_root), ("sign-in", cloud.authority_host)))


def _permission(contract: Contract, name: str) -> Explanation:
    operations = (one.id for one in contract.operations.values() if name in one.permissions.accepted)
    return Explanation(f"permission {name}", (("allows", ", ".join(operations)),))


def _notification(payload: Payload) -> Explanation:
    return _explained(
        f"notification {payload.name}",
        payload,
        "says changeType resourceUrl data required values evidence versions source page accepted",
        changeType=" or ".join(payload.changes),
        resourceUrl=payload.resource,
        data=payload.wanted if payload.type else "nothing is known of it",
        values=tuple(f"{member}: {' or '.join(words)}" for member, words in payload.values.items()),
        evidence=_WEIGHT[payload.evidence],
        page=_pages(payload),
        accepted=payload.contradiction,
    )


def _error(row: ErrorRow) -> Explanation:
    text = f": {row.message}" if row.message else ""
    answer = f'{row.status}, code "{row.code}"{text}'
    return _explained(f"error {row.name}", row, "answer meaning cause remedy evidence source", answer=answer)


def _sign_in(row: SignInRow) -> Explanation:
    answer = f'{row.status}, error "{row.error}", {row.code}'
    names = "answer meaning setting remedy evidence source"
    return _explained(f"error {row.name} of the sign-in", row, names, answer=answer)


def _result(row: ResultRow) -> Explanation:
    headline = f"result {row.pair} (code/subcode of a call or an operation that ended)"
    return _explained(headline, row, "meaning cause remedy evidence source")
