"""Undo the compression of a recorded body. Recorders keep what was on the wire, and that is often compressed.

gzip and deflate come with Python. For br and zstd the usual packages are taken when they are there; without them the
message names what to install.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from pytest_graphcalls.wire import MalformedJsonError, decode_json

MAX_BODY = 10 * 2**20
"""Most bytes that a body may grow to. Bodies of this API are a few kilobytes; the limit is against bombs."""


class UnreadableBodyError(ValueError):
    """A body whose compression cannot be undone; the text says why and what to do."""


def decompress(body: bytes, encoding: str) -> bytes:
    """Undo the ``Content-Encoding`` of ``body``.

    Args:
        body: as recorded. A body that was decompressed before it was written (its header says otherwise) comes back
            unchanged.
        encoding: the header's value; several are undone from last to first.

    Raises:
        UnreadableBodyError: unknown encoding, missing package, damaged body, or more than :data:`MAX_BODY` bytes.
    """
    for name in reversed([part.strip().lower() for part in encoding.split(",")]):
        if name in {"", "identity"} or not body or _is_plain(body):
            continue
        undo = _UNDO.get(name)
        if undo is None:
            raise UnreadableBodyError(f"a body is compressed with {name!r}; known are {', '.join(_UNDO)}.")
        body = undo(body)
    return body


def _is_plain(body: bytes) -> bool:
    """Recorders that decompress (in vcrpy: ``decode_compressed_response``) may leave the header as it was."""
    try:
        decode_json(body)
    except MalformedJsonError:
        return False
    return True


_Machine = tuple[Callable[[bytes], bytes], Callable[[], bool], type[Exception]]
"""The functions that undo the next piece and tell whether that was the last one, and the package's own exception."""
_PIECE = 256
"""Bytes that are undone at a time: what they grow to is counted before the next ones."""


def _gzip(body: bytes) -> bytes:
    return _piece_by_piece(body, "gzip", _zlib(31))


def _deflate(body: bytes) -> bytes:
    # The standard means a zlib stream, some servers send a raw one; a zlib stream's first two bytes divide by 31.
    is_zlib = body[0] & 15 == 8 and int.from_bytes(body[:2]) % 31 == 0
    return _piece_by_piece(body, "deflate", _zlib(15 if is_zlib else -15))


def _zlib(window: int) -> _Machine:
    machine = zlib.decompressobj(window)
    return machine.decompress, lambda: machine.eof, zlib.error


def _brotli(package: Any) -> _Machine:
    machine = package.Decompressor()
    return machine.process, machine.is_finished, package.error


def _zstd(package: Any) -> _Machine:
    machine = package.ZstdDecompressor()
    return machine.decompress, lambda: bool(machine.eof), package.ZstdError


def _zstandard(package: Any) -> _Machine:
    machine = package.ZstdDecompressor().decompressobj()
    return machine.decompress, lambda: bool(machine.eof), package.ZstdError


def _by_package(name: str, packages: Mapping[str, Callable[[Any], _Machine]], install: str) -> Callable[[bytes], bytes]:
    """A decoder that uses the first of some packages that is installed."""

    def undo(body: bytes) -> bytes:
        for package, made_of in packages.items():
            try:
                found = import_module(package)
            except ImportError:
                continue
            return _piece_by_piece(body, name, made_of(found))
        raise UnreadableBodyError(f"a body is compressed with {name}: pip install {install}, then run this again.")

    return undo


def _piece_by_piece(body: bytes, name: str, machine: _Machine) -> bytes:
    undo, is_over, failure = machine
    plain = bytearray()
    for at in range(0, len(body), _PIECE):
        try:
            plain += undo(body[at : at + _PIECE])
        except failure as error:
            raise UnreadableBodyError(f"a body should be compressed with {name} and is not ({error}).") from None
        if len(plain) > MAX_BODY:
            raise UnreadableBodyError(f"a body grows to more than {MAX_BODY:,} bytes.")
        if is_over():
            return bytes(plain)
    raise UnreadableBodyError(f"a body compressed with {name} was cut.")


_UNDO: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _by_package("br", {"brotli": _brotli, "brotlicffi": _brotli}, "brotli"),
    "zstd": _by_package(
        "zstd", {"compression.zstd": _zstd, "backports.zstd": _zstd, "zstandard": _zstandard}, "backports.zstd"
    ),
}
