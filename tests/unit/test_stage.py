"""The stage on a target that answers what the test has written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from pytest_graphcalls.contract import VERSIONS, Contract, Effect, Match, Need
from pytest_graphcalls.errors import StageError, UnknownNameError
from pytest_graphcalls.sandbox.tenant import CALLBACK
from pytest_graphcalls.session import WHOLE, Offer, Recorder
from pytest_graphcalls.stage import Answer, Invitee, Notice, Stage, StagedCall, members, refused, shown
from pytest_graphcalls.targets.base import MockFacts
from pytest_graphcalls.wire import Headers, Request, encode_json

CALL = "57dab8b1-894c-409a-b240-bd8beae78896"
CONTRACT = Contract.packaged()


@dataclass(frozen=True)
class Said:
    """An answer that was written down."""

    status_code: int = 200
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def said(status: int = 200, /, **body: Any) -> Said:
    return Said(status, encode_json(body) if body else b"")


@dataclass
class Scripted:
    """A client that answers by method and the end of the path, and remembers what it was asked."""

    answers: dict[tuple[str, str], Answer | Callable[[], Answer]]
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    def request(self, method: str, url: str, *, json: Any = None, content: bytes | None = None) -> Answer:
        self.asked.append((method, url, json))
        for (wanted, end), answer in self.answers.items():
            if method == wanted and url.endswith(end):
                return answer() if callable(answer) else answer
        return said(404)


@dataclass
class Line:
    """A connection to a target that is such a client."""

    scripted: Scripted
    capabilities: frozenset[Need] = frozenset()
    token: str = "no.json.token"
    root: str = "https://graph.example.org/v1.0"
    version: str = "v1.0"
    offer: Offer = WHOLE
    given: Any = None
    world: Any = None
    is_fresh: bool = True
    sandbox: Any = None
    case: Any = None
    waited: list[float] = field(default_factory=list)

    def client(self, token: str | None = None) -> Scripted:
        return self.scripted

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)


def stage_on(answers: dict[tuple[str, str], Any] | None = None, *needs: Need) -> tuple[Stage, Line]:
    line = Line(Scripted(answers or {}), frozenset(needs))
    return Stage(cast("Any", line), Recorder(CONTRACT)), line


def participant(person: Invitee) -> dict[str, Any]:
    return {"id": f"p-{person.id}", "info": {"identity": person.identity()}}


def roster(*people: Invitee) -> Said:
    return said(value=[participant(one) for one in people])


@pytest.mark.parametrize("version", VERSIONS)
def test_requests_of_the_stage_keep_the_contract(version: str) -> None:
    """A target is never judged by a request that the contract would object to."""
    stage, line = stage_on({("POST", "/calls"): said(201, id=CALL)})
    alice = stage.person()
    stage.create(targets=[alice.entry(), stage.person("Bob").entry()])
    stage.create(**stage.meeting())
    call = StagedCall(stage, CALL, stage.client)
    call.invite(alice.entry(chosen_id=stage.new_id(), replaces=CALL), stage.bot().entry(), clientContext="c")
    call.invite(stage.phone().entry())
    call.answer()
    call.reject(reason="busy", callbackUri=CALLBACK)
    for plain in (call.get, call.hang_up, call.keep_alive, call.participants):
        plain()
    call.participant("p")
    call.remove("p")
    call.operation("o")
    headers = Headers({"Authorization": "Bearer a.b.c", "Content-Type": "application/json"})
    for method, url, body in line.scripted.asked:
        request = Request(method, f"/{version}{url}", headers, encode_json(body) if body is not None else b"")
        assert CONTRACT.check_request(request) == (), url
    assert len(line.scripted.asked) == 13


def test_the_old_address_and_another_client_are_views_of_the_same_call() -> None:
    """What differs is where the request goes and who speaks."""
    stage, line = stage_on()
    other = Scripted({})
    call = StagedCall(stage, CALL, stage.client)
    call.at_old_address().get()
    call.through(other).get()
    assert line.scripted.asked == [("GET", f"/app/calls/{CALL}", None)]
    assert other.asked == [("GET", f"/communications/calls/{CALL}", None)]


def test_a_refused_step_makes_the_test_unchecked() -> None:
    """The sentence says what the target answered and which rule to look at."""
    stage, _ = stage_on()
    body = encode_json({"error": {"code": "8522", "message": "Call not found."}})
    with pytest.raises(StageError) as error:
        stage.accepted(Said(404, body), "call-get.success-is-200-with-call")
    assert str(error.value) == (
        "not checked: what this test needs could not be staged; the target answered 404 8522: Call not found. "
        "See call-get.success-is-200-with-call."
    )


@pytest.mark.parametrize("answer", [said(), Said(200, b"[]"), Said(200, b"{"), said(value={})])
def test_an_unreadable_roster_makes_the_test_unchecked(answer: Said) -> None:
    """A test of another rule is not misled by an empty roster."""
    stage, _ = stage_on({("GET", "/participants"): answer})
    with pytest.raises(StageError, match="call-list-participants"):
        StagedCall(stage, CALL, stage.client).roster()


def test_people_are_found_on_the_roster_without_regard_to_letter_case() -> None:
    """Ids come back in capital letters from some targets."""
    stage, line = stage_on()
    alice, bob = stage.persons(2)
    line.scripted.answers["GET", "/participants"] = roster(Invitee(alice.id.upper(), "Alice"))
    call = StagedCall(stage, CALL, stage.client)
    assert call.has(alice)
    assert not call.has(alice, bob)
    assert call.id_of(alice) == f"p-{alice.id.upper()}"
    with pytest.raises(StageError, match="Bob"):
        call.id_of(bob)


def test_a_call_that_cannot_be_found_has_a_state_of_its_own() -> None:
    """The state of such a call is ``gone``, which is no failure of another rule."""
    stage, _ = stage_on()
    call = StagedCall(stage, CALL, stage.client)
    assert call.state() == "gone"
    assert not call.lives()


@pytest.mark.parametrize("status", [404, 405, 501])
def test_an_answer_that_an_operation_is_not_there_judges_nothing(status: int) -> None:
    """An answer without an error of Graph shows that an unknown target lacks the operation."""
    stage, line = stage_on()
    line.offer = Offer(whole=False)
    call = StagedCall(stage, CALL, stage.client)
    line.scripted.answers["GET", CALL] = said(status)
    with pytest.raises(StageError) as error:
        call.get()
    assert str(error.value) == (
        "not checked: call-get could not be staged; the target does not have it: GET was answered "
        f"{status} without an error of Graph."
    )
    line.scripted.answers["GET", CALL] = said(status, error={"code": "8522", "message": "Call not found."})
    assert call.get().status_code == status


def test_an_operation_that_a_target_is_not_said_to_have_is_not_asked_for() -> None:
    """One that it is said to have is, and then no answer says that it is not there."""
    stage, line = stage_on()
    line.offer = Offer(frozenset({"call-reject"}), whole=False)
    call = StagedCall(stage, CALL, stage.client)
    with pytest.raises(StageError, match="call-get could not be staged; it is none of the operations"):
        call.get()
    assert line.scripted.asked == []
    assert call.reject(reason="busy").status_code == 404


def test_waiting_ends_when_the_condition_holds() -> None:
    """The condition is asked again in small steps, and no longer than needed."""
    stage, line = stage_on({}, Need.CLOCK)
    answers = iter([False, False, True])
    assert stage.until(lambda: next(answers))
    assert line.waited == [1.0, 1.0]


def test_waiting_ends_when_the_time_is_over() -> None:
    """A condition that never holds is asked a last time at the end."""
    stage, line = stage_on()
    assert not stage.until(lambda: False, within=0.12)
    assert line.waited == pytest.approx([0.05, 0.05, 0.02])


@pytest.mark.parametrize(("status", "blamed"), [("completed", True), ("running", False), ("failed", False)])
def test_a_roster_without_those_whose_invite_is_completed_is_blamed(status: str, blamed: bool) -> None:
    """The blamed rule is not that of the test, which is unchecked; a ringing invitee need not be listed."""
    stage, line = stage_on({("GET", "/operations/o"): said(status=status), ("GET", "/participants"): roster()})
    line.scripted.answers["POST", "/invite"] = said(id="o")
    wrong: list[tuple[str, ...]] = []
    stage._patience, stage._add_wrong_value = 0.1, lambda *facts: wrong.append(facts)
    with pytest.raises(StageError, match="a call that the people invited have joined"):
        stage.bring(StagedCall(stage, CALL, stage.client), stage.person())
    expected = ("$.value", "Alice, whose invite is completed, in the list", "no such participant")
    assert wrong == ([("call-list-participants.success-is-200-with-collection", *expected)] if blamed else [])


def test_a_finished_invite_is_not_waited_for() -> None:
    """At a server in real time the operation shows when only a late list is left to wait for."""
    stage, line = stage_on({("GET", "/operations/o"): said(status="completed"), ("GET", "/participants"): roster()})
    line.scripted.answers["POST", "/invite"] = said(id="o")
    line.given, stage._add_wrong_value = MockFacts(), lambda *_: None
    with pytest.raises(StageError, match="their invites are over, and the list does not show them"):
        stage.bring(StagedCall(stage, CALL, stage.client), stage.person())
    assert sum(line.waited) == pytest.approx(0.5)


def test_a_refused_invite_has_added_no_participant() -> None:
    """The target gets no request for a refused invite."""
    stage, line = stage_on()
    call = StagedCall(stage, CALL, stage.client)
    assert stage.brought_in(call, said(403), [stage.person()]) == []
    assert line.scripted.asked == []


def test_a_finished_invite_has_added_those_on_the_roster() -> None:
    """An invitee who was passed over silently is not counted, and not waited for."""
    stage, line = stage_on({("GET", "/operations/o"): said(status="Completed")})
    alice, bob = stage.persons(2)
    line.scripted.answers["GET", "/participants"] = roster(alice)
    call = StagedCall(stage, CALL, stage.client)
    assert stage.brought_in(call, said(id="o"), [alice, bob]) == [alice]
    assert line.waited == []


def test_an_invite_that_never_ends_proves_nothing() -> None:
    """A rule about what must not happen is not held by a target on which nothing happens."""
    stage, _ = stage_on({("GET", "/operations/o"): said(status="running"), ("GET", "/participants"): roster()})
    stage._patience = 0.1
    with pytest.raises(StageError, match="the outcome of an invite"):
        stage.brought_in(StagedCall(stage, CALL, stage.client), said(id="o"), [stage.person()])


def test_a_server_on_which_nothing_happens_is_not_waited_for_in_full_again() -> None:
    """A mock without memory would otherwise cost every test the whole patience."""
    waited = []
    for _ in range(2):
        stage, line = stage_on()
        line.root = "http://still.example.org/v1.0"
        with pytest.raises(StageError):
            stage.reached(lambda: False, "anything")
        waited.append(sum(line.waited))
    assert waited == pytest.approx([5.0, 0.5])


def test_a_server_on_which_something_has_happened_is_always_waited_for() -> None:
    """One event that never comes proves nothing about the others."""
    stage, line = stage_on()
    line.root = "http://moving.example.org/v1.0"
    answers = iter([False, True])
    stage.reached(lambda: next(answers), "something that takes a moment")
    for _ in range(2):
        line.waited.clear()
        with pytest.raises(StageError):
            stage.reached(lambda: False, "anything")
        assert sum(line.waited) == pytest.approx(5.0)


def test_every_call_is_hung_up_even_if_one_cannot_be() -> None:
    """The last is hung up first; what goes wrong with it does not keep the others."""
    number = iter("abc")
    stage, line = stage_on({("POST", "/calls"): lambda: said(201, id=next(number))})

    def fails() -> Answer:
        raise ConnectionError("connection lost")

    line.scripted.answers["DELETE", "/b"] = fails
    for _ in "abc":
        stage.create(targets=[stage.person().entry()])
    with pytest.raises(ConnectionError):
        stage.close()
    assert [url[-1] for method, url, _ in line.scripted.asked if method == "DELETE"] == ["c", "b", "a"]


def test_ids_repeat_only_where_nothing_outlives_the_test() -> None:
    """A simulator is new in every test; a server still knows the people of the last run."""
    simulated = [stage_on({}, Need.CLOCK)[0].new_id() for _ in range(2)]
    served = [stage_on()[0].new_id() for _ in range(2)]
    assert simulated[0] == simulated[1]
    assert served[0] != served[1]


def test_a_missing_capability_of_a_target_is_not_staged() -> None:
    """A test that lacks the need in its rule still ends as not checked."""
    stage, _ = stage_on()
    with pytest.raises(StageError, match="--graphcalls-target"):
        stage.incoming_call()


def test_an_answer_to_a_question_is_kept() -> None:
    """Status, code and text of an error; a note where there is none."""
    stage, _ = stage_on()
    body = encode_json({"error": {"code": "8522", "message": "Not found."}})
    stage.record_answer("call-reject.rejected-twice", Said(404, body))
    stage.record_answer("call-reject.without-body", said(202), "it was rejected")
    kept = stage._recorder.answers
    assert [(one.status, one.code, one.text) for one in kept.values()] == [
        (404, "8522", "Not found."),
        (202, "", "it was rejected"),
    ]


def test_a_notification_says_what_it_is_about() -> None:
    """Either member of the pair of addresses will do."""
    alice = Invitee("a", "Alice")
    entry = {
        "changeType": "updated",
        "resource": f"/app/calls/{CALL}/participants",
        "resourceData": [participant(alice)],
    }
    notice = Notice.of(CALLBACK, entry)
    assert (notice.change, notice.about) == ("updated", f"{CALL}/participants")
    assert notice.lists(alice)
    assert not notice.lists(Invitee("b"))
    assert notice.of_call() == {}


def test_answers_are_read_leniently() -> None:
    """A body that is no object has no members; a refusal is any error status."""
    assert members(Said(200, b"[1]")) == {}
    assert members(said(id="x")) == {"id": "x"}
    assert [refused(said(status)) for status in (200, 302, 400, 500)] == [False, False, True, True]
    assert shown(said(500)) == "500"


@pytest.mark.parametrize("id", [id for id in CONTRACT.operation_ids if "{call-id}" in CONTRACT.operation(id).path])
@pytest.mark.parametrize("root", ["/communications/calls", "/app/calls"])
def test_any_operation_about_a_call_can_be_sent(id: str, root: str) -> None:
    """By the method and the path of its file, below either root, with the keys of the path filled in."""
    stage, line = stage_on()
    StagedCall(stage, CALL, line.scripted, root=root).send(
        id, {"x": 1}, participant_id="p1", operation_id="o1", session_id="s1", group_id="g1"
    )
    ((method, url, sent),) = line.scripted.asked
    version = CONTRACT.operation(id).versions[0]
    match = CONTRACT.match(method, f"/{version}{url.replace('/app/', '/communications/')}")
    assert isinstance(match, Match)
    assert match.operation.id == id
    assert set(match.keys.values()) <= {CALL, "p1", "o1", "s1", "g1"}
    assert url.startswith(f"{root}/{CALL}")
    assert sent == {"x": 1}


def test_an_operation_that_is_none_cannot_be_sent() -> None:
    """The error names the operation and the nearest one."""
    stage, line = stage_on()
    with pytest.raises(UnknownNameError, match=r"there is no operation 'call-muet'.*call-mute"):
        StagedCall(stage, CALL, line.scripted).send("call-muet")
    assert line.scripted.asked == []


@pytest.mark.parametrize("effect", sorted({effect for one in CONTRACT.operations.values() for effect in one.effects}))
def test_an_operation_is_found_by_what_it_does(effect: Effect) -> None:
    """The one, or of several the first, that has the effect."""
    assert effect in CONTRACT.operation_that(effect).effects
