// Migrations on databases that have rows: each one from the baseline on is applied to a database that is filled
// at the version before it. Then the database is dumped and restored.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import pg from "pg";
import { differences, objectsOfDump } from "../../scripts/schema/comparison.ts";
import { readMigrations } from "../../scripts/schema/migrations.ts";
import { readSchemaFiles } from "../../scripts/schema/schema_files.ts";
import { editReply } from "./actions.ts";
import { POSTGRES_BINARIES, startPostgres, type PostgresServer } from "./postgres_server.ts";
import { rightsIn } from "./rights.ts";
import { assertSound } from "./soundness.ts";
import type { SqlTarget } from "./sql_target.ts";
import { readRows, unstatedChanges, type StatedChanges, type StoredRows } from "./stored_rows.ts";
import { fillTables } from "./table_filling.ts";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, messagesOf, newUser, say } from "./turns.ts";

/** The migrations that change stored rows, or that write a table anew. */
const STATED: Record<string, StatedChanges> = {
  "20261130020000_cut_replies.sql": { rewritten: ["public.messages"] },
  "20261130141000_admission.sql": { renamed: { "public.plan_shares.job_id": "source_id" } },
  // It has a row for each account that was deleted in the last days.
  "20261130141700_deletions.sql": { rewritten: ["public.deleted_accounts"] },
  "20261130141900_idempotency_keys.sql": { added: ["public.retention_periods"] },
  "20261130143500_periods_of_guests_and_jobs.sql": { added: ["public.retention_periods"] },
  "20261130142000_larger_plans.sql": {
    changed: ["public.plans.calls_a_month", "public.plans.tokens_a_month"],
  },
};
/** A query for rows in which a migration has filled a new column wrongly. */
const WRONGLY_FILLED: Record<string, string> = {
  "20261130091500_room_of_dossiers.sql": `
    select dossier.project_id
    from public.dossiers dossier
    left join public.dossier_assertions entry using (project_id)
    group by dossier.project_id
    having dossier.log_room
      <> coalesce(sum(private.room_of(entry.body)) filter (where entry.position is not null), 0)`,
};

const DUMP_LIMIT_BYTES = 256 * 1024 * 1024;
// Supabase has them in each project before the first migration.
const DEFAULT_RIGHTS = ["tables", "functions", "sequences"]
  .map(
    (kind) => `alter default privileges in schema public
      grant all on ${kind} to anon, authenticated, service_role;`,
  )
  .join("\n");

let server: PostgresServer;
let upgraded: pg.Client;
let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "fabula-upgrade-"));
  server = await startPostgres(process.cwd(), { migrated: false });
  upgraded = await newDatabase("upgraded");
});
after(async () => {
  await upgraded?.end();
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

function urlOf(database: string): string {
  const url = new URL(server.ownerUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function newDatabase(name: string, setup = DEFAULT_RIGHTS): Promise<pg.Client> {
  const maker = new pg.Client({ connectionString: server.ownerUrl });
  await maker.connect();
  await maker.query(`create database ${name} template template0`);
  await maker.end();
  const client = new pg.Client({ connectionString: urlOf(name) });
  await client.connect();
  await client.query(`set timezone = 'UTC'; ${setup}`);
  return client;
}

const run = async (program: string, parameters: string[]) =>
  (await promisify(execFile)(join(POSTGRES_BINARIES, program), parameters, { maxBuffer: DUMP_LIMIT_BYTES }))
    .stdout;

const [baseline, ...migrations] = readMigrations(process.cwd());

test("each migration finds a filled database, and loses nothing", async (context) => {
  await upgraded.query(baseline!.sql);
  for (const [index, { path, sql }] of migrations.entries()) {
    await context.test(basename(path), async () => {
      assert.deepEqual(await fillTables(upgraded, index + 1), [], "columns that could not be filled");
      const earlier = await readRows(upgraded);
      assert.deepEqual(emptyTables(earlier), []);
      await upgraded.query(sql);
      const later = await readRows(upgraded);
      assert.deepEqual(unstatedChanges(earlier, later, STATED[basename(path)]), []);
      assert.deepEqual(await brokenConstraints(), []);
      const wrong = WRONGLY_FILLED[basename(path)];
      if (wrong) assert.deepEqual((await upgraded.query(wrong)).rows, []);
    });
  }
  assert.deepEqual(await fillTables(upgraded, migrations.length + 1), []);
});

function emptyTables(stored: StoredRows): string[] {
  return [...stored].filter(([, { rows }]) => rows.length === 0).map(([name]) => name);
}

/** Constraints that are not valid, or that no row has to satisfy any more; triggers that are off. */
async function brokenConstraints(): Promise<unknown[]> {
  const { rows } = await upgraded.query(
    `select conrelid::regclass || ' ' || conname as name from pg_constraint
     where connamespace in ('public'::regnamespace, 'private'::regnamespace) and not convalidated
     union all
     select tgrelid::regclass || ' ' || tgname from pg_trigger where tgenabled <> 'O'
     union all
     select indexrelid::regclass::text from pg_index where not indisvalid`,
  );
  return rows;
}

/** Migrations with a fault, and its description. */
const FAULTY: [string, RegExp][] = [
  [
    `update public.projects set name = 'A fox'
     where project_id = (select project_id from public.projects limit 1)`,
    /^public\.projects: 1 rows have lost a value, the first of them \[/,
  ],
  [
    "delete from public.rate_limits where ctid = (select ctid from public.rate_limits limit 1)",
    /^public\.rate_limits had \d+ rows, and has \d+$/,
  ],
  ["alter table public.story_cache drop column hits", /^public\.story_cache\.hits is gone$/],
  [
    "alter table public.job_steps add column made_at timestamptz not null default clock_timestamp()",
    /^public\.job_steps is written anew$/,
  ],
  ["drop table public.rate_limits", /^public\.rate_limits is gone$/],
];

test("a migration that loses or changes something does not pass", async () => {
  const earlier = await readRows(upgraded);
  const apply = async (sql: string, stated?: StatedChanges) => {
    await upgraded.query("begin");
    try {
      await upgraded.query(sql);
      return unstatedChanges(earlier, await readRows(upgraded), stated);
    } finally {
      await upgraded.query("rollback");
    }
  };
  for (const [sql, fault] of FAULTY) assert.match((await apply(sql))[0] ?? "nothing", fault);
  const rename = "alter table public.rate_limits rename action to name";
  assert.match((await apply(rename))[0]!, /^public\.rate_limits\.action is gone$/);
  assert.deepEqual(await apply(rename, { renamed: { "public.rate_limits.action": "name" } }), []);
  for (const name of earlier.keys()) {
    const required = `alter table ${name} add column required_text text not null`;
    await assert.rejects(apply(required), /contains null values/, name);
  }
});

async function dumpOf(database: string, ...parameters: string[]): Promise<Map<string, string>> {
  return objectsOfDump(await run("pg_dump", [...parameters, urlOf(database)]));
}

test("a database that was upgraded step by step has the schema of a new one", async () => {
  const fresh = await newDatabase("fresh");
  for (const { sql } of readSchemaFiles(process.cwd())) await fresh.query(sql);
  await fresh.end();
  const names = { ours: "supabase/migrations", theirs: "supabase/schemas" };
  const [ours, theirs] = await Promise.all([
    dumpOf("upgraded", "--schema-only"),
    dumpOf("fresh", "--schema-only"),
  ]);
  assert.ok(ours.size > 500);
  assert.deepEqual(differences(ours, theirs, names), []);
});

test("a conversation that began at the baseline goes on after all migrations", async () => {
  const lived = await newDatabase("lived");
  const target = targetOf(lived);
  try {
    await lived.query(baseline!.sql);
    const user = newUser();
    const turn = await say(target, user, "Once?", "Once.");
    const { session_id } = turn;
    await editReply(target, user, turn["message_id"], "Once upon a time.");
    const running = await begin(target, user);
    await append(target, running, 0, "There ");
    for (const { sql } of migrations) await lived.query(sql);
    await finish(target, running, { from_offset: 6, text: "was a fox." });
    await say(target, user, "And then?", "Then.", { session_id });
    assert.deepEqual(
      (await messagesOf(target, turn)).map(({ content }) => content),
      ["Once?", "Once upon a time.", "And then?", "Then."],
    );
    await assertSound(target);
  } finally {
    await lived.end();
  }
});

/** The engine's functions over one connection, with the owner's rights. */
function targetOf(client: pg.Client): Target & Pick<SqlTarget, "asOwner"> {
  const rowsOf = async (sql: string, parameters: unknown[] = []) =>
    (await client.query<Row>(sql, parameters)).rows;
  const where = (columns: Row) =>
    Object.keys(columns).map((column, index) => `${column} = $${index + 1}`).join(" and ");
  return {
    call: async (name, request) => {
      const sql = `select public.${name}(request := $1::jsonb) as answer`;
      return (await rowsOf(sql, [JSON.stringify(request)]))[0]!["answer"];
    },
    select: (table, columns) =>
      rowsOf(`select * from public.${table} where ${where(columns)}`, Object.values(columns)),
    update: () => Promise.reject(new Error("nothing is written but by the engine's functions")),
    stop: () => client.end(),
    asOwner: rowsOf,
  };
}

/** A dump whose definitions have no brackets: PostgreSQL prints fewer of them after each restore. */
async function dumpWithoutBrackets(database: string): Promise<Map<string, string>> {
  const objects = await dumpOf(database);
  return new Map([...objects].map(([object, text]) => [object, text.replace(/[()]/g, "")]));
}

const dumpFile = () => join(directory, "upgraded.dump");
const RESTORED = { ours: "the dumped database", theirs: "the restored one" };

/** Faults that a restore could have, and the objects in which they show. */
const RESTORED_WRONGLY: [string, string][] = [
  ["grant select on public.plans to anon", "relation plans"],
  ["grant execute on function public.clean(jsonb) to anon", "function clean(jsonb)"],
  ["alter function public.clean(jsonb) reset lock_timeout", "function clean(jsonb)"],
  ["alter function public.clean(jsonb) owner to service_role", "function clean(jsonb)"],
  ["alter table public.plans disable row level security", "relation plans"],
  [
    "alter policy own_messages_are_readable on public.messages using (true)",
    "policy own_messages_are_readable on messages",
  ],
  ["alter table public.sessions disable trigger hold_owner", "trigger hold_owner on sessions"],
  [
    "alter default privileges in schema public revoke all on tables from anon",
    "default rights in public r",
  ],
];

test("a dump that is restored has the same rows, grants, policies, owners and settings", async () => {
  await run("pg_dump", ["-Fc", "-f", dumpFile(), urlOf("upgraded")]);
  const restored = await newDatabase("restored", "");
  try {
    await run("pg_restore", ["--exit-on-error", "-d", urlOf("restored"), dumpFile()]);
    const rights = await rightsIn(upgraded);
    assert.deepEqual(differences(rights, await rightsIn(restored), RESTORED), []);
    const [ours, theirs] = [await dumpWithoutBrackets("upgraded"), await dumpWithoutBrackets("restored")];
    assert.deepEqual(differences(ours, theirs, RESTORED), []);
    const earlier = await readRows(upgraded);
    const stated = { rewritten: [...earlier.keys()] };
    assert.deepEqual(unstatedChanges(earlier, await readRows(restored), stated), []);

    for (const [sql, object] of RESTORED_WRONGLY) {
      await restored.query("begin");
      await restored.query(sql);
      const found = differences(rights, await rightsIn(restored), RESTORED);
      await restored.query("rollback");
      assert.deepEqual(found.map((difference) => difference.split(" is ")[0]), [object], sql);
    }
  } finally {
    await restored.end();
  }
});

test("a dump that is restored into a new project of Supabase gives no more rights, once they are aligned", async () => {
  const project = await newDatabase("project");
  try {
    await run("pg_restore", ["--exit-on-error", "-d", urlOf("project"), dumpFile()]);
    await project.query("select private.align_grants_with_policies()");
    assert.deepEqual(differences(await rightsIn(upgraded), await rightsIn(project), RESTORED), []);
  } finally {
    await project.end();
  }
});
