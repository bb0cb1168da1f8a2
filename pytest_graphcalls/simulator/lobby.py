"""The lobby of a meeting: who admits whom, and who is turned away."""

from __future__ import annotations

from dataclasses import replace

from pytest_graphcalls.errors import NotAllowedNowError
from pytest_graphcalls.lifecycle import CallEvent, ParticipantEvent
from pytest_graphcalls.simulator.calls import LOBBY, Calls
from pytest_graphcalls.simulator.entities import Call, Conference, Identity, Kind, Participant
from pytest_graphcalls.simulator.responses import Result, inferred
from pytest_graphcalls.simulator.world import World

TURNED_AWAY = Result(200, 5000, "Removed from the conversation.", inferred("observed 5b"))
"""How the call of a bot ends that a person has turned away; which pair it is is not public."""


class Lobby:
    """Lets people in a meeting decide on those who wait in its lobby. Each step is a method that can be replaced.

    No request does: three actions of the beta metadata have no page, and bots could not admit people (s20.1, s20.2).

    Args:
        world: the tenant.
        calls: ends the call of a bot, and goes on with it.
    """

    def __init__(self, world: World, calls: Calls) -> None:
        self._world = world
        self._calls = calls

    def keep(self, host: Identity, call: Call) -> None:
        """Let those who join the meeting behind a call from now on wait in its lobby."""
        with self._world.lock:
            conference = self._hosted(host, call, "keep a lobby")
            self._world.store.put_conference(replace(conference, lobby=True))

    def admit(self, host: Identity, call: Call, guest: Identity | None) -> None:
        """Admit a person, or with ``None`` the bot of the call, and notify every bot."""
        with self._world.lock:
            conference, one = self._waiting(host, call, guest, "admit")
            conference = self._world.store.change_participant(conference, one.id, in_lobby=False)
            self._world.notifier.roster_changed(conference, LOBBY[bool(one.leg)])
            if one.leg:
                self._world.clock.after(self._world.pace.audio, lambda: self._calls.open_audio(one.leg))

    def turn_away(self, host: Identity, call: Call, guest: Identity | None) -> None:
        """Refuse a person, or with ``None`` the bot of the call, whose call ends."""
        with self._world.lock:
            conference, one = self._waiting(host, call, guest, "turn away")
            store = self._world.store
            if one.leg:
                self._calls.end(store.calls[one.leg], CallEvent.END, TURNED_AWAY)
            else:
                self._calls.participant_left(store.step_participant(conference, one.id, ParticipantEvent.REMOVE))

    def _hosted(self, host: Identity, call: Call, deed: str) -> Conference:
        """The meeting behind a call, in which a person does something."""
        conference = self._world.store.conference_of(call)
        if conference.kind is Kind.PEER:
            raise NotAllowedNowError(f"call {call.id}", deed, "a place for two", ("leave",))
        if not conference.has_admitted(host):
            raise NotAllowedNowError(host.name or host.id, deed, f"not in call {call.id}", ("join",))
        return conference

    def _waiting(self, host: Identity, call: Call, guest: Identity | None, deed: str) -> tuple[Conference, Participant]:
        conference = self._hosted(host, call, deed)
        one = conference.people.get(call.my_participant) if guest is None else conference.find(guest)
        if one is None or not one.in_lobby:
            name = "the bot" if guest is None else guest.name or guest.id
            raise NotAllowedNowError(name, deed, f"not in the lobby of call {call.id}", ("wait",))
        return conference, one
