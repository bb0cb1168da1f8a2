"""A live tenant as the target: signed in, guarded, and left as it was found.

Everything here speaks the public protocol to whatever stands at the addresses it is given; none of it knows who
answers there.
"""

from __future__ import annotations

from pytest_graphcalls.live.inbox import listening, prove
from pytest_graphcalls.live.line import Line, Place, left_open
from pytest_graphcalls.live.target import LiveConnection, LiveTarget

__all__ = ["Line", "LiveConnection", "LiveTarget", "Place", "left_open", "listening", "prove"]
