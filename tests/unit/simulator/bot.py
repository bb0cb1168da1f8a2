"""An app and its bot, as the simulator's tests use them: requests in short, everything checked on the way."""

from __future__ import annotations

from typing import Any

from pytest_graphcalls.contract import Contract, parse_error
from pytest_graphcalls.findings import Side
from pytest_graphcalls.simulator import App, Meeting, Person, SimulatedCall, Simulator
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response, encode_json

GRAPH = "https://graph.microsoft.com"
CALLS = "/communications/calls"
CALLBACK = "https://bot.example.com/calls"
MEDIA = {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"}


def entry(who: Person, **facts: Any) -> dict[str, Any]:
    """An invitee."""
    return {
        "@odata.type": "#microsoft.graph.invitationParticipantInfo",
        "identity": {
            "@odata.type": "#microsoft.graph.identitySet",
            who.identity.sort: {"@odata.type": "#microsoft.graph.identity", "id": who.id},
        },
        **facts,
    }


def app_entry(app_id: str) -> dict[str, Any]:
    """An invitee that is a bot."""
    return {"identity": {"application": {"id": app_id, "displayName": "Other bot"}}}


class Bot:
    """One app of a simulator. Its answers must not differ from the contract in anything."""

    def __init__(self, simulator: Simulator, app: App | None = None, version: str = "v1.0", **token: Any) -> None:
        self.simulator = simulator
        self.app = app or simulator.authority.app
        self.version = version
        self.token = simulator.authority.token(self.app, **token)

    def send(self, method: str, path: str, body: Any = None, *, raw: bytes = b"", **headers: str) -> Response:
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        if body is not None:
            sent = {"Content-Type": "application/json", **sent}
            raw = encode_json(body)
        request = Request(method, f"{GRAPH}/{self.version}{path}", Headers(sent), raw)
        response = self.simulator.handle(request)
        found = Contract.packaged().check(Exchange(request, response))
        assert not [finding for finding in found if finding.side is Side.RESPONSE]
        return response

    def get(self, path: str) -> Response:
        return self.send("GET", f"{CALLS}{path}")

    def delete(self, path: str) -> Response:
        return self.send("DELETE", f"{CALLS}{path}")

    def post(self, path: str, body: Any = None, **headers: str) -> Response:
        return self.send("POST", f"{CALLS}{path}", body, **headers)

    def create(self, **facts: Any) -> Response:
        body = {
            "@odata.type": "#microsoft.graph.call",
            "callbackUri": CALLBACK,
            "requestedModalities": ["audio"],
            "mediaConfig": MEDIA,
        }
        if "'phone': {" in str(facts.get("targets")):
            body["source"] = self.instance
        return self.post("", {**body, **facts})

    @property
    def instance(self) -> dict[str, Any]:
        """The application instance of the app, as the source of calls to phones."""
        identity = {"@odata.type": "#microsoft.graph.identity", "id": self.app.instance_id}
        named = {"@odata.type": "#microsoft.graph.communicationsIdentitySet", "applicationInstance": identity}
        return {"@odata.type": "#microsoft.graph.participantInfo", "identity": named}

    def join(self, meeting: Meeting | None = None) -> SimulatedCall:
        """A call in a meeting, established."""
        meeting = meeting or self.simulator.meeting(["Ana", "Ben"])
        return self._established(self.create(**meeting.coordinates))

    def ring(self, *people: Person) -> SimulatedCall:
        """A call to one person, or a group call to several, and they have answered."""
        return self._established(self.create(targets=[entry(who) for who in people]))

    def _established(self, answer: Response) -> SimulatedCall:
        assert answer.status == 201, answer.body
        self.simulator.advance(self.simulator.pace.ring)
        call = self.simulator.call(answer.json()["id"])
        assert call.state == "established"
        return call

    def invite(self, call: SimulatedCall, *entries: dict[str, Any], **facts: Any) -> Response:
        return self.post(f"/{call.id}/participants/invite", {"participants": list(entries), **facts})

    def prompts(self, count: int, **info: str) -> dict[str, Any]:
        """The member ``prompts`` of a body."""
        info = {"uri": "https://bot.example.com/beep.wav", "resourceId": "beep", **info}
        return {"prompts": [{"@odata.type": "#microsoft.graph.mediaPrompt", "mediaInfo": info}] * count}

    def play(self, call: SimulatedCall, prompts: int = 1, **facts: Any) -> Response:
        return self.post(f"/{call.id}/playPrompt", {**self.prompts(prompts), **facts})

    def record(self, call: SimulatedCall, **facts: Any) -> Response:
        return self.post(f"/{call.id}/recordResponse", facts)

    def mute(self, call: SimulatedCall, name: str, **facts: Any) -> Response:
        who = next(one.id for one in call.participants if one.identity.name == name)
        return self.post(f"/{call.id}/participants/{who}/mute", facts)

    def report(self, call: SimulatedCall, name: str, number: int = 1, **facts: Any) -> Response:
        (one,) = [one.id for one in call.participants if one.identity.name == name]
        body = {
            "id": f"2b6c0a5e-0000-4000-8000-{number:012}",
            "detectionDateTime": "2026-06-15T10:30:00Z",
            "contentMetadata": {"modality": "audio"},
            "detections": [{"modality": "audio", "confidence": 0.9}],
            "isMalicious": True,
            "overallConfidence": 0.9,
        }
        return self.post(f"/{call.id}/participants/{one}/reportSyntheticMedia", {**body, **facts})

    def answer(self, call: SimulatedCall, **facts: Any) -> Response:
        body = {"callbackUri": CALLBACK, "acceptedModalities": ["audio"], "mediaConfig": MEDIA}
        return self.post(f"/{call.id}/answer", {**body, **facts})

    def roster(self, call: SimulatedCall) -> list[str]:
        """Names in the roster as the API shows it."""
        answer = self.get(f"/{call.id}/participants")
        assert answer.status == 200
        return [named(one) for one in answer.json()["value"]]

    def operation(self, call: SimulatedCall, invite: Response) -> dict[str, Any]:
        answer = self.get(f"/{call.id}/operations/{invite.json()['id']}")
        assert answer.status == 200
        found: dict[str, Any] = answer.json()
        return found


def named(participant: dict[str, Any]) -> str:
    """The name of a participant in JSON."""
    identities = participant["info"]["identity"]
    one = next(value for key, value in identities.items() if not key.startswith("@"))
    return str(one.get("displayName") or one["id"])


def code(response: Response) -> str:
    """Status and code of an error answer, as one text."""
    found = parse_error(response)
    assert found is not None, (response.status, response.body)
    return f"{response.status} {found.code}"


def evidence(response: Response) -> str:
    return response.headers["x-graphcalls-evidence"]


def summaries(notifications: list[Notification]) -> list[str]:
    """Notifications in short: what changed, of what, and how it stands."""
    return [_short(note) for note in notifications]


def _short(note: Notification) -> str:
    (entry,) = note.entries
    data = entry["resourceData"]
    sort = {3: "call", 4: "roster", 5: "operation"}[entry["resourceUrl"].count("/")]
    if isinstance(data, list):
        return f"{entry['changeType']} {sort} {', '.join(sorted(named(one) for one in data))}"
    state = data.get("state") or data.get("status") or "-"
    result = data.get("resultInfo")
    pair = f" {result['code']}/{result['subcode']}" if result else ""
    return f"{entry['changeType']} {sort} {state}{pair}"
