"""What cannot be read names file and entry."""

import gzip
import json
import zlib
from contextlib import suppress
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as st

from pytest_graphcalls import compression
from pytest_graphcalls.cassette import Incomplete, entries, read
from pytest_graphcalls.errors import RecordingError
from tests.effort import examples
from tests.unit.cassette_reading.conftest import GOT, URL, cassette, har, har_entry, interaction


def refusal(path) -> RecordingError:
    with pytest.raises(RecordingError) as caught:
        list(read(path))
    assert str(path) == caught.value.file
    return caught.value


WHOLE = cassette(interaction(), interaction())
UNREADABLE = {
    "empty": ("", 0, "is empty"),
    "blank": (" \n\n", 0, "is empty"),
    "binary": (b"\x89PNG\r\n\x1a\n\xff", 0, "is not text: invalid leading UTF-8 octet (line 1)"),
    "zeros": (b"\0\0\0", 0, "is not text: control characters are not allowed"),
    "gzip": (gzip.compress(b"x"), 0, "is a gzip archive"),
    "some json": ('{"name": "x"}', 0, "has the keys 'name'; a HAR file has 'log'"),
    "json list": ("[1]", 0, "holds a list of something else"),
    "some yaml": ("a: 1\n", 0, "has the keys 'a'"),
    "prose": ("Dear all\n", 0, "holds a single value; a HAR file has 'log'"),
    "no yaml": ("a: [1\nb: ]:", 0, "is not YAML: did not find expected ',' or ']' (line 2)"),
    "cut json": (har(har_entry(), har_entry())[:-150], 2, "ends in the middle: it was cut"),
    "cut in a string": (har(har_entry())[:100], 1, "ends in the middle"),
    "bad json": ('{"log": {"entries": [{"request": nonsense}]}}', 1, "is not JSON: Expecting value (line 1)"),
    "cut between interactions": (WHOLE[: WHOLE.rindex("- request")], 1, "ends without 'version'"),
    "cut inside an interaction": (WHOLE[: WHOLE.rindex("    method")], 2, "it was cut"),
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
    "deep json": ("[" * 100_000, 1, "nested too deep"),
    "long number": ('{"log": ' + "9" * 5000 + "}", 0, "number of more than 4,300 digits"),
    "control character": ("a: \x07", 0, "is not text: control characters are not allowed"),
}


@pytest.mark.parametrize(("content", "entry", "problem"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_entry_is_reported_with_its_problem(file, content, entry, problem):
    error = refusal(file(content))
    assert (entry, True) == (error.entry, problem in error.problem), error
    assert error.problem.endswith("."), "a sentence"


def test_the_message_names_file_entry_problem_and_what_to_do(file):
    path = file(WHOLE[: WHOLE.rindex("- request")])
    assert str(refusal(path)) == (
        f"{path}, entry 1: ends without 'version', which vcrpy writes last: it was cut. "
        "Record it again, or restore it from version control."
    )


def test_a_missing_file_gets_the_nearest_name(file):
    path = file("", "calls.har")
    assert "Did you mean 'calls.har'?" in refusal(path.with_name("cals.har")).problem
    assert "There is no folder" in refusal(path.parent / "no" / "calls.har").problem


def test_a_folder_is_no_recording(file, tmp_path):
    assert "It holds no recording" in refusal(tmp_path).problem
    file("", "calls.har")
    assert "such as 'calls.har'" in refusal(tmp_path).problem


def test_the_folder_of_cassettes_names_one_of_them(file, tmp_path):
    """They lie below a folder for the version and one for the module."""
    (tmp_path / "v1.0" / "test_calls").mkdir(parents=True)
    file("", "v1.0/test_calls/test_one.yaml")
    assert "such as 'v1.0/test_calls/test_one.yaml'" in refusal(tmp_path).problem


@pytest.mark.parametrize(
    "tag",
    ["!!python/object/apply:os.system", "!!python/name:os.system", "!!python/object/new:subprocess.Popen", "!own"],
)
def test_a_tag_that_would_run_code_is_refused(file, tag):
    content = WHOLE + f"extra: {tag} ['true']\n"
    error = refusal(file(content))
    assert "only running code could build" in error.problem
    assert error.entry == 2


@pytest.mark.parametrize(
    "body",
    [
        "!!python/object/new:_io.BytesIO {state: !!python/tuple [!!binary YWI=, 0, null]}",
        "!!python/object/apply:builtins.iter {args: [[a, b]]}",
    ],
)
def test_known_tags_of_vcrpy_are_plain_values_here(file, body):
    row = f"request: {{method: GET, uri: '{URL}'}}, response: {{status: 200, body: {{string: {body}}}}}"
    (exchange,) = read(file(f"interactions: [{{{row}}}]\nversion: 1\n"))
    assert exchange.response.body == b"ab"


def test_a_bomb_is_not_unpacked(file, monkeypatch):
    monkeypatch.setattr(compression, "MAX_BODY", 1000)
    assert (
        "more than 1,000 bytes"
        in refusal(file(cassette(interaction(got=gzip.compress(b"x" * 9999), encoding="gzip")))).problem
    )


def test_a_missing_package_is_named(file, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(compression, "import_module", missing)
    assert "pip install brotli" in refusal(file(cassette(interaction(got=b"\x0b\x02", encoding="br")))).problem


class OfThePackageError(Exception):
    """An error of a decompression package, which is no ValueError, nor any other of Python's."""


class Machine:
    """What brotli, brotlicffi, zstandard, and Python's own zstd have in common, on top of zlib."""

    def __init__(self):
        self.inner = zlib.decompressobj()

    def process(self, piece):
        try:
            return self.inner.decompress(piece)
        except zlib.error:
            raise OfThePackageError("no such frame") from None

    decompress = process

    def decompressobj(self):
        return self

    def is_finished(self):
        return self.inner.eof

    @property
    def eof(self):
        return self.inner.eof


BROTLI = SimpleNamespace(Decompressor=Machine, error=OfThePackageError)
ZSTD = SimpleNamespace(ZstdDecompressor=Machine, ZstdError=OfThePackageError)
PACKAGES = [
    ("br", "brotli", BROTLI),
    ("br", "brotlicffi", BROTLI),
    ("zstd", "compression.zstd", ZSTD),
    ("zstd", "backports.zstd", ZSTD),
    ("zstd", "zstandard", ZSTD),
]


@pytest.mark.parametrize(("encoding", "name", "package"), PACKAGES)
def test_a_body_is_unpacked_by_whatever_package_is_there(monkeypatch, encoding, name, package):
    """A damaged body is unpacked only as far as needed to see the damage."""

    def only(wanted):
        if wanted != name:
            raise ImportError(wanted)
        return package

    monkeypatch.setattr(compression, "import_module", only)
    monkeypatch.setattr(compression, "MAX_BODY", 100_000)
    plain = bytes(Random(1).choices(b"0123456789", k=5_000))
    packed = zlib.compress(plain)
    assert compression.decompress(packed, encoding) == plain
    wrong = {
        packed[:-5]: f"a body compressed with {encoding} was cut.",
        b"garbage": f"a body should be compressed with {encoding} and is not (no such frame).",
        zlib.compress(b"0" * 10**7): "a body grows to more than 100,000 bytes.",
    }
    for body, problem in wrong.items():
        with pytest.raises(compression.UnreadableBodyError) as caught:
            compression.decompress(body, encoding)
        assert str(caught.value) == problem


def test_entries_go_on_after_a_request_without_an_answer(file):
    path = file(har(har_entry(response={"status": 0}), har_entry()))
    incomplete, exchange = entries(path)
    assert isinstance(incomplete, Incomplete)
    assert (incomplete.request.url, incomplete.note) == (URL, "entry 1")
    assert exchange.note == "entry 2"


@examples(100)
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


@examples(100)
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
