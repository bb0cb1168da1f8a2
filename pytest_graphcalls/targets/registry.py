"""Every target by its name, and what it can do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from pytest_graphcalls.contract import Need
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.sandbox.tenant import SETTINGS
from pytest_graphcalls.targets.base import LIVE, REPLAY, SETTINGS as MOCK_SETTINGS, SIMULATOR, MockFacts, Target
from pytest_graphcalls.targets.simulator import SimulatorTarget
from pytest_graphcalls.targets.url import UrlTarget, steered


class TargetSources(NamedTuple):
    """Everything that the targets of a run are made from.

    Attributes:
        seed: where the simulator's ids start.
        token: bearer token for base URLs, or ``""``.
        facts: what the project says of a server at a base URL.
        replay: makes the replay target; raises :class:`SettingError` when there is nothing to replay.
        live: makes the live target; raises :class:`SettingError` when the tenant may not be used.
    """

    seed: int = 0
    token: str = ""
    facts: MockFacts = MockFacts()
    replay: Callable[[], Target] | None = None
    live: Callable[[], Target] | None = None


def _set_up(name: str, make: Callable[[], Target] | None) -> Target:
    if make is None:
        raise SettingError("target", name, "a run that was set up for it", f"Give --graphcalls-target={name}.")
    return make()


TARGETS: Mapping[str, Callable[[str, TargetSources], Target]] = {
    SIMULATOR: lambda _name, sources: SimulatorTarget(seed=sources.seed),
    LIVE: lambda name, sources: _set_up(name, sources.live),
    REPLAY: lambda name, sources: _set_up(name, sources.replay),
    "url": lambda url, sources: UrlTarget(url, token=sources.token, facts=sources.facts),
}
"""How each sort of target is made from the name given and what the run is made from."""

_CAPABILITIES: Mapping[str, frozenset[Need]] = {SIMULATOR: SimulatorTarget.capabilities, REPLAY: frozenset()}


def capabilities_of(name: str, facts: Collection[str] = ()) -> frozenset[Need]:
    """The capabilities of the target ``name`` beyond answering requests. A server on this machine is asked.

    Args:
        name: of the target.
        facts: names of what the sandbox of a live run, or a server at a base URL, has; each meets the need that it
            gives.
    """
    if name in _CAPABILITIES:
        return _CAPABILITIES[name]
    known = SETTINGS if name == LIVE else MOCK_SETTINGS
    met = {known[fact].gives for fact in facts if fact in known}
    return frozenset(need for need in Need if need.value in met) | (frozenset() if name == LIVE else steered(name))


class Targets:
    """The targets of a run, each made when first needed.

    Args:
        sources: what they are made from.
    """

    def __init__(self, sources: TargetSources = TargetSources()) -> None:  # noqa: B008  a frozen value
        self._sources = sources
        self._open: dict[str, Target] = {}

    def __getitem__(self, name: str) -> Target:
        """The target ``name``: a row of :data:`TARGETS`, or a base URL."""
        if name not in self._open:
            sort = name if name in TARGETS else "url"
            self._open[name] = TARGETS[sort](name, self._sources)
        return self._open[name]

    def close(self) -> None:
        """Close all targets."""
        for target in self._open.values():
            target.close()
