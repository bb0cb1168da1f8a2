"""One disagreement between two sides about one fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2s
from types import MappingProxyType
from typing import Any

from pytest_graphcalls.findings import at_any_index


class Severity(StrEnum):
    """How much a difference weighs. The values are part of the verdict's format."""

    NOTICE = "notice"
    """Worth a look; never decides a verdict."""
    ADDITIVE = "additive"
    """Something is new; who ignores what it does not know is not hurt."""
    BEHAVIOURAL = "behavioural"
    """The same shape means or does something else."""
    BREAKING = "breaking"
    """What was promised or there before is not there any more, or is another thing."""


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
    """What sort of difference it is. The values are part of the verdict's format."""

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
    """It takes members that it does not name."""
    NULLABILITY_TIGHTENED = "nullability-tightened"
    NULLABILITY_LOOSENED = "nullability-loosened"
    ENUM_MEMBER_GONE = "enum-member-gone"
    ENUM_MEMBER_NEW = "enum-member-new"
    LETTER_CASE_CHANGED = "letter-case-changed"
    VALUE_CHANGED = "value-changed"
    """The class of a value: null for a text, another fixed word, a count."""
    ORDER_CHANGED = "order-changed"
    ITEM_GONE = "item-gone"
    """Of a keyed list."""
    ITEM_NEW = "item-new"
    EXCHANGE_GONE = "exchange-gone"
    EXCHANGE_NEW = "exchange-new"
    NOTIFICATION_MISSING = "notification-missing"
    NOTIFICATION_NEW = "notification-new"
    NOTIFICATION_LATE = "notification-late"
    LATENCY_SHIFTED = "latency-shifted"
    RULE_BROKEN = "rule-broken"
    SHAPE_BROKEN = "shape-broken"
    """A violation that no rule states: the type model does."""
    SHAPE_NEW = "shape-new"
    """A notice: what nobody has published, and nobody has forbidden."""
    ACTION_GONE = "action-gone"
    ACTION_NEW = "action-new"
    PARAMETER_GONE = "parameter-gone"
    PARAMETER_NEW = "parameter-new"
    PARAMETER_CHANGED = "parameter-changed"
    """Another type, or it has to be sent now."""
    PARAMETER_LOOSENED = "parameter-loosened"
    """It may be left out now."""
    MEMBER_UNMENTIONED = "member-unmentioned"
    """A table of the documentation does not list what the contract has."""
    PATH_GONE = "path-gone"
    PATH_NEW = "path-new"
    PERMISSION_GONE = "permission-gone"
    PERMISSION_NEW = "permission-new"
    EXAMPLE_INVALID = "example-invalid"
    """An example of the documentation that is no JSON."""
    EXAMPLE_BROKEN = "example-broken"
    """An example of the documentation that breaks the contract."""


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
"""By kind: how much it weighs."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement about one fact.

    Attributes:
        kind: what sort it is.
        origin: which two sides disagree.
        version: ``v1.0`` or ``beta``.
        subject: what it is about: id of an operation or a rule, name of a notification's payload, or of a type.
        where: the place in it: a JSON path (``$.participants[0].identity``), a header's or member's name, ``status``.
        before: what was promised, or there, in words without ids, times and names; ``""`` for nothing.
        after: what is there now, likewise.
        place: where it was seen, to look it up: a test and the number of its exchange, a page and its line.
        page: address of the page that states what was promised, or ``""``.
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
        """How much it weighs."""
        return SEVERITIES[self.kind]

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits, the same for the same difference every night, in whatever test it comes up."""
        facts = (self.origin, self.kind, self.version, self.subject, at_any_index(self.where), self.after)
        return blake2s("\0".join(facts).encode(), digest_size=6).hexdigest()

    def __str__(self) -> str:
        change = {(False, True): f"new: {self.after}", (True, False): f"gone: {self.before}"}.get(
            (bool(self.before), bool(self.after)), f"{self.before} -> {self.after}"
        )
        where = f" at {self.where}" if self.where else ""
        return f"{self.severity}: {self.kind} in {self.subject} ({self.version}){where}: {change}"

    def to_json(self) -> dict[str, Any]:
        """As the verdict writes it."""
        return {
            "fingerprint": self.fingerprint,
            "kind": self.kind.value,
            "severity": self.severity.value,
            "origin": self.origin.value,
            **{name: getattr(self, name) for name in _TEXTS},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Difference:
        """What :meth:`to_json` wrote."""
        return cls(Kind(data["kind"]), Origin(data["origin"]), **{name: data[name] for name in _TEXTS})


_TEXTS = ("version", "subject", "where", "before", "after", "place", "page", "hint")
