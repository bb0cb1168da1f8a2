"""From cassettes to what is compared."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Kind, Passport, opened
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Tape
from pytest_graphcalls.nightly.tapes import tape
from pytest_graphcalls.session import Recorder
from pytest_graphcalls.wire import Headers, Notification
from tests.unit.nightly.conftest import answered, refused


def test_a_cassette_comes_back_as_a_tape(tmp_path: Path) -> None:
    """With seconds and notifications, and without what depends on what others had left in a sandbox."""
    told = Notification("https://bot.example.org/calls", {"value": []}, 2.5, Headers([("A", "b")]))
    passport = Passport(
        datetime.now(UTC),
        Kind.LIVE,
        ("v1.0",),
        "abc",
        test="contracts/test_a.py::test_one@v1.0",
        notifications=(told,),
        seconds=(0.25, None, 1.5),
        aside=(1,),
    )
    exchanges = [answered(), refused(404, "8522"), answered(direction="incoming")]
    cassette.write(tmp_path / "a.yaml", exchanges, passport)
    found = opened(tmp_path / "a.yaml")
    made = tape(found)
    assert isinstance(made, Tape)
    assert made.name == "contracts/test_a.py::test_one@v1.0"
    assert [one.seconds for one in made.exchanges] == [0.25, 1.5]
    assert [one.request for one in made.exchanges] == [exchanges[0].request, exchanges[2].request]
    assert (made.notifications, made.heard) == ((told,), True)
    assert len(found.rows) == 3


def test_a_cassette_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """It knows of no notifications and no seconds, and its passport is written without them."""
    passport = Passport(datetime.now(UTC), Kind.SIMULATOR, ("v1.0",), "abc", test="contracts/test_a.py::test_one@v1.0")
    cassette.write(tmp_path / "a.yaml", [answered()], passport)
    text = (tmp_path / "a.yaml").read_text()
    assert not [name for name in ("notifications", "seconds", "aside") if f"{name}:" in text]
    made = tape(opened(tmp_path / "a.yaml"))
    assert (made.exchanges[0].seconds, made.notifications, made.heard) == (None, (), False)


def test_the_stage_says_which_exchanges_are_beside_the_test() -> None:
    """By their numbers."""
    recorder = Recorder(Contract.packaged())
    recorder(answered())
    with recorder.aside():
        recorder(answered())
    recorder(answered())
    assert recorder.beside == {1}
