"""Reports of a run: on the terminal, as Markdown, JSON and JUnit XML.

Nothing here finds anything: a :class:`~pytest_graphcalls.session.Run` comes in, text goes out.
"""

from __future__ import annotations

from pytest_graphcalls.report.run_document import write

__all__ = ["write"]
