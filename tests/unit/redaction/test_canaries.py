"""Each kind of secret is masked, wherever a text holds it, and its neighbours stay."""

import re

from pytest_graphcalls.leakscan import hide
from pytest_graphcalls.redaction import MASK, Redactor, mask
from tests.every import every
from tests.house.canaries import CANARIES, found_in
from tests.unit.redaction.samples import exchange


def test_there_are_enough_canaries_and_each_is_in_its_text():
    assert len(CANARIES) >= 150
    assert len({one.secret for one in CANARIES.values()}) > 150


@every("name", CANARIES)
def test_a_canary_is_masked_by_the_redactor(name):
    shown = mask(CANARIES[name].text)
    assert found_in(shown, {name: CANARIES[name]}) == []
    assert mask(shown) == shown, "masking twice changes nothing more"


@every("name", CANARIES)
def test_a_canary_is_masked_by_the_leak_scan_alone(name):
    shown, kinds = hide(CANARIES[name].text, mask=MASK, people=False)
    assert kinds
    assert found_in(shown, {name: CANARIES[name]}) == []


@every("name", [name for name in CANARIES if "Base64" in name or "hex" in name])
def test_canaries_in_packed_bodies_are_masked(name):
    assert re.findall(r"[A-Za-z0-9+/]{24,}", CANARIES[name].text)
    for shown in (mask(CANARIES[name].text), hide(CANARIES[name].text, mask=MASK, people=False)[0]):
        assert not re.findall(r"[A-Za-z0-9+/]{24,}", shown)


@every("name", CANARIES)
def test_a_canary_in_a_json_value_is_masked(name):
    redacted = Redactor("cassette", "canaries").json({"message": [CANARIES[name].text]})
    assert found_in(redacted["message"][0], {name: CANARIES[name]}) == []


@every("case", [(name, profile) for name in CANARIES for profile in ("tokens", "cassette")])
def test_a_canary_in_a_body_or_a_header_is_masked(case):
    name, profile = case
    text = CANARIES[name].text
    header = [("X-Debug", text)] if "\n" not in text else []
    sent = exchange(sent=text.encode(), got=text.encode("utf-16"), answer=header)
    clean = Redactor(profile, "canaries").exchange(sent)
    for part in (clean.request.body, clean.response.body, repr(clean.response.headers).encode()):
        assert found_in(part.replace(b"\0", b"").decode("utf-8", "replace"), {name: CANARIES[name]}) == []
