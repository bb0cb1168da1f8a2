"""Notifications of a test that are missing, new, late, in another order, or changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Kind, compare as comparison
from pytest_graphcalls.drift.compare import compare
from pytest_graphcalls.drift.model import Observation
from pytest_graphcalls.wire import Notification
from tests.unit.drift import recordings as t

Notifications = list[Notification]


def with_data(notes: Notifications, number: int, **data: Any) -> Notifications:
    """The notifications, with other members in the resource data of one of them."""
    body = t.changed(notes[number].body, lambda one: one["value"][0]["resourceData"].update(data))
    return [replace(one, body=body) if place == number else one for place, one in enumerate(notes)]


def later(notes: Notifications, number: int, seconds: float) -> Notifications:
    """The notifications, one of them and all after it later."""
    return [replace(one, at=one.at + seconds) if place >= number else one for place, one in enumerate(notes)]


CASES: dict[str, tuple[Callable[[Notifications], Notifications], set[tuple[Kind, str]]]] = {
    "nothing has changed": (lambda notes: notes, set()),
    "one is lost": (lambda notes: notes[:1] + notes[2:], {(Kind.NOTIFICATION_MISSING, "updated established")}),
    "the first one is lost": (lambda notes: notes[1:], {(Kind.NOTIFICATION_MISSING, "updated establishing")}),
    "one comes twice": (
        lambda notes: [*notes[:2], notes[1], *notes[2:]],
        {(Kind.NOTIFICATION_NEW, "updated established")},
    ),
    "one is of another sort": (
        lambda notes: [*notes[:2], t.posted("created", "", t.call("incoming"), 2.5), *notes[2:]],
        {(Kind.NOTIFICATION_NEW, "created incoming")},
    ),
    "one is late": (lambda notes: later(notes, 3, 30), {(Kind.NOTIFICATION_LATE, "at")}),
    "two are late": (
        lambda notes: later(later(notes, 1, 30), 3, 30),
        {(Kind.NOTIFICATION_LATE, "at")},
    ),
    "one is somewhat later": (lambda notes: later(notes, 3, 5), set()),
    "one is early, the others are as before": (
        lambda notes: [notes[0], replace(notes[1], at=1.1), *notes[2:]],
        set(),
    ),
    "two have changed places": (
        lambda notes: [notes[0], notes[2], notes[1], *notes[3:]],
        {(Kind.ORDER_CHANGED, "order")},
    ),
    "two states have changed places": (
        lambda notes: [notes[1], notes[0], *notes[2:]],
        {(Kind.ORDER_CHANGED, "order")},
    ),
    "a member is missing": (
        lambda notes: [
            replace(notes[0], body=t.changed(notes[0].body, lambda one: one["value"][0].pop("resourceUrl"))),
            *notes[1:],
        ],
        {(Kind.NOTIFICATION_MISSING, "updated establishing"), (Kind.NOTIFICATION_NEW, "updated establishing")},
    ),
    "a member of the data is new": (
        lambda notes: with_data(notes, 1, mood="good"),
        {(Kind.MEMBER_NEW, "$.value[].resourceData.mood")},
    ),
    "a state is spelled in another letter case": (
        lambda notes: with_data(notes, 3, status="Completed"),
        {(Kind.LETTER_CASE_CHANGED, "$.value[].resourceData.status")},
    ),
    "a state has changed": (
        lambda notes: with_data(notes, 3, status="failed"),
        {(Kind.VALUE_CHANGED, "$.value[].resourceData.status")},
    ),
    "an unknown state": (
        lambda notes: with_data(notes, 3, status="wandering"),
        {(Kind.ENUM_MEMBER_NEW, "$.value[].resourceData.status")},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_change_of_the_notifications_is_a_difference(name: str) -> None:
    """Each change has a kind of difference of its own."""
    change, expected = CASES[name]
    before, after = t.notifications(), change(t.notifications())
    assert t.kinds(t.recording(t.exchanges(), before), t.recording(t.exchanges(), after)) == expected


def test_sparse_updates_that_come_twice_are_compared_with_themselves() -> None:
    """Updates of one state with different members are no other updates when each comes twice."""
    audio, meeting = (
        t.posted("updated", "", {**t.call("established"), name: {}}, at)
        for name, at in (("mediaState", 2.5), ("meetingInfo", 2.6))
    )
    notes = [*t.notifications()[:2], audio, meeting]
    twice = [one for each in notes for one in (each, each)]
    assert t.kinds(t.recording(t.exchanges(), notes), t.recording(t.exchanges(), twice)) == {
        (Kind.NOTIFICATION_NEW, "updated establishing"),
        (Kind.NOTIFICATION_NEW, "updated established"),
    }


def test_one_delay_is_one_difference() -> None:
    """What comes behind a late one is as late, and is no second difference; a second delay is."""
    notes = t.notifications()
    before = t.recording(t.exchanges(), notes)
    assert len(t.found(before, t.recording(t.exchanges(), later(notes, 1, 30)))) == 1
    assert len(t.found(before, t.recording(t.exchanges(), later(later(notes, 1, 30), 3, 30)))) == 2


def test_a_notification_is_late_above_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seconds are nothing, and late where the limit is four."""
    notes = t.notifications()
    before, after = t.recording(t.exchanges(), notes), t.recording(t.exchanges(), later(notes, 3, 5))
    assert t.found(before, after) == []
    monkeypatch.setattr(comparison, "LATE", 4.0)
    (found,) = t.found(before, after)
    assert (found.kind, found.subject, found.hint) == (
        Kind.NOTIFICATION_LATE,
        "operation-ended",
        "It came 5.0 seconds later than before.",
    )


def test_a_difference_names_its_notification_test_and_page() -> None:
    """The payload, the test, the number of the notification, the page; and the two notifications themselves."""
    after = t.recording(t.exchanges(), t.notifications()[:-1])
    (observation,) = compare([t.recording(t.exchanges(), t.notifications())], [after], Contract.packaged())
    assert isinstance(observation, Observation)
    assert observation.sample is not None
    found = observation.difference
    assert (found.kind, found.subject, found.before) == (
        Kind.NOTIFICATION_MISSING,
        "call-ended",
        "call-ended (deleted terminated)",
    )
    assert found.place == f"{t.TEST}@v1.0, notification 5"
    assert found.page == "https://learn.microsoft.com/graph/api/call-delete?view=graph-rest-1.0"
    assert (observation.sample.expected, observation.sample.observed) == (t.notifications()[4], None)


def test_an_order_says_what_came_first() -> None:
    """The sort and the state, because two of one sort may change places, too."""
    notes = t.notifications()
    (found,) = t.found(t.recording(t.exchanges(), notes), t.recording(t.exchanges(), [notes[1], notes[0], *notes[2:]]))
    assert (found.kind, found.subject) == (Kind.ORDER_CHANGED, "call-updated")
    assert (found.before, found.after) == (
        "after call-updated (updated establishing)",
        "before call-updated (updated establishing)",
    )


def test_several_entries_in_one_envelope_are_several() -> None:
    """The service may put two into one; each of them counts, the envelope does not."""
    notes = t.notifications()
    both = {**notes[0].body, "value": [*notes[0].body["value"], *notes[1].body["value"]]}
    packed = [replace(notes[0], body=both), *notes[2:]]
    assert t.kinds(t.recording(t.exchanges(), notes), t.recording(t.exchanges(), packed)) == set()


def test_incoming_calls_are_matched_by_their_order() -> None:
    """No exchange names them first; which is which follows from who rings first."""

    def ringing(first: str, second: str) -> t.Recording:
        return t.recording(
            [],
            [
                t.posted("created", "", t.call("incoming", first), 0.0, first),
                t.posted("created", "", t.call("incoming", second), 1.0, second),
                t.posted("deleted", "", t.call("terminated", second), 2.0, second),
            ],
        )

    assert t.kinds(ringing("a1", "b1"), ringing("c1", "d1")) == set()


def test_a_notification_that_no_page_shows_is_compared_too() -> None:
    """A notification of an unknown sort is one, and its content counts."""

    def notified(data: Any) -> t.Recording:
        return t.recording([], [t.posted("updated", "/lobby/7", data, 0.0)])

    (found,) = t.found(notified({"open": True}), notified({"open": False}))
    assert (found.subject, found.kind, found.where) == (
        "notification",
        Kind.VALUE_CHANGED,
        "$.value[].resourceData.open",
    )


@pytest.mark.parametrize("value", [None, {}, "x", [1, None, "x"], [{"changeType": 3, "resourceUrl": ["x"]}]])
def test_an_envelope_of_another_shape_is_no_trouble(value: Any) -> None:
    """What the service should never post is compared as far as it can be."""
    strange = t.recording([], [Notification("https://bot.contoso.com/calls", {"value": value})])
    assert t.kinds(strange, strange) == set()
