"""What is packed is unpacked."""

import gzip
import json
from base64 import b64encode

import pytest
import yaml

from pytest_graphcalls.leakscan import Leak, scan
from tests.unit.leakscan.samples import kinds

PACKED = b'{"x": "some words in front", "client_secret": "abc", "y": "and some behind"}'


@pytest.mark.parametrize(
    "text",
    [
        b64encode(PACKED).decode(),
        b64encode(gzip.compress(PACKED, mtime=0)).decode(),
        b64encode(b64encode(PACKED)).decode(),
        b64encode(PACKED).decode().rstrip("="),
    ],
)
def test_base64_is_read(text):
    assert kinds(f"a: 1\nb: {text}\n") == {"secret by its name"}
    assert [leak.line for leak in scan(f"a: 1\nb: {text}\n")] == [2]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_body_that_yaml_wrote_as_binary_is_read(pack):
    text = yaml.safe_dump({"body": {"string": pack(b"\xff" + PACKED * 5 if pack is bytes else PACKED * 5)}})
    assert "!!binary" in text
    if pack is gzip.compress:
        assert kinds(text) == {"secret by its name"}


def test_a_text_that_yaml_has_folded_is_read():
    body = json.dumps({"message": json.dumps({"text": "wörter " * 20, "passcode": "s3cr3t wörter", "n": 1})})
    text = yaml.safe_dump({"interactions": [{"response": {"body": {"string": body}}}]}, width=80)
    assert "secret by its name" in kinds(text)
    assert "secret of this run" in kinds(text, ["s3cr3t w"])


def test_a_compressed_file_is_read(tmp_path):
    file = tmp_path / "x.gz"
    file.write_bytes(gzip.compress(b"a\n\npasscode: abc"))
    assert [Leak(str(file), 1, "secret by its name")] == [*scan(file)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_bytes_of_any_encoding_are_read(encoding):
    assert [leak.line for leak in scan("ä: 1\npasscode: abc".encode(encoding))] == [2]
