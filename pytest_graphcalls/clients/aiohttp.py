"""aiohttp: the simulator as the connector of a session. Only this module names that library.

A connection of it is in memory. What the session writes is read by h11, and the answer goes through aiohttp's own
parser: so answers are those of the library, whatever its version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp
import h11
from aiohttp.client_proto import ResponseHandler

from pytest_graphcalls.validation import ForOneLibrary, answering
from pytest_graphcalls.wire import Headers, Request, Response

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.tracing import Trace

    from pytest_graphcalls.simulator.hosting import Service


class SimulatorConnector(ForOneLibrary, aiohttp.BaseConnector):
    """Lets an ``aiohttp.ClientSession`` talk to a simulator in the same process.

    ``aiohttp.ClientSession(connector=SimulatorConnector(graphcalls.simulator))``, inside of a coroutine.

    Args:
        service: a simulator, or a host of several.

    Raises:
        SettingError: ``service`` is something else.
    """

    def __init__(self, service: Service) -> None:
        self._service: Service = answering("SimulatorConnector", service)
        super().__init__()

    # The one method that a connector has to have, though its name has an underscore.
    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        del traces
        return connected(self._service, req, timeout)


def connected(service: Service, request: ClientRequest, timeout: aiohttp.ClientTimeout) -> ResponseHandler:
    """A connection to a simulator for one request; it fails as one over a socket, in virtual time."""
    handler = ResponseHandler(asyncio.get_running_loop())
    handler.force_close()  # the next request has its own, so that its address is known
    handler.connection_made(_InMemory(service, request, handler, timeout))
    return handler


class _InMemory(asyncio.Transport):
    """Hands a request to the simulator once all of it was written, and the answer to aiohttp."""

    def __init__(
        self, service: Service, request: ClientRequest, handler: ResponseHandler, timeout: aiohttp.ClientTimeout
    ) -> None:
        super().__init__()
        self._service = service
        self._request = request
        self._handler = handler
        self._patience = min(filter(None, (timeout.total, timeout.sock_read)), default=None)
        self._server = h11.Connection(h11.SERVER)
        self._headers: Iterable[tuple[bytes, bytes]] = ()
        self._body = b""
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """See :class:`asyncio.Transport`."""
        self._server.receive_data(bytes(data))
        while (event := self._server.next_event()) is not h11.NEED_DATA and event is not h11.PAUSED:
            if isinstance(event, h11.Request):
                self._headers = event.headers.raw_items()
                if self._server.they_are_waiting_for_100_continue:
                    go_on = self._server.send(
                        h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                    )
                    asyncio.get_running_loop().call_soon(self._handler.data_received, go_on)
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage):
                headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._headers])
                self._answer(Request(self._request.method, str(self._request.url), headers, self._body))

    def _answer(self, request: Request) -> None:
        from pytest_graphcalls.simulator.faults import Faulty

        response, sent = self._service.handle(request), None
        if isinstance(response, Faulty):
            late = self._patience is not None and response.delay > self._patience
            self._service.elapse(min(response.delay, self._patience) if self._patience else response.delay)
            if late:
                waited = aiohttp.SocketTimeoutError("Timeout on reading data from socket")
                return self._handler.set_exception(waited)
            sent = response.sent
        # Later, as over a socket: aiohttp has not said yet how it wants to read.
        loop = asyncio.get_running_loop()
        if sent is None or sent >= 0:
            loop.call_soon(self._handler.data_received, self._written(response, sent))
        if sent is not None:
            loop.call_soon(self.close)
        return None

    def _written(self, response: Response, sent: int | None) -> bytes:
        """The answer as bytes; of the body no more than ``sent``."""
        length = [("Content-Length", str(len(response.body)))] if response.status != HTTPStatus.NO_CONTENT else []
        head = h11.Response(status_code=response.status, headers=[*response.headers.pairs, *length])
        body = h11.Data(data=response.body[:sent])
        return b"".join(self._server.send(part) or b"" for part in (head, body))

    def close(self) -> None:
        """See :class:`asyncio.Transport`."""
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self._handler.connection_lost, None)

    def abort(self) -> None:
        """See :class:`asyncio.Transport`."""
        self.close()

    def is_closing(self) -> bool:
        """See :class:`asyncio.Transport`."""
        return self._closing

    def pause_reading(self) -> None:
        """Do nothing: what is there was handed over as a whole."""

    def resume_reading(self) -> None:
        """Do nothing: what is there was handed over as a whole."""


def place(service: Service) -> tuple[type, str, Callable[..., Any], Callable[..., Exception]]:
    """The library's own connector with its method, what sends instead, and the error for no connection."""

    async def lead(request: ClientRequest, _: object, timeout: aiohttp.ClientTimeout) -> ResponseHandler:
        return connected(service, request, timeout)

    def error(message: str, **_: object) -> Exception:
        return aiohttp.ClientConnectionError(message)

    return aiohttp.TCPConnector, "_create_connection", lead, error
