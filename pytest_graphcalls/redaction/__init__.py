"""Redaction of exchanges, notifications and texts: secrets and personal data become pseudonyms or masks.

The rules of this room:

1. A secret is recognised by its name (tables, and how names of secrets are built), by its form wherever it stands, or
   by its value. A new kind of secret is a new row, never a new branch. Encodings are undone before.
2. The shape stays: a masked member is still there, a null stays null, a list keeps its length, a bearer token's
   scheme stays readable, a GUID stays a GUID. So a redacted exchange can still be judged by the contract.
3. When in doubt a text is masked. Losing a harmless word is cheap, a leaked token is not.
4. Nothing here raises: what cannot be read as JSON or as a form is masked as text (there, a member of the tables
   loses a text or a number; what an object in its place holds is judged by itself). A compressed body that cannot
   be read is not written.
5. Redacting twice changes nothing more, and what holds nothing to hide comes back byte for byte.

Two profiles. ``tokens``: what gives access; ids, names and telephone numbers stay. Reports and messages have it, and
the functions here. ``cassette``: people, tenants and apps get stable pseudonyms as well (see ``pseudonyms.py``), for
files that are committed.
"""

from __future__ import annotations

from pytest_graphcalls.redaction.fields import HEADERS, MASK, MEMBERS, PARAMETERS
from pytest_graphcalls.redaction.redactor import OF_REPORTS, Redactor, mask, redact_exchange, redact_json, redact_url
from pytest_graphcalls.redaction.secrets import forget, hide_remembered, remember, remember_environment, remembered

__all__ = [
    "HEADERS",
    "MASK",
    "MEMBERS",
    "OF_REPORTS",
    "PARAMETERS",
    "Redactor",
    "forget",
    "hide_remembered",
    "mask",
    "redact_exchange",
    "redact_json",
    "redact_url",
    "remember",
    "remember_environment",
    "remembered",
]
