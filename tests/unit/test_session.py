"""One test's memory, and what all tests together say."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from pytest_graphcalls.contract import Contract, Evidence
from pytest_graphcalls.contract.check import Checker
from pytest_graphcalls.contract.routes import Router
from pytest_graphcalls.errors import ContractViolationError, NoViolationError, UnknownNameError
from pytest_graphcalls.findings import Finding, Kind, Severity, Side
from pytest_graphcalls.report.failure import raise_failing, take_messages
from pytest_graphcalls.session import (
    NO_TEST,
    Answer,
    FindingStatus,
    Judge,
    Outcome,
    Recorder,
    Run,
    Seen,
    TestRecord,
    Watch,
    current_recorder,
    exercised,
    recording,
)
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response, encode_json
from tests.unit.contract.notices import call as call_data, posted

CALL = "https://graph.microsoft.com/v1.0/communications/calls/57da"
RULE = "call-delete.success-is-204-empty"
OTHER = "call-get.success-is-200-with-call"
TOKEN = Headers({"Authorization": "Bearer abc"})


@pytest.fixture
def contract() -> Contract:
    """The contract inside the package."""
    return Contract.packaged()


def finding(**facts: Any) -> Finding:
    """A violation by an answer, of no rule; ``facts`` change it."""
    plain = Finding(
        Kind.TYPE_WRONG, Severity.VIOLATION, Side.RESPONSE, "call-get", "v1.0", "$.id", "a text", "the number 7"
    )
    return replace(plain, **facts)


def exchange(method: str = "DELETE", status: int = 204, body: bytes = b"", headers: Headers = TOKEN) -> Exchange:
    """Hanging up a call, answered as documented; arguments change it."""
    return Exchange(Request(method, CALL, headers), Response(status, body=body))


SURPLUS = exchange(body=b"{}")
"""An answer that breaks :data:`RULE`."""


BOT = "https://bot.contoso.com/api/calls"


def notification(state: str | None) -> Notification:
    """A notification of a call in ``state``; ``None`` is wrong."""
    return Notification(BOT, posted("updated", "", call_data(state)))


def callback(state: str | None) -> Request:
    """The request by which a bot gets such a notification."""
    headers = Headers({"Authorization": "Bearer abc", "Content-Type": "application/json"})
    return Request("POST", BOT, headers, encode_json(posted("updated", "", call_data(state))))


class TestJudge:
    """What a finding means."""

    @pytest.mark.parametrize(
        ("facts", "strict", "status"),
        [
            ({}, False, FindingStatus.FAILS),
            ({"side": Side.REQUEST}, False, FindingStatus.FAILS),
            ({"severity": Severity.NOTICE}, False, FindingStatus.NOTED),
            ({"severity": Severity.NOTICE}, True, FindingStatus.FAILS),
            ({"rule": OTHER}, False, FindingStatus.FAILS),
        ],
    )
    def test_in_a_users_test_every_violation_fails(
        self, contract: Contract, facts: dict[str, Any], strict: bool, status: FindingStatus
    ) -> None:
        """Violations fail a project's own test, notices under strict only."""
        assert Judge(contract, strict).status(finding(**facts)) is status

    @pytest.mark.parametrize(
        ("facts", "status"),
        [
            ({"rule": RULE}, FindingStatus.FAILS),
            ({"rule": "", "operation": "call-delete"}, FindingStatus.FAILS),
            ({"rule": "", "operation": "call-get"}, FindingStatus.ELSEWHERE),
            ({"rule": "", "operation": "", "side": Side.NOTIFICATION}, FindingStatus.ELSEWHERE),
            ({"rule": OTHER}, FindingStatus.ELSEWHERE),
            ({"rule": RULE, "side": Side.REQUEST}, FindingStatus.EXPECTED),
            ({"rule": OTHER, "severity": Severity.NOTICE}, FindingStatus.NOTED),
        ],
    )
    def test_a_contract_test_fails_for_its_own_rules(
        self, contract: Contract, facts: dict[str, Any], status: FindingStatus
    ) -> None:
        """Answers count; another rule's finding, or a shape that none of its own states, is left to the run."""
        assert Judge(contract, rules=(RULE,)).status(finding(**facts)) is status

    @pytest.mark.parametrize("rule", [OTHER, ""])
    def test_a_question_fails_for_nothing(self, contract: Contract, rule: str) -> None:
        """What the test of a question finds counts in the run."""
        judge = Judge(contract, questions=("participant-delete.deleted-twice",))
        assert judge.status(finding(rule=rule)) is FindingStatus.ELSEWHERE

    @pytest.mark.parametrize(
        ("evidence", "strict", "status"),
        [
            (Evidence.DOCUMENTED, False, FindingStatus.FAILS),
            (Evidence.REPORTED, False, FindingStatus.NOTED),
            (Evidence.REPORTED, True, FindingStatus.FAILS),
            (Evidence.INFERRED, True, FindingStatus.NOTED),
        ],
    )
    def test_evidence_decides_what_is_a_violation(
        self, contract: Contract, evidence: Evidence, strict: bool, status: FindingStatus
    ) -> None:
        """Documented rules are judged, reported ones under strict, inferred ones never."""

        class Weak:
            def rule(self, name: str) -> Any:
                return replace(contract.rule(name), evidence=evidence)

        assert Judge(Weak(), strict).status(finding(rule=OTHER)) is status  # type: ignore[arg-type]  # all it needs


class TestRecorder:
    """One test's memory."""

    def test_an_answer_is_blamed_for_what_others_show(self, contract: Contract) -> None:
        """The finding is about the last answer of the operation, and weighs like any other."""
        recorder = Recorder(contract, rules=(OTHER,))
        for one in (exchange(), exchange(), exchange("GET", 404)):
            recorder(one)
        recorder.add_wrong_value(RULE, "$.id", "a text", "nothing")
        (seen,) = [seen for seen in recorder.seen if seen.finding.got == "nothing"]
        assert (seen.exchange, seen.finding.rule, seen.finding.operation) == (1, RULE, RULE.partition(".")[0])
        assert seen.status is FindingStatus.ELSEWHERE
        assert seen.finding.page

    def test_exchanges_are_kept_in_order_with_their_findings(self, contract: Contract) -> None:
        """A finding knows the exchange it came up in."""
        recorder = Recorder(contract)
        recorder(exchange())
        recorder(SURPLUS)
        assert recorder.exchanges == (exchange(), SURPLUS)
        (seen,) = recorder.seen
        assert (seen.exchange, seen.finding.rule, seen.status) == (1, RULE, FindingStatus.FAILS)
        assert recorder.findings == (seen.finding,)

    @pytest.mark.parametrize("faulty", [False, True])
    @pytest.mark.parametrize(("own", "times"), [(False, 1), (True, 2)])
    def test_a_request_to_a_simulator_is_routed_and_checked_once(
        self, monkeypatch: pytest.MonkeyPatch, *, own: bool, times: int, faulty: bool
    ) -> None:
        """The recorder is handed what the simulator has found; one with a contract of its own looks itself.

        A fault that is selected by operation is handed it as well.
        """
        counts: Counter[str] = Counter()

        def counted(owner: type, name: str) -> None:
            function = getattr(owner, name)

            def count(*given: Any, **named: Any) -> Any:
                counts[name] += 1
                return function(*given, **named)

            monkeypatch.setattr(owner, name, count)

        counted(Router, "match")
        counted(Checker, "request")
        simulator = Simulator()
        if faulty:
            simulator.fault("429", operation="call-get")
        recorder = Recorder(Contract() if own else Contract.packaged())
        simulator.observe(recorder)
        headers = {"Authorization": f"Bearer {simulator.authority.token()}", "Content-Type": "application/json"}
        url = CALL.removesuffix("/57da")
        answer = simulator.handle(Request("POST", url, Headers(headers), b'{"callbackUri": "http://bot.test"}'))
        assert (answer.status, len(recorder.findings) > 0) == (400, True)
        exercised(recorder.contract, recorder.exchanges)
        assert counts == {"match": times, "request": times}

    def test_a_look_at_another_request_is_not_trusted(self, contract: Contract) -> None:
        """An exchange that was changed since is looked at anew."""
        good = exchange()
        other = replace(good, request=replace(good.request, method="PUT"), look=contract.look(good.request))
        recorder = Recorder(contract)
        recorder(other)
        assert [finding.kind for finding in recorder.findings] == [Kind.METHOD_UNDOCUMENTED]

    def test_a_failing_finding_is_raised_once(self, contract: Contract) -> None:
        """A finding does not fail both the body and the teardown."""
        recorder = Recorder(contract)
        recorder(SURPLUS)
        with pytest.raises(ContractViolationError, match=RULE) as caught:
            raise_failing(recorder)
        assert len(caught.value.messages) == 1
        raise_failing(recorder)
        recorder(exchange(status=202))
        with pytest.raises(ContractViolationError, match="got       202"):
            raise_failing(recorder)

    def test_threads_may_report_at_the_same_time(self, contract: Contract) -> None:
        """No finding is lost, and each keeps its exchange."""
        recorder = Recorder(contract)
        threads = [Thread(target=lambda: [recorder(SURPLUS) for _ in range(20)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(recorder.exchanges) == 160
        assert sorted(seen.exchange for seen in recorder.seen) == list(range(160))

    def test_secrets_in_quoted_values_are_masked(self, contract: Contract) -> None:
        """What a finding quotes of a body may hold a token."""
        token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln"
        body = json.dumps({"participants": token}).encode()
        headers = Headers({"Authorization": "Bearer abc", "Content-Type": "application/json"})
        recorder = Recorder(contract)
        recorder(Exchange(Request("POST", f"{CALL}/participants/invite", headers, body), Response(404)))
        texts = [one.got for one in recorder.findings if one.where == "$.participants"]
        assert texts
        assert all("eyJ" not in text for text in texts)

    @pytest.mark.parametrize("what", [RULE, "success-is-204-empty", "body-unexpected"])
    def test_a_violation_may_be_expected_by_any_of_its_names(self, contract: Contract, what: str) -> None:
        """Full id, slug and kind all mean it; only what happens inside the block is allowed."""
        recorder = Recorder(contract)
        with recorder.expect_violation(what):
            recorder(SURPLUS)
        assert [seen.status for seen in recorder.seen] == [FindingStatus.EXPECTED]
        recorder(SURPLUS)
        assert [seen.status for seen in recorder.seen] == [FindingStatus.EXPECTED, FindingStatus.FAILS]

    def test_an_expected_violation_has_to_come(self, contract: Contract) -> None:
        """The error says what came instead."""
        recorder = Recorder(contract)
        with pytest.raises(NoViolationError) as caught, recorder.expect_violation("token-missing"):
            recorder(SURPLUS)
        assert (caught.value.exchanges, caught.value.instead) == (1, (RULE,))

    def test_an_unknown_violation_is_refused_before_the_block(self, contract: Contract) -> None:
        """A typo is found at once."""
        with (
            pytest.raises(UnknownNameError, match="Did you mean 'token-missing'"),
            Recorder(contract).expect_violation("token-mising"),
        ):
            pytest.fail("the block was entered")

    def test_an_operation_is_no_violation(self, contract: Contract) -> None:
        """The message leads to the operation's rules instead of suggesting one of them."""
        with pytest.raises(UnknownNameError) as caught, Recorder(contract).expect_violation("call-transfer"):
            pytest.fail("the block was entered")
        assert str(caught.value) == (
            "there is no rule, slug or kind of finding 'call-transfer'. "
            "It is an operation: 'graphcalls explain call-transfer' lists them all."
        )

    def test_answers_belong_to_questions_that_exist(self, contract: Contract) -> None:
        """A question's name is checked."""
        recorder = Recorder(contract)
        recorder.answer("participant-delete.deleted-twice", status=404, code="8522", text="Call not found.")
        assert str(recorder.answers["participant-delete.deleted-twice"]) == "404 8522 Call not found."
        with pytest.raises(UnknownNameError, match="there is no question"):
            recorder.answer("participant-delete.deletd", status=404)

    def test_a_followed_notification_is_checked_once(self, contract: Contract) -> None:
        """New notifications are checked when the recorder is read; the number is that among all notifications."""
        received = [notification("established"), notification(None)]
        recorder = Recorder(contract)
        leave = recorder.follow(lambda: received)
        assert [(seen.exchange, seen.notification) for seen in recorder.seen] == [(None, 1)]
        received.append(notification(None))
        assert [seen.notification for seen in recorder.seen] == [1, 2]
        assert (recorder.notification_count, list(recorder.flawed)) == (3, [1, 2])
        received.append(notification(None))
        leave()
        received.append(notification(None))
        assert [seen.notification for seen in recorder.seen] == [1, 2, 3]

    def test_threads_may_look_and_take_at_the_same_time(self, contract: Contract) -> None:
        """Threads do not wait for each other, and each failing finding is taken by one of them."""
        received = [notification(None)]
        recorder = Recorder(contract)
        recorder.follow(lambda: list(received))
        taken: list[Seen] = []

        def take() -> None:
            for _ in range(40):
                received.append(notification(None))
                taken.extend(recorder.take_failing())

        threads = [Thread(target=take, daemon=True), Thread(target=take, daemon=True)]
        threads += [Thread(target=lambda: [recorder.seen for _ in range(200)], daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in threads), "they wait for each other"
        assert taken
        assert len(set(taken)) == len(taken)
        assert recorder.take_failing() == []
        assert recorder.notification_count == 81

    def test_a_simulator_that_was_reset_is_followed_from_the_start(self, contract: Contract) -> None:
        """After a reset all notifications are new, however many there are."""
        received: list[Notification] = [notification("established")] * 2
        recorder = Recorder(contract)
        recorder.follow(lambda: received)
        assert recorder.notification_count == 2
        received[:] = [notification(None)]
        assert [seen.notification for seen in recorder.seen] == [2]
        received[:] = [notification(None), notification("established"), notification(None)]
        assert [seen.notification for seen in recorder.seen] == [2, 3, 5]

    def test_a_notification_is_judged_by_the_version_of_the_test(self, contract: Contract) -> None:
        """A notification does not name its version."""
        recorder = Recorder(contract)
        recorder.follow(lambda: [notification(None)], "beta")
        recorder.receive(callback(None), "v1.0")
        assert {finding.version for finding in recorder.findings} == {"v1.0", "beta"}

    @pytest.mark.parametrize("body", [b"", b"{", b"[]"])
    def test_an_unreadable_notification_is_an_empty_body_and_a_finding(self, contract: Contract, body: bytes) -> None:
        """A receiver goes on, and the test fails."""
        recorder = Recorder(contract)
        assert recorder.receive(Request("POST", BOT, callback("established").headers, body)) == {}
        assert recorder.failing()

    def test_a_received_notification_is_checked_and_handed_on(self, contract: Contract) -> None:
        """The token is asked for, because the service sends one."""
        recorder = Recorder(contract)
        assert recorder.receive(callback("established")) == posted("updated", "", call_data("established"))
        assert recorder.findings == ()
        bare = callback("established")
        recorder.receive(replace(bare, headers=bare.headers.without("authorization")))
        assert [finding.kind for finding in recorder.findings] == [Kind.TOKEN_MISSING]

    def test_a_wrong_notification_may_be_expected(self, contract: Contract) -> None:
        """Like an exchange; what came before the block, or comes after it, is not meant."""
        received = [notification(None)]
        recorder = Recorder(contract)
        recorder.follow(lambda: received)
        with recorder.expect_violation("null-unexpected"):
            received.append(notification(None))
        received.append(notification(None))
        assert [seen.status for seen in recorder.seen] == [
            FindingStatus.FAILS,
            FindingStatus.EXPECTED,
            FindingStatus.FAILS,
        ]

    def test_the_message_about_a_notification_shows_it(self, contract: Contract) -> None:
        """After those about exchanges, with the POST to try again."""
        recorder = Recorder(contract)
        recorder.receive(callback("established"))
        recorder.receive(callback(None))
        recorder(SURPLUS)
        first, second = take_messages(recorder)
        assert RULE in first
        lines = second.splitlines()
        assert lines[0] == "graphcalls: notification breaks call-updated (v1.0)"
        assert lines[1:5] == [
            "  payload   call-updated",
            "  where     $.value[0].resourceData.state",
            "  expected  the member 'state'",
            "  got       null",
        ]
        assert "  posted    notification 2 of the test" in lines
        assert f"    curl -X POST {BOT} \\" in lines
        assert "Bearer abc" not in second

    def test_the_latest_recorder_is_the_current_one(self, contract: Contract) -> None:
        """Tests inside tests leave the outer one as it was."""
        before = current_recorder()
        outer, inner = Recorder(contract), Recorder(contract)
        with recording(outer):
            with recording(inner):
                assert current_recorder() is inner
            assert current_recorder() is outer
        assert current_recorder() is before


class TestWatch:
    """A test followed from set-up to end."""

    @pytest.mark.parametrize(
        ("phases", "outcome", "reason"),
        [
            ([("setup", "passed"), ("call", "passed"), ("teardown", "passed")], Outcome.HELD, ""),
            ([("setup", "passed"), ("call", "failed", "a\nb"), ("teardown", "passed")], Outcome.BROKEN, "a"),
            ([("setup", "skipped", "no clock"), ("teardown", "passed")], Outcome.NOT_CHECKED, "no clock"),
            ([("setup", "failed", "OSError"), ("teardown", "passed")], Outcome.NOT_CHECKED, "OSError"),
            ([("call", "skipped", "not staged"), ("teardown", "failed", "late")], Outcome.NOT_CHECKED, "not staged"),
            ([("call", "passed"), ("teardown", "failed", "disk")], Outcome.HELD, ""),
        ],
    )
    def test_the_outcome_is_that_of_the_test(
        self, phases: list[tuple[str, ...]], outcome: Outcome, reason: str
    ) -> None:
        """A failed call breaks the rule; a set-up that failed says nothing about it."""
        watch = Watch("test_a.py::test_it", "v1.0", "simulator", (RULE,))
        for phase in phases:
            watch.phase(*phase)
        record = watch.record()
        assert (record.outcome, record.reason) == (outcome, reason)

    @pytest.mark.parametrize("before", ["passed", "skipped"])
    def test_a_violation_at_teardown_breaks_the_rule(self, before: str) -> None:
        """Exchanges of the taking down are judged, too, even when the test could not be staged."""
        watch = Watch("test_a.py::test_it", "v1.0", "simulator", (RULE,))
        watch.phase("call", before, "why")
        watch.phase("teardown", "failed", "graphcalls: response breaks …", violated=True)
        assert watch.record().outcome is Outcome.BROKEN

    def test_reasons_are_short_and_safe(self) -> None:
        """The first line of a failure, without tokens."""
        watch = Watch("test_a.py::test_it", "v1.0", "simulator")
        watch.phase("call", "failed", "AssertionError: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln " + "x" * 999)
        assert len(watch.record().reason) <= 300
        assert "eyJ" not in watch.record().reason

    def test_exchanges_of_failed_tests_are_kept(self, contract: Contract) -> None:
        """Of a test that held only the counts are kept."""
        watch = Watch("test_a.py::test_it", "v1.0", "simulator", (OTHER,), (), Recorder(contract, rules=(OTHER,)))
        assert watch.recorder is not None
        watch.recorder(exchange())
        record = watch.record()
        assert (record.exchanges, record.count, record.operations) == ((), 1, {"call-delete@v1.0": 1})
        assert f"{RULE}@v1.0" in record.judged
        watch.recorder(SURPLUS)
        assert [one["response"]["body"] for one in watch.record().exchanges] == ["", "{}"]

    def test_notifications_are_kept_when_something_was_found_in_them(self, contract: Contract) -> None:
        """Redacted, with their number."""
        watch = Watch("test_a.py::test_it", "v1.0", "simulator", recorder=Recorder(contract))
        assert watch.recorder is not None
        watch.recorder.receive(callback("established"))
        assert watch.record().notifications == ()
        watch.recorder.receive(callback(None))
        (kept,) = watch.record().notifications
        assert (kept["number"], kept["request"]["method"], kept["request"]["url"]) == (1, "POST", BOT)
        assert "Bearer abc" not in json.dumps(kept)


def record(nodeid: str = "a", outcome: Outcome = Outcome.HELD, **facts: Any) -> TestRecord:
    """A record of a test of :data:`RULE` in v1.0."""
    return replace(TestRecord(nodeid, outcome, version="v1.0", rules=(RULE,)), **facts)


def test_a_record_survives_as_json() -> None:
    """What travels between processes is plain JSON and comes back as it was."""
    whole = record(
        reason="because",
        target="simulator",
        questions=("participant-delete.deleted-twice",),
        answers={"participant-delete.deleted-twice": Answer(404, "8522", "not found")},
        seen=(
            Seen(finding(rule=OTHER), 0, FindingStatus.ELSEWHERE),
            Seen(finding(side=Side.NOTIFICATION), None, FindingStatus.FAILS, 3),
        ),
        notifications=({"number": 3, "request": {}},),
        exchanges=({"request": {}, "response": {}},),
        operations={"call-get@v1.0": 2},
        judged=(f"{OTHER}@v1.0",),
        count=2,
    )
    assert TestRecord.from_json(json.loads(json.dumps(whole.to_json()))) == whole


def test_properties_are_the_facts_in_short() -> None:
    """Empty facts are left out."""
    assert record(target="simulator").properties() == [
        ("graphcalls_version", "v1.0"),
        ("graphcalls_target", "simulator"),
        ("graphcalls_rule", RULE),
    ]


class TestRun:
    """All tests together."""

    def result(self, run: Run, rule: str = RULE, version: str = "v1.0") -> Any:
        """What the run says about a rule."""
        return next(one for one in run.rules() if (one.rule, one.version) == (rule, version))

    def test_a_rule_without_a_test_is_not_checked(self, contract: Contract) -> None:
        """Every rule of the contract has a result."""
        run = Run(contract)
        assert {one.status for one in run.rules()} == {Outcome.NOT_CHECKED}
        assert {one.reason for one in run.rules()} == {NO_TEST}
        assert len(run.rules()) == sum(len(rule.versions) for rule in contract.rules.values())

    @pytest.mark.parametrize(
        ("outcomes", "status", "reason"),
        [
            ([Outcome.HELD], Outcome.HELD, ""),
            ([Outcome.HELD, Outcome.HELD], Outcome.HELD, ""),
            ([Outcome.HELD, Outcome.NOT_CHECKED], Outcome.NOT_CHECKED, "not-checked"),
            ([Outcome.NOT_CHECKED, Outcome.HELD], Outcome.NOT_CHECKED, "not-checked"),
            ([Outcome.NOT_CHECKED, Outcome.BROKEN], Outcome.BROKEN, "broken"),
            ([Outcome.HELD, Outcome.BROKEN], Outcome.BROKEN, "broken"),
            ([Outcome.NOT_CHECKED], Outcome.NOT_CHECKED, "not-checked"),
        ],
    )
    def test_a_rule_is_decided_by_its_own_tests(
        self, contract: Contract, outcomes: list[Outcome], status: Outcome, reason: str
    ) -> None:
        """One broken test breaks a rule; it is held when all of them have held."""
        run = Run(contract)
        for number, outcome in enumerate(outcomes):
            run.add(record(str(number), outcome, reason=outcome.value if outcome is not Outcome.HELD else ""))
        assert (self.result(run).status, self.result(run).reason) == (status, reason)
        assert self.result(run, version="beta").status is Outcome.NOT_CHECKED

    def test_another_tests_finding_breaks_a_rule(self, contract: Contract) -> None:
        """The rule is reported as broken outside its own test, because no test failed for it."""
        run = Run(contract)
        run.add(record("a"))
        run.add(record("b", rules=(OTHER,), seen=(Seen(finding(rule=RULE), 0, FindingStatus.ELSEWHERE),)))
        result = self.result(run)
        assert (result.status, result.reason) == (Outcome.BROKEN, "expected a text, got the number 7 ($.id)")
        assert (result.tests, result.broken_by) == (("a",), ("b",))
        assert run.broken_elsewhere() == (result,)

    def test_a_shape_that_no_rule_states_breaks_the_success_of_its_operation(self, contract: Contract) -> None:
        """A notification belongs to no operation; what is wrong with one fails the run without a rule."""
        run = Run(contract)
        shape, posted = finding(rule="", operation="call-delete"), finding(rule="", side=Side.NOTIFICATION)
        run.add(record("b", rules=(OTHER,), seen=(Seen(shape, 0, FindingStatus.ELSEWHERE),)))
        assert [result.rule for result in run.broken_elsewhere()] == [RULE]
        assert run.stray() == ()
        run.add(record("b", rules=(OTHER,), seen=(Seen(posted, None, FindingStatus.ELSEWHERE, 0),)))
        assert (run.broken_elsewhere(), run.stray()) == ((), (("b", posted),))
        assert run.fails()

    def test_a_rule_that_was_not_checked_fails_the_run_on_demand(self, contract: Contract) -> None:
        """Only a run that judges a target; a project's own tests are not there to check rules."""
        own, judging = Run(contract), Run(contract)
        own.add(record("a", rules=()))
        judging.add(record("a"))
        assert [run.fails(require_all=demand) for run in (own, judging) for demand in (False, True)] == [
            *(False, False),
            *(False, True),
        ]

    @pytest.mark.parametrize("status", [FindingStatus.NOTED, FindingStatus.EXPECTED])
    def test_findings_that_do_not_count_break_nothing(self, contract: Contract, status: FindingStatus) -> None:
        """A notice, or what was done on purpose."""
        run = Run(contract)
        run.add(record("b", rules=(OTHER,), seen=(Seen(finding(rule=RULE), 0, status),)))
        assert self.result(run).status is Outcome.NOT_CHECKED

    def test_a_users_failing_test_is_no_surprise(self, contract: Contract) -> None:
        """A rule broken in a test that failed for it needs no line of its own."""
        run = Run(contract)
        run.add(record("b", Outcome.BROKEN, rules=(), seen=(Seen(finding(rule=RULE), 0, FindingStatus.FAILS),)))
        assert self.result(run).status is Outcome.BROKEN
        assert run.broken_elsewhere() == ()

    def test_records_may_come_in_any_order(self, contract: Contract) -> None:
        """Two workers and one process say the same."""
        records = [
            record("b"),
            record("a", Outcome.BROKEN),
            record("c", rules=(OTHER,), operations={"call-get@v1.0": 1}),
        ]
        one, other = Run(contract), Run(contract)
        for entry in records:
            one.add(entry)
        for entry in reversed(records):
            other.add(entry)
        assert one.rules() == other.rules()
        assert one.records == other.records
        assert one.operations() == other.operations() == {"call-get@v1.0": 1}

    def test_a_version_that_was_left_out_is_not_checked(self, contract: Contract) -> None:
        """The reason names the setting."""
        run = Run(contract, versions=("beta",))
        assert self.result(run).reason == "this run covers beta only (--graphcalls-version)"

    def test_questions_have_an_answer_or_a_reason(self, contract: Contract) -> None:
        """What was asked and not answered says why."""
        asked = "participant-delete.deleted-twice"
        run = Run(contract, versions=("v1.0",))
        run.add(record("a", rules=(), questions=(asked,), answers={asked: Answer(404)}))
        run.add(
            record("b", Outcome.NOT_CHECKED, rules=(), questions=("participant-delete.organizer",), reason="skipped")
        )
        results = {one.question: (one.answer, one.reason) for one in run.questions()}
        assert results[asked] == (Answer(404), "")
        assert results["participant-delete.organizer"] == (None, "skipped")
        assert results["call-reject.rejected-late"] == (None, "no test of this run asked it")
