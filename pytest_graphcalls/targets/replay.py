"""The target that answers from cassettes."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_graphcalls.cassette import Cassette, Passport, Replay, opened
from pytest_graphcalls.contract import Need
from pytest_graphcalls.errors import RecordingError, SettingError
from pytest_graphcalls.sandbox.tenant import Meeting, Sandbox, tenant_of
from pytest_graphcalls.session import WHOLE, Recorder
from pytest_graphcalls.targets import GRAPH, REPLAY, Case, Connection, ReceivedNotifications, Setup, World
from pytest_graphcalls.targets.base import Clients
from pytest_graphcalls.wire import Headers, Request, Response, encode_json

if TYPE_CHECKING:
    from pytest_graphcalls.redaction import Redactor
    from pytest_graphcalls.simulator.hosting import Service

__all__ = ["Case", "ReplayConnection", "ReplayTarget", "case_facts"]


def case_facts(connection: Connection, redactor: Redactor) -> dict[str, Any]:
    """The facts of a connection for a passport: capabilities, tenant and sandbox, redacted like the exchanges."""
    tenant = tenant_of(connection.token)
    facts: dict[str, Any] = {
        "capabilities": tuple(sorted(need.value for need in connection.capabilities)),
        "made": dict(connection.case.made) if connection.case else {},
        "tenant": redactor.json({"tenantId": tenant})["tenantId"] if tenant else "",
    }
    if connection.sandbox is not None:
        facts["sandbox"] = redactor.json(_plain(connection.sandbox))
    return facts


def _plain(sandbox: Sandbox) -> dict[str, Any]:
    """A sandbox in the members that requests have, so that both are redacted the same way."""
    return {
        "tenantId": sandbox.tenant,
        "meetings": [meeting.members() for meeting in sandbox.meetings],
        "users": [{"user": {"id": one}} for one in sandbox.users],
        "bots": [{"application": {"id": one}} for one in sandbox.bots],
        "phone": {"id": sandbox.phone},
        "callbackUri": sandbox.callback,
    }


def sandbox_of(passport: Passport | None) -> Sandbox | None:
    """The sandbox that a cassette was recorded in, if it was recorded in one."""
    if passport is None or not passport.sandbox:
        return None
    data = passport.sandbox
    return Sandbox(
        tenant=data["tenantId"],
        meetings=tuple(map(_meeting, data["meetings"])),
        users=tuple(one["user"]["id"] for one in data["users"]),
        bots=tuple(one["application"]["id"] for one in data["bots"]),
        phone=data["phone"]["id"],
        callback=data["callbackUri"],
    )


def _meeting(members: Mapping[str, Any]) -> Any:
    info, chat = members["meetingInfo"], members.get("chatInfo", {})
    user = info.get("organizer", {}).get("user", {})
    return Meeting(
        chat.get("threadId", ""),
        chat.get("messageId", ""),
        user.get("id", ""),
        user.get("tenantId", ""),
        info.get("joinMeetingId", ""),
        info.get("passcode") or "",
    )


_FRAMING = ("content-length", "content-encoding", "transfer-encoding")
"""Headers about how a body travelled; it does not travel again."""


class ReplayTarget:
    """Cassettes in place of a service; no connection is opened.

    Args:
        folder: where the cassettes lie.
        redacted: redacts a request like those in the cassettes, for tests whose ids are real ones.

    Raises:
        SettingError: there is none.
    """

    name = REPLAY
    capabilities: frozenset[Need] = frozenset()

    def __init__(self, folder: Path, redacted: Callable[[Request], Request]) -> None:
        self._redacted = redacted
        if next(folder.glob("*/*/*.yaml"), None) is None:
            raise SettingError(
                "--graphcalls-target",
                REPLAY,
                f"cassettes in {folder}",
                "Record them: give the base URL of a server as the target, and --record-mode=once.",
            )

    def connect(self, setup: Setup) -> ReplayConnection:
        """See :meth:`.Target.connect`; raises :class:`.RecordingError` when the cassette cannot be used."""
        case = setup.case
        if case is None:
            raise SettingError("target", REPLAY, "a run that was set up for it", "Give --graphcalls-target=replay.")
        try:
            cassette = opened(case.path)
        except RecordingError as error:
            if case.path.exists():
                raise
            raise replace(error, step=f"Record this test first: {case.again}\n") from None
        replay = Replay(cassette.exchanges(), str(case.path), case.again, self._redacted)
        return ReplayConnection(case, cassette, setup.version, _Watched(replay, setup.recorder))

    def close(self) -> None:
        """Do nothing: a replay holds no connection."""


class ReplayConnection(Clients):
    """A test's cassette.

    Args:
        case: the test.
        cassette: its recording.
        version: ``v1.0`` or ``beta``.
        service: answers from it.
    """

    simulator = None
    offer = WHOLE
    given = None
    is_fresh = True

    def __init__(self, case: Case, cassette: Cassette, version: str, service: Service) -> None:
        passport = cassette.passport
        self.case = replace(case, made=dict(passport.made) if passport else {})
        self.cassette = cassette
        self.version = version
        self.root = f"{GRAPH}/{version}"
        self.capabilities = frozenset(Need(need) for need in (passport.capabilities if passport else ()))
        self.sandbox = sandbox_of(passport)
        case_facts = passport.notifications if passport else ()
        self.world: World | None = ReceivedNotifications(lambda: list(case_facts)) if case_facts else None
        self.token = _token(passport.tenant if passport else "")
        self._service = service

    def _transport(self, *, asynchronous: bool) -> Any:
        from pytest_graphcalls.clients.httpx import SimulatorTransport

        del asynchronous  # one transport serves both
        return SimulatorTransport(self._service)

    def wait(self, seconds: float) -> None:
        """Return at once: in a recording nothing has to be waited for."""

    def close(self) -> None:
        """Do nothing: a replay holds no connection."""


class _Watched:
    """A recording whose exchanges are passed to the recorder."""

    def __init__(self, replay: Replay, recorder: Recorder) -> None:
        self._replay = replay
        self._recorder = recorder

    def handle(self, request: Request) -> Response:
        exchange = self._replay.exchange(request)
        self._recorder(exchange)
        response = exchange.response
        kept = [pair for pair in response.headers.pairs if pair[0].lower() not in _FRAMING]
        return Response(response.status, Headers(kept), response.body)

    def elapse(self, seconds: float) -> None:
        """The clock of a recording stands still."""


def _token(tenant: str) -> str:
    """A token that opens nothing: unsigned, and it says no more than the tenant."""
    parts = ({"alg": "none"}, {"tid": tenant}) if tenant else ({"alg": "none"}, {})
    return ".".join([*(base64.urlsafe_b64encode(encode_json(part)).decode().rstrip("=") for part in parts), ""])
