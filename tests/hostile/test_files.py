"""Every small hostile file is reported in a sentence: no traceback, and no character that steers the terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_graphcalls.cli import main
from tests.hostile.attacks import ATTACKS, Attack

SMALL = [attack for attack in ATTACKS if not attack.large]
CODES = {0, 1, 2, 3, 64}
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("attack", SMALL, ids=lambda attack: attack.name)
def test_a_hostile_file_is_reported_in_a_sentence(
    attack: Attack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is that of an unusable file, or of the findings in it; the sentence is short."""
    monkeypatch.chdir(tmp_path)
    attack.make(tmp_path / "given")
    code = main([word.replace("{}", "given") for word in attack.words])
    out, err = capsys.readouterr()
    assert code in CODES
    assert "Traceback" not in err
    assert not STEERING.search(out + err)
    assert attack.wanted in " ".join((out + err).split())
    assert all(len(line) < 2_100 for line in (out + err).splitlines())
