"""A planted token never survives."""

import base64
import json
import re
import string
from urllib.parse import quote_plus, unquote_plus

from hypothesis import given, strategies as st

from pytest_graphcalls.leakscan import hide
from pytest_graphcalls.redaction import HEADERS, MASK, MEMBERS, PARAMETERS, mask, redact_exchange, redact_json
from pytest_graphcalls.wire import Exchange, encode_json
from tests.effort import examples
from tests.unit.redaction.samples import exchange


def everything(value: Exchange) -> str:
    """All that would be written, as it stands and percent-decoded."""
    text = repr(value)
    return text + unquote_plus(text)


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


@examples(100)
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


@examples(100)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | word,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | member, inner, max_size=3),
        max_leaves=8,
    )
)
def test_the_shape_of_a_json_value_stays(value):
    assert shape(value) == shape(redact_json(value))


@examples(100)
@given(st.binary(max_size=200), st.text(max_size=60))
def test_no_value_raises_an_exception(body, text):
    redact_exchange(exchange(url=text, sent=body, got=text.encode("utf-8", "surrogatepass"), headers=[("X", text)]))


parts = st.sampled_from(["client", "app", "bot", "user", "access", "session", "x", "my", "Azure", "db", "new"])
endings = st.sampled_from(["secret", "token", "password", "passcode", "pwd", "api key", "access key", "signing key"])
spelling = st.sampled_from(
    [
        "_".join,
        "-".join,
        "".join,
        lambda words: "_".join(words).upper(),
        lambda words: "-".join(map(str.title, words)),
        lambda words: words[0].lower() + "".join(map(str.title, words[1:])),
        lambda words: "".join(map(str.title, words)),
    ]
)
secret_names = st.builds(
    lambda first, last, spell: spell([*first, *last.split()]),
    st.lists(parts, min_size=1, max_size=2),
    endings,
    spelling,
)
chosen = st.text(string.ascii_letters + string.digits + "!.-_*+", min_size=3, max_size=12).map(
    lambda text: f"a{MARK}{text}"
)
holders = st.sampled_from(
    [
        lambda name, value: json.dumps({"id": "57da", name: value}),
        lambda name, value: json.dumps({"message": json.dumps({"message": json.dumps({name: value})})}),
        lambda name, value: repr({name: value}),
        lambda name, value: f"{name}={value}&a=1",
        lambda name, value: f"x {name}={value} y",
        lambda name, value: f"{name}: {value}\nx: y",
        lambda name, value: f"-H '{name}: {value}'",
        lambda name, value: f"('{name}', '{value}')",
        lambda name, value: f"{name} = '{value}'",
        lambda name, value: f"<{name}>{value}</{name}>",
        lambda name, value: base64.b64encode(f"{name}={value}".encode()).decode(),
        lambda name, value: f"{name}={value}".encode("utf-16").hex(),
        lambda name, value: f"/x?a=1&{name}={value}#b",
    ]
)


@examples(200)
@given(secret_names, chosen, holders)
def test_a_value_that_a_person_chose_never_survives_behind_a_name_of_a_secret(name, value, hold):
    text = hold(name, value)
    once = mask(text)
    assert MARK not in once
    assert not [run for run in re.findall(r"[A-Za-z0-9+/]{24,}", once) if run in text and run not in name]
    assert mask(once) == once
    assert MARK not in hide(text, mask=MASK, people=False)[0]
