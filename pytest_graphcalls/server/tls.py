"""TLS for our own server: a certificate authority that is kept in a folder, and a certificate for each run.

msal, azure-identity and the SDKs refuse to send a secret over plain HTTP, and rightly so. A client that trusts the
folder's ``ca.pem`` trusts the server of every later run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

import trustme

from pytest_graphcalls.atomic import hold
from pytest_graphcalls.errors import SettingError

CA_FILE = "ca.pem"
"""The certificate of the authority: what clients have to trust."""
CA_KEY_FILE = "ca-with-key.pem"
"""The authority's certificate and private key; readable for its owner alone."""
TRUST_STORE = "ca.p12"
"""The certificate as a trust store of Java, PKCS#12."""
TRUST_STORE_PASSWORD = "changeit"  # noqa: S105  Java's own default; there is no secret in the file
PHP_SETTINGS = "graphcalls.ini"
"""Settings by which PHP trusts it."""
KEY_SUFFIX = ".graphcalls-key.pem"
"""How the name of a file with a private key ends that lasts as long as its process."""
LIFETIME = timedelta(days=30)
"""How long the server's own certificate is good."""
LOCAL = ("localhost", "127.0.0.1", "::1")
TRUST_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Variables by which httpx and OpenSSL, requests and azure-identity, and Node trust a file of certificates."""

_BEGIN = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class ServerTls:
    """Files of a server with TLS.

    Attributes:
        ca: PEM file with the authority's certificate, for clients.
        certificate: PEM file with the server's key and certificate; removed when the server ends.
    """

    ca: Path
    certificate: Path

    @property
    def trust_store(self) -> Path:
        """The authority's certificate for Java."""
        return self.ca.with_name(TRUST_STORE)

    @property
    def php_settings(self) -> Path:
        """Settings by which PHP trusts the authority."""
        return self.ca.with_name(PHP_SETTINGS)


@contextmanager
def certificate_in(folder: Path, names: Iterable[str] = ()) -> Iterator[ServerTls]:
    """Issue a certificate for a server, for as long as the block lasts.

    Key files that killed processes have left in the folder are removed.

    Args:
        folder: where the authority is kept; it is made when it is not there.
        names: host names and addresses that the server is reached by, beside those of this machine itself.

    Raises:
        SettingError: the folder cannot be used, or what is in it is no authority of ours.
    """
    with ExitStack() as files:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(folder)
            authority = _authority(folder)
            chain = _issued(authority, names).private_key_and_cert_chain_pem.bytes()
            path = files.enter_context(_key_file(folder / "server.pem", chain))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            expected = "a folder to keep a certificate authority in"
            raise SettingError("--tls", str(folder), expected, f"{why}. Give another or an empty one.") from None
        yield ServerTls(folder / CA_FILE, path)


def _issued(authority: trustme.CA, names: Iterable[str]) -> trustme.LeafCert:
    distinct = dict.fromkeys((*LOCAL, *names))
    return authority.issue_cert(*distinct, not_after=datetime.now(UTC).replace(tzinfo=None) + LIFETIME)


def _authority(folder: Path) -> trustme.CA:
    """The authority in the folder. Two runs that start at once agree on one: a link is made by one of them only."""
    kept = folder / CA_KEY_FILE
    if not kept.exists():
        new = trustme.CA(organization_name="pytest-graphcalls")
        content = new.private_key_pem.bytes() + new.cert_pem.bytes()
        with _key_file(kept, content) as draft, suppress(FileExistsError):  # another run was first
            os.link(draft, kept)
    key, _, certificate = kept.read_bytes().partition(_BEGIN)
    authority = trustme.CA.from_pem(_BEGIN + certificate, key)
    for name, content in _trusted_by_clients(folder, authority.cert_pem.bytes()).items():
        with _key_file(folder / name, content) as public:
            public.chmod(0o644)  # no secret: other users' clients may trust it, too
            public.replace(folder / name)
    return authority


def _trusted_by_clients(folder: Path, certificate: bytes) -> dict[str, bytes]:
    """By file name: the authority's certificate in the forms that clients read."""
    path = (folder / CA_FILE).resolve()
    settings = f'curl.cainfo = "{path}"\nopenssl.cafile = "{path}"\n'
    return {CA_FILE: certificate, TRUST_STORE: _trust_store(certificate), PHP_SETTINGS: settings.encode()}


def _trust_store(certificate: bytes) -> bytes:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
    from cryptography.x509 import load_pem_x509_certificate

    entry = pkcs12.PKCS12Certificate(load_pem_x509_certificate(certificate), b"graphcalls")
    return pkcs12.serialize_java_truststore([entry], BestAvailableEncryption(TRUST_STORE_PASSWORD.encode()))


@contextmanager
def _key_file(path: Path, content: bytes) -> Iterator[Path]:
    """A file beside ``path`` that its owner alone can read. It is locked, and removed at the end."""
    held = None
    while held is None:  # another start may take a new file for an abandoned one
        draft = path.with_name(f"{path.stem}-{token_hex(4)}{KEY_SUFFIX}")
        held = hold(draft, make=True)
    try:
        draft.chmod(0o600)
        os.write(held, content)
        if sys.platform == "win32":  # which lets no other handle read a locked file
            held = os.close(held)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
        if held is not None:
            os.close(held)


def _remove_abandoned(folder: Path) -> None:
    """Remove key files whose process was killed; the lock of one that lives is held."""
    for path in folder.glob(f"*{KEY_SUFFIX}"):
        held = hold(path)
        if held is not None:
            path.unlink(missing_ok=True)
            os.close(held)
