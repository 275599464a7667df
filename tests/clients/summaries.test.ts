// Conversations that outgrow the prompt: the earliest messages are summarised after a reply, the next
// reply is written with that summary, and its reader can see it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { startMaintenance } from "../../scripts/local/maintenance.ts";
import { worker } from "../../wasm/host/cloudflare.ts";
import { root, type Row } from "./backend.ts";
import { talk } from "./chat.ts";
import { isExtraction, NOTHING_FOUND } from "./extractor.ts";
import type { Message } from "./scripted_model.ts";
import { onEachRuntime, Stack } from "./stack.ts";
import { makeGate, until } from "./wait.ts";

const HISTORY_TOKENS = 400;
const MESSAGE_BYTES = 160;

/** The same as in supabase/schemas. */
const tokensOf = (text: string) => Math.ceil(Buffer.byteLength(text) / 4) + 4;

interface Conversation {
  sessionId: string;
  token: string;
  /** All that was said, in order. */
  texts: string[];
}

interface Turn {
  /** The model's prompt. */
  messages: Message[];
  messageId: string;
}

onEachRuntime(
  "summaries",
  (stack) => {
    const isSummary = ({ content }: Message) => content.startsWith("The notes so far:");
    const model = () => stack().backend.model;
    const tasksOf = ({ sessionId }: Conversation) =>
      stack().backend.rows(
        "jobs",
        { session_id: sessionId, kind: "session_summary" },
        "created_at",
      );
    const summariesOf = ({ sessionId }: Conversation) =>
      stack().backend.rows("session_summaries", { session_id: sessionId }, "until_position");
    afterEach(() => model().scriptOthers((reply) => reply.refuse(500, "{}")));

    /** Says how summaries are written from now on; the answer has the requests for them. */
    function summarise(write: (number: number) => string | Promise<string>): Message[][] {
      const asked: Message[][] = [];
      model().scriptOthers(async (reply) => {
        const { messages } = reply.request;
        if (isExtraction(messages)) {
          reply.text(NOTHING_FOUND);
          reply.finish();
          return;
        }
        assert.ok(isSummary(messages.at(-1)!), "only summaries are written so");
        const number = asked.push(messages);
        const text = await write(number);
        if (reply.isClosed) return;
        reply.text(text);
        reply.finish();
      });
      return asked;
    }

    async function turn(conversation: Conversation, on = stack()): Promise<Turn> {
      const { texts, sessionId, token } = conversation;
      const sized = (text: string) => text.padEnd(MESSAGE_BYTES, " and so on");
      const prompt = sized(`${randomUUID()} asks`);
      const answer = sized(`${randomUUID()} answers`);
      model().tell(prompt, [answer]);
      const said = await talk(
        on,
        { text: prompt, ...(sessionId && { session_id: sessionId }) },
        token ? { token } : {},
      );
      assert.deepEqual(said.events.ending, ["metadata", "done"]);
      texts.push(prompt, answer);
      conversation.sessionId = said.sessionId;
      conversation.token ||= said.guestToken;
      const { messages } = (await model().reply(prompt)).request;
      return { messages, messageId: said.events.metadata["message_id"] };
    }

    /** A conversation whose newest turn has left work. */
    async function outgrown(on = stack()): Promise<Conversation> {
      const conversation: Conversation = { sessionId: "", token: "", texts: [] };
      for (let turns = 0; turns < 10; turns += 1) {
        await turn(conversation, on);
        if ((await tasksOf(conversation)).length > 0) return conversation;
      }
      throw new Error("ten turns fit into the room of a few");
    }

    async function runTasks(on = stack()): Promise<Row> {
      const response = await fetch(`${on.url}/functions/v1/tasks/run`, {
        method: "POST",
        headers: { apikey: on.backend.keys.secretKey, "content-type": "application/json" },
        body: JSON.stringify({ kinds: ["session_summary"] }),
      });
      const text = await response.text();
      assert.equal(response.status, 200, text);
      return JSON.parse(text) as Row;
    }

    /** Pretends that the task is due, and its worker's lease is over. */
    async function makeDue({ sessionId }: Conversation): Promise<void> {
      await stack().backend.makeStepsDue({ session_id: sessionId });
    }

    test("after the reply a summary is made, the next prompt holds it, the context shows it", async () => {
      const notes = "Mara keeps the lighthouse; the door in the sea is still shut.";
      const asked = summarise(() => notes);
      const conversation = await outgrown();
      const faults: string[] = [];
      const end = startMaintenance({
        databaseUrl: () => stack().backend.databaseUrl,
        functionsUrl: () => stack().functions.url,
        secretKey: stack().backend.keys.secretKey,
        log: (line) => faults.push(line),
        tasksEveryMs: 50,
      });
      const [summary] = await until("the summary", async () => {
        const rows = await summariesOf(conversation);
        return rows.length > 0 && rows;
      });
      end();
      assert.deepEqual(faults, []);
      assert.equal(summary!["summary"], notes);
      assert.equal(asked.length, 1);
      const question = asked[0]![1]!.content;
      const covered = conversation.texts.slice(0, summary!["until_position"]);
      assert.ok(covered.length >= 2);
      for (const text of covered) assert.ok(question.includes(text));
      assert.ok(!question.includes(conversation.texts.at(-1)!), "what is still sent");

      const persona = (await turn({ sessionId: "", token: "", texts: [] })).messages[0]!.content;
      const before = [...conversation.texts];
      const { messages, messageId } = await turn(conversation);
      const [system, ...sent] = messages.map(({ content }) => content);
      assert.ok(system!.startsWith(persona), "the persona comes first");
      assert.ok(system!.endsWith(`\n\n${notes}`), "then what happened earlier");
      assert.match(system!.slice(persona.length), /What happened earlier/);
      assert.deepEqual(sent.slice(0, -1), before.slice(before.length - sent.length + 1));
      assert.ok(sent.length - 1 + covered.length >= before.length, "nothing is missing between them");
      const spent = [system!.slice(persona.length), ...sent].map(tokensOf);
      assert.ok(spent.reduce((sum, tokens) => sum + tokens) <= HISTORY_TOKENS, `${spent}`);

      const response = await fetch(`${stack().url}/functions/v1/chat/messages/${messageId}/context`, {
        headers: { authorization: `Bearer ${conversation.token}` },
      });
      const context = (await response.json()) as Row;
      assert.equal(context["summary"], notes);
      assert.equal(context["system_prompt"], system);
      const told = (context["messages"] as Row[]).map(({ content }) => content);
      assert.deepEqual(told, sent);
      assert.deepEqual(await runTasks(), { done: 0, failed: 0, left: false, failures: [] });
    });

    test("the next summary is made of the last one and what was said since", async () => {
      const asked = summarise((number) => `Notes ${number} of a long story.`);
      const conversation = await outgrown();
      for (let number = 1; number <= 3; number += 1) {
        while ((await tasksOf(conversation)).at(-1)!["status"] !== "queued") await turn(conversation);
        assert.deepEqual(await runTasks(), { done: 1, failed: 0, left: false, failures: [] });
        assert.equal(asked.length, number);
        const before = number === 1 ? "(none)" : `Notes ${number - 1} of a long story.`;
        assert.ok(asked[number - 1]![1]!.content.includes(`The notes so far:\n\n${before}\n`));
      }
      const summarised = asked.map((messages) => messages[1]!.content).join("\n");
      const [last] = (await summariesOf(conversation)).slice(-1);
      for (const text of conversation.texts.slice(0, last!["until_position"])) {
        assert.equal(summarised.split(text).length, 2, "each message is summarised once");
      }
    });

    test("killed between reply and summary, and while it is made: after a restart it is there, once", async () => {
      const { backend, runtime } = stack();
      const start = () =>
        Stack.start(runtime, backend, () => ({ FABULA_HISTORY_TOKENS: `${HISTORY_TOKENS}` }));
      const gate = makeGate();
      const asked = summarise(async (number) => {
        if (number === 1) await gate.opened;
        return `Notes after ${number} attempts.`;
      });
      const kill = async (killed: Stack) => {
        process.kill(killed.functions.processId, "SIGKILL");
        await killed.stop();
      };

      const first = await start();
      const conversation = await outgrown(first);
      await kill(first);

      const second = await start();
      const lost = runTasks(second).then(
        () => assert.fail("it was killed"),
        () => {},
      );
      await until("the request for a summary", () => asked.length === 1);
      await kill(second);
      await lost;
      gate.open();
      assert.deepEqual(await summariesOf(conversation), []);

      const third = await start();
      try {
        assert.deepEqual(await runTasks(third), { done: 0, failed: 0, left: false, failures: [] }, "its lease lasts");
        await makeDue(conversation);
        const runs = await Promise.all([runTasks(third), runTasks(third)]);
        assert.equal(runs[0]!["done"] + runs[1]!["done"], 1);
      } finally {
        await third.stop();
      }
      const summaries = await summariesOf(conversation);
      assert.deepEqual(summaries.map(({ summary }) => summary), ["Notes after 2 attempts."]);
      const [task, ...others] = await tasksOf(conversation);
      const [step] = await backend.steps({ job_id: task!["job_id"] });
      assert.deepEqual([task!["status"], step!["attempts"], others.length], ["done", 2, 0]);
    });

    test("a model that is away: the task waits, and is done when it is back", async () => {
      const conversation = await outgrown();
      model().scriptOthers((reply) => reply.refuse(401, '{"error":{"message":"no"}}'));
      const { failures, ...ran } = await runTasks();
      assert.deepEqual(ran, { done: 0, failed: 1, left: false });
      assert.deepEqual(failures.map(({ kind, code }: Row) => [kind, code]), [["session_summary", "provider_unauthorized"]]);
      const { sessionId: session_id } = conversation;
      const [waiting] = await stack().backend.steps({ session_id, kind: "session_summary" });
      assert.equal(waiting!["status"], "queued");
      assert.match(waiting!["error"], /^provider_unauthorized/);
      assert.ok(Date.parse(waiting!["run_after"]) > Date.now());
      summarise(() => "It is back.");
      await makeDue(conversation);
      assert.deepEqual(await runTasks(), { done: 1, failed: 0, left: false, failures: [] });
      assert.equal((await summariesOf(conversation)).length, 1);
    });

    test("Cloudflare's clock calls what its worker was given, without a key", async () => {
      summarise(() => "The clock has struck.");
      const conversation = await outgrown();
      const bytes = readFileSync(join(root, "build/wasi/functions/tasks.wasm"));
      const clock = worker({ tasks: new WebAssembly.Module(bytes) }, { scheduledPath: "/tasks/run" });
      const waited: Promise<unknown>[] = [];
      const context = { waitUntil: (promise: Promise<unknown>) => void waited.push(promise) };
      await clock.scheduled({}, stack().environment, context);
      await Promise.all(waited);
      assert.equal((await summariesOf(conversation)).length, 1);
      await assert.rejects(clock.scheduled({}, {}, context), /^Error: 500/);
      const request = new Request("http://x/tasks/run", { method: "POST" });
      const refused = await clock.fetch(request, stack().environment, context);
      assert.equal(refused.status, 401);
      await refused.text();
      await Promise.all(waited);
    });
  },
  { settings: () => ({ FABULA_HISTORY_TOKENS: `${HISTORY_TOKENS}` }) },
);
