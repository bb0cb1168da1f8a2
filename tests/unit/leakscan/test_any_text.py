"""Any text at all can be looked through."""

import json
import random
import string
import time
import timeit

import pytest
import yaml
from hypothesis import given, strategies as st

from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.redaction import MASK, MEMBERS, Redactor
from pytest_graphcalls.wire import Exchange, Headers, Request, Response
from tests.effort import examples
from tests.unit.leakscan.samples import JWT, kinds


@examples(100)
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_no_text_raises_an_exception(text):
    assert [*scan(text, ["secret"])] == sorted(scan(text, ["secret"]))


def test_random_texts_are_found():
    source = random.Random(7)
    texts = ["".join(source.choices(string.ascii_letters + string.digits, k=40)) for _ in range(500)]
    assert sum("text that looks random" in kinds(f"a {text} b") for text in texts) > 480


@examples(100)
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
def test_the_scan_finds_nothing_in_redacted_text(value, guid):
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
        "token: a",
        "token=",
        "cookie: a ",
        'authorization: digest a="',
        "('token', 'a'",
        "--token a ",
        "<token>a",
        '"token" value=',
        "...=",
        "...aB1defgh",
        "&#65;",
        "\\x00",
        "form-data; name=a",
        "form-data; name=token\\n",
        "-----BEGIN PRIVATE KEY-----",
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY\n",
        "414243444546474849505152535455",
        "a-b_c/d+",
        "0171 ",
        "(425) ",
        "cn=a,",
        '"a b"@',
        "sharepoint.com/personal/",
    ],
)
def test_the_time_grows_no_faster_than_the_text(text):
    """Both sizes are above the longest stretch that is looked at in one go. A busy machine may spoil a measurement."""

    def seconds(size):
        long = text * (size // len(text))
        return timeit.timeit(lambda: [*scan(long, ["secret"])], timer=time.process_time, number=1)

    assert any(seconds(20_000) < 10 * seconds(5_000) + 0.03 for _ in range(5))
