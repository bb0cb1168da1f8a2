"""The bot under test is notified and answers, and nothing that it does stops the run."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jwt
import pytest

from pytest_graphcalls.bot import FORGERIES, Bot, inprocess
from pytest_graphcalls.clients.httpx import SimulatorTransport
from pytest_graphcalls.errors import BotError, SettingError, UnknownNameError
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Simulator
from tests.unit.bot.bots import Act, Note, Phone, asgi, incoming, turns, wsgi

INCOMING = "created call incoming"
ALLOW = "allow_hosts= allows a host, callbacks= leads it to another server."


@pytest.fixture(params=["asgi", "wsgi", "http"])
def place(request: pytest.FixtureRequest) -> Iterator[Callable[[Act], Any]]:
    """Puts a bot where it can be reached: as an application of both kinds, and behind a socket."""
    if request.param != "http":
        yield {"asgi": asgi, "wsgi": wsgi}[request.param]
        return
    acts: list[Act] = []
    with serve_in_thread(asgi(lambda notes, headers: acts[-1](notes, headers))) as url:

        def serve(act: Act) -> str:
            acts.append(act)
            return url

        yield serve


LONG = 60.0
"""Seconds that nothing here takes, on a busy machine either: they only end what hangs."""


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may be late with the bot's loop; only a loop that is really blocked is taken for one."""
    monkeypatch.setattr(inprocess, "_GRACE_SECONDS", LONG)


def deliveries(bot: Bot) -> list[tuple[str, int, int | None]]:
    """Deliveries in short: what, the attempt, the status."""
    return [(one.kind, one.attempt, one.status) for one in bot.deliveries]


def test_a_bot_rejects_a_call(simulator: Simulator, bot: Bot, phone: Phone, place: Callable[[Act], Any]) -> None:
    """The bot sends its request while it is being notified."""

    def act(notes: Note, headers: dict[str, str]) -> None:
        for call in incoming(notes):
            assert phone.reject(call).status == 202

    bot(place(act))
    call = simulator.incoming_call(caller="unknown@contoso.example")
    simulator.advance(2)
    assert call.rejected_with == "forbidden"
    assert deliveries(bot) == [(INCOMING, 1, 202), ("deleted call", 1, 202)]
    bot.assert_answered_within(15)


def test_the_content_of_a_notification(simulator: Simulator, bot: Bot, place: Callable[[Act], Any]) -> None:
    """Path, headers and body as noted down, and a token with the claims of the facts."""
    got: list[tuple[Note, dict[str, str]]] = []
    bot(place(lambda notes, headers: got.append((notes, headers))))
    simulator.incoming_call()
    simulator.advance(0)
    ((notes, headers),) = got
    (note,) = simulator.notifications
    assert notes == note.body
    assert headers[":path"] == "/api/calls"
    assert headers["user-agent"] == "Microsoft-Skype/3.0,(Calling/1.0)"
    assert headers["x-microsoft-skype-chain-id"] == headers["scenario-id"]
    assert headers["x-graphcalls-evidence"] == "documented; fact=observed 5.8"
    keys = simulator.channel.keys.public()
    token = headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(
        token,
        jwt.PyJWK(keys[0]).key,
        ["RS256"],
        audience=simulator.authority.app.app_id,
        issuer="https://api.botframework.com",
    )
    assert claims["exp"] - claims["nbf"] == 300
    assert claims["tid"] == simulator.tenant_id
    assert abs(claims["nbf"] - time.time()) < 60


def test_notifications_are_unsigned_on_request(simulator: Simulator, bot: Bot) -> None:
    got: list[dict[str, str]] = []
    bot(asgi(lambda notes, headers: got.append(headers)), signed=False)
    simulator.incoming_call()
    simulator.advance(0)
    assert "authorization" not in got[0]


def test_tokens_can_follow_another_clock(simulator: Simulator, bot: Bot) -> None:
    bot(asgi(lambda notes, headers: None), epoch=lambda: simulator.clock.epoch)
    claims = jwt.decode(bot.courier.token(), options={"verify_signature": False})
    assert claims["nbf"] == simulator.clock.epoch


# Where it goes


def test_the_path_is_the_bots(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """The registered address has the bot's own path; a callbackUri keeps the path that it names."""
    paths: list[str] = []

    def act(notes: Note, headers: dict[str, str]) -> None:
        paths.append(headers[":path"])
        for call in incoming(notes):
            assert phone.answer(call, "https://elsewhere.example/hooks/1").status == 202

    bot(asgi(act), path="/my/calls")
    simulator.incoming_call()
    simulator.advance(0)
    assert paths == ["/my/calls", "/hooks/1"]


def test_the_path_of_a_url_is_the_bots(simulator: Simulator, bot: Bot) -> None:
    paths: list[str] = []
    with serve_in_thread(asgi(lambda notes, headers: paths.append(headers[":path"]))) as url:
        bot(f"{url}/notify")
        simulator.incoming_call()
        simulator.advance(0)
    assert paths == ["/notify"]


def test_a_callback_address_is_mapped_and_never_followed(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """One that stands in the table, with or without the usual port, goes where it says, every other one to the bot."""
    first: list[str] = []
    second: list[str] = []

    def act(notes: Note, headers: dict[str, str]) -> None:
        first.append(headers["host"])
        for call in incoming(notes):
            phone.answer(call, "https://Second.Contoso.com:443/cb")

    bot(
        asgi(act),
        callbacks={"https://second.contoso.com": wsgi(lambda notes, headers: second.append(headers[":path"]))},
    )
    simulator.incoming_call()
    simulator.advance(1)
    assert (first, set(second)) == (["bot.contoso.com"], {"/cb"})


def test_a_second_bot_is_posted_to_at_its_own_path(simulator: Simulator, bot: Bot) -> None:
    """The path of the first one's URL is not its own."""
    paths: list[str] = []
    app = asgi(lambda notes, headers: paths.append(headers[":path"]))
    second = simulator.authority.register(callback_uri="https://second.contoso.com/api/messages")
    with serve_in_thread(app) as url, serve_in_thread(app) as other:
        bot(f"{url}/notify", callbacks={"https://second.contoso.com": other})
        simulator.incoming_call()
        simulator.incoming_call(app=second)
        simulator.advance(0)
    assert paths == ["/notify", "/api/messages"]


def test_a_callback_address_leads_to_no_other_port(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """A loopback address in a callbackUri belongs to another process, too."""
    paths: list[str] = []
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        serve_in_thread(asgi(lambda notes, headers: paths.append(headers[":path"]))) as url,
    ):
        other.settimeout(0.05)
        bot(url)
        call = simulator.incoming_call()
        simulator.advance(0)
        assert phone.answer(call.id, f"https://127.0.0.1:{other.getsockname()[1]}//cb?x=1").status == 202
        simulator.advance(0)
        with pytest.raises(TimeoutError):
            other.accept()
    assert paths == ["/api/calls", "//cb"]


@pytest.mark.parametrize(
    "url",
    [
        "http://bot.contoso.com",
        "http://127.0.0.1@bot.contoso.com/",
        "http://169.254.169.254/",
        "ftp://localhost/",
        "127.0.0.1",
        "",
    ],
)
def test_no_other_machine_is_posted_to(bot: Bot, url: str) -> None:
    with pytest.raises(SettingError, match="this machine"):
        bot(url)


def test_a_host_can_be_allowed(bot: Bot) -> None:
    bot("http://bot.contoso.com/", allow_hosts=["Bot.contoso.com"])
    with pytest.raises(SettingError, match=r"allow_hosts=\['bot.contoso.com'\] allows that host"):
        bot("http://bot.contoso.com/")


@pytest.mark.parametrize("where", [None, 7, object(), lambda: None])
def test_an_object_that_is_no_bot_is_refused(bot: Bot, where: Any) -> None:
    with pytest.raises(SettingError, match="expected an ASGI application, a WSGI application, or a URL"):
        bot(where)


@pytest.mark.parametrize(
    "terms",
    [
        {"timeout": 0},
        {"timeout": float("nan")},
        {"timeout": 1e300},
        {"linger": 3601},
        {"redeliveries": -1},
        {"spacing": -1},
        {"path": "x"},
        {"callbacks": {"callbacks.contoso.com": "http://127.0.0.1:9"}},
    ],
)
def test_settings_out_of_range_are_refused(bot: Bot, terms: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=next(iter(terms))):
        bot(asgi(lambda notes, headers: None), **terms)


def test_an_assertion_without_a_bot_is_refused(bot: Bot) -> None:
    with pytest.raises(SettingError, match=r"Say where it is: graphcalls.bot\(app\)"):
        bot.forge("unsigned")
    assert bot.deliveries == ()


# Again


def test_a_bot_that_fails_is_notified_again(simulator: Simulator, bot: Bot, place: Callable[[Act], Any]) -> None:
    """Later ones of the same call wait for it, those of another do not."""
    first: list[str] = []

    def act(notes: Note, headers: dict[str, str]) -> int:
        (entry,) = notes["value"]
        first.append(entry["resourceUrl"].split("/")[3])
        return 500 if first.count(first[0]) < 3 and first[-1] == first[0] else 202

    bot(place(act), spacing=10)
    one, two = simulator.incoming_call(), simulator.incoming_call()
    simulator.advance(20)
    short = [(one.call, one.at, one.attempt, one.status) for one in bot.deliveries]
    assert short == [
        (one.id, 0, 1, 500),
        (two.id, 0, 1, 202),
        (one.id, 10, 2, 500),
        (two.id, 15, 1, 202),
        (one.id, 20, 3, 202),
        (one.id, 20, 1, 202),
    ]


def test_the_last_attempt_to_notify_is_given_up(simulator: Simulator, bot: Bot) -> None:
    bot(asgi(lambda notes, headers: 503), redeliveries=1)
    simulator.incoming_call()
    simulator.advance(5)
    assert deliveries(bot) == [(INCOMING, 1, 503), (INCOMING, 2, 503)]


def test_a_bot_that_refuses_is_not_notified_again(simulator: Simulator, bot: Bot) -> None:
    bot(asgi(lambda notes, headers: 401))
    simulator.incoming_call()
    simulator.advance(5)
    assert deliveries(bot) == [(INCOMING, 1, 401)]


def test_a_reset_drops_notifications_that_were_to_be_repeated(simulator: Simulator, bot: Bot) -> None:
    bot(asgi(lambda notes, headers: 500))
    simulator.incoming_call()
    simulator.advance(0)
    simulator.reset()
    simulator.advance(3)
    assert len(bot.deliveries) == 1
    simulator.incoming_call()
    simulator.advance(0)
    assert deliveries(bot)[1:] == [(INCOMING, 1, 500)]


# Bots that misbehave


def errors(bot: Bot) -> list[str]:
    return [one.error for one in bot.deliveries]


def test_a_bot_that_raises(simulator: Simulator, bot: Bot) -> None:
    """The traceback of the exception is in the timeline."""

    def act(notes: Note, headers: dict[str, str]) -> None:
        raise LookupError("no such tenant")

    for kind in (asgi, wsgi):
        bot(kind(act), redeliveries=0)
        simulator.incoming_call()
        simulator.advance(0)
    assert errors(bot) == ["raised LookupError: no such tenant"] * 2
    assert 'raise LookupError("no such tenant")' in bot.timeline()


def test_a_bot_that_raises_each_time_shows_its_traceback_once(simulator: Simulator, bot: Bot) -> None:
    """Line by line, so that an assertion's message keeps its indentation."""

    def act(notes: Note, headers: dict[str, str]) -> None:
        raise LookupError("no such tenant")

    bot(asgi(act), redeliveries=2)
    simulator.incoming_call()
    simulator.advance(2)
    with pytest.raises(BotError) as caught:
        bot.assert_took_every_notification(1)
    lines = caught.value.timeline
    assert lines.count("Traceback (most recent call last):") == 1
    assert "#1, #2, #3:" in lines
    assert "  LookupError: no such tenant" in str(caught.value).splitlines()


def test_a_bot_that_wants_to_exit(simulator: Simulator, bot: Bot) -> None:
    """SystemExit of a bot ends neither the run nor the bot's event loop."""

    def act(notes: Note, headers: dict[str, str]) -> None:
        raise SystemExit(3)

    for kind in (asgi, asgi, wsgi):
        bot(kind(act), redeliveries=0)
        simulator.incoming_call()
        simulator.incoming_call()
        simulator.advance(0)
    assert errors(bot) == ["raised SystemExit: 3"] * 6


def test_a_bot_that_raises_behind_a_socket(simulator: Simulator, bot: Bot) -> None:
    def act(notes: Note, headers: dict[str, str]) -> None:
        raise LookupError

    with serve_in_thread(asgi(act)) as url:
        bot(url, redeliveries=0)
        simulator.incoming_call()
        simulator.advance(0)
    assert deliveries(bot) == [(INCOMING, 1, 500)]


@pytest.mark.usefixtures("_patient")
def test_a_bot_that_hangs(simulator: Simulator, bot: Bot) -> None:
    """A bot that hangs in a coroutine, in its loop or in a thread is abandoned, and the next bot is notified."""
    free = threading.Event()

    async def sleeps(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await asyncio.Event().wait()

    bot(sleeps, timeout=0.1, redeliveries=0)
    simulator.incoming_call()
    simulator.advance(0)
    bot(wsgi(lambda notes, headers: int(free.wait(LONG)) or None), timeout=0.1, redeliveries=0)
    simulator.incoming_call()
    simulator.advance(0)
    assert errors(bot) == ["gave no answer within 0.1 s"] * 2
    free.set()


def test_a_bot_that_blocks_its_loop(simulator: Simulator, bot: Bot) -> None:
    """A blocked bot is not waited for twice, and notified again when it is free."""
    free = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    def act(notes: Note, headers: dict[str, str]) -> None:
        loops.append(asyncio.get_running_loop())
        if len(loops) == 1:
            free.wait(LONG)

    bot(asgi(act), timeout=0.1, linger=0, redeliveries=0)
    simulator.incoming_call()
    simulator.incoming_call()
    simulator.advance(0)
    assert errors(bot) == [
        "gave no answer within 0.1 s: it blocks its event loop",
        "still blocks its event loop, since an earlier notification",
    ]
    free.set()
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loops[0]).result(LONG)
    simulator.incoming_call()
    simulator.advance(0)
    assert deliveries(bot)[2:] == [(INCOMING, 1, 202)]


def test_a_bot_that_blocks_for_ever_is_left_behind(simulator: Simulator) -> None:
    free, over = threading.Event(), threading.Event()
    before = set(threading.enumerate())

    def act(notes: Note, headers: dict[str, str]) -> None:
        free.wait(LONG)
        over.set()

    bot = Bot(simulator)(asgi(act), timeout=0.1, linger=0)
    simulator.incoming_call()
    simulator.advance(0)
    bot.close()
    assert not over.is_set(), "it was waited for"
    free.set()  # and then it ends by itself
    for thread in set(threading.enumerate()) - before:
        thread.join(LONG)
        assert not thread.is_alive()


def test_a_bot_behind_a_socket_that_hangs_or_is_not_there(simulator: Simulator, bot: Bot) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        bot(url, timeout=0.1, redeliveries=0)
        simulator.incoming_call()
        simulator.advance(0)
    bot(url, redeliveries=0)
    simulator.incoming_call()
    simulator.advance(0)
    hangs, absent = errors(bot)
    assert hangs == "gave no answer within 0.1 s"
    assert absent.startswith("cannot be reached (")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "gave no HTTP answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "gave no HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "gave no HTTP answer"),
    ],
    ids=["closes", "garbage", "half"],
)
def test_a_bot_that_speaks_no_http(simulator: Simulator, bot: Bot, raw: bytes, said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(raw)

        thread = threading.Thread(target=answer)
        thread.start()
        bot(f"http://127.0.0.1:{listener.getsockname()[1]}", redeliveries=0)
        simulator.incoming_call()
        simulator.advance(0)
        thread.join(5)
    assert errors(bot)[0].startswith(said)


def test_an_application_that_answers_nothing_or_garbage(simulator: Simulator, bot: Bot) -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        return

    async def backwards(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.body", "body": b"x"})

    def wordy(environ: Any, start_response: Any) -> list[bytes]:
        start_response("fine, thanks", [])
        return [b""]

    for app in (silent, backwards, wordy):
        bot(app, redeliveries=0)
        simulator.incoming_call()
        simulator.advance(0)
    assert errors(bot) == [
        "returned without an answer",
        "raised RuntimeError: http.response.body came before http.response.start",
        "answered with the status 'fine, thanks', which does not begin with a number",
    ]


def test_a_bot_attaches_a_second_bot(simulator: Simulator, bot: Bot) -> None:
    """Attaching from inside the event loop causes no deadlock, and the second bot is notified from then on."""
    received: list[str] = []

    def second(notes: Note, headers: dict[str, str]) -> None:
        received.append("second")

    def first(notes: Note, headers: dict[str, str]) -> None:
        received.append("first")
        bot(asgi(second))

    bot(asgi(first), redeliveries=0)
    call = simulator.incoming_call()
    simulator.advance(20)
    assert (call.state, received) == ("terminated", ["first", "second"])
    assert "cannot join current thread" not in bot.timeline()


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("in_a_loop", [True, False])
def test_a_loop_that_stands_still_is_named(simulator: Simulator, bot: Bot, in_a_loop: bool) -> None:
    """A bot that needs the loop in which time is let pass cannot answer; the ledger says what to do instead."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await asyncio.Event().wait()

    async def within() -> None:
        simulator.advance(0)

    bot(app, timeout=0.05, redeliveries=0)
    simulator.incoming_call()
    asyncio.run(within() if in_a_loop else asyncio.to_thread(simulator.advance, 0))
    (said,) = errors(bot)
    assert said.startswith("gave no answer within 0.05 s")
    assert ("await asyncio.to_thread(simulator.advance, seconds)" in said) is in_a_loop


def test_an_application_that_cannot_be_called(simulator: Simulator, bot: Bot) -> None:
    """An application with a wrong signature, or a wrong form of answer, is reported like other errors."""

    class Odd:
        def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            raise LookupError("not even a coroutine")

    async def worded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 202, "headers": [("a", "b")]})

    def flat(environ: Any, start_response: Any) -> list[bytes]:
        start_response(202, ["Location"])
        return [b""]

    for app in (Odd(), worded, flat):
        bot(app, redeliveries=0)
        simulator.incoming_call()
        simulator.advance(0)
    first, second, third = errors(bot)
    assert first == "raised LookupError: not even a coroutine"
    assert second.startswith("raised TypeError: ")
    assert third.startswith("raised ValueError: ")


@pytest.mark.parametrize(
    "address",
    [
        "https://[x/cb",
        "https://bot.contoso.com:port/cb",
        "https://bot.contoso.com/\ud800",
        "https://bot.contoso.com/\r\nX:",
    ],
)
def test_a_callback_address_that_is_none(simulator: Simulator, bot: Bot, phone: Phone, address: str) -> None:
    """The service accepts any text that begins with https; no bot can be notified there."""
    bot(asgi(lambda notes, headers: None), redeliveries=0)
    call = simulator.incoming_call()
    simulator.advance(0)
    assert phone.answer(call.id, address).status == 202
    simulator.advance(0)
    assert errors(bot) == ["", "was not notified, because the callbackUri is not a readable address"]


@pytest.mark.parametrize("location", ["", "https://[x", "http://host:port/"])
def test_a_redirect_to_nowhere(simulator: Simulator, bot: Bot, location: str) -> None:
    bot(redirecting(location), redeliveries=0)
    simulator.incoming_call()
    simulator.advance(0)
    assert errors(bot) == [f"redirects to {location!r}, where nothing is sent; {ALLOW}"]


def redirecting(to: str, status: int = 302) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            done = scope["path"] == "/there"
            headers = [] if done else [(b"location", to.encode())]
            await send({"type": "http.response.start", "status": 202 if done else status, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

    return app


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_is_followed_where_posting_is_allowed(simulator: Simulator, bot: Bot, status: int) -> None:
    with serve_in_thread(redirecting("/there")) as there, serve_in_thread(redirecting(f"{there}/there", status)) as url:
        bot(url)
        simulator.incoming_call()
        simulator.advance(0)
    assert deliveries(bot) == [(INCOMING, 1, 202)]


@pytest.mark.parametrize(
    ("location", "path"), [("/moved", "/moved"), ("next?a=b", "/api/next"), ("?a=b", "/api/calls")]
)
def test_a_relative_redirect_leads_to_the_same_bot(simulator: Simulator, bot: Bot, location: str, path: str) -> None:
    """The redirect does not lead to the public host that the callbackUri names."""
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        await receive()
        headers = [(b"location", location.encode())] if len(seen) == 1 else []
        await send({"type": "http.response.start", "status": 307 if headers else 202, "headers": headers})
        await send({"type": "http.response.body"})

    with serve_in_thread(app) as url:
        bot(url)
        simulator.incoming_call()
        simulator.advance(0)
    assert (seen, errors(bot)) == (["/api/calls", path], [""])


def test_a_redirect_leads_to_another_region_of_the_bot(simulator: Simulator, bot: Bot) -> None:
    """The redirect leads to an address in ``callbacks``; a relative address means that region from then on."""
    with (
        serve_in_thread(redirecting("/there")) as eu,
        serve_in_thread(redirecting("https://EU.contoso.com:443/")) as us,
    ):
        bot(us, callbacks={"https://eu.contoso.com": eu})
        simulator.incoming_call()
        simulator.advance(0)
    assert (deliveries(bot), errors(bot)) == ([(INCOMING, 1, 202)], [""])


def test_a_redirect_elsewhere_is_not_followed(simulator: Simulator, bot: Bot) -> None:
    with serve_in_thread(redirecting("https://evil.example/there")) as url:
        bot(url, redeliveries=0)
        simulator.incoming_call()
        simulator.advance(0)
    assert errors(bot) == [f"redirects to 'https://evil.example/there', where nothing is sent; {ALLOW}"]


def test_a_redirect_of_an_application_stays_inside(simulator: Simulator, bot: Bot) -> None:
    """A redirect of an application leads to itself, whatever host it names, and ends."""
    bot(redirecting("https://other.contoso.com/there"), redeliveries=0)
    simulator.incoming_call()
    simulator.advance(0)
    bot(redirecting("/round"), redeliveries=0)
    simulator.incoming_call()
    simulator.advance(0)
    assert [one.status for one in bot.deliveries] == [202, 302]
    assert errors(bot)[1] == "redirects more than 3 times"


# What goes on behind an application's answer


def test_a_lifespan_is_run(simulator: Simulator) -> None:
    steps: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for stage in ("startup", "shutdown"):
                steps.append((await receive())["type"])
                scope["state"]["kept"] = 7
                await send({"type": f"lifespan.{stage}.complete"})
            return
        steps.append(str(scope["state"]["kept"]))
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    bot = Bot(simulator)(app)
    simulator.incoming_call()
    simulator.advance(0)
    bot.close()
    assert steps == ["lifespan.startup", "7", "lifespan.shutdown"]


def test_an_application_that_fails_to_start(bot: Bot) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(SettingError, match="It failed to start: no database"):
        bot(app)


@pytest.mark.usefixtures("_patient")
def test_an_application_that_never_starts(bot: Bot) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    with pytest.raises(SettingError, match=r"It did not start within 0\.1 s"):
        bot(app, timeout=0.1)


def test_requests_after_the_answer_are_waited_for(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """Tasks of a coroutine, threads of a WSGI application."""
    kept: list[Any] = []

    async def later(call: str) -> None:
        await turns()
        headers = {"Authorization": f"Bearer {phone.token}"}
        async with httpx.AsyncClient(transport=SimulatorTransport(simulator), headers=headers) as client:
            url = f"https://graph.microsoft.com/v1.0/communications/calls/{call}/reject"
            assert (await client.post(url, json={"reason": "busy"})).status_code == 202

    def in_task(notes: Note, headers: dict[str, str]) -> None:
        kept.extend(asyncio.ensure_future(later(call)) for call in incoming(notes))

    def in_thread(notes: Note, headers: dict[str, str]) -> None:
        answers = threading.current_thread()

        def work(call: str) -> None:
            answers.join(LONG)
            phone.reject(call, "busy")

        for call in incoming(notes):
            threading.Thread(target=work, args=[call]).start()

    for app in (asgi(in_task), wsgi(in_thread)):
        bot(app, linger=LONG)
        call = simulator.incoming_call()
        simulator.advance(0)
        assert call.rejected_with == "busy"
        bot.assert_answered_within(0)


def test_later_requests_of_a_bot_behind_a_url_can_be_waited_for(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    looked = threading.Event()

    def later(call: str) -> None:
        assert looked.wait(LONG)
        phone.reject(call)

    def act(notes: Note, headers: dict[str, str]) -> None:
        for call in incoming(notes):
            threading.Thread(target=later, args=[call]).start()

    with serve_in_thread(asgi(act)) as url:
        bot(url)
        call = simulator.incoming_call()
        simulator.advance(0)
        assert call.rejected_with is None
        looked.set()
        bot.wait_for(lambda: call.rejected_with, seconds=LONG)
    assert call.rejected_with == "forbidden"
    with pytest.raises(
        BotError, match=r"did not become true within 0\.01 real seconds, .*simulator\.advance\(…\) posts "
    ):
        bot.wait_for(lambda: False, seconds=0.01)


def test_a_task_that_goes_on_for_long_is_waited_for_once(
    simulator: Simulator, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task is waited for after the notification that began it, as ``linger`` says, and after no later one."""
    kept: list[Any] = []
    received: list[Note] = []
    waited_after: set[int] = set()
    really = asyncio.wait

    def act(notes: Note, headers: dict[str, str]) -> None:
        received.append(notes)
        if not kept:
            kept.append(asyncio.ensure_future(asyncio.Event().wait()))

    def wait(tasks: Any, **more: Any) -> Any:
        if set(kept) & set(tasks):
            waited_after.add(len(received))
        return really(tasks, **more)

    monkeypatch.setattr(asyncio, "wait", wait)
    bot(asgi(act), linger=0.2)
    began = time.perf_counter()
    for _ in range(10):
        simulator.incoming_call()
    simulator.advance(0)
    assert time.perf_counter() - began >= 0.2
    assert (waited_after, len(received)) == ({1}, 10)


def test_a_bot_that_calls_back_from_another_thread(
    simulator: Simulator, bot: Bot, phone: Phone, place: Callable[[Act], Any]
) -> None:
    """The bot waits for that thread before it answers, and may even advance time; there is no deadlock."""
    alive: list[bool] = []

    def act(notes: Note, headers: dict[str, str]) -> None:
        def work() -> None:
            for call in incoming(notes):
                phone.reject(call)
            simulator.advance(1)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(LONG)
        alive.append(thread.is_alive())

    bot(place(act))
    call = simulator.incoming_call()
    simulator.advance(0)
    assert call.rejected_with == "forbidden"
    assert deliveries(bot) == [(INCOMING, 1, 202), ("deleted call", 1, 202)]
    assert (alive, simulator.now) == ([False, False], 2)


def test_an_exception_after_the_answer_is_reported(simulator: Simulator, bot: Bot) -> None:
    kept: list[Any] = []

    async def fails() -> None:
        await turns()
        raise LookupError("too late")

    bot(asgi(lambda notes, headers: kept.append(asyncio.ensure_future(fails()))), linger=LONG)
    simulator.incoming_call()
    simulator.advance(0)
    assert deliveries(bot) == [(INCOMING, 1, 202)]
    assert errors(bot) == ["raised after its answer: LookupError: too late"]


# Does it believe everything?


def validating(simulator: Simulator, *, leave_out: str = "") -> Act:
    """A bot with a validator as bots have it: metadata, key set, claims. ``leave_out`` one check."""
    transport = SimulatorTransport(simulator)
    options: dict[str, Any] = {f"verify_{leave_out}": False} if leave_out else {}

    def act(notes: Note, headers: dict[str, str]) -> int | None:
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if not token and leave_out == "presence":
            return None
        with httpx.Client(transport=transport) as client:
            metadata = client.get("https://api.aps.skype.com/v1/.well-known/OpenIdConfiguration").json()
            keys = jwt.PyJWKSet.from_dict(client.get(metadata["jwks_uri"]).json())
        facts: dict[str, Any] = {"audience": simulator.authority.app.app_id, "issuer": metadata["issuer"]}
        try:
            key = keys[jwt.get_unverified_header(token)["kid"]].key if leave_out != "signature" else ""
            claims = jwt.decode(token, key, ["RS256"], options=options, **facts)
        except (jwt.InvalidTokenError, KeyError):
            return 401
        return None if "tid" in claims or leave_out == "tid" else 401

    return act


def test_a_bot_that_believes_no_forgery(simulator: Simulator, bot: Bot) -> None:
    """Forgeries are refused before the first notification, and after it; also with a new key."""
    bot(wsgi(validating(simulator)))
    bot.assert_refuses_forged_notifications()
    simulator.channel.keys.rotate()
    simulator.channel.keys.retire()
    simulator.incoming_call()
    simulator.advance(0)
    bot.assert_refuses_forged_notifications(missing_tid=True)
    assert bot.forge("odd cty").accepted
    assert {one.note for one in bot.deliveries} >= {f"forged: {name}" for name in FORGERIES}


@pytest.mark.parametrize(
    ("leave_out", "taken"),
    [
        ("aud", "wrong audience (202)"),
        ("iss", "wrong issuer (202)"),
        ("exp", "expired (202)"),
        ("presence", "no token (202)"),
        ("signature", "unsigned (202), unknown key (202), wrong signature (202)"),
    ],
)
def test_a_bot_that_believes_too_much(simulator: Simulator, bot: Bot, leave_out: str, taken: str) -> None:
    bot(wsgi(validating(simulator, leave_out=leave_out)))
    with pytest.raises(BotError) as caught:
        bot.assert_refuses_forged_notifications()
    if leave_out == "signature":  # without it PyJWT looks at nothing else either
        taken = "wrong audience (202), wrong issuer (202), expired (202), " + taken
    demanded = "no token, wrong audience, wrong issuer, expired, unsigned, unknown key, wrong signature"
    expected = f"it has to refuse these forgeries: {demanded}"
    assert caught.value.what == f"the bot did not refuse with 401 or 403: {taken}; {expected}"
    assert "[forged: wrong issuer]" in str(caught.value)


def test_a_token_without_a_tenant_is_refused_on_request_alone(simulator: Simulator, bot: Bot) -> None:
    """Microsoft's own validators take it."""
    bot(wsgi(validating(simulator, leave_out="tid")))
    bot.assert_refuses_forged_notifications()
    with pytest.raises(BotError) as caught:
        bot.assert_refuses_forged_notifications(missing_tid=True)
    taken, _, demanded = caught.value.what.partition("; ")
    assert taken == "the bot did not refuse with 401 or 403: missing tid (202)"
    assert demanded.endswith(": " + ", ".join(one for one in FORGERIES if one != "odd cty"))
    bot(wsgi(validating(simulator)))
    bot.assert_refuses_forged_notifications(missing_tid=True)


def test_a_bot_that_believes_nothing(bot: Bot) -> None:
    bot(asgi(lambda notes, headers: 401))
    with pytest.raises(BotError, match="answered 401 to a good token, so forged ones cannot be judged"):
        bot.assert_refuses_forged_notifications()


def test_a_forgery_has_a_name(bot: Bot) -> None:
    bot(asgi(lambda notes, headers: None))
    with pytest.raises(UnknownNameError, match="Did you mean 'wrong audience'"):
        bot.forge("wrong audince")


# In time


def test_no_incoming_call_is_no_answer(simulator: Simulator, bot: Bot) -> None:
    bot(asgi(lambda notes, headers: None))
    with pytest.raises(
        BotError, match=r"was notified of no incoming call; say where it is with graphcalls.bot\(app\) or serve --bot, "
    ):
        bot.assert_answered_within(15)


def test_a_call_that_is_left_ringing(simulator: Simulator, bot: Bot) -> None:
    bot(asgi(lambda notes, headers: None))
    call = simulator.incoming_call()
    simulator.advance(4)
    with pytest.raises(BotError) as caught:
        bot.assert_answered_within(15)
    assert (
        caught.value.what
        == f"incoming call {call.id} was not answered, rejected or redirected; it is 4 virtual seconds later"
    )


def test_an_answer_that_comes_late(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    bot(asgi(lambda notes, headers: None))
    call = simulator.incoming_call()
    simulator.advance(4)
    phone.answer(call.id)
    bot.assert_answered_within(4)
    with pytest.raises(BotError, match="after 4 virtual seconds; expected at most 3"):
        bot.assert_answered_within(3)


def test_the_timeline(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """Notifications and the requests that followed them, in order, with the seed."""

    def act(notes: Note, headers: dict[str, str]) -> None:
        for call in incoming(notes):
            phone.reject(call)

    bot(asgi(act))
    call = simulator.incoming_call()
    simulator.advance(1)
    lines = bot.timeline().splitlines()
    assert lines[0] == "seed 7, virtual time 1 s"
    assert lines[1].startswith(f"#1       0.00 s  posted {INCOMING}: 202 in ")
    assert lines[1].endswith(f" ms  (call {call.id[:8]})")
    assert lines[2] == f"#2       0.00 s  asked  POST /calls/{call.id}/reject: 202"
    assert lines[3].startswith("#3       0.00 s  posted deleted call: 202 in ")


def test_another_bot_takes_its_place(simulator: Simulator, bot: Bot) -> None:
    """The first one is not notified any more; the ledger goes on, and requests are written down once."""
    first: list[int] = []
    second: list[int] = []
    bot(asgi(lambda notes, headers: first.append(1)))
    bot(asgi(lambda notes, headers: second.append(1)))
    call = simulator.incoming_call()
    simulator.advance(0)
    Phone(simulator).reject(call.id)
    assert (first, second, len(bot.requests)) == ([], [1], 1)


def test_a_notification_from_before_a_reset_is_not_repeated(simulator: Simulator, bot: Bot) -> None:
    """A failed notification is not repeated after a reset, although the next call has the same id."""
    statuses = [500, 500, 500, 202]

    def act(notes: Note, headers: dict[str, str]) -> int:
        if len(statuses) == 4:
            simulator.reset()
        return statuses.pop(0)

    bot(asgi(act))
    before = simulator.incoming_call()
    simulator.advance(0)
    assert simulator.incoming_call().id == before.id
    simulator.advance(5)
    assert [(one.attempt, one.at, one.status) for one in bot.deliveries] == [
        (1, 0.0, 500),
        (1, 0.0, 500),
        (2, 1.0, 500),
        (3, 2.0, 202),
    ]


def test_requests_before_the_bot_has_a_place_are_written_down(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """Requests and faults are written down once each, also when the bot is replaced or detached in between."""
    bot.watch()
    for where in (asgi(lambda notes, headers: None), "http://127.0.0.1:9"):
        phone.send("GET", "/calls/57da")
        bot(where)
        assert bot.where == (where if isinstance(where, str) else "")
        bot.close()
    simulator.fault("503")
    phone.send("GET", "/calls/57da")
    assert [str(entry) for entry in bot.ledger.entries] == [
        "asked  GET /calls/57da: 404",
        "asked  GET /calls/57da: 404",
        "fault  503: GET /calls/57da",
        "asked  GET /calls/57da: 503",
    ]


def test_a_ledger_that_was_cleared_forgets_what_is_on_its_way(simulator: Simulator, bot: Bot) -> None:
    """A notification under way belongs to the time before."""
    bot(asgi(lambda notes, headers: bot.ledger.clear()))
    simulator.incoming_call()
    simulator.advance(0)
    assert (bot.ledger.entries, bot.ledger.complete_up_to) == ((), 1)


def test_the_ledger_says_up_to_where_it_is_complete(simulator: Simulator, bot: Bot) -> None:
    """What is on its way may be written down after what came later."""
    seen: list[int] = []
    bot(asgi(lambda notes, headers: seen.append(bot.ledger.complete_up_to)))
    assert bot.ledger.complete_up_to == 0
    simulator.incoming_call()
    simulator.advance(0)
    assert (seen, bot.ledger.complete_up_to) == ([0], 1)


def test_the_size_of_a_ledger_can_be_set(simulator: Simulator, phone: Phone) -> None:
    """The latest lines are kept, and the number of dropped ones is shown; a server runs for days."""
    bot = Bot(simulator, seed=7, most=2)
    bot.watch()
    for call in ("1", "2", "3", "4"):
        phone.send("GET", f"/calls/{call}")
    assert [one.path for one in bot.requests] == ["/calls/3", "/calls/4"]
    assert (bot.ledger.complete_up_to, bot.ledger.dropped) == (4, 2)
    assert "(2 earlier lines are no longer kept)" in bot.timeline()
    bot.ledger.clear()
    assert (bot.ledger.entries, bot.ledger.dropped) == ((), 0)
