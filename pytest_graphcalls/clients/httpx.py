"""Everything that is httpx: two transports, the conversions, and how clients are made.

Each transport is one class for sync and async clients. They subclass httpx's public transport classes and
not ``MockTransport``, which recorders patch.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from ssl import SSLContext, create_default_context
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import httpx

from pytest_graphcalls.contract import Contract, parse_error
from pytest_graphcalls.errors import ContractViolationError, EnvironmentFaultError, SettingError
from pytest_graphcalls.sandbox.guard import Failure, Flow, Guard, Outcome, fault_of, undisturbed
from pytest_graphcalls.session import Recorder, current_recorder
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

if TYPE_CHECKING:
    from pytest_graphcalls.auth import SignIn
    from pytest_graphcalls.simulator.faults import Faulty
    from pytest_graphcalls.simulator.hosting import Service

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
        response = self._service.handle(to_wire_request(request))
        if type(response) is Response:
            return to_httpx_response(response)
        from pytest_graphcalls.simulator.faults import Faulty

        return self._disturbed(request, response) if isinstance(response, Faulty) else to_httpx_response(response)

    def _disturbed(self, request: httpx.Request, response: Faulty) -> httpx.Response:
        """What a fault has left of the answer, or the failure that it leads to; being late takes virtual time."""
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and response.delay > patience:
            self._service.elapse(patience)
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        self._service.elapse(response.delay)
        if response.sent is None:
            return to_httpx_response(response.whole)
        if response.sent < 0:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        headers = [*response.headers.pairs, ("Content-Length", str(len(response.body)))]
        return httpx.Response(response.status, headers=headers, stream=_Cut(response.body, response.sent, request))


class _Cut(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that ends before its time, and fails as it does over a socket."""

    def __init__(self, body: bytes, sent: int, request: httpx.Request) -> None:
        self._body = body
        self._sent = sent
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        yield self._body[: self._sent]
        raise self._failure()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body[: self._sent]
        raise self._failure()

    def _failure(self) -> httpx.RemoteProtocolError:
        came = f"received {self._sent} bytes, expected {len(self._body)}"
        said = f"peer closed connection without sending complete message body ({came})"
        return httpx.RemoteProtocolError(said, request=self._request)


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
        began = time.perf_counter()
        response = inner.handle_request(request)
        try:
            # The stream and not iter_raw(): some transports give a response that was read already.
            body = b"".join(_of_kind(response.stream, httpx.SyncByteStream))
        finally:
            response.close()
        return self._passed_on(request, response, body, time.perf_counter() - began)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See :class:`httpx.AsyncBaseTransport`."""
        inner = _of_kind(self._inner, httpx.AsyncBaseTransport)
        await request.aread()
        began = time.perf_counter()
        response = await inner.handle_async_request(request)
        try:
            body = b"".join([chunk async for chunk in _of_kind(response.stream, httpx.AsyncByteStream)])
        finally:
            await response.aclose()
        return self._passed_on(request, response, body, time.perf_counter() - began)

    def _passed_on(
        self, request: httpx.Request, response: httpx.Response, body: bytes, seconds: float
    ) -> httpx.Response:
        facts: Any = {"headers": response.headers, "extensions": response.extensions}
        decoded = httpx.Response(response.status_code, content=body, **facts)
        record = self._recorder or current_recorder() or _raise_violations
        record(Exchange(to_wire_request(request), to_wire_response(decoded), seconds=seconds))
        # Not the decoded one: the client decodes what it is given.
        return httpx.Response(response.status_code, stream=httpx.ByteStream(body), **facts)

    def close(self) -> None:
        """Close the inner transport."""
        _of_kind(self._inner, httpx.BaseTransport).close()

    async def aclose(self) -> None:
        """Close the inner transport."""
        await _of_kind(self._inner, httpx.AsyncBaseTransport).aclose()


def _raise_violations(exchange: Exchange) -> None:
    recorder = Recorder(Contract.packaged())
    recorder(exchange)
    failing = recorder.failing()
    if failing:
        from pytest_graphcalls.report.failure import messages

        raise ContractViolationError(messages(failing, recorder.exchanges, recorder.contract))


def _of_kind(thing: Any, kind: type[_T]) -> _T:
    if not isinstance(thing, kind):
        raise TypeError(
            f"{type(thing).__name__} is no {kind.__name__}; a sync client needs a sync transport inside its "
            "CheckedTransport, an async client an async one"
        )
    return thing


def make_client(transport: httpx.BaseTransport, root: str, token: str, *, auth: httpx.Auth | None = None) -> Client:
    """A client on ``root`` that goes through ``transport``; sends ``token`` unless empty, or what ``auth`` gives."""
    return httpx.Client(transport=transport, **_facts(root, token, auth))


def make_async_client(
    transport: httpx.AsyncBaseTransport, root: str, token: str, *, auth: httpx.Auth | None = None
) -> AsyncClient:
    """The same for asynchronous code; making and leaving it takes no event loop."""
    return httpx.AsyncClient(transport=transport, **_facts(root, token, auth))


def _facts(root: str, token: str, auth: httpx.Auth | None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return {"base_url": root, "headers": headers, "auth": auth, "timeout": TIMEOUT, "trust_env": False}


def status_of(client: Client, method: str, url: str) -> tuple[int, str]:
    """Send a request; its status and what the answer says, or 0 and why none came."""
    try:
        response = client.request(method, url)
    except httpx.TransportError as failure:
        return 0, str(failure) or type(failure).__name__
    error = parse_error(to_wire_response(response))
    said = (str(response.status_code), error.code, error.message) if error else (str(response.status_code),)
    return response.status_code, " ".join(said)


class Network:
    """The real network, for as long as a run: one TLS context, and transports that clients cannot close.

    Args:
        trust_env: whether proxies and ``SSL_CERT_FILE`` are taken from the environment.
    """

    def __init__(self, *, trust_env: bool = False) -> None:
        self._tls = tls_context(trust_env=trust_env)
        self._pool: httpx.BaseTransport = (
            _ByEnvironment(self._tls) if trust_env else httpx.HTTPTransport(verify=self._tls)
        )
        self.sync: httpx.BaseTransport = _Shared(self._pool)
        """For sync clients."""
        self.asynchronous: httpx.AsyncBaseTransport = _OneByOne(self._tls, trust_env=trust_env)
        """For async clients."""

    def unreachable(self, url: str) -> str:
        """Why nothing answers at ``url``, as a sentence, or ``""`` when something does."""
        try:
            with make_client(self.sync, url, "") as client:
                client.get("/")
        except (httpx.TransportError, httpx.InvalidURL) as error:
            return f"{str(error) or type(error).__name__}."
        return ""

    def look(self, url: str) -> Response | None:
        """What ``url`` answers to somebody without a token; ``None`` when nothing, or nobody, does."""
        try:
            with make_client(self.sync, url, "") as client:
                return to_wire_response(client.get(url))
        except (httpx.TransportError, httpx.InvalidURL):
            return None

    def refuses(self, root: str, token: str) -> str:
        """What the server at ``root`` says of ``token``, or ``""`` when it takes it.

        Asks for a call that nobody has: whoever takes the token does not answer 401 to that.
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
    """A connection per request: kept ones would belong to an event loop that may be gone by the next test."""

    def __init__(self, tls: SSLContext, *, trust_env: bool = False) -> None:
        self._facts: dict[str, Any] = {"verify": tls, "trust_env": trust_env}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(**self._facts) as inner:
            response = await inner.send(request, stream=True, follow_redirects=False)
            stream = _of_kind(response.stream, httpx.AsyncByteStream)
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
        guard: Guard,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._inner = inner
        self._guard = guard
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See :class:`httpx.BaseTransport`."""
        inner = _of_kind(self._inner, httpx.BaseTransport)
        request.read()
        asked = to_wire_request(request)
        steps = _Steps(self._guard.flow(asked))
        while not steps.done:
            if steps.pause is not None:
                self._sleep(steps.pause)
                steps.paused()
                continue
            # From the request to the ledger's note of its answer: whoever interrupts this would leave a call behind.
            with undisturbed(wanted=self._guard.makes(asked)):
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

        inner = _of_kind(self._inner, httpx.AsyncBaseTransport)
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


class FaultTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Tells a service or a network that fails from one that answers; nothing is sent twice.

    Args:
        inner: the transport that does the work; for an async client an async one.

    Raises:
        EnvironmentFaultError: from a request: no answer came, or one of :func:`.fault_of`.
    """

    def __init__(self, inner: httpx.BaseTransport | httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See :class:`httpx.BaseTransport`."""
        inner = _of_kind(self._inner, httpx.BaseTransport)
        request.read()
        try:
            response = inner.handle_request(request)
            response.read()
        except httpx.TransportError as error:
            raise _fault(request, error) from None
        return _judged(request, response)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See :class:`httpx.AsyncBaseTransport`."""
        inner = _of_kind(self._inner, httpx.AsyncBaseTransport)
        await request.aread()
        try:
            response = await inner.handle_async_request(request)
            await response.aread()
        except httpx.TransportError as error:
            raise _fault(request, error) from None
        return _judged(request, response)


def _fault(request: httpx.Request, error: httpx.TransportError) -> EnvironmentFaultError:
    fault = fault_of(to_wire_request(request), _failure(error))
    assert fault is not None  # no answer is always one
    return fault


def _judged(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    fault = fault_of(to_wire_request(request), to_wire_response(response))
    if fault is not None:
        raise fault
    return response


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


_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
"""Failures before the request has left."""


class BearerAuth(httpx.Auth):
    """Puts a token of a sign-in on each request, for sync and async clients.

    A 401 that asks for other claims (continuous access evaluation) is answered once, by a token that has them. The
    token is kept by the sign-in; fetching one blocks for that moment, in an async client too.

    Args:
        sign_in: where tokens come from.

    Raises:
        SignInError: from a request, when there is no token to be had.
    """

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """See :class:`httpx.Auth`."""
        request.headers["Authorization"] = f"Bearer {self._sign_in.token()}"
        response = yield request
        claims = claims_challenge(response)
        if claims:
            request.headers["Authorization"] = f"Bearer {self._sign_in.token(claims=claims)}"
            yield request


_CHALLENGE = re.compile(r"\bBearer\b.*?\bclaims=\"([^\"]*)\"", re.IGNORECASE)


def claims_challenge(response: httpx.Response) -> str:
    """The claims that a 401 asks for, as JSON text; ``""`` when it asks for none, or in a way that cannot be read."""
    if response.status_code != httpx.codes.UNAUTHORIZED:
        return ""
    found = _CHALLENGE.search(", ".join(response.headers.get_list("www-authenticate")))
    if found is None:
        return ""
    try:
        text = base64.b64decode(found[1].replace("-", "+").replace("_", "/") + "=" * (-len(found[1]) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return text if text.lstrip().startswith("{") else ""


def http_for_msal(
    *, verify: SSLContext | str | None = None, trust_env: bool = False, transport: httpx.BaseTransport | None = None
) -> Any:
    """A client that msal takes as its ``http_client``; a network that fails raises :class:`OSError`.

    Args:
        verify: a TLS context, or a file with the certificate authorities to trust; by default certifi's, or with
            ``trust_env`` those that ``SSL_CERT_FILE`` names.
        trust_env: whether proxies and ``SSL_CERT_FILE`` are taken from the environment. The client that msal makes
            for itself takes them whatever it was told.
        transport: go through this instead of the network.
    """
    if transport is None:
        context = verify if isinstance(verify, SSLContext) else tls_context(verify, trust_env=trust_env)
        return _ForMsal(httpx.Client(verify=context, timeout=TIMEOUT, trust_env=trust_env))
    return _ForMsal(httpx.Client(transport=transport, timeout=TIMEOUT, trust_env=False))


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


def tls_context(ca_file: str | None = None, *, trust_env: bool = False) -> SSLContext:
    """What to trust: the certificate authorities in a file, else the environment's, else certifi's.

    Raises:
        SettingError: the file cannot be read as one of certificates.
    """
    named = ca_file or (os.environ.get("SSL_CERT_FILE") if trust_env else None)
    try:
        if named:  # httpx 0.27 would pass over a file that is not there
            return create_default_context(cafile=named)
        return httpx.create_ssl_context(trust_env=trust_env)
    except OSError as error:
        value = named or os.environ.get("SSL_CERT_DIR", "")
        raise SettingError(
            "SSL_CERT_FILE", value, "a file with certificates, PEM", f"{error.strerror or error}."
        ) from None


class _ForMsal:
    """An httpx client whose failures are those of the standard library, for a caller that does not know httpx."""

    def __init__(self, inner: httpx.Client) -> None:
        self._inner = inner

    def get(self, url: str, **facts: Any) -> httpx.Response:
        return self._through("GET", url, facts)

    def post(self, url: str, *, data: Mapping[str, str | bytes] | None = None, **facts: Any) -> httpx.Response:
        # msal's assertions are bytes, which httpx would write as Python does, b'…'.
        form = {name: value.decode() if isinstance(value, bytes) else value for name, value in (data or {}).items()}
        return self._through("POST", url, {**facts, "data": form})

    def _through(self, method: str, url: str, facts: dict[str, Any]) -> httpx.Response:
        try:
            return self._inner.request(method, url, **facts)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ConnectionError(str(error) or type(error).__name__) from None

    def close(self) -> None:
        self._inner.close()
