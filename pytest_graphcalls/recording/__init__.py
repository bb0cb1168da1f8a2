"""Recording and replaying, as pytest sees it.

Two ways lead into a cassette. A test on a fixture of ours is recorded from what its :class:`.Recorder` saw
(``suite.py``); a project's own ``@pytest.mark.vcr`` test is recorded by vcrpy, through a persister of ours
(``persister.py``). Both follow pytest-recording's switches (``--record-mode``, ``--block-network``), and the rules of
this room:

1. Nothing is written before the test is over, teardown included, and has passed. So a failing, interrupted or empty
   test leaves the older cassette as it was, in the mode ``rewrite`` too.
2. What belongs to Graph and its sign-in is redacted, also when a project has set up no filter of its own. That a token
   was asked for is noted, and neither request nor answer are kept; a replay answers with a token that opens nothing.
3. A cassette that holds nothing of Graph is left to whoever wrote it before.

This room is entered by runs that record or replay, and by no others.
"""

from __future__ import annotations

from pytest_graphcalls.recording.cases import case_of, folder_of, missing
from pytest_graphcalls.recording.hooks import Recordings, follow, join, replay_target
from pytest_graphcalls.recording.key import KEY_FILE
from pytest_graphcalls.recording.safety import Safety
from pytest_graphcalls.recording.shelf import Shelf
from pytest_graphcalls.recording.tape import FACTS, Tape

__all__ = [
    "FACTS",
    "KEY_FILE",
    "Recordings",
    "Safety",
    "Shelf",
    "Tape",
    "case_of",
    "folder_of",
    "follow",
    "join",
    "missing",
    "replay_target",
]
