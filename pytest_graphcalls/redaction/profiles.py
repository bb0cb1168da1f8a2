"""How much is hidden: what gives access, or people, tenants and apps as well."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from pytest_graphcalls.redaction.fields import (
    MASK,
    MEMBERS,
    PARAMETERS,
    PEOPLE,
    PEOPLE_IN_PARAMETERS,
    WITHIN,
    Kind,
    any_of,
)
from pytest_graphcalls.redaction.patterns import (
    IN_FORM,
    IN_PATH,
    IN_TEXT,
    SECRETS,
    TextPattern,
    ends,
    member,
    parameter,
)
from pytest_graphcalls.redaction.pseudonyms import GUID

_HEX = "[0-9A-Fa-f]"
_NOT_AFTER_HEX = (
    rf"(?:(?<!{_HEX}{_HEX})|(?<=%{_HEX}{_HEX}{_HEX})|(?<=\\[bf]{_HEX})|(?<=\\x{_HEX}{{3}})|(?<=\\u{_HEX}{{5}}))"
)
"""Asked behind the first digit: a GUID is no part of a longer number, but may follow an escaped character."""

_NAMED = any_of(PEOPLE)
_WITH_IDS = tuple(name for name, members in WITHIN.items() if "id" in members)
_STARTS_OF_PARAMETERS = tuple(sorted({name[:3] for name in PEOPLE_IN_PARAMETERS}))


@dataclass(frozen=True, slots=True)
class Profile:
    """How much is hidden.

    Attributes:
        name: what it is called.
        members: kind of a JSON member by its :func:`~.tables.plain` name.
        parameters: the same for parameters of addresses and forms.
        within: kind of a member by the member whose object it is in.
        patterns: gives the forms of text; asked when a redactor is made, because most runs need one profile only.
        ids: whether ids are hidden, too.
        harmless: a text that this matches whole holds none of the patterns.
    """

    name: str
    members: Mapping[str, Kind]
    parameters: Mapping[str, Kind]
    within: Mapping[str, Mapping[str, Kind]]
    patterns: Callable[[], tuple[TextPattern, ...]]
    ids: bool
    harmless: re.Pattern[str]


@cache
def people() -> tuple[TextPattern, ...]:
    """Forms of text that tell of a person, a tenant or an app.

    Compiled when first asked for, because only recordings need them and compiling takes its time.
    """
    return (
        # A Teams conversation; before the e-mail address that it looks like.
        TextPattern(
            ("19:", "19%3a"),
            re.compile(
                r"(?i)(?P<head>\b19(?::|%3A)(?:meeting_)?)(?P<value>[\w.=-]++)"
                r"(?P<tail>(?:@|%40)(?:thread\.[a-z0-9]{1,20}|unq\.gbl\.spaces))",
                re.ASCII,
            ),
            Kind.THREAD,
        ),
        # The id of an online meeting: its organizer and thread in Base64 (m1.1).
        TextPattern(("mso", "msp"), re.compile(r"(?P<value>(?<![\w+=-])MS[op][\w+/-]{60,}+={0,2})", re.ASCII), Kind.ID),
        # The number of a meeting that is looked for.
        TextPattern(
            ("joinmeetingid",),
            re.compile(
                r"(?i)(?P<head>\bjoinMeetingId(?:\s|%20|\+){1,4}eq(?:\s|%20|\+){1,4}(?:'|%27))(?P<value>[0-9]{6,20})"
            ),
            Kind.NUMBER,
        ),
        # A user by the names that Teams has for users, where it is no GUID and no number.
        TextPattern(
            ("8:", "29:", "8%3a", "29%3a"),
            re.compile(
                r"(?i)(?P<head>\b(?:29(?::|%3A)|8(?::|%3A)(?:live|teamsvisitor|skype|spool|acs)(?::|%3A)))"
                r"(?P<value>[\w.~=-]{6,})",
                re.ASCII,
            ),
            Kind.ID,
        ),
        # The tenant in the address of its authority, and a person in a path.
        TextPattern(
            ("login.",),
            re.compile(
                r"(?i)(?P<head>//login\.[\w.-]{1,80}/)(?!common\b|organizations\b|consumers\b)(?P<value>[^/?#\s\"'<>\\]+)"
            ),
            Kind.ID,
        ),
        TextPattern(
            ("/users", "/applications", "/serviceprincipals"),
            re.compile(
                r"(?i)(?P<head>/(?:users|applications|servicePrincipals)(?:/|\('))(?P<value>[^/?#\s\"'()<>\\${}]+)"
            ),
            Kind.ID,
            codec=IN_PATH,
        ),
        TextPattern(
            ("@", "%40"),
            re.compile(
                rf"(?i)(?<![\w.+~-])(?P<head>(?:(?<=%)[0-9a-f]{{2}})?)(?!{MASK}(?:@|%40))"
                r"(?P<value>[\w.+~-]++(?:(?:\#|%23)EXT(?:\#|%23))?(?:@|%40)(?!thread\.|unq\.gbl\.)"
                r"[\w-]++(?:\.(?=[\w-]++\.)[\w-]++)*\.[^\W\d_][\w-]++)"
            ),
            Kind.EMAIL,
            codec=IN_TEXT,
        ),
        # A local part in quotes, also inside a JSON text.
        TextPattern(
            ('"@', '"%40'),
            re.compile(
                r"(?i)(?<![\w\\])(?P<value>\\{0,64}\"[^\W\d_][^\"\\\n@,:;{}\[\]]{0,63}(?:\\{0,64}\")(?:@|%40)"
                r"(?!odata\.|microsoft\.)[\w-]++(?:\.(?=[\w-]++\.)[\w-]++)*\.[^\W\d_][\w-]++)"
            ),
            Kind.EMAIL,
            codec=IN_TEXT,
        ),
        # Whose OneDrive an address leads to, and an entry of a directory.
        TextPattern(
            ("/personal/", "%2fpersonal%2f"),
            re.compile(
                r"(?i)(?P<head>sharepoint\.[a-z.]{2,6}(?:/|%2F)(?::\w:/\w/)?personal(?:/|%2F))(?P<value>[\w.%-]+)"
            ),
            Kind.ID,
        ),
        TextPattern(
            ("cn=", "uid=", "cn%3d"),
            re.compile(
                r"(?i)(?P<head>(?<![a-z0-9])(?:CN|UID)(?:=|%3D))(?P<value>(?:\\[,+]|[^,;+\\\n\"'<>&]){1,80}?)"
                r"(?P<tail>(?=(?:,|%2C)(?:\s|%20|\+){0,4}(?:OU|DC|O|CN|C|L|ST|UID)(?:=|%3D)))"
            ),
            Kind.NAME,
            codec=IN_TEXT,
        ),
        TextPattern(
            ("ou=", "ou%3d", "dc=", "dc%3d"),
            re.compile(
                r"(?i)(?P<head>(?:,|%2C)(?:\s|%20|\+){0,4}(?:OU|DC|O)(?:=|%3D))(?P<value>(?:\\[,+]|[^,;+\\\s\"'<>&%]){1,80})"
            ),
            Kind.DOMAIN,
        ),
        TextPattern(
            (".onmicrosoft.", ".sharepoint."),
            re.compile(r"(?i)(?<![\w.-])(?P<value>[\w-]++)(?P<tail>\.(?:onmicrosoft|sharepoint)\.[a-z]{2,3}\b)"),
            Kind.DOMAIN,
        ),
        # A GUID, with dashes or without. The pattern starts with a set of characters, which makes the search quick.
        TextPattern(
            (),
            re.compile(
                rf"(?P<value>{_HEX}{_NOT_AFTER_HEX}{_HEX}{{7}}(?:-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}(?!{_HEX})"
                rf"|(?<![G-Zg-z]{_HEX}{{8}}){_HEX}{{24}}(?![0-9A-Za-z])))"
            ),
            Kind.GUID,
        ),
        TextPattern(
            ("+", "%2b", "tel:", "tel%3a"),
            re.compile(
                r"(?i)(?P<head>(?:tel(?::|%3A)(?=[0-9]))?)"
                r"(?P<value>(?:\+|%2B|(?<=tel:)|(?<=tel%3A))[1-9](?:[ .()-]{0,2}[0-9]){6,14})(?![0-9])",
                re.ASCII,
            ),
            Kind.PHONE,
            codec=IN_TEXT,
        ),
        # A number as people of a country write it. The pattern starts with a set of characters, for speed.
        TextPattern(
            (),
            re.compile(
                r"(?P<value>[(02-9](?<![\w.:+%=#/-].)(?:"
                r"(?<=\()[2-9][0-9]{2}\)[ .-]?[2-9][0-9]{2}[ .-][0-9]{4}"
                r"|(?<=\()0[1-9][0-9]{1,4}\)[ /-]?[0-9]{3,4}(?:[ -]?[0-9]{2,5}){0,3}"
                r"|(?<=[2-9])[0-9]{2}(?P<gap>[ .-])[2-9][0-9]{2}(?P=gap)[0-9]{4}"
                r"|(?<=0)[1-9][0-9]{1,4}[ /-][0-9]{3,4}(?:[ -]?[0-9]{2,5}){1,3}"
                r"|(?<=0)0[1-9][0-9]{0,2}[ /-]?[0-9]{2,5}(?:[ /-]?[0-9]{2,5}){2,4}"
                r"))(?![\w:%-]|\.\d)",
                re.ASCII,
            ),
            Kind.PHONE,
        ),
        # What is known by its name: a member of a cut JSON text, a filter of OData, a parameter.
        TextPattern(
            ends(PEOPLE),
            re.compile(
                rf"(?is)(?P<head>{member(_NAMED)}b?(?P<close>\\{{0,64}}[\"']))(?!(?P=close))"
                r"(?P<value>.+?)(?:(?<!\\)(?=(?P=close))|\Z)"
            ),
            None,
        ),
        # An identity in a JSON text that is cut, or too deep inside others to be read.
        TextPattern(
            ends(_WITH_IDS),
            re.compile(
                rf"(?is)(?P<head>{member(any_of(_WITH_IDS))}\{{[^{{}}]{{0,300}}?"
                r"(?P<id>\\{0,64}[\"'])id(?P=id)\s{0,8}:\s{0,8}(?P<close>\\{0,64}[\"']))(?!(?P=close))(?P<value>.+?)(?:(?<!\\)(?=(?P=close))|\Z)"
            ),
            Kind.ID,
        ),
        TextPattern(
            (" eq '", " ne '"), re.compile(rf"(?is)(?P<head>\b(?P<name>{_NAMED}) (?:eq|ne) ')(?P<value>[^']+)"), None
        ),
        TextPattern(
            ("startswith(", "contains("),
            re.compile(rf"(?is)(?P<head>\b(?:startswith|contains)\((?P<name>{_NAMED}), ?')(?P<value>[^']+)"),
            None,
        ),
        TextPattern(_STARTS_OF_PARAMETERS, re.compile(parameter(any_of(PEOPLE_IN_PARAMETERS))), None, codec=IN_FORM),
    )


def _everything() -> tuple[TextPattern, ...]:
    return (*SECRETS, *people())


_TYPE = r"#microsoft\.graph\.[A-Za-z]+|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9]{2}:[0-9]{2})"
"""The name of a type, and a time."""
_TOKENS = Profile(
    "tokens",
    dict.fromkeys(MEMBERS, Kind.SECRET),
    dict.fromkeys(PARAMETERS, Kind.SECRET),
    {},
    lambda: SECRETS,
    False,  # noqa: FBT003  a field of a row
    re.compile(rf"[^.%:=+\s\\<>\"'`&~]{{0,19}}|{GUID.pattern}|{_TYPE}"),
)
_CASSETTE = Profile(
    "cassette",
    {**PEOPLE, **_TOKENS.members},
    {**PEOPLE_IN_PARAMETERS, **_TOKENS.parameters},
    WITHIN,
    _everything,
    True,  # noqa: FBT003  a field of a row
    re.compile(rf"[^.%:=+\s@\\<>\"'`&~-]{{0,19}}|{_TYPE}"),
)
PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in (_TOKENS, _CASSETTE)}
"""``tokens``: what gives access, for reports and messages. ``cassette``: people, tenants and apps as well, for files
that are committed."""
