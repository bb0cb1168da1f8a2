"""What the simulator posts is what ``contracts/sequences.yaml`` says, step by step, and nothing else."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from pytest_graphcalls.contract import VERSIONS, Contract, Evidence, Outcome, Sequence, Step
from pytest_graphcalls.simulator import EVIDENCE_HEADER, Simulator
from pytest_graphcalls.wire import Notification, encode_json
from tests.unit.simulator.bot import Bot, named
from tests.unit.simulator.plays import PHONE, PLAYS, Scene

CONTRACT = Contract.packaged()
CASES = [(sequence, version) for sequence in CONTRACT.sequences.values() for version in sequence.versions]


def shown(scene: Scene, note: Notification) -> dict[str, Any]:
    """A notification in the members of a step."""
    (entry,) = note.entries
    data = entry["resourceData"]
    sort = payload(entry)
    people = data if sort == "roster-updated" else data.get("participants") if sort == "roster-delta" else None
    facts = data if people is None and isinstance(data, dict) else {}
    result = facts.get("resultInfo")
    return {
        "payload": sort,
        "call": scene.calls[note.call_id],
        "state": facts.get("state") or facts.get("status") or "",
        "result": f"{result['code']}/{result['subcode']}" if result else "",
        "message": result["message"] if result else "",
        "roster": None if people is None else sorted(map(named, people)),
        "departed": sorted(named(one) for one in people or () if one.get("removedState")),
        "header": note.headers[EVIDENCE_HEADER],
        "after": note.at - scene.started,
    }


def payload(entry: dict[str, Any]) -> str:
    """The payload that an entry is, found the way the contract finds it: by change, resource, shape and type."""
    parts = [part for part in entry["resourceUrl"].split("/") if part]
    there = [one for one in CONTRACT.notifications.values() if one.is_at(entry["changeType"], parts)]
    data = entry["resourceData"]
    if isinstance(data, list):
        (found,) = [one for one in there if one.shape == "collection"]
        return found.name
    if data is None:
        (found,) = [one for one in there if one.shape == "any"]
        return found.name
    type_, model = data["@odata.type"].rpartition(".")[2], CONTRACT.types("beta")
    (found,) = [one for one in there if one.shape == "entity" and type_ in model.subtypes(one.type)]
    return found.name


def wanted(step: Step, got: dict[str, Any], mri: str) -> dict[str, Any]:
    """A notification as a step describes it; members that the step omits are as they came."""
    return {
        "payload": step.payload,
        "call": step.call,
        "state": step.state,
        "result": step.result.pair if step.result else "",
        "message": step.message.format(mri=mri) if step.message else got["message"],
        "roster": None if step.roster is None else sorted(step.roster),
        "departed": sorted(step.departed),
        "header": step.header,
        "after": got["after"] if step.after is None else step.after,
    }


@cache
def played(id: str, version: str) -> tuple[list[Notification], list[dict[str, Any]], str]:
    """What is posted when a sequence is played, what each of it tells, and the id by which messages name its person."""
    scene = Scene(version)
    PLAYS[id](scene)
    mri = scene.person(PHONE if id.startswith("phone-") else "Cleo").identity.mri
    return scene.posted, [shown(scene, note) for note in scene.posted], mri


@pytest.mark.parametrize(("sequence", "version"), CASES, ids=[f"{one.id}@{version}" for one, version in CASES])
def test_the_simulator_posts_the_steps_of_the_sequence(sequence: Sequence, version: str) -> None:
    """Payload, call, state, pair, message, people, deadline and evidence of every step, in order, and no step more."""
    _, got, mri = played(sequence.id, version)
    assert len(got) == len(sequence.steps), [f"{one['payload']} {one['state']}" for one in got]
    assert got == [wanted(step, one, mri) for step, one in zip(sequence.steps, got, strict=True)]


@pytest.mark.parametrize(("sequence", "version"), CASES, ids=[f"{one.id}@{version}" for one, version in CASES])
def test_posted_notifications_keep_to_the_contract(sequence: Sequence, version: str) -> None:
    """Every notification of a sequence fits its payload."""
    posted, _, _ = played(sequence.id, version)
    assert [str(found) for note in posted for found in CONTRACT.check_notification(note.body, version)] == []


def test_every_sequence_is_played_and_every_play_is_data() -> None:
    """Simulator and data have the same sequences."""
    assert list(PLAYS) == list(CONTRACT.sequences)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_seed_posts_the_same_bytes(version: str) -> None:
    """Bodies, headers, addresses and times are equal; another seed has other ids."""

    def story(seed: int) -> list[Notification]:
        simulator = Simulator(seed=seed)
        bot = Bot(simulator, version=version)
        call = bot.join()
        people = [simulator.person(name) for name in ("Cleo", "Dan", "Eve", "Fay", PHONE)]
        people[0].answers_after(3).leaves_after(20)
        people[1].declines()
        people[2].is_busy()
        people[3].never_answers()
        people[4].is_unreachable()
        for one in people:
            bot.invite(call, {"identity": {one.identity.sort: {"id": one.id}}})
        bot.answer(simulator.incoming_call("Zoe", group=True))
        simulator.advance(3600)
        return simulator.notifications

    first, again, other = story(7), story(7), story(8)
    assert len(first) > 10
    assert [(wire(note), note.at, note.posted_to) for note in first] == [
        (wire(note), note.at, note.posted_to) for note in again
    ]
    ids = [{note.call_id for note in notes} for notes in (first, other)]
    assert not ids[0] & ids[1]


def wire(note: Notification) -> bytes:
    """A notification as it goes over the wire."""
    return encode_json([list(note.headers.pairs), note.body])


def test_a_sequence_is_known_as_well_as_its_weakest_step() -> None:
    """A pair that was inferred makes the whole inferred; the header says both."""
    pair = Outcome("603/0", Evidence.INFERRED, "observed 5.48")
    weak = Step("operation-ended", Evidence.REPORTED, "observed 6.23", result=pair)
    strong = Step("roster-updated", Evidence.DOCUMENTED, "participant-invite.r03")
    sequence = CONTRACT.sequence("invite-completed")
    assert weak.header == "reported; fact=observed 6.23; result=inferred"
    assert strong.header == "documented; fact=participant-invite.r03"
    steps = {(strong,): "documented", (strong, weak): "inferred"}
    assert {one: Sequence("x", "", "", (), sequence.source, one).evidence for one in steps} == steps
