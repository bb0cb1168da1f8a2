// The Graph SDK for .NET, asked by tests: programs.py of the parent folder tells how. It signs in with Azure.Identity, from
// the environment, and knows nothing of graphcalls. The namespaces of the API version come from csharp.csproj. Never run.
using System.Text.Json.Nodes;
using Azure.Identity;

var graph = new GraphServiceClient(new EnvironmentCredential(), ["https://graph.microsoft.com/.default"]);
for (string? line; (line = Console.ReadLine()) is not null;)
{
    Console.WriteLine((await Answer(JsonNode.Parse(line)!.AsObject())).ToJsonString());
}

async Task<JsonObject> Answer(JsonObject asked)
{
    try
    {
        return Shown(await Done(asked));
    }
    catch (ODataError error)
    {
        var failed = Failed(error, error.Error?.Message);
        failed["status"] = error.ResponseStatusCode;
        failed["code"] = error.Error?.Code;
        return new JsonObject { ["error"] = failed };
    }
    catch (AuthenticationFailedException error)
    {
        return new JsonObject { ["error"] = Failed(error, error.Message) };
    }
}

async Task<object?> Done(JsonObject asked)
{
    var calls = graph.Communications.Calls;
    var call = calls[Text(asked, "call")];
    switch (Text(asked, "do"))
    {
        case "create":
            return await calls.PostAsync(NewCall(asked));
        case "invite":
            return await call.Participants.Invite.PostAsync(new InvitePostRequestBody
            {
                Participants = asked["participants"]!.AsArray().Select(one => Invited(one!.AsObject())).ToList(),
                ClientContext = Text(asked, "clientContext"),
            });
        case "delete":
            await call.Participants[Text(asked, "participant")].DeleteAsync();
            return null;
        case "reject":
            await call.Reject.PostAsync(new RejectPostRequestBody
            {
                Reason = Enum.Parse<RejectReason>(Text(asked, "reason")!, ignoreCase: true),
                CallbackUri = Text(asked, "callbackUri"),
            });
            return null;
        case "playPrompt":
            return await call.PlayPrompt.PostAsync(new PlayPromptPostRequestBody
            {
                Prompts = asked["prompts"]!.AsArray().Select(one => NewPrompt(one!.AsObject())).ToList(),
                ClientContext = Text(asked, "clientContext"),
            });
        case "subscribeToTone":
            return await call.SubscribeToTone.PostAsync(new SubscribeToTonePostRequestBody
            {
                ClientContext = Text(asked, "clientContext"),
            });
        default:
            throw new ArgumentException($"{asked.ToJsonString()} is nothing that this program can");
    }
}

static string? Text(JsonObject from, string name) => from[name]?.GetValue<string>();

static Identity NewIdentity(string? id, string? name) => new()
{
    OdataType = "#microsoft.graph.identity",
    Id = id,
    DisplayName = name,
};

static IdentitySet User(string? id, string? name) => new()
{
    OdataType = "#microsoft.graph.identitySet",
    User = NewIdentity(id, name),
};

static IdentitySet Phone(string? number) => new()
{
    OdataType = "#microsoft.graph.identitySet",
    AdditionalData = new Dictionary<string, object> { ["phone"] = NewIdentity(number, null) },
};

static Call NewCall(JsonObject asked) => new()
{
    OdataType = "#microsoft.graph.call",
    CallbackUri = Text(asked, "callbackUri"),
    RequestedModalities = [Modality.Audio],
    MediaConfig = new ServiceHostedMediaConfig { OdataType = "#microsoft.graph.serviceHostedMediaConfig" },
    ChatInfo = new ChatInfo
    {
        OdataType = "#microsoft.graph.chatInfo",
        ThreadId = Text(asked, "threadId"),
        MessageId = Text(asked, "messageId"),
    },
    MeetingInfo = new OrganizerMeetingInfo
    {
        OdataType = "#microsoft.graph.organizerMeetingInfo",
        Organizer = User(Text(asked, "organizer"), null),
    },
    TenantId = Text(asked, "tenantId"),
};

static InvitationParticipantInfo Invited(JsonObject one)
{
    var identity = Text(one, "sort") == "phone" ? Phone(Text(one, "id")) : User(Text(one, "id"), Text(one, "name"));
    if (identity.User is not null)
    {
        identity.User.AdditionalData = new Dictionary<string, object> { ["identityProvider"] = "AAD" };
    }
    return new InvitationParticipantInfo
    {
        OdataType = "#microsoft.graph.invitationParticipantInfo",
        Identity = identity,
        ParticipantId = Text(one, "participantId"),
        ReplacesCallId = Text(one, "replacesCallId"),
    };
}

static Prompt NewPrompt(JsonObject one) => new MediaPrompt
{
    OdataType = "#microsoft.graph.mediaPrompt",
    MediaInfo = new MediaInfo
    {
        OdataType = "#microsoft.graph.mediaInfo",
        Uri = Text(one, "uri"),
        ResourceId = Text(one, "resourceId"),
    },
};

static JsonObject Shown(object? answer)
{
    var shown = new JsonObject();
    if (answer is null)
    {
        return shown;
    }
    shown["type"] = answer.GetType().Name;
    if (answer is Call call)
    {
        shown["id"] = call.Id;
        Put(shown, "state", call.State);
    }
    if (answer is CommsOperation operation)
    {
        shown["id"] = operation.Id;
        shown["clientContext"] = operation.ClientContext;
        Put(shown, "status", operation.Status);
    }
    if (answer is InviteParticipantsOperation invited)
    {
        shown["participants"] = new JsonArray((invited.Participants ?? []).Select(one => (JsonNode)new JsonObject
        {
            ["id"] = one.Identity?.User?.Id,
            ["participantId"] = one.ParticipantId,
        }).ToArray());
    }
    return shown;
}

static void Put(JsonObject shown, string name, Enum? value)
{
    if (value is not null)
    {
        shown[name] = value.ToString();
    }
}

static JsonObject Failed(Exception error, string? message) => new()
{
    ["type"] = error.GetType().Name,
    ["message"] = message ?? error.Message,
};
