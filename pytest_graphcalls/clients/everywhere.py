"""Every client of httpx, httpx2, requests and aiohttp in front of a simulator, for as long as a block runs.

What is replaced is the method by which a library's own transport sends a request: so clients that were made before are
led there as well, whatever proxy they have (clients 4.13, 4.17). A transport of another origin is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from pytest_graphcalls.clients.httpx import LIBRARIES, SimulatorTransport
from pytest_graphcalls.contract import Cloud
from pytest_graphcalls.errors import did_you_mean
from pytest_graphcalls.simulator.hosting import ByHost, Service

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
"""Reached as ever: the bot itself, and servers of the test."""

Send = Callable[..., Any]
Place = tuple[type, str, Send, Callable[..., Exception]]
"""A library's transport, its method that sends, what sends instead, and the library's error for no connection."""


@contextmanager
def everywhere(service: Service, cloud: Cloud) -> Iterator[None]:
    """Lead requests for the hosts of a cloud to ``service``, and refuse those for every other host but local ones.

    A library that is installed is imported: the code under test may import it later.

    Args:
        service: a simulator, or a host of several.
        cloud: has the names.
    """
    with ExitStack() as stack:
        for kind, method, simulated, error in _places(ByHost(service, cloud)):
            stack.enter_context(patch.object(kind, method, _sending(kind, method, simulated, error, cloud)))
        yield


def _places(service: Service) -> Iterator[Place]:
    transport = SimulatorTransport(service)
    for name in filter(find_spec, LIBRARIES):
        library = import_module(name)
        yield library.HTTPTransport, "handle_request", transport.handle_request, library.ConnectError
        yield library.AsyncHTTPTransport, "handle_async_request", transport.handle_async_request, library.ConnectError
    if find_spec("requests"):
        from pytest_graphcalls.clients.requests import PLACE, SimulatorAdapter

        kind, error = PLACE
        yield kind, "send", SimulatorAdapter(service).send, error
    if find_spec("aiohttp"):
        from pytest_graphcalls.clients.aiohttp import place

        yield place(service)


def _sending(kind: type, method: str, simulated: Send, error: Callable[..., Exception], cloud: Cloud) -> Send:
    """The method that takes the place of the library's own one."""
    real: Send = getattr(kind, method)

    def send(self: Any, request: Any, *args: Any, **facts: Any) -> Any:
        host = urlsplit(str(request.url)).hostname or ""
        if host in LOCAL:
            return real(self, request, *args, **facts)
        if cloud.kind_of(host) is None:
            raise error(refusal(host, cloud), request=request)
        return simulated(request, *args, **facts)

    return send


def refusal(host: str, cloud: Cloud) -> str:
    """Why nothing is sent to a host, as a sentence, with the names that are simulated."""
    return (
        f"graphcalls_everywhere sends nothing to {host}: simulated are {', '.join(cloud.hosts)}."
        f"{did_you_mean(host, cloud.hosts)} Servers on {', '.join(sorted(LOCAL))} are reached as ever."
    )
