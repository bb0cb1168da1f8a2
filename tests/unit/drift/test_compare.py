"""Which recordings, and which of their exchanges, belong together; what is no difference at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Kind, Severity, Unchecked, compare as comparison
from pytest_graphcalls.drift.compare import compare
from pytest_graphcalls.wire import Exchange, Response
from tests.unit.drift import recordings as t


def test_a_recording_is_no_different_from_itself() -> None:
    """One recording compared with itself has no differences."""
    one = t.recording(t.exchanges(), t.notifications())
    assert list(compare([one], [one], Contract.packaged())) == []


def test_recordings_are_paired_by_test_and_version() -> None:
    """The order of recordings does not matter; each version of a test is a recording of its own."""
    one, other = t.recording(t.exchanges(), test="a"), t.recording([], test="b")
    assert list(compare([one, other], [other, one], Contract.packaged())) == []


def test_a_test_without_a_recording_is_not_compared() -> None:
    """A new one does not decide, because there is no accepted recording of it; one that is missing tonight does."""
    old, new = t.recording(test="old"), t.recording(test="new")
    assert list(compare([old], [new], Contract.packaged())) == [
        Unchecked(
            "new@v1.0",
            "there is no accepted recording of it to compare with; 'graphcalls drift promote' makes tonight's one",
            decides=False,
        ),
        Unchecked("old@v1.0", "tonight has no recording of it; see the result of the test"),
    ]


def test_exchanges_are_paired_by_step() -> None:
    """Two steps that changed places in the file are the same steps."""
    all_ = t.exchanges()
    after = [all_[0], all_[2], all_[1], *all_[3:]]
    assert t.kinds(t.recording(all_), t.recording(after)) == set()


def test_an_exchange_that_is_missing_or_new_is_one_difference() -> None:
    """The difference names the operation of the request."""
    all_ = t.exchanges()
    (missing,) = t.found(t.recording(all_), t.recording(all_[:2] + all_[3:]))
    (new,) = t.found(t.recording(all_[:2] + all_[3:]), t.recording(all_))
    assert (missing.kind, missing.subject, missing.place) == (
        Kind.EXCHANGE_GONE,
        "participant-invite",
        f"{t.TEST}@v1.0, exchange 3",
    )
    assert (new.kind, new.subject) == (Kind.EXCHANGE_NEW, "participant-invite")


def test_waiting_is_one_step_however_long_it_takes() -> None:
    """Reads that follow one another are one of each address: what the last one has found counts."""
    waiting = t.exchange("GET", f"/{t.CALL_ID}", 404, t.REFUSED)
    roster = t.exchange("GET", f"/{t.CALL_ID}/participants", 200, {"value": []})
    all_ = t.exchanges()
    after = [all_[0], waiting, roster, waiting, *all_[1:3], roster, *all_[3:]]
    before = [all_[0], roster, *all_[1:]]
    assert t.kinds(t.recording(before), t.recording(after)) == set()


def test_a_request_repeated_after_a_fault_does_not_count() -> None:
    """A client that waited as long as Retry-After says has seen the answer."""
    all_ = t.exchanges()
    busy = Exchange(all_[2].request, Response(429))
    assert t.kinds(t.recording(all_), t.recording([*all_[:2], busy, *all_[2:]])) == set()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (429, "was answered 429, which proves nothing about the operation; run it again"),
        (503, "was answered 503, which proves nothing about the operation; run it again"),
        (401, "was answered 401, and was authorized before; check the sign-in, and run it again"),
    ],
)
def test_a_fault_is_no_difference(status: int, reason: str) -> None:
    """After a fault the rest of a test is not compared."""
    all_ = t.exchanges()
    failed = [*all_[:2], Exchange(all_[2].request, Response(status)), t.exchange("DELETE", "/1", 404, t.REFUSED)]
    result = list(compare([t.recording(all_, t.notifications())], [t.recording(failed)], Contract.packaged()))
    assert result == [Unchecked(f"{t.TEST}@v1.0, exchange 3", f"participant-invite {reason}")]


def test_a_fault_in_an_exchange_that_was_not_there_before_is_none_either() -> None:
    """A test that was answered 503 and gave up is not a test that asks for more."""
    all_ = t.exchanges()
    failed = t.recording([*all_, t.exchange("POST", f"/{t.CALL_ID}/keepAlive", 503)])
    (one,) = compare([t.recording(all_)], [failed], Contract.packaged())
    assert isinstance(one, Unchecked)
    assert one.subject == f"{t.TEST}@v1.0, exchange 7"


def test_a_fault_that_was_accepted_is_compared() -> None:
    """An accepted answer with that status makes it comparable."""
    failed = t.recording([t.exchange("GET", "/1", 503, t.REFUSED)])
    other = t.recording([t.exchange("GET", "/1", 503, {"error": {**t.REFUSED["error"], "code": "Busy"}})])
    assert t.kinds(failed, other) == {(Kind.ERROR_CODE_CHANGED, "$.error.code")}


def test_another_id_in_the_place_of_a_mapped_one_is_a_difference() -> None:
    """Ids differ in every run, but are mapped: the invited user is the user in the roster."""
    roster = t.changed(t.ROSTER, lambda r: r["value"][1]["info"]["identity"]["user"].update(tenantId=t.BOT_ID))
    all_ = t.exchanges()
    after = [*all_[:3], t.exchange("GET", f"/{t.CALL_ID}/participants", 200, roster), *all_[4:]]
    (found,) = t.found(t.recording(all_), t.recording(after))
    assert (found.kind, found.before, found.after) == (
        Kind.VALUE_CHANGED,
        "an id",
        "another id than elsewhere in the test",
    )


def test_users_who_are_invited_together_are_mapped_by_their_places() -> None:
    """Each invited user is mapped by its place in the invite, whatever the order of the roster."""
    users = [f"{digit * 8}-cccc-4ccc-8ccc-{digit * 12}" for digit in "6789"]

    def invited(first: str, second: str, roster: list[dict[str, object]]) -> t.Recording:
        people = {"participants": [{"identity": {"user": {"id": user}}} for user in (first, second)]}
        invite = t.exchange("POST", f"/{t.CALL_ID}/participants/invite", 200, t.INVITED, people)
        return t.recording([invite, t.exchange("GET", f"/{t.CALL_ID}/participants", 200, {"value": roster})])

    before = invited(*users[:2], [t.person("1", users[0]), t.person("2", users[1])])
    quiet = t.changed(t.person("4", users[3]), lambda one: one.pop("isMuted"))
    after = invited(*users[2:], [quiet, t.person("5", users[2])])
    assert t.kinds(before, after) == {(Kind.MEMBER_GONE, "$.value[].isMuted"), (Kind.ORDER_CHANGED, "$.value")}


def timed(seconds: float, times: int = 5) -> t.Recording:
    """A recording of as many reads of a call, each of which took so long."""
    reads = [t.exchange("GET", f"/{number}", 200, t.CALL, seconds=str(seconds)) for number in range(times)]
    return t.recording([t.exchange("DELETE", "/1", 204), *reads])


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(0.1, 0.5, ["slower"]), (0.5, 0.1, ["faster"]), (0.1, 0.3, []), (1.0, 1.9, [])],
)
def test_answers_that_take_longer_are_a_notice(before: float, after: float, said: list[str]) -> None:
    """Twice as long and a quarter of a second more, over the medians of an operation."""
    found = t.found(timed(before), timed(after))
    assert [one.after for one in found] == said
    assert {(one.kind, one.severity, one.subject) for one in found} <= {
        (Kind.LATENCY_SHIFTED, Severity.NOTICE, "call-get")
    }


def test_latency_needs_some_answers_and_has_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four answers say nothing, unless fewer are enough; nor does half as long again."""
    assert t.found(timed(0.1, 4), timed(9.0, 4)) == []
    for name, limit in {"FACTOR": 1.2, "SECONDS": 0.01, "LEAST": 2}.items():
        monkeypatch.setattr(comparison, name, limit)
    (found,) = t.found(timed(0.1, 4), timed(0.15, 4))
    assert found.hint == "The median was 100 ms and is 150 ms, over 4 answers."


@pytest.mark.parametrize(("side", "when"), [("before", "when it was accepted"), ("after", "tonight")])
def test_without_recorded_notifications_none_is_missing(side: str, when: str) -> None:
    """A server notifies its bot, and not us; this is reported, decides nothing, and exchanges are compared anyway."""
    silent, notified = (
        replace(t.recording(t.exchanges()), notifications_recorded=False),
        t.recording(t.exchanges(), t.notifications()),
    )
    before, after = (silent, notified) if side == "before" else (notified, silent)
    (found,) = compare([before], [after], Contract.packaged())
    assert isinstance(found, Unchecked)
    assert (found.subject, found.decides) == (t.recording().name, False)
    assert found.reason == f"notifications could not be recorded {when}, so only its exchanges were compared"
    assert [*compare([silent], [silent], Contract.packaged())] == []


def test_a_test_whose_meeting_was_not_empty_is_not_compared() -> None:
    """A recording whose meeting was empty is the other side; this is reported, and decides nothing."""
    already_present = replace(t.recording(), already_present=frozenset({t.ALICE}))
    (found,) = compare([t.recording(t.exchanges())], [already_present], Contract.packaged())
    assert isinstance(found, Unchecked)
    assert not found.decides
    assert "was in its meeting already, since an earlier night" in found.reason
