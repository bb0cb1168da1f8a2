"""httpx clients in front of a simulator: its transport, the checks of what passes, the sign-in, the conversions.

Each transport is one class for sync and async clients. They subclass httpx's public transport classes and
not ``MockTransport``, which recorders patch. The public ones serve clients of httpx2, too: it has the same contract of
transports, and demands answers of its own classes (clients 4.1 to 4.6).
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from ssl import SSLContext, create_default_context
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.session import Recorder, current_recorder
from pytest_graphcalls.validation import TAKEN, ForOneLibrary, answering
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

if TYPE_CHECKING:
    from pytest_graphcalls.auth import SignIn
    from pytest_graphcalls.simulator.faults import Faulty
    from pytest_graphcalls.simulator.hosting import Service

Client = httpx.Client
AsyncClient = httpx.AsyncClient
Observer = Callable[[Exchange], None]
_T = TypeVar("_T")

LIBRARIES = ("httpx", "httpx2")
"""Whose clients the transports serve; only the first is imported here."""
TIMEOUT = 10.0
"""Seconds that a client of ours waits for a server."""


def to_wire_request(request: httpx.Request) -> Request:
    """The request as a plain value; its body has to be read before."""
    return Request(request.method, str(request.url), _headers(request.headers), request.content)


def to_wire_response(response: httpx.Response) -> Response:
    """The response as a plain value, its body decompressed; it has to be read before."""
    return Response(response.status_code, _headers(response.headers), response.content)


def library_of(thing: Any) -> Any:
    """The module that a request or a transport is of: httpx or httpx2, whose classes are not to be mixed.

    Raises:
        TypeError: it is of neither.
    """
    for kind in type(thing).__mro__:
        name = kind.__module__.partition(".")[0]
        if name in LIBRARIES:
            return sys.modules[name]
    kind = type(thing)
    raise TypeError(f"{kind.__module__}.{kind.__qualname__} is neither of httpx nor of httpx2. {TAKEN}")


def to_httpx_response(response: Response, library: Any = httpx) -> Any:
    """The answer as httpx has it, or the ``library`` that the request is of; not read yet."""
    headers = list(response.headers.pairs)
    if response.body:
        headers.append(("Content-Length", str(len(response.body))))
    # As a stream and not as content, which httpx would read twice.
    return library.Response(response.status, headers=headers, stream=library.ByteStream(response.body))


def _headers(headers: httpx.Headers) -> Headers:
    # The raw pairs: items() looks for an encoding that fits all of them, each time.
    return Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw])


class SimulatorTransport(ForOneLibrary, httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Lets a client of httpx or httpx2, sync or async, talk to a simulator in the same process.

    Args:
        service: a simulator, or a host of several.

    Raises:
        SettingError: ``service`` is something else.
    """

    def __init__(self, service: Service) -> None:
        self._service: Service = answering("SimulatorTransport", service)

    def handle_request(self, request: httpx.Request) -> Any:
        """See :class:`httpx.BaseTransport`; the response is of the request's library."""
        library = library_of(request)
        request.read()
        return self._answer(library, request)

    async def handle_async_request(self, request: httpx.Request) -> Any:
        """See :class:`httpx.AsyncBaseTransport`; the response is of the request's library."""
        library = library_of(request)
        await request.aread()
        return self._answer(library, request)

    def _answer(self, library: Any, request: httpx.Request) -> Any:
        response = self._service.handle(to_wire_request(request))
        if type(response) is not Response:
            from pytest_graphcalls.simulator.faults import Faulty

            if isinstance(response, Faulty):
                return self._faulty_answer(library, request, response)
        return to_httpx_response(response, library)

    def _faulty_answer(self, library: Any, request: httpx.Request, response: Faulty) -> Any:
        """The part of an answer that a fault has left, or the failure it leads to; a delay takes virtual time."""
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and response.delay > patience:
            self._service.elapse(patience)
            raise library.ReadTimeout("The read operation timed out", request=request)
        self._service.elapse(response.delay)
        if response.sent is None:
            return to_httpx_response(response.whole, library)
        if response.sent < 0:
            raise library.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        headers = [*response.headers.pairs, ("Content-Length", str(len(response.body)))]
        kind = type("Cut", (_Cut, library.SyncByteStream, library.AsyncByteStream), {})
        return library.Response(response.status, headers=headers, stream=kind(response.body, response.sent, request))


class _Cut:
    """A body that ends before its time, and fails as it does over a socket; a client demands its library's stream."""

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

    def _failure(self) -> Exception:
        came = f"received {self._sent} bytes, expected {len(self._body)}"
        said = f"peer closed connection without sending complete message body ({came})"
        failure: Exception = library_of(self._request).RemoteProtocolError(said, request=self._request)
        return failure


class CheckedTransport(ForOneLibrary, httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Checks what passes through another transport, for clients of httpx and of httpx2.

    Args:
        inner: the transport that does the work, of the client's own library; for an async client an async one.
        recorder: is handed each exchange once its answer has come. By default the running test's recorder;
            outside a test that has one, a violation raises at once.

    Raises:
        ContractViolationError: by a request, when no recorder is active and the exchange violates the contract.
        TypeError: by a request, when ``inner`` does not fit the client.
    """

    def __init__(self, inner: httpx.BaseTransport | httpx.AsyncBaseTransport, recorder: Observer | None = None) -> None:
        self._inner = inner
        self._recorder = recorder
        self._started: dict[str, Any] = {}

    def handle_request(self, request: httpx.Request) -> Any:
        """See :class:`httpx.BaseTransport`; the response is of the request's library."""
        library = library_of(request)
        inner = self._fitting(library, "BaseTransport")
        request.read()
        began = time.perf_counter()
        response = inner.handle_request(request)
        try:
            # The stream and not iter_raw(): some transports give a response that was read already.
            body = b"".join(of_kind(response.stream, library.SyncByteStream))
        finally:
            response.close()
        return self._passed_on(library, request, response, body, time.perf_counter() - began)

    async def handle_async_request(self, request: httpx.Request) -> Any:
        """See :class:`httpx.AsyncBaseTransport`; the response is of the request's library."""
        library = library_of(request)
        inner = self._fitting(library, "AsyncBaseTransport")
        await request.aread()
        began = time.perf_counter()
        response = await inner.handle_async_request(request)
        try:
            body = b"".join([chunk async for chunk in of_kind(response.stream, library.AsyncByteStream)])
        finally:
            await response.aclose()
        return self._passed_on(library, request, response, body, time.perf_counter() - began)

    def _fitting(self, library: Any, kind: str) -> Any:
        """The inner transport, if clients of that library may have it; ours serve both."""
        ours = isinstance(self._inner, (SimulatorTransport, CheckedTransport))
        return self._inner if ours else of_kind(self._inner, getattr(library, kind))

    def _passed_on(
        self, library: Any, request: httpx.Request, response: httpx.Response, body: bytes, seconds: float
    ) -> Any:
        facts: Any = {"headers": response.headers, "extensions": response.extensions}
        decoded = library.Response(response.status_code, content=body, **facts)
        record = self._recorder or current_recorder() or self._raise_violations
        # A library that plays recordings patches this transport; what it gives has come over no network.
        over_network = isinstance(self._inner, (library.HTTPTransport, library.AsyncHTTPTransport))
        played = over_network and "network_stream" not in response.extensions
        record(Exchange(to_wire_request(request), to_wire_response(decoded), seconds=seconds, played=played))
        # Not the decoded one: the client decodes what it is given.
        return library.Response(response.status_code, stream=library.ByteStream(body), **facts)

    def _raise_violations(self, exchange: Exchange) -> None:
        from pytest_graphcalls.report.failure import raise_failing

        recorder = Recorder(Contract.packaged())
        recorder.started = self._started
        recorder(exchange)
        raise_failing(recorder)

    def close(self) -> None:
        """Close the inner transport; one that does not fit the client has opened nothing."""
        if hasattr(self._inner, "close"):
            self._inner.close()

    async def aclose(self) -> None:
        """Close the inner transport; one that does not fit the client has opened nothing."""
        if hasattr(self._inner, "aclose"):
            await self._inner.aclose()


def of_kind(thing: Any, kind: type[_T]) -> _T:
    """``thing``, if it is a ``kind``; a ``TypeError`` says that a client and its transports do not fit."""
    if not isinstance(thing, kind):
        found, library = type(thing), kind.__module__.partition(".")[0]
        right = f"{library}.{'AsyncHTTPTransport' if kind.__name__.startswith('Async') else 'HTTPTransport'}()"
        raise TypeError(
            f"{found.__module__.partition('.')[0]}.{found.__name__} is no {library}.{kind.__name__}; a sync client "
            "needs a sync transport inside its CheckedTransport, an async client an async one, both of the client's "
            f"own library: {right} for example"
        )
    return thing


def make_client(transport: httpx.BaseTransport, root: str, token: str, *, auth: httpx.Auth | None = None) -> Client:
    """A client on ``root`` that goes through ``transport``; sends ``token`` unless empty, or what ``auth`` gives."""
    return httpx.Client(transport=transport, **_facts(root, token, auth))


def make_async_client(
    transport: httpx.AsyncBaseTransport, root: str, token: str, *, auth: httpx.Auth | None = None
) -> AsyncClient:
    """The variant for asynchronous code; it is created and closed without an event loop."""
    return httpx.AsyncClient(transport=transport, **_facts(root, token, auth))


def _facts(root: str, token: str, auth: httpx.Auth | None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return {"base_url": root, "headers": headers, "auth": auth, "timeout": TIMEOUT, "trust_env": False}


class BearerAuth(httpx.Auth):
    """Puts a token of a sign-in on each request, for sync and async clients of httpx and httpx2.

    A 401 that asks for other claims (continuous access evaluation) is answered once, by a token that has them. The
    token is kept by the sign-in; fetching one blocks for that moment, in an async client too.

    Args:
        sign_in: where tokens come from.

    Raises:
        SignInError: from a request, when there is no token to be had.
    """

    def __new__(cls, sign_in: SignIn) -> Self:  # noqa: ARG004 - the constructor's own
        """Be of httpx2 as well where that is loaded: its clients take no other, and the flows are alike."""
        other = sys.modules.get("httpx2")
        kind: Any = cls if other is None else type(cls.__name__, (cls, other.Auth), {})
        made: Self = super().__new__(kind)
        return made

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
            for itself always takes them.
        transport: go through this instead of the network.
    """
    if transport is None:
        context = verify if isinstance(verify, SSLContext) else tls_context(verify, trust_env=trust_env)
        return _ForMsal(httpx.Client(verify=context, timeout=TIMEOUT, trust_env=trust_env))
    return _ForMsal(httpx.Client(transport=transport, timeout=TIMEOUT, trust_env=False))


def tls_context(ca_file: str | None = None, *, trust_env: bool = False) -> SSLContext:
    """A TLS context that trusts the authorities in a file, else those of the environment, else certifi's.

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
    """An httpx client whose failures are those of the standard library, for a caller that does not know httpx.

    Attributes:
        status: of the last answer, which msal does not hand on; 0 before the first.
    """

    def __init__(self, inner: httpx.Client) -> None:
        self._inner = inner
        self.status = 0

    def get(self, url: str, **facts: Any) -> httpx.Response:
        return self._through("GET", url, facts)

    def post(self, url: str, *, data: Mapping[str, str | bytes] | None = None, **facts: Any) -> httpx.Response:
        # msal's assertions are bytes, which httpx would write as Python does, b'…'.
        form = {name: value.decode() if isinstance(value, bytes) else value for name, value in (data or {}).items()}
        return self._through("POST", url, {**facts, "data": form})

    def _through(self, method: str, url: str, facts: dict[str, Any]) -> httpx.Response:
        try:
            response = self._inner.request(method, url, **facts)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ConnectionError(str(error) or type(error).__name__) from None
        self.status = response.status_code
        return response

    def close(self) -> None:
        self._inner.close()
