"""What is shown of an error of ours: the user's line, and none of our source."""

from __future__ import annotations

import re

import pytest

from tests.plugin.conftest import Run

TESTS = {
    "assertion": "graphcalls.bot.assert_answered_within(15)",
    "waiting": "graphcalls.bot.wait_for(lambda: False, seconds=0)",
    "placing": "graphcalls.bot('ftp://nowhere')",
    "forging": "graphcalls.bot(lambda environ, start: []).forge('nothing')",
    "clock": "graphcalls.simulator.advance(-1)",
    "person": "graphcalls.simulator.person('Adele').answers_after('3')",
    "leaving": "graphcalls.simulator.person('Adele').leaves(graphcalls.simulator.incoming_call())",
    "fault": "graphcalls.simulator.fault('428')",
    "call": "graphcalls.simulator.call('57da')",
    "stage": "graphcalls_stage.advance('soon')",
    "announced": "[graphcalls.expect_violation('nothing').__enter__()]",
}
HEAD = "def test_{name}(graphcalls, graphcalls_stage):\n    {line}\n"


@pytest.mark.parametrize("style", ["auto", "short", "native"])
def test_an_error_of_ours_ends_at_the_users_line(pytester: pytest.Pytester, run: Run, style: str) -> None:
    """In every traceback style there is no frame of ours, and none of the libraries in between."""
    pytester.makepyfile("".join(HEAD.format(name=name, line=line) for name, line in TESTS.items()))
    result = run(f"--tb={style}")
    result.assert_outcomes(failed=len(TESTS))
    shown = result.stdout.str()
    assert not re.findall(r"pytest_graphcalls[/\\](?!plugin)\w+.*[:,] ", shown)  # natively pytest's own are shown, too
    assert "contextlib" not in shown
    for line in TESTS.values():
        assert line in shown


def test_a_block_ends_at_the_users_line(pytester: pytest.Pytester, run: Run) -> None:
    """The end of a ``with`` statement runs through contextlib, which is no news either."""
    pytester.makepyfile(
        "def test_it(graphcalls):\n    with graphcalls.expect_violation('at-most-five-invitees'):\n        pass\n"
    )
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*test_a_block_ends_at_the_users_line.py:2: NoViolationError"])
    result.stdout.no_fnmatch_line("*contextlib*")


def test_a_fixture_of_the_user_is_a_users_line(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def mine(graphcalls):
            graphcalls.simulator.fault("428")

        def test_it(mine): pass
        """
    )
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*.py:5: UnknownNameError"])
    result.stdout.no_fnmatch_line("*def inject*")


def test_everything_is_shown_on_request(pytester: pytest.Pytester, run: Run) -> None:
    """--full-trace is for those who look for a mistake of ours."""
    pytester.makepyfile("def test_it(graphcalls): graphcalls.simulator.advance(-1)")
    run("--full-trace").stdout.fnmatch_lines(["*pytest_graphcalls*clock.py*"])


def test_a_mistake_of_ours_keeps_its_traceback(pytester: pytest.Pytester, run: Run) -> None:
    """Only what is raised on purpose is cut."""
    pytester.makepyfile("def test_it(graphcalls): graphcalls.simulator.calls.end(None, None, None)")
    run().stdout.fnmatch_lines(["*pytest_graphcalls*store.py*: AttributeError"])
