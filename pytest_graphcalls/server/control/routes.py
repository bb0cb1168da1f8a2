"""The table of control addresses: method, path, summary, handler, parameters. Handlers stand above it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields
from functools import partial
from typing import Any

from pytest_graphcalls.bot import FORGERIES
from pytest_graphcalls.bot.assertions import Assertions
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.redaction import OF_REPORTS
from pytest_graphcalls.server.control import routing
from pytest_graphcalls.server.control.routing import Parameter, Route, of_signature
from pytest_graphcalls.server.control.state import ServerState
from pytest_graphcalls.server.control.views import Numbered, Structured, Unredacted, encode, outgoing
from pytest_graphcalls.simulator import FAULTS, App, Fault, Keyring, Pace, Person, SimulatedCall
from pytest_graphcalls.simulator.faults import parameters_of
from pytest_graphcalls.simulator.switches import CHOICES

PERSON_ACTIONS = {
    name: method for name, method in vars(Person).items() if inspect.isfunction(method) and not name.startswith("_")
}
"""By name: what people can do, every method of :class:`.Person`."""
ASSERTIONS = {
    name.removeprefix("assert_").replace("_", "-"): method
    for name, method in inspect.getmembers(Assertions, inspect.isfunction)
    if name.startswith("assert_")
}
"""Every ready-made assertion: ``assert_answered_within`` is ``answered-within``."""
PATIENCE = 0.5
"""Real seconds to wait for each notification that the clock delivers already. With frozen time there is no waiting: a
thread that delivers was asked to, and a bot that sends the same request from there would wait for itself."""

Json = Mapping[str, Any]
_TRACEBACK = re.compile(r"#\d+(, #\d+)*:")
"""The line before a traceback in a timeline: the numbers of its entries."""


def _token(state: ServerState, /, app: App | None = None, lifetime: float = 3600, **claims: Any) -> Json:
    authority = state.simulator.authority
    with state.simulator.lock:
        app = app or authority.app
        token = Unredacted(authority.token(app, lifetime=lifetime, **claims))
    return {"access_token": token, "expires_in": lifetime, "client_id": app.app_id, "tenant_id": authority.tenant_id}


def _addresses(state: ServerState) -> Json:
    simulator, around = state.simulator, state.addresses
    return {
        "url": around.url,
        "proxy": around.proxy,
        "ca": around.ca,
        "hosts": list(simulator.cloud.hosts),
        "tenant_id": simulator.tenant_id,
        "client_id": simulator.authority.app.app_id,
        "client_secret": Unredacted(simulator.signin.secret()),
    }


def _apps(state: ServerState) -> Json:
    return {"default": state.simulator.authority.app.app_id, "apps": state.simulator.authority.apps}


def _register_app(state: ServerState, /, **facts: Any) -> App:
    with state.simulator.lock:
        return state.simulator.authority.register(**facts)


def _change_app(state: ServerState, /, app: App, **facts: Any) -> App:
    with state.simulator.lock:
        return state.simulator.authority.change(app, **facts)


def _keys(change: Callable[[Keyring], object], state: ServerState, /, of: str = "notifications") -> Json:
    """The ids of all published keys, after a change of one set."""
    with state.simulator.lock:
        sets = {"notifications": state.simulator.channel.keys, "tokens": state.simulator.authority.keys}
        change(sets[of])
        return {name: keys.names for name, keys in sets.items()}


def _reset(state: ServerState) -> Json:
    state.reset()
    return {"now": state.simulator.now}


def _place_call(state: ServerState, /, app: App | None = None, **facts: Any) -> Any:
    return _call(state, state.simulator.incoming_call(app=app, **facts))


def _notify(state: ServerState, /, call: SimulatedCall, **facts: Any) -> Json:
    state.simulator.notify(call, **facts)
    return _notifications(state, since=state.simulator.notifier.count - 1)


def _calls(state: ServerState) -> Json:
    simulator = state.simulator
    with simulator.lock:
        shown = [encode(simulator.call(id)) for id in simulator.store.calls]
        return {"calls": shown, "dropped": simulator.retention.calls_forgotten}


def _call(state: ServerState, /, call: SimulatedCall) -> Any:
    with state.simulator.lock:  # all of it at one moment
        return encode(call)


def _directory(state: ServerState) -> Json:
    return {"open": state.simulator.open_directory}


def _open_directory(state: ServerState, /, *, open: bool) -> Json:
    with state.simulator.lock:
        state.simulator.open_directory = open
    return _directory(state)


def _clock(state: ServerState) -> Json:
    clock = state.simulator.clock
    return {"now": clock.now, "time": clock.moment().isoformat(), "frozen": state.time.frozen}


def _advance(state: ServerState, /, seconds: float) -> Json:
    try:
        state.simulator.clock.end_of(seconds)
    except SettingError as error:  # which speaks of a parameter in Python
        raise SettingError("seconds", error.value, error.expected, error.next_step) from None
    state.advance(seconds, 0.0 if state.time.frozen else PATIENCE)
    return _clock(state)


def _act(method: Callable[..., None], _: ServerState, /, person: Person, **facts: Any) -> Person:
    method(person, **facts)
    return person


def _switches(state: ServerState, /, **choices: str) -> Json:
    switches = state.simulator.switches.choose(**choices)
    return {name: getattr(switches, name) for name in CHOICES}


def _pace(state: ServerState, /, **seconds: float) -> Json:
    state.simulator.set_pace(**seconds)
    return asdict(state.simulator.pace)


def _freeze(state: ServerState) -> Json:
    state.time.freeze()
    return _clock(state)


def _thaw(state: ServerState) -> Json:
    state.time.thaw()
    return _clock(state)


def _bot(state: ServerState) -> Json:
    return {"url": Structured(OF_REPORTS.url(state.bot.where)), "forgeries": list(FORGERIES)}


def _place_bot(state: ServerState, /, url: str, **terms: Any) -> Json:
    state.place_bot(url, **terms)
    return _bot(state)


def _remove_bot(state: ServerState) -> Json:
    state.bot.close()
    return _bot(state)


def _ledger(state: ServerState, /, since: int = 0, after: int = 0, limit: int | None = None) -> Json:
    ledger = state.bot.ledger
    complete_up_to = ledger.complete_up_to  # before the entries: what comes in between is shown twice rather than never
    entries = [one for one in ledger.entries if one.number > max(since, after)]
    return {"entries": entries[:limit], "settled": complete_up_to, "dropped": ledger.dropped}


def _timeline(state: ServerState) -> Json:
    return {"lines": _timeline_lines(state)}


def _timeline_lines(state: ServerState) -> Iterator[Unredacted]:
    """The timeline, cleaned entry by entry, and tracebacks after the entries as a whole: a secret may span lines."""
    lines = [state.bot.timeline().partition("\n")[0], *state.bot.ledger.lines()]
    end = next((number for number, line in enumerate(lines) if _TRACEBACK.fullmatch(line)), len(lines))
    for text in (*lines[:end], "\n".join(lines[end:])):
        yield from map(Unredacted, outgoing(text).splitlines())


def _notifications(state: ServerState, /, since: int = 0) -> Json:
    with state.simulator.lock:
        dropped, kept = state.simulator.notifier.forgotten, state.simulator.notifications
    first = max(since, dropped)
    shown = [Numbered(number, one) for number, one in enumerate(kept[first - dropped :], first)]
    return {"notifications": shown, "count": dropped + len(kept), "dropped": dropped}


def _assert(method: Callable[..., None], state: ServerState, /, **facts: Any) -> Json:
    method(state.bot, **facts)
    return {"passed": True}


def _inject(name: str, state: ServerState, /, **facts: Any) -> Fault:
    return state.simulator.fault(name, **facts)


def _with_fault(end: Callable[[Fault], None], _: ServerState, /, fault: Fault) -> Fault:
    end(fault)
    return fault


def _first_sentence(thing: Any) -> str:
    """The first paragraph of a docstring on one line, without the marks of its form."""
    whole = " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())
    return whole.replace("``", "").removesuffix(".")


def _of_a_fault(name: str) -> Mapping[str, Parameter]:
    """The parameters of a fault; the fault checks them itself."""
    return {
        fact: Parameter(one.says, routing.anything, required=one.required) for fact, one in parameters_of(name).items()
    }


_PEOPLE = "names, object ids, or phone numbers in E.164 form"
_TEXT = routing.text
_OF_AN_APP = {
    "name": Parameter("display name", _TEXT),
    "roles": Parameter("its application permissions", routing.roles),
    "may_remove_participants": Parameter("whether AllowRemoveParticipantAppIds lists it", routing.flag),
    "phone_number": Parameter("number of its application instance in E.164 form", _TEXT),
    "callback_uri": Parameter("the address registered for its bot", _TEXT),
    "has_access_policy": Parameter("whether an application access policy lets it look up meetings", routing.flag),
}
_OF_A_TOKEN = {
    "app": Parameter("id of the app; by default the default app", _TEXT),
    "roles": Parameter("roles in the token; by default those of the app", routing.roles),
    "lifetime": Parameter("virtual seconds, 3600 by default; 0 gives one that has expired", routing.lifetime),
    "audience": Parameter("another audience than Graph, for a token that is refused", _TEXT),
    "tenant_id": Parameter("another tenant than this one, for a token that is refused", _TEXT),
}
_OF_A_CALL = {
    "caller": Parameter("who calls: a name, an object id, or a phone number", _TEXT),
    "group": Parameter("whether it is an invitation into a group call", routing.flag),
    "others": Parameter(f"who else is in the group call: {_PEOPLE}", routing.texts),
    "app": Parameter("id of the app that is called; by default the default app", _TEXT),
    "in_old_form": Parameter("whether the bot is notified of it in the form of Skype first", routing.flag),
    "recording_policy": Parameter("whether it comes because a policy has those in it recorded", routing.flag),
}
_OF_A_NOTIFICATION = {
    "data": Parameter("the resourceData, posted as it is", routing.anything, required=True),
    "change": Parameter("its changeType ('updated')", _TEXT),
    "below": Parameter("what it is about below the call, e.g. 'participants'; by default the call itself", _TEXT),
}
_OF_A_MEETING = {
    "people": Parameter(f"who is in it already: {_PEOPLE}", routing.texts),
    "organizer": Parameter("who organizes it", _TEXT),
    "passcode": Parameter("whether its number takes a passcode (false)", routing.flag),
    "lobby": Parameter("whether those who join wait in its lobby (false)", routing.flag),
    "lets_in": Parameter(
        "whether a bot that joins is admitted (true); if not, its call ends after a minute", routing.flag
    ),
}
_OF_A_DIRECTORY = {"open": Parameter("whether every person, phone and meeting exists", routing.flag, required=True)}
_OF_AN_ACTION = {
    "seconds": Parameter("virtual seconds", routing.seconds),
    "after": Parameter("virtual seconds until then; of ringing, for who declines", routing.seconds),
    "keys": Parameter("keys of a telephone, one after the other, e.g. 12#", _TEXT),
    "call": Parameter("id of the call", _TEXT),
    "who": Parameter("who waits in the lobby, a name or id; by default the bot of the call", _TEXT),
}
_OF_A_BOT = {
    "url": Parameter("of this machine, or of a host that --allow-host names", _TEXT, required=True),
    "path": Parameter("for notifications to the registered address; by default that of url", _TEXT),
    "callbacks": Parameter("by scheme and host of a callbackUri: another URL", routing.mapping),
    "timeout": Parameter("real seconds that it has for an answer (5)", routing.seconds),
    "redeliveries": Parameter("how often a failed notification is delivered again (2)", routing.count),
    "spacing": Parameter("virtual seconds in between (1)", routing.seconds),
    "signed": Parameter("whether a bearer token is sent with it (true)", routing.flag),
}
_OF_AN_ASSERTION = {
    "seconds": Parameter("virtual seconds", routing.seconds),
    "within": Parameter("real seconds", routing.seconds),
    "every": Parameter("virtual seconds", routing.seconds),
    "wait": Parameter("real seconds for the bot to act after its answers", routing.real_seconds),
    "missing_tid": Parameter("whether a token without a tenant has to be refused, too (false)", routing.flag),
}
_KEYS_OF = {"of": Parameter("'notifications' (by default), or 'tokens'", routing.keyring)}
_SECONDS = {"seconds": Parameter("virtual seconds; 0 delivers what waits", routing.seconds, required=True)}
_FORGERY = {"name": Parameter("of the forgery, e.g. 'wrong audience'", _TEXT, required=True)}
_PAGE = {
    "since": Parameter("as after; its name before there was a limit", routing.count),
    "after": Parameter("only entries after this number", routing.count),
    "limit": Parameter("only so many entries, the first ones", routing.count),
}
_FROM = {"since": Parameter("only those from this number on, counted from 0", routing.count)}

_AS = {"switches": "", "media": "; the older name of switches"}
_CHANGEABLE = {name: one for name, one in _OF_AN_APP.items() if name != "phone_number"}

ROUTES: tuple[Route, ...] = (
    Route("GET", "", "this list", lambda _: {"addresses": [route.described() for route in ROUTES]}),
    Route("POST", "token", "a bearer token", _token, _OF_A_TOKEN),
    Route("GET", "environment", "what a client needs to reach the server under Microsoft's host names, and to sign in",
          _addresses),
    Route("GET", "apps", "the apps of the tenant", _apps),
    Route("POST", "apps", "register an app", _register_app, _OF_AN_APP, 201),
    Route("PATCH", "apps/{app}", "change an app; tokens keep the roles they have", _change_app, _CHANGEABLE),
    Route("GET", "keys", "ids of the published keys: of notifications, and of tokens; the last one signs",
          partial(_keys, lambda _: None)),
    Route("POST", "keys/rotate", "sign with a new key; earlier signatures stay valid",
          partial(_keys, Keyring.rotate), _KEYS_OF),
    Route("POST", "keys/retire", "publish the newest key only; earlier signatures become invalid",
          partial(_keys, Keyring.retire), _KEYS_OF),
    Route("POST", "reset", "start anew: no calls, no faults, an empty ledger, time zero, the same ids again", _reset),
    Route("POST", "calls", "place a call to an app", _place_call, _OF_A_CALL, 201),
    Route("GET", "calls", "every call and its state", _calls),
    Route("GET", "calls/{call}", "one call: state, rejected_with, participants, operations", _call),
    Route("POST", "calls/{call}/notifications", "post a notification of your own; it is delivered as time passes",
          _notify, _OF_A_NOTIFICATION, 201),
    Route("POST", "meetings", "hold a meeting; its coordinates go into the body that creates a call",
          lambda state, **facts: state.simulator.meeting(**facts), _OF_A_MEETING, 201),
    Route("GET", "directory", "whether every person, phone and meeting exists, or only those that were made",
          _directory),
    Route("POST", "directory", "let every person, phone and meeting exist, or only those that were made",
          _open_directory, _OF_A_DIRECTORY),
    *(
        route
        for path in ("switches", "media")
        for route in (
            Route("GET", path, f"which behaviour is simulated where sources differ{_AS[path]}", _switches),
            Route("POST", path, f"simulate another behaviour from now on{_AS[path]}", _switches,
                  {name: Parameter(" or ".join(values), _TEXT) for name, values in CHOICES.items()}),
        )
    ),
    Route("GET", "people/{person}/heard", "prompts and music that they have heard, and whom they hear now",
          lambda _, person: {"heard": person.heard, "hears": person.hears}),
    Route("GET", "people/{person}/call", "their call, or one that rings at them or for them: with whom, since when",
          lambda _, person: {"call": person.call}),
    Route("GET", "people/{person}", "a person's id; a new name is a new person", lambda _, person: person),
    *(
        Route("POST", f"people/{{person}}/{name}", _first_sentence(method).lower(), partial(_act, method),
              of_signature(method, _OF_AN_ACTION))
        for name, method in PERSON_ACTIONS.items()
    ),
    Route("GET", "clock", "virtual seconds since the start, and whether time is frozen", _clock),
    Route("POST", "clock/advance", "let virtual time pass; answered when everything due was delivered to the bot",
          _advance, _SECONDS),
    Route("PATCH", "clock/pace", "how long things take from now on; without a member: how long they take", _pace,
          {one.name: Parameter(f"virtual seconds ({one.default:g})", routing.seconds) for one in fields(Pace)}),
    Route("POST", "clock/freeze", "stop virtual time", _freeze),
    Route("POST", "clock/thaw", "let virtual time follow real time, from now on", _thaw),
    Route("GET", "bot", "where the bot is, and the names of the forgeries", _bot),
    Route("POST", "bot", "set where the bot is; it gets the notifications of what happens from now on",
          _place_bot, _OF_A_BOT),
    Route("DELETE", "bot", "deliver to no bot any more", _remove_bot),
    Route("POST", "bot/forge", "post a notification whose token is wrong in one thing, and see what the bot does",
          lambda state, name: state.bot.forge(name), _FORGERY),
    Route("POST", "bot/again", "post the last notification that the bot accepted once more",
          lambda state: state.bot.send_again()),
    Route("GET", "ledger", "deliveries, requests and faults in order; up to 'settled' the list is complete",
          _ledger, _PAGE),
    Route("GET", "timeline", "the ledger as text, a line for each entry", _timeline),
    Route("GET", "notifications", "every notification, delivered or not", _notifications, _FROM),
    *(
        Route("POST", f"assertions/{name}", _first_sentence(method), partial(_assert, method),
              of_signature(method, _OF_AN_ASSERTION))
        for name, method in ASSERTIONS.items()
    ),
    Route("GET", "faults", "the faults in force, and what each has struck",
          lambda state: {"faults": state.simulator.faults.active}),
    *(
        Route("POST", f"faults/{name}", f"from now on: {fault.says}", partial(_inject, name), _of_a_fault(name), 201)
        for name, fault in FAULTS.items()
    ),
    Route("POST", "faults/{fault}/release", "deliver what a fault holds back; it stays in force",
          partial(_with_fault, Fault.release)),
    Route("DELETE", "faults/{fault}", "end a fault, and deliver what it holds back", partial(_with_fault, Fault.end)),
)  # fmt: skip
"""Every address; the first that matches is taken."""
