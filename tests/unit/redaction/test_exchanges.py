"""What may not be written down of an exchange is masked, and nothing else is touched."""

import json
import re
import time
import timeit
from urllib.parse import quote

import pytest

from pytest_graphcalls import redaction
from pytest_graphcalls.redaction import (
    HEADERS,
    MASK,
    MEMBERS,
    PARAMETERS,
    mask,
    redact_exchange,
    redact_json,
    redact_url,
)
from pytest_graphcalls.wire import encode_json
from tests.unit.redaction.samples import JWT, exchange


def test_the_scheme_of_the_token_stays_so_that_the_request_can_still_be_judged():
    sent = redact_exchange(exchange(headers=[("Authorization", f"Bearer {JWT}")])).request
    assert f"Bearer {MASK}" == sent.headers["authorization"]


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_a_header_of_the_table_is_masked_on_both_sides(name):
    value = redact_exchange(exchange(headers=[(name.title(), "s3cret")], answer=[(name, "s3cret")]))
    assert [(name.title(), MASK)] == list(value.request.headers.pairs)
    assert [(name, MASK)] == list(value.response.headers.pairs)


@pytest.mark.parametrize("scheme", ["ApiKey", "SharedKey", "Digest", "Token", "AWS4-HMAC-SHA256", "Bearer"])
def test_a_header_loses_its_whole_value_whatever_its_scheme(scheme):
    sent = redact_exchange(
        exchange(headers=[("Authorization", f'{scheme} bob="s3cret", more="s3cret" s3cret')])
    ).request
    assert sent.headers["authorization"] in {MASK, f"{scheme} {MASK}"}


@pytest.mark.parametrize("name", ["X-Auth-Token", "X-Forwarded-Access-Token", "X-MS-TOKEN-AAD-ID-TOKEN", "Bot-Secret"])
def test_a_header_that_is_named_like_a_secret_is_masked(name):
    assert redact_exchange(exchange(headers=[(name, "s3cret")])).request.headers[name] == MASK


@pytest.mark.parametrize(
    "name",
    ["secret", "apiKey", "sessionToken", "auth_token", "pwd", "userPassword", "appSecret", "CLIENT.SECRET", "pin_otp"],
)
@pytest.mark.parametrize("value", ["hunter2", "correct horse", 4711, ["a1", {"deep": "b2"}]])
def test_a_member_that_is_named_like_a_secret_is_masked_whatever_it_holds(name, value):
    clean = redact_json({"a": {name: value, "id": "7"}})
    assert clean["a"]["id"] == "7"
    assert not {"hunter2", "correct", "4711", "a1", "b2"} & set(re.findall(r"\w+", json.dumps(clean)))


@pytest.mark.parametrize("name", ["tokenType", "skipToken", "token_endpoint", "keyId", "secretName", "compass"])
def test_a_member_that_only_speaks_of_a_secret_stays(name):
    assert redact_json({name: "x1"}) == {name: "x1"}


def test_the_value_of_a_pair_is_masked_by_its_name():
    assert redact_json([{"name": "X-Api-Key", "value": "s3cret"}, {"name": "Accept", "value": "*/*"}]) == [
        {"name": "X-Api-Key", "value": MASK},
        {"name": "Accept", "value": "*/*"},
    ]


def test_a_json_text_five_levels_deep_is_read():
    value = {"appSecret": "s3cret", "id": "57da"}
    for _ in range(5):
        value = {"message": json.dumps(value)}
    shown = json.dumps(redact_json(value))
    assert "s3cret" not in shown
    assert "57da" in shown


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ['{"apiKey": "s3cret"}', "client_secret=s3cret&a=1", f"got {JWT}"])
def test_a_body_of_two_or_four_bytes_a_letter_is_read(encoding, text):
    body = redact_exchange(exchange(got=text.encode(encoding))).response.body
    assert b"s3cret" not in body.replace(b"\0", b"")
    assert JWT.encode() not in body.replace(b"\0", b"")


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_a_member_of_the_table_is_masked_at_any_depth_and_keeps_its_place(name):
    body = encode_json({"a": [{"b": {name.upper(): "s3cret", "id": "7"}}]})
    clean = redact_exchange(exchange(sent=body, got=body))
    for half in (clean.request, clean.response):
        assert {"a": [{"b": {name.upper(): MASK, "id": "7"}}]} == half.json()


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_a_parameter_of_the_table_is_masked_in_address_and_form(name):
    clean = redact_exchange(exchange(url=f"/x?a=1&{name}=s3cret", sent=f"{name}=s3cret&a=1".encode()))
    assert f"/x?a=1&{name}={MASK}" == clean.request.url
    assert f"{name}={MASK}&a=1".encode() == clean.request.body


def test_the_code_of_an_error_is_no_secret():
    body = encode_json({"error": {"code": "InvalidAuthenticationToken", "message": "Access token is empty."}})
    assert body == redact_exchange(exchange(got=body)).response.body


def test_a_secret_in_the_first_of_two_equal_members_is_masked():
    clean = redact_exchange(exchange(got=b'{"token": "s3cret", "token": null}'))
    assert clean.response.body == b'{"token": "REDACTED", "token": null}'


def test_an_object_in_a_secret_members_place_keeps_its_shape():
    assert redact_json({"token": {"a": ["x", None], "b": True}}) == {"token": {"a": [MASK, None], "b": True}}


def test_a_json_text_inside_a_json_text_is_read_as_such():
    inner = json.dumps({"errorCode": "7503", "accessToken": "s3cret"})
    assert redact_json({"message": inner}) == {"message": '{"errorCode":"7503","accessToken":"REDACTED"}'}


def test_the_length_follows_the_body():
    body = encode_json({"passcode": "s3cret-and-long"})
    clean = redact_exchange(exchange(got=body, answer=[("Content-Length", str(len(body))), ("X", "1")])).response
    assert [("Content-Length", str(len(clean.body))), ("X", "1")] == list(clean.headers.pairs)


def test_an_exchange_without_secrets_comes_back_byte_for_byte():
    value = exchange(
        url="https://graph.microsoft.com/v1.0/communications/calls/a%20b?$filter=x%20eq%20'1'",
        sent=b'{ "b" : 1.0,\r\n "a": "\\u00e4" }',
        got=b"\xff\xfe\x00 no text at all",
        headers=[("Content-Type", "application/json"), ("X", "1"), ("x", "2")],
    )
    assert value == redact_exchange(value)


def test_a_masked_path_keeps_host_and_slashes():
    assert f"https://h:8080/a/{MASK}/b%20c" == redact_url(f"https://h:8080/a/{JWT}/b%20c")


def test_half_of_a_surrogate_pair_does_not_spoil_the_body():
    clean = redact_exchange(exchange(got=b'{"token": "x", "name": "\\ud83d"}')).response
    assert clean.json() == {"token": MASK, "name": "\ud83d"}


@pytest.mark.parametrize(
    "body", [b"[" * 5000, b"{" * 5000, b'"' * 5000, b"\\" * 5000, b"/x?a=" * 2000, b"://a:" * 2000]
)
def test_a_hostile_body_is_masked_as_text_and_raises_nothing(body):
    assert body == redact_exchange(exchange(sent=body, url="/x?a=" * 2000)).request.body


def test_deep_texts_in_deep_texts_raise_nothing():
    value = {"token": "s3cret"}
    for _ in range(5):
        for _ in range(60):
            value = [value]
        value = json.dumps(value)
    assert "s3cret" not in redact_exchange(exchange(got=value.encode())).response.body.decode()


@pytest.mark.parametrize(
    "text",
    [
        "eyJ",
        'eyJ."',
        "eyJ" * 20 + " ",
        "bearer ",
        '"token":"',
        '\\"',
        "://a:",
        "://a:a",
        "://a:a…",
        "%25",
        "cookie: a",
        "Bearer a1",
        "a.",
        "https://teams",
        "token: ",
        "token: a1",
        "token=",
        "cookie: REDACTED ",
        'authorization: digest a="',
        "('token', 'a'",
        "--token a ",
        "<token>a",
        '"name="token" ',
        "...=abc",
        "...aB1defgh",
        "\\u0041",
        "&#65;",
        "%41",
        "\\x00",
        "secret",
        "form-data; name=a",
        "form-data; name=token\\n",
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY\n",
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY",
        "414243444546474849505152535455",
        "a-b_c/d+",
        "digest username=",
        "sharedkey a1",
        "tokens: ['a",
    ],
)
def test_the_time_grows_no_faster_than_the_text(text):
    def seconds(size):
        long = (text * (size // len(text))) + '="'
        return timeit.timeit(lambda: mask(long), timer=time.process_time, number=1)

    assert any(seconds(40_000) < 40 * seconds(4_000) + 0.025 for _ in range(5))


def test_the_mask_needs_no_escape_anywhere():
    assert MASK == quote(MASK, safe="") == json.loads(json.dumps(MASK)) == redaction.mask(MASK)
