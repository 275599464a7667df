// The faults that `scripts/check schema` finds, on small inputs: forgotten files, objects that are
// defined twice, databases that differ.
import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, objectsOfDump } from "../../scripts/schema/comparison.ts";
import { nextMigrationName, refuseEqualVersions } from "../../scripts/schema/migrations.ts";
import { refuseDuplicates } from "../../scripts/schema/objects.ts";
import {
  orderFiles,
  readSchemaFiles,
  SchemaError,
  schemaPaths,
} from "../../scripts/schema/schema_files.ts";
import { schedulesOf } from "../../scripts/schema/schedules.ts";
import { objectsMadeBy, splitStatements } from "../../scripts/schema/statements.ts";

const madeBy = (sql: string) => splitStatements(sql).flatMap(objectsMadeBy);

test("files are in the order of the paths, and of names within one path", () => {
  const paths = schemaPaths(`[db]
port = 1
[db.migrations]
schema_paths = [
  "./schemas/base/b.sql", # first
  "./schemas/*/*.sql",
]
[auth]
`);
  const files = ["turn/c", "base/b", "base/a"].map((name) => `supabase/schemas/${name}.sql`);
  assert.deepEqual(orderFiles(paths, files), [
    "supabase/schemas/base/b.sql",
    "supabase/schemas/base/a.sql",
    "supabase/schemas/turn/c.sql",
  ]);
});

test("a file that no path names, and a path that names no file, are refused", () => {
  assert.throws(
    () =>
      orderFiles(["./schemas/a/*.sql"], ["supabase/schemas/a/x.sql", "supabase/schemas/b/y.sql"]),
    /does not have supabase\/schemas\/b\/y\.sql/,
  );
  assert.throws(
    () => orderFiles(["./schemas/a/x.sql", "./schemas/gone.sql"], ["supabase/schemas/a/x.sql"]),
    /gone\.sql, which is no file/,
  );
  assert.throws(() => schemaPaths("[db]\n"), SchemaError);
});

test("two migrations of one version are refused", () => {
  refuseEqualVersions(["20260101000000_a.sql", "20260101000001_b.sql"]);
  assert.throws(
    () => refuseEqualVersions(["20260101000000_a.sql", "20260101000001_b.sql", "20260101000001_c.sql"]),
    /20260101000001_b\.sql and 20260101000001_c\.sql have the same version/,
  );
});

test("statements end where PostgreSQL ends them", () => {
  assert.deepEqual(
    splitStatements(`-- one; not two
      create function f() returns text language plpgsql as $$ begin return ';'; end $$;
      select 'it''s; -- here', $a$ $$ ; $$ $a$; /* ; */ select ";";
      create function g() returns void begin atomic select 1; select 2; end;
      `).length,
    4,
  );
});

test("each kind of object is known by its kind and signature", () => {
  assert.deepEqual(
    madeBy(`
      create schema private;
      create table public.bots (bot_id bigint);
      create unique index bots_by_name on public.bots (name);
      create or replace function private.f(
        a uuid, variadic b text[], c numeric(3, 2) default f(1, 2), out d jsonb
      ) language sql as $$ select create table public.none (); $$;
      create policy own on public.bots for select to authenticated using (true);
      create trigger touch before update on public.bots for each row execute function f();
      alter table public.bots add constraint bots_fkey foreign key (a) references b (a);
      comment on table public.bots is 'Bots; and more.';
      grant execute on function private.f(uuid, text[]), private.g() to authenticated, service_role;
      do $do$ begin perform cron.schedule('nightly', '0 0 * * *', $job$select 1$job$); end $do$;
      revoke all on function private.f(uuid) from public;
      alter table public.bots enable row level security;
      select 1;`),
    [
      "schema private",
      "table public.bots",
      "index bots_by_name",
      "function private.f(uuid, text[], numeric(3, 2))",
      "policy own on public.bots",
      "trigger touch on public.bots",
      "constraint bots_fkey on public.bots",
      "comment on table public.bots",
      "grant execute on function private.f(uuid, text[]) to authenticated",
      "grant execute on function private.f(uuid, text[]) to service_role",
      "grant execute on function private.g() to authenticated",
      "grant execute on function private.g() to service_role",
      "schedule nightly",
    ],
  );
});

test("an object that stands twice is refused, with both places; an overload is another object", () => {
  const f = "create function private.f(a uuid) returns void language sql as $$ $$;";
  const overload = f.replace("a uuid", "a text");
  const files = [
    { path: "one.sql", sql: f + overload },
    { path: "two.sql", sql: f.replace("create", "create or replace").replace("a uuid", "b uuid") },
  ];
  assert.throws(() => refuseDuplicates(files), {
    message: "function private.f(uuid) stands in one.sql and in two.sql",
  });
  refuseDuplicates(files.slice(0, 1));
});

test("the files of the repository are in order, and have each function once", () => {
  const files = readSchemaFiles(process.cwd());
  refuseDuplicates(files);
  const objects = files.flatMap(({ sql }) => madeBy(sql));
  for (const known of [
    "table public.messages",
    "function public.begin_turn(jsonb)",
    "policy own_messages_are_readable on public.messages",
    "schedule fabula-run-tasks",
  ]) {
    assert.ok(objects.includes(known), known);
  }
});

const entry = (name: string, type: string, text: string) =>
  `--\n-- Name: ${name}; Type: ${type}; Schema: public; Owner: postgres\n--\n\n${text}\n\n\n`;

test("dumps are the same in any order and with other marks, and not with other text", () => {
  const table = entry(
    "bots",
    "TABLE",
    "CREATE TABLE public.bots (\n    a integer,\n    b text\n);",
  );
  const index = entry("bots_a", "INDEX", "CREATE INDEX bots_a ON public.bots (a);");
  const end = "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n";
  const names = { ours: "migrations", theirs: "schemas" };
  const compare = (one: string, other: string) =>
    differences(objectsOfDump(one), objectsOfDump(other), names);

  assert.deepEqual(
    compare(
      `\\restrict abc\n${table}SET default_tablespace = '';\n\n${index}${end}`,
      `\\restrict def\n${index}SET default_table_access_method = heap;\n\n${table}`,
    ),
    [],
  );
  const rows = (text: string) =>
    entry("bots", "TABLE DATA", `COPY public.bots (a, b) FROM stdin;\n${text}\\.`);
  assert.deepEqual(compare(table + rows(""), table), []);
  assert.deepEqual(compare(table + rows("1\tone\n"), table), [
    "table data public.bots is only in migrations",
  ]);
  assert.deepEqual(compare(table + index, table), ["index public.bots_a is only in migrations"]);
  assert.deepEqual(compare(table, table + index), ["index public.bots_a is only in schemas"]);
  assert.deepEqual(compare(table, table.replace("b text", "b text,\n    c uuid")), [
    "table public.bots is not the same (- migrations, + schemas)\n" +
      "    CREATE TABLE public.bots (\n        a integer,\n" +
      "  -     b text\n  +     b text,\n  +     c uuid\n    );",
  ]);
});

test("of schedules the last one counts, and none that was taken back", () => {
  const once = "perform cron.schedule('a', '* * * * *',\n  $job$select 1$job$);";
  assert.deepEqual(schedulesOf(once), schedulesOf(once.replace(",\n  ", ", ")));
  assert.notDeepEqual(schedulesOf(once), schedulesOf(once.replace("* * * * *", "5 * * * *")));
  assert.equal(schedulesOf(`${once} perform cron.unschedule('a');`).size, 0);
});

test("a migration comes after those that are there, whatever the clock says", () => {
  const now = new Date("2030-01-02T03:04:05.678Z");
  assert.equal(nextMigrationName([], "first", now), "20300102030405_first.sql");
  assert.equal(
    nextMigrationName(["20291231000000_a.sql"], "second", now),
    "20300102030405_second.sql",
  );
  assert.equal(
    nextMigrationName(["20300102030405_a.sql"], "second", now),
    "20300102030406_second.sql",
  );
  assert.equal(
    nextMigrationName(["20991231235959_a.sql"], "later", now),
    "21000101000000_later.sql",
  );
});
