// The Graph SDK for Go, asked by tests: programs.py of the parent folder says how. It signs in with azidentity, from
// the environment, and knows nothing of graphcalls.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	abstractions "github.com/microsoft/kiota-abstractions-go"
	abstract "github.com/microsoft/kiota-abstractions-go/serialization"
	serialization "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go-core/authentication"
	"github.com/microsoftgraph/msgraph-sdk-go/communications"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
)

type participant struct{ Sort, Id, Name, ParticipantId, ReplacesCallId string }

type request struct {
	Do, Version, Call, Participant, ClientContext, Reason string
	CallbackUri, TenantId, ThreadId, MessageId, Organizer string
	Participants                                          []participant
	Prompts                                               []struct{ Uri, ResourceId string }
}

type found map[string]any

// graph is what NewGraphServiceClientWithCredentials makes, less the packages of the SDK that calls do not need:
// they take long to compile.
func graph(version string) (*communications.CommunicationsRequestBuilder, error) {
	credential, err := azidentity.NewEnvironmentCredential(nil)
	if err != nil {
		return nil, err
	}
	signedIn, err := authentication.NewAzureIdentityAuthenticationProviderWithScopes(
		credential, []string{"https://graph.microsoft.com/.default"})
	if err != nil {
		return nil, err
	}
	adapter, err := core.NewGraphRequestAdapterBase(signedIn, core.GraphClientOptions{GraphServiceVersion: version})
	if err != nil {
		return nil, err
	}
	adapter.SetBaseUrl("https://graph.microsoft.com/" + version)
	return communications.NewCommunicationsRequestBuilderInternal(map[string]string{}, adapter), nil
}

// pointer is what setters take: nil leaves the member out of the request.
func pointer(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func typed[T interface{ SetOdataType(*string) }](made T, name string) T {
	made.SetOdataType(pointer("#microsoft.graph." + name))
	return made
}

func identity(id, name string) *models.Identity {
	made := typed(models.NewIdentity(), "identity")
	made.SetId(pointer(id))
	made.SetDisplayName(pointer(name))
	return made
}

func (asked request) call() *models.Call {
	chat := typed(models.NewChatInfo(), "chatInfo")
	chat.SetThreadId(pointer(asked.ThreadId))
	chat.SetMessageId(pointer(asked.MessageId))
	organizer := typed(models.NewIdentitySet(), "identitySet")
	organizer.SetUser(identity(asked.Organizer, ""))
	meeting := typed(models.NewOrganizerMeetingInfo(), "organizerMeetingInfo")
	meeting.SetOrganizer(organizer)
	call := typed(models.NewCall(), "call")
	call.SetCallbackUri(pointer(asked.CallbackUri))
	call.SetRequestedModalities([]models.Modality{models.AUDIO_MODALITY})
	call.SetMediaConfig(typed(models.NewServiceHostedMediaConfig(), "serviceHostedMediaConfig"))
	call.SetChatInfo(chat)
	call.SetMeetingInfo(meeting)
	call.SetTenantId(pointer(asked.TenantId))
	return call
}

func (asked request) invited() []models.InvitationParticipantInfoable {
	var all []models.InvitationParticipantInfoable
	for _, one := range asked.Participants {
		set := typed(models.NewIdentitySet(), "identitySet")
		if one.Sort == "user" {
			user := identity(one.Id, one.Name)
			user.SetAdditionalData(map[string]any{"identityProvider": "AAD"})
			set.SetUser(user)
		} else {
			set.SetAdditionalData(map[string]any{one.Sort: identity(one.Id, "")})
		}
		info := typed(models.NewInvitationParticipantInfo(), "invitationParticipantInfo")
		info.SetIdentity(set)
		info.SetParticipantId(pointer(one.ParticipantId))
		info.SetReplacesCallId(pointer(one.ReplacesCallId))
		all = append(all, info)
	}
	return all
}

func (asked request) prompts() []models.Promptable {
	var all []models.Promptable
	for _, one := range asked.Prompts {
		media := typed(models.NewMediaInfo(), "mediaInfo")
		media.SetUri(pointer(one.Uri))
		media.SetResourceId(pointer(one.ResourceId))
		prompt := typed(models.NewMediaPrompt(), "mediaPrompt")
		prompt.SetMediaInfo(media)
		all = append(all, prompt)
	}
	return all
}

func (asked request) done() (any, error) {
	client, err := graph(asked.Version)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	call := client.Calls().ByCallId(asked.Call)
	switch asked.Do {
	case "create":
		return client.Calls().Post(ctx, asked.call(), nil)
	case "invite":
		body := communications.NewCallsItemParticipantsInvitePostRequestBody()
		body.SetParticipants(asked.invited())
		body.SetClientContext(pointer(asked.ClientContext))
		return call.Participants().Invite().Post(ctx, body, nil)
	case "delete":
		return nil, call.Participants().ByParticipantId(asked.Participant).Delete(ctx, nil)
	case "reject":
		reason, err := models.ParseRejectReason(asked.Reason)
		if reason == nil || err != nil {
			return nil, fmt.Errorf("the SDK has no reason %q", asked.Reason)
		}
		body := communications.NewCallsItemRejectPostRequestBody()
		body.SetReason(reason.(*models.RejectReason))
		body.SetCallbackUri(pointer(asked.CallbackUri))
		return nil, call.Reject().Post(ctx, body, nil)
	case "playPrompt":
		body := communications.NewCallsItemPlayPromptPostRequestBody()
		body.SetPrompts(asked.prompts())
		body.SetClientContext(pointer(asked.ClientContext))
		return call.PlayPrompt().Post(ctx, body, nil)
	case "subscribeToTone":
		body := communications.NewCallsItemSubscribeToTonePostRequestBody()
		body.SetClientContext(pointer(asked.ClientContext))
		return call.SubscribeToTone().Post(ctx, body, nil)
	}
	return nil, fmt.Errorf("do %q is nothing that this program can", asked.Do)
}

func (made found) with(name string, value *string) {
	if value != nil {
		made[name] = *value
	}
}

func shown(answer any) found {
	made := found{}
	if answer == nil {
		return made
	}
	made["type"] = reflect.TypeOf(answer).Elem().Name()
	if call, ok := answer.(models.Callable); ok {
		made.with("id", call.GetId())
		if state := call.GetState(); state != nil {
			made["state"] = state.String()
		}
	}
	if operation, ok := answer.(models.CommsOperationable); ok {
		made.with("id", operation.GetId())
		made.with("clientContext", operation.GetClientContext())
		if status := operation.GetStatus(); status != nil {
			made["status"] = status.String()
		}
	}
	if invited, ok := answer.(models.InviteParticipantsOperationable); ok {
		all := []found{}
		for _, one := range invited.GetParticipants() {
			invitee := found{"id": nil}
			invitee.with("participantId", one.GetParticipantId())
			if user := one.GetIdentity().GetUser(); user != nil {
				invitee.with("id", user.GetId())
			}
			all = append(all, invitee)
		}
		made["participants"] = all
	}
	return made
}

func failed(err error) found {
	made := found{"type": reflect.TypeOf(err).Elem().Name(), "message": err.Error()}
	var refused *odataerrors.ODataError
	if errors.As(err, &refused) {
		made["status"] = refused.GetStatusCode()
		made.with("code", refused.GetErrorEscaped().GetCode())
	}
	return found{"error": made}
}

func main() {
	abstractions.RegisterDefaultSerializer(
		func() abstract.SerializationWriterFactory { return serialization.NewJsonSerializationWriterFactory() })
	abstractions.RegisterDefaultDeserializer(
		func() abstract.ParseNodeFactory { return serialization.NewJsonParseNodeFactory() })
	lines, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		answer, err := asked.done()
		made := found(nil)
		if err != nil {
			made = failed(err)
		} else {
			made = shown(answer)
		}
		if err := out.Encode(made); err != nil {
			panic(err)
		}
	}
}
