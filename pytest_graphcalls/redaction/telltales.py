"""Forms of text that give themselves away wherever they stand.

A new form is a new row. Every pattern takes linear time; the tests try each with what would be worst for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from pytest_graphcalls.redaction.tables import (
    HEADERS,
    MASK,
    MEMBERS,
    PARAMETERS,
    PEOPLE,
    PEOPLE_IN_PARAMETERS,
    SCHEMES,
    WITHIN,
    Kind,
    any_of,
)

Codec = tuple[Callable[[str], str], Callable[[str], str]]
IN_PATH: Codec = (partial(quote, safe="/:@!$&'()*+,;=~"), unquote)
IN_FORM: Codec = (quote_plus, unquote_plus)
AS_IS: Codec = (str, str)
IN_TEXT: Codec = (partial(quote, safe=""), unquote)
"""Percent-encoded or not, as it may be; what was not is not encoded either."""


@dataclass(frozen=True, slots=True)
class Telltale:
    """A form of text that gives itself away.

    Attributes:
        hints: words in lower case, one of which occurs in every such text; asked first, for speed. Without any the
            pattern is always tried.
        pattern: the text; its groups ``head`` and ``tail`` are kept, ``value`` is replaced. In a secret everything
            but the head is replaced. A group ``name`` is looked up in the tables.
        kind: what the value is; ``None``: what the tables say about ``name``.
        instead: for a secret, the template of what is put in its place.
        codec: how the value is encoded where it stands.
    """

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    kind: Kind | None = Kind.SECRET
    instead: str = rf"\g<head>{MASK}"
    codec: Codec = AS_IS


_SCHEME = "|".join(SCHEMES)
_QUOTED = rf"\g<head>\g<quote>{MASK}\g<quote>"
_ASSIGNED = tuple(f"={between}{quote_}" for between in ("", " ", "b", "r", "u", " b", " r", " u") for quote_ in "\"'")
_VARIABLES = any_of(MEMBERS | {"apikey", "secret"})


def ends(names: Iterable[str]) -> tuple[str, ...]:
    """Hints for members: how their names end, with the quote, or the backslash in front of one, that follows."""
    return tuple(sorted({name[-3:] + quote_ for name in names for quote_ in "\"'\\"}))


def member(names: str) -> str:
    """A member of a JSON text that is cut, malformed, or a text inside a text (each level puts backslashes first)."""
    return rf"(?P<quote>\\{{0,8}}[\"'])(?P<name>{names})(?P=quote)\s{{0,8}}:\s{{0,8}}"


def parameter(names: str) -> str:
    """A parameter of an address, also of one that is itself percent-encoded, once or more, inside another."""
    return (
        rf"(?i)(?P<head>(?:[?&#]|%(?:25)*(?:3F|26|23))(?:\$|%(?:25)*24)?(?P<name>{names})(?:=|%(?:25)*3D))"
        r"(?P<value>(?:(?!%(?:25)*(?:26|23))[^&#\s\"'<>\\])+)"
    )


def member_value(names: str) -> re.Pattern[str]:
    """A member and its value: a text, which may lack its end, or a number."""
    text = r"b?(?P<close>\\{0,8}[\"'])(?!(?P=close))(?:.*?(?<!\\)(?P=close)|.*\Z)"
    return re.compile(rf"(?is)(?P<head>{member(names)})(?:{text}|-?\d[\w.+-]*)")


SECRETS = (
    # A JWT or JWE: its first part is Base64 for a text that starts with "{", whatever white space follows.
    Telltale(
        (".", "%2e"),
        re.compile(
            r"(?<![\w-])(?=[\w-]*+(?:\.|%2E))(?P<head>[\w-]*?)"
            r"(?:ey[JA]|ew[0ko])[\w-]{6,}(?:(?:\.|%2E)[\w-]*)+",
            re.ASCII,
        ),
    ),
    # A whole Authorization or Cookie header in a text. Words about such a header have no scheme and no "=" there.
    Telltale(
        ("authorization",),
        re.compile(
            r"(?i)(?P<head>\bauthorization[\"']?\s{0,4}[:=,]\s{0,4}b?[\"']?"
            rf"(?:{_SCHEME})\s{{1,4}})[^\s\"',]+"
        ),
    ),
    Telltale(
        ("cookie",),
        re.compile(r"(?i)(?P<head>\bcookie[\"']?\s{0,4}[:,]\s{0,4}b?[\"']?)[\w.-]+=[^\r\n\"']*"),
    ),
    # The other headers, as Python shows pairs and mappings.
    Telltale(
        tuple(HEADERS),
        re.compile(
            rf"(?i)(?P<head>[\"'](?:{'|'.join(sorted(HEADERS))})[\"']\s{{0,4}}[:,]\s{{0,4}}b?[\"']"
            rf"(?:(?:{_SCHEME})\s{{1,4}})?)[^\s\"']+"
        ),
    ),
    # A bearer token that is no JWT: long, or with a digit in it, so that "Bearer token" and "Bearer realm=" stay.
    Telltale(
        tuple(map(str.lower, SCHEMES)),
        re.compile(
            rf"(?i)(?P<head>\b(?:{_SCHEME})(?:\s|%20|\+){{1,4}})"
            r"(?:[\w.~/+-]{20,}+|(?=[a-z.~/+_-]{0,19}\d)[\w.~/+-]{8,}+)(?!=[\"'])=*",
            re.ASCII,
        ),
    ),
    # A client secret of Entra ID: three characters, a digit, "Q~", and the rest.
    Telltale(("q~",), re.compile(r"(?P<head>)(?<![\w.~-])[\w.~-]{3}\dQ~[\w.~-]{31,40}+", re.ASCII)),
    # A private key in PEM form, cut or whole.
    Telltale(
        ("private key",),
        re.compile(r"(?P<head>-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)(?:(?!-----END )[\s\S])+"),
    ),
    # The key in a connection string.
    Telltale(
        ("key=",),
        re.compile(r"(?i)(?P<head>(?:\b|_)(?:account|access|shared|sharedaccess)key=)[\w+/%-]{16,}+=*", re.ASCII),
    ),
    # The password in an address.
    Telltale(("@",), re.compile(r"(?P<head>://)[^/@\s:\"']*:[^/@\s\"']+(?=@)")),
    # An address that opens a meeting.
    Telltale(
        ("teams",),
        re.compile(r"(?i)(?P<head>https?://[\w.-]{0,80}teams[\w.-]{0,80}/)(?:l/meetup-join|meet)/[^\s\"'<>\\]+"),
    ),
    Telltale(("=", "3d"), re.compile(parameter(any_of(PARAMETERS)))),
    Telltale(ends(MEMBERS), member_value(any_of(MEMBERS)), instead=_QUOTED),
    # A variable, an argument or an attribute, as a traceback shows it: named like a secret, holding a text.
    Telltale(
        _ASSIGNED,
        re.compile(
            rf"(?i)(?P<head>(?:{_VARIABLES})(?:_?[a-z0-9]){{0,10}}\s{{0,24}}[=!]?= ?[bru]?)"
            r"(?P<quote>[\"'])(?!(?P=quote))(?:\\.|(?!(?P=quote))[^\\\n])+(?:(?P=quote)|$)",
            re.MULTILINE,
        ),
        instead=_QUOTED,
    ),
    # A field of a form in parts.
    Telltale(
        ("form-data",),
        re.compile(
            rf"(?i)(?P<head>\bform-data;[^\r\n]{{0,200}}?\bname=\"?(?:{any_of(PARAMETERS)})\"?[^\r\n]{{0,200}}"
            r"(?:\r?\n[^\r\n]{1,200}){0,4}\r?\n\r?\n)(?:(?!\r?\n--)[\s\S])+"
        ),
    ),
)
"""What no text of ours may hold."""

_HEX = "[0-9A-Fa-f]"
_NOT_AFTER_HEX = (
    rf"(?:(?<!{_HEX}{_HEX})|(?<=%{_HEX}{_HEX}{_HEX})|(?<=\\[bf]{_HEX})|(?<=\\x{_HEX}{{3}})|(?<=\\u{_HEX}{{5}}))"
)
"""Asked behind the first digit: a GUID is no part of a longer number, but may follow an escaped character."""

_NAMED = any_of(PEOPLE)
_WITH_IDS = tuple(name for name, members in WITHIN.items() if "id" in members)
_STARTS_OF_PARAMETERS = tuple(sorted({name[:3] for name in PEOPLE_IN_PARAMETERS}))

TELLING = (
    # A Teams conversation; before the e-mail address that it looks like.
    Telltale(
        ("19:", "19%3a"),
        re.compile(
            r"(?i)(?P<head>\b19(?::|%3A)(?:meeting_)?)(?P<value>[\w.=-]++)"
            r"(?P<tail>(?:@|%40)(?:thread\.[a-z0-9]{1,20}|unq\.gbl\.spaces))",
            re.ASCII,
        ),
        Kind.THREAD,
    ),
    # Somebody by the names that Teams has for them, where it is no GUID and no number.
    Telltale(
        ("8:", "29:", "8%3a", "29%3a"),
        re.compile(
            r"(?i)(?P<head>\b(?:29(?::|%3A)|8(?::|%3A)(?:live|teamsvisitor|skype|spool|acs)(?::|%3A)))"
            r"(?P<value>[\w.~=-]{6,})",
            re.ASCII,
        ),
        Kind.ID,
    ),
    # The tenant in the address of its authority, and a person in a path.
    Telltale(
        ("login.",),
        re.compile(
            r"(?i)(?P<head>//login\.[\w.-]{1,80}/)(?!common\b|organizations\b|consumers\b)(?P<value>[^/?#\s\"'<>\\]+)"
        ),
        Kind.ID,
    ),
    Telltale(
        ("/users", "/applications", "/serviceprincipals"),
        re.compile(
            r"(?i)(?P<head>/(?:users|applications|servicePrincipals)(?:/|\('))(?P<value>[^/?#\s\"'()<>\\${}]+)",
        ),
        Kind.ID,
        codec=IN_PATH,
    ),
    Telltale(
        ("@", "%40"),
        re.compile(
            rf"(?i)(?<![\w.+~-])(?P<head>(?:(?<=%)[0-9a-f]{{2}})?)(?!{MASK}(?:@|%40))"
            r"(?P<value>[\w.+~-]++(?:(?:\#|%23)EXT(?:\#|%23))?(?:@|%40)(?!thread\.|unq\.gbl\.)"
            r"[\w-]++(?:\.(?=[\w-]++\.)[\w-]++)*\.[^\W\d_][\w-]++)"
        ),
        Kind.EMAIL,
        codec=IN_TEXT,
    ),
    Telltale(
        (".onmicrosoft.", ".sharepoint."),
        re.compile(r"(?i)(?<![\w.-])(?P<value>[\w-]++)(?P<tail>\.(?:onmicrosoft|sharepoint)\.[a-z]{2,3}\b)"),
        Kind.DOMAIN,
    ),
    # A GUID, with dashes or without. The pattern starts with a set of characters, which makes the search quick.
    Telltale(
        (),
        re.compile(
            rf"(?P<value>{_HEX}{_NOT_AFTER_HEX}{_HEX}{{7}}(?:-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}(?!{_HEX})"
            rf"|(?<![G-Zg-z]{_HEX}{{8}}){_HEX}{{24}}(?![0-9A-Za-z])))"
        ),
        Kind.GUID,
    ),
    Telltale(
        ("+", "%2b", "tel:", "tel%3a"),
        re.compile(
            r"(?i)(?P<head>(?:tel(?::|%3A)(?=[0-9]))?)"
            r"(?P<value>(?:\+|%2B|(?<=tel:)|(?<=tel%3A))[1-9](?:[ .()-]{0,2}[0-9]){6,14})(?![0-9])",
            re.ASCII,
        ),
        Kind.PHONE,
        codec=IN_TEXT,
    ),
    # What is known by its name: a member of a cut JSON text, a filter of OData, a parameter.
    Telltale(
        ends(PEOPLE),
        re.compile(
            rf"(?is)(?P<head>{member(_NAMED)}b?(?P<close>\\{{0,8}}[\"']))(?!(?P=close))"
            r"(?P<value>.+?)(?:(?<!\\)(?=(?P=close))|\Z)"
        ),
        None,
    ),
    # An identity in a JSON text that is cut, or too deep inside others to be read.
    Telltale(
        ends(_WITH_IDS),
        re.compile(
            rf"(?is)(?P<head>{member(any_of(_WITH_IDS))}\{{[^{{}}]{{0,300}}?"
            r"(?P<id>\\{0,8}[\"'])id(?P=id)\s{0,8}:\s{0,8}(?P<close>\\{0,8}[\"']))(?!(?P=close))(?P<value>.+?)(?:(?<!\\)(?=(?P=close))|\Z)"
        ),
        Kind.ID,
    ),
    Telltale((" eq '", " ne '"), re.compile(rf"(?is)(?P<head>\b(?P<name>{_NAMED}) (?:eq|ne) ')(?P<value>[^']+)"), None),
    Telltale(
        ("startswith(", "contains("),
        re.compile(rf"(?is)(?P<head>\b(?:startswith|contains)\((?P<name>{_NAMED}), ?')(?P<value>[^']+)"),
        None,
    ),
    Telltale(
        _STARTS_OF_PARAMETERS,
        re.compile(parameter(any_of(PEOPLE_IN_PARAMETERS))),
        None,
        codec=IN_FORM,
    ),
)
"""What tells of a person, a tenant or an app."""
