"""Judges bearer tokens by Microsoft's packages for bots, as a bot has a notification judged, and signs in by them."""

import asyncio
import json
import os
import sys

from botframework.connector.auth import ChannelValidation, MicrosoftAppCredentials, SimpleCredentialProvider
from microsoft_agents.authentication.msal import MsalAuth
from microsoft_agents.hosting.core import AgentAuthConfiguration
from microsoft_agents.hosting.core.authorization import JwtTokenValidator

APP, SECRET, TENANT = (os.environ[f"AZURE_{name}"] for name in ("CLIENT_ID", "CLIENT_SECRET", "TENANT_ID"))
AGENT = AgentAuthConfiguration(client_id=APP, client_secret=SECRET, tenant_id=TENANT)
CREDENTIALS = SimpleCredentialProvider(APP, "")
CHANNEL = "https://api.botframework.com"

JUDGES = {
    "agents": JwtTokenValidator(AGENT).validate_token,
    "botframework-connector": lambda token: ChannelValidation.authenticate_channel_token(
        f"Bearer {token}", CREDENTIALS, "msteams"
    ),
}
SIGNS_IN = {
    "agents": lambda: MsalAuth(AGENT).get_access_token(CHANNEL, [f"{CHANNEL}/.default"]),
    "botframework-connector": lambda: asyncio.to_thread(MicrosoftAppCredentials(APP, SECRET).get_access_token),
}


async def answered(asked):
    if "token" not in asked:
        return {"token": await SIGNS_IN[asked["library"]]()}
    try:
        identity = await JUDGES[asked["library"]](asked["token"])
    except Exception as error:  # noqa: BLE001  each library raises what it likes; the test reads which
        return {"refused": f"{type(error).__name__}: {error}"}
    return {"accepted": identity.claims["aud"]}


async def main():
    for line in sys.stdin:
        print(json.dumps(await answered(json.loads(line))), flush=True)


asyncio.run(main())
