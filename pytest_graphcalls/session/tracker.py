"""Follows one test from its set-up to its end and makes the record of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pytest_graphcalls.contract import Contract, Match
from pytest_graphcalls.session.outcome import BREAKS, Outcome, TestRecord
from pytest_graphcalls.session.recorder import Recorder
from pytest_graphcalls.wire import Exchange, Request, Response


@dataclass(slots=True)
class Watch:
    """Follows one test from its set-up to its end, and makes the record of it.

    Attributes:
        nodeid: pytest's name of the test.
        version: the API version it runs for.
        target: what it talks to.
        rules: full ids of the rules it judges.
        questions: full ids of the questions it asks.
        recorder: its memory; ``None`` until a fixture makes one.
        fault: whether the environment kept it from judging anything.
    """

    nodeid: str
    version: str
    target: str
    rules: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    recorder: Recorder | None = None
    fault: bool = False
    _outcome: Outcome = Outcome.HELD
    _reason: str = ""

    def phase(self, when: str, outcome: str, reason: str = "", *, violated: bool = False) -> None:
        """Note how a part of the test went.

        Args:
            when: ``setup``, ``call`` or ``teardown``.
            outcome: ``passed``, ``failed`` or ``skipped``.
            reason: why it did not pass, or ``""``.
            violated: whether it failed because an exchange broke the contract.
        """
        judged = outcome == "failed" and (violated or (when == "call" and not self.fault))
        if judged:
            self._settle(Outcome.BROKEN, reason)
        elif outcome != "passed" and when != "teardown":
            self._settle(Outcome.COULD_NOT_CHECK if self.fault else Outcome.NOT_CHECKED, reason)

    def _settle(self, outcome: Outcome, reason: str) -> None:
        if self._outcome is not Outcome.BROKEN:
            self._outcome, self._reason = outcome, _short(reason)

    def record(self) -> TestRecord:
        """The record of the test, once it is over."""
        facts: dict[str, Any] = {} if self.recorder is None else _facts(self.recorder, self._outcome)
        plain = (self.nodeid, self._outcome, self._reason, self.version, self.target, self.rules, self.questions)
        return TestRecord(*plain, **facts)


def _short(reason: str) -> str:
    """The first line of ``reason``, safe to write down."""
    from pytest_graphcalls.redaction import mask

    return mask(reason.strip().partition("\n")[0][:_LONGEST_REASON])


_LONGEST_REASON = 300


def _facts(recorder: Recorder, outcome: Outcome) -> dict[str, Any]:
    exchanges, seen = recorder.exchanges, recorder.seen
    broke = outcome is Outcome.BROKEN or any(one.status in BREAKS for one in seen)
    kept = exchanges if broke or recorder.judge.questions else ()
    operations, judged = exercised(recorder.contract, exchanges)
    return {
        "answers": recorder.answers,
        "seen": seen,
        "exchanges": tuple(map(_exchange_json, kept)),
        "notifications": tuple(_notification_json(*one) for one in recorder.flawed.items()) if broke else (),
        "operations": operations,
        "judged": judged,
        "count": len(exchanges),
    }


def exercised(contract: Contract, exchanges: Iterable[Exchange]) -> tuple[dict[str, int], tuple[str, ...]]:
    """The number of uses of each operation, and the rules that could have been broken; both by ``id@version``."""
    operations: Counter[str] = Counter()
    judged: set[str] = set()
    for exchange in exchanges:
        match = contract.look_of(exchange).match
        if isinstance(match, Match):
            operations[f"{match.operation.id}@{match.version}"] += 1
            judged.update(f"{rule}@{match.version}" for rule in contract.judged(exchange))
    return dict(sorted(operations.items())), tuple(sorted(judged))


def _exchange_json(exchange: Exchange) -> dict[str, Any]:
    """A redacted exchange as the report writes it."""
    from pytest_graphcalls.redaction import redact_exchange

    safe = redact_exchange(exchange)
    response = safe.response
    return {
        "request": _request_json(safe.request),
        "response": {
            "status": response.status,
            "headers": [list(pair) for pair in response.headers.pairs],
            "body": _text(response.body),
        },
    }


def _notification_json(number: int, request: Request) -> dict[str, Any]:
    """A redacted notification as the report writes it."""
    from pytest_graphcalls.redaction import redact_exchange

    safe = redact_exchange(Exchange(request, Response(202)))
    return {"number": number, "request": _request_json(safe.request)}


def _request_json(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "headers": [list(pair) for pair in request.headers.pairs],
        "body": _text(request.body),
    }


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")
