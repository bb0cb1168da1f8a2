"""Rules for the content of cassettes: what is redacted, and what keeps a recording from being written."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from urllib.parse import urlsplit

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.plugin.cassette_files import Key, folder_of
from pytest_graphcalls.plugin.settings import settings_of
from pytest_graphcalls.redaction import Redactor, remembered
from pytest_graphcalls.wire import Request

_ALIASES = ("login.windows.net", "login.microsoft.com", "sts.windows.net", "login.partner.microsoftonline.cn")
"""Other names of the sign-in."""
_SHORTEST_SECRET = 16
"""Characters; a shorter word would be found in every text."""
_CALLS = re.compile(r"/(?:communications|app)/calls(?:[/?]|$)", re.IGNORECASE)


class Safety:
    """Knows what is ours to redact, and redacts it.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._settings = settings_of(config)
        self.request = lru_cache(4096)(self._request)
        """A request redacted; the matchers of vcrpy ask for the same ones again and again."""
        self._settled = False

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
        given = (self._settings.token, self._settings.redaction_key)
        return remembered() | {text for text in given if len(text) >= _SHORTEST_SECRET}

    @cached_property
    def redactor(self) -> Redactor:
        """Redacts what is looked up in a cassette; a project may have added to it."""
        return self._made(self._key.to_read())

    def for_writing(self) -> Redactor:
        """The redactor, with a key that the other processes of this run have, and the next run will find.

        Raises:
            RecordingError: a new key cannot be written down.
        """
        if not self._settled:
            self.redactor = self._made(self._key.to_write())
            self.request.cache_clear()
            self._settled = True
        return self.redactor

    def _made(self, key: str) -> Redactor:
        made = Redactor("cassette", key)
        self._config.hook.pytest_graphcalls_redact(redactor=made)
        return made

    @cached_property
    def _key(self) -> Key:
        return Key(folder_of(self._config, self._settings, to_read=False), self._settings.redaction_key)
