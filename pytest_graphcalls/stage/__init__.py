"""The stage: builds what a contract test needs before it starts, e.g. a meeting with two people or an incoming call.

The rules of this room:

1. Everything is built by requests, the same ones for every target. What a target can do beyond that (its
   clock, its notifications, further apps, incoming calls, phones) is used for the rules that name the need.
2. A step that a test needs but does not judge goes through :meth:`Stage.accepted`. If the target refuses it,
   the test is *not checked* and says which rule to look at; it does not fail for another rule's sake.
3. No step waits for a fixed time. It polls until the answer is there (:meth:`Stage.until`), or until a user who was
   invited later has joined (:meth:`Stage.wait_for_invited`).
4. Every call is hung up in the end, whatever happened before. A meeting that outlives the test is left as empty as
   it was.
5. Users and meetings come from :class:`~pytest_graphcalls.sandbox.StageData`: invented, or from a live sandbox.

No HTTP client is named here; :class:`Client` and :class:`Answer` are what any of them can do.
"""

from __future__ import annotations

from pytest_graphcalls.stage.base import Answer, Client, Invitee, Notice, members, refused, shown
from pytest_graphcalls.stage.call import StagedCall, StagedMeeting
from pytest_graphcalls.stage.setup import Stage

__all__ = [
    "Answer",
    "Client",
    "Invitee",
    "Notice",
    "Stage",
    "StagedCall",
    "StagedMeeting",
    "members",
    "refused",
    "shown",
]
