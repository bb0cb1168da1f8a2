"""``graphcalls serve``, ``token`` and ``env``: the simulator as an HTTP server, and what clients need."""

from __future__ import annotations

import shlex
import signal
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from pytest_graphcalls.cli.terminal import show
from pytest_graphcalls.clients.httpx import make_client
from pytest_graphcalls.clients.network import Network
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.control import CODE, PREFIX, TOKEN_PATH, ControlledApp, Reach, ServerState, real_time
from pytest_graphcalls.server.http import server
from pytest_graphcalls.simulator import Pace, Simulator
from pytest_graphcalls.simulator.hosting import ByHost
from pytest_graphcalls.validation import MOST, is_loopback, quantity
from pytest_graphcalls.wire import encode_json, json_object

if TYPE_CHECKING:
    from pytest_graphcalls.server.environment import ClientFacts
    from pytest_graphcalls.server.tls import ServerTls

SWITCH_INTERVAL = 0.0005
"""Seconds after which a busy thread lets another run: with Python's 5 ms, clients wait while a long answer is made."""
MEGABYTE = 1024 * 1024
LARGEST_LEDGER = 64 * 1024
"""MB that the ledger may take at most."""
TOKEN_LIFETIME = 24 * 3600.0
"""Seconds that the printed token lives: a working day, and no more."""


def run(args: Namespace) -> int:
    """Serve until the process is asked to stop.

    Args:
        args: ``host``, ``port``, ``seed``, ``ring``, ``open_directory``, ``frozen``, ``tls``, ``proxy``, ``domain``,
            ``bot``, ``bot_path``, ``allow_host``, ``control`` and ``ledger_size``.

    Raises:
        SettingError: the address is taken, a value is out of range, the folder for TLS cannot be used, the bot is
            on another machine, a proxy is wanted without TLS, or a path without a bot.
    """
    if args.proxy is not None and args.tls is None:
        step = "Clients ask Microsoft's hosts by https alone: --tls FOLDER gives the server certificates for them."
        raise SettingError("--proxy", str(args.proxy), "together with --tls", step)
    if args.bot_path and not args.bot:
        step = "A bot that is named later brings its path along: POST /_graphcalls/bot."
        raise SettingError("--bot-path", args.bot_path, "together with --bot", step)
    sys.setswitchinterval(SWITCH_INTERVAL)
    pace = Pace() if args.ring is None else Pace(ring=quantity("--ring", args.ring, unit="seconds", most=MOST))
    # Its time begins now: what clients bring along (assertions) and look at (tokens) has real times in it.
    simulator = Simulator(seed=args.seed, pace=pace, start=datetime.now(UTC))
    simulator.open_directory = args.open_directory
    simulator.authority.domains.update(args.domain)
    plain = SimulatorApp(ByHost(simulator, simulator.cloud), frozen=args.frozen)
    ledger = int(quantity("--ledger-size", args.ledger_size, unit="MB", least=1, most=LARGEST_LEDGER) * MEGABYTE)
    state = ServerState.of(simulator, plain, seed=args.seed, allow_hosts=args.allow_host, ledger_bytes=ledger)
    if args.bot:
        state.place_bot(args.bot, path=args.bot_path)
    app = ControlledApp(state, reach=_reach(args))
    with _tls(args) as tls, closing(app), real_time(state), closing(state.bot):
        _serve(app, state, args, tls)
    show(["stopped"])
    return 0


def _reach(args: Namespace) -> Reach:
    """The machines that may use the control addresses; none, unless asked for, when other machines reach the host."""
    if args.control is not None:
        return Reach(args.control)
    return Reach.LOCAL if is_loopback(args.host) else Reach.OFF


def _tls(args: Namespace) -> AbstractContextManager[ServerTls | None]:
    if args.tls is None:
        return nullcontext()
    from pytest_graphcalls.server.tls import certificate_in

    return certificate_in(Path(args.tls), [args.host, *Contract.packaged().clouds["global"].hosts])


def _serve(app: ControlledApp, state: ServerState, args: Namespace, tls: ServerTls | None) -> None:
    certificate = tls.certificate if tls else None
    with ExitStack() as running:
        around = state.addresses
        served = running.enter_context(server(app, args.host, args.port, certificate=certificate))
        around.url = served.url
        around.ca = str(tls.ca.resolve()) if tls else ""
        if args.proxy is not None:
            from pytest_graphcalls.server.proxy import proxy_in_thread

            cloud = state.simulator.cloud
            around.proxy = running.enter_context(proxy_in_thread(served, cloud, args.host, args.proxy))
        stop = running.enter_context(_stop_signal())
        show(_startup_message(around.url, around.ca, state.simulator, args), checked=True)  # it hands out a token
        if tls:
            show(_trust(state), checked=True)
        show(["", "Ctrl-C stops it."])
        # With a time limit: on Windows an endless wait cannot be interrupted.
        while not stop.wait(1):
            pass


def _startup_message(url: str, ca: str, simulator: Simulator, args: Namespace) -> Iterator[str]:
    time = "time is frozen" if args.frozen else "time is real time"
    yield f"The simulator listens on {url} (seed {args.seed}; {time})."
    yield ""
    yield f"  v1.0   {url}/v1.0/communications/calls"
    yield f"  beta   {url}/beta/communications/calls"
    yield f"  tenant {simulator.tenant_id}"
    yield from _bot_and_control(url, args)
    yield ""
    yield "A token for it, good for 24 hours:"
    yield f"  export GRAPHCALLS_TOKEN={simulator.authority.token(lifetime=TOKEN_LIFETIME)}"
    yield ""
    yield "A first call, to a person who will answer:"
    trust = f"--cacert {shlex.quote(ca)} " if ca else ""
    yield f"  curl {trust}{url}/v1.0/communications/calls -H 'Content-Type: application/json' \\"
    yield f"    -H \"Authorization: Bearer $GRAPHCALLS_TOKEN\" -d '{_first_call(simulator)}'"
    yield ""
    yield "The contract suite against it:"
    yield f"  pytest --pyargs pytest_graphcalls.contracts --graphcalls-target={url}"


def _bot_and_control(url: str, args: Namespace) -> Iterator[str]:
    """The lines that say where notifications go, and where the control addresses are."""
    if args.bot:
        yield f"  bot    {args.bot}"
    reach = _reach(args)
    if reach is Reach.OFF:
        yield "  control addresses are off; --control local has them answer this machine"
    else:
        clients = "every machine that reaches it" if reach is Reach.ANY else "this machine"
        yield f"  control {url}{PREFIX} (for {clients})"


def _first_call(simulator: Simulator) -> str:
    """The body of a request that creates a call."""
    body = {
        "callbackUri": simulator.authority.app.callback_uri,
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        "targets": [{"identity": {"user": {"id": simulator.person("Adele").id}}}],
    }
    return encode_json(body).decode()


def _trust(state: ServerState) -> Iterator[str]:
    """How clients trust the server, and sign in at it."""
    from pytest_graphcalls.server.tls import TRUST_VARIABLES

    around, signin = state.addresses, state.simulator.signin
    yield ""
    if around.proxy:
        yield f"Microsoft's hosts ({len(state.simulator.cloud.hosts)}) lead here through the proxy {around.proxy}."
        yield "Variables by which an unmodified bot uses it and signs in (--for node, java, …; --format dotenv, …):"
        yield f"  graphcalls env --tls {shlex.quote(str(Path(around.ca).parent))} --url {around.url}"
        return
    yield "Clients trust it by one of these (OpenSSL and httpx; requests and azure-identity; Node):"
    yield from (f"  export {name}={shlex.quote(str(around.ca))}" for name in TRUST_VARIABLES)
    yield ""
    yield "It has a sign-in (the secret is made up, and the same for the same seed):"
    yield f"  export AZURE_AUTHORITY_HOST={around.url}"
    yield f"  export AZURE_TENANT_ID={state.simulator.tenant_id}"
    yield f"  export AZURE_CLIENT_ID={state.simulator.authority.app.app_id}"
    yield f"  export AZURE_CLIENT_SECRET={signin.secret()}"
    yield "azure-identity asks login.microsoftonline.com about other authorities first: --proxy PORT answers that, too."


@contextmanager
def _stop_signal() -> Iterator[Event]:
    """An event that is set by SIGINT and SIGTERM."""
    stop = Event()
    before = {name: signal.signal(name, lambda *_: stop.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


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
    network = Network(trust_env=True)  # SSL_CERT_FILE is how a server with --tls is trusted
    answer = ask_server(network, args.url.rstrip("/"), TOKEN_PATH, "access_token", asked)
    show([str(answer["access_token"])], checked=True)
    return 0


def ask_server(
    network: Network, url: str, path: str, member: str, asked: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The answer of a control address of a running server.

    Args:
        network: the way to it; it is closed.
        url: the server's address.
        path: of the control address.
        member: the member that the answer has to have.
        asked: is posted; without it the address is read.

    Raises:
        SettingError: nothing answers there, it is no ``graphcalls serve``, or it refuses.
    """
    try:
        problem = network.unreachable(f"{url}{PREFIX}")  # which the ledger does not have
        if problem:
            raise SettingError("--url", url, _SERVER, problem)
        with make_client(network.sync, url, "") as client:
            method, body = ("GET", None) if asked is None else ("POST", encode_json(asked))
            response = client.request(method, path, content=body, headers=_JSON)
        return _read(url, member, response.status_code, response.content)
    finally:
        network.close()


def _read(url: str, member: str, status: int, body: bytes) -> dict[str, Any]:
    facts = json_object(body)
    if member in facts:
        return facts
    error = facts.get("error")
    if isinstance(error, dict) and error.get("code") == CODE:
        raise SettingError("--url", url, "an answer", f"It refuses: {error.get('message')}")
    raise SettingError("--url", url, _SERVER, f"The answer there ({status}) is not from one.")


def run_env(args: Namespace) -> int:
    """Print variables, or lines of a hosts file, and nothing else.

    Args:
        args: ``url``, ``tls``, ``format``, ``runtime`` and ``hosts_file``.

    Raises:
        SettingError: the folder has no certificate, nothing answers at the URL, or the server has no proxy.
    """
    from pytest_graphcalls.server.environment import FORMATS, hosts_file, variables

    facts = _facts(args.url.rstrip("/"), Path(args.tls))
    lines = hosts_file(facts) if args.hosts_file else FORMATS[args.format](variables(facts, args.runtime))
    show(lines, checked=True)
    return 0


def _facts(url: str, folder: Path) -> ClientFacts:
    from pytest_graphcalls.server.environment import ClientFacts
    from pytest_graphcalls.server.tls import CA_FILE, ServerTls

    ca = folder / CA_FILE
    if not ca.is_file():
        step = "Give the folder of 'graphcalls serve --tls FOLDER --proxy PORT', while that runs."
        raise SettingError("--tls", str(folder), f"a folder with {CA_FILE}", step)
    answer = ask_server(Network(ca_file=str(ca)), url, f"{PREFIX}environment", "client_secret")
    if not answer["proxy"]:
        raise SettingError("--url", url, "a server with a proxy", "Start it with --tls FOLDER --proxy PORT.")
    certificates = ServerTls(ca.resolve(), ca)
    given = {name: answer[name] for name in ("proxy", "tenant_id", "client_id", "client_secret")}
    return ClientFacts(url=answer["url"], tls=certificates, hosts=tuple(answer["hosts"]), **given)
