"""``graphcalls drift metadata``, ``drift docs`` and ``contracts refresh``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pytest_graphcalls.cli import contracts, drift, main, parser
from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.drift import Difference, Kind, Origin, Outcome, Unchecked
from pytest_graphcalls.drift.outcome import outcome_of_severities
from pytest_graphcalls.errors import PublishedFileError, SettingError
from tests.unit.drift.published import checkout, forms

CONTRACTS = Path(__file__).parents[4] / "contracts"


def csdl(folder: Path, *, without: str = "", more: str = "") -> str:
    """A CSDL file of the contract's types, ``call`` with a member less or more."""
    types = forms.types()
    types["entityTypes"]["call"]["properties"].pop(without, None)
    if more:
        types["entityTypes"]["call"]["properties"][more] = {"type": "Edm.String", "collection": False, "nullable": True}
    path = folder / "v1.csdl"
    path.write_text(forms.csdl(types))
    return str(path)


def openapi(folder: Path, *, without: str = "") -> str:
    """An OpenAPI file of the contract's types, without one address of the calls."""
    document = forms.openapi(forms.types())
    document["paths"].pop(f"/communications/calls/{without}", None)
    path = folder / "openapi.json"
    path.write_text(json.dumps(document))
    return str(path)


@pytest.mark.parametrize(
    ("change", "code", "outcome"),
    [({}, 0, "no-drift"), ({"more": "mood"}, 1, "additive"), ({"without": "subject"}, 2, "breaking")],
)
def test_the_exit_code_says_what_the_metadata_comes_to(
    change: dict[str, str], code: int, outcome: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last line says it in a word, too."""
    assert main(["drift", "metadata", "--csdl", csdl(tmp_path, **change)]) == code
    assert capsys.readouterr().out.splitlines()[-1] == f"Outcome: {outcome}"


def test_a_difference_is_shown_with_its_fingerprint_and_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The fingerprint is needed to accept it."""
    main(["drift", "metadata", "--csdl", csdl(tmp_path, without="subject")])
    first, place, *_ = capsys.readouterr().out.splitlines()
    difference = Difference(Kind.MEMBER_GONE, Origin.METADATA, "v1.0", "call", "subject", "Edm.String")
    assert first == f"breaking: member-gone in call (v1.0) at subject: missing: Edm.String  [{difference.fingerprint}]"
    assert place == "    v1.csdl"


def test_openapi_has_to_have_the_addresses_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the contract's operations, whether they are actions or not."""
    assert main(["drift", "metadata", "--openapi", openapi(tmp_path)]) == 0
    capsys.readouterr()
    key = "{call-id}/operations/{commsOperation-id}"
    assert main(["drift", "metadata", "--openapi", openapi(tmp_path, without=key), "--format", "json"]) == 2
    (missing,) = json.loads(capsys.readouterr().out)["differences"]
    assert (missing["kind"], missing["subject"]) == ("path-gone", "commsoperation-get")


def test_json_holds_the_differences_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The differences can be read back."""
    main(["drift", "metadata", "--csdl", csdl(tmp_path, more="mood"), "--format", "json"])
    shown = json.loads(capsys.readouterr().out)
    assert shown["outcome"] == "additive"
    (one,) = map(Difference.from_json, shown["differences"])
    assert (one.kind, one.subject, one.where) == (Kind.MEMBER_NEW, "call", "mood")
    assert shown["unchecked"] == []


@pytest.mark.parametrize("form", ["--csdl", "--openapi"])
def test_a_file_that_is_not_there_could_not_be_checked(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, and the reason."""
    assert main(["drift", "metadata", form, str(tmp_path / "none")]) == 3
    assert "none: there is no such file." in capsys.readouterr().out


def test_metadata_without_calls_could_not_be_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Some clouds have none; that says nothing about the contract."""
    path = tmp_path / "v1.csdl"
    empty = {"enumTypes": {}, "entityTypes": {}, "complexTypes": {}, "actions": []}
    path.write_text(forms.csdl(empty))
    assert main(["drift", "metadata", "--csdl", str(path)]) == 3
    assert "it has no type 'call'; is it the metadata of a cloud without calls?" in capsys.readouterr().out


def test_a_damaged_file_is_an_error_and_no_difference(tmp_path: Path) -> None:
    """The user who gave it has to look at it."""
    path = tmp_path / "v1.csdl"
    path.write_text("no XML")
    args = parser().parse_args(["drift", "metadata", "--csdl", str(path)])
    with pytest.raises(PublishedFileError, match=r"v1\.csdl:1 \(byte 0\) is not XML: syntax error\."):
        drift.metadata(args)


def test_wrong_arguments_are_usage_errors(capsys: pytest.CaptureFixture[str]) -> None:
    """One form of metadata, not both, and not none."""
    for words in ([], ["--csdl", "a", "--openapi", "b"], ["--csdl", "a", "--version", "v2"]):
        with pytest.raises(SystemExit):
            main(["drift", "metadata", *words])
    assert "invalid choice: 'v2'" in capsys.readouterr().err


def test_docs_of_one_version_or_of_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both versions are compared unless one is named; a missing one could not be checked."""
    checkout.made(tmp_path)
    assert main(["drift", "docs", str(tmp_path), "--version", "v1.0"]) == 0
    assert "Nothing differs." in capsys.readouterr().out
    assert main(["drift", "docs", str(tmp_path)]) == 3
    assert "could not check: documentation@beta: " in capsys.readouterr().out


def test_docs_that_break_something_outweigh_a_page_that_is_missing(tmp_path: Path) -> None:
    """What is seen is seen."""
    pages = checkout.made(tmp_path) / "api-reference" / "v1.0" / "api"
    (pages / "call-get.md").unlink()
    path = pages / "call-reject.md"
    path.write_text(path.read_text().replace("`202 Done`", "`204 Done`"))
    assert main(["drift", "docs", str(tmp_path), "--version", "v1.0"]) == 2


def test_a_file_instead_of_a_folder_is_refused(tmp_path: Path) -> None:
    """A checkout is a folder."""
    path = tmp_path / "page.md"
    path.touch()
    args = parser().parse_args(["drift", "docs", str(path)])
    with pytest.raises(SettingError, match=r"expected the folder of a checkout of the reference pages\."):
        drift.docs(args)


NOTICE, ADDED, MOVED, GONE = (
    Difference(kind, Origin.METADATA, "v1.0", "call")
    for kind in (Kind.EXAMPLE_INVALID, Kind.MEMBER_NEW, Kind.STATUS_CHANGED, Kind.MEMBER_GONE)
)
GAP, KNOWN_GAP = Unchecked("a page", "it is not there."), Unchecked("a page", "it never was.", decides=False)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((), Outcome.NO_DRIFT),
        ((NOTICE, KNOWN_GAP), Outcome.NO_DRIFT),
        ((ADDED, NOTICE), Outcome.ADDITIVE),
        ((ADDED, GAP), Outcome.COULD_NOT_CHECK),
        ((MOVED, GAP), Outcome.BEHAVIOURAL),
        ((MOVED, GONE), Outcome.BREAKING),
    ],
)
def test_the_heaviest_decides(found: tuple[Difference | Unchecked, ...], expected: Outcome) -> None:
    """A gap hides what might be there, but not what is."""
    severities = {one.severity for one in found if isinstance(one, Difference)}
    assert outcome_of_severities(severities, [one for one in found if isinstance(one, Unchecked)]) is expected


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    folder = tmp_path / "contracts"
    folder.mkdir()
    for name in ("types-v1.0.json", "types-overlay.yaml"):
        shutil.copy(CONTRACTS / name, folder / name)
    return folder


def test_a_refresh_shows_what_would_change_and_writes_nothing(
    tmp_path: Path, contract: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Writing needs its switch."""
    before = (contract / "types-v1.0.json").read_bytes()
    words = ["contracts", "refresh", "--csdl", csdl(tmp_path, more="mood"), "--into", str(contract)]
    assert main(words) == 1
    out = capsys.readouterr().out
    assert "additive: member-new in call (v1.0) at mood: new: Edm.String" in out
    assert f"Not written; --write replaces {contract / 'types-v1.0.json'}." in out
    assert (contract / "types-v1.0.json").read_bytes() == before


def test_a_refresh_with_its_switch_writes_a_contract_that_has_it(
    tmp_path: Path, contract: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second time nothing is left to do, and nothing lies beside."""
    words = ["contracts", "refresh", "--csdl", csdl(tmp_path, more="mood"), "--into", str(contract), "--write"]
    assert main(words) == 1
    types = ContractFiles(contract).read("types-v1.0.json", "types")
    assert types["entityTypes"]["call"]["properties"]["mood"]["type"] == "Edm.String"
    assert sorted(path.name for path in contract.iterdir()) == ["types-overlay.yaml", "types-v1.0.json"]
    capsys.readouterr()
    assert main(words) == 0
    assert capsys.readouterr().out == "The types are as published.\n"


def test_a_refresh_that_cannot_write_keeps_the_file(
    tmp_path: Path, contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the failure there is neither half a file nor another beside it."""

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    before = (contract / "types-v1.0.json").read_bytes()
    words = ["contracts", "refresh", "--csdl", csdl(tmp_path, more="mood"), "--into", str(contract), "--write"]
    args = parser().parse_args(words)
    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(SettingError, match=r"expected a folder to write to \(Permission denied\)\."):
        contracts.refresh(args)
    assert (contract / "types-v1.0.json").read_bytes() == before
    assert len(list(contract.iterdir())) == 2


def test_a_refresh_without_calls_could_not_be_checked(tmp_path: Path, contract: Path) -> None:
    """An empty metadata file must not empty the contract."""
    words = ["contracts", "refresh", "--csdl", str(tmp_path / "none"), "--into", str(contract), "--write"]
    assert main(words) == 3
