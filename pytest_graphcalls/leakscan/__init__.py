"""Looks for what slipped through: secrets, and people, in a text or a file that is about to be shared.

The rules of this room:

1. It is independent of the redactor, so that a mistake made there is not made here again. What the two share is what
   stands in the place of a secret, and a test compares the two.
2. It says where and what sort, never what: a finding can be printed anywhere.
3. It reads a text as it stands and without its escapes: percent-encoding, HTML, JSON, folded YAML, zero bytes between
   letters; and what lies in Base64, hex and gzip.
4. Every row of the table is looked for around words that it cannot be without, within a window. So the time grows
   with the text, whatever the text is.
"""

from __future__ import annotations

from pytest_graphcalls.leakscan.scanner import SHORTEST_KNOWN, Leak, hide, listed, scan

__all__ = ["SHORTEST_KNOWN", "Leak", "hide", "listed", "scan"]
