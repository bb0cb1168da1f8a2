"""The forms of secrets as a table, and the parts that names of secrets are built from.

Every row is looked for around words that it cannot be without, so the time grows with the text, whatever the text is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from string import ascii_letters, digits

_PLACEHOLDER = re.compile(
    r"(?:(?:bearer|basic|digest|pop|negotiate)(?:\s|%20|\+)+)?"
    r"(?:redacted\b.*|bearer|basic|\*{3,}.*|x{4,}|<[\w -]*>.*|\$\w+|\$[{(].*|\{[^{}\"]*\}?|\[.*|%[sd(].*"
    r"|null|none|true|false|\.{3}.*|\u2026.*|~|[|>]-?|-?|[{(])",
    re.IGNORECASE | re.DOTALL,
)
"""What stands in the place of a secret, here and in other people's files."""
_SAFE_ADDRESSES = re.compile(
    r"(?i)redacted@.*|.*@(?:[\w-]+\.)*(?:example\.(?:com|net|org)|example|test|invalid|localhost)"
)
_FICTION = re.compile(r"1?[2-9][0-9]{2}55501[0-9]{2}")
_PSEUDONYM_OF_NAME = re.compile(r"Name(?:\s|\+|%20)*[0-9a-f]{0,8}")  # YAML may fold it at its space


_WORDS = (
    *("a", "added", "an", "any", "bool", "bytes", "cannot", "changed", "expected", "for", "from", "gone", "got", "has"),
    *("in", "int", "is", "it", "member", "missing", "must", "new", "no", "not", "object", "of", "optional", "read"),
    *("removed", "required", "set", "should", "str", "string", "the", "to", "unset", "used", "was", "what", "who"),
    *("with", "write"),
)
_CODE = re.compile(
    r"[`&*!]{0,2}[A-Za-z_][\w.]*\(.*|`{0,2}_?[a-z]+(?:_[a-z]+)+`{0,2}|_[a-z]+|[a-z_]+(?:\.[a-z_]+)+|.*:"
    rf"|[0-9]{{1,3}}(?: .*)?|\(.*|(?:{'|'.join(_WORDS)})(?:[ ,;|).\]].*)?",
    re.DOTALL,
)
"""What stands behind a name in source, in YAML and in prose, without quotes, and is no secret."""


def is_secret(value: str) -> bool:
    """Whether ``value`` is more than a placeholder."""
    return len(value) >= 3 and _PLACEHOLDER.fullmatch(value.strip("\"'`\\")) is None


def is_code(value: str) -> bool:
    """Whether a value without quotes is an expression, a type or the name of something secret."""
    return _CODE.fullmatch(value) is not None or (value.isalpha() and rank(value) in {1, 2})


def is_token(value: str) -> bool:
    """Whether ``value`` is no word of prose: a token has a digit in it, or is long."""
    return is_secret(value) and (len(value) >= 20 or (len(value) >= 6 and any(map(str.isdigit, value))))


def _is_name(value: str) -> bool:
    return _PSEUDONYM_OF_NAME.fullmatch(value) is None and is_secret(value)


def _is_real_address(value: str) -> bool:
    address = value.replace("%40", "@")
    return _SAFE_ADDRESSES.fullmatch(address) is None and "@thread." not in address and "@unq.gbl." not in address


def _is_real_number(value: str) -> bool:
    return _FICTION.fullmatch("".join(filter(str.isdecimal, value))) is None


@dataclass(frozen=True, slots=True)
class Form:
    """A form of text that is a leak.

    Attributes:
        kind: the phrase that names it.
        words: in lower case; the form is never without one of them.
        pattern: the form; the group ``value`` is what leaks.
        counts: whether such a value is real, or a placeholder.
        before: characters in front of the word where the form may begin.
        after: characters behind the beginning of the word where it may end.
        inside: the characters that may stand in front of the word, where the form begins with the first of them.
        unless: what stands behind the word where it is nothing.
        run: characters behind the word among which the word is not looked for again.
        person: whether it names a person or a tenant, and gives no access.
    """

    kind: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    counts: Callable[[str], bool] = is_secret
    before: int = 0
    after: int = 4096
    inside: str = ""
    unless: str = ""
    run: re.Pattern[str] | None = None
    person: bool = False


_QUOTE = r"\\{0,64}[\"']"
_AT_DOMAIN = r"(?:@|%40)(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])"
_GAP = r"(?:\s|\\{1,8}[nrt]){0,12}"
_FOLD = r"(?:\\?\r?\n[ \t]*|=\r?\n|(?:\\{1,8}r)?\\{1,8}n)"
"""A line break inside a token: real, as an escape, with the sign of YAML or of quoted-printable."""
_GUID = r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"
_MORE = rf"(?:{_FOLD}(?!{_GUID})(?=[\w-]*[0-9_])[\w-]{{8,}}+(?![\w:/-]))*"

_PERSONAL = partial(Form, person=True)
FORMS = (
    Form(
        "JSON web token",
        ("eyj", "eya", "ew0", "ewk", "ewo"),
        re.compile(rf"(?P<value>(?:ey[JA]|ew[0ko])[\w-]{{8,}}+{_MORE}(?:(?:\.|%2E){_FOLD}?[\w-]{{4,}}{_MORE})+\.?)"),
        after=20_000,
        run=re.compile(r"[\w-]+"),
    ),
    Form(
        "bearer token",
        ("bearer", "basic", "negotiate", "pop ", "apikey ", "sharedkey"),
        re.compile(
            r"(?i)\b(?:bearer|basic|pop|negotiate|apikey|sharedkey(?:lite)?)(?:\s|%20|\+){1,4}(?!\w{1,40}=[\"'\\])(?P<value>[\w.~/+=:-]{8,})"
        ),
        is_token,
    ),
    Form(
        "private key",
        ("private key-----",),
        re.compile(
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?!\s*REDACTED)"
            r"(?P<value>(?:(?!-----(?:END|BEGIN) )[\s\S]){1,20000})"
        ),
        before=60,
        after=20_000,
    ),
    Form(
        "client secret of Entra ID", ("q~",), re.compile(r"(?P<value>[\w.~-]{3}\dQ~[\w.~-]{31,})", re.ASCII), before=8
    ),
    Form(
        "access token by its beginning",
        ("ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-"),
        re.compile(r"(?P<value>(?:gh[ops]_|github_pat_|glpat-|xox[bp]-)[\w-]{16,})"),
    ),
    Form(
        "key in a connection string",
        ("key=",),
        re.compile(r"(?i)(?:account|access|shared)key=(?P<value>[\w+/%=-]{16,})"),
        before=20,
    ),
    Form("password in an address", ("://",), re.compile(r"://[^/@\s:\"'\\]{0,80}:(?P<value>[^/@\s\"'\\]{1,200})@")),
    Form(
        "link that opens a meeting",
        ("meetup-join", "/meet/", "%2fmeet%2f"),
        re.compile(
            r"(?i)teams\.(?:[\w-]{1,40}\.){1,4}[a-z]{2,8}(?:/|%2F)(?:l(?:/|%2F)meetup-join|meet)(?:/|%2F)(?P<value>[^\s\"'<>\\]+)"
        ),
        before=120,
    ),
    Form(
        "signature or code in an address",
        ("sig=", "sig%3d", "code=", "code%3d", "tempauth=", "tempauth%3d", "verifier=", "verifier%3d"),
        re.compile(r"(?i)(?<![a-z])(?:sig|code|tempauth|verifier)(?:=|%3D)(?P<value>[^&\s\"'#\\<>]{16,})"),
    ),
    Form(
        "rest of a shortened value",
        ("...", "\u2026"),
        re.compile(r"(?i)(?:\.\.\.|\u2026)(?:|oken|ecret|word|code|sig|key)(?:=|%3D)(?P<value>[\w.~%+/-]{6,})"),
    ),
    Form(
        "rest of a shortened value",
        ("...", "\u2026"),
        re.compile(
            r"(?:\.\.\.|\u2026)(?=[\w~+/-]{0,60}[0-9])(?=[\w~+/-]{0,60}[a-z])(?=[\w~+/-]{0,60}[A-Z])"
            r"(?P<value>[\w~+/-]{10,})[\"']"
        ),
    ),
    Form(
        "part of a form",
        ("form-data",),
        re.compile(
            r"(?i)form-data;(?:(?!form-data;).){0,120}?\bname=\\{0,64}[\"']?(?P<name>[\w.-]{1,60}+)(?:(?!form-data;).){0,200}?(?:\r?\n|\\{1,32}r\\{1,32}n|\\{1,32}n){2}"
            r"(?P<value>(?:(?!(?:\r?\n|\\{1,32}r\\{1,32}n|\\{1,32}n)--)[\s\S]){1,2000})",
            re.DOTALL,
        ),
    ),
    _PERSONAL(
        "thread of a meeting",
        ("19:meeting_", "19%3ameeting_"),
        re.compile(r"(?i)19(?::|%3A)meeting_(?P<value>(?![0-9a-f-]{32,36}(?:@|%40))[\w=-]+)(?:@|%40)thread"),
    ),
    _PERSONAL(
        "e-mail address",
        ("@", "%40"),
        re.compile(rf"(?i)(?P<value>[\w.+-]{{1,80}}{_AT_DOMAIN})"),
        _is_real_address,
        before=80,
        after=120,
        inside=f"{ascii_letters}{digits}._+-",
        unless="odata.",
    ),
    _PERSONAL(
        "e-mail address",
        ('"@', '"%40'),
        re.compile(rf"(?i)\\{{0,64}}(?P<value>[^\W_][^\"\n]{{0,140}}\"(?!@odata\.){_AT_DOMAIN})"),
        _is_real_address,
        before=80,
        after=120,
        inside=f"{ascii_letters}{digits}._+- \\",
        unless="odata.",
    ),
    _PERSONAL("e-mail address", ("#ext#",), re.compile(rf"(?i)(?P<value>\#EXT\#{_AT_DOMAIN})"), _is_real_address),
    _PERSONAL(
        "telephone number",
        ("+", "%2b", "tel:"),
        re.compile(r"(?i)(?:\+|%2B|tel:)(?P<value>[1-9](?:[ .()-]{0,2}[0-9]){7,14})(?![0-9])", re.ASCII),
        _is_real_number,
        after=60,
    ),
    _PERSONAL(
        "name of a tenant",
        (".onmicrosoft.", ".sharepoint."),
        re.compile(
            r"(?i)(?P<value>(?<![\w.-])(?!tenant-[0-9a-f]{8}\.)[\w-]{1,63})\.(?:onmicrosoft|sharepoint)\.[a-z]{2,3}\b"
        ),
        before=64,
    ),
    _PERSONAL(
        "personal site",
        ("sharepoint.com/personal/", "sharepoint.com%2fpersonal%2f"),
        re.compile(r"(?i)sharepoint\.com(?:/|%2F)personal(?:/|%2F)(?P<value>(?!id-[0-9a-f]{24})[\w.%-]+)"),
    ),
    _PERSONAL(
        "name in a directory",
        ("cn=", "cn%3d", "uid="),
        re.compile(
            r"(?i)(?<![a-z0-9])(?:CN|UID)(?:=|%3D)(?P<value>(?:\\.|[^,;\\\n\"'<>&]){2,80})(?:,|%2C)\s{0,2}(?:OU|DC|O|CN|C|L|ST)(?:=|%3D)"
        ),
        _is_name,
    ),
)
"""What is looked for by its form."""

NATIONAL_NUMBER = re.compile(
    # It starts with a set of characters, which makes the search quick.
    r"[(02-9](?<![\w.:+%=#/-].)(?:"
    r"(?<=\()[2-9][0-9]{2}\)[ .-]?[2-9][0-9]{2}[ .-][0-9]{4}"
    r"|(?<=\()0[1-9][0-9]{1,4}\)[ /-]?[0-9]{3,4}(?:[ -]?[0-9]{2,5}){0,3}"
    r"|(?<=[2-9])[0-9]{2}(?P<gap>[ .-])[2-9][0-9]{2}(?P=gap)[0-9]{4}"
    r"|(?<=0)[1-9][0-9]{1,4}[ /-][0-9]{3,4}(?:[ -]?[0-9]{2,5}){1,3}"
    r"|(?<=0)0[1-9][0-9]{0,2}[ /-]?[0-9]{2,5}(?:[ /-]?[0-9]{2,5}){2,4}"
    r")(?![\w:%-]|\.\d)",
    re.ASCII,
)
"""A telephone number as people of a country write it, without the sign of the plus."""

PERSON = _PERSONAL(
    "name of a person",
    ("name",),
    re.compile(
        r"(?i)(?:\w{0,40}[_-])?(?:display|given|sur|first|last)[_-]?name"
        rf"(?:(?:{_QUOTE})?\s{{0,4}}(?::|=(?!=)|%3D){_GAP}(?:-{_GAP})?|{_QUOTE}\s{{0,4}},{_GAP})(?:b?{_QUOTE})?"
        r"(?P<value>(?:(?<=[\"'])[^\"'\\]+|[^\s\"'\\,&;}\]]+(?: [0-9a-f]{8}\b)?))"
    ),
    _is_name,
    before=60,
    inside=f"{ascii_letters}{digits}_-",
)

STEMS = (
    *("token", "secret", "pass", "pwd", "key", "assertion", "cookie", "authorization", "join", "replacement"),
    *("credential", "jwt", "connection", "principal", "code"),
)
"""In lower case, what the name of a secret is never without."""
NAME = f"{ascii_letters}{digits}_.-"
"""Characters of a name."""
_CERTAIN = re.compile(
    r".+(?:token|secret|assertion|jwt|pass)|.*(?:password|passwd|passcode|passphrase|pwd|skypetoken"
    r"|(?:api|access|account|auth|client|encryption|functions?|master|private|secret|session|shared|signing|storage"
    r"|subscription|redaction)key|join(?:web)?url|replacementlink|connectionstring|codeverifier|devicecode"
    r"|clientprincipal)"
)
_HEADER = re.compile(r".*(?:authorization|cookie)")
_BARE = re.compile(r"token|assertion|secret|jwt|.*credential")
_ERROR = re.compile(r"(?:invalid|missing|expired)\w*token")
"""The code of an error, such as ``InvalidAuthenticationToken``: a sentence stands behind it, not a token."""
_HARMLESS = re.compile(
    r".*(?:skip|delta|page|next|continuation|sync|change|cancellation|csrf|cancel|request|response)token|.*(?:by|no|bypass)pass"
    r"|.*(?:public|foreign|primary|sort|partition|cache)key|.*correlationid"
)
_ENDING = re.compile(r"(?:value|text|hash|string|plain|raw|b64|base64|header|encoded|[0-9]+|s)$")


@lru_cache(4096)
def rank(name: str) -> int:
    """How surely what is called ``name`` is a secret: 0 not, 1 if it looks like one, 2 always, 3 a header of it."""
    plain = name.lower().replace("_", "").replace("-", "").replace(".", "")
    for spelled in (plain, _ENDING.sub("", plain)):
        if _HARMLESS.fullmatch(spelled):
            return 0
        if _HEADER.fullmatch(spelled):
            return 3
        if _ERROR.fullmatch(spelled):
            return 1
        if _CERTAIN.fullmatch(spelled):
            return 3 if name[:4].lower().startswith(("x-", "ocp-")) else 2
        if _BARE.fullmatch(spelled):
            return 1
    return 0


_TYPED = r":[ \t]?[A-Za-z][\w.\[\]|]{0,40}[ \t]{0,4}(?==[ \t]{0,4}[bruf]{0,2}[\"'])"
_EITHER = (
    rf"(?:{_QUOTE})?\]?[ \t]{{0,24}}(?:{_TYPED})?(?:[:=]=|=>|->|:|=|%3D){_GAP}(?:(?:[|>][+-]?|-){_GAP})?"
    rf"(?:\[\s{{0,80}}(?={_QUOTE})|\{{\s{{0,80}}{_QUOTE}(?:value|secret|raw|text){_QUOTE}:\s{{0,4}}(?={_QUOTE}))?"
)
_ATTRIBUTE = rf"{_QUOTE}[ \t](?:[^<>]{{0,120}}[ \t])?value=(?={_QUOTE})"
_CALL = rf"\((?={_QUOTE})"
_PAIR = rf"{_QUOTE}\s{{0,4}},{_GAP}(?:{_QUOTE}(?:value|content){_QUOTE}\s{{0,4}}:\s{{0,4}})?"
_TAG = r"(?:\s[^<>]{0,120})?>\s{0,4}"
_TO_THE_END = r"(?:\\(?![rn])|[^\r\n\"'\\])*"
NAMED = re.compile(
    rf"(?i)(?P<name>[\w.-]{{1,80}}+)(?P<link>{_EITHER}|{_PAIR}|{_ATTRIBUTE}|{_TAG}|{_CALL}|[ \t]{{1,4}})"
    rf"(?:[bru]?(?P<quote>{_QUOTE})(?P<value>(?:(?!(?P=quote)).)*)|(?P<bare>[^\s\"'\\&,;}}\])<>]+))"
)
"""A name, what links it with its value, and the value: JSON, YAML, a form, a header, pairs, an element, an option."""
REST_OF_LINE = re.compile(rf"{_TO_THE_END}(?:(?<==)\\{{0,8}}\"[^\"\r\n]*\"{_TO_THE_END})*")
"""What follows the first word of a header's value, with its parameters in quotes."""
