"""A server at a base URL as the target."""

from __future__ import annotations

import pytest

from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.server.tls import certificate_in
from pytest_graphcalls.simulator import Simulator
from tests.plugin.conftest import NO_LEAKS, Run
from tests.plugin.projects import READ_A_CALL

Served = tuple[str, Simulator]
NOWHERE = "http://127.0.0.1:1"


@pytest.mark.parametrize("suffix", ["", "/", "/v1.0"])
def test_a_base_url_is_spoken_to(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, served: Served, suffix: str
) -> None:
    """One test runs over HTTP as well; the token comes from the environment."""
    url, simulator = served
    monkeypatch.setenv("GRAPHCALLS_TOKEN", simulator.authority.token())
    pytester.makepyfile(READ_A_CALL + "\ndef test_token(graphcalls_token): assert graphcalls_token.startswith('ey')\n")
    result = run(f"--graphcalls-target={url}{suffix}")
    result.assert_outcomes(passed=2)
    assert any(line.startswith(f"graphcalls: 1 exchange in 2 tests, target {url}; ") for line in result.outlines)


def test_async_clients_reach_a_base_url(pytester: pytest.Pytester, run: Run, served: Served) -> None:
    """Two event loops, one after the other, use the same fixture without a warning."""
    pytester.makepyfile(
        """
        import asyncio

        async def read(client):
            return (await client.get("/communications/calls/57da")).status_code

        def test_it(graphcalls_async_client, graphcalls):
            assert asyncio.run(read(graphcalls_async_client)) == 401
            assert asyncio.run(read(graphcalls_async_client)) == 401
            assert len(graphcalls.exchanges) == 2
        """
    )
    run(*NO_LEAKS, f"--graphcalls-target={served[0]}").assert_outcomes(passed=1)


def test_without_a_token_a_placeholder_is_sent(pytester: pytest.Pytester, run: Run, served: Served) -> None:
    """A mock may only ask that there be a token; one that checks it answers 401."""
    pytester.makepyfile("def test_it(graphcalls): assert graphcalls.token == 'pytest-graphcalls'")
    run(f"--graphcalls-target={served[0]}").assert_outcomes(passed=1)


def test_a_server_with_tls_is_trusted_by_the_environments_authority(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSL_CERT_FILE makes it trusted; the sentence says so, and does not advise to start a server that runs."""
    pytester.makepyfile(READ_A_CALL)
    app = SimulatorApp(simulator := Simulator())
    monkeypatch.setenv("GRAPHCALLS_TOKEN", simulator.authority.token())
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with (
        certificate_in(pytester.path / "ca") as tls,
        serve_in_thread(app, certificate=tls.certificate) as url,
    ):
        said = "\n".join(run(f"--graphcalls-target={url}").outlines)
        assert "set SSL_CERT_FILE to the authority's file, which is FOLDER/ca.pem for" in said
        assert "Start it" not in said
        monkeypatch.setenv("SSL_CERT_FILE", str(tls.ca))
        run(f"--graphcalls-target={url}").assert_outcomes(passed=1)


def test_a_server_that_does_not_answer_ends_the_run(pytester: pytest.Pytester, run: Run) -> None:
    """One sentence and status 4, instead of one failing test per rule."""
    pytester.makepyfile(READ_A_CALL + "\ndef test_more(graphcalls_client): pass\n")
    result = run(f"--graphcalls-target={NOWHERE}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    sentence = f"graphcalls: --graphcalls-target={NOWHERE}: expected a server that answers. "
    line = next(line for line in (*result.outlines, *result.errlines) if sentence in line)
    assert "refused" in line
    assert "Start it, or correct the address." in line


def test_a_server_that_does_not_answer_ends_a_parallel_run(pytester: pytest.Pytester, run: Run) -> None:
    """xdist turns it into status 2; the sentence is the same, and nothing crashes."""
    pytester.makepyfile(READ_A_CALL)
    result = run(f"--graphcalls-target={NOWHERE}", workers=1)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    text = "\n".join((*result.outlines, *result.errlines))
    assert f"graphcalls: --graphcalls-target={NOWHERE}: expected a server that answers." in text
    assert "INTERNALERROR" not in text


@pytest.mark.parametrize("fixture", ["graphcalls_simulator", "graphcalls_server"])
def test_a_test_that_needs_the_simulator_is_skipped(
    pytester: pytest.Pytester, run: Run, served: Served, fixture: str
) -> None:
    """Asking a base URL for a simulator skips, and says what gives one."""
    pytester.makepyfile(f"def test_it({fixture}): pass")
    result = run("-rs", f"--graphcalls-target={served[0]}")
    result.assert_outcomes(skipped=1)
    (line,) = [line for line in result.outlines if line.startswith("SKIPPED")]
    assert line.endswith(
        f"needs a simulator, and this test runs against {served[0]}/v1.0; --graphcalls-target=simulator or "
        '@pytest.mark.graphcalls(target="simulator") gives it one.'
    )


def test_a_marker_may_name_a_base_url(pytester: pytest.Pytester, run: Run, served: Served) -> None:
    """One test of a suite may talk to another target."""
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.graphcalls(target="{served[0]}")
        def test_there(graphcalls): assert graphcalls.root == "{served[0]}/v1.0"

        def test_here(graphcalls): assert graphcalls.root == "https://graph.microsoft.com/v1.0"
        """
    )
    run().assert_outcomes(passed=2)
