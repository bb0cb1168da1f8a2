"""Check requests and responses against the contract, and report findings.

The severity follows from the kind and the type model: the tables below name the kinds that are notices. Otherwise only
a named contradiction of the documentation turns a violation into a notice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from jsonschema.exceptions import ValidationError

from pytest_graphcalls.contract.errors import ErrorCatalogue, parse_error
from pytest_graphcalls.contract.limits import Limits
from pytest_graphcalls.contract.model import HeaderSpec, Operation, Repeat, ResponseSpec
from pytest_graphcalls.contract.repeats import address, disagreements, member
from pytest_graphcalls.contract.routes import Match, Miss, is_version_like
from pytest_graphcalls.contract.schema import Problem, Schemas, describe, problem_of
from pytest_graphcalls.contract.types import Tolerated, TypeModel
from pytest_graphcalls.findings import Finding, Kind, Severity, Side, at_any_index
from pytest_graphcalls.wire import Exchange, MalformedJsonError, Request, Response, readable

ERRORS_PAGE = "https://learn.microsoft.com/graph/errors"
ADDITIVE = frozenset({Kind.MEMBER_UNDOCUMENTED, Kind.ENUM_LETTER_CASE, Kind.TYPE_SPELLING})
"""Kinds that are always a notice."""
GROWING = frozenset({Kind.ENUM_UNKNOWN, Kind.TYPE_UNKNOWN})
"""Kinds that are a notice in responses and notifications where the model is evolvable: the service may be newer."""


@dataclass(frozen=True, slots=True)
class Weight:
    """The severity of a problem; ``tolerated`` names the contradiction that makes it a notice."""

    severity: Severity
    tolerated: str = ""


@dataclass(frozen=True, slots=True)
class _Context:
    """The side, operation and version under check; makes the findings."""

    side: Side
    operation: Operation
    version: str

    def finding(self, kind: Kind, where: str, expected: str, got: str, *, rule: str = "", hint: str = "") -> Finding:
        """A violation; ``rule`` is a slug."""
        operation = self.operation
        rule_id = operation.rule_id(rule, self.version)
        page = operation.page(self.version)
        return Finding(
            kind,
            Severity.VIOLATION,
            self.side,
            operation.id,
            self.version,
            where,
            expected,
            got,
            rule_id,
            page,
            hint=hint,
        )


class Checker:
    """Checks exchanges of one API version.

    Args:
        model: the version's types.
        errors: the error catalogue.
    """

    def __init__(self, model: TypeModel, errors: ErrorCatalogue) -> None:
        self.model = model
        self.errors = errors
        self.schemas = {side: Schemas(model, side) for side in Side}
        self._limits: dict[str, Limits] = {}

    @cached_property
    def _tolerated(self) -> Mapping[tuple[str, str], tuple[Tolerated, ...]]:
        table: dict[tuple[str, str], tuple[Tolerated, ...]] = {}
        for entry in self.model.tolerated:
            for at in entry.at:
                table[at, entry.kind] = (*table.get((at, entry.kind), ()), entry)
        return table

    def request(self, request: Request, body: Any, match: Match, *, token_expected: bool = True) -> Iterator[Finding]:
        """Findings about a request.

        Args:
            request: the request.
            body: what :func:`.readable` gives for it.
            match: the operation it calls.
            token_expected: false for recordings, whose tokens were removed.
        """
        operation, spec = match.operation, match.operation.request
        context = _Context(Side.REQUEST, operation, match.version)
        if token_expected and request.headers.get("authorization", "")[:7].lower() != "bearer ":
            yield context.finding(
                Kind.TOKEN_MISSING,
                "Authorization",
                "a bearer token",
                "no Authorization header of that form",
                rule=spec.token,
            )
        if spec.body == "none":
            if request.body:
                yield context.finding(
                    Kind.BODY_UNEXPECTED, "body", "no body", f"{len(request.body)} bytes", rule=spec.rule
                )
            return
        yield from self._request_body(context, request, body)

    def _request_body(self, context: _Context, request: Request, body: Any) -> Iterator[Finding]:
        spec = context.operation.request
        root = f"action:{context.operation.action}" if spec.body == "action" else spec.body
        if not request.body:
            if self._asks_for_members(root):
                yield context.finding(Kind.BODY_MISSING, "body", "a JSON object", "no body")
            return
        if not is_json(request.headers.get("content-type", "")):
            got = request.headers.get("content-type") or "no Content-Type"
            yield context.finding(Kind.CONTENT_TYPE, "Content-Type", "application/json", got)
        if isinstance(body, MalformedJsonError):
            yield context.finding(Kind.BODY_MALFORMED, "body", "a JSON object", f"a body that {body.reason}")
            return
        limits = self.limits(context.operation)
        seen = set()
        for finding in (*self._shape(context, root, body), *_limits(context, limits, body)):
            if (finding.kind, finding.where) not in seen:
                seen.add((finding.kind, finding.where))
                slug = "" if finding.rule else limits.rule_for(finding.kind, finding.where)
                rule = context.operation.rule_id(slug, context.version)
                yield replace(finding, rule=rule) if rule else finding

    def limits(self, operation: Operation) -> Limits:
        """The limits on the requests of ``operation``."""
        found = self._limits.get(operation.id)
        if found is None:
            found = self._limits[operation.id] = Limits(operation.request.constraints)
        return found

    def _asks_for_members(self, root: str) -> bool:
        members: Any = self.schemas[Side.REQUEST].validator(root).schema
        spec = members.get("graphMembers")
        return spec is None or bool(spec["required"])

    def response(
        self, exchange: Exchange, sent: Any, match: Match, started: MutableMapping[str, Any] | None = None
    ) -> Iterator[Finding]:
        """Findings about a response.

        Args:
            exchange: the response with its request.
            sent: what :func:`.readable` gives for the request.
            match: the operation that was called.
            started: by id, the answers that started operations so far; the one of this exchange is added.
        """
        operation, response = match.operation, exchange.response
        context = _Context(Side.RESPONSE, operation, match.version)
        spec = operation.responses.get(response.status)
        if spec is not None:
            body = readable(response)
            for header in spec.headers:
                yield from _header(context, response, header, match.keys, body)
            found = tuple(self._success(context, exchange, spec, body))
            yield from found
            if spec.repeats and type(body) is dict:
                known = _known(sent, match, started)
                for repeat in spec.repeats:
                    again = _repeated(context, repeat, known[repeat.of], body)
                    yield from (one for one in again if one.where not in {other.where for other in found})
            if started is not None and operation.long_running is not None:
                started[str(member(body, "id"))] = body
        elif response.status in self.errors.statuses:
            yield from self._error(context, response)
        else:
            expected = " or ".join(map(str, operation.responses))
            rule = next(iter(operation.responses.values())).rule
            hint = "An error answer of Graph has one of the statuses on its page of errors."
            yield context.finding(
                Kind.STATUS_UNDOCUMENTED,
                "status",
                expected,
                str(response.status),
                rule=rule,
                hint=hint if response.status >= 400 else "",
            )

    def _success(self, context: _Context, exchange: Exchange, spec: ResponseSpec, body: Any) -> Iterator[Finding]:
        if spec.body:
            yield from self._success_body(context, exchange, spec, body)
        elif exchange.response.body:
            got = f"{len(exchange.response.body)} bytes"
            yield context.finding(Kind.BODY_UNEXPECTED, "body", "an empty body", got, rule=spec.rule)

    def _success_body(self, context: _Context, exchange: Exchange, spec: ResponseSpec, body: Any) -> Iterator[Finding]:
        response = exchange.response
        wanted = f"a list of {spec.body}" if spec.collection else f"a {spec.body}"
        if not response.body:
            yield context.finding(Kind.BODY_MISSING, "body", wanted, "an empty body", rule=spec.rule)
            return
        if not is_json(response.headers.get("content-type", "")):
            got = response.headers.get("content-type") or "no Content-Type"
            yield context.finding(Kind.CONTENT_TYPE, "Content-Type", "application/json", got, rule=spec.rule)
        if isinstance(body, MalformedJsonError):
            yield context.finding(Kind.BODY_MALFORMED, "body", wanted, f"a body that {body.reason}", rule=spec.rule)
            return
        root = f"collection:{spec.body}" if spec.collection else spec.body
        selected = _selected(exchange.request)
        rule = context.operation.rule_id(spec.rule, context.version)
        for finding in self._shape(context, root, body):
            if not (selected and finding.kind is Kind.MEMBER_MISSING and _excluded(finding.where, selected, spec)):
                yield replace(finding, rule=rule)

    def _error(self, context: _Context, response: Response) -> Iterator[Finding]:
        if parse_error(response) is None:
            expected = 'an object "error" with the texts "code" and "message"'
            got = f"{response.body[:60]!r}" if response.body else "an empty body"
            finding = context.finding(Kind.BODY_MALFORMED, "$.error", expected, got)
            yield replace(finding, page=ERRORS_PAGE)

    def _shape(self, context: _Context, root: str, body: Any) -> Iterator[Finding]:
        for where, problem, weight in self.problems(context.side, root, body):
            finding = context.finding(problem.kind, where, problem.expected, problem.got, hint=problem.hint)
            yield replace(finding, severity=weight.severity, tolerated=weight.tolerated)

    def problems(self, side: Side, root: str, body: Any) -> Iterator[tuple[str, Problem, Weight]]:
        """The problems in the shape of ``body``, each with its place and severity.

        Args:
            side: the side that ``body`` belongs to.
            root: the type to check against (see :meth:`.Schemas.validator`).
            body: decoded JSON.
        """
        for error in self.schemas[side].errors(root, body):
            problem = problem_of(error)
            yield error.json_path, problem, self._weight(side, problem, error, body)

    def _weight(self, side: Side, problem: Problem, error: ValidationError, body: Any) -> Weight:
        for entry in self._tolerated.get((problem.at, problem.kind.value), ()):
            if side in entry.sides and _applies(entry, error, body):
                return Weight(Severity.NOTICE, entry.contradiction or entry.name)
        grows = problem.kind in GROWING and problem.evolvable and side is not Side.REQUEST
        return Weight(Severity.NOTICE if problem.kind in ADDITIVE or grows else Severity.VIOLATION)


def judged(match: Match, exchange: Exchange, limits: Limits) -> Iterator[str]:
    """Slugs of the rules that ``exchange`` could have broken."""
    spec = match.operation.request
    yield spec.token
    yield spec.rule
    sent = readable(exchange.request)
    yield from limits.applicable_rules(sent)
    response = match.operation.responses.get(exchange.response.status)
    if response is None and exchange.response.status < 400:
        response = next(iter(match.operation.responses.values()))
    if response is not None:
        yield response.rule
        yield from (header.rule for header in response.headers)
        known = _known(sent, match, None)
        yield from (repeat.rule for repeat in response.repeats if member(known[repeat.of], repeat.name))


def unmatched(miss: Miss, request: Request) -> Iterator[Finding]:
    """Findings about a request that calls no operation; other parts of Graph give none."""
    path = request.path
    if miss.reason == "unknown-path":
        hint = f"Did you mean {miss.nearest}?" if miss.nearest else ""
        expected = "a path of the calls API"
        unknown = "there is no API version" if is_version_like(miss.segment) else "nothing is known of"
        got = f"{request.method} {path} ({unknown} {miss.segment!r})"
        yield Finding(
            Kind.OPERATION_UNKNOWN, Severity.VIOLATION, Side.REQUEST, "", miss.version, "path", expected, got, hint=hint
        )
    elif miss.reason == "method":
        expected = " or ".join(miss.allowed)
        got = f"{request.method} {path}"
        yield Finding(
            Kind.METHOD_UNDOCUMENTED, Severity.VIOLATION, Side.REQUEST, "", miss.version, "method", expected, got
        )
    elif miss.reason == "version":
        expected, got = f"/{miss.allowed[0]}, the only version that has {miss.nearest}", f"{request.method} {path}"
        yield Finding(Kind.OPERATION_UNKNOWN, Severity.VIOLATION, Side.REQUEST, "", miss.version, "path", expected, got)


def not_covered(miss: Miss, request: Request) -> Finding:
    """The finding about a request that neither contract nor simulator covers."""
    name = miss.uncovered or "/".join(request.path.split("/", 3)[:3])
    return Finding(
        Kind.NOT_COVERED,
        Severity.NOTICE,
        Side.REQUEST,
        miss.uncovered,
        miss.version,
        "path",
        "an operation that this contract covers",
        f"{request.method} {(miss.uncovered and request.path) or name}",
        page=miss.page,
        hint=f"{name} is not covered: the exchange was not judged, and the simulator has no answer of its own "
        "to it. Where the test depends on one, give it: simulator.intercept(step).",
    )


def is_json(content_type: str) -> bool:
    """Whether a ``Content-Type`` is JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _selected(request: Request) -> frozenset[str]:
    if "select" not in request.url:
        return frozenset()
    return frozenset(name.strip() for name in request.query.get("$select", "").split(",") if name.strip())


def _excluded(where: str, selected: frozenset[str], spec: ResponseSpec) -> bool:
    """Whether a missing member was excluded by ``$select``, which selects the entity's own members only."""
    prefix = "$.value[]." if spec.collection else "$."
    place = at_any_index(where)
    name = place.removeprefix(prefix)
    return place.startswith(prefix) and "." not in name and name not in selected


def _applies(entry: Tolerated, error: ValidationError, body: Any) -> bool:
    if entry.pattern and not (isinstance(error.instance, str) and re.search(entry.pattern, error.instance)):
        return False
    if not entry.when_member:
        return True
    parent = body
    for step in list(error.absolute_path)[:-1]:
        parent = parent[step]
    return isinstance(parent, dict) and entry.when_member in parent


def _header(
    context: _Context, response: Response, header: HeaderSpec, keys: Mapping[str, str], body: Any
) -> Iterator[Finding]:
    value = response.headers.get(header.name)
    says = header.says or "a value"
    if value is None:
        if header.required:
            yield context.finding(Kind.HEADER_MISSING, header.name, says, "no such header", rule=header.rule)
    elif header.names:
        found = address(header.names, value, keys, body)
        if not (found.form and found.ids):
            finding = context.finding(
                Kind.HEADER_WRONG, header.name, f"{says}, {found.wanted}", repr(value), rule=header.rule
            )
            yield _tolerating(finding, header.contradiction if found.form else "", spelling=found.spelling)


_SPELLING = "call-reject.c07"
"""The contradiction that one id is printed with small letters and dashes, and with capitals and none."""


def _tolerating(finding: Finding, contradiction: str, *, spelling: bool) -> Finding:
    tolerated = _SPELLING if spelling else contradiction
    return replace(finding, severity=Severity.NOTICE, tolerated=tolerated) if tolerated else finding


_SOURCES = {
    "request": "as in the request",
    "path": "as in the path of the request",
    "started": "as in the answer that started the operation",
}


def _known(sent: Any, match: Match, started: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """By its source: the JSON that holds what an answer repeats; ``None`` where nothing is known of it."""
    earlier = next((started[key] for key in match.keys.values() if key in started), None) if started else None
    return {"request": sent, "path": match.keys, "started": earlier}


def _repeated(context: _Context, repeat: Repeat, known: Any, body: Any) -> Iterator[Finding]:
    for one in disagreements(repeat, known, body):
        wanted, got = _listed(one.wanted), _listed(one.got)
        finding = context.finding(Kind.VALUE_WRONG, one.where, f"{wanted}, {_SOURCES[repeat.of]}", got, rule=one.rule)
        yield _tolerating(finding, repeat.contradiction, spelling=one.spelling)


def _listed(value: Any) -> str:
    return f"people with the ids {', '.join(value) or 'none'}" if isinstance(value, tuple) else describe(value)


def _limits(context: _Context, limits: Limits, body: Any) -> Iterator[Finding]:
    for broken in limits.broken(body):
        yield context.finding(broken.kind, broken.where, broken.expected, broken.got, rule=broken.rule)
