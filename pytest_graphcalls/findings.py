"""A finding is one disagreement between an exchange, or a notification, and the contract."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2s
from typing import Any

from pytest_graphcalls.records import made, plain


class Severity(StrEnum):
    """How much a finding weighs."""

    VIOLATION = "violation"
    """Breaks what is published; fails the test."""
    NOTICE = "notice"
    """Additive or tolerated; fails only under ``--graphcalls-strict``."""


class Side(StrEnum):
    """The subject of a finding: a request, a response, or a notification."""

    REQUEST = "request"
    RESPONSE = "response"
    NOTIFICATION = "notification"


class Kind(StrEnum):
    """The sort of disagreement that a finding is about. The values are part of the report format."""

    OPERATION_UNKNOWN = "operation-unknown"
    HOST_WRONG = "host-wrong"
    METHOD_UNDOCUMENTED = "method-undocumented"
    TOKEN_MISSING = "token-missing"  # noqa: S105  the name of a finding, no password
    CONTENT_TYPE = "content-type"
    BODY_MALFORMED = "body-malformed"
    BODY_MISSING = "body-missing"
    BODY_UNEXPECTED = "body-unexpected"
    STATUS_UNDOCUMENTED = "status-undocumented"
    HEADER_MISSING = "header-missing"
    HEADER_WRONG = "header-wrong"
    TYPE_WRONG = "type-wrong"
    TYPE_UNKNOWN = "type-unknown"
    TYPE_MISSING = "type-missing"
    TYPE_SPELLING = "type-spelling"
    NULL_UNEXPECTED = "null-unexpected"
    MEMBER_MISSING = "member-missing"
    MEMBER_UNDOCUMENTED = "member-undocumented"
    UNREAD = "unread"
    ENUM_UNKNOWN = "enum-unknown"
    ENUM_LETTER_CASE = "enum-letter-case"
    LETTER_CASE = "letter-case"
    FORMAT_WRONG = "format-wrong"
    LIMIT_EXCEEDED = "limit-exceeded"
    VALUE_WRONG = "value-wrong"
    NOTIFICATION_UNKNOWN = "notification-unknown"
    NOT_COVERED = "not-covered"


@dataclass(frozen=True, slots=True)
class KindWords:
    """One kind of finding in words.

    Attributes:
        means: what was found.
        weighs: when it is a violation and when a notice.
        remedy: what to do about it.
        example: one that is found.
    """

    means: str
    weighs: str
    remedy: str
    example: str


_INDEX = re.compile(r"\[\d+\]")


def at_any_index(where: str) -> str:
    """The JSON path ``where`` with every list index left open: ``$.value[0].id`` becomes ``$.value[].id``."""
    return _INDEX.sub("[]", where)


def describe(value: Any) -> str:
    """Word ``value`` for a message: its JSON type, and the value itself when it is short."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f"the text {value if len(value) <= 60 else value[:57] + '…'!r}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"an object with {', '.join(list(value)[:4]) or 'no members'}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement.

    Attributes:
        kind: what sort it is.
        severity: violation or notice.
        side: request, response or notification.
        operation: the operation's id, for a notification the name of its payload, or ``""`` when none matches.
        version: ``v1.0`` or ``beta``.
        where: JSON path into the body (``$.participants[0].identity``), a header's name, a query parameter's
            (``?$select``), or one of ``status``, ``body``, ``path``, ``host`` and ``method``.
        expected: what the contract says, in words.
        got: what was there, in words (values shortened, tokens masked).
        rule: full id of the rule that says so, or ``""`` for a shape that only the type model states.
        page: address of the page that states it, or ``""``.
        tolerated: id of the contradiction in the documentation that makes this a notice, or ``""``.
        hint: what to do next, or ``""``.
    """

    kind: Kind
    severity: Severity
    side: Side
    operation: str
    version: str
    where: str
    expected: str
    got: str
    rule: str = ""
    page: str = ""
    tolerated: str = ""
    hint: str = ""

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits, the same for the same disagreement in every run and at every list index."""
        where = at_any_index(self.where)
        facts = (self.kind, self.side, self.operation, self.version, where, self.rule, self.tolerated)
        return blake2s("\0".join(facts).encode(), digest_size=6).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """The finding as the report writes it (see ``report.schema.json``)."""
        return {"fingerprint": self.fingerprint, **plain(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Finding:
        """The finding that :meth:`to_json` wrote."""
        return made(cls, data)
