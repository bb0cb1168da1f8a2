"""Every drift, and a hundred nights without one: ``python -m tests.proof.nights [CLEAN NIGHTS]``."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pytest_graphcalls.contract import VERSIONS
from tests.proof.nights.drifts import TABLE
from tests.proof.nights.nights import Nights

MODULES = (
    ("test_call_get", "test_call_delete", "test_participant_get"),
    ("test_call_keepalive", "test_commsoperation_get"),
    ("test_application_post_calls",),
    ("test_call_reject", "test_call_answer"),
    ("test_participant_delete",),
    ("test_call_list_participants", "test_participant_get"),
    ("test_participant_invite",),
)
"""What nights without drift look at, one after the other; every tenth of them looks at everything."""


def main(clean: int) -> int:
    """Print the table; 1 if a row is wrong."""
    wrong = 0
    with TemporaryDirectory() as folder, Nights(Path(folder), VERSIONS) as nights:
        print(f"{'drift':<58} {'wanted':<16} {'came to':<16} kinds")
        for number, drift in enumerate(TABLE):
            result = nights.drifting(number)
            wrong += not result.fits
            mark = "" if result.fits else "WRONG  "
            print(f"{drift.name:<58} {drift.outcome:<16} {result.verdict.outcome:<16} {mark}{result.kinds}", flush=True)
        false = 0
        for number in range(1, clean + 1):
            modules = () if number % 10 == 0 else MODULES[number % len(MODULES)]
            result = nights.clean(number, modules)
            if not result.fits:
                false += 1
                print(f"clean night {number} ({modules}): {result.verdict.outcome} {result.kinds}", flush=True)
        print(f"{len(TABLE) - wrong} of {len(TABLE)} drifts were found; {false} false alarms in {clean} nights")
    return int(bool(wrong or false))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
