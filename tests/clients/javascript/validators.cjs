// Judges bearer tokens with Microsoft's validators, as a bot would have them judge a notification.
'use strict';

const { createInterface } = require('node:readline');
const { authorizeJWT } = require('@microsoft/agents-hosting');
const { ChannelValidation, SimpleCredentialProvider } = require('botframework-connector');

const { MicrosoftAppId: clientId, MicrosoftAppTenantId: tenantId } = process.env;
const authorize = authorizeJWT({ connections: new Map([['bot', { clientId, tenantId }]]) });
const credentials = new SimpleCredentialProvider(clientId, '');
console.error = () => {}; // both write what they refuse

const BY_LIBRARY = {
  agents: (token) =>
    new Promise((accept, refuse) => {
      const request = { method: 'POST', headers: { authorization: `Bearer ${token}` } };
      const send = (body) => refuse(new Error(body['jwt-auth-error']));
      authorize(request, { status: () => ({ send }) }, () => accept(request.user.aud));
    }),
  'botframework-connector': async (token) => {
    const identity = await ChannelValidation.authenticateChannelToken(`Bearer ${token}`, credentials, 'msteams');
    return identity.getClaimValue('aud');
  },
};

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    const { library, token } = JSON.parse(line);
    const answer = await BY_LIBRARY[library](token).then(
      (audience) => ({ accepted: audience }),
      (error) => ({ refused: `${error.name}: ${error.message}` }),
    );
    console.log(JSON.stringify(answer));
  }
})();
