"""What is posted to a live run, and who may read it."""

from __future__ import annotations

from itertools import count

import pytest

from pytest_graphcalls.errors import EnvironmentFaultError, StageError
from pytest_graphcalls.sandbox.tenant import below
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.targets import ReceivedNotifications, webhook
from pytest_graphcalls.targets.webhook import Inbox, NotificationFeed, Post
from pytest_graphcalls.wire import Headers, Request, Response

CALLBACK = "https://bot.contoso.example/calls?code=7"
HEADERS = Headers(
    {"Authorization": "Bearer secret", "Content-Type": "application/json", "X-Forwarded-For": "203.0.113.7"}
)


def box() -> Inbox:
    """One whose clock counts the posts."""
    ticks = count(10.0)
    return Inbox(CALLBACK, clock=lambda: next(ticks))


def post(to: Inbox, path: str, body: bytes = b'{"value": []}') -> Response:
    """A post as it comes out of a tunnel: the host is this machine's."""
    return to.handle(Request("POST", f"http://127.0.0.1:3978{path}", HEADERS, body))


def read(of: Inbox, since: str = "") -> Response:
    return of.handle(Request("GET", f"http://127.0.0.1:3978/{of.key}{since}"))


def test_posts_below_the_callback_are_kept_without_their_token() -> None:
    """Under the public address, with when it came; of the way it took nothing."""
    one = box()
    assert post(one, "/calls/a?code=7").status == 202
    assert read(one).json() == [
        {
            "posted_to": "https://bot.contoso.example/calls/a?code=7",
            "body": {"value": []},
            "at": 10.0,
            "headers": [["Authorization", "Bearer -"], ["Content-Type", "application/json"]],
        }
    ]
    assert post(one, "/calls", b"no JSON").status == 202
    assert [(kept["body"], kept["at"]) for kept in read(one, "?since=1").json()] == [({}, 11.0)]


@pytest.mark.parametrize("path", ["/", "/callsign", "/other/calls"])
def test_posts_to_other_addresses_are_refused(path: str) -> None:
    """A public address is found by many."""
    one = box()
    assert post(one, path).status == 404
    assert read(one).json() == []


def test_without_the_key_nothing_can_be_read() -> None:
    """The key is in the address, and can be read there only by this run's own processes."""
    one = box()
    assert one.handle(Request("GET", "http://127.0.0.1:3978/calls")).status == 404
    assert one.handle(Request("GET", f"http://127.0.0.1:3978/{one.key[:-1]}")).status == 404
    assert read(one, "?since=x").json() == []


def test_no_more_is_kept_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender of too many posts gets a 503, and the run goes on."""
    monkeypatch.setattr(webhook, "MOST_KEPT", 1)
    one = box()
    assert [post(one, "/calls").status for _ in range(2)] == [202, 503]
    assert len(read(one).json()) == 1


def test_a_test_gets_the_notifications_of_its_own_calls_only() -> None:
    """The feed has what was posted to its address and below; times count from the start of the feed."""
    one = Inbox(CALLBACK)
    with serve_in_thread(SimulatorApp(one, frozen=True)) as url:
        reader = Post(f"{url}/{one.key}")
        mine, other = (NotificationFeed(reader, below(CALLBACK, name)) for name in ("a", "ab"))
        over = b'{"value": [{"changeType": "deleted", "resourceUrl": "/communications/calls/c1"}, 7]}'
        for path in ("/calls/a?code=7", "/calls/ab?code=7", "/calls"):
            post(one, path)
        assert [post_.posted_to for post_ in mine.notifications()] == ["https://bot.contoso.example/calls/a?code=7"]
        assert not mine.has_ended("c1")
        for damaged in (b'{"value": 7}', b'{"value": null}', b"[]"):
            post(one, "/calls/ab?code=7", damaged)
        assert not other.has_ended("c1")
        post(one, "/calls/a/answered?code=7", over)
        assert [post_.posted_to.rpartition("/")[2] for post_ in mine.notifications()] == ["a?code=7", "answered?code=7"]
        assert all(0 <= post_.at < 60 for post_ in mine.notifications())
        assert mine.has_ended("c1")
        assert not mine.has_ended("1")
        assert [post_.entries for post_ in other.notifications()] == [()] * 4
        assert [len(post_.entries) for post_ in mine.notifications()] == [0, 1]
    with pytest.raises(EnvironmentFaultError, match="posted to the callback found no listening process"):
        mine.notifications()
    reader.close()


def test_received_notifications_alone_stage_nothing_else() -> None:
    """Any other need of a test cannot be staged."""
    world = ReceivedNotifications(list)
    assert world.notifications == []
    for ask in (lambda: world.authority, world.incoming_call, lambda: world.person("Adele")):
        with pytest.raises(StageError, match="could not be staged; this target can only be listened to"):
            ask()
