"""Queries and batches: which members are selected and expanded, and several requests in one."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Exchange, Request, Response, encode_json
from tests.unit.simulator.bot import CALLS, MEDIA, Bot, code, entry, evidence

INFERRED = "inferred; fact=calls-query-options.r01"


def names(body: dict[str, Any]) -> set[str]:
    """The members of an object without annotations."""
    return {name for name in body if "@" not in name}


def test_select_keeps_the_members_that_it_names(bot: Bot) -> None:
    """Of a call, and of each participant in a list; in any letter case, and known no better than inferred."""
    call = bot.join()
    answer = bot.get(f"/{call.id}?$select=id,%20State")
    assert names(answer.json()) == {"id", "state"}
    assert answer.json()["@odata.context"]
    assert evidence(answer) == INFERRED
    listed = bot.get(f"/{call.id}/participants?$Select=id,isMuted")
    assert [names(one) for one in listed.json()["value"]] == [{"id", "isMuted"}] * 3
    one = listed.json()["value"][0]["id"]
    assert names(bot.get(f"/{call.id}/participants/{one}?$select=info/identity").json()) == {"info"}
    assert "callChainId" in bot.get(f"/{call.id}?$select=*").json()


def test_expand_shows_the_participants(bot: Bot) -> None:
    """Of a group call its roster, of a call to one person none; beside what is selected."""
    call = bot.join()
    answer = bot.get(f"/{call.id}?$expand=participants")
    assert len(answer.json()["participants"]) == 3
    assert evidence(answer) == INFERRED
    assert names(bot.get(f"/{call.id}?$select=id&$expand=participants").json()) == {"id", "participants"}
    peer = bot.ring(bot.simulator.person("Ana"))
    assert bot.get(f"/{peer.id}?$expand=participants").json()["participants"] == []
    assert "participants" not in bot.get(f"/{call.id}").json()


@pytest.mark.parametrize("query", ["$select=id,nope", "$expand=nope"])
def test_a_member_that_the_type_does_not_have_is_refused(bot: Bot, query: str) -> None:
    """With the text that Graph has for it."""
    answer = bot.get(f"/{bot.join().id}?{query}")
    assert code(answer) == "400 BadRequest"
    assert "Could not find a property named 'nope' on type 'microsoft.graph.call'." in answer.json()["error"]["message"]
    assert evidence(answer).startswith("inferred")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("", "$expand=operations"),
        ("", "$expand=participants($select=id,info)"),
        ("", "$filter=state eq 'established'"),
        ("/participants", "$filter=isMuted eq true"),
        ("/participants", "$top=1"),
    ],
)
def test_an_undocumented_query_is_ignored_and_named_as_unread(bot: Bot, path: str, query: str) -> None:
    """The answer is that without it, and names it as unread."""
    call = bot.join()
    answer = bot.get(f"/{call.id}{path}?{query.replace(' ', '%20')}")
    assert answer.status == 200
    assert evidence(answer).endswith(f"; unread=?{query.partition('=')[0]}")


# Batches


def batch(bot: Bot, *entries: Any) -> Response:
    return bot.send("POST", "/$batch", {"requests": list(entries)})


def test_the_entries_of_a_batch_are_answered_one_by_one(bot: Bot, simulator: Simulator) -> None:
    """Each has its own status, headers and body, goes by the batch's token, and is an exchange of its own."""
    seen: list[Exchange] = []
    simulator.observe(seen.append)
    call = simulator.incoming_call()
    headers = {"Content-Type": "application/json"}
    made = {"callbackUri": "https://b.example", "mediaConfig": MEDIA, "targets": [entry(simulator.person("Ana"))]}
    answer = batch(
        bot,
        {"id": "1", "method": "get", "url": f"{CALLS}/{call.id}"},
        {"id": 2, "method": "POST", "url": f"{CALLS}/{call.id}/reject", "headers": headers, "body": {"reason": "busy"}},
        {"id": "3", "method": "GET", "url": "/communications/calls/1"},
        {"id": "4", "method": "POST", "url": CALLS[1:], "headers": headers, "body": made},
    )
    assert (answer.status, evidence(answer)) == (200, "documented; fact=calls-batch.r01")
    first, second, third, fourth = answer.json()["responses"]
    assert [one["id"] for one in (first, second, third, fourth)] == ["1", 2, "3", "4"]
    assert [one["status"] for one in (first, second, third, fourth)] == [200, 202, 404, 201]
    assert first["body"]["id"] == call.id
    assert second["body"] is None
    assert third["body"]["error"]["code"] == "8522"
    assert fourth["headers"]["Location"].endswith(f"{CALLS}/{fourth['body']['id']}")
    assert call.rejected_with == "busy"
    assert [one.response.status for one in seen] == [200, 202, 404, 201]


def test_an_entry_waits_for_those_it_depends_on(bot: Bot, simulator: Simulator) -> None:
    """An entry that depends on a failed one is answered 424 and not carried out."""
    call = simulator.incoming_call()
    reject = {"method": "POST", "url": f"{CALLS}/{call.id}/reject"}
    answer = batch(
        bot, {"id": "a", "method": "GET", "url": f"{CALLS}/1"}, {"id": "b", **reject, "dependsOn": ["A"]},
        {"id": "c", "method": "GET", "url": f"{CALLS}/{call.id}", "dependsOn": ["b"]},
    )  # fmt: skip
    assert [one["status"] for one in answer.json()["responses"]] == [404, 424, 424]
    assert call.state == "incoming"


GET = {"id": "1", "method": "GET", "url": CALLS}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], "$.requests: expected a list of 1 to 20 entries"),
        ([{**GET, "id": str(number)} for number in range(21)], "$.requests: expected a list of 1 to 20 entries"),
        ([GET, {**GET, "id": "1"}], "$.requests[1].id: expected an id that no earlier entry has"),
        ([{**GET, "url": ""}], "$.requests[0]: expected an object with id, method and url"),
        (["x"], "$.requests[0]: expected an object with id, method and url"),
        ([{**GET, "body": {}}], "$.requests[0].headers: expected a Content-Type"),
        ([{**GET, "headers": []}, {**GET, "id": "2", "headers": [1]}], "$.requests[1].headers: expected an object"),
        ([{**GET, "dependsOn": ["2"]}], "$.requests[0].dependsOn: expected ids of earlier entries"),
    ],
)
def test_an_invalid_batch_is_refused(bot: Bot, entries: list[Any], expected: str) -> None:
    """The whole batch is refused before an entry is carried out."""
    answer = batch(bot, *entries)
    assert code(answer) == "400 BadRequest"
    assert expected in answer.json()["error"]["message"]


def test_a_batch_that_cannot_be_read_is_refused(bot: Bot) -> None:
    """A batch whose body is no JSON is refused."""
    assert code(bot.send("POST", "/$batch", raw=b"{")) == "400 BadRequest"


def test_a_batch_without_a_token_is_answered_entry_by_entry(simulator: Simulator) -> None:
    """No entry has a token then."""
    body = encode_json({"requests": [{**GET, "url": f"{CALLS}/1"}]})
    answer = simulator.handle(Request("POST", "https://graph.microsoft.com/beta/$batch", body=body))
    assert [one["status"] for one in answer.json()["responses"]] == [401]
