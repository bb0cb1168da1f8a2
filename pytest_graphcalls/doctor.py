"""Whether a tenant is ready for calls: one check after the other, from the token to the last setting.

A check says *ok* only where the service has shown it. What it cannot show without a call in a meeting is *cannot
tell*, with what would have to be given. The call that is made for it is hung up again, whatever happens; a person who
is rung is no longer rung a moment later.
"""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pytest_graphcalls.contract import Contract, ServiceError, parse_error
from pytest_graphcalls.errors import SettingError, SignInError
from pytest_graphcalls.wire import MalformedJsonError, Response, decode_json, encode_json

if TYPE_CHECKING:
    from pytest_graphcalls.clients.httpx import Client

CALLS = "/communications/calls"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
"""Microsoft Graph's own application id, which a token may name as its audience."""
NOWHERE = "https://graphcalls.invalid/callback"
"""The callback address when none is given; the domain never exists (RFC 2606)."""


class Verdict(StrEnum):
    """What a check found."""

    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True, slots=True)
class Line:
    """The outcome of one check.

    Attributes:
        check: its name, e.g. ``token``.
        verdict: what it found.
        says: the finding, a sentence.
        remedy: what to do, or ``""``.
    """

    check: str
    verdict: Verdict
    says: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined.

    Attributes:
        token: gives a token; raises :class:`SignInError` or :class:`SettingError`.
        connect: gives a client on Graph's root with version, which sends the token it is given and raises
            :class:`OSError` when the network fails.
        tenant: the tenant that the token should be for, or ``""``.
        audience: Graph's root in that cloud, without version.
        meeting: members of a create body that join a meeting, or nothing.
        user: object id of somebody who may be rung for a moment, or ``""``.
        callback: the bot's address, or ``""``.
        arrives: proves that what is posted to the callback arrives on this machine; raises :class:`SettingError`
            when it does not. ``None`` where nobody listens.
    """

    token: Callable[[], str]
    connect: Callable[[str], Client]
    tenant: str = ""
    audience: str = "https://graph.microsoft.com"
    meeting: Mapping[str, Any] = field(default_factory=dict)
    user: str = ""
    callback: str = ""
    arrives: Callable[[], None] | None = None


_NO_TOKEN = "There is no token to look at."  # noqa: S105  a sentence
_GIVE_MEETING = "Give a meeting of the sandbox tenant: GRAPHCALLS_SANDBOX_MEETINGS=<join address>."
_GIVE_USER = "Give a user who may be rung for a moment: GRAPHCALLS_SANDBOX_USERS=<object id>."
_GIVE_LISTEN = (
    "To have notifications judged, say where they come out: GRAPHCALLS_SANDBOX_CALLBACK=https://… and "
    "GRAPHCALLS_SANDBOX_LISTEN=127.0.0.1:<port>."
)
_MADE_NO_CALL = "No call came about, so it was not asked."


class Doctor:
    """Examines one tenant.

    Args:
        patient: what is examined.
        now: the clock, in seconds since 1970.
        wait: lets seconds pass.
        patience: seconds to wait until a call is established.
    """

    def __init__(
        self,
        patient: Patient,
        *,
        now: Callable[[], float] = time.time,
        wait: Callable[[float], None] = time.sleep,
        patience: float = 30.0,
    ) -> None:
        self._patient = patient
        self._now = now
        self._wait = wait
        self._patience = patience
        self._errors = Contract.packaged().errors.responses

    def examine(self) -> Iterator[Line]:
        """Make the checks in their order; each line comes as soon as it is known."""
        yield from self._ask()
        yield self.see_callback()

    def see_callback(self) -> Line:
        """Whether a run hears what the service posts."""
        if self._patient.arrives is None:
            return Line("callback", Verdict.UNKNOWN, "Nobody listens for what is posted to it.", _GIVE_LISTEN)
        try:
            self._patient.arrives()
        except SettingError as error:
            return Line("callback", Verdict.WRONG, str(error))
        return Line("callback", Verdict.OK, "What is posted to it arrives on this machine.")

    def _ask(self) -> Iterator[Line]:
        """The checks that ask the service."""
        try:
            token = self._patient.token()
        except (SignInError, SettingError) as error:
            yield Line("token", Verdict.WRONG, *_worded(error))
            yield from (Line(check, Verdict.UNKNOWN, _NO_TOKEN) for check in CHECKS[1:])
            return
        claims = read_claims(token)
        yield self.see_token(claims)
        yield self.see_roles(claims)
        yield self.see_tenant(claims)
        with self._patient.connect(token) as client:
            yield self.see_registration(client)
            yield from self.see_call(client)

    def see_token(self, claims: Mapping[str, Any]) -> Line:
        """Whether the token still holds."""
        ends = claims.get("exp")
        if not isinstance(ends, int | float):
            return Line("token", Verdict.UNKNOWN, "There is a token, but it cannot be read.")
        left = ends - self._now()
        if left <= 0:
            return Line("token", Verdict.WRONG, f"It ran out {-left:.0f} s ago.", "Get a new one; look at the clock.")
        return Line("token", Verdict.OK, f"There is one; it holds for {left / 60:.0f} more minutes.")

    def see_roles(self, claims: Mapping[str, Any]) -> Line:
        """Whether the token has a role for each operation that takes one."""
        if not claims:
            return Line("roles", Verdict.UNKNOWN, "The token cannot be read.")
        if "scp" in claims:
            remedy = self._errors["unsupported-identity"].remedy
            return Line("roles", Verdict.WRONG, "The token is a person's, not an application's.", remedy)
        given = frozenset(map(str, claims.get("roles") or ()))
        lacking = _lacking(given)
        if not lacking:
            return Line("roles", Verdict.OK, f"One for every operation ({len(given)} in the token).")
        says = "; ".join(f"none for {operation}" for operation in lacking)
        names = sorted({name for least in lacking.values() for name in least})
        remedy = f"Grant {', '.join(names)} with admin consent, then get a new token."
        return Line("roles", Verdict.WRONG, f"{says}.", remedy)

    def see_tenant(self, claims: Mapping[str, Any]) -> Line:
        """Whether the token is for Graph, and for the tenant that was meant."""
        audience, tenant = str(claims.get("aud", "")), str(claims.get("tid", ""))
        if not tenant:
            return Line("tenant", Verdict.UNKNOWN, "The token does not say.")
        if audience.rstrip("/") != self._patient.audience and audience != GRAPH_APP:
            says = f"The token is for {audience}, not for {self._patient.audience}."
            return Line("tenant", Verdict.WRONG, says, f"Ask for the scope {self._patient.audience}/.default.")
        wanted = self._patient.tenant
        if "-" not in wanted or "." in wanted:
            says = f"The token is for tenant {tenant}."
            return Line("tenant", Verdict.UNKNOWN, says, "Set AZURE_TENANT_ID to the tenant's id to compare.")
        if tenant.lower() != wanted.lower():
            says = f"The token is for tenant {tenant}, the settings say {wanted}."
            return Line("tenant", Verdict.WRONG, says, "Sign in at the tenant of the calls.")
        return Line("tenant", Verdict.OK, f"The token is for {tenant}.")

    def see_registration(self, client: Client) -> Line:
        """Whether the calls platform knows the app: it looks before it looks a call up (observed 2.7)."""
        answer = _sent(client, "GET", f"{CALLS}/{uuid.uuid4()}")
        said = parse_error(answer) if answer else None
        if said and said.code == self._errors["call-not-found"].code:
            return Line("7503", Verdict.OK, "The calls platform knows the application.")
        return self._wrong("7503", "app-not-registered", answer, said)

    def see_call(self, client: Client) -> Iterator[Line]:
        """What takes a call to find out; the call is over afterwards."""
        if not self._patient.meeting:
            yield Line(CHECKS[4], Verdict.UNKNOWN, "It takes a call.", _GIVE_MEETING)
            yield from (Line(check, Verdict.UNKNOWN, "It takes a call, too.") for check in CHECKS[5:])
            return
        answer = _sent(client, "POST", CALLS, self._order())
        call_id = _id_in(answer)
        if not call_id:
            yield from self._refused(answer)
            return
        try:
            yield Line("7504", Verdict.OK, "The application may join a meeting of this tenant.")
            yield Line("7505", Verdict.OK, "Token and meeting belong together.")
            yield self.see_removal(client, call_id)
        finally:
            # Not only at the end: whoever reads the lines may stop in the middle.
            left = self._hang_up(client, call_id)
        yield left

    def see_removal(self, client: Client, call_id: str) -> Line:
        """Whether the tenant lets the app remove participants (observed 10.13)."""
        call = f"{CALLS}/{call_id}"
        if not self._established(client, call):
            says = f"The call was not established within {self._patience:.0f} s."
            return Line("removal", Verdict.UNKNOWN, says, "Look whether it waits in the meeting's lobby.")
        guest = self._invited(client, call)
        answer = _sent(client, "DELETE", f"{call}/participants/{guest or uuid.uuid4()}")
        if guest and answer and answer.status == 204:
            return Line("removal", Verdict.OK, "An invitation was withdrawn.")
        said = parse_error(answer) if answer else None
        if said and said.code == self._errors["participant-not-found"].code:
            remedy = "" if guest else _GIVE_USER
            return Line("removal", Verdict.UNKNOWN, "Nobody was there to be removed.", remedy)
        return self._wrong("removal", "not-allow-listed", answer, said)

    def _order(self) -> dict[str, Any]:
        return {
            "@odata.type": "#microsoft.graph.call",
            "callbackUri": self._patient.callback or NOWHERE,
            "requestedModalities": ["audio"],
            "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
            "tenantId": self._patient.tenant or None,
            **self._patient.meeting,
        }

    def _refused(self, answer: Response | None) -> Iterator[Line]:
        """The lines when no call came about: the answer speaks of one setting, and the others stay unknown."""
        said = parse_error(answer) if answer else None
        code = said.code if said else ""
        for check, row in (("7504", "insufficient-permissions"), ("7505", "tenant-mismatch")):
            if code in {"7504", "7505"} and code != check:
                yield Line(check, Verdict.UNKNOWN, f"The call was refused by {code} already.")
            else:
                yield self._wrong(check, row, answer, said)
        yield Line("removal", Verdict.UNKNOWN, _MADE_NO_CALL)
        yield Line("calls left", Verdict.OK, "None was made.") if answer else _MAYBE_LEFT

    def _wrong(self, check: str, row: str, answer: Response | None, said: ServiceError | None) -> Line:
        """A refusal: *wrong* where it is the one that the check is about, else what came instead."""
        if answer is None:
            return Line(check, Verdict.UNKNOWN, "The service cannot be reached.", "Look at network and address.")
        known = self._errors[row]
        if said and (answer.status, said.code) == (known.status, known.code):
            return Line(check, Verdict.WRONG, f"{known.meaning} {_trace(answer)}", known.remedy)
        what = f"{answer.status} {said.code}: {said.message[:200]}" if said else f"{answer.status}"
        other = next(iter(Contract.packaged().errors.by_code(said.code)), None) if said else None
        return Line(check, Verdict.UNKNOWN, f"It answered {what} {_trace(answer)}", other.remedy if other else "")

    def _established(self, client: Client, call: str) -> bool:
        waited = 0.0
        while waited <= self._patience:
            if _member(_sent(client, "GET", call), "state") == "established":
                return True
            self._wait(_STEP)
            waited += _STEP
        return False

    def _invited(self, client: Client, call: str) -> str:
        """The participant id of somebody who is being rung now, or ``""``."""
        if not self._patient.user:
            return ""
        guest = str(uuid.uuid4())
        user = {"@odata.type": "#microsoft.graph.identity", "id": self._patient.user}
        one = {
            "@odata.type": "#microsoft.graph.invitationParticipantInfo",
            "identity": {"@odata.type": "#microsoft.graph.identitySet", "user": user},
            "participantId": guest,
        }
        answer = _sent(client, "POST", f"{call}/participants/invite", {"participants": [one]})
        return guest if answer and answer.status == 200 else ""

    def _hang_up(self, client: Client, call_id: str) -> Line:
        call = f"{CALLS}/{call_id}"
        for _ in range(_TRIES):
            answer = _sent(client, "DELETE", call)
            if answer and answer.status in {204, 404}:
                return Line("calls left", Verdict.OK, "The call that was made is hung up.")
            self._wait(_STEP)
        return Line("calls left", Verdict.WRONG, f"The call {call_id} could not be hung up.", f"Send DELETE {call}.")


CHECKS = ("token", "roles", "tenant", "7503", "7504", "7505", "removal")
"""The checks in their order."""
_MAYBE_LEFT = Line(
    "calls left", Verdict.UNKNOWN, "The request for a call was not answered.", "If there is one, it ends in 45 minutes."
)
_STEP = 0.5
_TRIES = 3


def read_claims(token: str) -> Mapping[str, Any]:
    """The claims of a token, not verified; empty when it cannot be read."""
    part = token.partition(".")[2].partition(".")[0]
    try:
        claims = decode_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _lacking(given: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """By operation: the least permissions of those that the roles do not open."""
    operations = Contract.packaged().operations.values()
    closed = [one for one in operations if one.permissions.accepted and not one.permissions.accepted & given]
    return {one.id: one.permissions.least for one in closed}


def _worded(error: SignInError | SettingError) -> tuple[str, str]:
    if isinstance(error, SettingError):
        return str(error), ""
    return f"{error.text} [{error.code or error.name}]", f"Look at {error.setting}. {error.remedy}"


def _trace(answer: Response) -> str:
    """What a support request needs."""
    request_id, date = (answer.headers.get(name, "not given") for name in ("request-id", "date"))
    return f"(request-id {request_id}, date {date})"


def _sent(client: Client, method: str, path: str, body: Any = None) -> Response | None:
    """The answer, or ``None`` when there was none."""
    from pytest_graphcalls.clients.network import answer

    content = None if body is None else encode_json(body)
    with suppress(OSError):
        return answer(client, method, path, content)
    return None


def _member(response: Response | None, name: str) -> Any:
    try:
        body = response.json() if response else None
    except MalformedJsonError:
        return None
    return body.get(name) if isinstance(body, dict) else None


def _id_in(response: Response | None) -> str:
    return str(_member(response, "id") or "") if response and response.status == 201 else ""
