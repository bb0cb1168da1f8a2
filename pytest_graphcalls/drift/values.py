"""What is another one in every run, and what of it is compared all the same. Tables, each row with its reason.

Names are in lower case, as :func:`str.lower` gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

HEADERS_OF_THE_WAY: Mapping[str, str] = MappingProxyType(
    {
        "age": "how long a cache has kept it",
        "alt-svc": "of the way",
        "client-request-id": "another one each time, or what the client sent",
        "connection": "of the way",
        "content-encoding": "as the client and the way agree",
        "content-length": "follows from the body",
        "date": "when",
        "keep-alive": "of the way",
        "nel": "of the way",
        "ratelimit-limit": "how busy the service is",
        "ratelimit-remaining": "how busy the service is",
        "ratelimit-reset": "how busy the service is",
        "report-to": "of the way",
        "request-id": "another one each time",
        "retry-after": "how busy the service is",
        "scenario-id": "another one each time",
        "server": "of the way",
        "set-cookie": "a secret of the way",
        "strict-transport-security": "a policy of the host, not of the operation",
        "transfer-encoding": "of the way",
        "vary": "for caches on the way",
        "via": "of the way",
        "x-azure-ref": "another one each time",
        "x-cache": "of the way",
        "x-graphcalls-evidence": "the simulator's own, and different wherever the evidence has grown",
        "x-graphcalls-fault": "the simulator's own; what the fault does is compared",
        "x-microsoft-skype-chain-id": "another one each time",
        "x-microsoft-skype-message-id": "another one each time",
        "x-ms-ags-diagnostic": "which machine has answered",
        "x-ms-request-id": "another one each time",
        "x-ms-throttle-information": "how busy the service is",
        "x-ms-throttle-limit-percentage": "how busy the service is",
        "x-ms-throttle-scope": "how busy the service is",
    }
)
"""Response headers that are not compared, with the reason."""

HEADERS_BY_VALUE = frozenset({"content-type", "location", "odata-version"})
"""Response headers whose value is compared; of every other only whether it is there."""

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "blob": "what the media platform knows of a machine",
        "client-request-id": "another one each time, or what the client sent",
        "clientcontext": "whatever the test has sent",
        "clientversion": "follows the client that somebody joined with",
        "countrycode": "where somebody is",
        "date": "when",
        "description": "free text",
        "displayname": "a person's or an app's name",
        "joinmeetingid": "of a meeting, with spaces or without",
        "joinurl": "a secret, masked",
        "joinweburl": "a secret, masked",
        "languageid": "what somebody has set",
        "message": "the words of an error are no contract; its status and code are",
        "messageid": "a number in a chat",
        "passcode": "a secret, masked",
        "region": "where a data centre stands",
        "replacementlink": "a secret, masked",
        "request-id": "another one each time",
        "sourceid": "a number of a media stream",
        "subject": "free text",
        "token": "a secret, masked",
    }
)
"""Members of which only is compared that there is a text, with the reason."""

NUMBERS: Mapping[str, str] = MappingProxyType(
    {
        "duration": "how long somebody spoke",
        "rostersequencenumber": "counts what a call has told so far",
        "sequenceid": "counts the tones of a call",
        "sequencenumber": "counts what a call has told so far",
        "timestamp": "when",
    }
)
"""Members of which only is compared that there is a number, with the reason."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "changetype": "of a notification",
        "code": "of an error",
        "errorcode": "of an error, as a gateway spells it",
        "identityprovider": "who vouches for somebody",
        "meetingrole": "its members are not published",
        "routingpolicies": "an enumeration in beta only",
        "terminationreason": "its members are not published",
    }
)
"""Members that are a text by the metadata, and really one of some fixed words, with the reason."""

NO_IDS: Mapping[str, str] = MappingProxyType(
    {
        "languageid": "a language",
        "messageid": "a number in a chat",
        "sourceid": "a number of a media stream",
    }
)
"""Members that end like an id and are none."""

KEYS: tuple[tuple[str, ...], ...] = (
    ("id",),
    ("participantId",),
    ("info", "participantId"),
    ("identity", "*", "id"),
    ("info", "identity", "*", "id"),
)
"""What tells the items of a list apart, the surest first; ``*`` is whichever identity of a set is given."""
