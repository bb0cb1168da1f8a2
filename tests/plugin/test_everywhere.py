"""graphcalls_everywhere: clients that the code under test makes are led to the simulator, and nowhere else."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import Run

PROJECT = """
import asyncio
import http.server
import threading

import aiohttp
import httpx
import httpx2
import msal
import pytest
import requests
from azure.identity import ClientSecretCredential

CALLS = "https://graph.microsoft.com/v1.0/communications/calls"
BEFORE = httpx2.Client(proxy="http://proxy.invalid:3128")

async def later(library, url, **facts):
    async with library.AsyncClient() as client:
        return await client.get(url, **facts)

def asynchronous(library):
    return lambda url, **facts: asyncio.run(later(library, url, **facts))

class ByAiohttp:
    def __init__(self, url, **facts):
        asyncio.run(self.get(url, **facts))

    async def get(self, url, **facts):
        async with aiohttp.ClientSession(trust_env=True) as session, session.get(url, **facts) as answer:
            self.status_code, self.body = answer.status, await answer.json()

    def json(self):
        return self.body

WAYS = {
    "httpx": httpx.get, "httpx2": httpx2.get, "requests": requests.get, "made before": BEFORE.get,
    "httpx async": asynchronous(httpx), "httpx2 async": asynchronous(httpx2),
    "aiohttp": ByAiohttp,
}
FAILURES = (httpx.ConnectError, httpx2.ConnectError, requests.ConnectionError, aiohttp.ClientConnectionError)
ways = pytest.mark.parametrize("get", WAYS.values(), ids=WAYS.keys())
"""


def test_each_client_is_led_to_the_simulator(pytester: pytest.Pytester, run: Run) -> None:
    """Earlier clients, async ones and those with a proxy are led, too; each exchange is checked."""
    pytester.makepyfile(
        PROJECT
        + """
@ways
def test_it(graphcalls_everywhere, get):
    graphcalls = graphcalls_everywhere
    call = graphcalls.simulator.incoming_call()
    answer = get(f"{CALLS}/{call.id}", headers={"Authorization": f"Bearer {graphcalls.token}"})
    assert answer.json()["id"] == call.id
    assert [exchange.response.status for exchange in graphcalls.exchanges] == [200]

@pytest.mark.usefixtures("graphcalls_everywhere")
@ways
def test_wrong(get):
    assert get(f"{CALLS}/57dab8b1-894c-409a-b240-bd8beae78896").status_code == 401
"""
    )
    result = run()
    result.assert_outcomes(passed=7, failed=7)
    assert "graphcalls: request breaks call-get (v1.0)" in result.outlines


def test_other_hosts_are_refused_by_name(pytester: pytest.Pytester, run: Run) -> None:
    """The failure is one of the client's library; it names the host, the simulated ones and the nearest."""
    pytester.makepyfile(
        PROJECT
        + """
@pytest.mark.usefixtures("graphcalls_everywhere")
@ways
def test_it(get):
    with pytest.raises(FAILURES, match="sends nothing to graph.microsoft.con: simulated are graph.microsoft.com, .* "
                                       "Did you mean 'graph.microsoft.com'\\\\? Servers on .*localhost are reached"):
        get("https://graph.microsoft.con/v1.0/me")
"""
    )
    run().assert_outcomes(passed=7)


def test_local_servers_are_reached_and_all_is_undone(pytester: pytest.Pytester, run: Run) -> None:
    """The bot's own server, and ours; after the test every library is as it was."""
    pytester.makepyfile(
        PROJECT
        + """
PLACES = (httpx.HTTPTransport, httpx.AsyncHTTPTransport, httpx2.HTTPTransport, httpx2.AsyncHTTPTransport,
          requests.adapters.HTTPAdapter, aiohttp.TCPConnector)
UNTOUCHED = [{**vars(place)} for place in PLACES]

@pytest.mark.parametrize("get", [one for name, one in WAYS.items() if name != "made before"])
def test_it(graphcalls_everywhere, get):
    url = f"{graphcalls_everywhere.server}/v1.0/communications/calls/57dab8b1-894c-409a-b240-bd8beae78896"
    headers = {"Authorization": f"Bearer {graphcalls_everywhere.token}"}
    assert get(url, headers=headers).json()["error"]["code"] == "8522"

def test_undone():
    assert [{**vars(place)} for place in PLACES] == UNTOUCHED
"""
    )
    run().assert_outcomes(passed=7)


def test_a_sign_in_works_in_process(pytester: pytest.Pytester, run: Run) -> None:
    """msal's own session, and azure-identity with its defaults."""
    pytester.makepyfile(
        PROJECT
        + """
SCOPE = "https://graph.microsoft.com/.default"

def test_it(graphcalls_everywhere):
    simulator = graphcalls_everywhere.simulator
    app, secret = simulator.authority.app, simulator.signin.secret()
    authority = f"https://login.microsoftonline.com/{simulator.tenant_id}"
    by_msal = msal.ConfidentialClientApplication(app.app_id, client_credential=secret, authority=authority)
    credential = ClientSecretCredential(simulator.tenant_id, app.app_id, secret)
    call = simulator.incoming_call()
    for token in (by_msal.acquire_token_for_client([SCOPE])["access_token"], credential.get_token(SCOPE).token):
        answer = requests.get(f"{CALLS}/{call.id}", headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["id"] == call.id
"""
    )
    run().assert_outcomes(passed=1)
