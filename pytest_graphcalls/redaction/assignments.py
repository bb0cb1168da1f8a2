"""Names and values in any text: a line of YAML, a header, a variable, an argument, an option, a field of a form.

Whether a value is a secret is decided by its name alone (see :func:`~.fields.is_secret_name`), so that a password which
a person chose is found as well. What is left alone stands in :data:`_HARMLESS`: placeholders, and the expressions and
types that stand behind such a name in source.
"""

from __future__ import annotations

import re
from collections.abc import Container

from pytest_graphcalls.redaction.fields import MASK, SCHEMES, is_placeholder, is_secret_name, plain

HINTS = (
    *("token", "secret", "pass", "pwd", "key", "assertion", "credential", "jwt", "cookie", "authorization", "url"),
    *("link", "connection", "verifier", "code", "principal", "pin", "otp", "sas", "creds", "_pat"),
)
"""In lower case, what the name of a secret is never without."""

_QUOTE = r"\\{0,64}[\"'`]"
_GAP = r"(?:\s|\\{1,16}[nrt]){0,12}"
_PERCENT = r"%(?:25){0,8}"
_TYPE = r":[ \t]?[A-Za-z][\w.\[\]|]{0,40}[ \t]{0,4}(?==[ \t]{0,4}[bruf]{0,2}[\"'])"
_OF_KEYS = r"(?<![\w$.-])(?i:api|access|account|shared|private|signing|storage|subscription) "
_BEFORE_KEY = re.compile(rf"{_OF_KEYS}\Z")
_LONGEST = 80
_WORD = re.compile(rf"{_OF_KEYS}(?=(?i:key))|(?<![\w$.-])[\w$.-]")
_NAME = re.compile(
    rf"(?P<name>(?<![\w$.-])(?:{_OF_KEYS}(?=(?i:key)))?[\w$.-]{{2,{_LONGEST}}}+)"
    rf"(?P<link>(?P<end>{_QUOTE})?\]?[ \t]{{0,24}}(?:{_TYPE})?"
    rf"(?:(?P<sign>:=|=>|->|[:=!]?=|:)|(?P<coded>{_PERCENT}3[ADad])){_GAP}(?:(?:[|>][+-]?|-){_GAP})?"
    rf"|{_QUOTE}\s{{0,8}},{_GAP}(?:{_QUOTE}(?:value|content){_QUOTE}\s{{0,4}}[:=]\s{{0,4}})?"
    r"|(?P<said>[ \t]{1,4}(?:is|was)[ \t]{1,4}|[ \t]{0,24}\|[ \t]{0,24}|\t|,(?=[\w.~+/-]{6}))"
    r"|(?P<tag>(?:\s[^<>]{0,200})?>\s{0,8}(?=[^<>]{1,4000}</))|(?P<option>[ \t]{1,4}(?=[^\s-]))"
    rf"|(?P<call>\()(?={_QUOTE})"
    rf"|{_QUOTE}[ \t]{{1,4}}(?:[\w-]{{1,40}}={_QUOTE}[^<>\"']{{0,80}}{_QUOTE}[ \t]{{1,4}}){{0,4}}value=(?={_QUOTE}))"
)
"""A name and what links it with its value."""
_QUOTED = re.compile(
    rf"(?P<prefix>[bruf]{{0,2}})(?P<quote>{_QUOTE})(?!(?P=quote))"
    r"(?P<value>(?:\\\r?\n|[^\n])*?(?<!\\)(?=(?P=quote))|(?:\\\r?\n|[^\n])*)(?P<close>(?P=quote))?"
    r"(?:\s{0,80}\n\s{0,80}[bruf]{0,2}(?P=quote)[^\"'\n]*(?P=quote))*"  # Python shows a long text in several
)
_BARE = re.compile(r"(?:\\(?![nrt\"'])|[^\s\"'`&;<>\\])+")
_CODED = re.compile(rf"(?:(?!{_PERCENT}(?:26|23|22|27|20|3B|7D))[^\s\"'`&;<>\\])+", re.IGNORECASE)
_AROUND = ",.:)]}|"
"""What stands behind a value without quotes, and belongs to the text."""
_TOKEN = re.compile(r"(?=[^\s|,;]*[0-9])[^\s|,;]{6,}")
"""What stands behind a name in a sentence or a table, and is no word."""
_SETTER = re.compile(
    r"(?:[\w.]*\.)?(?!_?(?:get|is|has|read|find|load|fetch|list|check|new|make))(?:[a-z]+[A-Z_]\w*|(?:set|with)_?[A-Za-z]+)$"
)
"""A call that hands a secret over, and does not ask for one."""
_PAIR_ENDS = re.compile(r"\s*,?\s*(?:[)\]]|\Z)")
_LIST = re.compile(rf"\[\s{{0,80}}(?={_QUOTE})[^\[\]{{}}\n]*\]?")
_OBJECT = re.compile(rf"\{{\s{{0,80}}{_QUOTE}[^\[\]{{}}\n]*\}}?")
_MEMBER = re.compile(
    rf"(?P<head>{_QUOTE}(?:value|secret|raw|text|content|plain|data){_QUOTE}\s{{0,8}}:\s{{0,8}})(?P<quote>{_QUOTE})(?:(?!(?P=quote)).)+(?P=quote)?"
)
_ITEM = re.compile(rf"(?P<quote>{_QUOTE})(?:(?!(?P=quote)).)+(?P=quote)?")
_HEADER_VALUE = re.compile(r"(?:=\\{0,64}\"[^\"\r\n]*\"|\\(?![rn])|[^\r\n\"'`\\])+")
"""A header's value, up to the end of the line or of the text that quotes it; its parameters may be quoted."""
_SCHEME = re.compile(rf"(?i)(?P<scheme>(?:{'|'.join(SCHEMES)}))(?P<blank>(?:\s|%20|\+){{1,4}})")
_ONE_TOKEN = re.compile(r"[^\s\"'`,;\\<>]+")
_CODE = re.compile(
    r"`{0,2}[A-Za-z_][\w.]*(?:\((?:[^()\n]|\([^()\n]*\))*\)|[(\[{]\s*$|\[[\[\]\w., |\"']*\])"
    r"|(?:app|args|cls|client|config|credential|data|env|graphcalls|options|os|process|request|self|settings|sys|this)"
    r"(?:\.\w+)+",
    re.MULTILINE,
)
"""An expression: a call, one that goes on in the next line, an item, an attribute of what such things are called."""
_WITHHELD = re.compile(r"\((?:not (?:set|shown)|hidden)\)")
"""What errors of this package say in place of a secret."""
_TYPES = frozenset(
    {"str", "string", "bytes", "int", "bool", "any", "object", "number", "optional", "text", "self", "lambda", "await"}
)
_SLUG = re.compile(r"[a-z]+(?:[-_][a-z]+)*")
_SOFT = ("token", "assertion", "credential", "cookie", "jwt")
"""Names that stand in front of a colon in sentences, too; there, words are no values."""
_PROSE = frozenset(
    {
        *("a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "cannot", "contains", "could", "did", "does"),
        *("expected", "expired", "expires", "failed", "for", "from", "got", "had", "has", "have", "holds", "if", "in"),
        *("invalid", "is", "it", "its", "may", "missing", "must", "needs", "no", "not", "of", "on", "only", "or"),
        *("promised", "required", "should", "that", "the", "there", "this", "to", "unexpected", "unknown", "value"),
        *("added", "changed", "empty", "gone", "new", "now", "removed", "same", "set", "unset", "used"),
        *("wanted", "was", "were", "when", "which", "will", "with", "without", "write", "read"),
    }
)
"""First words of what a person says about a secret."""
_HEADER_NAMES = ("authorization", "cookie")


def hide_values(text: str, more: Container[str] = ()) -> str:
    """``text`` without the values of what is called as secrets are, or by one of ``more`` (:func:`~.fields.plain`)."""
    pieces: list[str] = []
    at = start = 0
    for begin in _begins(text) if not more else (word.start() for word in _WORD.finditer(text)):
        found = _NAME.match(text, begin) if begin >= start else None
        if found is None or not (is_secret_name(found["name"]) or plain(found["name"]) in more):
            continue
        if not _is_linked(text, found):
            continue
        start, shown = _masked(text, found)
        if shown is not None:
            pieces += (text[at : found.end("link")], shown)
            at = start
    return "".join((*pieces, text[at:])) if pieces else text


def _begins(text: str) -> list[int]:
    """The places at which names with one of :data:`HINTS` begin."""
    low = text.lower()
    if len(low) != len(text):  # a few letters have a lower case of two
        low = "".join(letter if len(letter.lower()) > 1 else letter.lower() for letter in text)
    found: set[int] = set()
    for hint in HINTS:
        at = low.find(hint)
        while at >= 0:
            begin = at
            while begin and (text[begin - 1].isalnum() or text[begin - 1] in "_$.-") and at - begin < _LONGEST:
                begin -= 1
            before = _BEFORE_KEY.search(text, max(0, begin - 13), begin) if low.startswith("key", begin) else None
            found.add(begin if before is None else before.start())
            at = low.find(hint, at + len(hint))
    return sorted(found)


def _is_linked(text: str, found: re.Match[str]) -> bool:
    """Whether what stands behind a name is its value."""
    link, before = found["link"], text[max(0, found.start() - 24) : found.start()]
    if found["option"]:
        return found["name"].startswith("--")
    if found["said"]:
        return _TOKEN.match(text, found.end("link")) is not None
    if found["call"]:
        return _SETTER.match(found["name"]) is not None
    if found["tag"]:
        return before[-1:] == "<" or ("<" in before and before[-1:] == ":")
    if found["sign"] or found["coded"]:
        # The name may be what is quoted, with its colon: "token:".
        return not (
            found["end"] is None and link == found["sign"] and before[-1:] == text[found.end() : found.end() + 1]
        )
    quoted = _QUOTED.match(text, found.end("link"))
    if quoted is None:
        return False
    if "value" in link or "content" in link:
        return True
    # Two values in a row are a name and its value only in a pair.
    opened = before.rstrip("\"'`\\bru")[-1:] in {"(", "["}
    two_names = is_secret_name(quoted["value"]) and quoted["value"].replace("_", "").isalpha()
    return opened and _PAIR_ENDS.match(text, quoted.end()) is not None and not two_names


def _masked(text: str, found: re.Match[str]) -> tuple[int, str | None]:
    """The end of the value behind a name, and its replacement; ``None`` if the value stays."""
    at, sign, closing = found.end("link"), found["sign"], found["end"]
    quoted = _QUOTED.match(text, at)
    if quoted is not None:
        return quoted.end(), _in_quotes(quoted, closing)
    if sign in {"==", "!="} or "]" in found["link"]:
        return at, None
    several = _LIST.match(text, at)
    if several is not None:
        return several.end(), _ITEM.sub(rf"\g<quote>{MASK}\g<quote>", several[0])
    members = _OBJECT.match(text, at) if sign in {":", "="} else None
    if members is not None:
        hidden = _MEMBER.sub(rf"\g<head>\g<quote>{MASK}\g<quote>", members[0])
        return (at, None) if hidden == members[0] else (members.end(), hidden)
    if sign == ":" and (found["name"].lower().endswith(_HEADER_NAMES) or found["name"][:2] in {"x-", "X-"}):
        return _of_header(text, at)
    bare = (_CODED if found["coded"] else _BARE).match(text, at)
    value = bare[0].rstrip(_AROUND) if bare is not None else ""
    if not value.lstrip("{[(") or _is_harmless(text, at, value, found):
        return at, None
    if closing is not None and sign is not None:  # a member: what is not quoted is a number
        return at + len(value), f"{closing}{MASK}{closing}" if value[0] in "-0123456789" else None
    if sign == ":" and _begins_line(text, found.start()):
        return _end_of_line(text, at), MASK
    return at + len(value), MASK


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return at + len(text[at : end if end >= 0 else len(text)].partition(" #")[0].rstrip())


def _in_quotes(quoted: re.Match[str], like: str | None) -> str | None:
    value = quoted["value"]
    scheme = _SCHEME.match(value)
    kept = scheme[0] if scheme is not None else ""
    if not value or is_placeholder(value[len(kept) :]):
        return None
    quote = like or quoted["quote"]
    return f"{quoted['prefix']}{quote}{kept}{MASK}{quote}"


def _of_header(text: str, at: int) -> tuple[int, str | None]:
    scheme = _SCHEME.match(text, at)
    begin = at if scheme is None else scheme.end()
    first = _ONE_TOKEN.match(text, begin)
    if first is None or is_placeholder(first[0]) or _is_prose(text[at : at + 40]):
        return begin, None
    if first[0].strip(_AROUND).lower() in {*_TYPES, *map(str.lower, SCHEMES)}:
        return begin, None
    if scheme is not None and scheme["scheme"].lower() != "digest":
        return first.end(), f"{scheme[0]}{MASK}"
    value = _HEADER_VALUE.match(text, begin)
    end = first.end() if value is None else begin + len(value[0].rstrip())
    return end, f"{scheme[0] if scheme is not None else ''}{MASK}"


def _is_harmless(text: str, at: int, value: str, found: re.Match[str]) -> bool:
    """Whether a value without quotes is none: a placeholder, an expression, or a word of a sentence."""
    name = found["name"]
    if found["option"] and value.isupper() and value.replace("_", "").isalpha():
        return True  # what stands for a value in a help text
    if value.isdigit() and name[-1:] in {"s", "S"}:
        return True  # a number of tokens
    if _WITHHELD.match(text, at):
        return True
    if is_placeholder(value) or value.lower() in _TYPES or _CODE.match(text, at) or value.lower() == name.lower():
        return True
    if value.isdigit() and len(value) < 4 and not name.lower().endswith(("pin", "passcode", "password")):
        return True
    if found["sign"] != ":":
        return "." in value and value.replace(".", "").isidentifier() and is_secret_name(value)
    if found["end"] is not None:
        return False
    if name.startswith("$."):
        return True  # the path of a member, and what is said about it
    if _is_prose(text[at : at + 40]):
        return True
    words = _SLUG.fullmatch(value.lower()) is not None
    if words and (name.lower().endswith(_SOFT) or not _begins_line(text, found.start())):
        return "_" not in name and (len(value) < 20 or "-" in value) and not value[1:].isupper()
    return False


def _is_prose(text: str) -> bool:
    return text.split(maxsplit=1)[0].lower().rstrip(".,;:") in _PROSE if text.strip() else False


def _begins_line(text: str, at: int) -> bool:
    return not text[max(0, at - 40) : at].rpartition("\n")[2].strip(" \t->*")
