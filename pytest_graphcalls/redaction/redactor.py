"""Walks a message and hides what the tables, the telltales and the known values say."""

from __future__ import annotations

import re

from pytest_graphcalls.redaction.bodies import Bodies
from pytest_graphcalls.redaction.fields import MASK, SCHEMES
from pytest_graphcalls.redaction.text import NESTING
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response

_SIGN_IN = re.compile(r"(?i)/oauth2/(?:v[0-9.]+/)?(?:token|devicecode|authorize|logout)$")


class Redactor(Bodies):
    """Hides what may not be written down.

    Args:
        profile: a name in :data:`PROFILES`.
        key: what pseudonyms depend on; the same key gives the same ones in every file and on every machine. Whoever
            has it can try whether a name they think of is behind a pseudonym.

    Raises:
        UnknownNameError: there is no such profile.
    """

    def exchange(self, exchange: Exchange) -> Exchange:
        """``exchange`` with both halves redacted; when there is nothing to hide, an equal one."""
        request, response = self.request(exchange.request), self.response(exchange.response)
        return Exchange(request, response, self.mask(exchange.note), exchange.seconds)

    def request(self, request: Request) -> Request:
        """``request`` with address, headers and body redacted."""
        headers, body = self._message(request.headers, request.body)
        return Request(request.method, self.url(request.url), headers, body)

    def response(self, response: Response) -> Response:
        """``response`` with headers and body redacted."""
        return Response(response.status, *self._message(response.headers, response.body))

    def notification(self, notification: Notification) -> Notification:
        """``notification`` with address, headers and body redacted."""
        posted_to, body = self.url(notification.posted_to), self.json(notification.body)
        return Notification(posted_to, body, notification.at, self.headers(notification.headers))

    def recordable(self, request: Request) -> bool:
        """Whether the exchange that ``request`` begins may be recorded at all: a sign-in may not, however redacted."""
        return _SIGN_IN.search(request.path) is None

    def headers(self, headers: Headers) -> Headers:
        """``headers`` redacted; names and order stay."""
        return Headers([(name, self._header(name, value)) for name, value in headers.pairs])

    def _message(self, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
        clean, masked = self.headers(headers), self._packed(body, headers.get("content-encoding", ""))
        if masked == body:
            return clean, body
        # A client that replays the answer trusts the length, and would undo the compression.
        length = str(len(masked))
        pairs = [(n, length if n.lower() == "content-length" else v) for n, v in clean.pairs]
        return Headers(pairs).without("content-encoding"), masked

    def _header(self, name: str, value: str) -> str:
        if name.lower() not in self._headers:
            return self._text(value, NESTING)
        scheme = value.partition(" ")[0]
        return f"{scheme} {MASK}" if scheme.lower() in map(str.lower, SCHEMES) else MASK
