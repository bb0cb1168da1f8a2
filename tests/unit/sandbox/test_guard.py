"""What is sent to a tenant, when, how often, and what is written down about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_graphcalls.errors import EnvironmentFaultError, StageError
from pytest_graphcalls.sandbox import Budget, Failure, Guard, Ledger, Wait, fault_of
from pytest_graphcalls.sandbox.guard import ATTEMPTS, MAX_WAIT, Outcome
from pytest_graphcalls.wire import Headers, Request, Response, encode_json

CALLS = "https://graph.example/v1.0/communications/calls"
CREATE = Request("POST", CALLS, Headers({"Authorization": "Bearer a.b.c"}), b"{}")
READ = Request("GET", f"{CALLS}/a")
HANG_UP = Request("DELETE", f"{CALLS}/a")
INVITE = Request("POST", f"{CALLS}/a/participants/invite", body=b"{}")
MADE = Response(201, body=encode_json({"id": "a"}))
UNSENT = Failure("ConnectError: refused", sent=False)
LOST = Failure("ReadTimeout: timed out", sent=True)


def answer(status: int, **headers: str) -> Response:
    """An answer without a body."""
    return Response(status, Headers({name.replace("_", "-"): value for name, value in headers.items()}))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger."""
    return Ledger(tmp_path / "run.jsonl")


def guard(ledger: Ledger, budget: int = 9, *, judging: bool = False) -> Guard:
    return Guard(ledger, Budget(budget), "tenant", judging=judging, jitter=lambda: 0.5)


def carried_out(guard: Guard, request: Request, *outcomes: Outcome) -> tuple[Outcome, list[float]]:
    """What came of a request that has ``outcomes``, the last of them for ever, and how long it waited."""
    waits: list[float] = []
    answers = _for_ever(outcomes)
    flow = guard.flow(request)
    step = next(flow)
    while True:
        try:
            if isinstance(step, Wait):
                waits.append(step.seconds)
                step = next(flow)
            else:
                step = flow.send(next(answers))
        except StopIteration as done:
            return done.value, waits


def _for_ever(outcomes: tuple[Outcome, ...]) -> Iterator[Outcome]:
    yield from outcomes
    while True:
        yield outcomes[-1]


@pytest.mark.parametrize(
    ("request_", "outcome", "waits"),
    [
        (CREATE, answer(429, Retry_After="7"), [7.0]),
        (HANG_UP, answer(429, Retry_After="0"), [0.0]),
        (INVITE, answer(503, Retry_After="3"), [3.0]),
        (CREATE, answer(429), [1.5]),
        (READ, answer(504), [1.5]),
        (READ, LOST, [1.5]),
        (CREATE, UNSENT, [1.5]),
        (
            READ,
            answer(429, Retry_After="Sun, 22 Nov 2026 10:00:09 GMT", Date="Sun, 22 Nov 2026 10:00:00 GMT"),
            [9.0],
        ),
        (READ, answer(429, Retry_After="soon"), [1.5]),
    ],
)
def test_a_request_that_was_not_carried_out_is_sent_again(
    ledger: Ledger, request_: Request, outcome: Outcome, waits: list[float]
) -> None:
    """The request waits as Retry-After says, by the service's clock; without it, for growing times."""
    assert carried_out(guard(ledger), request_, outcome, MADE) == (MADE, waits)


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        (READ, answer(200)),
        (READ, answer(404)),
        (READ, answer(500)),
        (CREATE, answer(500)),
        (CREATE, answer(504)),
        (CREATE, LOST),
        (HANG_UP, answer(502)),
        (INVITE, LOST),
    ],
)
def test_a_request_that_may_have_been_carried_out_is_not_sent_twice(
    ledger: Ledger, request_: Request, outcome: Outcome
) -> None:
    """A second invite or call would be one too many, and a second DELETE would be answered 404."""
    assert carried_out(guard(ledger), request_, outcome, MADE) == (outcome, [])


def test_retries_end(ledger: Ledger) -> None:
    """The waits grow and their sum has a limit."""
    outcome, waits = carried_out(guard(ledger), READ, answer(429))
    assert isinstance(outcome, Response)
    assert outcome.status == 429
    assert waits == [1.5, 3.0, 6.0, 12.0, 24.0]
    assert len(waits) == ATTEMPTS - 1


def test_a_long_retry_after_is_not_waited_for(ledger: Ledger) -> None:
    """A quota that is used up for long is a reason to go on with something else."""
    assert carried_out(guard(ledger), READ, answer(429, Retry_After="3600"))[1] == []
    waits = carried_out(guard(ledger), READ, answer(429, Retry_After="50"))[1]
    assert waits == [50.0, 50.0]
    assert sum(waits) <= MAX_WAIT


@pytest.mark.parametrize("path", ["/v1.0/communications/calls", "/beta/app/calls", "/v1.0/communications/calls/?x=1"])
def test_a_call_is_written_down_before_it_is_asked_for(ledger: Ledger, path: str) -> None:
    """The ledger has an intent at the moment of sending, and the call afterwards."""
    made = guard(ledger)
    flow = made.flow(Request("POST", f"https://graph.example{path}", body=b"{}"))
    next(flow)
    (intent,) = ledger.unanswered()
    assert "?" not in intent.url
    with pytest.raises(StopIteration):
        flow.send(MADE)
    (call,) = ledger.open_calls()
    assert (call.call_id, call.tenant) == ("a", "tenant")
    assert call.url.endswith("/calls/a")
    assert made.created_calls == ["a"]
    assert ledger.unanswered() == ()


def test_the_id_may_stand_in_the_location_alone(ledger: Ledger) -> None:
    """An answer without a usable body has made a call all the same."""
    carried_out(guard(ledger), CREATE, answer(201, Location=f"{CALLS}/b?x=1"))
    assert [call.call_id for call in ledger.open_calls()] == ["b"]


@pytest.mark.parametrize("outcome", [answer(400), answer(403), answer(429, Retry_After="999"), answer(503), UNSENT])
def test_a_refused_request_is_not_in_the_ledger(ledger: Ledger, outcome: Outcome) -> None:
    """No call came of it."""
    carried_out(guard(ledger), CREATE, outcome)
    assert ledger.unanswered() == ledger.open_calls() == ()


@pytest.mark.parametrize("outcome", [LOST, answer(500), answer(502), answer(504), answer(201)])
def test_a_request_that_may_have_created_a_call_is_kept_in_the_ledger(ledger: Ledger, outcome: Outcome) -> None:
    """Whether there is a call cannot be known; it is kept to be on the safe side."""
    carried_out(guard(ledger), CREATE, outcome)
    assert len(ledger.unanswered()) == 1


@pytest.mark.parametrize(("status", "over"), [(204, True), (404, True), (403, False), (500, False)])
def test_a_call_that_was_hung_up_is_over(ledger: Ledger, status: int, over: bool) -> None:
    """Whichever request hangs it up; a refusal changes nothing."""
    one = guard(ledger)
    carried_out(one, CREATE, MADE)
    carried_out(one, HANG_UP, answer(status))
    assert (ledger.open_calls() == ()) is over


def test_requests_that_create_no_call_are_not_in_the_ledger(ledger: Ledger) -> None:
    """Inviting and reading create no call."""
    for request in (READ, INVITE, Request("POST", "https://graph.example/v1.0/me/calls")):
        carried_out(guard(ledger), request, answer(200))
    assert not ledger.path.exists()


def test_a_request_between_two_attempts_is_no_open_intent(ledger: Ledger) -> None:
    """An interrupt of the wait keeps no intent open."""
    flow = guard(ledger).flow(CREATE)
    next(flow)
    assert isinstance(flow.send(answer(429, Retry_After="9")), Wait)
    flow.close()
    assert ledger.unanswered() == ()


def test_a_budget_ends(ledger: Ledger) -> None:
    """Beyond the budget nothing is sent or written down; a request that is sent again counts once."""
    one = guard(ledger, budget=1)
    carried_out(one, CREATE, answer(429, Retry_After="1"), MADE)
    with pytest.raises(StageError) as error:
        next(one.flow(CREATE))
    assert str(error.value) == (
        "not checked: another call could not be staged; the budget of 1 calls is spent. See graphcalls_budget."
    )
    assert carried_out(one, READ, answer(200))[0] == answer(200)
    assert len(ledger.open_calls()) == 1


@pytest.mark.parametrize("status", [200, 204, 400, 401, 403, 404, 405, 409, 412])
def test_an_answer_that_can_be_judged_is_no_fault(status: int) -> None:
    """The contract says something about these."""
    assert fault_of(READ, answer(status)) is None


@pytest.mark.parametrize("outcome", [answer(429), answer(500), answer(502), answer(503), answer(504), UNSENT, LOST])
def test_a_fault_ends_a_test_that_judges_and_no_other(ledger: Ledger, outcome: Outcome) -> None:
    """A project's own test may want to see how its bot takes it."""
    with pytest.raises(EnvironmentFaultError):
        carried_out(guard(ledger, judging=True), CREATE, outcome)
    assert carried_out(guard(ledger), CREATE, outcome)[0] == outcome


def test_a_fault_says_what_support_asks_for() -> None:
    """The request's id and the date, and that no rule is broken."""
    wrapped = {"error": {"code": "UnknownError", "message": '{"errorCode":"9999","message":"Unknown internal error."}'}}
    headers = Headers({"request-id": "5d0e", "Date": "Sun, 22 Nov 2026 10:00:00 GMT"})
    fault = fault_of(CREATE, Response(500, headers, encode_json(wrapped)))
    assert str(fault) == (
        "could not check: POST /v1.0/communications/calls was answered 500 9999 Unknown internal error (request-id "
        "5d0e, date Sun, 22 Nov 2026 10:00:00 GMT). This proves nothing about the contract; run it again."
    )


def test_a_missing_answer_is_reported_with_its_cause() -> None:
    """The fault has the words of the network."""
    assert "GET /v1.0/communications/calls/a got no answer: ReadTimeout: timed out." in str(fault_of(READ, LOST))


def test_a_fault_in_a_create_is_still_written_down(ledger: Ledger) -> None:
    """The test ends, the ledger knows."""
    with pytest.raises(EnvironmentFaultError):
        carried_out(guard(ledger, judging=True), CREATE, LOST)
    assert len(ledger.unanswered()) == 1


USER = "https://graph.example/v1.0/users/3fa85f64-5717-4562-b3fc-2c963f66afa6/onlineMeetings"


def test_a_meeting_that_was_made_is_written_down_and_taken_away(ledger: Ledger) -> None:
    """The ledger has the address of the meeting; it does not count as a call."""
    made = guard(ledger, budget=0)
    carried_out(made, Request("POST", USER, body=b"{}"), Response(201, body=encode_json({"id": "MSo1+/="})))
    (meeting,) = ledger.open_calls()
    assert (meeting.call_id, meeting.url) == ("MSo1+/=", f"{USER}/MSo1%2B/%3D")
    assert (made.created, made.created_calls) == (["MSo1+/="], [])
    carried_out(made, Request("DELETE", f"{USER}/MSo1%2B%2F%3D"), answer(204))
    assert ledger.open_calls() == ()


def test_requests_are_counted_and_end(ledger: Ledger) -> None:
    """Each attempt counts; what takes away again what was created is sent all the same."""
    budget = Budget(9, requests=2)
    made = Guard(ledger, budget, "tenant", jitter=lambda: 0.0)
    carried_out(made, READ, answer(503, Retry_After="1"), answer(200))
    with pytest.raises(StageError, match=r"the 2 requests of this process are sent.*graphcalls_requests"):
        carried_out(made, READ, answer(200))
    assert carried_out(made, HANG_UP, answer(204))[0] == answer(204)
    assert budget.sent == 3


DIAL = b'{"participants": [{"identity": {"phone": {"id": "+15550100"}}}]}'


@pytest.mark.parametrize(
    "request_",
    [
        Request("POST", f"{CALLS}/a/playPrompt", body=b"{}"),
        Request("POST", f"{CALLS}/a/participants/b/startHoldMusic", body=b"{}"),
        Request("POST", f"{CALLS}/a/recordResponse", body=b"{}"),
        Request("POST", f"{CALLS}/a/sendDtmfTones", body=b"{}"),
        Request("POST", f"{CALLS}/a/updateRecordingStatus", body=b"{}"),
        Request("POST", f"{CALLS}/a/changeScreenSharingRole", body=b"{}"),
        Request("POST", f"{CALLS}/a/startRecording".replace("v1.0", "beta"), body=b"{}"),
        Request("POST", f"{CALLS}/a/participants/p/reportSyntheticMedia".replace("v1.0", "beta"), body=b"{}"),
        Request("POST", f"{CALLS}/a/participants/invite", body=DIAL),
        Request("POST", f"{CALLS}/a/transfer", body=DIAL),
        Request("POST", f"{CALLS}/a/redirect", body=DIAL),
    ],
)
def test_people_who_did_not_agree_are_not_dialled_played_to_or_recorded(ledger: Ledger, request_: Request) -> None:
    """The setting that names those who agreed is said; with everybody named it is sent."""
    unasked = Guard(ledger, Budget(9), "tenant", not_asked=["+15550100"])
    with pytest.raises(StageError, match=r"1 of the sandbox's users and phones.*GRAPHCALLS_SANDBOX_AGREED"):
        carried_out(unasked, request_, answer(200))
    assert carried_out(unasked, INVITE, answer(200))[0] == answer(200)
    assert carried_out(guard(ledger), request_, answer(200))[0] == answer(200)
