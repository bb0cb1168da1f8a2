"""The redactor of all reports and messages of this process, and its methods as functions."""

from __future__ import annotations

from pytest_graphcalls.redaction.redactor import Redactor

OF_REPORTS = Redactor("tokens")
"""With the profile ``tokens``: ids and names stay, what gives access is hidden."""

mask = OF_REPORTS.mask
redact_exchange = OF_REPORTS.exchange
redact_json = OF_REPORTS.json
redact_url = OF_REPORTS.url
