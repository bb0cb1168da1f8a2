"""The target that answers from cassettes, and what makes a test ask the same questions each time.

A cassette holds pseudonyms. A test that is replayed has to send the pseudonyms that the recording holds, without
knowing the key they were made with; so while it is recorded it makes up ids and names that already have the form of
pseudonyms, which redaction leaves as they are (:class:`Case`), and what came out of a sandbox is kept in the
passport, redacted like the exchanges themselves.
"""

from __future__ import annotations

from pytest_graphcalls.replaying.passports import told
from pytest_graphcalls.replaying.target import ReplayConnection, ReplayTarget
from pytest_graphcalls.targets import Case

__all__ = ["Case", "ReplayConnection", "ReplayTarget", "told"]
