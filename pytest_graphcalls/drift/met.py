"""A difference together with what it was seen in: what finders give."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_graphcalls.drift.difference import Difference
from pytest_graphcalls.drift.verdict import Sample


@dataclass(frozen=True, slots=True)
class Met:
    """One difference where it was met.

    Attributes:
        difference: the difference.
        sample: what it was seen in, or ``None``. Its ``where`` is the difference's with the list indexes of the
            observed side, or of the expected one where nothing was observed.
    """

    difference: Difference
    sample: Sample | None = None
