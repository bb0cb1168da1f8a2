"""Stable words in the place of what names people: the same value gives the same word, of the same form.

The rules of this room:

1. A pseudonym is recognised without the key, so that a replay of a recording, with any key, keeps it as
   it is. That is what makes masking twice the same as masking once.
2. It has the form of what it replaces: a GUID stays a GUID of the usual version, a phone number stays E.164.
3. It belongs to no person: numbers are of the range kept for fiction, e-mail addresses of a domain kept for examples
   (RFC 2606).
4. It depends on the value and the key only, never on what was seen before; so files agree with each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import blake2s

from pytest_graphcalls.redaction.fields import MASK, Kind

GUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
FICTION = re.compile(r"1[2-9][0-9]{2}55501[0-9]{2}")
"""The digits of a number kept for fiction: +1, an area, 555 0100 to 555 0199."""
_EMAIL = re.compile(r"user-[0-9a-f]{8}@example\.com", re.IGNORECASE)
_NAME = re.compile(r"Name [a-f][0-9a-f]{7}")
_WORD = re.compile(r"id-[0-9a-f]{24}")
_TENANT = re.compile(r"tenant-[0-9a-f]{8}", re.IGNORECASE)
_MEETING = re.compile(r"0 *0 *0[0-9 ]*|[0 ]+")
_AROUND_GUIDS = re.compile(r"(?:[0-9]{1,2}:)?(?:[A-Za-z]{1,12}:){0,2}[_~-]?")
"""What may stand around the GUIDs of an id: ``8:orgid:``, ``28:``, the sign between two."""

_LIKE_AN_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LIKE_A_PHONE = re.compile(r"(?:tel:|4:)?\+[0-9][0-9 ().-]{5,24}")


class Pseudonyms:
    """Gives pseudonyms.

    Attributes:
        of: ``of(kind, text)`` is what stands in the place of ``text``; what stands there already comes back unchanged.

    Args:
        key: what they depend on besides the value; as confidential as it should be hard to find out, by trying,
            whether a known name is behind a pseudonym.
    """

    def __init__(self, key: bytes) -> None:
        secret = blake2s(key).digest()
        self._keyed = {kind: blake2s(f"{kind}\0".encode(), key=secret) for kind in Kind}
        self.of = lru_cache(4096)(self._of)
        self._make: Mapping[Kind, Callable[[str], str]] = {
            Kind.SECRET: lambda _: MASK,
            Kind.ID: self._id,
            Kind.GUID: self._guid,
            Kind.NAME: self._name,
            Kind.EMAIL: self._email,
            Kind.PHONE: self._phone,
            Kind.NUMBER: self._number,
            Kind.THREAD: self._thread,
            Kind.DOMAIN: self._domain,
        }

    def _of(self, kind: Kind, text: str) -> str:
        return MASK if text == MASK else self._make[kind](text)

    def _hex(self, kind: Kind, text: str, digits: int) -> str:
        # Copied, because to set the key up takes as long as to hash a value.
        hashed = self._keyed[kind].copy()
        hashed.update(text.encode("utf-8", "surrogatepass"))
        return hashed.hexdigest()[:digits]

    def _id(self, text: str) -> str:
        if len(text) == 36 and GUID.fullmatch(text):
            return self._guid(text)
        if _is_made_of_guids(text):
            return self._guids(text)
        if _LIKE_AN_EMAIL.fullmatch(text):
            return self._email(text)
        if _LIKE_A_PHONE.fullmatch(text):
            return self._phone(text)
        if _is_word(text):
            return text
        head = self._hex(Kind.ID, text, 16)
        return f"id-{head}{_check(head, 8)}"

    def _guids(self, text: str) -> str:
        return GUID.sub(lambda found: self._guid(found[0]), text)

    def _guid(self, text: str) -> str:
        digits = text.replace("-", "").lower()
        if not digits.strip("0") or _is_pseudonym(digits):
            return text
        head = self._hex(Kind.GUID, digits, 20)
        head = f"{head[:12]}4{head[13:16]}{'89ab'[int(head[16], 16) & 3]}{head[17:]}"
        return _written_like(text, head + _check(head, 12))

    def _name(self, text: str) -> str:
        if _NAME.fullmatch(text):
            return text
        digits = self._hex(Kind.NAME, text, 8)
        # A letter first: in a form the space is a "+", and digits behind it would look like a phone number.
        return f"Name {'abcdef'[int(digits[0], 16) % 6]}{digits[1:]}"

    def _email(self, text: str) -> str:
        if _EMAIL.fullmatch(text):
            return text
        return f"user-{self._hex(Kind.EMAIL, text.lower(), 8)}@example.com"

    def _phone(self, text: str) -> str:
        digits = "".join(filter(str.isdecimal, text.removeprefix("4:")))
        if FICTION.fullmatch(digits):
            return text
        number = int(self._hex(Kind.PHONE, digits or text, 12), 16)
        area = 200 + number // 100 % 800
        # An area such as 911 is a service of its own.
        area += area % 100 == 11
        head = "4:" if text.startswith("4:") else "tel:" if text.startswith("tel:") else ""
        return f"{head}+1{area}55501{number % 100:02}"

    def _number(self, text: str) -> str:
        if _MEETING.fullmatch(text):
            return text
        digits = [character for character in text if character.isdecimal()]
        if len(digits) < 6:
            return "0" * max(len(text), 1)
        fresh = iter("000" + f"{int(self._hex(Kind.NUMBER, ''.join(digits), 32), 16):039}"[-(len(digits) - 3) :])
        return "".join(next(fresh, "0") if character.isdecimal() else " " for character in text)

    def _thread(self, text: str) -> str:
        if _is_made_of_guids(text):
            return self._guids(text)
        head = self._hex(Kind.THREAD, text, 20)
        return head + _check(head, 12)

    def _domain(self, text: str) -> str:
        return text if _TENANT.fullmatch(text) else f"tenant-{self._hex(Kind.DOMAIN, text.lower(), 8)}"


def _is_made_of_guids(text: str) -> bool:
    return GUID.search(text) is not None and _AROUND_GUIDS.fullmatch(GUID.sub("", text)) is not None


def _check(head: str, digits: int) -> str:
    """Digits that follow from ``head`` without any key; by them a pseudonym is known for one."""
    return blake2s(head.encode(), person=b"graphcal").hexdigest()[:digits]


def _is_pseudonym(digits: str) -> bool:
    return digits[20:] == _check(digits[:20], 12)


def _is_word(text: str) -> bool:
    return _WORD.fullmatch(text) is not None and text[19:] == _check(text[3:19], 8)


def _written_like(text: str, digits: str) -> str:
    """``digits`` with the dashes and the letter case of ``text``."""
    digits = digits.upper() if text.isupper() else digits
    if "-" not in text:
        return digits
    if len(text) == 36:
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    fresh = iter(digits)
    return "".join(["-" if character == "-" else next(fresh) for character in text])
