"""What a project adds, and what a run knows, is hidden as well."""

import json
from urllib.parse import quote, quote_plus

import pytest

from pytest_graphcalls.errors import SettingError, UnknownNameError
from pytest_graphcalls.redaction import MASK, OF_REPORTS, Redactor, forget, mask, remember, remembered
from tests.unit.redaction.samples import CASSETTE, exchange


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
    with pytest.raises(SettingError, match=r"^add\(patterns\)='\(': expected a regular expression\. missing \), "):
        Redactor("tokens").add(patterns=["("])


@pytest.mark.parametrize("name", ["headers", "members", "parameters", "values", "patterns"])
def test_a_text_is_not_taken_for_a_list_of_its_letters(name):
    """Its letters would be hidden, and not what was meant. The text may be a secret."""
    with pytest.raises(SettingError, match=rf"^add\({name}\)=\(hidden\): expected a list of texts\. Write {name}=\["):
        Redactor("tokens").add(**{name: "S3cret"})


def test_an_unknown_profile_names_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no redaction profile 'casette'\. Did you mean 'cassette'"):
        Redactor("casette")


@pytest.fixture
def known():
    before = remembered()
    forget()
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
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_remembered_value_is_hidden_in_hex_and_of_two_bytes_a_letter(encoding):
    remember("correct-horse-battery")
    raw = "correct-horse-battery".encode(encoding)
    assert mask(f"got {raw.hex()}.") == "got REDACTED."
    assert mask(f"got {raw.hex().upper()}.") == "got REDACTED."


@pytest.mark.usefixtures("known")
def test_a_remembered_value_is_hidden_where_pytest_has_cut_it():
    remember("correct-horse-battery")
    assert mask("x = 'correct-ho...") == "x = 'REDACTED..."
    assert mask("... 'aaaa...e-battery'") == "... 'aaaa...REDACTED'"


@pytest.mark.parametrize("cut", ["…", "..."])
def test_the_password_in_an_address_is_hidden_where_it_was_cut(cut):
    assert mask(f"'https://bot:k7Qio{cut}'") == f"'https://bot:REDACTED{cut}'"
    assert mask(f"http://127.0.0.1:8080{cut}") == f"http://127.0.0.1:8080{cut}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("client_secret = 's3cret'", "client_secret = 'REDACTED'"),
        ("my_token   = b's3cret'", "my_token   = b'REDACTED'"),
        ("Credential(client_secret='s3cret', n=1)", "Credential(client_secret='REDACTED', n=1)"),
        ("assert token == 's3cret'", "assert token == 'REDACTED'"),
        ("{'passcode': \"it's\", 'n': 1}", "{'passcode': 'REDACTED', 'n': 1}"),
        ("Headers([('X-Api-Key', 's3cret')])", "Headers([('X-Api-Key', 'REDACTED')])"),
        ("{'Authorization': 'ApiKey s3cret'}", "{'Authorization': 'REDACTED'}"),
        ("{'Authorization': 'SharedKey bob:s3cret'}", "{'Authorization': 'REDACTED'}"),
        ("{'Authorization': 'Bearer s3cret and more'}", "{'Authorization': 'Bearer REDACTED'}"),
        (
            "{'Authorization': 'Digest username=\"bob\", response=\"s3cret\"', 'a': 1}",
            "{'Authorization': 'Digest REDACTED', 'a': 1}",
        ),
        (
            'Authorization: Digest username="bob", response="s3cret"\nAccept: */*',
            "Authorization: Digest REDACTED\nAccept: */*",
        ),
        ("Authorization: SharedKey bob:s3cret=\r\nAccept: */*", "Authorization: REDACTED\r\nAccept: */*"),
        ("Cookie: a=s3cret; b=s3cret\nAccept: */*", "Cookie: REDACTED\nAccept: */*"),
        ("-H 'X-Api-Key: s3cret and more' https://x", "-H 'X-Api-Key: REDACTED' https://x"),
        ("client_secret: s3cret, id: 57da", "client_secret: REDACTED"),
        ("with access_token=s3cret in it", "with access_token=REDACTED in it"),
        ("client_secret=s3cret&grant_type=x", "client_secret=REDACTED&grant_type=x"),
        ("https...=X6Tf5ukaUN", "https...=REDACTED"),
        ('{"client\\u005fsecret": "s3cret"', '{"client\\u005fsecret": "REDACTED"'),
        ("$ bot --api-key s3cret --verbose", "$ bot --api-key REDACTED --verbose"),
        ("<apiKey>s3cret</apiKey>", "<apiKey>REDACTED</apiKey>"),
        ("the client secret is s3cret-7", "the client secret is REDACTED"),
        ("| client_secret | s3cret-7 |", "| client_secret | REDACTED |"),
        ("API key: s3cret-7", "API key: REDACTED"),
        ("curl -u bob:s3cret https://x", "curl -u bob:REDACTED https://x"),
        ("curl -b 'sid=s3cret' https://x", "curl -b 'sid=REDACTED' https://x"),
        ('<input value="s3cret" name="passwd">', '<input value="REDACTED" name="passwd">'),
        ('builder.clientSecret("s3cret").build()', 'builder.clientSecret("REDACTED").build()'),
        ("assert 's3cret' == token", "assert 'REDACTED' == token"),
        ('{"kty": "oct", "k": "s3crets3crets3cret"}', '{"kty": "oct", "k": "REDACTED"}'),
        ("tokens: ['s3cret', 's3cret']", "tokens: ['REDACTED', 'REDACTED']"),
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
def test_secrets_in_tracebacks_and_settings_are_masked(text, shown):
    assert shown == mask(text) == mask(shown) == OF_REPORTS.text(text)
