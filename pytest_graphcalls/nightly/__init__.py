"""One night: run the packaged suite, compare what it recorded, and say what that comes to.

The rules of this room:

1. The suite runs somewhere else: whoever looks at a night hands in a :class:`Runner`. ``Subprocess`` is the real one.
2. What can be known to fail is found out before anything is run: settings, folders, the baseline, the history.
3. A difference counts when it has come again. What does not is flaky; what could not be asked again is not checked.
4. A service, a network or a sign-in that fails is never a difference.
5. The older baseline, reports and history stay until the new ones are whole.
"""

from __future__ import annotations

from pytest_graphcalls.nightly.baseline import promote
from pytest_graphcalls.nightly.run import look
from pytest_graphcalls.nightly.settings import NightSettings
from pytest_graphcalls.nightly.suite import Order, Ran, Runner, Subprocess

__all__ = ["NightSettings", "Order", "Ran", "Runner", "Subprocess", "look", "promote"]
