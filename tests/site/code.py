"""Parts of the reference that are read from the code: fixtures, options, simulator, bot, control API, commands."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import yaml

import pytest_graphcalls
from pytest_graphcalls import Contract, Exchange, Finding, GraphCalls, Notification, Pace, Request, Response, Simulator
from pytest_graphcalls.bot import FORGERIES, Asked, Bot, Delivery
from pytest_graphcalls.bot.assertions import Assertions
from pytest_graphcalls.cli import parser
from pytest_graphcalls.leakscan.patterns import FORMS
from pytest_graphcalls.plugin import fixtures as plugin_fixtures, hookspecs, options
from pytest_graphcalls.redaction import Redactor, fields as fields_of_secrets
from pytest_graphcalls.server.control import ROUTES, state
from pytest_graphcalls.server.control.routing import Route
from pytest_graphcalls.simulator import (
    FAULTS,
    App,
    Authority,
    Fault,
    Keyring,
    Meeting,
    Person,
    PersonCall,
    SimulatedCall,
)
from pytest_graphcalls.simulator.audio import Prompt, Recording, Tone
from pytest_graphcalls.simulator.entities import ContentSession, Route as AudioRoute
from pytest_graphcalls.simulator.faults import Side, parameters_of
from pytest_graphcalls.simulator.switches import Switches
from tests.site.markdown import code, codes, documentation, facts, prose, sections, signature, summary, table
from tests.site.pages import ROOT, addresses

Part = Callable[[], str]


def fixtures() -> str:
    """Every public fixture with the first sentence about it."""
    source = Path(plugin_fixtures.__file__).read_text(encoding="utf-8")
    functions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    found = [node for node in functions if node.decorator_list and not node.name.startswith("_")]
    rows = [(code(node.name), prose((ast.get_docstring(node) or "").partition("\n\n")[0])) for node in found]
    return table(("fixture", "gives"), sorted(rows, key=lambda row: (row[0] != code("graphcalls"), row)))


def members(thing: type, *, names: Iterable[str] = (), without: str = "") -> str:
    """Every public method and property of a class but ``without``, with all that is said of it."""
    return "\n\n".join(_member(name, member) for name, member in _public(thing, tuple(names)) if name != without)


def listed(thing: type, *, without: str = "") -> str:
    """Every public method and property of a class as a table; ``without`` is a pattern of names to leave out."""
    found = ((name, member) for name, member in _public(thing, ()) if not re.fullmatch(without, name))
    return table(("member", "meaning"), [(code(_called(name, member)), summary(member)) for name, member in found])


def _public(thing: type, names: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    """Methods and properties in the order of the source, those of its bases last."""
    seen: set[str] = set()
    for base in thing.__mro__[:-1]:
        for name, member in vars(base).items():
            if name.startswith("_") or name in seen or (names and name not in names):
                continue
            if inspect.isfunction(member) or isinstance(member, _PROPERTIES):
                seen.add(name)
                yield name, member


_PROPERTIES = (property, cached_property)


def value(thing: type) -> str:
    """A plain value: what it is, its fields, and its members, if it has any."""
    members_of_it = listed(thing)
    return f"{fields(thing)}\n\n{members_of_it}" if members_of_it.count("\n") > 1 else fields(thing)


def _called(name: str, member: object) -> str:
    return name if isinstance(member, _PROPERTIES) else signature(member, name)


def _member(name: str, member: object) -> str:
    heading = f"### {code(name)} {{ #{name.replace('_', '-')} }}"
    shown = "" if isinstance(member, _PROPERTIES) else _block(signature(member, name))
    return "\n\n".join(filter(None, (heading, shown, documentation(member))))


def _block(call: str) -> str:
    return f"```python\n{call}\n```"


def fields(thing: type) -> str:
    """The fields of a plain value, from the section Attributes of its docstring."""
    return sections(inspect.getdoc(thing) or "")


def attributes(thing: type) -> str:
    """The fields of something that a fixture makes, without the parameters by which it is made."""
    return sections("".join((inspect.getdoc(thing) or "").partition("Attributes:")[1:]))


def settings() -> str:
    """Every setting with its option, variable, ini key and meaning."""
    return "\n\n".join(_setting(one) for one in options.SETTINGS)


def _setting(one: options.Setting) -> str:
    names = [("variable", code(one.variable) if one.is_option else ""), ("ini key", code(one.dest))]
    says = one.help[0].upper() + one.help[1:]
    return f"### {code(one.flag)} {{ #{one.name.replace('_', '-')} }}\n\n{prose(says)}.\n\n{facts(names)}"


def markers() -> str:
    """The package's markers as pytest lists them."""
    asked = [sys.executable, "-m", "pytest", "--markers", "-p", "no:cacheprovider"]
    shown = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    lines = [line.removeprefix("@pytest.mark.") for line in shown.splitlines() if "mark.graphcalls" in line]
    return table(("marker", "meaning"), [(code(name), prose(said)) for name, _, said in _partitioned(lines, ": ")])


def _partitioned(lines: Iterable[str], mark: str) -> Iterator[tuple[str, str, str]]:
    return (line.partition(mark) for line in lines)


def hooks() -> str:
    """The package's hooks with all that is said of them."""
    found = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("pytest_")}
    return "\n\n".join(f"### `{name}`\n\n{documentation(hook)}" for name, hook in found.items())


def public_names() -> str:
    """What can be imported from the package itself."""
    things = {name: getattr(pytest_graphcalls, name) for name in pytest_graphcalls.__all__ if name != "__version__"}
    return table(("name", "meaning"), [(code(name), summary(thing)) for name, thing in things.items()])


def faults(side: Side) -> str:
    """The faults of one side: what happens, and the parameters that each one has alone."""
    rows = [(code(name), kind.says, _parameters(name)) for name, kind in FAULTS.items() if kind.side is side]
    return table(("fault", "what happens", "parameters"), rows)


def _parameters(name: str) -> str:
    return "; ".join(f"{code(parameter)}: {one.says}" for parameter, one in FAULTS[name].parameters.items())


def selectors() -> str:
    """The parameters that choose which requests or notifications a fault is injected into."""
    shared: dict[str, str] = {}
    for name, kind in FAULTS.items():
        for parameter, one in parameters_of(name).items():
            if parameter not in kind.parameters:
                shared.setdefault(parameter, one.says)
    return table(("parameter", "selects"), [(code(name), says) for name, says in shared.items()])


def called() -> str:
    """How a test says where the bot is."""
    return f"{_block(signature(Bot.__call__, 'graphcalls.bot'))}\n\n{documentation(Bot.__call__)}"


def forgeries() -> str:
    """The forged notifications by name."""
    return codes(FORGERIES)


def control_api() -> str:
    """Every address of the control API with its parameters."""
    return "\n\n".join(_address(route) for route in ROUTES)


def _address(route: Route) -> str:
    said = route.described()
    takes = ((name, "" if one["required"] else " (optional)", one["says"]) for name, one in said["takes"].items())
    parameters = "\n".join(f"- {code(name)}{optional}: {says}" for name, optional, says in takes)
    return f"### {code(route)}\n\n{said['says'][0].upper()}{said['says'][1:]}.\n\n{parameters}".strip()


def commands() -> str:
    """Every command with its arguments and options."""
    return "\n\n".join(_commands(parser(), "graphcalls"))


def _commands(asked: argparse.ArgumentParser, name: str) -> Iterator[str]:
    inside = [action for action in asked._actions if isinstance(action, argparse._SubParsersAction)]
    if name != "graphcalls":
        level = "#" * (len(name.split()) + 1)
        yield f"{level} `{name}`"
        if asked.description:
            yield asked.description
        rows = [(codes(_written(action)), _help(action)) for action in asked._actions if _is_shown(action)]
        if rows:
            yield table(("argument", "meaning"), rows)
        if asked.epilog:
            yield asked.epilog
    for action in inside:
        for word, below in action.choices.items():
            yield from _commands(below, f"{name} {word}")


def _is_shown(action: argparse.Action) -> bool:
    return not isinstance(action, (argparse._SubParsersAction, argparse._HelpAction))


def _written(action: argparse.Action) -> Iterator[str]:
    value = "" if action.nargs == 0 else str(action.metavar or (_choices(action) or action.dest.upper()))
    for flag in action.option_strings or [""]:
        yield f"{flag} {value}".strip()


def _choices(action: argparse.Action) -> str:
    return f"{{{','.join(map(str, action.choices))}}}" if action.choices else ""


def _help(action: argparse.Action) -> str:
    return (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")


def secret_names() -> str:
    """The names whose value is hidden, by where they are."""
    rows = [
        ("a header", codes(sorted(fields_of_secrets.HEADERS))),
        ("a member of JSON, a parameter", codes(sorted(fields_of_secrets.MEMBERS))),
        (
            "a parameter of an address or a form",
            codes(sorted(fields_of_secrets.PARAMETERS - fields_of_secrets.MEMBERS)),
        ),
        ("any of these, by how its name ends", codes(sorted(fields_of_secrets.SECRET_ENDINGS))),
        ("in recordings also", codes(sorted(fields_of_secrets.PEOPLE))),
    ]
    return table(("name of", "without regard to letter case, `-` and `_`"), rows)


def leaks() -> str:
    """What the leak scan looks for."""
    kinds = {form.kind: form.person for form in FORMS}
    meanings = {False: "gives access", True: "names people or tenants"}
    rows = [
        (says, ", ".join(kind for kind, one in kinds.items() if one is person)) for person, says in meanings.items()
    ]
    return table(("what", "forms"), rows)


def kept() -> str:
    """What a server keeps of its past."""
    rows = [
        (
            "entries of the ledger",
            f"{state.LEDGER_ENTRIES:,}, in about {state.LEDGER_BYTES // 2**20} MB (`--ledger-size`)",
        ),
        ("calls that have ended", f"{state.MOST_CALLS:,}"),
        ("notifications", f"{state.MOST_NOTIFICATIONS:,}, and all that are not delivered yet"),
    ]
    return table(("what", "the latest"), rows)


def pre_commit() -> str:
    """The hook of pre-commit, with the address of the source and this version."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    where = f"  - repo: {addresses()['Source']}\n    rev: v{pytest_graphcalls.__version__}\n"
    return f"```yaml\nrepos:\n{where}    hooks: [{{id: {hook['id']}}}]\n```"


PARTS: Mapping[str, Part] = {
    "fixtures": fixtures,
    "exchange": lambda: value(Exchange),
    "request": lambda: value(Request),
    "response": lambda: value(Response),
    "notification": lambda: value(Notification),
    "finding": lambda: value(Finding),
    "contract": lambda: members(Contract),
    "facade": lambda: f"{attributes(GraphCalls)}\n\n{members(GraphCalls, without='close')}",
    "options": settings,
    "markers": markers,
    "hooks": hooks,
    "names": public_names,
    "simulator": lambda: members(Simulator),
    "person": lambda: listed(Person),
    "person-call": lambda: fields(PersonCall),
    "call": lambda: listed(SimulatedCall),
    "meeting": lambda: listed(Meeting),
    "authority": lambda: listed(Authority, without="reset|bot"),
    "app": lambda: fields(App),
    "keyring": lambda: listed(Keyring, without="reset"),
    "pace": lambda: fields(Pace),
    "prompt": lambda: fields(Prompt),
    "route": lambda: fields(AudioRoute),
    "tone": lambda: fields(Tone),
    "recording": lambda: value(Recording),
    "content-session": lambda: value(ContentSession),
    "switches": lambda: members(Switches, names=("choose",)),
    "fault": lambda: listed(Fault, without="note|strikes"),
    "redactor": lambda: members(Redactor, names=["add"]),
    "bot-called": lambda: (
        f"```python\n{signature(Bot.__call__, 'graphcalls.bot')}\n```\n\n{documentation(Bot.__call__)}"
    ),
    "bot": lambda: listed(Bot, without="assert_.*|courier|watch|wait_until_idle"),
    "assertions": lambda: members(Assertions),
    "delivery": lambda: fields(Delivery),
    "asked": lambda: fields(Asked),
    "forgeries": forgeries,
    "faults-of-answers": lambda: faults(Side.ANSWER),
    "faults-of-notifications": lambda: faults(Side.NOTIFICATION),
    "selectors": selectors,
    "secret-names": secret_names,
    "leaks": leaks,
    "kept": kept,
    "addresses": control_api,
    "pre-commit": pre_commit,
    "commands": commands,
}
"""By the name in a page's marker: what makes that part."""
