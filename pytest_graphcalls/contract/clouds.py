"""National clouds: where Graph and its sign-in stand in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pytest_graphcalls.contract.files import ContractFiles
from pytest_graphcalls.contract.model import Evidence


@dataclass(frozen=True, slots=True)
class Cloud:
    """A national cloud.

    Attributes:
        name: our name for it, e.g. ``us-gov-l4``.
        graph_root: scheme and host of Graph, e.g. ``https://graph.microsoft.com``.
        authority_host: scheme and host of the sign-in.
        title: what it is called.
        evidence: how well it is known.
        source: where it is from.
    """

    name: str
    graph_root: str
    authority_host: str
    title: str = ""
    evidence: Evidence = Evidence.DOCUMENTED
    source: str = ""

    @property
    def scope(self) -> str:
        """What to ask a token for: every application permission that was consented to (observed 9.4)."""
        return f"{self.graph_root}/.default"


def load(files: ContractFiles) -> Mapping[str, Cloud]:
    """Read ``clouds.yaml``; the worldwide cloud comes first."""
    data = files.read("clouds.yaml", "clouds")["clouds"]
    return MappingProxyType(
        {name: Cloud(name, **{**row, "evidence": Evidence(row["evidence"])}) for name, row in data.items()}
    )
