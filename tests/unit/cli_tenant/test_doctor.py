"""``graphcalls doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_graphcalls.simulator import Simulator
from tests.tunnel import Tunnel, free_port
from tests.unit.cli_tenant.conftest import Run

ARRIVES = "Notifications posted to it arrive on this machine."
GUID = "11111111-1111-4111-8111-111111111111"


def test_doctor_finds_nothing_wrong(tenant: str, graphcalls: Run) -> None:
    """The whole page, once."""
    code, out, err = graphcalls("doctor")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == [
        *("token", "roles", "tenant", "7503", "7504", "7505", "removal"),
        *("calls", "callback"),
        *("To", "GRAPHCALLS_SANDBOX_LISTEN=127.0.0.1:<port>."),
    ]
    assert out.splitlines()[5] == "7505        ok          Token and meeting belong together."


def test_doctor_listens_where_the_callback_comes_out(
    tenant: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, graphcalls: Run
) -> None:
    """Something is posted to the public address, and is seen to arrive, or not."""
    tunnel = Tunnel(free_port())
    with tunnel.open(tmp_path) as url:
        monkeypatch.setenv("GRAPHCALLS_SANDBOX_CALLBACK", url)
        monkeypatch.setenv("GRAPHCALLS_SANDBOX_LISTEN", f"127.0.0.1:{tunnel.port}")
        code, out, _ = graphcalls("doctor")
        assert (code, out.splitlines()[-1]) == (0, f"{'callback':<12}{'ok':<12}{ARRIVES}")
        tunnel.port = free_port()
        code, out, _ = graphcalls("doctor")
    assert code == 1
    assert "\ncallback    wrong       callback=https://127.0.0.1:" in out


def test_doctor_names_what_is_wrong_and_the_remedy(tenant: str, simulator: Simulator, graphcalls: Run) -> None:
    """The exit code shows a wrong check, too."""
    simulator.authority.change(simulator.authority.app, may_remove_participants=False)
    code, out, _ = graphcalls("doctor", "--version", "beta")
    assert code == 1
    assert "\nremoval     wrong       The tenant does not let this app remove participants. (request-id" in out
    assert "\n" + " " * 24 + "Have a Teams administrator run Set-Cs" in out


def test_doctor_writes_its_call_down_first(
    tenant: str, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, graphcalls: Run
) -> None:
    """A killed doctor can be cleaned up after by sweep; one that ends by itself needs none."""
    folder = tmp_path / "ledger"
    monkeypatch.setenv("GRAPHCALLS_LEDGER", str(folder))
    at_the_time: list[str] = []
    create = simulator.handlers["application-post-calls"]

    def noted(ask: Any) -> Any:
        at_the_time.extend(path.read_text() for path in folder.glob("doctor-*.jsonl"))
        return create(ask)

    simulator.handlers["application-post-calls"] = noted
    assert graphcalls("doctor")[0] == 0
    assert [text.count('"event": "intend"') for text in at_the_time] == [1]
    assert list(folder.glob("*.jsonl")) == []


def test_doctor_makes_no_call_that_it_cannot_write_down(
    tenant: str, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, graphcalls: Run
) -> None:
    """Here a file stands where the folder should be."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("GRAPHCALLS_LEDGER", str(tmp_path / "file"))
    code, _, err = graphcalls("doctor")
    assert code == 2
    assert "No call is created that is not recorded first" in err
    assert len(simulator.store.calls) == 0


def test_doctor_shows_no_secret(tenant: str, monkeypatch: pytest.MonkeyPatch, graphcalls: Run) -> None:
    """The output holds neither a wrong secret nor a token."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2-hunter2")
    code, out, err = graphcalls("doctor")
    assert code == 1
    assert "AADSTS7000215" in out
    assert "hunter2" not in out + err


def test_doctor_takes_a_token_that_is_given(
    tenant: str, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, graphcalls: Run
) -> None:
    """With a given token the doctor does not sign in."""
    monkeypatch.setenv("GRAPHCALLS_TOKEN", simulator.authority.token(roles=["Calls.Initiate.All"]))
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    code, out, _ = graphcalls("doctor")
    assert code == 1
    assert "roles       wrong       none for" in out


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (("--cloud", "chna"), {}, "there is no cloud 'chna'. Did you mean 'china'?"),
        ((), {"GRAPHCALLS_SANDBOX_USER": GUID}, "Did you mean 'users'?"),
        ((), {"GRAPHCALLS_SANDBOX_MEETINGS": "oops"}, "expected join addresses of Teams meetings"),
        ((), {"SSL_CERT_FILE": "/nowhere/ca.pem"}, "SSL_CERT_FILE=/nowhere/ca.pem: expected a file with certificates"),
    ],
)
def test_doctor_says_which_setting_it_cannot_use(
    monkeypatch: pytest.MonkeyPatch, graphcalls: Run, words: tuple[str, ...], variables: dict[str, str], said: str
) -> None:
    """Exit code 2, as everywhere."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    code, _, err = graphcalls("doctor", *words)
    assert code == 2
    assert said in err


def test_doctor_without_any_setting_says_what_to_set(graphcalls: Run) -> None:
    """The missing settings are a line of the doctor's output."""
    code, out, _ = graphcalls("doctor")
    assert code == 1
    assert "AZURE_TENANT_ID=(not set): expected the id of the sandbox tenant. No credential is set." in " ".join(
        out.split()
    )


@pytest.mark.parametrize("name", ["AADSTS7000215", "7000215", "wrong-secret"])
def test_explain_knows_the_errors_of_the_sign_in(graphcalls: Run, name: str) -> None:
    """Errors of the sign-in are explained by code, number, or our name."""
    code, out, _ = graphcalls("explain", name)
    assert code == 0
    assert out.startswith("error wrong-secret of the sign-in\n")
    assert 'answer    401, error "invalid_client", AADSTS7000215\n' in out
    assert "setting   AZURE_CLIENT_SECRET\n" in out


def test_a_sweep_names_a_wrong_cloud_when_nothing_is_open(
    graphcalls: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = graphcalls("sweep", "--cloud", "chna")
    assert (code, out) == (2, "")
    assert "there is no cloud 'chna'. Did you mean 'china'?" in err
