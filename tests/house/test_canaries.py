"""No canary comes out in what is written by us: cassettes, reports, ledgers, messages."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_graphcalls.auth import Credential, SignIn
from pytest_graphcalls.cassette import Passport, read
from pytest_graphcalls.cassette.passport import Kind as Source
from pytest_graphcalls.cassette.writing import write
from pytest_graphcalls.cli import main
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import RecordingError, SignInError
from pytest_graphcalls.redaction import Redactor, redact_exchange
from pytest_graphcalls.report.failure import messages
from pytest_graphcalls.sandbox import Ledger
from pytest_graphcalls.session import Recorder
from pytest_graphcalls.wire import Notification
from tests.house.canaries import CALL, OUTLETS, PLACES, SECRETS, _forgotten, assert_absent, guid

__all__ = ["_forgotten"]


def test_canaries_are_planted_in_enough_places() -> None:
    """Forty at least, and each canary is its own and really there."""
    assert len(PLACES) + len(OUTLETS) >= 40
    assert len({place.canary for place in PLACES.values()}) == len(PLACES)


@pytest.mark.parametrize("name", sorted(PLACES))
def test_a_cassette_holds_no_canary(name: str, tmp_path: Path) -> None:
    """The written cassette holds no canary, nor do its exchanges, and the scan lets it be written."""
    place, file = PLACES[name], tmp_path / "x.yaml"
    clean = Redactor("cassette", "canaries").exchange(place.exchange)
    write(file, [clean], Passport(datetime(2026, 1, 1, tzinfo=UTC), Source.LIVE, ("v1.0",), "r"), known=[place.canary])
    (again,) = read(file)
    assert_absent(place.canary, file.read_bytes(), repr(again), again.request.body, again.response.body)


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
    assert_absent(
        place.canary, repr(redact_exchange(place.exchange)), *messages(failing, [place.exchange], contract, {})
    )


@pytest.mark.parametrize("name", SECRETS)
def test_a_notification_holds_no_secret(name: str) -> None:
    """The bodies are posted to a bot."""
    place = PLACES[name]
    half = place.exchange.request if place.exchange.request.body else place.exchange.response
    body = {"value": [{"resourceData": half.body.decode("utf-8", "replace"), "header": place.exchange.note}]}
    notification = Notification(place.exchange.request.url, body, 0.0, half.headers)
    if half.body.isascii():  # a notification is a JSON value, never packed
        assert_absent(place.canary, repr(Redactor("cassette").notification(notification)))


def test_a_ledger_holds_no_secret(tmp_path: Path) -> None:
    """A ledger keeps addresses, because calls are ended by them, and nothing secret."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.intend("1", "POST", f"{CALL}?access_token=Canary-ledger-1", b"client_secret=Canary-ledger-2")
    ledger.created("1", "57da", f"{CALL}?access_token=Canary-ledger-3")
    text = ledger.path.read_text()
    for number in (1, 2, 3):
        assert_absent(f"Canary-ledger-{number}", text)
    assert f"{CALL}?access_token=REDACTED" == ledger.open_calls()[0].url.replace("Canary-ledger-3", "REDACTED")


@pytest.mark.usefixtures("_forgotten")
def test_the_doctor_shows_no_secret(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The secret is masked even when the answer of the sign-in repeats it."""

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
    assert_absent("Canary-of-the-doctor", shown)


@pytest.mark.usefixtures("_forgotten")
def test_a_sign_in_error_shows_no_secret() -> None:
    """The authority answers with the secret, once in a way msal understands, and once in none."""
    credential = Credential(guid(7), guid(8), "Canary-of-the-sign-in")

    class Echo:
        status = 401

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
        assert_absent("Canary-of-the-sign-in", str(caught.value), repr(caught.value))


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_check_of_a_recording_shows_no_secret(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording by another tool is full of them, and breaks the contract everywhere."""
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
        assert_absent(PLACES[name].canary, shown)
