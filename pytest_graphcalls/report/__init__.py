"""What a run has to say, worded for a screen, for people and for programs.

Nothing here finds anything: a :class:`~pytest_graphcalls.session.Run` comes in, text goes out.
"""

from __future__ import annotations

from pytest_graphcalls.report.run_document import write

__all__ = ["write"]
