"""What vcrpy is given to play."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Cassette
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json

_TOKEN = {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": "REDACTED"}
_NO_TOKEN = {"error": "invalid_client", "error_description": "The sign-in failed when this was recorded."}


def with_sign_ins(found: Cassette) -> Mapping[str, Any]:
    """The cassette's data, with an answer for each token that was asked for while it was recorded."""
    return {**found.data, "interactions": [*_signed_in(found), *found.rows]}


def _signed_in(found: Cassette) -> Iterator[Any]:
    for one in found.passport.sign_ins if found.passport else ():
        body = _TOKEN if one.status < 400 else _NO_TOKEN
        answer = Response(one.status, Headers([("Content-Type", "application/json")]), encode_json(body))
        yield cassette.row(Exchange(Request(one.method, one.url), answer))
