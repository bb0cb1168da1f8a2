"""Does what a test asks with msgraph-sdk or msgraph-beta-sdk, as the reference pages' samples do."""

import asyncio
import json
import sys
from importlib import import_module
from types import SimpleNamespace

from azure.core.exceptions import ClientAuthenticationError
from kiota_abstractions.api_error import APIError

PACKAGES = {"v1.0": "msgraph", "beta": "msgraph_beta"}
CREDENTIALS = {"v1.0": "azure.identity", "beta": "azure.identity.aio"}
"""Both are in use; they sign in by requests and by aiohttp."""
ITEM = "communications.calls.item"
GENERATED = {
    "Call": "models.call",
    "ChatInfo": "models.chat_info",
    "Identity": "models.identity",
    "IdentitySet": "models.identity_set",
    "InvitationParticipantInfo": "models.invitation_participant_info",
    "MediaInfo": "models.media_info",
    "MediaPrompt": "models.media_prompt",
    "Modality": "models.modality",
    "OrganizerMeetingInfo": "models.organizer_meeting_info",
    "RejectReason": "models.reject_reason",
    "ServiceHostedMediaConfig": "models.service_hosted_media_config",
    "InvitePostRequestBody": f"{ITEM}.participants.invite.invite_post_request_body",
    "PlayPromptPostRequestBody": f"{ITEM}.play_prompt.play_prompt_post_request_body",
    "RejectPostRequestBody": f"{ITEM}.reject.reject_post_request_body",
    "SubscribeToTonePostRequestBody": f"{ITEM}.subscribe_to_tone.subscribe_to_tone_post_request_body",
}


def sdk_of(version):
    """The classes of an API version, and a client."""
    package = PACKAGES[version]
    classes = {name: getattr(import_module(f"{package}.generated.{path}"), name) for name, path in GENERATED.items()}
    credential = import_module(CREDENTIALS[version]).DefaultAzureCredential()
    client = import_module(package).GraphServiceClient(credential)
    return SimpleNamespace(client=client, **classes)


def user_of(sdk, id, **more):
    return sdk.IdentitySet(
        odata_type="#microsoft.graph.identitySet",
        user=sdk.Identity(odata_type="#microsoft.graph.identity", id=id, **more),
    )


def create(sdk, calls, asked):
    return calls.post(
        sdk.Call(
            odata_type="#microsoft.graph.call",
            callback_uri=asked["callbackUri"],
            requested_modalities=[sdk.Modality.Audio],
            media_config=sdk.ServiceHostedMediaConfig(odata_type="#microsoft.graph.serviceHostedMediaConfig"),
            chat_info=sdk.ChatInfo(
                odata_type="#microsoft.graph.chatInfo", thread_id=asked["threadId"], message_id=asked["messageId"]
            ),
            meeting_info=sdk.OrganizerMeetingInfo(
                odata_type="#microsoft.graph.organizerMeetingInfo", organizer=user_of(sdk, asked["organizer"])
            ),
            tenant_id=asked["tenantId"],
        )
    )


def invited(sdk, one):
    if one["sort"] == "phone":
        phone = {"@odata.type": "#microsoft.graph.identity", "id": one["id"]}
        identity = sdk.IdentitySet(odata_type="#microsoft.graph.identitySet", additional_data={"phone": phone})
    else:
        more = {"identityProvider": "AAD"}
        identity = user_of(sdk, one["id"], display_name=one["name"], additional_data=more)
    return sdk.InvitationParticipantInfo(
        odata_type="#microsoft.graph.invitationParticipantInfo",
        identity=identity,
        participant_id=one.get("participantId"),
        replaces_call_id=one.get("replacesCallId"),
    )


def invite(sdk, calls, asked):
    body = sdk.InvitePostRequestBody(
        participants=[invited(sdk, one) for one in asked["participants"]], client_context=asked["clientContext"]
    )
    return calls.by_call_id(asked["call"]).participants.invite.post(body)


def delete(sdk, calls, asked):
    return calls.by_call_id(asked["call"]).participants.by_participant_id(asked["participant"]).delete()


def reject(sdk, calls, asked):
    body = sdk.RejectPostRequestBody(reason=sdk.RejectReason(asked["reason"]), callback_uri=asked.get("callbackUri"))
    return calls.by_call_id(asked["call"]).reject.post(body)


def play_prompt(sdk, calls, asked):
    prompts = [
        sdk.MediaPrompt(
            odata_type="#microsoft.graph.mediaPrompt",
            media_info=sdk.MediaInfo(
                odata_type="#microsoft.graph.mediaInfo", uri=one["uri"], resource_id=one["resourceId"]
            ),
        )
        for one in asked["prompts"]
    ]
    body = sdk.PlayPromptPostRequestBody(client_context=asked["clientContext"], prompts=prompts)
    return calls.by_call_id(asked["call"]).play_prompt.post(body)


def subscribe_to_tone(sdk, calls, asked):
    body = sdk.SubscribeToTonePostRequestBody(client_context=asked["clientContext"])
    return calls.by_call_id(asked["call"]).subscribe_to_tone.post(body)


DONE_BY = {
    "create": create,
    "invite": invite,
    "delete": delete,
    "reject": reject,
    "playPrompt": play_prompt,
    "subscribeToTone": subscribe_to_tone,
}


def shown(answer):
    """What the SDK answered, as members of JSON."""
    if answer is None:
        return {}
    found = {name: getattr(answer, name, None) for name in ("id", "state", "status")}
    shown = {name: getattr(value, "value", value) for name, value in found.items() if value is not None}
    shown["type"] = type(answer).__name__
    if getattr(answer, "client_context", None):
        shown["clientContext"] = answer.client_context
    for one in getattr(answer, "participants", None) or ():
        who = one.identity.user and one.identity.user.id
        shown.setdefault("participants", []).append({"id": who, "participantId": one.participant_id})
    return shown


async def done(sdks, asked):
    sdk = sdks.setdefault(asked["version"], None) or sdk_of(asked["version"])
    sdks[asked["version"]] = sdk
    try:
        return shown(await DONE_BY[asked["do"]](sdk, sdk.client.communications.calls, asked))
    except APIError as error:
        return {
            "error": {
                "type": type(error).__name__,
                "status": error.response_status_code,
                "code": error.error.code,
                "message": error.error.message,
            }
        }
    except ClientAuthenticationError as error:
        return {"error": {"type": type(error).__name__, "message": str(error)}}


async def main():
    sdks = {}
    for line in sys.stdin:
        print(json.dumps(await done(sdks, json.loads(line))), flush=True)


asyncio.run(main())
