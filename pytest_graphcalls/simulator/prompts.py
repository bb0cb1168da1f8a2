"""Prompts: audio files that are read from the bot under test, if it serves them, and played into a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from pytest_graphcalls.findings import Finding, Kind, Severity, Side
from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.audio import FORMAT, Sound, WrongFormatError, seconds_of
from pytest_graphcalls.simulator.entities import Call, Conference, Operation
from pytest_graphcalls.simulator.operations import Operations
from pytest_graphcalls.simulator.responses import inferred, invalid
from pytest_graphcalls.simulator.world import World
from pytest_graphcalls.wire import Request, Response

MEDIA_INFO = "https://learn.microsoft.com/graph/api/resources/mediainfo"
"""The page that states the format of prompts."""
MISSING = "not downloadable"
"""How the reason begins why a file cannot be played that could not be read; it is read again when it is played."""
Then = Callable[[Operation, float], None]
"""Goes on with an operation whose prompts are heard for so many virtual seconds."""


class Files(Protocol):
    """The source of prompt files: the bot under test."""

    def serves(self, url: str, callback: str) -> bool:
        """Whether the bot whose call has this ``callback`` serves ``url`` itself."""

    def fetch(self, url: str) -> Response | str:
        """The answer to a GET without credentials, or why there is none."""


class Prompts:
    """Reads and plays prompts. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        operations: runs the operations.

        later: runs what has to happen outside the lock, after so many virtual seconds.
    """

    def __init__(
        self, world: World, operations: Operations, later: Callable[[float, Callable[[], None]], None]
    ) -> None:
        self._world = world
        self._operations = operations
        self._switches = world.switches
        self._later = later
        self.files: Files | None = None
        """Where prompts are read from; ``None`` for nowhere."""
        self.report: Callable[[Finding, Request], None] = lambda *_: None
        """Is handed what is found about a file, with the request that wants it played."""
        self.reset()

    def reset(self) -> None:
        """Forget the files that were read."""
        self._read: dict[tuple[str, str], Sound] = {}

    def play(self, ask: Ask, then: Then, operation: Operation) -> None:
        """Play an operation's prompts; files that the bot serves and that were not read yet are read first.

        That happens outside the lock, because the bot may be waiting for the answer to its request.
        """
        if any(sound.seconds is None for sound in self._known(operation)):
            self._later(0, partial(self._read_all, ask, then, operation.id))
        else:
            self._play(then, operation)

    def restart(self, conference: Conference) -> None:
        """Play what is heard in a call once more from the start, because it has become a group call (s1.16)."""
        for call in self._world.store.calls_in(conference) if self._switches.growing == "restarts" else ():
            for operation in self._world.store.operations_of(call):
                if operation.spec.queue and operation.plan is None and self._operations.running(operation.id):
                    self._operations.restart(operation)

    def read_ahead(self, ask: Ask, call: Call) -> None:
        """Read the files of ``preFetchMedia`` that the bot serves, so that none is read when it is played (s1.10)."""
        for number, info in enumerate((call.asked.get("mediaConfig") or {}).get("preFetchMedia") or ()):
            place = f"$.mediaConfig.preFetchMedia[{number}].uri"
            sound = Sound(str(info.get("uri")), str(info.get("resourceId") or ""), place=place)
            self._later(0, partial(self._read_one, ask, call, sound))

    def _read_one(self, ask: Ask, call: Call, sound: Sound) -> None:
        files, key = self.files, (call.app_id, sound.resource_id)
        if files is None or not sound.resource_id or key in self._read or not files.serves(sound.uri, call.callback):
            return
        opened = self.opened(ask, sound, files.fetch)
        with self._world.lock:
            if not opened.problem.startswith(MISSING):
                self._read.setdefault(key, opened)

    def _known(self, operation: Operation) -> tuple[Sound, ...]:
        """The prompts of an operation, with the length of those that were read or are not to be read."""
        call, files = self._world.store.calls[operation.call], self.files

        def known(sound: Sound) -> Sound:
            if sound.seconds is not None or files is None or not files.serves(sound.uri, call.callback):
                return sound if sound.seconds is not None else replace(sound, seconds=self._world.pace.prompt)
            read = self._read.get((call.app_id, sound.resource_id)) if sound.resource_id else None
            return sound if read is None else replace(sound, seconds=read.seconds, problem=read.problem)

        return tuple(map(known, operation.sounds))

    def _read_all(self, ask: Ask, then: Then, operation_id: str) -> None:
        while True:
            with self._world.lock:
                operation, files = self._operations.running(operation_id), self.files
                if operation is None:
                    return
                sounds = self._known(operation)
                number = next((place for place, sound in enumerate(sounds) if sound.seconds is None), None)
                if number is None or files is None:
                    self._play(then, operation)
                    return
                app_id = self._world.store.calls[operation.call].app_id
            sound = self.opened(ask, sounds[number], files.fetch)
            with self._world.lock:
                if sound.resource_id:
                    self._read[app_id, sound.resource_id] = sound
                operation = self._operations.running(operation_id)  # the bot may have cancelled it meanwhile
                if operation is None:
                    return
                opened = tuple(sound if one == sounds[number] else one for one in operation.sounds)
                self._world.store.change_operation(operation, sounds=opened)

    def opened(self, ask: Ask, sound: Sound, fetch: Callable[[str], Response | str]) -> Sound:
        """A prompt with its length, or the reason why it cannot be played; a wrong format is a finding."""
        answer = fetch(sound.uri)
        if isinstance(answer, str) or answer.status != 200:
            problem = answer if isinstance(answer, str) else f"was answered with {answer.status}"
            return replace(sound, seconds=0.0, problem=f"{MISSING}: {problem}")
        try:
            return replace(sound, seconds=seconds_of(answer.body))
        except WrongFormatError as error:
            facts = (Side.REQUEST, ask.match.operation.id, ask.match.version, sound.place, FORMAT, str(error))
            hint = f"Convert {sound.uri[:200]}; for example: ffmpeg -i in.mp3 -ac 1 -ar 16000 -c:a pcm_s16le out.wav."
            self.report(Finding(Kind.FORMAT_WRONG, Severity.VIOLATION, *facts, page=MEDIA_INFO, hint=hint), ask.request)
            return replace(sound, seconds=0.0, problem=f"wrong format: {error}")

    def _play(self, then: Then, operation: Operation) -> None:
        sounds = self._known(operation)
        operation = self._world.store.change_operation(operation, sounds=sounds, began=self._world.clock.now)
        problem = next((sound.problem for sound in sounds if sound.problem), "")
        if problem:
            self.stop_unplayable(operation, problem)
        else:
            then(operation, sum(sound.seconds or 0.0 for sound in sounds))

    def stop_unplayable(self, operation: Operation, problem: str) -> None:
        """End an operation one of whose prompts cannot be played (s1.6, s1.7)."""
        wanted = "unheard" if self._switches.unplayable == "completed" else problem.partition(":")[0].replace(" ", "-")
        self._operations.finish(operation.id, wanted if wanted in operation.spec.ends else "prompt-failed")


def sounds_of(body: Mapping[str, Any], name: str = "prompts") -> tuple[Sound, ...]:
    """The prompts in a member of a body, which holds one or a list of them.

    Raises:
        Refusal: one names no file.
    """
    given = body.get(name) or ()
    if isinstance(given, Mapping):
        return (_sound(f"$.{name}", given),)
    return tuple(_sound(f"$.{name}[{number}]", entry) for number, entry in enumerate(given))


def _sound(at: str, entry: Any) -> Sound:
    info = entry.get("mediaInfo") if isinstance(entry, Mapping) else None
    uri = info.get("uri") if isinstance(info, Mapping) else None
    place = f"{at}.mediaInfo.uri"
    if not isinstance(uri, str) or not uri or not isinstance(info, Mapping):
        raise invalid(place, "the address of an audio file", "nothing", fact=inferred("observed 2.33"))
    resource_id = info.get("resourceId")
    return Sound(uri, resource_id if isinstance(resource_id, str) else "", place=place)
