"""How hard the generated tests look for a counter-example.

A change is not to fail for what it did not touch, so by default a test meets the same examples each time.
``GRAPHCALLS_TEST_EFFORT=20`` draws new ones, twenty times as many: ``make search``.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

EFFORT = int(os.environ.get("GRAPHCALLS_TEST_EFFORT", "0"))


def examples(count: int, **more: Any) -> settings:
    """Settings for a test with ``count`` examples; the time of one is no matter, as machines differ."""
    return settings(
        max_examples=count * max(EFFORT, 1),
        derandomize=not EFFORT,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        **more,
    )
