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
BOTH_VERSIONS = ("v1.0", "beta")
_NOT_YET = {
    "live": "The live target is not there yet; use simulator, or the base URL of a server you may test against.",
    "replay": "The replay target is not there yet; use simulator, or read recordings with 'graphcalls check FILE'.",
}
_VERSION_CHOICES = {"v1.0": ("v1.0",), "beta": ("beta",), "both": BOTH_VERSIONS}
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_T = TypeVar("_T")
_REPORT_SUFFIXES = (".json", ".md")


class Settings(NamedTuple):
    """What this run was asked for.

    A named tuple, because making a dataclass takes a millisecond of every start of pytest.

    Attributes:
        target: ``simulator`` or a base URL without API version.
        versions: API versions that the run covers, in the order ``v1.0``, ``beta``.
        strict: whether notices fail a test, too.
        reports: files to write the report to; absolute.
        seed: where the simulator's ids start.
        token: bearer token for a base URL, or ``""``.
        asked: whether anything of this was given, i.e. not everything is a default.
    """

    target: str = SIMULATOR
    versions: tuple[str, ...] = BOTH_VERSIONS
    strict: bool = False
    reports: tuple[Path, ...] = ()
    seed: int = 0
    token: str = ""
    asked: bool = False

    def __repr__(self) -> str:
        """Without the token: pytest shows local variables."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items() if name != "token")
        return f"Settings({shown})"

    @property
    def version(self) -> str:
        """The API version of a test that does not say which."""
        return self.versions[0]


SETTINGS_KEY = pytest.StashKey[Settings]()


def parse_target(name: str, value: str) -> str:
    """``simulator``, or the base URL with its API version and trailing slash taken off.

    Raises:
        SettingError: neither of the two, or a target that does not exist yet.
    """
    base = value.rstrip("/")
    if base == SIMULATOR:
        return base
    scheme, _, rest = base.partition("://")
    if scheme.lower() in {"http", "https"} and rest and "@" not in rest.partition("/")[0]:
        return base.removesuffix("/v1.0").removesuffix("/beta")
    from pytest_graphcalls.errors import SettingError, did_you_mean

    if "@" in rest:
        shown = f"{scheme}://…@{rest.rpartition('@')[2]}"
        raise SettingError(name, shown, "a base URL without user and password", "Set GRAPHCALLS_TOKEN instead.")

    hint = _NOT_YET.get(base) or did_you_mean(value, [SIMULATOR, *_NOT_YET]).strip()
    raise SettingError(name, value, "simulator or a base URL (http://… or https://…)", hint)


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
    try:
        return int(value)
    except ValueError:
        from pytest_graphcalls.errors import SettingError

        raise SettingError(name, value, "a whole number") from None


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
    """One row: the part of the names after ``graphcalls``, how pytest takes it, how it is read, what it is for."""

    name: str
    ini: Literal["string", "bool", "linelist"]
    option: dict[str, Any]
    parse: Callable[[str, Any], Any]
    help: str

    @property
    def flag(self) -> str:
        return f"--graphcalls-{self.name}"

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
        "what the tests talk to: simulator (default) or a base URL; its bearer token comes from GRAPHCALLS_TOKEN",
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
)
_FIELDS = {"version": "versions", "report": "reports"}


def add_options(parser: pytest.Parser) -> None:
    """Declare every setting as an option and as an ini key."""
    group = parser.getgroup("graphcalls", "Microsoft Graph calls")
    for setting in SETTINGS:
        # None keeps "not given" visible, so that the variable and the ini key may speak.
        group.addoption(setting.flag, dest=setting.dest, default=None, help=setting.help, **setting.option)
        parser.addini(setting.dest, f"default of {setting.flag}", type=setting.ini, default=None)


def resolve(config: pytest.Config) -> Settings:
    """Read every setting.

    Raises:
        UsageError: a value cannot be used; names the option, variable or ini key that held it.
    """
    given: dict[str, Any] = {}
    for setting in SETTINGS:
        name, raw = _first_given(config, setting)
        if raw is not None:
            given[_FIELDS.get(setting.name, setting.name)] = _parsed(setting, name, raw)
    return Settings(**given, token=os.environ.get("GRAPHCALLS_TOKEN", ""), asked=bool(given))


def _parsed(setting: _Setting, name: str, raw: Any) -> Any:
    from pytest_graphcalls.errors import SettingError

    try:
        return setting.parse(name, raw)
    except SettingError as error:
        raise pytest.UsageError(str(error)) from None


def _first_given(config: pytest.Config, setting: _Setting) -> tuple[str, Any]:
    """The first source that speaks, as the user wrote its name, and what it says; ``None`` when all are silent."""
    option = config.getoption(setting.dest)
    if option is not None:
        return setting.flag, option
    variable = os.environ.get(setting.variable)
    if variable:
        return setting.variable, variable
    return setting.dest, config.getini(setting.dest) or None
