"""The table: what a leak looks like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from string import ascii_letters, digits

_PLACEHOLDER = re.compile(
    r"(?:(?:bearer|basic|digest|pop|negotiate)(?:\s|%20|\+)+)?"
    r"(?:redacted\b.*|bearer|basic|\*{3,}.*|x{4,}|<.*|\$.*|\{.*|\[.*|%[sd(].*|null|none|true|false|\.{3}.*|\u2026.*|-?)",
    re.IGNORECASE | re.DOTALL,
)
"""What stands in the place of a secret, here and in other people's files."""
_SAFE_ADDRESSES = re.compile(
    r"(?i)redacted@.*|.*@(?:[\w-]+\.)*(?:example\.(?:com|net|org)|example|test|invalid|localhost)"
)
_FICTION = re.compile(r"1[2-9][0-9]{2}55501[0-9]{2}")
_PUT_FOR_NAME = re.compile(r"Name(?:\s|\+|%20)*[0-9a-f]{0,8}")  # YAML may fold it at its space


def _is_secret(value: str) -> bool:
    return _PLACEHOLDER.fullmatch(value) is None and len(value) >= 3


def _is_token(value: str) -> bool:
    """Words about tokens are words; a token has a digit in it, or is long."""
    return _is_secret(value) and (len(value) >= 20 or (len(value) >= 6 and any(map(str.isdigit, value))))


def _is_name(value: str) -> bool:
    return _is_secret(value) and _PUT_FOR_NAME.fullmatch(value) is None


def _is_somebodys_address(value: str) -> bool:
    address = value.replace("%40", "@")
    return _SAFE_ADDRESSES.fullmatch(address) is None and "@thread." not in address and "@unq.gbl." not in address


def _is_somebodys_number(value: str) -> bool:
    return _FICTION.fullmatch("".join(filter(str.isdecimal, value))) is None


@dataclass(frozen=True, slots=True)
class Shape:
    """Something that a leak looks like.

    Attributes:
        kind: the phrase that names it.
        words: in lower case; it is never without one of them.
        pattern: its form; the group ``value`` is what counts.
        counts: whether such a value is one, or a placeholder.
        before: characters in front of the word where it may begin.
        after: characters behind the beginning of the word where it may end.
        inside: the characters that may stand in front of the word, where it begins with the first of them.
    """

    kind: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    counts: Callable[[str], bool] = _is_secret
    before: int = 0
    after: int = 300
    inside: str = ""


_QUOTE = r"\\{0,8}[\"']"
_AT_DOMAIN = r"(?:@|%40)(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])"
_GAP = r"(?:\s|\\[nrt]){0,12}"


def _named(kind: str, names: Iterable[str], counts: Callable[[str], bool], value: str = r"[^\s\"'\\&,;}\]]+") -> Shape:
    """What has a name: in JSON, YAML, a form, a header, a HAR file's pairs, or in Python's way of showing those."""
    spelled = tuple(names)
    words = "|".join(map(re.escape, spelled))
    either = rf"(?:{_QUOTE})?\s{{0,4}}(?::|=(?!=)|%3D){_GAP}(?:-{_GAP})?"
    pair = rf"{_QUOTE}\s{{0,4}},{_GAP}(?:{_QUOTE}value{_QUOTE}\s{{0,4}}:\s{{0,4}})?"
    # The scheme of a header belongs to its value.
    scheme = r"(?:(?:bearer|basic|digest|pop|negotiate)\s+)?"
    pattern = rf"(?i)(?<![a-z])(?:{words})(?:{either}|{pair})(?:b?{_QUOTE})?(?P<value>{scheme}{value})"
    return Shape(kind, spelled, re.compile(pattern), counts)


SHAPES = (
    Shape(
        "JSON web token",
        ("eyj", "eya", "ew0", "ewk", "ewo"),
        re.compile(r"(?P<value>(?:ey[JA]|ew[0ko])[\w-]{8,}+(?:\.|%2E)[\w-]{4,})"),
        after=1500,
    ),
    Shape(
        "bearer token",
        ("bearer", "basic", "negotiate", "pop "),
        re.compile(
            r"(?i)\b(?:bearer|basic|pop|negotiate)(?:\s|%20|\+){1,4}(?!\w{1,40}=[\"'\\])(?P<value>[\w.~/+=-]{8,})"
        ),
        _is_token,
    ),
    Shape(
        "private key",
        ("private key-----",),
        re.compile(r"(?P<value>-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)(?!\s*REDACTED)"),
        before=60,
    ),
    Shape(
        "client secret of Entra ID", ("q~",), re.compile(r"(?P<value>[\w.~-]{3}\dQ~[\w.~-]{31,})", re.ASCII), before=8
    ),
    Shape(
        "key in a connection string",
        ("key=",),
        re.compile(r"(?i)(?:account|access|shared)key=(?P<value>[\w+/%=-]{16,})"),
        before=20,
    ),
    Shape("password in an address", ("://",), re.compile(r"://[^/@\s:\"'\\]{0,80}:(?P<value>[^/@\s\"'\\]{1,200})@")),
    Shape(
        "link that opens a meeting",
        ("meetup-join", "/meet/", "%2fmeet%2f"),
        re.compile(
            r"(?i)teams\.(?:[\w-]{1,40}\.){1,4}[a-z]{2,8}(?:/|%2F)(?:l(?:/|%2F)meetup-join|meet)(?:/|%2F)(?P<value>[^\s\"'<>\\]+)"
        ),
        before=120,
    ),
    Shape(
        "thread of a meeting",
        ("19:meeting_", "19%3ameeting_"),
        re.compile(r"(?i)19(?::|%3A)meeting_(?P<value>(?![0-9a-f-]{32,36}(?:@|%40))[\w=-]+)(?:@|%40)thread"),
    ),
    Shape(
        "e-mail address",
        ("@", "%40"),
        re.compile(rf"(?i)(?P<value>[\w.+-]{{1,80}}{_AT_DOMAIN})"),
        _is_somebodys_address,
        before=80,
        after=120,
        inside=f"{ascii_letters}{digits}._+-",
    ),
    Shape("e-mail address", ("#ext#",), re.compile(rf"(?i)(?P<value>\#EXT\#{_AT_DOMAIN})"), _is_somebodys_address),
    Shape(
        "telephone number",
        ("+", "%2b", "tel:"),
        re.compile(r"(?i)(?:\+|%2B|tel:)(?P<value>[1-9](?:[ .()-]{0,2}[0-9]){7,14})(?![0-9])", re.ASCII),
        _is_somebodys_number,
        after=60,
    ),
    Shape(
        "name of a tenant",
        (".onmicrosoft.", ".sharepoint."),
        re.compile(
            r"(?i)(?P<value>(?<![\w.-])(?!tenant-[0-9a-f]{8}\.)[\w-]{1,63})\.(?:onmicrosoft|sharepoint)\.[a-z]{2,3}\b"
        ),
        before=64,
    ),
    _named(
        "secret header",
        ("authorization", "cookie", "x-api-key", "x-functions-key", "ocp-apim-subscription-key", "x-skypetoken"),
        _is_secret,
    ),
    _named(
        "secret by its name",
        (
            "accesstoken",
            "access_token",
            "clientsecret",
            "client_secret",
            "client_assertion",
            "clientassertion",
            "id_token",
            "joinurl",
            "joinweburl",
            "passcode",
            "password",
            "recordingaccesstoken",
            "refresh_token",
            "replacementlink",
            "secrettext",
            "skypetoken",
        ),
        _is_secret,
    ),
    _named("token by its name", ("token", "assertion", "secret"), _is_token),
    Shape(
        "signature or code in an address",
        ("sig=", "sig%3d", "code=", "code%3d", "tempauth=", "tempauth%3d", "verifier=", "verifier%3d"),
        re.compile(
            r"(?i)(?<![a-z])(?:sig|code|tempauth|verifier)(?:=|%3D)(?P<value>[^&\s\"'#\\<>]{16,})",
        ),
    ),
    _named(
        "name of a person",
        ("displayname", "givenname", "surname"),
        _is_name,
        r"(?:(?<=[\"'])[^\"'\\]+|[^\s\"'\\,&;}\]]+(?: [0-9a-f]{8}\b)?)",
    ),
)
