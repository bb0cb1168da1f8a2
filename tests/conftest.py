"""Plugins of our own tests, and what keeps them apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _secrets_of_one_test() -> Iterator[None]:
    """What a run inside this process adds to the redactor, or remembers as a secret, ends with its test."""
    from pytest_graphcalls.redaction import OF_REPORTS
    from pytest_graphcalls.redaction.known import RUN

    kept = [(one, dict(vars(one))) for one in (OF_REPORTS, OF_REPORTS._literals, RUN)]
    yield
    for one, state in kept:
        vars(one).clear()
        vars(one).update(state)
