"""The contract: what is published about the calls API, and the check of exchanges and notifications against it."""

from __future__ import annotations

from pytest_graphcalls.contract.clouds import Cloud, HostKind
from pytest_graphcalls.contract.contract import Contract, Look
from pytest_graphcalls.contract.errors import ErrorCatalogue, ErrorRow, ResultRow, ServiceError, SignInRow, parse_error
from pytest_graphcalls.contract.model import VERSIONS, Effect, Evidence, Need, Operation, Question, Rule
from pytest_graphcalls.contract.notifications import Outcome, Payload, Sequence, Step, is_notification
from pytest_graphcalls.contract.routes import Match, Miss

__all__ = [
    "VERSIONS",
    "Cloud",
    "Contract",
    "Effect",
    "ErrorCatalogue",
    "ErrorRow",
    "Evidence",
    "HostKind",
    "Look",
    "Match",
    "Miss",
    "Need",
    "Operation",
    "Outcome",
    "Payload",
    "Question",
    "ResultRow",
    "Rule",
    "Sequence",
    "ServiceError",
    "SignInRow",
    "Step",
    "is_notification",
    "parse_error",
]
