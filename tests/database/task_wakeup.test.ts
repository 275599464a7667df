// The database's own scheduler and the function tasks, on PostgreSQL with stand-ins for Supabase's
// extensions.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { claim, commit, conversation, postponeOthers, turnOf } from "./tasks.ts";
import type { Row } from "./target.ts";
import { newUser } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const wake = async () =>
  (await target.asOwner("select private.wake_functions() as woken"))[0]!["woken"];
const isDue = async () => (await target.call("has_due_step", {}))["due"];
const posts = async (): Promise<Row[]> => target.asOwner("select * from net.posts");

test("without the extensions, secrets or work nothing happens; with them one request", async () => {
  assert.equal(await isDue(), false);
  assert.equal(await wake(), false);
  const user = newUser();
  const session_id = await conversation(target, user, 8);
  await turnOf(target, user, 9, 4, { session_id });
  assert.equal(await isDue(), true);
  assert.equal(await wake(), false, "no extension");

  await target.asOwner(`
    create schema net;
    create table net.posts (url text, body jsonb, headers jsonb, timeout_milliseconds integer);
    create function net.http_post(
      url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{}',
      timeout_milliseconds integer default 5000
    ) returns bigint language sql as $$
      insert into net.posts values (url, body, headers, timeout_milliseconds);
      select 1::bigint
    $$;
    create schema vault;
    create table vault.decrypted_secrets (name text, decrypted_secret text);
    insert into vault.decrypted_secrets values
      ('fabula_functions_url', 'https://x.supabase.co/functions/v1/')`);
  assert.equal(await wake(), false, "no key");
  await target.asOwner(
    "insert into vault.decrypted_secrets values ('fabula_secret_key', 'sb_secret_x'), ('other', 'y')",
  );
  assert.equal(await wake(), true);
  assert.deepEqual(await posts(), [
    {
      url: "https://x.supabase.co/functions/v1/tasks/run",
      body: {},
      headers: { apikey: "sb_secret_x", "content-type": "application/json" },
      timeout_milliseconds: 60_000,
    },
  ]);

  const task = (await claim(target))!;
  assert.equal(await isDue(), false, "somebody works on it");
  assert.equal(await wake(), false);
  await commit(target, task, "Once.");
  await postponeOthers(target);
  assert.equal(await wake(), false);
  assert.equal((await posts()).length, 1);
});

test("nobody but the database's owner can have requests sent", async () => {
  for (const role of ["anon", "authenticated", "service_role"]) {
    await assert.rejects(target.runAs(role, "select private.wake_functions()", []), /permission denied/);
  }
});
