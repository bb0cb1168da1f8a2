"""The control API as an ASGI application: who is answered, and from a request to an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any
from urllib.parse import unquote, urlsplit

from pytest_graphcalls.errors import (
    BotError,
    GraphCallsError,
    NotAllowedNowError,
    SettingError,
    UnknownNameError,
)
from pytest_graphcalls.server.asgi import Receive, Scope, Send, SimulatorApp
from pytest_graphcalls.server.control.routes import ROUTES
from pytest_graphcalls.server.control.routing import CODE, PREFIX, Route, read, sibling, suggestion
from pytest_graphcalls.server.control.state import ServerState
from pytest_graphcalls.server.control.views import encode, written
from pytest_graphcalls.simulator import Fault
from pytest_graphcalls.simulator.admission import BODY_LIMIT
from pytest_graphcalls.validation import is_address, is_loopback
from pytest_graphcalls.wire import Headers, MalformedJsonError, Request, Response

THREADS = 16
"""How many control requests are answered at the same time: one may wait for a bot that sends another."""


class Reach(StrEnum):
    """The machines that may use the control addresses."""

    OFF = "off"
    """None."""
    LOCAL = "local"
    """This machine."""
    ANY = "any"
    """Every machine that reaches the server."""


class ControlledApp:
    """An ASGI application that puts the control addresses in front of a simulator's own.

    They are answered in threads of their own: a bot that is posted to because of one calls back into the same server
    meanwhile.

    Args:
        state: what is served.
        reach: which machines the control addresses answer.
    """

    def __init__(self, state: ServerState, *, reach: Reach = Reach.LOCAL) -> None:
        self._app = state.time
        self._reach = reach
        self._control = Control(state)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="graphcalls-control")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        service = _Guarded(self._control, scope.get("client"), self._reach)
        await SimulatorApp(service, frozen=True, threads=self._threads)(scope, receive, send)

    def close(self) -> None:
        """Wait until the last control request is answered."""
        self._threads.shutdown()


class _Guarded:
    """The control API for one client."""

    def __init__(self, control: Control, client: Sequence[Any] | None, reach: Reach) -> None:
        self._control = control
        self._client = client
        self._reach = reach

    def elapse(self, seconds: float) -> None:
        pass

    def handle(self, request: Request) -> Response:
        return refusal(request, self._client, self._reach) or self._control.handle(request)


def refusal(request: Request, client: Sequence[Any] | None, reach: Reach) -> Response | None:
    """Why a request is not answered; ``None`` if it may be.

    Browsers send requests from any page to this machine. They cannot hide where the page is from (``Origin``,
    ``Sec-Fetch-Site``), and send JSON to another site only when that allows it, which we never do. A name that its
    owner points to this machine would make their page one of ours: so only addresses and ``localhost`` are accepted
    as names of this machine.

    Args:
        request: the request.
        client: address and port that it came from.
        reach: which machines the addresses answer.
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
    """Host and port of an ``Origin``; ``""`` for one that names none (``null``)."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def answered(status: int, body: Mapping[str, Any]) -> Response:
    """An answer with a JSON body."""
    headers = Headers({"Content-Type": "application/json", "Cache-Control": "no-store"})
    return Response(status, headers, written(body))


def refused(status: int, message: str, **more: Any) -> Response:
    """A refusal in the form of the service's own errors; ``more`` are members beside ``error``."""
    return answered(status, {"error": {"code": CODE, "message": message}, **more})


def _fault(state: ServerState, number: str) -> Fault:
    active = {str(fault.number): fault for fault in state.simulator.faults.active}
    if number not in active:
        raise UnknownNameError("fault in force with the number", number, tuple(active), f"GET {PREFIX}faults")
    return active[number]


VARIABLES: Mapping[str, Callable[[ServerState, str], Any]] = {
    "call": lambda state, call: state.simulator.call(call),
    "person": lambda state, name: state.simulator.person(name),
    "app": lambda state, app: state.simulator.authority.app_of(app),
    "fault": _fault,
}
"""By the name of a path's variable: finds what it stands for, or raises :class:`UnknownNameError`."""


class Control:
    """Answers requests to control addresses, without asking who sent them.

    Args:
        state: what they change.
    """

    def __init__(self, state: ServerState) -> None:
        self._state = state

    def handle(self, request: Request) -> Response:
        """Answer a request. The bot may be waited for meanwhile."""
        if len(request.body) > BODY_LIMIT:
            return refused(413, f"The body is too large; expected at most {BODY_LIMIT:,} bytes.")
        segments = [unquote(segment) for segment in request.path.removeprefix(PREFIX).split("/") if segment]
        there = [(route, keys) for route in ROUTES if (keys := route.match(segments)) is not None]
        for route, keys in there:
            if route.method == request.method:
                return self._answer(route, keys, request)
        if there:
            methods = " and ".join(sorted({route.method for route, _ in there}))
            return refused(405, f"{request.path} takes {methods}.{sibling(ROUTES, request.method, segments)}")
        close = suggestion(ROUTES, segments)
        return refused(404, f"There is no {request.path[:200]}.{close} GET {PREFIX} lists what there is.")

    def _answer(self, route: Route, keys: Mapping[str, str], request: Request) -> Response:
        self._state.time.follow()  # the answer is about the present
        try:
            found = {name: VARIABLES[name](self._state, key) for name, key in keys.items()}
        except UnknownNameError as error:
            return refused(404, str(error))
        try:
            values = read(route.parameters, _given(request), str(route), f"GET {PREFIX}")
            if isinstance(values.get("app"), str):
                values["app"] = VARIABLES["app"](self._state, values["app"])
            shown = route.handler(self._state, **found, **values)
            return answered(route.status, shown if isinstance(shown, Mapping) else encode(shown))
        except MalformedJsonError as error:
            return refused(400, f"The body {error.reason}.")
        except BotError as error:
            return refused(409, f"{error.what}.", passed=False, timeline=error.timeline)
        except NotAllowedNowError as error:
            return refused(409, str(error))
        except GraphCallsError as error:
            return refused(400, str(error))


def _given(request: Request) -> Mapping[str, Any]:
    if request.method in {"GET", "DELETE"} or not request.body:
        return request.query
    given = request.json()
    if not isinstance(given, Mapping):
        raise SettingError("the body", repr(given)[:80], "a JSON object")
    return given
