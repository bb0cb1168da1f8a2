<?php
// Does what a test asks with microsoft/microsoft-graph, as the reference pages' samples do.
declare(strict_types=1);

require "$argv[1]/vendor/autoload.php";

use League\OAuth2\Client\Provider\Exception\IdentityProviderException;
use Microsoft\Kiota\Abstractions\ApiException;
use Microsoft\Kiota\Authentication\Oauth\ClientCredentialContext;

/** The classes and the calls of an API version. */
final class Sdk
{
    public readonly object $calls;

    public function __construct(private readonly string $root)
    {
        $credential = new ClientCredentialContext(
            getenv('AZURE_TENANT_ID'), getenv('AZURE_CLIENT_ID'), getenv('AZURE_CLIENT_SECRET')
        );
        $class = "$root\\GraphServiceClient";
        $client = new $class($credential, ['https://graph.microsoft.com/.default']);
        $this->calls = $client->communications()->calls();
    }

    /** A model with members; those that are null are left out. */
    public function model(string $name, array $members): object
    {
        $type = lcfirst($name);
        return $this->filled("Models\\$name", ['odataType' => "#microsoft.graph.$type", ...$members]);
    }

    /** A body of an action, which has no type of its own. */
    public function body(string $action, array $members): object
    {
        $name = substr(strrchr("\\$action", '\\'), 1);
        return $this->filled("Communications\\Calls\\Item\\$action\\{$name}PostRequestBody", $members);
    }

    public function enumeration(string $name, string $value): object
    {
        $class = "$this->root\\Generated\\Models\\$name";
        return new $class($value);
    }

    private function filled(string $name, array $members): object
    {
        $class = "$this->root\\Generated\\$name";
        $made = new $class();
        foreach (array_filter($members, fn ($value) => $value !== null) as $member => $value) {
            $made->{'set' . ucfirst($member)}($value);
        }
        return $made;
    }
}

function user(Sdk $sdk, string $id, array $more = []): object
{
    return $sdk->model('IdentitySet', ['user' => $sdk->model('Identity', ['id' => $id, ...$more])]);
}

function phone(Sdk $sdk, string $id): object
{
    $phone = ['@odata.type' => '#microsoft.graph.identity', 'id' => $id];
    return $sdk->model('IdentitySet', ['additionalData' => ['phone' => $phone]]);
}

function invited(Sdk $sdk, array $one): object
{
    $more = ['displayName' => $one['name'] ?? null, 'additionalData' => ['identityProvider' => 'AAD']];
    return $sdk->model('InvitationParticipantInfo', [
        'identity' => $one['sort'] === 'phone' ? phone($sdk, $one['id']) : user($sdk, $one['id'], $more),
        'participantId' => $one['participantId'] ?? null,
        'replacesCallId' => $one['replacesCallId'] ?? null,
    ]);
}

function done(Sdk $sdk, array $asked): ?object
{
    $calls = $sdk->calls;
    $call = $calls->byCallId($asked['call']);
    $context = ['clientContext' => $asked['clientContext'] ?? null];
    $promise = match ($asked['do']) {
        'create' => $calls->post($sdk->model('Call', [
            'callbackUri' => $asked['callbackUri'],
            'requestedModalities' => [$sdk->enumeration('Modality', 'audio')],
            'mediaConfig' => $sdk->model('ServiceHostedMediaConfig', []),
            'chatInfo' => $sdk->model('ChatInfo', [
                'threadId' => $asked['threadId'], 'messageId' => $asked['messageId'],
            ]),
            'meetingInfo' => $sdk->model('OrganizerMeetingInfo', ['organizer' => user($sdk, $asked['organizer'])]),
            'tenantId' => $asked['tenantId'],
        ])),
        'invite' => $call->participants()->invite()->post($sdk->body('Participants\\Invite', [
            'participants' => array_map(fn ($one) => invited($sdk, $one), $asked['participants']), ...$context,
        ])),
        'delete' => $call->participants()->byParticipantId($asked['participant'])->delete(),
        'reject' => $call->reject()->post($sdk->body('Reject', [
            'reason' => $sdk->enumeration('RejectReason', $asked['reason']),
            'callbackUri' => $asked['callbackUri'] ?? null,
        ])),
        'playPrompt' => $call->playPrompt()->post($sdk->body('PlayPrompt', [
            'prompts' => array_map(
                fn ($one) => $sdk->model('MediaPrompt', ['mediaInfo' => $sdk->model('MediaInfo', $one)]),
                $asked['prompts'],
            ),
            ...$context,
        ])),
        'subscribeToTone' => $call->subscribeToTone()->post($sdk->body('SubscribeToTone', $context)),
    };
    return $promise->wait();
}

/** What the SDK answered, as members of JSON. */
function shown(?object $answer): array|stdClass
{
    if ($answer === null) {
        return new stdClass();
    }
    $shown = ['type' => className($answer), 'id' => $answer->getId()];
    if ($shown['type'] === 'Call') {
        return [...$shown, 'state' => $answer->getState()?->value()];
    }
    $shown += ['status' => $answer->getStatus()?->value(), 'clientContext' => $answer->getClientContext()];
    if ($shown['type'] === 'InviteParticipantsOperation') {
        $invitee = fn ($one) => [
            'id' => $one->getIdentity()?->getUser()?->getId(), 'participantId' => $one->getParticipantId(),
        ];
        $shown['participants'] = array_map($invitee, $answer->getParticipants());
    }
    return $shown;
}

function className(object $one): string
{
    return substr(strrchr('\\' . $one::class, '\\'), 1);
}

$sdks = [];
while (($line = fgets(STDIN)) !== false) {
    $asked = json_decode($line, true, flags: JSON_THROW_ON_ERROR);
    $root = $asked['version'] === 'beta' ? 'Microsoft\\Graph\\Beta' : 'Microsoft\\Graph';
    try {
        $answer = shown(done($sdks[$root] ??= new Sdk($root), $asked));
    } catch (IdentityProviderException $error) {
        $message = $error->getResponseBody()['error_description'] ?? $error->getMessage();
        $answer = ['error' => ['type' => className($error), 'message' => $message]];
    } catch (ApiException $error) {
        $answer = ['error' => [
            'type' => className($error),
            'status' => $error->getResponseStatusCode(),
            'code' => $error->getError()?->getCode(),
            'message' => $error->getError()?->getMessage(),
        ]];
    }
    fwrite(STDOUT, json_encode($answer, JSON_THROW_ON_ERROR) . "\n");
}
