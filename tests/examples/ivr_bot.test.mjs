// The IVR in Node, driven over HTTP: graphcalls serve --frozen, then GRAPHCALLS_URL=http://… node --test
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Ivr } from "./ivr_bot.mjs";

const graph = process.env.GRAPHCALLS_URL ?? "http://127.0.0.1:8080";
let ivr;

async function control(method, path, members) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${graph}/_graphcalls/${path}`, { method, headers, body: members && JSON.stringify(members) });
  const body = await answer.json();
  assert.ok(answer.ok, [body.error?.message, ...(body.timeline ?? [])].join("\n"));
  return body;
}

// Silence in the format that the service takes: WAV, PCM, mono, 16 bit, 16 kHz.
function wav(seconds) {
  const file = Buffer.alloc(44 + 32000 * seconds);
  file.write("RIFF");
  file.writeUInt32LE(file.length - 8, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  [1, 1, 16000, 0, 32000, 0, 2, 16].forEach((value, place) => file.writeUInt16LE(value, 20 + 2 * place));
  file.write("data", 36);
  file.writeUInt32LE(file.length - 44, 40);
  return file;
}

// The work of a bot behind a URL cannot be observed: let time pass until its effect is there.
async function until(call, condition) {
  for (let tries = 0; tries < 500; tries++) {
    await control("POST", "clock/advance", { seconds: 0.1 });
    const seen = await control("GET", `calls/${call.id}`);
    if (condition(seen)) return seen;
    await sleep(10);
  }
  assert.fail((await control("GET", "timeline")).lines.join("\n"));
}

before(async () => {
  await control("POST", "reset");
  const { access_token: token } = await control("POST", "token", {});
  const prompts = { menu: wav(8), "leave-a-message": wav(4), goodbye: wav(2) };
  ivr = new Ivr({ graph, token, prompts });
  await control("POST", "bot", { url: await ivr.listen() });
});
beforeEach(async () => {
  await control("POST", "reset");
  ivr.done.clear();
});
after(() => ivr.server.close());

test("who presses one leaves a message", async () => {
  const call = await control("POST", "calls", { caller: "Adele" });
  await until(call, (seen) => seen.prompts.length === 1);
  await control("POST", "people/Adele/presses", { keys: "1" });
  await control("POST", "people/Adele/speaks", { seconds: 5, after: 5 });
  const seen = await until(call, (seen) => seen.state === "terminated");
  assert.deepEqual(seen.prompts.map((one) => one.resource_id), ["menu", "leave-a-message", "goodbye"]);
  assert.equal(ivr.messages[0].subarray(0, 4).toString(), "RIFF");
  for (const name of ["plays-when-audio-is-active", "goes-on-after-an-end", "fetched-every-recording"])
    await control("POST", `assertions/${name}`);
});

test("a key that comes again is no second choice", async () => {
  const call = await control("POST", "calls", { caller: "Adele" });
  await until(call, (seen) => seen.prompts.length === 1);
  await control("POST", "people/Adele/presses", { keys: "1" });
  await until(call, (seen) => seen.prompts.length === 2);
  await control("POST", "assertions/acts-once-for-each-tone");
});
