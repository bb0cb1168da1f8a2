"""The inbox for notifications of a live run: one of its processes listens, all of them read.

The callback address leads, by a tunnel or gateway that is the sandbox's own affair, to a port of this machine. There
an :class:`Inbox` keeps every post below that address. Each test has an address of its own below it that cannot be
guessed, so a :class:`NotificationFeed` is not misled by foreign posts, other tests, or other runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from secrets import token_urlsafe
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_graphcalls.errors import EnvironmentFaultError, SettingError
from pytest_graphcalls.sandbox import Sandbox
from pytest_graphcalls.sandbox.tenant import below
from pytest_graphcalls.wire import (
    Headers,
    Notification,
    Request,
    Response,
    encode_json,
    json_object,
)

if TYPE_CHECKING:
    from pytest_graphcalls.clients.network import Network

MOST_KEPT = 50_000
"""Number of posts that an inbox keeps; a run of the whole suite receives about two thousand."""
ARRIVES_WITHIN = 10.0
"""Seconds that a post may take through the tunnel before a run says that it does not arrive."""
_KEPT = frozenset({"content-type", "client-request-id", "scenario-id"})
"""Headers that are kept; most others are about the way."""


class Inbox:
    """Keeps posts, and shows them to requests that send its key. A service for :class:`.SimulatorApp`.

    Args:
        callback: the public address; what is posted to it, and below it, is kept.
        clock: seconds, the same in every process of this machine.
    """

    def __init__(self, callback: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.key = token_urlsafe(24)
        parts = urlsplit(callback)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._path = parts.path.rstrip("/")
        self._clock = clock
        self._lock = Lock()
        self._posted: list[dict[str, Any]] = []

    def handle(self, request: Request) -> Response:
        """Answer 202 to a post, and 404 to strangers."""
        if request.method == "GET" and request.path == f"/{self.key}":
            return _json(200, self._since(request.query.get("since", "0")))
        if request.method != "POST" or not f"{request.path}/".startswith(f"{self._path}/"):
            return _json(404, {"error": "nothing is taken here"})
        with self._lock:
            if len(self._posted) >= MOST_KEPT:
                return _json(503, {"error": f"{MOST_KEPT} posts are kept already"})
            self._posted.append(self._as_json(request))
        return Response(202)

    def elapse(self, seconds: float) -> None:
        """Nothing here has a clock that could be moved."""

    def _since(self, text: str) -> list[dict[str, Any]]:
        with self._lock:
            return self._posted[int(text) if text.isdecimal() else 0 :]

    def _as_json(self, request: Request) -> dict[str, Any]:
        target = urlsplit(request.url)
        query = f"?{target.query}" if target.query else ""
        return {
            "posted_to": f"{self._origin}{target.path}{query}",
            # A body that is no object has no entries to show; the check reports it all the same.
            "body": json_object(request.body),
            "at": self._clock(),
            "headers": list(_kept(request.headers)),
        }


def _kept(headers: Headers) -> Iterator[tuple[str, str]]:
    """The headers that say something of the notification; of a token only that there is one."""
    for name, text in headers.pairs:
        if name.lower() == "authorization":
            yield name, f"{text.partition(' ')[0]} -"
        elif name.lower() in _KEPT:
            yield name, text


def _bare(url: str) -> str:
    return url.partition("?")[0]


def _json(status: int, data: Any) -> Response:
    return Response(status, Headers({"Content-Type": "application/json"}), encode_json(data))


class Post:
    """Reads an inbox, from any process of this machine. Safe under threads.

    Args:
        address: of the inbox, key included.
    """

    def __init__(self, address: str) -> None:
        from pytest_graphcalls.clients.network import Network

        self._address = address
        self._network = Network()
        self._lock = Lock()
        self._known: list[Notification] = []

    @property
    def count(self) -> int:
        """How many posts were read so far."""
        return len(self._known)

    def all(self, first: int = 0) -> list[Notification]:
        """Everything that was posted so far, in order; ``at`` is in seconds of the machine's own clock.

        Args:
            first: how many posts are left out at the beginning.

        Raises:
            EnvironmentFaultError: the process that listens has ended.
        """
        with self._lock:
            answer = self._network.look(f"{self._address}?since={len(self._known)}")
            if answer is None or answer.status != 200:
                raise EnvironmentFaultError("a look at what was posted to the callback", "found no listening process")
            self._known += [
                Notification(one["posted_to"], one["body"], one["at"], Headers(map(tuple, one["headers"])))
                for one in answer.json()
            ]
            return self._known[first:]

    def close(self) -> None:
        """Close the connection."""
        self._network.close()


@contextmanager
def listening(sandbox: Sandbox) -> Iterator[str]:
    """Listen where a sandbox says until the block ends; gives the address of the inbox for :class:`Post`.

    Raises:
        SettingError: the address cannot be listened on.
    """
    from pytest_graphcalls.server.asgi import SimulatorApp
    from pytest_graphcalls.server.http import serve_in_thread

    assert sandbox.listen is not None
    host, port = sandbox.listen
    inbox = Inbox(sandbox.callback)
    with ExitStack() as stack:
        try:
            url = stack.enter_context(serve_in_thread(SimulatorApp(inbox, frozen=True), host, port))
        except SettingError as error:  # which speaks of the options of 'graphcalls serve'
            why = f"{error.__cause__}."
            raise SettingError("listen", f"{host}:{port}", "an address of this machine that is free", why) from None
        yield f"{url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')}/{inbox.key}"


def prove(sandbox: Sandbox, address: str, network: Network) -> None:
    """Check that the callback address leads to the inbox; arguments as for :func:`lost`.

    Raises:
        SettingError: it does not.
    """
    said = lost(sandbox, address, network)
    if said is not None:
        assert sandbox.listen is not None
        host, port = sandbox.listen
        expected = f"an address that leads to {host}:{port} and keeps the path"
        step = f"What was posted to it did not arrive there; the answer was: {said}. Look at the tunnel."
        raise SettingError("callback", sandbox.callback, expected, step)


def prove_again(sandbox: Sandbox, address: str, network: Network) -> None:
    """Check that the callback address still leads to the inbox; arguments as for :func:`lost`.

    Raises:
        EnvironmentFaultError: it does not any more, or no process listens.
    """
    said = lost(sandbox, address, network)
    if said is not None:
        raise EnvironmentFaultError("what is posted to the callback", f"arrives no more; the answer to it is: {said}")


def lost(sandbox: Sandbox, address: str, network: Network) -> str | None:
    """Post something to the callback address: a tunnel that is down would look like a broken rule.

    Args:
        sandbox: has the callback address, and says where it should lead.
        address: of the inbox.
        network: the way to the outside.

    Returns:
        What was answered, if it does not arrive.
    """
    from pytest_graphcalls.clients.httpx import make_client
    from pytest_graphcalls.clients.network import status_of

    where = below(sandbox.callback, token_urlsafe(24))
    with make_client(network.sync, sandbox.callback, "") as client:
        status, said = status_of(client, "POST", where)
    with closing(Post(address)) as post:
        until = time.monotonic() + (ARRIVES_WITHIN if 200 <= status < 300 else 0.0)
        while all(_bare(one.posted_to) != _bare(where) for one in post.all()):
            if time.monotonic() >= until:
                return said.rstrip(".")
            time.sleep(0.05)
    return None


class NotificationFeed:
    """The notifications of one test.

    Args:
        post: all posts to the run.
        callback: the test's own address.
    """

    def __init__(self, post: Post, callback: str) -> None:
        self._post = post
        self._callback = callback
        self._began = time.monotonic()
        self._lock = Lock()
        self._told: list[Notification] = []
        self._looked_at = post.count  # nothing before can be for an address that is new

    def notifications(self) -> list[Notification]:
        """The notifications posted to the test's address or below it so far, in order; ``at`` counts from the start."""
        with self._lock:
            posted = self._post.all(self._looked_at)
            for one in posted:
                if f"{_bare(one.posted_to)}/".startswith(f"{_bare(self._callback)}/"):
                    self._told.append(replace(one, at=one.at - self._began))
            self._looked_at += len(posted)
            return list(self._told)

    def has_ended(self, call_id: str) -> bool:
        """Whether the test has received the notification that a call is over."""
        return any(
            entry.get("changeType") == "deleted" and str(entry.get("resourceUrl", "")).endswith(f"/calls/{call_id}")
            for one in self.notifications()
            for entry in one.entries
        )
