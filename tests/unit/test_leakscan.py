"""The leak scan finds what a careless redactor leaves, where it stands, and says nothing of the value."""

import ast
import gzip
import json
import random
import string
import time
import timeit
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import pytest_graphcalls.leakscan
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.leakscan import Leak, scan
from pytest_graphcalls.redaction import MASK, MEMBERS, PARAMETERS, Redactor
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJl_-x"
ENTRA = "abc8Q~" + "d1" * 17


def kinds(text, known=()):
    return {leak.kind for leak in scan(text, known)}


# --- what it finds ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"got {JWT}", "JSON web token"),
        (f"a%3D{JWT}", "JSON web token"),
        ("Bearer opaque-token-17", "bearer token"),
        ("Bearer%20opaque-token-17", "bearer token"),
        ("sent Basic dXNlcjpwYXNzd29yZA==", "bearer token"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII", "private key"),
        (f"secret {ENTRA}", "client secret of Entra ID"),
        ("endpoint=https://x;accesskey=c2VjcmV0c2VjcmV0", "key in a connection string"),
        ("https://bob:s3cret@host/x", "password in an address"),
        ("https://teams.microsoft.com/l/meetup-join/19%3ameeting/0", "link that opens a meeting"),
        ("https:\\/\\/teams.microsoft.com\\/meet\\/29001?p=Zx9", "link that opens a meeting"),
        ("https%3A%2F%2Fteams.microsoft.com%2Fmeet%2F29001", "link that opens a meeting"),
        ("19:meeting_MjdhNjM4YzUtYzExZi00OTFk@thread.v2", "thread of a meeting"),
        ("write to alice@contoso.com.", "e-mail address"),
        ("alice%40contoso.com", "e-mail address"),
        ("alice\\u0040contoso.com", "e-mail address"),
        ("alice_contoso.com#EXT#@fabrikam.com", "e-mail address"),
        ("x#alice@contoso.com and jürgen@contoso.com", "e-mail address"),
        ("+14252223333", "telephone number"),
        ("%2B1 425 222-3333", "telephone number"),
        ("tel:14252223333", "telephone number"),
        ("fabrikam.onmicrosoft.com", "name of a tenant"),
        ("Authorization:\n      - opaque", "secret header"),
        ('{"name": "Cookie", "value": "fpc=Ab3"}', "secret header"),
        ("('X-Api-Key', 'opaque')", "secret header"),
        ("b'Set-Cookie': b'fpc=Ab3'", "secret header"),
        ('{"passcode": "abc"}', "secret by its name"),
        ("passcode: abc", "secret by its name"),
        ('{\\"client_secret\\": \\"abc\\"}', "secret by its name"),
        ("a=1&client_secret=abc", "secret by its name"),
        ("a%3D1%26client_secret%3Dabc", "secret by its name"),
        ("{&quot;passcode&quot;: &quot;abc&quot;}", "secret by its name"),
        ('"replacementLink": "https://x"', "secret by its name"),
        ('"token": "abc123"', "token by its name"),
        ("?x=1&sig=c2lnbmF0dXJlc2lnbmF0", "signature or code in an address"),
        ("?code=0.AXoA0123456789abcdef", "signature or code in an address"),
        ('"displayName": "Alice Smith"', "name of a person"),
        ("displayName=Alice", "name of a person"),
        ("x Aq3ndf92nFd0sK3jdQ8xZm2Lw5Tp7Yb1 x", "text that looks random"),
    ],
)
def test_it_finds(text, kind):
    assert kind in kinds(text)
    assert kind in kinds(f"a: 1\n{text}\nb: 2\n")


@pytest.mark.parametrize(
    "text",
    [
        "Authorization:\n      - Bearer REDACTED",
        "Set-Cookie:\n- REDACTED",
        '{"token": null, "passcode": "REDACTED", "client_secret": ""}',
        "client_secret=REDACTED&access_token=REDACTED",
        "password: ${PASSWORD}",
        "https://REDACTED@host/x and https://teams.microsoft.com/REDACTED",
        "user-1a2b3c4d@example.com, alice@example.org, x@y.test",
        "+12065550123 and 4:+12065550199",
        '"displayName": "Name 1a2b3c4d"',
        '"displayName": null',
        "19:meeting_52b7c0a061d14993a8f525c6a856ea6c@thread.v2",
        "tenant-77dd18a0.onmicrosoft.com",
        "8f1c5b1a-1c2d-4e5f-8a9b-0c1d2e3f4a5b",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"',
        "expected a bearer token, got no Authorization header",
        '{"error":{"code":"InvalidAuthenticationToken","message":"Access token is empty."}}',
        "application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; charset=utf-8",
        "#microsoft.graph.acceptJoinResponseInviteParticipantsOperation2",
        "2026-01-01T00:00:00+00:00",
        '"@odata.type": "#microsoft.graph.tokenMeetingInfo"',
        "pip install package@1.2.3",
    ],
)
def test_it_leaves_alone(text):
    assert not kinds(text)


@pytest.mark.parametrize("name", sorted(MEMBERS | PARAMETERS))
def test_what_stands_in_the_place_of_a_secret_is_none(name):
    assert not kinds(json.dumps({name: MASK, "header": f"Bearer {MASK}"}))
    assert not kinds(f"https://h/x?{name}={MASK}")


def test_a_leak_says_where_and_what_sort_but_never_the_value():
    (leak,) = scan(f"a: 1\n\nb: {ENTRA}\n", file="x.yaml")
    assert Leak("x.yaml", 3, "client secret of Entra ID") == leak
    assert str(leak) == "x.yaml:3: client secret of Entra ID"
    assert str(next(scan(ENTRA))) == "text:1: client secret of Entra ID"


def test_it_imports_nothing_of_the_redactor():
    tree = ast.parse(Path(pytest_graphcalls.leakscan.__file__).read_text(encoding="utf-8"))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in names if "redaction" in str(name)}


# --- what is packed --------------------------------------------------------------------------------------------------

PACKED = b'{"x": "some words in front", "client_secret": "abc", "y": "and some behind"}'


@pytest.mark.parametrize(
    "text",
    [
        b64encode(PACKED).decode(),
        b64encode(gzip.compress(PACKED, mtime=0)).decode(),
        b64encode(b64encode(PACKED)).decode(),
        b64encode(PACKED).decode().rstrip("="),
    ],
)
def test_base64_is_read(text):
    assert kinds(f"a: 1\nb: {text}\n") == {"secret by its name"}
    assert [leak.line for leak in scan(f"a: 1\nb: {text}\n")] == [2]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_body_that_yaml_wrote_as_binary_is_read(pack):
    text = yaml.safe_dump({"body": {"string": pack(b"\xff" + PACKED * 5 if pack is bytes else PACKED * 5)}})
    assert "!!binary" in text
    if pack is gzip.compress:
        assert kinds(text) == {"secret by its name"}


def test_a_text_that_yaml_has_folded_is_read():
    body = json.dumps({"message": json.dumps({"text": "wörter " * 20, "passcode": "s3cr3t wörter", "n": 1})})
    text = yaml.safe_dump({"interactions": [{"response": {"body": {"string": body}}}]}, width=80)
    assert "secret by its name" in kinds(text)
    assert "secret of this run" in kinds(text, ["s3cr3t w"])


def test_a_compressed_file_is_read(tmp_path):
    file = tmp_path / "x.gz"
    file.write_bytes(gzip.compress(b"a\n\npasscode: abc"))
    assert [Leak(str(file), 1, "secret by its name")] == [*scan(file)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_bytes_of_any_encoding_are_read(encoding):
    assert [leak.line for leak in scan("ä: 1\npasscode: abc".encode(encoding))] == [2]


# --- values of the run -----------------------------------------------------------------------------------------------

SECRET = 'Zx9 "quoted" & more/8Q'


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        SECRET.upper(),
        "Zx9%20%22quoted%22%20%26%20more%2F8Q",
        "Zx9%2520%2522quoted%2522%2520%2526%2520more%252F8Q",
        json.dumps(SECRET),
        SECRET.replace("/", "\\/").replace('"', "\\u0022"),
        "Zx9 &quot;quoted&quot; &amp; more/8Q",
        b64encode(f"user:{SECRET}".encode()).decode(),
        urlsafe_b64encode(f"us:{SECRET}".encode()).decode(),
        b64encode(gzip.compress(SECRET.encode() * 3, mtime=0)).decode(),
    ],
)
def test_a_known_value_is_found_however_it_is_written(written):
    found = kinds(f"a\nb {written} c", [SECRET])
    assert "secret of this run" in found or '\\"' in written
    assert "secret of this run" in kinds(written.replace('\\"', '"'), [SECRET])


def test_a_known_value_of_a_few_letters_is_not_looked_for():
    assert not kinds("abc", ["abc", ""])


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_folder_is_read_without_what_is_hidden(tmp_path):
    for name in ("b.yaml", "deep/a.yaml", ".git/c.yaml", "__pycache__/d.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("\npasscode: abc")
    assert [str(tmp_path / "b.yaml"), str(tmp_path / "deep" / "a.yaml")] == [leak.file for leak in scan(tmp_path)]


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(RecordingError, match=r"gone\.yaml: it cannot be read \(No such file"):
        list(scan(tmp_path / "gone.yaml"))


# --- any text --------------------------------------------------------------------------------------------------------


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_nothing_raises(text):
    assert [*scan(text, ["secret"])] == sorted(scan(text, ["secret"]))


def test_random_texts_are_found():
    source = random.Random(7)
    texts = ["".join(source.choices(string.ascii_letters + string.digits, k=40)) for _ in range(500)]
    assert sum("text that looks random" in kinds(f"a {text} b") for text in texts) > 480


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.sampled_from(["established", "en-us", MASK, "AAD", "sendReceive"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(sorted({*MEMBERS, "id", "displayName", "subject", "user"})), inner, max_size=4
            )
        ),
        max_leaves=10,
    ),
    st.uuids(),
)
def test_it_finds_nothing_in_what_the_redactor_has_passed(value, guid):
    sent = Exchange(
        Request(
            "POST", f"https://graph.microsoft.com/v1.0/users/a@b.de/x?mail=a@b.de&sig={guid}", Headers({"Cookie": JWT})
        ),
        Response(200, body=json.dumps({"a": value, "b": f"{JWT} a@b.de {guid} +14252223333"}).encode()),
    )
    clean = Redactor("cassette").exchange(sent)
    rows = [clean.request.url, [list(pair) for pair in clean.request.headers.pairs], clean.response.body.decode()]
    for text in (yaml.safe_dump(rows), json.dumps(rows), json.dumps(rows, indent=1)):
        assert not [*scan(text, [str(guid), "a@b.de", JWT])], text


@pytest.mark.parametrize(
    "text",
    [
        "eyJ",
        "@",
        "a@",
        "a.b@c.d",
        "+1",
        "+1 ",
        "bearer ",
        '"token":"',
        "passcode",
        "://a:",
        "meetup-join",
        "teams.x.y/meet/",
        "19:meeting_",
        "%41",
        "%25",
        "\\u0041",
        "&quot;",
        "\\\n",
        "a\\\n",
        "QUJD",
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo\n  ",
        "aA1",
        "q~",
        "key=",
        "a.onmicrosoft.",
        "\n",
        "displayname: ",
    ],
)
def test_the_time_grows_no_faster_than_the_text(text):
    def seconds(size):
        long = text * (size // len(text))
        return min(timeit.repeat(lambda: [*scan(long, ["secret"])], timer=time.process_time, number=1, repeat=2))

    assert seconds(80_000) < 30 * seconds(8_000) + 0.1
