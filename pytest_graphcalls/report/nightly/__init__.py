"""Reports of a night: an HTML page, a Markdown summary, a JSON document and SARIF.

Nothing here finds anything: a :class:`~pytest_graphcalls.drift.Verdict` and its history come in, text goes out. All
of it is made from one document. What looks like a secret is masked in the document, and once more in each text.
"""

from __future__ import annotations

from pytest_graphcalls.report.nightly.document import document
from pytest_graphcalls.report.nightly.writing import DOCUMENT, PAGE, SARIF, SUMMARY, write

__all__ = ["DOCUMENT", "PAGE", "SARIF", "SUMMARY", "document", "write"]
