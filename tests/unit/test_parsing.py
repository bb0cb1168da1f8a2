"""Files that are read as a whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_graphcalls import parsing
from pytest_graphcalls.parsing import UnreadableError, content, json_value, opened, toml_document


def test_a_file_is_read_up_to_a_size(tmp_path: Path) -> None:
    """No more than that is read, whatever its size is said to be."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1000)
    assert content(path, most=1000) == b"x" * 1000
    path.write_bytes(b"x" * 3 * 2**20)
    with pytest.raises(OSError, match="it has 3 MB; expected at most 2 MB") as caught:
        content(path, most=2 * 2**20)
    assert caught.value.filename == str(path)


@pytest.mark.parametrize("linked", [False, True])
def test_a_path_that_is_no_file_is_not_opened(tmp_path: Path, linked: bool) -> None:
    """A named pipe would be waited for; a link to one is one."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    if linked:
        (tmp_path / "link").symlink_to(path)
        path = tmp_path / "link"
    with pytest.raises(OSError, match="it is a named pipe, not a file; write what it gives to a file, and name that"):
        opened(path)
    with pytest.raises(OSError, match="it is a device, not a file"):
        opened(Path(os.devnull))
    with pytest.raises(IsADirectoryError):
        opened(tmp_path)


def test_a_file_that_becomes_a_pipe_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the question what it is and the answer another process may have replaced it."""
    path = tmp_path / "file"
    path.touch()
    asked = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda _: asked)
    with pytest.raises(OSError, match="it is a named pipe"):
        opened(path)


@pytest.mark.parametrize(
    ("read", "text", "line", "problem"),
    [
        (json_value, "[1,\n2", 2, "is not JSON: Expecting ',' delimiter."),
        (json_value, "9" * 5000, 0, parsing.DIGITS),
        (json_value, "[" * 100_000, 0, parsing.DEEP),
        (json_value, f"[{'[],' * 300_000}[]]", 0, "has more than 300,000 lists and objects in one value here."),
        (
            toml_document,
            f"a = [{'[], ' * 2000}]\n" * 200,
            0,
            "has more than 300,000 lists and objects in one value here.",
        ),
        (toml_document, "a = 1\nb = ?", 2, "is not valid TOML: Unexpected character: '?'."),
        (toml_document, "a = 1\na = 2\n", 2, 'is not valid TOML: Key "a" already exists.'),
        (toml_document, f"a = {'9' * 5000}", 1, "is not valid TOML: Invalid number."),
        (
            toml_document,
            "\n".join(["a = [", *["["] * 5000]),
            101,
            "is not valid TOML: TOML value nested more than 100 levels deep.",
        ),
        (toml_document, f"a = 1\n{'b.' * 6000}c = 1", 2, "has a line of 12,005 characters; expected at most 10,000."),
    ],
)
def test_an_unparsable_file_is_reported_with_its_reason(read: object, text: str, line: int, problem: str) -> None:
    """With the line, where the parser knows it."""
    with pytest.raises(UnreadableError) as caught:
        read(text)
    assert (caught.value.problem, caught.value.line) == (problem, line)
