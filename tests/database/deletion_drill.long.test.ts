// The deletion of a large account in a project of Supabase with many users, while others go on: nobody waits,
// and nothing is left. On a real PostgreSQL with the tables of Supabase Auth and Storage.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { readSchemaFiles } from "../../scripts/schema/schema_files.ts";
import { startPostgres, type PostgresServer } from "./postgres_server.ts";
import { PUBLISHABLE_KEY, startRestTarget, type RestTarget } from "./rest_target.ts";
import {
  deleteFiles,
  makeBuckets,
  makeLargeAccount,
  makeOtherUsers,
  type LargeAccount,
} from "./large_account.ts";
import { sqlTargetOf, type SqlTarget } from "./sql_target.ts";
import { newUser, say, type Principal } from "./turns.ts";

const MESSAGES = 100_000;
const LOG_ENTRIES = 3 * MESSAGES;
const COMPANIONS = 40;
const OTHER_USERS = 20_000;
const TURNS = 200;
const ROUND_TURNS = 200;
/** Between two turns of others, in which the erasure goes on. */
const GAP_MS = 20;
/** PostgreSQL's own time. */
const COUNTED_AFTER_MS = 11_000;

let server: PostgresServer;
let supabase: RestTarget;
let target: SqlTarget;
let cleaner: pg.Client;
before(async () => {
  server = await startPostgres(process.cwd(), { migrated: false });
  supabase = await startRestTarget(process.cwd(), server.ownerUrl);
  target = sqlTargetOf(server);
  cleaner = new pg.Client({ connectionString: server.ownerUrl });
  await cleaner.connect();
});
after(async () => {
  await cleaner?.end();
  await supabase?.stop();
  await target?.stop();
});

/** The statement that pg_cron runs each minute. */
function scheduledCleaning(): string {
  const file = readSchemaFiles(process.cwd()).find(({ path }) => path.endsWith("/clean.sql"));
  const [, statement] = /cron\.schedule\('fabula-clean', '[^']*', \$job\$([^]*?)\$job\$\)/.exec(file!.sql)!;
  return statement!;
}

async function signUp(email: string): Promise<string> {
  const answer = await fetch(`${supabase.url}/auth/v1/signup`, {
    method: "POST",
    headers: { apikey: PUBLISHABLE_KEY, "content-type": "application/json" },
    body: JSON.stringify({ email, password: "a password of theirs" }),
  });
  return ((await answer.json()) as { user: { id: string } }).user.id;
}

/** Whole scans of tables that are Supabase's own, by table. */
async function scansOfSupabase(): Promise<Record<string, number>> {
  // A connection counts its scans when it is idle for this long.
  await sleep(COUNTED_AFTER_MS);
  const rows = await target.asOwner(
    `select schemaname || '.' || relname as name, seq_scan::integer as scans
     from pg_stat_all_tables where schemaname in ('auth', 'storage')`,
  );
  return Object.fromEntries(rows.map(({ name, scans }) => [name, scans]));
}

/** Reads over a connection of its own, whose end counts its scans at once. */
async function inspect<T>(read: (rows: SqlTarget["asOwner"]) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server.ownerUrl });
  await client.connect();
  try {
    return await read(async (sql, parameters) => (await client.query(sql, parameters)).rows);
  } finally {
    await client.end();
  }
}

/** The tables of which some row, with all its columns, has one of the texts. */
const tablesWith = (texts: string[]): Promise<string[]> =>
  inspect(async (rows) => {
    const tables = await rows(
      `select oid::regclass::text as name from pg_class
       where relkind in ('r', 'p', 'm')
         and relnamespace::regnamespace::text in ('public', 'private', 'auth', 'storage')
       order by 1`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const having = await rows(
        `select from ${name} as stored
         where exists (select from unnest($1::text[]) text where strpos(stored::text, text) > 0)
         limit 1`,
        [texts],
      );
      if (having.length > 0) found.push(name);
    }
    return found;
  });

const objects = (): Promise<string[]> =>
  inspect(async (rows) => {
    const stored = await rows("select bucket_id || '/' || name as path from storage.objects");
    return stored.map(({ path }) => path as string);
  });

test("a large account is erased without anybody's waiting, and nothing of it is left", async () => {
  const email = "anna.fuechslein@example.org";
  const issuer = `${supabase.url}/auth/v1`;
  const principal: Principal = { kind: "user", issuer, subject: await signUp(email) };
  await makeBuckets(supabase.url);
  await makeOtherUsers(target, OTHER_USERS);
  const account: LargeAccount = await makeLargeAccount(target, supabase.url, principal, {
    messages: MESSAGES,
    companions: COMPANIONS,
    entries: LOG_ENTRIES,
  });
  const personal = [...account.personal, email];
  const before = await tablesWith(personal);
  for (const table of [
    "auth.audit_log_entries",
    "auth.users",
    "characters",
    "memories",
    "messages",
    "model_calls",
    "stories",
    "story_illustrations",
    "storage.objects",
  ]) {
    assert.ok(before.includes(table), `${table} is looked through: ${before}`);
  }
  const stored = await objects();
  for (const object of account.objects) assert.ok(stored.includes(object), object);

  const others = [newUser(), newUser()];
  const sessions = await Promise.all(others.map((user) => say(target, user, "Once?", "Once.")));
  await target.asOwner("vacuum analyze");
  let turns = 0;
  async function turnMs(): Promise<number> {
    const place = turns++ % others.length;
    await sleep(GAP_MS);
    const begun = performance.now();
    const { session_id } = sessions[place]!;
    await say(target, others[place]!, "And then?", "Then.", { session_id });
    return performance.now() - begun;
  }
  for (let warm = 0; warm < 30; warm += 1) await turnMs();

  const scans = await scansOfSupabase();
  assert.equal((await target.call("delete_account", { principal }))["status"], 202);
  const cleaning = scheduledCleaning();
  const isLeft = async () =>
    (await target.asOwner("select from public.principals where deleted_at is not null")).length > 0;
  const usual: number[] = [];
  const meanwhile: number[] = [];
  const begun = performance.now();
  // The cleaner runs in every other round, so that both kinds of turns see the same machine.
  while (await isLeft()) {
    for (let turn = 0; turn < ROUND_TURNS; turn += 1) usual.push(await turnMs());
    let isRunning = true;
    const run = cleaner.query(cleaning).then(() => (isRunning = false));
    while (isRunning) {
      const took = await turnMs();
      if (isRunning) meanwhile.push(took);
    }
    await run;
  }
  const figures = {
    usual_ms: median(usual),
    meanwhile_ms: median(meanwhile),
    ratio: median(meanwhile) / median(usual),
    longest_ms: Math.max(...meanwhile),
    usual_longest_ms: Math.max(...usual),
    turns: [usual.length, meanwhile.length],
    seconds: (performance.now() - begun) / 1000,
  };
  console.log(figures);
  const later = await scansOfSupabase();
  const scanned = Object.keys(later).filter((table) => later[table] !== scans[table]);

  await deleteFiles(target, supabase.url);
  assert.deepEqual(await tablesWith(personal), []);
  const kept = await objects();
  assert.deepEqual(account.objects.filter((object) => kept.includes(object)), []);
  assert.equal(kept.length, stored.length - account.objects.length);
  assert.deepEqual(supabase.log.filter((line) => personal.some((text) => line.includes(text))), []);

  assert.deepEqual(scanned, []);
  assert.ok(meanwhile.length >= TURNS && usual.length >= TURNS, JSON.stringify(figures));
  assert.ok(figures.ratio <= 1.5, JSON.stringify(figures));
});

function median(values: number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)]!;
}
