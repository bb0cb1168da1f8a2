"""``graphcalls cassettes scan``: whether anything leaks from recordings."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_graphcalls import leakscan
from pytest_graphcalls.commands.text import show
from pytest_graphcalls.report.words import counted

_SECRETS = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "GRAPHCALLS_TOKEN",
    "GRAPHCALLS_REDACTION_KEY",
)
"""Variables whose values are looked for, whatever they look like."""


def secrets_of(environ: Mapping[str, str]) -> list[str]:
    """Values that may be in no recording, whatever they look like."""
    return [text for name in _SECRETS if (text := environ.get(name, ""))]


def scan(paths: Sequence[Path], _: Namespace) -> int:
    """Print where something leaks, and what sort of thing; never the thing itself."""
    known = secrets_of(os.environ)
    leaks = [leak for path in paths for leak in leakscan.scan(path, known=known)]
    show(map(str, leaks))
    if leaks:
        places = counted(len({leak.file for leak in leaks}), "file")
        show(["", f"{counted(len(leaks), 'leak')} in {places}. What was committed already is known: renew it."])
    return int(bool(leaks))
