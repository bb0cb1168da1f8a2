"""What every part of the stage stands on: the target that was chosen, and its answer to a step that is not judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_graphcalls.contract import Need
from pytest_graphcalls.errors import StageError
from pytest_graphcalls.stage.answers import Answer, shown

if TYPE_CHECKING:
    from pytest_graphcalls.targets import Connection, World


class OnTarget:
    """The part of a stage that holds its target.

    Args:
        connection: the target, for one API version.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._simulated = Need.CLOCK in connection.capabilities

    def accepted(self, answer: Answer, rule: str = "") -> Answer:
        """``answer``, if it is a success.

        Raises:
            StageError: it is not; the test that asked is not checked, and ``rule`` is to be looked at.
        """
        if not 200 <= answer.status_code < 300:
            raise StageError("what this test needs", f"the target answered {shown(answer)}", rule)
        return answer

    def cannot_tell(self, wanted: str, got: str, see: str = "") -> StageError:
        """What a test raises when its own rule cannot be judged on what it found."""
        return StageError(wanted, got, see)

    def _world(self) -> World:
        world = self._connection.world
        if world is None:
            raise StageError("something beyond plain requests", "this target has no such means", "--graphcalls-target")
        return world
