"""The published metadata against the contract's types.

Two forms are read into one value, :class:`Metadata`, whose parts have the shape of ``types-<version>.json``. What a
form does not state is ``None`` in there, and what is not known on one of the two sides is never a difference.
"""

from __future__ import annotations

from pytest_graphcalls.drift.metadata.compare import differences, routes_gone
from pytest_graphcalls.drift.metadata.csdl import read_csdl
from pytest_graphcalls.drift.metadata.model import Form, Metadata
from pytest_graphcalls.drift.metadata.openapi import read_openapi
from pytest_graphcalls.drift.metadata.refresh import as_text, refreshed

__all__ = ["Form", "Metadata", "as_text", "differences", "read_csdl", "read_openapi", "refreshed", "routes_gone"]
