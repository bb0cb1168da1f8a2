"""A text as it stands: a message, a line of a log, a cut body.

A secret in it may lie behind an encoding: escaped names, Base64, hex, two or four bytes a letter, and tokens over
several lines.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache

from pytest_graphcalls.errors import SettingError, UnknownNameError
from pytest_graphcalls.redaction.assignments import HINTS, hide_values
from pytest_graphcalls.redaction.fields import HEADERS, MASK, Kind, is_secret_name, plain
from pytest_graphcalls.redaction.patterns import IN_TEXT, TextPattern
from pytest_graphcalls.redaction.profiles import PROFILES
from pytest_graphcalls.redaction.pseudonyms import GUID, Pseudonyms
from pytest_graphcalls.redaction.secrets import RUN, Literals

NESTING = 3
"""How many levels of texts inside texts (JSON, addresses) are read as such; what lies deeper is masked as text."""
_LONGEST_KEPT = 200
"""Characters of the longest text whose outcome is kept: type names, states and ids come again and again."""

_DEPTH = 3
"""How many encodings inside one another are undone."""

_GUIDS = re.compile(
    r"[0-9a-fA-F](?<![0-9A-Za-z-].)[0-9a-fA-F]{7}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9A-Za-z-])"
)
_NO_ID = "00000000-0000-0000-0000-000000000000"
"""An id that stays as it is."""


class Texts:
    """Hides secrets in a text by their form, their names and their values, whatever structure the text has.

    Arguments as for :class:`.Redactor`.
    """

    def __init__(self, profile: str = "tokens", key: str | bytes = b"") -> None:
        if profile not in PROFILES:
            raise UnknownNameError("redaction profile", profile, tuple(PROFILES))
        self.profile = PROFILES[profile]
        self._pseudonyms = Pseudonyms(key.encode() if isinstance(key, str) else key)
        self._headers: Mapping[str, Kind] = dict.fromkeys(HEADERS, Kind.SECRET)
        self._members, self._parameters = self.profile.members, self.profile.parameters
        self._names: frozenset[str] = frozenset()
        self._patterns: tuple[re.Pattern[str], ...] = ()
        self._literals = Literals()
        self._replacements = tuple((row, self._replacement(row)) for row in self.profile.patterns())
        self._hints = [
            (hint, number) for number, (row, _) in enumerate(self._replacements) for hint in row.hints or ("",)
        ]
        self._remember()

    def _remember(self) -> None:
        """Begin anew to remember outcomes, for what is said again and again."""
        self._kept: Callable[[str], str] = lru_cache(2048)(self._hidden)
        self._of_member: Callable[[str], tuple[str, str, Kind | None]] = lru_cache(2048)(self._member)

    def _member(self, key: str) -> tuple[str, str, Kind | None]:
        """A member's name redacted, its :func:`plain` name, and what that says its value is."""
        name = plain(key)
        kind = self._members.get(name) or self._headers.get(key.lower())
        return self._hidden(key), name, kind or (Kind.SECRET if is_secret_name(key) else None)

    def add(
        self,
        *,
        headers: Iterable[str] = (),
        members: Iterable[str] = (),
        parameters: Iterable[str] = (),
        values: Iterable[str] = (),
        patterns: Iterable[str] = (),
    ) -> None:
        """Hide more than the profile says. There is no way to hide less.

        Args:
            headers: names of headers whose value is a secret.
            members: names of JSON members, at any depth.
            parameters: names of parameters of addresses and forms.
            values: texts that are secret wherever they stand; under eight characters they are passed over.
            patterns: regular expressions; what matches is hidden, and each must match what it hides only.

        Raises:
            SettingError: a text where a list belongs, or a pattern that is no regular expression.
        """
        given = {"headers": headers, "members": members, "parameters": parameters, "values": values}
        for name, texts in (*given.items(), ("patterns", patterns)):
            if isinstance(texts, str):
                raise SettingError(f"add({name})", "(hidden)", "a list of texts", f"Write {name}=[…].")
        secret, members, parameters = Kind.SECRET, list(members), list(parameters)
        self._headers = {**self._headers, **dict.fromkeys(map(str.lower, headers), secret)}
        self._members = {**self._members, **dict.fromkeys(map(plain, members), secret)}
        self._parameters = {**self._parameters, **dict.fromkeys(map(plain, parameters), secret)}
        self._names |= {*map(plain, members), *map(plain, parameters)}
        self._patterns += tuple(map(_compiled, patterns))
        self._literals.add(values)
        self._remember()

    def mask(self, text: str) -> str:
        """``text`` redacted as it stands, whatever structure it has: a message, a line of a log, a cut body."""
        if RUN.forms or self._literals.forms:
            text = self._literals.hide(RUN.hide(text))
        if len(text) > _LONGEST_KEPT:
            return self._hidden(text)
        if "-" not in text or self._patterns:
            return self._kept(text)
        if len(text) == 36 and GUID.fullmatch(text):
            return self._pseudonyms.of(Kind.GUID, text) if self.profile.ids else text
        # Addresses and messages differ by the ids in them, mostly: what is known without them need not be asked again.
        without = _GUIDS.sub(_NO_ID, text)
        if without == text or self._kept(without) != without:
            return self._kept(text)
        return _GUIDS.sub(self._pseudonym, text) if self.profile.ids else text

    def _pseudonym(self, found: re.Match[str]) -> str:
        return self._pseudonyms.of(Kind.GUID, found[0])

    def _hidden(self, text: str, depth: int = _DEPTH) -> str:
        """``text`` without what is a secret by form or name, with up to ``depth`` encodings undone."""
        if not self._patterns and self.profile.harmless.fullmatch(text):
            return text
        low = text.lower()
        hinted = {row for hint, row in self._hints if hint in low}
        for number, (row, replacement) in enumerate(self._replacements):
            if number in hinted:
                text = row.pattern.sub(replacement, text)
        if self._names or any(hint in low for hint in HINTS):
            text = hide_values(text, self._names)
        for pattern in self._patterns:
            text = pattern.sub(MASK, text)
        return _without_encoded(text, self._hidden, depth - 1) if depth else text

    def _replacement(self, row: TextPattern) -> str | Callable[[re.Match[str]], str]:
        if row.kind is Kind.SECRET:
            return row.instead
        encode, decode = row.codec
        headed, tailed = ("head" in row.pattern.groupindex), ("tail" in row.pattern.groupindex)

        def replace(found: re.Match[str]) -> str:
            kind, value = row.kind or self._parameters[plain(found["name"])], found["value"]
            if not self._is_put(kind, value, decode):
                plain_value = decode(value)
                put = self._pseudonyms.of(kind, plain_value)
                value = put if row.codec is IN_TEXT and plain_value == value else encode(put)
            return (found["head"] if headed else "") + value + (found["tail"] if tailed else "")

        return replace

    def _is_put(self, kind: Kind, text: str, decode: Callable[[str], str]) -> bool:
        """Whether ``text`` is what we have put there, maybe encoded more than once since."""
        for _ in range(NESTING):
            if self._pseudonyms.of(kind, text) == text:
                return True
            deeper = decode(text)
            if deeper == text:
                break
            text = deeper
        return False


_ESCAPED = re.compile(
    r"\\(?<!\\\\)\\*(?:u00|x)(?P<hex>[2-7][0-9A-Fa-f])|%(?:25){0,8}(?P<percent>[2-7][0-9A-Fa-f])|&#(?P<number>[0-9]{2,3});"
)
_KEPT = frozenset("\"'\\&#%?/ \x7f")
"""Characters that separate: without their escapes a text would have another structure."""
_ZERO = re.compile(r"\0|\\(?<!\\\\)\\*(?:x00|u0000|0(?![0-9]))|%00")
_FOLD = r"(?:\\?\r?\n[ \t>|]*|(?:\\{1,16}r)?\\{1,16}n)"
_LINES = re.compile(rf"[\w.~+/=-](?<![\w.~+/=-].)[\w.~+/=-]{{23,}}+(?:{_FOLD}[\w.~+/=-]{{4,}}+)+")
_BREAK = re.compile(rf"=?{_FOLD}")  # quoted-printable has a sign in front
_RUN = re.compile(r"[A-Za-z0-9+/_-](?<![A-Za-z0-9+/_-].)[A-Za-z0-9+/_-]{19,}+={0,2}")
_GUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_TEXT = bytes(range(32, 127)) + b"\t\r\n"

Mask = Callable[[str, int], str]
"""Masks a text, in which so many encodings may still be undone."""


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise SettingError("add(patterns)", repr(pattern), "a regular expression", f"{error}.") from None


def _without_encoded(text: str, mask: Mask, depth: int) -> str:
    """``text`` without what :attr:`mask` finds in it once its encodings are undone."""
    if len(text) >= 20:
        if "\n" in text or "\\" in text:
            text = _LINES.sub(lambda found: _unfolded(found[0], mask, depth), text)
        shown = cache(lambda run: MASK if _holds_secret(run, mask, depth) else run)  # a page names a rule many times
        text = _RUN.sub(lambda found: shown(found[0]), text)
    plain = _unescaped(text)
    if plain != text and (clean := mask(plain, depth)) != plain:
        return clean
    return text


def _unescaped(text: str) -> str:
    """``text`` without the escapes of ordinary letters, which may hide a name, and without zero bytes between them."""
    if "\\" in text or "%" in text or "&#" in text:
        text = _ESCAPED.sub(_letter, text)
    return _ZERO.sub("", text) if "\0" in text or "00" in text else text


def _letter(found: re.Match[str]) -> str:
    code = found["hex"] or found["percent"]
    letter = chr(int(code, 16) if code else int(found["number"]))
    return found[0] if letter in _KEPT or not letter.isascii() else letter


def _unfolded(lines: str, mask: Mask, depth: int) -> str:
    whole = _BREAK.sub("", lines)
    if mask(whole, 0) != whole or _holds_secret(whole, mask, depth):
        return MASK
    return lines


def _holds_secret(run: str, mask: Mask, depth: int) -> bool:
    return any((clean := mask(text, depth)) != text and clean for text in _decoded(run))


def _decoded(run: str) -> list[str]:
    """The text that Base64 or hex in ``run`` stands for, if it is text."""
    if "-" in run:
        run = _GUID.sub("!", run)
    whole = _text(_bytes(run))
    if whole is not None:
        return [whole]
    parts = {part for sign in "/-_+!" if sign in run for part in run.split(sign) if 20 <= len(part) < len(run)}
    return [text for part in parts if (text := _text(_bytes(part))) is not None]


def _bytes(run: str) -> bytes:
    body = run.rstrip("=").removeprefix("0x").encode()
    try:
        if len(body) >= 30 and len(body) % 2 == 0 and not body.strip(b"0123456789abcdefABCDEF"):
            return binascii.unhexlify(body)
        body = body.translate(_URL_SAFE)[: len(body) - (len(body) % 4 == 1)]
        return b64decode(body + b"=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _text(body: bytes) -> str | None:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        body = body[2:]
    if body.count(0) * 3 > len(body):
        body = body.replace(b"\0", b"")
    if len(body) < 6 or len(body[:400].translate(None, _TEXT)) * 20 > len(body[:400]):
        return None
    return body.decode("utf-8", "replace")
