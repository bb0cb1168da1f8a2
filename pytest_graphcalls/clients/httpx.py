"""Everything that is httpx: two transports, the conversions, and how clients are made.

Each transport is one class for sync and async clients. They subclass httpx's public transport classes and
not ``MockTransport``, which recorders patch.
"""

from __future__ import annotations

from collections.abc import Callable
from ssl import SSLContext
from typing import Any, TypeVar

import httpx

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import ContractViolationError
from pytest_graphcalls.session import Recorder, current_recorder
from pytest_graphcalls.simulator.hosting import Service
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

Client = httpx.Client
AsyncClient = httpx.AsyncClient
Observer = Callable[[Exchange], None]
_T = TypeVar("_T")

TIMEOUT = 10.0
"""Seconds that a client of ours waits for a server."""


def to_wire_request(request: httpx.Request) -> Request:
    """The request as a plain value; its body has to be read before."""
    return Request(request.method, str(request.url), _headers(request.headers), request.content)


def to_wire_response(response: httpx.Response) -> Response:
    """The response as a plain value, its body decompressed; it has to be read before."""
    return Response(response.status_code, _headers(response.headers), response.content)


def to_httpx_response(response: Response) -> httpx.Response:
    """The answer as httpx has it, not read yet."""
    headers = list(response.headers.pairs)
    if response.body:
        headers.append(("Content-Length", str(len(response.body))))
    # As a stream and not as content, which httpx would read twice.
    return httpx.Response(response.status, headers=headers, stream=httpx.ByteStream(response.body))


def _headers(headers: httpx.Headers) -> Headers:
    # The raw pairs: items() looks for an encoding that fits all of them, each time.
    return Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw])


class SimulatorTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Lets an httpx client, sync or async, talk to a simulator in the same process.

    Args:
        service: a simulator, or a host of several.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See :class:`httpx.BaseTransport`."""
        request.read()
        return self._answer(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See :class:`httpx.AsyncBaseTransport`."""
        await request.aread()
        return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        return to_httpx_response(self._service.handle(to_wire_request(request)))


class CheckedTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Checks what passes through another transport.

    Args:
        inner: the transport that does the work; for an async client an async one.
        recorder: is handed each exchange once its answer has come. By default the running test's recorder;
            outside a test that has one, a violation raises at once.

    Raises:
        ContractViolationError: from a request, when nobody records and the exchange breaks the contract.
    """

    def __init__(self, inner: httpx.BaseTransport | httpx.AsyncBaseTransport, recorder: Observer | None = None) -> None:
        self._inner = inner
        self._recorder = recorder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See :class:`httpx.BaseTransport`."""
        inner = _of_kind(self._inner, httpx.BaseTransport)
        request.read()
        response = inner.handle_request(request)
        try:
            # The stream and not iter_raw(): some transports give a response that was read already.
            body = b"".join(_of_kind(response.stream, httpx.SyncByteStream))
        finally:
            response.close()
        return self._passed_on(request, response, body)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See :class:`httpx.AsyncBaseTransport`."""
        inner = _of_kind(self._inner, httpx.AsyncBaseTransport)
        await request.aread()
        response = await inner.handle_async_request(request)
        try:
            body = b"".join([chunk async for chunk in _of_kind(response.stream, httpx.AsyncByteStream)])
        finally:
            await response.aclose()
        return self._passed_on(request, response, body)

    def _passed_on(self, request: httpx.Request, response: httpx.Response, body: bytes) -> httpx.Response:
        facts: Any = {"headers": response.headers, "extensions": response.extensions}
        decoded = httpx.Response(response.status_code, content=body, **facts)
        record = self._recorder or current_recorder() or _raise_violations
        record(Exchange(to_wire_request(request), to_wire_response(decoded)))
        # Not the decoded one: the client decodes what it is given.
        return httpx.Response(response.status_code, stream=httpx.ByteStream(body), **facts)

    def close(self) -> None:
        """Close the inner transport."""
        _of_kind(self._inner, httpx.BaseTransport).close()

    async def aclose(self) -> None:
        """Close the inner transport."""
        await _of_kind(self._inner, httpx.AsyncBaseTransport).aclose()


def _raise_violations(exchange: Exchange) -> None:
    from pytest_graphcalls.report.violation import messages

    recorder = Recorder(Contract.packaged())
    recorder(exchange)
    failing = recorder.failing()
    if failing:
        raise ContractViolationError(messages(failing, recorder.exchanges, recorder.contract))


def _of_kind(thing: Any, kind: type[_T]) -> _T:
    if not isinstance(thing, kind):
        raise TypeError(
            f"{type(thing).__name__} is no {kind.__name__}; a sync client needs a sync transport inside its "
            "CheckedTransport, an async client an async one"
        )
    return thing


def make_client(transport: httpx.BaseTransport, root: str, token: str) -> Client:
    """A client on ``root`` that goes through ``transport`` and sends ``token``, if it is not empty."""
    return httpx.Client(transport=transport, **_facts(root, token))


def make_async_client(transport: httpx.AsyncBaseTransport, root: str, token: str) -> AsyncClient:
    """The same for asynchronous code; making and leaving it takes no event loop."""
    return httpx.AsyncClient(transport=transport, **_facts(root, token))


def _facts(root: str, token: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return {"base_url": root, "headers": headers, "timeout": TIMEOUT, "trust_env": False}


class Network:
    """The real network, for as long as a run: one TLS context, and transports that clients cannot close."""

    def __init__(self) -> None:
        self._tls = httpx.create_ssl_context(trust_env=False)
        self._pool = httpx.HTTPTransport(verify=self._tls)
        self.sync: httpx.BaseTransport = _Shared(self._pool)
        """For sync clients."""
        self.asynchronous: httpx.AsyncBaseTransport = _OneByOne(self._tls)
        """For async clients."""

    def unreachable(self, url: str) -> str:
        """Why nothing answers at ``url``, as a sentence, or ``""`` when something does."""
        try:
            with make_client(self.sync, url, "") as client:
                client.get("/")
        except (httpx.TransportError, httpx.InvalidURL) as error:
            return f"{str(error) or type(error).__name__}."
        return ""

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Shared(httpx.BaseTransport):
    """A transport that outlives the clients it is given to."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._inner.handle_request(request)


class _OneByOne(httpx.AsyncBaseTransport):
    """A connection per request: kept ones would belong to an event loop that may be gone by the next test."""

    def __init__(self, tls: SSLContext) -> None:
        self._tls = tls

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncHTTPTransport(verify=self._tls) as inner:
            response = await inner.handle_async_request(request)
            stream = _of_kind(response.stream, httpx.AsyncByteStream)
            body = b"".join([chunk async for chunk in stream])
            await response.aclose()
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(body))
