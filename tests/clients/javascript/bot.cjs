// A bot that answers every call, with Microsoft's client of Graph, and believes what Microsoft's validator believes.
'use strict';

const { createServer } = require('node:http');
const { DefaultAzureCredential } = require('@azure/identity');
const { Client } = require('@microsoft/microsoft-graph-client');
const {
  TokenCredentialAuthenticationProvider,
} = require('@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials');
const { ChannelValidation, SimpleCredentialProvider } = require('botframework-connector');

const { BOT_URL, MicrosoftAppId, PORT } = process.env;
const authProvider = new TokenCredentialAuthenticationProvider(new DefaultAzureCredential(), {
  scopes: ['https://graph.microsoft.com/.default'],
});
const graph = Client.initWithMiddleware({ authProvider });
const credentials = new SimpleCredentialProvider(MicrosoftAppId, '');

const isGenuine = (authorization) =>
  ChannelValidation.authenticateChannelToken(authorization, credentials, 'msteams').then(
    () => true,
    () => false,
  );

const answer = (call) =>
  graph
    .api(`${call}/answer`)
    .post({
      callbackUri: BOT_URL,
      acceptedModalities: ['audio'],
      mediaConfig: { '@odata.type': '#microsoft.graph.serviceHostedMediaConfig' },
    })
    .catch(console.error); // a call may have ended meanwhile, and an error that nobody takes ends Node

createServer(async (request, response) => {
  let body = '';
  for await (const piece of request) body += piece;
  if (!(await isGenuine(request.headers.authorization ?? ''))) return response.writeHead(401).end();
  response.writeHead(202).end();
  for (const { changeType, resourceUrl, resourceData } of JSON.parse(body).value) {
    if (changeType === 'created' && resourceData.state === 'incoming') await answer(resourceUrl);
  }
}).listen(PORT);
