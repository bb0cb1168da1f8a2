"""A difference between two sides about one fact: its kind, severity, origin and fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2s
from types import MappingProxyType
from typing import Any

from pytest_graphcalls.findings import at_any_index


class Severity(StrEnum):
    """How severe a difference is. The values are part of the verdict's format."""

    NOTICE = "notice"
    """Informative; never decides a verdict."""
    ADDITIVE = "additive"
    """An addition; clients that ignore unknown members keep working."""
    BEHAVIOURAL = "behavioural"
    """An unchanged shape means or does something different."""
    BREAKING = "breaking"
    """A promised or earlier element is missing, or has another type."""


class Origin(StrEnum):
    """Which two sides disagree. The values are part of the verdict's format."""

    RECORDING = "recording"
    """The accepted recordings and tonight's."""
    CONTRACT = "contract"
    """The contract and what was observed tonight: rules and findings."""
    METADATA = "metadata"
    """The contract's types and the published metadata."""
    DOCUMENTATION = "documentation"
    """The contract and the reference pages."""


class Kind(StrEnum):
    """The kind of a difference. The values are part of the verdict's format."""

    STATUS_CHANGED = "status-changed"
    ERROR_CODE_CHANGED = "error-code-changed"
    HEADER_GONE = "header-gone"
    HEADER_NEW = "header-new"
    HEADER_CHANGED = "header-changed"
    BODY_GONE = "body-gone"
    BODY_NEW = "body-new"
    MEMBER_GONE = "member-gone"
    MEMBER_NEW = "member-new"
    TYPE_CHANGED = "type-changed"
    TYPE_GONE = "type-gone"
    TYPE_NEW = "type-new"
    TYPE_OPENED = "type-opened"
    """The type has become open: it accepts members that it does not declare."""
    NULLABILITY_TIGHTENED = "nullability-tightened"
    NULLABILITY_LOOSENED = "nullability-loosened"
    ENUM_MEMBER_GONE = "enum-member-gone"
    ENUM_MEMBER_NEW = "enum-member-new"
    LETTER_CASE_CHANGED = "letter-case-changed"
    VALUE_CHANGED = "value-changed"
    """The class of a value: null for a text, a different fixed word, a count."""
    ORDER_CHANGED = "order-changed"
    ITEM_GONE = "item-gone"
    """An item of a list that has keys."""
    ITEM_NEW = "item-new"
    EXCHANGE_GONE = "exchange-gone"
    EXCHANGE_NEW = "exchange-new"
    NOTIFICATION_MISSING = "notification-missing"
    NOTIFICATION_NEW = "notification-new"
    NOTIFICATION_LATE = "notification-late"
    LATENCY_SHIFTED = "latency-shifted"
    RULE_BROKEN = "rule-broken"
    SHAPE_BROKEN = "shape-broken"
    """A violation of the type model, without a rule."""
    SHAPE_NEW = "shape-new"
    """A notice: unpublished, but not forbidden either."""
    ACTION_GONE = "action-gone"
    ACTION_NEW = "action-new"
    PARAMETER_GONE = "parameter-gone"
    PARAMETER_NEW = "parameter-new"
    PARAMETER_CHANGED = "parameter-changed"
    """The type of a parameter has changed, or it has become required."""
    PARAMETER_LOOSENED = "parameter-loosened"
    """A parameter has become optional."""
    MEMBER_UNMENTIONED = "member-unmentioned"
    """A table of the documentation does not list a member of the contract."""
    PATH_GONE = "path-gone"
    PATH_NEW = "path-new"
    PERMISSION_GONE = "permission-gone"
    PERMISSION_NEW = "permission-new"
    EXAMPLE_INVALID = "example-invalid"
    """An example of the documentation is not valid JSON."""
    EXAMPLE_BROKEN = "example-broken"
    """An example of the documentation violates the contract."""


SEVERITIES: Mapping[Kind, Severity] = MappingProxyType(
    {
        Kind.STATUS_CHANGED: Severity.BEHAVIOURAL,
        Kind.ERROR_CODE_CHANGED: Severity.BEHAVIOURAL,
        Kind.HEADER_GONE: Severity.BREAKING,
        Kind.HEADER_NEW: Severity.ADDITIVE,
        Kind.HEADER_CHANGED: Severity.BEHAVIOURAL,
        Kind.BODY_GONE: Severity.BREAKING,
        Kind.BODY_NEW: Severity.ADDITIVE,
        Kind.MEMBER_GONE: Severity.BREAKING,
        Kind.MEMBER_NEW: Severity.ADDITIVE,
        Kind.TYPE_CHANGED: Severity.BREAKING,
        Kind.TYPE_GONE: Severity.BREAKING,
        Kind.TYPE_NEW: Severity.ADDITIVE,
        Kind.TYPE_OPENED: Severity.ADDITIVE,
        Kind.NULLABILITY_TIGHTENED: Severity.ADDITIVE,
        Kind.NULLABILITY_LOOSENED: Severity.BREAKING,  # a reader that relied on a value meets null
        Kind.ENUM_MEMBER_GONE: Severity.BREAKING,
        Kind.ENUM_MEMBER_NEW: Severity.ADDITIVE,
        Kind.LETTER_CASE_CHANGED: Severity.BEHAVIOURAL,
        Kind.VALUE_CHANGED: Severity.BEHAVIOURAL,
        Kind.ORDER_CHANGED: Severity.BEHAVIOURAL,
        Kind.ITEM_GONE: Severity.BEHAVIOURAL,
        Kind.ITEM_NEW: Severity.BEHAVIOURAL,
        Kind.EXCHANGE_GONE: Severity.BEHAVIOURAL,
        Kind.EXCHANGE_NEW: Severity.BEHAVIOURAL,
        Kind.NOTIFICATION_MISSING: Severity.BEHAVIOURAL,
        Kind.NOTIFICATION_NEW: Severity.BEHAVIOURAL,
        Kind.NOTIFICATION_LATE: Severity.BEHAVIOURAL,
        Kind.LATENCY_SHIFTED: Severity.NOTICE,
        Kind.RULE_BROKEN: Severity.BEHAVIOURAL,
        Kind.SHAPE_BROKEN: Severity.BREAKING,
        Kind.SHAPE_NEW: Severity.ADDITIVE,
        Kind.ACTION_GONE: Severity.BREAKING,
        Kind.ACTION_NEW: Severity.ADDITIVE,
        Kind.PARAMETER_GONE: Severity.BREAKING,
        Kind.PARAMETER_NEW: Severity.ADDITIVE,
        Kind.PARAMETER_CHANGED: Severity.BREAKING,
        Kind.PARAMETER_LOOSENED: Severity.ADDITIVE,
        Kind.MEMBER_UNMENTIONED: Severity.NOTICE,  # tables leave out what they take for granted
        Kind.PATH_GONE: Severity.BREAKING,
        Kind.PATH_NEW: Severity.ADDITIVE,
        Kind.PERMISSION_GONE: Severity.BREAKING,
        Kind.PERMISSION_NEW: Severity.ADDITIVE,
        Kind.EXAMPLE_INVALID: Severity.NOTICE,
        Kind.EXAMPLE_BROKEN: Severity.NOTICE,
    }
)
"""The severity of each kind."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two sides about one fact.

    Attributes:
        kind: its kind.
        origin: which two sides disagree.
        version: ``v1.0`` or ``beta``.
        subject: id of an operation or a rule, name of a notification's payload, or of a type.
        where: the place in it: a JSON path (``$.participants[0].identity``), a header's or member's name, ``status``.
        before: the promised or earlier state, in words without ids, times and names; ``""`` for none.
        after: the present state, likewise.
        place: where it was seen: a test and the number of its exchange, a page and its line.
        page: address of the page that states the promise, or ``""``.
        hint: what to do next, or ``""``.
    """

    kind: Kind
    origin: Origin
    version: str
    subject: str
    where: str = ""
    before: str = ""
    after: str = ""
    place: str = ""
    page: str = ""
    hint: str = ""

    @property
    def severity(self) -> Severity:
        """The severity that its kind has."""
        return SEVERITIES[self.kind]

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that identify the difference in every night and in every test."""
        facts = (self.origin, self.kind, self.version, self.subject, at_any_index(self.where), self.after)
        return blake2s("\0".join(facts).encode(), digest_size=6).hexdigest()

    def __str__(self) -> str:
        change = {(False, True): f"new: {self.after}", (True, False): f"missing: {self.before}"}.get(
            (bool(self.before), bool(self.after)), f"{self.before} -> {self.after}"
        )
        where = f" at {self.where}" if self.where else ""
        return f"{self.severity}: {self.kind} in {self.subject} ({self.version}){where}: {change}"

    def to_json(self) -> dict[str, Any]:
        """The difference as the verdict file holds it."""
        return {
            "fingerprint": self.fingerprint,
            "kind": self.kind.value,
            "severity": self.severity.value,
            "origin": self.origin.value,
            **{name: getattr(self, name) for name in _TEXTS},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Difference:
        """Read the difference that :meth:`to_json` wrote."""
        return cls(Kind(data["kind"]), Origin(data["origin"]), **{name: data[name] for name in _TEXTS})


_TEXTS = ("version", "subject", "where", "before", "after", "place", "page", "hint")
