"""TLS for our own server: a certificate authority that is kept in a folder, and a certificate for each run.

msal, azure-identity and the SDKs refuse to send a secret over plain HTTP, and rightly so. Whoever trusts the
folder's ``ca.pem`` once, trusts the server of every later run.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

import trustme

from pytest_graphcalls.errors import SettingError

CA_FILE = "ca.pem"
"""The certificate of the authority: what clients have to trust."""
CA_KEY_FILE = "ca-with-key.pem"
"""The same with its private key; readable for its owner alone."""
LIFETIME = timedelta(days=30)
"""How long the server's own certificate is good."""
LOCAL = ("localhost", "127.0.0.1", "::1")
TRUST_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""What tells httpx and OpenSSL, requests and azure-identity, and Node to trust a file of certificates."""

_BEGIN = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class ServerTls:
    """What a server needs and what its clients need.

    Attributes:
        ca: PEM file with the authority's certificate, for clients.
        certificate: PEM file with the server's key and certificate; gone when the server is.
    """

    ca: Path
    certificate: Path


@contextmanager
def certificate_in(folder: Path, names: Iterable[str] = ()) -> Iterator[ServerTls]:
    """Issue a certificate for a server, until the block ends.

    Args:
        folder: where the authority is kept; it is made when it is not there.
        names: host names and addresses that the server is reached by, beside those of this machine itself.

    Raises:
        SettingError: the folder cannot be used, or what is in it is no authority of ours.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        authority = _authority(folder)
        chain = _issued(authority, names).private_key_and_cert_chain_pem.bytes()
        path = _beside(folder / "server.pem", chain)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise SettingError(
            "--tls", str(folder), "a folder to keep a certificate authority in", f"{why}. Give another or an empty one."
        ) from None
    try:
        yield ServerTls(folder / CA_FILE, path)
    finally:
        path.unlink(missing_ok=True)


def _issued(authority: trustme.CA, names: Iterable[str]) -> trustme.LeafCert:
    everybody = dict.fromkeys((*LOCAL, *names))
    return authority.issue_cert(*everybody, not_after=datetime.now(UTC).replace(tzinfo=None) + LIFETIME)


def _authority(folder: Path) -> trustme.CA:
    """The authority in the folder. Two runs that start at once agree on one: a link is made by one of them only."""
    kept = folder / CA_KEY_FILE
    if not kept.exists():
        new = trustme.CA(organization_name="pytest-graphcalls")
        draft = _beside(kept, new.private_key_pem.bytes() + new.cert_pem.bytes())
        try:
            os.link(draft, kept)
        except FileExistsError:
            pass  # the other run was first
        finally:
            draft.unlink()
    key, _, certificate = kept.read_bytes().partition(_BEGIN)
    authority = trustme.CA.from_pem(_BEGIN + certificate, key)
    public = _beside(folder / CA_FILE, authority.cert_pem.bytes())
    public.chmod(0o644)  # no secret: other users' clients may trust it, too
    public.replace(folder / CA_FILE)
    return authority


def _beside(path: Path, content: bytes) -> Path:
    """A new file in the same folder that its owner alone can read."""
    with NamedTemporaryFile(dir=path.parent, prefix=f"{path.stem}-", suffix=path.suffix, delete=False) as file:
        file.write(content)
    return Path(file.name)
