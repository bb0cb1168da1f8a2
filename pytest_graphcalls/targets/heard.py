"""A world that can be listened to, and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from pytest_graphcalls.errors import StageError
from pytest_graphcalls.wire import Notification


class Heard:
    """What a bot was told, where nothing else can be staged beyond requests.

    Args:
        told: gives it, in order.
        prove: raises :class:`EnvironmentFaultError` if nothing can be heard at present.
    """

    def __init__(self, told: Callable[[], list[Notification]], prove: Callable[[], None] = lambda: None) -> None:
        self._told = told
        self.prove = prove

    @property
    def notifications(self) -> list[Notification]:
        """See :attr:`.World.notifications`."""
        return self._told()

    @property
    def authority(self) -> Any:
        """See :attr:`.World.authority`; raises :class:`StageError`."""
        return _lacking("another app, or a token of one's own making")

    def incoming_call(self, *, group: bool = False) -> Any:  # noqa: ARG002  the protocol's signature
        """See :meth:`.World.incoming_call`; raises :class:`StageError`."""
        return _lacking("an incoming call")

    def person(self, name_or_id: str) -> Any:  # noqa: ARG002  the protocol's signature
        """See :meth:`.World.person`; raises :class:`StageError`."""
        return _lacking("somebody who acts as told")


def _lacking(what: str) -> NoReturn:
    raise StageError(what, "this target can only be listened to", "--graphcalls-target")
