"""The environment of a user's own run, without what the machine, a job or a run around this one has set for itself."""

from __future__ import annotations

import os
from functools import cache
from importlib import metadata

OF_A_MACHINE = {
    *("CI", "BUILD_NUMBER", "COLUMNS", "FORCE_COLOR", "NO_COLOR", "PY_COLORS"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"),
}
"""Pytest prints otherwise with the first ones: on CI it repeats whole messages in its summary. The next ones say whom
to trust. With the first of the last two every process rewrites the suite's assertions once more; the other one shows
at once what would otherwise be seen at the end of a process only."""
OF_A_JOB = ("GITHUB_", "PYTEST_", "GRAPHCALLS_", "AZURE_")
OURS = "GRAPHCALLS_TEST_"
"""Settings of our own tests."""


def strange(name: str) -> bool:
    """Whether a run inside our tests would do or print something else because of the variable."""
    of_a_job = name.startswith(OF_A_JOB) and not name.startswith(OURS)
    return of_a_job or name in OF_A_MACHINE or name.lower().endswith("_proxy")


def clean() -> dict[str, str]:
    """This process's environment, for a process that shall not depend on what runs around it."""
    return {name: text for name, text in os.environ.items() if not strange(name)}


def read_installed_once() -> None:
    """Each inner run asks what is installed, and which files of it; that takes a sixth of a short run."""
    for name in ("entry_points", "files", "metadata"):
        setattr(metadata.Distribution, name, property(cache(getattr(metadata.Distribution, name).fget)))
    known, look = tuple(metadata.distributions()), metadata.distributions
    metadata.distributions = lambda **where: look(**where) if where else iter(known)
