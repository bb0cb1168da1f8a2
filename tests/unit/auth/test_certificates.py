"""Certificates that cannot be used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_graphcalls.auth import (
    CERTIFICATE,
    Certificate,
    Credential,
)
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator import Simulator
from tests.unit.auth.conftest import GUID, Counted, SignInMaker, failure
from tests.unit.certificates import made


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no such file. Did you mean 'bot.pem'?"),
        (b"\x30\x82\x01\xff", "It is not a text file; 'openssl pkcs12"),
        (b"hello", "It holds no certificate and no private key."),
        (made().private().encode(), "It holds no certificate."),
        (made().public.encode(), "It holds no private key."),
        ((made().private() + made("other").public).encode(), "a private key that belongs to the certificate"),
        (made().pem(b"closed").encode(), "AZURE_CLIENT_CERTIFICATE_PASSWORD=(hidden): expected the password"),
        (made().pem().replace("PRIVATE KEY-----\nM", "PRIVATE KEY-----\n!").encode(), "that OpenSSL can read"),
    ],
    ids=["missing", "binary", "text", "no-certificate", "no-key", "mismatch", "password", "damaged"],
)
def test_an_unreadable_certificate_is_named(
    sign_in: SignInMaker, way: Counted, tmp_path: Path, content: bytes | None, said: str
) -> None:
    """The error names the file, the problem and what to do; nothing is sent."""
    path = tmp_path / "bto.pem"
    (tmp_path / "bot.pem").touch()  # a near name for the case of a missing file
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingError) as caught:
        sign_in(secret="", certificate_path=str(path)).token()
    assert said in str(caught.value)
    assert way.forms == []


def test_a_folder_is_no_certificate(sign_in: SignInMaker, tmp_path: Path) -> None:
    """What the system says is passed on."""
    with pytest.raises(SettingError, match=r"It cannot be read: Is a directory|It cannot be read: Permission denied"):
        sign_in(secret="", certificate_path=str(tmp_path)).token()


def test_a_certificate_of_another_app_names_its_thumbprint(sign_in: SignInMaker, tmp_path: Path) -> None:
    """The portal lists thumbprints."""
    path = tmp_path / "bot.pem"
    path.write_text(made().pem())
    refused = failure(sign_in(secret="", certificate_path=str(path)))
    assert (refused.name, refused.setting) == ("assertion-signature", CERTIFICATE)
    credential = Credential(GUID, GUID, certificate_path=str(path))
    assert f"The thumbprint here is {Certificate.read(credential).thumbprint}." in refused.remedy


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_skewed_clock_is_reported_with_its_difference(
    way: Counted, sign_in: SignInMaker, tmp_path: Path, off: timedelta
) -> None:
    """An assertion carries this machine's time."""
    way.simulator = Simulator(start=datetime.now(UTC) + off)
    way.simulator.signin.add_certificate(made().public)
    path = tmp_path / "bot.pem"
    path.write_text(made().pem())
    refused = failure(sign_in(secret="", certificate_path=str(path)))
    assert (refused.name, refused.code, refused.setting) == (
        "assertion-time",
        "AADSTS700024",
        "the clock of this machine",
    )
    assert int(refused.remedy.split("differ by ")[1].split()[0]) == pytest.approx(off.total_seconds(), abs=60)
