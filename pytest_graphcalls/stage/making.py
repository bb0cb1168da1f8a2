"""Makes calls, and ends whatever was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from pytest_graphcalls.errors import EnvironmentFaultError, StageError
from pytest_graphcalls.sandbox.facts import below, tenant_of
from pytest_graphcalls.stage.answers import Answer, Client, members
from pytest_graphcalls.stage.calls import OVER, StagedCall
from pytest_graphcalls.stage.people import People
from pytest_graphcalls.stage.requests import CALLS, MEDIA
from pytest_graphcalls.stage.somebody import GRAPH, Somebody
from pytest_graphcalls.stage.waiting import Waiting

if TYPE_CHECKING:
    from pytest_graphcalls.targets import Connection


class Making(Waiting, People):
    """The part of a stage that makes calls; arguments as for :class:`.OnTarget`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._after = ExitStack()
        self._aside: Callable[[], AbstractContextManager[None]] = nullcontext
        """What goes on inside is about the sandbox's state, and not about what the test asks."""

    def meeting(self) -> dict[str, Any]:
        """A meeting that nobody is in yet, as members of a call to be created."""
        return self._props.meeting()

    def organizer_of(self, meeting: Mapping[str, Any]) -> Somebody:
        """Who organizes a meeting from :meth:`meeting`."""
        user = meeting["meetingInfo"].get("organizer", {}).get("user", {})
        if not user.get("id"):
            raise StageError("the organizer of a meeting", "its address does not tell", "the long form of join address")
        return Somebody(user["id"], user.get("displayName", ""))

    def new_callback(self) -> str:
        """A callback address that no other call has."""
        return below(self._props.callback(), self.new_id())

    def call_body(self, **facts: Any) -> dict[str, Any]:
        """The body that creates a call; ``facts`` say whom it is to, or which meeting it joins."""
        return {
            "@odata.type": f"{GRAPH}call",
            "callbackUri": self._props.callback(),
            "requestedModalities": ["audio"],
            "mediaConfig": MEDIA,
            **self._tenant(),
            **facts,
        }

    def _tenant(self) -> dict[str, str]:
        tenant = tenant_of(self._connection.token)
        return {"tenantId": tenant} if tenant else {}

    def create(self, *, by: Client | None = None, root: str = CALLS, **facts: Any) -> Answer:
        """Create a call and remember to hang it up; ``by`` is another app."""
        client = by or self.client
        answer = client.request("POST", root, json=self.call_body(**facts))
        call_id = members(answer).get("id")
        if isinstance(call_id, str):
            # A call that nobody could create can still be hung up by somebody.
            owner = self.client if client is self._nobody else client
            call = StagedCall(self, call_id, owner)
            self._finally(call.hang_up)
            if "meetingInfo" in facts:
                self._finally(lambda: self._clear(call))
        return answer

    def staged(self, *people: Somebody, by: Client | None = None, **facts: Any) -> StagedCall:
        """A call that was created and is established."""
        rule = "application-post-calls.success-is-201-with-call"
        body = members(self.accepted(self.create(by=by, **facts), rule))
        call = StagedCall(self, str(body.get("id", "")), by or self.client, people, body)
        self.reached(lambda: self._established(call), "an established call", rule)
        if "meetingInfo" in facts:
            self._clear(call)  # a run that was killed may have left somebody in there
        return call

    def _established(self, call: StagedCall) -> bool:
        state = call.state()
        if state in OVER:
            raise StageError("an established call", f"it was {state} before it was established")
        return state == "established"

    def outlast_ringing(self, call: StagedCall) -> None:
        """Read a call until it is established, or over, where nights are compared and time is real.

        Of reads that follow one another the last one is compared, and while it rings, what that says would be chance.
        """
        case = self._connection.case
        if case is not None and case.compared and not self._simulated:
            self.until(lambda: call.state() != "establishing")

    def close(self) -> None:
        """Hang up every call, the last one first; one that cannot be hung up does not keep the others."""
        self._after.close()

    def _finally(self, step: Callable[[], object]) -> None:
        """Take ``step`` at the end. What the target does then judges nothing, and hides nothing."""

        def quietly() -> None:
            with suppress(StageError, EnvironmentFaultError):
                step()

        self._after.callback(quietly)

    def _clear(self, call: StagedCall) -> None:
        """Take those whom tests invite out of a sandbox's meeting, which goes on without us; if the target lets us."""
        sandbox = self._connection.sandbox
        if sandbox is None:
            return
        invitees = [Somebody(*one) for one in sandbox.invitees]
        with self._aside():
            for entry in call.roster():
                if any(one.is_(entry) for one in invitees):
                    call.remove(str(entry.get("id")))
