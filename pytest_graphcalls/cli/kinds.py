"""The meaning of each kind of finding in words, for ``graphcalls explain``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_graphcalls.findings import Kind


@dataclass(frozen=True, slots=True)
class KindWords:
    """One kind of finding.

    Attributes:
        means: what was found.
        weighs: when it is a violation and when a notice.
        remedy: what to do about it.
        example: one that is found.
    """

    means: str
    weighs: str
    remedy: str
    example: str


_VIOLATION = "violation"
_NOTICE = "notice; fails under --graphcalls-strict only"
_GROWS = "notice in an answer where the type may grow, because the service may be ahead of its metadata; else violation"

KINDS: Mapping[Kind, KindWords] = {
    Kind.OPERATION_UNKNOWN: KindWords(
        "The address begins like one of the calls API and leads nowhere.",
        _VIOLATION,
        "Compare it with the nearest address, which the finding names.",
        "POST /v1.0/communications/calls/{id}/participants/invit",
    ),
    Kind.HOST_WRONG: KindWords(
        "A request for the calls API was sent to another host than Graph's, or without TLS; told in process only.",
        _VIOLATION,
        "Let the client send to the address that the finding names; a foreign host would read the token.",
        "POST http://graph.microsoft.com/v1.0/communications/calls",
    ),
    Kind.METHOD_UNDOCUMENTED: KindWords(
        "The address exists, but not with this method.",
        _VIOLATION,
        "Use one of the methods that the finding names.",
        "PATCH /v1.0/communications/calls/{id}/participants/{id}",
    ),
    Kind.TOKEN_MISSING: KindWords(
        "The request has no bearer token.",
        _VIOLATION,
        "Send an Authorization header with the scheme Bearer.",
        "A DELETE without an Authorization header.",
    ),
    Kind.CONTENT_TYPE: KindWords(
        "A body is there, and its Content-Type is not JSON.",
        _VIOLATION,
        "Send application/json.",
        "Content-Type: text/plain in front of a JSON object.",
    ),
    Kind.BODY_MALFORMED: KindWords(
        "A body that should be JSON cannot be read as such, or an error has no code and message.",
        _VIOLATION,
        "Look at the body; the finding says where reading came to an end.",
        '{"reason": "busy",}',
    ),
    Kind.BODY_MISSING: KindWords(
        "The body is empty where an object is documented.",
        _VIOLATION,
        "Send or return the object that the finding names.",
        "200 to an invite, without an operation.",
    ),
    Kind.BODY_UNEXPECTED: KindWords(
        "There is a body where none is documented.", _VIOLATION, "Leave it out.", "204 with {}."
    ),
    Kind.STATUS_UNDOCUMENTED: KindWords(
        "The status is neither the documented success nor one that Graph lists for errors.",
        _VIOLATION,
        "Answer with the documented status.",
        "200 instead of 204 to a DELETE.",
    ),
    Kind.HEADER_MISSING: KindWords(
        "A header that the documentation promises is missing.",
        _VIOLATION,
        "Answer with that header.",
        "An invite answered without Location.",
    ),
    Kind.HEADER_WRONG: KindWords(
        "A promised header has a value of another form.",
        _VIOLATION,
        "Compare the value with what the finding expects.",
        "Location: /operations",
    ),
    Kind.TYPE_WRONG: KindWords(
        "A value is of another JSON type than the model has for it.",
        _VIOLATION,
        "Write the value as the type that the finding names.",
        '"participants": {} where a list is documented.',
    ),
    Kind.TYPE_UNKNOWN: KindWords(
        "@odata.type names a type that is not known here, or none that fits this place.",
        _GROWS,
        "Check the name; the finding has the nearest one.",
        '"@odata.type": "#microsoft.graph.inviteOperation"',
    ),
    Kind.TYPE_MISSING: KindWords(
        "@odata.type is missing where the object could be one of several types.",
        _VIOLATION,
        "Say which one it is.",
        "A mediaConfig without @odata.type.",
    ),
    Kind.TYPE_SPELLING: KindWords(
        "@odata.type names a known type, but is not written as documented.",
        _NOTICE,
        "Write #microsoft.graph. in front of the name.",
        '"@odata.type": "microsoft.graph.call"',
    ),
    Kind.NULL_UNEXPECTED: KindWords(
        "A value is null that the model does not allow to be null.",
        _VIOLATION,
        "Give it a value, or leave the member out where it is optional.",
        '"identity": null for an invitee.',
    ),
    Kind.MEMBER_MISSING: KindWords(
        "An object lacks a member that the model or a rule asks for.",
        _VIOLATION,
        "Add the member that the finding names.",
        'An invitee without "identity".',
    ),
    Kind.UNREAD: KindWords(
        "The simulator has carried a request out and passed over something in it, as if it were not there.",
        "notice",
        "Leave it out, or test what depends on it against a tenant.",
        '"routingPolicies": ["noMissedCall"] in the body that creates a call.',
    ),
    Kind.MEMBER_UNDOCUMENTED: KindWords(
        "An object has a member that neither the metadata nor a page knows.",
        _NOTICE,
        "Check the spelling; a client may also send its own names literally, such as identity_provider.",
        '"identity_provider": "AAD"',
    ),
    Kind.ENUM_UNKNOWN: KindWords(
        "A value is not among the members of its enumeration.",
        "violation; notice in a notification, and in an answer to a request with Prefer: include-unknown-enum-members",
        "Use one of the members that the finding names.",
        '"reason": "annoyed"',
    ),
    Kind.ENUM_LETTER_CASE: KindWords(
        "A value is a member of its enumeration in other letter case.",
        _NOTICE,
        "Write it as the metadata does; compare without regard to case.",
        '"status": "Running"',
    ),
    Kind.LETTER_CASE: KindWords(
        "A name in the path or a member of a request is written in other letter case than published.",
        _NOTICE,
        "Nothing, the service takes it; write it as published to be found by a search.",
        "POST /v1.0/communications/calls/{id}/Reject",
    ),
    Kind.FORMAT_WRONG: KindWords(
        "A text is not of the form that a rule or its type asks for.",
        _VIOLATION,
        "Write it as the finding expects.",
        '"callbackUri": "http://bot.contoso.com"',
    ),
    Kind.LIMIT_EXCEEDED: KindWords(
        "There is more of something than is documented to be allowed.",
        _VIOLATION,
        "Stay within the limit that the finding names.",
        "An invite with six participants.",
    ),
    Kind.VALUE_WRONG: KindWords(
        "A member of an answer does not repeat its request, or one of a notification does not go with its changeType.",
        _VIOLATION,
        "Look at what the finding expects there; where a page contradicts itself it is a notice.",
        'changeType created with "state": "established".',
    ),
    Kind.NOT_COVERED: KindWords(
        "The request is documented, but outside this contract: the exchange was not judged.",
        _NOTICE,
        "Judge the answer in the test; the simulator has none of its own, simulator.intercept(step) gives it one.",
        "POST /v1.0/communications/calls/{id}/redirect",
    ),
    Kind.NOTIFICATION_UNKNOWN: KindWords(
        "No page shows a notification with this changeType and resource.",
        _NOTICE,
        "Check the two; what else it holds is not judged.",
        "changeType updated on /communications/calls/57da…/lobby.",
    ),
}
