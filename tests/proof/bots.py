"""A good bot, and for each assertion one that is not: the same bot with one habit changed.

It answers every call, invites an expert or transfers the caller, keeps its calls alive, waits as Retry-After says,
hangs up its last calls at the end, and believes the service only. In each call it plays a greeting, records an
answer, and confirms every key. Its timers run by virtual time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import jwt

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Headers, Notification, Request, Response
from tests.unit.bot.bots import Phone

EXPERT, DESK = "Expert", "Desk"
TRANSFERRED = frozenset({"Eva", "Finn"})
"""Callers who are transferred to the desk after the greeting."""
RETRY_AFTER = 3
PROMPT = {
    "@odata.type": "#microsoft.graph.mediaPrompt",
    "mediaInfo": {"@odata.type": "#microsoft.graph.mediaInfo", "uri": "https://cdn.contoso.com/greeting.wav"},
}


@dataclass(frozen=True, slots=True)
class Habits:
    """How a bot behaves. The defaults are good manners.

    Attributes:
        answers_after: virtual seconds that it lets a call ring.
        keeps_alive_every: virtual seconds from one keepAlive to the next.
        refuses: ending of the address of notifications that it answers with 500.
        forgets_ended: whether it drops its timer when a call is over.
        waits: whether it waits as long as a refusal says.
        remembers: whether it knows a notification again.
        waits_for_establishing: whether it takes ``established`` for nothing unless ``establishing`` came before.
        hangs_up: whether it ends its calls when it goes home.
        looks_at_tokens: whether it checks who has sent a notification.
        waits_for_audio: whether it plays once the audio is active, not as soon as the call is established.
        hears_out: whether it records after the end of its greeting, not together with it.
        counts_keys: whether it knows a key again by its number.
        reads_recordings: whether it reads what it has recorded.
        states_first: whether it says that it records before it does, not afterwards.
        lets_go: whether it waits for what becomes of a transfer, and plays nothing meanwhile.
        takes_back: whether it says something when a transfer has failed.
        heeds_mutes: whether it unmutes itself when it was muted.
    """

    answers_after: float = 0.0
    keeps_alive_every: float = 600.0
    refuses: str = ""
    forgets_ended: bool = True
    waits: bool = True
    remembers: bool = True
    waits_for_establishing: bool = False
    hangs_up: bool = True
    looks_at_tokens: bool = True
    waits_for_audio: bool = True
    hears_out: bool = True
    counts_keys: bool = True
    reads_recordings: bool = True
    states_first: bool = True
    lets_go: bool = True
    takes_back: bool = True
    heeds_mutes: bool = True


GOOD = Habits()
FAULTY: Mapping[str, Habits] = {
    "assert_answered_within": replace(GOOD, answers_after=4),
    "assert_took_every_notification": replace(GOOD, refuses="/participants"),
    "assert_kept_alive": replace(GOOD, keeps_alive_every=1200),
    "assert_stopped_after_end": replace(GOOD, forgets_ended=False),
    "assert_waited_retry_after": replace(GOOD, waits=False),
    "assert_acts_once_on_duplicates": replace(GOOD, remembers=False),
    "assert_survives_reorder": replace(GOOD, waits_for_establishing=True),
    "assert_hung_up_what_it_created": replace(GOOD, hangs_up=False),
    "assert_refuses_forged_notifications": replace(GOOD, looks_at_tokens=False),
    "assert_plays_when_audio_is_active": replace(GOOD, waits_for_audio=False),
    "assert_goes_on_after_an_end": replace(GOOD, hears_out=False),
    "assert_acts_once_for_each_tone": replace(GOOD, counts_keys=False),
    "assert_fetched_every_recording": replace(GOOD, reads_recordings=False),
    "assert_states_recording_first": replace(GOOD, states_first=False),
    "assert_leaves_transferred_calls_alone": replace(GOOD, lets_go=False),
    "assert_copes_with_failed_transfers": replace(GOOD, takes_back=False),
    "assert_plays_nothing_while_muted": replace(GOOD, heeds_mutes=False),
}
"""By the assertion that has to catch it: a bot with one bad habit."""


class Receptionist:
    """The bot, an ASGI application.

    Args:
        simulator: the tenant that it works in.
        habits: how it behaves.
    """

    def __init__(self, simulator: Simulator, habits: Habits = GOOD) -> None:
        self._simulator = simulator
        self._habits = habits
        self._phone = Phone(simulator)
        self._seen: set[str] = set()
        self._states: dict[str, str] = {}
        self._greetings: dict[str, str] = {}
        self._keys: set[tuple[str, int]] = set()
        self._to_transfer: set[str] = set()
        self._own: dict[str, str] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Take a notification."""
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        body = (await receive())["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        await send({"type": "http.response.start", "status": self._take(headers, json.loads(body)), "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def _take(self, headers: Mapping[str, str], notes: Mapping[str, Any]) -> int:
        if self._habits.looks_at_tokens and not self._believes(headers.get("authorization", "")):
            return 401
        refuses = self._habits.refuses
        if refuses and any(note["resourceUrl"].endswith(refuses) for note in notes["value"]):
            return 500
        message = headers["x-microsoft-skype-message-id"]
        if not (self._habits.remembers and message in self._seen):
            self._seen.add(message)
            for note in notes["value"]:
                self._act(note)
        return 202

    def _believes(self, bearer: str) -> bool:
        keys = jwt.PyJWKSet.from_dict({"keys": self._simulator.channel.keys.public()})
        facts: dict[str, Any] = {
            "audience": self._simulator.authority.app.app_id,
            "issuer": "https://api.botframework.com",
            "options": {"require": ["exp"]},
        }
        token = bearer.removeprefix("Bearer ")
        try:
            jwt.decode(token, keys[jwt.get_unverified_header(token)["kid"]].key, ["RS256"], **facts)
        except (jwt.InvalidTokenError, KeyError):
            return False
        return True

    def _act(self, note: Mapping[str, Any]) -> None:
        data = note["resourceData"]
        if isinstance(data, list):
            self._see(note["resourceUrl"].split("/")[-2], data)
        if isinstance(data, dict) and note["changeType"] == "deleted" and "completionReason" in data:
            self._after_prompt(note["resourceUrl"].split("/")[-3], data)
        if not isinstance(data, dict) or not data["@odata.type"].lower().endswith(".call"):
            return
        call = note["resourceUrl"].rpartition("/")[2]
        if note["changeType"] == "created":
            self._own[call] = data["myParticipantId"]
            if data["source"]["identity"]["user"]["displayName"] in TRANSFERRED:
                self._to_transfer.add(call)
            self._simulator.later(self._habits.answers_after, lambda: self._answer(call))
        elif note["changeType"] == "deleted":
            if self._habits.forgets_ended:
                self._states.pop(call, None)
        elif "toneInfo" in data:
            self._confirm(call, data["toneInfo"]["sequenceId"])
        elif data["state"] == "established" and "resultInfo" in data:
            if self._habits.takes_back:
                self._play(call)
        else:
            self._came_into(call, data["state"])
            if "mediaState" in data or not self._habits.waits_for_audio:
                self._greet(call)

    def _see(self, call: str, roster: list[Mapping[str, Any]]) -> None:
        if self._habits.heeds_mutes and any(one["isMuted"] for one in roster if one["id"] == self._own[call]):
            self._phone.send("POST", f"/calls/{call}/unmute", {})

    def _answer(self, call: str) -> None:
        self._phone.answer(call)

    def _came_into(self, call: str, state: str) -> None:
        before = self._states.get(call)
        if before in {"established", "not mine"}:
            return
        if state == "established" and self._habits.waits_for_establishing and before != "establishing":
            state = "not mine"
        self._states[call] = state
        if state == "established":
            if call not in self._to_transfer:
                self._invite(call)
            self._stay(call)

    def _invite(self, call: str) -> None:
        if call in self._states:
            who = {"identity": {"user": {"id": self._simulator.person(EXPERT).id}}}
            answer = self._phone.send("POST", f"/calls/{call}/participants/invite", {"participants": [who]})
            if answer.status == 429:
                wait = float(answer.headers["retry-after"]) if self._habits.waits else 0.0
                self._simulator.later(wait, lambda: self._invite(call))

    def _stay(self, call: str) -> None:
        def again() -> None:
            if call in self._states:
                self._phone.send("POST", f"/calls/{call}/keepAlive")
                self._stay(call)

        self._simulator.later(self._habits.keeps_alive_every, again)

    def _greet(self, call: str) -> None:
        if self._states.get(call) == "established" and call not in self._greetings.values():
            self._phone.send("POST", f"/calls/{call}/subscribeToTone", {})
            self._greetings[self._play(call)] = call
            if not self._habits.hears_out:
                self._record(call)

    def _play(self, call: str) -> str:
        answer = self._phone.send("POST", f"/calls/{call}/playPrompt", {"prompts": [PROMPT]})
        return str(answer.json().get("id"))

    def _after_prompt(self, call: str, operation: Mapping[str, Any]) -> None:
        if operation["id"] in self._greetings and self._habits.hears_out:
            self._record(call)
        if operation.get("recordingLocation"):
            if self._habits.reads_recordings:
                token = Headers({"Authorization": f"Bearer {operation['recordingAccessToken']}"})
                self._simulator.handle(Request("GET", operation["recordingLocation"], token))
            if not self._habits.states_first:
                self._state(call)

    def _transfer(self, call: str) -> None:
        target = {"identity": {"user": {"id": self._simulator.person(DESK).id}}}
        self._phone.send("POST", f"/calls/{call}/transfer", {"transferTarget": target})
        if not self._habits.lets_go:
            self._play(call)

    def _record(self, call: str) -> None:
        if call in self._to_transfer:
            self._transfer(call)
            return
        if self._habits.states_first:
            self._state(call)
        self._phone.send("POST", f"/calls/{call}/recordResponse", {"maxRecordDurationInSeconds": 2})

    def _state(self, call: str) -> None:
        self._phone.send("POST", f"/calls/{call}/updateRecordingStatus", {"status": "recording"})

    def _confirm(self, call: str, number: int) -> None:
        if not self._habits.counts_keys or (call, number) not in self._keys:
            self._keys.add((call, number))
            self._play(call)

    def goes_home(self) -> None:
        """End what is left."""
        if self._habits.hangs_up:
            for call in self._states:
                self._phone.send("DELETE", f"/calls/{call}")


class Throttled:
    """Answers the first invite of all with 429."""

    def __init__(self) -> None:
        self._left = 1

    def __call__(self, request: Request, proceed: Callable[[Request], Response]) -> Response:
        """Answer a request."""
        if self._left and request.path.endswith("/invite"):
            self._left -= 1
            return Response(429, Headers({"Retry-After": str(RETRY_AFTER)}))
        return proceed(request)


class Swapping:
    """A courier that hands ``established`` of one call over before ``establishing``.

    Args:
        bot: whose courier does the delivering.
    """

    def __init__(self, bot: Bot) -> None:
        self._courier = bot.courier
        self._held: list[tuple[Notification, int]] = []
        self.call = ""

    def __call__(self, note: Notification, sequence: int) -> None:
        """Deliver a notification, or hold it back."""
        (entry,) = note.entries
        if note.call_id == self.call and entry["resourceData"]["state"] == "establishing":
            self._held.append((note, sequence))
            self.call = ""
            return
        self._courier(note, sequence)
        while self._held:
            self._courier(*self._held.pop())


@contextmanager
def worked_through(habits: Habits = GOOD) -> Iterator[Bot]:
    """A bot with six calls behind it: long, short, notified out of order, of a policy, transferred, not taken over."""
    simulator = Simulator()
    simulator.intercept(Throttled())
    bot = Bot(simulator)
    with closing(bot):
        receptionist = Receptionist(simulator, habits)
        bot(receptionist)
        swapping = Swapping(bot)
        simulator.deliver_to(swapping)
        long = simulator.incoming_call("Ana")
        simulator.advance(20)
        simulator.person("Ana").mutes_bot(long).presses("1", after=5)
        simulator.advance(2000)
        for name in ("Ana", EXPERT):
            simulator.person(name).leaves(long)
        simulator.advance(1300)
        simulator.incoming_call("Ben")
        simulator.advance(20)
        swapping.call = simulator.incoming_call("Cem").id
        simulator.advance(20)
        simulator.incoming_call("Dora", recording_policy=True)
        simulator.person("Dora").presses("1", after=40)
        simulator.advance(60)
        for caller in sorted(TRANSFERRED):
            simulator.incoming_call(caller)
            simulator.advance(20)
            simulator.person(DESK).declines()
        simulator.person("Finn").hangs_up()
        receptionist.goes_home()
        simulator.advance(5)
        yield bot
