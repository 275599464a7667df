// Starting the embedded Supabase: again, after a crash, on new, broken and changed migrations. The
// tests share one data directory and build on each other, because making it takes the longest.
import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { startDatabase } from "../../scripts/local/database.ts";
import { StartError, type Part } from "../../scripts/local/part.ts";
import { databaseOptions, PUBLISHABLE_KEY, SECRET_KEY } from "./rest_target.ts";
import { newTokenHash } from "./turns.ts";

let folder: string;
let root: string;
let dataDir: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "fabula-start-"));
  root = join(folder, "repository");
  dataDir = join(folder, "data");
  // The repository, with migrations that can be changed.
  mkdirSync(join(root, "supabase"), { recursive: true });
  for (const part of ["scripts", "node_modules"])
    symlinkSync(join(process.cwd(), part), join(root, part));
  cpSync("supabase/migrations", join(root, "supabase/migrations"), { recursive: true });
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function running<T>(work: (database: Part, log: string[]) => Promise<T>): Promise<T> {
  const log: string[] = [];
  const database = await startDatabase({
    ...databaseOptions(root, dataDir),
    log: (line) => log.push(line),
  });
  try {
    return await work(database, log);
  } finally {
    await database.stop();
  }
}

async function post(database: { url: string }, path: string, body: object): Promise<Response> {
  const headers = { apikey: SECRET_KEY, "content-type": "application/json" };
  return fetch(database.url + path, { method: "POST", headers, body: JSON.stringify(body) });
}

async function begin(database: { url: string }): Promise<void> {
  const principal = { kind: "new_guest", token_hash: newTokenHash() };
  const request = { principal, kind: "chat", text: "Hello.", history_budget_tokens: 0 };
  assert.equal((await post(database, "/rest/v1/rpc/begin_turn", { request })).status, 200);
}

async function countMessages(database: { url: string }): Promise<number> {
  const answer = await fetch(`${database.url}/rest/v1/messages?select=message_id`, {
    headers: { apikey: SECRET_KEY },
  });
  return ((await answer.json()) as object[]).length;
}

async function refusesToStart(pattern: RegExp): Promise<void> {
  await assert.rejects(startDatabase(databaseOptions(root, dataDir)), (error: Error) => {
    assert.ok(error instanceof StartError, String(error));
    assert.match(error.message, pattern);
    return true;
  });
}

function writeMigration(name: string, sql: string): string {
  const file = join(root, "supabase/migrations", name);
  writeFileSync(file, sql);
  return file;
}

test("a first start that was killed half-way is made good by the next", async () => {
  mkdirSync(join(dataDir, "database/postgres/base"), { recursive: true });
  writeFileSync(join(dataDir, "database/postgres/PG_VERSION"), "17\n");
  await running(async (database, log) => {
    await begin(database);
    assert.equal(await countMessages(database), 1);
    assert.ok(
      log.some((line) => /^applied migration .*_baseline\.sql$/.test(line)),
      log.join("\n"),
    );
  });
});

test("what was stored is there after the next start, and no migration is applied twice", async () => {
  await running(async (database, log) => {
    assert.equal(await countMessages(database), 1);
    assert.deepEqual(
      log.filter((line) => line.includes("migration")),
      [],
    );
    const headers = { apikey: PUBLISHABLE_KEY };
    assert.equal(
      (await fetch(`${database.url}/rest/v1/messages`, { headers })).status,
      401,
      "rights are as before",
    );
  });
});

async function holdDatabase(): Promise<{ holder: ChildProcess; url: string; databasePid: number }> {
  const holder = spawn(
    process.execPath,
    ["build/tests/database/database_holder.js", root, dataDir],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const [url] = (await once(createInterface({ input: holder.stdout! }), "line")) as [string];
  const children = execFileSync("pgrep", ["-P", String(holder.pid), "-f", "database-server"], {
    encoding: "utf8",
  });
  return { holder, url, databasePid: Number(children.trim()) };
}

test("a database whose parent is killed ends, and the next start waits for that", async () => {
  const { holder, url } = await holdDatabase();
  await begin({ url });
  holder.kill("SIGKILL");
  await once(holder, "exit");
  await running(async (database) => {
    assert.equal(await countMessages(database), 2);
    await assert.rejects(countMessages({ url }), "the orphan has ended");
  });
});

test("a database that is killed while it writes starts again with all that it had answered for", async () => {
  let expected = 2;
  for (let round = 0; round < 3; round += 1) {
    const { holder, url, databasePid } = await holdDatabase();
    let killed = false;
    const writer = (async () => {
      while (!killed) {
        await begin({ url });
        expected += 1;
      }
    })().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 400));
    process.kill(databasePid, "SIGKILL");
    killed = true;
    await writer;
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const found = await running(countMessages);
    // The last one may have been stored without its answer getting through.
    assert.ok(
      found === expected || found === expected + 1,
      `${found} messages, ${expected} answered for`,
    );
    expected = found;
  }
});

test("one process at a time works on a data directory", async () => {
  await running(async (database) => {
    await refusesToStart(/Another development server works on .*--data/);
    assert.ok((await countMessages(database)) > 0);
  });
});

test("a migration that PostgreSQL refuses is named, with the reason and the line, and leaves no trace", async () => {
  const file = writeMigration(
    "20990101000000_broken.sql",
    "create table public.half (id integer);\n\nselect no_such_column\nfrom public.half;\n",
  );
  await refusesToStart(
    /^Migration 20990101000000_broken\.sql failed: column "no_such_column" does not exist \(line 3\)$/,
  );
  rmSync(file);
  await running(async (database) => {
    assert.equal(
      (await fetch(`${database.url}/rest/v1/half`, { headers: { apikey: SECRET_KEY } })).status,
      404,
    );
  });
});

test("a migration that is added is applied at the next start, and must not be changed then", async () => {
  const name = "20990101000001_added.sql";
  writeMigration(name, "create table public.added (note text default 'it''s \\ here');");
  await running(async (database, log) => {
    assert.ok(log.includes(`applied new migration ${name}`));
    assert.equal((await post(database, "/rest/v1/added", { note: "kept" })).status, 201);
    assert.ok((await countMessages(database)) > 0);
  });
  const file = writeMigration(name, "create table public.added (note text, more text);");
  await refusesToStart(/^Migration 20990101000001_added\.sql has changed since it was applied/);
  rmSync(file);
});

test("a database of migrations that are no longer there is refused, with what to do, and stays as it is", async () => {
  const migrations = join(root, "supabase/migrations");
  const messages = await running(countMessages);
  const later = (name: string) => name.replace(/^2026/, "2099");
  const names = readdirSync(migrations);
  for (const name of names) renameSync(join(migrations, name), join(migrations, later(name)));
  await refusesToStart(/^The database in .*data was made by an earlier version .*--data DIR.*move/);
  for (const name of names) renameSync(join(migrations, later(name)), join(migrations, name));
  await running(async (database, log) => {
    assert.deepEqual(
      log.filter((line) => line.includes("migration")),
      [],
    );
    assert.equal(await countMessages(database), messages);
  });
});

test("files of the embedded Supabase are in the data directory alone, its keys for the owner's eyes", () => {
  assert.deepEqual(readdirSync(join(root, "supabase")), ["migrations"]);
  assert.deepEqual(
    readdirSync(join(process.cwd(), "supabase")).filter((name) => name.startsWith(".")),
    [],
  );
  assert.equal(statSync(join(dataDir, "database")).mode & 0o077, 0);
});
