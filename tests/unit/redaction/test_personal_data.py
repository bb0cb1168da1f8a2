"""No personal data survives the redaction, wherever a message holds it."""

import gzip
import json
import string
import time
import timeit
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, strategies as st

from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.redaction import Redactor
from pytest_graphcalls.redaction.fields import PEOPLE, WITHIN, Kind
from pytest_graphcalls.wire import encode_json
from tests.effort import examples
from tests.unit.redaction.samples import CASSETTE, everything, exchange

letters = st.text(string.ascii_lowercase, min_size=4, max_size=12).map(lambda text: f"qzx{text}")  # in no other word
guids = st.uuids(version=4).map(str)
emails = st.builds(lambda a, b, c: f"{a}.{b}@{c}.com", letters, letters, letters)
phones = st.integers(2 * 10**9, 10**14).map(lambda number: f"+{number}")
words = st.text(string.ascii_letters + " äß,;:'\"{}[]\\?=#/.\n", max_size=20)
named = st.sampled_from(sorted(name for name, kind in PEOPLE.items() if kind is not Kind.NUMBER))


def json_with(value):
    holders = st.one_of(
        named.map(lambda name: {name: value}),
        st.sampled_from(sorted(WITHIN)).map(lambda name: {name: dict.fromkeys(WITHIN[name], value)}),
    )
    return st.one_of(
        holders,
        st.builds(lambda key, inner, more: {"deep": [{key: inner}, more]}, words, holders, words),
        holders.map(json.dumps),
        holders.map(lambda inner: {"message": json.dumps({"again": json.dumps(inner)})}),
    )


def by_name(value):
    """Exchanges that name ``value`` by a word of the tables."""
    body = json_with(value)
    return st.one_of(
        body.map(lambda inner: exchange(sent=encode_json(inner))),
        body.map(lambda inner: exchange(got=gzip.compress(json.dumps(inner, indent=1).encode()))),
        body.map(lambda inner: exchange(url=f"/x?body={quote_plus(json.dumps(inner))}")),
        named.map(lambda name: exchange(url=f"/x?a=1&{name}={quote(value)}#b")),
        named.map(lambda name: exchange(sent=f"a=1&{name}={quote_plus(value)}".encode())),
        named.map(lambda name: exchange(got=f'{{"a": 1, "{name}": "{value}'.encode())),
        named.map(
            lambda name: exchange(answer=[("Location", f"https://h/y?to={quote_plus(f'/x?{name}={quote(value)}')}")])
        ),
    )


def by_form(value):
    """Exchanges that hold ``value`` anywhere at all."""
    return st.one_of(
        st.builds(lambda a, b: exchange(got=f"{a} {value} {b}".encode()), words, words),
        st.builds(lambda a, b: exchange(sent=encode_json({a: f"{b} {value}"})), words, words),
        st.just(exchange(sent=encode_json({f"k {value}": 1}))),
        st.just(exchange(url=f"https://h/{quote(value)}/x")),
        st.just(exchange(url=f"https://h/{quote(value, safe='')}?a={quote_plus(value)}#{quote_plus(value)}")),
        st.just(exchange(headers=[("X-Anything", f"a={value}")], answer=[("Scenario-Id", value)])),
    )


people = st.one_of(
    st.one_of(guids, emails, phones).flatmap(lambda value: st.tuples(st.just(value), by_form(value) | by_name(value))),
    letters.flatmap(lambda value: st.tuples(st.just(value), by_name(value))),
)


@examples(100)
@given(people)
def test_no_personal_data_survives_and_masking_twice_changes_nothing(planted):
    value, sent = planted
    before = everything(sent)
    assume(b"\x1f\x8b" in sent.response.body or value in before)
    once = CASSETTE.exchange(sent)
    assert value not in everything(once)
    assert once == CASSETTE.exchange(once) == Redactor("cassette", "of another project").exchange(once)
    text = "\n".join(
        [once.request.url, repr(once.request.headers), once.request.body.decode(), once.response.body.decode()]
    )
    assert [leak for leak in scan(text, [value]) if leak.kind == "secret of this run"] == []


@pytest.mark.parametrize("value", ["ana.lima@contoso.com", "abc.onmicrosoft.com"])
@pytest.mark.parametrize("scheme", ["Digest", "Bearer"])
def test_a_pseudonym_behind_a_scheme_is_no_token(scheme, value):
    """Twice is once there, too: ours have digits, which the words in their place had not."""
    once = CASSETTE.mask(f"{scheme} {value} ")
    assert value not in once
    assert CASSETTE.mask(once) == once


@examples(100)
@given(st.binary(max_size=200), st.text(max_size=60))
def test_no_exchange_raises_an_exception(body, text):
    value = exchange(url=text, sent=body, got=text.encode("utf-8", "surrogatepass"), headers=[("X", text)])
    once = CASSETTE.exchange(value)
    assert once == CASSETTE.exchange(once)


@pytest.mark.parametrize(
    "text",
    [
        "8f1c5b1a-",
        "8f1c5b1a1c2d4e5f",
        "a@",
        "a.b@c.",
        "a@b.c@",
        "+1 ",
        "+14",
        "19:",
        "19:meeting_",
        '"displayName":"',
        '\\"displayName\\":\\"',
        "displayName eq '",
        "?mail=",
        "/users/",
        "//login.",
        "a.onmicrosoft.",
        "token='",
        "token = '\\",
        "form-data; name=code\n\n",
        "-----BEGIN PRIVATE KEY-----",
        "accesskey=",
        "8:live:",
        "8Q~",
        "0171 ",
        "(425) ",
        "0049 30 ",
        "425-222-",
        "cn=a,",
        ",ou=",
        '"a b"@',
        "sharepoint.com/personal/",
    ],
)
def test_the_time_grows_no_faster_than_the_text(text):
    def seconds(size):
        long = (text * (size // len(text))) + '="'
        return timeit.timeit(lambda: CASSETTE.mask(long), timer=time.process_time, number=1)

    assert any(seconds(40_000) < 40 * seconds(4_000) + 0.025 for _ in range(5))
