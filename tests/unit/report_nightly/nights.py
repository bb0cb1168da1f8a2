"""Nights to write reports of: a history of a season, and a verdict with one of everything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import (
    Acceptance,
    Difference,
    Entry,
    Kind,
    Latency,
    Night,
    Origin,
    Outcome,
    RuleState,
    Sample,
    Status,
    Unchecked,
    Verdict,
    rows,
)
from pytest_graphcalls.redaction import Redactor
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response

CLEAN = Redactor("cassette", "tests")
"""The redactor of recordings, which runs before they are shown."""
TONIGHT = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
INVITE = "participant-invite"
RULE = "call-reject.no-role-is-needed"
CURED = "participant-invite.at-most-five-invitees"
PAGE = "https://learn.microsoft.com/graph/api/participant-invite?view=graph-rest-1.0"
CALL = "https://graph.microsoft.com/v1.0/communications/calls/57dab8b1-894c-409a-b240-bd8beae78896"


FACTS = rows(
    (
        Difference(
            Kind.TYPE_CHANGED, Origin.METADATA, "v1.0", "participantInfo", "endpointId", "Edm.String", "Edm.Guid"
        ),
        Difference(Kind.STATUS_CHANGED, Origin.RECORDING, "v1.0", INVITE, "status", "200", "202"),
        Difference(Kind.STATUS_CHANGED, Origin.DOCUMENTATION, "beta", INVITE, "status", "200", "201"),
    ),
    looked=(Origin.CONTRACT, Origin.DOCUMENTATION),
)


def invitation(code: int, **members: object) -> Exchange:
    """An invitation and its answer."""
    body = {
        "@odata.type": "#microsoft.graph.inviteParticipantsOperation",
        "id": "0fe0623f-d628-42ed-b4bd-8ac290072cc5",
        "clientContext": "d45324c1-fcb5-430a-902c-f20af696537c",
        **members,
        "participants": [
            {
                "endpointType": None,
                "identity": {"user": {"id": "550fae72-d251-43ec-868c-373732c2704f", "displayName": "Adele"}},
            }
        ],
    }
    sent = {"participants": body["participants"], "clientContext": body["clientContext"]}
    asked = {"Authorization": "Bearer not-a-real-one", "Content-Type": "application/json"}
    headers = {"Content-Type": "application/json", "Location": f"{CALL}/operations/0fe0623f", "request-id": "5f1e77c2"}
    return CLEAN.exchange(
        Exchange(
            Request("POST", f"{CALL}/participants/invite", Headers(asked), json.dumps(sent).encode()),
            Response(code, Headers(headers), json.dumps(body).encode()),
        )
    )


def rejection() -> Exchange:
    """A call that is rejected, which the service refuses."""
    said = {
        "error": {
            "code": "7503",
            "message": "Application is not authorized.",
            "innerError": {"date": "2026-11-27T03:04:11"},
        }
    }
    asked = {"Authorization": "Bearer not-a-real-one", "Content-Type": "application/json"}
    return CLEAN.exchange(
        Exchange(
            Request("POST", f"{CALL.replace('v1.0', 'beta')}/reject", Headers(asked), b'{"reason":"busy"}'),
            Response(403, Headers({"Content-Type": "application/json"}), json.dumps(said).encode()),
        )
    )


GONE = Difference(
    Kind.MEMBER_GONE,
    Origin.RECORDING,
    "v1.0",
    INVITE,
    "$.status",
    before="text: running",
    place="contracts/test_participant_invite.py::test_success 2",
    page=PAGE,
    hint="Read the status of the operation instead, until it is back.",
)
STATUS = Difference(
    Kind.STATUS_CHANGED,
    Origin.RECORDING,
    "v1.0",
    INVITE,
    "status",
    "200",
    "202",
    place="contracts/test_x.py",
    page=PAGE,
)
BROKEN = Difference(
    Kind.RULE_BROKEN,
    Origin.CONTRACT,
    "beta",
    RULE,
    before="202 without a role",
    after="403 with code 7503",
    place="contracts/test_call_reject.py::test_no_role_is_needed 3",
    page="https://learn.microsoft.com/graph/api/call-reject?view=graph-rest-beta",
)
NEW = Difference(Kind.MEMBER_NEW, Origin.RECORDING, "beta", INVITE, "$.participants[0].label", after="text")
ENUM = Difference(Kind.ENUM_MEMBER_NEW, Origin.METADATA, "beta", "callState", after="parked", place="metadata.xml:812")
SLOW = Difference(Kind.LATENCY_SHIFTED, Origin.RECORDING, "v1.0", "call-reject", before="120 ms", after="410 ms")
EXAMPLE = Difference(
    Kind.EXAMPLE_INVALID, Origin.DOCUMENTATION, "beta", "call-answer", after="no JSON", place="call-answer.md:212"
)
LATE = Difference(
    Kind.NOTIFICATION_LATE, Origin.RECORDING, "v1.0", "call-updated", "$.value[0]", before="within 2 s", after="9 s"
)
GONE_AGAIN = Difference(
    Kind.RULE_BROKEN,
    Origin.CONTRACT,
    "v1.0",
    CURED,
    before="400",
    after="200",
    place="contracts/test_participant_invite.py",
    page=PAGE,
)
OLD = Difference(Kind.HEADER_GONE, Origin.RECORDING, "v1.0", "call-get", "Retry-After", before="a number")


def notification(state: str) -> Notification:
    """A change of a call's state."""
    return Notification(
        "https://bot.example/callback",
        {"value": [{"changeType": "updated", "resourceData": {"state": state, "id": "57dab8b1"}}]},
    )


def entry(difference: Difference, status: Status = Status.NEW, nights: int = 1, **more: object) -> Entry:
    """What is known of a difference that was first seen so many nights ago."""
    first = TONIGHT - timedelta(days=nights - 1)
    facts: dict[str, object] = {"places": (difference.place,) if difference.place else (), "count": nights, **more}
    return Entry(difference, status, first_seen=first, last_seen=TONIGHT, **facts)  # type: ignore[arg-type]  # named above


ACCEPTED = Acceptance(
    ENUM.fingerprint, "the service has announced it", date(2026, 11, 2), "calls team", date(2027, 1, 31)
)

ENTRIES = (
    entry(GONE, sample=Sample(invitation(200), invitation(200, status="running"), "$.status"), repeated=(3, 3)),
    entry(BROKEN, Status.KNOWN, 4, sample=Sample(rejection(), None, "status")),
    entry(STATUS, Status.EXPIRED, 12, acceptance=replace(ACCEPTED, fingerprint=STATUS.fingerprint)),
    entry(
        LATE, Status.FLAKY, repeated=(1, 3), sample=Sample(notification("established"), notification("establishing"))
    ),
    entry(NEW, sample=Sample(invitation(200, label="x"), invitation(200))),
    entry(ENUM, Status.ACCEPTED, 25, acceptance=ACCEPTED),
    entry(SLOW),
    entry(EXAMPLE, Status.KNOWN, 40),
)

UNCHECKED = (
    Unchecked("call-redirect.timeout-is-15-to-90-seconds@v1.0", "The target stages no incoming call.", decides=False),
    Unchecked("participant-invite.roster-follows@beta", "503 three times. Run it again."),
)
UNOBSERVED = (
    Acceptance("00aa11bb22cc", "was a fault of theirs", date(2026, 9, 1), about="status-changed in call-get"),
)


def season(count: int = 60, *, seed: int = 4, rules: int | None = 80, target: str = "live") -> list[Night]:
    """The given number of nights, oldest first; the last is tonight. Of all rules for ``rules=None``."""
    random = Random(seed)
    names = [f"{rule.id}@{version}" for rule in Contract.packaged().rules.values() for version in rule.versions]
    if rules:
        # The rules of the differences above are among them, however many operations the contract has.
        names.sort(key=lambda name: name.partition(".")[0] not in {RULE.partition(".")[0], CURED.partition(".")[0]})
        names = [*names, *(f"call-keep-alive.made-up-number-{n}@v1.0" for n in range(len(names), rules))][:rules]
    return [_night(number, count, names, random, target) for number in range(count)]


def _night(number: int, count: int, names: list[str], random: Random, target: str) -> Night:
    started = TONIGHT - timedelta(days=count - 1 - number)
    outage = random.random() < 0.03 or number == count - 10
    rules = {name: _state(name, place, number, count, random, outage=outage) for place, name in enumerate(names)}
    fingerprints = {f"{RULE}@beta": (BROKEN.fingerprint,), f"{CURED}@v1.0": (GONE_AGAIN.fingerprint,)}
    broken = {name: fingerprints.get(name, ()) for name, state in rules.items() if state is RuleState.BROKEN}
    died = number and random.random() < 0.01
    outcome = Outcome.COULD_NOT_CHECK if outage else Outcome.BEHAVIOURAL if broken else Outcome.NO_DRIFT
    return Night(
        id=f"{started:%Y-%m-%dT%H:%M:%SZ}-{random.getrandbits(24):06x}",
        started=started,
        ended=None if died else started + timedelta(minutes=14, seconds=random.randrange(60)),
        target=target,
        outcome=None if died else outcome,
        rules=rules,
        latency={} if outage else dict(_latency(number, random)),
        fingerprints=frozenset(
            {*(one for ones in broken.values() for one in ones), *((OLD.fingerprint,) if number % 9 == 4 else ())}
        ),
        broken=broken,
    )


def _state(name: str, place: int, number: int, count: int, random: Random, *, outage: bool) -> RuleState:
    if outage and place % 3:
        return RuleState.COULD_NOT_CHECK
    if place % 17 == 16:
        return RuleState.NOT_CHECKED
    if name == f"{RULE}@beta" and number >= count - 4:
        return RuleState.BROKEN
    if name == f"{CURED}@v1.0" and count // 3 < number < count // 2:
        return RuleState.BROKEN
    if place % 29 == 5 and random.random() < 0.3:
        return RuleState.NOTICE
    return RuleState.BROKEN if random.random() < 0.001 and number < count - 60 else RuleState.HELD


def _latency(number: int, random: Random) -> Iterator[tuple[str, Latency]]:
    for place, name in enumerate(Contract.packaged().operation_ids):
        usual = 90 + 25 * place
        median = usual * random.uniform(0.9, 1.15) + (180 if name == "call-reject" and number > 45 else 0)
        yield f"{name}@v1.0", Latency(round(median, 1), round(median * 1.7, 1), 9)


def known() -> Mapping[str, Entry]:
    """What the history keeps: tonight's, and one that went away."""
    old = entry(OLD, Status.KNOWN, 9, sample=Sample(invitation(200), invitation(200), "Retry-After"))
    cured = entry(GONE_AGAIN, Status.KNOWN, 12, sample=Sample(invitation(200, status="running"), None, "status"))
    earlier = (replace(one, last_seen=TONIGHT - timedelta(days=33)) for one in (old, cured))
    return {one.difference.fingerprint: one for one in (*ENTRIES, *earlier)}


def verdict(nights: list[Night], **more: object) -> Verdict:
    """One of everything."""
    night = replace(nights[-1], outcome=Outcome.BREAKING)
    facts: dict[str, object] = {
        "entries": ENTRIES,
        "unchecked": UNCHECKED,
        "unobserved": UNOBSERVED,
        "baseline": "the recordings of 12 Nov 2026",
        "outcome": Outcome.BREAKING,
        **more,
    }
    return Verdict(night, versions=("v1.0", "beta"), contract=Contract.packaged().revision, **facts)  # type: ignore[arg-type]  # named above
