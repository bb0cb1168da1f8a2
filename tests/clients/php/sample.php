<?php

// The Graph SDK for PHP, asked by tests: programs.py of the parent folder tells how. It signs in with Kiota's client
// credentials, from the environment, and knows nothing of graphcalls. The test replaces the namespaces for beta. Never run.

declare(strict_types=1);

require $argv[1] . '/autoload.php';

use Microsoft\Graph\Generated\Communications\Calls\Item\Participants\Invite\InvitePostRequestBody;
use Microsoft\Graph\Generated\Communications\Calls\Item\PlayPrompt\PlayPromptPostRequestBody;
use Microsoft\Graph\Generated\Communications\Calls\Item\Reject\RejectPostRequestBody;
use Microsoft\Graph\Generated\Communications\Calls\Item\SubscribeToTone\SubscribeToTonePostRequestBody;
use Microsoft\Graph\Generated\Models\Call;
use Microsoft\Graph\Generated\Models\ChatInfo;
use Microsoft\Graph\Generated\Models\CommsOperation;
use Microsoft\Graph\Generated\Models\Identity;
use Microsoft\Graph\Generated\Models\IdentitySet;
use Microsoft\Graph\Generated\Models\InvitationParticipantInfo;
use Microsoft\Graph\Generated\Models\InviteParticipantsOperation;
use Microsoft\Graph\Generated\Models\MediaInfo;
use Microsoft\Graph\Generated\Models\MediaPrompt;
use Microsoft\Graph\Generated\Models\Modality;
use Microsoft\Graph\Generated\Models\ODataErrors\ODataError;
use Microsoft\Graph\Generated\Models\OrganizerMeetingInfo;
use Microsoft\Graph\Generated\Models\RejectReason;
use Microsoft\Graph\Generated\Models\ServiceHostedMediaConfig;
use Microsoft\Graph\GraphServiceClient;
use Microsoft\Kiota\Authentication\Oauth\ClientCredentialContext;

function odata(object $made, string $name): object
{
    $made->setOdataType("#microsoft.graph.$name");
    return $made;
}

function identity(?string $id, ?string $name): Identity
{
    $made = odata(new Identity(), 'identity');
    $made->setId($id);
    $made->setDisplayName($name);
    return $made;
}

function user(?string $id, ?string $name = null): IdentitySet
{
    $made = odata(new IdentitySet(), 'identitySet');
    $made->setUser(identity($id, $name));
    return $made;
}

function invited(array $one): InvitationParticipantInfo
{
    if ($one['sort'] === 'phone') {
        $identity = odata(new IdentitySet(), 'identitySet');
        $identity->setAdditionalData(['phone' => identity($one['id'], null)]);
    } else {
        $identity = user($one['id'], $one['name']);
        $identity->getUser()->setAdditionalData(['identityProvider' => 'AAD']);
    }
    $made = odata(new InvitationParticipantInfo(), 'invitationParticipantInfo');
    $made->setIdentity($identity);
    $made->setParticipantId($one['participantId'] ?? null);
    $made->setReplacesCallId($one['replacesCallId'] ?? null);
    return $made;
}

function prompt(array $one): MediaPrompt
{
    $media = odata(new MediaInfo(), 'mediaInfo');
    $media->setUri($one['uri']);
    $media->setResourceId($one['resourceId']);
    $made = odata(new MediaPrompt(), 'mediaPrompt');
    $made->setMediaInfo($media);
    return $made;
}

function newCall(array $asked): Call
{
    $chat = odata(new ChatInfo(), 'chatInfo');
    $chat->setThreadId($asked['threadId']);
    $chat->setMessageId($asked['messageId']);
    $meeting = odata(new OrganizerMeetingInfo(), 'organizerMeetingInfo');
    $meeting->setOrganizer(user($asked['organizer']));
    $made = odata(new Call(), 'call');
    $made->setCallbackUri($asked['callbackUri']);
    $made->setRequestedModalities([new Modality(Modality::AUDIO)]);
    $made->setMediaConfig(odata(new ServiceHostedMediaConfig(), 'serviceHostedMediaConfig'));
    $made->setChatInfo($chat);
    $made->setMeetingInfo($meeting);
    $made->setTenantId($asked['tenantId']);
    return $made;
}

function done(GraphServiceClient $graph, array $asked): ?object
{
    $calls = $graph->communications()->calls();
    if ($asked['do'] === 'create') {
        return $calls->post(newCall($asked))->wait();
    }
    $call = $calls->byCallId($asked['call']);
    switch ($asked['do']) {
        case 'invite':
            $body = new InvitePostRequestBody();
            $body->setParticipants(array_map(invited(...), $asked['participants']));
            $body->setClientContext($asked['clientContext']);
            return $call->participants()->invite()->post($body)->wait();
        case 'delete':
            return $call->participants()->byParticipantId($asked['participant'])->delete()->wait();
        case 'reject':
            $body = new RejectPostRequestBody();
            $body->setReason(new RejectReason($asked['reason']));
            $body->setCallbackUri($asked['callbackUri'] ?? null);
            return $call->reject()->post($body)->wait();
        case 'playPrompt':
            $body = new PlayPromptPostRequestBody();
            $body->setPrompts(array_map(prompt(...), $asked['prompts']));
            $body->setClientContext($asked['clientContext']);
            return $call->playPrompt()->post($body)->wait();
        case 'subscribeToTone':
            $body = new SubscribeToTonePostRequestBody();
            $body->setClientContext($asked['clientContext']);
            return $call->subscribeToTone()->post($body)->wait();
    }
    throw new InvalidArgumentException("{$asked['do']} is nothing that this program can");
}

function shown(?object $answer): array
{
    if ($answer === null) {
        return [];
    }
    $shown = ['type' => (new ReflectionClass($answer))->getShortName(), 'id' => $answer->getId()];
    if ($answer instanceof Call) {
        $shown['state'] = $answer->getState()?->value();
    }
    if ($answer instanceof CommsOperation) {
        $shown['clientContext'] = $answer->getClientContext();
        $shown['status'] = $answer->getStatus()?->value();
    }
    if ($answer instanceof InviteParticipantsOperation) {
        $shown['participants'] = array_map(fn ($one) => [
            'id' => $one->getIdentity()->getUser()?->getId(),
            'participantId' => $one->getParticipantId(),
        ], $answer->getParticipants());
    }
    return array_filter($shown, fn ($value) => $value !== null);
}

$named = array_map(getenv(...), ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET']);
$graph = new GraphServiceClient(new ClientCredentialContext(...$named), ['https://graph.microsoft.com/.default']);
while (($line = fgets(STDIN)) !== false) {
    try {
        $answer = shown(done($graph, json_decode($line, true, flags: JSON_THROW_ON_ERROR)));
    } catch (ODataError $error) {
        $main = $error->getError();
        $answer = ['error' => ['type' => 'ODataError', 'status' => $error->getResponseStatusCode(),
            'code' => $main?->getCode(), 'message' => $main?->getMessage()]];
    } catch (Exception $error) {
        $answer = ['error' => ['type' => (new ReflectionClass($error))->getShortName(), 'message' => $error->getMessage()]];
    }
    echo json_encode((object) $answer, JSON_THROW_ON_ERROR), "\n";
}
