"""Forms of text that give themselves away wherever they stand.

A new form is a new row. Every pattern takes linear time; the tests try each with what would be worst for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from pytest_graphcalls.redaction.fields import (
    HEADERS,
    MASK,
    MEMBERS,
    PARAMETERS,
    SCHEMES,
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
            r"(?!user-[0-9a-f]{8}(?:@|%40)example\.com|tenant-[0-9a-f]{8}\b)"  # what we have put there
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
