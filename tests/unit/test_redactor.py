"""Profiles: what is hidden in a recording, what stands in its place, and that it does so for good."""

import gzip
import json
import re
import string
import time
import timeit
import uuid
import zlib
from urllib.parse import quote, quote_plus, unquote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import UnknownNameError
from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.redaction import MASK, OF_REPORTS, Redactor, forget, mask, remember, remembered
from pytest_graphcalls.redaction.tables import PEOPLE, PEOPLE_IN_PARAMETERS, WITHIN, Kind
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response, encode_json
from tests.unit.contract import exchanges as make

GUID = "8f1c5b1a-1c2d-4e5f-8a9b-0c1d2e3f4a5b"
CASSETTE = Redactor("cassette", "of this project")
FORMS = {
    Kind.ID: r"id-[0-9a-f]{24}",
    Kind.GUID: r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    Kind.NAME: r"Name [a-f][0-9a-f]{7}",
    Kind.EMAIL: r"user-[0-9a-f]{8}@example\.com",
    Kind.PHONE: r"\+1[2-9]\d\d55501\d\d",
    Kind.NUMBER: r"000\d+",
}


def exchange(*, url="https://graph.microsoft.com/v1.0/communications/calls", sent=b"", got=b"", headers=(), answer=()):
    return Exchange(Request("POST", url, Headers(headers), sent), Response(200, Headers(answer), got), "entry 1")


def everything(value):
    text = repr(value)
    return f"{text}\n{unquote_plus(text)}".lower()


def like(kind, text):
    return re.fullmatch(FORMS[kind], text) is not None


# --- the forms -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (GUID, FORMS[Kind.GUID]),
        (GUID.upper(), FORMS[Kind.GUID].replace("a-f", "A-F").replace("89ab", "89AB")),
        (GUID.replace("-", ""), r"[0-9a-f]{12}4[0-9a-f]{19}"),
        (f"8:orgid:{GUID}", "8:orgid:" + FORMS[Kind.GUID]),
        (f"calls/{GUID}/participants/{GUID}", f"calls/{FORMS[Kind.GUID]}/participants/{FORMS[Kind.GUID]}"),
        ("tell alice.smith@contoso.com that", f"tell {FORMS[Kind.EMAIL]} that"),
        ("alice_contoso.com#EXT#@fabrikam.onmicrosoft.com", FORMS[Kind.EMAIL]),
        ("alice%40contoso.com", r"user-[0-9a-f]{8}%40example\.com"),
        ("sip:alice+work@voice.contoso.co.uk;x=1", rf"sip:{FORMS[Kind.EMAIL]};x=1"),
        ("4:+14252223333", "4:" + FORMS[Kind.PHONE]),
        ("call +44 (20) 7946-0018.", f"call {FORMS[Kind.PHONE]}" + r"\."),
        ("tel:14252223333", "tel:" + FORMS[Kind.PHONE]),
        ("to=%2B14252223333", r"to=%2B1[2-9]\d\d55501\d\d"),
        ("19:meeting_MjdhNjM4YzUtYzExZi00OTFk@thread.v2", r"19:meeting_[0-9a-f]{32}@thread\.v2"),
        (f"19:meeting_{GUID}@thread.v2", rf"19:meeting_{FORMS[Kind.GUID]}@thread\.v2"),
        (f"19:{GUID}_{GUID}@unq.gbl.spaces", rf"19:{FORMS[Kind.GUID]}_{FORMS[Kind.GUID]}@unq\.gbl\.spaces"),
        ("8:live:.cid.0a1b2c3d", "8:live:" + FORMS[Kind.ID]),
        (
            "https://login.microsoftonline.com/contoso.com/v2.0",
            rf"https://login\.microsoftonline\.com/{FORMS[Kind.ID]}/v2\.0",
        ),
        ("https://contoso-my.sharepoint.com/x", r"https://tenant-[0-9a-f]{8}\.sharepoint\.com/x"),
        ("/v1.0/users/alice/manager", rf"/v1\.0/users/{FORMS[Kind.ID]}/manager"),
        ("displayName eq 'Alice Smith'", f"displayName eq '{FORMS[Kind.NAME]}'"),
        ('cut: {"displayName": "Alice Smi', f'cut: {{"displayName": "{FORMS[Kind.NAME]}'),
        (r"{\"displayName\": \"Alice\", \"n", rf'{{\\"displayName\\": \\"{FORMS[Kind.NAME]}\\", \\"n'),
        ("/x?$skiptoken=Zm9vYmFyYmF6", r"/x\?\$skiptoken=" + FORMS[Kind.ID]),
    ],
)
def test_a_form_gets_a_pseudonym_of_its_form_in_any_text(text, form):
    told = CASSETTE.text(text)
    assert re.fullmatch(form, told), told
    assert told == CASSETTE.text(told)
    assert text == Redactor("tokens").text(text), "reports keep ids"


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00+00:00",
        "DiagCode: 412#10073.@",
        "#microsoft.graph.communicationsIdentitySet",
        "https://login.microsoftonline.com/common/oauth2",
        "00000000-0000-0000-0000-000000000000",
        "application/json; odata.metadata=minimal; IEEE754Compatible=false",
        "/v1.0/communications/calls?$select=id,displayName",
        "Microsoft-Skype/3.0,(Calling/1.0)",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",  # longer than a GUID: a digest
    ],
)
def test_what_tells_of_nobody_stays(text):
    assert text == CASSETTE.text(text) == CASSETTE.url(text)


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_a_member_of_the_table_gets_a_pseudonym_of_its_kind(name):
    value = "234 567 890 12" if PEOPLE[name] is Kind.NUMBER else "Alice"
    clean = CASSETTE.json({"a": [{name.upper(): value, "list": {name: [value]}, "none": None}]})["a"][0]
    told = clean[name.upper()]
    assert like(PEOPLE[name], told.replace(" ", "") if PEOPLE[name] is Kind.NUMBER else told)
    assert clean["list"] == {name: [told]}


@pytest.mark.parametrize("name", sorted(PEOPLE_IN_PARAMETERS))
def test_a_parameter_of_the_table_gets_one_in_address_and_form(name):
    clean = CASSETTE.exchange(exchange(url=f"/x?a=1&{name}=Alice+B", sent=f"{name}=Alice%20B&a=1".encode()))
    shown = clean.request.query[name]
    assert "Alice" not in shown
    assert clean.request.body.decode() == f"{name}={quote_plus(shown)}&a=1"


@pytest.mark.parametrize("name", sorted(WITHIN))
def test_the_id_of_an_identity_is_hidden_whatever_it_looks_like(name):
    clean = CASSETTE.json({name: dict.fromkeys(WITHIN[name], "x1"), "id": "x1"})
    assert all(like(kind, clean[name][member]) for member, kind in WITHIN[name].items())
    assert clean["id"] == "x1"


def test_an_id_of_another_form_keeps_its_form():
    ids = ["alice@contoso.com", "+14252223333", f"8:orgid:{GUID}", "u1", 17]
    told = [CASSETTE.json({"user": {"id": value}})["user"]["id"] for value in ids]
    expected = [FORMS[Kind.EMAIL], FORMS[Kind.PHONE], "8:orgid:" + FORMS[Kind.GUID], FORMS[Kind.ID], FORMS[Kind.ID]]
    assert all(re.fullmatch(form, one) for form, one in zip(expected, told, strict=True))


def test_the_number_of_a_meeting_keeps_its_length_and_spaces():
    told = CASSETTE.json({"joinMeetingId": "234 567 890 12"})["joinMeetingId"]
    assert re.fullmatch(r"000 \d{3} \d{3} \d{2}", told)
    assert CASSETTE.json({"joinMeetingId": "12345"}) == {"joinMeetingId": "00000"}


# --- stable ----------------------------------------------------------------------------------------------------------


def test_the_same_value_gets_the_same_pseudonym_wherever_and_in_whatever_way_it_is_written():
    other = Redactor("cassette", b"of this project")
    assert CASSETTE.text(GUID) == other.url(f"/a/{GUID}")[3:] == CASSETTE.json({"tenantId": GUID})["tenantId"]
    assert CASSETTE.text(GUID.upper()).lower() == CASSETTE.text(GUID)
    assert CASSETTE.text("A.B@contoso.com") == CASSETTE.text("a.b@contoso.com")
    assert CASSETTE.text("+1 425-222-3333") == CASSETTE.text("+14252223333")


@pytest.mark.parametrize("text", [GUID, "a@contoso.com", '{"displayName":"Ana"}', '{"user":{"id":"u1"}}'])
def test_another_key_gives_another_pseudonym_and_leaves_those_of_the_first(text):
    other = Redactor("cassette", "of another project")
    assert CASSETTE.text(text) != other.text(text)
    assert CASSETTE.text(text) == other.text(CASSETTE.text(text))


def test_different_values_get_different_pseudonyms():
    ids = [str(uuid.UUID(int=number << 70)) for number in range(1, 500)]
    assert len({CASSETTE.text(one) for one in ids}) == len(ids)


def test_a_redacted_exchange_is_judged_as_before():
    person = make.user("Ana")
    person["identity"]["user"] |= {"displayName": "Ana", "tenantId": GUID}
    sent = make.invite(
        {"participants": [person], "clientContext": "x"},
        make.answer(200, make.operation(participants=[person]), make.LOCATION),
    )
    clean = CASSETTE.exchange(sent)
    assert clean != sent
    assert Contract.packaged().check(clean) == Contract.packaged().check(sent) == ()


# --- messages --------------------------------------------------------------------------------------------------------


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
    told = Notification(
        "https://bot.contoso.com/cb?code=s3cret-and-more",
        {"value": [{"resourceData": {"id": GUID, "meetingInfo": {"token": "s3cret"}}}]},
        7.0,
        Headers({"Authorization": "Bearer s3cret", "Scenario-Id": GUID}),
    )
    clean = CASSETTE.notification(told)
    assert "s3cret" not in everything(clean)
    assert GUID not in everything(clean)
    assert (clean.at, clean.headers["authorization"]) == (7.0, "Bearer REDACTED")
    assert CASSETTE.text(GUID) == clean.entries[0]["resourceData"]["id"] == clean.headers["scenario-id"]


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


# --- what a project adds, what a run knows ---------------------------------------------------------------------------


def test_a_project_hides_more():
    redactor = Redactor("tokens")
    assert redactor.text("ticket TCK-4711") == "ticket TCK-4711"
    redactor.add(
        headers=["X-Contoso"],
        members=["ticket_no"],
        parameters=["TicketNo"],
        values=["Contoso & Sons"],
        patterns=[r"TCK-\d+"],
    )
    clean = redactor.exchange(
        exchange(
            url="/x?ticketNo=17&q=Contoso+%26+Sons",
            headers=[("x-contoso", "17")],
            got=b'{"ticketNo": 17, "by": "Contoso \\u0026 Sons, TCK-4711"}',
        )
    )
    assert clean.request.url == f"/x?ticketNo={MASK}&q={MASK}"
    assert clean.request.headers["x-contoso"] == MASK
    assert clean.response.json() == {"ticketNo": MASK, "by": f"{MASK}, {MASK}"}


def test_a_pattern_that_is_none_says_so():
    with pytest.raises(re.error):
        Redactor("tokens").add(patterns=["("])


def test_an_unknown_profile_names_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no redaction profile 'casette'\. Did you mean 'cassette'"):
        Redactor("casette")


@pytest.fixture
def known():
    before = remembered()
    yield
    forget()
    remember(*before)


SECRET = 'Zx9 "quoted" & ünusual/8Q'


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET),
        quote_plus(SECRET),
        quote(SECRET, safe=""),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        repr(SECRET),
        SECRET.replace("&", "&amp;").replace('"', "&quot;"),
    ],
)
def test_a_remembered_value_is_hidden_however_it_is_written(written):
    remember(SECRET, None, "short")
    assert remembered() == {SECRET}
    assert MASK in mask(f"a {written} b")
    assert "unusual" not in mask(f"a {written} b") + CASSETTE.text(written)
    assert mask("short") == "short"


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
def test_a_remembered_value_is_hidden_in_base64(before):
    from base64 import b64encode

    remember("correct-horse-battery")
    text = b64encode(f"{before}correct-horse-battery".encode()).decode()
    assert len(mask(text).replace(MASK, "")) < 12


@pytest.mark.usefixtures("known")
def test_a_remembered_value_is_hidden_where_pytest_has_cut_it():
    remember("correct-horse-battery")
    assert mask("x = 'correct-ho...") == "x = 'REDACTED..."
    assert mask("... 'aaaa...e-battery'") == "... 'aaaa...REDACTED'"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("client_secret = 's3cret'", "client_secret = 'REDACTED'"),
        ("my_token   = b's3cret'", "my_token   = b'REDACTED'"),
        ("Credential(client_secret='s3cret', n=1)", "Credential(client_secret='REDACTED', n=1)"),
        ("assert token == 's3cret'", "assert token == 'REDACTED'"),
        ("{'passcode': \"it's\", 'n': 1}", "{'passcode': 'REDACTED', 'n': 1}"),
        ("Headers([('X-Api-Key', 's3cret')])", "Headers([('X-Api-Key', 'REDACTED')])"),
        ("(b'Authorization', b'Bearer s3cret')", "(b'Authorization', b'Bearer REDACTED')"),
        ("token_type = 3", "token_type = 3"),
        (
            "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----REDACTED-----END PRIVATE KEY-----",
        ),
        ("endpoint=https://x/;accesskey=c2VjcmV0c2VjcmV0c2VjcmV0", "endpoint=https://x/;accesskey=REDACTED"),
        ("said abc8Q~" + "x" * 34, "said REDACTED"),
    ],
)
def test_what_tracebacks_and_settings_show_is_masked(text, shown):
    assert shown == mask(text) == mask(shown) == OF_REPORTS.text(text)


# --- nobody survives -------------------------------------------------------------------------------------------------

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


@given(people)
def test_nobody_survives_and_twice_is_once_under_any_key(planted):
    value, sent = planted
    told = everything(sent)
    assume(b"\x1f\x8b" in sent.response.body or value in told)
    once = CASSETTE.exchange(sent)
    assert value not in everything(once)
    assert once == CASSETTE.exchange(once) == Redactor("cassette", "of another project").exchange(once)
    text = "\n".join(
        [once.request.url, repr(once.request.headers), once.request.body.decode(), once.response.body.decode()]
    )
    assert [leak for leak in scan(text, [value]) if leak.kind == "secret of this run"] == []


@given(st.binary(max_size=200), st.text(max_size=60))
def test_nothing_raises(body, text):
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
    ],
)
def test_the_time_grows_no_faster_than_the_text(text):
    def seconds(size):
        long = (text * (size // len(text))) + '="'
        return min(timeit.repeat(lambda: CASSETTE.mask(long), timer=time.process_time, number=1, repeat=2))

    assert seconds(80_000) < 40 * seconds(8_000) + 0.05
