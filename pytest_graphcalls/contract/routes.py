"""Find the operation for a method and a path.

Routes form a tree of segments, with one branch for keys. A static segment is tried before a key, so
``…/participants/invite`` is the action and not a participant called ``invite``, unless only the key has the method.
Names in a path have no letter case, keys have one (https://learn.microsoft.com/graph/use-the-api).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import dropwhile
from typing import Literal

from pytest_graphcalls.contract.model import VERSIONS, Operation
from pytest_graphcalls.errors import nearest
from pytest_graphcalls.wire import path_segments

_ROOTS = (("communications", "calls"), ("app", "calls"))
"""The roots of the calls; what lies elsewhere is another part of Graph unless a route has it."""
_NAMESPACE = "microsoft.graph."
_VERSION_LIKE = re.compile(r"v?\d[\d.]*|beta\d*", re.IGNORECASE)


def is_version_like(segment: str) -> bool:
    """Whether the first segment of a path is meant as an API version; any other may be the prefix of a proxy."""
    return _VERSION_LIKE.fullmatch(segment) is not None


MissReason = Literal["not-graph", "unknown-path", "method", "version", "uncovered"]


@dataclass(frozen=True, slots=True)
class Match:
    """The operation that a request calls.

    Attributes:
        operation: the operation.
        version: ``v1.0`` or ``beta``.
        keys: the path's keys by placeholder, decoded, e.g. ``{"call-id": "57da…"}``.
        alias: whether the deprecated ``/app`` path was used.
        published: the path in the letter case that is published, if it was written in another; else ``""``.
    """

    operation: Operation
    version: str
    keys: dict[str, str]
    alias: bool
    published: str = ""


@dataclass(frozen=True, slots=True)
class Miss:
    """The reason why a request calls no operation of the contract.

    Attributes:
        reason: ``not-graph`` (no API version, or another part of Graph), ``unknown-path``, ``method`` (the path
            is right, the method is not), ``version`` (documented for the other API version only) or ``uncovered``
            (documented, but not part of this contract).
        version: the API version, or ``""``.
        allowed: for ``method``: the methods of that path; for ``version``: the version that has it.
        segment: for ``unknown-path``: the first segment that no route has; for ``version``: the last one.
        nearest: the closest method and path template, or ``""``; for ``version``: the id of the operation.
        uncovered: for ``uncovered``: the id of that operation.
        page: for ``uncovered``: the address of its page, or ``""``.
    """

    reason: MissReason
    version: str = ""
    allowed: tuple[str, ...] = ()
    segment: str = ""
    nearest: str = ""
    uncovered: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A documented operation outside this contract; ``codes`` says what is known of error codes of its own."""

    id: str
    method: str
    path: str
    versions: tuple[str, ...]
    page: str = ""
    note: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Node:
    branches: dict[str, _Node] = field(default_factory=dict)
    key: _Node | None = None
    methods: dict[str, tuple[Operation | Uncovered, tuple[str, ...]]] = field(default_factory=dict)


class Router:
    """The routes of both API versions.

    Args:
        operations: the operations of the contract.
        uncovered: documented operations to recognise, but not to check.
    """

    def __init__(self, operations: Iterable[Operation], uncovered: Iterable[Uncovered] = ()) -> None:
        self._roots = {version: _Node() for version in VERSIONS}
        self._named: dict[tuple[str, str], list[str]] = {}
        for entry in uncovered:
            for version in entry.versions:
                self._add(version, entry.path, entry)
                if version == "beta":
                    self._add(version, entry.path.replace("/communications/", "/app/", 1), entry)
        for operation in operations:
            for version in operation.versions:
                for path in operation.paths(version):
                    self._add(version, path, operation)

    def _add(self, version: str, path: str, entry: Operation | Uncovered) -> None:
        node, keys = self._roots[version], []
        for segment in path.strip("/").split("/"):
            if segment.startswith("{"):
                keys.append(segment.strip("{}"))
                node.key = node.key or _Node()
                node = node.key
            else:
                node = node.branches.setdefault(segment, _Node())
        node.methods[entry.method] = (entry, tuple(keys))
        template = "/".join("{id}" if one.startswith("{") else one for one in path.split("/"))
        self._named.setdefault((version, template.rpartition("/")[2].lower()), []).append(f"{entry.method} {template}")

    def match(self, method: str, path: str) -> Match | Miss:
        """Find the operation.

        Args:
            method: upper-case HTTP method.
            path: percent-encoded path that starts with the API version, without host and query.
        """
        segments = path_segments(path)
        found = self._exact(method, segments)
        if isinstance(found, Match):
            return found
        published = self._published(segments)
        if published == segments:
            return found
        found = self._exact(method, published)
        return replace(found, published="/" + "/".join(published)) if isinstance(found, Match) else found

    def _published(self, segments: list[str]) -> list[str]:
        """The segments with the names among them as they are published; keys, which have a letter case, stay."""
        version = segments[0].lower() if segments else ""
        node, found = self._roots.get(version), [version]
        if node is None:
            return segments
        for index, segment in enumerate(segments[1:], 1):
            low = segment.lower().removeprefix(_NAMESPACE)
            name = next((one for one in node.branches if one.lower() == low), None)
            following = node.key if name is None else node.branches[name]
            if following is None:
                return [*found, *segments[index:]]
            node = following
            found.append(name or segment)
        return found

    def _exact(self, method: str, segments: list[str]) -> Match | Miss:
        if len(segments) < 2 or segments[0] not in self._roots:
            return _outside(segments, self._roots)
        version, rest = segments[0], segments[1:]
        rest[-1] = rest[-1].removeprefix(_NAMESPACE)
        nodes = list(_walk(self._roots[version], rest, []))
        for node, values in nodes:
            found = node.methods.get(method)
            if found is not None:
                return _matched(found, version, values, alias=rest[0] == "app")
        is_ours = nodes or tuple(rest[:2]) in _ROOTS
        return self._miss(method, version, rest) if is_ours else _outside(segments, self._roots)

    def _miss(self, method: str, version: str, rest: list[str]) -> Miss:
        for other in VERSIONS:
            for node, _ in _walk(self._roots[other], rest, []):
                if method in node.methods:
                    return Miss("version", version, (other,), rest[-1], node.methods[method][0].id)
        nodes = [node.methods for node, _ in _walk(self._roots[version], rest, [])]
        covered = [methods for methods in nodes if any(isinstance(entry, Operation) for entry, _ in methods.values())]
        allowed = tuple(sorted({name for methods in covered for name in methods}))
        segment, close = _nearest(self._roots[version], method, rest)
        if segment == rest[-1]:  # the right word in a wrong place, as an action of participants on the call
            named = [one for known in (version, *VERSIONS) for one in self._named.get((known, segment.lower()), ())]
            close = max(named, key=lambda one: len({*one.split("/")} & {*rest}), default=close)
        # A misspelt action looks like a key; the method shows that it is not.
        if allowed and not close.startswith(f"{method} "):
            return Miss("method", version, allowed)
        return Miss("unknown-path", version, segment=segment, nearest=close)


_LONGEST_START = 80
"""Characters that are searched for a typing error: a longer start resembles no root, and is slow to compare."""


def _outside(segments: list[str], versions: Iterable[str]) -> Miss:
    """Recognise typing errors in the root (missing or repeated version, wrong letter), else other parts of Graph."""
    version = segments[0] if segments and segments[0] in versions else ""
    rest = [segment for segment in dropwhile(is_version_like, segments) if segment not in versions]
    start = "/".join(rest[:2])[:_LONGEST_START]
    close = get_close_matches(start, ["/".join(root) for root in _ROOTS], n=1, cutoff=0.9)
    if not close:
        return Miss("not-graph", version)
    wrong = next((one for one, right in zip(rest, close[0].split("/"), strict=False) if one != right), segments[0])
    template = "/".join([*close[0].split("/"), *("{id}" for _ in rest[2:3]), *rest[3:]])
    meant = nearest(segments[0], versions) if is_version_like(segments[0]) else ""
    return Miss("unknown-path", version, segment=wrong, nearest=f"/{meant or VERSIONS[0]}/{template}")


def _matched(
    found: tuple[Operation | Uncovered, tuple[str, ...]], version: str, values: list[str], *, alias: bool
) -> Match | Miss:
    entry, names = found
    if isinstance(entry, Uncovered):
        return Miss("uncovered", version, uncovered=entry.id, page=entry.page)
    return Match(entry, version, dict(zip(names, values, strict=True)), alias)


def _walk(node: _Node, rest: list[str], values: list[str]) -> Iterator[tuple[_Node, list[str]]]:
    # Most segments have one branch; only where there are two, both are walked.
    for index, segment in enumerate(rest):
        branch = node.branches.get(segment)
        if branch is not None and node.key is not None:
            yield from _walk(branch, rest[index + 1 :], values)
        if branch is None or node.key is not None:
            branch, values = node.key, [*values, segment]
        if branch is None:
            return
        node = branch
    if node.methods:
        yield node, values


def _nearest(node: _Node, method: str, rest: list[str]) -> tuple[str, str]:
    """The first segment that no route has, and the template most similar to the whole path."""
    template = unknown = ""
    for segment in rest:
        step, following = _step(node, segment)
        if following is None:
            return unknown or segment, _template(node, template, method) if unknown else ""
        if step not in {segment, "{id}"}:
            unknown = unknown or segment
        node, template = following, f"{template}/{step}"
    return unknown or rest[-1], _template(node, template, method)


def _step(node: _Node, segment: str) -> tuple[str, _Node | None]:
    """The branch of ``segment``, or the most similar one, or the key."""
    if segment in node.branches:
        return segment, node.branches[segment]
    close = nearest(segment, node.branches)
    if close:
        return close, node.branches[close]
    return ("{id}", node.key) if node.key is not None else ("", None)


def _template(node: _Node, path: str, method: str) -> str:
    """The first route at or below ``node``, one with this method before others that the contract covers."""
    while not node.methods:
        if node.key is not None:
            node, path = node.key, f"{path}/{{id}}"
        else:
            name, node = next(iter(node.branches.items()))
            path = f"{path}/{name}"
    covered = (name for name, (entry, _) in node.methods.items() if isinstance(entry, Operation))
    return f"{method if method in node.methods else next(covered, next(iter(node.methods)))} {path}"
