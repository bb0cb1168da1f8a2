"""A broken contract file names file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.errors import ContractFileError, UnknownNameError


def damage(folder: Path, name: str, old: str, new: str) -> int:
    """Replace the first ``old``; return its line."""
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


REJECT = "operations/call-reject.yaml"


def test_a_copy_of_the_contract_is_as_good_as_the_packaged_one(folder: Path) -> None:
    """Any folder of the same files is a contract, with the same revision."""
    contract = Contract(folder)
    assert set(contract.rules) == set(Contract.packaged().rules)
    assert contract.revision == Contract.packaged().revision


def test_a_changed_file_changes_the_revision(folder: Path) -> None:
    """The revision speaks of every data file."""
    damage(folder, "errors.yaml", "Call not found.", "Call not there.")
    assert Contract(folder).revision != Contract.packaged().revision


def test_a_key_that_is_not_known_names_file_line_key_and_the_nearest(folder: Path) -> None:
    """A typing mistake in a key is not ignored."""
    line = damage(folder, REJECT, "title:", "titel:")
    with pytest.raises(ContractFileError) as caught:
        Contract(folder).operation("call-reject")
    assert str(caught.value) == (
        f"operations/call-reject.yaml:{line} at titel: there is no key 'titel' here. Did you mean 'title'?"
    )


def test_a_value_of_the_wrong_shape_names_its_place(folder: Path) -> None:
    """The line is the line of the value, deep inside the file."""
    line = damage(folder, REJECT, "evidence: documented", "evidence: certain")
    with pytest.raises(ContractFileError) as caught:
        Contract(folder).operation("call-reject")
    assert caught.value.line == line
    assert caught.value.key.startswith("rules.")
    assert "'certain' is not one of" in caught.value.problem


def test_a_key_that_occurs_twice_is_refused(folder: Path) -> None:
    """YAML would keep the last of the two."""
    line = damage(folder, REJECT, "method: POST", "method: POST\nmethod: DELETE")
    with pytest.raises(ContractFileError) as caught:
        Contract(folder).operation("call-reject")
    assert (caught.value.line, caught.value.problem) == (line + 1, "is not usable YAML: the key 'method' occurs twice.")


def test_text_that_is_no_yaml_names_the_line(folder: Path) -> None:
    """The parser's own mark is passed on."""
    (folder / REJECT).write_text("id: call-reject\nrules: {a: [}\n", encoding="utf-8")
    with pytest.raises(ContractFileError, match=r"^operations/call-reject\.yaml:2: is not usable YAML"):
        Contract(folder).operation("call-reject")


def test_text_that_is_no_json_names_the_line(folder: Path) -> None:
    """The type files are JSON."""
    (folder / "types-beta.json").write_text('{\n"entityTypes": }', encoding="utf-8")
    with pytest.raises(ContractFileError, match=r"^types-beta\.json:2: is not JSON"):
        Contract(folder).types("beta")


def test_bytes_that_are_no_text_are_refused(folder: Path) -> None:
    """A file in another encoding is named, with the first bad byte."""
    (folder / REJECT).write_bytes(b"id: \xff")
    with pytest.raises(ContractFileError, match=r"call-reject\.yaml: is not UTF-8 \(byte 4\)"):
        Contract(folder).operation("call-reject")


def test_a_file_whose_id_is_not_its_name_is_refused(folder: Path) -> None:
    """One operation, one file, one name."""
    damage(folder, REJECT, "id: call-reject", "id: call-refuse")
    with pytest.raises(ContractFileError, match="is 'call-refuse', but the file's name says 'call-reject'"):
        Contract(folder).operation("call-reject")


def test_a_missing_file_is_named(folder: Path) -> None:
    """A missing file is an error that names it."""
    (folder / "errors.yaml").unlink()
    with pytest.raises(ContractFileError, match=r"^errors\.yaml: there is no such file"):
        _ = Contract(folder).errors


def test_an_unknown_name_gets_the_nearest() -> None:
    """Operations, rules and questions answer alike."""
    contract = Contract.packaged()
    with pytest.raises(UnknownNameError) as caught:
        contract.operation("call-rejct")
    assert str(caught.value) == (
        "there is no operation 'call-rejct'. Did you mean 'call-reject'? 'graphcalls rules' lists them all."
    )
    with pytest.raises(UnknownNameError, match=r"no rule 'success'\. Did you mean"):
        contract.rule("success")
    with pytest.raises(UnknownNameError, match=r"Did you mean 'call-reject\.rejected-twice'"):
        contract.question("call-reject.rejected-twic")


def test_operations_are_read_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """One operation costs its file, and the rules that it shares with others."""
    read: list[str] = []
    original = ContractFiles.read
    monkeypatch.setattr(
        ContractFiles, "read", lambda self, name, schema: read.append(name) or original(self, name, schema)
    )
    Contract().operation("call-reject")
    assert sorted(read) == [REJECT, "shared-rules.yaml"]
