"""Files and folders are read whole."""

import pytest

from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.leakscan import scan


def test_a_folder_is_read_without_what_is_hidden(tmp_path):
    for name in ("b.yaml", "deep/a.yaml", ".git/c.yaml", "__pycache__/d.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("\npasscode: abc")
    assert [str(tmp_path / "b.yaml"), str(tmp_path / "deep" / "a.yaml")] == [leak.file for leak in scan(tmp_path)]


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(RecordingError, match=r"gone\.yaml: it cannot be read \(No such file"):
        list(scan(tmp_path / "gone.yaml"))
