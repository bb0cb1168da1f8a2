"""What is hidden because of its name: headers, members of JSON, parameters of addresses and forms."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

MASK = "REDACTED"
"""What stands in a secret's place: safe in a header, an address, a form and a JSON text."""


class Kind(StrEnum):
    """What sort of thing a value is, hence what is put in its place."""

    SECRET = "secret"  # noqa: S105  the name of a kind
    """Nothing of it may stay: :data:`MASK`."""
    ID = "id"
    """Whatever names a user, a tenant or an app: as the kind whose form it has, else an opaque word."""
    GUID = "guid"
    NAME = "name"
    """Free text that people wrote about people."""
    EMAIL = "e-mail"
    PHONE = "phone"
    NUMBER = "number"
    """The number of a meeting: digits, with spaces or without."""
    THREAD = "thread"
    """A Teams conversation, ``19:…@thread.v2``."""
    DOMAIN = "domain"
    """The first word of a tenant's own host name."""


HEADERS = frozenset(
    {
        "authorization",
        "cookie",
        "ocp-apim-subscription-key",
        "proxy-authorization",
        "set-cookie",
        "x-api-key",
        "x-functions-key",
        "x-ms-client-principal",  # claims of whoever signed in, in Base64
        "x-skypetoken",
    }
)
"""Headers, in lower case, whose value is a secret."""

MEMBERS = frozenset(
    {
        "accesstoken",
        "assertion",
        "certificatepassword",
        "clientassertion",
        "clientsecret",
        "idtoken",
        "joinurl",  # opens the meeting to anybody
        "joinweburl",  # same
        "passcode",  # joinMeetingIdMeetingInfo
        "password",
        "privatekey",
        "recordingaccesstoken",  # recordOperation
        "refreshtoken",
        "replacementlink",  # participant; moves the call of whoever has it (observed 5.18)
        "secrettext",  # a new password of an application
        "skypetoken",
        "token",  # tokenMeetingInfo: a JWT that lives for a day (observed 5.18)
    }
)
"""JSON members whose value is a secret: lower case, without ``_`` and ``-`` (see :func:`plain`)."""

PARAMETERS = MEMBERS | {
    "code",  # of an authorization; as a JSON member it is the code of an error
    "codeverifier",
    "devicecode",
    "p",  # the passcode in the short address of a Teams meeting
    "sig",  # of a shared access signature
    "tempauth",  # of a SharePoint download
}
"""Query and form parameters whose value is a secret, written like :data:`MEMBERS`."""

SCHEMES = ("Bearer", "Basic", "Digest", "PoP", "Negotiate")
"""Schemes of an Authorization header; the scheme itself is kept."""

PEOPLE: Mapping[str, Kind] = MappingProxyType(
    {
        "appid": Kind.ID,
        "applicationid": Kind.ID,
        "blob": Kind.ID,  # appHostedMediaConfig: what the media platform knows of the bot's machine
        "businessphones": Kind.PHONE,
        "clientid": Kind.ID,
        "displayname": Kind.NAME,
        "email": Kind.EMAIL,
        "emailaddress": Kind.EMAIL,
        "givenname": Kind.NAME,
        "joinmeetingid": Kind.NUMBER,
        "loginhint": Kind.EMAIL,
        "mail": Kind.EMAIL,
        "mailnickname": Kind.NAME,
        "mobilephone": Kind.PHONE,
        "objectid": Kind.ID,
        "organizerid": Kind.ID,
        "phonenumber": Kind.PHONE,
        "preferredusername": Kind.EMAIL,
        "proxyaddresses": Kind.EMAIL,
        "subject": Kind.NAME,  # of a call or meeting
        "surname": Kind.NAME,
        "telephonenumber": Kind.PHONE,
        "tenantid": Kind.ID,
        "upn": Kind.EMAIL,
        "userid": Kind.ID,
        "userprincipalname": Kind.EMAIL,
        "username": Kind.EMAIL,
    }
)
"""Members and parameters that tell of a person, a tenant or an app, written like :data:`MEMBERS`."""

PEOPLE_IN_PARAMETERS: Mapping[str, Kind] = MappingProxyType(
    {
        **PEOPLE,
        "deltatoken": Kind.ID,  # opaque words of the service, about which nobody knows what is inside
        "oid": Kind.ID,  # short names in the address that opens a meeting
        "skiptoken": Kind.ID,
        "tid": Kind.ID,
    }
)
"""The same for parameters alone."""

WITHIN: Mapping[str, Mapping[str, Kind]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "acsapplicationinstance",
                "acsuser",
                "application",
                "applicationinstance",
                "assertedidentity",
                "azurecommunicationservicesuser",
                "device",
                "encrypted",
                "guest",
                "onpremises",
                "spoolapplicationinstance",
                "spooluser",
                "user",
            ),
            MappingProxyType({"id": Kind.ID}),
        ),
        "phone": MappingProxyType({"id": Kind.PHONE}),
        "emailaddress": MappingProxyType({"name": Kind.NAME, "address": Kind.EMAIL}),
    }
)
"""Members that count only inside the object of another one: the entries of an identity set, mostly."""


@lru_cache(1024)
def plain(name: str) -> str:
    """``name`` as the tables have it, so that ``client_secret`` and ``clientSecret`` are one."""
    return name.lower().replace("_", "").replace("-", "").lstrip("$")


def any_of(names: Collection[str]) -> str:
    """A pattern for ``names`` that is as lenient as :func:`plain` is (letter case is left to a flag)."""
    return "|".join("[_-]?".join(name) for name in sorted(names, key=len, reverse=True))
