"""A difference between two sides about one fact: its kind, severity, origin and fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2s
from typing import Any, Self

from pytest_graphcalls.findings import at_any_index
from pytest_graphcalls.records import made, plain


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
    """The two sides of a difference, e.g. contract and target. The values are part of the verdict's format."""

    RECORDING = "recording"
    """The accepted recordings and tonight's."""
    CONTRACT = "contract"
    """The contract and what was observed tonight: rules and findings."""
    METADATA = "metadata"
    """The contract's types and the published metadata."""
    DOCUMENTATION = "documentation"
    """The contract and the reference pages."""


class Kind(StrEnum):
    """The kind of a difference, with its severity. The values are part of the verdict's format."""

    severity: Severity

    def __new__(cls, value: str, severity: Severity = Severity.NOTICE) -> Self:
        """Make a member of a value and a severity."""
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.severity = severity
        return kind

    STATUS_CHANGED = "status-changed", Severity.BEHAVIOURAL
    ERROR_CODE_CHANGED = "error-code-changed", Severity.BEHAVIOURAL
    HEADER_GONE = "header-gone", Severity.BREAKING
    HEADER_NEW = "header-new", Severity.ADDITIVE
    HEADER_CHANGED = "header-changed", Severity.BEHAVIOURAL
    BODY_GONE = "body-gone", Severity.BREAKING
    BODY_NEW = "body-new", Severity.ADDITIVE
    MEMBER_GONE = "member-gone", Severity.BREAKING
    MEMBER_NEW = "member-new", Severity.ADDITIVE
    TYPE_CHANGED = "type-changed", Severity.BREAKING
    TYPE_GONE = "type-gone", Severity.BREAKING
    TYPE_NEW = "type-new", Severity.ADDITIVE
    TYPE_OPENED = "type-opened", Severity.ADDITIVE
    """The type has become open: it accepts members that it does not declare."""
    NULLABILITY_TIGHTENED = "nullability-tightened", Severity.ADDITIVE
    NULLABILITY_LOOSENED = "nullability-loosened", Severity.BREAKING  # a reader that relied on a value meets null
    ENUM_MEMBER_GONE = "enum-member-gone", Severity.BREAKING
    ENUM_MEMBER_NEW = "enum-member-new", Severity.ADDITIVE
    LETTER_CASE_CHANGED = "letter-case-changed", Severity.BEHAVIOURAL
    VALUE_CHANGED = "value-changed", Severity.BEHAVIOURAL
    """The class of a value: null for a text, a different fixed word, a count."""
    ORDER_CHANGED = "order-changed", Severity.BEHAVIOURAL
    ITEM_GONE = "item-gone", Severity.BEHAVIOURAL
    """An item of a list that has keys."""
    ITEM_NEW = "item-new", Severity.BEHAVIOURAL
    EXCHANGE_GONE = "exchange-gone", Severity.BEHAVIOURAL
    EXCHANGE_NEW = "exchange-new", Severity.BEHAVIOURAL
    NOTIFICATION_MISSING = "notification-missing", Severity.BEHAVIOURAL
    NOTIFICATION_NEW = "notification-new", Severity.BEHAVIOURAL
    NOTIFICATION_LATE = "notification-late", Severity.BEHAVIOURAL
    LATENCY_SHIFTED = "latency-shifted", Severity.NOTICE
    RULE_BROKEN = "rule-broken", Severity.BEHAVIOURAL
    SHAPE_BROKEN = "shape-broken", Severity.BREAKING
    """A violation of the type model, without a rule."""
    SHAPE_NEW = "shape-new", Severity.ADDITIVE
    """A notice: unpublished, but not forbidden either."""
    ACTION_GONE = "action-gone", Severity.BREAKING
    ACTION_NEW = "action-new", Severity.ADDITIVE
    PARAMETER_GONE = "parameter-gone", Severity.BREAKING
    PARAMETER_NEW = "parameter-new", Severity.ADDITIVE
    PARAMETER_CHANGED = "parameter-changed", Severity.BREAKING
    """The type of a parameter has changed, or it has become required."""
    PARAMETER_LOOSENED = "parameter-loosened", Severity.ADDITIVE
    """A parameter has become optional."""
    MEMBER_UNMENTIONED = "member-unmentioned", Severity.NOTICE  # tables leave out what they take for granted
    """A table of the documentation does not list a member of the contract."""
    PATH_GONE = "path-gone", Severity.BREAKING
    PATH_NEW = "path-new", Severity.ADDITIVE
    PERMISSION_GONE = "permission-gone", Severity.BREAKING
    PERMISSION_NEW = "permission-new", Severity.ADDITIVE
    EXAMPLE_INVALID = "example-invalid", Severity.NOTICE
    """An example of the documentation is not valid JSON."""
    EXAMPLE_BROKEN = "example-broken", Severity.NOTICE
    """An example of the documentation violates the contract."""


SEVERITIES: Mapping[Kind, Severity] = {kind: kind.severity for kind in Kind}
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
        return self.kind.severity

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
        return {"fingerprint": self.fingerprint, "severity": self.severity.value, **plain(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Difference:
        """Read the difference that :meth:`to_json` wrote."""
        return made(cls, data)
