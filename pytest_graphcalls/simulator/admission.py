"""From a request to something that can be carried out, or to a refusal: the steps every request takes.

Route, token, registration, role, body: in this order, each its own method. The order is the gateway's
as far as reports show it (observed 2.7, 2.7b): an unknown path is noticed before the token is, and an
unregistered app before the call is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_graphcalls.contract import Contract, Look, Match, Miss
from pytest_graphcalls.contract.model import NO_ROLE
from pytest_graphcalls.errors import nearest
from pytest_graphcalls.findings import Finding, Severity
from pytest_graphcalls.simulator.identity import Authority, Grant
from pytest_graphcalls.simulator.requests import Tree, tree_of, unread
from pytest_graphcalls.simulator.responses import Refusal, Reply, inferred, invalid, weakest
from pytest_graphcalls.wire import MalformedJsonError, Request, decode_json, path_segments

BODY_LIMIT = 4 * 1024 * 1024
"""Longest body that is read, in bytes. The service's own limit for these routes is not published."""

_DEFAULT_ORIGIN = "https://graph.microsoft.com"
_ASKING = ("Prefer", "If-Match", "If-None-Match")
"""Headers that ask for something beyond what the operation does."""
_READ = "include-unknown-enum-members"
"""The only preference that an answer of the simulator honours: it holds no unknown members."""
_COMMA = re.compile(r",(?![^()]*\))")
"""Between the entries of a query parameter; commas in parentheses belong to one of them."""
_WRAPPERS = frozenset({"$id", "$values"})


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that was let in.

    Attributes:
        request: as it came.
        match: the operation it means.
        grant: what its token allows.
        root: where the API begins, e.g. ``https://graph.microsoft.com/v1.0``: on the scheme and host that
            the client used.
    """

    request: Request
    match: Match
    grant: Grant
    root: str

    def shown(self, below: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """An answer about what is ``below`` the call in the path, with its ``@odata.context``."""
        context = f"{self.root}/$metadata#communications/calls('{self.match.keys['call-id']}')/{below}"
        return {"@odata.context": context, **members}

    def query(self, name: str) -> tuple[str, ...]:
        """The entries of a query parameter that lists names, whatever its letter case; none where it is not read."""
        if "?" not in self.request.url or f"?{name}" not in self.match.operation.reads:
            return ()
        found = next((value for one, value in self.request.query.items() if one.lower() == name), "")
        return tuple(filter(None, map(str.strip, _COMMA.split(found))))


class Admission:
    """Routes, authenticates and checks requests.

    Args:
        contract: routes, permissions, body checks.
        authority: tokens.
    """

    def __init__(self, contract: Contract, authority: Authority) -> None:
        self._contract = contract
        self._authority = authority
        self.required_roles = dict(contract.required_roles)
        """By operation: the roles of which a token needs one."""
        self.unjudged: set[str] = {
            f"{operation.id}.{limit.rule}"
            for operation in contract.operations.values()
            for limit in operation.request.constraints
            if limit.by_handler
        }
        """Rules of requests that the handlers check instead of the body check."""
        self._look: Look | None = None
        self._read: tuple[Request, Mapping[str, Any]] | None = None
        self._reads: dict[tuple[str, str], tuple[Mapping[str, tuple[Any, ...]], Tree]] = {}

    def admit(self, request: Request) -> Ask:
        """Take a request in; raises :class:`Refusal` where it cannot be carried out."""
        self.limit_size(request)
        match = self.route(request)
        grant = self.identify(request)
        self.require_role(match, grant)
        return Ask(request, match, grant, f"{request.origin or _DEFAULT_ORIGIN}/{match.version}")

    def look(self, request: Request) -> Look:
        """The operation of a request, looked up once, whether a fault or the admission needs it first.

        A fault hands on a copy of the request with another token, which means the same operation.
        """
        last = self._look
        if last is None or last.request is not request:
            same = last is not None and (last.request.method, last.request.url) == (request.method, request.url)
            match = last.match if last is not None and same else self._contract.match(request.method, request.path)
            self._look = last = Look(self._contract, request, match)
        return last

    def look_at(self, request: Request, root: str) -> Look:
        """The result of routing and checking ``request``, and where it was sent.

        Args:
            request: the request; one that came in process is looked at for where it was sent, too.
            root: scheme and host of Graph.
        """
        look = self.look(request)
        if request.served or request.origin in {"", root}:
            return look
        return self._contract.sent_to(request.origin, root, look)

    def limit_size(self, request: Request) -> None:
        """Refuse a body that is longer than anything this surface takes."""
        if len(request.body) > BODY_LIMIT:
            raise Refusal("body-too-large", f"It has {len(request.body)} bytes; the simulator reads {BODY_LIMIT}.")

    def route(self, request: Request) -> Match:
        """The operation that a request means."""
        found = self.look(request).match
        if isinstance(found, Miss):
            raise _LOST[found.reason](found, request.method, request.path[:200])
        return found

    def identify(self, request: Request) -> Grant:
        """The grant of the token."""
        return self._authority.grant(request)

    def require_role(self, match: Match, grant: Grant) -> None:
        """Refuse a token without any of the operation's roles."""
        needed = self.required_roles.get(match.operation.id)
        if needed is not None:
            require_any(grant, needed, match.operation.permissions.refusal)

    def body(self, ask: Ask) -> dict[str, Any]:
        """The JSON object that the request holds, judged by the contract.

        Raises:
            Refusal: it is not readable, or breaks a rule that no later step decides on.
        """
        if not ask.request.body:
            self.judge(ask)
            return {}
        self.require_json(ask.request)
        body = self.read(ask.request)
        self.refuse_wrappers(ask.request, body)
        found, members = self.judge(ask), body if isinstance(body, dict) else {}
        if found != ():  # where nothing was found, no member is in another letter case
            members = self._contract.published(ask.match, members)
        self._read = ask.request, members
        return members

    def unread(self, ask: Ask) -> list[str]:
        """The places in a request that was carried out which ask for something and were not acted on."""
        request = ask.request
        reads, tree = self._acted_on(ask.match)
        query = request.query.items()
        places = [f"?{name}" for name, value in query if not _honoured(f"?{name.lower()}", value, reads)]
        places += [name for name in _ASKING if request.headers.get(name, _READ) != _READ]
        if request.body and (self._read is None or self._read[0] is not request):
            places.append("body")
        elif request.body and self._read:
            places += unread(self._read[1], tree)
        return places

    def _acted_on(self, match: Match) -> tuple[Mapping[str, tuple[Any, ...]], Tree]:
        """The members of a request that an operation acts on, as the contract lists them and as a tree."""
        operation = match.operation
        found = self._reads.get((operation.id, match.version))
        if found is None:
            reads = operation.reads
            if operation.request.body == "action":  # a version may lack a parameter that the other has
                known = self._contract.types(match.version).actions[operation.action].parameters
                reads = {
                    place: values
                    for place, values in reads.items()
                    if place.partition(".")[0].removesuffix("[]") in known
                }
            found = self._reads[operation.id, match.version] = reads, tree_of(reads)
        return found

    def selected(self, ask: Ask, reply: Reply) -> Reply:
        """A reply with the members that ``$select`` names, and what it expands (calls-query-options.r01).

        Raises:
            Refusal: it names a member that the type does not have.
        """
        names, expanded = ask.query("$select"), ask.query("$expand")
        if not (names or expanded) or reply.body is None:
            return reply
        type_ = ask.match.operation.responses[reply.status].body
        by_case = {name.lower(): name for name in self._contract.types(ask.match.version).types[type_].members}
        wanted = {one.partition("/")[0] for one in names} - {"*"}
        opened = {one.partition("(")[0] for one in expanded}
        for one in (*wanted, *opened):
            if one.lower() not in by_case:
                fact = inferred("m2.8")
                raise Refusal("property-unknown", fact=fact, property=one[:80], type=type_)
        kept = {by_case[one.lower()] for one in (*wanted, *opened)}
        body: Any = decode_json(reply.body) if isinstance(reply.body, bytes) else reply.body
        if names and "*" not in names:
            listed = body.get("value")
            body = {**body, "value": [_only(kept, one) for one in listed]} if listed is not None else _only(kept, body)
        return replace(reply, body=body, fact=weakest(reply.fact, inferred("calls-query-options.r01")))

    def require_json(self, request: Request) -> None:
        """Refuse a body that does not say it is JSON (observed 2.1)."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refusal("unreadable-body", f"Content-Type is {kind[:80]!r}; expected 'application/json'.")

    def read(self, request: Request) -> Any:
        """Read the body (observed 2.1)."""
        try:
            return decode_json(request.body)
        except MalformedJsonError as error:
            raise Refusal("unreadable-body", f"The body {error.reason}.") from None

    def refuse_wrappers(self, request: Request, body: Any) -> None:
        """Refuse the ``$id`` and ``$values`` that some serializers write (observed 2.2)."""
        if (b"$id" in request.body or b"$values" in request.body) and _has_wrapper(body):
            raise Refusal("reference-wrappers", "The body holds $id or $values; switch off reference handling.")

    def judge(self, ask: Ask) -> tuple[Finding, ...]:
        """Refuse a body that breaks the contract; additive members and tolerated spellings pass, and are given back."""
        findings = self._contract.check_request(ask.request, ask.match)
        self._look = Look(self._contract, ask.request, ask.match, findings)
        for finding in findings:
            if finding.severity is Severity.VIOLATION and finding.rule not in self.unjudged:
                rule = f" ({finding.rule})" if finding.rule else ""
                raise invalid(finding.where, finding.expected, f"{finding.got}{rule}")
        return findings


def _honoured(place: str, value: str, reads: Mapping[str, tuple[Any, ...]]) -> bool:
    return place in reads and (not reads[place] or value in reads[place])


def _only(names: Collection[str], entity: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entity.items() if name in names or "@" in name}


def require_any(grant: Grant, needed: frozenset[str], refusal: str = NO_ROLE) -> None:
    """Refuse a token that has none of the roles ``needed``."""
    if not grant.roles & needed:
        aside = f"The token of app {grant.app.app_id} has none of the roles {', '.join(sorted(needed))}."
        raise Refusal(refusal, aside)


def require_role_for(ask: Ask, kind: str) -> None:
    """Refuse a token without a role for a request of this ``kind``, where the operation asks for one."""
    needed = ask.match.operation.permissions.for_kind(kind)
    if needed:
        require_any(ask.grant, needed)


def _unknown(miss: Miss, method: str, path: str) -> Refusal:
    segment, close = (miss.segment, miss.nearest) if miss.segment else _stray(path)
    aside = f"did you mean {close}?" if close else f"{method[:20]} {path} is no path of the calls API."
    return Refusal("segment-unknown", aside, segment=segment[:200])


_ROOT = (("v1.0", "beta"), ("communications", "app"), ("calls",))


def _stray(path: str) -> tuple[str, str]:
    """The first segment that is not on the way to the calls, and what it should have been."""
    segments = path_segments(path)
    if segments[1:2] == ["users"]:
        return (segments[3:] or segments[1:])[0], f"/{segments[0]}/users/{{user-id}}/onlineMeetings"
    for index, known in enumerate(_ROOT):
        segment = segments[index] if index < len(segments) else ""
        if segment not in known:
            right = nearest(segment, known)
            return segment, "/".join(("", *segments[:index], right, *segments[index + 1 :]))[:200] if right else ""
    return "", ""


def _uncovered(miss: Miss, _method: str, _path: str) -> Refusal:
    return Refusal("api-not-supported", f"{miss.uncovered} is known, but this simulator does not have it.")


def _other_version(miss: Miss, _method: str, _path: str) -> Refusal:
    aside = f"{miss.nearest} is documented for {miss.allowed[0]} only."
    return Refusal("segment-unknown", aside, segment=miss.segment[:200])


def _wrong_method(miss: Miss, method: str, path: str) -> Refusal:
    allowed = ", ".join(miss.allowed)
    return Refusal("method-not-allowed", f"{path} takes {allowed}, not {method[:20]}.", headers=(("Allow", allowed),))


_LOST = {
    "not-graph": _unknown,
    "unknown-path": _unknown,
    "method": _wrong_method,
    "version": _other_version,
    "uncovered": _uncovered,
}


def _has_wrapper(value: Any) -> bool:
    if isinstance(value, Mapping):
        return not _WRAPPERS.isdisjoint(value) or any(map(_has_wrapper, value.values()))
    return isinstance(value, list) and any(map(_has_wrapper, value))
