"""What of an address is compared: where it leads, not to whom."""

from __future__ import annotations

from functools import cached_property

from pytest_graphcalls.contract import VERSIONS, Contract
from pytest_graphcalls.wire import Request, path_segments

_MORE = {*VERSIONS, "users", "onlinemeetings"}
"""Words of addresses that no operation of the contract has."""


class Addresses:
    """Makes templates of addresses.

    Args:
        contract: knows which segments are words of the API; every other one is a key.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    @cached_property
    def _words(self) -> set[str]:
        operations = self._contract.operations.values()
        paths = [path for one in operations for version in one.versions for path in one.paths(version)]
        paths += [payload.resource for payload in self._contract.notifications.values()]
        return {segment.lower() for path in paths for segment in path_segments(path)} | _MORE

    def template(self, address: str) -> str:
        """The path of ``address`` with ``{id}`` for each key, behind ``https:`` if a host was named."""
        path = "/".join(map(self._segment, path_segments(Request("GET", address).path)))
        return f"{'https:' if '://' in address[:12] else ''}/{path}"

    def _segment(self, segment: str) -> str:
        plain = segment.removeprefix("microsoft.graph.")
        return segment if plain.lower() in self._words else "{id}"
