// Does what a test asks with @microsoft/microsoft-graph-client, as the reference pages' samples do.
'use strict';

const { createInterface } = require('node:readline');
const { DefaultAzureCredential } = require('@azure/identity');
const { Client } = require('@microsoft/microsoft-graph-client');
const {
  TokenCredentialAuthenticationProvider,
} = require('@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials');

const authProvider = new TokenCredentialAuthenticationProvider(new DefaultAzureCredential(), {
  scopes: ['https://graph.microsoft.com/.default'],
});
const client = Client.initWithMiddleware({ authProvider });

const user = (id, more) => ({
  '@odata.type': '#microsoft.graph.identitySet',
  user: { '@odata.type': '#microsoft.graph.identity', id, ...more },
});
const phone = (id) => ({
  '@odata.type': '#microsoft.graph.identitySet',
  phone: { '@odata.type': '#microsoft.graph.identity', id },
});
const invited = ({ sort, id, name, ...more }) => ({
  '@odata.type': '#microsoft.graph.invitationParticipantInfo',
  identity: sort === 'phone' ? phone(id) : user(id, { displayName: name, identityProvider: 'AAD' }),
  ...more,
});

const DONE_BY = {
  create: (api, asked) =>
    api('').post({
      '@odata.type': '#microsoft.graph.call',
      callbackUri: asked.callbackUri,
      requestedModalities: ['audio'],
      mediaConfig: { '@odata.type': '#microsoft.graph.serviceHostedMediaConfig' },
      chatInfo: { '@odata.type': '#microsoft.graph.chatInfo', threadId: asked.threadId, messageId: asked.messageId },
      meetingInfo: { '@odata.type': '#microsoft.graph.organizerMeetingInfo', organizer: user(asked.organizer) },
      tenantId: asked.tenantId,
    }),
  invite: (api, { call, participants, clientContext }) =>
    api(`/${call}/participants/invite`).post({ participants: participants.map(invited), clientContext }),
  delete: (api, { call, participant }) => api(`/${call}/participants/${participant}`).delete(),
  reject: (api, { call, reason, callbackUri }) => api(`/${call}/reject`).post({ reason, callbackUri }),
  playPrompt: (api, { call, prompts, clientContext }) =>
    api(`/${call}/playPrompt`).post({
      clientContext,
      prompts: prompts.map((one) => ({
        '@odata.type': '#microsoft.graph.mediaPrompt',
        mediaInfo: { '@odata.type': '#microsoft.graph.mediaInfo', ...one },
      })),
    }),
  subscribeToTone: (api, { call, clientContext }) => api(`/${call}/subscribeToTone`).post({ clientContext }),
};

function shown(answer) {
  if (!answer) return {};
  const { id, state, status, clientContext, participants } = answer;
  const people = participants?.map((one) => ({ id: one.identity.user?.id ?? null, participantId: one.participantId }));
  return { type: answer['@odata.type'], id, state, status, clientContext, participants: people };
}

async function done(asked) {
  const api = (path) => client.api(`/communications/calls${path}`).version(asked.version);
  try {
    return shown(await DONE_BY[asked.do](api, asked));
  } catch (error) {
    const { statusCode, code, message } = error;
    return { error: { type: error.constructor.name, status: statusCode, code, message } };
  }
}

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await done(JSON.parse(line))));
  }
})();
