"""Addresses about the bot: where it is, what it was told and asked for, and how it did."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from pytest_graphcalls.bot import FORGERIES
from pytest_graphcalls.bot.assertions import Assertions
from pytest_graphcalls.redaction import OF_REPORTS
from pytest_graphcalls.server.control import parameters, views
from pytest_graphcalls.server.control.parameters import Parameter
from pytest_graphcalls.server.control.routing import Route, first_line, taken
from pytest_graphcalls.server.control.state import World


def _bot(world: World) -> Mapping[str, Any]:
    return {"url": OF_REPORTS.url(world.bot.where), "forgeries": list(FORGERIES)}


def _place(world: World, url: str, **terms: Any) -> Mapping[str, Any]:
    world.place_bot(url, **terms)
    return _bot(world)


def _leave(world: World) -> Mapping[str, Any]:
    world.bot.close()
    return _bot(world)


def _forge(world: World, name: str) -> Mapping[str, Any]:
    return views.entry(world.bot.forge(name))


def _again(world: World) -> Mapping[str, Any]:
    return views.entry(world.bot.send_again())


def _ledger(world: World, since: int = 0) -> Mapping[str, Any]:
    ledger = world.bot.ledger
    settled = ledger.settled  # before the entries: what comes in between is shown twice rather than never
    shown = [views.entry(one) for one in ledger.entries if one.number > since]
    return {"entries": shown, "settled": settled, "dropped": ledger.dropped}


def _timeline(world: World) -> Mapping[str, Any]:
    return {"lines": OF_REPORTS.mask(world.bot.timeline()).splitlines()}


def _notifications(world: World, since: int = 0) -> Mapping[str, Any]:
    with world.simulator.lock:
        dropped, known = world.simulator.notifier.gone, world.simulator.notifications
    shown = [views.notification(number, one) for number, one in enumerate(known, dropped) if number >= since]
    return {"notifications": shown, "count": dropped + len(known), "dropped": dropped}


def _assert(name: str, world: World, **facts: Any) -> Mapping[str, Any]:
    ASSERTIONS[name](world.bot, **facts)
    return {"passed": True}


ASSERTIONS = {
    name.removeprefix("assert_").replace("_", "-"): method
    for name, method in vars(Assertions).items()
    if name.startswith("assert_")
}
"""Every ready-made assertion: ``assert_answered_within`` is ``answered-within``."""

_OF_AN_ASSERTION: Mapping[str, Parameter] = {
    "seconds": Parameter("virtual seconds", parameters.seconds),
    "within": Parameter("real seconds", parameters.seconds),
    "every": Parameter("virtual seconds", parameters.seconds),
    "wait": Parameter("real seconds for the bot to act after its answers", parameters.patience),
}


_SINCE = "only those after this number"
ROUTES = (
    Route("GET", "bot", "where the bot is, and the names of the forgeries", _bot),
    Route(
        "POST",
        "bot",
        "say where the bot is: it is told what happens from now on",
        _place,
        {
            "url": Parameter("of this machine, or of a host that --allow-host names", parameters.text, required=True),
            "path": Parameter("for notifications to the registered address; by default that of url", parameters.text),
            "callbacks": Parameter("by scheme and host of a callbackUri: another URL", parameters.names),
            "timeout": Parameter("real seconds that it has for an answer (5)", parameters.seconds),
            "redeliveries": Parameter("how often a notification comes again when it fails (2)", parameters.count),
            "spacing": Parameter("virtual seconds in between (1)", parameters.seconds),
            "signed": Parameter("whether a bearer token goes along (true)", parameters.flag),
        },
    ),
    Route("DELETE", "bot", "tell nobody any more", _leave),
    Route(
        "POST",
        "bot/forge",
        "post a notification whose token is wrong in one thing, and see what the bot does",
        _forge,
        {"name": Parameter("of the forgery, e.g. 'wrong audience'", parameters.text, required=True)},
    ),
    Route("POST", "bot/again", "post the last notification that the bot took once more", _again),
    Route(
        "GET",
        "ledger",
        "what the bot was told, what was asked for, which faults struck; up to 'settled' nothing comes any more",
        _ledger,
        {"since": Parameter(_SINCE, parameters.count)},
    ),
    Route("GET", "timeline", "the same as text, a line each", _timeline),
    Route(
        "GET",
        "notifications",
        "what the service has to tell, delivered or not",
        _notifications,
        {"since": Parameter("only those from this number on, counted from 0", parameters.count)},
    ),
    *(
        Route("POST", f"assertions/{name}", first_line(method), partial(_assert, name), taken(method, _OF_AN_ASSERTION))
        for name, method in ASSERTIONS.items()
    ),
)
"""Everything about the bot."""
