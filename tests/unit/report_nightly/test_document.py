"""The verdict as a document: made for a script, and true to its published schema."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pytest_graphcalls.drift import EXIT_CODES, Outcome, Status, Unchecked
from pytest_graphcalls.report.nightly import document
from tests.unit.report_nightly.nights import ENTRIES, FACTS, GONE, NEW, SLOW, UNCHECKED, entry, season, verdict

SCHEMA = json.loads(
    files("pytest_graphcalls.report.nightly").joinpath("verdict.schema.json").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    return document(verdict(season(3, rules=None)), FACTS)


def test_the_schema_is_a_schema() -> None:
    """Of the draft that it names."""
    Draft202012Validator.check_schema(SCHEMA)


def test_a_verdict_with_one_of_everything_is_valid(written: dict[str, Any]) -> None:
    """As it comes back from a file."""
    assert [*Draft202012Validator(SCHEMA).iter_errors(json.loads(json.dumps(written)))] == []


def closed(schema: Any) -> Any:
    """The schema, with no member allowed that it does not describe."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(one) for name, one in schema.items()}
    return {**inner, "additionalProperties": False} if schema.get("type") == "object" else inner


def test_every_member_is_described(written: dict[str, Any]) -> None:
    """No member is written that the schema does not know."""
    assert [*Draft202012Validator(closed(SCHEMA)).iter_errors(written)] == []


@pytest.mark.parametrize("outcome", Outcome)
def test_any_outcome_is_valid_and_has_its_exit_code(outcome: Outcome) -> None:
    """Also on a night with nothing to say."""
    data = document(verdict(season(2), outcome=outcome, entries=(), unchecked=(), unobserved=()))
    assert [*Draft202012Validator(SCHEMA).iter_errors(data)] == []
    assert data["exit_code"] == EXIT_CODES[outcome]


@pytest.mark.parametrize(
    ("outcome", "action"),
    [
        (Outcome.NO_DRIFT, "close"),
        (Outcome.ADDITIVE, "open"),
        (Outcome.BEHAVIOURAL, "open"),
        (Outcome.BREAKING, "open"),
        (Outcome.COULD_NOT_CHECK, "leave"),
    ],
)
def test_an_outage_neither_opens_an_issue_nor_closes_one(outcome: Outcome, action: str) -> None:
    """Only a night without drift closes it."""
    assert document(verdict(season(2), outcome=outcome, entries=()))["issue"]["action"] == action


def test_additions_that_are_all_right_close_it() -> None:
    """Additions that a user allows close the issue; the exit code is the one that the command has."""
    fine = document(verdict(season(2), outcome=Outcome.ADDITIVE, entries=(entry(NEW),), additive_ok=True))
    assert (fine["outcome"], fine["exit_code"], fine["issue"]["action"]) == ("additive", 0, "close")
    assert [*Draft202012Validator(SCHEMA).iter_errors(fine)] == []
    broken = document(verdict(season(2), additive_ok=True))
    assert (broken["exit_code"], broken["issue"]["action"]) == (2, "open")


def test_the_issue_is_about_what_decides_only(written: dict[str, Any]) -> None:
    """Accepted and flaky differences and notices alone open no issue."""
    decides = {one["fingerprint"] for one in written["differences"] if one["decides"]}
    assert set(written["issue"]["fingerprints"]) == decides
    assert len(decides) == 4
    assert written["issue"]["title"] == "Graph calls API drift: 1 breaking change"


@pytest.mark.parametrize(
    ("outcome", "entries", "headline"),
    [
        (Outcome.NO_DRIFT, (), "No drift."),
        (Outcome.COULD_NOT_CHECK, (), "Could not check."),
        (Outcome.ADDITIVE, (entry(NEW),), "1 addition, nothing broken."),
        (Outcome.BREAKING, (entry(GONE), entry(GONE)), "2 breaking changes."),
        (Outcome.BREAKING, (entry(GONE), entry(GONE, Status.ACCEPTED)), "1 breaking change."),
    ],
)
def test_the_headline_says_it_in_a_few_words(outcome: Outcome, entries: tuple[Any, ...], headline: str) -> None:
    """The headline is for readers who read nothing else."""
    assert document(verdict(season(2), outcome=outcome, entries=entries))["headline"] == headline


def test_the_sentences_name_the_heaviest_and_what_does_not_count(written: dict[str, Any]) -> None:
    """The sentences are sorted by severity."""
    assert written["sentences"] == [
        "Field missing in participant-invite (v1.0) at $.status.",
        "Also 2 changes of behaviour, 1 addition and 2 notices.",
        "2 of 4 new tonight.",
        "1 accepted and 1 flaky do not count.",
        "Not seen: participant-invite.roster-follows@beta: 503 three times. Run it again.",
    ]


def test_a_quiet_night_says_what_held(written: dict[str, Any]) -> None:
    """The sentence also says since when there was no drift."""
    data = document(verdict(season(1), outcome=Outcome.NO_DRIFT, entries=(), unchecked=UNCHECKED[:1]))
    (sentence,) = data["sentences"]
    assert sentence.endswith(" rules held. Nothing has moved since the recordings of 12 Nov 2026.")


def test_a_reason_that_is_cut_short_ends_there() -> None:
    """A cut reason ends with one sign, not with two."""
    long = (Unchecked("the whole run", "no token was given: " + "x" * 200),)
    data = document(verdict(season(1), outcome=Outcome.COULD_NOT_CHECK, entries=(), unchecked=long))
    assert data["sentences"][0].endswith("xx…")


def test_a_quiet_night_without_a_baseline_says_what_to_do() -> None:
    """No recording was compared; that is less than no drift."""
    data = document(verdict(season(1), outcome=Outcome.NO_DRIFT, entries=(), unchecked=(), baseline=""))
    (sentence,) = data["sentences"]
    advice = "There is no baseline yet: 'graphcalls drift promote' makes tonight's recordings the one."
    assert sentence.endswith(f" rules held. {advice}")


def test_a_difference_comes_with_the_command_that_accepts_it(written: dict[str, Any]) -> None:
    """The user who runs it fills in the reason."""
    first = written["differences"][0]
    assert first["accept"] == f'graphcalls drift accept {GONE.fingerprint} --reason ""'


def test_a_notice_never_decides(written: dict[str, Any]) -> None:
    """Whatever its standing."""
    (slow,) = [one for one in written["differences"] if one["fingerprint"] == SLOW.fingerprint]
    assert (slow["severity"], slow["standing"], slow["decides"]) == ("notice", "new", False)


def test_the_summary_counts_what_is_listed(written: dict[str, Any]) -> None:
    """A script may read either."""
    counts = written["summary"]
    assert sum(counts[name.value] for name in Status) == len(written["differences"]) == len(ENTRIES)
    assert counts["breaking"] == 1
    assert sum(counts["rules"].values()) > 100
