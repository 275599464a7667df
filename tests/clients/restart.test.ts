// Data that outlives the processes: rows in the database, and the text of a stream whose runtime is
// ended.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Backend } from "./backend.ts";
import { EventReader, postChat, talk } from "./chat.ts";
import { RUNTIMES, Stack } from "./stack.ts";
import { until } from "./wait.ts";

describe("restart", () => {
  let backend: Backend;
  before(async () => {
    backend = await Backend.start();
  });
  after(() => backend.stop());

  for (const runtime of RUNTIMES) {
    test(`a conversation goes on after everything was started anew (${runtime})`, async () => {
      const [question, answer] = [`Remember the fox. (${runtime})`, "The fox is remembered."];
      const [next, nextAnswer] = [`What did I ask for? (${runtime})`, "That I remember the fox."];
      backend.model.tell(question, [answer]);
      backend.model.tell(next, [nextAnswer]);
      const stack = await Stack.start(runtime, backend);
      const { sessionId: session_id, guestToken: token } = await talk(stack, { text: question });
      await stack.stop();
      const stored = await backend.everything();

      await backend.restartDatabase();
      assert.deepEqual(await backend.everything(), stored);
      const again = await Stack.start(runtime, backend);
      try {
        const turn = await talk(again, { text: next, session_id }, { token });
        assert.equal(turn.events.text, nextAnswer);
        const { messages } = (await backend.model.reply(next)).request;
        const sent = messages.slice(1).map(({ content }) => content);
        assert.deepEqual(sent, [question, answer, next]);
      } finally {
        await again.stop();
      }
    });
  }

  // Cloudflare does not announce an isolate's end; it lets requests continue for 30 seconds instead.
  test("a stream whose runtime is told to end: its text is kept, the client told to come again (deno)", async () => {
    const prompt = "Tell me a story without an end.";
    const words = "Once upon a time there was no end";
    backend.model.script(prompt, (reply) => reply.text(words));
    const stack = await Stack.start("deno", backend);
    const response = await postChat(stack, { text: prompt });
    const reader = new EventReader(response);
    assert.ok(await reader.readUntil((events) => events.text === words));
    const reading = reader.readToEnd();
    const stopped = stack.functions.stop();
    const events = await reading;
    assert.deepEqual(events.ending, ["metadata", "error"]);
    assert.deepEqual([events.error["code"], events.error["retryable"]], ["interrupted", true]);
    await stopped;
    const [, reply] = await backend.messages(response.headers.get("x-session-id")!);
    assert.deepEqual([reply!["content"], reply!["status"], reply!["is_complete"]], [words, "interrupted", false]);
    const model = await backend.model.reply(prompt);
    await until("the end of the model's connection", () => model.isClosed);
    await stack.stop();
  });
});
