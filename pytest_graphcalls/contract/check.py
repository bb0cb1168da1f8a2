"""Check requests and responses against the contract, and report findings.

The severity follows from the kind and the type model: the tables below name the kinds that are notices. Otherwise only
a named contradiction of the documentation turns a violation into a notice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from jsonschema.exceptions import ValidationError

from pytest_graphcalls.contract.coverage import Context
from pytest_graphcalls.contract.errors import ErrorCatalogue, parse_error
from pytest_graphcalls.contract.limits import Limits
from pytest_graphcalls.contract.model import HeaderSpec, Operation, Repeat, ResponseSpec
from pytest_graphcalls.contract.repeats import Disagreement, address, disagreements, member
from pytest_graphcalls.contract.routes import Match
from pytest_graphcalls.contract.schema import ASKING, Problem, Schemas, problem_of
from pytest_graphcalls.contract.types import Tolerated, TypeModel
from pytest_graphcalls.findings import Finding, Kind, Severity, Side, at_any_index, describe
from pytest_graphcalls.wire import Exchange, MalformedJsonError, Request, Response, readable

ERRORS_PAGE = "https://learn.microsoft.com/graph/errors"
ADDITIVE = frozenset({Kind.MEMBER_UNDOCUMENTED, Kind.ENUM_LETTER_CASE, Kind.LETTER_CASE, Kind.TYPE_SPELLING})
"""Kinds that are always a notice."""
GROWING = frozenset({Kind.ENUM_UNKNOWN, Kind.TYPE_UNKNOWN})
"""Kinds that are a notice where the model is evolvable, because the service may be newer: members of an enumeration in
notifications, and in responses to requests that ask for such; types in both."""


@dataclass(frozen=True, slots=True)
class Weight:
    """The severity of a problem; ``tolerated`` names the contradiction that makes it a notice."""

    severity: Severity
    tolerated: str = ""


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
        context = Context(Side.REQUEST, operation, match.version)
        if token_expected and request.headers.get("authorization", "")[:7].lower() != "bearer ":
            yield context.finding(
                Kind.TOKEN_MISSING,
                "Authorization",
                "a bearer token",
                "no Authorization header of that form",
                rule=spec.token,
            )
        if match.published:
            yield context.notice(Kind.LETTER_CASE, "path", f"{match.published}, in this letter case", request.path)
        if spec.body == "none":
            if request.body:
                yield context.finding(
                    Kind.BODY_UNEXPECTED, "body", "no body", f"{len(request.body)} bytes", rule=spec.rule
                )
            return
        yield from self._request_body(context, request, body)

    def _request_body(self, context: Context, request: Request, body: Any) -> Iterator[Finding]:
        root = body_root(context.operation)
        if not request.body:
            if self._asks_for_members(root):
                yield context.finding(Kind.BODY_MISSING, "body", "a JSON object", "no body")
            return
        yield from not_json(request, body, "a JSON object", context.finding)
        if isinstance(body, MalformedJsonError):
            return
        found: list[Finding] = []
        if not self.schemas[Side.REQUEST].is_sound(root, body):
            body, written = self.schemas[Side.REQUEST].published(root, body)
            for where, name in written.items():
                got = repr(where.rpartition(".")[2])
                yield context.notice(Kind.LETTER_CASE, where, f"the member {name!r}, in this letter case", got)
            found += self._shape(context, root, body)
        limits = self.limits(context.operation)
        seen = set()
        for finding in (*found, *_limits(context, limits, body)):
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
        context = Context(Side.RESPONSE, operation, match.version)
        spec = operation.responses.get(response.status)
        if spec is not None:
            body = readable(response)
            keys = {} if exchange.played else match.keys
            for header in spec.headers:
                yield from _header(context, response, header, keys, body)
            found = tuple(self._success(context, exchange, spec, body))
            yield from found
            yield from _annotations(context, exchange.request, spec, body)
            if spec.repeats and type(body) is dict and not exchange.played:
                known = _known(sent, match, started)
                for repeat in spec.repeats:
                    wrong = disagreements(repeat, known[repeat.of], body)
                    if wrong:
                        places = {one.where for one in found}
                        yield from _repeated(context, repeat, (one for one in wrong if one.where not in places))
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

    def _success(self, context: Context, exchange: Exchange, spec: ResponseSpec, body: Any) -> Iterator[Finding]:
        if spec.body:
            yield from self._success_body(context, exchange, spec, body)
        elif exchange.response.body:
            got = f"{len(exchange.response.body)} bytes"
            yield context.finding(Kind.BODY_UNEXPECTED, "body", "an empty body", got, rule=spec.empty or spec.rule)

    def _success_body(self, context: Context, exchange: Exchange, spec: ResponseSpec, body: Any) -> Iterator[Finding]:
        response = exchange.response
        wanted = f"a list of {spec.body}" if spec.collection else f"a {spec.body}"
        if not response.body:
            yield context.finding(Kind.BODY_MISSING, "body", wanted, "an empty body", rule=spec.rule)
            return
        yield from not_json(response, body, wanted, partial(context.finding, rule=spec.rule))
        if isinstance(body, MalformedJsonError):
            return
        root = f"collection:{spec.body}" if spec.collection else spec.body
        selected = _selected(exchange.request)
        rule = context.operation.rule_id(spec.rule, context.version)
        asked = ASKING.partition(": ")[2] in exchange.request.headers.get("prefer", "").lower()
        for finding in self._shape(context, root, body, asked=asked):
            if not (selected and finding.kind is Kind.MEMBER_MISSING and _excluded(finding.where, selected, spec)):
                yield replace(finding, rule=rule)

    def _error(self, context: Context, response: Response) -> Iterator[Finding]:
        if parse_error(response) is None:
            expected = 'an object "error" with the texts "code" and "message"'
            got = f"{response.body[:60]!r}" if response.body else "an empty body"
            finding = context.finding(Kind.BODY_MALFORMED, "$.error", expected, got)
            yield replace(finding, page=ERRORS_PAGE)

    def _shape(self, context: Context, root: str, body: Any, *, asked: bool = False) -> Iterator[Finding]:
        for where, problem, weight in self.problems(context.side, root, body, asked=asked):
            finding = context.finding(problem.kind, where, problem.expected, problem.got, hint=problem.hint)
            yield replace(finding, severity=weight.severity, tolerated=weight.tolerated)

    def problems(
        self, side: Side, root: str, body: Any, *, asked: bool = False
    ) -> Iterator[tuple[str, Problem, Weight]]:
        """The problems in the shape of ``body``, each with its place and severity.

        Args:
            side: the side that ``body`` belongs to.
            root: the type to check against (see :meth:`.Schemas.validator`).
            body: decoded JSON.
            asked: whether the request asks for members of enumerations that it may not know.
        """
        for error in self.schemas[side].errors(root, body):
            problem = problem_of(error)
            if not (problem.published and asked):
                yield error.json_path, problem, self._weight(side, problem, error, body, asked=asked)

    def _weight(self, side: Side, problem: Problem, error: ValidationError, body: Any, *, asked: bool) -> Weight:
        for entry in self._tolerated.get((problem.at, problem.kind.value), ()):
            if side in entry.sides and _applies(entry, error, body):
                return Weight(Severity.NOTICE, entry.contradiction or entry.name)
        # A notification answers no request, and for types there is no such header.
        may_grow = side is Side.NOTIFICATION or (side is Side.RESPONSE and (asked or problem.kind is Kind.TYPE_UNKNOWN))
        grows = problem.kind in GROWING and problem.evolvable and may_grow
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
        yield from (response.rule, response.empty, *response.has.values())
        yield from (header.rule for header in response.headers)
        known = _known(sent, match, None)
        yield from (repeat.rule for repeat in response.repeats if member(known[repeat.of], repeat.name))


def body_root(operation: Operation) -> str:
    """The type of the body that a request of ``operation`` has (see :meth:`.Schemas.validator`)."""
    body = operation.request.body
    if body == "action":
        return f"action:{operation.action}"
    return f"partial:{body}" if operation.method == "PATCH" else body


def not_json(
    message: Request | Response, body: Any, wanted: str, find: Callable[[Kind, str, str, str], Finding]
) -> Iterator[Finding]:
    """Findings about a body that is there and is not JSON, or is not said to be.

    Args:
        message: has the body.
        body: what :func:`.readable` gives for it.
        wanted: what it should be.
        find: makes a finding of its kind, its place, what was expected and what was there.
    """
    content_type = message.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        yield find(Kind.CONTENT_TYPE, "Content-Type", "application/json", content_type or "no Content-Type")
    if isinstance(body, MalformedJsonError):
        yield find(Kind.BODY_MALFORMED, "body", wanted, f"a body that {body.reason}")


def _selected(request: Request) -> frozenset[str]:
    if "select" not in request.url.lower():
        return frozenset()
    # Names of parameters have no letter case, and beta takes them without the dollar sign.
    asked = request.option("$select") or request.option("select")
    return frozenset(name.strip().lower() for name in asked.split(",") if name.strip())


def _excluded(where: str, selected: frozenset[str], spec: ResponseSpec) -> bool:
    """Whether a missing member was excluded by ``$select``, which selects the entity's own members only."""
    prefix = "$.value[]." if spec.collection else "$."
    place = at_any_index(where)
    name = place.removeprefix(prefix)
    return place.startswith(prefix) and "." not in name and name.lower() not in selected


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
    context: Context, response: Response, header: HeaderSpec, keys: Mapping[str, str], body: Any
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


def _annotations(context: Context, request: Request, spec: ResponseSpec, body: Any) -> Iterator[Finding]:
    if spec.has and type(body) is dict and "metadata=none" not in request.headers.get("accept", "").lower():
        for name, rule in spec.has.items():
            if name not in body:
                yield context.finding(
                    Kind.MEMBER_MISSING, f"$['{name}']", f"the annotation {name!r}", "nothing", rule=rule
                )


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


def _repeated(context: Context, repeat: Repeat, wrong: Iterable[Disagreement]) -> Iterator[Finding]:
    for one in wrong:
        wanted, got = _listed(one.wanted), _listed(one.got)
        finding = context.finding(Kind.VALUE_WRONG, one.where, f"{wanted}, {_SOURCES[repeat.of]}", got, rule=one.rule)
        yield _tolerating(finding, repeat.contradiction, spelling=one.spelling)


def _listed(value: Any) -> str:
    return f"people with the ids {', '.join(value) or 'none'}" if isinstance(value, tuple) else describe(value)


def _limits(context: Context, limits: Limits, body: Any) -> Iterator[Finding]:
    for broken in limits.broken(body):
        yield context.finding(broken.kind, broken.where, broken.expected, broken.got, rule=broken.rule)
