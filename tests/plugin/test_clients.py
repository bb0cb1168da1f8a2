"""The ways into the service: httpx sync and async, HTTP over a server, a project's own client."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import NO_LEAKS, Run


def test_both_versions_speak_to_their_root(pytester: pytest.Pytester, run: Run) -> None:
    """The client's base URL is the version's root, so a test writes documented paths."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.graphcalls(version="both")
        def test_it(graphcalls_client, graphcalls_version, graphcalls):
            answer = graphcalls_client.get("/communications/calls/57da")
            assert str(answer.url) == f"https://graph.microsoft.com/{graphcalls_version}/communications/calls/57da"
            assert answer.status_code == 404
            assert len(graphcalls.exchanges) == 1
        """
    )
    run().assert_outcomes(passed=2)


def test_the_async_client_needs_no_event_loop_around_it(pytester: pytest.Pytester, run: Run) -> None:
    """The client is made before the loop runs and closed after its end; its exchanges are checked like others."""
    pytester.makepyfile(
        """
        import asyncio
        import pytest

        async def read(client):
            return await client.get("/communications/calls/57da")

        def test_own_loop(graphcalls):
            assert asyncio.run(read(graphcalls.async_client)).status_code == 404
            assert len(graphcalls.exchanges) == 1

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio"])
        async def test_plugin_loop(graphcalls_async_client, graphcalls, anyio_backend):
            assert (await read(graphcalls_async_client)).status_code == 404

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio"])
        async def test_violation(graphcalls_async_client, anyio_backend):
            await graphcalls_async_client.request("DELETE", "/communications/calls/57da", content=b"{}")

        def test_unused(graphcalls_async_client):
            assert graphcalls_async_client is not None
        """
    )
    run(*NO_LEAKS).assert_outcomes(passed=3, failed=1)


def test_requests_over_the_server_are_checked(pytester: pytest.Pytester, run: Run) -> None:
    """Any HTTP client works against the server's URL; a request without a token is seen, too."""
    pytester.makepyfile(
        """
        import requests

        CALL = "/v1.0/communications/calls/57da"

        def test_right(graphcalls_server, graphcalls_token, graphcalls):
            answer = requests.get(graphcalls_server + CALL, headers={"Authorization": f"Bearer {graphcalls_token}"})
            assert answer.status_code == 404
            assert [exchange.response.status for exchange in graphcalls.exchanges] == [404]

        def test_wrong(graphcalls_server):
            assert requests.get(graphcalls_server + CALL).status_code == 401

        def test_mixed(graphcalls):
            call = graphcalls.simulator.incoming_call()
            headers = {"Authorization": f"Bearer {graphcalls.token}"}
            over_http = requests.get(f"{graphcalls.server}/v1.0/communications/calls/{call.id}", headers=headers)
            in_process = graphcalls.client.get(f"/communications/calls/{call.id}")
            assert over_http.json()["id"] == in_process.json()["id"] == call.id
        """
    )
    result = run()
    result.assert_outcomes(passed=2, failed=1)
    assert "graphcalls: request breaks call-get (v1.0)" in result.outlines


def test_tests_do_not_see_each_other(pytester: pytest.Pytester, run: Run) -> None:
    """Each test has a tenant of its own, on one server; the same seed gives the same ids in each."""
    pytester.makepyfile(
        """
        import pytest

        seen = []

        @pytest.mark.parametrize("number", range(2))
        def test_it(graphcalls, number):
            call = graphcalls.simulator.incoming_call()
            seen.append((graphcalls.simulator.tenant_id, graphcalls.server, call.id))
            if number:
                (tenant, url, id_), (other_tenant, other_url, other_id) = seen
                assert tenant != other_tenant
                assert (url, id_) == (other_url, other_id)
        """
    )
    run().assert_outcomes(passed=2)


OWN_CLIENT = """
import httpx
from pytest_graphcalls import CheckedTransport

ANSWER = httpx.Response(204, json={"surprise": True})

def remove():
    transport = CheckedTransport(httpx.MockTransport(lambda request: ANSWER))
    with httpx.Client(transport=transport, headers={"Authorization": "Bearer abc"}) as client:
        client.delete("https://graph.microsoft.com/v1.0/communications/calls/57da")
"""


def test_a_client_of_the_user_reports_to_the_running_test(pytester: pytest.Pytester, run: Run) -> None:
    """A CheckedTransport around any transport joins the test that uses a fixture of ours."""
    pytester.makepyfile(
        OWN_CLIENT + "\ndef test_it(graphcalls):\n    remove()\n    assert len(graphcalls.exchanges) == 1\n"
    )
    result = run()
    result.assert_outcomes(failed=1)
    assert "graphcalls: response breaks call-delete.success-is-204-empty (v1.0)" in result.outlines


def test_a_client_of_the_user_raises_at_once_outside_a_test(pytester: pytest.Pytester, run: Run) -> None:
    """Without a fixture of ours the violation is raised by the request."""
    pytester.makepyfile(
        OWN_CLIENT
        + """
import pytest
from pytest_graphcalls import ContractViolationError

def test_it():
    with pytest.raises(ContractViolationError, match="call-delete.success-is-204-empty"):
        remove()
"""
    )
    run().assert_outcomes(passed=1)


def test_each_simulator_passes_the_hook(pytester: pytest.Pytester, run: Run) -> None:
    """pytest_graphcalls_simulator prepares each new simulator; a conftest speaks for its own folder only."""
    pytester.makepyfile(test_root="def test_it(graphcalls): assert graphcalls.simulator.people is not None")
    folder = pytester.mkdir("inner")
    (folder / "conftest.py").write_text(
        "def pytest_graphcalls_simulator(simulator):\n"
        "    simulator.authority.register(name='Second', roles=[])\n"
        "    print('PREPARED', simulator.now)\n"
    )
    (folder / "test_inner.py").write_text("def test_it(graphcalls_simulator): pass\n")
    result = run("-s")
    result.assert_outcomes(passed=2)
    assert str(result.stdout).count("PREPARED 0") == 1


def test_importing_the_public_names_from_the_package_works(pytester: pytest.Pytester, run: Run) -> None:
    """What a user's test imports is all in one place."""
    pytester.makepyfile(
        """
        from pytest_graphcalls import GraphCalls, Simulator

        def test_it(graphcalls: GraphCalls, graphcalls_simulator: Simulator):
            assert isinstance(graphcalls, GraphCalls)
            assert graphcalls.simulator is graphcalls_simulator
        """
    )
    run().assert_outcomes(passed=1)


@pytest.mark.parametrize("part", ["client", "async_client", "server", "bot", "simulator"])
def test_a_part_may_be_used_first_at_any_time(pytester: pytest.Pytester, run: Run, part: str) -> None:
    """Several threads get the same part at once, and so does the teardown of a fixture."""
    pytester.makepyfile(
        f"""
        from concurrent.futures import ThreadPoolExecutor
        from threading import Barrier

        import pytest

        @pytest.fixture
        def late(graphcalls):
            yield
            assert graphcalls.{part} is graphcalls.{part}

        def test_late(late):
            pass

        def test_threads(graphcalls, graphcalls_{part}):
            assert graphcalls.{part} is graphcalls_{part}

        def test_several(graphcalls):
            together = Barrier(8)

            def first(_):
                together.wait()
                return graphcalls.{part}

            with ThreadPoolExecutor(8) as pool:
                assert len(set(map(id, pool.map(first, range(8))))) == 1
        """
    )
    run(*NO_LEAKS, "-W", "error").assert_outcomes(passed=3)


OVER_HTTP = """
import socket

import pytest
import requests

def test_server(graphcalls, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    headers = {"Authorization": f"Bearer {graphcalls.token}"}
    assert requests.get(f"{graphcalls.server}/v1.0/communications/calls/57da", headers=headers).status_code == 404

def test_elsewhere(graphcalls, monkeypatch):
    with socket.socket() as one, pytest.raises(RuntimeError, match="Network is disabled for host '192.0.2.1'"):
        one.connect(("192.0.2.1", 80))

def test_without_us():
    with socket.socket() as one, pytest.raises(RuntimeError, match="Network is disabled for host '127.0.0.1'"):
        one.connect(("127.0.0.1", 9))
"""


@pytest.mark.parametrize("more", [(), ("--allowed-hosts=192.0.2.9",)])
def test_a_blocked_network_still_reaches_our_own_server(pytester: pytest.Pytester, more: tuple[str, ...]) -> None:
    """``--block-network`` of pytest-recording blocks all other hosts, and everything for tests that do not use us."""
    pytester.makepyfile(OVER_HTTP)
    pytester.runpytest_inprocess("-p", "no:randomly", "--block-network", *more).assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("variables", "meanwhile"),
    [
        ({}, "127.0.0.1"),
        ({"no_proxy": "contoso.com"}, "contoso.com,127.0.0.1"),
        ({"NO_PROXY": "*", "no_proxy": "*"}, "*"),
    ],
)
def test_a_proxy_is_not_asked_for_our_own_server(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], meanwhile: str
) -> None:
    """Whichever client it is; what the variables say otherwise is kept, and is back after the test."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    pytester.makepyfile(
        OVER_HTTP.partition("def test_elsewhere")[0]
        + f"""
import os

def test_variables(graphcalls_server):
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == {meanwhile!r}

def test_after():
    assert {{name: os.environ[name] for name in ("NO_PROXY", "no_proxy") if name in os.environ}} == {variables!r}
"""
    )
    run().assert_outcomes(passed=3)
