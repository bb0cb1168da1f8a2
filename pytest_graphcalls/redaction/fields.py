"""Names whose values are redacted: headers, members of JSON, parameters of addresses and forms."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import lru_cache

MASK = "REDACTED"
"""What stands in a secret's place: safe in a header, an address, a form and a JSON text."""


class Kind(StrEnum):
    """The kind of a value, which decides its replacement."""

    SECRET = "secret"  # noqa: S105  the name of a kind
    """Replaced as a whole, by :data:`MASK`."""
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
    (
        *("authorization", "cookie", "ocp-apim-subscription-key", "proxy-authorization", "set-cookie", "x-api-key"),
        # x-ms-client-principal has the claims of the signed-in user, in Base64.
        *("x-functions-key", "x-ms-client-principal", "x-skypetoken"),
    )
)
"""Headers, in lower case, whose value is a secret."""

MEMBERS = frozenset(
    (
        *("accesstoken", "assertion", "certificatepassword", "clientassertion", "clientsecret", "idtoken", "password"),
        *("privatekey", "refreshtoken", "skypetoken"),
        # Both open the meeting to any reader; of joinMeetingIdMeetingInfo; of recordOperation.
        *("joinurl", "joinweburl", "passcode", "recordingaccesstoken"),
        # Of participant, moves the call (observed 5.18); a new password of an application.
        *("replacementlink", "secrettext"),
        "token",  # tokenMeetingInfo: a JWT that lives for a day (observed 5.18)
    )
)
"""JSON members whose value is a secret: lower case, without ``_`` and ``-`` (see :func:`plain`)."""

# As a JSON member, code is the code of an error; p is the passcode in the short address of a Teams meeting; sig is of a
# shared access signature, tempauth of a SharePoint download.
PARAMETERS = MEMBERS | {"code", "codeverifier", "devicecode", "p", "sig", "tempauth"}
"""Query and form parameters whose value is a secret, written like :data:`MEMBERS`."""

SECRET_ENDINGS = (
    *("token", "secret", "password", "passwd", "passcode", "passphrase", "pwd", "assertion", "credential", "jwt"),
    *("cookie", "authorization", "apikey", "accesskey", "accountkey", "authkey", "clientkey", "encryptionkey"),
    *("functionkey", "functionskey", "masterkey", "privatekey", "redactionkey", "secretkey", "sessionkey", "sharedkey"),
    *("signingkey", "storagekey", "subscriptionkey", "symmetrickey", "joinurl", "joinweburl", "replacementlink"),
    *("connectionstring", "codeverifier", "devicecode", "authcode", "authorizationcode", "clientprincipal"),
)
"""How the name of a secret ends: ``apiKey``, ``X-Auth-Token``, ``userPassword``, ``app_secret``."""
_HARMLESS_ENDINGS = (
    *("skiptoken", "deltatoken", "pagetoken", "nexttoken", "continuationtoken", "synctoken", "changetoken"),
    *("cancellationtoken", "canceltoken", "csrftoken"),
)
"""Names that end like those of secrets, and give no access."""
_SHORT_WORDS = frozenset({"pass", "pin", "otp", "sas", "creds", "pat"})
"""Last words of a name that are those of secrets if another word stands in front."""
_ADDITION = re.compile(r"(?i)[_.-]?(?:values?|text|hash|string|plain|raw|b64|base64|encoded|header|[0-9]+|s)$")
"""What people append to the name of a secret."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


_PLACEHOLDER = re.compile(
    rf"(?i:{MASK}.*|\*{{3,}}|x{{4,}}|<[\w .-]*>?|\{{[^{{}}\"]*\}}?|%[sdr]|null|none|true|false|undefined|nil)"
    r"|\$[A-Z_]+|\$[{(].*|-+|\.{3}.*|\u2026.*",
    re.DOTALL,
)


def is_placeholder(value: str) -> bool:
    """Whether ``value`` stands in the place of a secret, in our texts or in those of others."""
    return _PLACEHOLDER.fullmatch(value) is not None


@lru_cache(4096)
def is_secret_name(name: str) -> bool:
    """Whether ``name`` is built as those of secrets are, in any letter case and with any separators."""
    for spelled in (name, _ADDITION.sub("", name)):
        short = plain(spelled).replace(".", "").replace(" ", "")
        if short.endswith(SECRET_ENDINGS):
            return not short.endswith(_HARMLESS_ENDINGS)
        words = _WORD.findall(spelled)
        if len(words) > 1 and words[-1].lower() in _SHORT_WORDS:
            return True
    return False


SCHEMES = ("Bearer", "Basic", "Digest", "PoP", "Negotiate")
"""Schemes of an Authorization header; the scheme itself is kept."""

_BY_KIND = {
    # appHostedMediaConfig.blob is what the media platform knows of the bot's machine.
    Kind.ID: ("appid", "applicationid", "blob", "clientid", "objectid", "organizerid", "tenantid", "userid"),
    Kind.PHONE: (
        *("businessphones", "callerid", "faxnumber", "homephones", "mobilephone", "phonenumber", "otherphones"),
        *("telephonenumber", "tollfreenumber", "tollnumber"),
    ),
    # subject: of a call or meeting
    Kind.NAME: ("displayname", "firstname", "givenname", "lastname", "mailnickname", "subject", "surname"),
    Kind.EMAIL: (
        *("email", "emailaddress", "loginhint", "mail", "preferredusername", "proxyaddresses", "upn"),
        *("userprincipalname", "username"),
    ),
    Kind.NUMBER: ("joinmeetingid",),
}
PEOPLE: Mapping[str, Kind] = {name: kind for kind, names in _BY_KIND.items() for name in names}
"""Members and parameters that tell of a person, a tenant or an app, written like :data:`MEMBERS`."""

# Opaque words of the service, and short names in the address that opens a meeting.
PEOPLE_IN_PARAMETERS: Mapping[str, Kind] = {
    **PEOPLE,
    **dict.fromkeys(("deltatoken", "oid", "skiptoken", "tid"), Kind.ID),
}
"""Parameters that tell of a person, a tenant or an app: :data:`PEOPLE` and what only addresses have."""

_IDENTITIES = (
    *("acsapplicationinstance", "acsuser", "application", "applicationinstance", "assertedidentity"),
    *("azurecommunicationservicesuser", "device", "encrypted", "guest", "onpremises", "spoolapplicationinstance"),
    *("spooluser", "user"),
)
WITHIN: Mapping[str, Mapping[str, Kind]] = {
    **{name: {"id": Kind.ID} for name in _IDENTITIES},
    "phone": {"id": Kind.PHONE},
    "emailaddress": {"name": Kind.NAME, "address": Kind.EMAIL},
}
"""Members that count only inside the object of a certain member: the entries of an identity set, mostly."""


@lru_cache(1024)
def plain(name: str) -> str:
    """``name`` as the tables have it, so that ``client_secret`` and ``clientSecret`` are one."""
    return name.lower().replace("_", "").replace("-", "").lstrip("$")


def any_of(names: Collection[str]) -> str:
    """A pattern for ``names`` that is as lenient as :func:`plain` is (letter case is left to a flag)."""
    return "|".join("[_-]?".join(name) for name in sorted(names, key=len, reverse=True))
