"""The faults of a proxy in front of a server, each with the rules that it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.server.control.routing import PREFIX, TOKEN_PATH
from pytest_graphcalls.wire import Headers, Request, Response, encode_json
from tests.proof.changes import ReadAfterTheEnd
from tests.proof.steps import meant

Proceed = Callable[[Request], Response]
Strike = Callable[[Request, Proceed], Response]
"""Answers a request, by handing it on or otherwise."""
JSON = {"Content-Type": "application/json"}
OTHER = str(UUID(int=7))
"""An id of nothing."""


def answers(change: Callable[[Response], Response]) -> Strike:
    """What succeeds is answered otherwise."""

    def strike(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        return change(response) if response.status < 300 else response

    return strike


def status(code: int) -> Strike:
    """Success has another status."""
    return answers(lambda response: replace(response, status=code))


def content(text: bytes, kind: str = "application/json") -> Strike:
    """Success has another body."""
    return answers(
        lambda response: replace(
            response,
            headers=Headers({**dict(response.headers.without("Content-Type").pairs), "Content-Type": kind}),
            body=text,
        )
    )


def kind(text: str) -> Strike:
    """Success says that its body is of another type."""
    return answers(lambda response: replace(content(response.body, text)(Request("GET", "/"), lambda _: response)))


def body(change: Callable[[Any], Any]) -> Strike:
    """The JSON of success is changed."""
    return answers(lambda response: replace(response, body=encode_json(change(response.json()))))


def members(**others: Any) -> Strike:
    """Members of the JSON of success have other values."""
    return body(lambda value: {**value, **others})


def without(*names: str) -> Strike:
    """Members are missing from the JSON of success."""
    return body(lambda value: {name: one for name, one in value.items() if name not in names})


def location(address: str) -> Strike:
    """Success has another Location header, or none."""

    def change(response: Response) -> Response:
        headers = response.headers.without("Location")
        return replace(response, headers=Headers({**dict(headers.pairs), **({"Location": address} if address else {})}))

    return answers(change)


def refusal(code: int, body: bytes | None = None) -> Response:
    """A refusal, with an error of Graph unless ``body`` is given."""
    error = encode_json({"error": {"code": "8599", "message": "No."}})
    return Response(code, Headers(JSON), error if body is None else body)


def refuses(code: int = 403, when: Callable[[Request], object] = lambda _: True, body: bytes | None = None) -> Strike:
    """Some requests are refused."""
    return lambda request, proceed: refusal(code, body) if when(request) else proceed(request)


def does_nothing(code: int) -> Strike:
    """The request is answered, but not carried out."""

    def strike(request: Request, proceed: Proceed) -> Response:
        # A server that knows the call still says whether there is one, so that only its end is a lie.
        return Response(code) if request.headers.get("authorization") else proceed(request)

    return strike


def lets_everybody_in(request: Request, proceed: Proceed) -> Response:
    """A request without a token is carried out with one."""
    if "Authorization" in request.headers:
        return proceed(request)
    token = proceed(Request("POST", TOKEN_PATH)).json()["access_token"]
    return proceed(
        replace(request, headers=Headers({**dict(request.headers.pairs), "Authorization": f"Bearer {token}"}))
    )


def has_no_old_address(request: Request, proceed: Proceed) -> Response:
    """The address below ``/app`` leads nowhere."""
    return refusal(404) if request.path.split("/")[2:3] == ["app"] else proceed(request)


def sent(request: Request) -> dict[str, Any]:
    """The JSON object that a request has sent."""
    found = request.json() if request.body else {}
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: what is wrong.
        operations: ids of the operations in which it strikes, or the beginning of a control address.
        how: answers their requests.
        rules: slugs or full ids of the rules that the verdict has to name, and no others.
        chosen: the module of the tests to run; by default that of the first operation.
        version: the API version; by default the versions take turns.
        justified: why it is found by no rule, or ``""``.
    """

    name: str
    operations: tuple[str, ...]
    how: Strike
    rules: tuple[str, ...] = ()
    chosen: str = ""
    version: str = ""
    justified: str = ""

    def strike(self, request: Request, proceed: Proceed) -> Response:
        """Answer a request."""
        here = meant(request) in self.operations or request.path in self.operations
        return self.how(request, proceed) if here else proceed(request)

    @property
    def expected(self) -> set[str]:
        """Full ids of the rules that the verdict has to name."""
        return {rule if "." in rule else f"{self.operations[0]}.{rule}" for rule in self.rules}

    @property
    def blamed(self) -> set[str]:
        """The operations whose rules may be found broken."""
        return {*self.operations, *(rule.partition(".")[0] for rule in self.expected)}

    def runs(self, test: str) -> bool:
        """Whether a test, by its node id, is one of those to run."""
        module = self.chosen or f"test_{self.operations[0].replace('-', '_')}"
        return test.partition("::")[0].endswith(f"{module}.py")

    def matters(self, rules: Iterable[str]) -> bool:
        """Whether the verdict of a test of these rules has to be right: the fault breaks one, or may not break one."""
        return any(rule in self.expected or rule.partition(".")[0] not in self.blamed for rule in rules)


def roster(change: Callable[[list[Any]], list[Any]]) -> Strike:
    """A list of participants is changed."""
    return body(lambda value: {**value, "value": change(value["value"])})


def as_another_user(entry: dict[str, Any]) -> dict[str, Any]:
    """A participant, or an entry of an invite, with the id of another user."""
    info = entry.get("info", entry)
    identity = {"user": {**(info["identity"].get("user") or {}), "id": OTHER}}
    other = {**info, "identity": identity}
    return {**entry, "info": other} if "info" in entry else other


def in_capitals(call: dict[str, Any]) -> dict[str, Any]:
    """A call whose state begins with a capital letter."""
    return {**call, "state": str(call["state"]).capitalize()}


def with_a_guest(entries: list[Any]) -> list[Any]:
    """A list of participants with one more, who was not invited."""
    return [*entries, *({**as_another_user(one), "id": OTHER} for one in entries[:1])]


def with_header(name: str, value: str) -> Strike:
    """Success has one more header."""
    return answers(lambda response: replace(response, headers=Headers((*response.headers.pairs, (name, value)))))


def error_code(code: str) -> Strike:
    """A refusal has another code."""

    def strike(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        if response.status < 400:
            return response
        return replace(response, body=encode_json({"error": {"code": code, "message": "No."}}))

    return strike


CREATE, GET, HANG_UP, KEEP = "application-post-calls", "call-get", "call-delete", "call-keepalive"
ANSWER, REJECT, LIST, ONE = "call-answer", "call-reject", "call-list-participants", "participant-get"
OPERATION, INVITE, REMOVE = "commsoperation-get", "participant-invite", "participant-delete"
NOTIFICATIONS = f"{PREFIX}notifications"
SUCCESS = {
    id: Contract.packaged().operation(id).success_rule
    for id in (
        *(CREATE, GET, HANG_UP, KEEP, ANSWER, REJECT, LIST, ONE, OPERATION, INVITE, REMOVE, "participant-mute"),
        *("call-mute", "call-unmute", "call-playprompt", "call-senddtmftones", "call-cancelmediaprocessing"),
    )
}
"""The rule about the success of each operation."""


EMPTY = {KEEP: "no-body-comes-back", ANSWER: "no-body-comes-back"}
"""The rule about an answer without a body, where that is a rule of its own."""


def of_success(operation: str, name: str, how: Strike) -> Fault:
    """A fault that breaks the rule about success."""
    return Fault(f"{operation}: {name}", (operation,), how, (SUCCESS[operation],))


TABLE = (
    *(of_success(one, "answered 206", status(206)) for one in SUCCESS),
    *(
        of_success(one, "refused for no reason", refuses(403))
        for one in (CREATE, GET, ANSWER, REJECT, LIST, INVITE, REMOVE)
    ),
    *(
        of_success(one, "a fault without an error of Graph", refuses(500, body=b"<h1>Oops</h1>"))
        for one in (CREATE, HANG_UP, OPERATION, INVITE, REMOVE)
    ),
    *(
        Fault(f"{one}: a body where none belongs", (one,), content(b'{"done": true}'), (EMPTY.get(one, SUCCESS[one]),))
        for one in (HANG_UP, KEEP, ANSWER, REJECT, REMOVE)
    ),
    *(of_success(one, "an empty body", content(b"")) for one in (CREATE, GET, LIST, ONE, OPERATION, INVITE)),
    *(of_success(one, "no JSON", content(b"{")) for one in (CREATE, GET, LIST, ONE, OPERATION, INVITE)),
    *(
        of_success(one, "a list in place of an object", body(lambda value: [value]))
        for one in (CREATE, GET, ONE, OPERATION, INVITE)
    ),
    *(
        of_success(one, "of another content type", kind("text/html"))
        for one in (CREATE, GET, LIST, ONE, OPERATION, INVITE)
    ),
    *(
        Fault(f"{one}: carried out without a token", (one,), lets_everybody_in, ("token-is-required",))
        for one in (CREATE, INVITE, REMOVE, REJECT, "participant-mute", "call-playprompt")
    ),
    *(
        Fault(f"{one}: no old address", (one,), has_no_old_address, ("app-path-still-works",), version="beta")
        for one in (INVITE, REMOVE, REJECT, "participant-mute")
    ),
    # Create
    Fault("create: no Location", (CREATE,), location(""), ("location-names-the-call",)),
    Fault(
        "create: the Location of another call",
        (CREATE,),
        location(f"https://graph.microsoft.com/v1.0/communications/calls/{OTHER}"),
        ("location-names-the-call",),
    ),
    Fault("create: established at once", (CREATE,), members(state="established"), ("starts-establishing",)),
    Fault("create: an incoming call", (CREATE,), members(direction="incoming"), ("starts-establishing",)),
    Fault("create: no id", (CREATE,), without("id"), ("starts-establishing",)),
    Fault("create: a state that there is not", (CREATE,), members(state="waiting"), ("starts-establishing",)),
    Fault(
        "create: another callback",
        (CREATE,),
        members(callbackUri="https://other.example.org/"),
        ("callback-uri-is-echoed",),
    ),
    Fault(
        "create: other targets",
        (CREATE,),
        body(lambda call: {**call, "targets": list(map(as_another_user, call.get("targets") or ()))}),
        ("targets-are-those-called",),
    ),
    # Read a call
    Fault("get: another call", (GET,), members(id=OTHER), ("id-is-the-one-asked-for",)),
    Fault("get: a number for a state", (GET,), members(state=7), (SUCCESS[GET],)),
    Fault("get: a call that was hung up", (HANG_UP, GET), ReadAfterTheEnd(), ("call-is-over-afterwards",)),
    # End a call
    Fault(
        "hang up: nothing happens",
        (HANG_UP,),
        does_nothing(204),
        ("call-is-over-afterwards", "deleted-notification-follows"),
    ),
    Fault("keep alive: a call that has ended", (KEEP,), lambda request, proceed: Response(200), ("ended-call-is-404",)),
    # Incoming calls
    Fault("answer: nothing happens", (ANSWER,), does_nothing(202), ("state-changes-are-notified",)),
    Fault(
        "reject: nothing happens",
        (REJECT,),
        does_nothing(202),
        ("call-is-gone-afterwards", "deleted-notification-follows"),
    ),
    Fault(
        "reject: forbidden is no reason",
        (REJECT,),
        refuses(400, lambda request: sent(request).get("reason") == "forbidden"),
        ("reasons-are-none-busy-forbidden",),
    ),
    # Participants
    Fault("list: always empty", (LIST,), roster(lambda _: []), (SUCCESS[LIST],)),
    Fault("list: cut short", (LIST,), roster(lambda entries: entries[:1]), (SUCCESS[LIST],)),
    Fault("list: other users", (LIST,), roster(lambda entries: list(map(as_another_user, entries))), (SUCCESS[LIST],)),
    Fault("list: no value", (LIST,), without("value"), (SUCCESS[LIST],)),
    Fault("list: a bare list", (LIST,), body(lambda value: value["value"]), (SUCCESS[LIST],)),
    Fault("list: one object", (LIST,), body(lambda value: {**value, "value": value["value"][0]}), (SUCCESS[LIST],)),
    Fault(
        "list: other ids",
        (LIST,),
        roster(lambda entries: [{**entry, "id": OTHER} for entry in entries]),
        (SUCCESS[ONE],),
        chosen="test_participant_get",
    ),
    Fault("one: another id", (ONE,), members(id=OTHER), ("id-is-the-one-asked-for",)),
    Fault("one: another user", (ONE,), body(as_another_user), (SUCCESS[ONE],)),
    # Operations
    Fault("operation: another id", (OPERATION,), members(id=OTHER), ("id-is-the-one-asked-for",)),
    Fault("operation: it never ends", (OPERATION,), members(status="running"), (SUCCESS[OPERATION],)),
    Fault(
        "operation: of another type",
        (OPERATION,),
        members(**{"@odata.type": "#microsoft.graph.muteParticipantOperation"}),
        ("shows-what-was-started",),
    ),
    Fault("operation: no context", (OPERATION,), without("clientContext"), ("shows-what-was-started",)),
    # Invite
    Fault("invite: no Location", (INVITE,), location(""), ("location-names-the-operation",)),
    Fault(
        "invite: the Location of another operation",
        (INVITE,),
        location(f"https://graph.microsoft.com/v1.0/communications/calls/{OTHER}/operations/{OTHER}"),
        ("location-names-the-operation",),
    ),
    Fault("invite: completed at once", (INVITE,), members(status="completed"), ("answers-before-it-is-done",)),
    Fault("invite: another context", (INVITE,), members(clientContext="mine"), ("client-context-is-echoed",)),
    Fault(
        "invite: another user",
        (INVITE,),
        body(lambda value: {**value, "participants": list(map(as_another_user, value["participants"]))}),
        ("participants-are-those-invited",),
    ),
    Fault(
        "invite: the chosen id is lost",
        (INVITE,),
        body(
            lambda value: {**value, "participants": [{**one, "participantId": OTHER} for one in value["participants"]]}
        ),
        ("participant-id-is-echoed",),
    ),
    Fault(
        "invite: 256 characters are too many",
        (INVITE,),
        refuses(400, lambda request: len(sent(request).get("clientContext") or "") > 200),
        ("client-context-at-most-256",),
    ),
    Fault(
        "invite: five are too many",
        (INVITE,),
        refuses(400, lambda request: len(sent(request).get("participants") or ()) == 5),
        ("at-most-five-invitees",),
    ),
    Fault(
        "invite: no phones",
        (INVITE,),
        refuses(400, lambda request: b'"phone"' in request.body),
        ("phone-invitee-in-e164",),
    ),
    Fault("invite: no id", (INVITE,), without("id"), (SUCCESS[INVITE],)),
    Fault("invite: no participants", (INVITE,), members(participants=[]), ("participants-are-those-invited",)),
    # Remove
    Fault("remove: nothing happens", (REMOVE,), does_nothing(204), ("active-leaves-at-once", "invited-is-cancelled")),
    Fault(
        "remove: a body is asked for",
        (REMOVE,),
        lambda request, proceed: proceed(replace(request, body=b"")) if request.body else refusal(400),
        ("request-has-no-body",),
    ),
    # Notifications
    Fault(
        "notifications: no end is posted",
        (NOTIFICATIONS,),
        body(
            lambda value: {
                **value,
                "notifications": [one for one in value["notifications"] if b'"deleted"' not in encode_json(one)],
            }
        ),
        ("call-delete.deleted-notification-follows",),
        chosen="test_call_delete",
    ),
    Fault(
        "notifications: a change that there is not",
        (NOTIFICATIONS,),
        body(
            lambda value: {
                **value,
                "notifications": [
                    {**one, "body": {"value": [{**entry, "changeType": "renamed"} for entry in one["body"]["value"]]}}
                    for one in value["notifications"]
                ],
            }
        ),
        ("call-reject.deleted-notification-follows",),
        chosen="test_call_reject",
    ),
    # Differences that break nothing
    Fault("create: one more member", (CREATE,), members(colour="blue"), justified="a later edition may add members"),
    Fault("get: another letter case", (GET,), body(in_capitals), justified="letter case is a notice, not a violation"),
    Fault("list: in another order", (LIST,), roster(lambda entries: entries[::-1]), justified="no page has an order"),
    Fault("list: one more participant", (LIST,), roster(with_a_guest), justified="people may come by themselves"),
    Fault("invite: no result yet", (INVITE,), members(resultInfo=None), justified="it is nullable"),
    Fault("hang up: one more header", (HANG_UP,), with_header("X-Hop", "1"), justified="a proxy may add headers"),
    Fault("get: another error code", (GET,), error_code("9999"), justified="no page has the code of a missing call"),
)
FAULTS = {fault.name: fault for fault in TABLE}
