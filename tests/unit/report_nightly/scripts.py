"""Scripts that are to be copied, as a copy gives them, and a service of our own on this machine for them to talk to."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

Answer = Callable[[str, str, str, Any], tuple[int, Any]]
"""From method, address, content type and decoded body to a status and what is answered as JSON."""


def loaded(script: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """What is in a script, until the test is over."""
    specification = spec_from_file_location(script.stem, script)
    assert specification is not None
    assert specification.loader is not None
    module = module_from_spec(specification)
    monkeypatch.setitem(sys.modules, script.stem, module)
    specification.loader.exec_module(module)
    return module


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    """Answer requests with the token of the job, and give the address; a redirect leads to ``/signin``."""

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kind = self.headers["Content-Type"] or ""
            status, said = answer(self.command, self.path, kind, json.loads(body) if body else None)
            assert self.headers["Authorization"] == "Bearer job-token"
            text = json.dumps(said).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/signin")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do  # noqa: N815  the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
