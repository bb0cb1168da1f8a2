"""The command ``graphcalls``."""

from __future__ import annotations

from pytest_graphcalls.cli.command import main, parser

__all__ = ["main", "parser"]
