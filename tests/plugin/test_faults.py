"""Faults in a user's own suite: the marker, what a failure shows, and that they are no violations."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import NO_LEAKS, Run
from tests.plugin.recording_runs import WITH_RECORDING

STATUS = """
import pytest

def status(graphcalls):
    return graphcalls.client.get("/communications/calls/57da").status_code
"""


def test_a_marker_injects_a_fault(pytester: pytest.Pytester, run: Run) -> None:
    """The fault acts from the beginning of its test, and in no other; its answers are no violations."""
    pytester.makepyfile(
        STATUS
        + """
@pytest.mark.graphcalls_fault("429", nth=1, retry_after=3)
@pytest.mark.graphcalls_fault("503", nth=2)
def test_it(graphcalls):
    assert [status(graphcalls) for _ in range(3)] == [429, 503, 404]

def test_another(graphcalls):
    assert status(graphcalls) == 404
"""
    )
    run(*NO_LEAKS, "--strict-markers").assert_outcomes(passed=2)


def test_markers_of_module_class_and_test_add_up(pytester: pytest.Pytester, run: Run) -> None:
    """Markers of the module come first, and combine with other markers."""
    pytester.makepyfile(
        STATUS
        + """
pytestmark = pytest.mark.graphcalls_fault("500", nth=2)

@pytest.mark.graphcalls_fault("503", nth=1)
class TestIt:
    @pytest.mark.graphcalls(version="beta")
    @pytest.mark.graphcalls_fault("call-not-found", since=2)
    def test_it(self, graphcalls):
        assert [str(fault.order) for fault in graphcalls.simulator.faults.active] == [
            "500 (nth=2)", "503 (nth=1)", "call-not-found (since=2)"
        ]
        assert [status(graphcalls) for _ in range(3)] == [503, 500, 404]
        assert graphcalls.version == "beta"
"""
    )
    run("--strict-markers").assert_outcomes(passed=1)


def test_a_fault_strikes_every_client_of_the_simulator(pytester: pytest.Pytester, run: Run) -> None:
    """The sync and the async client, and the server."""
    pytester.makepyfile(
        STATUS
        + """
import asyncio
import httpx

@pytest.mark.graphcalls_fault("dropped")
def test_it(graphcalls, graphcalls_async_client, graphcalls_server):
    with pytest.raises(httpx.RemoteProtocolError):
        status(graphcalls)
    with pytest.raises(httpx.RemoteProtocolError):
        asyncio.run(graphcalls_async_client.get("/communications/calls/57da"))
    with pytest.raises(httpx.RemoteProtocolError):
        headers = {"Authorization": f"Bearer {graphcalls.token}"}
        httpx.get(f"{graphcalls_server}/v1.0/communications/calls/57da", headers=headers, trust_env=False)
"""
    )
    run(*NO_LEAKS).assert_outcomes(passed=1)


MARKERS = "graphcalls_fault(name, **parameters)."


@pytest.mark.parametrize(
    ("marker", "sentence"),
    [
        ('graphcalls_fault("half-snet")', "there is no fault 'half-snet'. Did you mean 'half-sent'?"),
        (
            'graphcalls_fault("429", retry_afer=3)',
            "there is no parameter of the fault '429': 'retry_afer'. Did you mean 'retry_after'?",
        ),
        (
            'graphcalls_fault("503", operation="call-rejekt")',
            "there is no operation 'call-rejekt'. Did you mean 'call-reject'? 'graphcalls rules' lists them all.",
        ),
        ('graphcalls_fault("503", nth=0)', "nth=0: expected a whole number from 1 to 1,000,000,000."),
        ("graphcalls_fault(429)", "fault=429: expected a name as text, e.g. '429'."),
        ('graphcalls_fault("latency")', "seconds=(not given): expected how late. The fault 'latency' needs it."),
    ],
)
def test_a_wrong_marker_stops_the_run(pytester: pytest.Pytester, run: Run, marker: str, sentence: str) -> None:
    """The run stops before its first test, and names the test and the nearest match."""
    pytester.makepyfile(
        test_a="def test_never_runs(): pass",
        test_b=f"import pytest\n\n@pytest.mark.{marker}\ndef test_it(graphcalls): pass\n",
    )
    result = run("--strict-markers")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: test_b.py::test_it: {sentence}" in result.errlines
    result.stdout.no_fnmatch_line("*passed*")


def test_a_marker_without_a_name_stops_the_run(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile("import pytest\n\n@pytest.mark.graphcalls_fault\ndef test_it(graphcalls): pass\n")
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if "graphcalls_fault() missing 1 required" in line]
    assert line.endswith(MARKERS)


def test_a_fault_that_can_strike_nothing_stops_the_run(pytester: pytest.Pytester, run: Run) -> None:
    """A marker of the test's own is meant for it; one of a module is for those that it concerns."""
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.graphcalls_fault("503")

        def test_other(): pass

        def test_asks(request): assert request.getfixturevalue("graphcalls").simulator.faults.active

        @pytest.mark.usefixtures("graphcalls_server")
        @pytest.mark.graphcalls_fault("503")
        def test_served(): pass
        """
    )
    run("-Wdefault").assert_outcomes(passed=3, warnings=3)
    pytester.makepyfile("import pytest\n\n@pytest.mark.graphcalls_fault('503')\ndef test_it(): pass\n")
    for result in (run(), pytester.runpytest_inprocess(*WITH_RECORDING)):  # whose fixtures every test has
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        (line,) = [line for line in result.errlines if "has no effect here" in line]
        assert line.endswith("take graphcalls, graphcalls_client or a different one, or remove the marker.")


def test_another_target_skips_with_a_sentence(pytester: pytest.Pytester, run: Run) -> None:
    """The sentence names how the test gets a simulator; nothing is contacted."""
    pytester.makepyfile(STATUS + '\n@pytest.mark.graphcalls_fault("503")\ndef test_it(graphcalls): assert 0\n')
    result = run("-rs", "--graphcalls-target=http://127.0.0.1:1")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        [
            "SKIPPED *: needs a simulator for its faults, and this test runs against http://127.0.0.1:1; "
            '--graphcalls-target=simulator or @pytest.mark.graphcalls(target="simulator") gives it one.'
        ]
    )


def test_a_test_may_insist_on_a_simulator_with_faults(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        STATUS
        + """
@pytest.mark.graphcalls(target="simulator")
@pytest.mark.graphcalls_fault("503")
def test_it(graphcalls):
    assert status(graphcalls) == 503
"""
    )
    run("--graphcalls-target=http://127.0.0.1:1").assert_outcomes(passed=1)


def test_a_failure_shows_what_struck(pytester: pytest.Pytester, run: Run) -> None:
    """The timeline of the failure shows the fault and the seed of chance."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.graphcalls_fault("duplicate", probability=1)
        def test_it(graphcalls):
            async def app(scope, receive, send):
                if scope["type"] != "http":
                    raise NotImplementedError
                await send({"type": "http.response.start", "status": 202, "headers": []})
                await send({"type": "http.response.body", "body": b""})

            graphcalls.bot(app)
            graphcalls.simulator.incoming_call()
            graphcalls.simulator.advance(0)
            assert graphcalls.client.get("/communications/calls/57da").status_code == 503
        """
    )
    result = run(*NO_LEAKS, "--graphcalls-seed=9")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- graphcalls bot -*",
            "seed 9, virtual time 0 s",
            "#1       0.00 s  fault  duplicate (probability=1): created call incoming  (call *)",
            "#2       0.00 s  posted created call incoming: 202 in * ms  (call *)",
            "#3       0.00 s  posted created call incoming: 202 in * ms  (call *)",
            "#4       0.00 s  asked  GET /calls/57da: 404",
        ]
    )


def test_a_spoilt_answer_is_no_violation(pytester: pytest.Pytester, run: Run) -> None:
    """No fault is a violation, whatever the operation; requests of the test are judged all the same."""
    pytester.makepyfile(
        """
        import httpx
        import pytest

        NAMES = {
            "429": {}, "503": {"retry_after": 1}, "500": {}, "error": {"row": "media-not-ready"}, "wrapped": {},
            "expired-token": {}, "call-not-found": {}, "latency": {"seconds": 1}, "dropped": {}, "half-sent": {},
        }

        @pytest.mark.parametrize("name", NAMES)
        def test_it(graphcalls, name):
            call = graphcalls.simulator.incoming_call()
            with graphcalls.simulator.fault(name, **NAMES[name]):
                for method, path, facts in (
                    ("GET", "", {}),
                    ("POST", "/reject", {"json": {"reason": "busy"}}),
                    ("DELETE", "", {}),
                ):
                    try:
                        graphcalls.client.request(method, f"/communications/calls/{call.id}{path}", **facts)
                    except httpx.RemoteProtocolError:
                        assert name in {"dropped", "half-sent"}

        def test_a_wrong_request(graphcalls):
            with graphcalls.simulator.fault("503"):
                graphcalls.client.post("/communications/calls/57da/reject", json={"reason": "tired"})
        """
    )
    result = run(*NO_LEAKS)
    result.assert_outcomes(passed=10, failed=1)
    result.stdout.fnmatch_lines(["*call-reject.reasons-are-none-busy-forbidden*"])
