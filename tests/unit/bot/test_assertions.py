"""What the assertions about a bot say when they fail: what it did, when, and what was expected, with the timeline."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.errors import BotError
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import SimulatedCall, Simulator
from tests.unit.bot.bots import Act, Note, Phone, asgi, incoming


def idle(notes: Note, headers: dict[str, str]) -> None:
    """Take everything and do nothing."""


def answering(phone: Phone, then: Act = idle) -> Act:
    """Answer each incoming call, once; then do something more."""
    done: set[str] = set()

    def act(notes: Note, headers: dict[str, str]) -> int | None:
        for call in incoming(notes):
            if call not in done:
                done.add(call)
                phone.answer(call)
        return then(notes, headers)

    return act


def states(notes: Note) -> Iterator[tuple[str, str]]:
    """Id and state of each call in the notification."""
    for note in notes["value"]:
        data = note["resourceData"]
        if isinstance(data, dict) and "state" in data:
            yield data.get("id") or note["resourceUrl"].rpartition("/")[2], data["state"]


def established(simulator: Simulator) -> SimulatedCall:
    call = simulator.incoming_call()
    simulator.advance(1)
    assert call.state == "established"
    return call


def said(error: pytest.ExceptionInfo[BotError]) -> str:
    """What it says first; the timeline follows."""
    assert error.value.timeline
    assert str(error.value).splitlines()[1].lstrip().startswith("#1")
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", error.value.what)


def test_a_notification_that_was_refused(simulator: Simulator, bot: Bot) -> None:
    bot(asgi(lambda notes, headers: 500), redeliveries=1)
    simulator.incoming_call()
    simulator.advance(1)
    with pytest.raises(BotError) as caught:
        bot.assert_took_every_notification(within=5)
    assert said(caught) == (
        "to 'created call incoming' (#1) the bot answered 500; expected 2xx, best 202 at once and the work later. "
        "This affects 2 of 2 deliveries"
    )


def test_a_notification_that_was_not_answered(simulator: Simulator, bot: Bot) -> None:
    def act(notes: Note, headers: dict[str, str]) -> None:
        raise LookupError("no")

    bot(asgi(act), redeliveries=0)
    simulator.incoming_call()
    simulator.advance(0)
    with pytest.raises(BotError) as caught:
        bot.assert_took_every_notification(within=5)
    assert said(caught).startswith(
        "to 'created call incoming' (#1) the bot did not answer: it raised LookupError: no; expected 2xx"
    )


def test_a_notification_that_took_too_long(simulator: Simulator, bot: Bot) -> None:
    bot(asgi(lambda notes, headers: None))
    simulator.incoming_call()
    simulator.advance(0)
    bot.assert_took_every_notification(within=5)
    with pytest.raises(BotError) as caught:
        bot.assert_took_every_notification(within=1e-6)
    assert re.fullmatch(
        r"for 'created call incoming' \(#1\) the bot took [\d.e-]+ real seconds; expected at most 1e-06\. "
        r"This affects 1 of 1 deliveries",
        said(caught),
    )


def test_a_call_that_was_not_kept_alive(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """The message names the longest gap: before, between or after keepAlives."""
    bot(asgi(answering(phone)))
    call = established(simulator)
    simulator.advance(899)
    assert phone.send("POST", f"/calls/{call.id}/keepAlive").status == 200
    simulator.advance(1000)
    bot.assert_kept_alive(every=1000)
    with pytest.raises(BotError) as caught:
        bot.assert_kept_alive()
    assert said(caught) == (
        "call ID got no keepAlive from 900 s to 1900 s, for 1000 virtual seconds; expected one every 900; "
        "the service ends a call after 2700 without"
    )


def test_a_call_that_was_short_needs_no_keeping(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """The bot hung up early by its own DELETE."""
    bot(asgi(answering(phone)))
    call = established(simulator)
    phone.send("DELETE", f"/calls/{call.id}")
    simulator.advance(2000)
    with pytest.raises(BotError, match="no call was established for more than 900 virtual seconds"):
        bot.assert_kept_alive()


def test_a_bot_that_sends_requests_after_the_end(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """A bot that accepted the notification of the end knows it; requests before that are no fault."""
    bot(asgi(idle))
    call = simulator.incoming_call()
    simulator.advance(10)
    phone.send("GET", f"/calls/{call.id}")
    simulator.advance(10)
    bot.assert_stopped_after_end()
    simulator.advance(5)
    phone.send("GET", f"/calls/{call.id}")
    with pytest.raises(BotError) as caught:
        bot.assert_stopped_after_end()
    assert said(caught) == (
        "the bot sent GET /calls/ID (#4) at 25 s, 10 virtual seconds after it was notified of the end (#3): "
        "the call is over; expected no further request about it"
    )


def test_a_bot_that_refused_the_notification_of_the_end_does_not_know_of_it(
    simulator: Simulator, bot: Bot, phone: Phone
) -> None:
    """Such a bot may send requests until it gets a 404."""
    bot(asgi(lambda notes, headers: None if incoming(notes) else 500), redeliveries=0)
    call = simulator.incoming_call()
    simulator.advance(20)
    for _ in range(2):
        assert phone.send("GET", f"/calls/{call.id}").status == 404
    with pytest.raises(BotError, match=r"virtual seconds after it was answered 404 to GET /calls/\S+ \(#3\)"):
        bot.assert_stopped_after_end()


def test_a_call_that_is_left_behind(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    bot(asgi(answering(phone)))
    call = established(simulator)
    with pytest.raises(BotError) as caught:
        bot.assert_hung_up_what_it_created()
    assert said(caught) == (
        "call ID is still established; expected that the bot ends what it has created or answered: "
        "DELETE /communications/calls/ID"
    )
    phone.send("DELETE", f"/calls/{call.id}")
    bot.assert_hung_up_what_it_created()


def test_a_call_whose_end_was_not_notified(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    bot(asgi(answering(phone)))
    call = established(simulator)
    with simulator.fault("drop"):
        simulator.advance(2800)
    assert call.state == "terminated"
    with pytest.raises(BotError) as caught:
        bot.assert_hung_up_what_it_created()
    assert said(caught) == (
        "call ID is over, and the bot has not been notified; let time pass, advance(0), or see why it did not take the "
        "notification"
    )


def test_a_bot_that_acts_after_its_answer_to_a_duplicate(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """Behind a URL its later requests cannot be foreseen; they are waited for."""
    threads: list[threading.Thread] = []

    def act(notes: Note, headers: dict[str, str]) -> None:
        for call in incoming(notes):
            threads.append(threading.Timer(0.05, phone.reject, [call]))
            threads[-1].start()

    with serve_in_thread(asgi(act)) as url:
        bot(url)
        call = simulator.incoming_call()
        simulator.advance(0)
        bot.wait_for(lambda: call.rejected_with)
        with pytest.raises(BotError) as caught:
            bot.assert_acts_once_on_duplicates(wait=0.5)
    for thread in threads:
        thread.join()
    assert re.sub(r"#\d+", "#N", said(caught)) == (
        "the bot sent POST /calls/ID/reject (#N) because a notification was repeated; expected that it recognises a "
        "repeated notification, by its message id or by the state of the call"
    )


def _goes_back(phone: Phone) -> Act:
    """Take a late ``establishing`` for a failed call, and hang up."""
    up: set[str] = set()

    def act(notes: Note, headers: dict[str, str]) -> None:
        for call, state in states(notes):
            if state == "establishing" and call in up:
                phone.send("DELETE", f"/calls/{call}")
            if state == "established":
                up.add(call)

    return act


def _refuses(phone: Phone) -> Act:
    up: set[str] = set()

    def act(notes: Note, headers: dict[str, str]) -> int | None:
        for call, state in states(notes):
            if state == "establishing" and call in up:
                return 400
            if state == "established":
                up.add(call)
        return None

    return act


def _starts_again(phone: Phone) -> Act:
    """Invite participants whenever a notification says that the call is establishing."""

    def act(notes: Note, headers: dict[str, str]) -> None:
        for call, state in states(notes):
            if state == "establishing":
                phone.send("POST", f"/calls/{call}/participants/invite", {"participants": []})

    return act


REORDERED: list[tuple[Any, str]] = [
    (
        _refuses,
        "the bot answered 400 to 'updated call establishing' (#N) when 'established' of call ID came before "
        "'establishing'; expected 2xx, because the two may come in either order",
    ),
    (
        _goes_back,
        "the bot sent DELETE /calls/ID (#N) because 'establishing' of call ID came after 'established' (#N); "
        "expected that the call stays established for it",
    ),
    (
        _starts_again,
        "the bot sent POST /calls/ID/participants/invite (#N) because 'establishing' of call ID came after "
        "'established' (#N); expected that the call stays established for it",
    ),
]


@pytest.mark.parametrize(("then", "what"), REORDERED)
def test_a_bot_that_cannot_cope_with_reorder(
    simulator: Simulator, bot: Bot, phone: Phone, then: Any, what: str
) -> None:
    """The assertion posts a late notification when nothing was reordered."""
    bot(asgi(answering(phone, then(phone))))
    established(simulator)
    with pytest.raises(BotError) as caught:
        bot.assert_survives_reorder()
    assert re.sub(r"#\d+", "#N", said(caught)) == what


def test_a_bot_that_does_less_after_reorder(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """In calls notified in order it invites a participant; in one that is not, it does not."""
    rising: set[str] = set()
    risen: set[str] = set()

    def then(notes: Note, headers: dict[str, str]) -> None:
        for call, state in states(notes):
            if state == "establishing":
                rising.add(call)
            elif state == "established" and call in rising - risen:
                phone.send("POST", f"/calls/{call}/participants/invite", {"participants": []})
            if state == "established":
                risen.add(call)

    bot(asgi(answering(phone, then)))
    established(simulator)
    with simulator.fault("reorder", kind="updated call establishing"):
        established(simulator)
    with pytest.raises(BotError) as caught:
        bot.assert_survives_reorder()
    assert re.sub(r"#\d+", "#N", said(caught)) == (
        "the bot did not send POST participants/invite in call ID, where 'established' (#N) came before "
        "'establishing'; it does when they come in order"
    )
