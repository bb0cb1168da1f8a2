import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.microsoft.graph.communications.calls.item.answer.AnswerPostRequestBody;
import com.microsoft.graph.models.Modality;
import com.microsoft.graph.models.ServiceHostedMediaConfig;
import com.microsoft.graph.serviceclient.GraphServiceClient;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A bot that answers every call, with Microsoft's SDK for Java. */
public final class Bot {
    private static final ExecutorService WORKERS = Executors.newCachedThreadPool();
    private static final String SCOPE = "https://graph.microsoft.com/.default";
    private static final TokenCredential CREDENTIAL = new DefaultAzureCredentialBuilder().build();
    private static final GraphServiceClient GRAPH = new GraphServiceClient(CREDENTIAL, SCOPE);

    public static void main(String[] arguments) throws IOException {
        // The first sign-in takes a JVM seconds, and a call rings for 15 of them.
        CREDENTIAL.getTokenSync(new TokenRequestContext().addScopes(SCOPE));
        int port = Integer.parseInt(System.getenv("PORT"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.createContext("/api/calls", Bot::notified);
        server.setExecutor(WORKERS);
        server.start();
    }

    private static void notified(HttpExchange exchange) throws IOException {
        String text = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(202, -1);
        exchange.close();
        for (JsonElement one : JsonParser.parseString(text).getAsJsonObject().getAsJsonArray("value")) {
            JsonObject change = one.getAsJsonObject();
            JsonObject call = change.getAsJsonObject("resourceData");
            boolean isNew = change.get("changeType").getAsString().equals("created");
            if (isNew && call.get("state").getAsString().equals("incoming")) {
                WORKERS.execute(() -> answer(call.get("id").getAsString()));
            }
        }
    }

    private static void answer(String id) {
        ServiceHostedMediaConfig media = new ServiceHostedMediaConfig();
        media.setOdataType("#microsoft.graph.serviceHostedMediaConfig");
        AnswerPostRequestBody body = new AnswerPostRequestBody();
        body.setCallbackUri(System.getenv("BOT_URL"));
        body.setAcceptedModalities(List.of(Modality.Audio));
        body.setMediaConfig(media);
        GRAPH.communications().calls().byCallId(id).answer().post(body);
    }
}
