"""What may not be written down, in reports, messages and recordings."""

from urllib.parse import unquote_plus

from pytest_graphcalls.redaction import Redactor
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJl_-x"
GUID = "8f1c5b1a-1c2d-4e5f-8a9b-0c1d2e3f4a5b"
CASSETTE = Redactor("cassette", "of this project")


def exchange(
    *, url="https://graph.microsoft.com/v1.0/communications/calls/57da", sent=b"", got=b"", headers=(), answer=()
):
    """An exchange with the parts that matter."""
    return Exchange(Request("POST", url, Headers(headers), sent), Response(200, Headers(answer), got), "entry 1")


def everything(value):
    """All that an exchange shows, as it stands and percent-decoded, in lower case."""
    text = repr(value)
    return f"{text}\n{unquote_plus(text)}".lower()
