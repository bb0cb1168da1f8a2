"""Recordings of every kind."""

import json
from pathlib import Path

import pytest
from vcr.request import Request as VcrRequest
from vcr.serialize import serialize
from vcr.serializers import yamlserializer

URL = "https://graph.microsoft.com/v1.0/communications/calls/57da/reject"
SENT = b'{"reason":"busy"}'
GOT = b'{"error":{"code":"8522","message":"Call not found."}}'


def har_entry(**changes):
    request = {
        "method": "POST",
        "url": URL,
        "headers": [{"name": ":authority", "value": "graph.microsoft.com"}, {"name": "X-One", "value": "1"}],
        "postData": {"mimeType": "application/json", "text": SENT.decode()},
    }
    content = {"size": len(GOT), "mimeType": "application/json", "text": GOT.decode()}
    response = {"status": 404, "headers": [{"name": "request-id", "value": "r"}], "content": content}
    return {"request": request, "response": response, **changes}


def har(*rows):
    return json.dumps({"log": {"version": "1.2", "creator": {}, "entries": list(rows)}})


def interaction(sent=SENT, got=GOT, encoding=None):
    headers = {"request-id": ["r"]} | ({"Content-Encoding": [encoding]} if encoding else {})
    response = {"status": {"code": 404, "message": "Not Found"}, "headers": headers, "body": {"string": got}}
    return VcrRequest("POST", URL, sent, {"X-One": "1"}), response


def cassette(*pairs, serializer=yamlserializer, **more):
    requests, responses = zip(*pairs, strict=True)
    return serialize({"requests": requests, "responses": list(responses), **more}, serializer)


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes, name: str = "recording") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
