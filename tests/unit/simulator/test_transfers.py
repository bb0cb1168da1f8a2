"""Calls that are handed on: who is rung, where the person arrives, what the bot is notified of in each form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_graphcalls.errors import UnknownNameError
from pytest_graphcalls.simulator import App, Person, PersonCall, SimulatedCall, Simulator
from pytest_graphcalls.simulator.switches import CHOICES
from pytest_graphcalls.wire import Response
from tests.unit.simulator.bot import CALLBACK, Bot, code, entry, evidence, named as name_of

PHONE = "+15551234567"


class Desk:
    """A bot in a call with Ana since second 2, which hands it on to Ben."""

    def __init__(self) -> None:
        self.simulator = Simulator()
        self.bot = Bot(self.simulator)
        self.ana, self.ben = self.simulator.person("Ana"), self.simulator.person("Ben")
        self.call = self.bot.ring(self.ana)

    def transfer(self, target: Person | dict[str, Any] | None = None, **body: Any) -> Response:
        target = self.ben if target is None else target
        target = target if isinstance(target, dict) else entry(target)
        return self.bot.post(f"/{self.call.id}/transfer", {"transferTarget": target, **body})

    def states(self, call: SimulatedCall | None = None) -> list[str]:
        """What was posted about a call since it was established: its states, with a pair, a reason or who answered."""
        found = []
        for note in self.simulator.notifications:
            (posted,) = note.entries
            data = posted["resourceData"]
            if note.call_id == (call or self.call).id and isinstance(data, dict) and "direction" not in data:
                info = data.get("resultInfo") or {}
                pair = f" {info.get('code')}/{info.get('subcode', info.get('subCode'))}" if info else ""
                found.append(
                    f"{data['state']}{pair}{' ' if 'terminationReason' in data else ''}"
                    f"{data.get('terminationReason', '')}"
                )
        return [one for one in found if one not in {"establishing", "established"}]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_person_arrives_at_the_target(desk: Desk) -> None:
    """The person talks to the bot while the target rings, and to the target from its answer on."""
    assert desk.ben.call is None
    assert desk.transfer().status == 202
    assert desk.call.state == "transferring"
    assert desk.ana.call == PersonCall("established", ("Bot",), 2.0, (desk.call.id,))
    assert desk.ben.call == PersonCall("ringing", ("Ana",), 2.0, (), desk.call.id)
    desk.simulator.advance(2)
    assert desk.call.state == "terminated"
    assert desk.ana.call == PersonCall("established", ("Ben",), 4.0, (), desk.call.id)
    assert desk.ben.call == PersonCall("established", ("Ana",), 4.0, (), desk.call.id)
    desk.ben.hangs_up()
    assert (desk.ana.call, desk.ben.call) == (None, None)


@pytest.mark.parametrize(
    ("script", "after"), [("declines", 2), ("is_busy", 0), ("never_answers", 60), ("is_unreachable", 0)]
)
def test_the_call_goes_on_when_the_target_does_not_take_it(desk: Desk, script: str, after: float) -> None:
    """The call can be transferred again."""
    getattr(desk.ben, script)()
    desk.transfer()
    desk.simulator.advance(after)
    assert desk.states() == ["transferring", "established 500/7000"]
    assert desk.call.state == "established"
    assert desk.ben.call is None
    assert desk.ana.call is not None
    assert desk.ana.call.others == ("Bot",)
    desk.transfer(desk.simulator.person("Cleo"))
    desk.simulator.advance(5)
    assert desk.ana.call.others == ("Cleo",)


@pytest.mark.parametrize("ends", [lambda desk: desk.ana.hangs_up(), lambda desk: desk.bot.delete(f"/{desk.call.id}")])
def test_the_ringing_stops_when_the_call_is_over(desk: Desk, ends: Callable[[Desk], object]) -> None:
    """The person has hung up, or the bot."""
    desk.transfer()
    desk.simulator.advance(1)
    ends(desk)
    assert desk.ben.call is None
    desk.simulator.advance(60)
    assert desk.call.state == "terminated"
    assert desk.ben.call is None
    assert "transferAccepted" not in desk.states()


def test_an_unknown_target_cannot_be_reached(desk: Desk) -> None:
    """The request is taken, which is inferred, and the transfer fails."""
    answer = desk.transfer({"identity": {"user": {"id": "00000000-0000-4000-8000-000000000001"}}})
    assert (answer.status, evidence(answer)) == (202, "inferred; fact=observed 5b")
    desk.simulator.advance(1)
    assert desk.states() == ["transferring", "established 500/7000"]


def test_a_consultative_transfer_replaces_the_call_with_the_target(desk: Desk) -> None:
    """Both calls of the bot are over, and the two people talk to each other."""
    other = desk.bot.ring(desk.ben)
    desk.transfer(entry(desk.ben, replacesCallId=other.id))
    desk.simulator.advance(5)
    assert desk.states() == ["transferring", "transferAccepted", "terminated AppTransferred"]
    assert desk.states(other) == ["terminated 200/5002"]
    assert desk.ana.call is not None
    assert desk.ana.call.others == ("Ben",)


def test_the_target_of_a_consultative_transfer_is_taken_out_of_a_meeting(desk: Desk) -> None:
    """The replaced call is one in a meeting, which goes on."""
    meeting = desk.bot.join(desk.simulator.meeting(["Ben", "Cleo"]))
    desk.transfer(entry(desk.ben, replacesCallId=meeting.id))
    desk.simulator.advance(3)
    assert meeting.state == "established"
    assert "Ben" not in desk.bot.roster(meeting)


FORMS = {
    "documented": ["transferring", "transferAccepted", "terminated 200/7015"],
    "code-200": ["transferring", "transferAccepted", "terminated 200/7015"],
    "code-0": ["transferring", "transferAccepted", "terminated 0/7015"],
    "reason": ["transferring", "transferAccepted", "terminated AppTransferred"],
}


@pytest.mark.parametrize("form", CHOICES["transfer_end"])
def test_each_documented_end_can_be_chosen(desk: Desk, form: str) -> None:
    """The pair of the table of ends, that of the page, or the reason."""
    desk.simulator.switches.choose(transfer_end=form)
    desk.transfer()
    desk.simulator.advance(5)
    assert desk.states() == FORMS[form]


def test_the_states_can_be_left_out_as_reported(desk: Desk) -> None:
    """The bot is notified of the end or a failure only."""
    desk.simulator.switches.choose(transfer_states="silent")
    desk.ben.declines()
    desk.transfer()
    desk.simulator.advance(5)
    desk.ben.answers_after(1)
    desk.transfer()
    desk.simulator.advance(5)
    assert desk.states() == ["established 500/7000", "terminated 200/7015"]


@pytest.mark.parametrize("member", CHOICES["transfer_failure"])
def test_the_spelling_of_a_failure_can_be_chosen(desk: Desk, member: str) -> None:
    """The spelling is that of captures, or the printed one."""
    desk.simulator.switches.choose(transfer_failure=member)
    desk.ben.is_busy()
    desk.transfer()
    desk.simulator.advance(0)
    info = desk.simulator.notifications[-1].entries[0]["resourceData"]["resultInfo"]
    assert (info["code"], info[member]) == (500, 7000)
    assert {"subcode", "subCode"} - set(info) != set()


def test_a_phone_is_reached_by_a_bot_with_an_instance(desk: Desk) -> None:
    """A bot without one is refused with the code for phone calls, and its call goes on."""
    desk.transfer(desk.simulator.person(PHONE))
    desk.simulator.advance(5)
    assert desk.ana.call is not None
    assert desk.ana.call.others == (PHONE,)
    without = Desk()
    app = without.simulator.authority.change(without.simulator.authority.app, phone_number=None)
    assert app.phone_number is None
    refused = without.transfer(without.simulator.person(PHONE))
    assert (code(refused), evidence(refused)) == ("403 7507", "inferred; fact=s9.10, observed 2.10")
    assert without.call.state == "established"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"identity": {"phone": {"id": "5551234567"}}}, "$.transferTarget.identity: expected an object id, or a phone"),
        ({"identity": {"user": {"id": "ben@contoso.com"}}}, "$.transferTarget.identity.user.id: expected the object"),
        ({"identity": {}}, "$.transferTarget.identity: expected an object id"),
    ],
)
def test_a_target_that_cannot_be_rung_is_refused(desk: Desk, target: dict[str, Any], message: str) -> None:
    """With the place in the body."""
    refused = desk.transfer(target)
    assert code(refused) == "400 8523"
    assert message in refused.json()["error"]["message"]


def test_a_person_is_handed_on_to_neither_themselves_nor_one_target_twice(desk: Desk) -> None:
    """Refused with the place, as an invite is that repeats a person."""
    refused = desk.transfer(desk.ana)
    assert (code(refused), evidence(refused)) == ("400 8523", "inferred; fact=participant-invite.r15")
    ringing = Ringing()
    for targets in ([ringing.ana], [ringing.ben, ringing.ben]):
        refused = ringing.redirect(*targets)
        where = f"$.targets[{len(targets) - 1}].identity: expected a person who is not in the call, nor named before"
        assert where in refused.json()["error"]["message"]


def test_an_invite_turns_a_call_into_meeting_mode(desk: Desk) -> None:
    """The mode changes even when the invitee has declined (s9.8)."""
    cleo = desk.simulator.person("Cleo").declines()
    desk.bot.invite(desk.call, entry(cleo))
    desk.simulator.advance(5)
    refused = desk.transfer()
    assert (code(refused), evidence(refused)) == ("400 8523", "reported; fact=s9.7, s9.8")
    assert refused.json()["error"]["message"].startswith("Cannot do transfer for meeting mode")


@pytest.mark.parametrize("named", ["identity", "participantId"])
def test_one_person_is_transferred_out_of_a_group_call(desk: Desk, named: str) -> None:
    """The bot's call is over, others stay in the meeting."""
    call = desk.call = desk.bot.join(desk.simulator.meeting(["Cleo", "Dan"]))
    cleo = next(one for one in call.participants if one.identity.name == "Cleo")
    identity = {"user": {"id": cleo.identity.id}}
    who = {"identity": identity} if named == "identity" else {"participantId": cleo.id, "identity": identity}
    assert desk.transfer(transferee=who).status == 202
    desk.simulator.advance(5)
    assert desk.states() == ["transferring", "transferAccepted", "terminated 200/7015"]
    seen = {name: desk.simulator.person(name).call for name in ("Cleo", "Dan")}
    assert {name: one.others if one else None for name, one in seen.items()} == {"Cleo": ("Ben",), "Dan": ()}


@pytest.mark.parametrize("goes", [lambda ana, call: ana.hangs_up(), lambda ana, call: ana.leaves(call)])
def test_a_person_who_has_left_the_group_call_arrives_nowhere(
    desk: Desk, goes: Callable[[Person, SimulatedCall], object]
) -> None:
    """The target rings no longer, at once, and the bot's call goes on."""
    call = desk.call = desk.bot.join(desk.simulator.meeting(["Cleo", "Dan"]))
    cleo = desk.simulator.person("Cleo")
    desk.transfer(transferee={"identity": {"user": {"id": cleo.id}}})
    goes(cleo, call)
    assert desk.ben.call is None
    assert desk.states() == ["transferring", "established 500/7000"]
    desk.simulator.advance(5)
    assert desk.states() == ["transferring", "established 500/7000"]
    assert (cleo.call, desk.ben.call) == (None, None)


def test_a_group_call_takes_a_transferee_where_the_page_has_it(desk: Desk) -> None:
    """A transferee inside of the target, an unknown user and the bot are refused."""
    desk.call = desk.bot.join()
    inside = {**entry(desk.ben), "transferee": {"identity": {"user": {"id": desk.ana.id}}}}
    for refused in (
        desk.transfer(inside),
        desk.transfer(),
        desk.transfer(transferee={"identity": {"user": {"id": desk.simulator.person("Cleo").id}}}),
        desk.transfer(transferee={"identity": {"application": {"id": desk.bot.app.app_id}}}),
    ):
        assert code(refused) == "400 8523"
        said = refused.json()["error"]["message"].partition("$.transferee: ")[2].partition(", got ")
        assert said[0].startswith("expected the identity or participantId of one of Ana")
        assert said[2] in (
            "nothing.",
            f"{desk.simulator.person('Cleo').id!r}.",
            f"{desk.bot.app.app_id!r}.",
        )


def test_group_calls_can_be_refused_as_reported(desk: Desk) -> None:
    """A transfer in a group call is refused, whomever it names."""
    desk.simulator.switches.choose(group_transfer="refused")
    desk.call = desk.bot.join()
    refused = desk.transfer(transferee={"identity": {"user": {"id": desk.ana.id}}})
    assert refused.json()["error"]["message"].startswith("Cannot do transfer for meeting mode")


def test_the_replaced_call_is_a_different_one_of_the_app(desk: Desk) -> None:
    """An ended call, an unknown one and the call itself are refused."""
    over = desk.bot.ring(desk.ben)
    desk.bot.delete(f"/{over.id}")
    for id in (over.id, "00000000-0000-4000-8000-000000000001", desk.call.id):
        refused = desk.transfer(entry(desk.ben, replacesCallId=id))
        assert (code(refused), evidence(refused)) == ("404 10202", "inferred; fact=s9.12")
    assert desk.call.state == "established"


def test_a_second_transfer_waits_for_the_first(desk: Desk) -> None:
    """A second transfer is refused as any action in a call that is not established."""
    desk.transfer()
    assert code(desk.transfer()) == "400 8501"


def test_a_prompt_is_cut(desk: Desk) -> None:
    """A transfer ends what is played, without a notification of its own (s9.15)."""
    desk.simulator.set_pace(prompt=60)
    desk.bot.play(desk.call)
    desk.transfer()
    desk.simulator.advance(5)
    assert [one.ended for one in desk.ana.heard] == ["call ended"]


@pytest.mark.parametrize("script", ["declines", "never_answers", "is_busy"])
def test_voicemail_takes_what_the_person_does_not(desk: Desk, script: str) -> None:
    """A call taken by voicemail counts as answered."""
    getattr(desk.ben.has_voicemail(), script)()
    desk.transfer()
    desk.simulator.advance(60)
    assert desk.states()[-1] == "terminated 200/7015"
    assert desk.ana.call is not None
    assert desk.ana.call.others == ("Voicemail of Ben",)
    assert desk.ben.call is None


@pytest.mark.parametrize(
    ("voicemail", "choice", "state"),
    [(True, "fails", "established"), (True, "takes", "terminated"), (False, "takes", "established")],
)
def test_voicemail_as_a_target(desk: Desk, voicemail: bool, choice: str, state: str) -> None:
    """Fails since 2022; before, it took the call of any person who has one."""
    desk.simulator.switches.choose(voicemail=choice)
    if voicemail:
        desk.ben.has_voicemail()
    desk.transfer(entry(desk.ben, endpointType="voicemail"))
    desk.simulator.advance(1)
    assert desk.call.state == state


class Two:
    """Two bots of one tenant: calls are handed on to the second one."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.simulator = self.desk.simulator
        self.app = self.simulator.authority.register(name="Second", phone_number="+15550199")
        self.second = Bot(self.simulator, self.app)
        self.simulator.switches.choose(resource_accounts="reached")

    def arrived(self) -> tuple[SimulatedCall, dict[str, Any]]:
        """The call that has arrived at the second bot, and the notification of it."""
        note = next(one for one in self.simulator.notifications if one.app_id == self.app.app_id)
        return self.simulator.call(note.call_id), note.entries[0]["resourceData"]


@pytest.fixture
def two() -> Two:
    return Two()


def named(app: App, sort: str) -> dict[str, Any]:
    return {"identity": {sort: {"id": app.app_id if sort == "application" else app.instance_id}}}


def test_a_bot_as_target_is_refused(desk: Desk) -> None:
    """Unless that is chosen, and it is registered, and not the one that transfers."""
    app = desk.simulator.authority.register(phone_number="+15550199")
    for target in (named(app, "application"), named(app, "applicationInstance")):
        refused = desk.transfer(target)
        assert (code(refused), evidence(refused)) == ("403 7505", "reported; fact=s9.9")
        assert 'simulator.switches.choose(resource_accounts="reached")' in refused.json()["error"]["message"]
    desk.simulator.switches.choose(resource_accounts="reached")
    for unknown in ("00000000-0000-4000-8000-000000000001", desk.bot.app.app_id):
        assert code(desk.transfer({"identity": {"application": {"id": unknown}}})) == "403 7505"


@pytest.mark.parametrize("sort", ["application", "applicationInstance"])
def test_a_second_bot_is_called_and_answers(two: Two, sort: str) -> None:
    """The second bot sees the person as source and the first bot as transferor; the person arrives there."""
    answer = two.desk.transfer(named(two.app, sort))
    assert (answer.status, evidence(answer)) == (202, "reported; fact=s9.9")
    call, data = two.arrived()
    assert data["source"]["identity"]["user"]["displayName"] == "Ana"
    assert data["incomingContext"]["transferor"]["application"]["displayName"] == "Bot"
    assert data["callChainId"] != two.simulator.notifications[0].entries[0]["resourceData"]["callChainId"]
    two.second.answer(call)
    two.simulator.advance(1)
    assert two.desk.states() == ["transferring", "transferAccepted", "terminated 200/7015"]
    assert two.desk.ana.call is not None
    assert (two.desk.ana.call.others, two.desk.ana.call.calls) == (("Second",), (call.id,))
    two.second.delete(f"/{call.id}")
    assert two.desk.ana.call is None


@pytest.mark.parametrize("refuses", [lambda two, call: two.second.post(f"/{call.id}/reject", {}), lambda *_: None])
def test_a_second_bot_does_not_take_the_call(two: Two, refuses: Callable[[Two, SimulatedCall], object]) -> None:
    """When the second bot rejects, or lets 15 seconds pass, the first call goes on."""
    two.desk.transfer(named(two.app, "application"))
    call, _ = two.arrived()
    refuses(two, call)
    two.simulator.advance(15)
    assert call.state == "terminated"
    assert two.desk.states() == ["transferring", "established 500/7000"]


def test_a_second_bot_transfers_the_person_once_more(two: Two) -> None:
    """To a person, who talks to them in the end."""
    two.desk.transfer(named(two.app, "application"))
    call, _ = two.arrived()
    two.second.answer(call)
    two.simulator.advance(1)
    answer = two.second.post(f"/{call.id}/transfer", {"transferTarget": entry(two.desk.ben)})
    assert answer.status == 202
    two.simulator.advance(5)
    assert two.desk.states(call)[-1] == "terminated 200/7015"
    assert two.desk.ana.call == PersonCall("established", ("Ben",), 5.0, (), call.id)


def test_a_second_bot_is_notified_when_the_person_has_hung_up(two: Two) -> None:
    """The person hangs up while the second bot's call rings."""
    two.desk.transfer(named(two.app, "application"))
    call, _ = two.arrived()
    two.desk.ana.hangs_up()
    assert (call.state, two.desk.call.state) == ("terminated", "terminated")
    assert str(two.desk.states(call)[-1]) == "terminated 487/0"


class Ringing(Desk):
    """A call from Ana, which the bot redirects."""

    def __init__(self) -> None:
        self.simulator = Simulator()
        self.bot = Bot(self.simulator, version="beta")
        self.ana, self.ben = self.simulator.person("Ana"), self.simulator.person("Ben")
        self.call = self.simulator.incoming_call(self.ana)

    def redirect(self, *targets: Person | dict[str, Any], **body: Any) -> Response:
        entries = [one if isinstance(one, dict) else entry(one) for one in targets]
        return self.bot.post(f"/{self.call.id}/redirect", {"targets": entries, **body})


@pytest.fixture
def ringing() -> Ringing:
    return Ringing()


def test_a_caller_is_redirected(ringing: Ringing) -> None:
    """The call is over for the bot at once, and rings at the target."""
    assert ringing.ana.call == PersonCall("ringing", ("Bot",), 0.0, (ringing.call.id,))
    assert ringing.redirect(ringing.ben).status == 202
    assert ringing.call.state == "terminated"
    assert ringing.ana.call == PersonCall("ringing", ("Ben",), 0.0, (), ringing.call.id)
    assert ringing.ben.call == PersonCall("ringing", ("Ana",), 0.0, (), ringing.call.id)
    ringing.simulator.advance(2)
    assert ringing.ben.call == PersonCall("established", ("Ana",), 2.0, (), ringing.call.id)


def test_the_first_of_several_targets_gets_the_call(ringing: Ringing) -> None:
    """The others ring no longer (call-redirect.r03)."""
    cleo, dan = ringing.simulator.person("Cleo").answers_after(1), ringing.simulator.person("Dan").is_busy()
    ringing.redirect(ringing.ben, cleo, dan)
    ringing.simulator.advance(1)
    assert ringing.ana.call is not None
    assert ringing.ana.call.others == ("Cleo",)
    assert (ringing.ben.call, dan.call) == (None, None)


@pytest.mark.parametrize(("given", "seconds"), [({}, 55), ({"timeout": 20}, 20)])
def test_the_targets_ring_as_long_as_the_redirect_says(ringing: Ringing, given: dict[str, Any], seconds: float) -> None:
    """By default 55 seconds; then the caller is in no call."""
    ringing.ben.never_answers()
    ringing.redirect(ringing.ben, **given)
    ringing.simulator.advance(seconds - 1)
    assert ringing.ana.call is not None
    ringing.simulator.advance(1)
    assert ringing.ana.call is None


def test_two_targets_ring_for_60_seconds(ringing: Ringing) -> None:
    """By default, and only the last one who refuses ends it."""
    cleo = ringing.simulator.person("Cleo").never_answers()
    ringing.redirect(ringing.ben.declines(), cleo)
    ringing.simulator.advance(59)
    assert ringing.ana.call == PersonCall("ringing", ("Cleo",), 0.0, (), ringing.call.id)
    ringing.simulator.advance(1)
    assert ringing.ana.call is None


def test_a_caller_gives_up_while_the_target_rings(ringing: Ringing) -> None:
    """The target stops ringing."""
    ringing.redirect(ringing.ben)
    ringing.simulator.advance(1)
    ringing.ana.hangs_up()
    assert (ringing.ana.call, ringing.ben.call) == (None, None)
    ringing.simulator.advance(10)
    assert (ringing.ana.call, ringing.ben.call) == (None, None)


def answered_by(ringing: Ringing) -> Any:
    posted = [note.entries[0] for note in ringing.simulator.notifications]
    return [one["resourceData"].get("answeredBy") for one in posted if one["changeType"] == "deleted"]


def test_a_phone_that_answers_is_shown_encrypted(ringing: Ringing) -> None:
    """The end comes with the answer; until then the call can be neither read as ended nor answered."""
    ringing.redirect(ringing.simulator.person(PHONE))
    assert (ringing.call.state, answered_by(ringing)) == ("redirecting", [])
    assert code(ringing.bot.answer(ringing.call)) == "404 8522"
    assert code(ringing.redirect(ringing.ben)) == "400 8501"
    ringing.simulator.advance(20)
    (who,) = answered_by(ringing)
    assert PHONE not in str(who["identity"]["encrypted"])
    assert ringing.call.state == "terminated"


def test_a_phone_that_does_not_answer_is_not_shown(ringing: Ringing) -> None:
    """The end comes when it has rung long enough; or before, if the caller gives up."""
    ringing.redirect(ringing.simulator.person(PHONE).never_answers())
    ringing.simulator.advance(54)
    assert answered_by(ringing) == []
    ringing.simulator.advance(1)
    assert answered_by(ringing) == [None]


def test_a_caller_gives_up_while_a_phone_rings(ringing: Ringing) -> None:
    """The bot is notified of the end at that moment."""
    ringing.redirect(ringing.simulator.person(PHONE))
    ringing.ana.hangs_up()
    assert answered_by(ringing) == [None]
    assert ringing.simulator.person(PHONE).call is None


@pytest.mark.parametrize(
    ("choice", "phone", "state"), [("at-once", True, "terminated"), ("answered", False, "redirecting")]
)
def test_the_time_of_the_end_can_be_chosen(ringing: Ringing, choice: str, phone: bool, state: str) -> None:
    """At once, or with the answer, whatever the target is (s10.3)."""
    ringing.simulator.switches.choose(redirect_end=choice)
    ringing.redirect(ringing.simulator.person(PHONE) if phone else ringing.ben)
    assert ringing.call.state == state
    ringing.simulator.advance(5)
    assert answered_by(ringing) == [None]


def test_a_redirect_to_a_phone_takes_an_instance(ringing: Ringing) -> None:
    """Refused as a transfer is; the call still rings."""
    ringing.simulator.authority.change(ringing.simulator.authority.app, phone_number=None)
    assert code(ringing.redirect(ringing.simulator.person(PHONE))) == "403 7507"
    assert ringing.call.state == "incoming"


def test_a_second_bot_gets_a_redirected_call() -> None:
    """Without a transferor; the first one to answer has it, the other is notified that it is over."""
    ringing = Ringing()
    apps = [ringing.simulator.authority.register(name=name) for name in ("Second", "Third")]
    assert code(ringing.redirect(named(apps[0], "application"))) == "403 7505"
    ringing.simulator.switches.choose(resource_accounts="reached")
    ringing.redirect(*(named(app, "application") for app in apps))
    second, third = (
        ringing.simulator.call(note.call_id)
        for note in ringing.simulator.notifications
        if note.app_id != ringing.bot.app.app_id
    )
    Bot(ringing.simulator, apps[0]).answer(second)
    ringing.simulator.advance(1)
    assert (second.state, third.state) == ("established", "terminated")
    assert ringing.ana.call is not None
    assert ringing.ana.call.others == ("Second",)


def test_unread_members_of_a_redirect_are_named(ringing: Ringing) -> None:
    """Masks, and forwarding to several, are in no published notification."""
    answer = ringing.redirect(ringing.ben, maskCallee=True, maskCaller=True, targetDisposition="forward")
    assert evidence(answer).partition("unread=")[2] == "$.maskCallee, $.maskCaller, $.targetDisposition"
    other = Ringing()
    answer = other.redirect(other.ben, maskCaller=False, targetDisposition="simultaneousRing")
    assert evidence(answer) == "documented; fact=call-redirect.r01"


def test_a_call_of_a_person_is_that_of_a_meeting_or_an_outgoing_one(desk: Desk) -> None:
    """Whichever bot is in it."""
    cleo = desk.simulator.person("Cleo")
    answer = desk.bot.create(targets=[entry(cleo)])
    assert cleo.call == PersonCall("ringing", ("Bot",), 2.0, (answer.json()["id"],))
    dan = desk.simulator.person("Dan")
    call = desk.bot.join(desk.simulator.meeting(["Dan", "Eve"]))
    assert dan.call == PersonCall("established", ("Eve", "Bot"), 2.0, (call.id,))


def test_a_switch_that_does_not_exist_is_named() -> None:
    """With the nearest one."""
    with pytest.raises(UnknownNameError, match="transfer_end"):
        Simulator().switches.choose(transfer_ends="reason")
    with pytest.raises(UnknownNameError, match="reached"):
        Simulator().switches.choose(resource_accounts="reachd")


def test_a_long_running_simulator_forgets_where_people_were_handed_on_to(desk: Desk) -> None:
    """With the call; what is kept of a second bot's call stays."""
    desk.simulator.keep_latest(calls=0, notifications=0)
    desk.transfer()
    desk.simulator.advance(5)
    assert (desk.ana.call, desk.simulator.store.conferences) == (None, {})


def test_an_empty_group_call_is_redirected_nowhere(desk: Desk) -> None:
    """The caller has left while it rang."""
    call = desk.simulator.incoming_call("Cleo", group=True)
    desk.simulator.person("Cleo").leaves(call)
    refused = desk.bot.post(f"/{call.id}/redirect", {"targets": [entry(desk.ben)], "callbackUri": CALLBACK})
    assert code(refused) == "404 8522"
    assert "Everybody has left the call." in refused.json()["error"]["message"]


def test_a_target_answers_when_the_redirected_call_is_kept_no_longer(desk: Desk) -> None:
    """A bot is rung beside a person, and the call was over at once."""
    desk.simulator.keep_latest(calls=0, notifications=0)
    desk.simulator.switches.choose(resource_accounts="reached")
    other = desk.simulator.authority.register(name="Other")
    call = desk.simulator.incoming_call("Cleo")
    body = {"targets": [named(other, "application"), entry(desk.ben)], "callbackUri": CALLBACK}
    assert desk.bot.post(f"/{call.id}/redirect", body).status == 202
    desk.simulator.advance(60)
    with pytest.raises(UnknownNameError):
        desk.simulator.call(call.id)


def test_the_bot_knows_who_has_left_while_its_transfer_fails(desk: Desk) -> None:
    """The roster of a group call is posted meanwhile, which is inferred."""
    call = desk.call = desk.bot.join(desk.simulator.meeting(["Cleo", "Dan"]))
    desk.ben.never_answers()
    desk.transfer(transferee={"identity": {"user": {"id": desk.simulator.person("Cleo").id}}})
    desk.simulator.person("Dan").leaves(call)
    last = desk.simulator.notifications[-1]
    assert [name_of(one) for one in last.entries[0]["resourceData"]] == ["Cleo", "Bot"]
    assert last.headers["x-graphcalls-evidence"] == "inferred; fact=s9.4"
