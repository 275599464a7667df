// A short test of the functions on Cloudflare's runtime: tests/hosts uses its own guests, this the whole
// stack. The long ring runs all other files on workerd as well.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Backend, root, type Row } from "./backend.ts";
import { EventReader, postChat, talk } from "./chat.ts";
import { Issuer, publish, signingKey, welcome } from "./issuer.ts";
import { assertDiscreetLog, Stack } from "./stack.ts";
import { es256, nowInSeconds } from "./tokens.ts";
import { makeGate, until } from "./wait.ts";

const ISSUER = "https://issuer.example";
const STREAMS = 30;

const key = signingKey("ES256");
const issuer = new Issuer(publish(key));

describe("on workerd", () => {
  let backend: Backend;
  let stack: Stack;
  before(async () => {
    const issuers = [{ issuer: ISSUER, jwks_url: await issuer.start(), audience: null }];
    backend = await Backend.start();
    stack = await Stack.start("workerd", backend, () => ({ FABULA_ISSUERS: JSON.stringify(issuers) }));
  });
  after(async () => {
    await stack?.stop();
    await backend?.stop();
    issuer.stop();
  });

  test("each function answers from its own module", async () => {
    for (const name of readdirSync(join(root, "functions"))) {
      const response = await fetch(`${stack.url}/functions/v1/${name}/no-such-path`);
      const problem = (await response.json()) as Row;
      assert.match(`${response.status} ${problem["code"]}`, /^(404 not_found|401 missing_credentials)$/, name);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      const [entry] = await stack.logEntries(response.headers.get("x-request-id")!);
      assert.equal(entry!["function"], name);
    }
  });

  test("many turns at once: each has its own text, as it comes, and is stored", async () => {
    const everybody = makeGate();
    let open = 0;
    const turns = Array.from({ length: STREAMS }, async (_, number) => {
      const prompt = `Tell me story number ${number}.`;
      const [first, second] = [`Story ${number}: é 字 🦊`, `, the end of ${number}.`];
      backend.model.script(prompt, async (reply) => {
        reply.text(first);
        await everybody.opened;
        reply.text(second);
        reply.finish();
      });
      const response = await postChat(stack, { text: prompt });
      assert.equal(response.status, 200);
      const reader = new EventReader(response);
      assert.ok(await reader.readUntil((events) => events.text === first));
      open += 1;
      const events = await reader.readToEnd();
      assert.deepEqual([events.text, events.ending], [first + second, ["metadata", "done"]]);
      const [, reply] = await backend.messages(response.headers.get("x-session-id")!);
      assert.deepEqual([reply!["content"], reply!["is_complete"]], [first + second, true]);
    });
    const failed = Promise.all(turns).then(() => {});
    await Promise.race([failed, until("all streams are open", () => open === STREAMS)]);
    everybody.open();
    await failed;
  });

  test("a detached reply is finished after its reader has left", async () => {
    const prompt = "Write on without me.";
    const isLeft = makeGate();
    backend.model.script(prompt, async (reply) => {
      reply.text("I write");
      await isLeft.opened;
      reply.text(" on.");
      reply.finish();
    });
    const leaving = new AbortController();
    const { signal } = leaving;
    const response = await postChat(stack, { text: prompt, detach: true }, { signal });
    const reader = new EventReader(response);
    assert.ok(await reader.readUntil((events) => events.text === "I write"));
    leaving.abort();
    isLeft.open();
    const stored = await until("the reply", async () => {
      const [, reply] = await backend.messages(response.headers.get("x-session-id")!);
      return reply?.["status"] === "complete" && reply;
    });
    assert.equal(stored["content"], "I write on.");
  });

  test("a provider whose connection breaks, or that is not there, is an error event", async () => {
    const prompt = "Break off in the middle.";
    backend.model.script(prompt, (reply) => {
      reply.text("So far");
      setTimeout(() => reply.destroy(), 100);
    });
    const broken = (await talk(stack, { text: prompt })).events;
    assert.deepEqual([broken.text, broken.error["code"]], ["So far", "provider_incomplete"]);
    await backend.model.whileDown(async () => {
      const { events } = await talk(stack, { text: "Is anybody there?" });
      assert.deepEqual([events.ending, events.error["code"]], [["error"], "provider_error"]);
    });
  });

  test("keys that one request has fetched are there for all others, at once too", async () => {
    const claims = { iss: ISSUER, sub: "somebody", exp: nowInSeconds() + 600 };
    const token = es256(claims, key.privateKey, { kid: key.kid });
    const first = await welcome(stack, token);
    const crowd = await Promise.all(Array.from({ length: 10 }, () => welcome(stack, token)));
    assert.deepEqual(new Set(crowd), new Set([first]));
    assert.equal(issuer.asked, 1);
  });

  test("the log of all this is JSON lines without a trap, a text or a key", () => {
    assertDiscreetLog(stack);
  });
});
