"""The cassettes that are shipped: safe, whole, honest about what they are, and enough for the suite."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pytest_graphcalls.cassettes
import pytest_graphcalls.contracts
from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Kind
from pytest_graphcalls.cli.cassettes import survey
from pytest_graphcalls.contract import VERSIONS, Contract
from pytest_graphcalls.leakscan import scan
from tests.recording import SUCCESS_ONLY, named_tests, unrecorded
from tests.recording.__main__ import replace_changed

FOLDER = Path(str(pytest_graphcalls.cassettes.__file__)).parent
SUITE = Path(str(pytest_graphcalls.contracts.__file__)).parent
FILES = sorted(FOLDER.rglob("*.yaml"))
LARGEST = 64 * 1024
"""Bytes of one cassette: one test asks a few questions."""
OF_AN_OPERATION = 200 * 1024
"""Bytes of all of them for each operation of the contract, on average; they are part of the package."""


def test_a_shipped_cassette_holds_no_secret() -> None:
    """The published cassettes hold no token, no secret and no name of a person."""
    assert not list(map(str, scan(FOLDER)))


def test_cassettes_of_both_versions_are_shipped() -> None:
    """The layout is version, module, test."""
    assert {file.relative_to(FOLDER).parts[0] for file in FILES} == set(VERSIONS)
    assert all(len(file.relative_to(FOLDER).parts) == 3 for file in FILES)


@pytest.mark.parametrize("folder", sorted({file.parent for file in FILES}), ids=lambda one: "/".join(one.parts[-2:]))
def test_a_shipped_cassette_is_unedited_and_keeps_the_contract(folder: Path) -> None:
    """From the simulator, unedited, for the version whose folder it lies in, and not an exchange breaks the contract
    in a way that its test did not mean."""
    for file in sorted(folder.glob("*.yaml")):
        found = cassette.opened(file)
        passport = found.passport
        assert passport is not None, file
        assert not found.edited, file
        assert passport.kind is Kind.SIMULATOR, file
        assert passport.operations, file
        assert passport.fits(Contract.packaged()), f"an operation of {file} has changed: make record"
        assert passport.versions == (folder.parts[-2],), file
        assert passport.test.startswith(f"contracts/{folder.name}.py::{file.stem}@"), file
        assert file.stat().st_size <= LARGEST, file
        answers = [
            finding
            for exchange in found.exchanges()
            for finding in Contract.packaged().check(exchange, token_expected=False)
            if finding.side.value == "response"
        ]
        assert not answers, file


def test_every_shipped_cassette_has_a_test() -> None:
    """Every one belongs to a test that there is."""
    assert not [standing for standing in survey([FOLDER], [SUITE]) if standing.orphan or standing.problem]


def test_shipped_cassettes_are_small() -> None:
    """Shipped cassettes are downloaded by all users of the package."""
    assert sum(file.stat().st_size for file in FILES) <= OF_AN_OPERATION * len(Contract.packaged().operation_ids)


def test_shipped_cassettes_cover_every_rule_that_requests_alone_can_check() -> None:
    """Every rule whose test needs no more than requests has a cassette in each of its versions.

    Of the operations that ship their success only, that is the rule of their success.
    """
    recorded = {(file.parts[-3], file.parts[-2], file.stem) for file in FILES}
    missing = []
    for rule in Contract.packaged().rules.values():
        operation = Contract.packaged().operation(rule.operation)
        if rule.needs or (operation.id in SUCCESS_ONLY and rule.id != operation.success_rule):
            continue
        module = f"test_{operation.id.replace('-', '_')}"
        names = named_tests(operation.id, rule=rule.id)
        missing += [
            f"{rule.id}@{version}"
            for version in rule.versions
            if not any((version, module, name) in recorded for name in names)
        ]
    assert not missing, "make record"


def test_operations_that_ship_their_success_only_have_no_other_cassettes() -> None:
    """Such operations have one cassette for each version and success."""
    left_out = set(unrecorded())
    assert not [file for file in FILES if f"contracts/{file.parts[-2]}.py::{file.stem}" in left_out]


def test_a_recording_that_differs_in_ids_and_times_alone_is_left(tmp_path: Path) -> None:
    """A changed operation changes its own cassettes only, and two people can record side by side."""
    shipped, recorded = tmp_path / "shipped", tmp_path / "recorded"
    one = FILES[0].read_text(encoding="utf-8")
    texts = {
        "same.yaml": re.sub(r"[0-9a-f]{8}-", "0badcafe-", one).replace("recorded: '20", "recorded: '30"),
        "other.yaml": one.replace("  status:", "  state:"),
        "added.yaml": one,
    }
    for folder, names in ((shipped, ("same.yaml", "other.yaml", "removed.yaml")), (recorded, tuple(texts))):
        folder.mkdir()
        for name in names:
            (folder / name).write_text(one if folder == shipped else texts[name], encoding="utf-8")
    assert [str(file) for file in replace_changed(shipped, recorded)] == ["added.yaml", "other.yaml", "removed.yaml"]
    assert (shipped / "same.yaml").read_text(encoding="utf-8") == one
    assert (shipped / "other.yaml").read_text(encoding="utf-8") == texts["other.yaml"]
    assert not (shipped / "removed.yaml").exists()
