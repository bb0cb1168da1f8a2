"""How much is hidden: what gives access, or people, tenants and apps as well."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pytest_graphcalls.redaction.fields import MEMBERS, PARAMETERS, PEOPLE, PEOPLE_IN_PARAMETERS, WITHIN, Kind
from pytest_graphcalls.redaction.patterns import SECRETS, Telltale


@dataclass(frozen=True, slots=True)
class Profile:
    """How much is hidden.

    Attributes:
        name: what it is called.
        members: kind of a JSON member by its :func:`~.tables.plain` name.
        parameters: the same for parameters of addresses and forms.
        within: kind of a member by the member whose object it is in.
        telltales: gives the forms of text; asked when a redactor is made, because most runs need one profile only.
        harmless: a text that this matches whole holds none of the telltales.
    """

    name: str
    members: Mapping[str, Kind]
    parameters: Mapping[str, Kind]
    within: Mapping[str, Mapping[str, Kind]]
    telltales: Callable[[], tuple[Telltale, ...]]
    harmless: re.Pattern[str]


def _everything() -> tuple[Telltale, ...]:
    from pytest_graphcalls.redaction.telling import TELLING

    return (*SECRETS, *TELLING)


_TOKENS = Profile(
    "tokens",
    MappingProxyType(dict.fromkeys(MEMBERS, Kind.SECRET)),
    MappingProxyType(dict.fromkeys(PARAMETERS, Kind.SECRET)),
    MappingProxyType({}),
    lambda: SECRETS,
    re.compile(r"[^.%:=+\s]*"),  # every telltale has one of these; most names and ids have none
)
_CASSETTE = Profile(
    "cassette",
    MappingProxyType({**PEOPLE, **_TOKENS.members}),
    MappingProxyType({**PEOPLE_IN_PARAMETERS, **_TOKENS.parameters}),
    WITHIN,
    _everything,
    re.compile(r"[^.%:=+\s@-]{0,31}|#microsoft\.graph\.[A-Za-z]+"),
)
PROFILES: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in (_TOKENS, _CASSETTE)})
"""``tokens``: what gives access, for reports and messages. ``cassette``: people, tenants and apps as well, for files
that are committed."""
