// An IVR for Teams, in Node without any package: "press 1 to leave a message, 9 to end".
import { createServer } from "node:http";

const AUDIO = { "@odata.type": "#microsoft.graph.serviceHostedMediaConfig" };
const MESSAGE = { maxRecordDurationInSeconds: 60, maxSilenceTimeoutInSeconds: 3, stopTones: ["#"] };

export class Ivr {
  constructor({ graph, token, prompts }) {
    Object.assign(this, { graph, token, prompts, done: new Set(), next: new Map(), messages: [] });
    this.server = createServer((request, response) => this.receive(request, response));
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return `${this.url}/api/calls`;
  }

  async receive(request, response) {
    const audio = this.prompts[request.url.match(/^\/audio\/(.+)\.wav$/)?.[1]];
    if (audio) return response.writeHead(200, { "Content-Type": "audio/wav" }).end(audio);
    let body = "";
    for await (const chunk of request) body += chunk;
    response.writeHead(202).end(); // a real bot looks at the token first, as the reception in Node does
    for (const note of JSON.parse(body).value) await this.act(note);
  }

  async act({ changeType, resourceUrl, resourceData: data }) {
    const call = resourceUrl.split("/")[3]; // an update has no id in its data
    if (changeType === "created" && data.state === "incoming") {
      const home = "https://bot.contoso.com/api/calls";
      await this.once(call, "answer", { callbackUri: home, acceptedModalities: ["audio"], mediaConfig: AUDIO });
    } else if (changeType === "updated" && data.mediaState?.audio === "active") {
      await this.once(call, "subscribeToTone", {});
      await this.play(call, "menu");
    } else if (changeType === "updated" && data.toneInfo?.tone === "tone1") {
      await this.once(call, "cancelMediaProcessing", {}); // the menu, if it is still heard
      await this.play(call, "leave-a-message", "record");
    } else if (changeType === "updated" && data.toneInfo?.tone === "tone9") {
      await this.play(call, "goodbye", "hang up");
    } else if (changeType === "deleted" && this.next.has(data.id)) {
      const step = this.next.get(data.id);
      this.next.delete(data.id);
      await this.goOn(call, step, data);
    }
  }

  async goOn(call, step, { status, recordingLocation, recordingAccessToken }) {
    if (step === "record") return this.once(call, "recordResponse", MESSAGE, "keep");
    if (step === "hang up") return this.send("DELETE", call, "");
    if (status === "completed") { // a recording can be read for a short time only
      const headers = { Authorization: `Bearer ${recordingAccessToken}` };
      this.messages.push(Buffer.from(await (await fetch(recordingLocation, { headers })).arrayBuffer()));
    }
    await this.play(call, "goodbye", "hang up");
  }

  play(call, name, then) {
    const mediaInfo = { uri: `${this.url}/audio/${name}.wav`, resourceId: name };
    const prompts = [{ "@odata.type": "#microsoft.graph.mediaPrompt", mediaInfo }];
    return this.once(call, "playPrompt", { prompts, clientContext: name }, then);
  }

  async once(call, action, body, then) {
    // A notification may come twice, and a key in two of them; nothing is done twice in a call.
    const what = `${call} ${action} ${body.clientContext}`;
    if (this.done.has(what)) return;
    this.done.add(what);
    const answer = await this.send("POST", call, `/${action}`, body);
    if (then && answer.ok) this.next.set((await answer.json()).id, then);
  }

  send(method, call, action, body) {
    const headers = { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" };
    return fetch(`${this.graph}/v1.0/communications/calls/${call}${action}`, { method, headers, body: body && JSON.stringify(body) });
  }
}
