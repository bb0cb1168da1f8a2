"""What the service posts to the bot: the payloads and sequences of notifications, and the check of one.

The sequences are those after an event, with the evidence of each step. The simulator is driven through every one and
compared with it (``tests/unit/simulator/test_sequences.py``), so that neither can change alone.

The envelope is checked against the type model. The required contents of an entry depend on its ``changeType`` and its
resource, and are listed in ``notifications.yaml``. Its entities are partial, so only the listed members are required.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_graphcalls.contract.model import Evidence, Source
from pytest_graphcalls.findings import Finding, Kind, Severity, Side, describe
from pytest_graphcalls.records import made
from pytest_graphcalls.wire import MalformedJsonError, Request, encode_json, json_object, path_segments, readable

if TYPE_CHECKING:
    from pytest_graphcalls.contract.check import Checker

ENVELOPE = "commsNotifications"
"""The type of a notification's body."""
PAGES = "https://learn.microsoft.com/graph/api/"
_OLD_MEMBERS = ("id", "participants", "isMultiparty", "tenantId")
_MAX_CLEAN = 4096
_VIEWS = MappingProxyType({"v1.0": "graph-rest-1.0", "beta": "graph-rest-beta"})


@dataclass(frozen=True, slots=True)
class Payload:
    """The payload of one kind of notification.

    Attributes:
        name: our slug, e.g. ``roster-updated``.
        says: what it means.
        changes: the possible values of its ``changeType``.
        resource: template of its ``resourceUrl``, e.g. ``/communications/calls/{call-id}/participants``.
        shape: ``entity`` or ``collection`` for one object or a list as ``resourceData``, ``any`` where that is
            unknown.
        type: the type of the object, or of each item of the list; ``""`` for ``any``.
        required: members that have to be present and not null.
        values: the allowed values of a member, where they are fewer than those of its type.
        versions: the API versions it is sent in.
        evidence: its evidence level.
        source: the page and section that show it.
        contradiction: id of the contradiction in the documentation that it is based on, or ``""``.
    """

    name: str
    says: str
    changes: tuple[str, ...]
    resource: str
    shape: str
    versions: tuple[str, ...]
    evidence: Evidence
    source: Source
    type: str = ""
    required: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    contradiction: str = ""

    def page(self, version: str) -> str:
        """Address of the page that shows it, for ``version``."""
        page = self.source.page
        return page if page.startswith("https://") else f"{PAGES}{page}?view={_VIEWS[version]}"

    def is_at(self, change: str, segments: list[str]) -> bool:
        """Whether an entry with this change and these segments of its resource may have this payload."""
        template = path_segments(self.resource)
        return (
            change in self.changes
            and len(template) == len(segments)
            and all(part.startswith("{") or part == got.lower() for part, got in zip(template, segments, strict=True))
        )

    @property
    def wanted(self) -> str:
        """The expected resource data in words."""
        return f"a list of {self.type}" if self.shape == "collection" else f"an object of type {self.type}"


def payloads_in(data: Mapping[str, Any]) -> dict[str, Payload]:
    """The payloads of ``notifications.yaml``, by name.

    Args:
        data: the content of the file.
    """
    return {name: made(Payload, entry, name=name) for name, entry in data["payloads"].items()}


STARTERS = ("people", "time")
"""Causes of a sequence besides operations."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ``resultInfo`` pair of a step.

    Attributes:
        pair: ``<code>/<subcode>``; its meaning is a row of ``errors.yaml``.
        evidence: evidence level of the pair.
        fact: id of the fact that states it.
    """

    pair: str
    evidence: Evidence
    fact: str


@dataclass(frozen=True, slots=True)
class Step:
    """One notification of a sequence.

    Attributes:
        payload: its name in ``notifications.yaml``.
        evidence: evidence level of its position and state.
        fact: id of the fact that states it.
        call: the call it is about, where that is not the sequence's own one: ``replaced``, ``left`` or ``other``.
        state: state of the call, or status of the operation; ``""`` where there is none.
        result: the reason why the call or the operation ended.
        message: the message of the result, where its form is known; ``{mri}`` is the invited participant.
        roster: the participants that it names; ``None`` for a notification without a roster.
        departed: those of them that have left.
        after: virtual seconds since the start of the sequence, where a deadline is known.
        note: where sources disagree, or what else may be observed.
    """

    payload: str
    evidence: Evidence
    fact: str
    call: str = ""
    state: str = ""
    result: Outcome | None = None
    message: str = ""
    roster: tuple[str, ...] | None = None
    departed: tuple[str, ...] = ()
    after: float | None = None
    note: str = ""

    @property
    def header(self) -> str:
        """The value of ``x-graphcalls-evidence`` in the simulator's notification."""
        known = f"{self.evidence}; fact={self.fact}"
        if self.result is None or self.result.evidence is self.evidence:
            return known
        return f"{known}; result={self.result.evidence}"

    def __str__(self) -> str:
        pair = self.result.pair if self.result else ""
        roster = (
            "" if self.roster is None else ", ".join(f"-{one}" if one in self.departed else one for one in self.roster)
        )
        of = f"({self.call})" if self.call else ""
        return " ".join(filter(None, (self.payload, of, self.state, pair, roster)))


@dataclass(frozen=True, slots=True)
class Sequence:
    """The notifications that the service posts after an event.

    Attributes:
        id: our slug, e.g. ``invite-declined``.
        says: the event.
        starts: the operation that causes it, or one of :data:`STARTERS`.
        versions: the API versions it holds for.
        source: the page and section, or the public address, that shows most of it.
        steps: the notifications in their order.
        notes: remarks about the whole sequence.
    """

    id: str
    says: str
    starts: str
    versions: tuple[str, ...]
    source: Source
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()

    @property
    def evidence(self) -> Evidence:
        """The evidence level of the whole: that of its weakest step, results included; without any, documented."""
        levels = list(Evidence)
        return max(self._levels(), key=levels.index, default=Evidence.DOCUMENTED)

    def _levels(self) -> Iterator[Evidence]:
        for step in self.steps:
            yield step.evidence
            if step.result is not None:
                yield step.result.evidence


def sequences_in(data: Mapping[str, Any]) -> dict[str, Sequence]:
    """The sequences of ``sequences.yaml``, by id.

    Args:
        data: the content of the file.
    """
    return {
        id: made(Sequence, entry, id=id, steps=tuple(map(_step, entry["steps"])))
        for id, entry in data["sequences"].items()
    }


def _step(entry: Mapping[str, Any]) -> Step:
    """One step; the pair of its result has the step's evidence and fact unless it states its own."""
    result = made(Outcome, {**entry, **entry["result"]}) if "result" in entry else None
    return made(Step, entry, result=result)


def is_notification(request: Request) -> bool:
    """Whether ``request`` is a notification of the service, judged by its body."""
    if request.method != "POST" or (b"changeType" not in request.body and b"callState" not in request.body):
        return False
    body = json_object(request.body)
    entries = body.get("value")
    if {"callState", "participants"} <= body.keys():
        return True
    return isinstance(entries, list) and any(
        isinstance(one, dict) and "changeType" in one and ("resourceUrl" in one or "resource" in one) for one in entries
    )


class NotificationChecker:
    """Checks notifications of one API version.

    Args:
        checker: checks shapes against the version's type model.
        payloads: the known payloads.
    """

    def __init__(self, checker: Checker, payloads: Iterable[Payload]) -> None:
        self._checker = checker
        self._version = checker.model.version
        self._payloads = tuple(one for one in payloads if self._version in one.versions)
        self._checked_items: set[tuple[str, bytes]] = set()

    def posted(self, request: Request, *, token_expected: bool = True) -> Iterator[Finding]:
        """Findings about a whole POST: its token, its content type, and its body.

        Args:
            request: the POST.
            token_expected: false for recordings, whose tokens were removed.
        """
        from pytest_graphcalls.contract.check import not_json

        if token_expected and request.headers.get("authorization", "")[:7].lower() != "bearer ":
            got = "no such header, or none with a bearer token"
            yield self._finding(Kind.TOKEN_MISSING, "Authorization", "a bearer token of the service", got)
        wanted = f"a {ENVELOPE} object"
        if not request.body:
            yield self._finding(Kind.BODY_MISSING, "body", wanted, "no body")
            return
        body = readable(request)
        yield from not_json(request, body, wanted, self._finding)
        if not isinstance(body, MalformedJsonError):
            yield from self.check(body)

    def check(self, body: Any) -> Iterator[Finding]:
        """Findings about a decoded body."""
        if isinstance(body, dict) and "value" not in body and "callState" in body:
            yield from self._old_form(body)
            return
        yield from self._shape(None, ENVELOPE, body, "$")
        entries = body.get("value") if isinstance(body, dict) else None
        if isinstance(body, dict) and entries is None:
            # Nullable by the metadata, but a notification without entries has no contents.
            yield self._absent(None, "$", "value", body)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict):
                yield from self._entry(f"$.value[{index}]", entry)

    def _old_form(self, body: Mapping[str, Any]) -> Iterator[Finding]:
        """Findings about an incoming call in the form of before Graph, of which one capture is known (m3.1, m3.7)."""
        for name in _OLD_MEMBERS:
            if name not in body:
                yield replace(self._absent(None, "$", name, body), severity=Severity.NOTICE)

    def payload(self, entry: Mapping[str, Any]) -> Payload | None:
        """The payload of an entry of a notification, or ``None`` where it is undocumented."""
        place = _place(entry)
        return None if place is None else self._payload(*place, entry.get("resourceData"))

    def _entry(self, at: str, entry: Mapping[str, Any]) -> Iterator[Finding]:
        place = _place(entry)
        if place is None:
            return  # reported by the check of the envelope
        yield from self._resource_pair(at, entry)
        change, address = place
        payload = self._payload(change, address, entry.get("resourceData"))
        if payload is None or payload.contradiction:
            yield self._unknown(at, f"{change} {address}", payload)
        if payload is not None and payload.shape != "any" and payload.evidence is not Evidence.INFERRED:
            yield from self._data(payload, at, entry)

    def _payload(self, change: str, address: str, data: Any) -> Payload | None:
        """The payload of an entry; of several at one address, the one whose shape and type ``data`` has."""
        segments = _segments(address)
        there = [one for one in self._payloads if one.is_at(change.lower(), segments)]
        fitting = (one for one in there if self._fits(one, data))
        return next(fitting, there[0] if there else None)

    def _fits(self, payload: Payload, data: Any) -> bool:
        if payload.shape == "entity" and isinstance(data, dict):
            written = str(data.get("@odata.type", "")).rpartition(".")[2]
            return written in self._checker.model.subtypes(payload.type)
        return payload.shape == "collection" and isinstance(data, list)

    def _unknown(self, at: str, got: str, payload: Payload | None) -> Finding:
        finding = self._finding(
            Kind.NOTIFICATION_UNKNOWN, at, "a changeType and a resource that go together on a page", got, payload
        )
        return replace(finding, severity=Severity.NOTICE, tolerated=payload.contradiction if payload else "")

    def _resource_pair(self, at: str, entry: Mapping[str, Any]) -> Iterator[Finding]:
        """Check that ``resource`` and ``resourceUrl`` differ in the first segment only; from captures, so a notice."""
        older, newer = entry.get("resource"), entry.get("resourceUrl")
        if isinstance(older, str) and isinstance(newer, str) and _segments(older) != _segments(newer):
            finding = self._finding(Kind.VALUE_WRONG, f"{at}.resource", f"the same below calls/ as {newer}", older)
            yield replace(finding, severity=Severity.NOTICE)

    def _data(self, payload: Payload, at: str, entry: Mapping[str, Any]) -> Iterator[Finding]:
        data, place = entry.get("resourceData"), f"{at}.resourceData"
        if data is None:
            yield self._absent(payload, at, "resourceData", entry)
        elif isinstance(data, dict) and payload.shape == "entity":
            yield from self._entity(payload, data, place)
        elif isinstance(data, list) and payload.shape == "collection":
            for index, item in enumerate(data):
                yield from self._item(payload, item, f"{place}[{index}]")
        else:
            yield self._finding(Kind.TYPE_WRONG, place, payload.wanted, describe(data), payload)

    def _item(self, payload: Payload, item: Any, at: str) -> Iterator[Finding]:
        """Check an item of a list once: a complete roster is sent whenever a participant joins."""
        key = (payload.name, encode_json(item))
        if key in self._checked_items:
            return
        findings = list(self._entity(payload, item, at))
        yield from findings
        if not findings:
            if len(self._checked_items) >= _MAX_CLEAN:
                self._checked_items.clear()
            self._checked_items.add(key)

    def _entity(self, payload: Payload, value: Any, at: str) -> Iterator[Finding]:
        yield from self._shape(payload, payload.type, value, at)
        if not isinstance(value, dict):
            return
        members = self._checker.model.types[payload.type].members
        for name in payload.required:
            # A null that the type does not allow was reported by the check of the shape.
            if name not in value or (value[name] is None and members[name].nullable):
                yield self._absent(payload, at, name, value)
        for name, allowed in payload.values.items():
            yield from self._value(payload, f"{at}.{name}", value.get(name), members[name].type, allowed)

    def _value(self, payload: Payload, at: str, value: Any, type_: str, allowed: tuple[str, ...]) -> Iterator[Finding]:
        enum = self._checker.model.enums[type_]
        others = {member.lower() for member in enum.members} - {word.lower() for word in allowed}
        if isinstance(value, str) and value.lower() in others:
            yield self._finding(Kind.VALUE_WRONG, at, " or ".join(allowed), repr(value), payload)

    def _shape(self, payload: Payload | None, root: str, value: Any, at: str) -> Iterator[Finding]:
        for where, problem, weight in self._checker.problems(Side.NOTIFICATION, root, value):
            place = at + where.removeprefix("$")
            finding = self._finding(problem.kind, place, problem.expected, problem.got, payload)
            is_violation = finding.severity is Severity.VIOLATION and weight.severity is Severity.VIOLATION
            severity = Severity.VIOLATION if is_violation else Severity.NOTICE
            yield replace(finding, severity=severity, tolerated=weight.tolerated, hint=problem.hint)

    def _absent(self, payload: Payload | None, at: str, name: str, owner: Mapping[str, Any]) -> Finding:
        kind, got = (Kind.NULL_UNEXPECTED, "null") if name in owner else (Kind.MEMBER_MISSING, "nothing")
        return self._finding(kind, f"{at}.{name}", f"the member {name!r}", got, payload)

    def _finding(self, kind: Kind, where: str, expected: str, got: str, payload: Payload | None = None) -> Finding:
        """Make a finding: a violation for documented payloads, a notice for observed ones."""
        documented = payload is None or payload.evidence is Evidence.DOCUMENTED
        severity = Severity.VIOLATION if documented else Severity.NOTICE
        name, page = (payload.name, payload.page(self._version)) if payload else ("", "")
        return Finding(kind, severity, Side.NOTIFICATION, name, self._version, where, expected, got, page=page)


def _place(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    """The changeType of an entry and the address of its resource, where both are texts."""
    change, address = entry.get("changeType"), entry.get("resourceUrl") or entry.get("resource")
    return (change, address) if isinstance(change, str) and isinstance(address, str) else None


def _segments(address: str) -> list[str]:
    """The segments of a resource, with the older root replaced by the newer one; some pages omit the first slash."""
    segments = path_segments(Request("GET", address).path)
    return ["communications", *segments[1:]] if segments[:1] == ["app"] else segments
