"""Where a setting comes from: the option, else the variable, else the ini key, else the default.

:data:`SETTINGS` is the whole list. Each row is read once, when pytest is configured, into one frozen
:class:`Settings`; nothing else asks pytest for an option. Secrets are not in the list: a command line is seen
by every process of the machine, so the bearer token of a base URL comes from ``GRAPHCALLS_TOKEN`` alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import pytest

SIMULATOR = "simulator"
REPLAY = "replay"
LIVE = "live"
NAMED = (SIMULATOR, REPLAY, LIVE)
"""Targets that have a name of their own."""
BOTH_VERSIONS = ("v1.0", "beta")
_VERSION_CHOICES = {"v1.0": ("v1.0",), "beta": ("beta",), "both": BOTH_VERSIONS}
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_T = TypeVar("_T")
_REPORT_SUFFIXES = (".json", ".md")


class LiveSettings(NamedTuple):
    """What a live run was set up with.

    Attributes:
        cloud: name of the national cloud.
        root: scheme and host of Graph, if not the cloud's.
        authority: scheme and host of the sign-in, if not the cloud's.
        budget: how many calls the run may make.
        ledger: folder in which calls are written down; absolute, or ``None`` for the usual one.
        tenants: ids of the tenants that may be used.
        facts: what they have: source of the setting, name, text.
    """

    cloud: str = "global"
    root: str = ""
    authority: str = ""
    budget: int = 500
    ledger: Path | None = None
    tenants: tuple[str, ...] = ()
    facts: tuple[tuple[str, str, str], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Names of what the sandbox has."""
        return frozenset(name for _, name, _ in self.facts)


class Settings(NamedTuple):
    """What this run was asked for.

    A named tuple, because making a dataclass takes a millisecond of every start of pytest.

    Attributes:
        target: ``simulator``, ``replay``, ``live``, or a base URL without API version.
        versions: API versions that the run covers, in the order ``v1.0``, ``beta``.
        strict: whether notices fail a test, too.
        reports: files to write the report to; absolute.
        seed: where the simulator's ids start.
        token: bearer token for a base URL, or ``""``.
        cassettes: folder of the recordings; absolute, or ``None`` for the usual one.
        cassette_days: how old a cassette may be.
        strict_cassettes: whether an old or edited cassette fails the run.
        record_hosts: hosts whose exchanges are redacted in cassettes besides those of Graph and its sign-in;
            ``*`` and ``?`` stand for letters.
        redaction_key: what pseudonyms in cassettes depend on, or ``""``.
        nightly: whether tests are recorded to be compared with another night's: all of them, on the simulator too,
            with notifications and times; a service or network that fails then breaks no rule on any target.
        live: what a live run was set up with.
        asked: whether anything of this was given, i.e. not everything is a default.
    """

    target: str = SIMULATOR
    versions: tuple[str, ...] = BOTH_VERSIONS
    strict: bool = False
    reports: tuple[Path, ...] = ()
    seed: int = 0
    token: str = ""
    cassettes: Path | None = None
    cassette_days: int = 180
    strict_cassettes: bool = False
    record_hosts: tuple[str, ...] = ()
    redaction_key: str = ""
    nightly: bool = False
    live: LiveSettings = LiveSettings()
    asked: bool = False

    def __repr__(self) -> str:
        """Without secrets: pytest shows local variables, and the join address of a meeting lets anybody in."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items() if name not in _SECRET)
        return f"Settings({shown})"

    @property
    def version(self) -> str:
        """The API version of a test that does not say which."""
        return self.versions[0]


_SECRET = frozenset({"token", "redaction_key", "live"})

SETTINGS_KEY = pytest.StashKey[Settings]()


def parse_target(name: str, value: str) -> str:
    """The target's name, or the base URL with its API version and trailing slash taken off.

    Raises:
        SettingError: neither of the two, or the service itself, where calls ring real people.
    """
    base = value.rstrip("/")
    if base in NAMED:
        return base
    scheme, _, rest = base.partition("://")
    if scheme.lower() in {"http", "https"} and rest and "@" not in rest.partition("/")[0]:
        _refuse_the_service(name, base)
        return base.removesuffix("/v1.0").removesuffix("/beta")
    from pytest_graphcalls.errors import SettingError, did_you_mean

    if "@" in rest:
        shown = f"{scheme}://…@{rest.rpartition('@')[2]}"
        raise SettingError(name, shown, "a base URL without user and password", "Set GRAPHCALLS_TOKEN instead.")

    expected = f"{', '.join(NAMED)} or a base URL (http://… or https://…)"
    raise SettingError(name, value, expected, did_you_mean(value, NAMED).strip())


def _refuse_the_service(name: str, url: str) -> None:
    from urllib.parse import urlsplit

    from pytest_graphcalls.contract import Contract
    from pytest_graphcalls.errors import SettingError

    def host(address: str) -> str:
        return (urlsplit(address).hostname or "").rstrip(".")

    if host(url) in {host(cloud.graph_root) for cloud in Contract.packaged().clouds.values()}:
        hint = "A live run keeps to the tenants that are listed, writes down every call, and hangs up."
        raise SettingError(name, url, f"{LIVE}, for Microsoft's own service", hint)


def parse_versions(name: str, value: str) -> tuple[str, ...]:
    """The API versions that ``v1.0``, ``beta`` or ``both`` means; raises :class:`SettingError`."""
    return _choice(name, value, _VERSION_CHOICES, "v1.0, beta or both")


def _parse_strict(name: str, value: str | bool) -> bool:  # noqa: FBT001  pytest hands a switch over as a bool
    if isinstance(value, bool):
        return value
    return _choice(name, value.lower(), _SWITCH, "true or false")


def _choice(name: str, value: str, table: Mapping[str, _T], expected: str) -> _T:
    if value in table:
        return table[value]
    from pytest_graphcalls.errors import SettingError, did_you_mean

    raise SettingError(name, value, expected, did_you_mean(value, table).strip())


def _parse_seed(name: str, value: str) -> int:
    return _number(name, value, "a whole number")


def _parse_days(name: str, value: str) -> int:
    return _number(name, value, "a number of days, 1 or more", least=1)


def _number(name: str, value: str, expected: str, *, least: int | None = None) -> int:
    try:
        number = int(value)
    except ValueError:
        number = None
    if number is not None and (least is None or number >= least):
        return number
    from pytest_graphcalls.errors import SettingError

    raise SettingError(name, value, expected) from None


def _parse_budget(name: str, value: str) -> int:
    return _number(name, value, "a whole number, 1 or more", least=1)


def _parse_cloud(name: str, value: str) -> str:
    from pytest_graphcalls.contract import Contract

    clouds = {cloud: cloud for cloud in Contract.packaged().clouds}
    return _choice(name, value, clouds, f"one of {', '.join(clouds)}")


def _parse_https(name: str, value: str) -> str:
    base = value.rstrip("/").removesuffix("/v1.0").removesuffix("/beta")
    if base.lower().startswith("https://") and "@" not in base:
        return base
    from pytest_graphcalls.errors import SettingError

    shown = "(hidden)" if "@" in value else value
    raise SettingError(name, shown, "an address that begins with https://", "Secrets are sent there, so only over TLS.")


def _parse_tenants(_: str, value: list[str]) -> tuple[str, ...]:
    return tuple(one for line in value for one in line.replace(",", " ").split())


def _parse_facts(name: str, value: list[str]) -> _Facts:
    return tuple(_fact(name, line) for line in value if line.strip())


def _fact(name: str, line: str) -> tuple[str, str, str]:
    fact, equals, text = line.partition("=")
    if equals:
        return name, fact.strip().lower(), text.strip()
    from pytest_graphcalls.errors import SettingError

    raise SettingError(name, "(hidden)", "lines of the form 'name = value'", "One of its lines has no equals sign.")


def _with_variables(facts: _Facts, environ: Mapping[str, str]) -> _Facts:
    """What the ini key says of a sandbox, where no variable, e.g. ``GRAPHCALLS_SANDBOX_PHONE``, says something else."""
    prefix = "GRAPHCALLS_SANDBOX_"
    found = sorted(name for name, text in environ.items() if name.startswith(prefix) and text)
    said = tuple((name, name.removeprefix(prefix).lower(), environ[name]) for name in found)
    names = {name for _, name, _ in said}
    return (*(fact for fact in facts if fact[1] not in names), *said)


_Facts = tuple[tuple[str, str, str], ...]


def _parse_folder(_: str, value: str) -> Path:
    return Path(value).absolute()


def _parse_hosts(_: str, value: str | list[str]) -> tuple[str, ...]:
    texts = value.split(",") if isinstance(value, str) else value
    return tuple(text.strip().lower() for text in texts if text.strip())


def _parse_reports(name: str, value: str | list[str]) -> tuple[Path, ...]:
    texts = value.split(os.pathsep) if isinstance(value, str) else value
    return tuple(_report(name, text) for text in texts if text)


def _report(name: str, text: str) -> Path:
    from pytest_graphcalls.errors import SettingError

    path = Path(text)
    if path.suffix not in _REPORT_SUFFIXES:
        raise SettingError(name, text, f"a file name that ends in {' or '.join(_REPORT_SUFFIXES)}")
    if not path.parent.is_dir():
        raise SettingError(name, text, "a file in a folder that exists", f"Make the folder {path.parent} first.")
    return path.absolute()


class _Setting(NamedTuple):
    """One row: the part of the names after ``graphcalls``, how pytest takes it, how it is read, what it is for.

    A row without ``option`` is an ini key alone: it belongs into the project's own configuration.
    """

    name: str
    ini: Literal["string", "bool", "linelist"]
    option: dict[str, Any] | None
    parse: Callable[[str, Any], Any]
    help: str

    @property
    def flag(self) -> str:
        return f"--graphcalls-{self.name.replace('_', '-')}" if self.option is not None else self.dest

    @property
    def dest(self) -> str:
        return f"graphcalls_{self.name}"

    @property
    def variable(self) -> str:
        return f"GRAPHCALLS_{self.name.upper()}"


SETTINGS = (
    _Setting(
        "target",
        "string",
        {"metavar": "TARGET"},
        parse_target,
        "what the tests talk to: simulator (default), replay, live (a sandbox tenant) or a base URL; GRAPHCALLS_TOKEN "
        "holds a URL's bearer token",
    ),
    _Setting(
        "version",
        "string",
        {"metavar": "VERSION"},
        parse_versions,
        "API versions to cover: v1.0, beta or both (default)",
    ),
    _Setting(
        "strict",
        "bool",
        {"action": "store_true"},
        _parse_strict,
        "let notices (additive or tolerated differences) and reported rules fail a test, too",
    ),
    _Setting(
        "report",
        "linelist",
        {"action": "append", "metavar": "FILE"},
        _parse_reports,
        "write the report to FILE, as JSON or Markdown by its suffix; may be repeated",
    ),
    _Setting("seed", "string", {"metavar": "NUMBER"}, _parse_seed, "where the simulator's ids start (default 0)"),
    _Setting(
        "cassettes",
        "string",
        {"metavar": "FOLDER"},
        _parse_folder,
        "where the suite's recordings lie (default: cassettes in pytest's rootdir, else those of the package)",
    ),
    _Setting(
        "cassette_days",
        "string",
        {"metavar": "DAYS"},
        _parse_days,
        "how old a cassette may be before the run says so (default 180)",
    ),
    _Setting(
        "strict_cassettes",
        "bool",
        {"action": "store_true"},
        _parse_strict,
        "fail the run when a cassette it used is too old or was edited",
    ),
    _Setting(
        "record_hosts",
        "linelist",
        {"action": "append", "metavar": "HOST"},
        _parse_hosts,
        "redact cassettes for HOST too, not only for Graph and its sign-in; * and ? are allowed; may be repeated",
    ),
    _Setting(
        "nightly",
        "bool",
        {"action": "store_true"},
        _parse_strict,
        "with --record-mode: record every test for a comparison (the simulator's and failing ones too, with "
        "notifications and times), and blame no rule for a failing service; 'graphcalls nightly' gives it",
    ),
    _Setting(
        "cloud",
        "string",
        {"metavar": "CLOUD"},
        _parse_cloud,
        "live: national cloud of the tenant: global (default), us-gov-l4, us-gov-l5, china",
    ),
    _Setting("root", "string", {"metavar": "URL"}, _parse_https, "live: scheme and host of Graph, if not the cloud's"),
    _Setting(
        "authority",
        "string",
        {"metavar": "URL"},
        _parse_https,
        "live: scheme and host of the sign-in, if not AZURE_AUTHORITY_HOST or the cloud's",
    ),
    _Setting(
        "budget", "string", {"metavar": "NUMBER"}, _parse_budget, "live: how many calls the run may make (default 500)"
    ),
    _Setting(
        "ledger",
        "string",
        {"metavar": "FOLDER"},
        _parse_folder,
        "live: where calls are written down until they are over (default: .graphcalls/ledger in pytest's rootdir)",
    ),
    _Setting("sandbox_tenants", "linelist", None, _parse_tenants, "ids of the tenants that a live run may use"),
    _Setting(
        "sandbox",
        "linelist",
        None,
        _parse_facts,
        "what a sandbox tenant has, 'name = value' on each line: meetings, users, bots, phone, callback, listen; the "
        "variable GRAPHCALLS_SANDBOX_<NAME> comes first",
    ),
)
_KEY_VARIABLE = "GRAPHCALLS_REDACTION_KEY"
_FIELDS = {"version": "versions", "report": "reports", "sandbox_tenants": "tenants", "sandbox": "facts"}
"""Where a setting's field is called otherwise than the setting."""


def add_options(parser: pytest.Parser) -> None:
    """Declare every setting as an option and as an ini key."""
    group = parser.getgroup("graphcalls", "Microsoft Graph calls")
    for setting in SETTINGS:
        # None keeps "not given" visible, so that the variable and the ini key may speak.
        if setting.option is not None:
            group.addoption(setting.flag, dest=setting.dest, default=None, help=setting.help, **setting.option)
        text = setting.help if setting.option is None else f"default of {setting.flag}"
        parser.addini(setting.dest, text, type=setting.ini, default=None)


def resolve(config: pytest.Config) -> Settings:
    """Read every setting.

    Raises:
        UsageError: a value cannot be used; names the option, variable or ini key that held it.
    """
    given: dict[str, Any] = {}
    asked = False
    for setting in SETTINGS:
        name, raw = _first_given(config, setting)
        if raw is not None:
            given[_FIELDS.get(setting.name, setting.name)] = _parsed(setting, name, raw)
            asked = asked or setting.option is not None
    given["facts"] = _with_variables(given.get("facts", ()), os.environ)
    given["live"] = LiveSettings(**{field: given.pop(field) for field in LiveSettings._fields if field in given})
    given |= {"token": os.environ.get("GRAPHCALLS_TOKEN", ""), "redaction_key": os.environ.get(_KEY_VARIABLE, "")}
    return Settings(**given, asked=asked)


def _parsed(setting: _Setting, name: str, raw: Any) -> Any:
    from pytest_graphcalls.errors import SettingError

    try:
        return setting.parse(name, raw)
    except SettingError as error:
        raise pytest.UsageError(str(error)) from None


def _first_given(config: pytest.Config, setting: _Setting) -> tuple[str, Any]:
    """The first source that speaks, as the user wrote its name, and what it says; ``None`` when all are silent."""
    if setting.option is not None:
        option = config.getoption(setting.dest)
        if option is not None:
            return setting.flag, option
        variable = os.environ.get(setting.variable)
        if variable:
            return setting.variable, variable
    return setting.dest, config.getini(setting.dest) or None
