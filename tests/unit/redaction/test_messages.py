"""Messages are redacted in all their parts."""

import gzip
import zlib

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.redaction import MASK, OF_REPORTS, Redactor
from pytest_graphcalls.simulator import EVIDENCE_HEADER
from pytest_graphcalls.wire import Headers, Notification, Request, Response, encode_json
from tests.unit.redaction.samples import CASSETTE, GUID, everything, exchange


@pytest.mark.parametrize("profile", ["tokens", "cassette"])
@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("", gzip.compress),
        ("gzip, gzip", lambda b: gzip.compress(gzip.compress(b))),
    ],
)
def test_a_compressed_body_is_read_and_written_plain(profile, encoding, pack):
    packed = pack(encode_json({"passcode": "s3cret", "n": 1}))
    headers = [("Content-Encoding", encoding), ("Content-Length", str(len(packed))), ("X", "1")]
    clean = Redactor(profile).exchange(exchange(sent=packed, headers=headers, got=packed, answer=headers))
    for half in (clean.request, clean.response):
        assert half.json() == {"passcode": MASK, "n": 1}
        assert [("Content-Length", str(len(half.body))), ("X", "1")] == list(half.headers.pairs)


def test_a_compressed_body_that_holds_nothing_comes_back_as_it_was():
    packed = gzip.compress(b'{"n": 1}')
    sent = exchange(got=packed, answer=[("Content-Encoding", "gzip")])
    assert sent == CASSETTE.exchange(sent)


@pytest.mark.parametrize(
    "body", [gzip.compress(b"s3cret" * 9, mtime=0)[:-9], b"\x8b\x02\x80\xff\xfe\x03", b"\x00\xff" * 9]
)
def test_a_compressed_body_that_cannot_be_read_is_not_written(body):
    for encoding in ("br", "gzip", "unheard-of"):
        clean = CASSETTE.response(Response(200, Headers([("Content-Encoding", encoding)]), body))
        assert (MASK.encode(), ()) == (clean.body, clean.headers.pairs)


def test_a_body_that_only_says_it_is_compressed_is_read():
    clean = CASSETTE.response(Response(200, Headers([("Content-Encoding", "gzip")]), b"client_secret=s3cret"))
    assert clean.body == b"client_secret=REDACTED"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_body_in_two_bytes_a_letter_is_read(encoding):
    body = ("\ufeff" if encoding == "utf-16-be" else "").encode(encoding) + '{"passcode": "s3cret"}'.encode(encoding)
    assert "s3cret" not in CASSETTE.response(Response(200, body=body)).body.decode("utf-16")


def test_a_form_in_parts_is_read():
    body = b'--x\r\nContent-Disposition: form-data; name="client_secret"\r\n\r\ns3cret\r\n--x--\r\n'
    assert body.replace(b"s3cret", b"REDACTED") == CASSETTE.request(Request("POST", "/x", body=body)).body


def test_a_notification_is_redacted():
    original = Notification(
        "https://bot.contoso.com/cb?code=s3cret-and-more",
        {"value": [{"resourceData": {"id": GUID, "meetingInfo": {"token": "s3cret"}}}]},
        7.0,
        Headers({"Authorization": "Bearer s3cret", "Scenario-Id": GUID}),
    )
    clean = CASSETTE.notification(original)
    assert "s3cret" not in everything(clean)
    assert GUID not in everything(clean)
    assert (clean.at, clean.headers["authorization"]) == (7.0, "Bearer REDACTED")
    assert CASSETTE.text(GUID) == clean.entries[0]["resourceData"]["id"] == clean.headers["scenario-id"]


@pytest.mark.parametrize("id", Contract.packaged().sequences)
def test_the_evidence_of_a_notification_is_no_secret(id):
    for step in Contract.packaged().sequence(id).steps:
        original = Notification("https://bot.contoso.com/cb", {}, headers=Headers({EVIDENCE_HEADER: step.header}))
        for profile in (CASSETTE, OF_REPORTS):
            assert profile.notification(original).headers[EVIDENCE_HEADER] == step.header


@pytest.mark.parametrize(
    ("url", "recordable"),
    [
        (f"https://login.microsoftonline.com/{GUID}/oauth2/v2.0/token", False),
        ("https://localhost:8443/contoso/oauth2/token?x=1", False),
        ("https://login.microsoftonline.com/common/oauth2/v2.0/devicecode", False),
        ("https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration", True),
        ("https://graph.microsoft.com/v1.0/communications/calls", True),
    ],
)
def test_a_sign_in_is_never_recorded(url, recordable):
    assert recordable is CASSETTE.recordable(Request("POST", url))
