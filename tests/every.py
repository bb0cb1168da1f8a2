"""One test that looks at many things, for each of which a test of its own would take longer than the look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def every(name: str, values: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Let a test be called with each of ``values`` as its argument ``name``; each failure is shown, with its value."""
    known = list(values)
    assert known

    def decorate(test: Callable[..., None]) -> Callable[[], None]:
        def whole() -> None:
            failures = []
            for value in known:
                try:
                    test(**{name: value})
                except Exception as error:  # noqa: BLE001  it is raised below, together with the others
                    error.add_note(f"{name}: {value}")
                    failures.append(error)
            if failures:
                raise ExceptionGroup(f"{len(failures)} of {len(known)}", failures)

        whole.__name__, whole.__doc__ = test.__name__, test.__doc__
        return whole

    return decorate
