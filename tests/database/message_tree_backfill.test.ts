// What the migration that adds depths does with conversations that are there already.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { startPostgres } from "./postgres_server.ts";

const MIGRATIONS = "supabase/migrations";
const MIGRATION = "20261121001400_message_tree.sql";
const LONG = 20_000;

// One long chain, and a session whose message n has the parent n / 3: takes everywhere.
const CONVERSATIONS = `
  insert into public.principals (id, kind, issuer, subject)
  select id, 'user', 'https://fabula.test', id::text from (select gen_random_uuid() as id) made;
  insert into public.sessions (owner_id, kind, title)
  select id, 'chat', title from public.principals, unnest('{chain,tree}'::text[]) title;
  create temporary table placed as
    select session_id, owner_id, title, n, gen_random_uuid() as message_id,
      case title when 'chain' then n - 1 else n / 3 end as parent_n
    from public.sessions, generate_series(1, ${LONG}) n
    where title = 'chain' or n <= 500;
  create index on placed (session_id, n);
  analyze placed;
  set session_replication_role = replica;
  insert into public.messages (message_id, session_id, owner_id, parent_id, turn_id, turn_number,
    position, role, content, updated_at)
  select child.message_id, child.session_id, child.owner_id, parent.message_id, gen_random_uuid(), n,
    n, 'user', n::text, '2026-01-01'
  from placed child
  left join lateral (
    select message_id from placed
    where session_id = child.session_id and placed.n = child.parent_n
  ) parent on true;
  reset session_replication_role`;

test("messages that are there get the depth of their place, and are otherwise left alone", async (context) => {
  const postgres = await startPostgres(process.cwd(), { migrated: false });
  const client = new pg.Client({ connectionString: postgres.ownerUrl });
  context.after(async () => {
    await client.end();
    await postgres.stop();
  });
  await client.connect();
  for (const file of (await readdir(MIGRATIONS)).sort()) {
    if (file < MIGRATION) await client.query(await readFile(join(MIGRATIONS, file), "utf8"));
  }
  await client.query(CONVERSATIONS);
  await client.query(await readFile(join(MIGRATIONS, MIGRATION), "utf8"));

  const { rows } = await client.query(
    `select session.title, message.position, message.depth, message.revision
     from public.messages message
     join public.sessions session using (session_id)
     where message.updated_at = '2026-01-01'`,
  );
  assert.equal(rows.length, LONG + 500);
  const depthInTree = (n: number): number => (n < 3 ? 1 : 1 + depthInTree(Math.floor(n / 3)));
  for (const { title, position, depth, revision } of rows) {
    const expected = title === "chain" ? position : depthInTree(position);
    assert.deepEqual([depth, revision], [expected, 1], `${title} ${position}`);
  }
});
