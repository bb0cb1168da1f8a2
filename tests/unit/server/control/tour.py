"""One request to every control address, in an order that makes each answer worth looking at.

``python -m tests.unit.server.control.tour`` writes the form of the answers down again; a difference belongs in the
changelog, because suites in other languages read these members.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.control import PREFIX, Control, ServerState
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Request
from tests.unit.bot.bots import Phone, asgi, incoming

FILE = Path(__file__).with_name("answers.jsonl")
Step = tuple[str, str, dict[str, Any]]
STEPS: tuple[Step, ...] = (
    ("GET", "clock", {}),
    ("PATCH", "clock/pace", {"alone": 60}),
    ("POST", "token", {"lifetime": 60}),
    ("POST", "token", {"roles": ["Calls.Initate.All"]}),
    ("GET", "directory", {}),
    ("POST", "directory", {"open": False}),
    ("GET", "environment", {}),
    ("GET", "apps", {}),
    ("POST", "apps", {"name": "Second", "roles": ["Calls.Initiate.All"], "phone_number": "+15550100"}),
    ("PATCH", "apps/{second}", {"roles": [], "may_remove_participants": False}),
    ("GET", "keys", {}),
    ("POST", "keys/rotate", {}),
    ("POST", "keys/rotate", {"of": "tokens"}),
    ("POST", "keys/retire", {}),
    ("GET", "bot", {}),
    ("POST", "faults/latency", {"operation": "call-reject", "seconds": 1}),
    ("POST", "faults/429", {"operation": "call-get", "retry_after": 3}),
    ("POST", "faults/nope", {}),
    ("POST", "calls", {"caller": "Adele", "group": True, "others": ["Ben", "+4930123456"]}),
    ("POST", "calls", {"app": "{second}"}),
    ("POST", "calls", {"group": 7}),
    ("POST", "meetings", {"people": ["Ana"], "organizer": "Olga"}),
    ("GET", "people/Ben", {}),
    ("POST", "people/Ben/answers_after", {"seconds": 3}),
    ("POST", "people/Ben/leaves", {"call": "{call}"}),
    ("POST", "people/Ben/joins", {"call": "57da"}),
    ("POST", "people/Gina/waits", {"call": "{call}"}),
    ("POST", "people/Adele/keeps_lobby", {"call": "{call}"}),
    ("POST", "people/Adele/admits", {"call": "{call}", "who": "Gina"}),
    ("POST", "people/Adele/turns_away", {"call": "{call}", "who": "Gina"}),
    ("POST", "people/Cleo/declines", {"after": 1}),
    ("POST", "people/Ben/presses", {"keys": "12#", "after": 2}),
    ("POST", "people/Ben/presses", {"keys": "12x"}),
    ("POST", "people/Ben/speaks", {"seconds": 2}),
    ("GET", "people/Ben/heard", {}),
    ("GET", "people/Ben/call", {}),
    ("GET", "switches", {}),
    ("POST", "switches", {"unplayable": "completed"}),
    ("GET", "media", {}),
    ("POST", "media", {"unplayable": "completed"}),
    ("POST", "media", {"unplayable": "never"}),
    ("POST", "clock/advance", {"seconds": 2}),
    ("POST", "clock/advance", {"seconds": -1}),
    ("POST", "clock/freeze", {}),
    ("GET", "calls", {}),
    ("GET", "calls/{call}", {}),
    ("GET", "calls/57da", {}),
    ("GET", "faults", {}),
    ("POST", "faults/1/release", {}),
    ("DELETE", "faults/1", {}),
    ("DELETE", "faults/1", {}),
    ("POST", "bot/forge", {"name": "wrong audience"}),
    ("POST", "bot/forge", {"name": "wrong audienc"}),
    ("POST", "bot/again", {}),
    ("POST", "clock/advance", {"seconds": 16}),
    ("GET", "ledger", {}),
    ("GET", "ledger?since=4", {}),
    ("GET", "ledger?since=x", {}),
    ("GET", "timeline", {}),
    ("GET", "notifications", {}),
    ("GET", "notifications?since=1", {}),
    ("POST", "assertions/took-every-notification", {"within": 5}),
    ("POST", "assertions/answered-within", {"seconds": 15}),
    ("POST", "assertions/answered-within", {}),
    ("POST", "assertions/nope", {}),
    ("POST", "bot", {"url": "http://127.0.0.1:9/notify", "redeliveries": 0}),
    ("POST", "bot", {"url": "http://192.0.2.7"}),
    ("DELETE", "bot", {}),
    ("POST", "calls/57da", {}),
    ("GET", "cals", {}),
    ("POST", "reset", {}),
    ("GET", "ledger", {}),
)


def answers() -> Iterator[dict[str, Any]]:
    """The form of the answer to each step."""
    simulator = Simulator(seed=3)
    state = ServerState.of(simulator, SimulatorApp(simulator, frozen=True), seed=7)
    phone = Phone(simulator)
    state.bot(asgi(lambda notes, headers: [phone.reject(call, "busy") for call in incoming(notes)] and None))
    control = Control(state)
    known: dict[str, str] = {}
    with closing(state.bot):
        for method, path, members in STEPS:
            if path == "calls/{call}":
                phone.send("GET", f"/calls/{known['call']}")
                phone.send("POST", f"/calls/{known['call']}/reject", {"reason": "nope", "token": "eyJ.not.kept"})
            text = json.dumps(members)
            body = _filled(text, known).encode() if members else b""
            response = control.handle(Request(method, f"{PREFIX}{_filled(path, known)}", body=body))
            answer = response.json()
            if response.status == 201:
                known |= {"second": answer["app_id"]} if "app_id" in answer else {}
                known = {"call": answer["id"], **known} if "id" in answer else known
            yield {
                "asked": f"{method} {path} {text}" if members else f"{method} {path}",
                "status": response.status,
                "body": form(answer),
            }


def _filled(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def form(value: Any) -> Any:
    """A JSON value with its members in order, each text and number replaced by its type; equal items of a list once."""
    if isinstance(value, dict):
        return {name: form(one) for name, one in value.items()}
    if isinstance(value, list):
        forms = [form(one) for one in value]
        return [one for index, one in enumerate(forms) if one not in forms[:index]]
    return None if value is None else type(value).__name__


def addresses() -> list[dict[str, Any]]:
    """The list of addresses without its explanations: method, path, and each member with whether it is required."""
    simulator = Simulator()
    control = Control(ServerState.of(simulator, SimulatorApp(simulator, frozen=True)))
    listed = control.handle(Request("GET", PREFIX)).json()["addresses"]
    return [
        {**one, "says": "", "takes": {name: {**taken, "says": ""} for name, taken in one["takes"].items()}}
        for one in listed
    ]


if __name__ == "__main__":
    lines = (json.dumps(one) for one in (*addresses(), *answers()))
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
