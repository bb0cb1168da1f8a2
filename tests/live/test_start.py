"""Whether a live run starts at all."""

from __future__ import annotations

import pytest

from tests.live.conftest import Run, Tenant, facts, ini
from tests.live.projects import HEAD, ONE_CALL

OTHER = "11111111-2222-4333-8444-555555555555"


def test_without_allow_list_it_does_not_start(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """The message shows the line to add; no token was requested, and nothing was sent to Graph."""
    pytester.makeini("[pytest]\n")
    pytester.makefile(".ini", pytest="[pytest]\n")
    pytester.makepyfile(ONE_CALL)
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = "\n".join(result.errlines)
    assert "ERROR: --graphcalls-target=live cannot start." in text
    assert f'  graphcalls_sandbox_tenants = ["{tenant.id}"]' in text
    assert tenant.requests == []


@pytest.mark.parametrize("workers", [0, 1])
def test_another_tenant_on_the_list_does_not_help(
    pytester: pytest.Pytester, run: Run, tenant: Tenant, workers: int
) -> None:
    """The run is refused, alone and with workers, none of which is started."""
    pytester.makefile(".ini", pytest=ini(OTHER, facts(OTHER)))
    pytester.makepyfile(ONE_CALL)
    result = run(workers=workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f'["{OTHER}", "{tenant.id}"]' in "\n".join(result.errlines)
    assert "INTERNALERROR" not in str(result.stdout)
    assert tenant.requests == []


def test_the_list_is_no_variable_and_no_option(
    pytester: pytest.Pytester, run: Run, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The allow list belongs into the project's configuration, where it is reviewed."""
    monkeypatch.setenv("GRAPHCALLS_SANDBOX_TENANTS", tenant.id)
    pytester.makefile(".ini", pytest="[pytest]\n")
    pytester.makepyfile(ONE_CALL)
    assert run().ret == pytest.ExitCode.USAGE_ERROR
    assert run(f"--graphcalls-sandbox-tenants={tenant.id}").ret == pytest.ExitCode.USAGE_ERROR
    assert tenant.requests == []


@pytest.mark.parametrize("name", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"])
def test_half_the_variables_do_not_do(
    pytester: pytest.Pytester, run: Run, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The one that is missing is named."""
    monkeypatch.delenv(name)
    pytester.makepyfile(ONE_CALL)
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: --graphcalls-target=live cannot start. {name}=(not set): expected " in "\n".join(result.errlines)


def test_a_wrong_fact_does_not_do(
    pytester: pytest.Pytester, run: Run, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names the variable that held it."""
    monkeypatch.setenv("GRAPHCALLS_SANDBOX_PHONE", "0123")
    pytester.makepyfile(ONE_CALL)
    assert "GRAPHCALLS_SANDBOX_PHONE phone=0123: expected a number in E.164 form" in "\n".join(run().errlines)


def test_tests_can_be_listed_without_any_of_it(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--collect-only starts nothing."""
    monkeypatch.delenv("AZURE_TENANT_ID")
    pytester.makepyfile(ONE_CALL)
    assert run("--collect-only").ret == pytest.ExitCode.OK


def test_a_marker_does_not_make_a_run_live(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """What guards the tenant belongs to the run as a whole."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.graphcalls(target="live")
        def test_it(graphcalls_client): pass
        """
    )
    result = run("--graphcalls-target=simulator")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "Give --graphcalls-target=live." in "\n".join((*result.outlines, *result.errlines))
    assert tenant.requests == []


def test_the_header_says_where(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """The address, if it is not that of a cloud."""
    pytester.makepyfile(ONE_CALL)
    result = run("--graphcalls-version=v1.0")
    result.stdout.re_match_lines([rf"graphcalls: target=live \({tenant.url}\), versions=v1\.0, contract=.*"])
    result.assert_outcomes(passed=1, deselected=1)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_sign_in_that_fails_ends_the_run(
    pytester: pytest.Pytester, run: Run, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """One sentence with the setting and the remedy, before any request to Graph; not a failing test for each rule."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong-secret-value")
    pytester.makepyfile(f"{ONE_CALL}\n@CREATED\ndef test_more(graphcalls_stage): pass\n")
    result = run(workers=workers)
    assert result.ret in {pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED}
    text = "\n".join((*result.outlines, *result.errlines))
    assert "AADSTS7000215" in text
    assert "AZURE_CLIENT_SECRET" in text
    assert "wrong-secret-value" not in text
    assert tenant.requests == []
    assert "failed" not in result.parseoutcomes()


def test_a_graph_that_does_not_answer_ends_the_run(pytester: pytest.Pytester, run: Run) -> None:
    """One sentence, too."""
    pytester.makepyfile(ONE_CALL)
    result = run("--graphcalls-root=https://127.0.0.1:1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = "\n".join((*result.outlines, *result.errlines))
    assert "graphcalls: --graphcalls-root=https://127.0.0.1:1: expected a Graph that answers." in text


def test_one_token_serves_a_whole_run(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """The run requests one token, not one for each test."""
    pytester.makepyfile(
        f"{ONE_CALL}\n@CREATED\ndef test_more(graphcalls_stage): graphcalls_stage.peer_to_peer_call()\n"
    )
    run().assert_outcomes(passed=4)
    assert (
        len({request.headers["Authorization"] for request in tenant.requests if "Authorization" in request.headers})
        == 1
    )


NEEDS = f"""{HEAD}
@CREATED
def test_users(graphcalls_stage): graphcalls_stage.peer_to_peer_call()

@CREATED
def test_meetings(graphcalls_stage): graphcalls_stage.meeting_call(people=0)

@CREATED
def test_bots(graphcalls_stage): graphcalls_stage.bot()

@pytest.mark.graphcalls_rule("participant-invite.phone-invitee-in-e164")
def test_phone(graphcalls_stage): graphcalls_stage.phone()
"""


@pytest.mark.parametrize("lacking", ["users", "meetings", "bots", "phone"])
def test_a_missing_fact_skips_exactly_what_needs_it(
    pytester: pytest.Pytester, run: Run, tenant: Tenant, lacking: str
) -> None:
    """The reason names the missing fact, with the line that would give it."""
    pytester.makepyfile(test_needs=NEEDS)
    result = run("-rs", "--graphcalls-version=v1.0", has={**facts(tenant.id), lacking: ""})
    result.assert_outcomes(passed=3, skipped=1, deselected=4)
    (line,) = [line for line in result.outlines if line.startswith("SKIPPED")]
    assert f"'{lacking} = " in line
    assert f"GRAPHCALLS_SANDBOX_{lacking.upper()}" in line
    assert "not checked: " in line


def test_without_callback_address_no_call_is_made(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """Without it there would be no address for the notifications."""
    pytester.makepyfile(test_needs=NEEDS)
    result = run("--graphcalls-version=v1.0", has={**facts(tenant.id), "callback": ""})
    result.assert_outcomes(passed=2, skipped=2, deselected=4)
    assert tenant.calls() == []


def test_a_variable_beats_the_configuration(
    pytester: pytest.Pytester, run: Run, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Join addresses need not be committed."""
    monkeypatch.setenv("GRAPHCALLS_SANDBOX_MEETINGS", facts(tenant.id)["meetings"])
    pytester.makepyfile(test_needs=NEEDS)
    result = run("--graphcalls-version=v1.0", has={**facts(tenant.id), "meetings": ""})
    result.assert_outcomes(passed=4, deselected=4)


def test_an_operation_is_not_asked_for_in_a_cloud_that_lacks_it(pytester: pytest.Pytester, run: Run) -> None:
    """The pages say which clouds have it; where they are silent it is tried."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.graphcalls_rule("participant-delete.success-is-204-empty")
        def test_delete(graphcalls_version): pass

        @pytest.mark.graphcalls_rule("commsoperation-get.success-is-200-with-operation")
        def test_read(graphcalls_version): pass
        """
    )
    result = run("-rs", "--graphcalls-cloud=us-gov-l4")
    skipped = [line for line in result.outlines if line.startswith("SKIPPED")]
    assert [line.partition("not checked: ")[2] for line in skipped] == [
        "participant-delete (beta) is documented for global, not for us-gov-l4."
    ]


def test_join_addresses_are_not_shown(pytester: pytest.Pytester, run: Run, tenant: Tenant) -> None:
    """A join address opens its meeting to any reader; a failing test shows its local variables."""
    pytester.makepyfile(
        f"""{HEAD}
@CREATED
def test_fails(graphcalls_stage, graphcalls_settings, request):
    config = request.config
    assert 0
"""
    )
    result = run("-vv", "--tb=long", "--showlocals", "--graphcalls-version=v1.0")
    assert result.parseoutcomes()["failed"] == 1
    text = "\n".join((*result.outlines, *result.errlines))
    assert "meetup-join" not in text
    assert tenant.variables["AZURE_CLIENT_SECRET"] not in text
