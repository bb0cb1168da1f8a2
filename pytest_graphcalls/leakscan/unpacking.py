"""What is packed: in gzip, and in Base64 inside a text."""

from __future__ import annotations

import re
from base64 import b64decode

from pytest_graphcalls.compression import UnreadableBodyError, decompress

BLOB = re.compile(r"[A-Za-z0-9+/]{20,}+(?:\n[ ]+[A-Za-z0-9+/]++(?![\w:.-]))*+={0,2}")


def unpacked(body: bytes) -> bytes | None:
    """What a body in gzip holds; ``None`` when it is none, or broken."""
    if not body.startswith(b"\x1f\x8b"):
        return None
    try:
        return decompress(body, "gzip")
    except UnreadableBodyError:
        return None


def of_blob(blob: str) -> bytes | None:
    """What a text in Base64 holds, if that is a text, or packed."""
    text = re.sub(r"[\s=]", "", blob)
    body = b64decode(text[: len(text) // 4 * 4] if len(text) % 4 == 1 else text + "=" * (-len(text) % 4))
    if unpacked(body) is not None:
        return body
    sample = body[:400]
    readable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in sample)
    return body if len(body) >= 12 and readable >= 0.95 * len(sample) else None
