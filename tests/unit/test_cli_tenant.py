"""The commands about a tenant: serve --tls, token, doctor."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from pytest_graphcalls import cli
from pytest_graphcalls.auth import VARIABLES
from pytest_graphcalls.clients.asgi import SimulatorApp
from pytest_graphcalls.clients.control import TOKEN_PATH, Control, ControlledApp, known_roles
from pytest_graphcalls.clients.server import serve_in_thread
from pytest_graphcalls.clients.tls import certificate_in
from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Request

Run = Callable[..., tuple[int, str, str]]
GUID = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def graphcalls(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """Run the command in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path_factory.mktemp("project"))

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.main(list(words))
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *[name for name in os.environ if name.startswith("GRAPHCALLS_")]):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(start=datetime.now(UTC))


@pytest.fixture
def url(simulator: Simulator) -> Iterator[str]:
    with serve_in_thread(ControlledApp(SimulatorApp(simulator), simulator)) as url:
        yield url


# --- token ------------------------------------------------------------------------------------------------------------


def claims(token: str) -> dict[str, object]:
    return jwt.decode(token.strip(), options={"verify_signature": False})


def test_token_prints_a_token_that_works(simulator: Simulator, url: str, graphcalls: Run) -> None:
    """And nothing else, for $(…) in a shell."""
    code, out, err = graphcalls("token", "--url", f"{url}/")
    assert (code, err, out.count("\n")) == (0, "", 1)
    headers = {"Authorization": f"Bearer {out.strip()}"}
    assert httpx.get(f"{url}/v1.0/communications/calls/none", headers=headers).status_code == 404
    assert set(claims(out)["roles"]) == simulator.authority.app.roles


def test_token_takes_roles_an_app_and_a_lifetime(simulator: Simulator, url: str, graphcalls: Run) -> None:
    """Also none, and one that has run out."""
    app = simulator.authority.register(name="Other")
    _, out, _ = graphcalls(
        "token", "--url", url, "--role", "Calls.Initiate.All", "--app", app.app_id, "--lifetime", "9"
    )
    said = claims(out)
    assert (said["roles"], said["appid"], said["exp"] - said["iat"]) == (["Calls.Initiate.All"], app.app_id, 9)
    assert claims(graphcalls("token", "--url", url, "--no-roles")[1])["roles"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--role", "Calls.Initate.All"), "'Calls.Initate.All'. Did you mean 'Calls.Initiate.All'?"),
        (("--app", "x"), "there is no app 'x'."),
        (("--lifetime", "1e30"), "a number of seconds, at most"),
        (("--lifetime", "nan"), "holds NaN"),
    ],
)
def test_token_says_what_it_cannot_give(url: str, graphcalls: Run, words: tuple[str, ...], said: str) -> None:
    """As every other command does."""
    code, out, err = graphcalls("token", "--url", url, *words)
    assert (code, out) == (2, "")
    assert said in err


def test_token_says_that_nothing_answers(graphcalls: Run) -> None:
    """And where it looked."""
    code, _, err = graphcalls("token", "--url", "http://127.0.0.1:9")
    assert code == 2
    assert "--url=http://127.0.0.1:9: expected a running 'graphcalls serve'." in err


def test_token_says_that_something_else_answers(simulator: Simulator, graphcalls: Run) -> None:
    """A server without these addresses."""
    with serve_in_thread(SimulatorApp(simulator)) as other:
        assert "What answers there (400) is none." in graphcalls("token", "--url", other)[2]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"roles": "all"}', b'{"roles": [{}]}', b'{"lifetime": true}', b"\xff"])
def test_the_control_address_survives_anything(simulator: Simulator, body: bytes) -> None:
    """It answers 200 or 400."""
    assert Control(simulator).handle(Request("POST", TOKEN_PATH, body=body)).status in {200, 400}


def test_the_control_address_is_for_this_machine_alone(simulator: Simulator) -> None:
    """Asked from elsewhere it mints nothing; asked another way it says what there is."""
    import asyncio

    app = ControlledApp(SimulatorApp(simulator), simulator)

    async def asked(client: tuple[str, int] | None, path: str = TOKEN_PATH) -> int:
        transport = httpx.ASGITransport(app, client=client)  # type: ignore[arg-type]  # None is what some servers give
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as one:
            return (await one.post(path, json={})).status_code

    for client, status in (
        (("127.0.0.1", 1), 200),
        (("::1", 1), 200),
        (("192.0.2.7", 1), 403),
        (("proxy", 1), 403),
        (None, 403),
    ):
        assert asyncio.run(asked(client)) == status
    assert asyncio.run(asked(("127.0.0.1", 1), "/_graphcalls/other")) == 404


def test_every_known_role_is_one_of_calls() -> None:
    """They come from the contract."""
    assert "Calls.JoinGroupCall.All" in known_roles()
    assert all(name.startswith("Calls.") for name in known_roles())


# --- serve --tls ------------------------------------------------------------------------------------------------------


@contextmanager
def serving(*words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", "from pytest_graphcalls.cli import main; raise SystemExit(main())", "serve"]
    with subprocess.Popen(
        [*command, "--port", "0", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            yield server
        finally:
            server.kill()


def exports(server: subprocess.Popen[str]) -> dict[str, str]:
    assert server.stdout is not None
    found = {}
    for line in server.stdout:
        if line.startswith("Ctrl-C"):
            break
        if match := re.match(r"  export (\w+)=(\S+)", line):
            found[match[1]] = match[2]
    return found


def test_serve_tls_says_how_to_trust_it_and_how_to_sign_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, graphcalls: Run
) -> None:
    """With what it prints exported, the doctor signs in over TLS, and token gets its token."""
    folder = tmp_path / "ca"
    with serving("--tls", str(folder)) as server:
        given = exports(server)
        assert given["SSL_CERT_FILE"] == given["REQUESTS_CA_BUNDLE"] == given["NODE_EXTRA_CA_CERTS"]
        assert given["SSL_CERT_FILE"] == str(folder / "ca.pem")
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("GRAPHCALLS_TOKEN")
        root = given["AZURE_AUTHORITY_HOST"]
        code, out, err = graphcalls("doctor", "--root", root)
        assert (code, err) == (0, "")
        assert re.findall(r"^(\w+) +ok ", out, re.MULTILINE) == ["token", "roles", "tenant", "7503"]
        assert graphcalls("token", "--url", root)[0] == 0
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
        assert server.stderr is not None
        assert server.stderr.read() == ""
    assert sorted(path.name for path in folder.iterdir()) == ["ca-with-key.pem", "ca.pem"]


def test_serve_tls_says_that_a_folder_cannot_be_used(tmp_path: Path, graphcalls: Run) -> None:
    """Before it listens."""
    (tmp_path / "file").touch()
    code, out, err = graphcalls("serve", "--port", "0", "--tls", str(tmp_path / "file"))
    assert (code, out) == (2, "")
    assert "expected a folder to keep a certificate authority in" in err


# --- doctor -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def tenant(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A tenant that is ready, over TLS, in the variables."""
    meeting = simulator.meeting(["Ana"], organizer="Olga")
    coordinates = meeting.coordinates
    thread, message = (coordinates["chatInfo"][name] for name in ("threadId", "messageId"))
    context = f'{{"Tid":"{simulator.tenant_id}","Oid":"{meeting.organizer.id}"}}'
    address = httpx.URL(f"https://teams.microsoft.com/l/meetup-join/{thread}/{message}", params={"context": context})
    with (
        certificate_in(tmp_path) as tls,
        serve_in_thread(SimulatorApp(simulator), certificate=tls.certificate) as url,
    ):
        for name, value in {
            "SSL_CERT_FILE": str(tls.ca),
            "AZURE_AUTHORITY_HOST": url,
            "AZURE_TENANT_ID": simulator.tenant_id,
            "AZURE_CLIENT_ID": simulator.authority.app.app_id,
            "AZURE_CLIENT_SECRET": simulator.signin.secret(),
            "GRAPHCALLS_ROOT": url,
            "GRAPHCALLS_SANDBOX_MEETINGS": str(address),
            "GRAPHCALLS_SANDBOX_USERS": simulator.person("Ben").id,
        }.items():
            monkeypatch.setenv(name, value)
        yield url
        assert {call.state for call in simulator.store.calls.values()} <= {CallState.TERMINATED}


def test_doctor_finds_nothing_wrong(tenant: str, graphcalls: Run) -> None:
    """The whole page, once."""
    code, out, err = graphcalls("doctor")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == [
        *("token", "roles", "tenant", "7503", "7504", "7505", "removal"),
        "calls",
    ]
    assert out.splitlines()[5] == "7505        ok          Token and meeting belong together."


def test_doctor_names_what_is_wrong_and_the_remedy(tenant: str, simulator: Simulator, graphcalls: Run) -> None:
    """By the exit code, too."""
    simulator.authority.change(simulator.authority.app, may_remove_participants=False)
    code, out, _ = graphcalls("doctor", "--version", "beta")
    assert code == 1
    assert "\nremoval     wrong       The tenant does not let this app remove participants. (request-id" in out
    assert "\n" + " " * 24 + "Have a Teams administrator run Set-Cs" in out


def test_doctor_writes_its_call_down_first(
    tenant: str, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, graphcalls: Run
) -> None:
    """So that a doctor who is killed leaves a trace for sweep; one who is not leaves none."""
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
    assert "Nothing is made that is not written down first" in err
    assert len(simulator.store.calls) == 0


def test_doctor_shows_no_secret(tenant: str, monkeypatch: pytest.MonkeyPatch, graphcalls: Run) -> None:
    """Neither a wrong secret nor a token."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2-hunter2")
    code, out, err = graphcalls("doctor")
    assert code == 1
    assert "AADSTS7000215" in out
    assert "hunter2" not in out + err


def test_doctor_takes_a_token_that_is_given(
    tenant: str, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, graphcalls: Run
) -> None:
    """Without signing in."""
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
    """As a line of its own page."""
    code, out, _ = graphcalls("doctor")
    assert code == 1
    assert (
        "AZURE_TENANT_ID=(not set): expected the id of the sandbox tenant. Nothing is set to sign in with."
        in " ".join(out.split())
    )


@pytest.mark.parametrize("name", ["AADSTS7000215", "7000215", "wrong-secret"])
def test_explain_knows_the_errors_of_the_sign_in(graphcalls: Run, name: str) -> None:
    """By code, number, or our name."""
    code, out, _ = graphcalls("explain", name)
    assert code == 0
    assert out.startswith("error wrong-secret of the sign-in\n")
    assert 'answer    401, error "invalid_client", AADSTS7000215\n' in out
    assert "setting   AZURE_CLIENT_SECRET\n" in out
