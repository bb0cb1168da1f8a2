"""The error catalogue, and the parser for error responses in each of their forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.contract.model import Evidence
from pytest_graphcalls.records import made
from pytest_graphcalls.wire import Response, json_object

Envelope = Literal["flat", "wrapped", "bare", "detailed"]


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A row of the error catalogue: an error response of the service.

    Attributes:
        name: our name for it, e.g. ``call-not-found``.
        status: the HTTP status.
        code: ``error.code``: a word for the gateway, a decimal number in a text for the calls platform.
        message: the message as observed; a hint, never a promise.
        envelope: ``flat``, ``wrapped`` (JSON text inside the outer message), ``bare`` (no ``innerError``) or
            ``detailed`` (``details`` in its place).
        meaning: what it means.
        cause: its usual cause.
        remedy: what to do.
        evidence: its evidence level.
        source: its source.
    """

    name: str
    status: int
    code: str
    message: str
    envelope: Envelope
    meaning: str
    cause: str
    remedy: str
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A ``resultInfo`` pair, ``<code>/<subcode>``, of a call or an operation that ended."""

    pair: str
    meaning: str
    cause: str
    remedy: str
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True)
class SignInRow:
    """A row of the error catalogue: an error response of the sign-in.

    Attributes:
        name: our name for it, e.g. ``wrong-secret``.
        status: the HTTP status.
        error: the member ``error`` of OAuth 2.0.
        code: e.g. ``AADSTS7000215``.
        meaning: what it means.
        setting: the variable to check, by its name in ``azure-identity``.
        remedy: what to do.
        evidence: its evidence level.
        source: its source.
    """

    name: str
    status: int
    error: str
    code: str
    meaning: str
    setting: str
    remedy: str
    evidence: Evidence
    source: str


class ErrorCatalogue:
    """The rows of ``errors.yaml``."""

    def __init__(self, files: ContractFiles) -> None:
        data = files.read("errors.yaml", "errors")
        self.responses: Mapping[str, ErrorRow] = MappingProxyType(
            {name: made(ErrorRow, row, name=name) for name, row in data["responses"].items()}
        )
        self.results: Mapping[str, ResultRow] = MappingProxyType(
            {pair: made(ResultRow, row, pair=pair) for pair, row in data["results"].items()}
        )
        self.signin: Mapping[str, SignInRow] = MappingProxyType(
            {name: made(SignInRow, row, name=name) for name, row in data["signin"].items()}
        )
        self.statuses = frozenset(data["statuses"])
        """Error statuses that Graph documents for all of its services."""

    def by_code(self, code: str) -> tuple[ErrorRow, ...]:
        """The rows with this ``error.code``, in the order of the file."""
        return tuple(row for row in self.responses.values() if row.code == code)

    def by_signin_code(self, code: str, error: str = "") -> SignInRow | None:
        """The row with the code ``AADSTS…``, of several the one with this ``error``; ``None`` when there is none."""
        rows = [row for row in self.signin.values() if row.code == code]
        return next((row for row in rows if row.error == error), rows[0] if rows else None)


@dataclass(frozen=True, slots=True)
class ServiceError:
    """A parsed error response.

    Attributes:
        status: the HTTP status.
        code: the platform's code where it is wrapped, else ``error.code``.
        message: the message that belongs to the code.
        envelope: its form.
        inner: ``innerError`` of the outer envelope, its keys in lower case; empty when there is none.
    """

    status: int
    code: str
    message: str
    envelope: Envelope
    inner: Mapping[str, Any]


def parse_error(response: Response) -> ServiceError | None:
    """Parse an error response: flat, bare, with details, or with the platform's error as JSON text inside ``message``.

    Returns:
        ``None`` when the body has no readable ``error`` object with ``code`` and ``message``.
    """
    error = json_object(response.body).get("error")
    if (
        not isinstance(error, dict)
        or not isinstance(error.get("code"), str)
        or not isinstance(error.get("message"), str)
    ):
        return None
    # The documentation spells it innerError and innererror.
    raw = next((value for key, value in error.items() if key.lower() == "innererror"), None)
    inner = {key.lower(): value for key, value in raw.items()} if isinstance(raw, dict) else {}
    wrapped = _unwrap(error["message"])
    if wrapped is not None:
        return ServiceError(response.status, *wrapped, "wrapped", inner)
    envelope: Envelope = "flat" if inner else "detailed" if error.get("details") else "bare"
    return ServiceError(response.status, error["code"], error["message"], envelope, inner)


def _unwrap(message: str) -> tuple[str, str] | None:
    if not message.lstrip().startswith("{"):
        return None
    data = json_object(message.encode("utf-8", "surrogatepass"))
    if not data:
        return None
    # The inner names have changed over the years, and one gateway writes them in PascalCase.
    members = {key.lower(): value for key, value in data.items()}
    code = members.get("code", members.get("errorcode", ""))
    return str(code), str(members.get("message", ""))
