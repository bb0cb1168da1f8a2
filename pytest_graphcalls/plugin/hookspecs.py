"""Hooks that a conftest.py or a plugin may implement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_graphcalls.redaction import Redactor
    from pytest_graphcalls.simulator import Simulator


@pytest.hookspec
def pytest_graphcalls_simulator(simulator: Simulator) -> None:
    """Called with each new simulator before its test sees it.

    Every test has a simulator of its own, so what is done here holds for one test: register apps, set the
    pace, script people, put faults in front of the answers with ``simulator.intercept``. An implementation in a
    ``conftest.py`` is called for the tests below its folder only.

    Args:
        simulator: fresh; nothing has been asked of it.
    """


@pytest.hookspec
def pytest_graphcalls_redact(redactor: Redactor) -> None:
    """Called with each redactor before it is used: the one of reports and messages, and the one of recordings.

    A project adds here what it alone knows to be secret: ``redactor.add(headers=["X-Contoso-Key"],
    members=["ticket"], values=[os.environ["CONTOSO_KEY"]])``. More can be hidden than by default, never less. An
    implementation has to be in a plugin or in the ``conftest.py`` of the top folder.

    Args:
        redactor: with ``redactor.profile.name`` ``tokens`` (reports and messages) or ``cassette`` (recordings).
    """


@pytest.hookspec(firstresult=True)
def pytest_graphcalls_incoming_call(target: str, version: str, group: bool) -> str | None:  # noqa: FBT001  pytest names it
    """Make a call come in at the server that is tested, and return its id.

    For a server at a base URL that is not ``graphcalls serve``: the suite can judge what is done with incoming calls
    once something makes one. Return ``None`` where this implementation cannot.

    Args:
        target: the base URL.
        version: API version of the test, ``v1.0`` or ``beta``.
        group: whether an invitation into a group call is wanted, or a person who calls.
    """
