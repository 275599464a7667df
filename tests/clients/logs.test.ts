// Request ids, and a turn's log line.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import type { Row } from "./backend.ts";
import { chatUrl, postChat, talk, type Turn } from "./chat.ts";
import type { Script } from "./scripted_model.ts";
import { assertDiscreetLog, onEachRuntime } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

onEachRuntime("logs", (stack) => {
  let ana: Person;
  before(async () => (ana = await signUp(stack())));

  const title = (words: string) => `${words} (${stack().runtime})`;

  async function logged(prompt: string, script: Script): Promise<{ turn: Turn; entry: Row }> {
    const requestId = `log-${randomUUID()}`;
    stack().backend.model.script(prompt, script);
    const options = { token: ana.token, headers: { "x-request-id": requestId } };
    const turn = await talk(stack(), { text: prompt }, options);
    const entries = await stack().logEntries(requestId);
    assert.equal(entries.length, 1, "one line for a request");
    return { turn, entry: entries[0]! };
  }

  test("the caller's request id comes back and is in the log", async () => {
    const prompt = title("Which request is this?");
    const { turn, entry } = await logged(prompt, (reply) => {
      reply.text("The one with the id.");
      reply.finish();
    });
    assert.equal(turn.response.headers.get("x-request-id"), entry["request_id"]);
    const longest = "~".repeat(128);
    for (const [method, id] of [["GET", "of-a-health-check"], ["PUT", "of-a-wrong-verb"], ["GET", longest]] as const) {
      const url = method === "GET" ? `${chatUrl(stack())}/health` : chatUrl(stack());
      const response = await fetch(url, { method, headers: { "x-request-id": id } });
      await response.text();
      assert.equal(response.headers.get("x-request-id"), id);
      assert.equal((await stack().logEntries(id)).length, 1);
    }
  });

  test("an id that could not stand in a log is replaced, and none is made up", async () => {
    const made = new Set<string>();
    for (const id of [undefined, "", "two words", 'a"quote', "back\\slash", "é", "x".repeat(129)]) {
      const headers: Record<string, string> = id === undefined ? {} : { "x-request-id": id };
      const response = await fetch(`${chatUrl(stack())}/health`, { headers });
      await response.text();
      const given = response.headers.get("x-request-id") ?? "";
      assert.match(given, UUID, `instead of ${id}`);
      assert.equal((await stack().logEntries(given)).length, 1);
      made.add(given);
    }
    assert.equal(made.size, 7);
  });

  test("a turn's line says who, what, how long and how much", async () => {
    const beganMs = Date.now();
    const prompt = title("How long does this take?");
    const { turn, entry } = await logged(prompt, async (reply) => {
      reply.flush();
      await new Promise((resolve) => setTimeout(resolve, 150));
      reply.text("It takes a while.");
      reply.finish(123, 45);
    });
    const { timestamp, latency_ms, first_token_ms, ...rest } = entry;
    assert.deepEqual(rest, {
      level: "info",
      message: "request",
      function: "chat",
      request_id: turn.response.headers.get("x-request-id"),
      user_id: ana.id,
      session_id: turn.sessionId,
      stream_id: turn.streamId,
      provider: "local",
      model: "scripted",
      task: "chat",
      outcome: "complete",
      attempts: 1,
      tokens_in: 123,
      tokens_out: 45,
      status: 200,
    });
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 10_000);
    assert.ok(first_token_ms >= 140 && first_token_ms <= latency_ms, `${first_token_ms} of ${latency_ms}`);
    assert.ok(latency_ms <= Date.now() - beganMs + 50);

    const [generation] = await stack().backend.rows("generations", { stream_id: turn.streamId });
    const { input_tokens, output_tokens } = generation as Row;
    assert.deepEqual([input_tokens, output_tokens], [123, 45]);
  });

  test("a guest is named by id, never by token", async () => {
    const requestId = `log-${randomUUID()}`;
    const prompt = title("Do you know my name?");
    stack().backend.model.tell(prompt, ["I know your number."]);
    const turn = await talk(stack(), { text: prompt }, { headers: { "x-request-id": requestId } });
    const [entry] = await stack().logEntries(requestId);
    assert.equal(entry!["user_id"], turn.events.metadata["user_id"]);
    assert.deepEqual(stack().lines.filter((line) => line.includes(turn.guestToken)), []);
  });

  test("a refusal of ours is info, a provider's fault is a warning", async () => {
    const requestId = `log-${randomUUID()}`;
    const options = { token: "nonsense", headers: { "x-request-id": requestId } };
    await (await postChat(stack(), { text: "Hello there." }, options)).text();
    const [refusal] = await stack().logEntries(requestId);
    assert.deepEqual([refusal!["level"], refusal!["code"]], ["info", "invalid_token"]);
    const { entry } = await logged(title("Are you overloaded?"), (reply) => {
      reply.refuse(503, '{"error":{"message":"overloaded"}}');
    });
    assert.deepEqual([entry["level"], entry["code"], entry["outcome"]], ["warn", "provider_error", "failed"]);
    assert.match(entry["cause"], /^HTTP 503\b/);
  });

  test("a leak would be found: the scan is not blind", () => {
    const lines = [...stack().lines, JSON.stringify({ message: title("Which request is this?") })];
    assert.equal(stack().backend.secrets.foundIn(lines).length > 0, true);
    const trapped = { timestamp: new Date().toISOString(), level: "error", message: "the function's instance trapped" };
    const stackWithTrap = { ...stack(), backend: stack().backend, lines: [JSON.stringify(trapped)] };
    assert.throws(() => assertDiscreetLog(stackWithTrap as never), /trapped/);
  });
});
