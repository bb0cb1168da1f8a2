"""``graphcalls token``."""

from __future__ import annotations

import httpx
import jwt
import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.control import TOKEN_PATH, Control, ControlledApp, Reach, ServerState
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Request
from tests.unit.cli_tenant.conftest import Run


def claims(token: str) -> dict[str, object]:
    return jwt.decode(token.strip(), options={"verify_signature": False})


def test_token_prints_a_token_that_works(simulator: Simulator, url: str, graphcalls: Run) -> None:
    """The output holds nothing else, for $(…) in a shell."""
    code, out, err = graphcalls("token", "--url", f"{url}/")
    assert (code, err, out.count("\n")) == (0, "", 1)
    headers = {"Authorization": f"Bearer {out.strip()}"}
    assert httpx.get(f"{url}/v1.0/communications/calls/none", headers=headers).status_code == 404
    assert set(claims(out)["roles"]) == simulator.authority.app.roles


def test_token_takes_roles_an_app_and_a_lifetime(simulator: Simulator, url: str, graphcalls: Run) -> None:
    """Roles may be none, and the token may have expired."""
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
        (("--lifetime", "1e30"), "virtual seconds, a number from -31,622,400 to 31,622,400"),
        (("--lifetime", "nan"), "holds NaN"),
    ],
)
def test_token_says_what_it_cannot_give(url: str, graphcalls: Run, words: tuple[str, ...], said: str) -> None:
    """A wrong value is reported as by every other command."""
    code, out, err = graphcalls("token", "--url", url, *words)
    assert (code, out) == (2, "")
    assert said in err


def test_token_says_that_nothing_answers(graphcalls: Run) -> None:
    """The message names the address."""
    code, _, err = graphcalls("token", "--url", "http://127.0.0.1:9")
    assert code == 2
    assert "--url=http://127.0.0.1:9: expected a running 'graphcalls serve'." in err


def test_token_says_what_an_address_lacks(url: str, graphcalls: Run) -> None:
    """A scheme, or that there is no TLS."""
    err = graphcalls("token", "--url", url.removeprefix("http://"))[2]
    assert "protocol. Begin the address with http:// or https://." in err
    err = graphcalls("token", "--url", url.replace("http://", "https://"))[2]
    assert "The server speaks no TLS: write http:// instead." in err


def test_token_says_that_something_else_answers(simulator: Simulator, graphcalls: Run) -> None:
    """A server without these addresses."""
    with serve_in_thread(SimulatorApp(simulator)) as other:
        assert "The answer there (400) is not from one." in graphcalls("token", "--url", other)[2]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"roles": "all"}', b'{"roles": [{}]}', b'{"lifetime": true}', b"\xff"])
def test_the_control_address_survives_anything(simulator: Simulator, body: bytes) -> None:
    """Any body is answered with 200 or 400."""
    control = Control(ServerState.of(simulator, SimulatorApp(simulator)))
    assert control.handle(Request("POST", TOKEN_PATH, body=body)).status == (400 if body else 200)


def test_the_control_address_is_for_this_machine_alone(simulator: Simulator) -> None:
    """Asked from elsewhere it mints nothing; asked another way it says what there is."""
    import asyncio

    app = ControlledApp(ServerState.of(simulator, SimulatorApp(simulator)))

    async def asked(client: tuple[str, int] | None, path: str = TOKEN_PATH) -> int:
        transport = httpx.ASGITransport(app, client=client)  # type: ignore[arg-type]  # None is what some servers give
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as one:
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


def test_token_says_that_it_is_switched_off(simulator: Simulator, graphcalls: Run) -> None:
    """The message says how to switch it on."""
    with serve_in_thread(ControlledApp(ServerState.of(simulator, SimulatorApp(simulator)), reach=Reach.OFF)) as url:
        assert "'graphcalls serve --control local' switches them on." in graphcalls("token", "--url", url)[2]


def test_every_known_role_is_one_of_calls_or_meetings() -> None:
    """The known roles come from the contract."""
    assert {"Calls.JoinGroupCall.All", "OnlineMeetings.Read.All"} <= set(Contract.packaged().roles)
    assert {name.partition(".")[0] for name in Contract.packaged().roles} == {"Calls", "OnlineMeetings"}
