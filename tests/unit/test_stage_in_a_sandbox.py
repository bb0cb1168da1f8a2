"""The stage where not any id will do and where meetings outlive the test."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from pytest_graphcalls.contract import Contract, Need
from pytest_graphcalls.errors import EnvironmentFaultError, StageError
from pytest_graphcalls.sandbox import Meeting, Sandbox
from pytest_graphcalls.session import WHOLE, Offer, Recorder
from pytest_graphcalls.stage import Stage, StagedCall
from pytest_graphcalls.targets import Case
from tests.unit.test_stage import CALL, Scripted, said

HAS = Sandbox(
    "t",
    meetings=(Meeting("19:a@thread.v2", "0", "olivia", "t"), Meeting(join_id="123")),
    users=("u1", "u2"),
    bots=("b1",),
    phone="+1234567",
    callback="https://bot.contoso.example/calls",
)


@dataclass
class Line:
    """A connection to a sandbox that answers what is scripted."""

    scripted: Scripted
    sandbox: Sandbox = HAS
    capabilities: frozenset[Need] = frozenset()
    token: str = "opaque"
    root: str = "https://graph.example/v1.0"
    version: str = "v1.0"
    offer: Offer = WHOLE
    given: Any = None
    simulator: Any = None
    case: Any = None
    waited: list[float] = field(default_factory=list)

    def client(self, token: str | None = None) -> Scripted:
        return self.scripted

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)


def stage_on(answers: dict[tuple[str, str], Any] | None = None) -> tuple[Stage, Line]:
    line = Line(Scripted(answers or {}))
    return Stage(cast("Any", line), Recorder(Contract.packaged())), line


def listed(*ids: str, sort: str = "user") -> list[dict[str, Any]]:
    return [{"id": f"p-{id}", "info": {"identity": {sort: {"id": id}}}} for id in ids]


def test_everything_comes_out_of_the_sandbox() -> None:
    """The people it calls, the meeting it joins, and the address for notifications."""
    stage, line = stage_on({("POST", "/calls"): said(201, id=CALL)})
    assert [stage.person().id, stage.person().id] == ["u1", "u2"]
    assert (stage.bot().id, stage.phone().id) == ("b1", "+1234567")
    stage.create(**stage.meeting())
    body = line.scripted.asked[0][2]
    assert body["callbackUri"] == "https://bot.contoso.example/calls"
    assert body["chatInfo"]["threadId"] == "19:a@thread.v2"


def test_the_organizer_is_the_meetings_own() -> None:
    """Where the join address does not name the organizer, no user is made up."""
    stage, _ = stage_on()
    assert stage.organizer_of(stage.meeting()).id == "olivia"
    with pytest.raises(StageError, match="the organizer of a meeting could not be staged"):
        stage.organizer_of(stage.meeting())


def test_the_stage_polls_less_and_less_often() -> None:
    """A person's telephone rings for a minute, and each look counts as a request."""
    stage, line = stage_on()
    assert not stage.until(lambda: False)
    assert sum(line.waited) == pytest.approx(75.0)
    assert line.waited[0] == pytest.approx(0.05)
    assert max(line.waited) <= 2.0
    assert len(line.waited) < 60


@pytest.mark.parametrize("compared", [True, False])
def test_a_call_is_read_until_chance_has_no_part_in_it(compared: bool) -> None:
    """For a comparison of nights the last of successive reads counts."""
    states = iter(["establishing", "establishing", "established"])
    stage, line = stage_on({("GET", CALL): lambda: said(state=next(states))})
    line.case = Case(Path("x.yaml"), "x", "", compared=compared)
    stage.outlast_ringing(StagedCall(stage, CALL, stage.client))
    assert len(line.scripted.asked) == (3 if compared else 0)
    assert len(line.waited) == (2 if compared else 0)


def test_a_call_that_ended_is_not_waited_for() -> None:
    """A call that ended will not be established any more."""
    stage, line = stage_on({("POST", "/calls"): said(201, id=CALL), ("GET", CALL): said(404)})
    state = "gone"
    with pytest.raises(StageError, match=f"it was {state} before it was established"):
        stage.peer_to_peer_call()
    assert line.waited == []


def test_a_meeting_is_left_as_empty_as_it_was() -> None:
    """Users whom tests invite are removed; organizers, the bot's own leg and other people are left alone."""
    people = [*listed("U1", "other", "olivia"), *listed("b1", sort="application"), *listed("+1234567", sort="phone")]
    stage, line = stage_on(
        {
            ("POST", "/calls"): said(201, id=CALL),
            ("GET", CALL): said(state="established"),
            ("GET", "/participants"): said(value=people),
            ("DELETE", ""): said(204),
        }
    )
    stage.staged(**stage.meeting())
    before = [url for method, url, _ in line.scripted.asked if method == "DELETE"]
    assert [url.rpartition("/")[2] for url in before] == ["p-U1", "p-b1", "p-+1234567"]
    stage.close()
    after = [url for method, url, _ in line.scripted.asked if method == "DELETE"][3:]
    assert [url.rpartition("/")[2] for url in after] == ["p-U1", "p-b1", "p-+1234567", CALL]


@pytest.mark.parametrize("error", [EnvironmentFaultError("GET /x", "was answered 500"), StageError("a", "b")])
def test_a_failure_of_the_clean_up_hides_nothing(error: Exception) -> None:
    """The other steps are taken all the same, and the test keeps its own outcome."""

    def fails() -> Any:
        raise error

    stage, line = stage_on({("POST", "/calls"): said(201, id=CALL), ("GET", ""): fails, ("DELETE", ""): said(204)})
    stage.create(**stage.meeting())
    stage.close()
    assert line.scripted.asked[-1][:2] == ("DELETE", f"/communications/calls/{CALL}")


def test_a_call_to_people_is_not_looked_into() -> None:
    """A call to people ends with the hang-up; there is no participant to remove."""
    stage, line = stage_on({("POST", "/calls"): said(201, id=CALL), ("GET", CALL): said(state="established")})
    call = stage.peer_to_peer_call()
    assert isinstance(call, StagedCall)
    stage.close()
    assert [method for method, _, _ in line.scripted.asked] == ["POST", "GET", "DELETE"]
