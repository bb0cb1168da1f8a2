"""Random sequences of legal and illegal requests, by friendly and by hostile clients."""

from __future__ import annotations

from typing import Any

from hypothesis import given, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import NotAllowedNowError
from pytest_graphcalls.findings import Side
from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.simulator import EVIDENCE_HEADER, Simulator
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json
from tests.effort import examples
from tests.unit.simulator.bot import CALLBACK, CALLS, MEDIA, Bot, app_entry, entry

NAMES = st.sampled_from(["Ana", "Ben", "Cleo", "Dan", "Eva", "+15551234567"])
SCRIPTS = st.sampled_from(["declines", "is_busy", "is_unreachable", "never_answers", "has_voicemail"])
SECONDS = st.sampled_from([0, 0.5, 1, 2, 5, 14.9, 15, 61, 2700])
VERSIONS = st.sampled_from(["v1.0", "beta"])
METHODS = st.sampled_from(["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "BREW", ""])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = st.sampled_from(
    [
        "participants",
        "clientContext",
        "reason",
        "callbackUri",
        "mediaConfig",
        "acceptedModalities",
        "targets",
        "chatInfo",
        "meetingInfo",
        "tenantId",
        "source",
        "subject",
        "requestedModalities",
        "callOptions",
        "identity",
        "user",
        "phone",
        "id",
        "replacesCallId",
        "participantId",
        "hidden",
        "organizer",
        "threadId",
        "messageId",
        "joinMeetingId",
        "token",
        "prompts",
        "mediaInfo",
        "uri",
        "resourceId",
        "loop",
        "tones",
        "delayBetweenTonesMs",
        "stopTones",
        "bargeInAllowed",
        "playBeep",
        "initialSilenceTimeoutInSeconds",
        "maxRecordDurationInSeconds",
        "status",
        "transferTarget",
        "transferee",
        "endpointType",
        "timeout",
        "@odata.type",
        "$id",
        "$values",
    ]
)
VALUES = JSON | st.sampled_from(
    [
        CALLBACK,
        "busy",
        "#microsoft.graph.organizerMeetingInfo",
        "#microsoft.graph.serviceHostedMediaConfig",
        "#microsoft.graph.call",
        "#microsoft.graph.mediaPrompt",
        "#microsoft.graph.nothing",
        "https://bot.example.com/beep.wav",
        "tone1",
        "#",
        "recording",
        120,
        MEDIA,
        {"user": {"id": "someone"}},
        {"phone": {"id": "+15551234567"}},
    ]
)
LOOKALIKES = st.recursive(
    st.dictionaries(MEMBERS, VALUES, max_size=6),
    lambda inner: st.dictionaries(MEMBERS, inner | st.lists(inner, max_size=3) | VALUES, max_size=6),
    max_leaves=15,
)
BODIES = st.binary(max_size=60) | LOOKALIKES.map(encode_json) | JSON.map(encode_json) | st.just(b"[" * 3000)
PROMPTS = [
    {"@odata.type": "#microsoft.graph.mediaPrompt", "mediaInfo": {"uri": "https://bot.example.com/beep.wav"}},
]
ACTIONS: dict[str, list[dict[str, Any]]] = {
    "/playPrompt": [{"prompts": PROMPTS * count} for count in (0, 1, 3, 21)] + [{"prompts": PROMPTS, "loop": True}],
    "/recordResponse": [
        {},
        {"prompts": PROMPTS, "stopTones": ["1"], "maxRecordDurationInSeconds": 60},
        {"bargeInAllowed": True},
        {"initialSilenceTimeoutInSeconds": 0},
    ],
    "/subscribeToTone": [{}, {"clientContext": "c" * 257}],
    "/sendDtmfTones": [{"tones": ["tone1", "star"]}, {"tones": []}, {"tones": ["hash"]}],
    "/cancelMediaProcessing": [{}],
    "/updateRecordingStatus": [{"status": "recording"}, {}],
    "/mute": [{}],
    "/unmute": [{}],
}
"""By action inside a call: bodies of it, good and bad."""
GOOD = {action: bodies[0] for action, bodies in ACTIONS.items()} | {"/playPrompt": {"prompts": PROMPTS}}
TAILS = st.sampled_from(
    [
        "",
        "/answer",
        "/reject",
        "/keepAlive",
        "/participants",
        "/participants/invite",
        "/participants/x",
        "/participants/x/mute",
        "/operations/y",
        "/transfer",
        "/redirect",
        *ACTIONS,
    ]
)
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "client-request-id", "Scenario-Id", "Accept", "Host", "If-Match", "X-Strange"]),
    st.text(max_size=20) | st.sampled_from(["application/json", "text/plain", "application/json; charset=utf-16"]),
    max_size=4,
)


def judged(simulator: Simulator, request: Request) -> Response:
    """What holds for every answer, whatever was asked."""
    response = simulator.handle(request)
    assert response.status < 500
    assert response.headers[EVIDENCE_HEADER]
    found = Contract.packaged().check(Exchange(request, response))
    assert not [finding for finding in found if finding.side is Side.RESPONSE]
    return response


class Story(RuleBasedStateMachine):
    """Two apps in one tenant, people with minds of their own, and a client that tries everything."""

    calls = Bundle("calls")
    people = Bundle("people")

    @initialize()
    def begin(self) -> None:
        self.simulator = Simulator()
        self.other = self.simulator.authority.register(name="Other bot", may_remove_participants=False)
        far = 10**9
        self.tokens = [self.simulator.authority.token(app, lifetime=far) for app in (None, self.other)]
        self.simulator.switches.choose(resource_accounts="reached", voicemail="takes")
        self.meetings = [self.simulator.meeting(["Ana", "Ben"]), self.simulator.meeting()]
        self.expected = {"Ana", "Ben", "Bot", "Other bot"}
        self.over: set[str] = set()
        self.created: list[str] = []

    def send(self, method: str, path: str, body: Any = None, *, app: int = 0, version: str = "v1.0") -> Response:
        headers = {"Authorization": f"Bearer {self.tokens[app]}"}
        raw = b""
        if body is not None:
            headers["Content-Type"], raw = "application/json", encode_json(body)
        return judged(self.simulator, Request(method, f"/{version}{CALLS}{path}", Headers(headers), raw))

    @rule(target=people, name=NAMES)
    def meet(self, name: str) -> str:
        return name

    @rule(name=people, script=SCRIPTS)
    def will(self, name: str, script: str) -> None:
        getattr(self.simulator.person(name), script)()
        self.expected.add(f"Voicemail of {name}")

    @rule(name=people, seconds=SECONDS)
    def will_answer(self, name: str, seconds: float) -> None:
        self.simulator.person(name).answers_after(seconds)

    @rule(target=calls, at=st.integers(0, 1), app=st.integers(0, 1), version=VERSIONS)
    def join(self, at: int, app: int, version: str) -> str:
        body = {"@odata.type": "#microsoft.graph.call", "callbackUri": CALLBACK, "mediaConfig": MEDIA}
        return self.remember(self.send("POST", "", {**body, **self.meetings[at].coordinates}, app=app, version=version))

    @rule(target=calls, names=st.lists(people, min_size=1, max_size=3), version=VERSIONS)
    def ring(self, names: list[str], version: str) -> str:
        self.expected |= set(names)
        body: dict[str, Any] = {"@odata.type": "#microsoft.graph.call", "callbackUri": CALLBACK, "mediaConfig": MEDIA}
        body["targets"] = [entry(self.simulator.person(name)) for name in names]
        if any(self.simulator.person(name).identity.sort == "phone" for name in names):
            body["source"] = Bot(self.simulator).instance
        return self.remember(self.send("POST", "", body, version=version))

    @rule(target=calls, name=people, group=st.booleans())
    def be_called(self, name: str, *, group: bool) -> str:
        self.expected.add(name)
        call = self.simulator.incoming_call(name, group=group)
        self.created.append(call.id)
        return call.id

    def remember(self, answer: Response) -> str:
        assert answer.status == 201
        self.created.append(answer.json()["id"])
        return self.created[-1]

    @rule(call=calls, app=st.integers(0, 1), tail=TAILS, method=METHODS, version=VERSIONS)
    def try_anything(self, call: str, app: int, tail: str, method: str, version: str) -> None:
        self.send(method, f"/{call}{tail}", {"reason": "busy"} if method == "POST" else None, app=app, version=version)

    @rule(call=calls)
    def answer(self, call: str) -> None:
        body = {"callbackUri": CALLBACK, "acceptedModalities": ["audio"], "mediaConfig": MEDIA}
        self.send("POST", f"/{call}/answer", body)

    @rule(call=calls, reason=st.sampled_from(["none", "Busy", "forbidden", "tired"]))
    def reject(self, call: str, reason: str) -> None:
        self.send("POST", f"/{call}/reject", {"reason": reason})

    @rule(
        call=calls,
        names=st.lists(people, max_size=6),
        replaced=st.none() | calls,
        chosen=st.none() | st.sampled_from(["p1", "p2"]),
        bot=st.booleans(),
        app=st.integers(0, 1),
    )
    def invite(
        self, call: str, names: list[str], replaced: str | None, chosen: str | None, *, bot: bool, app: int
    ) -> None:
        facts = {"replacesCallId": replaced, "participantId": chosen}
        given = {name: value for name, value in facts.items() if value}
        entries = [entry(self.simulator.person(name), **given) for name in names]
        entries += [app_entry(self.other.app_id)] if bot else []
        answer = self.send("POST", f"/{call}/participants/invite", {"participants": entries}, app=app)
        if answer.status == 200:
            self.expected |= set(names)
            self.send("GET", f"/{call}/operations/{answer.json()['id']}", app=app)

    @rule(
        call=calls,
        names=st.lists(people, min_size=1, max_size=3),
        bot=st.booleans(),
        app=st.integers(0, 1),
        replaced=st.none() | calls,
        facts=st.sampled_from([{}, {"endpointType": "voicemail"}]),
    )
    def hand_on(
        self, call: str, names: list[str], app: int, replaced: str | None, facts: dict[str, Any], *, bot: bool
    ) -> None:
        """Transferred or redirected, as it goes; a second bot may be among the targets."""
        facts = {**facts, **({"replacesCallId": replaced} if replaced else {})}
        entries = [entry(self.simulator.person(name), **facts) for name in names]
        entries = [app_entry(self.other.app_id), *entries] if bot else entries
        who = {"transferee": {"identity": entries[-1]["identity"]}}
        for path, body in (("transfer", {"transferTarget": entries[0], **who}), ("redirect", {"targets": entries})):
            if self.send("POST", f"/{call}/{path}", body, app=app).status == 202:
                self.expected |= set(names)

    @rule(call=calls, names=st.lists(people, min_size=1, max_size=3), bot=st.booleans(), seconds=SECONDS)
    def be_redirected(self, call: str, names: list[str], seconds: float, *, bot: bool) -> None:
        """A call that rings now; then time passes, and a second bot may answer."""
        ringing = self.be_called(names[0], group=False)
        self.hand_on(ringing, names[1:] or ["Dan"], 0, call, {}, bot=bot)
        self.arrive(seconds)

    @rule(names=st.lists(people, min_size=2, max_size=3), bot=st.booleans(), seconds=SECONDS)
    def be_transferred(self, names: list[str], seconds: float, *, bot: bool) -> None:
        """A call that is established now; then time passes, and a second bot may answer."""
        call = self.ring(names[:1], "v1.0")
        self.wait(5)
        self.hand_on(call, names[1:], 0, None, {}, bot=bot)
        self.arrive(seconds)

    def arrive(self, seconds: float) -> None:
        self.wait(seconds)
        body = {"callbackUri": CALLBACK, "acceptedModalities": ["audio"], "mediaConfig": MEDIA}
        for call in tuple(self.simulator.store.calls.values()):
            if call.app_id == self.other.app_id and call.state is CallState.INCOMING:
                self.send("POST", f"/{call.id}/answer", body, app=1)

    @rule(call=calls, index=st.integers(0, 6), app=st.integers(0, 1))
    def remove(self, call: str, index: int, app: int) -> None:
        view = self.simulator.call(call)
        everybody = [*view.participants, *view.invited]
        who = everybody[index].id if index < len(everybody) else "p1"
        self.send("DELETE", f"/{call}/participants/{who}", app=app)

    @rule(call=calls, name=people, joins=st.booleans())
    def come_or_go(self, call: str, name: str, *, joins: bool) -> None:
        person = self.simulator.person(name)
        try:
            (person.joins if joins else person.leaves)(call)
        except NotAllowedNowError:
            return
        self.expected.add(name)

    @rule(target=calls, name=people, actions=st.lists(st.sampled_from(list(ACTIONS)), max_size=4), version=VERSIONS)
    def talk(self, name: str, actions: list[str], version: str) -> str:
        call = self.ring([name], version)
        self.wait(5)
        for action in actions:
            self.send(
                "POST", f"/{call}{action}", ACTIONS[action][-1 if action == "/playPrompt" else 0], version=version
            )
        return call

    @rule(call=calls, action=st.sampled_from(list(ACTIONS)), data=st.data(), app=st.integers(0, 1), version=VERSIONS)
    def act(self, call: str, action: str, data: st.DataObject, app: int, version: str) -> None:
        body = data.draw(st.sampled_from(ACTIONS[action]))
        self.send("POST", f"/{call}{action}", body, app=app, version=version)

    @rule(name=people, deed=st.sampled_from(["presses", "speaks", "stays_silent", "hangs_up"]), after=SECONDS)
    def be_heard(self, name: str, deed: str, after: float) -> None:
        person = self.simulator.person(name)
        facts: dict[str, dict[str, Any]] = {
            "presses": {"keys": "1#", "after": after},
            "speaks": {"seconds": 3, "after": after},
            "hangs_up": {"after": after},
        }
        try:
            getattr(person, deed)(**facts.get(deed, {}))
        except NotAllowedNowError:
            return

    @rule(call=consumes(calls))
    def hang_up(self, call: str) -> None:
        self.send("DELETE", f"/{call}")

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.simulator.advance(seconds)

    @rule(method=METHODS, call=calls, tail=TAILS, headers=HEADERS, body=BODIES, version=VERSIONS)
    def attack(self, method: str, call: str, tail: str, headers: dict[str, str], body: bytes, version: str) -> None:
        sent = {"Authorization": f"Bearer {self.tokens[0]}", **headers}
        before = set(self.simulator.store.calls)
        judged(self.simulator, Request(method, f"/{version}{CALLS}/{call}{tail}", Headers(sent), body))
        assert set(self.simulator.store.calls) == before

    @invariant()
    def everybody_can_be_looked_at(self) -> None:
        for name in ("Ana", "Ben", "Cleo", "Dan"):
            seen = self.simulator.person(name).call
            assert seen is None or {self.simulator.call(id).state for id in seen.calls} <= set(CallState)

    @invariant()
    def ids_are_unique(self) -> None:
        assert len(set(self.created)) == len(self.created)

    @invariant()
    def what_is_over_stays_over(self) -> None:
        over = {id for id, call in self.simulator.store.calls.items() if call.state is CallState.TERMINATED}
        assert self.over <= over
        self.over = over

    @invariant()
    def a_call_that_is_over_never_answers_200(self) -> None:
        for call_id in sorted(self.over)[-3:]:
            for path in ("", "/participants", "/operations/x"):
                assert self.send("GET", f"/{call_id}{path}").status == 404
            assert self.send("POST", f"/{call_id}/keepAlive").status == 404

    @invariant()
    def everybody_was_invited_or_staged(self) -> None:
        for conference in self.simulator.store.conferences.values():
            people = list(conference.people.values())
            assert {one.identity.name or one.identity.id for one in people} <= self.expected
            assert len({one.id for one in people}) == len(people)
            assert {one.leg for one in people if one.leg} <= set(conference.legs)
            user_keys = [one.identity.key for one in people if not one.leg]
            assert len(set(user_keys)) == len(user_keys)

    @invariant()
    def legs_are_of_calls_that_live(self) -> None:
        for conference in self.simulator.store.conferences.values():
            assert all(self.simulator.store.calls[leg].state is not CallState.TERMINATED for leg in conference.legs)

    @invariant()
    def an_operation_ends_at_most_once_and_is_not_notified_after_its_call(self) -> None:
        ended: set[str] = set()
        over: set[str] = set()
        for note in self.simulator.notifications:
            (entry,) = note.entries
            assert note.call_id not in over
            if entry["changeType"] == "deleted":
                assert entry["resourceUrl"] not in ended
                ended.add(entry["resourceUrl"])
                if entry["resourceUrl"].endswith(note.call_id):
                    over.add(note.call_id)

    @invariant()
    def every_prompt_that_began_ends_or_its_call_goes_on(self) -> None:
        for id, call in self.simulator.store.calls.items():
            for prompt in self.simulator.call(id).prompts:
                assert prompt.ends is not None or call.state is CallState.ESTABLISHED
                assert prompt.ends is None or prompt.begins <= prompt.ends <= self.simulator.now

    @invariant()
    def notifications_can_be_written(self) -> None:
        for note in self.simulator.notifications[-5:]:
            encode_json(note.body)


Story.TestCase.settings = examples(25, stateful_step_count=30)
TestStory = Story.TestCase

SEGMENTS = st.sampled_from(["v1.0", "beta", "communications", "app", "calls", "x", "participants", "invite", "$batch"])
PATHS = st.lists(SEGMENTS | st.text(max_size=8), max_size=8).map(lambda parts: "/" + "/".join(parts))
URLS = PATHS | st.text(max_size=60) | st.tuples(st.text(max_size=8), PATHS).map(lambda pair: f"{pair[0]}://{pair[1]}")


@examples(200)
@given(method=METHODS | st.text(max_size=9), url=URLS, headers=HEADERS, body=BODIES, signed=st.booleans())
def test_any_request_is_answered(method: str, url: str, headers: dict[str, str], body: bytes, *, signed: bool) -> None:
    """Any method, address, headers and body get an answer below 500 with its evidence."""
    simulator = Simulator()
    token = {"Authorization": f"Bearer {simulator.authority.token()}"} if signed else {}
    response = simulator.handle(Request(method, url, Headers({**headers, **token}), body))
    assert response.status < 500
    assert response.headers[EVIDENCE_HEADER]


@examples(60)
@given(
    body=LOOKALIKES,
    path=st.sampled_from(["", "/participants/invite", "/answer", "/reject", "/redirect", "/transfer", *ACTIONS]),
    version=VERSIONS,
)
def test_any_body_is_answered(body: dict[str, Any], path: str, version: str) -> None:
    """Bodies made of the right words in the wrong places are carried out or refused, never more."""
    simulator = Simulator()
    headers = Headers({"Authorization": f"Bearer {simulator.authority.token()}", "Content-Type": "application/json"})
    create = {"@odata.type": "#microsoft.graph.call", "callbackUri": CALLBACK, "mediaConfig": MEDIA}
    raw = encode_json({**create, **simulator.meeting(["Ana"]).coordinates})
    call = simulator.handle(Request("POST", f"/{version}{CALLS}", headers, raw)).json()["id"]
    simulator.advance(1)
    if path in {"/answer", "/reject", "/redirect"}:
        call = simulator.incoming_call().id
    complete = {**(create if not path else {"mediaConfig": MEDIA}), **body}
    address = f"/{version}{CALLS}/{call}{path}" if path else f"/{version}{CALLS}"
    for sent in (body, complete):
        judged(simulator, Request("POST", address, headers, encode_json(sent)))
    simulator.advance(100)
    assert all(encode_json(note.body) for note in simulator.notifications)
