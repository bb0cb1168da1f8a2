"""Who may ask the control addresses: this machine, and no web page that is open on it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from pytest_graphcalls.quantities import is_address, is_loopback
from pytest_graphcalls.server.control.replies import refused
from pytest_graphcalls.wire import Request, Response


class Reach(StrEnum):
    """Whom the control addresses answer."""

    OFF = "off"
    """Nobody."""
    LOCAL = "local"
    """This machine."""
    ANY = "any"
    """Every machine that reaches the server."""


def refusal(request: Request, client: Sequence[Any] | None, reach: Reach) -> Response | None:
    """Why a request is not answered; ``None`` if it may be.

    Browsers send requests from any page to this machine. They cannot hide where the page is from (``Origin``,
    ``Sec-Fetch-Site``), and send JSON to another site only when that allows it, which we never do. A name that its
    owner points to this machine would make their page one of ours: so only addresses and ``localhost`` are names
    of this machine.

    Args:
        request: what is asked.
        client: who asks: address and port.
        reach: whom the addresses answer.
    """
    headers = request.headers
    host = headers.get("host", "")
    if reach is Reach.OFF:
        step = "The server was started without; 'graphcalls serve --control local' switches them on."
        return refused(404, f"The control addresses are off. {step}")
    if reach is Reach.LOCAL and not is_loopback(client[0] if client else ""):
        return refused(403, f"{request.path} answers this machine only; ask it by 127.0.0.1 or localhost.")
    if reach is Reach.LOCAL and not _is_plain(host):
        return refused(403, f"Host: {host[:80]}: expected an address or localhost, because any name can lead here.")
    origin = headers.get("origin")
    if origin is not None and _netloc(origin) != host.lower():
        return refused(403, f"Origin: {origin[:80]}: a page of another site may not ask.")
    if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return refused(403, f"Sec-Fetch-Site: {headers['sec-fetch-site'][:80]}: a page of another site may not ask.")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.body and kind != "application/json":
        return refused(415, f"Content-Type: {kind[:80] or '(none)'}: expected application/json.")
    return None


def _is_plain(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # brackets that are no IPv6 address
        return False
    return name == "localhost" or is_address(name)


def _netloc(origin: str) -> str:
    """Host and port of an ``Origin``; ``""`` for one that tells none (``null``)."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
