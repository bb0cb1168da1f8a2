"""What the pseudonyms of a project depend on, and where that is kept."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from pytest_graphcalls import cassette
from pytest_graphcalls.errors import RecordingError

KEY_FILE = ".graphcalls-key"
"""Beside the cassettes: what pseudonyms depend on, unless ``GRAPHCALLS_REDACTION_KEY`` says so."""


class Key:
    """The key of a project.

    Args:
        folder: where the project's cassettes lie.
        given: a key that counts instead of the one that is kept there; ``""`` for none.
    """

    def __init__(self, folder: Path, given: str) -> None:
        self._path = folder / KEY_FILE
        self._given = given

    def to_read(self) -> str:
        """The key; where there is none yet, any one, because nothing was written with another."""
        return self._given or self._kept() or token_hex(16)

    def to_write(self) -> str:
        """A key that the other processes of this run have, and the next run will find.

        Raises:
            RecordingError: a new one cannot be written down.
        """
        return self._given or self._kept() or self._new()

    def _kept(self) -> str:
        with suppress(OSError):
            return self._path.read_text(encoding="ascii").strip()
        return ""

    def _new(self) -> str:
        """A new key, unless another process is quicker."""
        key = token_hex(16)
        try:
            cassette.save(self._path, f"{key}\n")
        except RecordingError:
            kept = self._kept()
            if not kept:
                raise
            return kept
        return key
