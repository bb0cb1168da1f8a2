"""Time and new ids, both virtual: a heap of what is due, and seeded streams of GUIDs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2s
from heapq import heappop, heappush
from itertools import count

from pytest_graphcalls.errors import SettingError, UnknownNameError
from pytest_graphcalls.validation import MOST, quantity

DEFAULT_START = datetime(2026, 1, 1, tzinfo=UTC)
"""The moment at which a simulator starts by default."""
ADVANCE = "advance(seconds)"
"""The method that lets time pass, as errors name it."""
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take, in virtual seconds.

    Attributes:
        establish: from creating or answering a call until it is established.
        audio: from a call being established until its audio is active, and its chat is known.
        ring: how long people let it ring before they answer, unless their script says otherwise.
        ring_limit: after this long the service gives up ringing (about a minute: observed 10.4, 10.5).
        complete: from the last invitee's decision until the invite operation ends.
        alone: how long the bot stays in a group call that everybody else has left (that it ends is
            reported: observed 2.15, 6.17; how soon is not).
        prompt: how long each prompt is heard that is played into a call, unless it was read from the bot.
        tone: how long each tone lasts that is sent into a call, beside the delay that is asked for; also each key that
            a person presses.
        beep: how long the beep before a recording is.
        keeping: from starting the recording or the transcription of a call until the operation ends.
        lobby: how long a bot waits in a lobby until the service removes it (no time is published: m3.41).
        recording_kept: how long a recording can be read after its call has ended (soon: call-record.r04).
        gallery: from a request for the large gallery until it is in the call.
        stuck: until the service gives up a join that gets nowhere (about a minute in one report: observed 10.6).

    Raises:
        SettingError: one of them is no number of 0 or more.
    """

    establish: float = 0.5
    audio: float = 0.0
    ring: float = 2.0
    ring_limit: float = 60.0
    complete: float = 0.0
    alone: float = 5.0
    stuck: float = 60.0
    prompt: float = 2.0
    tone: float = 0.25
    beep: float = 0.5
    keeping: float = 0.5
    lobby: float = 900.0
    recording_kept: float = 60.0
    gallery: float = 0.5

    def __post_init__(self) -> None:
        for one in fields(self):
            quantity(one.name, getattr(self, one.name), unit="virtual seconds", most=MOST)


class Clock:
    """Virtual time: it moves when it is advanced, and never otherwise.

    Args:
        start: the moment that ``now == 0`` stands for; aware.
        pace: how long things take.
    """

    def __init__(self, start: datetime, pace: Pace = Pace()) -> None:
        self.pace = pace
        self.start_at(start)

    def set_pace(self, seconds: Mapping[str, float]) -> None:
        """Let things take another time; raises :class:`UnknownNameError` for a member that :class:`Pace` has not."""
        names = tuple(one.name for one in fields(Pace))
        for name in seconds:
            if name not in names:
                raise UnknownNameError("member of the pace", name, names, few=True)
        self.pace = replace(self.pace, **seconds)

    def start_at(self, start: datetime) -> None:
        """Let time zero be ``start``, which is aware, and reset."""
        self.start = start.astimezone(UTC)
        self._epoch = self.start.timestamp()
        self._last = float((_LAST - self.start) // timedelta(seconds=1))  # with a fraction it would be rounded past it
        self.reset()

    def reset(self) -> None:
        """Go back to the start and forget what was due."""
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._turn = count()
        self._stamped = (-1, "")

    @property
    def epoch(self) -> float:
        """Virtual seconds since 1970, for tokens."""
        return self._epoch + self.now

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Run ``action`` in ``seconds``; what is due at the same moment runs in the order it was asked for."""
        heappush(self._due, (self.now + seconds, next(self._turn), action))

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass and run what falls due, each at its own moment; raises as :meth:`end_of` does."""
        end = self.end_of(seconds)
        while self.step(end):
            pass

    def end_of(self, seconds: float) -> float:
        """The moment that is ``seconds`` from now.

        Raises:
            SettingError: ``seconds`` is negative or not a number, or leads past the last date there is.
        """
        end = self.now + quantity(ADVANCE, seconds, unit="virtual seconds")
        if end > self._last:
            most = f"at most {int(self._last - self.now)}"
            raise SettingError(ADVANCE, f"{seconds:g}", most, "The calendar ends with the year 9999.")
        return float(end)

    def latest(self, seconds: float) -> float:
        """The moment that is ``seconds`` from now, or the last one there is."""
        return float(min(self.now + seconds, self._last))

    def step(self, end: float) -> bool:
        """Run the next thing that is due until ``end``; when there is none, make it ``end`` and return ``False``.

        A caller that takes the steps one by one may be overtaken between two of them; time never goes back.
        """
        if not self._due or self._due[0][0] > end:
            self.now = max(self.now, end)
            return False
        moment, _, action = heappop(self._due)
        self.now = max(self.now, moment)
        action()
        return True

    def moment(self) -> datetime:
        """The virtual present."""
        return self.start + timedelta(seconds=self.now)

    def stamp(self) -> str:
        """The virtual present as ``innerError.date`` has it: UTC without a zone (observed 1.3)."""
        return self.moment().strftime("%Y-%m-%dT%H:%M:%S")

    def http_date(self) -> str:
        """The virtual present as the ``Date`` header has it."""
        second = int(self.now)
        if self._stamped[0] != second:
            self._stamped = (second, format_datetime(self.moment(), usegmt=True))
        return self._stamped[1]


class Ids:
    """New ids: the same seed gives the same ones, and each stream its own.

    Args:
        seed: any whole number.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Start every stream again."""
        self._streams: dict[str, random.Random] = {}

    def new(self, stream: str) -> str:
        """The next GUID of ``stream``: lower case with dashes, as captured (observed 11.5).

        Streams keep apart what would otherwise disturb each other: one more request does not change
        the ids of the calls that follow.
        """
        source = self._streams.get(stream)
        if source is None:
            source = self._streams[stream] = self._source(stream)
        return _guid(source.getrandbits(128))

    def named(self, name: str) -> str:
        """The GUID that belongs to ``name``, whatever was asked for before."""
        text = f"{self._seed}:{name}".encode("utf-8", "surrogatepass")
        return _guid(int.from_bytes(blake2s(text, digest_size=16).digest()))

    def digits(self, stream: str, length: int) -> str:
        """``length`` decimal digits from ``stream``, the first one not zero."""
        source = self._streams.setdefault(stream, self._source(stream))
        return str(source.randrange(10 ** (length - 1), 10**length))

    def chance(self, stream: str) -> float:
        """A number from 0 up to, but not including, 1 from ``stream``."""
        return self._streams.setdefault(stream, self._source(stream)).random()

    def _source(self, stream: str) -> random.Random:
        return random.Random(f"{self._seed}:{stream}")  # noqa: S311  repeatable on purpose, guards nothing


def _guid(number: int) -> str:
    text = f"{number:032x}"
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
