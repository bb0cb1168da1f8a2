"""Prompts, speech and recordings as plain values, and audio files in the one format of the service."""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import MappingProxyType

RATE = 16_000
"""Samples a second."""
WIDTH = 2
"""Bytes of a sample."""
FORMAT = "WAV, PCM, mono, 16 bit, 16 kHz"
"""The format of prompts (documented: s1.8), and so of recordings (inferred: s1.8)."""
KEYS = MappingProxyType(
    {**{digit: f"tone{digit}" for digit in "0123456789"}, "*": "star", "#": "pound"} | {key: key for key in "abcd"}
)
"""By key of a telephone: the name of its tone (documented: s4.4)."""
NAMES = MappingProxyType(
    {
        "current": ("recordingLocation", "recordingAccessToken"),
        "older": ("recordResourceLocation", "recordResourceAccessToken"),
    }
)
"""Names of the members that lead to a recording: documented, and captured in 2024 (s2.2)."""
_CHUNK, _FORMAT = struct.Struct("<4sI"), struct.Struct("<HHI6xH")
"""The head of a part of a WAV file, and its format: coding (1 is PCM), channels, samples a second, bits of each."""
Span = tuple[float, float]
"""From one virtual second to another, which may be infinite."""


@dataclass(frozen=True, slots=True)
class Sound:
    """An audio file to be played.

    Attributes:
        uri: where it lies.
        resource_id: what the service keeps it under, or ``""``.
        seconds: how long it is heard; ``None`` until that is known.
        problem: why it cannot be played, or ``""``.
        place: the member of the request that names it.
    """

    uri: str
    resource_id: str = ""
    seconds: float | None = None
    problem: str = ""
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Music:
    """The music that a participant on hold hears.

    Attributes:
        sound: the audio file; ``None`` for the default tune.
        operation: id of the operation that has started it.
        since: virtual second at which it began.
    """

    sound: Sound | None
    operation: str
    since: float


@dataclass(frozen=True, slots=True)
class Prompt:
    """An audio file that was played into a call, or to someone on hold.

    Attributes:
        uri: where it lies; ``""`` for the default tune of a hold.
        resource_id: what the service keeps it under, or ``""``.
        begins: virtual second at which it began.
        ends: virtual second at which it ended; ``None`` while it is heard.
        ended: ``completed``, ``cancelled``, ``call ended``, or how else its operation ended; ``stopped`` for music on
            hold; ``""`` while it is heard.
        problem: why it could not be played, or ``""``.
        operation: id of the operation that played it.
    """

    uri: str
    resource_id: str
    begins: float
    ends: float | None
    ended: str
    problem: str
    operation: str


@dataclass(frozen=True, slots=True)
class Tone:
    """A key that was pressed, or a tone that the bot has sent.

    Attributes:
        tone: its name, e.g. ``tone1`` or ``pound``.
        at: virtual second at which it was heard.
        by: name of the person who pressed the key; ``""`` for the bot.
        sequence_id: the number that the bot was notified of it with; ``None`` where it was not.
    """

    tone: str
    at: float
    by: str = ""
    sequence_id: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The limits of a recording, in seconds.

    Attributes:
        silence: how long nothing may be said at first.
        pause: how long nothing may be said after a word.
        longest: how long it is at most.
        beep: whether there is a beep before it.
        stop: tones that end it.
        origin: scheme and host that its address begins with.
    """

    silence: float
    pause: float
    longest: float
    beep: bool
    stop: frozenset[str]
    origin: str

    def end(self, begins: float, speech: Iterable[Span]) -> tuple[float, str]:
        """The moment at which a recording ends, and the name of the end, unless it is ended before.

        Args:
            begins: the moment at which it begins.
            speech: when something is said.
        """
        quiet_from, limit, how = begins, self.silence, "silence"
        for start, stop in sorted(speech):
            if stop > quiet_from and start < quiet_from + limit:
                quiet_from, limit, how = stop, self.pause, "pause"
        ends = quiet_from + limit
        return (begins + self.longest, "completed") if begins + self.longest < ends else (ends, how)


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording that the bot made.

    Attributes:
        call: id of the call.
        location: the address that it is read from.
        token: the bearer token that opens it.
        begins: virtual second at which it begins.
        ends: virtual second at which it ends.
        speech: when something was said.
        fetched: virtual seconds at which it was read.
    """

    call: str
    location: str
    token: str
    begins: float
    ends: float
    speech: tuple[Span, ...]
    fetched: tuple[float, ...] = ()

    def wav(self) -> bytes:
        """The audio file: a hum where something was said, silence elsewhere."""
        samples = bytearray(WIDTH * self._sample(self.ends))
        hum = (b"\x00\x10" * 32 + b"\x00\xf0" * 32) * (RATE // 64)
        for start, stop in self.speech:
            first, last = self._sample(start), self._sample(stop)
            samples[WIDTH * first : WIDTH * last] = (hum * math.ceil((last - first) / RATE))[: WIDTH * (last - first)]
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(WIDTH)
            out.setframerate(RATE)
            out.writeframes(samples)
        return file.getvalue()

    def _sample(self, moment: float) -> int:
        return round((min(max(moment, self.begins), self.ends) - self.begins) * RATE)


class WrongFormatError(ValueError):
    """An audio file has another format than :data:`FORMAT`; the text says which."""


def seconds_of(file: bytes) -> float:
    """The length of an audio file, as its head says it; the rest may be missing.

    Raises:
        WrongFormatError: it has another format.
    """
    if file[:4] != b"RIFF" or file[8:12] != b"WAVE":
        raise WrongFormatError(f"no WAV: it begins with {file[:12]!r}")
    found, place = (0, 0, 0, 0), 12
    while place + _CHUNK.size <= len(file):
        name, size = _CHUNK.unpack_from(file, place)
        place += _CHUNK.size
        if name == b"fmt " and place + _FORMAT.size <= len(file):
            found = _FORMAT.unpack_from(file, place)
        if name == b"data":
            coding, channels, rate, bits = found
            if found != (1, 1, RATE, 8 * WIDTH):
                kind = f"coding {coding}, {channels} channel(s), {bits} bit, {rate / 1000:g} kHz"
                raise WrongFormatError(f"WAV with {kind}")
            if not size:
                raise WrongFormatError("WAV without any audio")
            return float(size / WIDTH / RATE)
        place += size + size % 2
    raise WrongFormatError("WAV that ends before its audio")
