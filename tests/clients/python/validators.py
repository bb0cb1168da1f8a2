"""Judges bearer tokens with Microsoft's validators, as a bot would have them judge a notification."""

import asyncio
import json
import os
import sys

from botframework.connector.auth import ChannelValidation, SimpleCredentialProvider
from microsoft_agents.hosting.core import AgentAuthConfiguration
from microsoft_agents.hosting.core.authorization import JwtTokenValidator

APP, TENANT = os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_TENANT_ID"]
AGENT = JwtTokenValidator(AgentAuthConfiguration(client_id=APP, tenant_id=TENANT))
CREDENTIALS = SimpleCredentialProvider(APP, "")

BY_LIBRARY = {
    "agents": AGENT.validate_token,
    "botframework-connector": lambda token: ChannelValidation.authenticate_channel_token(
        f"Bearer {token}", CREDENTIALS, "msteams"
    ),
}


async def judged(asked):
    try:
        identity = await BY_LIBRARY[asked["library"]](asked["token"])
    except Exception as error:  # noqa: BLE001  each library raises what it likes; the test reads which
        return {"refused": f"{type(error).__name__}: {error}"}
    return {"accepted": identity.claims["aud"]}


async def main():
    for line in sys.stdin:
        print(json.dumps(await judged(json.loads(line))), flush=True)


asyncio.run(main())
