// The reception in Node, driven over HTTP: graphcalls serve --frozen, then GRAPHCALLS_URL=http://… node --test
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Reception } from "./node_bot.mjs";

const graph = process.env.GRAPHCALLS_URL ?? "http://127.0.0.1:8080";
let reception;

async function control(method, path, members) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${graph}/_graphcalls/${path}`, { method, headers, body: members && JSON.stringify(members) });
  const body = await answer.json();
  assert.ok(answer.ok, [body.error?.message, ...(body.timeline ?? [])].join("\n"));
  return body;
}

// The work of a bot behind a URL cannot be observed: let time pass until its effect is there.
async function until(call, condition) {
  for (let tries = 0; tries < 500; tries++) {
    await control("POST", "clock/advance", { seconds: 0.1 });
    const seen = await control("GET", `calls/${call.id}`);
    if (condition(seen)) return;
    await sleep(10);
  }
  assert.fail((await control("GET", "timeline")).lines.join("\n"));
}

before(async () => {
  await control("POST", "reset");
  const { access_token: token, client_id: appId } = await control("POST", "token", {});
  const adele = await control("GET", "people/Adele");
  reception = new Reception({ graph, token, appId, known: [adele.id], home: "https://bot.contoso.com/api/calls" });
  await control("POST", "bot", { url: await reception.listen() });
});
beforeEach(async () => {
  await control("POST", "reset");
  reception.done.clear();
});
after(() => reception.server.close());

test("a stranger is refused", async () => {
  const call = await control("POST", "calls", { caller: "Mallory" });
  await until(call, (seen) => seen.rejected_with === "forbidden");
  await control("POST", "assertions/answered-within", { seconds: 15 });
});

test("a friend is answered, and the bot hangs up when it is alone", async () => {
  await control("POST", "people/Adele/leaves_after", { seconds: 5 });
  const call = await control("POST", "calls", { caller: "Adele", group: true });
  await until(call, (seen) => seen.state === "established");
  await until(call, (seen) => seen.state === "terminated");
  await control("POST", "assertions/hung-up-what-it-created");
});

test("it acts once, although everything arrives twice", async () => {
  await control("POST", "faults/duplicate", { copies: 1 });
  const call = await control("POST", "calls", { caller: "Mallory" });
  await until(call, (seen) => seen.state === "terminated");
  await control("POST", "assertions/acts-once-on-duplicates");
});

test("a forged notification is refused", async () => {
  await control("POST", "assertions/refuses-forged-notifications");
});
