// A reception for Teams, in Node without any package: answers people it knows, refuses all others and every forgery.
import { createPublicKey, verify } from "node:crypto";
import { createServer } from "node:http";

const AUDIO = { "@odata.type": "#microsoft.graph.serviceHostedMediaConfig" };
const ISSUER = "https://api.botframework.com";

export class Reception {
  constructor({ graph, token, appId, known, home }) {
    Object.assign(this, { graph, token, appId, known, home, done: new Set() });
    this.server = createServer((request, response) => this.receive(request, response));
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${this.server.address().port}/api/calls`;
  }

  async receive(request, response) {
    let body = "";
    for await (const chunk of request) body += chunk;
    const genuine = await this.isGenuine(request.headers.authorization ?? "");
    response.writeHead(genuine ? 202 : 401).end();
    // Answered at once; what there is to do is done afterwards.
    if (genuine) for (const note of JSON.parse(body).value) await this.act(note);
  }

  async isGenuine(authorization) {
    const metadata = await (await fetch(`${this.graph}/v1/.well-known/OpenIdConfiguration`)).json();
    const { keys } = await (await fetch(metadata.jwks_uri)).json();
    const [head, claims, signature] = authorization.replace("Bearer ", "").split(".");
    try {
      const read = (part) => JSON.parse(Buffer.from(part, "base64url"));
      const { alg, kid } = read(head);
      const key = createPublicKey({ key: keys.find((one) => one.kid === kid), format: "jwk" });
      const { aud, iss, tid, exp } = read(claims);
      const signed = verify("RSA-SHA256", `${head}.${claims}`, key, Buffer.from(signature, "base64url"));
      return signed && alg === "RS256" && aud === this.appId && iss === ISSUER && Boolean(tid) && exp > Date.now() / 1000;
    } catch {
      return false;
    }
  }

  async act({ changeType, resourceUrl, resourceData }) {
    if (changeType === "created" && resourceData.state === "incoming") {
      const known = this.known.includes(resourceData.source.identity.user?.id);
      await this.once(resourceUrl, known ? "answer" : "reject");
    } else if (changeType === "updated" && resourceData.length === 1) {
      await this.once(resourceUrl.replace(/\/participants$/, ""), ""); // the bot is alone
    }
  }

  async once(call, action) {
    // A notification may come twice; nothing is done twice.
    if (this.done.has(call + action)) return;
    this.done.add(call + action);
    const bodies = {
      answer: { callbackUri: this.home, acceptedModalities: ["audio"], mediaConfig: AUDIO },
      reject: { reason: "forbidden" },
    };
    await fetch(`${this.graph}/v1.0${call}${action && `/${action}`}`, {
      method: action ? "POST" : "DELETE",
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      body: action ? JSON.stringify(bodies[action]) : undefined,
    });
  }
}
