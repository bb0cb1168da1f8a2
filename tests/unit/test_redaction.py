"""What may not be written down is masked wherever it stands, and nothing else is touched."""

import base64
import json
import string
import time
import timeit
from urllib.parse import quote, quote_plus, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json

JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJl_-x"


def exchange(
    *, url="https://graph.microsoft.com/v1.0/communications/calls/57da", sent=b"", got=b"", headers=(), answer=()
):
    return Exchange(Request("POST", url, Headers(headers), sent), Response(200, Headers(answer), got), "entry 1")


def everything(value: Exchange) -> str:
    """All that would be written, as it stands and percent-decoded."""
    text = repr(value)
    return text + unquote_plus(text)


# --- what gives itself away in any text ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"got {JWT}", "got REDACTED"),
        (f"curl -H 'Authorization: Bearer {JWT}' https://x", "curl -H 'Authorization: Bearer REDACTED' https://x"),
        ("curl -H 'Authorization: Bearer opaque' https://x", "curl -H 'Authorization: Bearer REDACTED' https://x"),
        ('{"Authorization": "Basic dXNlcjpwYXNz"}', '{"Authorization": "Basic REDACTED"}'),
        ("sent Bearer 0.AXoA-opaque~token", "sent Bearer REDACTED"),
        ("Cookie: fpc=Ab3; esctx=Q", "Cookie: REDACTED"),
        ("https://bob:secret@host/x", "https://REDACTED@host/x"),
        ("https://host/cb?code=0.AX&state=7", "https://host/cb?code=REDACTED&state=7"),
        ("https://host/cb#access_token=abc&x=1", "https://host/cb#access_token=REDACTED&x=1"),
        (
            "/a?next=https%3A%2F%2Fh%3Faccess_token%3Dabc%26x%3D1",
            "/a?next=https%3A%2F%2Fh%3Faccess_token%3DREDACTED%26x%3D1",
        ),
        ("https://teams.microsoft.com/l/meetup-join/19%3ameeting_x/0", "https://teams.microsoft.com/REDACTED"),
        ("https://teams.microsoft.com/meet/29001?p=Zx9", "https://teams.microsoft.com/REDACTED"),
        ('cut: {"client_secret": "s3', 'cut: {"client_secret": "REDACTED"'),
        ('{"passcode": 12345, "x": 1}', '{"passcode": "REDACTED", "x": 1}'),
        (r'{"message": "{\"token\": \"abc\", \"n\": 1}"}', r'{"message": "{\"token\": \"REDACTED\", \"n\": 1}"}'),
    ],
)
def test_text_that_gives_itself_away_is_masked(text, masked):
    assert masked == mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "expected a bearer token, got no Authorization header",
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"',
        '{"error": {"code": "8522", "message": "Call not found."}}',
        "GET /v1.0/communications/calls/57da2f1c/participants?$select=id",
        "the token of tokenMeetingInfo is a text",
        '{"token": null, "passcode": ""}',
        "version 1.2.3 of eyewitness.contoso.com",
    ],
)
def test_harmless_text_is_left_alone(text):
    assert text == mask(text)


# --- an exchange -----------------------------------------------------------------------------------------------------


def test_the_scheme_of_the_token_stays_so_that_the_request_can_still_be_judged():
    sent = redact_exchange(exchange(headers=[("Authorization", f"Bearer {JWT}")])).request
    assert f"Bearer {MASK}" == sent.headers["authorization"]


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_a_header_of_the_table_is_masked_on_both_sides(name):
    value = redact_exchange(exchange(headers=[(name.title(), "s3cret")], answer=[(name, "s3cret")]))
    assert [(name.title(), MASK)] == list(value.request.headers.pairs)
    assert [(name, MASK)] == list(value.response.headers.pairs)


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


def test_what_holds_no_secret_comes_back_byte_for_byte():
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
        "%25",
        "cookie: a",
        "Bearer a1",
        "a.",
        "https://teams",
    ],
)
def test_the_time_grows_no_faster_than_the_text(text):
    def seconds(size):
        long = (text * (size // len(text))) + '="'
        return min(timeit.repeat(lambda: mask(long), timer=time.process_time, number=1, repeat=3))

    assert seconds(80_000) < 40 * seconds(8_000) + 0.05


def test_the_mask_needs_no_escape_anywhere():
    assert MASK == quote(MASK, safe="") == json.loads(json.dumps(MASK)) == redaction.mask(MASK)


# --- a planted token never survives ----------------------------------------------------------------------------------

MARK = "s3cr3t"
plain = st.text(string.ascii_letters + string.digits + "-_~", min_size=6, max_size=40)
opaque = plain.map(lambda text: f"{MARK}.{text}")
jwt = st.builds(
    lambda space, alg, payload, signature: ".".join(
        [
            base64.urlsafe_b64encode(f'{{{space}"alg":"{alg}"}}'.encode()).decode().rstrip("="),
            f"{MARK}{payload}",
            f"{MARK}{signature}",
        ]
    ),
    st.sampled_from(["", " ", "\n", "\r\n", "\t"]),
    st.sampled_from(["RS256", "PS256", "none"]),
    st.from_regex(r"[\w-]{8,40}", fullmatch=True, alphabet=string.ascii_letters + string.digits + "-_"),
    st.from_regex(r"[\w-]{0,40}", fullmatch=True, alphabet=string.ascii_letters + string.digits + "-_"),
)
word = st.text(string.ascii_letters + " äß,;:'\"{}[]\\%&=?#/.\n", max_size=20)
member = st.sampled_from(sorted(MEMBERS))
parameter = st.sampled_from(sorted(PARAMETERS))


def wrapped(inner):
    """``inner`` somewhere inside a JSON value, as an object, a list, or a JSON text in a text."""
    return st.one_of(
        st.builds(
            lambda key, value, side: {key: value, f"{key} ": side}, word, inner, st.none() | word | st.integers()
        ),
        st.builds(lambda before, value: [before, value], st.none() | word, inner),
        inner.map(json.dumps),
        inner.map(lambda value: json.dumps(value, indent=1)),
    )


def planted_json(token):
    holders = st.one_of(
        member.map(lambda name: {name: token}),
        st.builds(lambda name: {name.title(): {"deep": [token]}}, member),
        st.just({"Authorization": f"Bearer {token}"}),
        parameter.map(lambda name: {"at": f"https://h/x?{name}={token}"}),
    )
    once = wrapped(holders)
    return st.one_of(holders, once, wrapped(once))


def carriers(token):
    """Exchanges that carry ``token`` in one of the places where tokens are found."""
    inner = member.map(lambda name: json.dumps({"a": 1, name: token}))
    return st.one_of(
        st.sampled_from(sorted(HEADERS)).map(lambda name: exchange(headers=[(name, token)])),
        st.sampled_from(sorted(HEADERS)).map(lambda name: exchange(answer=[(name, f"Bearer {token}")])),
        st.just(exchange(answer=[("Set-Cookie", f"fpc={token}; path=/; secure")])),
        parameter.map(lambda name: exchange(url=f"https://h/x?a=1&{name}={token}#b")),
        parameter.map(lambda name: exchange(answer=[("Location", f"https://h/x#{name}={token}")])),
        parameter.map(lambda name: exchange(url="/x?to=" + quote_plus(f"https://h/y?{name}={token}"))),
        st.builds(lambda n, w: exchange(sent=f"a={quote_plus(w)}&{n}={token}".encode()), parameter, word),
        planted_json(token).map(lambda value: exchange(sent=encode_json(value))),
        planted_json(token).map(lambda value: exchange(got=b"\xef\xbb\xbf" + json.dumps(value, indent=2).encode())),
        inner.map(lambda text: exchange(got=text[:-1].encode())),
        inner.map(lambda text: exchange(got=json.dumps({"message": json.dumps(text)})[:-1].encode())),
    )


def anywhere(token):
    """A JWT is known by its form, so it may stand in any text at all."""
    return st.one_of(
        st.builds(lambda a, b: exchange(got=f"{a} {token} {b}".encode()), word, word),
        st.builds(lambda a, b: exchange(sent=encode_json({a: f"{b} {token}"})), word, word),
        st.builds(lambda a: exchange(sent=encode_json({f"{a} {token}": 1})), word),
        st.just(exchange(url=f"https://h/{token}/x")),
        st.just(exchange(answer=[("X-Anything", f"a={token}")])),
    )


@given(st.one_of(st.one_of(jwt, opaque).flatmap(carriers), jwt.flatmap(anywhere)))
def test_a_planted_token_never_survives(value):
    assert MARK in everything(value)
    once = redact_exchange(value)
    assert MARK not in everything(once)
    assert once == redact_exchange(once), "masking twice changes nothing more"


def shape(value):
    if isinstance(value, dict):
        return [(name, shape(item)) for name, item in value.items()]
    return [shape(item) for item in value] if isinstance(value, list) else value is None


names = st.text("abcxyz $@.", max_size=6)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | word,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | member, inner, max_size=3),
        max_leaves=8,
    )
)
def test_the_shape_of_a_json_value_stays(value):
    assert shape(value) == shape(redact_json(value))


@given(st.binary(max_size=200), st.text(max_size=60))
def test_nothing_raises(body, text):
    redact_exchange(exchange(url=text, sent=body, got=text.encode("utf-8", "surrogatepass"), headers=[("X", text)]))
