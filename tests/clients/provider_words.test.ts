// Providers quote refused requests: content filters, validators, gateways that show the request. The
// quotations are people's text or a key, and must not get into the log or to the client.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { talk } from "./chat.ts";
import type { Script } from "./scripted_model.ts";
import { onEachRuntime } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";

/** A private gateway's key: it does not look like the keys of the known providers. */
const PLAIN_KEY = "gateway-password-of-ours";

const message = (words: string) => JSON.stringify({ error: { message: words } });

const QUOTES: [title: string, script: (prompt: string, text: string) => Script][] = [
  ["a refusal that quotes the prompt", (prompt) => (reply) => reply.refuse(400, message(`Invalid: ${prompt}`))],
  ["a page that shows the request", (prompt) => (reply) => reply.refuse(502, `<pre>${prompt}</pre>`)],
  [
    "an error that is not streamed",
    (prompt) => (reply) => reply.end(message(`Flagged: ${prompt}`)),
  ],
  [
    "an error that quotes the text before it",
    (_, text) => (reply) => {
      reply.text(text);
      reply.raw(`data: ${message(`Flagged: ${text}`)}\n\n`);
    },
  ],
  ["a refusal that quotes the key", () => (reply) => reply.refuse(401, message(`Unknown key: ${PLAIN_KEY}`))],
];

onEachRuntime(
  "a provider's words",
  (stack) => {
    let ana: Person;
    before(async () => {
      ana = await signUp(stack());
      stack().backend.secrets.add(PLAIN_KEY);
    });

    for (const [title, makeScript] of QUOTES) {
      test(`${title}: nothing of it is logged or told`, async () => {
        const requestId = `words-${randomUUID()}`;
        const prompt = `My secret diary, ${title} (${stack().runtime})`;
        const text = `Nobody shall read ${title} (${stack().runtime})`;
        stack().backend.model.script(prompt, makeScript(prompt, text));
        const options = { token: ana.token, headers: { "x-request-id": requestId } };
        const { events } = await talk(stack(), { text: prompt }, options);
        assert.equal(events.ending.at(-1), "error");
        assert.doesNotMatch(JSON.stringify(events.error), /secret diary|Nobody shall|gateway-password/);
        const [entry] = await stack().logEntries(requestId);
        assert.equal(entry!["level"], "warn");
        assert.doesNotMatch(JSON.stringify(entry), /secret diary|Nobody shall|gateway-password/);
      });
    }
  },
  { settings: () => ({ LOCAL_API_KEY: PLAIN_KEY }) },
);
