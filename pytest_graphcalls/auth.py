"""Asking Entra ID for a token: with a client secret, a certificate, or a workload-identity token.

The variables are those of ``azure-identity``, and are taken in its order: secret, certificate, token file. What the
authority answers instead of a token is classified by the contract's table (``errors.yaml``, key ``signin``), so that
a wrong setting is named before any request goes to Graph. msal does the protocol; nothing else here knows it.

No secret is put into a message, and none stands in a local variable of a frame that can fail: pytest shows those.
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
from pytest_graphcalls.errors import SettingError, SignInError, did_you_mean
from pytest_graphcalls.redaction import mask, remember

TENANT, CLIENT = "AZURE_TENANT_ID", "AZURE_CLIENT_ID"
SECRET = "AZURE_CLIENT_SECRET"  # noqa: S105  a variable's name
CERTIFICATE = "AZURE_CLIENT_CERTIFICATE_PATH"
CERTIFICATE_PASSWORD = "AZURE_CLIENT_CERTIFICATE_PASSWORD"  # noqa: S105  a variable's name
TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105  a variable's name
AUTHORITY = "AZURE_AUTHORITY_HOST"
VARIABLES = (TENANT, CLIENT, SECRET, CERTIFICATE, CERTIFICATE_PASSWORD, TOKEN_FILE, AUTHORITY)
"""Every variable that is read here."""

_UNSET = "(not set)"
_HIDDEN = "(hidden)"
_SHORT = 200
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", re.IGNORECASE)
_CODE = re.compile(r"AADSTS\d+")
_CERTIFICATE_TEXT = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
_KEY_TEXT = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
_SKEW = 60.0
"""Seconds by which this machine's clock may differ from the authority's before it is worth a word."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Who signs in, and with what.

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
            SettingError: one is missing, or holds what cannot be right.
        """
        given = {name: environ.get(name, "") for name in VARIABLES}
        for name in (TENANT, CLIENT):
            _require(name, given, environ)
        if not (given[SECRET] or given[CERTIFICATE] or given[TOKEN_FILE]):
            _require(SECRET, given, environ)
        for name, judge in _SHAPES.items():
            if given[name] and (wrong := judge(given[name])):
                shown = _HIDDEN if name in {SECRET, CERTIFICATE_PASSWORD} else given[name][:_SHORT]
                raise SettingError(name, shown, wrong, "Copy it again from the app registration.")
        names = (TENANT, CLIENT, SECRET, CERTIFICATE, CERTIFICATE_PASSWORD, TOKEN_FILE)
        return cls(*(given[name] for name in names))

    @property
    def setting(self) -> str:
        """The variable that holds what is used to sign in: of several the first one."""
        return SECRET if self.secret else CERTIFICATE if self.certificate_path else TOKEN_FILE

    @property
    def secrets(self) -> tuple[str, ...]:
        """Its values that must not be seen anywhere, for whoever looks for leaks."""
        return tuple(filter(None, (self.secret, self.certificate_password)))


def _require(name: str, given: Mapping[str, str], environ: Mapping[str, str]) -> None:
    if given[name]:
        return
    strangers = [other for other, value in environ.items() if value and "AZURE" in other and other not in VARIABLES]
    # Closer than a suggestion: most variables of other tools begin alike.
    found = "".join(f" {other} is set; is {name} meant?" for other in get_close_matches(name, strangers, 1, 0.9))
    others = [other for other in VARIABLES if given[other] and other != AUTHORITY]
    beside = f"{' and '.join(others)} alone cannot sign in." if others else "Nothing is set to sign in with."
    raise SettingError(name, _UNSET, _MISSING[name], f"{beside}{found}")


_MISSING = {
    TENANT: "the id of the sandbox tenant",
    CLIENT: "the application's (client) id",
    SECRET: f"a client secret's value, or {CERTIFICATE}, or {TOKEN_FILE}",
}


def _tenant(value: str) -> str:
    return "" if _GUID.fullmatch(value) or _DOMAIN.fullmatch(value) else "a GUID or a domain of the tenant"


def _client(value: str) -> str:
    return "" if _GUID.fullmatch(value) else "a GUID, the application's (client) id"


def _unpadded(value: str) -> str:
    return "" if value == value.strip() else "no white space around it"


_SHAPES: Mapping[str, Callable[[str], str]] = {
    TENANT: _tenant,
    CLIENT: _client,
    SECRET: _unpadded,
    CERTIFICATE: _unpadded,
    TOKEN_FILE: _unpadded,
}


class SignIn:
    """Fetches tokens for one application and one cloud; keeps them, and renews them before they run out.

    Make one for a whole run: the tokens are kept in memory by the object (by msal's cache, which asks again when a
    token has less than five minutes left). Safe under threads; several that ask at once cause one request.

    Args:
        credential: who signs in.
        cloud: the national cloud.
        authority: another authority, scheme and host with or without the tenant; by default the cloud's.
        http: how to get there: anything with ``get``, ``post`` and ``close`` that msal takes as ``http_client`` and
            that raises :class:`OSError` when the network fails, e.g. ``clients.httpx.http_for_msal()``. By default
            msal's own client; it prefers ``REQUESTS_CA_BUNDLE`` to ``verify``.
        verify: file with the certificate authorities to trust, when ``http`` is not given.
        now: the clock, in seconds since 1970.

    Raises:
        SettingError: the authority is no ``https`` address.
    """

    def __init__(
        self,
        credential: Credential,
        cloud: Cloud,
        *,
        authority: str | None = None,
        http: Any = None,
        verify: str | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        remember(*credential.secrets)
        self.credential = credential
        self.cloud = cloud
        self.authority = _with_tenant(authority or cloud.authority_host, credential.tenant_id)
        self.expires_at: float | None = None
        """When the token given last runs out, in seconds since 1970; ``None`` before the first."""
        self._http = _Heard(http) if http is not None else None
        self._verify = verify
        self._now = now
        self._lock = Lock()

    def token(self, *, claims: str | None = None, force: bool = False) -> str:
        """A token that is good for at least a few minutes.

        Args:
            claims: a claims challenge of the service, as JSON text; a token from the cache would not meet it.
            force: ask the authority even if a token is kept.

        Raises:
            SettingError: the certificate or the token file cannot be used.
            SignInError: the authority gave none; says which setting is wrong and what to do.
        """
        with self._lock:
            with self._in_words():
                if force:
                    self._application.remove_tokens_for_client()
                answer = self._application.acquire_token_for_client([self.cloud.scope], claims_challenge=claims)
            if "access_token" not in answer:
                raise self._refused(answer)
            self.expires_at = self._now() + float(answer.get("expires_in", 0))
            remember(answer["access_token"])
            return cast("str", answer["access_token"])

    @cached_property
    def _application(self) -> Any:
        import msal

        return msal.ConfidentialClientApplication(
            self.credential.client_id,
            client_credential=_SORTS[self.credential.setting](self.credential),
            authority=self.authority,
            instance_discovery=False,  # would ask the worldwide cloud about every authority it does not know
            http_client=self._http,
            verify=self._verify or True,
            client_capabilities=["CP1"],  # we answer claims challenges
        )

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Turn what msal raises into our errors."""
        from msal.exceptions import MsalError

        try:
            yield
        except OSError as error:
            raise _own("unreachable", f"{self.authority} cannot be reached: {_first(error)}.") from None
        except (*_UNEXPECTED, RuntimeError, MsalError) as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: BaseException) -> SignInError:
        """What an exception of msal means; the answer that led to it is in the exceptions before it."""
        said = "\n".join(str(each) for each in _chain(error))
        refusal = _refusal_in(said)
        if refusal:
            return self._refused(refusal)
        status = _status_in(said) or self._heard
        for name, here in _SIGNS:
            if here(error, status):
                return _own(name, f"{self.authority} {_OWN[name][0]}", status)
        return _own("unknown", f"{type(error).__name__}: {_first(error)}", status)

    def _refused(self, answer: Mapping[str, Any]) -> SignInError:
        error, text = (str(answer.get(name) or "") for name in ("error", "error_description"))
        found = _CODE.search(text)
        numbers = answer.get("error_codes")
        number = numbers[0] if isinstance(numbers, list) and numbers else ""
        code = found[0] if found else f"AADSTS{number}" if number else ""
        row = Contract.packaged().errors.by_signin_code(code, error)
        trace = f"trace {answer.get('trace_id', 'unknown')}, {answer.get('timestamp', 'no time')}"
        if row is None and self._heard == _TOO_MANY:
            return _own("throttled", f"{self.authority} {_OWN['throttled'][0]}", self._heard)
        if row is None:
            said = _sentence(text) or "no reason was given."
            return SignInError("unknown", self._heard, error, code, said, *_UNKNOWN, trace)
        remedy = f"{row.remedy}{self._aside(row.name, answer)}"
        setting = self.credential.setting if row.name in _OF_THE_CREDENTIAL else row.setting
        return SignInError(row.name, self._heard or row.status, row.error, code, row.meaning, setting, remedy, trace)

    @property
    def _heard(self) -> int:
        return self._http.status if self._http is not None else 0

    def _aside(self, row: str, answer: Mapping[str, Any]) -> str:
        """What only this machine can add to a remedy."""
        if row == "assertion-time":
            behind = _behind(str(answer.get("timestamp", "")), self._now())
            return f" The authority's clock and this one differ by {behind:.0f} s." if abs(behind) > _SKEW else ""
        if row == "assertion-signature" and self.credential.setting == CERTIFICATE:
            return f" The thumbprint here is {Certificate.read(self.credential).thumbprint}."
        return ""


_OF_THE_CREDENTIAL = frozenset({"assertion-signature", "assertion-malformed", "credential-missing"})
"""Rows whose setting is the one that the credential came from."""


def _with_tenant(authority: str, tenant: str) -> str:
    base = authority if "://" in authority else f"https://{authority}"
    scheme, _, rest = base.rstrip("/").partition("://")
    if scheme != "https" or not rest:
        step = "Sign-in goes over TLS only; 'graphcalls serve --tls FOLDER' gives such an address."
        raise SettingError(AUTHORITY, authority[:_SHORT], "an address that begins with https://", step)
    return f"https://{rest}" if "/" in rest else f"https://{rest}/{tenant}"


def _own(name: str, text: str, status: int = 0) -> SignInError:
    _, setting, remedy = _OWN[name]
    return SignInError(name, status, "", "", text, setting, remedy)


_UNKNOWN = ("the sign-in log of the tenant", "Look the code up at https://login.microsoftonline.com/error.")
_OWN: Mapping[str, tuple[str, str, str]] = {
    "unreachable": (
        "cannot be reached.",
        AUTHORITY,
        "Look at the address, the network, the proxy, and whether the certificate is trusted.",
    ),
    "not-an-authority": (
        "answered something that is no sign-in.",
        AUTHORITY,
        "A proxy, a login page of a network or a wrong address answers like this; open it in a browser.",
    ),
    "throttled": ("asks for fewer requests.", "the number of workers", "Wait a minute and run again."),
    "service-fault": ("has a fault.", AUTHORITY, "Nothing to mend here; try again later."),
    "unknown": ("failed.", *_UNKNOWN),
}
"""Causes that no answer of the sign-in names: the sentence, the setting, the remedy."""

_TOO_MANY = 429
_UNEXPECTED = (ValueError, LookupError, AttributeError, TypeError)
"""What msal raises over an answer that is no JSON, or JSON of another shape."""
_SIGNS: tuple[tuple[str, Callable[[BaseException, int], bool]], ...] = (
    ("throttled", lambda _error, status: status == _TOO_MANY),
    ("service-fault", lambda _error, status: status >= 500),
    ("not-an-authority", lambda error, _status: isinstance(error, (*_UNEXPECTED, RuntimeError))),
)


class _Heard:
    """Another client, of which it remembers the status of the last answer: msal does not tell."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.status = 0

    def get(self, *args: Any, **facts: Any) -> Any:
        return self._note(self._inner.get(*args, **facts))

    def post(self, *args: Any, **facts: Any) -> Any:
        return self._note(self._inner.post(*args, **facts))

    def close(self) -> None:
        self._inner.close()

    def _note(self, response: Any) -> Any:
        self.status = response.status_code
        return response


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _refusal_in(said: str) -> Mapping[str, Any] | None:
    """The sign-in's own error object, where msal quotes one."""
    start = said.find('{"')
    try:
        value = json.JSONDecoder().raw_decode(said, start)[0] if start >= 0 else None
    except ValueError:
        return None
    return value if isinstance(value, dict) and "error" in value else None


def _status_in(said: str) -> int:
    found = re.search(r"(?:HTTP status|HTTP Error|Discovery): (\d{3})\b", said)
    return int(found[1]) if found else 0


def _first(error: BaseException) -> str:
    return mask((str(error).strip().splitlines() or [type(error).__name__])[0]).rstrip(".")[:_SHORT]


def _sentence(text: str) -> str:
    """The first sentence of a description; what follows are ids that the trace has too."""
    return mask(re.split(r"\r?\n| Trace ID:", text, maxsplit=1)[0].strip())[:_SHORT]


def _behind(stamp: str, now: float) -> float:
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
            SettingError: it is not there, or is no PEM file with a certificate and the key that belongs to it.
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
    """Let OpenSSL read both: it knows a wrong password, a damaged key, and the key of another certificate."""
    try:
        # The password is always given, or OpenSSL would ask at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, password=lambda: credential.certificate_password)
    except (ssl.SSLError, ValueError) as error:
        mismatch = getattr(error, "reason", None) == "KEY_VALUES_MISMATCH"
        # For a wrong password OpenSSL's reasons differ from release to release.
        setting, expected, step = _STRANGER if mismatch else _PASSWORD if encrypted else _UNUSABLE
        raise SettingError(setting, _HIDDEN if setting != CERTIFICATE else str(path), expected, step) from None


_UNUSABLE = (CERTIFICATE, "a certificate and private key that OpenSSL can read", "Export both again.")
_PASSWORD = (CERTIFICATE_PASSWORD, "the password of the private key", f"The key in {CERTIFICATE} is encrypted.")
_STRANGER = (CERTIFICATE, "a private key that belongs to the certificate", "Export both again.")
"""What is wrong with a file: the setting, what was expected, the next step."""


def _readable(setting: str, path: Path, expected: str) -> str:
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        step = f"There is no such file.{did_you_mean(path.name, beside)}"
    except UnicodeDecodeError:
        step = "It is no text; 'openssl pkcs12 -in FILE -out FILE.pem' makes one of a PFX file."
    except OSError as error:
        step = f"It cannot be read: {error.strerror}."
    raise SettingError(setting, str(path), expected, step)


def _by_secret(credential: Credential) -> Any:
    return credential.secret


def _by_certificate(credential: Credential) -> Any:
    certificate = Certificate.read(credential)
    return {
        "private_key": certificate.key,
        "public_certificate": certificate.public,  # msal computes the thumbprint of it
        "passphrase": credential.certificate_password or None,
    }


def _by_token_file(credential: Credential) -> Any:
    # Read each time: whoever issues it replaces it before it runs out.
    return {"client_assertion": lambda: _assertion(credential)}


def _assertion(credential: Credential) -> str:
    expected = "a file with a token for this workload"
    text = _readable(TOKEN_FILE, Path(credential.token_file), expected).strip()
    if not text:
        raise SettingError(TOKEN_FILE, credential.token_file, expected, "It is empty.")
    return text


_SORTS: Mapping[str, Callable[[Credential], Any]] = {
    SECRET: _by_secret,
    CERTIFICATE: _by_certificate,
    TOKEN_FILE: _by_token_file,
}
"""By the variable that holds the credential: what msal wants for it."""
