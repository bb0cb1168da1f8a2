"""The page as text: one file, readable without JavaScript, and nothing in it is taken for markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pytest_graphcalls.drift import Outcome, Sample, Status, Unchecked
from pytest_graphcalls.report.nightly import PAGE, page as pages, write
from pytest_graphcalls.wire import Exchange, Headers, Request, Response
from tests.unit.report_nightly.nights import ENTRIES, FACTS, GONE, OLD, RULE, TONIGHT, entry, known, season, verdict


class Reader(HTMLParser):
    """What a page is made of: its elements, and the text that is read without JavaScript."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.silent += tag in {"script", "style", "template"}

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in {"script", "style", "template"}

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.text.append(data)


def read(folder: Path, **more: Any) -> tuple[Reader, str, Any]:
    nights = more.pop("nights", season(12))
    write(verdict(nights, **more), nights, known(), folder, facts=FACTS)
    text = (folder / PAGE).read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return reader, " ".join(" ".join(reader.text).split()), json.loads(data)


def test_without_javascript_verdict_and_differences_are_read(tmp_path: Path) -> None:
    """Accepted differences, unchecked subjects and states of rules are readable, too."""
    _, text, _ = read(tmp_path)
    for words in (
        "1 breaking change.",
        "Field missing in participant-invite v1.0 at $.status",
        '"status": "running"',
        f'graphcalls drift accept {GONE.fingerprint} --reason ""',
        "The target stages no incoming call.",
        "was accepted, and that has expired: the service has announced it (calls team)",
        "No difference of tonight needs these.",
        "Edm.Guid",
        f"{RULE} beta broken",
    ):
        assert words in text, words


def test_the_page_loads_nothing(tmp_path: Path) -> None:
    """No element loads anything; a policy tells browsers to load nothing, either."""
    reader, _, _ = read(tmp_path)
    loading = {"link", "img", "iframe", "object", "embed", "video", "audio", "source", "base"}
    assert not [tag for tag, _ in reader.elements if tag in loading]
    assert not [
        attributes for _, attributes in reader.elements if {"src", "srcset", "style", "onclick"} & {*attributes}
    ]
    (policy,) = [at["content"] for tag, at in reader.elements if tag == "meta" and at.get("http-equiv")]
    assert str(policy).startswith("default-src 'none'; style-src 'sha256-")


def test_every_id_is_there_once_and_every_link_within_leads_somewhere(tmp_path: Path) -> None:
    """A difference of tonight is not kept a second time."""
    reader, _, _ = read(tmp_path)
    ids = [str(attributes["id"]) for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len({*ids})
    within = {str(at["href"])[1:] for tag, at in reader.elements if tag == "a" and str(at["href"]).startswith("#")}
    assert within <= {*ids}


def test_texts_of_the_service_are_texts(tmp_path: Path) -> None:
    """A text of the service is no markup, in elements, data and attributes."""
    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u2028"
    answer = Exchange(
        Request("GET", "https://graph.microsoft.com/v1.0/x"),
        Response(200, Headers({"X": hostile.replace("\u2028", "")}), json.dumps({"a": hostile}).encode()),
    )
    one = entry(
        replace(GONE, before=hostile, after=hostile, subject=hostile, where=hostile, hint=hostile, place=hostile),
        sample=Sample(answer, answer, "$.a"),
    )
    nights = season(3)
    nights[-1] = replace(nights[-1], target=hostile, rules={f"{hostile}@v1.0": nights[-1].rules[f"{RULE}@beta"]})
    reader, _, data = read(tmp_path, nights=nights, entries=(one,), unchecked=(Unchecked(hostile, hostile),))
    assert [tag for tag, _ in reader.elements].count("script") == 2
    assert not [tag for tag, _ in reader.elements if tag == "img"]
    assert hostile in data["targets"]


def test_a_night_takes_a_letter_for_each_rule(tmp_path: Path) -> None:
    """Broken ones with the differences that say so."""
    nights = season(12)
    _, _, data = read(tmp_path, nights=nights)
    (rule,) = [one for one in data["rules"] if (one["id"], one["version"]) == (RULE, "beta")]
    assert len(rule["states"]) == len(data["nights"]) == 12
    assert rule["states"][-4:] == "!!!!"
    (first, last, found) = rule["broken"][-1]
    assert (first, last) == (8, 11)
    assert [data["fingerprints"][one] for one in found] == [*nights[-1].broken[f"{RULE}@beta"]]


def test_a_rule_that_was_not_known_yet_has_a_gap(tmp_path: Path) -> None:
    """A gap differs from a rule that was not checked."""
    nights = season(3)
    young = f"{RULE}@beta"
    nights[0] = replace(nights[0], rules={name: state for name, state in nights[0].rules.items() if name != young})
    _, _, data = read(tmp_path, nights=nights)
    (rule,) = [one for one in data["rules"] if (one["id"], one["version"]) == (RULE, "beta")]
    assert rule["states"] == " !!"


def test_a_simulated_night_is_no_live_one(tmp_path: Path) -> None:
    """Coverage counts what the service itself was asked."""
    nights = [replace(night, target="live" if number < 2 else "simulator") for number, night in enumerate(season(5))]
    _, text, data = read(tmp_path, nights=nights)
    assert {rule["live"] for rule in data["rules"]} == {-1, 1}
    shown = text.partition("Share live")[2].partition("Three sources")[0]
    assert "24 Nov 2026" in shown
    assert "27 Nov 2026" not in shown


def test_differences_of_earlier_nights_are_kept_for_the_grid(tmp_path: Path) -> None:
    """Earlier differences come with their exchange, in a template that is shown on request."""
    nights = season(12)
    nights[4] = replace(nights[4], fingerprints=frozenset({OLD.fingerprint}))
    reader, text, _ = read(tmp_path, nights=nights)
    assert ("template", {"id": f"t-{OLD.fingerprint}"}) in reader.elements
    assert OLD.fingerprint not in text


def test_in_a_large_page_the_oldest_differences_lose_their_exchange(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file stays small, and says what it can; what is older still is left out."""
    ages = [replace(OLD, subject=f"seen-{days}-days-ago") for days in range(9)]
    kept = {
        one.fingerprint: replace(entry(one, sample=ENTRIES[0].sample), last_seen=TONIGHT - timedelta(days=days))
        for days, one in enumerate(ages)
    }
    nights = season(3)
    nights[0] = replace(nights[0], fingerprints=frozenset(kept))

    def templates() -> list[str]:
        write(verdict(nights), nights, kept, tmp_path)
        text = (tmp_path / PAGE).read_text(encoding="utf-8")
        found = (re.search(f'<template id="t-{one.fingerprint}">(.*?)</template>', text, re.DOTALL) for one in ages)
        return [one[1] if one else "" for one in found]

    whole = templates()
    assert all('class="sides"' in one for one in whole)
    monkeypatch.setattr(pages, "LARGEST_EARLIER", len(whole[0]) - 1)
    first, second, *_, last = templates()
    assert first == whole[0]
    assert second
    assert 'class="sides"' not in second
    assert last == ""


@pytest.mark.parametrize("outcome", Outcome)
def test_a_night_with_nothing_to_say_is_a_page_too(tmp_path: Path, outcome: Outcome) -> None:
    """Parts without content are not there, nor are links to them."""
    nights = [replace(night, latency={}) for night in season(2)]
    write(verdict(nights, outcome=outcome, entries=(), unchecked=(), unobserved=()), nights, {}, tmp_path)
    text = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert "No difference decides the verdict." in text
    assert not re.search(r'href="#(latency|facts|unchecked|accepted)"', text)


def test_a_night_that_died_is_shown_as_such(tmp_path: Path) -> None:
    """A night that died has no outcome, and is in the history all the same."""
    nights = season(3)
    nights[1] = replace(nights[1], outcome=None, ended=None, rules={}, latency={})
    _, _, data = read(tmp_path, nights=nights)
    assert data["nights"][1][2] == "incomplete"


def test_a_line_of_latency_has_a_gap_where_nothing_was_measured(tmp_path: Path) -> None:
    """A missing measurement is not replaced."""
    nights = season(5)
    nights[2] = replace(nights[2], latency={})
    reader, text, _ = read(tmp_path, nights=nights)
    lines = [str(at["d"]) for tag, at in reader.elements if tag == "path"]
    assert {line.count("M") for line in lines} == {2}
    assert TONIGHT.strftime("%d Nov %Y, %H:%M UTC") in text


def test_a_flaky_difference_is_listed_apart(tmp_path: Path) -> None:
    """A flaky difference is listed below those that decide."""
    one = entry(GONE, Status.FLAKY, repeated=(1, 3))
    _, text, _ = read(tmp_path, entries=(one,), outcome=Outcome.NO_DRIFT)
    assert "No difference decides the verdict." in text
    assert "flaky: it was not seen often enough; 1 of 3 runs" in text.partition("Accepted and flaky")[2]
