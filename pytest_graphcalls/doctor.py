"""Check whether a tenant is ready for calls, from the token to the last setting.

A check is *ok* only where a response of the service proves it. A check that needs a call in a meeting is *cannot tell*
without one, and says which setting is needed. The call that is created for it is always hung up; a user who is rung is
rung for a moment only.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pytest_graphcalls.clients.httpx import Client
from pytest_graphcalls.clients.network import answer as send_request
from pytest_graphcalls.contract import Contract, ServiceError, parse_error
from pytest_graphcalls.errors import SettingError, SignInError
from pytest_graphcalls.wire import Response, encode_json, json_object, token_claims

CALLS = "/communications/calls"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
"""Microsoft Graph's own application id, which a token may name as its audience."""
UNREACHABLE_CALLBACK = "https://graphcalls.invalid/callback"
"""The default callback address; its domain never exists (RFC 2606)."""


class Status(StrEnum):
    """The status of a check."""

    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one check.

    Attributes:
        check: its name, e.g. ``token``.
        verdict: its status.
        says: what was found, a sentence.
        remedy: what to do, or ``""``.
    """

    check: str
    verdict: Status
    says: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class TenantAccess:
    """The access to a tenant that the checks use.

    Attributes:
        token: gives a token; raises :class:`SignInError` or :class:`SettingError`.
        connect: gives a client on Graph's root with version, which sends the given token and raises :class:`OSError`
            when the network fails.
        tenant: the tenant that the token should be for, or ``""``.
        audience: Graph's root in that cloud, without version.
        meeting: members of a create request that join a meeting, or none.
        user: object id of a user who may be rung for a moment, or ``""``.
        callback: the bot's address, or ``""``.
        arrives: proves that a post to the callback arrives on this machine; raises :class:`SettingError` when it does
            not. ``None`` where this machine does not listen.
    """

    token: Callable[[], str]
    connect: Callable[[str], Client]
    tenant: str = ""
    audience: str = "https://graph.microsoft.com"
    meeting: Mapping[str, Any] = field(default_factory=dict)
    user: str = ""
    callback: str = ""
    arrives: Callable[[], None] | None = None


_NO_TOKEN = "There is no token to check."  # noqa: S105  a sentence
_NEEDS_MEETING = "Give a meeting of the sandbox tenant: GRAPHCALLS_SANDBOX_MEETINGS=<join address>."
_NEEDS_USER = "Give a user who may be rung for a moment: GRAPHCALLS_SANDBOX_USERS=<object id>."
_NEEDS_LISTEN = (
    "To have notifications judged, say where they come out: GRAPHCALLS_SANDBOX_CALLBACK=https://… and "
    "GRAPHCALLS_SANDBOX_LISTEN=127.0.0.1:<port>."
)
_NO_CALL = "No call came about, so it was not asked."


class Doctor:
    """Checks one tenant.

    Args:
        access: access to the tenant.
        now: the clock, in seconds since 1970.
        wait: sleeps for so many seconds.
        patience: seconds to wait until a call is established.
    """

    def __init__(
        self,
        access: TenantAccess,
        *,
        now: Callable[[], float] = time.time,
        wait: Callable[[float], None] = time.sleep,
        patience: float = 30.0,
    ) -> None:
        self._access = access
        self._now = now
        self._wait = wait
        self._patience = patience
        self._errors = Contract.packaged().errors.responses

    def run_checks(self) -> Iterator[Result]:
        """Run the checks in their order; each result is yielded as soon as it is known."""
        yield from self._service_checks()
        yield self.check_callback()

    def check_callback(self) -> Result:
        """Check whether notifications of the service arrive on this machine."""
        if self._access.arrives is None:
            return Result("callback", Status.UNKNOWN, "This machine does not listen for notifications.", _NEEDS_LISTEN)
        try:
            self._access.arrives()
        except SettingError as error:
            return Result("callback", Status.WRONG, str(error))
        return Result("callback", Status.OK, "Notifications posted to it arrive on this machine.")

    def _service_checks(self) -> Iterator[Result]:
        """The checks that send requests to the service."""
        try:
            token = self._access.token()
        except (SignInError, SettingError) as error:
            yield Result("token", Status.WRONG, *_describe(error))
            yield from (Result(check, Status.UNKNOWN, _NO_TOKEN) for check in CHECKS[1:])
            return
        claims = token_claims(token)
        yield self.check_token(claims)
        yield self.check_roles(claims)
        yield self.check_tenant(claims)
        with self._access.connect(token) as client:
            yield self.check_registration(client)
            yield from self.check_call(client)

    def check_token(self, claims: Mapping[str, Any]) -> Result:
        """Check whether the token is valid."""
        ends = claims.get("exp")
        if not isinstance(ends, int | float):
            return Result("token", Status.UNKNOWN, "There is a token, but it cannot be read.")
        left = ends - self._now()
        if left <= 0:
            return Result("token", Status.WRONG, f"It ran out {-left:.0f} s ago.", "Get a new one; look at the clock.")
        return Result("token", Status.OK, f"There is one; it holds for {left / 60:.0f} more minutes.")

    def check_roles(self, claims: Mapping[str, Any]) -> Result:
        """Check whether the token has a role for each operation that needs one."""
        if not claims:
            return Result("roles", Status.UNKNOWN, "The token cannot be read.")
        if "scp" in claims:
            remedy = self._errors["unsupported-identity"].remedy
            return Result("roles", Status.WRONG, "The token is a person's, not an application's.", remedy)
        given = frozenset(map(str, claims.get("roles") or ()))
        lacking = _missing_permissions(given)
        if not lacking:
            return Result("roles", Status.OK, f"One for every operation ({len(given)} in the token).")
        says = "; ".join(f"none for {operation}" for operation in lacking)
        names = sorted({name for least in lacking.values() for name in least})
        remedy = f"Grant {', '.join(names)} with admin consent, then get a new token."
        return Result("roles", Status.WRONG, f"{says}.", remedy)

    def check_tenant(self, claims: Mapping[str, Any]) -> Result:
        """Check whether the token is for Graph, and for the configured tenant."""
        audience, tenant = str(claims.get("aud", "")), str(claims.get("tid", ""))
        if not tenant:
            return Result("tenant", Status.UNKNOWN, "The token does not say.")
        if audience.rstrip("/") != self._access.audience and audience != GRAPH_APP:
            says = f"The token is for {audience}, not for {self._access.audience}."
            return Result("tenant", Status.WRONG, says, f"Ask for the scope {self._access.audience}/.default.")
        wanted = self._access.tenant
        if "-" not in wanted or "." in wanted:
            says = f"The token is for tenant {tenant}."
            return Result("tenant", Status.UNKNOWN, says, "Set AZURE_TENANT_ID to the tenant's id to compare.")
        if tenant.lower() != wanted.lower():
            says = f"The token is for tenant {tenant}, the settings say {wanted}."
            return Result("tenant", Status.WRONG, says, "Sign in at the tenant of the calls.")
        return Result("tenant", Status.OK, f"The token is for {tenant}.")

    def check_registration(self, client: Client) -> Result:
        """Check whether the calls platform knows the app, which it checks before it looks up a call (observed 2.7)."""
        answer = _send(client, "GET", f"{CALLS}/{uuid.uuid4()}")
        error = parse_error(answer) if answer else None
        if error and error.code == self._errors["call-not-found"].code:
            return Result("7503", Status.OK, "The calls platform knows the application.")
        return self._failed_check("7503", "app-not-registered", answer, error)

    def check_call(self, client: Client) -> Iterator[Result]:
        """The checks that need a call; the call is hung up afterwards."""
        if not self._access.meeting:
            yield Result(CHECKS[4], Status.UNKNOWN, "It needs a call.", _NEEDS_MEETING)
            yield from (Result(check, Status.UNKNOWN, "It needs a call, too.") for check in CHECKS[5:])
            return
        answer = _send(client, "POST", CALLS, self._create_body())
        call_id = str(_member(answer, "id") or "") if answer and answer.status == 201 else ""
        if not call_id:
            yield from self._refused_call(answer)
            return
        try:
            yield Result("7504", Status.OK, "The application may join a meeting of this tenant.")
            yield Result("7505", Status.OK, "Token and meeting belong together.")
            yield self.check_removal(client, call_id)
        finally:
            # In a finally block, because the caller may stop reading the results.
            left = self._hang_up(client, call_id)
        yield left

    def check_removal(self, client: Client, call_id: str) -> Result:
        """Check whether the tenant allows the app to remove participants (observed 10.13)."""
        call = f"{CALLS}/{call_id}"
        if not self._wait_until_established(client, call):
            says = f"The call was not established within {self._patience:.0f} s."
            return Result("removal", Status.UNKNOWN, says, "Check whether it waits in the meeting's lobby.")
        participant_id = self._ring_user(client, call)
        answer = _send(client, "DELETE", f"{call}/participants/{participant_id or uuid.uuid4()}")
        if participant_id and answer and answer.status == 204:
            return Result("removal", Status.OK, "An invitation was withdrawn.")
        error = parse_error(answer) if answer else None
        if error and error.code == self._errors["participant-not-found"].code:
            remedy = "" if participant_id else _NEEDS_USER
            return Result("removal", Status.UNKNOWN, "There was no participant to remove.", remedy)
        return self._failed_check("removal", "not-allow-listed", answer, error)

    def _create_body(self) -> dict[str, Any]:
        return {
            "@odata.type": "#microsoft.graph.call",
            "callbackUri": self._access.callback or UNREACHABLE_CALLBACK,
            "requestedModalities": ["audio"],
            "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
            "tenantId": self._access.tenant or None,
            **self._access.meeting,
        }

    def _refused_call(self, answer: Response | None) -> Iterator[Result]:
        """The results when the call was refused: the error is about one setting, the others are unknown."""
        error = parse_error(answer) if answer else None
        code = error.code if error else ""
        for check, row in (("7504", "insufficient-permissions"), ("7505", "tenant-mismatch")):
            if code in {"7504", "7505"} and code != check:
                yield Result(check, Status.UNKNOWN, f"The call was refused by {code} already.")
            else:
                yield self._failed_check(check, row, answer, error)
        yield Result("removal", Status.UNKNOWN, _NO_CALL)
        yield Result("calls left", Status.OK, "None was made.") if answer else _CALL_MAY_BE_OPEN

    def _failed_check(self, check: str, row: str, answer: Response | None, error: ServiceError | None) -> Result:
        """The result of a refused request: *wrong* for the error that the check is about, else *cannot tell*."""
        if answer is None:
            return Result(check, Status.UNKNOWN, "The service cannot be reached.", "Check network and address.")
        known = self._errors[row]
        if error and (answer.status, error.code) == (known.status, known.code):
            return Result(check, Status.WRONG, f"{known.meaning} {_trace(answer)}", known.remedy)
        what = f"{answer.status} {error.code}: {error.message[:200]}" if error else f"{answer.status}"
        other = next(iter(Contract.packaged().errors.by_code(error.code)), None) if error else None
        return Result(check, Status.UNKNOWN, f"It answered {what} {_trace(answer)}", other.remedy if other else "")

    def _wait_until_established(self, client: Client, call: str) -> bool:
        waited = 0.0
        while waited <= self._patience:
            if _member(_send(client, "GET", call), "state") == "established":
                return True
            self._wait(_POLL_SECONDS)
            waited += _POLL_SECONDS
        return False

    def _ring_user(self, client: Client, call: str) -> str:
        """Invite the user; gives the participant id while the user is being rung, or ``""``."""
        if not self._access.user:
            return ""
        participant_id = str(uuid.uuid4())
        user = {"@odata.type": "#microsoft.graph.identity", "id": self._access.user}
        one = {
            "@odata.type": "#microsoft.graph.invitationParticipantInfo",
            "identity": {"@odata.type": "#microsoft.graph.identitySet", "user": user},
            "participantId": participant_id,
        }
        answer = _send(client, "POST", f"{call}/participants/invite", {"participants": [one]})
        return participant_id if answer and answer.status == 200 else ""

    def _hang_up(self, client: Client, call_id: str) -> Result:
        call = f"{CALLS}/{call_id}"
        for _ in range(_ATTEMPTS):
            answer = _send(client, "DELETE", call)
            if answer and answer.status in {204, 404}:
                return Result("calls left", Status.OK, "The call that was made is hung up.")
            self._wait(_POLL_SECONDS)
        return Result("calls left", Status.WRONG, f"The call {call_id} could not be hung up.", f"Send DELETE {call}.")


CHECKS = ("token", "roles", "tenant", "7503", "7504", "7505", "removal")
"""The names of the checks, in their order."""
_CALL_MAY_BE_OPEN = Result(
    "calls left",
    Status.UNKNOWN,
    "The request for a call was not answered.",
    "If there is one, it ends in 45 minutes.",
)
_POLL_SECONDS = 0.5
_ATTEMPTS = 3


def _missing_permissions(given: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """By operation: the least privileged permissions, where no role of the token permits it."""
    operations = Contract.packaged().operations.values()
    closed = [one for one in operations if one.permissions.accepted and not one.permissions.accepted & given]
    return {one.id: one.permissions.least for one in closed}


def _describe(error: SignInError | SettingError) -> tuple[str, str]:
    if isinstance(error, SettingError):
        return str(error), ""
    return f"{error.text} [{error.code or error.name}]", f"Look at {error.setting}. {error.remedy}"


def _trace(answer: Response) -> str:
    """The request id and date, for a support request."""
    request_id, date = (answer.headers.get(name, "not given") for name in ("request-id", "date"))
    return f"(request-id {request_id}, date {date})"


def _send(client: Client, method: str, path: str, body: Any = None) -> Response | None:
    """Send a request; gives the response, or ``None`` when the network failed."""
    content = None if body is None else encode_json(body)
    with suppress(OSError):
        return send_request(client, method, path, content)
    return None


def _member(response: Response | None, name: str) -> Any:
    return json_object(response.body).get(name) if response else None
