"""What the modules share besides :mod:`pytest_graphcalls.contracts.shared`; the plugin does the rest."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Stage

pytest.register_assert_rewrite("pytest_graphcalls.contracts.shared")  # a failure shows what was compared


@pytest.fixture
def client_context(graphcalls_stage: Stage) -> str:
    """A clientContext of its own; its id is taken before those of people and meetings, as cassettes replay them."""
    return graphcalls_stage.new_id()
