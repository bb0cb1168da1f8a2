"""The national clouds: where Graph, its sign-in and the keys of notifications are in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from urllib.parse import urlsplit

from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.contract.model import Evidence
from pytest_graphcalls.records import made


class HostKind(StrEnum):
    """The service behind a host of a cloud."""

    GRAPH = "Microsoft Graph"
    SIGN_IN = "the sign-in"
    CHANNEL = "the keys of notifications"


@dataclass(frozen=True)
class Cloud:
    """A national cloud.

    Attributes:
        name: our name for it, e.g. ``us-gov-l4``.
        graph_root: scheme and host of Graph, e.g. ``https://graph.microsoft.com``.
        authority_host: scheme and host of the sign-in.
        title: what it is called.
        evidence: how well it is known.
        source: where it is from.
        sign_in_hosts: further names of the sign-in; ``*.`` at the beginning stands for one more label.
        channel_hosts: names that publish the keys of notifications and of Bot Framework tokens.
    """

    name: str
    graph_root: str
    authority_host: str
    title: str = ""
    evidence: Evidence = Evidence.DOCUMENTED
    source: str = ""
    sign_in_hosts: tuple[str, ...] = ()
    channel_hosts: tuple[str, ...] = ()

    @cached_property
    def hosts(self) -> Mapping[str, HostKind]:
        """Every host of the cloud that a bot asks something, by name, with what it serves."""
        served = {
            HostKind.GRAPH: (_host(self.graph_root),),
            HostKind.SIGN_IN: (_host(self.authority_host), *self.sign_in_hosts),
            HostKind.CHANNEL: self.channel_hosts,
        }
        return {name: kind for kind, names in served.items() for name in names}

    def kind_of(self, host: str) -> HostKind | None:
        """The service behind a host of the cloud; ``None`` for a host that is not one of it.

        Args:
            host: its name, with or without a port, in any letter case.
        """
        name, hosts = _host(f"//{host}"), self.hosts
        return hosts.get(name) or hosts.get(f"*.{name.partition('.')[2]}")

    @property
    def scope(self) -> str:
        """The scope of a token request for every application permission with consent (observed 9.4)."""
        return f"{self.graph_root}/.default"


def load_clouds(files: ContractFiles) -> Mapping[str, Cloud]:
    """Read ``clouds.yaml``; the worldwide cloud comes first."""
    data = files.read("clouds.yaml", "clouds")["clouds"]
    return MappingProxyType({name: made(Cloud, row, name=name) for name, row in data.items()})


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # brackets that are no IPv6 address
        return ""
