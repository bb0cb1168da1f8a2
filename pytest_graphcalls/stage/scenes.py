"""The scenes that tests begin with: a meeting with people in it, a call that rings, and so on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pytest_graphcalls.errors import StageError
from pytest_graphcalls.stage.answers import Answer, Client, members, refused
from pytest_graphcalls.stage.calls import StagedCall
from pytest_graphcalls.stage.making import Making
from pytest_graphcalls.stage.somebody import Somebody


class Scenes(Making):
    """The part of a stage that sets scenes; arguments as for :class:`.OnTarget`."""

    def meeting_call(
        self, people: int = 2, *, at: Mapping[str, Any] | None = None, by: Client | None = None
    ) -> StagedCall:
        """A bot in a meeting, with ``people`` invited into it one by one.

        Args:
            people: how many.
            at: coordinates from :meth:`meeting`; by default those of a new one.
            by: the app whose bot it is; by default the default app.
        """
        call = self.staged(by=by, **(at or self.meeting()))
        return replace(call, people=self.bring(call, *self.persons(people)))

    def group_call_without_chat(self) -> StagedCall:
        """A group call with two people that was made by its targets, hence has no ``chatInfo``."""
        people = self.persons(2)
        call = self.staged(*people, targets=[one.entry() for one in people])
        self.reached(lambda: call.has(*people), "a group call with two people in it")
        return call

    def peer_to_peer_call(self, person: Somebody | None = None) -> StagedCall:
        """The bot and one person, nobody else."""
        person = person or self.person()
        return self.staged(person, targets=[person.entry()])

    def incoming_call(self, *, group: bool = False) -> StagedCall:
        """A call that rings at the bot (needs ``incoming-call``); a ``group`` one is an invitation to a meeting."""
        call = StagedCall(self, self._world().incoming_call(group=group).id, self.client)
        self._finally(call.hang_up)
        return call

    def answered_call(self) -> StagedCall:
        """An incoming call that the bot has taken."""
        call = self.incoming_call()
        self.accepted(call.answer(), "call-answer.success-is-202-empty")
        self.reached(lambda: call.state() == "established", "an answered call that is established")
        return call

    def bring(self, call: StagedCall, *people: Somebody) -> tuple[Somebody, ...]:
        """Invite ``people`` one by one and wait until all of them are in ``call``."""
        for one in people:
            self.accepted(call.invite(one.entry()), "participant-invite.success-is-200-with-operation")
        self.reached(lambda: call.has(*people), "a call that the people invited have joined")
        return people

    def brought_in(self, call: StagedCall, answer: Answer, people: Iterable[Somebody]) -> list[Somebody]:
        """Which of ``people`` an invite that was answered with ``answer`` has really brought into ``call``.

        Waits until all of them are in, or the operation is over, whichever comes first. An invite that was
        refused has brought nobody.

        Raises:
            StageError: neither happens, so nothing can be said.
        """
        people = tuple(people)
        operation = members(answer).get("id")
        if refused(answer):
            return []
        if not isinstance(operation, str):
            rule = "participant-invite.success-is-200-with-operation"
            raise StageError("the outcome of an invite", "the answer names no operation", rule)
        self.reached(
            lambda: call.has(*people) or call.status_of(operation) in {"completed", "failed"},
            "the outcome of an invite",
            "participant-invite.success-is-200-with-operation",
        )
        roster = call.roster()
        return [one for one in people if any(one.is_(entry) for entry in roster)]

    def settle(self, call: StagedCall) -> None:
        """Wait until whoever was invited into ``call`` before has had the time to join.

        Somebody who is invited now and has joined rang no shorter than they did.
        """
        self.bring(call, self.person("Zoe"))
