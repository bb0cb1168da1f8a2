"""What a request asks for and the simulator does not act on is named, for every member of every request type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from pytest_graphcalls.contract import Contract, Match
from pytest_graphcalls.contract.types import NAMESPACE, Member, TypeModel
from pytest_graphcalls.findings import Finding, Kind, Severity, Side
from pytest_graphcalls.session import Recorder
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.simulator.core import Proceed
from pytest_graphcalls.simulator.requests import tree_of, unread
from pytest_graphcalls.simulator.resources import IDENTITY_SORTS
from pytest_graphcalls.stage import Stage
from pytest_graphcalls.targets import Setup, SimulatorTarget
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json
from tests.proof.undamaged import CASES, everything
from tests.unit.simulator.bot import CALLS, GRAPH, Bot, entry, evidence

CONTRACT = Contract.packaged()
Reads = Mapping[str, tuple[Any, ...]]
Enumerated = Iterator[tuple[str, Any, Any]]
LITTLE: Mapping[str, Any] = {"Edm.Boolean": True, "Edm.String": "x", "Edm.Stream": "x"}
"""A value of a primitive type that asks for something; of any other a number."""


def of_type(model: TypeModel, type_: str, reads: Reads, path: str = "") -> Enumerated:
    """Place, value and body of every member that an object of a type can have, down to where nothing below is read."""
    for name in sorted(model.subtypes(type_)):
        written = {"@odata.type": f"#{NAMESPACE}{name}"} if path else {}
        if path.rpartition(".")[2] in IDENTITY_SORTS:
            written["id"] = "x"  # without it no identity is read
        for key, member in model.types[name].members.items():
            for place, value, body in of_member(model, key, member, reads, path):
                yield place, value, {**written, key: body}


def of_member(model: TypeModel, key: str, member: Member, reads: Reads, path: str) -> Enumerated:
    """The places and values that one member can hold."""
    here = f"{path}.{key}{'[]' if member.collection else ''}".removeprefix(".")
    value = model.enums[member.type].members[0] if member.type in model.enums else LITTLE.get(member.type, 1)
    found: Enumerated = iter([(here, value, {"x": 1} if member.type in model.types else value)])
    if member.type in model.types and any(place.startswith(f"{starred(here)}.") for place in reads):
        found = of_type(model, member.type, reads, here)
    for place, inner, body in found:
        yield place, inner, [body] if member.collection else body


def starred(place: str) -> str:
    """A place with the kind of identity left open, as the data has it."""
    steps = place.split(".")
    return ".".join("*" if step in IDENTITY_SORTS and index else step for index, step in enumerate(steps))


def honoured(place: str, reads: Reads) -> tuple[Any, ...] | None:
    """The values that are honoured at a place, or above it; ``None`` where it is not read."""
    steps = starred(place).split(".")
    above = [".".join(steps[: index + 1]) for index in range(len(steps))]
    return next((reads[one] for one in (*above, place.removesuffix("[]")) if one in reads), None)


@pytest.mark.parametrize(("id", "version"), CASES)
def test_every_member_of_a_request_type_is_read_or_named(id: str, version: str) -> None:
    """A member of the published model that the operation's data does not have among what is read is named as unread."""
    operation, model = CONTRACT.operation(id), CONTRACT.types(version)
    if operation.request.body == "action":
        parameters = model.actions[operation.action].parameters if operation.action in model.actions else {}
        every = [
            (place, value, {key: body})
            for key, member in parameters.items()
            for place, value, body in of_member(model, key, member, operation.reads, "")
        ]
    else:
        every = (
            [] if operation.request.body == "none" else list(of_type(model, operation.request.body, operation.reads))
        )
    wrong = []
    for place, value, body in every:
        values = honoured(place, operation.reads)
        expected = [] if values is not None and (not values or value in values) else [place.removesuffix("[]")]
        named = [
            one.replace("[0]", "[]").removeprefix("$.").removesuffix("[]")
            for one in unread(body, tree_of(operation.reads))
        ]
        wrong += [(place, body, named)] if named != expected else []
    assert wrong == []
    assert every or operation.request.body in {"none", "action"}


Surprised = tuple[bool, Response, tuple[Finding, ...]]
"""Whether a request has a body, its answer, and what the contract finds in both."""


@cache
def surprised(version: str) -> Mapping[str, list[Surprised]]:
    """By operation: what is answered when each request has a member, a parameter and a preference that mean nothing."""
    answers: dict[str, list[Surprised]] = {}

    def with_surprises(request: Request, proceed: Proceed) -> Response:
        match = CONTRACT.match(request.method, request.path)
        if not isinstance(match, Match):
            return proceed(request)
        body = encode_json({**request.json(), "surprise": 1}) if request.body else b""
        headers = Headers((*request.headers.pairs, ("Prefer", "return=minimal")))
        mark = "&" if "?" in request.url else "?"
        answer = proceed(replace(request, url=f"{request.url}{mark}surprise=1", headers=headers, body=body))
        found = CONTRACT.check(Exchange(request, answer))
        answers.setdefault(match.operation.id, []).append((bool(body), answer, found))
        return answer

    recorder = Recorder(CONTRACT, rules=tuple(CONTRACT.rules))
    setup = Setup(version, recorder, prepare=lambda simulator: simulator.intercept(with_surprises))
    everything(Stage(SimulatorTarget().connect(setup), recorder))
    return answers


@pytest.mark.parametrize(("id", "version"), CASES)
def test_every_operation_names_what_it_has_not_read(id: str, version: str) -> None:
    """A member, a query parameter and a preference that mean nothing to it are notices, and the answer is inferred."""
    carried_out = [one for one in surprised(version)[id] if one[1].status < 300]
    assert carried_out
    for has_body, answer, findings in carried_out:
        places = ["?surprise", "Prefer", *(["$.surprise"] if has_body else [])]
        assert evidence(answer).startswith("inferred; fact=")
        assert evidence(answer).endswith(f"; unread={', '.join(places)}")
        named = [one for one in findings if one.kind is Kind.UNREAD]
        assert [(one.where, one.severity, one.side, one.operation) for one in named] == [
            (place, Severity.NOTICE, Side.REQUEST, id) for place in places
        ]


@pytest.mark.parametrize(
    ("member", "kind"), [("identityProvder", Kind.MEMBER_UNDOCUMENTED), ("identityProvider", None)]
)
def test_a_member_of_an_invitee_gives_at_most_one_notice(member: str, kind: Kind | None) -> None:
    """A misspelt member is reported as undocumented, not once more as unread; one that is read not at all."""
    bot = Bot(Simulator())
    call = bot.join()
    invitee = entry(bot.simulator.person("Zoe"))
    invitee["identity"]["user"][member] = "AAD"
    request = Request(
        "POST",
        f"{GRAPH}/v1.0{CALLS}/{call.id}/participants/invite",
        Headers({"Authorization": f"Bearer {bot.token}", "Content-Type": "application/json"}),
        encode_json({"participants": [invitee]}),
    )
    response = bot.simulator.handle(request)
    assert response.status == 200
    findings = CONTRACT.check(Exchange(request, response))
    assert [one.kind for one in findings if one.where.endswith(member)] == ([kind] if kind else [])


class Watched(dict[str, Any]):
    """A JSON object that notes down which members are looked at."""

    def __init__(self, members: Mapping[str, Any], path: str, seen: set[str]) -> None:
        super().__init__(
            {name: watched(value, f"{path}.{name}".removeprefix("."), seen) for name, value in members.items()}
        )
        self._path, self._seen = path, seen

    def _look(self, name: str) -> None:
        self._seen.add(starred(f"{self._path}.{name}".removeprefix(".")))

    def __getitem__(self, name: str) -> Any:
        self._look(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._look(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._look(name)
        return super().get(name, default)


def watched(value: Any, path: str, seen: set[str]) -> Any:
    """A value whose objects are watched."""
    if isinstance(value, list):
        return [watched(one, f"{path}[]", seen) for one in value]
    return Watched(value, path, seen) if isinstance(value, dict) else value


def test_members_listed_as_read_are_read() -> None:
    """The code looks at each place that the data of an operation has; where values are listed, it need not."""
    seen: dict[str, set[str]] = {id: set() for id in CONTRACT.operations}

    def watch(simulator: Simulator) -> None:
        read: Callable[[Request], Any] = simulator.admission.read

        def reading(request: Request) -> Any:
            match = CONTRACT.match(request.method, request.path)
            assert isinstance(match, Match)
            return watched(read(request), "", seen[match.operation.id])

        simulator.admission.read = reading  # type: ignore[method-assign]  # a step that is replaced

    for version in ("v1.0", "beta"):
        recorder = Recorder(CONTRACT, rules=tuple(CONTRACT.rules))
        everything(Stage(SimulatorTarget().connect(Setup(version, recorder, prepare=watch)), recorder))
    bot = Bot(Simulator())
    watch(bot.simulator)
    meeting = bot.simulator.meeting()
    hosted = {"@odata.type": "#microsoft.graph.appHostedMediaConfig", "blob": "x"}
    options = {"isDeltaRosterEnabled": True, "isContentSharingNotificationEnabled": True}
    bot.create(
        targets=[entry(bot.simulator.person("Ana"))],
        source=bot.instance,
        subject="x",
        mediaConfig=hosted,
        callOptions={"@odata.type": "#microsoft.graph.outgoingCallOptions", **options},
    )
    bot.create(**meeting.by_join_id)
    bot.answer(bot.simulator.incoming_call(), mediaConfig=hosted, callOptions=options)
    bot.create(meetingInfo={"@odata.type": "#microsoft.graph.tokenMeetingInfo", "token": "x"})
    organized = {"joinMeetingIdSettings": {"isPasscodeRequired": True}}
    assert bot.send("POST", f"/users/{meeting.organizer.id}/onlineMeetings", organized).status == 201
    missed = {
        f"{id}: {place}"
        for id, operation in CONTRACT.operations.items()
        for place, values in operation.reads.items()
        if not values and not place.startswith("?") and place not in seen[id]
    }
    assert missed == set()


@pytest.mark.parametrize(
    "nothing", [None, False, "", [], {}, {"isDeltaRosterEnabled": None, "hideBotAfterEscalation": False}]
)
def test_a_member_that_asks_for_nothing_is_not_named(nothing: Any) -> None:
    """Null, false and what is empty are what an SDK writes for nothing."""
    assert list(unread({"callOptions": nothing, "routingPolicies": nothing and []}, {})) == []


@pytest.mark.parametrize(
    ("facts", "places"),
    [
        ({"callOptions": {"@odata.type": "#microsoft.graph.outgoingCallOptions", "hideBotAfterEscalation": True}},
         ["$.callOptions.hideBotAfterEscalation"]),
        ({"requestedModalities": ["audio", "video"]}, ["$.requestedModalities[1]"]),
        ({"direction": "incoming", "state": "established"}, ["$.direction", "$.state"]),
    ],
)  # fmt: skip
def test_a_create_names_what_it_passes_over(facts: dict[str, Any], places: list[str]) -> None:
    """Options without an effect, media that are not there, and members that the service sets."""
    bot = Bot(Simulator())
    answer = bot.create(targets=[entry(bot.simulator.person("Ana"))], **facts)
    assert evidence(answer) == f"inferred; fact=application-post-calls.r01; unread={', '.join(places)}"


def test_a_meeting_makes_targets_and_a_second_address_meaningless() -> None:
    """A create that joins a meeting rings no target; by its number, chatInfo is not read."""
    bot = Bot(Simulator())
    meeting = bot.simulator.meeting()
    target = entry(bot.simulator.person("Ana"))
    assert evidence(bot.create(**meeting.coordinates, targets=[target])).endswith("unread=$.targets")
    both = {**meeting.coordinates, **meeting.by_join_id}
    assert evidence(bot.create(**both)).endswith("unread=$.chatInfo")


def test_one_of_two_identities_in_a_set_is_read() -> None:
    """The other one is named; so is a type that is spelled as the Python sample of a reference page spells it."""
    bot = Bot(Simulator())
    ana, phone = bot.simulator.person("Ana"), bot.simulator.person("+15551234567")
    both = {"identity": {**entry(ana)["identity"], **entry(phone)["identity"]}}
    assert evidence(bot.create(targets=[both])).endswith("unread=$.targets[0].identity.phone")
    misspelled = {"identity": {"phone": {"@odata_type": "#microsoft.graph.identity", "id": phone.id}}}
    answer = bot.create(targets=[misspelled], source=bot.instance)
    assert evidence(answer).endswith("; unread=$.targets[0].identity.phone['@odata_type']")


def test_a_misspelled_annotation_is_no_annotation() -> None:
    """``@odata_type`` has no namespace: a member that is not documented, with the right one as the nearest."""
    body = {
        "participants": [{"identity": {"phone": {"@odata_type": "#microsoft.graph.identity", "id": "+15551234567"}}}]
    }
    url = "https://graph.microsoft.com/v1.0/communications/calls/1/participants/invite"
    headers = Headers({"Authorization": "Bearer x", "Content-Type": "application/json"})
    (finding,) = CONTRACT.check_request(Request("POST", url, headers, encode_json(body)))
    assert (finding.kind, finding.severity) == (Kind.MEMBER_UNDOCUMENTED, Severity.NOTICE)
    assert (finding.got, finding.hint) == ("'@odata_type'", "Did you mean '@odata.type'?")


def test_a_name_cannot_break_out_of_the_header() -> None:
    """Line breaks and separators in a member's name are replaced, and the list has an end."""
    bot = Bot(Simulator())
    surprises = {"a\r\nb: c, d; e": 1, **{f"{'x' * 200}{number}": 1 for number in range(60)}}
    level = evidence(bot.create(targets=[entry(bot.simulator.person("Ana"))], **surprises))
    assert level.partition("unread=")[2].split(", ")[0] == "$['a\\r\\nb:?c??d??e']"
    assert level.endswith(", body")
    assert len(level) < 4300
