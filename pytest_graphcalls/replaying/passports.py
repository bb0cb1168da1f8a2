"""What a passport keeps of a connection, and what comes out of it again when the cassette is played."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_graphcalls.cassette import Passport
    from pytest_graphcalls.redaction import Redactor
    from pytest_graphcalls.sandbox import Sandbox
    from pytest_graphcalls.targets import Connection


def told(connection: Connection, redactor: Redactor) -> dict[str, Any]:
    """What a passport says of a connection: capabilities, tenant and sandbox, redacted like the exchanges."""
    from pytest_graphcalls.sandbox.facts import tenant_of

    tenant = tenant_of(connection.token)
    facts: dict[str, Any] = {
        "capabilities": tuple(sorted(need.value for need in connection.capabilities)),
        "made": dict(connection.case.made) if connection.case else {},
        "tenant": redactor.json({"tenantId": tenant})["tenantId"] if tenant else "",
    }
    if connection.sandbox is not None:
        facts["sandbox"] = redactor.json(_plain(connection.sandbox))
    return facts


def _plain(sandbox: Sandbox) -> dict[str, Any]:
    """A sandbox in the members that requests have, so that both are redacted the same way."""
    return {
        "tenantId": sandbox.tenant,
        "meetings": [meeting.members() for meeting in sandbox.meetings],
        "users": [{"user": {"id": one}} for one in sandbox.users],
        "bots": [{"application": {"id": one}} for one in sandbox.bots],
        "phone": {"id": sandbox.phone},
        "callbackUri": sandbox.callback,
    }


def sandbox_of(passport: Passport | None) -> Sandbox | None:
    """What was in the sandbox that a cassette was recorded in, if it was recorded in one."""
    if passport is None or not passport.sandbox:
        return None
    from pytest_graphcalls.sandbox.facts import Sandbox

    data = passport.sandbox
    return Sandbox(
        tenant=data["tenantId"],
        meetings=tuple(map(_meeting, data["meetings"])),
        users=tuple(one["user"]["id"] for one in data["users"]),
        bots=tuple(one["application"]["id"] for one in data["bots"]),
        phone=data["phone"]["id"],
        callback=data["callbackUri"],
    )


def _meeting(members: Mapping[str, Any]) -> Any:
    from pytest_graphcalls.sandbox.facts import Meeting

    info, chat = members["meetingInfo"], members.get("chatInfo", {})
    user = info.get("organizer", {}).get("user", {})
    return Meeting(
        chat.get("threadId", ""),
        chat.get("messageId", ""),
        user.get("id", ""),
        user.get("tenantId", ""),
        info.get("joinMeetingId", ""),
        info.get("passcode") or "",
    )
