"""Values of the run are found, whatever they look like."""

import gzip
import json
from base64 import b64encode, urlsafe_b64encode

import pytest

from tests.unit.leakscan.samples import kinds

SECRET = 'Zx9 "quoted" & more/8Q'


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        SECRET.upper(),
        "Zx9%20%22quoted%22%20%26%20more%2F8Q",
        "Zx9%2520%2522quoted%2522%2520%2526%2520more%252F8Q",
        json.dumps(SECRET),
        SECRET.replace("/", "\\/").replace('"', "\\u0022"),
        "Zx9 &quot;quoted&quot; &amp; more/8Q",
        b64encode(f"user:{SECRET}".encode()).decode(),
        urlsafe_b64encode(f"us:{SECRET}".encode()).decode(),
        b64encode(gzip.compress(SECRET.encode() * 3, mtime=0)).decode(),
    ],
)
def test_a_known_value_is_found_however_it_is_written(written):
    found = kinds(f"a\nb {written} c", [SECRET])
    assert "secret of this run" in found or '\\"' in written
    assert "secret of this run" in kinds(written.replace('\\"', '"'), [SECRET])


def test_a_known_value_of_a_few_letters_is_not_looked_for():
    assert not kinds("abc", ["abc", ""])
