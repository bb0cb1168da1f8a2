"""Prompts that the bot under test serves: fetched as the service would, and nothing else is."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.session import Recorder
from pytest_graphcalls.simulator import SimulatedCall, Simulator
from pytest_graphcalls.targets import Setup, SimulatorTarget
from tests.unit.bot.bots import Phone, incoming, wsgi

HOST = "https://bot.contoso.com"


def wav(seconds: float, rate: int = 16_000, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(bytes(round(seconds * rate) * 2 * channels))
    return file.getvalue()


class AudioBot:
    """An ASGI bot that answers calls, and serves audio files by their paths."""

    def __init__(self, phone: Phone, files: dict[str, bytes]) -> None:
        self.phone = phone
        self.files = files
        self.media: dict[str, object] | None = None
        self.fetched: list[tuple[str, str, set[str]]] = []

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _ in self.fetched]

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        body = (await receive())["body"]
        status, answer = 202, b""
        if scope["path"] == "/api/calls":
            for call in incoming(json.loads(body)):
                self.phone.answer(call, media=self.media)
        else:
            self.fetched.append((scope["method"], scope["path"], {name.decode() for name, _ in scope["headers"]}))
            found = self.files.get(scope["path"])
            status, answer = (404, b"") if found is None else (200, found)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})


def answered(simulator: Simulator, caller: str = "Ana") -> SimulatedCall:
    """An incoming call that the attached bot has answered."""
    call = simulator.incoming_call(caller)
    simulator.advance(2)
    assert call.state == "established"
    return call


def play(phone: Phone, call: SimulatedCall, *uris: str, resource_id: str = "") -> None:
    named = {"resourceId": resource_id} if resource_id else {}
    prompts = [{"@odata.type": "#microsoft.graph.mediaPrompt", "mediaInfo": {"uri": uri, **named}} for uri in uris]
    answer = phone.send("POST", f"/calls/{call.id}/playPrompt", {"prompts": prompts})
    assert answer.status == 200, answer.body


@pytest.fixture(name="audio")
def _audio(bot: Bot, phone: Phone) -> AudioBot:
    """An attached bot with a file of seven seconds, which is longer than what is read of it."""
    app = AudioBot(phone, {"/seven.wav": wav(7), "/music.mp3": b"ID3\x03" * 9, "/loud.wav": wav(1, 44_100, 2)})
    bot(app)
    return app


def test_a_prompt_lasts_as_long_as_its_file(simulator: Simulator, phone: Phone, audio: AudioBot) -> None:
    """The bot serves it, and the file says how long that is."""
    call = answered(simulator)
    play(phone, call, f"{HOST}/seven.wav")
    simulator.advance(60)
    (prompt,) = call.prompts
    assert (prompt.ended, (prompt.ends or 0) - prompt.begins) == ("completed", 7)
    assert simulator.person("Ana").heard == (prompt,)


def test_a_file_is_fetched_by_get_without_credentials(simulator: Simulator, phone: Phone, audio: AudioBot) -> None:
    """No header but the host."""
    play(phone, answered(simulator), f"{HOST}/seven.wav")
    simulator.advance(0)
    assert audio.fetched == [("GET", "/seven.wav", {"host"})]


def test_a_resource_id_is_fetched_once(simulator: Simulator, phone: Phone, audio: AudioBot) -> None:
    """A resourceId is fetched once in all calls; without one a file is fetched once for each request."""
    first, second = answered(simulator), answered(simulator, "Ben")
    for call in (first, second, first):
        play(phone, call, f"{HOST}/seven.wav", f"{HOST}/seven.wav", resource_id="seven")
        simulator.advance(0)
    simulator.advance(60)
    assert audio.paths == ["/seven.wav"]
    assert [(one.ends or 0) - one.begins for one in (*first.prompts, *second.prompts)] == [7] * 6
    for _ in range(2):
        play(phone, first, f"{HOST}/seven.wav", f"{HOST}/seven.wav")
        simulator.advance(60)
    assert audio.paths == ["/seven.wav"] * 3
    simulator.reset()
    play(phone, answered(simulator), f"{HOST}/seven.wav", resource_id="seven")
    simulator.advance(0)
    assert len(audio.paths) == 4


def media(*names: str) -> dict[str, object]:
    """A mediaConfig that has these files fetched ahead."""
    files = [{"uri": f"{HOST}/{name}", "resourceId": name} for name in names]
    return {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig", "preFetchMedia": files}


@pytest.mark.parametrize("made", [True, False], ids=["created", "answered"])
def test_files_are_fetched_ahead(simulator: Simulator, phone: Phone, bot: Bot, *, made: bool) -> None:
    """A create or answer that names files fetches them (s1.10); a prompt with the same resourceId waits for none."""
    audio = AudioBot(phone, {"/seven.wav": wav(7)})
    audio.media = media("seven.wav")
    bot(audio)
    if made:
        target = {"identity": {"user": {"id": simulator.person("Ana").id}}}
        callback = {"callbackUri": f"{HOST}/api/calls", "requestedModalities": ["audio"]}
        body = {"targets": [target], "mediaConfig": audio.media, **callback}
        call = simulator.call(phone.send("POST", "/calls", body).json()["id"])
        simulator.advance(5)
    else:
        call = answered(simulator)
    assert audio.paths == ["/seven.wav"]
    play(phone, call, f"{HOST}/seven.wav", resource_id="seven.wav")
    simulator.advance(60)
    assert audio.paths == ["/seven.wav"]
    assert [(one.ends or 0) - one.begins for one in call.prompts] == [7]


def test_a_file_that_was_not_there_ahead_is_fetched_again(simulator: Simulator, phone: Phone, bot: Bot) -> None:
    """A missing file is fetched again when it is to be played; one of a wrong format is not."""
    audio = AudioBot(phone, {})
    audio.media = media("seven.wav", "")
    bot(audio)
    call = answered(simulator)
    audio.files["/seven.wav"] = wav(7)
    play(phone, call, f"{HOST}/seven.wav", resource_id="seven.wav")
    simulator.advance(60)
    assert audio.paths == ["/seven.wav"] * 2
    assert call.prompts[0].problem == ""


def test_a_file_of_wrong_format_is_found_ahead(simulator: Simulator, phone: Phone, bot: Bot) -> None:
    """The finding is at its place in the answer; the prompt fails without another fetch."""
    audio = AudioBot(phone, {"/music.mp3": b"ID3"})
    audio.media = media("music.mp3")
    bot(audio)
    found: list[str] = []
    simulator.prompts.report = lambda finding, _: found.append(finding.where)
    call = answered(simulator)
    play(phone, call, f"{HOST}/music.mp3", resource_id="music.mp3")
    simulator.advance(60)
    assert audio.paths == ["/music.mp3"]
    assert found == ["$.mediaConfig.preFetchMedia[0].uri"]
    assert call.prompts[0].problem.startswith("wrong format")


@pytest.mark.parametrize(
    "uri",
    ["https://cdn.example.com/seven.wav", "http://bot.contoso.com/seven.wav", "https://[", "seven.wav", "\n"],
)
def test_files_of_other_hosts_are_not_fetched(simulator: Simulator, phone: Phone, audio: AudioBot, uri: str) -> None:
    """A file on another host, or at no address, counts as heard for as long as the pace says."""
    call = answered(simulator)
    play(phone, call, uri)
    simulator.advance(60)
    assert audio.fetched == []
    assert (call.prompts[0].ended, (call.prompts[0].ends or 0) - call.prompts[0].begins) == ("completed", 2)


def test_a_file_that_is_not_there_ends_its_prompt(simulator: Simulator, phone: Phone, audio: AudioBot) -> None:
    """The prompt failed or, if the test chooses so, completed unheard; others of the request are not heard."""
    call = answered(simulator)
    play(phone, call, f"{HOST}/seven.wav", f"{HOST}/none.wav")
    simulator.advance(0)
    assert [one.how for one in call.operations] == ["not-downloadable"]
    problem = "not downloadable: was answered with 404"
    (prompt,) = call.prompts
    assert (prompt.uri, prompt.ended, prompt.problem) == (f"{HOST}/none.wav", "not-downloadable", problem)
    simulator.media.switches.choose(unplayable="completed")
    play(phone, call, f"{HOST}/none.wav")
    simulator.advance(0)
    assert [one.how for one in call.operations] == ["not-downloadable", "unheard"]
    assert (call.prompts[-1].ended, call.prompts[-1].problem) == ("unheard", problem)


def test_the_prompt_behind_a_bad_one_begins(simulator: Simulator, phone: Phone, audio: AudioBot) -> None:
    """The next prompt begins at the same moment."""
    call = answered(simulator)
    play(phone, call, f"{HOST}/none.wav")
    play(phone, call, f"{HOST}/seven.wav")
    simulator.advance(7)
    assert [one.how for one in call.operations] == ["not-downloadable", "completed"]


@pytest.mark.parametrize(
    ("path", "got"),
    [
        ("/music.mp3", r"no WAV: it begins with b'ID3\x03ID3\x03ID3\x03'"),
        ("/loud.wav", "WAV with coding 1, 2 channel(s), 16 bit, 44.1 kHz"),
        ("/cut.wav", "WAV that ends before its audio"),
        ("/empty.wav", "WAV without any audio"),
    ],
)
def test_a_wrong_format_is_a_finding_of_its_request(path: str, got: str) -> None:
    """The finding says what to do, once for each file; the test of such a bot fails."""
    recorder = Recorder(Contract.packaged())
    connection = SimulatorTarget().connect(Setup("v1.0", recorder))
    simulator = connection.simulator
    phone = Phone(simulator)
    app = AudioBot(phone, {"/music.mp3": b"ID3\x03" * 9, "/loud.wav": wav(1, 44_100, 2), "/cut.wav": wav(1)[:20]})
    app.files["/empty.wav"] = wav(0)
    bot = Bot(simulator)(app)
    call = answered(simulator)
    for _ in range(2):
        play(phone, call, f"{HOST}{path}", resource_id="a")
        simulator.advance(0)
    bot.close()
    assert [one.how for one in call.operations] == ["wrong-format"] * 2
    (seen,) = recorder.failing()
    found = seen.finding
    assert (found.where, found.got) == ("$.prompts[0].mediaInfo.uri", got)
    assert found.expected == "WAV, PCM, mono, 16 bit, 16 kHz"
    assert found.hint.startswith(f"Convert {HOST}{path}; for example: ffmpeg")
    assert seen.exchange is not None
    assert recorder.exchanges[seen.exchange].request.path.endswith("/playPrompt")


def test_the_prompt_of_a_recording_is_fetched_as_well(simulator: Simulator, phone: Phone, audio: AudioBot) -> None:
    """A prompt that cannot be played fails the recording."""
    call = answered(simulator)
    for path in ("/seven.wav", "/none.wav"):
        info = {"uri": f"{HOST}{path}"}
        body = {"prompts": [{"@odata.type": "#microsoft.graph.mediaPrompt", "mediaInfo": info}], "playBeep": False}
        assert phone.send("POST", f"/calls/{call.id}/recordResponse", body).status == 200
    simulator.advance(60)
    recorded, failed = call.operations
    assert ((recorded.listens or 0) - (recorded.began or 0), failed.how) == (7, "prompt-failed")


def test_a_bot_behind_a_url_serves_its_files_there(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """Files are fetched at the callback's host, which stands for the bot, and at its own address only."""
    app = AudioBot(phone, {"/seven.wav": wav(7)})
    with serve_in_thread(app) as url:
        bot(url)
        call = answered(simulator)
        play(phone, call, f"{HOST}/seven.wav", f"{url}/seven.wav", "https://cdn.example.com/seven.wav")
        simulator.advance(60)
        bot.close()
    assert app.paths == ["/seven.wav"] * 2
    assert [(one.ends or 0) - one.begins for one in call.prompts] == [7, 7, 2]


def test_a_bot_that_gives_no_answer_says_why(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """The reason stands beside the prompt."""

    def act(notes: Any, _: Any) -> None:
        for one in incoming(notes):
            phone.answer(one)

    bot(wsgi(act))
    call = answered(simulator)
    play(phone, call, f"{HOST}/seven.wav")
    simulator.advance(0)
    assert call.prompts[0].problem.startswith("not downloadable: raised JSONDecodeError")


def test_a_call_that_ends_while_a_file_is_fetched_plays_nothing(
    simulator: Simulator, phone: Phone, audio: AudioBot
) -> None:
    """The fetched file is not used."""
    call = answered(simulator)
    play(phone, call, f"{HOST}/seven.wav")
    phone.send("DELETE", f"/calls/{call.id}")
    simulator.advance(60)
    assert (audio.fetched, call.prompts, call.operations[0].how) == ([], (), "")


def test_a_cancel_while_a_file_is_fetched_ends_it_once(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """What was fetched for it is not played."""

    class Cancelling(AudioBot):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and scope["method"] == "GET":
                self.phone.send("POST", f"/calls/{call.id}/cancelMediaProcessing", {})
            await super().__call__(scope, receive, send)

    bot(Cancelling(phone, {"/seven.wav": wav(7)}))
    call = answered(simulator)
    play(phone, call, f"{HOST}/seven.wav")
    simulator.advance(60)
    assert [one.how for one in call.operations] == ["cancelled", ""]
    ended = [note for note in simulator.notifications if "/operations/" in note.entries[0]["resourceUrl"]]
    assert len(ended) == 1
