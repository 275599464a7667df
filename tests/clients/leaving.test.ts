// A client that leaves: the model's connection closes, and the text so far is kept as incomplete.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Row } from "./backend.ts";
import { EventReader, postChat, talk } from "./chat.ts";
import type { Reply } from "./scripted_model.ts";
import { onBothRuntimes } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";
import { until } from "./wait.ts";

const STREAMING_NOTICE_MS = 1_000;
const SILENT_NOTICE_MS = 2_000;

onBothRuntimes("leaving", (stack) => {
  let ana: Person;
  before(async () => (ana = await signUp(stack())));

  interface Left {
    /** The client's text so far. */
    seen: string;
    reply: Reply;
    elapsedMs: number;
    sessionId: string;
    streamId: string;
  }

  /** Begins a turn, and leaves it `stay_ms` after its text has begun (or its head, with no text). */
  async function leave(text: string, hasText: boolean, stay_ms: number): Promise<Left> {
    const leaving = new AbortController();
    const { signal } = leaving;
    const response = await postChat(stack(), { text }, { token: ana.token, signal });
    assert.equal(response.status, 200);
    const reader = new EventReader(response);
    if (hasText) assert.ok(await reader.readUntil((events) => events.text !== ""));
    const reading = reader.readUntil(() => false).catch(() => {}); // Until it is aborted.
    const reply = await stack().backend.model.reply(text);
    await delay(stay_ms);
    assert.equal(reply.isClosed, false, "the model is still connected");
    const leftAtMs = performance.now();
    leaving.abort();
    await reading;
    const closedAtMs = await until("the end of the model's connection", () => reply.closedAtMs);
    return {
      seen: reader.events.text,
      reply,
      elapsedMs: closedAtMs - leftAtMs,
      sessionId: response.headers.get("x-session-id")!,
      streamId: response.headers.get("x-stream-id")!,
    };
  }

  /** The generation once it has ended. */
  function endOf(streamId: string): Promise<Row> {
    return until("the generation's end", async () => {
      const [generation] = await stack().backend.rows("generations", { stream_id: streamId });
      return generation?.["status"] !== "streaming" && generation;
    });
  }

  /** The reply's row; undefined when there is none. */
  async function storedReply(sessionId: string): Promise<Row | undefined> {
    const [question, reply] = await stack().backend.messages(sessionId);
    assert.equal(question!["role"], "user");
    return reply;
  }

  const title = (words: string) => `${words} (${stack().runtime})`;

  test("mid-stream: the model's connection closes within a second, the text is kept", async () => {
    const prompt = title("Count the waves, please.");
    const said: string[] = [];
    stack().backend.model.script(prompt, async (reply) => {
      while (!reply.isClosed) {
        said.push(`wave number ${said.length}; `);
        reply.text(said.at(-1)!);
        await delay(60);
      }
    });
    const { seen, elapsedMs, sessionId, streamId } = await leave(prompt, true, 1_500);
    assert.ok(elapsedMs < STREAMING_NOTICE_MS, `it took ${elapsedMs} ms`);
    const generation = await endOf(streamId);
    assert.deepEqual([generation["status"], generation["error_code"]], ["disconnected", null]);
    const reply = await storedReply(sessionId);
    assert.equal(reply!["is_complete"], false);
    assert.equal(reply!["status"], "disconnected");
    const content = reply!["content"] as string;
    assert.ok(seen.length > 50 && content.startsWith(seen), "all that the client has seen is there");
    assert.ok(said.join("").startsWith(content), "and nothing that the model has not said");
    const { generation_id } = generation as { generation_id: string };
    assert.deepEqual(await stack().backend.rows("generation_chunks", { generation_id }), []);
  });

  for (const hasText of [true, false]) {
    const when = hasText ? "after its first words" : "before its first word";
    test(`while the model is silent ${when}: closed within two seconds`, async () => {
      const prompt = title(`Think for a long while, ${when}.`);
      const words = "A long time ago,";
      stack().backend.model.script(prompt, (reply) => {
        if (hasText) reply.text(words);
        else reply.flush();
      });
      // Long enough for the words to be saved in the meantime.
      const { seen, elapsedMs, sessionId, streamId } = await leave(prompt, hasText, 1_700);
      assert.ok(elapsedMs < SILENT_NOTICE_MS, `it took ${elapsedMs} ms`);
      assert.equal(seen, hasText ? words : "");
      assert.equal((await endOf(streamId))["status"], "disconnected");
      const reply = await storedReply(sessionId);
      const kept = reply && [reply["role"], reply["content"], reply["is_complete"]];
      assert.deepEqual(kept, hasText ? ["assistant", words, false] : undefined);
    });
  }

  test("before the model has even answered: closed within two seconds", async () => {
    const prompt = title("Say nothing at all, ever.");
    stack().backend.model.script(prompt, () => {});
    const { elapsedMs, streamId } = await leave(prompt, false, 500);
    assert.ok(elapsedMs < SILENT_NOTICE_MS, `it took ${elapsedMs} ms`);
    assert.equal((await endOf(streamId))["status"], "disconnected");
  });

  test("the conversation goes on from what was written", async () => {
    const [prompt, next] = [title("Begin a story for me."), title("Go on from there.")];
    const words = "There was a door in the sea";
    stack().backend.model.script(prompt, (reply) => reply.text(words));
    stack().backend.model.tell(next, [", and it stood open."]);
    const { sessionId, streamId } = await leave(prompt, true, 100);
    await endOf(streamId);
    const turn = await talk(stack(), { text: next, session_id: sessionId }, { token: ana.token });
    assert.deepEqual(turn.events.ending, ["metadata", "done"]);
    const { messages } = (await stack().backend.model.reply(next)).request;
    assert.deepEqual(messages.slice(1).map(({ content }) => content), [prompt, words, next]);
  });

  test("a turn beside a running one is refused, and the running one is not disturbed", async () => {
    const [prompt, next] = [title("Speak slowly to me."), title("Are you still there?")];
    const pieces = Array.from({ length: 20 }, (_, number) => `slow piece ${number}; `);
    stack().backend.model.tell(prompt, pieces, 60);
    const response = await postChat(stack(), { text: prompt }, { token: ana.token });
    const session_id = response.headers.get("x-session-id");
    const beside = await postChat(stack(), { text: next, session_id }, { token: ana.token });
    assert.equal(beside.status, 409);
    assert.equal(((await beside.json()) as Row)["code"], "turn_in_progress");
    assert.match(beside.headers.get("retry-after") ?? "", /^\d+$/);
    const events = await new EventReader(response).readToEnd();
    assert.equal(events.text, pieces.join(""));
    assert.deepEqual(events.ending, ["metadata", "done"]);
  });

  test("twenty clients that leave at once: twenty connections close, twenty texts are kept", async () => {
    const left = Array.from({ length: 20 }, async (_, number) => {
      const prompt = title(`Leave with the others, number ${number}.`);
      const words = `Number ${number} was told this`;
      stack().backend.model.script(prompt, (reply) => reply.text(words));
      const { elapsedMs, sessionId, streamId } = await leave(prompt, true, 1_000);
      assert.ok(elapsedMs < SILENT_NOTICE_MS, `it took ${elapsedMs} ms`);
      await endOf(streamId);
      assert.equal((await storedReply(sessionId))!["content"], words);
    });
    await Promise.all(left);
  });
});
