"""Every exchange of a user's test is checked, and a failing test says what to do."""

from __future__ import annotations

import httpx
import pytest

from pytest_graphcalls.contract import Contract
from tests.plugin.conftest import Run
from tests.plugin.projects import INVITE_SIX, READ_A_CALL

RESPONSE_WITH_A_NOTICE = """
def pytest_graphcalls_simulator(simulator):
    def with_more(request, proceed):
        answer = proceed(request)
        return type(answer)(answer.status, answer.headers, answer.body.replace(b'"id":', b'"novelty":1,"id":', 1))

    simulator.intercept(with_more)
"""


def test_a_violation_fails_the_test(pytester: pytest.Pytester, run: Run) -> None:
    """The message: what was broken, where, expected, got, page, next step, and the exchange as curl."""
    pytester.makepyfile(INVITE_SIX)
    result = run()
    result.assert_outcomes(failed=1)
    start = result.outlines.index("graphcalls: request breaks participant-invite.at-most-five-invitees (v1.0)")
    lines = result.outlines[start : start + 13]
    entries = [{"identity": {"user": {"id": str(n)}}} for n in range(6)]
    sent = httpx.Request("POST", "https://graph.microsoft.com", json={"participants": entries})
    assert lines[:12] == [
        "graphcalls: request breaks participant-invite.at-most-five-invitees (v1.0)",
        "  operation participant-invite",
        "  rule      One request names at most five invitees.",
        "  where     $.participants",
        "  expected  at most 5 entries",
        "  got       6 entries",
        "  page      https://learn.microsoft.com/graph/api/participant-invite?view=graph-rest-1.0",
        '  next      fix the request; if it is wrong on purpose, send it in graphcalls.expect_violation("at-most-five-'
        'invitees").',
        "  exchange  1 of 1",
        "    curl -X POST https://graph.microsoft.com/v1.0/communications/calls/57da/participants/invite \\",
        "      -H 'Authorization: Bearer REDACTED' \\",
        "      -H 'Content-Type: application/json' \\",
    ]
    assert lines[12] == f"      --data '{sent.content.decode()}'"
    assert result.outlines[start + 13].startswith("    answered 404 8522: Call not found. [pytest-graphcalls] App ")
    assert "; date " in result.outlines[start + 13]


def test_the_short_summary_says_which_rule(pytester: pytest.Pytester, run: Run) -> None:
    """The one line that people read first starts with what was broken."""
    pytester.makepyfile(test_a=INVITE_SIX)
    result = run("-rf")
    result.stdout.fnmatch_lines(["FAILED test_a.py::test_six - graphcalls: request breaks participant-inv*"])


def test_an_undamaged_exchange_fails_nothing(pytester: pytest.Pytester, run: Run) -> None:
    """A right request with a documented answer, an error answer included, passes."""
    pytester.makepyfile(READ_A_CALL)
    run().assert_outcomes(passed=1)


def test_a_failing_test_that_also_violates_shows_both(pytester: pytest.Pytester, run: Run) -> None:
    """The violation may be the reason of the failure, so it is reported beside it."""
    pytester.makepyfile(INVITE_SIX + "    assert 0\n")
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E       assert 0", "graphcalls: request breaks participant-invite.*"])


@pytest.mark.parametrize(
    "what", ["at-most-five-invitees", "participant-invite.at-most-five-invitees", "limit-exceeded"]
)
def test_a_violation_on_purpose_is_allowed(pytester: pytest.Pytester, run: Run, what: str) -> None:
    """expect_violation takes a slug, a full id or a kind; only what happens inside is allowed."""
    body = INVITE_SIX.replace("graphcalls_client", "graphcalls", 1).replace(
        "    graphcalls_client.post(",
        f'    with graphcalls.expect_violation("{what}"):\n        graphcalls.client.post(',
    )
    pytester.makepyfile(body)
    run().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("inside", "sentence"),
    [
        (
            'graphcalls.client.get("/communications/calls/57da")',
            "expected a violation of 'token-missing', but of 1 exchange(s) inside the block nothing was found; correct "
            "the name, or take expect_violation away.",
        ),
        (
            'graphcalls.client.post("/communications/calls/57da/participants/invite", json={"participants": [{}]})',
            "expected a violation of 'token-missing', but of 1 exchange(s) inside the block only "
            "participant-invite.invitee-has-identity was found; correct the name, or take expect_violation away.",
        ),
        (
            "pass",
            "expected a violation of 'token-missing', but no exchange was seen inside the block; send the request "
            "through a client of the fixtures, or a CheckedTransport.",
        ),
    ],
)
def test_a_violation_that_does_not_come_fails(pytester: pytest.Pytester, run: Run, inside: str, sentence: str) -> None:
    """An announced violation must happen; otherwise the test would prove nothing."""
    pytester.makepyfile(
        f'def test_it(graphcalls):\n    with graphcalls.expect_violation("token-missing"):\n        {inside}\n'
    )
    result = run()
    assert result.parseoutcomes()["failed"] == 1
    assert any(sentence in line for line in result.outlines)


def test_an_unknown_violation_is_named(pytester: pytest.Pytester, run: Run) -> None:
    """A typo in expect_violation gets the nearest match."""
    pytester.makepyfile(
        "def test_it(graphcalls):\n    with graphcalls.expect_violation('at-most-six-invitees'):\n        pass\n"
    )
    result = run()
    result.assert_outcomes(failed=1)
    sentence = "there is no rule, slug or kind of finding 'at-most-six-invitees'. Did you mean 'at-most-five-invitees'?"
    assert any(sentence in line for line in result.outlines)


def test_a_misspelt_rule_finds_the_one_with_that_word(pytester: pytest.Pytester, run: Run) -> None:
    """Of the operation that was named, and not a rule that happens to be as long."""
    pytester.makepyfile(
        "def test_it(graphcalls):\n    with graphcalls.expect_violation('call-reject.resons'):\n        pass\n"
    )
    result = run()
    result.stdout.fnmatch_lines(["*Did you mean 'call-reject.reasons-are-none-busy-forbidden'?*"])


@pytest.mark.parametrize("version", ["v2", "v1.5"])
def test_an_unknown_version_is_named(pytester: pytest.Pytester, run: Run, version: str) -> None:
    """Whichever way it came in: from a fixture of the project's, or in an address."""
    pytester.makepyfile(
        f"""
        import pytest
        from pytest_graphcalls.contract import Contract

        @pytest.fixture
        def graphcalls_version(request):
            return request.param

        @pytest.mark.parametrize("graphcalls_version", ["{version}"], indirect=True)
        def test_fixture(graphcalls):
            pass

        @pytest.mark.parametrize("graphcalls_version", ["v1.0"], indirect=True)
        def test_address(graphcalls):
            graphcalls.client.get("https://graph.microsoft.com/{version}/communications/calls/57da")

        def test_contract():
            Contract.packaged().check_notification({{}}, "{version}")
        """
    )
    result = run()
    result.assert_outcomes(errors=1, failed=2)
    sentence = f"there is no API version '{version}'"
    assert sum(sentence in line for line in result.outlines if line.startswith(("E ", "  got "))) == 3


def test_an_exception_inside_the_block_stays_itself(pytester: pytest.Pytester, run: Run) -> None:
    """What the test raises is shown, not that the violation did not come; what came before it is allowed."""
    pytester.makepyfile(
        """
        import pytest

        def test_it(graphcalls):
            with pytest.raises(KeyError):
                with graphcalls.expect_violation("token-missing"):
                    graphcalls.client.get("/communications/calls/57da", headers={"Authorization": ""})
                    raise KeyError
        """
    )
    run().assert_outcomes(passed=1)


@pytest.mark.parametrize(("arguments", "failed"), [((), 0), (("--graphcalls-strict",), 1)])
def test_a_notice_fails_under_strict_only(
    pytester: pytest.Pytester, run: Run, arguments: tuple[str, ...], failed: int
) -> None:
    """An undocumented member is tolerated, reported at the end, and a failure on request."""
    pytester.makeconftest(RESPONSE_WITH_A_NOTICE)
    pytester.makepyfile(
        """
        def test_it(graphcalls):
            call = graphcalls.simulator.incoming_call()
            graphcalls.client.get(f"/communications/calls/{call.id}")
        """
    )
    result = run(*arguments)
    result.assert_outcomes(passed=1 - failed, failed=failed)
    notice = "graphcalls: response departs, under strict, from call-get.success-is-200-with-call (v1.0)"
    assert (notice in result.outlines) is bool(failed)
    notice = any(line.startswith("notice: call-get v1.0 response $.novelty: expected") for line in result.outlines)
    assert notice is not bool(failed)


def test_unknown_paths_of_the_calls_api_are_violations(pytester: pytest.Pytester, run: Run) -> None:
    """A typo in a path gets the nearest operation."""
    pytester.makepyfile(
        "def test_it(graphcalls_client): graphcalls_client.post('/communications/calls/57da/participants/invit')"
    )
    result = run()
    result.assert_outcomes(failed=1)
    assert "  next      Did you mean POST /communications/calls/{id}/participants/invite?" in result.outlines


def test_secrets_are_masked_everywhere(pytester: pytest.Pytester, run: Run) -> None:
    """Neither the screen nor a report nor JUnit's file holds a bearer token."""
    pytester.makepyfile(INVITE_SIX + "\ndef test_token(graphcalls_token):\n    print('TOKEN', graphcalls_token)\n")
    result = run("-s", "--graphcalls-report=r.json", "--graphcalls-report=r.md", "--junitxml=junit.xml")
    token = next(line.partition("TOKEN ")[2] for line in result.outlines if "TOKEN " in line)
    signature = token.rpartition(".")[2][:20]
    for name in ("r.json", "r.md"):
        text = (pytester.path / name).read_text(encoding="utf-8")
        assert "Bearer ey" not in text
        assert signature not in text
    assert sum("Bearer ey" in line for line in result.outlines) == 0


def test_the_summary_says_what_was_exercised(pytester: pytest.Pytester, run: Run) -> None:
    """A user's run ends with the operations and rules its own tests went through."""
    pytester.makepyfile(test_a=READ_A_CALL, test_b=INVITE_SIX, test_c="def test_other(): pass")
    result = run("-v")
    start = result.outlines.index("operations exercised:")
    assert result.outlines[start - 1 : start + 5] == [
        "2 exchanges in 2 tests, target simulator",
        "operations exercised:",
        "  call-get@v1.0 x1, participant-invite@v1.0 x1",
        f"rules exercised, 3 of {len(Contract.packaged().rules)}:",
        "  participant-invite.at-most-five-invitees, participant-invite.invitee-has-identity,",
        "  participant-invite.token-is-required",
    ]


def test_the_end_of_a_green_run_is_one_line(pytester: pytest.Pytester, run: Run) -> None:
    """Without -v the line shows the target and how much of the contract was exercised."""
    pytester.makepyfile(READ_A_CALL)
    lines = [
        line for line in run().outlines if "graphcalls:" in line or "exercised" in line or "= graphcalls =" in line
    ]
    assert lines == [
        "graphcalls: 1 exchange in 1 test, target simulator; 1 operation and "
        f"0 of {len(Contract.packaged().rules)} rules exercised (-v lists them)"
    ]


STATELESS = """
def pytest_graphcalls_simulator(simulator):
    state = simulator.notifier.state

    def stateless(*args):
        data = state(*args)
        del data["state"]
        return data

    simulator.notifier.state = stateless
"""
"""The simulator omits the state of a call."""
CALL_A_USER = """
def test_call(graphcalls):
    simulator = graphcalls.simulator
    target = {"identity": {"user": {"id": simulator.person("adele").id}}}
    body = {"callbackUri": "https://bot.contoso.com/calls", "targets": [target], "requestedModalities": ["audio"],
            "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"}}
    assert graphcalls.client.post("/communications/calls", json=body).status_code == 201
    simulator.advance(30)
"""
RECEIVER = """
from pytest_graphcalls.wire import Headers, Request, encode_json

def test_receive(graphcalls):
    data = {"@odata.type": "#microsoft.graph.call", "state": STATE}
    entry = {"changeType": "updated", "resourceUrl": "/communications/calls/57da", "resourceData": data}
    headers = Headers({"Authorization": "Bearer abc", "Content-Type": "application/json"})
    body = encode_json({"@odata.type": "#microsoft.graph.commsNotifications", "value": [entry]})
    got = graphcalls.receive(Request("POST", "https://bot.contoso.com/calls", headers, body))
    assert got["value"][0]["changeType"] == "updated"
"""


def test_notifications_of_the_simulator_are_checked(pytester: pytest.Pytester, run: Run) -> None:
    """The test need not read it; the message shows the notification."""
    pytester.makepyfile(CALL_A_USER)
    run().assert_outcomes(passed=1)
    pytester.makeconftest(STATELESS)
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "graphcalls: notification breaks call-updated (v1.0)",
            "  where     $.value[[]0[]].resourceData.state",
            "  posted    notification 1 of the test",
            "    curl -X POST https://bot.contoso.com/calls *",
        ]
    )


@pytest.mark.parametrize(("state", "outcomes"), [("'established'", {"passed": 1}), ("None", {"failed": 1})])
def test_a_notification_given_to_receive_is_checked(
    pytester: pytest.Pytester, run: Run, state: str, outcomes: dict[str, int]
) -> None:
    """graphcalls.receive hands on the body, and what is wrong with it fails the test."""
    pytester.makepyfile(RECEIVER.replace("STATE", state))
    run().assert_outcomes(**outcomes)


def test_receive_takes_a_request(pytester: pytest.Pytester, run: Run) -> None:
    """A body alone, or the request of some framework, is no notification yet."""
    pytester.makepyfile("def test_it(graphcalls): graphcalls.receive({'value': []})")
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*receive(request)={'value': [[]]}: expected Request(\"POST\", url, *"])
