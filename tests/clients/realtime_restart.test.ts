// Replies that outlive the functions' process: the next connection continues them.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Backend, type Row } from "./backend.ts";
import { SocketClient } from "./socket.ts";
import { assertDiscreetLog, Stack } from "./stack.ts";
import { signUp } from "./supabase.ts";
import { until } from "./wait.ts";

const BEGINNING = "Once upon a time there was a lamp";
const REST = " that never went out.";

describe("a reply whose process ends", () => {
  let backend: Backend;
  before(async () => {
    backend = await Backend.start();
  });
  after(() => backend.stop());

  /** Begins, and continues when the model is asked again. */
  function scriptInTwoParts(prompt: string): void {
    backend.model.script(prompt, (reply) => reply.text(BEGINNING));
    backend.model.scriptOthers((reply) => {
      reply.text(REST);
      reply.finish();
    });
  }

  /** A conversation in the middle of a reply, of which this much is stored. */
  async function begin(stack: Stack, prompt: string) {
    const { token } = await signUp(stack);
    const name = randomUUID();
    scriptInTwoParts(prompt);
    const client = await SocketClient.open(stack, name, { token });
    client.say("m1", prompt);
    await until("its beginning", () => client.reply("m1") === BEGINNING);
    const generation = await until("its beginning is stored", async () => {
      const [found] = await backend.rows("generations", { stream_id: client.of("accepted")[0]!["stream_id"] });
      const chunks = await backend.rows("generation_chunks", { generation_id: found!["generation_id"] });
      return chunks.length > 0 && found;
    });
    return { token, name, client, generation };
  }

  /** Pretends that its writer was silent for a minute and a half. */
  async function silence({ generation_id }: Row): Promise<void> {
    const response = await fetch(
      `${backend.databaseUrl}/rest/v1/generations?generation_id=eq.${generation_id}`,
      {
        method: "PATCH",
        headers: { apikey: backend.keys.secretKey, "content-type": "application/json" },
        body: JSON.stringify({ heartbeat_at: new Date(Date.now() - 90_000).toISOString() }),
      },
    );
    assert.ok(response.ok, await response.text());
  }

  async function goesOn(stack: Stack, name: string, token: string, lastEventId?: number): Promise<void> {
    const again = await SocketClient.open(stack, name, { token, ...(lastEventId && { lastEventId }) });
    try {
      const { message_id } = await again.told("done", "m1");
      const [reply] = await backend.rows("messages", { message_id });
      assert.deepEqual(
        [reply!["content"], reply!["status"], reply!["is_complete"]],
        [BEGINNING + REST, "complete", true],
      );
      // The stored text is in the log, once, and the client has received all of it.
      const events = await until("the whole reply's event", () => {
        const found = again.events.filter(({ role }) => role === "assistant");
        return found.at(-1)?.["content"] === BEGINNING + REST && found;
      });
      assert.ok(events.length <= 2);
    } finally {
      await again.leave();
    }
  }

  for (const runtime of ["deno", "workerd"] as const) {
    test(`killed in the middle (${runtime}): the reply is continued over the next connection`, async () => {
      const stack = await Stack.start(runtime, backend);
      const { token, name, client, generation } = await begin(stack, `Tell me of the lamp. (${runtime})`);
      const lastEventId = client.events.at(-1)?.["id"] as number | undefined;
      process.kill(stack.functions.processId, "SIGKILL");
      assert.equal((await client.ended()).code, 1006);
      await stack.stop();
      await silence(generation);
      const again = await Stack.start(runtime, backend);
      try {
        await goesOn(again, name, token, lastEventId);
        assertDiscreetLog(again);
      } finally {
        await again.stop();
      }
    });
  }

  test("told to end in the middle (deno): reconnect, 1012, and the next connection goes on at once", async (context) => {
    const stack = await Stack.start("deno", backend);
    const { token, name, client } = await begin(stack, "Tell me of the lamp, and end.");
    const raw = new SocketClient(stack, "demo123", { protocols: [] });
    await raw.whenOpen();
    const stopped = stack.functions.stop();
    const { after_ms } = await client.told("reconnect");
    assert.ok(after_ms >= 0 && after_ms <= 1_000);
    const closed = await client.ended();
    context.diagnostic(`closed with ${closed.code} ${closed.reason}; the raw one with ${(await raw.ended()).code}`);
    assert.deepEqual(closed, { code: 1012, reason: "interrupted" });
    assert.deepEqual(raw.closed, { code: 1012, reason: "interrupted" });
    await stopped;
    const [generation] = await backend.rows("generations", { stream_id: client.of("accepted")[0]!["stream_id"] });
    assert.equal(generation!["status"], "interrupted", "it was saved before the end");
    assertDiscreetLog(stack);
    await stack.stop();
    const again = await Stack.start("deno", backend);
    try {
      await goesOn(again, name, token);
    } finally {
      await again.stop();
    }
  });
});
