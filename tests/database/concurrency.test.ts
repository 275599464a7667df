// Races, on a real PostgreSQL: the embedded one runs one call at a time.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { rounds, split, times } from "./at_once.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { Refusal, type Row } from "./target.ts";
import {
  append,
  begin,
  finish,
  messagesOf,
  newTokenHash,
  newUser,
  only,
  say,
  silence,
} from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

test("of 30 turns at once in one session one begins", async () => {
  const user = newUser();
  const { session_id } = await say(target, user, "Hello.", "Hello.");
  for (let round = 0; round < 5; round += 1) {
    const { answers, refusals } = split(await times(30, () => begin(target, user, { session_id })));
    assert.equal(answers.length, 1);
    assert.deepEqual(refusals, Array(29).fill("turn_in_progress"));
    assert.equal(answers[0]!["epoch"], round + 2);
    await finish(target, answers[0]!);
  }
  assert.equal((await target.select("messages", { session_id })).length, 12);
});

test("30 first turns at once of a user and of a guest make one principal each", async () => {
  const user = newUser();
  const token_hash = newTokenHash();
  const users = split(await times(15, () => begin(target, user)));
  const guests = split(await times(15, () => begin(target, { kind: "new_guest", token_hash })));
  for (const { answers } of [users, guests]) {
    assert.equal(answers.length, 15);
    assert.equal(new Set(answers.map((turn) => turn["user_id"])).size, 1);
    assert.equal(new Set(answers.map((turn) => turn["session_id"])).size, 15);
  }
});

test("refused callers that come again are all served, in an order without holes", async () => {
  const user = newUser();
  const { session_id } = await say(target, user, "0", "0.");
  async function persist(index: number): Promise<void> {
    for (;;) {
      try {
        const turn = await begin(target, user, { session_id, text: `${index + 1}` });
        await append(target, turn, 0, "Yes, ");
        await finish(target, turn, { from_offset: 5, text: `${index + 1}.` });
        return;
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== "turn_in_progress") throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }
  await Promise.all(Array.from({ length: 20 }, (_, index) => persist(index)));
  const messages = await messagesOf(target, { session_id });
  assert.deepEqual(
    messages.map((message) => message["position"]),
    Array.from({ length: 42 }, (_, i) => i + 1),
  );
  assert.deepEqual(
    messages.map((message) => message["turn_number"]),
    Array.from({ length: 42 }, (_, i) => Math.floor(i / 2) + 1),
  );
  messages.forEach((message, index) => {
    assert.equal(message["parent_id"], messages[index - 1]?.["message_id"] ?? null);
    assert.ok(index === 0 || message["created_at"] >= messages[index - 1]!["created_at"]);
    if (index > 1 && index % 2 === 1)
      assert.equal(message["content"], `Yes, ${messages[index - 1]!["content"]}.`);
  });
  const session = await only(target, "sessions", { session_id });
  assert.deepEqual(
    [session["turn_count"], session["message_count"], Number(session["last_epoch"])],
    [21, 42, 21],
  );
});

test("an end that races with the turn that takes a silent one over stores one reply", async () => {
  const user = newUser();
  const outcomes = { takenOver: 0 };
  await rounds(30, outcomes, { takenOver: 1 }, async () => {
    const dead = await begin(target, user);
    await append(target, dead, 0, "There was ");
    await silence(target, dead, 61);
    const late = async () => {
      await append(target, dead, 10, "a ");
      return finish(target, dead, { from_offset: 12, text: "fox." });
    };
    const [end, next] = await Promise.allSettled([
      late(),
      begin(target, user, { session_id: dead["session_id"] }),
    ]);
    assert.equal(end.status, "fulfilled", String(end.status === "rejected" && end.reason));
    const { refusals } = split([next]);
    const replies = await target.select("messages", {
      session_id: dead["session_id"],
      role: "assistant",
    });
    assert.equal(replies.length, 1);
    if ((end.value as Row)["already"]) {
      outcomes.takenOver += 1;
      assert.ok("There was a fox.".startsWith(replies[0]!["content"]));
    } else {
      assert.equal(replies[0]!["content"], "There was a fox.");
      assert.ok(refusals.every((code) => code === "turn_in_progress"));
    }
  });
});

test("ends and chunks of one turn at once store its text once", async () => {
  const text = "Es war einmal ein Füchslein. 🦊";
  const bytes = Buffer.from(text);
  for (let round = 0; round < 20; round += 1) {
    const turn = await begin(target, newUser());
    await append(target, turn, 0, bytes.subarray(0, 8).toString());
    const { answers, refusals } = split(
      await times(12, (index) =>
        index % 3 === 2
          ? finish(target, turn, { from_offset: 8, text: bytes.subarray(8).toString() })
          : append(
              target,
              turn,
              index % 2 === 0 ? 0 : 8,
              bytes.subarray(index % 2 === 0 ? 0 : 8, 14).toString(),
            ),
      ),
    );
    assert.deepEqual(refusals, []);
    assert.equal(answers.filter((answer) => answer["already"] === false).length, 1);
    assert.equal(
      (await only(target, "messages", { message_id: turn["message_id"] }))["content"],
      text,
    );
  }
});
