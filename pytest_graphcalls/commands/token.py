"""``graphcalls token``: a token from a running ``graphcalls serve``, for a shell or another program."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from pytest_graphcalls.clients.httpx import Network, make_client
from pytest_graphcalls.commands.text import show
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.server.control import CODE, TOKEN_PATH
from pytest_graphcalls.wire import MalformedJsonError, decode_json, encode_json

_JSON = {"Content-Type": "application/json"}
_SERVER = "a running 'graphcalls serve'"


def run_token(args: Namespace) -> int:
    """Print a token and nothing else.

    Args:
        args: ``url``, ``role``, ``no_roles``, ``app`` and ``lifetime``.

    Raises:
        SettingError: nothing answers there, it is no ``graphcalls serve``, or it refuses.
    """
    asked = {"roles": [] if args.no_roles else args.role, "app": args.app, "lifetime": args.lifetime}
    show([str(_answer(args.url.rstrip("/"), asked)["access_token"])])
    return 0


def _answer(url: str, asked: dict[str, Any]) -> dict[str, Any]:
    network = Network(trust_env=True)  # SSL_CERT_FILE is how a server with --tls is trusted
    try:
        problem = network.unreachable(url)
        if problem:
            raise SettingError("--url", url, _SERVER, f"{problem} Start it, or mend the address.")
        with make_client(network.sync, url, "") as client:
            response = client.post(TOKEN_PATH, content=encode_json(asked), headers=_JSON)
        return _read(url, response.status_code, response.content)
    finally:
        network.close()


def _read(url: str, status: int, body: bytes) -> dict[str, Any]:
    try:
        facts = decode_json(body)
    except MalformedJsonError:
        facts = None
    if isinstance(facts, dict) and "access_token" in facts:
        return facts
    error = facts.get("error") if isinstance(facts, dict) else None
    if isinstance(error, dict) and error.get("code") == CODE:
        raise SettingError("--url", url, "a token", f"It refuses: {error.get('message')}")
    raise SettingError("--url", url, _SERVER, f"What answers there ({status}) is none.")
