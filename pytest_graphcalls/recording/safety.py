"""What may stand in a cassette of this project, and what may not."""

from __future__ import annotations

import re
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.options import SETTINGS_KEY
from pytest_graphcalls.recording.cases import folder_of
from pytest_graphcalls.redaction import Redactor, remembered
from pytest_graphcalls.wire import Request

KEY_FILE = ".graphcalls-key"
"""Beside the cassettes: what pseudonyms depend on, unless ``GRAPHCALLS_REDACTION_KEY`` says so."""
_ALIASES = ("login.windows.net", "login.microsoft.com", "sts.windows.net", "login.partner.microsoftonline.cn")
"""Other names of the sign-in."""
_CALLS = re.compile(r"/(?:communications|app)/calls(?:[/?]|$)")


class Safety:
    """Knows what is ours to redact, and redacts it.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._settings = config.stash[SETTINGS_KEY]
        self.request = lru_cache(4096)(self._request)
        """A request redacted; the matchers of vcrpy ask for the same ones again and again."""

    def _request(self, request: Request) -> Request:
        return self.redactor.request(request)

    def ours(self, url: str) -> bool:
        """Whether what is exchanged with ``url`` is redacted: Graph, its sign-in, and hosts the project names."""
        host = urlsplit(url).hostname or ""
        return _CALLS.search(url) is not None or any(fnmatchcase(host, pattern) for pattern in self._hosts)

    @cached_property
    def graph_hosts(self) -> frozenset[str]:
        """The hosts of Graph, in every cloud."""
        return frozenset(urlsplit(one.graph_root).hostname or "" for one in Contract.packaged().clouds.values())

    @cached_property
    def _hosts(self) -> tuple[str, ...]:
        sign_in = (urlsplit(one.authority_host).hostname or "" for one in Contract.packaged().clouds.values())
        return (*self.graph_hosts, *sign_in, *_ALIASES, *self._settings.record_hosts)

    def known(self) -> frozenset[str]:
        """The secrets of this run, to be looked for by value in what is about to be written."""
        return remembered() | {text for text in (self._settings.token, self._settings.redaction_key) if text}

    # --- pseudonyms ------------------------------------------------------------------------------------------------

    @cached_property
    def redactor(self) -> Redactor:
        """Redacts what is written, and what is looked up; a project may have added to it."""
        made = Redactor("cassette", self._settings.redaction_key or self._kept_key() or self._new_key)
        self._config.hook.pytest_graphcalls_redact(redactor=made)
        return made

    @cached_property
    def _new_key(self) -> str:
        return token_hex(16)

    def _kept_key(self) -> str:
        with suppress(OSError):
            return self._key_file.read_text(encoding="ascii").strip()
        return ""

    @property
    def _key_file(self) -> Path:
        return folder_of(self._config, self._settings, to_read=False) / KEY_FILE

    def keep_key(self) -> None:
        """Write down a key that was made for this run, so that the next run gives the same pseudonyms.

        Raises:
            RecordingError: the disk refuses.
        """
        if "_new_key" not in self.__dict__:
            return
        path = self._key_file
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError), path.open("x", encoding="ascii") as file:
                file.write(f"{self._new_key}\n")
        except OSError as error:
            raise RecordingError(str(path), 0, f"cannot be written: {error.strerror or error}.") from None
