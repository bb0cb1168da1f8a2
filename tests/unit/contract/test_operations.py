"""What the file of an operation says beside its rules: roles and when they are checked, effects, what it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_graphcalls.contract import Contract, Evidence
from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.contract.model import Permissions, RoleCheck
from pytest_graphcalls.errors import ContractFileError
from tests.unit.contract.test_loading import damage

CONTRACT = Contract.packaged()
PLAY = "operations/call-playprompt.yaml"


def test_roles_depend_on_the_kind_where_a_file_says_so() -> None:
    """Roles are read in every spelling of a kind; an unnamed kind needs none."""
    permissions = Permissions(
        ("A",), ("B",), {"A": ("a",), "C": ("c",)}, RoleCheck.KIND, {"group": ("A",), "join": ("C",)}
    )
    assert permissions.accepted == {"A", "a", "B"}
    assert permissions.for_kind("group") == {"A", "a"}
    assert permissions.for_kind("join") == {"C", "c"}
    assert permissions.for_kind("peer-to-peer") == frozenset()


def test_roles_of_a_kind_are_asked_for_where_the_check_is_by_kind_only() -> None:
    """Roles of a kind would never be checked otherwise."""
    for operation in CONTRACT.operations.values():
        assert bool(operation.permissions.kinds) is (operation.permissions.checked is RoleCheck.KIND), operation.id


def test_the_long_running_operation_is_read_from_the_file() -> None:
    """The type, the status in the answer, what comes back, the queue, and the end of an operation."""
    spec = CONTRACT.operation("call-playprompt").long_running
    assert spec is not None
    assert (spec.type, spec.answered, spec.echoes, spec.queue) == (
        "playPromptOperation",
        "running",
        ("prompts",),
        "media",
    )
    completed, cancelled = spec.ends["completed"], spec.ends["cancelled"]
    assert (completed.code, completed.subcode, completed.evidence) == (200, 0, Evidence.DOCUMENTED)
    assert (completed.status, completed.pair_evidence) == ("completed", Evidence.REPORTED)
    assert (cancelled.code, cancelled.subcode, cancelled.status) == (400, 8508, "failed")


def test_the_started_operation_has_the_type_of_the_answer() -> None:
    """The type of the operation is that of the answer, one that goes on can end, and one that is done never does."""
    for operation in CONTRACT.operations.values():
        spec = operation.long_running
        answered = {response.body for response in operation.responses.values() if response.body.endswith("Operation")}
        if operation.method == "POST":
            assert answered == ({spec.type} if spec else set()), operation.id
        assert spec is None or ("completed" in spec.ends) is (spec.answered == "running"), operation.id


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("  checked: creation", "  checked: sometimes", "permissions.checked"),
        ("effects: [plays]", "effects: [dances]", "effects"),
        ("    pair: 200/0", "    pair: fine", "long_running.completed.pair"),
        ("  answered: running", "  answered: soon", "long_running.answered"),
    ],
)
def test_a_value_that_cannot_be_used_names_its_place(folder: Path, old: str, new: str, key: str) -> None:
    """File, line and key."""
    line = damage(folder, PLAY, old, new)
    with pytest.raises(ContractFileError) as caught:
        ContractFiles(folder, trusted=False).read(PLAY, "operation")
    assert str(caught.value).startswith(f"{PLAY}:{line} at {key}")
