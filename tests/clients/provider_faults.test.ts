// A provider that fails, in every way that providers do: the answer has begun with 200, so the
// client gets one error event with a stable code, and the text so far is kept as incomplete.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import type { Row } from "./backend.ts";
import { talk, type Events } from "./chat.ts";
import type { Script } from "./scripted_model.ts";
import { onEachRuntime, PROVIDER_KEY } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";

const FIRST_TOKEN_TIMEOUT_MS = 2_500;
const IDLE_TIMEOUT_MS = 1_500;
const TIME_LIMIT_MS = 6_000;

interface Fault {
  title: string;
  script: Script;
  code: string;
  /** The model's text before the failure. */
  text?: string;
  retryable?: boolean;
  /** The model is given up after so long. */
  after_ms?: number;
  /** How often it is asked: twice if a second answer is possible, and it has sent no text. */
  attempts?: number;
}

const error = (fields: object) => JSON.stringify({ error: { message: "of the provider's", ...fields } });
const SO_FAR = "Then the fox turned round";

const FAULTS: Fault[] = [
  {
    title: "401, which tells the key",
    script: (reply) => reply.refuse(401, error({ message: `Incorrect API key provided: ${PROVIDER_KEY}` })),
    code: "provider_unauthorized",
    retryable: false,
  },
  { title: "403", script: (reply) => reply.refuse(403, error({})), code: "provider_unauthorized", retryable: false },
  {
    // It asks for longer than the reply's time limit.
    title: "429",
    script: (reply) => reply.refuse(429, error({ type: "rate_limit_error" }), { "retry-after": "7" }),
    code: "provider_rate_limited",
  },
  { title: "400", script: (reply) => reply.refuse(400, error({})), code: "provider_refused_request", retryable: false },
  { title: "404", script: (reply) => reply.refuse(404, "no such page"), code: "provider_refused_request", retryable: false },
  { title: "500", script: (reply) => reply.refuse(500, error({})), code: "provider_error", attempts: 2 },
  { title: "503 without a body", script: (reply) => reply.refuse(503, ""), code: "provider_error", attempts: 2 },
  {
    title: "garbage",
    script: (reply) => reply.end("<html><body>It works!</body></html>"),
    code: "provider_malformed",
    attempts: 2,
  },
  {
    title: "bytes that are no text",
    script: (reply) => reply.end("data: \u0000\u0001\u0002 {{{{\n\n"),
    code: "provider_malformed",
    attempts: 2,
  },
  {
    title: "an event that is no JSON, after text",
    script: (reply) => {
      reply.text(SO_FAR);
      reply.raw("data: and then?\n\n");
    },
    code: "provider_malformed",
    text: SO_FAR,
  },
  {
    title: "an event 10,000 deep, after text",
    script: (reply) => {
      reply.text(SO_FAR);
      reply.raw(`data: {"choices":${"[".repeat(10_000)}\n\n`);
    },
    code: "provider_malformed",
    text: SO_FAR,
  },
  { title: "nothing", script: (reply) => reply.end(), code: "provider_incomplete", attempts: 2 },
  { title: "no head before it closes", script: (reply) => reply.destroy(), code: "provider_error", attempts: 2 },
  {
    title: "half an event, and closes",
    script: (reply) => {
      reply.text(SO_FAR);
      reply.end('data: {"choices":[{"index":0,"delta":{"content":" and sai');
    },
    code: "provider_incomplete",
    text: SO_FAR,
  },
  {
    title: "half an event, and breaks",
    script: async (reply) => {
      reply.text(SO_FAR);
      reply.raw('data: {"choices":[{"ind');
      setTimeout(() => reply.destroy(), 100);
    },
    code: "provider_incomplete",
    text: SO_FAR,
  },
  {
    title: "all text, but no end",
    script: (reply) => {
      reply.text(SO_FAR);
      reply.text(". The end.");
      reply.end();
    },
    code: "provider_incomplete",
    text: `${SO_FAR}. The end.`,
  },
  {
    title: "an error in the stream",
    script: (reply) => {
      reply.text(SO_FAR);
      reply.raw(`data: ${error({ type: "overloaded_error" })}\n\n`);
    },
    code: "provider_error",
    text: SO_FAR,
  },
  {
    title: "not even a head, for too long",
    script: () => {},
    code: "provider_timeout",
    after_ms: FIRST_TOKEN_TIMEOUT_MS,
  },
  {
    title: "a head, and nothing for too long",
    script: (reply) => reply.flush(),
    code: "provider_timeout",
    after_ms: FIRST_TOKEN_TIMEOUT_MS,
  },
  {
    title: "some text, and nothing more for too long",
    script: (reply) => reply.text(SO_FAR),
    code: "provider_timeout",
    text: SO_FAR,
    after_ms: IDLE_TIMEOUT_MS,
  },
];

onEachRuntime(
  "a provider's fault",
  (stack) => {
    let ana: Person;
    before(async () => (ana = await signUp(stack())));

    interface Failed {
      prompt: string;
      events: Events;
      sessionId: string;
      generation: Row;
      messages: Row[];
      elapsedMs: number;
    }

    /** A turn that fails with this code after this text, and the checks for every such turn. */
    async function fail(title: string, code: string, text: string): Promise<Failed> {
      const requestId = `fault-${randomUUID()}`;
      const prompt = `What did the fox do? (${title}, ${stack().runtime})`;
      const beganMs = performance.now();
      const options = { token: ana.token, headers: { "x-request-id": requestId } };
      const { events, sessionId, streamId, response } = await talk(stack(), { text: prompt }, options);
      const elapsedMs = performance.now() - beganMs;
      assert.equal(response.headers.get("x-request-id"), requestId);
      assert.equal(events.text, text);
      // Stored text is reported with its ids, so that it can be continued.
      assert.deepEqual(events.ending, text ? ["metadata", "error"] : ["error"], events.raw);
      assert.equal(events.error["code"], code);
      assert.match(events.error["message"], /\S\.$/);
      assert.doesNotMatch(events.raw, /of the provider's|sk-scripted|It works/);

      const { backend } = stack();
      const [generation] = (await backend.rows("generations", { stream_id: streamId })) as [Row];
      assert.deepEqual([generation["status"], generation["error_code"]], ["failed", code]);
      assert.ok(generation["finished_at"]);
      assert.deepEqual(await backend.rows("generation_chunks", generation_id(generation)), []);
      const messages = await backend.messages(sessionId);
      const kept = messages.map(({ role, content, is_complete }) => [role, content, is_complete]);
      const reply = text === "" ? [] : [["assistant", text, false]];
      assert.deepEqual(kept, [["user", prompt, true], ...reply]);

      const entries = await stack().logEntries(requestId);
      assert.equal(entries.length, 1);
      const { status, outcome, session_id } = entries[0]!;
      assert.deepEqual([status, outcome, session_id], [200, "failed", sessionId]);
      assert.equal(entries[0]!["code"], code);
      return { prompt, events, sessionId, generation, messages, elapsedMs };
    }

    for (const { title, script, code, text = "", retryable = true, after_ms, attempts = 1 } of FAULTS) {
      test(`${title}: ${code}`, async () => {
        const { model } = stack().backend;
        model.script(`What did the fox do? (${title}, ${stack().runtime})`, script);
        const { events, prompt, elapsedMs, sessionId } = await fail(title, code, text);
        assert.equal(events.error["retryable"], retryable);
        const replies = model.replies(prompt);
        assert.equal(replies.length, attempts, "how often the model is asked");
        assert.equal(replies[0]!.authorization, `Bearer ${PROVIDER_KEY}`);
        if (after_ms !== undefined) {
          assert.ok(elapsedMs > after_ms - 100, `given up after ${elapsedMs} ms`);
          assert.ok(elapsedMs < after_ms + 3_000, `given up after ${elapsedMs} ms`);
          assert.ok(replies[0]!.isClosed, "the model's connection is closed");
        }

        const next = `And what then? (${title}, ${stack().runtime})`;
        model.tell(next, ["Then it went to sleep."]);
        const turn = await talk(stack(), { text: next, session_id: sessionId }, { token: ana.token });
        assert.deepEqual(turn.events.ending, ["metadata", "done"], "the conversation goes on at once");
        const sent = (await model.reply(next)).request.messages.slice(1).map(({ content }) => content);
        // Two messages of the user in a row are one.
        assert.deepEqual(sent, text === "" ? [`${prompt}\n\n${next}`] : [prompt, text, next]);
      });
    }

    test("connection refused: provider_error", async () => {
      await stack().backend.model.whileDown(async () => {
        const { events } = await fail("connection refused", "provider_error", "");
        assert.equal(events.error["retryable"], true);
      });
    });

    test("a reply that never ends: time_limit, and its text is kept", async () => {
      const prompt = `What did the fox do? (for ever, ${stack().runtime})`;
      let said = "";
      stack().backend.model.script(prompt, (reply) => {
        const timer = setInterval(() => {
          if (reply.isClosed) return clearInterval(timer);
          said += "on and on ";
          reply.text("on and on ");
        }, 100);
      });
      const { events, sessionId, streamId } = await talk(stack(), { text: prompt }, { token: ana.token });
      assert.deepEqual(events.ending, ["metadata", "error"]);
      assert.equal(events.error["code"], "time_limit");
      const [, reply] = await stack().backend.messages(sessionId);
      assert.deepEqual([reply!["content"], reply!["is_complete"]], [events.text, false]);
      assert.ok(said.startsWith(events.text) && events.text.length > 200);
      const [generation] = await stack().backend.rows("generations", { stream_id: streamId });
      assert.deepEqual([generation!["status"], generation!["error_code"]], ["failed", "time_limit"]);
    });

    test("U+0000 in the model's text, which no row can hold: told and stored as U+FFFD", async () => {
      const prompt = `What did the fox do? (nothing, ${stack().runtime})`;
      stack().backend.model.tell(prompt, ["It said \u0000 and", "\u0000", " no more.\u0000"]);
      const { events, sessionId } = await talk(stack(), { text: prompt }, { token: ana.token });
      assert.deepEqual(events.ending, ["metadata", "done"], events.raw);
      assert.equal(events.text, "It said \ufffd and\ufffd no more.\ufffd");
      const [, reply] = await stack().backend.messages(sessionId);
      assert.deepEqual([reply!["content"], reply!["is_complete"]], [events.text, true]);
    });

    test("a reason for the end, but no marker: complete, and the client does not wait for long", async () => {
      const prompt = `What did the fox do? (finished, ${stack().runtime})`;
      stack().backend.model.script(prompt, (reply) => {
        reply.text(SO_FAR);
        reply.raw('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n');
      });
      const { events, sessionId } = await talk(stack(), { text: prompt }, { token: ana.token });
      assert.deepEqual(events.ending, ["metadata", "done"]);
      assert.deepEqual(events.metadata["tokens"], { in: null, out: null });
      const [, reply] = await stack().backend.messages(sessionId);
      assert.deepEqual([reply!["content"], reply!["is_complete"]], [SO_FAR, true]);
    });
  },
  {
    settings: () => ({
      FABULA_FIRST_TOKEN_TIMEOUT_MS: `${FIRST_TOKEN_TIMEOUT_MS}`,
      FABULA_IDLE_TIMEOUT_MS: `${IDLE_TIMEOUT_MS}`,
      FABULA_TIME_LIMIT_MS: `${TIME_LIMIT_MS}`,
    }),
  },
);

const generation_id = (generation: Row): Row => ({ generation_id: generation["generation_id"] });
