"""Profiles: what is hidden in a recording, what stands in its place, and that it does so for good."""

from urllib.parse import unquote_plus

from pytest_graphcalls.redaction import Redactor
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

GUID = "8f1c5b1a-1c2d-4e5f-8a9b-0c1d2e3f4a5b"
CASSETTE = Redactor("cassette", "of this project")


def exchange(*, url="https://graph.microsoft.com/v1.0/communications/calls", sent=b"", got=b"", headers=(), answer=()):
    return Exchange(Request("POST", url, Headers(headers), sent), Response(200, Headers(answer), got), "entry 1")


def everything(value):
    text = repr(value)
    return f"{text}\n{unquote_plus(text)}".lower()
