"""A faultless server of three operations, as a user's mock may have: invite, delete participant, and reject."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.wire import Headers, Request, Response, encode_json

OPERATIONS = ("participant-invite", "participant-delete", "call-reject")
MOST_INVITEES, LONGEST_CONTEXT = 5, 256
REASONS = {"none", "busy", "forbidden"}
_PATH = re.compile(r"/(v1\.0|beta)/(?:communications|app)/calls/([^/]+)/(reject|participants/[^/]+)")
_JSON = {"Content-Type": "application/json"}


@dataclass
class ThreeOperations:
    """A server without memory: every id that is sent counts as one that exists.

    Attributes:
        missing: status of the answer to everything else, which has no body.
        refuses_without_identity: whether it looks at the entries of an invite.
    """

    missing: int = 404

    def elapse(self, seconds: float) -> None:
        """Time changes nothing."""

    def handle(self, request: Request) -> Response:
        """Answer a request."""
        found = _PATH.fullmatch(request.path)
        if found is None:
            return Response(self.missing)
        version, call, what = found.groups()
        step = {("POST", "reject"): self._reject, ("POST", "participants/invite"): self._invite}.get(
            (request.method, what)
        )
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return _error(401, "InvalidAuthenticationToken", "Access token is empty.")
        if step is not None:
            return step(request, f"https://graph.microsoft.com/{version}/communications/calls/{call}")
        return Response(204) if request.method == "DELETE" else Response(self.missing)

    def _reject(self, request: Request, call: str) -> Response:
        body = request.json() if request.body else {}
        if body.get("reason", "none") not in REASONS or not body.get("callbackUri", "https:").startswith("https:"):
            return _error(400, "8523", "Invalid request.")
        return Response(202)

    def _invite(self, request: Request, call: str) -> Response:
        body = request.json()
        people = body["participants"]
        context = body.get("clientContext")
        if (
            len(people) > MOST_INVITEES
            or len(context or "") > LONGEST_CONTEXT
            or any("identity" not in one for one in people)
        ):
            return _error(400, "8523", "Invalid request.")
        operation = str(uuid4())
        answer = {
            "@odata.type": "#microsoft.graph.inviteParticipantsOperation",
            "id": operation,
            "status": "running",
            "clientContext": context,
            "resultInfo": None,
            "participants": people,
        }
        return Response(200, Headers({**_JSON, "Location": f"{call}/operations/{operation}"}), encode_json(answer))


def _error(status: int, code: str, message: str) -> Response:
    return Response(status, Headers(_JSON), encode_json({"error": {"code": code, "message": message}}))


@contextmanager
def served(missing: int = 404) -> Iterator[str]:
    """The base URL of such a server, until the block ends."""
    with serve_in_thread(SimulatorApp(ThreeOperations(missing))) as url:
        yield url
