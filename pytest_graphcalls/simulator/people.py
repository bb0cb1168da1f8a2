"""People who can be called, and what they will do when it rings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator.clock import Clock, Ids
from pytest_graphcalls.simulator.entities import E164, Identity
from pytest_graphcalls.simulator.responses import ASIDE, Result, inferred, reported
from pytest_graphcalls.validation import shown

UNKNOWN_PERSON = inferred("observed 5b")
"""That an unknown person can be called, invited and handed on to, as one who cannot be reached."""
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Answer(StrEnum):
    """The reaction of a person to a ringing call."""

    ACCEPTS = "accepts"
    DECLINES = "declines"
    BUSY = "busy"
    SILENT = "silent"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Script:
    """The script of a person: reactions to calls, keys, speech.

    Attributes:
        answer: what they do when it rings.
        after: how many virtual seconds they let it ring; ``None`` for as long as the pace has it.
        stays: how many virtual seconds they stay in a call; ``None`` for as long as it lasts.
        speech: from when to when they speak; ``None`` for all the time.
        voicemail: whether their voicemail takes the calls that are handed on to them and that they do not take.
    """

    answer: Answer = Answer.ACCEPTS
    after: float | None = None
    stays: float | None = None
    speech: tuple[tuple[float, float], ...] | None = None
    voicemail: bool = False


_DECLINED = reported("observed 6.23")
_BUSY = inferred("observed 6.24")
_SILENT = reported("observed 6.22")
_FAILED = reported("observed 5.34, 5.36")
RESULTS: Mapping[tuple[Answer, bool], Result] = MappingProxyType(
    {
        # No Graph report shows the pairs; the sibling service's table of call ends has these, but for 486 beside 8539,
        # which is by meaning.
        (Answer.DECLINES, False): Result(603, 0, "Decline.", _DECLINED, inferred("observed 5.48")),
        (Answer.DECLINES, True): Result(603, 560603, "Decline.", _DECLINED, inferred("observed 5.51")),
        (Answer.BUSY, False): Result(486, 8539, "Busy Here.", _BUSY, inferred("observed 6.24")),
        (Answer.BUSY, True): Result(486, 560486, "Busy Here.", _BUSY, inferred("observed 5.50")),
        (Answer.SILENT, False): Result(487, 10004, "Request Terminated.", _SILENT, inferred("observed 5.46")),
        (Answer.SILENT, True): Result(480, 560480, "Temporarily Unavailable.", _SILENT, inferred("observed 5.51")),
        (Answer.UNREACHABLE, False): Result(480, 10076, "Temporarily Unavailable.", _FAILED, inferred("observed 5b")),
        (Answer.UNREACHABLE, True): Result(404, 560404, "Not Found.", _FAILED, inferred("observed 5.51")),
    }
)
"""Why an invitation failed, by what they do and whether it is a phone; an outgoing call ends with the same pairs."""


_UNSCRIPTED = Script()


@dataclass(frozen=True, slots=True)
class Fate:
    """The outcome of ringing a person: after how many virtual seconds, and why it failed, if it did."""

    after: float
    result: Result | None


class People:
    """The people and phones that can be called.

    Args:
        ids: gives each name its id.
        clock: knows how long it rings.
        tenant_id: the tenant they belong to.
    """

    def __init__(self, ids: Ids, clock: Clock, tenant_id: str) -> None:
        self._ids = ids
        self._clock = clock
        self._tenant_id = tenant_id
        self.open = False
        """Whether everybody exists, and not only those whom a test has made."""
        self.reset()

    def reset(self) -> None:
        """Forget everybody and what they would do."""
        self._scripts: dict[tuple[str, str], Script] = {}
        self._by_name: dict[str, Identity] = {}
        self._names: dict[tuple[str, str], Identity] = {}

    def identity(self, name: str) -> Identity:
        """The identity with ``name``: a name, a user's object id, or a phone number in E.164 form.

        Raises:
            SettingError: it is no text, or an empty one.
        """
        if not isinstance(name, str) or not name:
            raise SettingError("person", shown(name), "a name, an object id, or a phone number in E.164 form, as text")
        known = self._by_name.get(name)
        if known is None:
            known = self._by_name[name] = self._new(name)
            known = self._names.setdefault(known.key, known)
        return known

    def _new(self, name: str) -> Identity:
        if E164.fullmatch(name):
            return Identity("phone", name)
        if GUID.fullmatch(name):
            return Identity("user", name, f"Person {name[:4]}", self._tenant_id)
        return Identity("user", self._ids.named(f"person:{name}"), name, self._tenant_id)

    def exists(self, identity: Identity) -> bool:
        """Whether a test has made ``identity``, or everybody exists."""
        return self.open or identity.key in self._names

    def named(self, name: str) -> Identity | None:
        """The person whom a test has made under ``name``."""
        return self._by_name.get(name)

    def meant(self, name: str) -> str:
        """A sentence with the known name that ``name`` resembles, or ``""``: each name makes a person."""
        close = get_close_matches(name, set(self._by_name) - {name}, n=1, cutoff=0.8)
        return f"Did you mean {close[0]!r}?" if close else ""

    def completed(self, identity: Identity) -> Identity:
        """``identity`` with the name and tenant that the directory adds (participant-invite.c14)."""
        if identity.sort != "user":
            return identity
        known = self._names.get(identity.key)
        name = identity.name or (known.name if known else "")
        return Identity("user", identity.id, name, identity.tenant_id or self._tenant_id)

    def script(self, identity: Identity, /, **facts: Any) -> None:
        """Settle members of what ``identity`` will do; the others stay as they were."""
        self._scripts[identity.key] = replace(self.scripted(identity), **facts)

    def scripted(self, identity: Identity) -> Script:
        """The script of ``identity``."""
        return self._scripts.get(identity.key, _UNSCRIPTED)

    def fate(self, identity: Identity, limit: float | None = None) -> Fate:
        """The result of ringing ``identity`` now, for ``limit`` seconds at most; by default as the pace has it."""
        limit = self._clock.pace.ring_limit if limit is None else limit
        if not self.exists(identity):
            return Fate(0.0, _unknown(identity))
        script = self.scripted(identity)
        after = self._clock.pace.ring if script.after is None else script.after
        if script.answer is Answer.SILENT or after > limit:
            return Fate(limit, RESULTS[Answer.SILENT, identity.sort == "phone"])
        return Fate(after, RESULTS.get((script.answer, identity.sort == "phone")))


def _unknown(identity: Identity) -> Result:
    """Why ringing an unknown id fails: as for a person who cannot be reached, which is inferred."""
    result = RESULTS[Answer.UNREACHABLE, identity.sort == "phone"]
    who = repr(identity.id[:80])
    aside = f"{ASIDE} No person of this simulator has the id {who}; simulator.person({who}) makes one."
    return replace(result, message=f"{result.message} {aside}", fact=inferred("observed 5b"), pair=None)
