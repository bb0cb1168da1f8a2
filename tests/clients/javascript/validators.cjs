// Judges bearer tokens by Microsoft's packages for bots, as a bot has a notification judged, and signs in by them.
'use strict';

const { createInterface } = require('node:readline');
const { MsalTokenProvider, authorizeJWT } = require('@microsoft/agents-hosting');
const { ChannelValidation, MicrosoftAppCredentials, SimpleCredentialProvider } = require('botframework-connector');

const { MicrosoftAppId: clientId, MicrosoftAppPassword: clientSecret, MicrosoftAppTenantId: tenantId } = process.env;
const agent = { clientId, clientSecret, tenantId, authority: 'https://login.microsoftonline.com' };
const authorize = authorizeJWT({ connections: new Map([['bot', agent]]) });
const credentials = new SimpleCredentialProvider(clientId, '');
console.error = () => {}; // both write what they refuse

const JUDGES = {
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
const SIGNS_IN = {
  agents: () => new MsalTokenProvider(agent).getAccessToken('https://api.botframework.com'),
  'botframework-connector': () => new MicrosoftAppCredentials(clientId, clientSecret).getToken(),
};

async function answered({ library, token }) {
  if (!token) return { token: await SIGNS_IN[library]() };
  return JUDGES[library](token).then(
    (audience) => ({ accepted: audience }),
    (error) => ({ refused: `${error.name}: ${error.message}` }),
  );
}

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answered(JSON.parse(line))));
  }
})();
