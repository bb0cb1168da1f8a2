"""Planted secrets come out nowhere: a failing suite, a night and a server, as they are really run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.house import planting

SUITE = Path(__file__).with_name("planted_suite.py")


def test_there_are_enough() -> None:
    """150 at least, each unlike every other one."""
    assert len({one.value for one in planting.PLANTED}) == len(planting.PLANTED) >= 150


@pytest.mark.parametrize("verbosity", ["-q", "-vv"], ids=["shortened", "whole"])
def test_a_failing_suite_shows_no_planted_secret(pytester: pytest.Pytester, verbosity: str) -> None:
    """Console, JUnit, report in both forms, live log and log file; nothing is known of the values but their names."""
    facts = [
        {name: getattr(one, name) for name in ("name", "member", "written", "assigned", "said")}
        for one in planting.PLANTED
    ]
    (pytester.path / "planted.json").write_text(json.dumps(facts))
    (pytester.path / "test_planted.py").write_text(SUITE.read_text())
    result = pytester.runpytest_subprocess(
        *("-p", "no:randomly", verbosity, "-rA", "--showlocals", "--junitxml=junit.xml", "-o", "junit_logging=all"),
        *("--log-file=all.log", "--log-file-level=DEBUG"),
        *("--graphcalls-report=report.json", "--graphcalls-report=report.md"),
    )
    shown = {"console": "\n".join(result.outlines + result.errlines)}
    shown |= {name: (pytester.path / name).read_text() for name in ("junit.xml", "report.json", "report.md", "all.log")}
    said = {name: planting.report(text) for name, text in shown.items()}
    assert said == dict.fromkeys(shown, "")
