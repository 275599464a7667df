// The same request from many callers at once, on a real PostgreSQL: one turn, or one thing, whose answer
// all of them get.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { daysAgo, guestOf, migrate, personOf } from "./accounts.ts";
import { newRequestHash } from "./actions.ts";
import { ask } from "./lists.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { beginStory, work, writeStep } from "./stories.ts";
import type { Row } from "./target.ts";
import { begin, finish, newTokenHash, newUser, refusal, say, type Principal } from "./turns.ts";

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

/** The functions that make something, with a request for each, and the table that counts what was made. */
async function makings(principal: Principal): Promise<[name: string, request: Row, table: string, where: Row][]> {
  const { project_id, user_id: owner_id } = await say(target, principal, "Once?", "Once.");
  const story = await beginStory(target, principal, "full", { given: { premise: "A fox." } });
  await work(target, story["task_id"], (step) => step["totals"]["scenes_written"] === 2, writeStep);
  const project = { project_id: story["project_id"] };
  const steps = [{ text: "Mara came home.", chapter: 1, chapter_title: null, from_byte: 0 }];
  return [
    ["create_project", { body: { name: "The Sea" } }, "projects", { owner_id, name: "The Sea" }],
    ["save_bot", { body: { name: "Fox", model: "a-model" } }, "bots", { owner_id }],
    ["save_character", { body: { name: "Mara" } }, "characters", { owner_id }],
    ["start_conversation", { body: { title: "Fox" } }, "sessions", { owner_id, kind: "companion" }],
    ["start_import", { project_id, title: "The Sea", chapters: 1, steps }, "jobs", { owner_id, kind: "dossier_import" }],
    ["insert_scene", { ...project, body: { title: "Noon" } }, "story_parts", { owner_id, is_plan_edited: true }],
    ["begin_story_illustrations", { body: project }, "jobs", { owner_id, kind: "story_illustrations" }],
  ];
}

const once = (principal: Principal, name: string, request: Row, idempotency_key: string, request_hash = "a".repeat(64)) =>
  target.call("answer_once", {
    function: name,
    idempotency_key,
    request_hash,
    request: { ...request, principal },
  });

test("what is made with a key is made once, whoever sends it how often at once", async () => {
  const principal = newUser();
  const all = await makings(principal);
  const known = await target.asOwner("select function_name from private.made_things() order by 1");
  assert.deepEqual(
    known.map((row) => row["function_name"]),
    all.map(([name]) => name).sort(),
  );
  for (const [name, request, table, where] of all) {
    const key = randomUUID();
    const callers = Array.from({ length: CALLERS }, () => once(principal, name, request, key));
    const answers = await Promise.all(callers);
    const [[first, ...more], others] = [false, true].map((is_replayed) =>
      answers.filter((answer) => (answer["is_replayed"] ?? false) === is_replayed),
    ) as [Row[], Row[]];
    assert.deepEqual(more, [], "one of them makes it");
    assert.ok([201, 202].includes(first!["status"]), name);
    for (const other of others) {
      assert.equal(other["status"], first!["status"], name);
      assert.deepEqual(other["body"], first!["body"], name);
    }
    assert.equal((await target.select(table, where)).length, 1, name);
    await assert.rejects(
      once(principal, name, request, key, "b".repeat(64)),
      refusal(422, "idempotency_key_reused"),
    );
  }
});

test("a key is its owner's, a refused request uses none, and what is deleted is not told again", async () => {
  const [anna, bert] = [newUser(), newUser()];
  const key = randomUUID();
  const project = { body: { name: "The Sea" } };
  await assert.rejects(once(anna, "create_project", { body: {} }, key), refusal(422, "invalid_request"));
  const made = (await once(anna, "create_project", project, key))["body"];
  assert.notEqual((await once(bert, "create_project", project, key))["body"].project_id, made.project_id);
  await ask(target, anna, "update_project", { project_id: made.project_id, body: { name: "The Shore" } });
  assert.equal((await once(anna, "create_project", project, key))["body"].name, "The Shore");
  await ask(target, anna, "delete_project", { project_id: made.project_id });
  await assert.rejects(once(anna, "create_project", project, key), refusal(404, "not_found"));
  await assert.rejects(once(anna, "delete_account", {}, key), refusal(422, "invalid_request"));

  const guest = await guestOf(target);
  const kept = (await once(guest.principal, "create_project", project, key))["body"];
  const account = await personOf(target, newUser());
  await migrate(target, account, guest);
  assert.equal(
    (await once(account.principal, "create_project", project, key))["body"].project_id,
    kept.project_id,
  );
});

test("a key is kept for a day, or as long as the operator says", async () => {
  const principal = newUser();
  const project = { body: { name: "The Sea" } };
  const [old, young] = [randomUUID(), randomUUID()];
  for (const key of [old, young]) await once(principal, "create_project", project, key);
  const keep = (kept: string) =>
    target.asOwner(
      "update public.retention_periods set kept = $1::interval where part = 'idempotency_keys'",
      [kept],
    );
  const clean = async () => {
    while ((await target.call("clean", {}))["left"]) continue;
    const kept = await target.asOwner("select idempotency_key from public.idempotency_keys");
    return kept.map((row) => row["idempotency_key"]);
  };
  await target.update("idempotency_keys", { idempotency_key: old }, { created_at: daysAgo(1.1) });
  await keep("2 days");
  assert.ok((await clean()).includes(old));
  await keep("1 day");
  const kept = await clean();
  assert.deepEqual([kept.includes(old), kept.includes(young)], [false, true]);
  await once(principal, "create_project", project, old);
  assert.equal((await target.select("projects", { name: "The Sea", owner_id: principal["subject"] })).length, 3);
});
