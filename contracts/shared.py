"""The tests that several operations have in common, each written once.

The module of an operation takes those that its operation needs by importing them; pytest collects what a module imports
like what it defines. There ``pytestmark`` says whose rules they judge, so a rule without an operation is one of that
operation, and the fixture ``attempt`` is a usual request of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.stage import Answer, Client, Stage, StagedCall, StagedMeeting, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
LONGEST = "c" * 256
"""A clientContext that is just not too long."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A usual request of an operation, prepared so far that sending it is all that is left.

    Attributes:
        operation: its id, shown when a test fails.
        about: the call or the meeting that it is about.
        request: sends it, when it is handed ``about`` and further members of the body.
        untouched: whether a request that was refused has changed nothing, as far as that can be seen.
    """

    operation: str
    about: StagedCall | StagedMeeting = field(repr=False)
    request: Callable[..., Answer] = field(repr=False)
    untouched: Callable[[], bool] = field(default=lambda: True, repr=False)

    def send(self, **body: str) -> Answer:
        """Send it; ``body`` are members that it has besides."""
        return self.request(self.about, **body)

    def accepted(self, **body: str) -> Answer:
        """The answer to it, which has to be a success for the test to go on."""
        return self.about.stage.accepted(self.send(**body), Contract.packaged().operation(self.operation).success_rule)

    def through(self, client: Client) -> Self:
        """A copy of the request, sent by ``client``."""
        return replace(self, about=self.about.through(client))

    def at_old_address(self) -> Self:
        """A copy of the request at the address below ``/app``."""
        return replace(self, about=self.call.at_old_address())

    @property
    def call(self) -> StagedCall:
        """The call that it is about."""
        assert isinstance(self.about, StagedCall), f"{self.operation} is not about a call"
        return self.about


BEEP = {"uri": "https://bot.example.org/beep.wav", "resourceId": "beep"}


def prompt(**info: str) -> dict[str, Any]:
    """A mediaPrompt; ``info`` in the place of a beep."""
    media = {"@odata.type": "#microsoft.graph.mediaInfo", **(info or BEEP)}
    return {"@odata.type": "#microsoft.graph.mediaPrompt", "mediaInfo": media}


def app_hosted_call(stage: Stage) -> StagedCall:
    """A peer-to-peer call whose bot hosts its media itself."""
    return stage.peer_to_peer_call(mediaConfig={"@odata.type": "#microsoft.graph.appHostedMediaConfig"})


@rule("token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage, attempt: Attempt) -> None:
    """A request without an Authorization header is not carried out."""
    with graphcalls_stage.expecting("token-is-required"):
        answer = attempt.through(graphcalls_stage.client_without_token()).send()
    assert refused(answer)
    assert attempt.untouched()


@rule("role-is-required")
def test_a_role_is_required(graphcalls_stage: Stage, attempt: Attempt) -> None:
    """A token without any of the roles of the permission table does not carry out the request."""
    assert refused(attempt.through(graphcalls_stage.client_with()).send())
    assert attempt.untouched()
    # Is it because of the roles? Then the same request with them is carried out.
    attempt.accepted()


@rule("app-path-still-works")
def test_the_old_address_still_works(attempt: Attempt) -> None:
    """The address below /app reaches the same operation."""
    answer = attempt.at_old_address().send()
    if refused(answer):
        attempt.accepted()
    assert not refused(answer)


@rule("success-is-200-with-operation")
def test_it_is_answered_with_200_and_the_operation(attempt: Attempt) -> None:
    """A request that worked is answered with 200 and its operation."""
    answer = attempt.send()
    assert answer.status_code == 200
    assert members(answer).get("id"), "the answer names no operation"


@rule("success-is-202-with-operation")
def test_it_is_answered_with_202_and_the_operation(attempt: Attempt) -> None:
    """A request that was taken is answered with 202 and its operation."""
    answer = attempt.send()
    assert answer.status_code == 202
    assert members(answer).get("id"), "the answer names no operation"


@rule("success-is-202-with-operation")
def test_it_is_answered_with_202_and_a_status(attempt: Attempt) -> None:
    """A request that was taken is answered with 202 and its operation, of which the page shows no id."""
    answer = attempt.send()
    assert answer.status_code == 202
    assert members(answer).get("status"), "the answer has no operation"


@rule("success-is-200-empty")
def test_it_is_answered_with_200_and_nothing(attempt: Attempt) -> None:
    """A request that worked is answered with 200 and no body."""
    answer = attempt.send()
    assert (answer.status_code, answer.content) == (200, b"")


@rule("success-is-202-empty")
def test_it_is_answered_with_202_and_nothing(attempt: Attempt) -> None:
    """A request that was taken is answered with 202 and no body."""
    answer = attempt.send()
    assert (answer.status_code, answer.content) == (202, b"")


@rule("success-is-204-empty")
def test_it_is_answered_with_204_and_nothing(attempt: Attempt) -> None:
    """A request that worked is answered with 204 and no body."""
    answer = attempt.send()
    assert (answer.status_code, answer.content) == (204, b"")


@rule("location-is-given")
def test_the_location_header_names_an_operation(attempt: Attempt) -> None:
    """The Location header is the address of an operation of this call."""
    assert "/operations/" in attempt.accepted().headers.get("Location", "")


@rule("is-done-with-the-answer")
def test_the_operation_in_the_answer_is_completed(attempt: Attempt) -> None:
    """The operation in the answer is completed."""
    assert str(members(attempt.accepted()).get("status")).lower() == "completed"


@rule("no-end-is-notified")
def test_no_notification_tells_of_its_own_end(graphcalls_stage: Stage, attempt: Attempt) -> None:
    """The end of an operation that was answered as completed is not notified."""
    answer = attempt.accepted()
    assert not graphcalls_stage.wait_for_end(attempt.call, answer)


@rule("answers-before-it-is-done")
def test_the_answer_does_not_wait(attempt: Attempt) -> None:
    """The operation in the answer is unfinished, or over and read as such."""
    assert attempt.call.is_as_answered(attempt.accepted())


@rule("completion-is-notified")
def test_the_end_of_the_operation_is_notified(graphcalls_stage: Stage, attempt: Attempt) -> None:
    """Once the operation is done, a deleted notification says that the operation is completed."""
    answer = attempt.accepted()
    states = [notice.state() for notice in graphcalls_stage.wait_for_end(attempt.call, answer)]
    if "failed" in states:
        raise graphcalls_stage.cannot_tell("an operation that is completed", "it has failed")
    assert states == ["completed"]


@rule("completion-is-notified")
def test_the_end_with_its_client_context_is_notified(
    graphcalls_stage: Stage, client_context: str, attempt: Attempt
) -> None:
    """The operation ends as completed, with the clientContext of the request."""
    notices = graphcalls_stage.wait_for_end(attempt.call, attempt.accepted(clientContext=client_context))
    assert [(one.state(), one.of_call().get("clientContext")) for one in notices] == [("completed", client_context)]


@rule("client-context-is-echoed")
def test_the_client_context_comes_back(client_context: str, attempt: Attempt) -> None:
    """What the caller gives as clientContext comes back unchanged."""
    assert members(attempt.accepted(clientContext=client_context)).get("clientContext") == client_context


@rule("client-context-at-most-256")
def test_a_client_context_of_256_characters_is_taken(attempt: Attempt) -> None:
    """The longest clientContext that is allowed is not refused."""
    answer = attempt.send(clientContext=LONGEST)
    if refused(answer):
        attempt.accepted()
    assert not refused(answer)


@rule("client-context-at-most-256")
def test_a_client_context_of_257_characters_is_not_taken(graphcalls_stage: Stage, attempt: Attempt) -> None:
    """A clientContext that is too long does not become that of an operation."""
    with graphcalls_stage.expecting("client-context-at-most-256"):
        answer = attempt.send(clientContext=f"{LONGEST}c")
    assert refused(answer) or members(answer).get("clientContext") != f"{LONGEST}c"


@rule("address-of-the-page-works")
def test_the_address_of_the_page_works(attempt: Attempt) -> None:
    """The address of the page, with the namespace and a capital letter, works."""
    action = Contract.packaged().operation(attempt.operation).action
    answer = attempt.call.request("POST", f"/microsoft.graph.{action[0].upper()}{action[1:]}", {})
    if refused(answer):
        attempt.accepted()
    assert not refused(answer)


@rule("language-is-en-us")
def test_the_language_may_be_named(attempt: Attempt) -> None:
    """The one language that is supported is taken."""
    answer = attempt.send(language="en-us")
    if refused(answer):
        attempt.accepted()
    assert not refused(answer)


@rule("policy-is-required")
def test_an_application_access_policy_is_required(graphcalls_stage: Stage, attempt: Attempt) -> None:
    """An app to which no application access policy is granted is refused."""
    assert refused(attempt.through(graphcalls_stage.other_app(policy=False)).send())


@question("client-context")
def test_question_client_context(graphcalls_stage: Stage, attempt: Attempt) -> None:
    """Does a clientContext come back in the operation?"""
    answer = attempt.send(clientContext="context-1")
    note = f"clientContext: {members(answer).get('clientContext')}"
    graphcalls_stage.record_answer(f"{attempt.operation}.client-context", answer, note)


@question("started-twice")
def test_question_started_twice(graphcalls_stage: Stage, attempt: Attempt) -> None:
    """What is answered to a second start while the first one goes on?"""
    attempt.accepted()
    graphcalls_stage.record_answer(f"{attempt.operation}.started-twice", attempt.send())


@question("end-is-notified")
def test_question_end_is_notified(graphcalls_stage: Stage, attempt: Attempt) -> None:
    """Is the end of the operation posted?"""
    answer = attempt.send()
    ends = graphcalls_stage.wait_for_end(attempt.call, answer)
    note = f"ends posted: {', '.join(one.state() for one in ends) or 'none'}"
    graphcalls_stage.record_answer(f"{attempt.operation}.end-is-notified", answer, note)


@question("other-language")
def test_question_other_language(graphcalls_stage: Stage, attempt: Attempt) -> None:
    """What is answered to another language?"""
    with graphcalls_stage.expecting("language-is-en-us"):
        answer = attempt.send(language="de-de")
    graphcalls_stage.record_answer(f"{attempt.operation}.other-language", answer)
