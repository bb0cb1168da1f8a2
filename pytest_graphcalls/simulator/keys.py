"""Keys, certificates and JSON web tokens: everything that takes cryptography.

Making a key takes a while, so keys are made when first needed, once per process: every simulator signs with the
same first key, with the same second one after a rotation, and so on.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Mapping, Sequence
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

KEY_ID = "graphcalls"
"""Name of the authority's first key, in the header of its tokens; those that follow have a number behind it."""
CHANNEL_KEY_ID = "graphcalls-channel"
"""Name of the first key that signs notifications: the service's own, not the authority's (observed 7.5)."""

_MAKING = Lock()


def key_id(number: int, name: str = KEY_ID) -> str:
    """The name of key ``number``, counted from 0; the authority's, unless another owner's ``name`` is given."""
    return f"{name}-{number + 1}" if number else name


def signing_key(number: int = 0, name: str = KEY_ID) -> RSAPrivateKey:
    """Key ``number`` of an owner, by default the authority: one per process, made when it is first needed."""
    with _MAKING:  # two threads that ask at once must not get a key each
        return _new_key(number, name)


@cache
def _new_key(number: int, name: str) -> RSAPrivateKey:
    del number, name  # the key of the cache
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Keyring:
    """The key that an issuer signs with, and the keys that it publishes.

    Args:
        name: of the first key; by default the authority's.
    """

    def __init__(self, name: str = KEY_ID) -> None:
        self.name = name
        self.reset()

    def reset(self) -> None:
        """Sign with the first key and publish no other."""
        self.published: tuple[int, ...] = (0,)
        """Numbers of the keys that tokens are still verified with; the last one signs."""

    @property
    def names(self) -> tuple[str, ...]:
        """Ids of the published keys, as headers of tokens have them; the last one signs."""
        return tuple(key_id(number, self.name) for number in self.published)

    def rotate(self) -> None:
        """Sign with a new key from now on; tokens of the older ones hold until :meth:`retire`."""
        self.published = (*self.published, self.published[-1] + 1)

    def retire(self) -> None:
        """Publish the newest key alone; tokens of the older ones are refused from then on."""
        self.published = self.published[-1:]

    def sign(self, claims: Mapping[str, Any], key: Any = None, header: Mapping[str, Any] | None = None) -> str:
        """A token with ``claims``, RS256.

        Args:
            claims: what it says.
            key: signs it instead of the newest one.
            header: further members of its header, or others.
        """
        number = self.published[-1]
        facts = {"kid": key_id(number, self.name), **(header or {})}
        return sign(claims, key or signing_key(number, self.name), facts)

    def verify(self, token: str, name: object) -> Mapping[str, Any]:
        """The claims of a token that a published key with that name signed; raises ``ValueError``."""
        found = next((number for number in self.published if key_id(number, self.name) == name), None)
        if found is None:
            raise ValueError(f"no key of the authority is called {str(name)[:80]!r}")
        return verify(token, signing_key(found, self.name).public_key(), ("RS256",))

    def public(self) -> list[dict[str, Any]]:
        """The published keys as JSON web keys."""
        from jwt.algorithms import RSAAlgorithm

        facts = {"use": "sig", "alg": "RS256"}
        named = {key_id(number, self.name): signing_key(number, self.name).public_key() for number in self.published}
        return [{**RSAAlgorithm.to_jwk(key, as_dict=True), **facts, "kid": kid} for kid, key in named.items()]


def sign(claims: Mapping[str, Any], key: Any, header: Mapping[str, Any]) -> str:
    """A token with ``claims``, RS256."""
    import jwt

    return jwt.encode(dict(claims), key, algorithm="RS256", headers=dict(header))


_LENIENT = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


def verify(token: str, key: Any, algorithms: Sequence[str]) -> Mapping[str, Any]:
    """The claims of a token whose signature holds.

    The claims themselves are judged by the caller: the clock is virtual, and what is wrong has to be named.

    Raises:
        ValueError: it is no token, or signed by another key.
    """
    import jwt

    try:
        claims = jwt.decode(token, key, algorithms=list(algorithms), options=cast("Any", _LENIENT))
    except jwt.InvalidTokenError as error:
        raise ValueError(str(error)) from None
    return cast("Mapping[str, Any]", claims)


def thumbprints(certificate: str) -> tuple[str, str]:
    """SHA-1 and SHA-256 of a PEM certificate, as ``x5t`` and ``x5t#S256`` have them.

    Raises:
        ValueError: it is none.
    """
    der = ssl.PEM_cert_to_DER_cert(certificate)
    sha1 = hashlib.sha1(der, usedforsecurity=False)
    return _base64url(sha1.digest()), _base64url(hashlib.sha256(der).digest())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def certificate_key(certificate: str) -> Any:
    """The public key of a PEM certificate; raises ``ValueError`` when it is none."""
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate(certificate.encode()).public_key()
