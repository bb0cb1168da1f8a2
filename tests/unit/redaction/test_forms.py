"""What stands in the place of what is hidden: the form it has, and that it stays the same."""

import re
import uuid
from urllib.parse import quote_plus

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.redaction import Redactor
from pytest_graphcalls.redaction.fields import PEOPLE, PEOPLE_IN_PARAMETERS, WITHIN, Kind
from tests.unit.contract import exchanges as make
from tests.unit.redaction.samples import CASSETTE, GUID, exchange

FORMS = {
    Kind.ID: r"id-[0-9a-f]{24}",
    Kind.GUID: r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    Kind.NAME: r"Name [a-f][0-9a-f]{7}",
    Kind.EMAIL: r"user-[0-9a-f]{8}@example\.com",
    Kind.PHONE: r"\+1[2-9]\d\d55501\d\d",
    Kind.NUMBER: r"000\d+",
}


def like(kind, text):
    return re.fullmatch(FORMS[kind], text) is not None


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
        ('write to "alice smith"@contoso.com now', f"write to {FORMS[Kind.EMAIL]} now"),
        (r'{"to": "\"alice smith\"@contoso.com"', rf'{{"to": "{FORMS[Kind.EMAIL]}"'),
        (
            "https://contoso-my.sharepoint.com/personal/alice_contoso_com/Documents",
            rf"https://tenant-[0-9a-f]{{8}}\.sharepoint\.com/personal/{FORMS[Kind.ID]}/Documents",
        ),
        (
            "CN=Alice Smith,OU=Sales,DC=contoso,DC=com",
            rf"CN={FORMS[Kind.NAME]},OU=tenant-[0-9a-f]{{8}},DC=tenant-[0-9a-f]{{8}},DC=tenant-[0-9a-f]{{8}}",
        ),
        ("call (425) 222-3333 today", f"call {FORMS[Kind.PHONE]} today"),
        ("call 425-222-3333 today", f"call {FORMS[Kind.PHONE]} today"),
        ("call 0171 123 4567", f"call {FORMS[Kind.PHONE]}"),
        ("call (020) 7946 0018.", f"call {FORMS[Kind.PHONE]}" + r"\."),
        ("call 0049 30 1234 567", f"call {FORMS[Kind.PHONE]}"),
        ("/x?$skiptoken=Zm9vYmFyYmF6", r"/x\?\$skiptoken=" + FORMS[Kind.ID]),
    ],
)
def test_a_form_gets_a_pseudonym_of_its_form_in_any_text(text, form):
    masked = CASSETTE.text(text)
    assert re.fullmatch(form, masked), masked
    assert masked == CASSETTE.text(masked)
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
        "2026-11-28 22:15:04, 10.0.0.1, 0.125 s, 1,234,567 bytes, 200 404 503 of 2026, build 20261128.4",
        "code 5003 subcode 10073, retry 1 of 3, port 8080, 4000 ms, version 412.100.7300",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",  # longer than a GUID: a digest
    ],
)
def test_text_without_personal_data_is_not_masked(text):
    assert text == CASSETTE.text(text) == CASSETTE.url(text)


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_a_member_of_the_table_gets_a_pseudonym_of_its_kind(name):
    value = "234 567 890 12" if PEOPLE[name] is Kind.NUMBER else "Alice"
    clean = CASSETTE.json({"a": [{name.upper(): value, "list": {name: [value]}, "none": None}]})["a"][0]
    pseudonym = clean[name.upper()]
    assert like(PEOPLE[name], pseudonym.replace(" ", "") if PEOPLE[name] is Kind.NUMBER else pseudonym)
    assert clean["list"] == {name: [pseudonym]}


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
    masked = [CASSETTE.json({"user": {"id": value}})["user"]["id"] for value in ids]
    expected = [FORMS[Kind.EMAIL], FORMS[Kind.PHONE], "8:orgid:" + FORMS[Kind.GUID], FORMS[Kind.ID], FORMS[Kind.ID]]
    assert all(re.fullmatch(form, one) for form, one in zip(expected, masked, strict=True))


def test_the_number_of_a_meeting_keeps_its_length_and_spaces():
    masked = CASSETTE.json({"joinMeetingId": "234 567 890 12"})["joinMeetingId"]
    assert re.fullmatch(r"000 \d{3} \d{3} \d{2}", masked)
    assert CASSETTE.json({"joinMeetingId": "12345"}) == {"joinMeetingId": "00000"}


def test_the_same_value_gets_the_same_pseudonym_wherever_and_in_whatever_way_it_is_written():
    other = Redactor("cassette", b"of this project")
    assert CASSETTE.text(GUID) == other.url(f"/a/{GUID}")[3:] == CASSETTE.json({"tenantId": GUID})["tenantId"]
    assert CASSETTE.text(GUID.upper()).lower() == CASSETTE.text(GUID)
    assert CASSETTE.text("A.B@contoso.com") == CASSETTE.text("a.b@contoso.com")
    assert CASSETTE.text("+1 425-222-3333") == CASSETTE.text("+14252223333")


@pytest.mark.parametrize("text", [GUID, "a@contoso.com", '{"displayName":"Ana"}', '{"user":{"id":"u1"}}'])
def test_another_key_gives_another_pseudonym_and_keeps_existing_ones(text):
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
        {"participants": [person], "clientContext": make.operation()["clientContext"]},
        make.answer(200, make.operation(participants=[person]), make.LOCATION),
    )
    clean = CASSETTE.exchange(sent)
    assert clean != sent
    assert Contract.packaged().check(clean) == Contract.packaged().check(sent) == ()
