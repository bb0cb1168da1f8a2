"""What one test has seen in one night, as it is compared."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_graphcalls.wire import Exchange, Notification, path_segments


@dataclass(frozen=True, slots=True)
class Tape:
    """One test's recording, whatever file it was kept in.

    Attributes:
        test: the test without its API version, e.g. ``contracts/test_call_reject.py::test_a_token_is_required``.
        version: ``v1.0`` or ``beta``.
        exchanges: in order, redacted; an exchange's ``seconds`` are what its answer took, where that is known.
        notifications: in order, redacted; ``at`` is in seconds since the test began.
        heard: whether anybody could look at notifications at all; where nobody could, that there is none says nothing.
        stayed: ids of those who were in its meeting before the test invited anybody, since an earlier night.
    """

    test: str
    version: str
    exchanges: tuple[Exchange, ...] = ()
    notifications: tuple[Notification, ...] = ()
    heard: bool = True
    stayed: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Tells it from every other tape of a night."""
        return f"{self.test}@{self.version}"

    @property
    def invited(self) -> str:
        """What its invitations say, in lower case."""
        return "".join(map(invited, self.exchanges))


def invited(one: Exchange) -> str:
    """What an invitation says, in lower case; ``""`` for what is none. To join a meeting invites nobody, although it
    names the organizer.
    """
    is_one = one.request.method == "POST" and path_segments(one.request.path)[-1:] == ["invite"]
    return one.request.body.decode("utf-8", "replace").lower() if is_one else ""
