"""What gives no access stays readable: ids, times, states, names of rules, addresses, sentences about secrets."""

import pytest

from pytest_graphcalls.leakscan import hide
from pytest_graphcalls.redaction import MASK, mask, redact_json
from pytest_graphcalls.sanitize import clean, clean_json

PAGE = """\
graphcalls: target=simulator, network=blocked, contract=v1.0, cassettes=cassettes/v1.0
contracts/test_participant_invite.py::test_replaces_uses_first_only FAILED                                      [ 42%]

participant-invite.token-is-required: a request without a bearer token is refused with 401.
  documented  https://learn.microsoft.com/graph/api/participant-invite?view=graph-rest-1.0&tabs=http#response
  reported    https://learn.microsoft.com/en-us/answers/questions/1185623/teams-bot-calling?code=7504&state=established
  1 POST https://graph.microsoft.com/v1.0/communications/calls -> 201 establishing
  2 notify establishing -> established at 2026-11-28T22:15:04.1234567Z (0.213 s later)
  3 POST /v1.0/communications/calls/57dab8b1-894c-409a-b240-bd8beae78896/participants/invite -> 200 running
  4 DELETE /app/calls/57dab8b1-894c-409a-b240-bd8beae78896/participants/2b7c8f3e-0b4a-4d0e-9b55-3c1d2e3f4a5b -> 204

E   AssertionError: participant-invite.location-is-promised: response header Location is missing
E     response body.participants[0].identity.user.id: expected Edm.String, got 17
E     response body.meetingInfo.token: is missing; tokenMeetingInfo promises it
E     request header Authorization: expected a bearer token, got none
E   assert 'established' == 'terminated'
E     - terminated
E     + established

{"error":{"code":"InvalidAuthenticationToken","message":"Access token is empty.",
"innerError":{"date":"2026-11-28T22:15:04","request-id":"cf7e5383-c461-4792-b032-47768417f94f","client-request-id":"cf7e5383-c461-4792-b032-47768417f94f"}}}
{"@odata.type":"#microsoft.graph.commsOperation","status":"completed","clientContext":"d45324c1-fcb5-430a-902c-f20af696537c"}
{"token": null, "passcode": "", "tokenType": "Bearer", "expiresIn": 3599, "access_token": null}
WWW-Authenticate: Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"
ETag: W/"JzEtVHJ1bmNhdGVkJzs=", Content-Type: application/json; odata.metadata=minimal; IEEE754Compatible=false
AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the client secret value, not its ID.
DiagCode: 412#10073.@, subcode 5003, retry after 30 s, 3 of 5 attempts, p99 12.5 ms, build 20261128.4, exit code 1
the secret of the app is missing: set AZURE_CLIENT_SECRET, or AZURE_FEDERATED_TOKEN_FILE to a file
rules: 214 checked, 3 questions; tokens live for 3600 s; the password must not be empty; no passcode was asked for
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 commit 5d556b2a9fd7cbb6c111e0d1e2f3a4b5c6d7e8f9
19:meeting_MjdhNjM4YzUtYzExZi00OTFkLWE4NTctY2FkYWMxYmU0MWM5@thread.v2 tel:+14255550842 alice@contoso.com 8:orgid:57da
$select=id,displayName&$filter=startswith(displayName,'A')&$top=5&$skiptoken=abc
Get a token with: export GRAPHCALLS_TOKEN=$(az account get-access-token --query accessToken -o tsv)
self.token = connection.token; token = simulator.authority.token(app); authorization: str | None; secret=os.environ["X"]
"passcode": {"type": "Edm.String", "collection": false, "nullable": true}, "token": {"type": "string"}
  additive: participant.replacementLink: new member; $.passcode: new: 'passcode'; members: ['token', 'passcode']
  ... answered 401 InvalidAuthenticationToken: the sign-in failed. GRAPHCALLS_TOKEN=(not shown): expected a bearer token
    answered 401 InvalidAuthenticationToken: Access token is empty.; request-id cf7e5383-c461-4792-b032-47768417f94f
    answered 401 InvalidAuthenticationToken: Lifetime validation failed, the token is expired.; request-id cf7e5383
    answered 401 InvalidAuthenticationToken: CompactToken parsing failed with error code: 80049217
  usage: --token TOKEN  bearer token for a base URL; max_tokens=4000; cookies: 2 set; GRAPHCALLS_TOKEN: unset
GRAPHCALLS_TOKEN=(not shown): expected a bearer token; AZURE_CLIENT_SECRET=(not set), client_secret=(hidden)
Bearer <token>, Authorization: Bearer ${TOKEN}, client_secret=***, password: null, X-Api-Key: <key>, secret: REDACTED
"""


def test_a_page_of_reports_errors_and_addresses_does_not_change():
    shown = clean(PAGE)
    assert shown.text.splitlines() == PAGE.splitlines()
    assert shown.kinds == ()


@pytest.mark.parametrize("line", PAGE.splitlines())
def test_a_line_of_it_does_not_change(line):
    assert mask(line) == line
    assert hide(line, mask=MASK, people=False) == (line, ())


def test_a_json_value_of_ids_times_and_states_does_not_change():
    value = {
        "id": "57dab8b1-894c-409a-b240-bd8beae78896",
        "state": "established",
        "createdDateTime": "2026-11-28T22:15:04.1234567Z",
        "error": {"code": "8522", "message": "Call not found. DiagCode: 481#501.@"},
        "rule": "participant-invite.token-is-required",
        "tokenMeetingInfo": True,
        "usage": {"tokens": 12, "maxTokens": 4000, "tokenType": "Bearer"},
        "keyId": "cf7e5383-c461-4792-b032-47768417f94f",
        "nextPageToken": "abc",
        "isSecret": False,
        "path": "/communications/calls/{call-id}/participants/{participant-id}",
    }
    assert redact_json(value) == value
    assert clean_json(value).value == value
