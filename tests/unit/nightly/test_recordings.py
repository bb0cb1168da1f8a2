"""From cassettes to what is compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Kind, Passport, opened
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Recording
from pytest_graphcalls.nightly.recordings import recording_of
from pytest_graphcalls.session import Recorder
from pytest_graphcalls.wire import Headers, Notification
from tests.unit.nightly.conftest import answered, refused


def test_a_cassette_is_read_as_a_recording(tmp_path: Path) -> None:
    """A recording has seconds and notifications, and no participants of earlier tests in a sandbox."""
    received = Notification("https://bot.example.org/calls", {"value": []}, 2.5, Headers([("A", "b")]))
    passport = Passport(
        datetime.now(UTC),
        Kind.LIVE,
        ("v1.0",),
        "abc",
        test="contracts/test_a.py::test_one@v1.0",
        notifications=(received,),
        seconds=(0.25, None, 1.5),
        uncompared=(1,),
    )
    exchanges = [answered(), refused(404, "8522"), answered(direction="incoming")]
    cassette.write(tmp_path / "a.yaml", exchanges, passport)
    found = opened(tmp_path / "a.yaml")
    made = recording_of(found)
    assert isinstance(made, Recording)
    assert made.name == "contracts/test_a.py::test_one@v1.0"
    assert [one.seconds for one in made.exchanges] == [0.25, 1.5]
    assert [one.request for one in made.exchanges] == [exchanges[0].request, exchanges[2].request]
    assert (made.notifications, made.notifications_recorded) == ((received,), True)
    assert len(found.rows) == 3


def test_a_cassette_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """Such a cassette has no notifications and no seconds, and its passport is written without them."""
    passport = Passport(datetime.now(UTC), Kind.SIMULATOR, ("v1.0",), "abc", test="contracts/test_a.py::test_one@v1.0")
    cassette.write(tmp_path / "a.yaml", [answered()], passport)
    text = (tmp_path / "a.yaml").read_text()
    assert not [name for name in ("notifications", "seconds", "aside") if f"{name}:" in text]
    made = recording_of(opened(tmp_path / "a.yaml"))
    assert (made.exchanges[0].seconds, made.notifications, made.notifications_recorded) == (None, (), False)


def test_the_stage_says_which_exchanges_are_beside_the_test() -> None:
    """The stage names such exchanges by number."""
    recorder = Recorder(Contract.packaged())
    recorder(answered())
    with recorder.not_compared():
        recorder(answered())
    recorder(answered())
    assert recorder.uncompared == {1}


def in_roster(digit: str, **identity: str) -> dict[str, Any]:
    """An entry of a roster."""
    members = {sort: {"id": id} for sort, id in identity.items()}
    return {"id": f"{digit * 8}-894c-409a-b240-bd8beae78897", "info": {"identity": members}}


BOT, STAYS, ALICE = in_roster("1", application="b0"), in_roster("2", user="0e5a"), in_roster("3", user="a11c")


def visited(folder: Path, *asks: str) -> Recording:
    """A recording of a test that invites a user into a meeting that was not empty."""
    roster = [BOT, STAYS, ALICE]
    before, list_ = answered(value=[BOT, STAYS]), answered(value=roster)
    before = replace(before, request=replace(before.request, url=f"{before.request.url}/participants"))
    address = f"{before.request.url}/invite"
    invites = [
        replace(answered(), request=replace(before.request, method="POST", url=address, body=one.encode()))
        for one in asks
    ]
    joined = replace(answered(), request=replace(before.request, method="POST", body=b'{"organizer": "0e5a"}'))
    received = Notification("https://bot.example.org/calls", {"value": [{"resourceData": roster}]}, 2.5)
    name = "contracts/test_a.py::test_one@v1.0"
    passport = Passport(
        datetime.now(UTC), Kind.LIVE, ("v1.0",), "abc", test=name, notifications=(received,), uncompared=(1,)
    )
    cassette.write(folder / "a.yaml", [joined, before, *invites, list_], passport)
    return recording_of(opened(folder / "a.yaml"))


def test_a_user_who_was_in_the_meeting_before_is_in_no_roster(tmp_path: Path) -> None:
    """A user who cannot be removed stays from night to night; the bot and invited users are in the roster."""
    made = visited(tmp_path, '{"id": "A11C"}')
    assert made.exchanges[-1].response.json()["value"] == [BOT, ALICE]
    assert made.notifications[0].body["value"] == [{"resourceData": [BOT, ALICE]}]
    assert made.already_present == {"0e5a"}
    assert visited(tmp_path / "again", '{"id": "0e5a"}').invited == '{"id": "0e5a"}'
