"""What a recorded test makes up, and what is kept of the sandbox it used."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_graphcalls.cassette import Kind, Passport
from pytest_graphcalls.cassette.passport import datetime
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.redaction import Redactor
from pytest_graphcalls.sandbox import Meeting, Sandbox, StageData
from pytest_graphcalls.sandbox.tenant import tenant_of
from pytest_graphcalls.targets import Case
from pytest_graphcalls.targets.replay import ReplayTarget, case_facts, sandbox_of

SANDBOX = Sandbox(
    "f43b0b1e-1f9f-4b0c-8f4f-0a1b2c3d4e5f",
    meetings=(
        Meeting(
            "19:meeting_abc@thread.v2",
            "0",
            "112f7296-5fa4-42ca-bae8-6a692b15d4b8",
            "f43b0b1e-1f9f-4b0c-8f4f-0a1b2c3d4e5f",
        ),
        Meeting(join_id="123456789012", passcode="s3cr3t"),
    ),
    users=("222f7296-5fa4-42ca-bae8-6a692b15d4b8",),
    bots=("332f7296-5fa4-42ca-bae8-6a692b15d4b8",),
    phone="+4930123456789",
    callback="https://bot.contoso.com/calls",
)


def case(name: str = "test_it.py::test_one@v1.0", **made: str) -> Case:
    return Case(Path("one.yaml"), name, "pytest", dict(made))


def test_invented_values_are_not_redacted_under_any_key() -> None:
    """The replay need not know the key."""
    made = case()
    words = [*islice(made.ids(), 3), made.called("Alice"), made.called("Bob")]
    assert len(set(words)) == 5
    for key in ("one", "another"):
        redactor = Redactor("cassette", key)
        body = {"user": {"id": words[0], "displayName": words[3]}, "threadId": f"19:meeting_{words[1]}@thread.v2"}
        assert redactor.json(body) == body


def test_invented_values_are_the_same_each_time_and_differ_by_test() -> None:
    """Tests share a server, and a recording is to change only where the service does."""
    assert [*islice(case().ids(), 3)] == [*islice(case().ids(), 3)]
    assert not {*islice(case().ids(), 3)} & {*islice(case("test_it.py::test_one@beta").ids(), 3)}


def test_a_recording_says_what_was_made_up() -> None:
    """Whatever pseudonyms look like in this version, the replay sends what the cassette holds."""
    made = case(**{"1": "one", "Alice": "Alice Smith"})
    assert next(made.ids()) == "one"
    assert made.called("Alice") == "Alice Smith"


def test_a_sandbox_is_replayed_by_pseudonyms() -> None:
    """The requests that are built from what the passport keeps are those that the cassette holds."""
    redactor = Redactor("cassette", "key")
    line: Any = SimpleNamespace(capabilities=frozenset(), token="", sandbox=SANDBOX, case=None)
    facts = case_facts(cast("Any", line), redactor)
    found = sandbox_of(Passport(datetime(2026, 11, 22), Kind.LIVE, ("v1.0",), "abc", **facts))
    assert found is not None
    real, replayed = StageData(facts=SANDBOX), StageData(facts=found)
    for _ in SANDBOX.meetings:
        assert replayed.meeting() == redactor.json(real.meeting())
    assert {"user": {"id": replayed.user()}} == redactor.json({"user": {"id": real.user()}})
    assert {"application": {"id": replayed.bot()}} == redactor.json({"application": {"id": real.bot()}})
    assert {"phone": {"id": replayed.phone()}} == redactor.json({"phone": {"id": real.phone()}})
    assert {"callbackUri": replayed.callback()} == redactor.json({"callbackUri": real.callback()})
    assert {"tenantId": found.tenant} == redactor.json({"tenantId": SANDBOX.tenant})
    assert "s3cr3t" not in str(facts)
    assert SANDBOX.users[0] not in str(facts)


def test_invented_people_keep_their_names() -> None:
    """The organizer of a made-up meeting, too."""
    made = case()
    props = StageData(made.ids(), made.called)
    meeting = props.meeting()
    assert Redactor("cassette", "key").json(meeting) == meeting


def test_a_replays_token_opens_nothing() -> None:
    """A replay's token is unsigned, and names the tenant by its pseudonym only."""
    from pytest_graphcalls.targets.replay import _token

    assert tenant_of(_token("t-1")) == "t-1"
    assert tenant_of(_token("")) == ""
    assert _token("t-1").endswith(".")


def test_an_empty_folder_is_no_target(tmp_path: Path) -> None:
    """One sentence that says how cassettes come about."""
    with pytest.raises(SettingError) as caught:
        ReplayTarget(tmp_path, lambda request: request)
    assert str(caught.value) == (
        f"--graphcalls-target=replay: expected cassettes in {tmp_path}. Record them: give the base URL of a server as "
        "the target, and --record-mode=once."
    )
