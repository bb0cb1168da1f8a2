"""People of the simulated tenant, who follow a script or act at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator.acting import HELD, MUTED, Acting, PersonCall
from pytest_graphcalls.simulator.audio import Prompt
from pytest_graphcalls.simulator.entities import Identity
from pytest_graphcalls.simulator.people import Answer
from pytest_graphcalls.simulator.simulated_call import SimulatedCall
from pytest_graphcalls.validation import quantity, shown

P = ParamSpec("P")


class Person:
    """A person in the simulated tenant, who can be scripted and can act at once.

    Every script method returns the person, so that ``simulator.person("Ana").declines()`` reads on.
    """

    __slots__ = ("_acting", "identity")

    def __init__(self, acting: Acting, identity: Identity) -> None:
        self._acting = acting
        self.identity = identity

    def __repr__(self) -> str:
        return f"Person({self.name!r}, {self.identity.sort}={self.id!r})"

    @property
    def id(self) -> str:
        """Object id, or the phone number."""
        return self.identity.id

    @property
    def name(self) -> str:
        """Display name; for a phone its number."""
        return self.identity.name or self.identity.id

    def answers_after(self, seconds: float) -> Person:
        """Answer after ``seconds`` of ringing; past the pace's ``ring_limit`` the service gives up first.

        Raises:
            SettingError: ``seconds`` is no number of 0 or more.
        """
        return self._will(answer=Answer.ACCEPTS, after=_seconds("answers_after(seconds)", seconds))

    def declines(self, after: float | None = None) -> Person:
        """Decline; ``after`` gives the seconds of ringing, by default those of the pace.

        Raises:
            SettingError: ``after`` is no number of 0 or more.
        """
        return self._will(answer=Answer.DECLINES, after=None if after is None else _seconds("declines(after)", after))

    def is_busy(self) -> Person:
        """Be busy: the invitation fails at once."""
        return self._will(answer=Answer.BUSY, after=0.0)

    def is_unreachable(self) -> Person:
        """Have no device that rings, or a number that does not exist: the invitation fails at once."""
        return self._will(answer=Answer.UNREACHABLE, after=0.0)

    def never_answers(self) -> Person:
        """Let it ring until the service gives up."""
        return self._will(answer=Answer.SILENT, after=None)

    def has_voicemail(self) -> Person:
        """Have a voicemail, which takes the calls that are transferred or redirected to them and not taken."""
        return self._will(voicemail=True)

    def leaves_after(self, seconds: float) -> Person:
        """Leave a call ``seconds`` after coming in; a caller's time counts from calling.

        It holds for every call they come into from now on, however they come in: say it before they do.

        Raises:
            SettingError: ``seconds`` is no number of 0 or more.
        """
        return self._will(stays=_seconds("leaves_after(seconds)", seconds))

    def joins(self, call: SimulatedCall | str) -> Person:
        """Join the meeting or group call behind ``call`` at once.

        Raises:
            NotAllowedNowError: the call is over, peer-to-peer, or they are in it already.
        """
        return self._acts(self._acting.join, _id_of(call))

    def waits(self, call: SimulatedCall | str) -> Person:
        """Wait in the lobby of the meeting behind ``call``, from now on.

        Raises:
            NotAllowedNowError: the call is over, peer-to-peer, or they are in it or in its lobby already.
        """
        return self._acts(self._acting.join, _id_of(call), waits=True)

    def keeps_lobby(self, call: SimulatedCall | str) -> Person:
        """Let people and bots who join the meeting behind ``call`` from now on wait in its lobby.

        Raises:
            NotAllowedNowError: they are not in it, or it is peer-to-peer.
        """
        return self._acts(self._acting.keep_lobby, _id_of(call))

    def admits(self, call: SimulatedCall | str, who: Person | str | None = None) -> Person:
        """Admit a person from the lobby of the meeting behind ``call``; by default its bot.

        Raises:
            NotAllowedNowError: they are not in it, or no one of that name waits.
        """
        return self._acts(self._acting.admit, _id_of(call), self._guest(who))

    def turns_away(self, call: SimulatedCall | str, who: Person | str | None = None) -> Person:
        """Refuse a person who waits in the lobby of the meeting behind ``call``; by default its bot.

        Raises:
            NotAllowedNowError: they are not in it, or no one of that name waits.
        """
        return self._acts(self._acting.turn_away, _id_of(call), self._guest(who))

    def leaves(self, call: SimulatedCall | str) -> Person:
        """Leave the conference behind ``call`` at once.

        Raises:
            NotAllowedNowError: they are not in it.
        """
        return self._acts(self._acting.leave, _id_of(call))

    def shares_screen(self, call: SimulatedCall | str) -> Person:
        """Share a screen in the call, in place of what another participant shares.

        Raises:
            NotAllowedNowError: they are not in it.
        """
        return self._acts(self._acting.share, _id_of(call), "screen")

    def shares_powerpoint(self, call: SimulatedCall | str) -> Person:
        """Present slides by PowerPoint Live in the call, in place of what is shared; no roster shows them.

        Raises:
            NotAllowedNowError: they are not in it.
        """
        return self._acts(self._acting.share, _id_of(call), "powerpoint")

    def stops_sharing(self, call: SimulatedCall | str) -> Person:
        """Stop sharing in the call.

        Raises:
            NotAllowedNowError: they are not in it, or share nothing there.
        """
        return self._acts(self._acting.share, _id_of(call), "")

    def hangs_up(self, after: float = 0.0) -> Person:
        """Leave every call they are in, in ``after`` virtual seconds.

        Raises:
            NotAllowedNowError: ``after`` is 0 and they are in no call.
            SettingError: ``after`` is no number of 0 or more.
        """
        return self._acts(self._acting.hang_up, _seconds("hangs_up(after)", after))

    def mutes(self) -> Person:
        """Mute their own microphone, in every call they are in.

        Raises:
            NotAllowedNowError: they are in no call.
        """
        return self._acts(self._acting.change, "mutes", MUTED, self_muted=True)

    def unmutes(self) -> Person:
        """Unmute their own microphone; a mute by the service stays.

        Raises:
            NotAllowedNowError: they are in no call.
        """
        return self._acts(self._acting.change, "unmutes", MUTED, self_muted=False)

    def mutes_bot(self, call: SimulatedCall | str) -> Person:
        """Mute the bot of ``call`` for all others, in the group call that both are in.

        Raises:
            NotAllowedNowError: they are not in it, it is peer-to-peer, or the bot is not in it.
        """
        return self._acts(self._acting.mute_bot, _id_of(call))

    def holds(self) -> Person:
        """Hold every call they are in, by the button of their client: they neither hear the others nor are heard.

        Raises:
            NotAllowedNowError: they are in no call.
        """
        return self._acts(self._acting.change, "holds", HELD, holds=True)

    def resumes(self) -> Person:
        """Go on with the calls that they hold.

        Raises:
            NotAllowedNowError: they are in no call.
        """
        return self._acts(self._acting.change, "resumes", HELD, holds=False)

    def presses(self, keys: str, after: float = 0.0) -> Person:
        """Press keys, one after the other, the first in ``after`` virtual seconds, in the call they are in then.

        Args:
            keys: for example ``12#``; each lasts as long as the pace has it for a tone.
            after: virtual seconds from now.

        Raises:
            NotAllowedNowError: ``after`` is 0 and they are in no call that is established.
            SettingError: one of ``keys`` is on no telephone, or ``after`` is no number of 0 or more.
        """
        return self._acts(self._acting.hearing.press, keys, _seconds("presses(after)", after))

    def speaks(self, seconds: float, after: float = 0.0) -> Person:
        """Speak for ``seconds``, beginning in ``after`` virtual seconds, and be silent otherwise.

        Called again, it adds to what they say. A person without a script speaks all the time.

        Raises:
            SettingError: one of them is no number of 0 or more.
        """
        begins = _seconds("speaks(after)", after)
        return self._acts(self._acting.hearing.speak, _seconds("speaks(seconds)", seconds), begins)

    def stays_silent(self) -> Person:
        """Say nothing from now on."""
        return self._acts(self._acting.hearing.fall_silent)

    @property
    def heard(self) -> tuple[Prompt, ...]:
        """The prompts that were played into calls while they were in them and could hear the bot, and music on hold."""
        return self._acting.hearing.heard(self.identity)

    @property
    def hears(self) -> tuple[str, ...]:
        """The names of those whom they hear now if these speak, people and bots, in any call."""
        return self._acting.hearing.heard_now(self.identity)

    @property
    def call(self) -> PersonCall | None:
        """The call that they are in, or that rings at them or for them; ``None`` when there is none."""
        return self._acting.call_of(self.identity)

    def removes(self, call: SimulatedCall | str) -> Person:
        """Throw the bot of ``call`` out of the group call that both are in.

        Raises:
            NotAllowedNowError: they are not in it, it is peer-to-peer, or the bot is not in it.
        """
        return self._acts(self._acting.remove_bot, _id_of(call))

    def asks_to_join(self, call: SimulatedCall | str) -> Person:
        """Have the bot of a recording call asked whether it takes them: a ``participantJoiningNotification``.

        Raises:
            NotAllowedNowError: it is none that a recording policy keeps, or it is not established.
        """
        return self._acts(self._acting.let_join, _id_of(call))

    def _guest(self, who: Person | str | None) -> Identity | None:
        return who.identity if isinstance(who, Person) else self._acting.named(who) if who else None

    def _will(self, **facts: Any) -> Person:
        return self._acts(self._acting.people.script, **facts)

    def _acts(self, act: Callable[Concatenate[Identity, P], None], *args: P.args, **facts: P.kwargs) -> Person:
        """Let the person do something; nothing else happens meanwhile."""
        with self._acting.lock:
            act(self.identity, *args, **facts)
        return self


def _seconds(method: str, value: float) -> float:
    return float(quantity(method, value, unit="virtual seconds"))


def _id_of(call: SimulatedCall | str) -> str:
    return call if isinstance(call, str) else call.id


def invitation(person: Person, *, participant_id: str | None = None, **members: Any) -> dict[str, Any]:
    """An entry of the ``participants`` of an invite, or of the ``targets`` of a create.

    Args:
        person: whom it invites.
        participant_id: the id that the participant is to have, a GUID.
        members: further members of the entry, e.g. ``replacesCallId``.
    """
    if not isinstance(person, Person):
        raise SettingError("invitation(person)", shown(person), "a person", "simulator.person(…) finds or makes one.")
    who = {"@odata.type": "#microsoft.graph.identity", "id": person.id}
    entry = {
        "@odata.type": "#microsoft.graph.invitationParticipantInfo",
        "identity": {"@odata.type": "#microsoft.graph.identitySet", person.identity.sort: who},
        **members,
    }
    return entry if participant_id is None else {**entry, "participantId": participant_id}
