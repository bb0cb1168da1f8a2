"""The contents of the contract as frozen values: operations, rules, questions, clouds.

``loading`` reads the files, ``operations`` builds these values from them, ``check`` checks exchanges against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

VERSIONS = ("v1.0", "beta")
"""The API versions, as they stand in a path."""


class Evidence(StrEnum):
    """The evidence level of a statement about the service; decides whether breaking it fails a test."""

    DOCUMENTED = "documented"
    """Stated by a reference page or the published metadata: a broken rule fails."""
    REPORTED = "reported"
    """Seen in public captures or reports: a broken rule is a notice, and fails under strict."""
    INFERRED = "inferred"
    """Inferred by meaning, or from the sibling service: never judged."""


class Need(StrEnum):
    """A capability of the target that a test needs besides plain requests."""

    CLOCK = "clock"
    NOTIFICATIONS = "notifications"
    INCOMING_CALL = "incoming-call"
    APPS = "apps"
    PHONE = "phone"


class RoleCheck(StrEnum):
    """The moment at which the service checks the roles of a token."""

    REQUEST = "request"
    """With every request for the operation."""
    CREATION = "creation"
    """Once, when the call is created; requests about it later need no role."""
    KIND = "kind"
    """With every request, by the kind of what it asks for (see :meth:`Permissions.for_kind`)."""


class Effect(StrEnum):
    """An effect of an operation on a call, or a part of the call that it shows."""

    MAKES_CALL = "makes-call"
    TAKES_CALL = "takes-call"
    REJECTS_CALL = "rejects-call"
    ENDS_CALL = "ends-call"
    KEEPS_CALL_ALIVE = "keeps-call-alive"
    SHOWS_CALL = "shows-call"
    SHOWS_ROSTER = "shows-roster"
    SHOWS_PARTICIPANT = "shows-participant"
    SHOWS_OPERATION = "shows-operation"
    ADDS_PEOPLE = "adds-people"
    REMOVES_PARTICIPANT = "removes-participant"
    MUTES = "mutes"
    UNMUTES = "unmutes"
    PLAYS = "plays"
    RECORDS = "records"
    CANCELS_MEDIA = "cancels-media"
    HEARS_TONES = "hears-tones"
    STATES_RECORDING = "states-recording"
    RECORDS_CALL = "records-call"
    TRANSCRIBES_CALL = "transcribes-call"
    REPORTS_MEDIA = "reports-media"
    MAKES_MEETING = "makes-meeting"
    ENDS_MEETING = "ends-meeting"
    FINDS_MEETING = "finds-meeting"
    SHOWS_MEETING = "shows-meeting"
    REDIRECTS_CALL = "redirects-call"
    TRANSFERS_CALL = "transfers-call"
    SHARES_SCREEN = "shares-screen"
    ADDS_GALLERY = "adds-gallery"
    LISTS_CONTENT = "lists-content"
    SHOWS_CONTENT = "shows-content"
    REPORTS_QUALITY = "reports-quality"
    PUTS_ON_HOLD = "puts-on-hold"
    TAKES_OFF_HOLD = "takes-off-hold"
    SETS_MIXER = "sets-mixer"
    MAKES_ROUTE = "makes-route"
    SHOWS_ROUTE = "shows-route"
    CHANGES_ROUTE = "changes-route"
    REMOVES_ROUTE = "removes-route"


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a statement: the reference page's name and the section in it."""

    page: str
    section: str = ""

    def __str__(self) -> str:
        return f"{self.page}, {self.section}" if self.section else self.page


@dataclass(frozen=True, slots=True)
class Rule:
    """One statement about behaviour.

    Attributes:
        id: full id, ``<operation>.<slug>``.
        says: the statement.
        versions: the API versions it holds for.
        evidence: how well it is known.
        source: the page and section that state it.
        pages: address of that operation's page, by version.
        facts: ids of the collected facts it carries.
        contradictions: ids of contradictions in the documentation that touch it.
        needs: what its test asks of a target.
        holds: an example that respects it.
        broken: an example that breaks it.
    """

    id: str
    says: str
    versions: tuple[str, ...]
    evidence: Evidence
    source: Source
    pages: Mapping[str, str]
    facts: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    holds: str = ""
    broken: str = ""

    @property
    def operation(self) -> str:
        """Id of the operation it belongs to."""
        return self.id.partition(".")[0]

    @property
    def slug(self) -> str:
        """The id without the operation."""
        return self.id.partition(".")[2]

    def page(self, version: str) -> str:
        """Address of the reference page for ``version``."""
        return self.pages.get(version) or next(iter(self.pages.values()), "")


@dataclass(frozen=True, slots=True)
class Question:
    """Something that no public source answers; its test records what the target did.

    Attributes:
        id: full id, ``<operation>.<slug>``.
        asks: the question.
        versions: the API versions it is asked for.
        needs: what its test asks of a target.
        facts: where the gap is noted.
        simulated: what the simulator answers for now, and by analogy with what.
    """

    id: str
    asks: str
    versions: tuple[str, ...]
    needs: tuple[Need, ...] = ()
    facts: tuple[str, ...] = ()
    simulated: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A limit on a request body beyond its type.

    Attributes:
        at: dotted path from the body's root; ``[]`` stands for every item, e.g. ``participants[].identity``.
        limits: JSON Schema keyword and value, e.g. ``{"maxItems": 5}``.
        required: whether the member must be present and not null.
        says: what a ``pattern`` stands for, a noun phrase.
        rule: slug of the rule that states it, or ``""``.
        by_handler: whether the simulator's handler decides on it, because it does not look at every item.
    """

    at: str
    limits: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    required: bool = False
    says: str = ""
    rule: str = ""
    by_handler: bool = False


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """The documented request of an operation: body, parameters, limits.

    Attributes:
        body: ``none``, ``action`` (the action's parameters) or a type's name.
        token: slug of the rule that asks for a bearer token, or ``""``.
        rule: slug of the rule that forbids a body, or ``""``.
        constraints: limits beyond the types.
    """

    body: str
    token: str = ""
    rule: str = ""
    constraints: tuple[Constraint, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaderSpec:
    """A response header the documentation promises.

    Attributes:
        name: its name.
        names: template of the path that its value ends in; a key of the request's path, or a member of the answer,
            stands in braces, e.g. ``/communications/calls/{call-id}/operations/{id}``.
        says: what it stands for, a noun phrase.
        rule: slug of the rule that promises it, or ``""``.
        required: whether it has to be there.
        contradiction: id of the contradiction in the documentation about the ids in it, or ``""``.
    """

    name: str
    names: str = ""
    says: str = ""
    rule: str = ""
    required: bool = True
    contradiction: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A place of an answer that repeats what is known from elsewhere.

    Attributes:
        at: the member of the answer.
        of: what it repeats from: ``request`` (its body), ``path`` (its keys) or ``started`` (the answer that started
            the operation which is shown).
        name: the member, or the key, there.
        people: where both are lists of people, compared by the ids in their identities: further members of each that
            come back, with the slug of the rule that says so; else ``None``.
        rule: slug of the rule that says so, or ``""``.
        contradiction: id of the contradiction in the documentation that makes it a notice, or ``""``.
        any_case: whether it may come back in another letter case, as a value of an enumeration.
    """

    at: str
    of: str
    name: str
    people: Mapping[str, str] | None = None
    rule: str = ""
    contradiction: str = ""
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """A documented success answer.

    Attributes:
        status: the status code.
        body: a type's name, or ``""`` for an empty body.
        collection: whether the body is a ``value`` list of that type.
        rule: slug of the rule that states status and body.
        headers: promised headers.
        repeats: what it repeats of its request.
        empty: slug of a separate rule that states the empty body, or ``""``.
        has: annotations that the body has, each with the slug of the rule that says so.
    """

    status: int
    body: str = ""
    collection: bool = False
    rule: str = ""
    headers: tuple[HeaderSpec, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    empty: str = ""
    has: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


NO_ROLE = "insufficient-permissions"
"""The error of the calls platform for a token without a role."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """Application permissions; any one of them is enough, none at all means that none guards the operation.

    Attributes:
        least: least privileged names of the newest table.
        higher: higher privileged names of the newest table.
        spellings: other printed spellings, by current name.
        checked: when they are looked at.
        kinds: where they depend on what is asked for: the names by kind.
        refusal: the error, by its name in the catalogue, that answers a token without any of them.
    """

    least: tuple[str, ...] = ()
    higher: tuple[str, ...] = ()
    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    checked: RoleCheck = RoleCheck.REQUEST
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    refusal: str = NO_ROLE

    @property
    def accepted(self) -> frozenset[str]:
        """Every name, in every spelling, that opens the operation."""
        return self._spelled((*self.least, *self.higher))

    def for_kind(self, kind: str) -> frozenset[str]:
        """The names, in every spelling, that open a request of this ``kind``; empty where it takes none."""
        return self._spelled(self.kinds.get(kind, ()))

    def _spelled(self, names: tuple[str, ...]) -> frozenset[str]:
        return frozenset(names).union(*(self.spellings.get(name, ()) for name in names))


@dataclass(frozen=True, slots=True)
class EndSpec:
    """How a long-running operation ends, as its notification says.

    Attributes:
        code: first number of its ``resultInfo``.
        subcode: the second number.
        message: the message, without the marker at its end.
        evidence: how well it is known that it ends like this.
        fact: where that is noted.
        status: ``completed`` or ``failed``.
        pair_evidence: how well the two numbers are known, where that differs; else ``None``.
        pair_fact: where they are noted.
        members: further members of the notification.
    """

    code: int
    subcode: int
    message: str
    evidence: Evidence
    fact: str
    status: str = "completed"
    pair_evidence: Evidence | None = None
    pair_fact: str = ""
    members: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class LongRunning:
    """The long-running operation that a request starts.

    Attributes:
        type: its type, e.g. ``playPromptOperation``.
        answered: the status in the answer; one that is answered as completed has no notification.
        fact: where the answer is documented.
        echoes: members of the request that the notification of its end shows again.
        queue: operations of a call with the same queue run one after the other; ``""`` for side by side.
        ends: how it ends, by name: ``completed`` for one that is not interrupted, ``cancelled`` where it can be
            cancelled, and further ones.
    """

    type: str
    answered: str
    fact: str
    echoes: tuple[str, ...] = ()
    queue: str = ""
    ends: Mapping[str, EndSpec] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented method and path.

    Attributes:
        id: our slug, e.g. ``participant-invite``.
        path: template below the version, e.g. ``/communications/calls/{call-id}``.
        action: the action's name when the last segment is one, else ``""``.
        aliases: further path templates by version.
        pages: address of the reference page by version.
        clouds: national clouds by version; empty where the sources are silent.
        effects: what it does to a call, or shows of it.
        long_running: the long-running operation that it starts, if it does.
        reads: by place (``targets[].identity.*.id``, ``?$select``): what the simulator acts on in a request, with the
            values that it honours; without values it honours all. ``*`` is the one identity that it reads of a set.
    """

    id: str
    title: str
    summary: str
    central: bool
    method: str
    path: str
    action: str
    versions: tuple[str, ...]
    aliases: Mapping[str, tuple[str, ...]]
    pages: Mapping[str, str]
    permissions: Permissions
    clouds: Mapping[str, tuple[str, ...]]
    request: RequestSpec
    responses: Mapping[int, ResponseSpec]
    rules: Mapping[str, Rule]
    questions: Mapping[str, Question]
    effects: frozenset[Effect] = frozenset()
    long_running: LongRunning | None = None
    reads: Mapping[str, tuple[Any, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def rule_id(self, slug: str, version: str) -> str:
        """Full id of the rule ``slug`` if it is one and holds for ``version``, else ``""``."""
        rule = self.rules.get(slug)
        return rule.id if rule is not None and version in rule.versions else ""

    @property
    def success_rule(self) -> str:
        """Full id of the rule that states its success answer, or ``""``."""
        slug = next(iter(self.responses.values())).rule
        return f"{self.id}.{slug}" if slug else ""

    def page(self, version: str) -> str:
        """Address of the reference page for ``version``."""
        return self.pages.get(version) or next(iter(self.pages.values()), "")

    def paths(self, version: str) -> tuple[str, ...]:
        """The path template and its aliases in ``version``."""
        return (self.path, *self.aliases.get(version, ())) if version in self.versions else ()
