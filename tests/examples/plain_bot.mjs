// A bot for Teams calls with Microsoft's host names built in, as most bots have them. It answers each call and hangs up.
import http from "node:http";

const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET: secret, PORT = "3978" } = process.env;
const GRAPH = "https://graph.microsoft.com/v1.0";
const ADDRESS = process.env.BOT_ADDRESS || "https://bot.contoso.com/api/calls";

async function token() {
  const scope = "https://graph.microsoft.com/.default";
  const form = { grant_type: "client_credentials", client_id: client, client_secret: secret, scope };
  const url = `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`;
  const answer = await fetch(url, { method: "POST", body: new URLSearchParams(form) });
  return (await answer.json()).access_token;
}

async function graph(method, path, body) {
  const headers = { Authorization: `Bearer ${await token()}`, "Content-Type": "application/json" };
  const answer = await fetch(GRAPH + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) console.error(method, path, answer.status, await answer.text());
}

const over = new Set(); // "established" comes more than once

async function act({ resourceUrl, resourceData }) {
  if (resourceData.state === "incoming") {
    const mediaConfig = { "@odata.type": "#microsoft.graph.serviceHostedMediaConfig" };
    await graph("POST", `${resourceUrl}/answer`, { callbackUri: ADDRESS, acceptedModalities: ["audio"], mediaConfig });
  } else if (resourceData.state === "established" && !over.has(resourceUrl)) {
    over.add(resourceUrl);
    await graph("DELETE", resourceUrl);
  }
}

const server = http.createServer(async (request, response) => {
  let text = "";
  for await (const piece of request) text += piece;
  response.writeHead(202).end();
  for (const change of JSON.parse(text).value) await act(change);
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`listening on ${PORT}`));
