"""Keys, speech and silence of people, and the prompts of bots that they have heard."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import cycle

from pytest_graphcalls.errors import NotAllowedNowError, SettingError
from pytest_graphcalls.lifecycle import CallState, OperationState
from pytest_graphcalls.simulator.audio import KEYS, Prompt, Sound, Span, Tone
from pytest_graphcalls.simulator.entities import Call, Conference, Identity, Operation, Stay
from pytest_graphcalls.simulator.world import World

ANY_KEY = "keys of a telephone: 0 to 9, *, #, and A to D"


class Hearing:
    """Lets people press keys and speak, and knows what was heard. Each step is a method that can be replaced.

    Args:
        world: the tenant.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.pressed: Callable[[Call, str], None] = lambda *_: None
        """Is handed each key that was pressed in a call, by the name of its tone."""
        self.spoken: Callable[[Conference], None] = lambda _: None
        """Is handed each conference in which something else will be said than before."""

    def press(self, identity: Identity, keys: str, after: float) -> None:
        """Press keys one after the other, the first in ``after`` virtual seconds."""
        tones = [KEYS.get(key.lower(), "") for key in keys] if isinstance(keys, str) else []
        if not all(tones) or not tones:
            raise SettingError("presses(keys)", repr(keys)[:80], ANY_KEY)
        if not after and not self._calls_with(identity):
            meant = self._world.people.meant(identity.name)
            raise NotAllowedNowError(identity.called, "presses", "in no call", ("joins",), meant)
        for number, tone in enumerate(tones):
            moment = after + number * self._world.pace.tone
            if moment:
                self._world.clock.after(moment, partial(self.press_one, identity, tone))
            else:
                self.press_one(identity, tone)

    def press_one(self, identity: Identity, tone: str) -> None:
        """Let a key be heard in every call that a person is in (s4.6); the bot is notified if it has asked for it."""
        for call in self._calls_with(identity):
            number = 1 + sum(one.sequence_id is not None for one in call.tones) if call.hears_tones else None
            heard = Tone(tone, self._world.clock.now, identity.called, number)
            self._world.store.change_call(call, tones=(*call.tones, heard))
            if number is not None:
                self._world.notifier.tone_pressed(call, tone, number)
            self.pressed(call, tone)

    def _calls_with(self, identity: Identity) -> list[Call]:
        conferences = [one for one in self._world.store.conferences_of(identity) if one.has_admitted(identity)]
        legs = [(one, self._world.store.calls[leg]) for one in conferences for leg in one.legs]
        return [
            call for one, call in legs if call.state is CallState.ESTABLISHED and one.is_inside(call.my_participant)
        ]

    def speak(self, identity: Identity, seconds: float, after: float) -> None:
        """Let a person speak for a while, beside what is scripted already."""
        begins = self._world.clock.now + after
        self._script(identity, (*self._speech_of(identity), (begins, begins + seconds)))

    def fall_silent(self, identity: Identity) -> None:
        """Let a person say nothing more."""
        now = self._world.clock.now
        speech = self._speech_of(identity)
        self._script(identity, tuple((start, min(stop, now)) for start, stop in speech if start < now))

    def _speech_of(self, identity: Identity) -> tuple[Span, ...]:
        """The times at which a person speaks; a person without a script has spoken until now."""
        speech = self._world.people.scripted(identity).speech
        return ((-math.inf, self._world.clock.now),) if speech is None else speech

    def _script(self, identity: Identity, speech: tuple[Span, ...]) -> None:
        self._world.people.script(identity, speech=speech)
        for conference in self._world.store.conferences_of(identity):
            self.spoken(conference)

    def speech_in(self, call: Call) -> list[Span]:
        """The times at which the bot of a call hears a person; people without a script speak all the time."""
        stays = [*self._world.store.stays_in(self._world.store.conference_of(call))]
        spans = []
        for bot in (stay for stay in stays if stay.one.id == call.my_participant):
            for stay in (stay for stay in stays if stay.one.is_person and bot.one.hears(stay.one)):
                speech = self._world.people.scripted(stay.one.identity).speech
                for start, stop in ((-math.inf, math.inf),) if speech is None else speech:
                    span = max(start, stay.one.since, bot.one.since), min(stop, stay.until, bot.until)
                    spans += [span] if span[0] < span[1] else []
        return spans

    def heard_now(self, identity: Identity) -> tuple[str, ...]:
        """The names of those whom a person would hear now, in any call, bots included."""
        with self._world.lock:
            places = self._world.store.conferences_of(identity)
            there = [(ear, one) for place in places if (ear := place.find(identity)) for one in place.active]
            return tuple(one.identity.called for ear, one in there if ear.hears(one))

    def played(self, call: Call) -> tuple[Prompt, ...]:
        """The prompts that were played into a call, in order."""
        # What waits in no queue is heard by one alone: the music of a hold.
        operations = [one for one in self._world.store.operations_of(call) if one.spec.queue]
        return tuple(prompt for one in operations for prompt in self._prompts(call, one))

    def heard(self, identity: Identity) -> tuple[Prompt, ...]:
        """The prompts, and the music on hold, that a person has heard in any call, in order."""
        found: list[Prompt] = []
        store = self._world.store
        with self._world.lock:
            for conference in store.conferences_of(identity):
                stays = [*store.stays_in(conference)]
                own = [stay for stay in stays if stay.one.identity.key == identity.key]
                found += _music(own)
                for call in store.calls_in(conference):
                    bot = [stay for stay in stays if stay.one.id == call.my_participant]
                    both = [(mine, its) for mine in own for its in bot if mine.one.hears(its.one)]
                    found += [one for one in self.played(call) if any(_overlap(one, *pair) for pair in both)]
        return tuple(sorted(found, key=lambda one: one.begins))

    def _prompts(self, call: Call, operation: Operation) -> Iterator[Prompt]:
        """The prompts of an operation, as far as they were heard; if that is not possible, those at fault."""
        if operation.began is None:
            return
        over, how = operation.ended, operation.how or "failed"
        if call.ended is not None and (over is None or operation.status is OperationState.RUNNING):
            over, how = call.ended, "call ended"
        for begins, cut in operation.cut:
            yield from self._run(operation, begins, cut, "restarted")
        yield from self._run(operation, operation.began, over, how)

    def _run(self, operation: Operation, begins: float, over: float | None, how: str) -> Iterator[Prompt]:
        """The prompts of an operation that was begun at one moment and was over at another, with ``how`` it ended."""
        sounds = tuple(sound for sound in operation.sounds if sound.problem) or operation.sounds
        endless = operation.loops and any(sound.seconds for sound in sounds)
        for number, sound in enumerate(cycle(sounds) if endless else sounds):
            ends = begins + (sound.seconds or 0.0)
            limit = self._world.clock.now if over is None else over
            if (number and begins >= limit) or sound.seconds is None:
                return
            whole = ends <= limit and not sound.problem
            ended = "completed" if whole else "" if over is None else how
            shown = ends if whole else over
            yield Prompt(sound.uri, sound.resource_id, begins, shown, ended, sound.problem, operation.id)
            begins = ends


def _overlap(prompt: Prompt, *stays: Stay) -> bool:
    ends = math.inf if prompt.ends is None else prompt.ends
    return max(prompt.begins, *(one.one.since for one in stays)) < min(ends, *(one.until for one in stays))


def _music(stays: Iterable[Stay]) -> Iterator[Prompt]:
    """The music that a participant has heard on hold; successive stays with the same music count once."""
    for music, until in {stay.one.music: stay.until for stay in stays}.items():
        if music is not None:
            sound = music.sound or Sound("")
            ends, ended = (None, "") if until == math.inf else (until, "stopped")
            yield Prompt(sound.uri, sound.resource_id, music.since, ends, ended, "", music.operation)
