"""Canaries: a secret is planted in every place one could be in, and must come out at none.

Each place has a canary of its own, so that a test that fails says which place leaks and where to.
"""

from __future__ import annotations

import gzip
import html
import json
import zlib
from base64 import b64encode, encodebytes, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote, quote_plus

import pytest

from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.redaction import forget, remember, remembered
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json

ROOT = "https://graph.microsoft.com/v1.0"
CALL = f"{ROOT}/communications/calls/57dab8b1-894c-409a-b240-bd8beae78896"


def jwt(name: str) -> str:
    """A token whose payload is the canary."""
    head, body = (b64encode(part).decode().rstrip("=") for part in (b'{"alg":"RS256"}', f'{{"c":"{name}"}}'.encode()))
    return f"{head}.{body}.{name}"


def guid(number: int) -> str:
    """An id that no other place has."""
    return f"c0ffee{number:02x}-1234-4abc-8def-00c0ffee{number:04x}"


@dataclass(frozen=True)
class Place:
    """A place in which a canary is planted.

    Attributes:
        canary: its value.
        exchange: what holds it.
        secret: whether it is one for reports too; else it is personal data, which only recordings hide.
    """

    canary: str
    exchange: Exchange
    secret: bool = True


def sent(url: str = CALL, body: bytes = b"", **headers: str) -> Exchange:
    """A request with an empty answer."""
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Exchange(Request("POST", url, Headers(pairs), body), Response(204))


def got(body: bytes = b"", **headers: str) -> Exchange:
    """An answer to a request that holds nothing."""
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Exchange(Request("GET", CALL), Response(200, Headers(pairs), body))


def wrapped(value: object, levels: int) -> object:
    """``value`` as a text in a text in a text."""
    return value if not levels else {"message": json.dumps(wrapped(value, levels - 1))}


def _places() -> Iterator[tuple[str, Place]]:
    def secret(name: str, build: Callable[[str], Exchange], canary: str = "") -> tuple[str, Place]:
        value = canary or f"Canary-{name.replace(' ', '-')}-7"
        return name, Place(value, build(value))

    def person(name: str, canary: str, build: Callable[[str], Exchange]) -> tuple[str, Place]:
        return name, Place(canary, build(canary), secret=False)

    yield secret("header authorization", lambda c: sent(Authorization=f"Bearer {c}"))
    yield secret("header authorization basic", lambda c: sent(authorization=f"Basic {b64encode(c.encode()).decode()}"))
    yield secret("header proxy authorization", lambda c: sent(Proxy_Authorization=c))
    yield secret("header cookie", lambda c: sent(Cookie=f"fpc={c}; x=1"))
    yield secret("header set cookie", lambda c: got(Set_Cookie=f"fpc={c}; path=/; secure"))
    yield secret("header api key", lambda c: sent(Ocp_Apim_Subscription_Key=c))
    yield secret("header of any name", lambda c: got(X_Debug=f"said {c}"), jwt("header"))
    yield secret("header location", lambda c: got(Location=f"https://h/x?access_token={c}"))
    yield secret("header location fragment", lambda c: got(Location=f"https://h/x#id_token={c}&state=1"))
    yield secret("header challenge", lambda c: got(WWW_Authenticate=f'Bearer claims="{c}"'), jwt("challenge"))
    yield secret("address path", lambda c: sent(f"{ROOT}/{c}/x"), jwt("path"))
    yield secret("address query", lambda c: sent(f"{CALL}?a=1&access_token={c}"))
    yield secret("address query code", lambda c: sent(f"{CALL}?code={c}"))
    yield secret("address fragment", lambda c: sent(f"{CALL}#access_token={c}"))
    yield secret("address password", lambda c: sent(f"https://bob:{c}@graph.microsoft.com/v1.0"))
    yield secret("address in an address", lambda c: sent(f"{CALL}?to={quote_plus(f'https://h/?client_secret={c}')}"))
    yield secret("address signature", lambda c: sent(f"https://blob/x?sv=1&sig={c}"))
    yield secret("form secret", lambda c: sent(body=f"grant_type=x&client_secret={quote(c)}".encode()))
    yield secret("form assertion", lambda c: sent(body=f"client_assertion={c}&a=1".encode()), jwt("assertion"))
    yield secret("form in parts", lambda c: sent(body=_parts("client_secret", c)))
    yield secret("json member", lambda c: got(encode_json({"access_token": c})))
    yield secret("json meeting token", lambda c: sent(body=encode_json({"meetingInfo": {"token": c}})))
    yield secret("json passcode", lambda c: sent(body=encode_json({"meetingInfo": {"passcode": c}})))
    yield secret("json join address", lambda c: got(encode_json({"joinWebUrl": f"https://teams.microsoft.com/l/{c}"})))
    yield secret("json replacement link", lambda c: got(encode_json({"value": [{"replacementLink": f"https://{c}"}]})))
    yield secret("json recording token", lambda c: got(encode_json({"recordingAccessToken": c})))
    yield secret("json list", lambda c: got(encode_json({"a": [[{"b": [{"refreshToken": [c]}]}]]})))
    yield secret("json key", lambda c: got(encode_json({c: 1})), jwt("key"))
    yield secret("json text in text", lambda c: got(encode_json(wrapped({"client_secret": c}, 1))))
    yield secret("json text in text in text", lambda c: got(encode_json(wrapped({"client_secret": c}, 4))))
    yield secret("json first of two", lambda c: got(f'{{"token": "{c}", "token": null}}'.encode()))
    yield secret("json cut", lambda c: got(f'{{"a": 1, "token": "{c}'.encode()))
    yield secret(
        "json with escapes", lambda c: got(f'{{"message": "\\u0022passcode\\u0022: \\u0022{c}\\u0022"}}'.encode())
    )
    yield secret("text join address", lambda c: got(f"at https://teams.microsoft.com/l/meetup-join/{c}/0".encode()))
    yield secret("text connection string", lambda c: got(f"endpoint=https://x/;accesskey={c}".encode()))
    yield secret("text private key", lambda c: got(f"-----BEGIN PRIVATE KEY-----\n{c}\n-----END".encode()))
    yield secret("body in gzip", lambda c: got(gzip.compress(encode_json({"token": c})), Content_Encoding="gzip"))
    yield secret("body in deflate", lambda c: got(zlib.compress(encode_json({"token": c})), Content_Encoding="deflate"))
    yield secret("body in gzip unannounced", lambda c: sent(body=gzip.compress(f"client_secret={c}".encode())))
    yield secret("body in an unknown packing", lambda c: got(b"\x8b\x80" + c.encode() + b"\xff", Content_Encoding="br"))
    yield secret("body in utf-16", lambda c: got(json.dumps({"token": c}).encode("utf-16")))
    yield secret(
        "note of an exchange", lambda c: Exchange(Request("GET", CALL), Response(204), f"after {c}"), jwt("note")
    )

    yield person("user id in a path", guid(1), lambda c: sent(f"{ROOT}/users/{c}"))
    yield person("user id in a body", guid(2), lambda c: sent(body=encode_json({"user": {"id": c}})))
    yield person("user id of another form", "canary-u1", lambda c: sent(body=encode_json({"user": {"id": c}})))
    yield person("user id in a message", guid(3), lambda c: got(encode_json({"message": f"failed for 8:orgid:{c}."})))
    yield person("tenant id in a body", guid(4), lambda c: got(encode_json({"tenantId": c})))
    yield person("tenant id in a header", guid(5), lambda c: got(X_Tenant=c))
    yield person("app id in a challenge", guid(6), lambda c: got(WWW_Authenticate=f'Bearer realm="", client_id="{c}"'))
    yield person("tenant by name", "canary-corp", lambda c: got(f"in {c}.onmicrosoft.com".encode()))
    yield person("display name", "Canary Smith", lambda c: got(encode_json({"user": {"displayName": c}})))
    yield person("display name in a filter", "Canary Jones", lambda c: sent(_filter("displayName", c)))
    yield person("display name cut", "Canary Brown", lambda c: got(f'{{"displayName": "{c}'.encode()))
    yield person("principal name", "canary@contoso.com", lambda c: got(encode_json({"userPrincipalName": c})))
    yield person("e-mail in a path", "canary.b@contoso.com", lambda c: sent(f"{ROOT}/users/{quote(c, safe='')}"))
    yield person("e-mail in a text", "canary.c@contoso.com", lambda c: got(f"sent to <{c}>".encode()))
    yield person("phone in a body", "+14255550842", lambda c: sent(body=encode_json({"phone": {"id": c}})))
    yield person("phone in a query", "+14255550843", lambda c: sent(f"{ROOT}/x?phone={quote_plus(c)}"))
    yield person("phone in a message", "+14255550844", lambda c: got(encode_json({"message": f"failed for 4:{c}."})))
    yield person("thread of a meeting", "MjdhCANARYNjM4Yz", lambda c: got(f"19:meeting_{c}@thread.v2".encode()))
    yield person("number of a meeting", "234567890123", lambda c: sent(body=encode_json({"joinMeetingId": c})))


def _filter(name: str, value: str) -> str:
    condition = quote(f"{name} eq '{value}'")
    return f"{ROOT}/users?$filter={condition}"


def _parts(name: str, value: str) -> bytes:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n--x--\r\n'.encode()


PLACES = MappingProxyType(dict(_places()))
SECRETS = sorted(name for name, place in PLACES.items() if place.secret)


def assert_absent(canary: str, *texts: str | bytes) -> None:
    """The canary is in none of ``texts``, in whatever way it is written there."""
    for text in texts:
        shown = text if isinstance(text, str) else text.decode("utf-8", "surrogateescape")
        assert canary not in shown
        assert "secret of this run" not in {leak.kind for leak in scan(text, [canary])}


@pytest.fixture
def _forgotten() -> Iterator[None]:
    before = remembered()
    yield
    forget()
    remember(*before)


OUTLETS = MappingProxyType(
    {
        "local variable": "client_secret = {canary!r}",
        "local variable of any name": "something = {canary!r}",
        "local variable in a mapping": "facts = {{'headers': {{'Authorization': 'Bearer ' + {canary!r}}}}}",
        "argument": "use({canary!r})",
        "exception": "raise ValueError('rejected ' + {canary!r})",
        "chained exception": "raise RuntimeError('outer') from ValueError({canary!r})",
        "assertion": "assert {canary!r} == 'expected'",
        "skip reason": "pytest.skip('because of ' + {canary!r})",
        "failure text": "pytest.fail('because of ' + {canary!r})",
        "standard output": "print({canary!r})",
        "standard error": "print({canary!r}, file=sys.stderr)",
        "log message": "logging.getLogger('app').warning('sent %s', {canary!r})",
        "log of a traceback": "logged(ValueError({canary!r}))",
        "warning": "warnings.warn('used ' + {canary!r}, UserWarning, stacklevel=1)",
        "property of a test": "request.node.user_properties.append(('note', {canary!r}))",
        "section of a report": "request.node.add_report_section('call', 'notes', 'x ' + {canary!r})",
        "sent in an exchange": "graphcalls_client.get('/communications/calls/57da?access_token=' + {canary!r})",
        "sent as a token": "graphcalls_client.get('/app', headers={{'Authorization': 'Bearer ' + {canary!r}}})",
        "sent in a wrong body": "graphcalls_client.post('/communications/calls', json={{'token': {canary!r}, 'x': 1}})",
    }
)
"""What a test does with a secret: name to statement."""


@dataclass(frozen=True)
class Canary:
    """A secret in a text, as something prints or writes it.

    Attributes:
        secret: what may come out nowhere, in no spelling.
        text: what holds it.
    """

    secret: str
    text: str


NAMES = (
    *("client_secret", "clientSecret", "CLIENT_SECRET", "secret", "apiKey", "api_key", "sessionToken", "auth_token"),
    *("X-Auth-Token", "X-Forwarded-Access-Token", "pwd", "userPassword", "appSecret", "access_token", "refresh_token"),
    *("id_token", "passcode", "password", "db.password", "AZURE_CLIENT_SECRET", "GRAPHCALLS_TOKEN", "privateKey"),
    *("accountKey", "recordingAccessToken", "skypeToken", "client_assertion", "X-Api-Key", "X-Functions-Key"),
    *("Ocp-Apim-Subscription-Key", "smtp_pass", "newPassword2", "clientSecretValue", "bot-secret", "webhookSigningKey"),
)
"""Names of secrets, few of which stand in a table."""
_FORMS: tuple[tuple[str, Callable[[str, str], str]], ...] = (
    ("member", lambda name, value: json.dumps({"id": "57da", name: value, "n": 1})),
    ("member cut", lambda name, value: f'{{"id": "57da", "{name}": "{value}'),
    ("line", lambda name, value: f"id: 57da\n{name}: {value}\nstate: established"),
    ("form", lambda name, value: f"{name}={quote_plus(value)}&grant_type=client_credentials"),
    ("later in a form", lambda name, value: f"grant_type=client_credentials&{name}={quote_plus(value)}"),
    ("behind a blank", lambda name, value: f"POST /token with {name}={value} was refused"),
    ("mapping", lambda name, value: repr({name: value, "id": "57da"})),
    ("assignment", lambda name, value: f"{name.replace('-', '_')} = {value!r}"),
    ("argument", lambda name, value: f"Credential({name.replace('-', '_')}={value!r}, n=1)"),
    ("header", lambda name, value: f"> {name}: {value}\n> Accept: */*"),
    ("header of curl", lambda name, value: f"curl -H '{name}: {value}' https://graph.microsoft.com/v1.0"),
    ("pair", lambda name, value: f"Headers([('{name}', '{value}'), ('Accept', '*/*')])"),
    ("pair of bytes", lambda name, value: f"[(b'{name}', b'{value}')]"),
    ("pair of a recording", lambda name, value: json.dumps({"name": name, "value": value})),
    ("element", lambda name, value: f"<settings><{name}>{value}</{name}></settings>"),
    ("attribute", lambda name, value: f'<input name="{name}" type="hidden" value="{value}">'),
    ("option", lambda name, value: f"$ bot --{name.lower().replace('_', '-')} {value} --verbose"),
    ("block of YAML", lambda name, value: f"id: 57da\n{name}: >-\n  {value}\nstate: established"),
    ("subscript", lambda name, value: f'os.environ["{name}"] = "{value}"'),
    ("typed assignment", lambda name, value: f"{name.replace('-', '_')}: str = {value!r}"),
    ("mapping of Ruby", lambda name, value: f"'{name}' => '{value}'"),
    ("object", lambda name, value: json.dumps({name: {"value": value}})),
    ("logged setting", lambda name, value: f"level=info {name}={value} state=established"),
    ("text in texts", lambda name, value: json.dumps(wrapped({name: value}, 5))),
    ("escaped name", lambda name, value: f'{{"{_escaped(name)}": "{value}"'),
    (
        "percent-encoded",
        lambda name, value: f"to=https%3A%2F%2Fh%2F%3Fa%3D1%26{quote(name)}%3D{quote(value, safe='')}%26b",
    ),
    (
        "percent-encoded name",
        lambda name, value: f"/x?a=1&{''.join(f'%{ord(c):02X}' for c in name[:3])}{name[3:]}={value}",
    ),
    ("part of a form", lambda name, value: repr(_parts(name, value))),
    ("Base64", lambda name, value: f"body: {b64encode(f'a=1&{name}={value}&b=2'.encode()).decode()}"),
    ("hex", lambda name, value: f"body: {f'a=1&{name}={value}'.encode().hex()}"),
    ("two bytes a letter", lambda name, value: f"{name}={value}".encode("utf-16-le").decode("latin-1")),
    ("Base64 of two bytes", lambda name, value: b64encode(f"{name}={value}".encode("utf-16")).decode()),
    ("Base64 of four bytes", lambda name, value: b64encode(f"{name}={value}".encode("utf-32-le")).decode()),
    ("Base64 in Base64", lambda name, value: b64encode(b64encode(f"{name}={value}".encode())).decode()),
)
"""How a name and its value are written; each is used with several names."""


def _escaped(name: str) -> str:
    """A name with one letter as an escape of JSON."""
    return f"{name[:3]}\\u{ord(name[3]):04x}{name[4:]}" if len(name) > 3 else f"\\u{ord(name[0]):04x}{name[1:]}"


PEM = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7{}"
ENTRA = "{}8Q~{}"


def _in_lines(text: str, width: int, indent: str = "") -> str:
    return f"\n{indent}".join(text[at : at + width] for at in range(0, len(text), width))


def _canaries() -> Iterator[tuple[str, Canary]]:
    number = 0

    def secret(*, chosen: bool) -> str:
        """One of its own: as a person chooses it, or as a machine makes it."""
        nonlocal number
        number += 1
        return f"Hummel{number:03}!rot" if chosen else f"kN{number:03}x7Tq~Zb2.Vw9-Lp4_Rs6Ju8"

    for row, (form, build) in enumerate(_FORMS):
        for turn in range(6):
            name = NAMES[(6 * row + turn) % len(NAMES)]
            value = secret(chosen=turn % 2 == 0)
            yield f"{form} {name}", Canary(value, build(name, value))
    for scheme in ("Bearer", "Basic", "ApiKey", "SharedKey", "Token", "AWS4-HMAC-SHA256", "Negotiate", "PoP", ""):
        for form, build in (_FORMS[0], _FORMS[6], _FORMS[9], _FORMS[10], _FORMS[11]):
            value = secret(chosen=False)
            whole = f"{scheme} {value}".strip()
            yield f"{form} Authorization {scheme or 'alone'}", Canary(value, build("Authorization", whole))
    for form, build in (_FORMS[6], _FORMS[9], _FORMS[11]):
        value = secret(chosen=False)
        digest = f'Digest username="bob", realm="x", nonce="n", response="{value}"'
        yield f"{form} Digest", Canary(value, build("Authorization", digest))
        value = secret(chosen=False)
        yield f"{form} two cookies", Canary(value, build("Cookie", f"a=1; fpc={value}; c=3"))
        value = secret(chosen=False)
        yield f"{form} of several words", Canary(value, build("Authorization", f"ApiKey one {value}"))
    token = jwt("Canary-JWT")
    pem = f"-----BEGIN PRIVATE KEY-----\n{_in_lines(PEM.format('CanaryPEM' * 20), 64)}\n-----END PRIVATE KEY-----"
    entra = ENTRA.format("kNr", "CanaryOfEntra" + "d1" * 11)
    for name, value, whole in (
        ("JWT", token, token),
        ("private key", "CanaryPEMCanaryPEM", pem),
        ("client secret of Entra ID", entra, entra),
    ):
        yield f"{name} in a sentence", Canary(value, f"refused {whole} today")
        yield f"{name} in Base64", Canary(value, f"got {b64encode(whole.encode()).decode()}")
        yield f"{name} in Base64 for addresses", Canary(value, f"got {urlsafe_b64encode(whole.encode()).decode()} ")
        yield f"{name} in Base64 over lines", Canary(value, _in_lines(b64encode(f"x: {whole}".encode()).decode(), 64))
        yield f"{name} in Base64 over lines in a text", Canary(value, repr(encodebytes(f"x: {whole}".encode())))
        yield f"{name} in hex", Canary(value, f"got {whole.encode().hex()}")
        yield f"{name} in capital hex", Canary(value, f"got {whole.encode().hex().upper()}")
        yield f"{name} in UTF-16", Canary(value, whole.encode("utf-16-le").decode("latin-1"))
        yield f"{name} in UTF-32", Canary(value, whole.encode("utf-32-be").decode("latin-1"))
        yield f"{name} in UTF-16 as Python shows it", Canary(value, repr(whole.encode("utf-16-be")))
        yield f"{name} in UTF-16 in Base64", Canary(value, b64encode(whole.encode("utf-16-le")).decode())
        yield f"{name} in UTF-32 in hex", Canary(value, whole.encode("utf-32-le").hex())
        yield f"{name} percent-encoded", Canary(value, f"/x?a={quote(whole, safe='')}")
        yield f"{name} in a text in texts", Canary(value, json.dumps(wrapped({"a": whole}, 5)))
    yield "JWT over lines", Canary(token, _in_lines(f"Authorization: Bearer {token * 2}", 40, "  "))
    yield "JWT folded by YAML", Canary(token, f'x: "{token[:40]}\\\n  {token[40:]}"')
    yield "JWT folded in quoted-printable", Canary(token, f"{token[:40]}=\r\n{token[40:]}")
    yield "shortened address", Canary("X6Tf5ukaUN", "assert 'https...=X6Tf5ukaUN' == 'x'")
    yield "shortened secret", Canary("Lp4Rs6Ju8Kq", "client_secret = 'kN00...Lp4Rs6Ju8Kq'")
    yield "shortened token", Canary("Zq8Rs6Ju8Kq", "x = '{\"a...oken=Zq8Rs6Ju8Kq'")
    yield "shortened in a list", Canary("Wq8Rs6Ju8Kq1Zx", "['https://h/x...Wq8Rs6Ju8Kq1Zx', 1]")
    for name, text, value in (
        (
            "connection string",
            "Endpoint=sb://x/;SharedAccessKeyName=k;SharedAccessKey={}=",
            "kS1c2VjcmV0c2VjcmV0c2VjcmV0",
        ),
        (
            "storage account",
            "DefaultEndpointsProtocol=https;AccountName=x;AccountKey={}==;",
            "kA2c2VjcmV0c2VjcmV0c2VjcmV0",
        ),
        ("signature", "https://x.blob.core.windows.net/c?sv=1&sig={}&se=2", "kS3c2VjcmV0c2VjcmV0c2VjcmV0"),
        ("authorization code", "https://localhost/cb?code=0.{}&state=7", "kC4c2VjcmV0c2VjcmV0"),
        ("authorization code in a form", "code=0.{}&grant_type=authorization_code", "kC5c2VjcmV0c2VjcmV0"),
        ("password in an address", "amqps://bob:{}@mq.contoso.com/x", "kP6-Hummel"),
        (
            "link of a meeting",
            "join https://teams.microsoft.com/l/meetup-join/19%3ameeting_{}%40thread.v2/0",
            "kM7NjM4Yz",
        ),
        ("short link of a meeting", "https://teams.live.com/meet/{}?p=Zx9", "93847561029"),
        ("passcode of a meeting", '{{"joinMeetingId": "234", "passcode": "{}"}}', "kQ9xZ"),
        ("bearer behind words", "sent Bearer {} to the service", "0.AXoA-opaque~k10"),
        ("basic behind words", "sent Basic {} to the service", "Ym9iOmtQMTEtSHVtbWVs"),
    ):
        yield name, Canary(value, text.format(value))


CANARIES = MappingProxyType(dict(_canaries()))
"""Name to secret and text."""


def spellings(secret: str) -> frozenset[str]:
    """How a secret may be written: as it is, in Base64 and hex, percent-encoded, and as HTML and JSON have it."""
    raw = secret.encode()
    found = {secret, quote(secret, safe=""), quote_plus(secret), html.escape(secret), json.dumps(secret)[1:-1]}
    found |= {raw.hex(), raw.hex().upper()}
    for before in range(3):
        whole = b64encode(b"\0" * before + raw).decode().rstrip("=")
        inner = whole[-(-before * 8 // 6) : len(whole) - (1 if (len(raw) + before) % 3 else 0)]
        found |= {inner, inner.replace("+", "-").replace("/", "_")}
    found |= {secret.encode(code).decode("latin-1") for code in ("utf-16-le", "utf-32-le")}
    return frozenset(found)


def found_in(text: str, canaries: Mapping[str, Canary] = CANARIES) -> list[str]:
    """The names of the canaries that stand in ``text``, in whatever spelling."""
    return [name for name, one in canaries.items() if any(spelled in text for spelled in spellings(one.secret))]
