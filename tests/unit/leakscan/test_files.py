"""Files and folders are read whole."""

from base64 import b64encode

import pytest

from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.leakscan import scan, scanner


def test_a_folder_is_read_without_what_is_hidden(tmp_path):
    for name in ("b.yaml", "deep/a.yaml", ".git/c.yaml", "__pycache__/d.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("\npasscode: abc")
    assert [str(tmp_path / "b.yaml"), str(tmp_path / "deep" / "a.yaml")] == [leak.file for leak in scan(tmp_path)]


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(RecordingError, match=r"missing\.yaml: cannot be scanned: No such file"):
        list(scan(tmp_path / "missing.yaml"))


def test_a_large_file_is_read_in_pieces(tmp_path, monkeypatch):
    """Each leak is found once, in its line, wherever the pieces begin; and what is packed is not cut in two."""
    monkeypatch.setattr(scanner, "_PIECE", 5000)
    packed = b64encode(b'{"passcode": "abc", "more": "' + b"x" * 6000 + b'"}').decode()
    lines = [*(f"line {n}" for n in range(2000)), "passcode: abc", *["x"] * 3000, f'"{packed}"', "passcode: abc"]
    (tmp_path / "large.yaml").write_text("\n".join(lines))
    assert [leak.line for leak in scan(tmp_path)] == [2001, 5002, 5003]


def test_a_text_that_is_too_long_to_be_looked_through_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(scanner, "LARGEST", 10_000)
    monkeypatch.setattr(scanner, "_PIECE", 5000)
    (tmp_path / "large.yaml").write_text("x" * 20_000)
    with pytest.raises(RecordingError, match="has a text of more than"):
        list(scan(tmp_path))
