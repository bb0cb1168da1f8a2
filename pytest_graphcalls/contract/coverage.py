"""Findings about what lies outside: addresses and operations beyond the contract, foreign hosts, members not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pytest_graphcalls.contract.model import Evidence, Operation
from pytest_graphcalls.contract.routes import Match, Miss, is_version_like
from pytest_graphcalls.findings import Finding, Kind, Severity, Side
from pytest_graphcalls.wire import EVIDENCE_HEADER, UNREAD, Request, Response


@dataclass(frozen=True, slots=True)
class Context:
    """The side, operation and version under check; makes the findings."""

    side: Side
    operation: Operation
    version: str

    def finding(self, kind: Kind, where: str, expected: str, got: str, *, rule: str = "", hint: str = "") -> Finding:
        """A violation, or a notice where the rule is known by reports only; ``rule`` is a slug."""
        operation = self.operation
        known = operation.rules.get(rule)
        documented = known is None or known.evidence is Evidence.DOCUMENTED
        rule_id = operation.rule_id(rule, self.version)
        page = operation.page(self.version)
        return Finding(
            kind,
            Severity.VIOLATION if documented else Severity.NOTICE,
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

    def notice(self, kind: Kind, where: str, expected: str, got: str, *, hint: str = "") -> Finding:
        """A notice; the arguments are those of :meth:`finding`."""
        return replace(self.finding(kind, where, expected, got, hint=hint), severity=Severity.NOTICE)


def unread(match: Match, response: Response, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings about a request that a simulator has carried out without reading all of it.

    Args:
        match: the operation.
        response: the answer, which names the places that were not read.
        findings: what was found already; a place that one of them is about is not reported twice.
    """
    _, found, places = response.headers.get(EVIDENCE_HEADER, "").partition(UNREAD)
    context = Context(Side.REQUEST, match.operation, match.version)
    reported = {finding.where for finding in findings}
    for place in places.split(", ") if found else ():
        if place in reported:
            continue
        yield context.notice(
            Kind.UNREAD,
            place,
            f"what the simulator reads in a request for {match.operation.id}",
            "something that it has passed over; the answer is as if it had not been sent",
            hint="Do without it, or test what depends on it against a tenant.",
        )


def elsewhere(match: Match | Miss, origin: str, root: str) -> Iterator[Finding]:
    """Findings about a request that was sent to ``origin`` and not to ``root``; other parts of Graph give none."""
    if origin.lower().removesuffix(":443") == root:
        return
    if isinstance(match, Match):
        context = Context(Side.REQUEST, match.operation, match.version)
        yield context.finding(Kind.HOST_WRONG, "host", root, origin, hint=_ELSEWHERE)
    elif match.reason != "not-graph":
        yield Finding(
            Kind.HOST_WRONG, Severity.VIOLATION, Side.REQUEST, "", match.version, "host", root, origin, hint=_ELSEWHERE
        )


_ELSEWHERE = "Give the client the address of Graph; in process the simulator answers for it."


def unmatched(miss: Miss, request: Request) -> Iterator[Finding]:
    """Findings about a request that calls no operation; other parts of Graph give none."""
    kind, where, got, hint = Kind.OPERATION_UNKNOWN, "path", f"{request.method} {request.path}", ""
    if miss.reason == "unknown-path":
        expected = "a path of the calls API"
        unknown = "there is no API version" if is_version_like(miss.segment) else "no operation has the segment"
        got += f" ({unknown} {miss.segment!r})"
        hint = f"Did you mean {miss.nearest}?" if miss.nearest else ""
    elif miss.reason == "version":
        only = miss.allowed[0]
        expected = f"/{only}, the only version that has {miss.nearest}"
        hint = f'Send it under /{only}; a test of it is marked graphcalls(version="{only}").'
    elif miss.reason == "method":
        kind, where, expected = Kind.METHOD_UNDOCUMENTED, "method", " or ".join(miss.allowed)
    else:
        return
    yield Finding(kind, Severity.VIOLATION, Side.REQUEST, "", miss.version, where, expected, got, hint=hint)


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
