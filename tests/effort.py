"""How hard the generated tests look for a counter-example.

A change is not to fail for what it did not touch, so by default a test meets the same examples each time, and few.
``GRAPHCALLS_TEST_EFFORT=20`` draws new ones, twenty times the count that the test names: ``make search``.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

EFFORT = int(os.environ.get("GRAPHCALLS_TEST_EFFORT", "0"))


def examples(count: int, **more: Any) -> settings:
    """Settings for a test with ``count`` examples, a fifth of them by default; the time of one is no matter."""
    return settings(
        max_examples=count * EFFORT or max(count // 5, 20),
        derandomize=not EFFORT,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        **more,
    )
