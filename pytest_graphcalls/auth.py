"""Request a token from Entra ID: with a client secret, a certificate, or a workload-identity token.

The variables are those of ``azure-identity``, in its order: secret, certificate, token file. An error response of the
authority is classified by the contract's table (``errors.yaml``, key ``signin``), so that a wrong setting is named
before a request is sent to Graph. msal implements the protocol.

No secret is put into a message, or into a local variable of a frame that can fail: pytest shows those.
"""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, cast

from pytest_graphcalls.contract import Cloud, Contract
from pytest_graphcalls.errors import SIGN_IN_CAUSES, SettingError, SignInError, did_you_mean
from pytest_graphcalls.parsing import content
from pytest_graphcalls.redaction import mask, remember

TENANT, CLIENT = "AZURE_TENANT_ID", "AZURE_CLIENT_ID"
SECRET = "AZURE_CLIENT_SECRET"  # noqa: S105  a variable's name
CERTIFICATE = "AZURE_CLIENT_CERTIFICATE_PATH"
CERTIFICATE_PASSWORD = "AZURE_CLIENT_CERTIFICATE_PASSWORD"  # noqa: S105  a variable's name
TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105  a variable's name
AUTHORITY = "AZURE_AUTHORITY_HOST"
VARIABLES = (TENANT, CLIENT, SECRET, CERTIFICATE, CERTIFICATE_PASSWORD, TOKEN_FILE, AUTHORITY)
"""The environment variables of the sign-in."""

_HIDDEN = "(hidden)"
_SHORT = 200
_GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_DOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+"
_CODE = re.compile(r"AADSTS\d+")
_CERTIFICATE_TEXT = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
_KEY_TEXT = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
_MAX_CLOCK_DIFFERENCE = 60.0
"""Seconds by which this machine's clock may differ from the authority's before the message says so."""


@dataclass(frozen=True, slots=True)
class Credential:
    """The credential of an application, by exactly one method.

    Attributes:
        tenant_id: the tenant's id or one of its domains.
        client_id: the application's id.
        secret: the value of a client secret, or ``""``.
        certificate_path: a PEM file with certificate and private key, or ``""``.
        certificate_password: the password of that key, or ``""``.
        token_file: a file with a token that a federated credential trusts, or ``""``.
    """

    tenant_id: str
    client_id: str
    secret: str = field(default="", repr=False)
    certificate_path: str = ""
    certificate_password: str = field(default="", repr=False)
    token_file: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Credential:
        """Read the variables; no file is opened.

        Args:
            environ: e.g. ``os.environ``. A variable that is set to an empty text counts as not set.

        Raises:
            SettingError: one is missing, or has an invalid value.
        """
        given = {name: environ.get(name, "") for name in VARIABLES}
        for name in (TENANT, CLIENT):
            _require(name, given, environ)
        if not (given[SECRET] or given[CERTIFICATE] or given[TOKEN_FILE]):
            _require(SECRET, given, environ)
        for name, (form, expected) in _SHAPES.items():
            if given[name] and not form.fullmatch(given[name]):
                shown = _HIDDEN if name == SECRET else given[name][:_SHORT]
                raise SettingError(name, shown, expected, "Copy it again from the app registration.")
        names = (TENANT, CLIENT, SECRET, CERTIFICATE, CERTIFICATE_PASSWORD, TOKEN_FILE)
        return cls(*(given[name] for name in names))

    @property
    def setting(self) -> str:
        """The variable of the method that is used: of several the first one."""
        return SECRET if self.secret else CERTIFICATE if self.certificate_path else TOKEN_FILE

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret values of these settings, for the leak scan."""
        return tuple(filter(None, (self.secret, self.certificate_password)))


def _require(name: str, given: Mapping[str, str], environ: Mapping[str, str]) -> None:
    if given[name]:
        return
    unknown = [other for other, value in environ.items() if value and "AZURE" in other and other not in VARIABLES]
    # A stricter cutoff than for suggestions: variables of other tools have similar names.
    found = "".join(f" {other} is set; is {name} meant?" for other in get_close_matches(name, unknown, 1, 0.9))
    others = [other for other in VARIABLES if given[other] and other != AUTHORITY]
    beside = f"{' and '.join(others)} alone cannot sign in." if others else "No credential is set."
    raise SettingError(name, "(not set)", _MISSING[name], f"{beside}{found}")


_MISSING = {
    TENANT: "the id of the sandbox tenant",
    CLIENT: "the application's (client) id",
    SECRET: f"a client secret's value, or {CERTIFICATE}, or {TOKEN_FILE}",
}


_UNPADDED = (re.compile(r"\S(.*\S)?", re.DOTALL), "no white space around it")
_SHAPES: Mapping[str, tuple[re.Pattern[str], str]] = {
    TENANT: (re.compile(f"{_GUID}|{_DOMAIN}", re.IGNORECASE), "a GUID or a domain of the tenant"),
    CLIENT: (re.compile(_GUID, re.IGNORECASE), "a GUID, the application's (client) id"),
    SECRET: _UNPADDED,
    CERTIFICATE: _UNPADDED,
    TOKEN_FILE: _UNPADDED,
}
"""By variable: the form of its value, and the form in words."""


class SignIn:
    """Requests tokens for one application and one cloud, caches them and renews them before they expire.

    Create one for a whole run: the object caches tokens in memory (msal requests a new one when less than five minutes
    are left). Safe under threads; concurrent calls cause one request.

    Args:
        credential: the application's credential.
        cloud: the national cloud.
        authority: a different authority, scheme and host with or without the tenant; by default the cloud's.
        http: a client with ``get``, ``post`` and ``close`` that msal accepts as ``http_client``, that raises
            :class:`OSError` when the network fails, and that keeps the status of its last answer as ``status``:
            ``clients.httpx.http_for_msal()``.
        now: the clock, in seconds since 1970.

    Raises:
        SettingError: the authority is not an ``https`` address.
    """

    def __init__(
        self,
        credential: Credential,
        cloud: Cloud,
        *,
        authority: str | None = None,
        http: Any,
        now: Callable[[], float] = time.time,
    ) -> None:
        remember(*credential.secrets)
        self.credential = credential
        self.cloud = cloud
        self.authority = _with_tenant(authority or cloud.authority_host, credential.tenant_id)
        self.expires_at: float | None = None
        """Expiry of the last token, in seconds since 1970; ``None`` before the first."""
        self._http = http
        self._now = now
        self._lock = Lock()

    def token(self, *, claims: str | None = None, force: bool = False) -> str:
        """A token that is valid for at least a few minutes.

        Args:
            claims: a claims challenge of the service, as JSON text; a cached token would not satisfy it.
            force: request a new token even if one is cached.

        Raises:
            SettingError: the certificate or the token file cannot be used.
            SignInError: the authority has issued none; says which setting is wrong and what to do.
        """
        with self._lock:
            with self._translated_errors():
                if force:
                    self._application.remove_tokens_for_client()
                answer = self._application.acquire_token_for_client([self.cloud.scope], claims_challenge=claims)
            if "access_token" not in answer:
                raise self._refusal_error(answer)
            self.expires_at = self._now() + float(answer.get("expires_in", 0))
            remember(answer["access_token"])
            return cast("str", answer["access_token"])

    @cached_property
    def _application(self) -> Any:
        import msal

        return msal.ConfidentialClientApplication(
            self.credential.client_id,
            client_credential=_CREDENTIAL_TYPES[self.credential.setting](self.credential),
            authority=self.authority,
            instance_discovery=False,  # would query the worldwide cloud about every unknown authority
            http_client=self._http,
            client_capabilities=["CP1"],  # the capability to handle claims challenges
        )

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Turn exceptions of msal into errors of this package."""
        from msal.exceptions import MsalError

        try:
            yield
        except OSError as error:
            text = f"{self.authority} cannot be reached: {_first_line(error)}."
            raise SignInError.of_cause("unreachable", text) from None
        except (*_UNEXPECTED, RuntimeError, MsalError) as error:
            raise self._error_of(error) from None

    def _error_of(self, error: BaseException) -> SignInError:
        """Classify an exception of msal; the response that caused it is quoted in the exceptions of its chain."""
        said = "\n".join(str(each) for each in _causes(error))
        refusal = _refusal_in(said)
        if refusal:
            return self._refusal_error(refusal)
        status = _status_in(said) or self._http.status
        for name, holds in _CAUSES:
            if holds(error, status):
                return SignInError.of_cause(name, f"{self.authority} {SIGN_IN_CAUSES[name].says}", status)
        return SignInError.of_cause("unknown", f"{type(error).__name__}: {_first_line(error)}", status)

    def _refusal_error(self, answer: Mapping[str, Any]) -> SignInError:
        error, text = (str(answer.get(name) or "") for name in ("error", "error_description"))
        found = _CODE.search(text)
        numbers = answer.get("error_codes")
        number = numbers[0] if isinstance(numbers, list) and numbers else ""
        code = found[0] if found else f"AADSTS{number}" if number else ""
        row = Contract.packaged().errors.by_signin_code(code, error)
        trace = f"trace {answer.get('trace_id', 'unknown')}, {answer.get('timestamp', 'no time')}"
        if row is None and self._http.status == _TOO_MANY_REQUESTS:
            text = f"{self.authority} {SIGN_IN_CAUSES['throttled'].says}"
            return SignInError.of_cause("throttled", text, self._http.status)
        if row is None:
            said = _first_sentence(text) or "no reason was given."
            unknown = SIGN_IN_CAUSES["unknown"]
            return SignInError("unknown", self._http.status, error, code, said, unknown.setting, unknown.remedy, trace)
        remedy = f"{row.remedy}{self._local_hint(row.name, answer)}"
        setting = self.credential.setting if row.name in _OF_THE_CREDENTIAL else row.setting
        return SignInError(
            row.name, self._http.status or row.status, row.error, code, row.meaning, setting, remedy, trace
        )

    def _local_hint(self, row: str, answer: Mapping[str, Any]) -> str:
        """An addition to a remedy from facts of this machine."""
        if row == "assertion-time":
            behind = _clock_difference(str(answer.get("timestamp", "")), self._now())
            return (
                f" The authority's clock and this one differ by {behind:.0f} s."
                if abs(behind) > _MAX_CLOCK_DIFFERENCE
                else ""
            )
        if row == "assertion-signature" and self.credential.setting == CERTIFICATE:
            return f" The thumbprint here is {Certificate.read(self.credential).thumbprint}."
        return ""


_OF_THE_CREDENTIAL = frozenset({"assertion-signature", "assertion-malformed", "credential-missing"})
"""Rows about the credential, whose setting is the variable of the method used."""


def _with_tenant(authority: str, tenant: str) -> str:
    base = authority if "://" in authority else f"https://{authority}"
    scheme, _, rest = base.rstrip("/").partition("://")
    if scheme != "https" or not rest:
        step = "Sign-in goes over TLS only; 'graphcalls serve --tls FOLDER' gives such an address."
        raise SettingError(AUTHORITY, authority[:_SHORT], "an address that begins with https://", step)
    return f"https://{rest}" if "/" in rest else f"https://{rest}/{tenant}"


_TOO_MANY_REQUESTS = 429
_UNEXPECTED = (ValueError, LookupError, AttributeError, TypeError)
"""Exceptions of msal for a response that is not JSON, or JSON of an unexpected shape."""
_CAUSES: tuple[tuple[str, Callable[[BaseException, int], bool]], ...] = (
    ("throttled", lambda _error, status: status == _TOO_MANY_REQUESTS),
    ("service-fault", lambda _error, status: status >= 500),
    ("not-an-authority", lambda error, _status: isinstance(error, (*_UNEXPECTED, RuntimeError))),
)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _refusal_in(said: str) -> Mapping[str, Any] | None:
    """The error object of the authority, where an exception of msal quotes one."""
    start = said.find('{"')
    try:
        value = json.JSONDecoder().raw_decode(said, start)[0] if start >= 0 else None
    except ValueError:
        return None
    return value if isinstance(value, dict) and "error" in value else None


def _status_in(said: str) -> int:
    found = re.search(r"(?:HTTP status|HTTP Error|Discovery): (\d{3})\b", said)
    return int(found[1]) if found else 0


def _first_line(error: BaseException) -> str:
    return mask((str(error).strip().splitlines() or [type(error).__name__])[0]).rstrip(".")[:_SHORT]


def _first_sentence(text: str) -> str:
    """The first sentence of a description; the rest are ids that the trace has as well."""
    return mask(re.split(r"\r?\n| Trace ID:", text, maxsplit=1)[0].strip())[:_SHORT]


def _clock_difference(stamp: str, now: float) -> float:
    try:
        there = datetime.strptime(stamp, "%Y-%m-%d %H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return 0.0
    return there.timestamp() - now


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its private key, as text.

    Attributes:
        public: the certificate, PEM.
        key: the private key, PEM.
    """

    public: str
    key: str = field(repr=False)

    @property
    def thumbprint(self) -> str:
        """SHA-1 of the certificate, as the portal shows it."""
        return hashlib.sha1(ssl.PEM_cert_to_DER_cert(self.public), usedforsecurity=False).hexdigest().upper()

    @classmethod
    def read(cls, credential: Credential) -> Certificate:
        """Read the credential's file.

        Raises:
            SettingError: it does not exist, or is not a PEM file with a certificate and its private key.
        """
        path = Path(credential.certificate_path)
        text = _readable(CERTIFICATE, path, "a PEM file with certificate and private key")
        public, key = _CERTIFICATE_TEXT.search(text), _KEY_TEXT.search(text)
        if not public or not key:
            missing = "certificate" if key else "private key" if public else "certificate and no private key"
            step = f"It holds no {missing}. 'openssl pkcs12 -in FILE -out FILE.pem' makes one of a PFX file."
            raise SettingError(CERTIFICATE, str(path), "a PEM file with certificate and private key", step)
        _match(credential, path, encrypted="ENCRYPTED" in key[0])
        return cls(public[0], key[0])


def _match(credential: Credential, path: Path, *, encrypted: bool) -> None:
    """Let OpenSSL load both: it detects a wrong password, a damaged key, and the key of a different certificate."""
    try:
        # The password is always passed, or OpenSSL would prompt at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, password=lambda: credential.certificate_password)
    except (ssl.SSLError, ValueError) as error:
        mismatch = getattr(error, "reason", None) == "KEY_VALUES_MISMATCH"
        # For a wrong password OpenSSL's reasons differ from release to release.
        setting, expected, step = _MISMATCH if mismatch else _PASSWORD if encrypted else _UNUSABLE
        raise SettingError(setting, _HIDDEN if setting != CERTIFICATE else str(path), expected, step) from None


_UNUSABLE = (CERTIFICATE, "a certificate and private key that OpenSSL can read", "Export both again.")
_PASSWORD = (CERTIFICATE_PASSWORD, "the password of the private key", f"The key in {CERTIFICATE} is encrypted.")
_MISMATCH = (CERTIFICATE, "a private key that belongs to the certificate", "Export both again.")
"""The problems of a certificate file: the setting, the expectation, the next step."""


def _readable(setting: str, path: Path, expected: str) -> str:
    try:
        return content(path).decode("ascii")
    except FileNotFoundError:
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        step = f"There is no such file.{did_you_mean(path.name, beside)}"
    except UnicodeDecodeError:
        step = "It is not a text file; 'openssl pkcs12 -in FILE -out FILE.pem' makes one of a PFX file."
    except OSError as error:
        step = f"It cannot be read: {error.strerror}."
    raise SettingError(setting, str(path), expected, step)


def _by_certificate(credential: Credential) -> Any:
    certificate = Certificate.read(credential)
    return {
        "private_key": certificate.key,
        "public_certificate": certificate.public,  # msal computes the thumbprint
        "passphrase": credential.certificate_password or None,
    }


def _by_token_file(credential: Credential) -> Any:
    # Read each time: the platform replaces it before it expires.
    return {"client_assertion": lambda: _assertion(credential)}


def _assertion(credential: Credential) -> str:
    expected = "a file with a token for this workload"
    text = _readable(TOKEN_FILE, Path(credential.token_file), expected).strip()
    if not text:
        raise SettingError(TOKEN_FILE, credential.token_file, expected, "It is empty.")
    return text


_CREDENTIAL_TYPES: Mapping[str, Callable[[Credential], Any]] = {
    SECRET: lambda credential: credential.secret,
    CERTIFICATE: _by_certificate,
    TOKEN_FILE: _by_token_file,
}
"""By the variable of the method: the value that msal expects as ``client_credential``."""
