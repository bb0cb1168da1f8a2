"""Where the control addresses are, and how their refusals are told from the service's own."""

from __future__ import annotations

PREFIX = "/_graphcalls/"
"""Where these addresses begin; Graph has none like it."""
TOKEN_PATH = f"{PREFIX}token"
CODE = "graphcalls"
"""The error code of every refusal here."""
