"""The real network for httpx clients: shared transports, and those that guard a tenant or tell a fault from an answer.

Nothing here is used where a simulator answers in the same process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from ssl import SSLContext
from typing import Any
from uuid import UUID

import httpx

from pytest_graphcalls.clients.httpx import Client, make_client, of_kind, tls_context, to_wire_request, to_wire_response
from pytest_graphcalls.contract import parse_error
from pytest_graphcalls.sandbox.guard import Failure, Flow, Guard, Outcome, deferred_signals, fault_of
from pytest_graphcalls.wire import Request, Response

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
"""Failures before the request has left."""
_REMEDIES = {
    "CERTIFICATE_VERIFY_FAILED": "It answers, with a certificate of an authority that is not trusted here: set "
    "SSL_CERT_FILE to the authority's file, which is FOLDER/ca.pem for 'graphcalls serve --tls FOLDER'.",
    "WRONG_VERSION_NUMBER": "The server speaks no TLS: write http:// instead.",
    "missing an 'http://'": "Begin the address with http:// or https://.",
}
"""What to do, by a part of what httpx says."""


def status_of(client: Client, method: str, url: str) -> tuple[int, str]:
    """Send a request; its status and what the answer says, or 0 and why none came."""
    try:
        response = client.request(method, url)
    except httpx.TransportError as failure:
        return 0, str(failure) or type(failure).__name__
    error = parse_error(to_wire_response(response))
    said = (str(response.status_code), error.code, error.message) if error else (str(response.status_code),)
    return response.status_code, " ".join(said)


def answer(client: Client, method: str, path: str, body: bytes | None = None) -> Response:
    """Send a request and give the answer as a plain value.

    Args:
        client: sends it.
        method: upper case.
        path: below the client's root.
        body: JSON text, if there is any.

    Raises:
        OSError: the network failed.
    """
    headers = {} if body is None else {"Content-Type": "application/json"}
    try:
        return to_wire_response(client.request(method, path, content=body, headers=headers))
    except httpx.TransportError as error:
        raise ConnectionError(str(error) or type(error).__name__) from None


def trusted(url: str) -> str | None:
    """The file of authorities that the environment names for a server with TLS; proxies of the environment aside."""
    return os.environ.get("SSL_CERT_FILE") if url.startswith("https") else None


class Network:
    """The real network, for as long as a run: one TLS context, and transports that clients cannot close.

    Args:
        trust_env: whether proxies and ``SSL_CERT_FILE`` are taken from the environment.
        ca_file: certificates to trust instead of the environment's or certifi's.
    """

    def __init__(self, *, trust_env: bool = False, ca_file: str | None = None) -> None:
        self._tls = tls_context(ca_file, trust_env=trust_env)
        self._pool: httpx.BaseTransport = (
            _ByEnvironment(self._tls) if trust_env else httpx.HTTPTransport(verify=self._tls)
        )
        self.sync: httpx.BaseTransport = _Shared(self._pool)
        """For sync clients."""
        self.asynchronous: httpx.AsyncBaseTransport = _OneByOne(self._tls, trust_env=trust_env)
        """For async clients."""

    def unreachable(self, url: str, step: str = "Start it, or correct the address.") -> str:
        """Why nothing answers at ``url``, and the next ``step``, as sentences; ``""`` when something does."""
        try:
            with make_client(self.sync, url, "") as client:
                client.get("/")
        except (httpx.TransportError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            remedy = next((remedy for said, remedy in _REMEDIES.items() if said in why), step)
            return f"{why.rstrip('.')}. {remedy}"
        return ""

    def look(self, url: str) -> Response | None:
        """The response of ``url`` to a request without a token; ``None`` when there is none."""
        try:
            with make_client(self.sync, url, "") as client:
                return to_wire_response(client.get(url))
        except (httpx.TransportError, httpx.InvalidURL):
            return None

    def refuses(self, root: str, token: str) -> str:
        """The error of the server at ``root`` about ``token``, or ``""`` when it accepts the token.

        Requests a call that does not exist: a server that accepts the token does not answer 401.
        """
        with make_client(self.sync, root, token) as client:
            response = to_wire_response(client.get(f"/communications/calls/{UUID(int=0)}"))
        error = parse_error(response)
        return (error.message if error else "401 without a reason.") if response.status == 401 else ""

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Shared(httpx.BaseTransport):
    """A transport that outlives the clients it is given to."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._inner.handle_request(request)


class _ByEnvironment(httpx.BaseTransport):
    """The network as the environment wants it to be reached; a client of httpx is what knows its proxies."""

    def __init__(self, tls: SSLContext) -> None:
        self._client = httpx.Client(verify=tls, trust_env=True)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._client.send(request, stream=True, follow_redirects=False)

    def close(self) -> None:
        self._client.close()


class _OneByOne(httpx.AsyncBaseTransport):
    """A connection per request: kept ones would belong to an event loop that may be closed by the next test."""

    def __init__(self, tls: SSLContext, *, trust_env: bool = False) -> None:
        self._facts: dict[str, Any] = {"verify": tls, "trust_env": trust_env}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(**self._facts) as inner:
            response = await inner.send(request, stream=True, follow_redirects=False)
            stream = of_kind(response.stream, httpx.AsyncByteStream)
            body = b"".join([chunk async for chunk in stream])
            await response.aclose()
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(body))


class GuardedTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Lets a guard decide what is sent through another transport, when, and how often.

    Args:
        inner: the transport that does the work; for an async client an async one.
        guard: decides.
        sleep: lets seconds pass, for sync clients.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport | httpx.AsyncBaseTransport,
        guard: Guard | _OnlyFaults,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._inner = inner
        self._guard = guard
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See :class:`httpx.BaseTransport`."""
        inner = of_kind(self._inner, httpx.BaseTransport)
        request.read()
        asked = to_wire_request(request)
        steps = _Steps(self._guard.flow(asked))
        while not steps.done:
            if steps.pause is not None:
                self._sleep(steps.pause)
                steps.paused()
                continue
            # From the request to the ledger's entry about its response: an interruption in between would lose a call.
            with deferred_signals(wanted=self._guard.creates(asked)):
                try:
                    response = inner.handle_request(request)
                    response.read()
                    steps.answered(response)
                except httpx.TransportError as error:
                    steps.failed(error)
        return steps.result()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See :class:`httpx.AsyncBaseTransport`."""
        import anyio

        inner = of_kind(self._inner, httpx.AsyncBaseTransport)
        await request.aread()
        steps = _Steps(self._guard.flow(to_wire_request(request)))
        while not steps.done:
            if steps.pause is not None:
                await anyio.sleep(steps.pause)
                steps.paused()
                continue
            try:
                response = await inner.handle_async_request(request)
                await response.aread()
                steps.answered(response)
            except httpx.TransportError as error:
                steps.failed(error)
        return steps.result()


class _OnlyFaults:
    """A guard that lets everything pass, and raises :class:`EnvironmentFaultError` for what proves nothing."""

    def creates(self, _: Request) -> bool:
        return False

    def flow(self, request: Request) -> Flow:
        outcome = yield None
        assert outcome is not None
        fault = fault_of(request, outcome)
        if fault is not None:
            raise fault from None
        return outcome


class FaultTransport(GuardedTransport):
    """Tells a service or a network that fails from one that answers; nothing is sent twice.

    Args:
        inner: the transport that does the work; for an async client an async one.

    Raises:
        EnvironmentFaultError: from a request: no answer came, or one of :func:`.fault_of`.
    """

    def __init__(self, inner: httpx.BaseTransport | httpx.AsyncBaseTransport) -> None:
        super().__init__(inner, _OnlyFaults())


def _failure(error: httpx.TransportError) -> Failure:
    return Failure(f"{type(error).__name__}: {error}".rstrip(": "), sent=not isinstance(error, _UNSENT))


class _Steps:
    """A guard's flow, with httpx's values on this side of it."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._last: httpx.Response | httpx.TransportError | None = None
        self.done = False
        self.pause: float | None = None
        self._take(None)

    def _take(self, outcome: Outcome | None) -> None:
        try:
            step = self._flow.send(outcome)
        except StopIteration:
            self.done = True
        else:
            self.pause = step.seconds if step else None

    def paused(self) -> None:
        self._take(None)

    def answered(self, response: httpx.Response) -> None:
        self._last = response
        self._take(to_wire_response(response))

    def failed(self, error: httpx.TransportError) -> None:
        self._last = error
        self._take(_failure(error))

    def result(self) -> httpx.Response:
        if isinstance(self._last, httpx.Response):
            return self._last
        assert self._last is not None
        raise self._last
