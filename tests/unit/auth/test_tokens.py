"""Tokens: asked for, kept, renewed."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import pytest

from pytest_graphcalls.auth import (
    TOKEN_FILE,
)
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.simulator.signin import EXCHANGE
from tests.unit.auth.conftest import Counted, SignInMaker, failure
from tests.unit.certificates import made


def test_a_secret_gives_a_token(simulator: Simulator, sign_in: SignInMaker) -> None:
    """The token is given with its end."""
    one = sign_in()
    claims = jwt.decode(one.token(), options={"verify_signature": False})
    assert claims["tid"] == simulator.tenant_id
    assert one.expires_at == pytest.approx(time.time() + 3599, abs=60)


def test_one_token_serves_the_whole_run(way: Counted, sign_in: SignInMaker) -> None:
    """Many ask, one request is sent, also when they ask at once."""
    one = sign_in()
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: one.token(), range(40)))
    assert len(tokens) == len(way.forms) == 1


def test_a_token_is_renewed_before_it_runs_out(way: Counted, simulator: Simulator, sign_in: SignInMaker) -> None:
    """One that has less than five minutes left is not handed out again."""
    simulator.signin.lifetime = 200
    one = sign_in()
    one.token(), one.token()
    assert len(way.forms) == 2


def test_a_new_token_can_be_forced(way: Counted, sign_in: SignInMaker) -> None:
    """The app's roles may have changed in the meantime."""
    one = sign_in()
    one.token(), one.token(force=True)
    assert len(way.forms) == 2


def test_a_certificate_gives_a_token(simulator: Simulator, sign_in: SignInMaker, tmp_path: Path) -> None:
    """The thumbprint is computed; key and certificate may stand in any order; the key may be encrypted."""
    simulator.signin.add_certificate(made().public)
    for number, text in enumerate((made().pem(), made().public + made().private())):
        path = tmp_path / f"{number}.pem"
        path.write_text(text)
        assert sign_in(secret="", certificate_path=str(path)).token()
    path.write_text(made().pem(b"open"))
    assert sign_in(secret="", certificate_path=str(path), certificate_password="open").token()


def test_a_token_file_gives_a_token(simulator: Simulator, sign_in: SignInMaker, tmp_path: Path) -> None:
    """The file is read each time, because its issuer replaces it."""
    facts = {"issuer": "https://cluster.contoso.com", "subject": "system:serviceaccount:a:b"}
    simulator.signin.add_federation(**facts, key=made("cluster").public_key)
    path = tmp_path / "token"
    claims = {"iss": facts["issuer"], "sub": facts["subject"], "aud": EXCHANGE, "exp": time.time() + 600}
    path.write_text(jwt.encode(claims, made("cluster").key, algorithm="RS256") + "\n")
    one = sign_in(secret="", token_file=str(path))
    assert one.token()
    path.write_text("")
    with pytest.raises(SettingError, match="It is empty"):
        one.token(force=True)
    path.unlink()
    with pytest.raises(SettingError, match="There is no such file"):
        one.token(force=True)
    path.write_text(jwt.encode({**claims, "sub": "else"}, made("cluster").key, algorithm="RS256"))
    refused = failure(one, force=True)
    assert (refused.name, refused.setting) == ("federation-unmatched", TOKEN_FILE)
