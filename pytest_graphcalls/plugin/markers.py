"""The markers of a test: their grammar, what they mean together, and which tests they skip or leave out.

The grammar of a marker is the signature of the function of its name below; a wrong one stops the run before
its first test, and so does a rule or question that does not exist. What the markers of one test mean
together is its :class:`Plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from itertools import chain
from typing import Any, NamedTuple

import pytest

from pytest_graphcalls.contract import Contract, Question, Rule
from pytest_graphcalls.errors import GraphCallsError, did_you_mean
from pytest_graphcalls.plugin.options import (
    ARGUMENTS,
    BOTH_VERSIONS,
    LIVE,
    NAMED,
    PARAMETER,
    REPLAY,
    SIMULATOR,
    resembles,
)
from pytest_graphcalls.plugin.settings import Settings, parse_target, parse_versions


class RequestedFault(NamedTuple):
    """A fault that a marker asks for: its name, and its parameters as they were given."""

    name: str
    facts: Mapping[str, Any]


class Plan(NamedTuple):
    """The settings that the markers of one test make.

    Attributes:
        rules: full ids of the rules it judges.
        questions: full ids of the questions it asks.
        versions: API versions it was marked for; empty when it does not say.
        target: what it talks to whatever the run's target is, or ``""``.
        tenant: id of the simulated tenant it runs in, or ``""`` for one of its own.
        faults: what goes wrong in it, those of its module first.
        operation: id of the operation whose rules and questions its markers may name by their slugs, or ``""``.
    """

    rules: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    target: str = ""
    tenant: str = ""
    faults: tuple[RequestedFault, ...] = ()
    operation: str = ""

    @property
    def is_contract_test(self) -> bool:
        """Whether the test judges the target, rather than being a project's own test."""
        return bool(self.rules or self.questions)


PLAN_KEY = pytest.StashKey[Plan]()


def graphcalls_rule(rule: str, *more: str) -> Plan:
    """The plan of a test that judges rules."""
    return Plan(rules=(rule, *more))


def graphcalls_question(question: str, *more: str) -> Plan:
    """The plan of a test that asks questions."""
    return Plan(questions=(question, *more))


def graphcalls(*, version: str = "", target: str = "", tenant: str = "", operation: str = "") -> Plan:
    """The plan of a test for an API version, a target, a tenant, or about an operation."""
    versions = parse_versions("version", version) if version else ()
    target = parse_target("target", target) if target else ""
    return Plan(versions=versions, target=target, tenant=tenant, operation=operation)


def graphcalls_fault(name: str, /, **parameters: Any) -> Plan:
    """The plan of a test with a fault injected."""
    return Plan(faults=(RequestedFault(name, parameters),))


_GRAMMAR: Mapping[str, Callable[..., Plan]] = {
    function.__name__: function for function in (graphcalls_rule, graphcalls_question, graphcalls, graphcalls_fault)
}


def plan_of(node: pytest.Item | pytest.Collector) -> Plan | None:
    """The plan of a test, or ``None`` when no marker of ours stands on it, its class or its module.

    Raises:
        TypeError: a marker's arguments do not fit.
        SettingError: an argument of ``graphcalls`` cannot be used.
    """
    plan: Plan | None = None
    for mark in node.iter_markers():
        if mark.name in _GRAMMAR:
            one = _GRAMMAR[mark.name](*mark.args, **mark.kwargs)
            plan = one if plan is None else _joined(plan, one)
    return plan and _in_full(plan, plan.operation)


def plan_for(item: pytest.Item) -> Plan:
    """The plan of a test that is about to run; an empty one when it has no marker of this plugin."""
    return item.stash.get(PLAN_KEY, None) or plan_of(item) or Plan()


def _joined(near: Plan, far: Plan) -> Plan:
    """Both plans; where they disagree the marker nearer to the test wins."""
    return Plan(
        near.rules + far.rules,
        near.questions + far.questions,
        near.versions or far.versions,
        near.target or far.target,
        near.tenant or far.tenant,
        far.faults + near.faults,
        near.operation or far.operation,
    )


def _in_full(plan: Plan, operation: str) -> Plan:
    """The plan with the full ids of rules and questions that are named by their slugs, which are of ``operation``."""

    def full(ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(id if "." in id or not operation else f"{operation}.{id}" for id in ids)

    return plan._replace(rules=full(plan.rules), questions=full(plan.questions))


def versions_of(plan: Plan) -> tuple[str, ...]:
    """The API versions that a test has to run for; empty for those of the run.

    Raises:
        UnknownNameError: a rule or question does not exist.
    """
    versions = plan.versions
    for subject in _subjects(plan):
        versions = tuple(version for version in versions or BOTH_VERSIONS if version in subject.versions)
    return versions


def _subjects(plan: Plan) -> Iterator[Rule | Question]:
    if plan.is_contract_test:
        contract = Contract.packaged()
        yield from (contract.rule(id) for id in plan.rules)
        yield from (contract.question(id) for id in plan.questions)


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Run a marked test that uses :data:`.PARAMETER` once for each API version."""
    try:
        plan = plan_of(metafunc.definition)
        versions = versions_of(plan) if plan else ()
    except (TypeError, GraphCallsError):
        return  # mistakes() has the whole sentence, and stops the run
    if versions and not _parametrized_by_hand(metafunc):
        metafunc.parametrize(PARAMETER, versions)


def _parametrized_by_hand(metafunc: pytest.Metafunc) -> bool:
    marks = metafunc.definition.iter_markers("parametrize")
    return any(PARAMETER in str(mark.args[0] if mark.args else mark.kwargs.get("argnames")) for mark in marks)


def version_of(node: pytest.Item, settings: Settings) -> str:
    """The API version a test runs for."""
    callspec = getattr(node, "callspec", None)
    version = callspec.params.get(PARAMETER) if callspec else None
    if version:
        return str(version)
    plan = node.stash.get(PLAN_KEY, None)
    return plan.versions[0] if plan and plan.versions else settings.version


def mistakes(item: pytest.Item) -> Iterator[str]:
    """The mistakes in the markers of a test, a sentence for each."""
    yield from _misspelt(item)
    marks = [mark for mark in item.iter_markers() if mark.name in _GRAMMAR]
    operation = next((mark.kwargs["operation"] for mark in marks if mark.kwargs.get("operation")), "")
    for mark in marks:
        if mark.name == graphcalls_fault.__name__ and mark in item.own_markers and not _has_fixtures(item):
            yield _NOTHING_TO_STRIKE
        for step in _steps(mark, operation):
            try:
                step()
            except TypeError as error:
                known = "; ".join(f"{name}({arguments})" for name, arguments in ARGUMENTS.items())
                said, _, wrong = str(error).partition(" argument '")
                wrong = wrong.partition("'")[0]  # from Python 3.13 on the nearest match follows
                hint = f" argument {wrong!r}.{did_you_mean(wrong, ARGUMENTS[mark.name].split(', '))}" if wrong else "."
                yield f"{said}{hint} The markers are {known}."
                break
            except GraphCallsError as error:
                yield str(error)
    versions = (mark.kwargs["version"] for mark in marks if mark.kwargs.get("version"))  # the nearest one holds
    if _runs_once(item) and next(versions, "") == "both":
        yield _TOO_LATE


def _runs_once(item: pytest.Item) -> bool:
    """Whether a test takes a version, and none was given to it: its markers could not be seen in time."""
    callspec = getattr(item, "callspec", None)
    return PARAMETER in getattr(item, "fixturenames", ()) and PARAMETER not in (callspec.params if callspec else {})


_TOO_LATE = (
    "graphcalls(version='both') comes too late to run a test twice, on a pytest.param and in a unittest.TestCase; "
    "name one version there."
)
_NOTHING_TO_STRIKE = (
    "graphcalls_fault has no effect here, because the test uses no fixture of graphcalls; "
    "take graphcalls, graphcalls_client or a different one, or remove the marker."
)


def _misspelt(item: pytest.Item) -> Iterator[str]:
    """Markers that resemble one of ours, and that the project has not registered."""
    others = dict.fromkeys(mark.name for mark in item.iter_markers() if mark.name.startswith("graph"))
    unknown = [name for name in others if name not in _GRAMMAR]
    lines = item.config.getini("markers") if unknown else ()
    registered = {line.partition(":")[0].partition("(")[0].strip() for line in lines}
    for name in unknown:
        if name not in registered and (meant := resembles(name, _GRAMMAR)):
            yield f"there is no marker {name!r}. Did you mean {meant!r}?"


_ASK_FOR_NONE = ("_pytest", "pytest_recording", "pytest_graphcalls")
"""Modules whose fixtures have ``request`` and ask for none of ours by it; those of pytest-recording every test has."""


def _has_fixtures(item: pytest.Item) -> bool:
    """Whether a test uses a fixture of ours, or may ask for one while it runs, by ``request``."""
    info = getattr(item, "_fixtureinfo", None)
    if info is None:
        return False
    definitions = (one for found in info.name2fixturedefs.values() for one in found)
    asking = (one.argnames for one in definitions if not one.func.__module__.startswith(_ASK_FOR_NONE))
    asked = {*info.initialnames, *chain.from_iterable(asking)}
    return any(name == "request" or name.lstrip("_").startswith("graphcalls") for name in asked)


def _steps(mark: pytest.Mark, operation: str) -> Iterator[Callable[[], object]]:
    """Everything that can be wrong with a marker of a test about ``operation``; each raises if it is."""
    plans: list[Plan] = []
    yield lambda: plans.append(_in_full(_GRAMMAR[mark.name](*mark.args, **mark.kwargs), operation))
    for plan in plans:
        if plan.operation:
            yield partial(Contract.packaged().operation, plan.operation)
        contract = Contract.packaged()
        yield from (partial(contract.rule, id) for id in plan.rules)
        yield from (partial(contract.question, id) for id in plan.questions)
        if plan.faults:
            from pytest_graphcalls.simulator.faults import ordered

            yield from (partial(ordered, one.name, one.facts, contract) for one in plan.faults)


def _more(count: int) -> str:
    return f" and {count} more {'test' if count == 1 else 'tests'}" if count else ""


def apply(config: pytest.Config, items: list[pytest.Item], settings: Settings) -> None:
    """Check the markers of the selected tests, leave out API versions the run does not cover, skip what cannot be.

    Raises:
        UsageError: markers cannot be used; an argument for each mistake.
    """
    wrong: dict[str, list[str]] = {}
    for item in items:
        for sentence in mistakes(item):
            wrong.setdefault(sentence, []).append(item.nodeid)
    if wrong:  # pytest shows each on a line of its own
        raise pytest.UsageError(*(f"{one[0]}{_more(len(one) - 1)}: {sentence}" for sentence, one in wrong.items()))
    other_versions: set[pytest.Item] = set()
    able = cache(partial(_capabilities, settings, *_hooked(items)))
    for item in items:
        plan = plan_of(item)
        if plan is None:
            continue
        item.stash[PLAN_KEY] = plan
        if version_of(item, settings) not in settings.versions:
            other_versions.add(item)
        elif plan.faults and (target := plan.target or settings.target) != SIMULATOR:
            item.add_marker(pytest.mark.skip(reason=_NO_FAULTS.format(target=target)))
        elif plan.is_contract_test:
            _skip_where_impossible(item, plan, settings, able)
    if other_versions:
        config.hook.pytest_deselected(items=list(other_versions))
        items[:] = [item for item in items if item not in other_versions]


_NO_FAULTS = (
    "needs a simulator for its faults, and this test runs against {target}; --graphcalls-target=simulator or "
    '@pytest.mark.graphcalls(target="simulator") gives it one.'
)


def _hooked(items: list[pytest.Item]) -> tuple[str, ...]:
    """The facts that the project's hooks give about a server at a base URL."""
    hooks = (item.ihook.pytest_graphcalls_incoming_call for item in items[:1])
    return ("incoming_calls",) if any(hook.get_hookimpls() for hook in hooks) else ()


def _capabilities(settings: Settings, *hooked_and_target: str) -> Iterable[str]:
    """The capabilities of a target; a server is asked for them."""
    from pytest_graphcalls.targets import capabilities_of

    *hooked, target = hooked_and_target
    names = settings.live.names if target == LIVE else {name for _, name, _ in settings.mock}.union(hooked)
    return capabilities_of(target, names)


def _skip_where_impossible(
    item: pytest.Item,
    plan: Plan,
    settings: Settings,
    able: Callable[[str], Iterable[str]],
) -> None:
    target = plan.target or settings.target
    records = item.config.getoption("--record-mode", None) not in {None, "none"} and target not in {SIMULATOR, LIVE}
    # What is recorded to be replayed is what requests alone can tell.
    reason = missing(plan, target, () if records and not settings.nightly else able(target))
    if target not in NAMED and not reason:
        reason = not_named(plan, settings)
    if target == LIVE and not reason:
        reason = not_offered(plan, version_of(item, settings), settings.live.cloud)
    if target == REPLAY:
        from pytest_graphcalls.plugin.cassettes import missing as unrecorded_case

        # What was recorded can be replayed, whatever it needed then.
        unrecorded = unrecorded_case(item, settings, version_of(item, settings))
        reason = unrecorded and (reason or unrecorded)
    if reason:
        item.add_marker(pytest.mark.skip(reason=reason))


def missing(plan: Plan, target: str, capabilities: Iterable[str]) -> str:
    """Why a target cannot run a contract test, in one sentence; ``""`` when it can."""
    able = set(capabilities)
    needs = {need: None for subject in _subjects(plan) for need in subject.needs}
    lacking = [_NEED_WORDS[need] for need in needs if need not in able]
    if not lacking:
        return ""
    things = " and ".join(lacking)
    giver = f"--graphcalls-target={SIMULATOR} does"
    if target == LIVE or target not in NAMED:
        giver = _facts_give([need for need in needs if need not in able], target) or giver
    return f"not checked: needs {things}, which {target} does not offer; {giver}."


def _facts_give(lacking: Iterable[str], target: str) -> str:
    """How a sandbox, or a server at a base URL, comes to offer everything that is lacking; ``""`` when it cannot."""
    if target == LIVE:
        from pytest_graphcalls.sandbox.tenant import SETTINGS
    else:
        from pytest_graphcalls.targets.base import SETTINGS

    names = {fact.gives: name for name, fact in reversed(list(SETTINGS.items()))}
    if not all(need in names for need in lacking):
        return ""
    return f"{' and '.join(SETTINGS[names[need]].where(names[need]) for need in lacking)} would do"


def not_named(plan: Plan, settings: Settings) -> str:
    """Why a server is not asked for an operation that it is not said to have, in one sentence; ``""`` if it is."""
    from pytest_graphcalls.targets.base import INI_KEY, mock_facts

    offer = mock_facts(settings.mock).offer
    ids = (subject.id.partition(".")[0] for subject in _subjects(plan))
    other = next((id for id in ids if not offer.includes(id)), "")
    return other and f"not checked: {other} is none of the operations in {INI_KEY}."


def not_offered(plan: Plan, version: str, cloud: str) -> str:
    """Why a contract test cannot be run in a national cloud, in one sentence; ``""`` when it can.

    An operation whose sources are silent about clouds is taken to be in all of them.
    """
    for subject in _subjects(plan):
        operation = Contract.packaged().operation(subject.id.partition(".")[0])
        clouds = operation.clouds.get(version, ())
        if clouds and cloud not in clouds:
            return f"not checked: {operation.id} ({version}) is documented for {', '.join(clouds)}, not for {cloud}."
    return ""


_NEED_WORDS: Mapping[str, str] = {
    "clock": "a clock that the test moves",
    "notifications": "a look at the notifications",
    "incoming-call": "a call that comes in",
    "apps": "a second registered app",
    "phone": "a phone number to call",
}
"""The abilities of a target, each as a noun phrase, by the contract's name for it."""
