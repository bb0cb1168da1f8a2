// A bot that answers every call, with Microsoft's SDK for .NET. Never run.
using System.Text.Json;
using Azure.Identity;
using Microsoft.Graph;
using Microsoft.Graph.Communications.Calls.Item.Answer;
using Microsoft.Graph.Models;

var graph = new GraphServiceClient(new DefaultAzureCredential(), ["https://graph.microsoft.com/.default"]);
var app = WebApplication.CreateBuilder(args).Build();

app.MapPost("/api/calls", (JsonElement posted) =>
{
    foreach (var change in posted.GetProperty("value").EnumerateArray())
    {
        var call = change.GetProperty("resourceData");
        if (change.GetProperty("changeType").ValueEquals("created") && call.GetProperty("state").ValueEquals("incoming"))
        {
            _ = Answer(call.GetProperty("id").GetString()!);
        }
    }
    return Results.Accepted();
});
app.Run($"http://127.0.0.1:{Environment.GetEnvironmentVariable("PORT")}");

Task Answer(string id) => graph.Communications.Calls[id].Answer.PostAsync(new AnswerPostRequestBody
{
    CallbackUri = Environment.GetEnvironmentVariable("BOT_URL"),
    AcceptedModalities = [Modality.Audio],
    MediaConfig = new ServiceHostedMediaConfig { OdataType = "#microsoft.graph.serviceHostedMediaConfig" },
});
