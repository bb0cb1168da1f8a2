"""Texts that the process writes are redacted, and what the leak scan still finds is masked in its place."""

from pytest_graphcalls.redaction import Redactor
from pytest_graphcalls.sanitize import clean, clean_json, note


class Careless(Redactor):
    """A redactor that lets everything through."""

    def mask(self, text):
        return text

    def json(self, value):
        return value


CARELESS = Careless()


def test_the_redactor_comes_first_and_the_scan_finds_nothing_more():
    done = clean("client_secret='s3cret-of-mine' in call 57da")
    assert (done.text, done.kinds) == ("client_secret='REDACTED' in call 57da", ())


def test_a_secret_that_only_the_scan_finds_is_masked_in_its_place():
    done = clean("x client_secret='s3cret-of-mine' y\nX-Api-Key: abc def\nz", redactor=CARELESS)
    assert done.text == "x client_secret='REDACTED' y\nX-Api-Key: REDACTED\nz"
    assert done.kinds == ("secret by its name", "secret header")


def test_people_are_masked_only_on_request():
    text = "alice@contoso.com"
    assert clean(text).text == text
    assert clean(text, people=True).text == "REDACTED"


def test_a_json_value_is_masked_text_by_text():
    value = {"a": [{"client_secret": "s3cret-of-mine", "id": "57da"}], "b": ("Bearer opaque-token-17", 3, None)}
    done = clean_json(value, redactor=CARELESS)
    assert done.value == {"a": [{"client_secret": "REDACTED", "id": "57da"}], "b": ["Bearer REDACTED", 3, None]}
    assert done.kinds == ("secret by its name", "bearer token")
    assert clean_json(value).value == done.value


def test_a_json_value_without_secrets_comes_back_equal():
    value = {"id": "57da", "n": [1, 2.5, None, True], "state": "established"}
    assert clean_json(value).value == value


def test_a_member_name_that_is_a_secret_is_masked():
    assert clean_json({"Bearer opaque-token-17": 1}, redactor=CARELESS).value == {"Bearer REDACTED": 1}


def test_the_note_counts_the_places_by_kind():
    assert note([]) == ""
    assert note(["bearer token"]) == "The leak scan masked 1 place that redaction had let through: bearer token."
    assert note(["b", "a", "b"]) == "The leak scan masked 3 places that redaction had let through: a, b (2)."
