"""A suite that fails in every way, with every planted secret in every place; ``test_canaries_planted.py`` runs it.

The secrets come from a file beside it, so that no source line shows one. Each test is run from a file of its own, as
pytest parses the whole file anew for every line of a traceback that it shows.
"""

import json
import logging
import os
import sys
import warnings
from pathlib import Path

import pytest


class Planted:
    """A secret, as a test holds it that shows it in one way only: by what it does with it."""

    def __init__(self, facts):
        self.__dict__.update(facts)

    def __repr__(self):
        return "planted"


PLANTED = [Planted(facts) for facts in json.loads((Path(__file__).parent / "planted.json").read_text())]
CALLS = "/communications/calls"
every = pytest.mark.parametrize("number", range(len(PLANTED)))


@every
def test_sent(number, graphcalls_client):
    """Header, query, form, JSON, JSON in JSON, a form in parts, clientContext, an address in a body."""
    one = PLANTED[number]
    send, form = graphcalls_client.post, {"Content-Type": "application/x-www-form-urlencoded"}
    url = one.written if one.written.startswith("https:") else f"https://h.contoso.com/x?{one.assigned}"
    parts = f'--x\r\nContent-Disposition: form-data; name="{one.member}"\r\n\r\n{one.written}\r\n--x--\r\n'
    send(CALLS, json={"callbackUri": 1}, headers={one.member: one.written})
    send(CALLS, params={one.member: one.written}, json={"callbackUri": 2})
    send(CALLS, content=f"{one.assigned}&grant_type=x", headers=form)
    send(CALLS, json={one.member: one.written, "callbackUri": 3})
    send(CALLS, json={"source": json.dumps({"a": json.dumps({"b": [{one.member: one.written}]})})})
    send(CALLS, content=parts, headers={"Content-Type": "multipart/form-data; boundary=x"})
    invite = {"participants": [], "clientContext": one.assigned}
    send(f"{CALLS}/57dab8b1-894c-409a-b240-bd8beae78896/participants/invite", json=invite)
    send(CALLS, json={"callbackUri": url})
    assert one.name == "not this"


@every
def test_said(number, graphcalls_version, monkeypatch):
    """Standard output, standard error, log, warning, environment, local variables, exception, cause."""
    one = PLANTED[number]
    print(f"sent {one.assigned}")
    print(json.dumps({"request": {"headers": {one.member: one.written}}}, indent=2))
    print(f"curl -X POST -H '{one.said}' https://graph.microsoft.com", file=sys.stderr)
    log = logging.getLogger("app")
    log.warning("asked with %s", one.assigned)
    log.error("headers: %s", {one.member: one.written})
    warnings.warn(f"deprecated: {one.assigned}", UserWarning, stacklevel=1)
    monkeypatch.setenv(f"BOT_{one.member}".replace("-", "_").upper(), one.written)
    facts = {"environ": dict(os.environ), "json": {one.member: one.written}, "headers": [(one.member, one.written)]}
    try:
        refuse(one.said, facts)
    except ValueError as error:
        raise RuntimeError(f"the service said: {one.assigned} is not valid") from error


def refuse(said, facts):
    raise ValueError(f"refused {said}")


@every
def test_compared(number, graphcalls_version):
    """Two mappings that differ."""
    one = PLANTED[number]
    sent = {one.member: one.written, "grant_type": "client_credentials", "scope": ".default"}
    assert sent == {"grant_type": "password", "scope": ".default"}


@every
def test_an_address(number, graphcalls_version):
    """An address so long that pytest shortens it in the middle."""
    one = PLANTED[number]
    url = "https://h.contoso.com/v1.0/communications/calls/57dab8b1-894c-409a-b240-bd8beae78896"
    url += f"?page={'1' * 150}&{one.assigned}"
    assert url == "https://h.contoso.com/"


@every
def test_a_call(number, graphcalls_version):
    """Within an expression that pytest explains, shortened."""
    one = PLANTED[number]
    url = f"https://h.contoso.com/v1.0/communications/calls?page={'1' * 250}&{one.assigned}"
    assert in_order(url)


def in_order(url):
    return False


@every
def test_noted(number, graphcalls_version, record_property, request):
    """Properties, sections, the reason of a test that is expected to fail."""
    one = PLANTED[number]
    record_property("request", one.assigned)
    record_property(one.member, one.written)
    request.node.add_report_section("call", "sent", one.said)
    pytest.xfail(f"not yet: {one.said}")


@pytest.mark.parametrize("client_secret", [one.written for one in PLANTED], ids=range(len(PLANTED)))
def test_given(client_secret, graphcalls_version):
    """An argument of the test, which pytest shows beside its name."""
    assert len(client_secret) == 0


if hasattr(pytest, "Subtests"):  # from pytest 9 on

    @every
    def test_in_parts(number, graphcalls_version, subtests):
        """Message, arguments, output and log of a part of a test."""
        one = PLANTED[number]
        with subtests.test(f"with {one.assigned}", request=one.said):
            print(f"sent {one.assigned}")
            logging.getLogger("app").warning("asked with %s", one.said)
            raise RuntimeError(one.assigned)


@pytest.mark.parametrize("sent", [one.assigned for one in PLANTED])
def test_named(sent, graphcalls_version):
    """pytest makes the test's name of it."""
