"""The leak scan finds what a careless redactor missed, with its place, and does not show the value."""

import ast
import json
from pathlib import Path

import pytest

import pytest_graphcalls.leakscan
from pytest_graphcalls.leakscan import Leak, scan
from pytest_graphcalls.redaction import MASK, MEMBERS, PARAMETERS
from tests.unit.leakscan.samples import JWT, kinds

ENTRA = "abc8Q~" + "d1" * 17


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
        ("call (425) 222-3333 today", "telephone number"),
        ("call 425-222-3333 today", "telephone number"),
        ("call 0171 123 4567", "telephone number"),
        ("call 0049 30 1234 567", "telephone number"),
        ('write to "alice smith"@contoso.com', "e-mail address"),
        (r'{"to": "\"alice smith\"@contoso.com"}', "e-mail address"),
        ("https://contoso-my.sharepoint.com/personal/alice_contoso_com/x", "personal site"),
        ("CN=Alice Smith,OU=Sales,DC=contoso,DC=com", "name in a directory"),
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
def test_a_secret_is_found_with_its_kind(text, kind):
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
        "2026-11-28 22:15:04, 10.0.0.1, 0.125 s, 1,234,567 bytes, 200 404 503 of 2026, build 20261128.4",
    ],
)
def test_harmless_text_has_no_findings(text):
    assert not kinds(text)


@pytest.mark.parametrize("name", sorted(MEMBERS | PARAMETERS))
def test_the_mask_of_a_secret_is_no_finding(name):
    assert not kinds(json.dumps({name: MASK, "header": f"Bearer {MASK}"}))
    assert not kinds(f"https://h/x?{name}={MASK}")


def test_a_leak_says_where_and_what_sort_but_never_the_value():
    (leak,) = scan(f"a: 1\n\nb: {ENTRA}\n", file="x.yaml")
    assert Leak("x.yaml", 3, "client secret of Entra ID") == leak
    assert str(leak) == "x.yaml:3: client secret of Entra ID"
    assert str(next(scan(ENTRA))) == "text:1: client secret of Entra ID"


@pytest.mark.parametrize("between", range(560, 620))
def test_half_a_number_beside_an_escape_is_no_other_number(between):
    assert not kinds(f"a%20b{'x ' * (between // 2)}{'y' * (between % 2)} +12065550123 and user-1a2b3c4d@example.com")


def test_the_leak_scan_does_not_import_the_redactor():
    modules = list(Path(pytest_graphcalls.leakscan.__file__).parent.glob("*.py"))
    trees = [ast.parse(module.read_text(encoding="utf-8")) for module in modules]
    names = {node.module for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert len(modules) > 1
    assert not {name for name in names if "redaction" in str(name)}
