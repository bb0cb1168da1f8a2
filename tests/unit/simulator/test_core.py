"""The simulator as a whole: time, ids, people, tenants, observers, interceptors, replaced steps."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from pytest_graphcalls.errors import NotAllowedNowError, SettingError, UnknownNameError
from pytest_graphcalls.simulator import Host, Pace, Proceed, Simulator
from pytest_graphcalls.simulator.clock import Clock, Ids
from pytest_graphcalls.simulator.responses import Refusal
from pytest_graphcalls.wire import Exchange, Headers, Request, Response
from tests.unit.simulator.bot import CALLS, Bot, code, entry, summaries


def story(simulator: Simulator) -> list[object]:
    """A little of everything, as what can be seen of it."""
    bot = Bot(simulator)
    call = bot.join()
    bot.invite(call, entry(simulator.person("Cleo")))
    simulator.advance(5)
    simulator.incoming_call("Zoe", group=True)
    roster = bot.get(f"/{call.id}/participants")
    return [roster.body, simulator.notifications, simulator.now, simulator.authority.register()]


# Time and ids


def test_the_same_seed_gives_the_same_answers() -> None:
    """Ids, bodies, notifications and times are equal; another seed gives others."""
    assert story(Simulator(seed=3)) == story(Simulator(seed=3))
    assert story(Simulator(seed=3)) != story(Simulator(seed=4))


def test_reset_makes_it_as_new() -> None:
    """Requests after it get the same ids again; tokens given out before still work."""
    simulator = Simulator()
    token = simulator.authority.token()
    seen: list[Exchange] = []
    simulator.observe(seen.append)
    first = story(simulator)
    exchanges = len(seen)
    simulator.reset()
    assert (simulator.now, simulator.notifications) == (0, [])
    assert story(simulator) == first
    assert len(seen) == 2 * exchanges
    headers = Headers({"Authorization": f"Bearer {token}"})
    assert simulator.handle(Request("GET", f"/v1.0{CALLS}/x", headers)).status == 404


def test_a_token_from_before_a_reset_outlives_it() -> None:
    """Though it was issued in what is now the future."""
    simulator = Simulator()
    simulator.advance(1000)
    bot = Bot(simulator)
    simulator.reset()
    assert bot.get("/x").status == 404


def test_requests_do_not_change_the_ids_of_calls() -> None:
    """Each kind of id has a stream of its own."""
    quiet, busy = Simulator(), Simulator()
    for _ in range(5):
        Bot(busy).get("/x")
    assert Bot(quiet).join().id == Bot(busy).join().id


def test_time_goes_forward_only() -> None:
    """Negative seconds and no numbers are refused with the value."""
    with pytest.raises(SettingError, match=r"advance\(seconds\)=-1: expected virtual seconds, a number of 0 or more"):
        Simulator().advance(-1)
    with pytest.raises(SettingError, match="nan"):
        Simulator().advance(float("nan"))


@pytest.mark.parametrize("seconds", [float("inf"), 1e12])
def test_time_goes_no_further_than_dates_do(seconds: float) -> None:
    """Every answer has a date; past the year 9999 there is none to write."""
    simulator = Simulator()
    with pytest.raises(SettingError, match=r"at most .* The calendar ends with the year 9999"):
        simulator.advance(seconds)
    assert simulator.now == 0
    assert Bot(simulator).get("/x").status == 404


def test_real_time_stands_still_at_the_end_of_the_calendar() -> None:
    """A clock past the last date stands still; every answer still has a date."""
    simulator = Simulator()
    with pytest.raises(SettingError) as caught:
        simulator.advance(1e12)
    simulator.advance(int(caught.value.expected.split()[-1]))
    for _ in range(2):
        simulator.elapse(60)
        assert Bot(simulator).get("/x").status == 404
    assert simulator.clock.moment().year == 9999


def test_due_tasks_run_in_order_and_at_their_time() -> None:
    """By time, then by the order of asking; also what is asked for on the way."""
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    ran: list[tuple[str, float]] = []
    clock.after(2, lambda: ran.append(("c", clock.now)))
    clock.after(1, lambda: (ran.append(("a", clock.now)), clock.after(0, lambda: ran.append(("b", clock.now)))))
    clock.after(2, lambda: ran.append(("d", clock.now)))
    clock.after(9, lambda: ran.append(("never", clock.now)))
    clock.advance(3)
    assert ran == [("a", 1), ("b", 1), ("c", 2), ("d", 2)]
    assert clock.now == 3


def test_a_start_in_another_zone_is_the_same_moment() -> None:
    """Dates on the wire are UTC."""
    start = datetime(2026, 7, 1, 2, 0, tzinfo=timezone(timedelta(hours=2)))
    answer = Simulator(start=start).handle(Request("GET", "/"))
    assert answer.headers["date"] == "Wed, 01 Jul 2026 00:00:00 GMT"
    assert answer.json()["error"]["innerError"]["date"] == "2026-07-01T00:00:00"


def test_ids_have_a_form() -> None:
    """Named ids stay the same, digits have their length."""
    ids = Ids(1)
    assert ids.named("x") == ids.named("x") != ids.named("y")
    assert {len(ids.digits("join", 12)) for _ in range(50)} == {12}
    assert len({ids.new("call") for _ in range(100)}) == 100


def test_the_pace_can_be_set() -> None:
    """A slow person and a quick service."""
    simulator = Simulator(pace=Pace(establish=0, ring=30))
    bot = Bot(simulator)
    call = simulator.call(bot.create(**simulator.meeting().coordinates).json()["id"])
    simulator.advance(0)
    assert call.state == "established"
    bot.invite(call, entry(simulator.person("Ana")))
    simulator.advance(29)
    assert len(call.participants) == 1
    simulator.advance(1)
    assert len(call.participants) == 2


# People


def test_a_person_is_known_by_name_id_and_number() -> None:
    """A name stands for one person; an object id and a number speak for themselves."""
    simulator = Simulator()
    ana = simulator.person("Ana")
    assert simulator.person("Ana").id == ana.id
    assert simulator.person(ana.id).id == ana.id
    assert (simulator.person("+15551234567").identity.sort, simulator.person("+15551234567").name) == (
        "phone",
        "+15551234567",
    )
    assert ana.id in repr(ana)


def test_people_come_and_go() -> None:
    """The bot is notified of joining and leaving."""
    simulator = Simulator()
    bot = Bot(simulator)
    call = bot.join()
    simulator.person("Cleo").joins(call)
    simulator.person("Ana").leaves(call.id)
    assert summaries(simulator.notifications)[-2:] == [
        "updated roster Ana, Ben, Bot, Cleo",
        "updated roster Ben, Bot, Cleo",
    ]


def test_a_person_removes_the_bot() -> None:
    """The bot is notified of the reason; the others go on without it, and it cannot be removed again."""
    simulator = Simulator()
    bot, other = Bot(simulator), Bot(simulator, simulator.authority.register(name="Other"))
    meeting = simulator.meeting(["Ana", "Ben"])
    call, theirs = bot.join(meeting), other.join(meeting)
    assert simulator.person("Ana").removes(call).name == "Ana"
    assert (call.state, call.result and call.result.subcode) == ("terminated", 5000)
    assert other.roster(theirs) == ["Ana", "Ben", "Other"]
    with pytest.raises(NotAllowedNowError, match=r"the bot is not in call .* cannot take 'removes'"):
        simulator.person("Ana").removes(call)


def test_only_a_participant_removes_the_bot() -> None:
    """A person outside, and the peer of a call for two, cannot remove it; a ringing call has no bot in it."""
    simulator = Simulator()
    bot = Bot(simulator)
    ana, zoe = simulator.person("Ana"), simulator.person("Zoe")
    with pytest.raises(NotAllowedNowError, match=r"Zoe is not in call .* cannot take 'removes'"):
        zoe.removes(bot.join())
    with pytest.raises(NotAllowedNowError, match="is a place for two and cannot take 'removes'"):
        ana.removes(bot.ring(ana))
    with pytest.raises(NotAllowedNowError, match="the bot is not in call"):
        zoe.removes(simulator.incoming_call("Zoe", group=True))


def test_a_meeting_that_admits_no_bot() -> None:
    """The call stays in establishing for a minute and ends; one that was hung up before ends once."""
    simulator = Simulator()
    bot = Bot(simulator)
    coordinates = simulator.meeting(["Ana"], lets_in=False).coordinates
    first, second = (simulator.call(bot.create(**coordinates).json()["id"]) for _ in range(2))
    bot.delete(f"/{second.id}")
    simulator.advance(59)
    assert first.state == "establishing"
    simulator.advance(1)
    assert (first.state, first.result and first.result.subcode) == ("terminated", 7117)
    assert second.result is not None
    assert second.result.subcode == 7000


def test_impossible_moves_are_refused() -> None:
    """Joining twice, joining a peer-to-peer call, leaving where one is not, and calls that are over or unknown."""
    simulator = Simulator()
    bot = Bot(simulator)
    ana, zoe = simulator.person("Ana"), simulator.person("Zoe")
    call, peer = bot.join(), bot.ring(simulator.person("Dan"))
    with pytest.raises(NotAllowedNowError, match="one that Ana is in and cannot take 'joins'; from here: leaves"):
        ana.joins(call)
    with pytest.raises(NotAllowedNowError, match="a place for two"):
        ana.joins(peer)
    with pytest.raises(NotAllowedNowError, match="Zoe is not in call"):
        zoe.leaves(call)
    for act in ("leaves", "removes"):
        with pytest.raises(NotAllowedNowError, match=r"Anna is not in call .* Did you mean 'Ana'\?"):
            getattr(simulator.person("Anna"), act)(call)
    with pytest.raises(NotAllowedNowError, match=r"Dann is in no call .* Did you mean 'Dan'\?"):
        simulator.person("Dann").hangs_up()
    with pytest.raises(NotAllowedNowError, match=r"Dann is in no call .* Did you mean 'Dan'\?"):
        simulator.person("Dann").presses("1")
    bot.delete(f"/{call.id}")
    with pytest.raises(NotAllowedNowError, match="is terminated"):
        zoe.joins(call)
    with pytest.raises(UnknownNameError, match="there is no call 'x'"):
        zoe.joins("x")


def test_apps_can_be_changed() -> None:
    """Settings of the default app, too; unknown apps are named."""
    simulator = Simulator()
    changed = simulator.authority.change(simulator.authority.app, may_remove_participants=False)
    assert simulator.authority.app is changed
    assert not changed.may_remove_participants
    with pytest.raises(UnknownNameError, match="there is no app"):
        simulator.authority.change(Simulator(seed=9).authority.app, roles=frozenset())


# Tenants


def test_two_tenants_on_one_host_do_not_see_each_other() -> None:
    """The token's tenant decides; calls, people and notifications are apart."""
    first, second = Simulator(seed=1), Simulator(seed=2)
    host = Host()
    host.add(first)
    host.add(second)
    one, two = Bot(first), Bot(second)
    call = one.join()
    path = f"/v1.0{CALLS}/{call.id}"
    for bot, status in ((one, 200), (two, 404)):
        assert host.handle(Request("GET", path, Headers({"Authorization": f"Bearer {bot.token}"}))).status == status
    assert second.notifications == []
    assert host.handle(Request("GET", path)).status == 401


def test_an_unknown_tenant_gets_nowhere() -> None:
    """A token for no tenant of the host is answered by the default simulator, with 401."""
    host = Host()
    foreign = Bot(Simulator(seed=5))
    request = Request("GET", f"/v1.0{CALLS}/x", Headers({"Authorization": f"Bearer {foreign.token}"}))
    assert host.handle(request).status == 401
    added = host.add(foreign.simulator)
    assert host.simulator_for(request) is added
    host.remove(added)
    assert host.handle(request).status == 401


def test_a_tenant_is_on_a_host_once() -> None:
    """Two simulators with the same seed are the same tenant; the same simulator twice is no harm."""
    host = Host()
    simulator = host.add(Simulator(seed=1))
    host.add(simulator)
    with pytest.raises(ValueError, match="is on this host already"):
        host.add(Simulator(seed=1))
    host.remove(host.default)
    assert host.simulator_for(Request("GET", "/")) is host.default


def test_time_passes_for_every_tenant() -> None:
    """Host.advance moves all clocks."""
    host, simulator = Host(), Simulator(seed=1)
    host.add(simulator)
    host.advance(7)
    assert (host.default.now, simulator.now) == (7, 7)


def test_odd_tokens_do_not_confuse_the_host() -> None:
    """With any other header the default simulator answers."""
    host = Host()
    for token in ("", "x", "a.b.c", "e30.e30.e30", "ü.ü.ü", "W10.W10.W10"):
        assert (
            host.handle(Request("GET", f"/v1.0{CALLS}/x", Headers({"Authorization": f"Bearer {token}"}))).status == 401
        )


# Hooks


def test_observers_see_every_exchange() -> None:
    """Refused ones, too, with what was answered."""
    simulator = Simulator()
    seen: list[Exchange] = []
    simulator.observe(seen.append)
    request = Request("GET", "/nowhere")
    response = simulator.handle(request)
    assert seen == [Exchange(request, response)]


def test_the_interceptor_added_last_is_outermost() -> None:
    """Each sees the request first and the answer last."""
    simulator = Simulator()
    order: list[str] = []

    def named(name: str) -> None:
        def through(request: Request, proceed: Proceed) -> Response:
            order.append(f"{name} in")
            response = proceed(request)
            order.append(f"{name} out")
            return response

        simulator.intercept(through)

    named("first")
    named("second")
    simulator.handle(Request("GET", "/"))
    assert order == ["second in", "first in", "first out", "second out"]


def test_an_interceptor_can_answer_itself() -> None:
    """A fault in front of the service; observers see the answer that was given."""
    simulator = Simulator()
    seen: list[Exchange] = []
    simulator.observe(seen.append)
    simulator.intercept(lambda request, proceed: Response(503))
    assert simulator.handle(Request("GET", "/")).status == 503
    assert seen[0].response.status == 503


def test_a_step_can_be_replaced() -> None:
    """On one instance, from outside; other simulators keep theirs."""
    simulator = Simulator()
    simulator.invitations.limit_invitees = lambda invite: None  # type: ignore[method-assign]  replacing is the point
    bot, other = Bot(simulator), Bot(Simulator())
    for each, status in ((bot, 200), (other, 400)):
        call = each.join()
        people = [entry(each.simulator.person(f"P{i}")) for i in range(6)]
        assert each.invite(call, *people).status == status


def test_a_handler_can_be_replaced() -> None:
    """A whole operation, by its id; refusals raised in it are answers."""

    def refuse(ask: object) -> None:
        raise Refusal("throttled", "Too much.")

    simulator = Simulator()
    simulator.handlers["call-get"] = refuse  # type: ignore[assignment]  it never returns
    assert Bot(simulator).get("/x").status == 429


def test_timers_look_their_step_up_when_they_fire() -> None:
    """A step replaced after the timer was set is the one that runs."""
    simulator = Simulator()
    call = simulator.incoming_call()
    simulator.incoming.expire = lambda call_id: None  # type: ignore[method-assign]  replacing is the point
    simulator.advance(100)
    assert call.state == "incoming"


def test_the_simulator_is_safe_under_threads() -> None:
    """Many clients at once: every answer is right and every id its own."""
    simulator = Simulator()
    bot, meeting = Bot(simulator), simulator.meeting()
    ids: list[str] = []

    def work() -> None:
        for _ in range(20):
            call_id = bot.create(**meeting.coordinates).json()["id"]
            assert bot.get(f"/{call_id}").status == 200
            ids.append(call_id)
            assert bot.delete(f"/{call_id}").status == 204

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 80


def test_notifications_are_written_as_captured() -> None:
    """A notification has both paths, the service's headers, and the message id of the first one on follow-ups."""
    simulator = Simulator()
    call = Bot(simulator).join()
    first, second, *_ = simulator.notifications
    (seen_entry,) = first.entries
    assert first.body["@odata.type"] == "#microsoft.graph.commsNotifications"
    assert seen_entry["resource"] == f"/app/calls/{call.id}"
    assert seen_entry["resourceUrl"] == f"/communications/calls/{call.id}"
    assert first.headers["user-agent"].startswith("Microsoft-Skype/3.0")
    assert "x-microsoft-skype-original-message-id" not in first.headers
    original = second.headers["x-microsoft-skype-original-message-id"]
    assert original == first.headers["x-microsoft-skype-message-id"] != second.headers["x-microsoft-skype-message-id"]
    assert [note.at for note in simulator.notifications] == [0.0, *[0.5] * 5]
    assert "authorization" not in first.headers


def test_notifications_hold_the_state_of_their_moment() -> None:
    """Notifications are encoded when they are read, and still hold the state of their moment."""
    simulator = Simulator()
    bot = Bot(simulator)
    call = bot.join()
    bot.delete(f"/{call.id}")
    late = summaries(simulator.notifications)
    assert late[:3] == ["updated call establishing", "updated call established", "updated roster Ana, Ben, Bot"]
    assert simulator.notifications is not simulator.notifications


def test_every_app_in_a_meeting_is_notified() -> None:
    """Each under its own call, at its own address."""
    simulator = Simulator()
    meeting = simulator.meeting(["Ana"])
    one = Bot(simulator)
    two = Bot(simulator, simulator.authority.register(name="Other bot"))
    first, second = one.join(meeting), two.join(meeting)
    before = len(simulator.notifications)
    simulator.person("Zoe").joins(first)
    paths = [note.entries[0]["resourceUrl"] for note in simulator.notifications[before:]]
    assert paths == [f"/communications/calls/{call.id}/participants" for call in (first, second)]
    assert code(two.get(f"/{first.id}")) == "404 8522"


@pytest.mark.parametrize("seconds", ["5", -1, float("nan"), True])
def test_a_script_takes_seconds_only(seconds: Any) -> None:
    """A wrong value is refused where it is given, not when a person rings."""
    person = Simulator().person("Adele")
    with pytest.raises(SettingError, match=r"expected virtual seconds, a number of 0 or more"):
        person.answers_after(seconds)
    with pytest.raises(SettingError, match=r"expected virtual seconds, a number of 0 or more"):
        person.declines(seconds)


def test_one_name_is_one_person_in_a_meeting() -> None:
    """A text is not taken for a list of letters."""
    simulator = Simulator()
    simulator.meeting("Adele")
    (conference,) = simulator.store.conferences.values()
    assert [one.identity.name for one in conference.active] == ["Adele"]


def test_the_pace_can_be_set_while_it_runs() -> None:
    """What was scheduled keeps its time; a reset keeps the pace."""
    simulator = Simulator()
    simulator.set_pace(alone=60, establish=2)
    simulator.reset()
    assert (simulator.pace.alone, simulator.pace.ring) == (60, 2.0)
    bot, call = Bot(simulator), simulator.incoming_call("Ana", group=True)
    bot.answer(call)
    simulator.advance(1.9)
    assert call.state == "establishing"
    simulator.advance(0.1)
    simulator.person("Ana").leaves(call)
    simulator.advance(59)
    assert call.state == "established"
    simulator.advance(1)
    assert call.state == "terminated"


def test_a_wrong_pace_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match=r"member of the pace 'aloen'.*alone"):
        Simulator().set_pace(aloen=3)
    with pytest.raises(SettingError, match="virtual seconds"):
        Simulator().set_pace(alone=-1)
