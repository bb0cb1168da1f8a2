"""Forms of text that are secrets wherever they stand.

A new form is a new row. Every pattern takes linear time; the tests try each with what would be worst for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from pytest_graphcalls.redaction.fields import (
    MASK,
    MEMBERS,
    PARAMETERS,
    SCHEMES,
    SECRET_ENDINGS,
    Kind,
    any_of,
    is_placeholder,
    is_secret_name,
    plain,
)

Codec = tuple[Callable[[str], str], Callable[[str], str]]
IN_PATH: Codec = (partial(quote, safe="/:@!$&'()*+,;=~"), unquote)
IN_FORM: Codec = (quote_plus, unquote_plus)
AS_IS: Codec = (str, str)
IN_TEXT: Codec = (partial(quote, safe=""), unquote)
"""Percent-encoded or not, as it may be; what was not is not encoded either."""


@dataclass(frozen=True, slots=True)
class TextPattern:
    """A form of text that is hidden wherever it stands.

    Attributes:
        hints: words in lower case, one of which occurs in every such text; asked first, for speed. Without any the
            pattern is always tried.
        pattern: the text; its groups ``head`` and ``tail`` are kept, ``value`` is replaced. In a secret everything
            but the head is replaced. A group ``name`` is looked up in the tables.
        kind: what the value is; ``None``: what the tables say about ``name``.
        instead: for a secret, the template of what is put in its place, or what gives that.
        codec: how the value is encoded where it stands.
    """

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    kind: Kind | None = Kind.SECRET
    instead: str | Callable[[re.Match[str]], str] = rf"\g<head>{MASK}"
    codec: Codec = AS_IS


_SCHEME = "|".join(SCHEMES)
_QUOTE = r"\\{0,64}[\"']"
_ESCAPED_LINE = r"(?:\\{1,32}r)?\\{1,32}n"


def ends(names: Iterable[str]) -> tuple[str, ...]:
    """Hints for members: how their names end, with the quote, or the backslash in front of one, that follows."""
    return tuple(sorted({name[-3:] + quote_ for name in names for quote_ in "\"'\\"}))


def member(names: str) -> str:
    """A member of a JSON text that is cut, malformed, or a text inside a text (each level puts backslashes first)."""
    return rf"(?P<quote>{_QUOTE})(?P<name>{names})(?P=quote)\s{{0,8}}:\s{{0,8}}"


def parameter(names: str) -> str:
    """A parameter of an address, also of one that is itself percent-encoded, once or more, inside another."""
    return (
        rf"(?i)(?P<head>(?:(?<!\()[?&#]|%(?:25)*(?:3F|26|23))(?:\$|%(?:25)*24)?(?P<name>{names})(?:=|%(?:25)*3D))"
        r"(?!(?<=code=)[0-9]{1,12}(?![\w.~%-]))"  # the code of an error
        r"(?P<value>(?:(?!%(?:25)*(?:26|23))[^&#\s\"'<>\\])+)"
    )


def _of_part(found: re.Match[str]) -> str:
    """A field of a form in parts, without its value if that is a secret."""
    secret = is_secret_name(found["name"]) or plain(found["name"]) in PARAMETERS
    return f"{found['head']}{MASK}" if secret else found[0]


def _of_rest(found: re.Match[str]) -> str:
    """The rest of a value that was shortened in the middle, removed if the value is a secret."""
    name, value = plain(found["name"]), found["value"]
    known = not name or (len(name) > 1 and any(ending.endswith(name) for ending in (*SECRET_ENDINGS, "sig")))
    return f"{found['head']}{MASK}" if known and not value.isdigit() and not is_placeholder(value) else found[0]


def _of_tail(found: re.Match[str]) -> str:
    """The end of a shortened token: letters of both cases and digits, which no id here has."""
    value = found[0]
    mixed = any(map(str.isdigit, value)) and any(map(str.islower, value)) and any(map(str.isupper, value))
    return MASK if mixed else found[0]


def _of_comparison(found: re.Match[str]) -> str:
    """A text that is compared with a variable, hidden if that is called like a secret."""
    return f"{found['quote']}{MASK}{found['rest']}" if is_secret_name(found["name"]) else found[0]


def _of_input(found: re.Match[str]) -> str:
    """A field of an HTML form whose value stands in front of its name."""
    return f"{found['head']}{MASK}{found['rest']}" if is_secret_name(found["name"]) else found[0]


def _part(line: str, value: str) -> re.Pattern[str]:
    """A field of a form in parts, with lines that end in ``line``."""
    return re.compile(
        rf"(?is)(?P<head>\bform-data;[^\r\n]{{0,80}}?\bname=(?:{_QUOTE})?(?P<name>[\w.-]{{1,60}})(?:{_QUOTE})?"
        rf".{{0,400}}?{line}{line})(?P<value>{value})"
    )


SECRETS = (
    # A JWT or JWE: its first part is Base64 for a text that starts with "{", whatever white space follows.
    TextPattern(
        ("eyj", "eya", "ew0", "ewk", "ewo"),
        re.compile(
            r"(?<![\w-])(?=[\w-]*+(?:\.|%2E))(?P<head>[\w-]*?)"
            r"(?:ey[JA]|ew[0ko])[\w-]{6,}(?:(?:\.|%2E)[\w-]*)+",
            re.ASCII,
        ),
    ),
    # A bearer token that is no JWT: long, or with a digit in it, so that "Bearer token" and "Bearer realm=" stay.
    TextPattern(
        tuple(map(str.lower, SCHEMES)),
        re.compile(
            rf"(?i)(?P<head>\b(?:{_SCHEME})(?:\s|%20|\+){{1,4}})"
            r"(?!user-[0-9a-f]{8}(?:@|%40)example\.com|tenant-[0-9a-f]{8}\b)"  # what we have put there
            r"(?:[\w.~/+-]{20,}+|(?=[a-z.~/+_-]{0,19}\d)[\w.~/+-]{8,}+)(?!=[\"'])=*",
            re.ASCII,
        ),
    ),
    TextPattern(
        ("apikey", "sharedkey", "sharedaccess"),
        re.compile(
            r"(?i)(?P<head>\b(?:apikey|sharedkey(?:lite)?|sharedaccesssignature)(?:\s|%20|\+){1,4})"
            r"(?:[\w.~/+:-]{20,}+|(?=[a-z.~/+:_-]{0,19}\d)[\w.~/+:-]{8,}+)=*",
            re.ASCII,
        ),
    ),
    TextPattern(("digest user",), re.compile(r"(?i)(?P<head>\bdigest\s{1,4})username=[^\r\n']{1,2000}")),
    # A client secret of Entra ID: three characters, a digit, "Q~", and the rest.
    TextPattern(("q~",), re.compile(r"(?P<head>)(?<![\w.~-])[\w.~-]{3}\dQ~[\w.~-]{31,40}+", re.ASCII)),
    # A private key in PEM form, cut or whole.
    TextPattern(
        ("private",),
        re.compile(
            r"(?P<head>-----BEGIN(?:[A-Z +]|%20){1,40}PRIVATE(?: |%20|\+)KEY-----)(?:(?!-----END|-----BEGIN)[\s\S])+"
        ),
    ),
    # A private key as JSON, and access tokens by what their issuers begin them with.
    TextPattern(
        ('kty"',), re.compile(rf"(?P<head>{_QUOTE}(?:d|p|q|dp|dq|qi|k){_QUOTE}\s{{0,4}}:\s{{0,4}}{_QUOTE})[\w-]{{16,}}")
    ),
    TextPattern(
        ("ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "xox", "akia"),
        re.compile(
            r"(?P<head>\b)(?:gh[opsu]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|AKIA[0-9A-Z]{16})",
            re.ASCII,
        ),
    ),
    # What a command signs in with.
    TextPattern(
        (" -u", " --user", " -b", " --cookie"),
        re.compile(
            r"(?P<head>\s(?:-u|--user)[ =]?[\"']?[^\s:\"']{1,80}:|\s(?:-b|--cookie)[ =][\"']?\w{1,40}=)[^\s\"']+"
        ),
    ),
    TextPattern(
        ("==", "!="),
        re.compile(
            r"(?P<quote>[\"'])(?P<value>[^\"'\n]{3,400})(?P<rest>(?P=quote)\s{0,4}[=!]=\s{0,4}(?P<name>[A-Za-z_][\w.]{0,80}))"
        ),
        instead=_of_comparison,
    ),
    TextPattern(
        ("<input",),
        re.compile(
            r"(?i)(?P<head><input\s[^<>]{0,200}?\bvalue=[\"'])(?P<value>[^\"'<>]+)(?P<rest>[\"'][^<>]{0,200}?\bname=[\"'](?P<name>[\w.-]+)[\"'])"
        ),
        instead=_of_input,
    ),
    # The key in a connection string.
    TextPattern(
        ("key=",),
        re.compile(r"(?i)(?P<head>(?:\b|_)(?:account|access|shared|sharedaccess)key=)[\w+/%-]{16,}+=*", re.ASCII),
    ),
    # The password in an address.
    TextPattern(("@",), re.compile(r"(?P<head>://)(?:[^/@\s:\"']*:[^/@\s\"']+|(?=\w*[0-9])[\w-]{16,80}+)(?=@)")),
    # A password in an address that was cut before the @; what is no more than digits is a port.
    TextPattern(
        ("...", "\u2026"),
        re.compile(
            r"(?P<head>://[^/@:\s\"']{0,80}:)(?!\d{1,5}(?:\.\.\.|\u2026))[^/@\s\"'\u2026]{1,200}?(?=\.\.\.|\u2026)"
        ),
    ),
    # An address that opens a meeting: one that is looked for is hidden whole, as it is where it was read.
    TextPattern(
        ("joinweburl",),
        re.compile(
            r"(?i)(?P<head>\bjoinWebUrl(?:\s|%20|\+){1,4}eq(?:\s|%20|\+){1,4}(?:'|%27))(?!REDACTED)(?:(?!%27)[^'\s])+"
        ),
    ),
    TextPattern(
        ("teams",),
        re.compile(
            r"(?i)(?P<head>https?://[\w.-]{0,80}teams[\w.-]{0,80}/)(?:l/meetup-join|meet)/(?![.\u2026{<$]|%7B)[^\s\"'<>\\]+"
        ),
    ),
    TextPattern(("=", "3d"), re.compile(parameter(any_of(PARAMETERS - MEMBERS)))),
    TextPattern(
        ("code=", "sig=", "tempauth="),
        re.compile(r"(?i)(?P<head>(?<![\w.-])(?:code|sig|tempauth)=)[\w.~%+/-]{16,}+=*", re.ASCII),
    ),
    # A field of a form in parts, as it is sent, and as Python shows it.
    TextPattern(("form-data",), _part(r"\r?\n", r"(?:(?!\r?\n--)[\s\S])+"), instead=_of_part),
    TextPattern(("form-data",), _part(_ESCAPED_LINE, rf"(?:(?!{_ESCAPED_LINE}--|[\"'\r\n]).)+"), instead=_of_part),
    # What is left of a value that was shortened in the middle.
    TextPattern(
        ("...", "\u2026"),
        re.compile(r"(?i)(?P<head>(?:\.\.\.|\u2026)(?P<name>[\w.-]{0,20})(?:=|%3D))(?P<value>[\w.~%+/-]{4,}=*)"),
        instead=_of_rest,
    ),
    TextPattern(
        ("...", "\u2026"), re.compile(r"(?:(?<=\.\.\.)|(?<=\u2026))[\w~+/-]{8,}={0,2}(?=[\"'])"), instead=_of_tail
    ),
)
"""What no text of ours may hold."""
