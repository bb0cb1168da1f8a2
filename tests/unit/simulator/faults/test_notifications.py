"""Faults of notifications (lost, late, twice, reordered, batched); what the service posts is the same without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_graphcalls.simulator import FAULTS, Pace, SimulatedCall, Simulator
from pytest_graphcalls.simulator.faults import Side
from pytest_graphcalls.simulator.notifications import KINDS, kind_of
from pytest_graphcalls.wire import Notification
from tests.unit.simulator.bot import Bot, entry

RINGS, UP, IS_UP, GONE = (
    "created call incoming",
    "updated call establishing",
    "updated call established",
    "deleted call",
)


class Listener:
    """Keeps each delivered notification with its virtual second and its kind."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.got: list[Notification] = []
        self.delivered: list[tuple[float, str]] = []
        simulator.deliver_to(self)

    def __call__(self, note: Notification, number: int) -> None:
        self.got.append(note)
        self.delivered.append((self._simulator.now, kind_of(note.entries)))

    @property
    def kinds(self) -> list[str]:
        return [kind for _, kind in self.delivered]

    @property
    def calls(self) -> list[str]:
        return [note.call_id for note in self.got]


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(pace=Pace(audio=100))


@pytest.fixture
def listener(simulator: Simulator) -> Listener:
    return Listener(simulator)


def answered(simulator: Simulator) -> SimulatedCall:
    """A call of 3 notifications: it rings, is coming up, is up after half a second; nothing is delivered yet."""
    call = simulator.incoming_call("Ana")
    assert Bot(simulator).answer(call, callbackUri=simulator.authority.app.callback_uri).status == 202
    return call


FOLLOWS = {"@odata.type": "#microsoft.graph.outgoingCallOptions", "isContentSharingNotificationEnabled": True}
DONE: list[tuple[str, dict[str, Any], list[tuple[float, str]]]] = [
    ("drop", {}, []),
    ("drop", {"nth": 2}, [(0, RINGS), (0.5, IS_UP)]),
    ("delay", {"seconds": 3, "nth": 1}, [(0, UP), (0.5, IS_UP), (3, RINGS)]),
    ("delay", {"seconds": 3}, [(3, RINGS), (3, UP), (3.5, IS_UP)]),
    ("duplicate", {"nth": 1}, [(0, RINGS), (0, RINGS), (0, UP), (0.5, IS_UP)]),
    ("duplicate", {"copies": 2, "since": 3}, [(0, RINGS), (0, UP), *[(0.5, IS_UP)] * 3]),
    ("reorder", {"kind": "updated call establishing"}, [(0, RINGS), (0.5, IS_UP), (0.5, UP)]),
    ("reorder", {"nth": 3, "within": 2}, [(0, RINGS), (0, UP), (2.5, IS_UP)]),
    ("batch", {"kind": "updated call"}, [(0, RINGS), (0.5, f"{UP} + {IS_UP}")]),
    ("batch", {"size": 3}, [(0.5, f"{RINGS} + {UP} + {IS_UP}")]),
    ("batch", {"size": 4, "within": 2}, [(2, f"{RINGS} + {UP} + {IS_UP}")]),
    ("hold", {"kind": "created call"}, [(0, UP), (0.5, IS_UP)]),
]


def test_every_fault_of_a_notification_is_exercised() -> None:
    assert {name for name, *_ in DONE} == {name for name, sort in FAULTS.items() if sort.side is Side.NOTIFICATION}


@pytest.mark.parametrize(("name", "facts", "delivered"), DONE)
def test_a_fault_does_what_it_says(
    simulator: Simulator, listener: Listener, name: str, facts: dict[str, Any], delivered: list[tuple[float, str]]
) -> None:
    """The notifications of the service, which the contract is about, are the same as without it."""
    fault = simulator.fault(name, **facts)
    call = answered(simulator)
    simulator.advance(10)
    assert listener.delivered == delivered
    assert [kind_of(note.entries) for note in simulator.notifications] == [RINGS, UP, IS_UP]
    assert fault.fired
    assert {one.call for one in fault.fired} == {call.id}
    assert {one.what for one in fault.fired} <= {RINGS, UP, IS_UP}


def test_a_notification_that_is_not_selected_is_not_counted(simulator: Simulator, listener: Listener) -> None:
    """A kind is matched by its first words: all of a call's changes, or one state."""
    call, roster, state = (simulator.fault("drop", kind=kind) for kind in ("updated call", "updated roster", IS_UP))
    answered(simulator)
    simulator.advance(1)
    assert listener.kinds == [RINGS]
    assert (call.seen, roster.seen, state.seen) == (2, 0, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_the_simulator_posts_every_kind_of_notification(simulator: Simulator, listener: Listener, kind: str) -> None:
    """A kind that can be asked for and never comes would be a fault that never strikes."""
    fault = simulator.fault("drop", kind=kind)
    simulator.incoming_call()
    bot = Bot(simulator)
    call = bot.join()
    bot.invite(call, entry(simulator.person("Cem")))
    simulator.person("Dan").answers_after(0)
    followed = bot.create(targets=[entry(simulator.person("Dan"))], callOptions=FOLLOWS).json()["id"]
    simulator.advance(20)
    simulator.person("Dan").shares_screen(followed).stops_sharing(followed)
    bot.delete(f"/{call.id}")
    simulator.advance(0)
    assert fault.fired
    assert not [one for one in listener.kinds if one.startswith(kind)]


def chances(seed: int) -> list[float]:
    simulator = Simulator(seed=seed)
    listener = Listener(simulator)
    simulator.fault("drop", probability=0.5)
    for _ in range(40):
        simulator.incoming_call()
        simulator.advance(0.01)
    return [at for at, _ in listener.delivered]


def test_chance_follows_the_seed() -> None:
    assert chances(1) == chances(1) != chances(2)
    assert 5 < len(chances(1)) < 35


def test_a_held_notification_comes_when_it_is_released(simulator: Simulator, listener: Listener) -> None:
    """In order, before later notifications; the fault remains in force."""
    fault = simulator.fault("hold")
    first = simulator.incoming_call()
    second = simulator.incoming_call()
    simulator.advance(1)
    assert listener.calls == []
    fault.release()
    assert listener.calls == []  # nothing is delivered before time passes
    third = simulator.incoming_call()
    simulator.advance(0)
    assert listener.calls == [first.id, second.id]
    fault.release()
    fault.release()
    simulator.advance(0)
    assert listener.calls == [first.id, second.id, third.id]


@pytest.mark.parametrize(("name", "facts"), [("hold", {}), ("reorder", {}), ("batch", {"size": 9})])
def test_a_kept_notification_comes_when_the_fault_ends(
    simulator: Simulator, listener: Listener, name: str, facts: dict[str, Any]
) -> None:
    with simulator.fault(name, nth=1, **facts) as fault:
        call = simulator.incoming_call()
        simulator.advance(0)
        assert listener.calls == []
    fault.end()
    simulator.advance(30)
    assert listener.kinds[0] == RINGS
    assert listener.calls.count(call.id) == len(simulator.notifications)


def test_a_delayed_notification_comes_at_its_time(simulator: Simulator, listener: Listener) -> None:
    """A delayed notification comes also when the fault has ended meanwhile."""
    with simulator.fault("delay", seconds=3) as fault:
        simulator.incoming_call()
        simulator.advance(1)
        fault.release()
    simulator.advance(1)
    assert listener.delivered == []
    simulator.advance(1)
    assert listener.delivered == [(3, RINGS)]


def test_a_reset_forgets_what_is_kept(simulator: Simulator, listener: Listener) -> None:
    """A late notification from before the reset would name an unknown call."""
    faults = [simulator.fault(name, nth=nth, **facts) for nth, (name, facts) in enumerate(KEEPING, start=1)]
    for _ in faults:
        simulator.incoming_call()
    simulator.advance(0)
    assert listener.delivered == []
    simulator.reset()
    for fault in faults:
        fault.release()
        fault.end()
    simulator.advance(20)
    assert listener.delivered == []
    simulator.incoming_call()
    simulator.advance(0)
    assert listener.kinds == [RINGS]


KEEPING: list[tuple[str, dict[str, Any]]] = [("hold", {}), ("delay", {"seconds": 2}), ("reorder", {}), ("batch", {})]


def test_calls_do_not_wait_for_each_other(simulator: Simulator, listener: Listener) -> None:
    """What is reordered or put into one envelope is of one call."""
    simulator.fault("batch", kind="created call")
    first, second = simulator.incoming_call(), simulator.incoming_call()
    simulator.advance(0)
    assert listener.delivered == []
    simulator.advance(14)
    assert listener.kinds == [RINGS, RINGS]
    assert sorted(listener.calls) == sorted([first.id, second.id])


def test_one_envelope_has_one_address(simulator: Simulator, listener: Listener) -> None:
    """What goes to the address of the registration and to a callbackUri cannot come together."""
    simulator.fault("batch", size=3)
    call = simulator.incoming_call()
    Bot(simulator).answer(call, callbackUri="https://elsewhere.example/cb")
    simulator.advance(1)
    assert [(note.posted_to, kind_of(note.entries)) for note in listener.got] == [
        (simulator.authority.app.callback_uri, RINGS),
        ("https://elsewhere.example/cb", f"{UP} + {IS_UP}"),
    ]


def test_an_envelope_of_several_keeps_to_the_contract(simulator: Simulator, listener: Listener) -> None:
    simulator.fault("batch", size=3)
    answered(simulator)
    simulator.advance(1)
    (note,) = listener.got
    assert len(note.entries) == 3
    for version in ("v1.0", "beta"):
        assert list(simulator.faults.contract.check_notification(note.body, version)) == []


Two = tuple[str, dict[str, Any]]
DELAY: Two = ("delay", {"seconds": 3, "kind": "created call"})
TWICE: Two = ("duplicate", {"kind": "created call"})
HOLD: Two = ("hold", {"kind": "created call"})
TOGETHER: list[tuple[list[Two], list[tuple[float, str]]]] = [
    ([DELAY, TWICE], [(0, UP), (0.5, IS_UP), (3, RINGS), (3, RINGS)]),
    ([TWICE, DELAY], [(0, UP), (0.5, IS_UP), (3, RINGS), (3, RINGS)]),
    ([HOLD, TWICE], [(0, UP), (0.5, IS_UP), (5, RINGS), (5, RINGS)]),
    ([HOLD, DELAY], [(0, UP), (0.5, IS_UP), (8, RINGS)]),
    ([HOLD, ("drop", {"nth": 1})], [(0, UP), (0.5, IS_UP)]),
    ([("reorder", {"nth": 1}), DELAY], [(0, UP), (0.5, IS_UP), (3, RINGS)]),
    ([("drop", {"nth": 1}), TWICE], [(0, UP), (0.5, IS_UP)]),
]


@pytest.mark.parametrize(("both", "delivered"), TOGETHER)
def test_two_faults_go_together(
    simulator: Simulator, listener: Listener, both: list[Two], delivered: list[tuple[float, str]]
) -> None:
    """What one has kept and lets go later is still the other's to strike."""
    first, second = (simulator.fault(name, **facts) for name, facts in both)
    answered(simulator)
    simulator.advance(5)
    first.release()
    simulator.advance(5)
    assert listener.delivered == delivered
    assert len(first.fired) == 1
    assert len(second.fired) == (0 if first.name == "drop" else 1)


def test_a_kept_notification_passes_no_fault_that_has_ended(simulator: Simulator, listener: Listener) -> None:
    keeps, twice = simulator.fault("hold"), simulator.fault("duplicate")
    simulator.incoming_call()
    simulator.advance(0)
    twice.end()
    keeps.end()
    simulator.advance(0)
    assert listener.kinds == [RINGS]


def test_faults_can_be_ended_while_something_is_delivered(simulator: Simulator) -> None:
    """By the bot itself, for example, when it is notified."""
    delivered: list[str] = []
    simulator.deliver_to(lambda note, number: (delivered.append(note.call_id), fault.end())[0])
    fault = simulator.fault("duplicate")
    first, second = simulator.incoming_call(), simulator.incoming_call()
    simulator.advance(0)
    assert delivered == [first.id, first.id, second.id]


def test_without_a_bot_a_fault_keeps_nothing(simulator: Simulator) -> None:
    """Without a bot nothing is delivered, so nothing strikes."""
    fault = simulator.fault("hold")
    simulator.incoming_call()
    simulator.advance(20)
    assert (fault.seen, fault.fired) == (0, ())
    make: Callable[[], None] = fault.end
    make()
