"""What may not be written down, in reports and messages."""

from pytest_graphcalls.wire import Exchange, Headers, Request, Response

JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJl_-x"


def exchange(
    *, url="https://graph.microsoft.com/v1.0/communications/calls/57da", sent=b"", got=b"", headers=(), answer=()
):
    return Exchange(Request("POST", url, Headers(headers), sent), Response(200, Headers(answer), got), "entry 1")
