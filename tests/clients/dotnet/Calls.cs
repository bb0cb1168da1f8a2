// Does what a test asks with Microsoft.Graph, as the reference pages' samples do. Never run until now.
using System.Text.Json.Nodes;
using Azure.Identity;

var calls = new GraphServiceClient(new DefaultAzureCredential()).Communications.Calls;
while (Console.ReadLine() is { } line)
{
    Console.WriteLine((await Answered(JsonNode.Parse(line)!)).ToJsonString());
}

async Task<JsonObject> Answered(JsonNode asked)
{
    try
    {
        return Shown(await Done(asked));
    }
    catch (ODataError error)
    {
        var found = Failed(error, error.Error?.Message);
        found["status"] = error.ResponseStatusCode;
        found["code"] = error.Error?.Code;
        return new JsonObject { ["error"] = found };
    }
    catch (AuthenticationFailedException error)
    {
        return new JsonObject { ["error"] = Failed(error, error.Message) };
    }
}

async Task<object?> Done(JsonNode asked)
{
    string? Text(string name) => (string?)asked[name];
    var call = calls[Text("call")!];
    switch (Text("do"))
    {
        case "create":
            return await calls.PostAsync(new Call
            {
                OdataType = "#microsoft.graph.call",
                CallbackUri = Text("callbackUri"),
                RequestedModalities = [Modality.Audio],
                MediaConfig = new ServiceHostedMediaConfig { OdataType = "#microsoft.graph.serviceHostedMediaConfig" },
                ChatInfo = new ChatInfo
                {
                    OdataType = "#microsoft.graph.chatInfo",
                    ThreadId = Text("threadId"),
                    MessageId = Text("messageId"),
                },
                MeetingInfo = new OrganizerMeetingInfo
                {
                    OdataType = "#microsoft.graph.organizerMeetingInfo",
                    Organizer = User(Text("organizer")),
                },
                TenantId = Text("tenantId"),
            });
        case "invite":
            return await call.Participants.Invite.PostAsync(new InvitePostRequestBody
            {
                Participants = asked["participants"]!.AsArray().Select(one => Invited(one!)).ToList(),
                ClientContext = Text("clientContext"),
            });
        case "delete":
            await call.Participants[Text("participant")!].DeleteAsync();
            return null;
        case "reject":
            await call.Reject.PostAsync(new RejectPostRequestBody
            {
                Reason = Enum.Parse<RejectReason>(Text("reason")!, ignoreCase: true),
                CallbackUri = Text("callbackUri"),
            });
            return null;
        case "playPrompt":
            return await call.PlayPrompt.PostAsync(new PlayPromptPostRequestBody
            {
                ClientContext = Text("clientContext"),
                Prompts = asked["prompts"]!.AsArray().Select(one => Played(one!)).ToList(),
            });
        case "subscribeToTone":
            return await call.SubscribeToTone.PostAsync(new SubscribeToTonePostRequestBody
            {
                ClientContext = Text("clientContext"),
            });
        default:
            throw new ArgumentException($"It cannot do {Text("do")}.");
    }
}

static IdentitySet User(string? id, string? name = null, Dictionary<string, object>? more = null) => new()
{
    OdataType = "#microsoft.graph.identitySet",
    User = new Identity
    {
        OdataType = "#microsoft.graph.identity",
        Id = id,
        DisplayName = name,
        AdditionalData = more ?? [],
    },
};

static IdentitySet Phone(string id) => new()
{
    OdataType = "#microsoft.graph.identitySet",
    AdditionalData = new Dictionary<string, object>
    {
        ["phone"] = new Identity { OdataType = "#microsoft.graph.identity", Id = id },
    },
};

static InvitationParticipantInfo Invited(JsonNode one)
{
    var id = (string)one["id"]!;
    var provider = new Dictionary<string, object> { ["identityProvider"] = "AAD" };
    return new InvitationParticipantInfo
    {
        OdataType = "#microsoft.graph.invitationParticipantInfo",
        Identity = (string?)one["sort"] == "phone" ? Phone(id) : User(id, (string?)one["name"], provider),
        ParticipantId = (string?)one["participantId"],
        ReplacesCallId = (string?)one["replacesCallId"],
    };
}

static Prompt Played(JsonNode one) => new MediaPrompt
{
    OdataType = "#microsoft.graph.mediaPrompt",
    MediaInfo = new MediaInfo
    {
        OdataType = "#microsoft.graph.mediaInfo",
        Uri = (string?)one["uri"],
        ResourceId = (string?)one["resourceId"],
    },
};

static JsonObject Shown(object? answer)
{
    var shown = new JsonObject();
    if (answer is not Entity entity)
    {
        return shown;
    }
    shown["type"] = answer.GetType().Name;
    shown["id"] = entity.Id;
    if (answer is Call call)
    {
        shown["state"] = call.State.ToString();
    }
    if (answer is CommsOperation operation)
    {
        shown["status"] = operation.Status.ToString();
        shown["clientContext"] = operation.ClientContext;
    }
    if (answer is InviteParticipantsOperation invite)
    {
        shown["participants"] = new JsonArray(invite.Participants!.Select(Invitee).ToArray());
    }
    return shown;
}

static JsonNode Invitee(InvitationParticipantInfo one) =>
    new JsonObject { ["id"] = one.Identity?.User?.Id, ["participantId"] = one.ParticipantId };

static JsonObject Failed(Exception error, string? message) =>
    new() { ["type"] = error.GetType().Name, ["message"] = message };
