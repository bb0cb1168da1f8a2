"""Recordings of every kind are read to the same exchanges."""

import base64
import gzip
import json
import zlib

import pytest
import yaml
from vcr.serializers import jsonserializer

from pytest_graphcalls import compression
from pytest_graphcalls.cassette import entries, read
from pytest_graphcalls.wire import Exchange, Headers, Request, Response
from tests.unit.cassette_reading.conftest import GOT, SENT, URL, cassette, har, har_entry, interaction

WANTED = Exchange(
    Request("POST", URL, Headers([("X-One", "1")]), SENT), Response(404, Headers([("request-id", "r")]), GOT), "entry 1"
)
OLD_YAML = f"""\
- request: !!python/object:vcr.request.Request
    body: '{SENT.decode()}'
    headers: !!python/object/apply:__builtin__.frozenset
    - - !!python/tuple [X-One, '1']
    host: graph.microsoft.com
    method: POST
    path: /v1.0/communications/calls/57da/reject
    port: 443
    protocol: https
  response:
    body: {{string: !!python/unicode '{GOT.decode()}'}}
    headers: ["request-id: r\\r\\n"]
    status: {{code: 404, message: Not Found}}
"""
FLAT = {"status_code": 404, "http_version": "HTTP/1.1", "headers": {"request-id": ["r"]}, "content": GOT.decode()}
PARTS = {"method": "POST", "protocol": "https", "host": "graph.microsoft.com", "port": 443, "body": SENT.decode()}
OLD_JSON = [
    {
        "request": {**PARTS, "path": "/v1.0/communications/calls/57da/reject", "headers": {"X-One": "1"}},
        "response": {"status": {"code": 404}, "headers": ["request-id: r\r\n"], "body": {"string": GOT.decode()}},
    }
]
BASE64 = {"encoding": "base64", "text": base64.b64encode(GOT).decode(), "size": len(GOT)}
READABLE = {
    "har": har(har_entry()),
    "har with a byte order mark": "\ufeff" + har(har_entry()),
    "har in utf-16": har(har_entry()).encode("utf-16"),
    "har with base64": har(har_entry(response={**har_entry()["response"], "content": BASE64})),
    "yaml": cassette(interaction()),
    "json": cassette(interaction(), serializer=jsonserializer),
    "yaml with metadata": cassette(interaction(), metadata={"recorded": "2026-01-01"}),
    "yaml with binary body": cassette(interaction())
    .replace("string: ", "string: !!binary ")
    .replace(f"'{GOT.decode()}'", base64.b64encode(GOT).decode()),
    "yaml of an old httpx": yaml.safe_dump(
        {"interactions": [{"request": interaction()[0]._to_dict(), "response": FLAT}], "version": 1}
    ),
    "yaml before 1.0": OLD_YAML,
    "json before 1.0": json.dumps(OLD_JSON),
}


@pytest.mark.parametrize("content", READABLE.values(), ids=READABLE)
@pytest.mark.parametrize("name", ["recording", "recording.har", "recording.yaml"])
def test_every_kind_of_recording_is_read_whatever_its_name(file, content, name):
    (exchange,) = read(file(content, name))
    assert exchange == WANTED


def raw_deflate(body):
    machine = zlib.compressobj(wbits=-15)
    return machine.compress(body) + machine.flush()


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)],
)
def test_compressed_bodies_are_read_decompressed(file, encoding, compress):
    (exchange,) = read(file(cassette(interaction(got=compress(GOT), encoding=encoding))))
    assert exchange.response.body == GOT


def packed_har(body, mime="application/json; charset=utf-8", encoding="gzip"):
    content = {"encoding": "base64", "text": base64.b64encode(body).decode(), "mimeType": mime}
    headers = [{"name": "Content-Encoding", "value": encoding}]
    return har(har_entry(response={"status": 404, "headers": headers, "content": content}))


@pytest.mark.parametrize("mime", ["application/json", "application/octet-stream", "", None])
def test_a_packed_body_of_a_har_is_read_like_that_of_a_cassette(file, mime):
    (exchange,) = read(file(packed_har(gzip.compress(GOT), mime)))
    assert exchange.response.body == GOT


def test_a_body_of_a_har_that_the_browser_has_unpacked_stays_as_it_is(file):
    (exchange,) = read(file(packed_har(b"\x89PNG", "image/png")))
    assert exchange.response.body == b"\x89PNG"
    (exchange,) = read(file(packed_har(GOT)))
    assert exchange.response.body == GOT


def test_a_packed_body_of_a_har_that_is_cut_is_no_exchange(file):
    (entry,) = entries(file(packed_har(gzip.compress(GOT)[:-9])))
    assert (entry.request.url, entry.problem) == (URL, "a body compressed with gzip was cut.")


def test_encodings_are_undone_from_last_to_first():
    assert compression.decompress(gzip.compress(zlib.compress(GOT)), "deflate, GZIP") == GOT


def test_a_body_decompressed_before_it_was_written_stays_as_it_is(file):
    (exchange,) = read(file(cassette(interaction(encoding="br"))))
    assert exchange.response.body == GOT


def test_entries_are_counted_from_one(file):
    assert [e.note for e in read(file(har(har_entry(), har_entry())))] == ["entry 1", "entry 2"]


def test_form_parameters_of_a_har_become_a_form(file):
    data = {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a b", "value": "1&2"}]}
    request = {**har_entry()["request"], "postData": data}
    (exchange,) = read(file(har(har_entry(request=request))))
    assert exchange.request.body == b"a+b=1%262"


def test_bodies_kept_as_values_become_json(file):
    data = {"interactions": [{"request": {"method": "GET", "uri": URL}, "response": {"status": 200, "body": {"a": 1}}}]}
    (exchange,) = read(file(json.dumps({**data, "version": 1})))
    assert exchange.response.body == b'{"a":1}'


def test_reading_changes_nothing(file):
    path = file(cassette(interaction()))
    before = path.read_bytes(), path.stat().st_mtime_ns
    list(read(path))
    assert before == (path.read_bytes(), path.stat().st_mtime_ns)


def test_an_empty_cassette_holds_nothing(file):
    assert list(read(file("interactions: []\nversion: 1\n"))) == []
