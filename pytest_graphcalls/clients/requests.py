"""requests: the simulator as an adapter that a session mounts. Only this module names that library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from pytest_graphcalls.validation import ForOneLibrary, answering
from pytest_graphcalls.wire import Headers, Request, Response

if TYPE_CHECKING:
    from pytest_graphcalls.simulator.hosting import Service

PLACE = (HTTPAdapter, requests.ConnectionError)
"""The library's own transport, and its error for no connection."""


class SimulatorAdapter(ForOneLibrary, BaseAdapter):
    """Lets a ``requests.Session`` talk to a simulator in the same process.

    ``session.mount("https://graph.microsoft.com/", SimulatorAdapter(graphcalls.simulator))``

    Args:
        service: a simulator, or a host of several.
    """

    def __init__(self, service: Service) -> None:
        super().__init__()
        self._service: Service = answering("SimulatorAdapter", service)
        self._real = HTTPAdapter()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - requests passes it by this name
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002 - as above
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """See ``requests.adapters.BaseAdapter``; certificates and proxies make no difference.

        Raises:
            requests.ReadTimeout: a fault makes the answer later than ``timeout`` allows, in virtual seconds.
            requests.ConnectionError: a fault has lost the whole answer.
        """
        del stream, verify, cert, proxies
        response = self._service.handle(to_wire_request(request))
        sent = None
        if type(response) is not Response:
            from pytest_graphcalls.simulator.faults import Faulty

            if isinstance(response, Faulty):
                patience = timeout[1] if isinstance(timeout, tuple) else timeout
                self._wait(request, response.delay, patience)
                sent = response.sent
        if sent is not None and sent < 0:
            raise requests.ConnectionError("Remote end closed connection without response", request=request)
        return self._built(request, response, sent)

    def _wait(self, request: requests.PreparedRequest, delay: float, patience: float | None) -> None:
        """Let virtual time pass until the answer comes, or the client waits no longer."""
        if patience is not None and delay > patience:
            self._service.elapse(patience)
            raise requests.ReadTimeout(f"Read timed out. (read timeout={patience})", request=request)
        self._service.elapse(delay)

    def _built(self, request: requests.PreparedRequest, response: Response, sent: int | None) -> requests.Response:
        # urllib3 counts what comes against Content-Length, so a body that was cut fails as over a socket.
        headers = HTTPHeaderDict(response.headers.pairs)
        if response.body:
            headers["Content-Length"] = str(len(response.body))
        raw = HTTPResponse(
            BytesIO(response.body if sent is None else response.body[:sent]),
            headers=headers,
            status=response.status,
            preload_content=False,
            request_method=request.method,
        )
        return self._real.build_response(request, raw)

    def close(self) -> None:
        """Do no more than the interface demands: a simulator has no connections."""


def to_wire_request(request: requests.PreparedRequest) -> Request:
    """The request as a plain value, with the ``Host`` that a connection would add; a body in parts is read."""
    url, headers = request.url or "", list(request.headers.items())
    if "Host" not in request.headers:
        headers.append(("Host", urlsplit(url).netloc))
    return Request(request.method or "GET", url, Headers(headers), _content(request.body))


def _content(body: bytes | str | Iterable[bytes | str] | None) -> bytes:
    if isinstance(body, (str, bytes)) or body is None:
        return body.encode() if isinstance(body, str) else body or b""
    parts = [body.read()] if hasattr(body, "read") else body
    return b"".join(_content(part) for part in parts)
