"""What the Python objects can do in a test with a bot, and by which address every other language does it.

A method, property or parameter that is new is in one of these tables, or this test fails.
"""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.server.control import ROUTES, ServerState
from pytest_graphcalls.simulator import Authority, Fault, Keyring, Meeting, Person, SimulatedCall, Simulator
from pytest_graphcalls.simulator.switches import Switches

SEEN = "GET calls/{call}"
ADDRESSES: dict[type, dict[str, str]] = {
    Simulator: {
        "advance": "POST clock/advance",
        "call": SEEN,
        "fault": "POST faults/429",
        "incoming_call": "POST calls",
        "meeting": "POST meetings",
        "notifications": "GET notifications",
        "notify": "POST calls/{call}/notifications",
        "now": "GET clock",
        "open_directory": "POST directory",
        "pace": "PATCH clock/pace",
        "person": "GET people/{person}",
        "reset": "POST reset",
        "set_pace": "PATCH clock/pace",
    },
    Person: {
        **{
            name: f"POST people/{{person}}/{name}"
            for name in (
                "answers_after",
                "admits",
                "asks_to_join",
                "declines",
                "hangs_up",
                "has_voicemail",
                "is_busy",
                "is_unreachable",
                "joins",
                "keeps_lobby",
                "leaves",
                "leaves_after",
                "never_answers",
                "presses",
                "mutes",
                "unmutes",
                "mutes_bot",
                "holds",
                "resumes",
                "removes",
                "shares_powerpoint",
                "shares_screen",
                "speaks",
                "stays_silent",
                "stops_sharing",
                "turns_away",
                "waits",
            )
        },
        "call": "GET people/{person}/call",
        "heard": "GET people/{person}/heard",
        "hears": "GET people/{person}/heard",
        "id": "GET people/{person}",
        "identity": "GET people/{person}",
        "name": "GET people/{person}",
    },
    SimulatedCall: dict.fromkeys(
        (
            "callback_uri",
            "device_quality",
            "id",
            "invited",
            "is_recorded",
            "is_transcribed",
            "kind",
            "my_participant_id",
            "operations",
            "participants",
            "prompts",
            "recording_status",
            "recordings",
            "rejected_with",
            "result",
            "routes",
            "sharing",
            "state",
            "tones",
        ),
        SEEN,
    ),
    Meeting: dict.fromkeys(
        ("by_join_id", "coordinates", "id", "join_meeting_id", "join_url", "organizer", "passcode"), "POST meetings"
    ),
    Fault: {
        "end": "DELETE faults/{fault}",
        "fired": "GET faults",
        "name": "GET faults",
        "number": "GET faults",
        "order": "GET faults",
        "release": "POST faults/{fault}/release",
        "seen": "GET faults",
    },
    Authority: {
        "apps": "GET apps",
        "change": "PATCH apps/{app}",
        "register": "POST apps",
        "token": "POST token",
    },
    Switches: {"choose": "POST switches"},
    Keyring: {"names": "GET keys", "retire": "POST keys/retire", "rotate": "POST keys/rotate"},
    Bot: {
        "__call__": "POST bot",
        "assert_acts_once_for_each_tone": "POST assertions/acts-once-for-each-tone",
        "assert_acts_once_on_duplicates": "POST assertions/acts-once-on-duplicates",
        "assert_answered_within": "POST assertions/answered-within",
        "assert_fetched_every_recording": "POST assertions/fetched-every-recording",
        "assert_copes_with_failed_transfers": "POST assertions/copes-with-failed-transfers",
        "assert_leaves_transferred_calls_alone": "POST assertions/leaves-transferred-calls-alone",
        "assert_goes_on_after_an_end": "POST assertions/goes-on-after-an-end",
        "assert_hung_up_what_it_created": "POST assertions/hung-up-what-it-created",
        "assert_kept_alive": "POST assertions/kept-alive",
        "assert_plays_nothing_while_muted": "POST assertions/plays-nothing-while-muted",
        "assert_plays_when_audio_is_active": "POST assertions/plays-when-audio-is-active",
        "assert_refuses_forged_notifications": "POST assertions/refuses-forged-notifications",
        "assert_states_recording_first": "POST assertions/states-recording-first",
        "assert_stopped_after_end": "POST assertions/stopped-after-end",
        "assert_survives_reorder": "POST assertions/survives-reorder",
        "assert_took_every_notification": "POST assertions/took-every-notification",
        "assert_waited_retry_after": "POST assertions/waited-retry-after",
        "close": "DELETE bot",
        "deliveries": "GET ledger",
        "forge": "POST bot/forge",
        "requests": "GET ledger",
        "requests_to": "GET ledger",
        "send_again": "POST bot/again",
        "timeline": "GET timeline",
    },
}
"""By class and name: the address."""

PART = "a part; what a test sets up with it has an address of its own"
CODE = "takes or gives code of this process"
LEFT_OUT: dict[type, dict[str, str]] = {
    Simulator: {
        "deliver_to": CODE,
        "elapse": "for adapters, which let time pass by themselves",
        "handle": "it is every other address of the server",
        "intercept": CODE,
        "keep_latest": "the server has said how much it keeps",
        "later": CODE,
        "notification": "GET notifications with since",
        "observe": CODE,
    },
    Meeting: {
        **dict.fromkeys(("chat_info", "meeting_info", "tenant_id"), "in coordinates"),
        "join_body": "coordinates and what every create has, in the suite's own language",
    },
    Fault: {
        **dict.fromkeys(("note", "strikes"), "it counts; only the simulator asks it to"),
        "is_idle": "seen and struck say it",
    },
    Authority: {
        "app_of": "an address names the app by its id",
        "bot": "a roster shows it",
        "find": "an address names the app by its id",
        "grant": "it judges every request",
        "reset": "POST reset does",
    },
    Switches: {"reset": "POST reset does"},
    Keyring: {
        "public": "the key set of the service itself: GET /v1/keys",
        "reset": "POST reset does",
        "sign": "POST bot/forge and POST token give what is signed",
        "verify": "the service does with every request",
    },
    Bot: {
        "courier": PART,
        "wait_until_idle": "POST clock/advance does",
        "sleep": "for applications in this process only",
        "wait_for": "a loop in the suite's own language: only the suite knows its condition",
        "watch": "a server always does",
    },
}
"""By class and name: why there is none."""

OTHER_NAMES = {
    "name_or_id": "{person}",
    "call_id": "{call}",
    "call": "{call}",
    "where": "url",
    "app": "{app}",
    "id": "{call}",
}
"""Parameters that an address says by another name, or by itself."""
PARAMETERS_LEFT_OUT = {
    (Simulator, "advance", "patience"): "the server knows whether a bot delivers by itself",
    (Simulator, "advance", "extra"): "the server has clients that do not know each other, and says how many",
    (Simulator, "reset", "start"): "time zero of a server stands for the present",
    (Simulator, "fault", "name"): "there is an address for each",
    (
        Bot,
        "__call__",
        "allow_hosts",
    ): "the user who starts the server decides: else a request could have it post anywhere",
    (Bot, "__call__", "linger"): "for applications in this process only",
    (Bot, "__call__", "epoch"): CODE,
    (Bot, "__call__", "busy"): CODE,
    (Bot, "requests_to", "operation"): "each entry says its operation",
    (Bot, "send_again", "token"): "POST bot/forge has every bad one",
    (Bot, "send_again", "remark"): "for the words of the ledger only",
    (Authority, "token", "key"): CODE,
}
FREE = {(Simulator, "fault"), (Simulator, "set_pace"), (Authority, "change"), (Switches, "choose")}
"""Those that take any parameter; tables elsewhere say which."""
SERVED_ONLY = {
    "GET ": "the list itself",
    "GET switches": "in Python they are attributes",
    **dict.fromkeys(("GET media", "POST media"), "the older name of switches"),
    "GET calls": "a suite that has lost an id finds it again; in Python the object is kept",
    "GET environment": "in Python nothing needs to be trusted or led anywhere",
    "GET bot": "the names of the forgeries, in Python bot.FORGERIES",
    "GET directory": "in Python the attribute that POST directory sets is read",
    "POST clock/freeze": "in Python time always stands still",
    "POST clock/thaw": "in Python time always stands still",
}
"""Addresses that stand for nothing in Python, and why there are any."""

CLASSES = tuple(ADDRESSES)
KNOWN = {f"{route.method} {route.path}": route for route in ROUTES}


def public(kind: type) -> set[str]:
    """Everything public that a class itself, or one it is made of, has: methods, properties, slots."""
    names = {name for base in kind.__mro__[:-1] for name in vars(base) if not name.startswith("_")}
    return names | ({"__call__"} if kind is Bot else set())


@pytest.mark.parametrize("kind", CLASSES)
def test_everything_has_an_address_or_a_reason(kind: type) -> None:
    """Each public name is in exactly one of the tables, and no table names a removed one."""
    with_address, without = set(ADDRESSES[kind]), set(LEFT_OUT.get(kind, ()))
    assert not with_address & without
    assert with_address | without == public(kind)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_address_of_the_table_is_served(kind: type) -> None:
    """An address takes every parameter that the method takes, unless there is a reason."""
    for name, address in ADDRESSES[kind].items():
        assert address in KNOWN
        method: Any = getattr(kind, name)
        if not inspect.isfunction(method) or (kind, name) in FREE:
            continue
        wanted = {one for one in inspect.signature(method).parameters if one != "self"}
        wanted = {one for one in wanted if (kind, name, one) not in PARAMETERS_LEFT_OUT}
        route = KNOWN[address]
        missing = {one for one in wanted if one not in route.parameters and OTHER_NAMES.get(one, "?") not in route.path}
        assert {one for one in missing if OTHER_NAMES.get(one) not in route.parameters} == set(), address


def test_every_address_stands_for_something() -> None:
    """One that is served is what an object does, one of a family of those, or has a reason."""
    ours = {address for table in ADDRESSES.values() for address in table.values()} | set(SERVED_ONLY)
    rest = {address for address in KNOWN if address not in ours}
    assert {address.rpartition("/")[0] for address in rest} <= {"POST faults"}


def test_no_reason_is_left_over() -> None:
    """A reason for a removed parameter is removed, too."""
    for kind, name, parameter in PARAMETERS_LEFT_OUT:
        assert parameter in inspect.signature(getattr(kind, name)).parameters
    assert set(SERVED_ONLY) <= set(KNOWN)


def test_a_server_steers_the_same_objects(state: ServerState) -> None:
    """The tables have the classes that a server's state is made of."""
    simulator = state.simulator
    steered = (simulator, state.bot, simulator.authority, simulator.channel.keys, simulator.person("Adele"))
    assert {type(one) for one in steered} <= set(CLASSES)
