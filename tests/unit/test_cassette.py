"""Recordings of every kind are read to the same exchanges; what cannot be read names file and entry."""

import base64
import gzip
import json
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from vcr.request import Request as VcrRequest
from vcr.serialize import serialize
from vcr.serializers import jsonserializer, yamlserializer

from pytest_graphcalls import compression
from pytest_graphcalls.cassette import Incomplete, entries, files, read
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

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


WANTED = Exchange(
    Request("POST", URL, Headers([("X-One", "1")]), SENT), Response(404, Headers([("request-id", "r")]), GOT), "entry 1"
)


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes, name: str = "recording") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(path) -> RecordingError:
    with pytest.raises(RecordingError) as caught:
        list(read(path))
    assert str(path) == caught.value.file
    return caught.value


# --- what can be read -------------------------------------------------------------------------------------------------

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


# --- what cannot be read ----------------------------------------------------------------------------------------------

WHOLE = cassette(interaction(), interaction())
UNREADABLE = {
    "empty": ("", 0, "is empty"),
    "blank": (" \n\n", 0, "is empty"),
    "binary": (b"\x89PNG\r\n\x1a\n\xff", 0, "is no text"),
    "zeros": (b"\0\0\0", 0, "is no text"),
    "gzip": (gzip.compress(b"x"), 0, "is a gzip archive"),
    "some json": ('{"name": "x"}', 0, "has the keys 'name'; a HAR file has 'log'"),
    "json list": ("[1]", 0, "holds a list of something else"),
    "some yaml": ("a: 1\n", 0, "has the keys 'a'"),
    "prose": ("Dear all\n", 0, "holds a text"),
    "no yaml": ("a: [1\nb: ]:", 0, "is neither JSON nor YAML (line 2"),
    "cut json": (har(har_entry(), har_entry())[:-150], 2, "ends in the middle: it was cut"),
    "cut in a string": (har(har_entry())[:100], 1, "ends in the middle"),
    "bad json": ('{"log": {"entries": [{"request": nonsense}]}}', 1, "is not JSON (line 1"),
    "cut between interactions": (WHOLE[: WHOLE.rindex("- request")], 1, "ends without 'version'"),
    "cut inside an interaction": (WHOLE[: WHOLE.rindex("    method")], 2, "ends without 'version'"),
    "cut inside a text": (WHOLE[: WHOLE.rindex("Not Found") - 40], 2, ""),
    "interactions no list": ('{"interactions": {}, "version": 1}', 0, "'interactions' is no list"),
    "no responses": (har({"request": har_entry()["request"]}), 0, "has 1 request and no response"),
    "all cancelled": (har(*[har_entry(response={"status": 0})] * 2), 0, "has 2 requests and no response"),
    "one cancelled": (har(har_entry(), har_entry(response={"status": 0})), 2, "has no response: it was blocked"),
    "no content": (har(har_entry(response={"status": 200, "content": {"size": 9}})), 1, "(9 bytes) was not recorded"),
    "no url": (har(har_entry(request={"method": "GET"})), 1, "the request has no 'url'"),
    "no request": (har(har_entry(), har_entry(request=None)), 2, "has no 'request'"),
    "no object": (har(har_entry(), 7), 2, "has no 'request'"),
    "odd status": (har(har_entry(response={"status": "OK"})), 1, "status is 'OK', not a number"),
    "odd header": (
        har(har_entry(request={"method": "GET", "url": URL, "headers": ["x"]})),
        1,
        "'x' should have a 'name'",
    ),
    "no base64": (
        har(har_entry(response={"status": 200, "content": {"text": "a", "encoding": "base64"}})),
        1,
        "Base64",
    ),
    "old without host": (
        json.dumps([{"request": {"method": "GET"}, "response": {}}]),
        1,
        "neither 'uri' nor 'protocol'",
    ),
    "unknown encoding": (cassette(interaction(got=b"x", encoding="lzma")), 1, "compressed with 'lzma'; known are gzip"),
    "no gzip": (cassette(interaction(got=b"no gzip", encoding="gzip")), 1, "should be compressed with gzip and is not"),
    "cut gzip": (cassette(interaction(got=gzip.compress(GOT)[:-12], encoding="gzip")), 1, "was cut"),
    "deep json": ("[" * 100_000, 0, "nested too deep"),
    "long number": ('{"log": ' + "9" * 5000 + "}", 0, "number that is too long"),
    "control character": ("a: \x07", 0, "is not usable YAML"),
}


@pytest.mark.parametrize(("content", "entry", "problem"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_names_entry_and_problem(file, content, entry, problem):
    error = refusal(file(content))
    assert (entry, True) == (error.entry, problem in error.problem), error
    assert error.problem.endswith("."), "a sentence"


def test_the_message_names_file_entry_problem_and_what_to_do(file):
    path = file(WHOLE[: WHOLE.rindex("- request")])
    assert str(refusal(path)) == (
        f"{path}, entry 1: ends without 'version', which vcrpy writes last: it was cut. "
        "Record it again, or restore it from version control. Nothing was written."
    )


def test_a_missing_file_gets_the_nearest_name(file):
    path = file("", "calls.har")
    assert "Did you mean 'calls.har'?" in refusal(path.with_name("cals.har")).problem
    assert "There is no folder" in refusal(path.parent / "no" / "calls.har").problem


def test_a_folder_is_no_recording(file, tmp_path):
    assert "It holds no recording" in refusal(tmp_path).problem
    file("", "calls.har")
    assert "such as 'calls.har'" in refusal(tmp_path).problem


@pytest.mark.parametrize(
    "tag",
    ["!!python/object/apply:os.system", "!!python/name:os.system", "!!python/object/new:subprocess.Popen", "!own"],
)
def test_a_tag_that_would_run_code_is_refused(file, tag):
    content = WHOLE + f"extra: {tag} ['true']\n"
    error = refusal(file(content))
    assert "only running code could build" in error.problem
    assert error.entry == 2


def test_known_tags_of_vcrpy_are_plain_values_here():
    load = files._loader()
    text = "!!python/object/new:_io.BytesIO\nstate: !!python/tuple [!!binary YWI=, 0, null]"
    assert yaml.load(text, Loader=load) == b"ab"
    assert yaml.load("!!python/object/apply:builtins.iter\nargs: [[a, b]]", Loader=load) == ["a", "b"]


def test_a_bomb_is_not_unpacked(file, monkeypatch):
    monkeypatch.setattr(compression, "MAX_BODY", 1000)
    assert (
        "more than 1000 bytes"
        in refusal(file(cassette(interaction(got=gzip.compress(b"x" * 9999), encoding="gzip")))).problem
    )


def test_a_missing_package_is_named(file, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(compression, "import_module", missing)
    assert "pip install brotli" in refusal(file(cassette(interaction(got=b"\x0b\x02", encoding="br")))).problem


def test_entries_go_on_after_a_request_without_an_answer(file):
    path = file(har(har_entry(response={"status": 0}), har_entry()))
    incomplete, exchange = entries(path)
    assert isinstance(incomplete, Incomplete)
    assert (incomplete.request.url, incomplete.note) == (URL, "entry 1")
    assert exchange.note == "entry 2"


@given(st.integers(0, len(WHOLE)))
def test_a_cassette_cut_anywhere_never_passes_for_a_whole_one(tmp_path_factory, at):
    path = tmp_path_factory.mktemp("cut") / "x.yaml"
    path.write_text(WHOLE[:at], encoding="utf-8")
    if WHOLE[at:].strip() not in {"", "1"}:
        refusal(path)


KEYS = [
    *("request", "method", "url", "uri", "protocol", "host", "port", "path"),
    *("response", "status", "headers", "body", "string", "content", "text", "name"),
]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
        max_leaves=20,
    )
)
def test_odd_entries_are_refused_and_never_raise_anything_else(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("odd") / "x"
    old = [{"request": value, "response": value}]
    for content in ({"log": {"entries": [value]}}, {"interactions": [value], "version": 1}, [value], old):
        path.write_text(json.dumps(content), encoding="utf-8")
        with suppress(RecordingError):
            list(read(path))
