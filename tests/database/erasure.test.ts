// Deleted accounts that are too large to be erased at once, on a real PostgreSQL; and those that a backup
// still has.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import pg from "pg";
import { guestOf, identityHash, newExternal, personOf } from "./accounts.ts";
import { describeErasure } from "./erasure_behaviour.ts";
import { eraseAll, longConversation } from "./erasures.ts";
import { POSTGRES_BINARIES } from "./postgres_server.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { newUser } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

describeErasure(() => target, { messages: 5_000, turns: 100 });

test("what was deleted after a backup is deleted again when the backup is restored", async () => {
  const kept = await personOf(target, newUser());
  const deleted = [
    await personOf(target, newUser()),
    await personOf(target, newExternal()),
    await guestOf(target),
    await personOf(target, newUser()),
  ];
  await longConversation(target, deleted.at(-1)!.principal, 1200);
  const [server] = await target.asOwner("select inet_server_port() as port");
  const url = (database: string) => `postgres://postgres@127.0.0.1:${server!["port"]}/${database}`;
  const directory = await mkdtemp(join(tmpdir(), "fabula-backup-"));
  const backup = join(directory, "backup");
  const run = (program: string, ...options: string[]) =>
    promisify(execFile)(join(POSTGRES_BINARIES, program), options);
  let restored: pg.Client | undefined;
  try {
    await run("pg_dump", "--format=custom", `--file=${backup}`, url("postgres"));
    for (const { principal } of deleted) await target.call("delete_account", { principal });
    await eraseAll(target);
    const [kept_outside] = await target.asOwner("select private.list_deletions() as list");
    const list = JSON.stringify(kept_outside!["list"]);
    for (const { id } of deleted) assert.ok(!list.includes(id));

    await target.asOwner("create database restored");
    await run("pg_restore", "--dbname", url("restored"), backup);
    restored = new pg.Client({ connectionString: url("restored") });
    await restored.connect();
    const value = async (sql: string, values: unknown[] = []) => (await restored!.query(sql, values)).rows[0].value;
    const ids = deleted.map(({ id }) => id);
    const count = "select count(*)::integer as value from public.";
    assert.equal(await value(`${count}principals where id = any ($1)`, [ids]), 4);
    const apply = (erasures: string) =>
      value("select private.repeat_deletions($1::jsonb) ->> 'applied' as value", [erasures]);

    // A person who begins anew after their deletion has another account.
    const hash = identityHash("user", kept.principal["subject"]);
    assert.equal(await apply(JSON.stringify([{ identity_hash: hash, deleted_at: "2020-01-01T00:00:00Z" }])), "0");
    assert.equal(await apply(list), "4");
    assert.equal(await value(`${count}principals where id = any ($1) and deleted_at is null`, [ids]), 0);
    const call = (name: string, request: object) =>
      value(`select public.${name}($1) as value`, [JSON.stringify(request)]);
    for (const { principal } of deleted) {
      await assert.rejects(call("read_profile", { principal }), /This account has been deleted/);
    }
    while ((await call("erase_step", {})).left) continue;
    for (const table of ["messages", "sessions", "projects", "generations"]) {
      assert.equal(await value(`${count}${table} where owner_id = any ($1)`, [ids]), 0, table);
    }
    assert.equal(await value(`${count}principals where id = any ($1)`, [ids]), 0);
    assert.equal(await apply(list), "0");
    assert.equal(await value(`${count}messages where owner_id = $1`, [kept.id]), 2);
    assert.equal((await call("read_profile", { principal: kept.principal })).body.user_id, kept.id);
  } finally {
    await restored?.end();
    await rm(directory, { recursive: true, force: true });
  }
});
