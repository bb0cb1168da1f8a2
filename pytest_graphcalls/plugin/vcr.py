"""Stands between vcrpy and the disk, for tests with ``@pytest.mark.vcr``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial, wraps
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Cassette, Incomplete, Kind, Passport, SignedIn
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.plugin.cassettes import CassetteUse, Facts, Safety, facts_of
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json

_VERSION = re.compile(r"/(v1\.0|beta)/")


@dataclass(slots=True)
class Safe:
    """Interactions that may be written down.

    Attributes:
        rows: as the file will have them.
        exchanges: those of Graph among them.
        sign_ins: what is not kept.
    """

    rows: list[Any] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    sign_ins: list[SignedIn] = field(default_factory=list)

    def add(self, exchange: Exchange, *, recordable: bool) -> None:
        """Keep a redacted exchange, or note that a token was asked for."""
        if recordable:
            self.exchanges.append(exchange)
            self.rows.append(cassette.row(exchange))
        else:
            request = exchange.request
            self.sign_ins.append(SignedIn(request.method, request.url, exchange.response.status))


def redacted(path: Path, rows: Iterable[Any], safety: Safety) -> Safe:
    """Redact what is Graph's among vcrpy's interactions; raises :class:`.RecordingError` for half of one."""
    safe = Safe()
    for number, row in enumerate(rows, 1):
        if not safety.ours(str(row["request"]["uri"])):
            safe.rows.append(row)
            continue
        exchange = cassette.exchange(path, number, row)
        if isinstance(exchange, Incomplete):
            raise RecordingError(str(path), number, exchange.problem)
        safe.add(safety.redactor.exchange(exchange), recordable=safety.redactor.recordable(exchange.request))
    return safe


def passport_of(safe: Safe, safety: Safety, test: str) -> Passport:
    """The passport of the cassette that will be written.

    Args:
        safe: what is written.
        safety: knows which hosts are those of Graph.
        test: ``file::test``.
    """
    urls = [one.request.url for one in safe.exchanges]
    graph = any(urlsplit(url).hostname in safety.graph_hosts for url in urls)
    versions = tuple(sorted({found[1] for url in urls if (found := _VERSION.search(url))}))
    otherwise = Kind.LIVE if graph else Kind.SERVER
    return Passport.of(safe.exchanges, otherwise, versions, test=test, sign_ins=tuple(safe.sign_ins))


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


_URL = re.compile(r"https?://[^\s\"'<>]{3,2000}")


class Persister:
    """Loads and saves the cassette of one test in vcrpy's place.

    Args:
        safety: says what is to be redacted.
        use: of the test.
        inner: the persister that was registered before; it keeps cassettes without requests to Graph.
    """

    def __init__(self, safety: Safety, use: CassetteUse, inner: Any) -> None:
        self._safety = safety
        self._use = use
        self._inner = inner
        self._before = ""

    def load_cassette(self, cassette_path: str | Path, serializer: Any) -> Any:
        """See vcrpy. The metadata of vcrpy 9 come along; extra cassettes of the mark follow the first one.

        In the mode ``rewrite`` the first one is not loaded.
        """
        from vcr.persisters.filesystem import CassetteNotFoundError

        path = Path(cassette_path)
        self._before = cassette.state(path)
        wanted = ([] if self._use.rewriting else [path]) + [Path(one) for one in self._extra_paths]
        loaded = [self._loaded(one, serializer) for one in dict.fromkeys(wanted) if one.is_file()]
        requests, responses = (list(chain.from_iterable(one[part] for one in loaded)) for part in (0, 1))
        if not requests:
            raise CassetteNotFoundError
        return (requests, responses, *loaded[0][2:])

    @property
    def _extra_paths(self) -> Iterable[str]:
        paths: Iterable[str] = getattr(self._inner, "extra_paths", ())
        return paths

    def _loaded(self, path: Path, serializer: Any) -> Any:
        from vcr.serialize import deserialize

        try:
            text = path.read_text(encoding="utf-8", errors="replace")
            if text.strip() and not self._is_about_graph(text):
                return deserialize(text, serializer)
            found = cassette.opened(path)
        except RecordingError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        self._use.facts.append(facts_of(found, state="played"))
        return deserialize("", _Given(with_sign_ins(found)))

    def _is_about_graph(self, text: str) -> bool:
        return cassette.MEMBER in text or any(map(self._safety.ours, set(_URL.findall(text))))

    def save_cassette(self, cassette_path: str | Path, cassette_dict: Mapping[str, Any], serializer: Any) -> None:
        """See vcrpy. What concerns Graph is written when the test has passed."""
        from vcr.serialize import serialize

        data: Mapping[str, Any] = serialize(cassette_dict, _Given())
        if any(self._safety.ours(str(row["request"]["uri"])) for row in data["interactions"]):
            self._use.waiting.append(partial(self._written, Path(cassette_path), data, serializer))
        else:
            self._inner.save_cassette(cassette_path, cassette_dict, serializer)

    @property
    def _test(self) -> str:
        return f"{self._use.item.path.name}::{self._use.item.name}"

    def _written(self, path: Path, data: Mapping[str, Any], serializer: Any) -> Facts:
        redactor = self._safety.for_writing()
        safe = redacted(path, data["interactions"], self._safety)
        metadata = redactor.json(data["metadata"]) if data.get("metadata") else None
        made = {
            cassette.MEMBER: passport_of(safe, self._safety, self._test).sealed(safe.rows).to_json(),
            "interactions": safe.rows,
            **({"metadata": metadata} if metadata else {}),
            "version": data["version"],
        }
        text = serializer.serialize(made) if path.suffix == ".json" else cassette.dump(made)
        cassette.save(path, text, known=self._safety.known(), before=self._before)
        return facts_of(cassette.opened(path), state="written")


class _Given:
    """A serializer that hands over what was read already, and takes what is to be written as it is."""

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        self._data = data

    def deserialize(self, _: str) -> Mapping[str, Any] | None:
        return self._data

    def serialize(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        return data


Matcher = Callable[[Any, Any], Any]


def safely(safety: Safety, matcher: Matcher) -> Matcher:
    """A matcher of vcrpy that compares two requests after both were redacted: one of them comes from a cassette."""

    @wraps(matcher)  # vcrpy identifies matchers by their names
    def match(one: Any, other: Any) -> Any:
        return matcher(_safe_request(safety, one), _safe_request(safety, other))

    return match


def _safe_request(safety: Safety, request: Any) -> Any:
    if not safety.ours(request.uri):
        return request
    body = request.body
    plain = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
    safe = safety.request(Request(request.method, request.uri, body=plain))
    return type(request)(safe.method, safe.url, safe.body if plain else body, request.headers)
