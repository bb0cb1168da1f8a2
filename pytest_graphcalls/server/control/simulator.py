"""Addresses about calls, meetings and people."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any

from pytest_graphcalls.server.control import parameters, views
from pytest_graphcalls.server.control.parameters import Parameter
from pytest_graphcalls.server.control.routing import Route, first_line, taken
from pytest_graphcalls.server.control.state import World
from pytest_graphcalls.simulator import App, Person, SimulatedCall


def _place(world: World, app: App | None = None, **facts: Any) -> Mapping[str, Any]:
    return _call(world, world.simulator.incoming_call(app=app, **facts))


def _calls(world: World) -> Mapping[str, Any]:
    with world.simulator.lock:
        shown = [views.call(world.simulator.call(id)) for id in world.simulator.store.calls]
        return {"calls": shown, "dropped": world.simulator.retention.calls_gone}


def _call(world: World, call: SimulatedCall) -> Mapping[str, Any]:
    with world.simulator.lock:  # as it stands at one moment
        return views.call(call)


def _meeting(world: World, **facts: Any) -> Mapping[str, Any]:
    return views.meeting(world.simulator.meeting(**facts))


def _person(world: World, person: Person) -> Mapping[str, Any]:
    del world
    return views.person(person)


def _does(doing: str, world: World, person: Person, **facts: Any) -> Mapping[str, Any]:
    del world
    getattr(person, doing)(**facts)
    return views.person(person)


DOINGS = {
    name: method for name, method in vars(Person).items() if inspect.isfunction(method) and not name.startswith("_")
}
"""What people can be told to do: every method of :class:`.Person`."""

_OF_A_DOING: Mapping[str, Parameter] = {
    "seconds": Parameter("virtual seconds", parameters.seconds),
    "after": Parameter("virtual seconds of ringing; by default as everybody's", parameters.seconds),
    "call": Parameter("id of the call", parameters.text),
}


_PEOPLE = "names, object ids, or phone numbers in E.164 form"
ROUTES = (
    Route(
        "POST",
        "calls",
        "place a call to an app",
        _place,
        {
            "caller": Parameter("who calls: a name, an object id, or a phone number", parameters.text),
            "group": Parameter("whether it is an invitation into a group call", parameters.flag),
            "others": Parameter(f"who else is in the group call: {_PEOPLE}", parameters.texts),
            "app": Parameter("id of the app that is called; by default the default app", parameters.text),
        },
        201,
    ),
    Route("GET", "calls", "every call and its state", _calls),
    Route("GET", "calls/{call}", "one call: state, rejected_with, participants, operations", _call),
    Route(
        "POST",
        "meetings",
        "hold a meeting; its coordinates go into the body that creates a call",
        _meeting,
        {
            "people": Parameter(f"who is in it already: {_PEOPLE}", parameters.texts),
            "organizer": Parameter("who organizes it", parameters.text),
            "lets_in": Parameter(
                "whether a bot that joins gets in (true); else its call ends after a minute", parameters.flag
            ),
        },
        201,
    ),
    Route("GET", "people/{person}", "somebody's id; a name that is new is a new person", _person),
    *(
        Route(
            "POST",
            f"people/{{person}}/{name}",
            first_line(method).lower(),
            partial(_does, name),
            taken(method, _OF_A_DOING),
        )
        for name, method in DOINGS.items()
    ),
)
"""Everything that happens in calls."""
