"""The file of accepted differences: people read, edit and merge it, so their text may not be lost."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from pytest_graphcalls.drift import Acceptance
from pytest_graphcalls.drift.acceptances import AcceptedFile
from pytest_graphcalls.errors import DriftFileError
from tests.effort import examples

TODAY = date(2026, 11, 27)
A, B, C = "0123456789ab", "5555555555ab", "fedcba987654"


def acceptance(fingerprint: str = B, **facts: object) -> Acceptance:
    """An acceptance of today."""
    return Acceptance(fingerprint, **{"reason": "known", "accepted": TODAY, **facts})  # type: ignore[arg-type]  # facts


BY_HAND = f"""\
# Ours. Ask the calls team before you touch it.
format = 1

# Agreed with Microsoft, ticket 4711.
# See the wiki.
[{A}]  # the lobby
reason = 'in single quotes'   # a remark
accepted = 2026-01-02
about = "additive: member-new"

[{C}]
accepted = 2026-01-03
reason = "later"
# at the end
"""


def written(path: Path, *acceptances: Acceptance, text: str = "") -> str:
    """The file with these."""
    if text:
        path.write_text(text, encoding="utf-8")
    file = AcceptedFile.read(path)
    for one in acceptances:
        file = file.accept(one)
    file.write()
    return path.read_text(encoding="utf-8")


def test_a_file_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """The first acceptance makes it, in a folder that is made too; then it is read as it was written."""
    path = tmp_path / "deep" / "drift.toml"
    one = acceptance(reason="Seen.", owner="calls team", expires=date(2027, 1, 31), about="additive: x")
    text = written(path, one)
    assert text == (
        "# Accepted differences between the service and its contract, each by its fingerprint.\n"
        "# Written by 'graphcalls drift accept' and 'graphcalls drift prune'; reasons, owners and dates may be edited "
        "by hand.\n"
        "format = 1\n"
        "\n"
        "[5555555555ab]\n"
        'about = "additive: x"\n'
        'reason = "Seen."\n'
        'owner = "calls team"\n'
        "accepted = 2026-11-27\n"
        "expires = 2027-01-31\n"
    )
    assert AcceptedFile.read(path).acceptances == {B: one}


def test_tables_are_sorted_by_fingerprint(tmp_path: Path) -> None:
    """Tables are sorted in whatever order they were accepted, so that branches seldom conflict."""
    path = tmp_path / "drift.toml"
    first = written(path, acceptance(C), acceptance(A), acceptance(B))
    path.unlink()
    assert first == written(path, acceptance(B), acceptance(A), acceptance(C))
    assert list(AcceptedFile.read(path).acceptances) == [A, B, C]


def test_text_that_people_wrote_is_kept(tmp_path: Path) -> None:
    """A table is put in between; every line of theirs is where and as it was."""
    text = written(tmp_path / "drift.toml", acceptance(B), text=BY_HAND)
    new = f'[{B}]\nreason = "known"\naccepted = 2026-11-27\n\n'
    assert text == BY_HAND.replace(f"[{C}]", f"{new}[{C}]")


def test_a_table_that_is_accepted_again_keeps_the_comments_on_top_of_it(tmp_path: Path) -> None:
    """The table itself is replaced."""
    text = written(tmp_path / "drift.toml", acceptance(A), text=BY_HAND)
    assert f'# See the wiki.\n[{A}]\nreason = "known"\naccepted = 2026-11-27\n\n[{C}]' in text
    assert "single quotes" not in text


def test_a_table_goes_with_its_comments(tmp_path: Path) -> None:
    """All other comments are kept."""
    path = tmp_path / "drift.toml"
    path.write_text(BY_HAND, encoding="utf-8")
    AcceptedFile.read(path).without([A]).write()
    head, rest = BY_HAND.split("\n\n", 1)[0], BY_HAND.rsplit("\n\n", 1)[1]
    assert path.read_text(encoding="utf-8") == f"{head}\n\n{rest}"


def test_a_file_without_a_table_is_one(tmp_path: Path) -> None:
    """A file whose last table was removed takes the next one."""
    path = tmp_path / "drift.toml"
    written(path, acceptance(B))
    AcceptedFile.read(path).without([B]).write()
    assert AcceptedFile.read(path).acceptances == {}
    written(path, acceptance(A))
    assert list(AcceptedFile.read(path).acceptances) == [A]


def test_reading_and_writing_changes_nothing(tmp_path: Path) -> None:
    """A file that was tidy stays the same, letter by letter."""
    assert written(tmp_path / "drift.toml", text=BY_HAND) == BY_HAND


@given(reason=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
@examples(60)
def test_every_reason_comes_back(reason: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Quotes, lines, other alphabets, signs that no screen shows."""
    text = AcceptedFile(Path("x"), {}, blocks={}).accept(acceptance(reason=reason, owner="é")).text
    assert tomllib.loads(text)[B]["reason"] == reason


WRONG: dict[str, tuple[str, int, str]] = {
    "a table twice": (
        f'format = 1\n[{A}]\nreason = "x"\naccepted = 2026-01-01\n\n[{A}]\nreason = "y"\naccepted = 2026-01-01\n',
        6,
        f"[{A}] is here and in line 2; keep one of them.",
    ),
    "a member twice": (
        f'format = 1\n[{A}]\nreason = "x"\nreason = "y"\n',
        0,
        'is not valid TOML: Key "reason" already exists. Correct it, or restore it from version control.',
    ),
    "a conflict": (
        f"format = 1\n<<<<<<< HEAD\n[{A}]\n=======\n[{B}]\n>>>>>>> main\n",
        2,
        "an unresolved merge conflict; resolve it.",
    ),
    "another file": (
        '[project]\nname = "x"\n',
        1,
        "is not a file of accepted differences: 'project' is no fingerprint. Name the right file with --file.",
    ),
    "no format": (
        f'[{A}]\nreason = "x"\naccepted = 2026-01-01\n',
        0,
        "is not a file of accepted differences: there is no line 'format = 1'. Name the right file with --file.",
    ),
    "a newer format": (
        "format = 2\n",
        0,
        "has format 2, and this version reads 1; install a newer pytest-graphcalls.",
    ),
    "no reason": (
        f"format = 1\n\n[{A}]\naccepted = 2026-01-01\n",
        3,
        f"[{A}] has no 'reason'; add it, or remove the table.",
    ),
    "an unknown member": (
        f'format = 1\n[{A}]\nreason = "x"\naccepted = 2026-01-01\nexpiry = 2027-01-01\n',
        2,
        f"[{A}] has 'expiry'; expected reason, accepted, owner, expires, about only.",
    ),
    "a date in quotes": (
        f'format = 1\n[{A}]\nreason = "x"\naccepted = "2026-01-01"\n',
        2,
        f"[{A}] has accepted = '2026-01-01'; expected a date such as 2027-01-31, without quotes.",
    ),
    "a time": (
        f'format = 1\n[{A}]\nreason = "x"\naccepted = 2026-01-01T00:00:00\n',
        2,
        f"[{A}] has accepted = datetime.datetime(2026, 1, 1, 0, 0); "
        "expected a date such as 2027-01-31, without quotes.",
    ),
    "a number": (
        f"format = 1\n[{A}]\nreason = 7\naccepted = 2026-01-01\n",
        2,
        f"[{A}] has reason = 7; expected a text in quotes.",
    ),
    "tables of another form": (
        f'format = 1\n"{A}" = {{ reason = "x", accepted = 2026-01-01 }}\n',
        0,
        "each table has to begin with '[fingerprint]' on a line of its own; write them so.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_not_understood_is_not_touched(name: str, tmp_path: Path) -> None:
    """The message says where and what; the file is as it was."""
    text, line, problem = WRONG[name]
    path = tmp_path / "drift.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DriftFileError) as caught:
        AcceptedFile.read(path)
    assert caught.value == DriftFileError(str(path), line, problem)
    assert path.read_text(encoding="utf-8") == text


def test_a_file_that_is_no_text_is_reported(tmp_path: Path) -> None:
    """Bytes of another encoding, and a folder."""
    path = tmp_path / "drift.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DriftFileError, match=r"cannot be read: it is not UTF-8\."):
        AcceptedFile.read(path)
    with pytest.raises(DriftFileError, match=r"cannot be read: Is a directory\."):
        AcceptedFile.read(tmp_path)


def test_on_a_full_disk_the_older_file_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside and renamed: as a whole, or as it was; and nothing is left beside it."""
    path = tmp_path / "drift.toml"
    written(path, text=BY_HAND)
    file = AcceptedFile.read(path).accept(acceptance(B))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DriftFileError, match=r"cannot be written: No space left on device\. It is unchanged\."):
        file.write()
    assert [one.name for one in tmp_path.iterdir()] == ["drift.toml"]
    assert path.read_text(encoding="utf-8") == BY_HAND


def test_a_mark_in_front_of_the_file_is_passed_over(tmp_path: Path) -> None:
    """Editors on Windows put one there."""
    path = tmp_path / "a.toml"
    AcceptedFile.read(path).accept(Acceptance("0123456789ab", "x", date(2026, 11, 27))).write()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert AcceptedFile.read(path).acceptances.keys() == {"0123456789ab"}
