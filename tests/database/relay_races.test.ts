// Races for a conversation's name and for a stream's, on a real PostgreSQL: the embedded one runs one
// call at a time. A deadlock is no refusal and fails the test.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { guestOf, migrate, personOf } from "./accounts.ts";
import { newRequestHash } from "./actions.ts";
import { rounds, soon, split, times } from "./at_once.ts";
import { newBot, relay } from "./bots.ts";
import { ask } from "./lists.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { append, begin, finish, newTokenHash, newUser, say } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

test("of 20 first turns at once in one conversation one begins, in the one that there is", async () => {
  for (let round = 0; round < 5; round += 1) {
    const user = round % 2 === 0 ? newUser() : { kind: "new_guest", token_hash: newTokenHash() };
    const { answers, refusals } = split(
      await times(20, () => begin(target, user, { ...relay, external_id: "456" })),
    );
    assert.equal(answers.length, 1);
    assert.deepEqual(refusals, Array(19).fill("turn_in_progress"));
    const sessions = await target.select("sessions", { owner_id: answers[0]!["user_id"] });
    assert.deepEqual(
      sessions.map((session) => session["session_id"]),
      [answers[0]!["session_id"]],
    );
  }
  await assertSound(target);
});

test("of 20 first messages at once in one chat one begins, in one session of one project", async () => {
  for (let round = 0; round < 3; round += 1) {
    const user = newUser();
    const named = { external_id: "chapter 1", instructions: "Short." };
    const { answers, refusals } = split(await times(20, () => begin(target, user, named)));
    assert.equal(answers.length, 1);
    assert.deepEqual(refusals, Array(19).fill("turn_in_progress"));
    const { user_id, session_id, project_id } = answers[0]!;
    const sessions = await target.select("sessions", { owner_id: user_id });
    assert.deepEqual(
      sessions.map((session) => [session["session_id"], session["project_id"], session["instructions"]]),
      [[session_id, project_id, "Short."]],
    );
    assert.equal((await target.select("projects", { owner_id: user_id })).length, 1);
    await finish(target, answers[0]!);
  }
  await assertSound(target);
});

test("the same stream from 20 callers at once begins once, and all are told of that turn", async () => {
  const user = newUser();
  for (let round = 0; round < 5; round += 1) {
    const { bot_id } = await newBot(target, user);
    const request = {
      ...relay,
      external_id: `${round % 2}`,
      bot_id,
      stream_id: randomUUID(),
      request_hash: newRequestHash(),
      // Half of them come with a key too.
      rate_limit: { action: randomUUID(), max_requests: 1, window_seconds: 3600 },
    };
    const idempotency_key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        begin(target, user, index % 2 === 0 ? request : { ...request, idempotency_key }),
      ),
    );
    const [first, ...others] = answers.filter((turn) => !turn["replayed"]);
    assert.deepEqual(others, []);
    const { bot, rate, ...turn } = first!;
    const replay = { ...turn, history: [], replayed: true, status: "streaming" };
    for (const answer of answers) if (answer !== first) assert.deepEqual(answer, replay);
    await finish(target, first!);
  }
  await assertSound(target);
});

test("of 20 requests at once under one stream id one begins, the others are told that it exists", async () => {
  const user = newUser();
  const stream_id = randomUUID();
  const { answers, refusals } = split(
    await times(20, () =>
      begin(target, user, { ...relay, stream_id, request_hash: newRequestHash() }),
    ),
  );
  assert.equal(answers.length, 1);
  assert.deepEqual(refusals, Array(19).fill("stream_exists"));
  assert.equal((await target.select("sessions", { owner_id: user["subject"] })).length, 1);
});

test("turns and deletions of one conversation at once: each turn is in one that was there", async () => {
  const user = newUser();
  const outcomes = { begun: 0, refused: 0, deleted: 0 };
  async function attempt(what: "begun" | "deleted", work: () => Promise<unknown>): Promise<void> {
    const { refusals } = split(await Promise.allSettled([soon(20, work)]));
    for (const code of refusals) {
      assert.equal(code, what === "begun" ? "turn_in_progress" : "not_found");
    }
    outcomes[refusals.length > 0 ? "refused" : what] += 1;
  }
  // Chance decides the winner, so they continue until both have won often enough.
  const isEnough = () => outcomes.begun >= 30 && outcomes.deleted >= 10;
  async function speak(): Promise<void> {
    while (!isEnough()) {
      await attempt("begun", async () => {
        const begun = await begin(target, user, { ...relay, external_id: "456" });
        await finish(target, begun);
      });
    }
  }
  async function remove(): Promise<void> {
    while (!isEnough()) {
      const { body } = await ask(target, user, "list_sessions", { query: { kind: "relay" } });
      for (const { session_id } of body) {
        await attempt("deleted", () => ask(target, user, "delete_session", { session_id }));
      }
    }
  }
  await Promise.all([speak(), speak(), speak(), speak(), remove(), remove()]);
  console.log(outcomes);
  const sessions = await target.select("sessions", { owner_id: user["subject"] });
  assert.ok(sessions.filter((session) => session["is_active"]).length <= 1);
  await assertSound(target);
});

test("a guest's conversations and an account's first uses of their names: none is lost", async () => {
  for (let round = 0; round < 5; round += 1) {
    const account = await personOf(target, newUser());
    const guest = await guestOf(target);
    const names = Array.from({ length: 8 }, (_, index) => `${index}`);
    await Promise.all(
      names.map((external_id) =>
        say(target, guest.principal, "Guest?", "Guest.", { ...relay, external_id }),
      ),
    );
    const { refusals } = split(
      await Promise.allSettled([
        soon(20, () => migrate(target, account, guest)),
        ...names.map((external_id) =>
          soon(60, () =>
            say(target, account.principal, "Mine?", "Mine.", { ...relay, external_id }),
          ),
        ),
      ]),
    );
    assert.deepEqual(refusals, []);
    const sessions = await target.select("sessions", { owner_id: account.id, kind: "relay" });
    const messages = await target.select("messages", { owner_id: account.id });
    const said = messages.map((message) => message["content"]);
    assert.equal(said.filter((content) => content === "Guest.").length, 8);
    assert.equal(said.filter((content) => content === "Mine.").length, 8);
    const used = sessions.map((session) => session["external_id"]);
    assert.equal(new Set(used).size, used.length);
    for (const name of names) assert.ok(used.includes(name));
  }
  await assertSound(target);
});

test("what is left of an allowance is told to each of many callers at once", async () => {
  const user = newUser();
  await begin(target, user);
  const rate_limit = { action: "relay", max_requests: 12, window_seconds: 3600 };
  const { answers, refusals } = split(
    await times(20, () => begin(target, user, { ...relay, rate_limit })),
  );
  assert.deepEqual(refusals, Array(8).fill("rate_limited"));
  const left = answers.map((turn) => turn["rate"].remaining);
  assert.deepEqual(
    left.sort((a, b) => a - b),
    Array.from({ length: 12 }, (_, index) => index),
  );
});

test("cancels, saves and ends at once: what is told of a reply is how it stays", async () => {
  const outcomes = { stopped: 0, complete: 0 };
  await rounds(20, outcomes, { stopped: 1, complete: 1 }, async () => {
    const user = newUser();
    const turn = await begin(target, user, { ...relay, external_id: "456" });
    const { stream_id, epoch } = turn;
    async function write(): Promise<string> {
      for (let offset = 0; offset < 6; offset += 1) {
        const { cancel_requested } = await append(target, turn, offset, "a");
        if (cancel_requested) {
          await finish(target, turn, { status: "stopped", from_offset: offset, text: "a" });
          return "stopped";
        }
      }
      await finish(target, turn, { from_offset: 6, text: "" });
      return "complete";
    }
    const cancel = (changes = {}) =>
      soon(60, () => ask(target, user, "request_cancel", { stream_id, body: changes }));
    const [status, ...answers] = await Promise.all([
      write(),
      cancel(),
      cancel({ epoch }),
      cancel({ epoch: epoch + 1 }),
    ]);
    outcomes[status as "stopped" | "complete"] += 1;
    const [generation] = await target.select("generations", { stream_id });
    assert.equal(generation!["status"], status);
    for (const { body } of answers) {
      assert.ok(body.status === "streaming" || body.status === status);
      if (body.cancel_requested) assert.equal(generation!["cancel_requested"], true);
    }
  });
  await assertSound(target);
});
