"""A tenant behind TLS, with its sign-in, in a thread of this process; and projects that run against it.

What runs there knows its address only. What the tenant holds is looked at from here, from outside.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import anyio
import httpcore
import msal
import pytest

# See tests/plugin/conftest.py: what an inner run would import anew is imported here once.
from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.server.tls import certificate_in
from pytest_graphcalls.simulator import Pace, Simulator
from pytest_graphcalls.wire import Request, Response, encode_json
from tests.plugin.conftest import QUIET

Run = Callable[..., pytest.RunResult]

LOADED_ONCE = (anyio, httpcore, msal)
"""What an inner run would load lazily and forget, while others keep what they took from it."""
TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def guid(number: int) -> str:
    """An id in the form of a GUID."""
    return str(UUID(int=number, version=4))


def join_address(tenant: str, number: int) -> str:
    """The address of a meeting."""
    context = quote(json.dumps({"Tid": tenant, "Oid": guid(500 + number)}))
    thread = quote(f"19:meeting_{number}@thread.v2", safe="")
    return f"https://teams.microsoft.com/l/meetup-join/{thread}/0?context={context}"


def facts(tenant: str, *, meetings: int = 2, users: int = 8, bots: int = 2) -> dict[str, str]:
    """What a sandbox has, as settings."""
    return {
        "meetings": " ".join(join_address(tenant, number) for number in range(meetings)),
        "users": " ".join(guid(number) for number in range(1, users + 1)),
        "bots": " ".join(guid(number) for number in range(100, 100 + bots)),
        "phone": "+15550123",
        "agreed": " ".join(["+15550123", *(guid(number) for number in range(1, users + 1))]),
        "callback": "https://bot.contoso.example/calls",
    }


def ini(tenant: str, has: Mapping[str, str], *more: str) -> str:
    """A project's configuration."""
    lines = [f"    {name} = {text}" for name, text in has.items() if text]
    return "\n".join(("[pytest]", f"graphcalls_sandbox_tenants = {tenant}", "graphcalls_sandbox =", *lines, *more, ""))


@dataclass
class Tenant:
    """A tenant, seen from outside.

    Attributes:
        simulator: what stands behind the address.
        app: what serves it.
        url: the address of its Graph and of its sign-in.
        variables: what a live run reads from the environment.
    """

    simulator: Simulator
    app: SimulatorApp
    url: str
    variables: dict[str, str]
    requests: list[Request] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Its id."""
        return self.simulator.tenant_id

    @property
    def options(self) -> tuple[str, str]:
        """What makes a run a live one in this tenant."""
        return "--graphcalls-target=live", f"--graphcalls-root={self.url}"

    def open_calls(self) -> list[str]:
        """Ids of the calls that go on."""
        with self.simulator.lock:
            calls = self.simulator.store.calls.values()
            return [call.id for call in calls if call.state is not CallState.TERMINATED]

    def calls(self) -> list[str]:
        """Ids of all calls that ever were."""
        with self.simulator.lock:
            return list(self.simulator.store.calls)

    def people_in_meetings(self) -> list[str]:
        """Ids of the users who sit in a meeting."""
        with self.simulator.lock:
            conferences = self.simulator.store.conferences.values()
            there = [one.identity for each in conferences if each.chat for one in each.people.values()]
            return [identity.id for identity in there if identity.sort == "user"]

    def answers(self, wanted: Callable[[Request], bool], response: Callable[[], Response | None]) -> None:
        """Answer the requests that are ``wanted`` by ``response``, or as ever where that gives nothing."""

        def instead(request: Request, proceed: Callable[[Request], Response]) -> Response:
            answer = response() if wanted(request) else None
            return answer or proceed(request)

        self.simulator.intercept(instead)


@pytest.fixture
def ring() -> float:
    """Seconds that an invitee is rung."""
    return 0.05


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ring: float) -> Iterator[Tenant]:
    """A tenant in which everything goes fast; the environment leads there."""
    simulator = Simulator(pace=Pace(establish=0.0, ring=ring), start=datetime.now(UTC))
    simulator.open_directory = True  # its people and meetings are those that the settings invent
    app = SimulatorApp(simulator)
    with (
        certificate_in(tmp_path / "tls") as tls,
        serve_in_thread(app, certificate=tls.certificate) as url,
    ):
        variables = {
            "AZURE_AUTHORITY_HOST": url,
            "AZURE_TENANT_ID": simulator.tenant_id,
            "AZURE_CLIENT_ID": simulator.authority.app.app_id,
            "AZURE_CLIENT_SECRET": simulator.signin.secret(),
            **dict.fromkeys(TRUST, str(tls.ca)),
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        found = Tenant(simulator, app, url, variables)
        simulator.observe(lambda exchange: found.requests.append(exchange.request))
        yield found


@pytest.fixture
def run(pytester: pytest.Pytester, tenant: Tenant) -> Run:
    """Run the project's tests against the tenant, in this process; ``workers`` starts xdist workers."""

    def run(*arguments: str, workers: int = 0, has: Mapping[str, str] | None = None) -> pytest.RunResult:
        if not pytester.path.joinpath("pytest.ini").exists():
            pytester.makefile(".ini", pytest=ini(tenant.id, facts(tenant.id) if has is None else has))
        parallel = ("-n", str(workers)) if workers else ()
        return pytester.runpytest_inprocess(*QUIET, *parallel, *tenant.options, *arguments)

    return run


@pytest.fixture
def started(pytester: pytest.Pytester, tenant: Tenant) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the project's tests in a process of their own, to be interrupted."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        pytester.makefile(".ini", pytest=ini(tenant.id, facts(tenant.id)))
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *QUIET, *tenant.options, *arguments],
            cwd=pytester.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # a signal to its group reaches its xdist workers, and not us
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
            process.communicate()


def ledger(pytester: pytest.Pytester) -> list[Path]:
    """The ledgers that a project's runs have left."""
    return sorted(pytester.path.glob(".graphcalls/ledger/*.jsonl"))


def platform_error(status: int, code: str, message: str, **headers: str) -> Response:
    """An error as the calls platform words it: JSON text inside the gateway's own."""
    from pytest_graphcalls.wire import Headers

    wrapped = json.dumps({"errorCode": code, "message": message, "instanceAnnotations": []})
    body: dict[str, Any] = {"error": {"code": "UnknownError", "message": wrapped, "innerError": {"request-id": "r"}}}
    fixed = {"Content-Type": "application/json", "request-id": "5d0e8a1c", "Date": "Sun, 22 Nov 2026 10:00:00 GMT"}
    return Response(status, Headers({**fixed, **headers}), encode_json(body))
