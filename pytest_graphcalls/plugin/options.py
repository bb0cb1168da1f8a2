"""The options, ini keys, variables and markers of the plugin as tables, and whether a run or a test uses them.

pytest loads this module in every run of every project that has the package installed, so it holds no more than what
pytest needs then; :mod:`pytest_graphcalls.plugin.settings` reads what was given. Secrets are not in the table: a
command line is seen by every process of the machine, so the bearer token of a base URL comes from
``GRAPHCALLS_TOKEN`` alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any, Literal

import pytest

SIMULATOR = "simulator"
REPLAY = "replay"
LIVE = "live"
NAMED = (SIMULATOR, REPLAY, LIVE)
"""Targets that have a name of their own."""
BOTH_VERSIONS = ("v1.0", "beta")
VARIABLE = "GRAPHCALLS_"
"""How the name of each variable begins."""
PARAMETER = "graphcalls_version"
"""The fixture that says which API version a test runs for."""
MARKERS = {
    "graphcalls_rule": "This test judges the rule(s) of the contract; it runs once for each API version they hold for.",
    "graphcalls_question": "This test asks the question(s) of the contract: it records the answer and never fails.",
    "graphcalls": "Run this test on an API version, on a target (simulator, replay, live, a base URL), in a tenant "
    "(an id); rules and questions named by their slugs are those of the operation.",
    "graphcalls_fault": "Let this go wrong from the beginning of the test, as simulator.fault(name, ...) does; "
    "several add up.",
}
"""The statement of each marker about a test."""
ARGUMENTS = {
    "graphcalls_rule": "rule, *more",
    "graphcalls_question": "question, *more",
    "graphcalls": "*, version, target, tenant, operation",
    "graphcalls_fault": "name, **parameters",
}
"""How ``pytest --markers`` shows them; pytest ends a marker's name at the first colon, so annotations are left out."""


class Setting:  # a plain class, because a named tuple or a dataclass takes up to a millisecond of every start
    """One row: the part of the names after ``graphcalls``, what its option takes, and its help.

    An option that takes ``""`` is a switch; ``None`` is an ini key alone, of several lines, which belongs into the
    project's own configuration. One with ``many`` may be repeated.
    """

    __slots__ = ("dest", "flag", "help", "is_option", "many", "name", "takes", "variable")

    def __init__(self, name: str, takes: str | None, text: str, *, many: bool = False) -> None:
        self.name = name
        self.takes = takes
        self.help = text
        self.is_option = takes is not None
        self.many = many or not self.is_option
        self.dest = f"graphcalls_{name}"
        self.flag = f"--graphcalls-{name.replace('_', '-')}" if self.is_option else self.dest
        self.variable = f"{VARIABLE}{name.upper()}"


SETTINGS = (
    Setting(
        "target",
        "TARGET",
        "what the tests talk to: simulator (default), replay, live (a sandbox tenant) or a base URL; GRAPHCALLS_TOKEN "
        "holds a URL's bearer token",
    ),
    Setting("version", "VERSION", "API versions to cover: v1.0, beta or both (default)"),
    Setting("strict", "", "let notices (additive or tolerated differences) and reported rules fail a test, too"),
    Setting(
        "require",
        "RULES",
        "the rules that a contract run has to check: possible (default; what the target does not allow fails nothing) "
        "or all (each rule that was not checked fails the run)",
    ),
    Setting(
        "report", "FILE", "write the report to FILE, as JSON or Markdown by its suffix; may be repeated", many=True
    ),
    Setting("seed", "NUMBER", "where the simulator's ids start (default 0)"),
    Setting(
        "cassettes",
        "FOLDER",
        "where the suite's recordings lie (default: cassettes in pytest's rootdir, else those of the package)",
    ),
    Setting("cassette_days", "DAYS", "how old a cassette may be before the run says so (default 180)"),
    Setting("strict_cassettes", "", "fail the run when a cassette it used is too old or was edited"),
    Setting(
        "record_hosts",
        "HOST",
        "redact cassettes for HOST too, not only for Graph and its sign-in; * and ? are allowed; may be repeated",
        many=True,
    ),
    Setting(
        "nightly",
        "",
        "with --record-mode: record every test for a comparison (the simulator's and failing ones too, with "
        "notifications and times), and blame no rule for a failing service; 'graphcalls nightly' gives it",
    ),
    Setting("cloud", "CLOUD", "live: national cloud of the tenant: global (default), us-gov-l4, us-gov-l5, china"),
    Setting("root", "URL", "live: scheme and host of Graph, if not the cloud's"),
    Setting("authority", "URL", "live: scheme and host of the sign-in, if not AZURE_AUTHORITY_HOST or the cloud's"),
    Setting("budget", "NUMBER", "live: how many calls the run may make (default 1000)"),
    Setting("requests", "NUMBER", "live: how many requests the run may send (default 20000)"),
    Setting(
        "ledger",
        "FOLDER",
        "live: where calls are written down until they are over (default: .graphcalls/ledger in pytest's rootdir)",
    ),
    Setting("sandbox_tenants", None, "ids of the tenants that a live run may use"),
    Setting(
        "sandbox",
        None,
        "what a sandbox tenant has, 'name = value' on each line: meetings, users, bots, phone, agreed, callback, "
        "listen; the variable GRAPHCALLS_SANDBOX_<NAME> comes first",
    ),
    Setting(
        "mock",
        None,
        "what a server at a base URL has, 'name = value' on each line: operations, incoming_calls, group_calls, "
        "incoming_command, calls, participants, meetings, users, bots, phone, callback; the variable "
        "GRAPHCALLS_MOCK_<NAME> comes first",
    ),
)


def add_options(parser: pytest.Parser) -> None:
    """Declare every setting as an option and as an ini key."""
    group = parser.getgroup("graphcalls", "Microsoft Graph calls")
    for setting in SETTINGS:
        kind: Literal["string", "bool", "linelist"] = "linelist" if setting.many else "string"
        facts: dict[str, str | None] = {"action": "append" if setting.many else "store", "metavar": setting.takes}
        if setting.takes == "":
            kind, facts = "bool", {"action": "store_true"}
        # None keeps "not given" visible, so that the variable and the ini key may speak.
        if setting.is_option:
            group.addoption(setting.flag, dest=setting.dest, default=None, help=setting.help, **facts)
        text = f"default of {setting.flag}" if setting.is_option else setting.help
        parser.addini(setting.dest, text, type=kind, default=None)


def add_markers(config: pytest.Config) -> None:
    """Make the markers known to pytest, so that they pass ``--strict-markers``."""
    for name, says in MARKERS.items():
        config.addinivalue_line("markers", f"{name}({ARGUMENTS[name]}): {says}")


UNKNOWN_KEY = "Unknown config option: "
"""How a warning of pytest begins that is about an ini key."""


def with_nearest(warning: str) -> str:
    """A warning about an unknown ini key, with the key of ours that it resembles."""
    meant = resembles(warning.removeprefix(UNKNOWN_KEY).strip(), (setting.dest for setting in SETTINGS))
    return f"{warning.strip()}. Did you mean {meant!r}?" if meant else warning


def resembles(name: str, known: Iterable[str], cutoff: float = 0.8) -> str:
    """The known name that ``name`` is a misspelling of; ``""`` when it is one of them, or a name of its own."""
    from difflib import get_close_matches

    found = get_close_matches(name, tuple(known), n=1, cutoff=cutoff)
    return found[0] if found and found[0] != name else ""


_GIVEN = pytest.StashKey[bool]()


def is_given(config: pytest.Config) -> bool:
    """Whether any option, variable or ini key of the plugin is set."""
    if _GIVEN not in config.stash:
        by_variable = any(name.startswith(VARIABLE) for name in os.environ)
        config.stash[_GIVEN] = by_variable or any(first_given(config, one)[1] is not None for one in SETTINGS)
    return config.stash[_GIVEN]


def first_given(config: pytest.Config, setting: Setting) -> tuple[str, Any]:
    """The first source that gives a value, as the user wrote its name, and the value; ``None`` when none does."""
    if setting.is_option:
        option = config.getoption(setting.dest)
        if option is not None:
            return setting.flag, option
        variable = os.environ.get(setting.variable)
        if variable:
            return setting.variable, variable
    return setting.dest, config.getini(setting.dest) or None


def uses_plugin(item: pytest.Item) -> bool:
    """Whether a test uses a fixture or marker of this plugin, or a cassette."""
    if uses_fixture(getattr(item, "fixturenames", ())):
        return True
    return any(mark.name.startswith("graphcal") or mark.name == "vcr" for mark in item.iter_markers())


def uses_fixture(names: Iterable[str]) -> bool:
    """Whether one of the fixtures is this plugin's."""
    return any("graphcalls" in name for name in names)


def records(config: pytest.Config) -> bool:
    """Whether the run records cassettes."""
    return config.getoption("--record-mode", None) not in {None, "none"}


def has_secrets() -> bool:
    """Whether the run may know a secret to be masked: whatever can learn one loads redaction."""
    return "pytest_graphcalls.redaction" in sys.modules


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is an xdist worker."""
    return hasattr(config, "workerinput")
