"""The JSON of the control addresses: suites in other languages read it."""

from __future__ import annotations

import json

from tests.unit.server.control.tour import FILE, STEPS, addresses, answers

LINES = FILE.read_text(encoding="utf-8").splitlines()
KEPT_ANSWERS = [one for one in LINES if "asked" in json.loads(one)]
KEPT_ADDRESSES = [json.loads(one) for one in LINES if one not in KEPT_ANSWERS]


def test_every_answer_has_its_recorded_members() -> None:
    """Answers have the recorded status, and members in the recorded order and of the recorded types."""
    for kept, now in zip(KEPT_ANSWERS, answers(), strict=True):
        assert json.dumps(now) == kept


def test_every_address_takes_its_recorded_members() -> None:
    """Methods, paths, members and which of them are required; in which order they are listed does not matter."""
    kept, now = (
        sorted(listed, key=lambda one: (one["path"], one["method"])) for listed in (KEPT_ADDRESSES, addresses())
    )
    assert now == kept


def test_the_tour_visits_every_method_of_every_family() -> None:
    """An address that is new is visited, too; one visit stands for a family of faults, people or assertions."""
    visited = {f"{method} {path.partition('?')[0].partition('/')[0]}" for method, path, _ in STEPS}
    assert {f"{one['method']} {one['path'].split('/')[2]}" for one in KEPT_ADDRESSES} - visited == {"GET "}
