// A bot that answers every call, with Microsoft's SDK for Go.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	kiotajson "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go-core/authentication"
	"github.com/microsoftgraph/msgraph-sdk-go/communications"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

type notifications struct {
	Value []struct {
		ChangeType   string
		ResourceData struct{ Id, State string }
	}
}

// graph is what msgraphsdk.NewGraphServiceClientWithCredentials makes, with calls alone: the rest of the SDK takes
// its time to compile.
func graph() *communications.CommunicationsRequestBuilder {
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	check(err)
	provider, err := authentication.NewAzureIdentityAuthenticationProviderWithScopes(
		credential, []string{"https://graph.microsoft.com/.default"})
	check(err)
	adapter, err := core.NewGraphRequestAdapterBase(provider, core.GraphClientOptions{})
	check(err)
	abstractions.RegisterDefaultSerializer(
		func() serialization.SerializationWriterFactory { return kiotajson.NewJsonSerializationWriterFactory() })
	abstractions.RegisterDefaultDeserializer(
		func() serialization.ParseNodeFactory { return kiotajson.NewJsonParseNodeFactory() })
	adapter.SetBaseUrl("https://graph.microsoft.com/v1.0")
	return communications.NewCommunicationsRequestBuilderInternal(map[string]string{}, adapter)
}

func main() {
	calls, callback := graph().Calls(), os.Getenv("BOT_URL")
	http.HandleFunc("POST /api/calls", func(out http.ResponseWriter, in *http.Request) {
		var posted notifications
		if err := json.NewDecoder(in.Body).Decode(&posted); err != nil {
			http.Error(out, err.Error(), http.StatusBadRequest)
			return
		}
		out.WriteHeader(http.StatusAccepted)
		for _, change := range posted.Value {
			if change.ChangeType == "created" && change.ResourceData.State == "incoming" {
				media := models.NewServiceHostedMediaConfig()
				odataType := "#microsoft.graph.serviceHostedMediaConfig"
				media.SetOdataType(&odataType)
				body := communications.NewCallsItemAnswerPostRequestBody()
				body.SetCallbackUri(&callback)
				body.SetAcceptedModalities([]models.Modality{models.AUDIO_MODALITY})
				body.SetMediaConfig(media)
				go func() { check(calls.ByCallId(change.ResourceData.Id).Answer().Post(context.Background(), body, nil)) }()
			}
		}
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
