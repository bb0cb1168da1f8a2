"""The contract of one folder: operations, rules, types and errors, and the check of exchanges against them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from hashlib import blake2s
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_graphcalls.contract import coverage
from pytest_graphcalls.contract.clouds import Cloud, load_clouds
from pytest_graphcalls.contract.errors import ErrorCatalogue
from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.contract.model import VERSIONS, Effect, Operation, Question, RoleCheck, Rule
from pytest_graphcalls.contract.notifications import NotificationChecker, Payload, Sequence, payloads_in, sequences_in
from pytest_graphcalls.contract.operations import SharedRules, build
from pytest_graphcalls.contract.routes import Match, Miss, Router, Uncovered
from pytest_graphcalls.errors import ContractFileError, UnknownNameError
from pytest_graphcalls.findings import Finding, Kind, KindWords, Side
from pytest_graphcalls.records import made
from pytest_graphcalls.wire import EVIDENCE_HEADER, Exchange, Request, readable

if TYPE_CHECKING:
    from pytest_graphcalls.contract.check import Checker
    from pytest_graphcalls.contract.types import TypeModel


_T = TypeVar("_T")
_CHECKED = ("method", "path", "action", "versions", "aliases", "request", "responses")
"""Members of an operation's file that its exchanges are checked against, besides its rules."""


class Contract:
    """The contract in one folder. Files are read when first needed.

    Args:
        root: the folder; by default the one inside the package.

    Raises:
        ContractFileError: by any member, when a file that it needs cannot be used.
    """

    def __init__(self, root: Traversable | None = None) -> None:
        self._files = ContractFiles(root)
        self._operations: dict[str, Operation] = {}
        self._revisions: dict[str, str] = {}
        self._checkers: dict[str, Checker] = {}
        self._notification_checkers: dict[str, NotificationChecker] = {}

    @staticmethod
    @cache
    def packaged() -> Contract:
        """The contract inside the package; one object for the process."""
        return Contract()

    @cached_property
    def operation_ids(self) -> tuple[str, ...]:
        """Ids of all operations, sorted."""
        return tuple(name.removesuffix(".yaml") for name in self._files.names("operations", ".yaml"))

    def operation(self, id: str) -> Operation:
        """The operation ``id``; raises :class:`UnknownNameError` when there is none."""
        found = self._operations.get(id)
        if found is None:
            if id not in self.operation_ids:
                raise UnknownNameError("operation", id, self.operation_ids, "'graphcalls rules'")
            found = build(self._written_out(id))
            if found.id != id:
                problem = f"is {found.id!r}, but the file's name says {id!r}."
                raise ContractFileError(f"operations/{id}.yaml", 1, "id", problem)
            self._operations[id] = found
        return found

    def _written_out(self, id: str) -> dict[str, Any]:
        name = f"operations/{id}.yaml"
        return self._shared_rules.written_out(name, self._files.read(name, "operation"))

    @cached_property
    def _shared_rules(self) -> SharedRules:
        return SharedRules(self._files)

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """All operations by id."""
        return MappingProxyType({id: self.operation(id) for id in self.operation_ids})

    @cached_property
    def roles(self) -> frozenset[str]:
        """Every role, in every spelling, that an operation names."""
        return frozenset().union(*(one.permissions.accepted for one in self.operations.values()))

    @cached_property
    def required_roles(self) -> Mapping[str, frozenset[str]]:
        """By operation that looks at the roles of each request: those of which a token needs one."""
        asks = (one for one in self.operations.values() if one.permissions.checked is RoleCheck.REQUEST)
        return MappingProxyType({one.id: one.permissions.accepted for one in asks if one.permissions.accepted})

    def operation_that(self, effect: Effect) -> Operation:
        """The operation with this ``effect``, of several the first by id."""
        return next(one for one in self.operations.values() if effect in one.effects)

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """All rules by full id."""
        found = {rule.id: rule for operation in self.operations.values() for rule in operation.rules.values()}
        return MappingProxyType(found)

    def rule(self, id: str) -> Rule:
        """The rule with the full id ``id``; raises :class:`UnknownNameError` when there is none."""
        return _found("rule", id, self.rules, "'graphcalls rules'")

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """All questions by full id."""
        found = {
            question.id: question for operation in self.operations.values() for question in operation.questions.values()
        }
        return MappingProxyType(found)

    def question(self, id: str) -> Question:
        """The question with the full id ``id``; raises :class:`UnknownNameError` when there is none."""
        return _found("question", id, self.questions, "'graphcalls rules'")

    @cached_property
    def errors(self) -> ErrorCatalogue:
        """The error catalogue."""
        return ErrorCatalogue(self._files)

    @cached_property
    def kinds(self) -> Mapping[Kind, KindWords]:
        """Every kind of finding, in words."""
        data = self._files.read("findings.yaml", "findings")["findings"]
        return MappingProxyType({kind: made(KindWords, data[kind.value]) for kind in Kind if kind.value in data})

    @cached_property
    def clouds(self) -> Mapping[str, Cloud]:
        """The national clouds by name."""
        return load_clouds(self._files)

    def cloud(self, name: str) -> Cloud:
        """The national cloud ``name``; raises :class:`UnknownNameError` when there is none."""
        return _found("cloud", name, self.clouds, few=True)

    @cached_property
    def revision(self) -> str:
        """Twelve hexadecimal digits that change when any file of the contract does."""
        return self._files.revision()

    def revisions(self, requests: Iterable[Request]) -> dict[str, str]:
        """By id: the revision of each operation that ``requests`` call; see :meth:`operation_revision`."""
        found = (self._match(request) for request in requests)
        return {
            id: self.operation_revision(id) for id in sorted({m.operation.id for m in found if isinstance(m, Match)})
        }

    def operation_revision(self, id: str) -> str:
        """Twelve hexadecimal digits that change with any fact that exchanges of one operation are checked against.

        These are its paths, its request and responses, the types of their bodies, and its rules with their evidence;
        wording and facts of other operations are not among them.
        """
        found = self._revisions.get(id)
        if found is None:
            operation, data = self.operation(id), self._written_out(id)
            checked: dict[str, Any] = {name: data.get(name) for name in _CHECKED}
            checked["rules"] = {slug: (rule.versions, rule.evidence) for slug, rule in operation.rules.items()}
            for version in operation.versions:
                model = self.types(version)
                bodies = [operation.request.body, *(response.body for response in operation.responses.values())]
                parameters = model.actions[operation.action].parameters if operation.action in model.actions else {}
                checked[version] = model.reached([*bodies, *(one.type for one in parameters.values())])
            text = json.dumps(checked, sort_keys=True, default=str)
            found = self._revisions[id] = blake2s(text.encode(), digest_size=6).hexdigest()
        return found

    @cached_property
    def uncovered(self) -> tuple[Uncovered, ...]:
        """The documented operations that are recognised, and not part of the contract."""
        lists = self._files.read("uncovered.yaml", "uncovered").values()
        return tuple(made(Uncovered, one, page=one.get("page") or "") for rows in lists for one in rows)

    @cached_property
    def _router(self) -> Router:
        return Router(self.operations.values(), self.uncovered)

    def match(self, method: str, path: str) -> Match | Miss:
        """The operation of ``method`` and ``path``, or why there is none (see :class:`Router`)."""
        return self._router.match(method, path)

    def types(self, version: str) -> TypeModel:
        """The type model of ``version``, overlay included; raises :class:`UnknownNameError` when there is none."""
        return self._checker(version).model

    def _checker(self, version: str) -> Checker:
        found = self._checkers.get(version)
        if found is None:
            if version not in VERSIONS:
                raise UnknownNameError("API version", version, VERSIONS, few=True)
            from pytest_graphcalls.contract.check import Checker
            from pytest_graphcalls.contract.types import TypeModel

            found = self._checkers[version] = Checker(TypeModel.load(self._files, version), self.errors)
        return found

    def look(self, request: Request) -> Look:
        """Find the operation of ``request``, without a check of its body."""
        return Look(self, request, self._match(request))

    def look_of(self, exchange: Exchange) -> Look:
        """The look that an exchange was handed with, if this contract took it at this very request; else a new one."""
        look = exchange.look
        if isinstance(look, Look) and look.contract is self and look.request is exchange.request:
            return look
        return self.look(exchange.request)

    def check(
        self,
        exchange: Exchange,
        *,
        token_expected: bool = True,
        started: MutableMapping[str, Any] | None = None,
    ) -> tuple[Finding, ...]:
        """Check request and response of ``exchange``.

        Args:
            exchange: a request to Graph and its response. Other parts of Graph give no finding, unless the simulator
                answered, which does not have them.
            token_expected: false for recordings, whose tokens were taken out.
            started: a mapping that is kept for the exchanges of one test or file, empty at first. It gets the answers
                that start operations, by the operation's id; an operation that is read later is compared with it.
        """
        look = self.look_of(exchange)
        findings = look.findings
        sent = readable(exchange.request) if isinstance(look.match, Match) else None
        if findings is None or not token_expected:
            findings = self._request(exchange.request, sent, look.match, token_expected=token_expected)
        findings += look.aside
        if isinstance(look.match, Match):
            findings += tuple(coverage.unread(look.match, exchange.response, findings))
            return findings + tuple(self._checker(look.match.version).response(exchange, sent, look.match, started))
        outside = self.not_covered(exchange)
        return findings if outside is None else (*findings, outside)

    def not_covered(self, exchange: Exchange) -> Finding | None:
        """The finding about an exchange that is outside the contract, so that it is not judged."""
        miss = self.look_of(exchange).match
        if isinstance(miss, Match):
            return None
        simulated = EVIDENCE_HEADER in exchange.response.headers and miss.reason == "not-graph" and miss.version
        if miss.reason != "uncovered" and not simulated:
            return None
        return coverage.not_covered(miss, exchange.request)

    def sent_to(self, origin: str, root: str, look: Look) -> Look:
        """``look`` with a finding, if it is at a request for the calls API that was sent elsewhere than to Graph.

        Args:
            origin: scheme and host that the request was sent to.
            root: scheme and host of Graph in the cloud that is meant.
            look: what was found about it so far.
        """
        return replace(look, aside=tuple(coverage.elsewhere(look.match, origin, root)))

    def check_request(
        self, request: Request, match: Match | None = None, *, token_expected: bool = True
    ) -> tuple[Finding, ...]:
        """Check a request without its response.

        Args:
            request: the request.
            match: the result of :meth:`match` for it, where that is known already.
            token_expected: false for recordings, whose tokens were taken out.
        """
        return self._request(request, readable(request), match or self._match(request), token_expected=token_expected)

    def published(self, match: Match, body: Any) -> Any:
        """The decoded body of a request, its members and the values of enumerations in the published letter case."""
        from pytest_graphcalls.contract.check import body_root

        schemas, root = self._checker(match.version).schemas[Side.REQUEST], body_root(match.operation)
        return body if schemas.is_sound(root, body) else schemas.published(root, body, values=True)[0]

    @cached_property
    def notifications(self) -> Mapping[str, Payload]:
        """The payloads of notifications, by name."""
        return MappingProxyType(payloads_in(self._files.read("notifications.yaml", "notifications")))

    @cached_property
    def sequences(self) -> Mapping[str, Sequence]:
        """The sequences of notifications, by id."""
        return MappingProxyType(sequences_in(self._files.read("sequences.yaml", "sequences")))

    def sequence(self, id: str) -> Sequence:
        """The sequence ``id``; raises :class:`UnknownNameError` when there is none."""
        return _found("sequence", id, self.sequences)

    def payload(self, entry: Mapping[str, Any], version: str = VERSIONS[0]) -> Payload | None:
        """The payload of an entry of a notification, or ``None`` where it is undocumented.

        Args:
            entry: an item of the list ``value`` of the notification.
            version: as for :meth:`check_notification`.
        """
        return self._notification_checker(version).payload(entry)

    def check_notification(self, body: Any, version: str = VERSIONS[0]) -> tuple[Finding, ...]:
        """Check the body of a notification.

        Args:
            body: the decoded JSON, a ``commsNotifications`` object.
            version: the API version whose types are used; a notification does not name it.
        """
        return tuple(self._notification_checker(version).check(body))

    def check_posted(
        self, request: Request, version: str = VERSIONS[0], *, token_expected: bool = True
    ) -> tuple[Finding, ...]:
        """Check a POST to a bot: its token, its headers and its body.

        Args:
            request: the POST.
            version: as for :meth:`check_notification`.
            token_expected: false for recordings, whose tokens were removed, and for unsigned notifications.
        """
        return tuple(self._notification_checker(version).posted(request, token_expected=token_expected))

    def _notification_checker(self, version: str) -> NotificationChecker:
        found = self._notification_checkers.get(version)
        if found is None:
            found = NotificationChecker(self._checker(version), self.notifications.values())
            self._notification_checkers[version] = found
        return found

    def judged(self, exchange: Exchange) -> frozenset[str]:
        """Full ids of the rules that ``exchange`` could have broken."""
        from pytest_graphcalls.contract import check

        match = self.look_of(exchange).match
        if isinstance(match, Miss):
            return frozenset()
        slugs = check.judged(match, exchange, self._checker(match.version).limits(match.operation))
        return frozenset(filter(None, (match.operation.rule_id(slug, match.version) for slug in slugs)))

    def _match(self, request: Request) -> Match | Miss:
        return self.match(request.method, request.path)

    def _request(
        self, request: Request, body: Any, match: Match | Miss, *, token_expected: bool
    ) -> tuple[Finding, ...]:
        if isinstance(match, Miss):
            return tuple(coverage.unmatched(match, request))
        return tuple(self._checker(match.version).request(request, body, match, token_expected=token_expected))


@dataclass(frozen=True, slots=True)
class Look:
    """The result of routing and checking one request.

    Attributes:
        contract: the contract.
        request: the request.
        match: the operation that it calls, or why there is none.
        findings: the findings about it; ``None`` as long as its body was not checked.
        aside: findings that only the one who has answered can have, beyond those.
    """

    contract: Contract
    request: Request
    match: Match | Miss
    findings: tuple[Finding, ...] | None = None
    aside: tuple[Finding, ...] = ()


def _found(sort: str, name: str, known: Mapping[str, _T], listing: str = "", *, few: bool = False) -> _T:
    try:
        return known[name]
    except KeyError:
        raise UnknownNameError(sort, name, tuple(known), listing, few) from None
