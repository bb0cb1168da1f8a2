"""Settings of the plugin: from the option, else the variable, else the ini key, else the default.

Each row of :data:`.SETTINGS` is read once, when pytest is configured, into one frozen :class:`Settings`; nothing else
asks pytest for an option.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import pytest

from pytest_graphcalls.errors import SettingError, did_you_mean
from pytest_graphcalls.plugin.options import (
    BOTH_VERSIONS,
    LIVE,
    NAMED,
    SETTINGS,
    SIMULATOR,
    VARIABLE,
    first_given,
    resembles,
)

_VERSION_CHOICES = {"v1.0": ("v1.0",), "beta": ("beta",), "both": BOTH_VERSIONS}
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_REQUIRED = {"possible": False, "all": True}
_T = TypeVar("_T")
_REPORT_SUFFIXES = (".json", ".md")


class LiveSettings(NamedTuple):
    """The settings of a live run.

    Attributes:
        cloud: name of the national cloud.
        root: scheme and host of Graph, if not the cloud's.
        authority: scheme and host of the sign-in, if not the cloud's.
        budget: how many calls the run may make.
        requests: how many requests the run may send.
        ledger: folder in which calls are written down; absolute, or ``None`` for the usual one.
        tenants: ids of the tenants that may be used.
        facts: what they have, each as the source of the setting, its name and its text.
    """

    cloud: str = "global"
    root: str = ""
    authority: str = ""
    budget: int = 1000
    requests: int = 20_000
    ledger: Path | None = None
    tenants: tuple[str, ...] = ()
    facts: tuple[tuple[str, str, str], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Names of the things that the sandbox has."""
        return frozenset(name for _, name, _ in self.facts)


class Settings(NamedTuple):
    """The settings of a run.

    Attributes:
        target: ``simulator``, ``replay``, ``live``, or a base URL without API version.
        versions: API versions that the run covers, in the order ``v1.0``, ``beta``.
        strict: whether notices fail a test, too.
        require_all: whether a rule that was not checked fails a run of contract tests.
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
        mock: what a server at a base URL has, in the form of :attr:`LiveSettings.facts`.
        asked: whether anything of this was given, i.e. not everything is a default.
    """

    target: str = SIMULATOR
    versions: tuple[str, ...] = BOTH_VERSIONS
    strict: bool = False
    require_all: bool = False
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
    mock: tuple[tuple[str, str, str], ...] = ()
    asked: bool = False

    def __repr__(self) -> str:
        """Without secrets: pytest shows local variables, and the join address of a meeting admits everyone."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items() if name not in _SECRET)
        return f"Settings({shown})"

    @property
    def version(self) -> str:
        """The API version of a test that does not say which."""
        return self.versions[0]


_SECRET = frozenset({"token", "redaction_key", "live", "mock"})
_SETTINGS = pytest.StashKey[Settings]()


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
    if "@" in rest:
        shown = f"{scheme}://…@{rest.rpartition('@')[2]}"
        raise SettingError(name, shown, "a base URL without user and password", "Set GRAPHCALLS_TOKEN instead.")

    expected = f"{', '.join(NAMED)} or a base URL (http://… or https://…)"
    near = did_you_mean(value, [*NAMED, f"http://{value}"] if ":" in value else NAMED)
    raise SettingError(name, value, expected, near.strip())


def _refuse_the_service(name: str, url: str) -> None:
    from pytest_graphcalls.contract import Contract

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
    raise SettingError(name, value, expected, did_you_mean(value, table).strip())


def _number(name: str, value: str, expected: str = "a whole number", *, least: int | None = None) -> int:
    with suppress(ValueError):
        number = int(value)
        if least is None or number >= least:
            return number
    raise SettingError(name, value, expected)


def _parse_cloud(name: str, value: str) -> str:
    from pytest_graphcalls.contract import Contract

    clouds = {cloud: cloud for cloud in Contract.packaged().clouds}
    return _choice(name, value, clouds, f"one of {', '.join(clouds)}")


def _parse_https(name: str, value: str) -> str:
    base = value.rstrip("/").removesuffix("/v1.0").removesuffix("/beta")
    if base.lower().startswith("https://") and "@" not in base:
        return base
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
    raise SettingError(name, "(hidden)", "lines of the form 'name = value'", "One of its lines has no equals sign.")


def _with_variables(facts: _Facts, environ: Mapping[str, str], prefix: str) -> _Facts:
    """The facts from an ini key, where no variable, e.g. ``GRAPHCALLS_SANDBOX_PHONE``, sets them."""
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
    path = Path(text)
    if path.suffix not in _REPORT_SUFFIXES:
        raise SettingError(name, text, f"a file name that ends in {' or '.join(_REPORT_SUFFIXES)}")
    if path.is_dir():
        raise SettingError(name, text, "a file name", "This is a folder; give a file in it.")
    if not path.parent.is_dir():
        raise SettingError(name, text, "a file in a folder that exists", f"Make the folder {path.parent} first.")
    return path.absolute()


_AT_LEAST_ONE = partial(_number, expected="a whole number, 1 or more", least=1)
_PARSERS: Mapping[str, Callable[[str, Any], Any]] = {
    "target": parse_target,
    "version": parse_versions,
    "strict": _parse_strict,
    "require": lambda name, value: _choice(name, value.lower(), _REQUIRED, "possible or all"),
    "report": _parse_reports,
    "seed": _number,
    "cassettes": _parse_folder,
    "cassette_days": partial(_number, expected="a number of days, 1 or more", least=1),
    "strict_cassettes": _parse_strict,
    "record_hosts": _parse_hosts,
    "nightly": _parse_strict,
    "cloud": _parse_cloud,
    "root": _parse_https,
    "authority": _parse_https,
    "budget": _AT_LEAST_ONE,
    "requests": _AT_LEAST_ONE,
    "ledger": _parse_folder,
    "sandbox_tenants": _parse_tenants,
    "sandbox": _parse_facts,
    "mock": _parse_facts,
}
"""How the value of each setting is read, whichever source gave it."""
_KEY_VARIABLE = "GRAPHCALLS_REDACTION_KEY"
_FIELDS = {
    "version": "versions",
    "require": "require_all",
    "report": "reports",
    "sandbox_tenants": "tenants",
    "sandbox": "facts",
}
"""Where a setting's field is called otherwise than the setting."""


_DEFAULTS = Settings()


def settings_of(config: pytest.Config) -> Settings:
    """The settings of a run; the defaults where none was given."""
    return config.stash.get(_SETTINGS, _DEFAULTS)


def read_settings(config: pytest.Config) -> Settings:
    """Read every setting, and keep them for :func:`settings_of`.

    Raises:
        UsageError: a value cannot be used; names the option, variable or ini key that held it.
    """
    try:
        config.stash[_SETTINGS] = _read(config)
    except SettingError as error:
        raise pytest.UsageError(str(error)) from None
    return config.stash[_SETTINGS]


def _read(config: pytest.Config) -> Settings:
    given: dict[str, Any] = {}
    asked = False
    for setting in SETTINGS:
        name, raw = first_given(config, setting)
        if isinstance(raw, list) and not setting.many:
            raise SettingError(name, str(raw), "a text", "Write one value, without brackets.")
        if raw is not None:
            given[_FIELDS.get(setting.name, setting.name)] = _PARSERS[setting.name](name, raw)
            asked = asked or setting.is_option
    given["facts"] = _with_variables(given.get("facts", ()), os.environ, "GRAPHCALLS_SANDBOX_")
    given["mock"] = _with_variables(given.get("mock", ()), os.environ, "GRAPHCALLS_MOCK_")
    given["live"] = LiveSettings(**{field: given.pop(field) for field in LiveSettings._fields if field in given})
    given |= {"token": os.environ.get("GRAPHCALLS_TOKEN", ""), "redaction_key": os.environ.get(_KEY_VARIABLE, "")}
    if given["mock"]:
        from pytest_graphcalls.targets.base import mock_facts

        mock_facts(given["mock"])  # what cannot be used is said at once
    return Settings(**given, asked=asked)


_OTHERS = ("TOKEN", "REDACTION_KEY", "OUT", "BASELINE", "HISTORY", "ACCEPTED", "CALL_VERSION", "CALL_GROUP", "RUN_ID")
"""The ends of variables that stand for no option, or are the command's."""
_BEGUN = ("SANDBOX_", "MOCK_", "REDIRECT_", "NIGHTLY_")
"""The beginnings of others; what is wrong with one of the first two is said where it is read."""


def misspelt_variables() -> Iterator[str]:
    """A sentence for each variable of the environment that resembles one of ours, and is none."""
    ours = {setting.name.upper() for setting in SETTINGS if setting.is_option} | {*_OTHERS}
    given = [name.removeprefix(VARIABLE) for name in os.environ if name.startswith(VARIABLE)]
    for name in (name for name in given if name not in ours and not name.startswith(_BEGUN)):
        from pytest_graphcalls.sandbox.tenant import SETTINGS as SANDBOX
        from pytest_graphcalls.targets.base import SETTINGS as MOCK

        facts = {f"SANDBOX_{one.upper()}" for one in SANDBOX} | {f"MOCK_{one.upper()}" for one in MOCK}
        # Without their common beginning, which makes them all alike.
        meant = resembles(name, sorted(ours | facts), cutoff=0.7)
        if meant:
            yield f"pytest-graphcalls reads no variable {VARIABLE}{name}. Did you mean {VARIABLE + meant!r}?"
