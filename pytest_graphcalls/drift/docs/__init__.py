"""The reference pages against the contract.

A page is found by the id of the operation it is about, below ``api-reference/<version>/api`` of a checkout. What is
not there, or states nothing that could be compared, is said so and is no difference.
"""

from __future__ import annotations

from pytest_graphcalls.drift.docs.compare import differences
from pytest_graphcalls.drift.docs.page import Page

__all__ = ["Page", "differences"]
