"""What gives itself away in any text is masked wherever it stands."""

import pytest

from pytest_graphcalls.redaction import (
    mask,
)
from tests.unit.redaction.samples import JWT


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
