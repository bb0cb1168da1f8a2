"""Where one signs in: the clouds, and the authority's address."""

from __future__ import annotations

import pytest

from pytest_graphcalls.auth import (
    Credential,
    SignIn,
)
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import SettingError, UnknownNameError
from tests.unit.auth.conftest import GLOBAL


def test_a_cloud_gives_the_scope() -> None:
    """Of Graph's own root in that cloud (observed 9.4)."""
    clouds = Contract.packaged().clouds
    assert list(clouds) == ["global", "us-gov-l4", "us-gov-l5", "china"]
    assert clouds["us-gov-l5"].scope == "https://dod-graph.microsoft.us/.default"
    assert {cloud.authority_host for cloud in clouds.values()} == {
        "https://login.microsoftonline.com",
        "https://login.microsoftonline.us",
        "https://login.chinacloudapi.cn",
    }


def test_an_unknown_cloud_has_a_nearest_match() -> None:
    """An error names the nearest known cloud."""
    with pytest.raises(UnknownNameError, match="Did you mean 'us-gov-l4'"):
        Contract.packaged().cloud("us-gov-14")


def test_every_cloud_of_an_operation_is_one() -> None:
    """Operations say where they are by the same names."""
    contract = Contract.packaged()
    named = {name for one in contract.operations.values() for names in one.clouds.values() for name in names}
    assert named <= set(contract.clouds)


def test_an_authority_can_be_given(credential: Credential) -> None:
    """An authority may have a tenant and a scheme, or not, like AZURE_AUTHORITY_HOST."""
    for authority in ("https://localhost:8443", "https://localhost:8443/", "localhost:8443"):
        one = SignIn(credential, GLOBAL, authority=authority, http=None)
        assert one.authority == f"https://localhost:8443/{credential.tenant_id}"
    assert SignIn(credential, GLOBAL, authority="https://h/other", http=None).authority == "https://h/other"
    assert SignIn(credential, GLOBAL, http=None).authority == f"{GLOBAL.authority_host}/{credential.tenant_id}"


@pytest.mark.parametrize("authority", ["http://localhost:8443", "ftp://x", "https://"])
def test_an_authority_without_tls_is_refused(credential: Credential, authority: str) -> None:
    """A secret is not sent in the clear."""
    with pytest.raises(SettingError, match="graphcalls serve --tls FOLDER"):
        SignIn(credential, GLOBAL, authority=authority, http=None)
