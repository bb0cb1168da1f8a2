"""Drifts: changes of the simulator of one night, each with the outcome that the night must have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from pytest_graphcalls.drift import Kind, Outcome
from pytest_graphcalls.simulator import Proceed, Simulator
from pytest_graphcalls.wire import Headers, Notification, Request, Response, encode_json
from tests.proof.deviations import DEVIATIONS
from tests.proof.steps import Apply, answers, body, both, meant, status, without_location

CREATE, GET, DELETE, LIST = "application-post-calls", "call-get", "call-delete", "call-list-participants"
INVITE, KEEP = "participant-invite", "call-keepalive"
READING, ENDING, LISTING, CREATING = (
    ("test_call_get",),
    ("test_call_delete",),
    ("test_call_list_participants",),
    ("test_application_post_calls",),
)
KEEPING, OPERATION = ("test_call_keepalive",), ("test_commsoperation_get",)
ALWAYS = frozenset(range(1, 10))
COUNT = count(1)


@dataclass(frozen=True, slots=True)
class Drift:
    """One way to drift.

    Attributes:
        name: what drifts.
        outcome: what the night has to come to.
        kind: the kind that has to be among its differences; ``None``: there may be none.
        apply: makes a simulator drift.
        modules: modules of the suite that are run.
        runs: the runs of the night in which it drifts, from 1.
    """

    name: str
    outcome: Outcome
    kind: Kind | None
    apply: Apply
    modules: tuple[str, ...] = READING
    runs: frozenset[int] = ALWAYS


def without(operation: str, *names: str) -> Apply:
    """The answer lacks members."""
    return body(operation, lambda data: {name: value for name, value in data.items() if name not in names})


def with_(operation: str, **members: Any) -> Apply:
    """The answer has these members."""
    return body(operation, lambda data: {**data, **members})


def within(operation: str, member: str, change: Callable[[Any], Any]) -> Apply:
    """A member of the answer is changed."""
    return body(operation, lambda data: {**data, member: change(data[member])})


def renamed(operation: str, old: str, new: str) -> Apply:
    """A member of the answer has another name."""
    return body(operation, lambda data: {new if name == old else name: value for name, value in data.items()})


def header(operation: str, name: str, value: str) -> Apply:
    """The answer has this header."""
    return answers(operation, lambda response: replace(response, headers=response.headers.with_(name, value)))


def refusal(operation: str, change: Callable[[Response], Response]) -> Apply:
    """What was refused is refused otherwise."""

    def around_it(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        return change(response) if meant(request) == operation and response.status >= 400 else response

    return lambda simulator: simulator.intercept(around_it)


def coded(code: str) -> Callable[[Response], Response]:
    """A refusal with another code."""

    def change(response: Response) -> Response:
        data = response.json()
        return replace(response, body=encode_json({**data, "error": {**data["error"], "code": code}}))

    return change


def notifications_are(change: Callable[[list[Notification]], list[Notification]]) -> Apply:
    """The list of notifications is changed."""

    def apply(simulator: Simulator) -> None:
        class Changed(type(simulator.notifier)):  # type: ignore[misc]  # whatever it is
            @property
            def written(self) -> list[Notification]:
                return change(list(super().written))

        simulator.notifier.__class__ = Changed

    return apply


def entry(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[list[Notification]], list[Notification]]:
    """Every entry of the notifications is changed."""
    cache: dict[int, Notification] = {}

    def changed(notifications: list[Notification]) -> list[Notification]:
        # One object for each: a recorder that follows compares it with those it has seen.
        for number, one in enumerate(notifications):
            if number not in cache:
                value = [change(dict(item)) for item in one.body["value"]]
                cache[number] = replace(one, body={**one.body, "value": value})
        return [cache[number] for number in range(len(notifications))]

    return changed


def each_with_its_own(make: Callable[[], Apply]) -> Apply:
    """A drift that remembers something, anew for each simulator."""
    return lambda simulator: make()(simulator)


def entries(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Apply:
    """Every entry of the notifications is changed."""
    return each_with_its_own(lambda: notifications_are(entry(change)))


def data(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Apply:
    """The resource data of every notification is changed."""

    def changed(item: dict[str, Any]) -> dict[str, Any]:
        inner = item.get("resourceData")
        return {**item, "resourceData": change(inner)} if isinstance(inner, dict) else item

    return entries(changed)


def delayed(seconds: float) -> Apply:
    """The second notification comes late, and all after it as well."""

    def make() -> Apply:
        cache: dict[int, Notification] = {}

        def change(all_: list[Notification]) -> list[Notification]:
            for number, one in enumerate(all_):
                cache.setdefault(number, one if number < 1 else replace(one, at=one.at + seconds))
            return [cache[number] for number in range(len(all_))]

        return notifications_are(change)

    return each_with_its_own(make)


def failing(name: str, **facts: Any) -> Apply:
    """A fault is in force."""

    def apply(simulator: Simulator) -> None:
        simulator.fault(name, **facts)

    return apply


def tidied(value: list[Any]) -> list[Any]:
    """A list the other way round."""
    return value[::-1]


def one_more(value: list[Any]) -> list[Any]:
    """A list with one more item."""
    more = {**value[-1], "id": "7f0d3a4e-5a5f-4b8e-9a52-0d6f7f3f2f11"}
    return [*value, more]


def overtaken() -> Apply:
    """The notification of an established call comes after the roster that used to follow it."""
    said: list[Notification] = []
    held: list[Notification] = []
    seen = 0

    def change(all_: list[Notification]) -> list[Notification]:
        # Only appended to, because a recorder that follows has seen the earlier ones.
        nonlocal seen
        for one in all_[seen:]:
            inner = one.body["value"][0]["resourceData"]
            waits = isinstance(inner, dict) and inner.get("state") == "established" and not said[1:]
            if waits:
                held.append(one)
                continue
            said.append(one)
            if isinstance(inner, list):
                said.extend(held)
                held.clear()
        seen = len(all_)
        return list(said)

    return notifications_are(change)


def bare(response: Response) -> Response:
    """An answer without its body."""
    return replace(response, body=b"", headers=response.headers.without("content-type"))


def bodied(response: Response) -> Response:
    """An answer with a body."""
    headers = Headers([*response.headers.pairs, ("content-type", "application/json")])
    return replace(response, body=encode_json({"done": True}), headers=headers)


BREAKING, BEHAVIOURAL, ADDITIVE = Outcome.BREAKING, Outcome.BEHAVIOURAL, Outcome.ADDITIVE
UNCHECKED, NONE = Outcome.COULD_NOT_CHECK, Outcome.NO_DRIFT

TABLE: tuple[Drift, ...] = (
    Drift("a member is removed", BREAKING, Kind.MEMBER_GONE, without(GET, "callChainId")),
    Drift(
        "a member of a member is removed",
        BREAKING,
        Kind.MEMBER_GONE,
        within(GET, "source", lambda source: {name: one for name, one in source.items() if name != "region"}),
    ),
    Drift("a member is added", ADDITIVE, Kind.MEMBER_NEW, with_(GET, mood="calm")),
    Drift(
        "a member of a list's items is added",
        ADDITIVE,
        Kind.MEMBER_NEW,
        within(LIST, "value", lambda value: [{**one, "mood": "calm"} for one in value]),
        LISTING,
    ),
    Drift("a member is renamed", BREAKING, Kind.MEMBER_GONE, renamed(GET, "myParticipantId", "ownParticipantId")),
    Drift("a renamed member has come", BREAKING, Kind.MEMBER_NEW, renamed(GET, "myParticipantId", "ownParticipantId")),
    Drift("a text is a number", BREAKING, Kind.TYPE_CHANGED, with_(GET, callChainId=7)),
    Drift(
        "a text is a number, which differs each time",
        BREAKING,
        Kind.TYPE_CHANGED,
        body(GET, lambda data: {**data, "callChainId": next(COUNT)}),
    ),
    Drift("an object is a text", BREAKING, Kind.TYPE_CHANGED, with_(GET, source="a user")),
    Drift("a value is null", BEHAVIOURAL, Kind.VALUE_CHANGED, with_(GET, tenantId=None)),
    Drift("a fixed word is changed", BEHAVIOURAL, Kind.VALUE_CHANGED, with_(GET, direction="incoming")),
    Drift(
        "an enum member is new, and no request asks for such",
        BEHAVIOURAL,
        Kind.ENUM_MEMBER_NEW,
        within(GET, "source", lambda source: {**source, "endpointType": "hologram"}),
    ),
    Drift("the letter case is changed", BEHAVIOURAL, Kind.LETTER_CASE_CHANGED, with_(GET, direction="Outgoing")),
    Drift("a list is the other way round", BEHAVIOURAL, Kind.ORDER_CHANGED, within(LIST, "value", tidied), LISTING),
    Drift(
        "an item of a list is missing",
        BEHAVIOURAL,
        Kind.ITEM_GONE,
        within(LIST, "value", lambda value: value[:-1]),
        LISTING,
    ),
    Drift("a list has one more item", BEHAVIOURAL, Kind.ITEM_NEW, within(LIST, "value", one_more), LISTING),
    Drift("a success has another status", BEHAVIOURAL, Kind.STATUS_CHANGED, status(DELETE, 200), ENDING),
    Drift("a creation has another status", BEHAVIOURAL, Kind.STATUS_CHANGED, status(CREATE, 202), CREATING),
    Drift(
        "a refusal has another status",
        BEHAVIOURAL,
        Kind.STATUS_CHANGED,
        refusal(KEEP, lambda response: replace(response, status=410)),
        KEEPING,
    ),
    Drift(
        "a refusal has another code", BEHAVIOURAL, Kind.ERROR_CODE_CHANGED, refusal(KEEP, coded("NotFound")), KEEPING
    ),
    Drift("a header is missing", BREAKING, Kind.HEADER_GONE, without_location(CREATE), CREATING),
    Drift("a header is new", ADDITIVE, Kind.HEADER_NEW, header(GET, "x-ms-mood", "calm")),
    Drift(
        "a header has another value",
        BEHAVIOURAL,
        Kind.HEADER_CHANGED,
        header(GET, "content-type", "application/xml"),
    ),
    Drift("a body is missing", BREAKING, Kind.BODY_GONE, answers("commsoperation-get", bare), OPERATION),
    Drift("a body has come", BEHAVIOURAL, Kind.BODY_NEW, answers(DELETE, bodied), ENDING),
    Drift(
        "a notification is lost",
        BEHAVIOURAL,
        Kind.NOTIFICATION_MISSING,
        notifications_are(
            lambda all_: [one for one in all_ if not one.body["value"][0]["resource"].endswith("/participants")]
        ),
        LISTING,
    ),
    Drift(
        "a notification comes twice",
        BEHAVIOURAL,
        Kind.NOTIFICATION_NEW,
        notifications_are(lambda all_: [one for each in all_ for one in (each, each)]),
    ),
    Drift("a notification is late", BEHAVIOURAL, Kind.NOTIFICATION_LATE, delayed(40.0)),
    Drift(
        "notifications have changed places",
        BEHAVIOURAL,
        Kind.ORDER_CHANGED,
        each_with_its_own(overtaken),
        LISTING,
    ),
    Drift(
        "a notification lacks a member",
        BREAKING,
        Kind.MEMBER_GONE,
        data(lambda call: {name: one for name, one in call.items() if name != "callChainId"}),
    ),
    Drift("a notification has one more member", ADDITIVE, Kind.MEMBER_NEW, data(lambda call: {**call, "mood": "calm"})),
    Drift(
        "a notification is spelled otherwise",
        BEHAVIOURAL,
        Kind.LETTER_CASE_CHANGED,
        entries(lambda item: {**item, "changeType": item["changeType"].capitalize()}),
    ),
    *(
        Drift(f"a rule is broken: {rule}", BEHAVIOURAL, Kind.RULE_BROKEN, DEVIATIONS[rule].apply, modules)
        for rule, modules in (
            ("application-post-calls.starts-establishing", CREATING),
            ("call-keepalive.success-is-200-empty", KEEPING),
            ("call-delete.success-is-204-empty", ENDING),
        )
    ),
    Drift("the service is down", UNCHECKED, None, failing("503")),
    Drift("the service goes down", UNCHECKED, None, failing("500", since=3), KEEPING),
    Drift("there are too many requests", UNCHECKED, None, failing("429", retry_after=1)),
    Drift("the connection is closed", UNCHECKED, None, failing("dropped", since=2)),
    Drift("an answer is cut off", UNCHECKED, None, failing("half-sent", nth=2)),
    Drift("the token runs out", UNCHECKED, None, failing("expired-token", since=2)),
    Drift("the token has run out", UNCHECKED, None, failing("expired-token")),
    Drift("an answer is flaky", NONE, Kind.MEMBER_GONE, without(GET, "callChainId"), runs=frozenset({1})),
    Drift("a status is flaky", NONE, Kind.STATUS_CHANGED, status(DELETE, 200), ENDING, frozenset({1})),
    Drift(
        "it comes in two of three runs", BREAKING, Kind.MEMBER_GONE, without(GET, "callChainId"), runs=frozenset({1, 3})
    ),
    Drift(
        "something breaks while the service goes down",
        BREAKING,
        Kind.MEMBER_GONE,
        both(without(GET, "callChainId"), failing("503", operation=KEEP)),
        (*READING, *KEEPING),
    ),
)
