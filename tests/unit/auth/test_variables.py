"""Which variables say who signs in."""

from __future__ import annotations

import pytest

from pytest_graphcalls.auth import (
    AUTHORITY,
    CERTIFICATE,
    CERTIFICATE_PASSWORD,
    CLIENT,
    SECRET,
    TENANT,
    TOKEN_FILE,
    Certificate,
    Credential,
)
from pytest_graphcalls.errors import SettingError
from tests.unit.auth.conftest import GUID

GIVEN = {TENANT: GUID, CLIENT: GUID, SECRET: "s3cr3t-value"}


def test_the_variables_are_those_of_azure_identity() -> None:
    """A user who has set them for another tool has set them for this one."""
    from azure.identity._constants import EnvironmentVariables

    names = {value for name, value in vars(EnvironmentVariables).items() if isinstance(value, str)}
    assert {TENANT, CLIENT, SECRET, CERTIFICATE, CERTIFICATE_PASSWORD, TOKEN_FILE, AUTHORITY} <= names


def test_variables_are_read_into_a_credential() -> None:
    """Any one of secret, certificate and token file is enough; empty counts as not set."""
    assert Credential.from_environment(GIVEN) == Credential(GUID, GUID, "s3cr3t-value")
    by_file = {**GIVEN, SECRET: "", TOKEN_FILE: "token"}
    assert Credential.from_environment(by_file).setting == TOKEN_FILE
    everything = {**by_file, SECRET: "x", CERTIFICATE: "pem", CERTIFICATE_PASSWORD: "p"}
    assert Credential.from_environment(everything).setting == SECRET
    assert Credential.from_environment({**everything, SECRET: ""}).setting == CERTIFICATE
    assert Credential.from_environment(everything).secrets == ("x", "p")


def test_a_credential_does_not_show_its_secrets() -> None:
    """pytest prints local variables."""
    assert "hunter" not in repr(Credential(GUID, GUID, "hunter1", "c.pem", "hunter2"))
    assert "PRIVATE" not in repr(Certificate("public", "-----BEGIN PRIVATE KEY-----"))


@pytest.mark.parametrize(
    ("changes", "setting", "said"),
    [
        ({TENANT: ""}, TENANT, "(not set): expected the id of the sandbox tenant"),
        ({CLIENT: ""}, CLIENT, "AZURE_TENANT_ID and AZURE_CLIENT_SECRET alone cannot sign in."),
        ({SECRET: ""}, SECRET, f"or {CERTIFICATE}, or {TOKEN_FILE}"),
        ({TENANT: "", "AZURE_TENANTID": GUID}, TENANT, "AZURE_TENANTID is set; is AZURE_TENANT_ID meant?"),
        ({TENANT: "my tenant"}, TENANT, "AZURE_TENANT_ID=my tenant: expected a GUID or a domain"),
        ({CLIENT: "My bot"}, CLIENT, "expected a GUID, the application's (client) id"),
        ({SECRET: "s3cr3t-value\n"}, SECRET, "AZURE_CLIENT_SECRET=(hidden): expected no white space"),
    ],
)
def test_half_set_and_wrong_variables_are_named(changes: dict[str, str], setting: str, said: str) -> None:
    """Wrong variables are named before any request, without showing a secret."""
    with pytest.raises(SettingError) as caught:
        Credential.from_environment({**GIVEN, **changes})
    assert caught.value.name == setting
    assert said in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_without_any_variable_the_first_one_is_named() -> None:
    """The next step is readable."""
    with pytest.raises(SettingError, match=r"AZURE_TENANT_ID=\(not set\): .* No credential is set"):
        Credential.from_environment({})


def test_a_tenant_may_be_a_domain() -> None:
    """Entra takes both."""
    assert Credential.from_environment({**GIVEN, TENANT: "contoso.onmicrosoft.com"}).tenant_id.startswith("contoso")
