"""A simulator for a module or a session: what is wrong in it fails the test in which it happens."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import Run

SHARED = """
import pytest

PEOPLE = [{"identity": {"user": {"id": str(n)}}} for n in range(6)]

@pytest.fixture(scope="module")
def shared(graphcalls_shared):
    with graphcalls_shared() as graphcalls:
        BEFORE
        yield graphcalls
        AFTER

def invite_six(graphcalls):
    graphcalls.client.post("/communications/calls/57da/participants/invite", json={"participants": PEOPLE})

@pytest.fixture(scope="module")
def call(shared):
    return shared.simulator.incoming_call("Adele")

def test_first(shared, call):
    assert shared.client.get(f"/communications/calls/{call.id}").json()["id"] == call.id
    assert len(shared.exchanges) == 1

def test_wrong(shared):
    invite_six(shared)
    assert len(shared.exchanges) == len(shared.findings) == 1

def test_on_purpose(shared, graphcalls):
    with shared.expect_violation("at-most-five-invitees"):
        invite_six(shared)
    assert graphcalls.exchanges == shared.exchanges

def test_last(shared, call):
    assert shared.client.get(f"/communications/calls/{call.id}").json()["id"] == call.id
"""
ONCE = "graphcalls: request breaks participant-invite.at-most-five-invitees (v1.0)"


def project(before: str = "pass", after: str = "pass") -> str:
    return SHARED.replace("BEFORE", before).replace("AFTER", after)


def test_an_exchange_belongs_to_the_test_that_made_it(pytester: pytest.Pytester, run: Run, workers: int) -> None:
    """One simulator for all of them; a violation fails one test, once."""
    pytester.makepyfile(project())
    result = run("--graphcalls-report=r.md", workers=workers)
    result.assert_outcomes(passed=3, failed=1)
    assert result.outlines.count(ONCE) == 1
    assert "| tests | 4 |\n| exchanges | 4 |\n| findings | 1 |" in (pytester.path / "r.md").read_text()


@pytest.mark.parametrize(
    ("before", "after", "outcomes"),
    [
        ("invite_six(graphcalls)", "pass", {"passed": 2, "failed": 2}),
        ("pass", "invite_six(graphcalls)", {"passed": 3, "failed": 1, "errors": 1}),
    ],
)
def test_requests_of_set_up_and_teardown_are_checked(
    pytester: pytest.Pytester, run: Run, before: str, after: str, outcomes: dict[str, int]
) -> None:
    """A violation fails the test that needed the set-up first, or the teardown after the last test."""
    pytester.makepyfile(project(before, after))
    result = run()
    result.assert_outcomes(**outcomes)
    assert result.outlines.count(ONCE) == 2


def test_notifications_are_checked_in_the_test_in_which_they_come(pytester: pytest.Pytester, run: Run) -> None:
    """Each once, and those of an earlier test are not repeated."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="module")
        def shared(graphcalls_shared):
            with graphcalls_shared() as graphcalls:
                state = graphcalls.simulator.notifier.state
                graphcalls.simulator.notifier.state = lambda *args: {**state(*args), "state": None}
                yield graphcalls

        def test_one(shared):
            shared.answered_call("Adele")

        def test_two(shared):
            assert shared.simulator.notifications
        """
    )
    run().assert_outcomes(failed=1, passed=1)


def test_the_timeline_of_a_shared_bot_is_shown_with_its_tests(pytester: pytest.Pytester, run: Run) -> None:
    """The timeline is in the failure section, as that of a test's own simulator."""
    pytester.makepyfile(
        """
        import pytest

        def bot(environ, start):
            start("202 Accepted", [])
            return []

        @pytest.fixture(scope="session")
        def shared(graphcalls_shared):
            with graphcalls_shared(version="beta") as graphcalls:
                graphcalls.bot(bot)
                yield graphcalls

        def test_one(shared):
            assert shared.version == "beta"
            shared.simulator.incoming_call("Adele")
            shared.simulator.advance(1)
            assert 0
        """
    )
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- graphcalls bot -*", "*posted created call incoming: 202*"])


def test_a_different_target_has_none(pytester: pytest.Pytester, run: Run) -> None:
    """The test is skipped, with the option that gives it one."""
    pytester.makepyfile(project())
    result = run("--graphcalls-target=http://127.0.0.1:9", "-rs")
    result.assert_outcomes(skipped=4)
    assert any("--graphcalls-target=simulator has one." in line for line in result.outlines)


def test_the_fixture_itself_says_that_it_is_called(pytester: pytest.Pytester, run: Run) -> None:
    """Used as what it gives, or entered without parentheses."""
    pytester.makepyfile(
        """
        def test_used(graphcalls_shared):
            graphcalls_shared.client

        def test_entered(graphcalls_shared):
            with graphcalls_shared:
                pass
        """
    )
    result = run()
    result.assert_outcomes(failed=2)
    for use in (".client", "with graphcalls_shared"):
        said = f"*graphcalls_shared={use}: expected it to be called, with parentheses. In a fixture of your own: with *"
        result.stdout.fnmatch_lines_random([said])
