// Whether a turn would begin, asked before work that only admitted callers may cause.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { Refusal, type Row } from "./target.ts";
import { begin, finish, newTokenHash, newUser, say, type Principal } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const HASH = "0".repeat(64);

function admit(principal: Principal, changes: Row = {}): Promise<Row> {
  return target.call("admit_turn", {
    principal,
    kind: "chat",
    session_id: null,
    project_id: null,
    text: "Look.",
    title: "Look",
    provider: "local",
    model: "a-model",
    history_budget_tokens: 3000,
    stream_id: null,
    wait_ms: 5000,
    ...changes,
  });
}

/** How many rows each table has that a turn writes to. */
async function counts(): Promise<Row> {
  const tables = ["principals", "projects", "sessions", "messages", "generations", "rate_limits", "withdrawn_calls"];
  const columns = tables.map((table) => `(select count(*)::integer from public.${table}) as ${table}`);
  const [row] = await target.asOwner(`select ${columns.join(", ")}`);
  return row!;
}

test("it begins nothing, for callers old and new, however often it is asked", async () => {
  const user = newUser();
  const { session_id } = await say(target, user, "One.", "Two.");
  const before = await counts();
  assert.ok(before["sessions"] >= 1 && before["messages"] >= 2);
  for (let round = 0; round < 3; ++round) {
    assert.equal(await admit(user), null);
    assert.equal(await admit(user, { session_id, idempotency_key: "k", request_hash: HASH }), null);
    assert.equal(await admit({ kind: "new_guest", token_hash: newTokenHash() }), null);
    const rate_limit = { action: "chat", max_requests: 1, window_seconds: 60 };
    assert.equal(await admit(user, { rate_limit }), null);
  }
  assert.deepEqual(await counts(), before);
  assert.equal((await begin(target, user, { session_id, idempotency_key: "k", request_hash: HASH }))["replayed"], false);
});

test("it refuses as begin_turn does", async () => {
  const user = newUser();
  const turn = await begin(target, user);
  const cases: [Principal, Row, number, string][] = [
    [user, { session_id: turn["session_id"] }, 409, "turn_in_progress"],
    [newUser(), { session_id: turn["session_id"] }, 404, "not_found"],
    [user, { session_id: randomUUID() }, 404, "not_found"],
    [user, { claimed_user_id: randomUUID() }, 403, "forbidden"],
    [{ kind: "guest", token_hash: newTokenHash() }, {}, 401, "invalid_token"],
  ];
  for (const [principal, changes, status, code] of cases) {
    await assert.rejects(admit(principal, changes), (error: Refusal) => {
      assert.deepEqual([error.status, error.code], [status, code]);
      return true;
    });
  }
  await finish(target, turn);
  assert.equal(await admit(user, { session_id: turn["session_id"] }), null);
});

test("a caller who has used up a limit is not admitted", async () => {
  const user = newUser();
  const rate_limit = { action: "chat", max_requests: 2, window_seconds: 60 };
  for (let turns = 0; turns < 2; ++turns) {
    assert.equal(await admit(user, { rate_limit }), null);
    await finish(target, await begin(target, user, { rate_limit }));
  }
  await assert.rejects(admit(user, { rate_limit }), (error: Refusal) => {
    assert.deepEqual([error.status, error.code], [429, "rate_limited"]);
    return true;
  });
});
