// A route of three providers, each with its own wire format. Until the first token another one is
// asked and the client learns nothing of it; after it there is one answer, complete or broken off.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Row } from "./backend.ts";
import { talk, type Events } from "./chat.ts";
import type { Reply, Script } from "./scripted_model.ts";
import { onEachRuntime, PROVIDER_KEY } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";
import type { WireFormat } from "./wire_formats.ts";

const FIRST_TOKEN_TIMEOUT_MS = 1_500;
const IDLE_TIMEOUT_MS = 1_000;
const ROUTE = "anthropic:first,openai:second,gemini:third";
/** In the order of the route. */
const [FIRST, SECOND, THIRD] = ["anthropic", "openai", "gemini"] as const;
const PROVIDERS: Record<WireFormat, [provider: string, model: string]> = {
  anthropic: ["anthropic", "first"],
  openai: ["openai", "second"],
  gemini: ["gemini", "third"],
};

const PIECES = ["The fox ", "went over ", "the hill 🦊."];
const SO_FAR = "The fox went";
const errorOf = (type: string) => JSON.stringify({ error: { type, message: "of the provider's" } });
const error = errorOf("overloaded_error");

function answer(reply: Reply): void {
  for (const text of PIECES) reply.part({ text });
  reply.conclude({ reason: "stop", input: 23, output: 9 });
}

type Scripts = Partial<Record<WireFormat, Script>>;

interface Fault {
  title: string;
  script: Script;
  /** How often the failing one is asked. */
  attempts: number;
  after_ms?: number;
}

/** All of them before the first token. */
const FAULTS: Fault[] = [
  { title: "401", script: (reply) => reply.refuse(401, errorOf("authentication_error")), attempts: 1 },
  { title: "403", script: (reply) => reply.refuse(403, errorOf("permission_error")), attempts: 1 },
  { title: "404", script: (reply) => reply.refuse(404, errorOf("not_found_error")), attempts: 1 },
  { title: "503", script: (reply) => reply.refuse(503, error), attempts: 2 },
  { title: "529", script: (reply) => reply.refuse(529, error), attempts: 2 },
  {
    title: "429 for longer than anybody waits",
    script: (reply) => reply.refuse(429, error, { "retry-after": "11" }),
    attempts: 1,
  },
  { title: "a connection that breaks", script: (reply) => reply.destroy(), attempts: 2 },
  { title: "garbage", script: (reply) => reply.end("<html>It works!</html>"), attempts: 2 },
  { title: "an answer without anything", script: (reply) => reply.end(), attempts: 2 },
  { title: "an error in the stream", script: (reply) => reply.fail("of the provider's"), attempts: 2 },
  {
    title: "thoughts, and then an error",
    script: (reply) => {
      reply.part({ reasoning: "Which fox?" });
      reply.fail("of the provider's");
    },
    attempts: 2,
  },
  {
    title: "no head for too long",
    script: () => {},
    attempts: 1,
    after_ms: FIRST_TOKEN_TIMEOUT_MS,
  },
  {
    title: "a head, and no token for too long",
    script: (reply) => reply.flush(),
    attempts: 1,
    after_ms: FIRST_TOKEN_TIMEOUT_MS,
  },
];

onEachRuntime(
  "a route",
  (stack) => {
    let ana: Person;
    before(async () => (ana = await signUp(stack())));

    interface Told {
      events: Events;
      /** The formats of the requests, in order. */
      asked: WireFormat[];
      replies: Reply[];
      generation: Row;
      messages: Row[];
      elapsedMs: number;
    }

    async function ask(title: string, scripts: Scripts): Promise<Told> {
      const { backend, runtime } = stack();
      const prompt = `Where did the fox go? (${title}, ${runtime})`;
      backend.model.script(prompt, (reply) => (scripts[reply.format] ?? answer)(reply));
      const beganMs = performance.now();
      const { events, sessionId, streamId } = await talk(stack(), { text: prompt }, { token: ana.token });
      const elapsedMs = performance.now() - beganMs;
      const replies = backend.model.replies(prompt);
      const [generation] = await backend.rows("generations", { stream_id: streamId });
      const messages = await backend.messages(sessionId);
      assert.doesNotMatch(events.raw, /of the provider's|It works|Which fox/);
      const asked = replies.map(({ format }) => format);
      return { events, asked, replies, generation: generation!, messages, elapsedMs };
    }

    /** The result is the same as if no other model had been asked. */
    function assertWhole({ events, generation, messages }: Told, by: WireFormat): void {
      assert.deepEqual(events.ending, ["metadata", "done"], events.raw);
      assert.equal(events.text, PIECES.join(""));
      assert.deepEqual(events.metadata["tokens"], { in: 23, out: 9 });
      const { status, error_code, finish_reason, provider, model } = generation;
      assert.deepEqual([status, error_code, finish_reason], ["complete", null, "stop"]);
      assert.deepEqual([provider, model], PROVIDERS[by]);
      const kept = messages.map(({ role, content, is_complete }) => [role, content, is_complete]);
      assert.deepEqual(kept.slice(1), [["assistant", PIECES.join(""), true]]);
    }

    for (const { title, script, attempts, after_ms = 0 } of FAULTS) {
      test(`${title} before the first token: the next one answers, and the client sees nothing of it`, async () => {
        const told = await ask(title, { [FIRST]: script });
        assertWhole(told, SECOND);
        assert.deepEqual(told.asked, [...Array<WireFormat>(attempts).fill(FIRST), SECOND]);
        assert.ok(told.elapsedMs > after_ms - 100, `after ${told.elapsedMs} ms`);
        assert.ok(told.elapsedMs < after_ms + 5_000, `after ${told.elapsedMs} ms`);
        for (const reply of told.replies) assert.ok(reply.isClosed, "what was given up is closed");
      });
    }

    test("two that fail: the third answers", async () => {
      const told = await ask("two", {
        [FIRST]: (reply) => reply.refuse(401, errorOf("authentication_error")),
        [SECOND]: (reply) => reply.fail("of the provider's"),
      });
      assertWhole(told, THIRD);
      assert.deepEqual(told.asked, [FIRST, SECOND, SECOND, THIRD]);
    });

    test("all fail: one error event, of the most hopeful one", async () => {
      const told = await ask("all", {
        [FIRST]: (reply) => reply.refuse(429, errorOf("rate_limit_error"), { "retry-after": "60" }),
        [SECOND]: (reply) => reply.refuse(401, errorOf("authentication_error")),
        [THIRD]: (reply) => reply.refuse(400, errorOf("invalid_request_error")),
      });
      assert.deepEqual(told.asked, [FIRST, SECOND, THIRD]);
      assert.deepEqual(told.events.ending, ["error"], told.events.raw);
      assert.equal(told.events.error["code"], "provider_rate_limited");
      assert.ok(told.events.error["retry_after_ms"] > 55_000, "the provider's wait");
      assert.equal(told.generation["status"], "failed");
    });

    for (const seconds of [1, 3]) {
      test(`429 with Retry-After ${seconds}: the same one is asked again, so much later`, async () => {
        let refusals = 0;
        const told = await ask(`later ${seconds}`, {
          [FIRST]: (reply) => {
            refusals += 1;
            if (refusals > 1) return answer(reply);
            reply.refuse(429, error, { "retry-after": `${seconds}` });
          },
        });
        assertWhole(told, FIRST);
        assert.deepEqual(told.asked, [FIRST, FIRST]);
        const [refused, answered] = told.replies as [Reply, Reply];
        const waitedMs = answered.beganMs - refused.beganMs;
        assert.ok(waitedMs > seconds * 1_000 - 50, `after ${waitedMs} ms`);
        assert.ok(waitedMs < seconds * 1_000 + 3_000, `after ${waitedMs} ms`);
      });
    }

    const broken: [title: string, code: string, script: Script][] = [
      ["an error", "provider_error", (reply) => reply.fail("of the provider's")],
      ["an end without a reason", "provider_incomplete", (reply) => reply.end()],
      ["a connection that breaks", "provider_incomplete", (reply) => void setTimeout(() => reply.destroy(), 100)],
      ["silence", "provider_timeout", () => {}],
    ];
    for (const format of [FIRST, SECOND, THIRD]) {
      for (const [title, code, script] of broken) {
        test(`${title} after the first token of ${format}: one error event, and the text is kept`, async () => {
          const fail: Script = (reply) => reply.refuse(401, errorOf("authentication_error"));
          const speak: Script = (reply) => {
            reply.part({ text: "The fox " });
            reply.part({ text: "went" });
            return script(reply);
          };
          const before = { [FIRST]: [], [SECOND]: [FIRST], [THIRD]: [FIRST, SECOND] }[format];
          const refused = Object.fromEntries(before.map((it) => [it, fail]));
          const told = await ask(`${title} of ${format}`, { ...refused, [format]: speak });
          assert.deepEqual(told.asked, [...before, format], "nobody is asked after it");
          assert.deepEqual(told.events.ending, ["metadata", "error"], told.events.raw);
          assert.equal(told.events.text, SO_FAR);
          assert.equal(told.events.error["code"], code);
          const { status, error_code, provider } = told.generation;
          assert.deepEqual([status, error_code, provider], ["failed", code, PROVIDERS[format][0]]);
          const [, reply] = told.messages;
          assert.deepEqual([reply!["content"], reply!["is_complete"]], [SO_FAR, false]);
          if (code !== "provider_timeout") return;
          assert.ok(told.elapsedMs > IDLE_TIMEOUT_MS - 100, `cut after ${told.elapsedMs} ms`);
          assert.ok(told.elapsedMs < IDLE_TIMEOUT_MS + 3_000, `cut after ${told.elapsedMs} ms`);
          assert.ok(told.replies.at(-1)!.isClosed, "its connection is closed");
        });
      }
    }
  },
  {
    settings: (_, origin) => ({
      MODEL_CHAT: ROUTE,
      OPENAI_BASE_URL: `${origin}/v1`,
      OPENAI_API_KEY: PROVIDER_KEY,
      ANTHROPIC_BASE_URL: `${origin}/v1`,
      ANTHROPIC_API_KEY: PROVIDER_KEY,
      GEMINI_BASE_URL: `${origin}/v1beta`,
      GEMINI_API_KEY: PROVIDER_KEY,
      FABULA_FIRST_TOKEN_TIMEOUT_MS: `${FIRST_TOKEN_TIMEOUT_MS}`,
      FABULA_IDLE_TIMEOUT_MS: `${IDLE_TIMEOUT_MS}`,
    }),
  },
);
