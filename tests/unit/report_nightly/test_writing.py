"""A night's files are written all or none, and nothing that must not be there gets into one."""

from __future__ import annotations

import errno
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_graphcalls import atomic
from pytest_graphcalls.drift import Sample, Unchecked
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.redaction import forget, remember
from pytest_graphcalls.report.nightly import DOCUMENT, PAGE, SARIF, SUMMARY, write
from pytest_graphcalls.wire import Exchange, Headers, Request, Response
from tests.unit.report_nightly.nights import ENTRIES, FACTS, NEW as ADDITION, entry, known, season, verdict

NAMES = (DOCUMENT, PAGE, SUMMARY, SARIF)


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_four_files_are_written_and_nothing_else(tmp_path: Path) -> None:
    """The folder is made; no half-written file stays in it."""
    nights = season(5)
    paths = write(verdict(nights), nights, known(), tmp_path / "a" / "night", facts=FACTS)
    assert [path.name for path in paths] == list(NAMES)
    assert sorted(texts(tmp_path / "a" / "night")) == sorted(NAMES)


def test_the_same_night_gives_the_same_files(tmp_path: Path) -> None:
    """The files do not hold the time of writing."""
    nights = season(5)
    for folder in ("one", "two"):
        write(verdict(nights), nights, known(), tmp_path / folder, facts=FACTS)
    assert texts(tmp_path / "one") == texts(tmp_path / "two")


def test_a_secret_in_a_sample_is_masked_everywhere(tmp_path: Path) -> None:
    """A token, a password and the secrets of the run are redacted once more."""
    secret = "hunter2-but-much-longer"
    exchange = Exchange(
        Request("POST", "https://graph.microsoft.com/v1.0/x", Headers({"Authorization": f"Bearer {secret}"})),
        Response(200, Headers({"Content-Type": "application/json"}), b'{"access_token": "%b"}' % secret.encode()),
    )
    one = replace(ENTRIES[0], sample=Sample(exchange, exchange, "$.status"))
    nights = season(3)
    remember(secret)
    try:
        write(
            verdict(nights, entries=(one,), unchecked=(Unchecked("x", f"said {secret}"),)),
            nights,
            {one.difference.fingerprint: one},
            tmp_path,
        )
    finally:
        forget()
    assert not [name for name, text in texts(tmp_path).items() if secret in text]


def test_a_leak_is_masked_where_it_stands_and_counted_in_one_line(tmp_path: Path) -> None:
    """The report says what sort of thing it was, and not the thing itself; nothing else is lost."""
    nights, masked = season(3), Counter[str]()
    person = replace(ADDITION, after='{"displayName": "Megan Bowen"}')
    write(verdict(nights, entries=(entry(person),)), nights, {}, tmp_path, masked=masked)
    assert masked["name of a person"] >= 1
    written = texts(tmp_path)
    assert not [name for name, text in written.items() if "Megan" in text]
    document = json.loads(written[DOCUMENT])
    assert document["differences"][0]["fingerprint"] == person.fingerprint
    assert [one for one in document["sentences"] if one.startswith("The leak scan masked ")] == [
        document["sentences"][-1]
    ]
    assert "name of a person" in document["sentences"][-1]
    assert "The leak scan masked " in written[SUMMARY]


def test_a_folder_that_takes_no_file_is_named_and_the_older_files_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older files are kept also when the disk is full after two of four files."""
    nights = season(3)
    write(verdict(nights), nights, known(), tmp_path)
    before = texts(tmp_path)
    really = atomic.hold

    def full(path: Path, **facts: Any) -> int | None:
        if path.name.startswith(f".{SUMMARY}."):
            raise OSError(errno.ENOSPC, "No space left on device")
        return really(path, **facts)

    monkeypatch.setattr(atomic, "hold", full)
    with pytest.raises(RecordingError, match=r"No space left on device\. What was there is as it was; name another fo"):
        write(verdict(season(4)), season(4), known(), tmp_path)
    assert texts(tmp_path) == before


def test_a_file_where_the_folder_should_be_is_a_clear_sentence(tmp_path: Path) -> None:
    """The file is not overwritten."""
    (tmp_path / "night").write_text("mine", encoding="utf-8")
    nights = season(2)
    with pytest.raises(RecordingError, match="cannot be written there: File exists"):
        write(verdict(nights), nights, {}, tmp_path / "night")
    assert (tmp_path / "night").read_text(encoding="utf-8") == "mine"


def test_the_reports_pass_the_leak_scan_except_for_two_digests(tmp_path: Path) -> None:
    """The digests are those of the page's own style and script; nothing else looks random."""
    nights = season(30, rules=None)
    write(verdict(nights), nights, known(), tmp_path, facts=FACTS)
    leaks = {(Path(leak.file).name, leak.kind) for leak in scan(tmp_path)}
    assert leaks <= {(PAGE, "text that looks random")}


def test_a_first_night_has_no_history(tmp_path: Path) -> None:
    """The verdict's own night is enough."""
    (night,) = season(1)
    write(verdict([night]), (), {}, tmp_path)
    assert night.id in (tmp_path / PAGE).read_text(encoding="utf-8")
