// The cleaner, on a real PostgreSQL.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { daysAgo, guestOf } from "./accounts.ts";
import { editReply } from "./actions.ts";
import { ask } from "./lists.ts";
import { longConversation } from "./erasures.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { newUser, only, refusal, say } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

/** Cleans until nothing is left; the rows of each part. */
async function clean(limits: Row = {}): Promise<Record<string, number>> {
  const cleaned: Record<string, number> = {};
  for (;;) {
    const { left, part, rows } = await target.call("clean", limits);
    if (!left) return cleaned;
    cleaned[part] = (cleaned[part] ?? 0) + rows;
  }
}

async function backlog(): Promise<Record<string, number>> {
  const rows = await target.asOwner("select part, due::integer from private.cleaning_backlog()");
  return Object.fromEntries(rows.map(({ part, due }) => [part, due]));
}

test("each table goes with its owner, or has a row in the cleaner's list", async () => {
  const loose = await target.asOwner(
    `with recursive bounded as (
       select 'public.principals'::regclass::oid as id
       union
       select key.conrelid from bounded
       join pg_constraint key
         on key.contype = 'f' and key.confrelid = bounded.id and key.confdeltype = 'c'
     ),
     tables as (
       select oid as id, relname as name from pg_class
       where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind in ('r', 'p')
     )
     select name from tables
     where name not in (select table_name from private.retentions())
       and id not in (select id from bounded where id <> 'public.principals'::regclass)
     union all
     select table_name || ', which does not exist' from private.retentions()
     where table_name not in (select name from tables)`,
  );
  assert.deepEqual(loose, []);
});

test("a part that the list names is one that the cleaner knows", async () => {
  const parts = await target.asOwner(
    "select distinct part from private.retentions() where part is not null order by 1",
  );
  for (const { part } of parts) {
    await target.asOwner("select private.clean_part($1, 1)", [part]);
  }
  assert.deepEqual(
    parts.map(({ part }) => part),
    [
      ...["deployment_usage", "expired_guests", "full_counters", "idempotency_keys", "model_calls"],
      ...["plan_shares", "withdrawn_calls"],
    ],
  );
});

test("a deleted session is unreadable at once, and gone after the days that the caller gives", async () => {
  const user = newUser();
  const turn = await say(target, user, "Once?", "Once.");
  const kept = await say(target, user, "Twice?", "Twice.");
  const { session_id } = turn;
  await editReply(target, user, turn["message_id"], "Eins.");
  const claims = { sub: user["subject"], iss: user["issuer"] };
  const readable = async (table: string) => {
    const sql = `select distinct session_id from public.${table}`;
    return (await target.tryAs("authenticated", sql, claims)).map((row) => row["session_id"]);
  };
  assert.deepEqual((await readable("messages")).sort(), [session_id, kept["session_id"]].sort());
  assert.deepEqual(await readable("message_revisions"), [session_id]);

  await ask(target, user, "delete_session", { session_id });
  for (const table of ["sessions", "messages"]) {
    assert.deepEqual(await readable(table), [kept["session_id"]], table);
  }
  assert.deepEqual(await readable("message_revisions"), []);
  await assert.rejects(ask(target, user, "read_session", { session_id }), refusal(404, "not_found"));

  await target.update("sessions", { session_id }, { updated_at: daysAgo(10) });
  assert.equal((await clean())["deleted_sessions"], undefined);
  await only(target, "sessions", { session_id });
  assert.equal((await clean({ deleted_days: 11 }))["deleted_sessions"], undefined);
  assert.ok((await clean({ deleted_days: 9, rows: 2 }))["deleted_sessions"]! >= 4);
  // The days hold for later callers that give none, as pg_cron.
  const [period] = await target.asOwner(
    "select extract(epoch from private.retention_of('deleted_sessions'))::integer / 86400 as days",
  );
  assert.equal(period!["days"], 9);
  for (const table of ["sessions", "messages", "message_revisions", "generations"]) {
    assert.deepEqual(await target.select(table, { session_id }), [], table);
  }
  assert.equal((await target.select("messages", { session_id: kept["session_id"] })).length, 2);
});

test("what is due is counted, cleaned in batches, and then no more", async () => {
  const old = daysAgo(500);
  const user = newUser();
  const { user_id } = await say(target, user, "Once?", "Once.");
  await target.asOwner(
    `insert into public.model_calls (
       owner_id, source_id, place, kind, output_tokens, is_estimated, status, created_at)
     select $1, gen_random_uuid(), 1, 'chat', 1, false, 'complete', $2 from generate_series(1, 25)`,
    [user_id, old],
  );
  await target.asOwner(
    `insert into public.plan_shares (
       source_id, month, owner_id, reserved_calls, reserved_tokens, reserved_images, settled_at)
     select gen_random_uuid(), date_trunc('month', $2::timestamptz at time zone 'UTC'), $1, 0, 0, 0, $2
     from generate_series(1, 5)`,
    [user_id, old],
  );
  await target.asOwner(
    `insert into public.withdrawn_calls (call_id, created_at)
     select gen_random_uuid(), $1 from generate_series(1, 3)`,
    [old],
  );
  const guest = await guestOf(target);
  await target.update("principals", { id: guest.id }, { expires_at: old });
  const large = newUser();
  await longConversation(target, large, 1200);
  await target.call("delete_account", { principal: large });
  const due = await backlog();
  assert.deepEqual(
    [due["model_calls"], due["plan_shares"], due["expired_guests"], due["erasures"]],
    [25, 5, 1, 1],
  );
  const { text } = await target.call("read_metrics", {});
  assert.match(text, /fabula_cleaning_backlog\{part="erasures"\} 1\n/);

  const cleaned = await clean({ rows: 10 });
  assert.deepEqual(
    [cleaned["model_calls"], cleaned["plan_shares"], cleaned["withdrawn_calls"], cleaned["expired_guests"]],
    [25, 5, 3, 1],
  );
  assert.ok(cleaned["erasures"]! > 100);
  assert.ok(Object.entries(await backlog()).every(([part, count]) => part === "files" || count === 0));
});

test("an operator changes how long a table's rows are kept", async () => {
  const { user_id } = await say(target, newUser(), "Once?", "Once.");
  const old = { owner_id: user_id };
  await target.update("model_calls", old, { created_at: daysAgo(100) });
  assert.equal((await clean())["model_calls"], undefined);
  await target.asOwner("update public.retention_periods set kept = '90 days' where part = 'model_calls'");
  assert.equal((await backlog())["model_calls"], 1);
  assert.equal((await clean())["model_calls"], 1);
  assert.deepEqual(await target.select("model_calls", old), []);
});

test("a user who is deleted at Supabase Auth is deleted here, and no one else", async () => {
  await target.asOwner("create schema auth; create table auth.users (id uuid primary key)");
  try {
    const [removed, stays, foreign] = [newUser(), newUser(), newUser()];
    for (const user of [removed, stays, foreign]) await say(target, user, "Once?", "Once.");
    await target.asOwner("insert into auth.users values ($1), ($2)", [
      removed["subject"],
      stays["subject"],
    ]);
    await clean();
    await target.asOwner("delete from auth.users where id = $1", [removed["subject"]]);
    await clean();
    const isThere = async (user: Row) =>
      (await target.select("principals", { id: user["subject"] })).length === 1;
    assert.ok(await isThere(removed), "a round has just ended");
    await target.asOwner(
      "update public.cleaning_state set round_ended_at = now() - interval '31 minutes'",
    );
    await clean({ rows: 2 });
    assert.deepEqual(
      [await isThere(removed), await isThere(stays), await isThere(foreign)],
      [false, true, true],
    );
    await assert.rejects(say(target, removed, "Again?", "No."), refusal(401, "invalid_token"));
  } finally {
    await target.asOwner("drop schema auth cascade");
  }
});

test("cleaners at once do not fail, and leave nothing", async () => {
  const users = Array.from({ length: 4 }, newUser);
  for (const user of users) await longConversation(target, user, 1200);
  for (const user of users) await target.call("delete_account", { principal: user });
  await Promise.all(Array.from({ length: 4 }, () => clean({ rows: 100 })));
  await clean();
  for (const user of users) {
    assert.deepEqual(await target.select("principals", { id: user["subject"] }), []);
  }
});
