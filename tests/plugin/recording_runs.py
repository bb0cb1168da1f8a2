"""Inner runs with pytest-recording, and test files that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

# What an inner run imports anew each time costs it half a second.
import vcr.patch
import vcr.serializers.jsonserializer
import vcr.serializers.yamlserializer
import vcr.stubs.httpx_stubs  # noqa: F401  loaded while a cassette is open

import pytest_graphcalls.cli.cassettes
import pytest_graphcalls.plugin.recording  # noqa: F401  same
from tests.plugin.conftest import QUIET

WITH_RECORDING = tuple(
    word for pair in zip(QUIET[::2], QUIET[1::2], strict=True) if pair != ("-p", "no:recording") for word in pair
)
RunRecording = Callable[..., pytest.RunResult]

SERVICE = """
import json

import httpx
import pytest

GRAPH = "https://graph.microsoft.com/v1.0"
SIGN_IN = "https://login.microsoftonline.com/3aa3aa3a-1111-4222-8333-c0ffee123456/oauth2/v2.0/token"
USER = "9a9a9a9a-1111-4222-8333-abcdefabcdef"


def service(request):
    if request.url.host == "login.microsoftonline.com":
        return httpx.Response(200, json={"access_token": "canary-of-the-token", "expires_in": 3599})
    if request.method == "DELETE":
        return httpx.Response(204, headers={"Set-Cookie": "session=canary-of-the-cookie"})
    who = {"user": {"id": USER, "displayName": "Canary Person", "tenantId": "3aa3aa3a-1111-4222-8333-c0ffee123456"}}
    return httpx.Response(200, json={"id": "57da", "source": {"identity": who}, "mail": "canary@contoso.com"})


@pytest.fixture
def client():
    with httpx.Client(transport=httpx.MockTransport(service)) as client:
        yield client


def sign_in(client):
    form = {"client_id": USER, "client_secret": "canary-of-the-secret", "grant_type": "client_credentials"}
    return client.post(SIGN_IN, data=form).json()["access_token"]


def read(client, token="canary-of-the-token"):
    headers = {"Authorization": f"Bearer {token}"}
    return client.get(f"{GRAPH}/communications/calls/57da?user={USER}", headers=headers).json()
"""
"""The start of a test file: a client whose transport vcrpy records, and a service that answers."""

CANARIES = (
    "canary",
    "Canary",
    "3aa3aa3a-1111-4222-8333-c0ffee123456",
    "9a9a9a9a-1111-4222-8333-abcdefabcdef",
    "contoso",
    "client_secret",
)


_RECORDED: dict[object, dict[Path, bytes]] = {}


def once(what: object, folder: Path, record: Callable[[], pytest.RunResult]) -> list[Path]:
    """The cassettes that ``record`` writes to ``folder``; later requests for them get copies."""
    if what not in _RECORDED:
        assert record().ret == pytest.ExitCode.OK
        _RECORDED[what] = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.yaml")}
    for name, content in _RECORDED[what].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return sorted(folder / name for name in _RECORDED[what])


@pytest.fixture
def run_recording(pytester: pytest.Pytester) -> RunRecording:
    """Run pytest with pytest-recording in the project's folder."""

    def run(*arguments: str, workers: int = 0) -> pytest.RunResult:
        parallel = ("-n", str(workers)) if workers else ()
        return pytester.runpytest_inprocess(*WITH_RECORDING, *parallel, *arguments)

    return run
