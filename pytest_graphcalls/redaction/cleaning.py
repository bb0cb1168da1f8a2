"""Temporary."""
from collections import Counter
def clean(text: str, counts: Counter[str] | None = None) -> str:
    from pytest_graphcalls import redaction
    return redaction.OF_REPORTS.mask(text)
