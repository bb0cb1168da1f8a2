"""``graphcalls doctor``: whether a tenant is ready for calls, before a single test runs."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from pytest_graphcalls.auth import AUTHORITY, TENANT, Credential, SignIn
from pytest_graphcalls.cli.terminal import show, wrapped
from pytest_graphcalls.clients.httpx import Client, http_for_msal, make_client
from pytest_graphcalls.clients.network import GuardedTransport, Network
from pytest_graphcalls.contract import Cloud, Contract
from pytest_graphcalls.doctor import Doctor, Result, Status, TenantAccess
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.redaction import remember_environment
from pytest_graphcalls.sandbox import Budget, End, Ending, Guard, Ledger, Sandbox, ledgers
from pytest_graphcalls.sandbox.journal import SUFFIX
from pytest_graphcalls.sandbox.tenant import VARIABLE_PREFIX
from pytest_graphcalls.targets.live import Line, Place, left_open
from pytest_graphcalls.targets.webhook import listening, prove

USUAL = Path(".graphcalls", "ledger")
"""Where the ledgers of a project lie, below its folder."""
STILL_OPEN = 1


def run_sweep(args: Namespace) -> int:
    """Hang up every call that a ledger says is open.

    Args:
        args: ``ledger``, ``cloud``, ``root`` and ``authority``.

    Returns:
        0 when nothing is open any more, else 1.

    Raises:
        SettingError: a variable is missing, or the folder is not there or holds something else.
        SignInError: there is no token to be had.
        UnknownNameError: there is no such cloud.
    """
    Contract.packaged().cloud(args.cloud)  # a wrong one is named even when nothing is open
    folder = Path(args.ledger or os.environ.get("GRAPHCALLS_LEDGER") or USUAL)
    if args.ledger and not folder.is_dir():
        step = "Give the folder that was its --graphcalls-ledger."
        raise SettingError("--ledger", str(folder), "the ledger folder of a live run", step)
    found = ledgers(folder)
    endings = list(_swept(found, args)) if any(ledger.open_calls() for ledger in found) else []
    lines = [*map(_ending, endings), *(line for ledger in found for line in _unanswered(ledger))]
    show(lines or [f"Nothing is open in {folder}."])
    for ledger in found:
        ledger.close()
    still = any(ending.end is End.STILL_OPEN for ending in endings) or any(ledger.unanswered() for ledger in found)
    return STILL_OPEN if still else 0


def _swept(found: Iterable[Ledger], args: Namespace) -> Iterator[Ending]:
    place = Place.of(os.environ, cloud=args.cloud, root=args.root, authority=args.authority)
    with closing(Line(place)) as line:
        for ledger in found:
            yield from left_open(line, ledger)


def _ending(ending: Ending) -> str:
    why = f": {ending.why}" if ending.why else ""
    return f"call {ending.call.call_id}, made {ending.call.made:%Y-%m-%d %H:%M} UTC, {ending.end}{why}"


def _unanswered(ledger: Ledger) -> Iterator[str]:
    for intent in ledger.unanswered():
        yield (
            f"a request of {intent.made:%Y-%m-%d %H:%M} UTC was never answered; if a call came of it, the service ends "
            f"it by {intent.ends_by:%H:%M} UTC"
        )


OK, NOT_READY = 0, 1
TOKEN = "GRAPHCALLS_TOKEN"  # noqa: S105  a variable's name


def run(args: Namespace) -> int:
    """Examine and print, line by line.

    Args:
        args: ``cloud``, ``root``, ``authority`` and ``version``.

    Returns:
        1 when a check found something wrong, else 0.

    Raises:
        SettingError: a variable of the sandbox cannot be used.
        UnknownNameError: there is no such cloud.
    """
    remember_environment(os.environ)
    network = Network(trust_env=True)  # as the live target does: proxies, and SSL_CERT_FILE for a private authority
    ledger = _ledger(os.environ)
    found = []
    try:
        for line in Doctor(_patient(args, network, ledger, os.environ)).run_checks():
            show(_shown(line))
            found.append(line.verdict)
    finally:
        network.close()
        if ledger.path.exists():
            ledger.close()
    return NOT_READY if Status.WRONG in found else OK


def _ledger(environ: Mapping[str, str]) -> Ledger:
    """The ledger that names the call before it is made, so that 'graphcalls sweep' finds it after a kill."""
    return Ledger(Path(environ.get("GRAPHCALLS_LEDGER") or USUAL) / f"doctor-{os.getpid()}{SUFFIX}")


def _patient(args: Namespace, network: Network, ledger: Ledger, environ: Mapping[str, str]) -> TenantAccess:
    cloud = Contract.packaged().cloud(args.cloud or environ.get("GRAPHCALLS_CLOUD") or "global")
    tenant = environ.get(TENANT, "")
    sandbox = Sandbox.read(tenant, _given(environ))
    host = args.root or environ.get("GRAPHCALLS_ROOT") or cloud.graph_root
    root = f"{host.rstrip('/')}/{args.version}"

    guarded = GuardedTransport(network.sync, Guard(ledger, Budget(1), tenant))

    def connect(token: str) -> Client:
        return make_client(guarded, root, token)

    return TenantAccess(
        _token(args, cloud, environ),
        connect,
        tenant=tenant,
        audience=cloud.graph_root,
        meeting=sandbox.meetings[0].members() if sandbox.meetings else {},
        user=sandbox.users[0] if sandbox.users else "",
        callback=sandbox.callback,
        arrives=partial(_arrives, sandbox, network) if sandbox.listen else None,
    )


def _arrives(sandbox: Sandbox, network: Network) -> None:
    with listening(sandbox) as address:
        prove(sandbox, address, network)


def _token(args: Namespace, cloud: Cloud, environ: Mapping[str, str]) -> Callable[[], str]:
    given = environ.get(TOKEN)
    if given:
        return lambda: given
    authority = args.authority or environ.get("GRAPHCALLS_AUTHORITY") or environ.get(AUTHORITY) or None

    def sign_in() -> str:
        credential = Credential.from_environment(environ)
        with closing(http_for_msal(trust_env=True)) as http:
            return SignIn(credential, cloud, authority=authority, http=http).token()

    return sign_in


def _given(environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name, value in environ.items():
        if name.startswith(VARIABLE_PREFIX) and value:
            yield name, name.removeprefix(VARIABLE_PREFIX).lower(), value


_GAP = 12


def _shown(line: Result) -> Iterator[str]:
    yield from wrapped(line.says, label=f"{line.check:<{_GAP}}{line.verdict:<{_GAP}}", gap=2 * _GAP)
    if line.remedy:
        yield from wrapped(line.remedy, indent=2 * _GAP)
