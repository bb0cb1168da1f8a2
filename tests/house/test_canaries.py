"""Canaries: a secret is planted in every place one could be in, and must come out at none.

Each place has a canary of its own, so that a test that fails says which place leaks and where to. The first half goes
through what is written by us, the second through a whole pytest run, read from outside.
"""

from __future__ import annotations

import gzip
import json
import textwrap
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from urllib.parse import quote, quote_plus

import pytest

from pytest_graphcalls.auth import Credential, SignIn
from pytest_graphcalls.cassette import Passport, read
from pytest_graphcalls.cassette.passport import Kind as Source
from pytest_graphcalls.cassette.writing import write
from pytest_graphcalls.cli import main
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import RecordingError, SignInError
from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.redaction import Redactor, forget, redact_exchange, remember, remembered
from pytest_graphcalls.report.violation import messages
from pytest_graphcalls.sandbox import Ledger
from pytest_graphcalls.session import Recorder
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response, encode_json

ROOT = "https://graph.microsoft.com/v1.0"
CALL = f"{ROOT}/communications/calls/57dab8b1-894c-409a-b240-bd8beae78896"


def jwt(name: str) -> str:
    """A token whose payload is the canary."""
    head, body = (b64encode(part).decode().rstrip("=") for part in (b'{"alg":"RS256"}', f'{{"c":"{name}"}}'.encode()))
    return f"{head}.{body}.{name}"


def guid(number: int) -> str:
    """An id that nobody else has."""
    return f"c0ffee{number:02x}-1234-4abc-8def-00c0ffee{number:04x}"


@dataclass(frozen=True)
class Place:
    """Where a canary is planted.

    Attributes:
        canary: its value.
        exchange: what holds it.
        secret: whether it is one for reports too; else it tells of somebody, which only recordings hide.
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


def assert_gone(canary: str, *texts: str | bytes) -> None:
    """The canary is in none of ``texts``, in whatever way it is written there."""
    for text in texts:
        shown = text if isinstance(text, str) else text.decode("utf-8", "surrogateescape")
        assert canary not in shown
        assert "secret of this run" not in {leak.kind for leak in scan(text, [canary])}


def test_there_are_enough_places() -> None:
    """Forty at least, and each canary is its own and really there."""
    assert len(PLACES) + len(OUTLETS) >= 40
    assert len({place.canary for place in PLACES.values()}) == len(PLACES)


@pytest.fixture
def _forgotten() -> Iterator[None]:
    before = remembered()
    yield
    forget()
    remember(*before)


# --- what is written by us -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(PLACES))
def test_a_cassette_holds_no_canary(name: str, tmp_path: Path) -> None:
    """Not as it is written, not as it is read again, and the scan lets it be written."""
    place, file = PLACES[name], tmp_path / "x.yaml"
    clean = Redactor("cassette", "canaries").exchange(place.exchange)
    write(file, [clean], Passport(datetime(2026, 1, 1, tzinfo=UTC), Source.LIVE, ("v1.0",), "r"), known=[place.canary])
    (again,) = read(file)
    assert_gone(place.canary, file.read_bytes(), repr(again), again.request.body, again.response.body)


@pytest.mark.parametrize("name", sorted(set(PLACES) - {"note of an exchange"}))  # no cassette holds notes
def test_without_the_redactor_the_scan_stops_the_cassette(name: str, tmp_path: Path) -> None:
    """The second net: knowing the value, it finds it wherever it was planted."""
    place, file = PLACES[name], tmp_path / "x.yaml"
    passport = Passport(datetime(2026, 1, 1, tzinfo=UTC), Source.LIVE, ("v1.0",), "r")
    known = [place.canary, b64encode(place.canary.encode()).decode()]
    with pytest.raises(RecordingError, match="leak scan"):
        write(file, [place.exchange], passport, known=known)
    assert not file.exists()


@pytest.mark.parametrize("name", SECRETS)
def test_a_report_and_a_failure_message_hold_no_secret(name: str) -> None:
    """What a test says of its exchanges, as text and as the record that travels to the controller."""
    place = PLACES[name]
    contract = Contract.packaged()
    recorder = Recorder(contract)
    recorder(place.exchange)
    failing = [seen for seen in recorder.seen if seen.finding.rule or seen.finding.kind]
    assert_gone(place.canary, repr(redact_exchange(place.exchange)), *messages(failing, [place.exchange], contract))


@pytest.mark.parametrize("name", SECRETS)
def test_a_notification_holds_no_secret(name: str) -> None:
    """The same bodies, posted to a bot."""
    place = PLACES[name]
    half = place.exchange.request if place.exchange.request.body else place.exchange.response
    body = {"value": [{"resourceData": half.body.decode("utf-8", "replace"), "header": place.exchange.note}]}
    told = Notification(place.exchange.request.url, body, 0.0, half.headers)
    if half.body.isascii():  # a notification is a JSON value, never packed
        assert_gone(place.canary, repr(Redactor("cassette").notification(told)))


def test_a_ledger_holds_no_secret(tmp_path: Path) -> None:
    """It keeps addresses, because calls are ended by them."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.intend("1", "POST", f"{CALL}?access_token=Canary-ledger-1", b"client_secret=Canary-ledger-2")
    ledger.created("1", "57da", f"{CALL}?access_token=Canary-ledger-3")
    text = ledger.path.read_text()
    for number in (1, 2, 3):
        assert_gone(f"Canary-ledger-{number}", text)
    assert f"{CALL}?access_token=REDACTED" == ledger.open_calls()[0].url.replace("Canary-ledger-3", "REDACTED")


@pytest.mark.usefixtures("_forgotten")
def test_the_doctor_shows_no_secret(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Not even when the sign-in says it in its answer."""

    def refuse(_: SignIn) -> str:
        raise SignInError("unknown", 400, "x", "AADSTS1", "the secret 'Canary-of-the-doctor' is odd.", "y", "z", "t")

    monkeypatch.setattr(SignIn, "token", refuse)
    environment = {
        "AZURE_TENANT_ID": guid(7),
        "AZURE_CLIENT_ID": guid(8),
        "AZURE_CLIENT_SECRET": "Canary-of-the-doctor",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["doctor"]) == 1
    shown = "".join(capsys.readouterr())
    assert "is odd" in shown
    assert_gone("Canary-of-the-doctor", shown)


@pytest.mark.usefixtures("_forgotten")
def test_a_sign_in_error_shows_no_secret() -> None:
    """The authority answers with the secret, once in a way msal understands, and once in none."""
    credential = Credential(guid(7), guid(8), "Canary-of-the-sign-in")

    class Echo:
        def __init__(self, body: str) -> None:
            self.answer = SimpleNamespace(status_code=401, text=body, headers={})

        def get(self, *_: object, **__: object) -> SimpleNamespace:
            host = "https://login.microsoftonline.com/x/oauth2/v2.0"
            known = {"issuer": host, "authorization_endpoint": f"{host}/authorize", "token_endpoint": f"{host}/token"}
            return SimpleNamespace(status_code=200, text=json.dumps(known), headers={})

        def post(self, *_: object, **__: object) -> SimpleNamespace:
            return self.answer

        def close(self) -> None:
            pass

    said = "AADSTS77777: what is Canary-of-the-sign-in supposed to be?"
    for body in (json.dumps({"error": "odd", "error_description": said}), f"<html>{said}</html>"):
        sign_in = SignIn(credential, Contract.packaged().clouds["global"], http=Echo(body))
        with pytest.raises(SignInError) as caught:
            sign_in.token()
        assert_gone("Canary-of-the-sign-in", str(caught.value), repr(caught.value))


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_check_of_a_recording_shows_no_secret(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording that somebody else has made is full of them, and breaks the contract everywhere."""
    file = tmp_path / "x.har"
    entries = []
    for name in SECRETS:
        request = PLACES[name].exchange.request
        headers = [{"name": name, "value": value} for name, value in request.headers.pairs]
        body = {"text": request.body.decode("latin-1")}
        answer = {
            "status": 299,
            "headers": [],
            "content": {"text": PLACES[name].exchange.response.body.decode("latin-1")},
        }
        asked = {"method": request.method, "url": request.url, "headers": headers, "postData": body}
        entries.append({"request": asked, "response": answer})
    file.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    assert main(["check", str(file), "--format", form]) == 1
    shown = "".join(capsys.readouterr())
    for name in SECRETS:
        assert_gone(PLACES[name].canary, shown)


# --- what pytest shows -----------------------------------------------------------------------------------------------

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

HELPERS = """
import logging, sys, warnings
import pytest

def use(value):
    raise LookupError("not here")

def logged(error):
    try:
        raise error
    except ValueError:
        logging.getLogger("app").exception("failed")
"""


def canary_of(outlet: str) -> str:
    """A secret that no form gives away; that the run was given it is all that is known."""
    return f"kept-{outlet.replace(' ', '-')}-from-all"


@pytest.mark.usefixtures("_forgotten")
@pytest.mark.parametrize("workers", [0, 2], ids=["alone", "two-workers"])
def test_a_run_that_fails_in_every_way_shows_no_secret(pytester: pytest.Pytester, workers: int) -> None:
    """Terminal, JUnit, reports, live log and log file of a run with -vv --tb=long --showlocals."""
    tests = [
        f"def test_{number}(request, graphcalls_client):\n    {does.format(canary=canary_of(name))}\n    assert 0\n"
        for number, (name, does) in enumerate(OUTLETS.items())
    ]
    pytester.makepyfile(test_all=HELPERS + "\n".join(tests))
    pytester.makeconftest(
        f"from pytest_graphcalls.redaction import remember\nremember(*{[canary_of(name) for name in OUTLETS]!r})\n"
    )
    result = pytester.runpytest_subprocess(
        *(
            "-p",
            "no:randomly",
            "-vv",
            "--tb=long",
            "--showlocals",
            "-rA",
            "--junitxml=junit.xml",
            "-o",
            "junit_logging=all",
        ),
        *("--log-cli-level=DEBUG", "--log-file=all.log", "--log-file-level=DEBUG"),
        *("--graphcalls-report=report.json", "--graphcalls-report=report.md"),
        *(("-n", str(workers)) if workers else ()),
    )
    files = [pytester.path / name for name in ("junit.xml", "report.json", "report.md")]
    shown = ["\n".join(result.outlines), "\n".join(result.errlines), *(file.read_text() for file in files)]
    if not workers:
        shown.append((pytester.path / "all.log").read_text())
    assert "REDACTED" in shown[0]
    # The source of a failing test is shown as well, and there the canaries stand too; it was all redacted.
    for name in OUTLETS:
        assert_gone(canary_of(name), *shown)


@pytest.mark.usefixtures("_forgotten")
def test_other_ways_to_show_a_failure_show_no_secret(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The secret is the one in the variable of the sign-in; it fails in fixtures."""
    pytester.makepyfile(
        test_fixture=textwrap.dedent(
            """
            import os, pytest

            @pytest.fixture
            def token(graphcalls_version):
                secret = os.environ["AZURE_CLIENT_SECRET"]
                raise RuntimeError("cannot sign in with " + secret)

            def test_it(token):
                pass

            @pytest.fixture
            def leaver(graphcalls_version):
                yield
                raise RuntimeError("left " + os.environ["AZURE_CLIENT_SECRET"])

            def test_teardown(leaver):
                pass
            """
        )
    )
    secret = "kept-in-the-environment-7"
    monkeypatch.setenv("AZURE_CLIENT_SECRET", secret)
    for style in ("long", "short", "line", "native", "no"):
        result = pytester.runpytest_inprocess("-p", "no:randomly", f"--tb={style}", "--showlocals", "-rA")
        result.assert_outcomes(errors=2, passed=1)
        assert_gone(secret, "\n".join(result.outlines + result.errlines))


SIGN_IN = """
import os
import httpx, msal, pytest

def authority(request):
    host = "https://login.microsoftonline.com/contoso.com/oauth2/v2.0"
    if request.method == "GET":
        found = {"issuer": host, "authorization_endpoint": host + "/authorize", "token_endpoint": host + "/token"}
        return httpx.Response(200, json=found)
    if b"fault" in request.content:
        return httpx.Response(503, text="out of order")
    return httpx.Response(401, json={"error": "invalid_client", "error_description": "bad " + request.content.decode()})

@pytest.fixture(params=["refused", "fault"])
def app(request, graphcalls_version):
    return msal.ConfidentialClientApplication(
        request.param,
        client_credential=os.environ["AZURE_CLIENT_SECRET"],
        authority="https://login.microsoftonline.com/contoso.com",
        instance_discovery=False,
        http_client=httpx.Client(transport=httpx.MockTransport(authority)),
    )

def test_token(app):
    answer = app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert "access_token" in answer, answer

@pytest.mark.parametrize("name", ["AZURE_CLIENT_SECRET"])
def test_ours(name, graphcalls_version):
    from pytest_graphcalls.auth import Credential, SignIn
    from pytest_graphcalls.contract import Contract

    http = httpx.Client(transport=httpx.MockTransport(authority))
    given = {"AZURE_TENANT_ID": "contoso.com", "AZURE_CLIENT_ID": "8f1c5b1a-1c2d-4e5f-8a9b-0c1d2e3f4a5b", **os.environ}
    SignIn(Credential.from_environment(given), Contract.packaged().clouds["global"], http=http).token()
"""
"""A sign-in that fails deep inside msal and httpx, whose frames hold the secret in several ways."""


def test_a_failing_sign_in_shows_no_secret(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the widest view there is, and in the usual one, which cuts what is long."""
    secret = "kept: (every) way/of+writing~it"
    monkeypatch.setenv("AZURE_CLIENT_SECRET", secret)
    pytester.makepyfile(test_sign_in=SIGN_IN)
    for verbose in ("-vv", "-q"):
        result = pytester.runpytest_subprocess(
            *("-p", "no:randomly", verbose, "--tb=long", "--showlocals", "-rA", "--junitxml=junit.xml"),
            *("--log-level=DEBUG", "--log-cli-level=DEBUG"),
        )
        result.assert_outcomes(failed=3)
        shown = "\n".join(result.outlines + result.errlines)
        assert "client_credential" in shown, "the frames of msal are there"
        for text in (shown, (pytester.path / "junit.xml").read_text()):
            assert_gone(secret, text)
            assert_gone("(every) way", text)


def test_tests_of_somebody_else_are_shown_as_they_are(pytester: pytest.Pytester) -> None:
    """Nothing of ours is used, so nothing is changed, and nothing is loaded."""
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert "pytest_graphcalls.redaction" not in sys.modules
            token = "abc123def456"
            assert token == "Bearer eyJhbGciOi.eyJhdWQiOi.abc"
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:randomly", "--showlocals")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*token *= 'abc123def456'*"])
    assert "REDACTED" not in result.stdout.str()
