"""What goes wrong with answers: each fault does what its row says, to the requests that it was selected for."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest

from pytest_graphcalls.contract import Contract, Match, Miss
from pytest_graphcalls.contract.routes import Router
from pytest_graphcalls.simulator import FAULTS, Fault, Faulty, Simulator
from pytest_graphcalls.simulator.faults import NOTHING, Side
from pytest_graphcalls.wire import Headers, Request, Response
from tests.unit.simulator.bot import CALLS, GRAPH, Bot, code, entry

Look = Callable[[Response], Any]


def _spoilt(response: Response) -> tuple[float, int | None]:
    assert isinstance(response, Faulty)
    return response.delay, response.sent


def _headers_of(*names: str) -> Look:
    return lambda response: (code(response), *(response.headers.get(name) for name in names))


def _inner(response: Response) -> tuple[str, str]:
    return code(response), response.json()["error"]["message"][:10]


DONE: list[tuple[str, dict[str, Any], Look, Any]] = [
    ("429", {}, _headers_of("Retry-After"), ("429 TooManyRequests", None)),
    ("429", {"retry_after": 7}, _headers_of("Retry-After"), ("429 TooManyRequests", "7")),
    ("503", {}, _headers_of("Retry-After"), ("503 ServiceUnavailable", None)),
    ("503", {"retry_after": 0}, _headers_of("Retry-After"), ("503 ServiceUnavailable", "0")),
    ("500", {}, code, "500 9999"),
    ("error", {"row": "already-established"}, code, "400 8501"),
    ("wrapped", {}, _inner, ("403 7503", '{"code":"7')),
    ("wrapped", {"row": "call-not-found"}, _inner, ("404 8522", '{"code":"8')),
    ("expired-token", {}, code, "401 InvalidAuthenticationToken"),
    ("call-not-found", {}, code, "404 8522"),
    ("latency", {"seconds": 2}, _spoilt, (2, None)),
    ("dropped", {}, _spoilt, (0, NOTHING)),
    ("half-sent", {"sent": 7}, _spoilt, (0, 7)),
    ("half-sent", {"sent": 0}, _spoilt, (0, 0)),
]


def test_every_fault_of_an_answer_is_exercised() -> None:
    assert {name for name, *_ in DONE} == {name for name, sort in FAULTS.items() if sort.side is Side.ANSWER}


@pytest.mark.parametrize(("name", "facts", "look", "seen"), DONE)
def test_a_fault_does_what_it_says(
    simulator: Simulator, bot: Bot, name: str, facts: dict[str, Any], look: Look, seen: Any
) -> None:
    """A fault never counts as a violation by the service; ``bot.send`` asserts that."""
    call = bot.join()
    with simulator.fault(name, **facts) as fault:
        assert look(bot.get(f"/{call.id}")) == seen
    assert [one.what for one in fault.fired] == [f"GET /calls/{call.id}"]
    assert (fault.fired[0].call, fault.fired[0].at) == (call.id, simulator.now)
    assert bot.get(f"/{call.id}").status == 200
    assert simulator.faults.active == ()


ERRORS = sorted(Simulator().faults.contract.errors.responses)


@pytest.mark.parametrize("name", ["error", "wrapped"])
@pytest.mark.parametrize("row", ERRORS)
def test_every_error_of_the_catalogue_can_be_had(simulator: Simulator, name: str, row: str) -> None:
    bot = Bot(simulator)
    call = bot.join()
    simulator.fault(name, row=row)
    known = simulator.faults.contract.errors.responses[row]
    answer = bot.post(f"/{call.id}/keepAlive")
    assert code(answer) == f"{known.status} {known.code}"
    assert json.loads(answer.body)["error"]["message"].startswith("{") is (
        name == "wrapped" or known.envelope == "wrapped"
    )


def test_an_error_on_purpose_has_words_for_what_it_names(simulator: Simulator, bot: Bot) -> None:
    """A template of an error is filled with words in place of names of the request."""
    with simulator.fault("error", row="conflicting-actions"):
        message = bot.get("/x").json()["error"]["message"]
    assert message.startswith("Conflict between action and action. [pytest-graphcalls] Injected by the fault")


def test_half_of_the_body_arrives_unless_it_is_said(simulator: Simulator, bot: Bot) -> None:
    """Never all of it; and where there is no body, nothing at all."""
    call = bot.join()
    simulator.fault("half-sent")
    answer = bot.get(f"/{call.id}")
    assert _spoilt(answer) == (0, len(answer.body) // 2)
    simulator.fault("half-sent", sent=10**6)
    answer = bot.get(f"/{call.id}")
    assert _spoilt(answer)[1] in {len(answer.body) // 2, len(answer.body) - 1}
    assert _spoilt(bot.delete(f"/{call.id}")) == (0, NOTHING)


def test_a_dropped_request_is_carried_out(simulator: Simulator, bot: Bot) -> None:
    """A refused request is not."""
    first, second = bot.join(), bot.join()
    with simulator.fault("dropped"):
        bot.delete(f"/{first.id}")
    with simulator.fault("503"):
        bot.delete(f"/{second.id}")
    assert (first.state, second.state) == ("terminated", "established")


def test_the_fault_expired_token_has_the_answer_of_a_really_expired_one(simulator: Simulator, bot: Bot) -> None:
    """The token of the request is as good as before, and observers see it as it was sent."""
    call, seen = bot.join(), []
    simulator.observe(seen.append)
    with simulator.fault("expired-token"):
        answer = bot.get(f"/{call.id}")
    assert "expired" in answer.json()["error"]["message"]
    assert seen[0].request.headers["Authorization"] == f"Bearer {bot.token}"


SELECTED: list[tuple[dict[str, Any], str]] = [
    ({}, "xxxxxx"),
    ({"nth": 1}, "x....."),
    ({"nth": 4}, "...x.."),
    ({"every": 2}, ".x.x.x"),
    ({"since": 3}, "..xxxx"),
    ({"every": 2, "since": 4}, "...x.x"),
    ({"every": 2, "nth": 3}, "......"),
    ({"probability": 0}, "......"),
    ({"probability": 1}, "xxxxxx"),
]


@pytest.mark.parametrize(("facts", "struck"), SELECTED)
def test_which_requests_are_struck(simulator: Simulator, facts: dict[str, Any], struck: str) -> None:
    """All conditions have to hold."""
    bot = Bot(simulator)
    call = bot.join()
    fault = simulator.fault("500", **facts)
    answers = [bot.get(f"/{call.id}").status for _ in struck]
    assert "".join("x" if status == 500 else "." for status in answers) == struck
    assert (fault.seen, len(fault.fired)) == (len(struck), struck.count("x"))


def chances(seed: int) -> str:
    simulator = Simulator(seed=seed)
    bot = Bot(simulator)
    call = bot.join()
    simulator.fault("500", probability=0.5)
    return "".join("x" if bot.get(f"/{call.id}").status == 500 else "." for _ in range(40))


def test_chance_follows_the_seed() -> None:
    assert chances(1) == chances(1) != chances(2)
    assert 5 < chances(1).count("x") < 35


def test_chance_takes_nothing_from_the_ids(simulator: Simulator) -> None:
    """What is created beside a fault that never strikes is what is created without it."""
    other = Simulator()
    simulator.fault("500", probability=1e-9)
    first, second = (Bot(one).join().id for one in (simulator, other))
    assert first == second


def test_an_operation_is_selected(simulator: Simulator, bot: Bot) -> None:
    """By its id; requests for others are not even counted."""
    call = bot.join()
    fault = simulator.fault("503", operation="participant-invite")
    assert bot.get(f"/{call.id}").status == 200
    assert fault.seen == 0
    assert bot.invite(call, entry(simulator.person("Cem"))).status == 503


def test_a_state_is_selected(simulator: Simulator, bot: Bot) -> None:
    """The selected state is that of the request's call when it comes in; other requests are not selected."""
    rings, talks = simulator.incoming_call(), bot.join()
    fault = simulator.fault("call-not-found", state="established")
    assert bot.create().status != 404
    assert bot.get("/57da0000-0000-0000-0000-000000000000").status == 404
    assert fault.seen == 0
    assert bot.get(f"/{rings.id}").status == 200
    assert bot.get(f"/{talks.id}").status == 404
    assert fault.seen == 1


def test_a_request_that_is_no_operation_is_not_struck(simulator: Simulator, bot: Bot) -> None:
    """Requests outside the API, such as the keys of notifications, are not struck."""
    paths = ("/communications/onlineMeetings", "/communications/calls/57da/mute")
    asked = [Request("GET", f"{GRAPH}/v1.0{path}") for path in paths]
    asked += [Request("GET", "https://api.aps.skype.com/v1/.well-known/OpenIdConfiguration")]
    without = [simulator.handle(request).status for request in asked]
    fault = simulator.fault("500")
    assert [simulator.handle(request).status for request in asked] == without
    assert fault.seen == 0


def test_several_go_together(simulator: Simulator, bot: Bot) -> None:
    """Late, half and an error at once, in whatever order they were injected; of two errors the first one answers."""
    call = bot.join()
    faults = [
        simulator.fault("500"),
        simulator.fault("half-sent", sent=3),
        simulator.fault("503"),
        simulator.fault("latency", seconds=2),
        simulator.fault("latency", seconds=0.5),
    ]
    answer = bot.get(f"/{call.id}")
    assert (answer.status, _spoilt(answer)) == (500, (2.5, 3))
    assert [(one.seen, len(one.fired)) for one in faults] == [(1, 1), (1, 1), (1, 0), (1, 1), (1, 1)]
    faults[0].end()
    assert bot.get(f"/{call.id}").status == 503


def test_a_dropped_answer_stays_lost_under_half_sent(simulator: Simulator, bot: Bot) -> None:
    call = bot.join()
    simulator.fault("half-sent", sent=3)
    simulator.fault("dropped")
    assert _spoilt(bot.get(f"/{call.id}")) == (0, NOTHING)


def test_ending_twice_does_nothing(simulator: Simulator, bot: Bot) -> None:
    """A second end does not end another fault of the same name."""
    call = bot.join()
    with simulator.fault("500") as fault:
        fault.end()
    other = simulator.fault("500")
    fault.end()
    fault.release()
    assert simulator.faults.active == (other,)
    assert bot.get(f"/{call.id}").status == 500


def test_a_fault_ends_with_its_block_when_that_raises(simulator: Simulator) -> None:
    with pytest.raises(LookupError), simulator.fault("500"):
        raise LookupError
    assert simulator.faults.active == ()


def test_a_reset_ends_all(simulator: Simulator) -> None:
    """Old handles do nothing any more; new ones count from 1, with the same chances."""

    def chances() -> tuple[Fault, list[int]]:
        bot = Bot(simulator)
        call = bot.join()
        fault = simulator.fault("500", probability=0.5)
        return fault, [bot.get(f"/{call.id}").status for _ in range(20)]

    old, before = chances()
    simulator.reset()
    assert simulator.faults.active == ()
    new, after = chances()
    old.end()
    assert simulator.faults.active == (new,)
    assert (new.number, after) == (1, before)


def test_faults_show_what_they_are(simulator: Simulator, bot: Bot) -> None:
    call = bot.join()
    fault = simulator.fault("429", nth=1, retry_after=3)
    bot.get(f"/{call.id}")
    bot.get(f"/{call.id}")
    assert repr(fault) == "<fault 1: 429 (nth=1, retry_after=3), struck 1 of 2>"
    assert fault.name == "429"


def test_every_request_counts_once_under_threads(simulator: Simulator) -> None:
    """Requests count once while other faults are injected and ended."""
    bot = Bot(simulator)
    call = bot.join()
    fault = simulator.fault("500", every=2)
    failed: list[int] = []

    def ask() -> None:
        for _ in range(25):
            with simulator.fault("latency", seconds=1):
                failed.append(bot.get(f"/{call.id}").status)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (fault.seen, len(fault.fired), failed.count(500)) == (100, 50, 50)
    assert simulator.faults.active == (fault,)


def test_an_answer_says_what_was_injected(simulator: Simulator) -> None:
    """Every fault that struck it, the outermost first; an answer without any says nothing."""
    bot = Bot(simulator)
    assert "x-graphcalls-fault" not in bot.get("/57da").headers
    with simulator.fault("503", retry_after=3), simulator.fault("half-sent", sent=1), simulator.fault("429"):
        answer = bot.get("/57da")
    assert answer.headers["x-graphcalls-fault"] == "half-sent (sent=1); 503 (retry_after=3)"
    assert isinstance(answer, Faulty)


@pytest.mark.parametrize(
    ("name", "facts"), [("429", {}), ("expired-token", {}), ("latency", {"seconds": 1}), ("half-sent", {})]
)
def test_an_exchange_with_a_fault_is_routed_once(
    simulator: Simulator, bot: Bot, monkeypatch: pytest.MonkeyPatch, name: str, facts: dict[str, Any]
) -> None:
    """Fault, simulator and observer share what one of them has found."""
    call, contract = bot.join(), Contract.packaged()
    routed: list[str] = []
    original = Router.match

    def counted(router: Router, method: str, path: str) -> Match | Miss:
        routed.append(path)
        return original(router, method, path)

    simulator.observe(lambda exchange: contract.look_of(exchange))
    monkeypatch.setattr(Router, "match", counted)
    simulator.fault(name, **facts)
    simulator.handle(
        Request("GET", f"{GRAPH}/v1.0{CALLS}/{call.id}", Headers({"Authorization": f"Bearer {bot.token}"}))
    )
    assert len(routed) == 1
