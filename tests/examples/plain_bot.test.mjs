// The same bot in Node's own test runner: `graphcalls serve --tls ./ca --proxy 8889 --frozen --bot …` runs beside it.
import assert from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";

const CONTROL = `${process.env.GRAPHCALLS_URL || "https://127.0.0.1:8080"}/_graphcalls`;
let bot;

async function control(path, body) {
  const asked = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return (await fetch(`${CONTROL}/${path}`, body ? asked : {})).json();
}

before(async () => {
  bot = spawn(process.execPath, ["plain_bot.mjs"], { stdio: ["ignore", "pipe", "inherit"] });
  await once(bot.stdout, "data"); // it says that it listens
});
after(() => bot.kill());

async function until(call, state) {
  while ((await control(`calls/${call.id}`)).state !== state); // the bot is at work; time stands still
}

test("it answers and hangs up", async () => {
  const call = await control("calls", { caller: "Adele" });
  await control("clock/advance", { seconds: 0 });
  await until(call, "establishing");
  await control("clock/advance", { seconds: 2 });
  await until(call, "terminated");
  assert.equal((await control("assertions/answered-within", { seconds: 15 })).passed, true);
});
