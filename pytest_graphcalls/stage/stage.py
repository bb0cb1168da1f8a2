"""The stage itself."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from pytest_graphcalls.contract import parse_error
from pytest_graphcalls.stage.base import Answer
from pytest_graphcalls.stage.notifications import Notices
from pytest_graphcalls.stage.setup import Scenes
from pytest_graphcalls.wire import Headers, Response

if TYPE_CHECKING:
    from pytest_graphcalls.session import Recorder
    from pytest_graphcalls.targets import Connection


class Stage(Scenes, Notices):
    """Builds what a test needs on the target that was chosen, and takes it down again.

    Args:
        connection: the target, for one API version.
        recorder: what sees every exchange of this test.
    """

    def __init__(self, connection: Connection, recorder: Recorder) -> None:
        super().__init__(connection)
        self._recorder = recorder
        self._not_compared = recorder.not_compared

    def expecting(self, what: str) -> AbstractContextManager[Any]:
        """A request that breaks the contract on purpose is sent inside this; ``what`` it breaks is a slug or a kind."""
        return self._recorder.expect_violation(what)

    def record_answer(self, question: str, answer: Answer, note: str = "") -> None:
        """Keep for the report how the target answered ``question``; ``note`` says what followed from it."""
        error = parse_error(Response(answer.status_code, Headers(answer.headers), answer.content))
        code, text = (error.code, error.message) if error else ("", "")
        self._recorder.answer(question, status=answer.status_code, code=code, text=note or text)
