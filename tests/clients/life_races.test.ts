// Many callers at once, over HTTP and on a real PostgreSQL: turns side by side and one after the
// other, one request sent ten times, and guests who move while they talk. What is stored is sound.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { chance } from "../chance.ts";
import { assertSound } from "../database/soundness.ts";
import type { Backend, Row } from "./backend.ts";
import { postChat, readEvents, talk, type Events } from "./chat.ts";
import { startParts } from "./parts.ts";
import { assertDiscreetLog, RUNTIMES, Stack } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";

const CALLERS = 50;
const LONGEST_MS = 60_000;

const replyTo = (prompt: string) => `You said: ${prompt}`;

describe("races", () => {
  let backend: Backend;
  let database: pg.Client;
  startParts(async (parts) => {
    const { backend: started, ownerUrl } = await parts.startBackend();
    backend = started;
    backend.model.scriptOthers(async (reply) => {
      const prompt = reply.request.messages.at(-1)!.content;
      backend.secrets.add(prompt);
      reply.text("You said: ");
      await delay(20);
      reply.text(prompt);
      reply.finish();
    });
    database = new pg.Client({ connectionString: ownerUrl });
    await database.connect();
    parts.add({ stop: () => database.end() });
  });

  for (const runtime of RUNTIMES) {
    describe(`on ${runtime}`, () => {
      let stack: Stack;
      let ana: Person;
      before(async () => {
        stack = await Stack.start(runtime, backend);
        ana = await signUp(stack);
      });
      after(() => stack.stop());
      race(
        () => stack,
        () => ana,
      );

      test("what is stored is sound", async () => {
        await assertSound({ asOwner: async (sql) => (await database.query(sql)).rows });
        assert.deepEqual(await backend.rows("generation_chunks"), []);
      });
      test("the log of all this is JSON lines without a trap, a text or a key", () =>
        assertDiscreetLog(stack));
    });
  }
});

function race(stack: () => Stack, ana: () => Person): void {
  const backend = () => stack().backend;
  const words = (text: string) => `${text} (${stack().runtime})`;

  function assertTold(events: Events, prompt: string): void {
    assert.equal(events.text, replyTo(prompt));
    assert.deepEqual(events.ending, ["metadata", "done"], prompt);
  }

  test(
    `${CALLERS} sessions begin at once, and go on at once`,
    { timeout: LONGEST_MS },
    async () => {
      const { token } = ana();
      const numbers = Array.from({ length: CALLERS }, (_, number) => number);
      const turn = async (text: string, session_id?: string) => {
        const { events } = await talk(stack(), { text, session_id }, { token });
        assertTold(events, text);
        return events.metadata;
      };
      const first = await Promise.all(
        numbers.map((number) => turn(words(`Begin story number ${number}.`))),
      );
      assert.equal(new Set(first.map(({ session_id }) => session_id)).size, CALLERS);
      const second = await Promise.all(
        first.map(({ session_id }, number) =>
          turn(words(`Go on with number ${number}.`), session_id),
        ),
      );
      assert.deepEqual(
        second.map(({ session_id }) => session_id),
        first.map(({ session_id }) => session_id),
      );
      const stored = await backend().rows("messages", { owner_id: ana().id }, "position");
      for (const [number, { session_id }] of first.entries()) {
        const texts = stored
          .filter((row) => row["session_id"] === session_id)
          .map(({ content }) => content);
        const said = [
          words(`Begin story number ${number}.`),
          words(`Go on with number ${number}.`),
        ];
        assert.deepEqual(
          texts,
          said.flatMap((prompt) => [prompt, replyTo(prompt)]),
        );
      }
    },
  );

  test(
    `${CALLERS} turns of one session: one at a time, and everyone's in the end`,
    { timeout: LONGEST_MS },
    async (context) => {
      const { token } = ana();
      const { session_id } = (await talk(stack(), { text: words("Come all of you.") }, { token }))
        .events.metadata;
      let refused = 0;
      const say = async (text: string): Promise<void> => {
        for (;;) {
          const response = await postChat(stack(), { text, session_id }, { token });
          if (response.status === 200) return assertTold(await readEvents(response), text);
          assert.equal(response.status, 409, await response.text());
          assert.match(response.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
          refused += 1;
          await delay(100 + chance() * 400); // Less patient than asked to be.
        }
      };
      const prompts = Array.from({ length: CALLERS }, (_, number) =>
        words(`I am caller ${number}.`),
      );
      await Promise.all(prompts.map(say));
      context.diagnostic(`${refused} calls were refused before all had their turn`);

      const messages = await backend().messages(session_id);
      assert.equal(messages.length, 2 * (CALLERS + 1));
      for (const [place, { role, content, parent_id }] of messages.entries()) {
        assert.equal(
          parent_id,
          messages[place - 1]?.["message_id"] ?? null,
          "one path, without takes",
        );
        assert.equal(role, place % 2 === 0 ? "user" : "assistant");
        if (place % 2 === 1) assert.equal(content, replyTo(messages[place - 1]!["content"]));
      }
      const questions = messages
        .filter(({ role }) => role === "user")
        .map(({ content }) => content);
      assert.deepEqual(questions.slice(1).sort(), [...prompts].sort());
    },
  );

  test(
    "one request that is sent ten times at once is one turn",
    { timeout: LONGEST_MS },
    async () => {
      const { token } = ana();
      const { session_id } = (await talk(stack(), { text: words("Listen.") }, { token })).events
        .metadata;
      const asked = backend().model.count;
      for (const body of [
        { text: words("Once only."), session_id },
        { text: words("A new one, once only.") },
      ]) {
        const headers = { "idempotency-key": randomUUID() };
        const answers = await Promise.all(
          Array.from({ length: 10 }, () => talk(stack(), body, { token, headers })),
        );
        for (const { events } of answers) assertTold(events, body.text);
        assert.equal(new Set(answers.map(({ streamId }) => streamId)).size, 1);
        assert.equal(new Set(answers.map(({ sessionId }) => sessionId)).size, 1);
        assert.equal(new Set(answers.map(({ events }) => events.metadata["message_id"])).size, 1);
        const first = answers.filter(
          ({ response }) => response.headers.get("idempotent-replayed") === null,
        );
        assert.equal(first.length, 1);
        assert.equal(
          (await backend().rows("generations", { stream_id: answers[0]!.streamId })).length,
          1,
        );
      }
      assert.equal(backend().model.count, asked + 2);
      assert.equal((await backend().messages(session_id)).length, 4);
    },
  );

  /**
   * A guest whose three sessions continue while they move to an account; returns the resulting
   * messages.
   */
  async function move(
    number: number,
  ): Promise<{ account: Person; guestId: string; said: string[] }> {
    const text = (what: string) => words(`Guest ${number}: ${what}`);
    const { guestToken: token, events } = await talk(stack(), { text: text("hello.") });
    const guestId: string = events.metadata["user_id"];
    const sessions: string[] = [events.metadata["session_id"]];
    const said = [text("hello.")];
    for (const name of ["second", "third"]) {
      const { sessionId } = await talk(stack(), { text: text(`a ${name} one.`) }, { token });
      sessions.push(sessionId);
      said.push(text(`a ${name} one.`));
    }
    const account = await signUp(stack());

    let isMoved = false;
    const talking = sessions.map(async (session_id, place) => {
      for (let turn = 0; ; turn += 1) {
        const prompt = text(`turn ${turn} of session ${place}.`);
        const response = await postChat(stack(), { text: prompt, session_id }, { token });
        if (response.status !== 200) {
          const { code } = (await response.json()) as Row;
          assert.deepEqual([response.status, code, isMoved], [401, "invalid_token", true]);
          return;
        }
        assertTold(await readEvents(response), prompt);
        said.push(prompt);
      }
    });
    await delay(50 + chance() * 150);
    isMoved = true; // From here on both are possible.
    const response = await fetch(`${stack().url}/functions/v1/sessions/migrate`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${account.token}` },
      body: JSON.stringify({
        temp_user_id: guestId,
        permanent_user_id: account.id,
        guest_token: token,
      }),
    });
    const body = (await response.json()) as Row;
    assert.equal(response.status, 200, JSON.stringify(body));
    assert.deepEqual([body["migrated"].sessions, body["migrated"].projects], [3, 3]);
    await Promise.all(talking);
    return { account, guestId, said };
  }

  test(
    "guests who move in the middle of their turns: nothing is lost, nothing stays behind",
    { timeout: LONGEST_MS },
    async (context) => {
      const guests = await Promise.all(Array.from({ length: 6 }, (_, number) => move(number)));
      const turns = guests.reduce((sum, { said }) => sum + said.length, 0);
      context.diagnostic(`${turns} turns of ${guests.length} guests, each until it was refused`);
      for (const { account, guestId, said } of guests) {
        for (const table of [
          "projects",
          "dossiers",
          "sessions",
          "messages",
          "generations",
          "usage",
        ] as const) {
          assert.deepEqual(await backend().rows(table, { owner_id: guestId }), [], table);
        }
        const messages = await backend().rows("messages", { owner_id: account.id }, "position");
        const texts = (role: string) =>
          messages.filter((row) => row["role"] === role).map(({ content }) => content);
        assert.deepEqual(texts("user").sort(), [...said].sort());
        assert.deepEqual(texts("assistant").sort(), said.map(replyTo).sort());
        const generations = await backend().rows("generations", { owner_id: account.id });
        assert.ok(generations.every(({ status }) => status === "complete"));
        assert.equal((await backend().rows("usage", { owner_id: account.id })).length, said.length);
      }
    },
  );
}
