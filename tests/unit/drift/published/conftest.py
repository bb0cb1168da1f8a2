"""What the tests of published files share."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import pytest

from pytest_graphcalls.published import docs_page

PARSER = SimpleNamespace(parse=cache(docs_page._markdown().parse))


@pytest.fixture(autouse=True)
def _equal_pages_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tests change one page of a hundred."""
    monkeypatch.setattr(docs_page, "_markdown", lambda: PARSER)
