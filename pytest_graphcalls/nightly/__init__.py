"""A nightly run: the packaged suite, the comparison of its recordings with the accepted ones, and the verdict.

The rules of this room:

1. The suite runs in another process: a :class:`SuiteRunner` is passed in. ``Subprocess`` is the real one.
2. What must fail is detected before the suite runs: settings, folders, the baseline, the history.
3. A difference counts when it is seen again. One that is not is flaky; one that could not be repeated is not checked.
4. A failing service, network or sign-in is never a difference.
5. The older baseline, reports and history are kept until the new ones are complete.
6. A secret in an answer takes neither the report nor the exit code: it is masked, counted and reported.
"""

from __future__ import annotations

from pytest_graphcalls.nightly.baseline import promote
from pytest_graphcalls.nightly.run import run_night
from pytest_graphcalls.nightly.settings import NightSettings
from pytest_graphcalls.nightly.suite import Subprocess, SuiteRequest, SuiteRun, SuiteRunner

__all__ = ["NightSettings", "Subprocess", "SuiteRequest", "SuiteRun", "SuiteRunner", "promote", "run_night"]
