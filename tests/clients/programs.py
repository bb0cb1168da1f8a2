"""A client in another process: it reads what a test asks as a line of JSON, and writes what its SDK answered as one.

| member of what is asked | value |
| --- | --- |
| `do` | `create`, `invite`, `delete`, `reject`, `playPrompt` or `subscribeToTone` |
| `version` | `v1.0` or `beta`; each has its own SDK where there are two |
| `call` | id of the call; empty for `create` |
| `clientContext` | for `invite`, `playPrompt` and `subscribeToTone` |
| `participants` | for `invite`: `sort` (`user` or `phone`), `id`, `name`; perhaps `participantId`, `replacesCallId` |
| `participant` | for `delete`: id of the participant |
| `reason` | for `reject` |
| `callbackUri` | for `create` and `reject` |
| `prompts` | for `playPrompt`, a list: `uri`, `resourceId` |
| `tenantId`, `threadId`, `messageId`, `organizer` | for `create`, into a meeting; `organizer` is the id of a user |

It answers with the SDK's object: `type` (its class, or the `@odata.type` where there are no classes) and, where the
object has them, `id`, `state`, `status`, `clientContext` and `participants` (each `participantId`, and `id` of a user,
`null` where there is none); with `{}` for nothing; and for an error of the SDK with
`{"error": {"type": ..., "status": ..., "code": ..., "message": ...}}`, whose status and code are for errors of Graph.
It signs in with its SDK's credentials by environment (`AZURE_...`), and ends when its input ends.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import IO, Any

from tests.environment import clean

Command = Sequence[str | Path]
"""A program with its arguments."""
Environment = Callable[[str], dict[str, str]]
"""The variables for a runtime, one that `graphcalls env --for` knows."""
PATIENCE = 120.0
"""Seconds after which a program that does not answer is ended."""


class Program:
    """A running program.

    Args:
        process: it.
        errors: where it writes its errors.
    """

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[str]) -> None:
        self._process = process
        self._errors = errors

    def ask(self, **request: Any) -> dict[str, Any]:
        """What it answers to a request; fails with what it wrote when it answers nothing."""
        assert self._process.stdin
        assert self._process.stdout
        watch = Timer(PATIENCE, self._process.kill)
        watch.start()
        try:
            with suppress(BrokenPipeError):  # it has ended: its errors say why
                self._process.stdin.write(b"%b\n" % json.dumps(request).encode())
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        if not line:
            self._errors.seek(0)
            command = " ".join(map(str, self._process.args))
            raise AssertionError(f"{command} answered nothing to {request}; it wrote\n{self._errors.read()}")
        return dict(json.loads(line))


@contextmanager
def running(command: Command, environment: Mapping[str, str]) -> Iterator[Program]:
    """Run a program until the block ends.

    Args:
        command: it, with its arguments.
        environment: variables beside those of this machine.
    """
    with (
        TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
        subprocess.Popen(
            command,
            env={**clean(), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,
        ) as process,
    ):
        try:
            yield Program(process, errors)
        finally:
            process.kill()
