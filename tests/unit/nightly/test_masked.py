"""A night whose target answers with secrets loses neither its report nor its exit code, and shows none of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_graphcalls.drift import Outcome
from pytest_graphcalls.nightly import NightSettings, promote, run_night
from pytest_graphcalls.nightly.run import NightResult
from pytest_graphcalls.wire import Exchange, Response, encode_json
from tests.house import planting
from tests.house.planting import Planted
from tests.unit.nightly.conftest import NOT_FOUND, READ, Fake, Said, answered, refused

NIGHTS = range(1, 6)


@pytest.fixture
def begun(settings: NightSettings) -> NightSettings:
    """A night with a baseline."""
    run_night(settings, Fake())
    promote(settings.out / "cassettes", settings.baseline)
    return settings


def seen_with(settings: NightSettings, said: dict[str, Said]) -> NightResult:
    return run_night(settings, Fake(dict.fromkeys(NIGHTS, said)))


def kept(settings: NightSettings) -> set[str]:
    return {path.name for path in (settings.out / "cassettes").rglob("*.yaml")}


def shown(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.is_file()}


def saying(words: str) -> Exchange:
    """A refusal in these words."""
    one = refused(404, "8522")
    body = encode_json({"error": {"code": "8522", "message": words}})
    return replace(one, response=Response(404, one.response.headers, body))


@pytest.mark.parametrize("member", ["passcode", "client_secret", "apiKey", "userPassword", "access_token"])
def test_an_added_member_that_is_named_like_a_secret_is_an_addition(begun: NightSettings, member: str) -> None:
    """The member's name is reported, its value is not."""
    seen = seen_with(begun, {READ: Said((answered(**{member: "Sommer-4711"}),))})
    assert (seen.problem, seen.verdict.outcome, seen.verdict.exit_code) == ("", Outcome.ADDITIVE, 1)
    document = json.loads((begun.out / "verdict.json").read_text())
    assert [one["where"] for one in document["differences"]] == [f"$.{member}"]
    assert f"$.{member}" in (begun.out / "summary.md").read_text()
    assert not [name for name, text in shown(begun.out).items() if "Sommer-4711" in text]


def test_a_secret_in_the_words_of_an_error_hides_no_drift(begun: NightSettings) -> None:
    """The outcome is that of the comparison."""
    said = {
        NOT_FOUND: Said((saying("no, client_secret=Sommer-4711-x is wrong"),)),
        READ: Said((answered(mood="calm"),), "broken", "it answered client_secret=Sommer-4711-x"),
    }
    seen = seen_with(begun, said)
    assert (seen.problem, seen.verdict.outcome, seen.verdict.exit_code) == ("", Outcome.BEHAVIOURAL, 2)
    assert {path.name for path in seen.files} >= {"verdict.json", "report.html", "summary.md", "verdict.sarif"}
    assert not [name for name, text in shown(begun.out).items() if "Sommer-4711" in text]


def leaking() -> Exchange:
    """An answer that the redactor of reports lets through and the leak scan of recordings does not."""
    return answered(mood="calm", seenBy="megan.bowen@fabrikam-calls.com")


def test_a_refused_recording_is_compared_and_not_kept(begun: NightSettings) -> None:
    """A refused recording is not among the cassettes; its differences are reported, and the verdict says why."""
    seen = seen_with(begun, {READ: Said((leaking(),))})
    assert (seen.problem, seen.verdict.exit_code) == ("", 1)
    assert sorted(one.difference.where for one in seen.verdict.entries) == ["$.mood", "$.seenBy"]
    assert kept(begun) == {"test_not_found.yaml"}
    (left_out,) = seen.verdict.unchecked
    assert (left_out.subject, left_out.decides) == (
        "the recording of contracts/test_call_get.py::test_read@v1.0",
        False,
    )
    assert left_out.reason == (
        "it was compared, but is not among the cassettes: the leak scan has found in it: e-mail address"
    )
    assert not [name for name, text in shown(begun.out).items() if "megan" in text.lower()]


def test_secrets_that_a_night_has_masked_are_one_line(begun: NightSettings) -> None:
    """Verdict and summary have one line with the kinds."""
    seen = seen_with(begun, {READ: Said((answered(),), "broken", "seen by megan.bowen@fabrikam-calls.com")})
    assert seen.masked["e-mail address"] >= 1
    document = json.loads((begun.out / "verdict.json").read_text())
    lines = [one for one in document["sentences"] if one.startswith("The leak scan masked ")]
    assert len(lines) == 1
    assert "e-mail address" in lines[0]
    assert "The leak scan masked " in (begun.out / "summary.md").read_text()


def test_junit_is_masked_and_kept(begun: NightSettings) -> None:
    """Texts and attributes; what is around them is as pytest wrote it."""
    fake = Fake()
    xml = (
        "<testsuites><testsuite><testcase name='a'><failure message='client_secret=Sommer-4711 is wrong'>"
        "X-Api-Key: Sommer-4711</failure><system-out>{&quot;pwd&quot;: &quot;Sommer-4711&quot;}</system-out>"
        "</testcase></testsuite></testsuites>"
    )
    run = fake.run

    def written(order: object, progress: object) -> object:
        ran = run(order, progress)  # type: ignore[arg-type]  # they are what the runner is given
        ran.request.junit.write_text(xml)
        return ran

    fake.run = written  # type: ignore[method-assign,assignment]  # one that has written more
    run_night(begun, fake)
    text = (begun.out / "junit.xml").read_text()
    assert "Sommer" not in text
    assert 'message="client_secret=REDACTED is wrong"' in text
    assert "X-Api-Key: REDACTED" in text


def test_no_planted_secret_comes_out_of_a_night(begun: NightSettings) -> None:
    """Secrets in added members, texts of errors, headers and reasons, 150 at once, are in no file."""
    groups = [planting.PLANTED[0::2], planting.PLANTED[1::2]]
    said = {READ: Said((_full(groups[0]),), "broken", " ".join(one.assigned for one in groups[0]))}
    said[NOT_FOUND] = Said((saying("; ".join(one.said for one in groups[1])),))
    seen = seen_with(begun, said)
    assert seen.problem == ""
    files = shown(begun.out) | shown(begun.history.parent)
    assert {name: planting.report(text) for name, text in files.items()} == dict.fromkeys(files, "")
    assert planting.second_opinion(*files.values()) == set()


def _full(planted: Iterable[Planted]) -> Exchange:
    one = answered(**{f"x{number}": {one.member: one.written} for number, one in enumerate(planted)})
    headers = one.response.headers
    for number, other in enumerate(planted):
        headers = headers.with_(other.name if other.name.startswith("X-") else f"X-Note-{number}", other.assigned)
    return replace(one, response=replace(one.response, headers=headers))
