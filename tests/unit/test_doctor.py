"""The doctor, and everything it can find, against the simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pytest_graphcalls.auth import Credential, SignIn
from pytest_graphcalls.clients.httpx import Client, SimulatorTransport, http_for_msal, make_client
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.doctor import CHECKS, Doctor, Result, Status, TenantAccess
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Headers, Request, Response

ROOT = "https://graph.microsoft.com/v1.0"
GUID = "11111111-1111-4111-8111-111111111111"
OK, WRONG, UNKNOWN = Status.OK, Status.WRONG, Status.UNKNOWN
EVERYTHING = dict.fromkeys([*CHECKS, "calls left", "callback"], OK)


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


class Practice:
    """A doctor's visit to a simulator, with what is changed about it."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.meeting: dict[str, Any] = dict(simulator.meeting(["Ana"]).coordinates)
        self.facts: dict[str, Any] = {"tenant": simulator.tenant_id, "user": simulator.person("Ben").id}
        self.facts["arrives"] = lambda: None
        self.token: Callable[[], str] = simulator.authority.token

    def connect(self, token: str) -> Client:
        return make_client(SimulatorTransport(self.simulator), ROOT, token)

    def doctor(self, **how: Any) -> Doctor:
        patient = TenantAccess(self.token, self.connect, **{"meeting": self.meeting, **self.facts})
        clock = self.simulator.clock
        return Doctor(patient, now=lambda: clock.epoch, wait=self.simulator.advance, **how)

    def visit(self) -> dict[str, Result]:
        lines = {line.check: line for line in self.doctor().run_checks()}
        self.nothing_is_left()
        return lines

    def nothing_is_left(self) -> None:
        self.simulator.advance(60)
        assert [one.id for one in self.simulator.store.calls.values() if one.state is not CallState.TERMINATED] == []


@pytest.fixture
def practice(simulator: Simulator) -> Practice:
    return Practice(simulator)


def verdicts(lines: dict[str, Result]) -> dict[str, Status]:
    return {check: line.verdict for check, line in lines.items()}


def test_a_tenant_that_is_ready(practice: Practice) -> None:
    """Every line is ok, in the documented order, and the call that was made has ended."""
    lines = practice.visit()
    assert list(lines) == [*CHECKS, "calls left", "callback"]
    assert verdicts(lines) == EVERYTHING
    assert not any(line.remedy for line in lines.values())


def test_a_sign_in_that_fails_ends_the_visit(practice: Practice) -> None:
    """The line names the setting and what to do; the other checks are *cannot tell*."""
    simulator = practice.simulator
    credential = Credential(simulator.tenant_id, simulator.authority.app.app_id, "wrong")
    http = http_for_msal(transport=SimulatorTransport(simulator))
    practice.token = SignIn(credential, Contract.packaged().clouds["global"], http=http).token
    lines = practice.visit()
    assert verdicts(lines) == {**dict.fromkeys(CHECKS, UNKNOWN), "token": WRONG, "callback": OK}
    assert lines["token"].says.endswith("[AADSTS7000215]")
    assert lines["token"].remedy.startswith("Look at AZURE_CLIENT_SECRET.")


def test_a_setting_that_fails_ends_the_visit(practice: Practice) -> None:
    """A certificate that cannot be read ends it, too."""

    def no_token() -> str:
        raise SettingError("AZURE_CLIENT_CERTIFICATE_PATH", "x.pem", "a PEM file", "There is no such file.")

    practice.token = no_token
    assert practice.visit()["token"].says.startswith("AZURE_CLIENT_CERTIFICATE_PATH=x.pem: expected a PEM file.")


def test_an_expired_token(practice: Practice) -> None:
    """The line also has the answer of the service."""
    practice.token = lambda: practice.simulator.authority.token(lifetime=-60)
    lines = practice.visit()
    assert lines["token"] == Result("token", WRONG, "It ran out 60 s ago.", "Get a new one; look at the clock.")
    assert lines["7503"].verdict is UNKNOWN
    assert lines["7503"].says.startswith("It answered 401 InvalidAuthenticationToken")


def test_a_token_that_cannot_be_read(practice: Practice) -> None:
    """Entra never promised that they can."""
    practice.token = lambda: "opaque"
    lines = practice.visit()
    assert {lines[check].verdict for check in ("token", "roles", "tenant")} == {UNKNOWN}


def test_roles_that_are_missing(practice: Practice) -> None:
    """The line names operation and permission, and says that consent and a new token are needed."""
    app = practice.simulator.authority.app
    roles = (role for role in app.roles if not role.startswith("Calls.InitiateGroupCall"))
    practice.simulator.authority.change(app, roles=frozenset(roles))
    lines = practice.visit()
    assert verdicts(lines) == {**EVERYTHING, "roles": WRONG, "removal": UNKNOWN}
    assert lines["roles"].says == "none for participant-invite."
    assert lines["roles"].remedy.startswith("Grant Calls.InitiateGroupCall.All with admin consent")


def test_no_roles_at_all_show_in_the_call(practice: Practice) -> None:
    """7504, as the service has it when consent is missing (observed 2.8)."""
    practice.simulator.authority.change(practice.simulator.authority.app, roles=frozenset())
    lines = practice.visit()
    assert (lines["roles"].verdict, lines["7504"].verdict) == (WRONG, WRONG)
    assert lines["7504"].remedy == Contract.packaged().errors.responses["insufficient-permissions"].remedy
    assert (lines["7505"].verdict, lines["removal"].verdict) == (UNKNOWN, UNKNOWN)
    assert lines["calls left"] == Result("calls left", OK, "None was made.")


def test_a_persons_token(practice: Practice) -> None:
    """The calls API takes none (observed 2.12)."""
    from pytest_graphcalls.simulator.keys import sign, signing_key

    claims = {"scp": "Calls.Read", "aud": "https://graph.microsoft.com", "tid": GUID}
    practice.token = lambda: sign(claims, signing_key(), {})
    assert practice.visit()["roles"].says == "The token is a person's, not an application's."


def test_a_token_for_another_tenant(practice: Practice) -> None:
    """Compared with the settings."""
    practice.facts["tenant"] = GUID
    line = practice.visit()["tenant"]
    assert (line.verdict, line.remedy) == (WRONG, "Sign in at the tenant of the calls.")


@pytest.mark.parametrize("tenant", ["", "contoso.com", "my-tenant.contoso.com"])
def test_a_tenant_that_cannot_be_compared(practice: Practice, tenant: str) -> None:
    """The setting names no tenant, or a domain."""
    practice.facts["tenant"] = tenant
    assert practice.visit()["tenant"].verdict is UNKNOWN


def test_a_token_for_another_audience(practice: Practice) -> None:
    """The bot framework's is a usual mistake (observed 2.5)."""
    practice.token = lambda: practice.simulator.authority.token(audience="https://api.botframework.com")
    line = practice.visit()["tenant"]
    assert line.says == "The token is for https://api.botframework.com, not for https://graph.microsoft.com."


def test_an_application_that_is_not_registered(practice: Practice) -> None:
    """7503 comes before anything is looked up (observed 2.7)."""
    other_tenant = Simulator(seed=5, tenant_id=practice.simulator.tenant_id).authority
    practice.token = other_tenant.token
    lines = practice.visit()
    row = Contract.packaged().errors.responses["app-not-registered"]
    assert (lines["7503"].verdict, lines["7503"].remedy) == (WRONG, row.remedy)
    assert "request-id" in lines["7503"].says
    assert {lines[check].verdict for check in ("7504", "7505", "removal")} == {UNKNOWN}
    assert lines["7504"].remedy == row.remedy


def test_a_meeting_of_another_tenant(practice: Practice) -> None:
    """7505 (observed 2.9); what 7504 would have said is not known."""
    practice.meeting["tenantId"] = GUID
    lines = practice.visit()
    assert (lines["7504"].verdict, lines["7505"].verdict) == (UNKNOWN, WRONG)
    assert lines["7504"].says == "The call was refused by 7505 already."


def test_a_tenant_in_which_the_app_may_not_remove_participants(practice: Practice) -> None:
    """The setting AllowRemoveParticipantAppIds (observed 10.13)."""
    practice.simulator.authority.change(practice.simulator.authority.app, may_remove_participants=False)
    lines = practice.visit()
    assert verdicts(lines) == {**EVERYTHING, "removal": WRONG}
    assert "Set-CsApplicationMeetingConfiguration" in lines["removal"].remedy


def test_without_a_user_the_removal_check_can_only_see_a_refusal(practice: Practice) -> None:
    """A 404 may come before or after the look at the setting."""
    practice.facts["user"] = ""
    line = practice.visit()["removal"]
    assert (line.verdict, line.remedy.partition(":")[0]) == (UNKNOWN, "Give a user who may be rung for a moment")
    practice.simulator.authority.change(practice.simulator.authority.app, may_remove_participants=False)
    assert practice.visit()["removal"].verdict is WRONG


def test_without_a_meeting_no_call_is_made(practice: Practice) -> None:
    """The checks that need a call are *cannot tell*."""
    practice.meeting = {}
    lines = practice.visit()
    unknown = dict.fromkeys(("7504", "7505", "removal"), UNKNOWN)
    assert verdicts(lines) == {**dict.fromkeys([*CHECKS, "callback"], OK), **unknown}
    assert "GRAPHCALLS_SANDBOX_MEETINGS" in lines["7504"].remedy
    assert len(practice.simulator.store.calls) == 0


def test_a_call_that_is_never_established(practice: Practice) -> None:
    """A call that may wait in a lobby is hung up all the same."""
    practice.simulator.calls.establish = lambda call_id: None  # type: ignore[method-assign]  # a replaced step
    line = practice.visit()["removal"]
    assert (line.verdict, line.says) == (UNKNOWN, "The call was not established within 30 s.")


def test_a_reader_that_stops_early_keeps_no_call(practice: Practice) -> None:
    """The lines come one by one; the call is hung up when the reader goes away."""
    lines = practice.doctor().run_checks()
    while next(lines).check != "7504":
        pass
    assert len(practice.simulator.store.calls) == 1
    lines.close()
    practice.nothing_is_left()


def test_an_interrupt_hangs_the_call_up(practice: Practice) -> None:
    """Ctrl-C while it waits for the call."""

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    doctor = practice.doctor()
    doctor._wait = interrupted
    with pytest.raises(KeyboardInterrupt):
        list(doctor.run_checks())
    practice.nothing_is_left()


def test_a_call_that_cannot_be_hung_up_is_named(practice: Practice) -> None:
    """With the request that would do it."""

    def broken(request: Request, proceed: Callable[[Request], Response]) -> Response:
        return Response(500, Headers(), b"") if request.method == "DELETE" else proceed(request)

    practice.simulator.intercept(broken)
    lines = {line.check: line for line in practice.doctor().run_checks()}
    assert lines["removal"].verdict is UNKNOWN
    assert lines["removal"].says == "It answered 500 (request-id not given, date not given)"
    assert lines["calls left"].verdict is WRONG
    assert lines["calls left"].remedy.startswith("Send DELETE /communications/calls/")


def test_a_network_that_fails(practice: Practice) -> None:
    """After a network failure nothing is known, and a call may have been created."""

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("")

    practice.connect = lambda token: make_client(httpx.MockTransport(broken), ROOT, token)  # type: ignore[method-assign]  # another network
    lines = practice.visit()
    assert lines["7503"] == Result("7503", UNKNOWN, "The service cannot be reached.", "Check network and address.")
    assert lines["calls left"].verdict is UNKNOWN


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"id": null}'])
def test_an_answer_that_is_none(practice: Practice, body: bytes) -> None:
    """A proxy's page, an empty body."""

    practice.simulator.intercept(lambda request, proceed: Response(201, Headers(), body))
    lines = {line.check: line.verdict for line in practice.doctor().run_checks()}
    assert {lines[check] for check in CHECKS[3:]} == {UNKNOWN}


def test_a_callback_that_leads_elsewhere_is_wrong(practice: Practice) -> None:
    """In the words of a run that would not start for it."""
    error = SettingError("callback", "https://bot.example", "an address that leads to 127.0.0.1:3978", "Look at it.")

    def lost() -> None:
        raise error

    practice.facts["arrives"] = lost
    line = practice.visit()["callback"]
    assert (line.verdict, line.says) == (WRONG, str(error))


def test_without_a_listening_server_the_callback_check_names_the_missing_settings(practice: Practice) -> None:
    """Both settings are named, because one leads to the other."""
    del practice.facts["arrives"]
    line = practice.visit()["callback"]
    assert (line.verdict, line.says) == (UNKNOWN, "This machine does not listen for notifications.")
    assert "GRAPHCALLS_SANDBOX_CALLBACK=https://… and GRAPHCALLS_SANDBOX_LISTEN=127.0.0.1:<port>" in line.remedy
