"""The control addresses: what each does, and what each says when it cannot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_graphcalls.bot import FORGERIES
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.control import PREFIX, ROUTES, Control, ServerState
from pytest_graphcalls.server.control.routes import ASSERTIONS, PERSON_ACTIONS
from pytest_graphcalls.server.control.state import MOST_CALLS, MOST_NOTIFICATIONS
from pytest_graphcalls.simulator import FAULTS, Simulator
from pytest_graphcalls.simulator.admission import BODY_LIMIT
from pytest_graphcalls.wire import Headers, Request
from tests.unit.bot.bots import GRAPH, Phone, asgi, incoming
from tests.unit.server.control.conftest import Ask


def message(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["message"]


def test_the_list_names_every_address_and_member(ask: Ask) -> None:
    """The list is the table in which requests are looked up."""
    status, body = ask("GET", "")
    assert status == 200
    shown = {f"{one['method']} {one['path']}": one for one in body["addresses"]}
    assert list(shown) == [str(route) for route in ROUTES]
    assert shown[f"POST {PREFIX}faults/latency"]["takes"]["seconds"]["required"] is True
    assert all(one["says"] for one in body["addresses"])
    assert all(taken["says"] for one in body["addresses"] for taken in one["takes"].values())


def test_people_faults_and_assertions_are_those_of_python() -> None:
    """What Python can do, every language can; a new one is there by itself."""
    paths = {route.path for route in ROUTES}
    assert {f"people/{{person}}/{name}" for name in PERSON_ACTIONS} <= paths
    assert {
        "answers_after",
        "asks_to_join",
        "declines",
        "has_voicemail",
        "is_busy",
        "never_answers",
        "leaves_after",
        "joins",
        "leaves",
        "is_unreachable",
        "removes",
        "presses",
        "mutes",
        "unmutes",
        "mutes_bot",
        "holds",
        "resumes",
        "waits",
        "admits",
        "turns_away",
        "keeps_lobby",
        "speaks",
        "stays_silent",
        "hangs_up",
        "shares_screen",
        "shares_powerpoint",
        "stops_sharing",
    } == set(PERSON_ACTIONS)
    assert {f"faults/{name}" for name in FAULTS} <= paths
    assert {f"assertions/{name}" for name in ASSERTIONS} <= paths
    assert "refuses-forged-notifications" in ASSERTIONS


def test_a_call_is_placed_and_seen(ask: Ask, simulator: Simulator) -> None:
    """A call is shown with its state, its participants and its outcome."""
    status, call = ask("POST", "calls", caller="Adele", group=True, others=["Ben"])
    assert (status, call["state"], call["kind"]) == (201, "incoming", "group")
    names = [one["identity"]["name"] for one in call["participants"]]
    assert {"Adele", "Ben"} <= set(names)
    Phone(simulator).reject(call["id"], "busy")
    _, seen = ask("GET", f"calls/{call['id']}")
    assert (seen["state"], seen["rejected_with"]) == ("terminated", "busy")
    assert [one["id"] for one in ask("GET", "calls")[1]["calls"]] == [call["id"]]


def test_a_call_shows_its_operations(ask: Ask, simulator: Simulator) -> None:
    """How they stand, and why one failed."""
    call = simulator.incoming_call("Adele", group=True)
    phone = Phone(simulator)
    phone.answer(call.id)
    simulator.advance(1)
    ask("POST", "people/Ben/declines", after=1)
    _, ben = ask("GET", "people/Ben")
    invited = {"participants": [{"identity": {"user": {"id": ben["id"]}}}], "clientContext": "x"}
    assert phone.send("POST", f"/calls/{call.id}/participants/invite", invited).status == 200
    (running,) = ask("GET", f"calls/{call.id}")[1]["operations"]
    assert (running["status"], running["pending"], running["result"]) == ("running", 1, None)
    ask("POST", "clock/advance", seconds=2)
    (over,) = ask("GET", f"calls/{call.id}")[1]["operations"]
    assert (over["status"], over["result"]["code"], over["client_context"]) == ("failed", 603, "x")


def test_a_notification_of_a_suite_is_posted(ask: Ask, simulator: Simulator) -> None:
    """A posted notification is among the others, with its number."""
    call = simulator.incoming_call("Adele").id
    status, posted = ask("POST", f"calls/{call}/notifications", data=[], below="participants")
    (one,) = posted["notifications"]
    assert (status, one["number"], one["kind"]) == (201, 1, "updated roster (0)")
    assert ask("GET", "notifications?since=1")[1]["notifications"] == [one]


def test_a_request_in_the_ledger_says_its_operation(ask: Ask, simulator: Simulator) -> None:
    """A suite finds requests by that name; a request that is no operation has none."""
    phone = Phone(simulator)
    phone.reject("57da")
    phone.send("GET", "/nothing")
    assert [one["operation"] for one in ask("GET", "ledger")[1]["entries"]] == ["call-reject", ""]


def test_a_meeting_is_held(ask: Ask, simulator: Simulator) -> None:
    """The coordinates of a meeting create a call that joins it."""
    status, meeting = ask("POST", "meetings", people=["Ana"], organizer="Olga")
    assert (status, meeting["organizer"]["name"]) == (201, "Olga")
    body = {
        "callbackUri": "https://bot.contoso.com/api/calls",
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        **meeting["coordinates"],
    }
    created = Phone(simulator).send("POST", "/calls", body)
    assert created.status == 201
    (call,) = ask("GET", "calls")[1]["calls"]
    assert "Ana" in [one["identity"]["name"] for one in call["participants"]]


def test_a_meeting_that_admits_no_bot(ask: Ask, simulator: Simulator) -> None:
    """A bot that joins it remains in establishing, and its call ends after a minute."""
    _, meeting = ask("POST", "meetings", people=["Ana"], lets_in=False)
    body = {
        "callbackUri": "https://bot.contoso.com/api/calls",
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        **meeting["coordinates"],
    }
    call = Phone(simulator).send("POST", "/calls", body).json()["id"]
    ask("POST", "clock/advance", seconds=30)
    assert ask("GET", f"calls/{call}")[1]["state"] == "establishing"
    ask("POST", "clock/advance", seconds=31)
    assert ask("GET", f"calls/{call}")[1]["result"]["code"] == 500


def test_keys_are_rotated_and_retired(ask: Ask, simulator: Simulator) -> None:
    """Keys of notifications are rotated unless others are named; old signatures hold until their key is retired."""
    assert ask("GET", "keys")[1] == {"notifications": ["graphcalls-channel"], "tokens": ["graphcalls"]}
    both = ["graphcalls-channel", "graphcalls-channel-2"]
    assert ask("POST", "keys/rotate")[1]["notifications"] == both
    assert ask("POST", "keys/retire")[1]["notifications"] == both[1:]
    phone = Phone(simulator)
    assert ask("POST", "keys/rotate", of="tokens")[1] == {
        "notifications": both[1:],
        "tokens": ["graphcalls", "graphcalls-2"],
    }
    assert phone.send("GET", "/calls/57da").status == 404
    ask("POST", "keys/retire", of="tokens")
    assert phone.send("GET", "/calls/57da").status == 401


def test_a_token_for_another_audience_or_tenant_is_refused(ask: Ask, simulator: Simulator) -> None:
    """One for another audience, and one for another tenant."""
    phone = Phone(simulator)
    for members in ({"audience": "https://example.org"}, {"tenant_id": "f43b0b1e-0000-4000-8000-000000000000"}):
        phone.token = ask("POST", "token", **members)[1]["access_token"]
        assert phone.send("GET", "/calls/57da").status == 401


def test_a_body_that_is_too_large_is_refused(ask: Ask) -> None:
    """A large body is refused for its size, not for its truncated content."""
    answer = ask("POST", "people/Ben/joins", call="x" * (BODY_LIMIT + 1))
    assert message(answer) == (413, f"The body is too large; expected at most {BODY_LIMIT:,} bytes.")


def test_a_person_is_found_where_a_redirect_has_led(ask: Ask, simulator: Simulator) -> None:
    """The person's call has the others, its start and the redirected call; before it there is none."""
    assert ask("GET", "people/Ben/call") == (200, {"call": None})
    _, call = ask("POST", "calls", caller="Ana")
    target = {"identity": {"user": {"id": ask("GET", "people/Ben")[1]["id"]}}}
    Phone(simulator).send("POST", f"/calls/{call['id']}/redirect", {"targets": [target]})
    ask("POST", "clock/advance", seconds=5)
    seen = {"state": "established", "others": ["Ana"], "since": 2.0, "calls": [], "handed_on_from": call["id"]}
    assert ask("GET", "people/Ben/call") == (200, {"call": seen})


def test_a_place_for_two_is_not_over(ask: Ask) -> None:
    """The refusal to join says what can be done there."""
    _, call = ask("POST", "calls")
    status, said = message(ask("POST", "people/Ben/joins", call=call["id"]))
    assert (status, said.partition("; ")[2]) == (409, "from here: leaves.")


def test_the_directory_is_opened_and_closed(ask: Ask, simulator: Simulator) -> None:
    """Whether all users exist can be read and set, and survives a reset."""
    assert ask("GET", "directory") == (200, {"open": False})
    assert ask("POST", "directory", open=True) == (200, {"open": True})
    ask("POST", "reset")
    assert simulator.open_directory
    assert message(ask("POST", "directory", open="yes")) == (400, "open='yes': expected true or false.")


def test_people_act_at_once_or_later_on_request(ask: Ask, simulator: Simulator) -> None:
    """People act at once, or when it rings; a phone is named by its number."""
    call = simulator.incoming_call("Adele", group=True)
    Phone(simulator).answer(call.id)
    assert ask("POST", "people/Ben/joins", call=call.id)[0] == 200
    assert ask("POST", "people/Ben/leaves", call=call.id)[0] == 200
    assert message(ask("POST", "people/Ben/leaves", call=call.id)) == (
        409,
        f"Ben is not in call {call.id} and cannot take 'leaves'; from here: joins.",
    )
    assert ask("POST", "people/+4930123456/is_busy")[1]["sort"] == "phone"
    assert ask("POST", "people/Cleo/answers_after", seconds=3)[1] == ask("GET", "people/Cleo")[1]


def test_the_clock_is_moved_and_read(ask: Ask, simulator: Simulator) -> None:
    """The clock stands still until it may follow real time."""
    assert ask("GET", "clock") == (200, {"now": 0.0, "time": "2026-01-01T00:00:00+00:00", "frozen": True})
    assert ask("POST", "clock/advance", seconds=1.5)[1]["now"] == 1.5
    assert ask("POST", "clock/thaw")[1]["frozen"] is False
    assert ask("POST", "clock/freeze")[1]["frozen"] is True
    assert simulator.now >= 1.5


def test_a_fault_is_injected_listed_and_ended(ask: Ask, simulator: Simulator) -> None:
    """A listed fault has the requests that it has struck."""
    status, fault = ask("POST", "faults/429", operation="call-get", retry_after=3)
    assert (status, fault["given"]) == (201, {"operation": "call-get", "retry_after": 3})
    assert Phone(simulator).send("GET", "/calls/57da").status == 429
    (seen,) = ask("GET", "faults")[1]["faults"]
    assert (seen["number"], seen["seen"], seen["struck"][0]["what"]) == (1, 1, "GET /calls/57da")
    assert ask("DELETE", "faults/1")[0] == 200
    assert ask("GET", "faults")[1] == {"faults": []}
    assert Phone(simulator).send("GET", "/calls/57da").status == 404


def test_a_held_notification_is_released(ask: Ask, state: ServerState, simulator: Simulator) -> None:
    """A released notification is delivered when time passes, and the fault remains."""
    state.bot(asgi(lambda notes, headers: None))
    ask("POST", "faults/hold")
    ask("POST", "calls")
    ask("POST", "clock/advance", seconds=0)
    assert state.bot.deliveries == ()
    assert ask("POST", "faults/1/release")[0] == 200
    ask("POST", "clock/advance", seconds=0)
    assert len(state.bot.deliveries) == 1
    assert len(ask("GET", "faults")[1]["faults"]) == 1


def test_the_ledger_is_read_in_pieces(ask: Ask, state: ServerState, simulator: Simulator) -> None:
    """Deliveries, requests and faults; after ``complete_up_to`` it goes on."""
    phone = Phone(simulator)
    state.bot(asgi(lambda notes, headers: [phone.reject(call) for call in incoming(notes)] and None))
    ask("POST", "faults/latency", operation="call-reject", seconds=1)
    ask("POST", "calls")
    ask("POST", "clock/advance", seconds=2)
    _, ledger = ask("GET", "ledger")
    assert [one["sort"] for one in ledger["entries"]] == ["delivery", "fault", "request", "delivery"]
    assert ledger["dropped"] == 0
    delivery, struck, asked, _ = ledger["entries"]
    assert (delivery["kind"], delivery["status"], delivery["notification"]) == ("created call incoming", 202, 0)
    assert (struck["fault"], asked["method"], asked["status"]) == (
        "latency (operation='call-reject', seconds=1)",
        "POST",
        202,
    )
    assert asked["body"] == {"reason": "forbidden"}
    assert ask("GET", f"ledger?since={ledger['settled']}")[1]["entries"] == []
    lines = ask("GET", "timeline")[1]["lines"]
    assert lines[0].startswith("seed 7, virtual time 2 s")
    assert "posted created call incoming: 202" in lines[1]


def test_requests_are_written_down_without_a_bot(ask: Ask, simulator: Simulator) -> None:
    """Suites that only call need no bot; one may be attached later, and nothing is written twice."""
    Phone(simulator).send("GET", "/calls/57da")
    ask("POST", "bot", url="http://127.0.0.1:9")
    ask("DELETE", "bot")
    ask("POST", "bot", url="http://127.0.0.1:9")
    ask("POST", "faults/503")
    Phone(simulator).send("GET", "/calls/57da")
    assert [one["sort"] for one in ask("GET", "ledger")[1]["entries"]] == ["request", "fault", "request"]


def test_no_secret_is_read_from_the_ledger(ask: Ask, simulator: Simulator) -> None:
    """Tokens in headers, in addresses and in bodies are masked."""
    token = simulator.authority.token()
    headers = Headers({"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    body = f'{{"reason": "busy", "token": "{token}"}}'.encode()
    simulator.handle(Request("POST", f"{GRAPH}/calls/57da/reject?access_token={token}", headers, body))
    control_answer = ask("GET", "ledger")
    assert "reject" in str(control_answer)
    assert token not in str(control_answer)
    assert token not in str(ask("GET", "timeline"))


def test_notifications_are_read_delivered_or_not(ask: Ask) -> None:
    """Notifications are numbered from 0."""
    _, call = ask("POST", "calls")
    ask("POST", "clock/advance", seconds=16)
    notes = ask("GET", "notifications")[1]["notifications"]
    assert [one["kind"] for one in notes] == ["created call incoming", "deleted call terminated 408/8587"]
    assert {one["call"] for one in notes} == {call["id"]}
    assert ask("GET", "notifications?since=1")[1]["notifications"] == notes[1:]


def test_old_calls_and_notifications_are_dropped(ask: Ask, state: ServerState, simulator: Simulator) -> None:
    """The number of dropped ones is shown; numbers go on, and a bot that hung up everything has done so."""
    simulator.keep_latest(calls=2, notifications=3)
    phone = Phone(simulator)

    def act(notes: dict[str, Any], headers: dict[str, str]) -> None:
        for call in incoming(notes):
            phone.answer(call)
            phone.send("DELETE", f"/calls/{call}")

    state.bot(asgi(act))
    for _ in range(5):
        ask("POST", "calls")
        ask("POST", "clock/advance", seconds=1)
    calls = ask("GET", "calls")[1]
    assert (len(calls["calls"]), calls["dropped"]) == (2, 3)
    seen = ask("GET", "notifications?since=0")[1]
    assert ([one["number"] for one in seen["notifications"]], seen["count"], seen["dropped"]) == ([17, 18, 19], 20, 17)
    assert [one["number"] for one in ask("GET", "notifications?since=19")[1]["notifications"]] == [19]
    assert ask("POST", "assertions/hung-up-what-it-created")[0] == 200
    assert ask("POST", "assertions/acts-once-on-duplicates")[0] in {200, 409}
    assert ask("GET", f"calls/{state.bot.deliveries[0].call}")[0] == 404


def test_a_server_keeps_the_latest_only(state: ServerState) -> None:
    """A server may never be reset, so its memory is limited."""
    kept = state.simulator.retention
    assert (kept.calls, kept.notifications) == (MOST_CALLS, MOST_NOTIFICATIONS)


def test_an_assertion_passes_or_says_why_not(ask: Ask, state: ServerState, simulator: Simulator) -> None:
    """409 with what the bot did, and the timeline."""
    state.bot(asgi(lambda notes, headers: None))
    ask("POST", "calls")
    ask("POST", "clock/advance", seconds=16)
    assert ask("POST", "assertions/took-every-notification", within=5) == (200, {"passed": True})
    status, body = ask("POST", "assertions/answered-within", seconds=15)
    assert (status, body["passed"]) == (409, False)
    assert "was not answered, rejected or redirected" in body["error"]["message"]
    assert any("created call incoming" in line for line in body["timeline"])
    assert message(ask("POST", "assertions/answered-within"))[0] == 400


def test_a_notification_is_forged_and_sent_again(ask: Ask, state: ServerState) -> None:
    """What the bot did with it is the answer."""
    state.bot(asgi(lambda notes, headers: 202 if "authorization" in headers else 401))
    status, delivery = ask("POST", "bot/forge", name="no token")
    assert (status, delivery["status"], delivery["note"]) == (200, 401, "forged: no token")
    assert ask("POST", "bot/again")[1]["status"] == 202
    assert ask("GET", "bot")[1] == {"url": "", "forgeries": list(FORGERIES)}


def test_apps_are_registered_and_changed(ask: Ask, simulator: Simulator) -> None:
    """A call can be placed to another app, and a token has its roles."""
    status, app = ask("POST", "apps", name="Second", roles=["Calls.Initiate.All"], may_remove_participants=False)
    assert (status, app["roles"], app["may_remove_participants"]) == (201, ["Calls.Initiate.All"], False)
    assert ask("POST", "calls", app=app["app_id"])[0] == 201
    assert simulator.notifications[0].app_id == app["app_id"]
    assert ask("PATCH", f"apps/{app['app_id']}", roles=[])[1]["roles"] == []
    assert [one["name"] for one in ask("GET", "apps")[1]["apps"]] == ["Bot", "Second"]
    assert ask("POST", "token", app=app["app_id"])[1]["client_id"] == app["app_id"]


def test_everything_starts_anew(ask: Ask, state: ServerState) -> None:
    """Ids repeat, the bot keeps its place, and time zero stands for the present."""
    began = datetime.now(UTC)
    state.bot(asgi(lambda notes, headers: None))
    _, before = ask("POST", "calls")
    ask("POST", "clock/advance", seconds=3)
    assert ask("POST", "reset") == (200, {"now": 0.0})
    assert datetime.fromisoformat(ask("GET", "clock")[1]["time"]) >= began
    assert ask("GET", "calls")[1] == {"calls": [], "dropped": 0}
    assert ask("GET", "ledger")[1]["entries"] == []
    _, after = ask("POST", "calls")
    assert after["id"] == before["id"]
    ask("POST", "clock/advance", seconds=0)
    assert [one.status for one in state.bot.deliveries] == [202]


@pytest.mark.parametrize(
    ("method", "path", "members", "status", "said"),
    [
        ("POST", "people/Ben/answer_after", {"seconds": 1}, 404, "Did you mean /_graphcalls/people/Ben/answers_after?"),
        ("POST", "fault/429", {}, 404, "Did you mean /_graphcalls/faults/429?"),
        ("GET", "xyz/9/8/7/6", {}, 404, "GET /_graphcalls/ lists what there is."),
        ("PUT", "clock", {}, 405, "/_graphcalls/clock takes GET."),
        ("POST", "faults/dropp", {}, 405, "takes DELETE. Did you mean POST /_graphcalls/faults/drop?"),
        ("POST", "ledger", {}, 405, "/_graphcalls/ledger takes GET."),
        ("POST", "faults/drop", {"operation": "x"}, 400, "'operation'. Known are kind, nth, every, since, prob"),
        ("GET", "calls/57da", {}, 404, "there is no call '57da'."),
        ("DELETE", "faults/7", {}, 404, "there is no fault in force with the number '7'."),
        ("PATCH", "apps/x", {}, 404, "there is no app 'x'."),
        ("POST", "calls", {"app": "x"}, 400, "there is no app 'x'."),
        ("POST", "calls", {"calller": "Ben"}, 400, "'calller'. Did you mean 'caller'?"),
        ("POST", "calls", {"caller": 7}, 400, "caller=7: expected a text."),
        ("POST", "calls", {"group": "yes"}, 400, "group='yes': expected true or false."),
        ("POST", "calls", {"others": [7]}, 400, "others=[7]: expected a list of texts."),
        ("POST", "clock/advance", {}, 400, "POST /_graphcalls/clock/advance needs it."),
        ("POST", "clock/advance", {"seconds": -1}, 400, "seconds=-1: expected seconds, a number of 0 or more."),
        ("POST", "clock/advance", {"seconds": True}, 400, "seconds=True: expected seconds"),
        ("POST", "clock/advance", {"seconds": 1e300}, 400, "The calendar ends with the year 9999."),
        ("POST", "clock/advance", {"seconds": 10**400}, 400, "expected seconds, a number of 0 or more."),
        ("POST", "faults/429", {"retry_aftr": 1}, 400, "Did you mean 'retry_after'?"),
        ("POST", "faults/429", {"operation": "call-gt"}, 400, "Did you mean 'call-get'?"),
        ("POST", "faults/latency", {}, 400, "seconds=(not given): expected how late."),
        ("POST", "bot/forge", {"name": "wrong audience"}, 400, "bot=nothing: expected an application or a URL."),
        ("POST", "bot/forge", {"name": "wrong audiense"}, 400, "Did you mean 'wrong audience'?"),
        ("POST", "bot", {"url": "http://192.0.2.7/api"}, 400, "'graphcalls serve --allow-host HOST' allows a host."),
        ("POST", "bot", {"url": "http://127.0.0.1:9", "timeout": 0}, 400, "timeout=0.0: expected real seconds, a"),
        ("POST", "bot", {"url": "http://127.0.0.1:9", "timeout": 1e300}, 400, "timeout=1e+300: expected real"),
        ("POST", "bot", {"url": "http://127.0.0.1:9", "callbacks": {"a": "http://127.0.0.1:9"}}, 400, "callbacks=a:"),
        ("POST", "assertions/survives-reorder", {"wait": 61}, 400, "wait=61: expected real seconds, a number from 0"),
        ("POST", "bot", {"url": "http://127.0.0.1:9", "callbacks": {"a": 1}}, 400, "an object whose members are texts"),
        ("POST", "bot", {"url": "http://[::1]", "callbacks": {"https://b": "http://192.0.2.7"}}, 400, "192.0.2.7"),
        ("GET", "ledger?since=x", {}, 400, "since='x': expected a whole number of 0 or more."),
        ("POST", "apps", {"roles": ["Calls.Initate.All"]}, 400, "Did you mean 'Calls.Initiate.All'?"),
        ("POST", "people/Ben/joins", {"call": "57da"}, 400, "there is no call '57da'."),
        ("POST", "bot", {"url": "\ud800"}, 400, "bot=\ud800: expected http:// or https://"),
        ("POST", "apps", {"phone_number": "12"}, 400, "phone_number='12': expected a number in E.164 form"),
        ("POST", "meetings", {"lets_in": "no"}, 400, "lets_in='no': expected true or false."),
        ("POST", "keys/rotate", {"of": "token"}, 400, "there is no sort of keys 'token'. Did you mean 'tokens'?"),
        ("POST", "assertions/nope", {}, 404, "There is no /_graphcalls/assertions/nope. GET /_graphcalls/ lists"),
        ("POST", "assertions/keptalive", {}, 404, "Did you mean /_graphcalls/assertions/kept-alive?"),
        ("POST", "faults/7/relaese", {}, 404, "Did you mean /_graphcalls/faults/7/release?"),
        ("POST", "people", {}, 404, "Did you mean /_graphcalls/people/{person}?"),
    ],
)  # fmt: skip
def test_an_impossible_request_is_refused_with_a_reason(
    ask: Ask, state: ServerState, method: str, path: str, members: dict[str, Any], status: int, said: str
) -> None:
    """A wrong name gets the nearest match; nothing is changed, and no notification is sent."""
    answer = ask(method, path, **members)
    assert answer[0] == status, answer
    assert said in answer[1]["error"]["message"]
    assert answer[1]["error"]["code"] == "graphcalls"
    assert (state.simulator.notifications, state.simulator.faults.active, state.bot.where) == ([], (), "")


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b"\xff", b'{"seconds": 1e999}', b'{"seconds": ' + b"[" * 99])
def test_a_body_that_is_none_is_refused(state: ServerState, body: bytes) -> None:
    """400, whatever it is."""
    answer = Control(state).handle(Request("POST", f"{PREFIX}clock/advance", body=body))
    assert answer.status == 400
    assert ("expected a JSON object" in answer.json()["error"]["message"]) is (body in {b"[]", b"7"})


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_an_address_survives_nonsense(route: Any) -> None:
    """Each answers something below 500 to members that make no sense."""
    simulator = Simulator()
    control = Control(ServerState.of(simulator, SimulatorApp(simulator, frozen=True)))
    path = (
        route.path.replace("{person}", "%ff%00").replace("{call}", "..").replace("{app}", "%2F").replace("{fault}", "-")
    )
    members = ", ".join(f'"{name}": [{{"\\u0000": []}}]' for name in route.parameters)
    request = Request(route.method, f"{PREFIX}{path}", body=f"{{{members}}}".encode())
    assert control.handle(request).status < 500


def test_every_answer_is_about_the_present() -> None:
    """In real time the clock is brought up to date before an answer is given."""
    passed = [0.0]
    simulator = Simulator()
    control = Control(ServerState.of(simulator, SimulatorApp(simulator, elapsed=lambda: passed[0])))
    call = control.handle(Request("POST", f"{PREFIX}calls")).json()["id"]
    passed[0] = 16.0
    assert control.handle(Request("GET", f"{PREFIX}calls/{call}")).json()["state"] == "terminated"
