"""Targets that have a name of their own."""

from __future__ import annotations

SIMULATOR = "simulator"
LIVE = "live"
REPLAY = "replay"
GRAPH = "https://graph.microsoft.com"
"""The address that the simulator answers for, in process, and that recordings are written for."""
