// The same request from many callers at once, on a real PostgreSQL: one turn, whose answer all of
// them get.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { newRequestHash } from "./actions.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { begin, finish, newTokenHash, newUser, say, type Principal } from "./turns.ts";

const CALLERS = 20;

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

/** The turn that has begun, once. */
async function repeatAtOnce(user: Principal, changes: Row = {}): Promise<Row> {
  const request = {
    idempotency_key: randomUUID(),
    request_hash: newRequestHash(),
    // Repeating is free.
    rate_limit: { action: randomUUID(), max_requests: 1, window_seconds: 3600 },
    ...changes,
  };
  const callers = Array.from({ length: CALLERS }, () => begin(target, user, request));
  const answers = await Promise.all(callers);
  const [first, ...others] = answers.filter((turn) => !turn["replayed"]);
  assert.deepEqual(others, [], "one of them begins");
  const { rate, ...turn } = first!;
  assert.deepEqual(rate, { limit: 1, remaining: 0, reset_s: 3600 });
  const replay = { ...turn, history: [], replayed: true, status: "streaming" };
  for (const answer of answers) if (answer !== first) assert.deepEqual(answer, replay);
  return first!;
}

test("a first turn is one turn, one session and one project, whoever sends it", async () => {
  const known = newUser();
  await begin(target, known);
  const guest = { kind: "new_guest", token_hash: newTokenHash() };
  const external = { kind: "external", issuer: "https://clerk.test", subject: "user_1" };
  for (const user of [newUser(), known, guest, external]) {
    const { user_id: owner_id } = await repeatAtOnce(user);
    for (const table of ["projects", "sessions", "messages", "generations"]) {
      const rows = await target.select(table, { owner_id });
      assert.equal(rows.length, user === known ? 2 : 1, table);
    }
  }
  await assertSound(target);
});

test("a later turn is one turn, whatever it is about", async () => {
  const user = newUser();
  const { session_id, ...one } = await say(target, user, "One?", "One.");
  const requests: Row[] = [
    { session_id },
    { action: "edit", message_id: one["user_message_id"] },
    { action: "regenerate", message_id: one["message_id"] },
    { action: "continue", message_id: one["message_id"] },
  ];
  for (const request of requests) {
    const turn = await repeatAtOnce(user, request);
    await finish(target, turn, { from_offset: turn["base_bytes"], text: " And more." });
  }
  assert.equal((await target.select("generations", { session_id })).length, 5);
  assert.equal((await target.select("messages", { session_id })).length, 8);
  await assertSound(target);
});

test("many keys at once in one session: one turn begins, and its repetitions know it", async () => {
  const user = newUser();
  const { session_id } = await say(target, user, "One?", "One.");
  const keys = Array.from({ length: 10 }, () => ({
    idempotency_key: randomUUID(),
    request_hash: newRequestHash(),
  }));
  const results = await Promise.allSettled(
    [...keys, ...keys].map((key) => begin(target, user, { session_id, ...key })),
  );
  const answers = results.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  const codes = results.flatMap((result) =>
    result.status === "rejected" ? result.reason.code : [],
  );
  assert.deepEqual(answers.map((turn) => turn["replayed"]).sort(), [false, true]);
  assert.deepEqual(codes, Array(18).fill("turn_in_progress"));
  await assertSound(target);
});
