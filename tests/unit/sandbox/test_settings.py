"""What a sandbox has, and whether its tenant may be used."""

from __future__ import annotations

import json
from urllib.parse import quote

import jwt
import pytest

from pytest_graphcalls.contract import VERSIONS, Contract
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.sandbox import Meeting, Sandbox, admit, tenant_of
from pytest_graphcalls.wire import Headers, Request, encode_json

TENANT = "f43b0b1e-1f9f-4b0c-8f4f-0a1b2c3d4e5f"
OTHER = "11111111-2222-4333-8444-555555555555"
OLIVIA = "112f7296-5fa4-42ca-bae8-6a692b15d4b8"
THREAD = "19:meeting_NmQ5@thread.v2"
CONTEXT = quote(json.dumps({"Tid": TENANT, "Oid": OLIVIA}))
LONG = f"https://teams.microsoft.com/l/meetup-join/{quote(THREAD, safe='')}/0?context={CONTEXT}"
SHORT = "https://teams.microsoft.com/meet/2345678901?p=aBcDeF"


def read(**texts: str) -> Sandbox:
    return Sandbox.read(TENANT, [("graphcalls_sandbox", name, text) for name, text in texts.items()])


def test_a_long_join_address_holds_the_coordinates() -> None:
    """Thread, message, organizer and tenant are all in it."""
    assert Meeting.parse(LONG) == Meeting(THREAD, "0", OLIVIA, TENANT)


@pytest.mark.parametrize(("address", "passcode"), [(SHORT, "aBcDeF"), (SHORT.partition("?")[0], "")])
def test_a_short_join_address_holds_a_number(address: str, passcode: str) -> None:
    """The passcode may be missing, and is null in the body then."""
    meeting = Meeting.parse(address)
    assert (meeting.join_id, meeting.passcode) == ("2345678901", passcode)
    assert meeting.members()["meetingInfo"]["passcode"] == (passcode or None)


@pytest.mark.parametrize("address", [LONG, SHORT])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_create_for_a_meeting_keeps_the_contract(version: str, address: str) -> None:
    """A tenant is never judged by a request that the contract would object to."""
    body = {
        "@odata.type": "#microsoft.graph.call",
        "callbackUri": "https://bot.example.org/calls",
        "requestedModalities": ["audio"],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        "tenantId": TENANT,
        **Meeting.parse(address).members(),
    }
    headers = Headers({"Authorization": "Bearer a.b.c", "Content-Type": "application/json"})
    request = Request("POST", f"/{version}/communications/calls", headers, encode_json(body))
    assert Contract.packaged().check_request(request) == ()


def test_settings_are_read() -> None:
    """Lists are split at white space or commas; a name may be given several times."""
    sandbox = Sandbox.read(
        TENANT,
        [
            ("ini", "meetings", LONG),
            ("ini", "meetings", SHORT),
            ("ini", "users", f"{OLIVIA}, {OTHER}"),
            ("env", "phone", "+12345678901"),
            ("env", "callback", "https://bot.contoso.example/calls"),
            ("env", "listen", "[::1]:3978"),
        ],
    )
    assert sandbox == Sandbox(
        TENANT,
        meetings=(Meeting.parse(LONG), Meeting.parse(SHORT)),
        users=(OLIVIA, OTHER),
        phone="+12345678901",
        callback="https://bot.contoso.example/calls",
        listen=("::1", 3978),
    )


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "fone",
            "+1",
            "graphcalls_sandbox=fone: expected one of meetings, users, bots, phone, agreed, callback, listen. Did you "
            "mean 'phone'?",
        ),
        ("phone", "123", "graphcalls_sandbox phone=123: expected a number in E.164 form, e.g. +12345678901."),
        (
            "users",
            "olivia@contoso.example",
            "graphcalls_sandbox users=olivia@contoso.example: expected object ids of users, GUIDs with white space "
            "between.",
        ),
        (
            "callback",
            "http://bot",
            "graphcalls_sandbox callback=http://bot: expected an address that begins with https://.",
        ),
        ("listen", "3978", "graphcalls_sandbox listen=3978: expected host and port, e.g. 127.0.0.1:3978."),
        ("listen", "here:70000", "graphcalls_sandbox listen=here:70000: expected host and port, e.g. 127.0.0.1:3978."),
        (
            "listen",
            "here:3978",
            "graphcalls_sandbox listen=here:3978: expected a callback address that leads there. Add 'callback = "
            "https://…' in graphcalls_sandbox, or GRAPHCALLS_SANDBOX_CALLBACK.",
        ),
        (
            "meetings",
            "https://teams.microsoft.com/l/meetup-join/19%3asecret/0?context={}",
            "graphcalls_sandbox meetings=(hidden): expected join addresses of Teams meetings, …/l/meetup-join/… or "
            "…/meet/…, white space between.",
        ),
    ],
)
def test_a_wrong_setting_names_its_source(name: str, text: str, sentence: str) -> None:
    """The sentence says what was expected; an address that opens a meeting to its readers is not shown."""
    with pytest.raises(SettingError) as error:
        read(**{name: text})
    assert str(error.value) == sentence


@pytest.mark.parametrize("text", ["x", "https://teams.microsoft.com/l/meetup-join/a/0", f"{LONG} x", LONG[:-9]])
def test_half_a_join_address_is_none(text: str) -> None:
    """Cut, empty or foreign addresses are refused in words."""
    with pytest.raises(SettingError):
        read(meetings=text)


def test_processes_share_without_meeting_each_other() -> None:
    """No user and no meeting is in two shares, and none is lost; what has no end is everybody's."""
    users = tuple(f"00000000-0000-4000-8000-{number:012}" for number in range(5))
    sandbox = Sandbox(
        TENANT, (Meeting.parse(LONG), Meeting.parse(SHORT)), users, phone="+1234567", callback="https://b/"
    )
    shares = [sandbox.share(index, 2) for index in range(2)]
    assert sorted(user for share in shares for user in share.users) == sorted(users)
    assert [len(share.meetings) for share in shares] == [1, 1]
    assert {(share.phone, share.callback) for share in shares} == {("+1234567", "https://b/")}
    assert sandbox.share(0, 1) == sandbox


def test_the_users_whom_tests_may_invite() -> None:
    """Users are listed by the member of an identity set for their id; organizers are not among them."""
    sandbox = Sandbox(TENANT, (Meeting.parse(LONG),), users=(OTHER,), bots=(TENANT,), phone="+1234567")
    assert sandbox.invitees == ((OTHER, "", "user"), (TENANT, "", "application"), ("+1234567", "", "phone"))


def test_a_listed_tenant_is_admitted() -> None:
    """A tenant is compared without regard to letter case."""
    assert admit(TENANT, [OTHER, TENANT.upper()]) == TENANT


def test_a_tenant_that_is_not_listed_is_refused_with_the_line_to_add() -> None:
    """The line keeps what is listed already, so that it can be pasted."""
    with pytest.raises(SettingError) as error:
        admit(TENANT, [OTHER])
    assert str(error.value) == (
        f"AZURE_TENANT_ID={TENANT}: expected a tenant that graphcalls_sandbox_tenants lists. A live run creates calls "
        "and rings people, so it starts in a listed tenant only. If this is a test tenant, list it in "
        "pyproject.toml (in pytest.ini the key takes one id per line):\n"
        "  [tool.pytest.ini_options]\n"
        f'  graphcalls_sandbox_tenants = ["{OTHER}", "{TENANT}"]'
    )


@pytest.mark.parametrize("tenant", ["contoso.onmicrosoft.com", "", "*"])
def test_nothing_but_an_id_is_a_tenant(tenant: str) -> None:
    """A domain may be moved to another tenant, so it is no proof, and there is no way to allow every tenant."""
    with pytest.raises(SettingError, match="the id of a sandbox tenant"):
        admit(tenant, ["*"] if tenant == "*" else [])


def test_no_allow_list_no_run() -> None:
    """Without an allow list a live run does not start."""
    with pytest.raises(SettingError):
        admit(TENANT, [])


@pytest.mark.parametrize(
    ("token", "tenant"),
    [
        (jwt.encode({"tid": TENANT}, "k" * 32), TENANT),
        (jwt.encode({"tid": 1}, "k" * 32), ""),
        ("opaque", ""),
        ("", ""),
        ("a.bc.d", ""),
        ("a.W10.d", ""),
        ("a.\u00e9.d", ""),
    ],
)
def test_the_tenant_of_a_token(token: str, tenant: str) -> None:
    """A token that cannot be read says nothing."""
    assert tenant_of(token) == tenant


def test_the_users_who_did_not_agree_are_known() -> None:
    """Users and phone that the setting does not name; ids compare without regard to case."""
    one, other = "3fa85f64-5717-4562-b3fc-2c963f66afa6", "3fa85f64-5717-4562-b3fc-2c963f66afa7"
    said = [("x", "users", f"{one} {other}"), ("x", "phone", "+15550100"), ("x", "agreed", f"{one.upper()} +15550100")]
    assert Sandbox.read("t", said).not_asked == (other,)
    with pytest.raises(SettingError, match="object ids of users and numbers"):
        Sandbox.read("t", [("x", "agreed", "Adele")])
