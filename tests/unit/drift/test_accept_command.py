"""``graphcalls drift accept`` and ``graphcalls drift prune``."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_graphcalls.cli import command
from pytest_graphcalls.drift import Acceptance, Difference, Kind, Origin
from pytest_graphcalls.drift.acceptances import AcceptedFile
from tests.unit.drift.published import forms

GONE, NEW = (
    Difference(kind, Origin.RECORDING, "v1.0", "call-get", "$.a", before, after)
    for kind, before, after in ((Kind.MEMBER_GONE, "'a'", ""), (Kind.MEMBER_NEW, "", "'a'"))
)
TODAY = datetime.now(UTC).date()
FILE = Path("graphcalls-drift.toml")


def verdict(*differences: Difference, outcome: str = "breaking", decides: bool = False, **more: Any) -> None:
    """Write a verdict as the nightly run does."""
    data = {
        "outcome": outcome,
        "night": {},
        "differences": [{**one.to_json(), "standing": "new"} for one in differences],
        "unchecked": [{"subject": "x", "reason": "y", "decides": decides}],
        **more,
    }
    Path("graphcalls-nightly").mkdir(exist_ok=True)
    Path("graphcalls-nightly/verdict.json").write_text(json.dumps(data), encoding="utf-8")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, with the verdict of two differences."""
    monkeypatch.chdir(tmp_path)
    verdict(GONE, NEW)


def accept(*words: str) -> int:
    """Run ``graphcalls drift accept``."""
    return command.main(["drift", "accept", *words])


def accepted() -> dict[str, Acceptance]:
    """What the file holds."""
    return dict(AcceptedFile.read(FILE).acceptances)


def test_a_difference_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    """The file holds the reason and the difference; the output says what to commit."""
    assert accept(GONE.fingerprint, "--reason", "We do not read it.") == 0
    about = "breaking: member-gone in call-get (v1.0) at $.a: missing: 'a'"
    assert accepted() == {GONE.fingerprint: Acceptance(GONE.fingerprint, "We do not read it.", TODAY, about=about)}
    assert capsys.readouterr().out == f"accepted: {about}\nCommit graphcalls-drift.toml.\n"


def test_variables_say_where_things_lie(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The variables are those of nights, which would not find the acceptance otherwise."""
    Path("graphcalls-nightly").rename("night")
    monkeypatch.setenv("GRAPHCALLS_OUT", "night")
    monkeypatch.setenv("GRAPHCALLS_ACCEPTED", "known.toml")
    assert accept(GONE.fingerprint, "--reason", "x") == 0
    assert capsys.readouterr().out.endswith("\nCommit known.toml.\n")
    assert set(AcceptedFile.read(Path("known.toml")).acceptances) == {GONE.fingerprint}
    assert not FILE.exists()
    Path("night/verdict.json").unlink()
    verdict(NEW, outcome="additive")
    Path("graphcalls-nightly/verdict.json").rename("night/verdict.json")
    assert command.main(["drift", "prune"]) == 0
    assert AcceptedFile.read(Path("known.toml")).acceptances == {}


def test_an_acceptance_has_an_owner_and_an_end(capsys: pytest.CaptureFixture[str]) -> None:
    """The last day may be today."""
    words = ("--reason", "x", "--owner", "calls team", "--expires", TODAY.isoformat())
    assert accept(GONE.fingerprint.upper(), *words) == 0
    assert (accepted()[GONE.fingerprint].owner, accepted()[GONE.fingerprint].expires) == ("calls team", TODAY)
    assert f"accepted until {TODAY}: breaking" in capsys.readouterr().out


def test_accepting_again_replaces_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """One table for each difference."""
    accept(GONE.fingerprint, "--reason", "one")
    accept(GONE.fingerprint, "--reason", "another")
    assert accepted()[GONE.fingerprint].reason == "another"
    assert "accepted again: breaking" in capsys.readouterr().out


def test_files_have_other_names_on_demand() -> None:
    """Verdict and file can have other names."""
    Path("graphcalls-nightly/verdict.json").rename("v.json")
    assert accept(GONE.fingerprint, "--reason", "x", "--verdict", "v.json", "--file", "a/b.toml") == 0
    assert list(AcceptedFile.read(Path("a/b.toml")).acceptances) == [GONE.fingerprint]


REFUSED: list[tuple[tuple[str, ...], str]] = [
    (
        ("--reason", "x", "--expires", "2020-01-31"),
        f"--expires=2020-01-31: expected today ({TODAY} in UTC) or a later day. It would have expired already.",
    ),
    (("--reason", "x", "--expires", "soon"), "--expires=soon: expected a date such as 2027-01-31."),
    (("--reason", "  "), "--reason='': expected why it is accepted, in a sentence."),
    (
        (
            "--reason",
            "tenant 8d2543ea-cf04-4c74-82a1-5df0be01d84d, eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln",
        ),
        "The file is for everybody who has it.",
    ),
]


@pytest.mark.parametrize(("words", "message"), REFUSED)
def test_a_usage_error_changes_nothing(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 64, and a sentence."""
    assert accept(GONE.fingerprint, *words) == 64
    error = capsys.readouterr().err
    assert message in error
    assert "eyJ0" not in error
    assert not FILE.exists()


def test_several_differences_are_accepted_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """One change of the service shows in both versions and in many places; a wrong one among them accepts none."""
    assert accept(GONE.fingerprint, "0123456789ab", "--reason", "Announced.") == 64
    assert accepted() == {}
    assert accept(GONE.fingerprint, NEW.fingerprint, "--reason", "Announced.") == 0
    assert accepted().keys() == {GONE.fingerprint, NEW.fingerprint}
    assert capsys.readouterr().out.splitlines()[:2] == [f"accepted: {one}" for one in (GONE, NEW)]


def test_a_difference_of_the_metadata_alone_can_be_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON of ``drift metadata`` is a verdict to accept from; then the difference decides nothing."""
    types = forms.types()
    types["entityTypes"]["call"]["properties"].pop("subject")
    (tmp_path / "v1.0.xml").write_text(forms.csdl(types), encoding="utf-8")
    words = ("drift", "metadata", "--csdl", "v1.0.xml", "--format", "json")
    assert command.main([*words]) == 2
    (tmp_path / "found.json").write_text(capsys.readouterr().out, encoding="utf-8")
    (found,) = json.loads((tmp_path / "found.json").read_text())["differences"]
    assert accept(GONE.fingerprint, "--reason", "x") == 0
    assert accept(found["fingerprint"], "--reason", "Seen.", "--verdict", "found.json") == 0
    capsys.readouterr()
    assert command.main([*words]) == 0
    assert json.loads(capsys.readouterr().out)["differences"][0]["accepted"] is True
    assert command.main([*words[:-2]]) == 0
    assert f"[{found['fingerprint']}, accepted]" in capsys.readouterr().out
    assert command.main([*words, "--file", "none.toml"]) == 2
    assert command.main(["drift", "prune", "--verdict", "found.json"]) == 0
    assert GONE.fingerprint in accepted()


def test_a_typing_error_in_a_fingerprint_is_caught(capsys: pytest.CaptureFixture[str]) -> None:
    """The nearest one is named, and where they all stand."""
    wrong = f"{GONE.fingerprint[:-1]}{'0' if GONE.fingerprint[-1] != '0' else '1'}"
    assert accept(wrong, "--reason", "x") == 64
    assert capsys.readouterr().err == (
        f"graphcalls: there is no difference {wrong!r}. Did you mean {GONE.fingerprint!r}? "
        "graphcalls-nightly/verdict.json lists them all.\n"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "there is no such file."),
        ('["', "is not JSON: Unterminated string starting at."),
        ("[" * 100_000, "is nested too deep."),
        ("9" * 5000, "has a number of more than 4,300 digits, which Python does not read."),
        ("[]", "is not a verdict of this version."),
        ("{}", "is not a verdict of this version."),
        ('{"outcome": "fine", "differences": [], "unchecked": []}', "is not a verdict of this version."),
        (
            '{"outcome": "breaking", "differences": [{"fingerprint": "x"}], "unchecked": []}',
            "is not a verdict of this version.",
        ),
    ],
)
def test_a_verdict_that_cannot_be_read_is_said_so(
    text: str | None, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What to do stands behind it."""
    path = Path("graphcalls-nightly/verdict.json")
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    assert accept(GONE.fingerprint, "--reason", "x") == 64
    expected = f"{problem} Run 'graphcalls nightly' first, or name the verdict with --verdict."
    place = "graphcalls-nightly/verdict.json:1" if "not JSON" in problem else "graphcalls-nightly/verdict.json"
    assert capsys.readouterr().err == f"graphcalls: {place}: {expected}\n"


def test_a_verdict_that_is_a_folder_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    """The error has the words of the system."""
    assert accept(GONE.fingerprint, "--reason", "x", "--verdict", "graphcalls-nightly") == 64
    assert "cannot be read: Is a directory." in capsys.readouterr().err


def prune() -> int:
    """Run ``graphcalls drift prune``."""
    return command.main(["drift", "prune"])


def given(**expires: date | None) -> None:
    """A file with these acceptances; ``f`` before a fingerprint makes it a name."""
    file = AcceptedFile.read(FILE)
    for name, day in expires.items():
        file = file.accept(Acceptance(name[1:], "x", TODAY, expires=day, about="words"))
    file.write()


PAST = TODAY - timedelta(days=1)
OTHER = "000000000000"


def test_prune_removes_acceptances_of_differences_not_seen_any_more(capsys: pytest.CaptureFixture[str]) -> None:
    """The output names each removed acceptance with its difference, expired ones included."""
    given(**{f"f{GONE.fingerprint}": None, f"f{NEW.fingerprint}": PAST, f"f{OTHER}": None})
    assert prune() == 0
    assert list(accepted()) == [GONE.fingerprint]
    out = capsys.readouterr().out
    assert f"  {OTHER} (not seen any more): words\n" in out
    assert f"  {NEW.fingerprint} (expired): words\n" in out
    assert out.endswith("2 acceptances of 3 taken out.\n")


@pytest.mark.parametrize(("outcome", "decides"), [("could-not-check", False), ("breaking", True)])
def test_after_an_outage_prune_removes_expired_acceptances_only(
    outcome: str, decides: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was not looked at may be there all the same."""
    verdict(GONE, outcome=outcome, decides=decides)
    given(**{f"f{NEW.fingerprint}": PAST, f"f{OTHER}": None})
    assert prune() == 0
    assert list(accepted()) == [OTHER]
    assert "only those that have expired were looked for" in capsys.readouterr().out


def test_prune_without_anything_to_remove_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """No file is made, none is touched."""
    assert prune() == 0
    assert not FILE.exists()
    assert capsys.readouterr().out == "0 acceptances of 0 taken out.\n"


def test_a_file_that_is_not_understood_is_left_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 64 from either action."""
    FILE.write_text("[tool]\n", encoding="utf-8")
    assert (prune(), accept(GONE.fingerprint, "--reason", "x")) == (64, 64)
    assert FILE.read_text(encoding="utf-8") == "[tool]\n"
    assert "graphcalls-drift.toml:1: is not a file of accepted differences" in capsys.readouterr().err
