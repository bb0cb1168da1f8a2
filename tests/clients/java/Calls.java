import com.azure.identity.EnvironmentCredentialBuilder;
import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.microsoft.graph.communications.calls.item.CallItemRequestBuilder;
import com.microsoft.graph.communications.calls.item.participants.invite.InvitePostRequestBody;
import com.microsoft.graph.communications.calls.item.playprompt.PlayPromptPostRequestBody;
import com.microsoft.graph.communications.calls.item.reject.RejectPostRequestBody;
import com.microsoft.graph.communications.calls.item.subscribetotone.SubscribeToTonePostRequestBody;
import com.microsoft.graph.models.Call;
import com.microsoft.graph.models.ChatInfo;
import com.microsoft.graph.models.CommsOperation;
import com.microsoft.graph.models.Identity;
import com.microsoft.graph.models.IdentitySet;
import com.microsoft.graph.models.InvitationParticipantInfo;
import com.microsoft.graph.models.InviteParticipantsOperation;
import com.microsoft.graph.models.MediaInfo;
import com.microsoft.graph.models.MediaPrompt;
import com.microsoft.graph.models.Modality;
import com.microsoft.graph.models.OrganizerMeetingInfo;
import com.microsoft.graph.models.Prompt;
import com.microsoft.graph.models.RejectReason;
import com.microsoft.graph.models.ServiceHostedMediaConfig;
import com.microsoft.graph.models.odataerrors.ODataError;
import com.microsoft.graph.serviceclient.GraphServiceClient;
import com.microsoft.kiota.serialization.ValuedEnum;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The Graph SDK for Java, asked by tests: programs.py of the parent folder says how. It signs in with azure-identity,
 * from the environment, and knows nothing of graphcalls.
 */
public final class Calls {
    private static final GraphServiceClient GRAPH = new GraphServiceClient(
            new EnvironmentCredentialBuilder().build(), "https://graph.microsoft.com/.default");

    public static void main(String[] arguments) throws Exception {
        Gson gson = new Gson();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonObject answer = new JsonObject();
            try {
                answer = shown(done(gson.fromJson(line, JsonObject.class)));
            } catch (ODataError error) {
                answer.add("error", failed(error));
                answer.getAsJsonObject("error").addProperty("status", error.getResponseStatusCode());
                answer.getAsJsonObject("error").addProperty("code", error.getError().getCode());
            } catch (RuntimeException error) {
                answer.add("error", failed(error));
            }
            System.out.println(gson.toJson(answer));
        }
    }

    private static Object done(JsonObject asked) {
        CallItemRequestBuilder call = GRAPH.communications().calls().byCallId(text(asked, "call"));
        switch (text(asked, "do")) {
            case "create":
                return GRAPH.communications().calls().post(call(asked));
            case "invite":
                InvitePostRequestBody invite = new InvitePostRequestBody();
                invite.setParticipants(invited(asked.getAsJsonArray("participants")));
                invite.setClientContext(text(asked, "clientContext"));
                return call.participants().invite().post(invite);
            case "delete":
                call.participants().byParticipantId(text(asked, "participant")).delete();
                return null;
            case "reject":
                RejectPostRequestBody reject = new RejectPostRequestBody();
                reject.setReason(RejectReason.forValue(text(asked, "reason")));
                reject.setCallbackUri(text(asked, "callbackUri"));
                call.reject().post(reject);
                return null;
            case "playPrompt":
                PlayPromptPostRequestBody play = new PlayPromptPostRequestBody();
                play.setPrompts(prompts(asked.getAsJsonArray("prompts")));
                play.setClientContext(text(asked, "clientContext"));
                return call.playPrompt().post(play);
            case "subscribeToTone":
                SubscribeToTonePostRequestBody subscribe = new SubscribeToTonePostRequestBody();
                subscribe.setClientContext(text(asked, "clientContext"));
                return call.subscribeToTone().post(subscribe);
            default:
                throw new IllegalArgumentException(asked + " is nothing that this program can");
        }
    }

    private static String text(JsonObject object, String name) {
        return object.has(name) ? object.get(name).getAsString() : null;
    }

    private static Identity identity(String id, String name) {
        Identity identity = new Identity();
        identity.setOdataType("#microsoft.graph.identity");
        identity.setId(id);
        identity.setDisplayName(name);
        return identity;
    }

    private static IdentitySet user(String id, String name) {
        IdentitySet set = new IdentitySet();
        set.setOdataType("#microsoft.graph.identitySet");
        set.setUser(identity(id, name));
        return set;
    }

    private static IdentitySet phone(String number) {
        IdentitySet set = new IdentitySet();
        set.setOdataType("#microsoft.graph.identitySet");
        set.getAdditionalData().put("phone", identity(number, null));
        return set;
    }

    private static Call call(JsonObject asked) {
        ChatInfo chat = new ChatInfo();
        chat.setOdataType("#microsoft.graph.chatInfo");
        chat.setThreadId(text(asked, "threadId"));
        chat.setMessageId(text(asked, "messageId"));
        OrganizerMeetingInfo meeting = new OrganizerMeetingInfo();
        meeting.setOdataType("#microsoft.graph.organizerMeetingInfo");
        meeting.setOrganizer(user(text(asked, "organizer"), null));
        ServiceHostedMediaConfig media = new ServiceHostedMediaConfig();
        media.setOdataType("#microsoft.graph.serviceHostedMediaConfig");
        Call call = new Call();
        call.setOdataType("#microsoft.graph.call");
        call.setCallbackUri(text(asked, "callbackUri"));
        call.setRequestedModalities(List.of(Modality.Audio));
        call.setMediaConfig(media);
        call.setChatInfo(chat);
        call.setMeetingInfo(meeting);
        call.setTenantId(text(asked, "tenantId"));
        return call;
    }

    private static List<InvitationParticipantInfo> invited(JsonArray participants) {
        List<InvitationParticipantInfo> all = new ArrayList<>();
        participants.forEach(element -> {
            JsonObject one = element.getAsJsonObject();
            InvitationParticipantInfo info = new InvitationParticipantInfo();
            info.setOdataType("#microsoft.graph.invitationParticipantInfo");
            if (text(one, "sort").equals("phone")) {
                info.setIdentity(phone(text(one, "id")));
            } else {
                info.setIdentity(user(text(one, "id"), text(one, "name")));
                info.getIdentity().getUser().setAdditionalData(Map.of("identityProvider", "AAD"));
            }
            info.setParticipantId(text(one, "participantId"));
            info.setReplacesCallId(text(one, "replacesCallId"));
            all.add(info);
        });
        return all;
    }

    private static List<Prompt> prompts(JsonArray prompts) {
        List<Prompt> all = new ArrayList<>();
        prompts.forEach(element -> {
            JsonObject one = element.getAsJsonObject();
            MediaInfo media = new MediaInfo();
            media.setOdataType("#microsoft.graph.mediaInfo");
            media.setUri(text(one, "uri"));
            media.setResourceId(text(one, "resourceId"));
            MediaPrompt prompt = new MediaPrompt();
            prompt.setOdataType("#microsoft.graph.mediaPrompt");
            prompt.setMediaInfo(media);
            all.add(prompt);
        });
        return all;
    }

    private static JsonObject shown(Object answer) {
        JsonObject shown = new JsonObject();
        if (answer == null) {
            return shown;
        }
        shown.addProperty("type", answer.getClass().getSimpleName());
        if (answer instanceof Call) {
            shown.addProperty("id", ((Call) answer).getId());
            put(shown, "state", ((Call) answer).getState());
        }
        if (answer instanceof CommsOperation) {
            CommsOperation operation = (CommsOperation) answer;
            shown.addProperty("id", operation.getId());
            put(shown, "status", operation.getStatus());
            shown.addProperty("clientContext", operation.getClientContext());
        }
        if (answer instanceof InviteParticipantsOperation) {
            JsonArray all = new JsonArray();
            ((InviteParticipantsOperation) answer).getParticipants().forEach(info -> {
                JsonObject one = new JsonObject();
                Identity user = info.getIdentity().getUser();
                one.addProperty("id", user == null ? null : user.getId());
                one.addProperty("participantId", info.getParticipantId());
                all.add(one);
            });
            shown.add("participants", all);
        }
        return shown;
    }

    private static void put(JsonObject shown, String name, ValuedEnum value) {
        if (value != null) {
            shown.addProperty(name, value.getValue());
        }
    }

    private static JsonObject failed(RuntimeException error) {
        JsonObject failed = new JsonObject();
        failed.addProperty("type", error.getClass().getSimpleName());
        failed.addProperty("message", error.getMessage());
        return failed;
    }
}
