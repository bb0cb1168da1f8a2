"""Planted secrets: what they are called, what they look like, and how they look when they are written in other ways.

``canaries.py`` has exchanges, one secret in each; here is what a whole run is filled with. Each value is unlike every
other one, so that whatever finds one says which secret came out where.
"""

from __future__ import annotations

import html
import json
import random
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, quote_plus

from tests.effort import EFFORT

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
_WORDS = (
    *("Sommer", "Winter", "Hafen", "Linden", "Berg", "Garten", "Kiesel", "Laterne", "Marder", "Nebel"),
    *("Orkan", "Pappel", "Quelle", "Rabe", "Segel", "Tanne", "Ufer", "Veilchen", "Wolke", "Zeder"),
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A secret.

    Attributes:
        name: what it is called where it is written; ``""`` when its form gives it away.
        value: what must come out nowhere.
        written: what is written, of which ``value`` is a part.
    """

    name: str
    value: str
    written: str

    @property
    def assigned(self) -> str:
        """A secret assigned to a name, as in an address, a form or a shell."""
        return f"{self.name}={self.written}" if self.name else self.written

    @property
    def said(self) -> str:
        """A secret behind a name, as in a header or a sentence."""
        return f"{self.name}: {self.written}" if self.name else self.written

    @property
    def member(self) -> str:
        """What a member, a field or a header is called that holds it."""
        return self.name or "note"


NAMES = (
    *("client_secret", "clientSecret", "client_assertion", "access_token", "accessToken", "refresh_token", "id_token"),
    *("secret", "apiKey", "api_key", "sessionToken", "auth_token", "pwd", "userPassword", "appSecret", "password"),
    *("passcode", "recordingAccessToken", "secretText", "skypeToken", "privateKey", "X-Api-Key", "X-Auth-Token"),
    *("X-Forwarded-Access-Token", "Ocp-Apim-Subscription-Key", "X-Functions-Key", "CLIENT_SECRET", "AZURE_PASSWORD"),
    *("certificatePassword", "device_code", "code_verifier", "bearerToken"),
)
"""Names that say that what they name is a secret, whatever it looks like."""
_SCHEMES = ("Bearer", "Basic", "ApiKey", "SharedKey", "Token")


def _random(seed: int, length: int, letters: str = _LETTERS) -> str:
    # A digit, a capital and a small letter stand in each, as any generator of secrets sees to.
    return "k7Q" + "".join(random.Random(seed).choices(letters, k=length - 3))


def _jwt(seed: int) -> str:
    head = b64encode(b'{"typ":"JWT","alg":"RS256"}').decode().rstrip("=")
    body = b64encode(json.dumps({"oid": _random(seed, 12), "roles": ["Calls.Initiate.All"]}).encode()).decode()
    return f"{head}.{body.rstrip('=')}.{_random(seed + 1, 40, _LETTERS + '-_')}"


def _planted() -> Iterator[list[Planted]]:
    """Of each kind the secrets."""
    seeds = iter(range(1, 100_000, 7))
    for name in NAMES:
        chosen = "-".join(random.Random(next(seeds)).sample(_WORDS, 2)) + f"{next(seeds) % 9000 + 1000}"
        values = (chosen, _random(next(seeds), 20), _random(next(seeds), 43, _LETTERS + "-_"))
        yield [Planted(name, value, value) for value in values]
    for scheme in (*_SCHEMES, "Digest"):
        written = '{} username="bot", response="{}"' if scheme == "Digest" else "{} {}"
        values = tuple(_random(next(seeds), length) for length in (24, 40))
        yield [Planted("Authorization", value, written.format(scheme, value)) for value in values]
    tokens = [_jwt(next(seeds)) for _ in range(12)]
    yield [Planted("", token.rpartition(".")[2], token) for token in tokens]
    values = tuple(f"{_random(next(seeds), 3)}8Q~{_random(next(seeds), 34)}" for _ in range(10))
    yield [Planted("", value, value) for value in values]
    keys = [b64encode(random.Random(next(seeds)).randbytes(64)).decode() for _ in range(6)]
    yield [Planted("", key, f"DefaultEndpointsProtocol=https;AccountName=calls;AccountKey={key}") for key in keys]
    for length, address in (
        (43, "https://calls.blob.core.windows.net/r/1.wav?sv=2024-05-04&sp=r&sig={}"),
        (16, "https://bot:{}@calls.contoso.com/api"),
        (32, "https://teams.microsoft.com/l/meetup-join/19%3ameeting_{}%40thread.v2/0"),
    ):
        values = tuple(_random(next(seeds), length) for _ in range(6))
        yield [Planted("", value, address.format(value)) for value in values]
    pems = [[b64encode(random.Random(next(seeds)).randbytes(48)).decode() for _ in range(5)] for _ in range(4)]
    whole = "\\n".join(("-----BEGIN PRIVATE KEY-----", "{}", "-----END PRIVATE KEY-----"))
    # On one line, as a variable of the environment has it.
    yield [Planted("", lines[2], whole.format("\\n".join(lines))) for lines in pems]
    values = tuple(_random(next(seeds), 32) for _ in range(4))
    yield [Planted("Cookie", value, f"fpc={value}; x=1") for value in values]


KINDS = tuple(_planted())
"""By kind, a name or a form, the secrets; 150 of them at least."""
PLANTED: tuple[Planted, ...] = tuple(
    one for number, kind in enumerate(KINDS) for one in (kind if EFFORT else [kind[number % len(kind)]])
)
"""What is planted: one of each kind, so that each form of a chosen word comes up; all of them under ``make search``."""

CALLS = "/communications/calls"


def requests(one: Planted) -> Iterator[dict[str, Any]]:
    """Requests with a secret in each place that one can be sent in: the arguments of ``client.post``."""
    url = one.written if one.written.startswith("https:") else f"https://h.contoso.com/x?{one.assigned}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    parts = f'--x\r\nContent-Disposition: form-data; name="{one.member}"\r\n\r\n{one.written}\r\n--x--\r\n'
    nested = json.dumps({"a": json.dumps({"b": [{one.member: one.written}]})})
    yield {"json": {"callbackUri": 1}, "headers": {one.member: one.written}}
    yield {"json": {"callbackUri": 2}, "params": {one.member: one.written}}
    yield {"content": f"{one.assigned}&grant_type=x", "headers": form}
    yield {"json": {one.member: one.written, "callbackUri": 3}}
    yield {"json": {"source": nested}}
    yield {"content": parts, "headers": {"Content-Type": "multipart/form-data; boundary=x"}}
    yield {"json": {"callbackUri": url}}
    invited = {"participants": [], "clientContext": one.assigned}
    yield {"path": "/57dab8b1-894c-409a-b240-bd8beae78896/participants/invite", "json": invited}


_TAIL = 10
"""Characters at the end of a value that pytest keeps when it shortens one; they are as secret as the whole."""


def forms(value: str) -> Mapping[str, str]:
    """How ``value`` may be written: name of the form to text."""
    raw = value.encode()
    found = {
        "raw": value,
        "percent": quote(value, safe=""),
        "form": quote_plus(value),
        "html": html.escape(value),
        "json": json.dumps(value)[1:-1],
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
        "tail": value[-_TAIL:],
    }
    for before in range(3):
        whole = b64encode(b"\0" * before + raw).decode().rstrip("=")
        inner = whole[-(-before * 8 // 6) : len(whole) - (1 if (len(raw) + before) % 3 else 0)]
        found |= {f"base64 {before}": inner, f"base64url {before}": inner.replace("+", "-").replace("/", "_")}
    return MappingProxyType(found)


def found(text: str, planted: Iterable[Planted] = PLANTED) -> dict[str, list[Planted]]:
    """What came out in ``text``: by form, the secrets."""
    out: dict[str, list[Planted]] = {}
    for one in planted:
        form = next((form for form, written in forms(one.value).items() if written in text), "")
        if form:
            out.setdefault(form, []).append(one)
    return out


def report(text: str, planted: Iterable[Planted] = PLANTED) -> str:
    """What came out in ``text``, for people: how many, and where the first of each name stands."""
    lines = []
    for form, all_ in found(text, planted).items():
        for name, number in Counter(one.member for one in all_).items():
            first = next(one for one in all_ if one.member == name)
            written = forms(first.value)[form]
            at = text.index(written)
            around = re.sub(r"\s+", " ", text[max(0, at - 60) : at + len(written) + 10])
            lines.append(f"{number} of {name} ({form}): {around}")
    return "\n".join(lines)


_DETECTORS = (
    *("AWSKeyDetector", "ArtifactoryDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "GitHubTokenDetector"),
    *("JwtTokenDetector", "KeywordDetector", "PrivateKeyDetector", "SlackDetector", "StripeDetector"),
    "TwilioKeyDetector",
)
"""Those of detect-secrets that look for forms and names; the others call every id a secret, or ask over the network."""


def second_opinion(*texts: str) -> set[str]:
    """The findings of detect-secrets, which does not know this project, in ``texts``; each line is scanned once."""
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import transient_settings

    # Of a private key it finds the first line, whatever follows.
    lines = {line.replace("-----BEGIN PRIVATE KEY-----REDACTED", "") for text in texts for line in text.splitlines()}
    with transient_settings({"plugins_used": [{"name": name} for name in _DETECTORS], "filters_used": []}):
        found = [one for line in lines for one in scan_line(line)]
    return {f"{one.type}: {one.secret_value}" for one in found if "REDACTED" not in str(one.secret_value)}
