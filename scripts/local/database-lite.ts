// @supabase/lite in our configuration: PostgREST, GoTrue and Storage of Supabase in front of PGlite
// (PostgreSQL as WebAssembly) or of a real PostgreSQL.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { App } from "@supabase/lite";
import { createApi } from "@supabase/lite/cli";
import type { PGlite } from "@supabase/lite/pglite";
import { withAnonymousUsers } from "./anonymous_users.ts";
import { PROGRESS, refuseOtherHistory, type SqlDatabase } from "./database-migrations.ts";
import type { DatabaseServerOptions } from "./database-server.ts";
import { StartError } from "./part.ts";

/** The part of npm `postgres` that we use; Lite loads it for a real PostgreSQL. */
interface PostgresDriver {
  unsafe(sql: string): Promise<object[]> & { simple(): Promise<unknown> };
  options: { serializers: Record<number, (value: unknown) => unknown> };
}

export interface Lite {
  database: SqlDatabase;
  fetch(request: Request): Promise<Response>;
  /** Call it between the migrations and the first request. */
  settlePrivileges(): Promise<void>;
  /** Makes the first request fast; may be called while requests are served. */
  learnTables(): Promise<void>;
  close(): Promise<void>;
}

/** Relative to the repository's root. */
export const MIGRATIONS = "supabase/migrations";

const MAINTENANCE_INTERVAL_MS = 5 * 60 * 1000;

const ROLES = `do $$
  declare
    name text;
  begin
    foreach name in array '{anon,authenticated,service_role}'::text[] loop
      if not exists (select from pg_roles where rolname = name) then
        execute format('create role %I nologin', name)
          || case name when 'service_role' then ' bypassrls' else '' end;
      end if;
    end loop;
  end $$`;

/** `folder` is the current directory, and contains everything that Lite stores. */
export async function openLite(options: DatabaseServerOptions, folder: string): Promise<Lite> {
  const config = join("supabase", "config.json");
  mkdirSync("supabase", { recursive: true });
  writeFileSync(config, JSON.stringify(configuration(options, folder)), { mode: 0o600 });
  if (!options.databaseUrl) discardHalfMade(folder);

  const api = await createApi({ withSupabaseClient: false });
  const app = await api.project.local.createApp(config, { admin: false });
  const database = sqlDatabase(app);
  await connect(database, options.databaseUrl);
  if (!options.databaseUrl) writeFileSync(madeMarker(folder), "");
  if (options.databaseUrl) await checkDatabaseOfDeveloper(database);
  await refuseOtherHistory(database, join(options.root, MIGRATIONS), homeOf(options));
  await database.run(ROLES);
  await makeSystemSchemas(app, database, liteVersion(options.root));
  if (!options.databaseUrl) maintain(database);

  return {
    database,
    fetch: withAnonymousUsers(
      (request) => app.fetch(request, { peerAddress: null }),
      database,
      options.jwtSecret,
    ),
    settlePrivileges: () => settlePrivileges(app, database),
    learnTables: () => learnTables(app, options.secretKey),
    close: () => app.connection.close(),
  };
}

function homeOf(options: DatabaseServerOptions): { name: string; wayOut: string } {
  return options.databaseUrl
    ? { name: "The database of DATABASE_URL", wayOut: "name another one, which is empty" }
    : {
        name: `The database in ${options.dataDir}`,
        wayOut: "start with another folder (--data DIR), or move this one away",
      };
}

function configuration(options: DatabaseServerOptions, folder: string) {
  const db = options.databaseUrl
    ? { driver: "postgres", url: options.databaseUrl }
    : { driver: "pglite", url: join(folder, "postgres") };
  return {
    project_id: "fabula",
    db: { ...db, seed: { enabled: false } },
    auth: {
      enabled: true,
      jwt_secret: options.jwtSecret,
      publishable_key: options.publishableKey,
      secret_key: options.secretKey,
      email: { enable_confirmations: false },
    },
    storage: { enabled: true },
    studio: { enabled: false },
  };
}

// If the process is killed while PGlite creates its files, no later start can use them.
function discardHalfMade(folder: string): void {
  if (existsSync(madeMarker(folder))) return;
  console.log(`${PROGRESS}making a new database`);
  rmSync(join(folder, "postgres"), { recursive: true, force: true });
}

function madeMarker(folder: string): string {
  return join(folder, "postgres.made");
}

function sqlDatabase(app: App): SqlDatabase {
  const driver = (app.connection as { driver: unknown }).driver as PGlite | PostgresDriver;
  if ("exec" in driver) {
    return {
      run: async (sql) => void (await driver.exec(sql)),
      rows: async <Row>(sql: string) => (await driver.query<Row>(sql)).rows,
    };
  }
  passJsonAsItIs(driver);
  return {
    // Several statements in one message are one transaction.
    run: async (sql) => void (await driver.unsafe(sql).simple()),
    rows: async <Row>(sql: string) => [...(await driver.unsafe(sql))] as Row[],
  };
}

// Lite passes JSON as text, which the driver would encode a second time, into a JSON string.
function passJsonAsItIs(driver: PostgresDriver): void {
  for (const type of [114, 3802]) {
    driver.options.serializers[type] = (value: unknown) =>
      typeof value === "string" ? value : JSON.stringify(value);
  }
}

async function connect(database: SqlDatabase, databaseUrl: string | undefined): Promise<void> {
  try {
    await database.rows("select 1");
  } catch (error) {
    if (!databaseUrl) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const host = new URL(databaseUrl).host;
    throw new StartError(`No connection to ${host} (DATABASE_URL): ${message || code}`, {
      cause: error,
    });
  }
}

async function checkDatabaseOfDeveloper(database: SqlDatabase): Promise<void> {
  const [supabase] = await database.rows(
    "select 1 from pg_roles where rolname = 'supabase_auth_admin'",
  );
  if (supabase) {
    throw new StartError(
      "DATABASE_URL is the database of a Supabase project: set SUPABASE_URL and its keys instead.",
    );
  }
  const [user] = await database.rows<{ rolsuper: boolean }>(
    "select rolsuper from pg_roles where rolname = current_user",
  );
  if (!user?.rolsuper) {
    throw new StartError("DATABASE_URL must name a superuser, because roles are created and used.");
  }
}

// Comparing the schemas of Auth and Storage with the existing ones takes as long as the rest of a
// start, so it is done once for each version of Lite.
async function makeSystemSchemas(app: App, database: SqlDatabase, version: string): Promise<void> {
  const mark = `made by @supabase/lite ${version}`;
  const [auth] = await database.rows<{ comment: string | null }>(
    "select obj_description(oid, 'pg_namespace') as comment from pg_namespace where nspname = 'auth'",
  );
  if (auth?.comment === mark) return;
  await app.ensureSystemSchema();
  await database.run(`comment on schema auth is '${mark}'`);
}

function liteVersion(root: string): string {
  const file = join(root, "node_modules/@supabase/lite/package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

// PGlite has no autovacuum, without which old rows are never reclaimed, and it keeps plans made while
// the tables were small as long as the process lives.
function maintain(database: SqlDatabase): void {
  const vacuum = () => database.run("vacuum analyze").catch((error: Error) => console.error(error));
  setInterval(vacuum, MAINTENANCE_INTERVAL_MS).unref();
}

// Before its first request Lite grants everybody all rights on all tables, and relies on row level
// security. To answer like Supabase, it needs the rights from the migrations.
async function settlePrivileges(app: App, database: SqlDatabase): Promise<void> {
  await app.connection.withContext({ auth: { role: "anon" } }, async () => {});
  await database.run("select private.align_grants_with_policies()");
}

// Lite reads the tables with the first request that names one, which takes longer than the rest of a
// start.
async function learnTables(app: App, key: string): Promise<void> {
  const request = new Request("http://127.0.0.1/rest/v1/projects?limit=0", {
    headers: { apikey: key },
  });
  await app.fetch(request, { peerAddress: null });
}
