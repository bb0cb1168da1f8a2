"""The calls of the reference pages' samples, made by a program with an SDK; the tests of every language.

What they compare is what the SDK answers, and what the server holds afterwards. An SDK's enumerations may have letter
cases of their own, so `running` and `Running` are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from tests.clients.programs import Command, Environment, Program, running
from tests.clients.world import CALLBACK, World

CHOSEN_ID = "7d501bf1-5ee4-4605-ba92-0ae4513c611c"
CONTEXT = "order-4711"
PHONE = "+14255550123"
NOWHERE = "57dab8b1-894c-409a-b240-bd8beae78896"
"""Id of no call."""
PROMPT = {"uri": "https://cdn.contoso.com/beep.wav", "resourceId": "1d6de2d4-cd51-4309-8daa-70768651088e"}


class Samples:
    """The tests; each language has a subclass with the fixture `command`, which skips where its toolchain is missing.

    Attributes:
        runtime: the language's name for `graphcalls env --for`.
        error: name of the SDK's class for errors of Graph.
        sign_in_error: name of its class for a failed sign-in.
        running: what it reads of the status `running`; `None` where its enumeration knows `Running` alone.
    """

    runtime: ClassVar[str]
    error: ClassVar[str]
    sign_in_error: ClassVar[str]
    running: ClassVar[str | None] = "running"

    @pytest.fixture(scope="class")
    @classmethod
    def program(cls, command: Command, environment: Environment) -> Iterator[Program]:
        with running(command, environment(cls.runtime)) as program:
            yield program

    @pytest.fixture(params=["v1.0", "beta"])
    def client(self, request: pytest.FixtureRequest, program: Program, world: World) -> Iterator[Client]:
        client = Client(program, request.param)
        yield client
        assert {one["url"].split("/")[3] for one in world.requests()} == {request.param}
        # No member that an SDK adds by itself may count as unread, and nothing breaks the contract.
        assert [str(finding) for finding in world.findings()] == []

    @pytest.fixture
    def call(self, world: World) -> str:
        """An established call of the bot in a meeting without people."""
        return world.joined(world.control("POST", "meetings", organizer="Olga"))

    def test_a_call_into_a_meeting_is_created(self, client: Client, world: World) -> None:
        meeting = world.control("POST", "meetings", people=["Adele"], organizer="Olga")
        made = client.create(meeting)
        assert (made["type"], made["state"]) == ("call", "establishing")
        world.advance(1)
        assert world.call(made["id"])["state"] == "established"
        assert world.names(made["id"]) == ["Adele"]

    def test_one_person_is_invited_and_joins(self, client: Client, world: World, call: str) -> None:
        adele = world.identity("Adele")["id"]
        answer = client.invite(call, user(adele, "Adele", participantId=CHOSEN_ID))
        assert (answer["type"], answer.get("status")) == ("inviteparticipantsoperation", self.running)
        assert answer["clientContext"] == CONTEXT
        assert answer["participants"] == [{"id": adele, "participantId": CHOSEN_ID}]
        assert answer["id"] in [one["id"] for one in world.call(call)["operations"]]
        assert [one["id"] for one in world.call(call)["invited"]] == [CHOSEN_ID]
        world.advance(5)
        assert world.names(call) == ["Adele"]

    def test_several_people_are_invited_at_once(self, client: Client, world: World, call: str) -> None:
        ids = {name: world.identity(name)["id"] for name in ("Adele", "Bernd", "Chiara")}
        answer = client.invite(call, *(user(id, name) for name, id in ids.items()))
        assert [one["id"] for one in answer["participants"]] == list(ids.values())
        world.advance(5)
        assert world.names(call) == ["Adele", "Bernd", "Chiara"]

    def test_a_call_between_two_is_replaced(self, client: Client, world: World, call: str) -> None:
        private = world.answered("Adele")
        client.invite(call, user(world.identity("Adele")["id"], "Adele", replacesCallId=private))
        world.advance(5)
        assert world.call(private)["state"] == "terminated"
        assert world.names(call) == ["Adele"]

    def test_a_phone_is_invited(self, client: Client, world: World, call: str) -> None:
        world.identity(PHONE)
        answer = client.invite(call, {"sort": "phone", "id": PHONE})
        assert answer.get("status") == self.running
        world.advance(5)
        assert world.names(call) == [PHONE]

    def test_a_person_moves_from_one_meeting_to_another(self, client: Client, world: World, call: str) -> None:
        first = world.joined(world.control("POST", "meetings", people=["Adele"]))
        client.invite(call, user(world.identity("Adele")["id"], "Adele", replacesCallId=first))
        world.advance(5)
        assert (world.names(first), world.names(call)) == ([], ["Adele"])

    def test_a_person_in_the_call_is_removed(self, client: Client, world: World, call: str) -> None:
        world.person("Adele").joins(call=call)
        adele = next(one for one in world.call(call)["participants"] if one["identity"]["name"] == "Adele")
        assert client.ask("delete", call, participant=adele["id"]) == {}
        assert world.names(call) == []

    def test_an_invited_person_is_removed_by_the_chosen_id(self, client: Client, world: World, call: str) -> None:
        world.person("Adele").answers_after(seconds=20)
        client.invite(call, user(world.identity("Adele")["id"], "Adele", participantId=CHOSEN_ID))
        assert client.ask("delete", call, participant=CHOSEN_ID) == {}
        assert world.call(call)["invited"] == []
        world.advance(60)
        assert world.names(call) == []

    @pytest.mark.parametrize("reason", ["busy", "none"])
    @pytest.mark.parametrize("group", [False, True], ids=["of one person", "into a group call"])
    def test_an_incoming_call_is_rejected(self, client: Client, world: World, reason: str, *, group: bool) -> None:
        call = world.incoming_call(caller="Adele", group=group).id
        assert client.ask("reject", call, reason=reason, callbackUri=f"{CALLBACK}/57701") == {}
        held = world.call(call)
        assert (held["state"], held["rejected_with"]) == ("terminated", reason)
        assert world.notifications[-1].posted_to == f"{CALLBACK}/57701"

    def test_a_prompt_is_played(self, client: Client, world: World, call: str) -> None:
        answer = client.ask("playPrompt", call, prompts=[PROMPT], clientContext=CONTEXT)
        assert (answer["type"], answer["clientContext"]) == ("playpromptoperation", CONTEXT)
        assert answer.get("status") == self.running
        (prompt,) = world.call(call)["prompts"]
        assert (prompt["uri"], prompt["resource_id"]) == (PROMPT["uri"], PROMPT["resourceId"])
        assert prompt["operation"] == answer["id"]

    def test_keys_are_subscribed_to(self, client: Client, world: World) -> None:
        call = world.answered("Adele")
        answer = client.ask("subscribeToTone", call, clientContext=CONTEXT)
        assert (answer["type"], answer["clientContext"]) == ("subscribetotoneoperation", CONTEXT)
        world.person("Adele").presses(keys="1")
        world.advance(1)
        assert [one["tone"] for one in world.call(call)["tones"]] == ["tone1"]

    def test_an_error_reaches_the_caller_as_the_sdks_own(self, client: Client, world: World) -> None:
        answer = client.invite(NOWHERE, user(world.identity("Adele")["id"], "Adele"))
        error = answer["error"]
        assert (error["status"], error["code"]) == (404, "8522")
        assert error["message"].startswith("Call not found. [pytest-graphcalls] App ")
        assert error["type"] == self.error

    def test_a_wrong_secret_ends_at_the_sign_in(self, command: Command, environment: Environment, world: World) -> None:
        call = world.incoming_call(caller="Adele").id
        with running(command, {**environment(self.runtime), "AZURE_CLIENT_SECRET": "wrong"}) as program:
            answer = Client(program, "v1.0").ask("reject", call, reason="busy")
        assert "AADSTS7000215" in answer["error"]["message"]
        assert answer["error"]["type"] == self.sign_in_error
        assert (world.call(call)["state"], world.requests()) == ("incoming", [])


class Client:
    """The program, for one API version.

    Args:
        program: it.
        version: `v1.0` or `beta`.
    """

    def __init__(self, program: Program, version: str) -> None:
        self._program = program
        self._version = version

    def ask(self, do: str, call: str, **members: Any) -> dict[str, Any]:
        """What it answers; names of types and states in lower case, because SDKs differ there."""
        answer = self._program.ask(do=do, version=self._version, call=call, **members)
        if "type" in answer:
            answer["type"] = answer["type"].rpartition(".")[2]
        return {name: text.lower() if name in LOWERED else text for name, text in answer.items()}

    def invite(self, call: str, *people: dict[str, str]) -> dict[str, Any]:
        return self.ask("invite", call, participants=list(people), clientContext=CONTEXT)

    def create(self, meeting: Any) -> dict[str, Any]:
        chat = meeting["coordinates"]["chatInfo"]
        return self.ask(
            "create",
            "",
            callbackUri=CALLBACK,
            tenantId=meeting["coordinates"]["tenantId"],
            threadId=chat["threadId"],
            messageId=chat["messageId"],
            organizer=meeting["organizer"]["id"],
        )


LOWERED = ("type", "state", "status")


def user(id: str, name: str, **more: str) -> dict[str, str]:
    """A person to invite."""
    return {"sort": "user", "id": id, "name": name, **more}
