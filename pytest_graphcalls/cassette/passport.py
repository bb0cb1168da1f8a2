"""The passport of a cassette: date, origin and contract of the recording, and a digest of its interactions.

The passport is the member ``graphcalls`` beside vcrpy's own ``interactions`` and ``version``. It is not vcrpy's
``metadata``, because pytest-recording 0.14 cannot load a cassette that has any.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from pytest_graphcalls._version import __version__
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.records import plain
from pytest_graphcalls.validation import shown
from pytest_graphcalls.wire import EVIDENCE_HEADER, Exchange, Headers, Notification

MEMBER = "graphcalls"
"""The member of a cassette that holds its passport."""
FORMAT = 1
"""The passport's own version; it changes when a member goes or changes its meaning."""
_FAULT = "x-graphcalls-fault"
"""The header of an answer that a fault was injected into (see ``simulator/faults``)."""


class Kind(StrEnum):
    """The origin of a recording. The values are written to files."""

    SIMULATOR = "simulator"
    LIVE = "live"
    SERVER = "server"
    """Some other server at a base URL."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A request for a token; neither its body nor the answer is ever recorded.

    Attributes:
        method: of the request.
        url: its address, redacted.
        status: of the answer.
    """

    method: str
    url: str
    status: int


@dataclass(frozen=True, slots=True)
class Passport:
    """The facts that a cassette holds about its own recording.

    Attributes:
        recorded: when, in UTC, to the second.
        kind: from what.
        versions: the API versions of its requests.
        contract: revision of the whole contract, as version 0.1.0 has noted it; empty in newer recordings.
        redaction: the redactor's profile.
        tool: version of this package.
        test: the test it was recorded by, as ``file::name``; it is replayed for no other test.
        tenant: pseudonym of the tenant, or ``""``.
        made: what the test has made up, by what it stands for.
        capabilities: what the target could do beyond answering requests.
        sandbox: what the test had of a sandbox, redacted; empty when it made up what it needed.
        sign_ins: tokens that were asked for.
        notifications: those that the bot received meanwhile, redacted; kept where the target could be listened to.
        seconds: how long each answer took, in the order of the exchanges; kept in recordings that are to be compared.
        uncompared: numbers of exchanges, from 0, that depend on what others had left behind; kept likewise.
        faults: what was injected into its answers; empty when they are as the target gave them.
        refused: kinds of what the leak scan has found in the recording, which is masked in it; such a cassette is
            compared within its night and kept nowhere.
        digest: of the interactions; by it an edited cassette is noticed.
        operations: by id: the revision of each operation of the contract that its requests mean.
    """

    recorded: datetime
    kind: Kind
    versions: tuple[str, ...]
    contract: str = ""
    redaction: str = "cassette"
    tool: str = __version__
    test: str = ""
    tenant: str = ""
    made: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    sandbox: Mapping[str, Any] = field(default_factory=dict)
    sign_ins: tuple[SignedIn, ...] = ()
    notifications: tuple[Notification, ...] = ()
    seconds: tuple[float | None, ...] = ()
    uncompared: tuple[int, ...] = ()
    faults: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    digest: str = ""
    operations: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, exchanges: Sequence[Exchange], otherwise: Kind, versions: tuple[str, ...], **facts: Any) -> Passport:
        """The passport of a recording that is about to be written.

        Args:
            exchanges: as they will stand in it. Those of the simulator say so, and which faults were injected.
            otherwise: its origin where they do not.
            versions: the API versions of the requests.
            facts: further attributes.
        """
        headers = [one.response.headers for one in exchanges]
        simulated = any(name in one for one in headers for name in (EVIDENCE_HEADER, _FAULT))
        return cls(
            datetime.now(UTC),
            Kind.SIMULATOR if simulated else otherwise,
            versions,
            operations=Contract.packaged().revisions(one.request for one in exchanges),
            faults=tuple(dict.fromkeys(one[_FAULT] for one in headers if one.get(_FAULT))),
            **facts,
        )

    def sealed(self, rows: Sequence[Any]) -> Passport:
        """A copy of the passport whose digest is that of ``rows``."""
        return replace(self, digest=digest(rows))

    def seals(self, rows: Sequence[Any]) -> bool:
        """Whether ``rows`` are what was recorded."""
        return self.digest == digest(rows)

    def fits(self, contract: Contract) -> bool:
        """Whether ``contract`` says of its operations what it said when this was recorded, as far as is noted."""
        if self.operations:
            known = contract.operation_ids
            return all(id in known and contract.operation_revision(id) == one for id, one in self.operations.items())
        return self.contract in {"", contract.revision}

    def days(self, now: datetime) -> int:
        """The age of the recording at ``now``, in whole days."""
        return (now - self.recorded).days

    def to_json(self) -> dict[str, Any]:
        """The passport as a cassette stores it; empty values are left out."""
        data = plain(self) | {
            "format": FORMAT,
            "recorded": self.recorded.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "notifications": [_stored(one) for one in self.notifications],
            "seconds": [] if set(self.seconds) <= {None} else [one and round(one, 4) for one in self.seconds],
        }
        data["from"], data["aside"] = data.pop("kind"), data.pop("uncompared")
        return {name: value for name, value in data.items() if value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Passport:
        """A passport from the JSON that :meth:`to_json` wrote.

        Raises:
            ValueError: it is none of ours, or one of a later format; the text is a sentence.
        """
        if data.get("format") != FORMAT:
            raise ValueError(f"its passport has format {shown(data.get('format'))}; this version reads {FORMAT}.")
        try:
            plain: dict[str, Any] = {name: str(data.get(name, "")) for name in _TEXTS}
            plain |= {name: tuple(map(str, data.get(name, ()))) for name in _LISTS}
            return cls(
                recorded=datetime.strptime(str(data["recorded"]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
                kind=Kind(data["from"]),
                made={str(what): str(text) for what, text in data.get("made", {}).items()},
                operations={str(id): str(text) for id, text in data.get("operations", {}).items()},
                sandbox=dict(data.get("sandbox", {})),
                sign_ins=tuple(SignedIn(**one) for one in data.get("sign_ins", ())),
                notifications=tuple(map(_notification, data.get("notifications", ()))),
                seconds=tuple(None if one is None else float(one) for one in data.get("seconds", ())),
                uncompared=tuple(map(int, data.get("aside", ()))),
                **plain,
            )
        except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"its passport cannot be read ({shown(str(error))}).") from None


def _stored(one: Notification) -> dict[str, Any]:
    """A notification as a passport has it."""
    headers = {"headers": [list(pair) for pair in one.headers.pairs]} if one.headers else {}
    return {"at": round(one.at, 4), "posted_to": one.posted_to, "body": dict(one.body), **headers}


def _notification(data: Mapping[str, Any]) -> Notification:
    headers = Headers([(str(name), str(value)) for name, value in data.get("headers", ())])
    return Notification(str(data["posted_to"]), dict(data["body"]), float(data["at"]), headers)


_TEXTS = ("contract", "redaction", "tool", "test", "tenant", "digest")
_LISTS = ("versions", "capabilities", "faults", "refused")


def digest(rows: Sequence[Any]) -> str:
    """A digest of interactions as a cassette's file has them; order and bodies count, the file's layout does not."""
    try:
        text = json.dumps(rows, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_plain)
    except (TypeError, ValueError, RecursionError):
        return ""  # names of several sorts, too large a number: vcrpy writes nothing like it
    return f"sha256:{sha256(text.encode()).hexdigest()}"


def _plain(value: Any) -> str:
    # YAML knows bytes and moments; JSON does not.
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)
