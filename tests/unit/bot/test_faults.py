"""A bot under faults: its notifications, its reactions, and what cannot be held against it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.clients.httpx import SimulatorTransport
from pytest_graphcalls.errors import BotError
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Simulator
from tests.unit.bot.bots import GRAPH, Note, Phone, asgi, incoming

RINGS = "created call incoming"
MEDIA = {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"}


def deliveries(bot: Bot) -> list[tuple[float, str]]:
    return [(one.at, one.kind) for one in bot.deliveries]


SEEN: list[tuple[str, dict[str, Any], list[tuple[float, str]]]] = [
    ("drop", {}, []),
    ("delay", {"seconds": 2}, [(2, RINGS)]),
    ("duplicate", {}, [(0, RINGS), (0, RINGS)]),
    ("reorder", {}, [(5, RINGS)]),
    ("batch", {"within": 1}, [(1, RINGS)]),
    ("hold", {}, [(9, RINGS)]),
]


@pytest.mark.parametrize(("name", "facts", "seen"), SEEN)
@pytest.mark.parametrize("remote", [False, True], ids=["inside", "outside"])
def test_a_fault_decides_when_and_how_often_a_bot_is_notified(
    simulator: Simulator, bot: Bot, name: str, facts: dict[str, Any], seen: list[tuple[float, str]], remote: bool
) -> None:
    """The fault acts in process and behind a socket; the ledger has the virtual times."""
    got: list[Note] = []
    app = asgi(lambda notes, headers: got.append(notes))
    with serve_in_thread(app) as url:
        bot(url if remote else app)
        with simulator.fault(name, nth=1, **facts):
            simulator.incoming_call()
            simulator.advance(9)
        simulator.advance(0)
    assert deliveries(bot) == seen
    assert len(got) == len(seen)


def test_the_same_message_comes_twice(simulator: Simulator, bot: Bot) -> None:
    """Bots recognise a repeated notification by its message id."""
    ids: list[str] = []
    bot(asgi(lambda notes, headers: ids.append(headers["x-microsoft-skype-message-id"])))
    with simulator.fault("duplicate"):
        simulator.incoming_call()
        simulator.advance(0)
    assert len(ids) == 2
    assert ids[0] == ids[1]


def test_the_timeline_shows_each_fault(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """A fault is shown between notifications and requests; a spoilt answer is marked."""

    def act(notes: Note, headers: dict[str, str]) -> None:
        for call in incoming(notes):
            for _ in range(4):
                phone.reject(call)

    bot(asgi(act))
    simulator.fault("503", nth=1, operation="call-reject", retry_after=2)
    simulator.fault("half-sent", nth=2)
    simulator.fault("dropped", nth=3)
    simulator.fault("duplicate", kind="created call")
    call = simulator.incoming_call()
    simulator.advance(0)
    lines = [line.partition(" s  ")[2] for line in bot.timeline().splitlines()[1:]]
    where = f"(call {call.id[:8]})"
    reject = f"POST /calls/{call.id}/reject"
    assert lines[0] == f"fault  duplicate (kind='created call'): {RINGS}  {where}"
    assert lines[1].startswith(f"posted {RINGS}: 202 in ")
    assert lines[2:6] == [
        f"fault  503 (nth=1, operation='call-reject', retry_after=2): {reject}  {where}",
        f"asked  {reject}: 503",
        f"fault  half-sent (nth=2): {reject}  {where}",
        f"asked  {reject}: 202, which did not arrive",
    ]
    assert lines[6] == f"fault  dropped (nth=3): {reject}  {where}"
    assert lines[7].startswith(f"asked  {reject}: 404, which did not arrive")


def test_a_partial_answer_is_marked_in_the_timeline(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    bot(asgi(lambda notes, headers: None))
    call = simulator.incoming_call()
    with simulator.fault("half-sent"):
        phone.send("GET", f"/calls/{call.id}")
    assert bot.timeline().splitlines()[-1].endswith(": 200, which arrived in part")
    (asked,) = bot.requests
    assert (asked.lost, asked.whole) == (False, False)


def test_a_bot_that_is_not_notified_of_the_end_does_not_know_of_it(
    simulator: Simulator, bot: Bot, phone: Phone
) -> None:
    """A 404 that gets lost does not inform the bot of the end, the next one does."""
    bot(asgi(lambda notes, headers: None))
    call = simulator.incoming_call()
    simulator.advance(0)
    with simulator.fault("drop"):
        simulator.advance(20)
    with simulator.fault("dropped"):
        assert phone.send("GET", f"/calls/{call.id}").status == 404
    with pytest.raises(BotError, match="the bot learned of the end of no call"):
        bot.assert_stopped_after_end()
    phone.send("GET", f"/calls/{call.id}")
    bot.assert_stopped_after_end()
    phone.send("GET", f"/calls/{call.id}")
    with pytest.raises(BotError, match="was answered 404"):
        bot.assert_stopped_after_end()


def test_a_call_that_a_bot_does_not_know_of_need_not_be_hung_up(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """The answer to its create got lost."""
    bot(asgi(lambda notes, headers: None))
    who = {"identity": {"user": {"id": simulator.person("Ana").id}}}
    body = {"callbackUri": "https://bot.contoso.com/api/calls", "requestedModalities": ["audio"], "mediaConfig": MEDIA}
    with simulator.fault("dropped"):
        assert phone.send("POST", "/calls", {**body, "targets": [who]}).status == 201
    with pytest.raises(BotError, match="has created and answered no call"):
        bot.assert_hung_up_what_it_created()
    phone.send("POST", "/calls", {**body, "targets": [who]})
    with pytest.raises(BotError, match="expected that the bot ends what it has created"):
        bot.assert_hung_up_what_it_created()


def test_a_bot_need_not_wait_for_a_retry_after_that_got_lost(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """Of a 429 that got lost it has not seen Retry-After; of a half-sent one it has."""
    bot(asgi(lambda notes, headers: None))
    call = simulator.incoming_call()
    with simulator.fault("429", retry_after=9), simulator.fault("dropped"):
        phone.send("GET", f"/calls/{call.id}")
    phone.send("GET", f"/calls/{call.id}")
    with pytest.raises(BotError, match="no answer was 429 or 503 with Retry-After"):
        bot.assert_waited_retry_after()
    with simulator.fault("429", retry_after=9), simulator.fault("half-sent"):
        phone.send("GET", f"/calls/{call.id}")
    phone.send("GET", f"/calls/{call.id}")
    with pytest.raises(BotError, match="with Retry-After: 9; expected that it waits 9 seconds"):
        bot.assert_waited_retry_after()


def test_a_bot_sees_failures_while_it_is_notified(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """The bot retries, and time that its request takes is virtual; it is not notified meanwhile."""
    failures: list[str] = []

    def act(notes: Note, headers: dict[str, str]) -> None:
        for call in incoming(notes):
            with httpx.Client(transport=SimulatorTransport(simulator), headers=bearer, timeout=3) as client:
                url = f"{GRAPH}/calls/{call}/reject"
                for _ in range(4):
                    try:
                        client.post(url, json={"reason": "busy"}).raise_for_status()
                    except httpx.HTTPError as error:
                        failures.append(type(error).__name__)
                    else:
                        break

    bearer = {"Authorization": f"Bearer {phone.token}"}
    bot(asgi(act))
    simulator.fault("latency", nth=1, seconds=5)
    simulator.fault("503", nth=1)
    simulator.fault("500", nth=2)
    call = simulator.incoming_call()
    simulator.advance(0)
    assert failures == ["ReadTimeout", "HTTPStatusError"]
    assert (call.rejected_with, simulator.now) == ("busy", 3)
    assert deliveries(bot) == [(0, RINGS), (3, "deleted call")]


def test_assertions_judge_a_bot_after_injected_faults(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """Assertions judge injected faults like those of a test: notifications are reordered and repeated."""
    done: set[str] = set()

    def act(notes: Note, headers: dict[str, str]) -> None:
        for call in incoming(notes):
            if call not in done:
                done.add(call)
                phone.answer(call)

    bot(asgi(act))
    simulator.fault("reorder", kind="updated call establishing")
    simulator.fault("duplicate")
    simulator.incoming_call()
    simulator.advance(1)
    kinds = [kind for _, kind in deliveries(bot)]
    assert kinds.index("updated call established") < kinds.index("updated call establishing")
    bot.assert_survives_reorder()
    bot.assert_acts_once_on_duplicates()


def test_a_bot_that_acts_twice_on_a_duplicate_fault(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    bot(asgi(lambda notes, headers: [phone.reject(call) for call in incoming(notes)] and None))
    with simulator.fault("duplicate", kind="created call"):
        simulator.incoming_call()
        simulator.advance(0)
    with pytest.raises(BotError, match=f"because '{RINGS}' was repeated"):
        bot.assert_acts_once_on_duplicates()


def test_a_bot_that_comes_back_is_written_down_once(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """Faults strike once in the ledger, too."""
    app = asgi(lambda notes, headers: None)
    bot(app)
    bot.close()
    bot(app)
    bot(app)
    call = simulator.incoming_call()
    with simulator.fault("503"):
        phone.reject(call.id)
    assert len(bot.requests) == 1
    assert len(bot.ledger.entries) == 2


def test_a_held_notification_reaches_a_bot_that_fails_repeatedly(simulator: Simulator, bot: Bot) -> None:
    """Redelivery and faults do not get into each other's way: each attempt is of one notification."""
    bot(asgi(lambda notes, headers: 500), redeliveries=1)
    with simulator.fault("duplicate") as fault:
        simulator.incoming_call()
        simulator.advance(3)
    assert [one.attempt for one in bot.deliveries] == [1, 2, 1, 2]
    assert (fault.seen, len(fault.fired)) == (1, 1)
