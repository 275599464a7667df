// scripts/check schema: the migrations and the schema files make the same database.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { PGlite } from "@supabase/lite/pglite";
import pg from "pg";
import { POSTGRES_BINARIES, ROLES, startPostgres } from "../../tests/database/postgres_server.ts";
import { CATALOGUE, type CatalogueRow } from "./catalogue.ts";
import { differences, objectsOfDump } from "./comparison.ts";
import { readMigrations } from "./migrations.ts";
import { refuseDuplicates } from "./objects.ts";
import { schedulesOf } from "./schedules.ts";
import { readSchemaFiles, SchemaError, type SqlFile } from "./schema_files.ts";

type Run = (sql: string) => Promise<unknown>;

const NAMES = { ours: "supabase/migrations", theirs: "supabase/schemas" };
const DUMP_LIMIT_BYTES = 64 * 1024 * 1024;

// The same as on Supabase, so that a missing revoke is noticed.
const DEFAULT_RIGHTS = ["tables", "functions", "sequences"]
  .map(
    (kind) => `alter default privileges in schema public
    grant all on ${kind} to anon, authenticated, service_role;`,
  )
  .join("\n");

const EMPTIED = `
  drop schema private cascade;
  drop schema public cascade;
  create schema public authorization pg_database_owner;
  grant usage on schema public to public;`;

async function check(root: string): Promise<void> {
  const schemaFiles = readSchemaFiles(root);
  refuseDuplicates(schemaFiles);
  const migrations = readMigrations(root);
  const found = [
    ...differences(schedulesIn(migrations), schedulesIn(schemaFiles), NAMES),
    ...(await onPostgres(root, migrations, schemaFiles)),
  ];
  if (found.length === 0) {
    const embedded = await onEmbedded(migrations, schemaFiles);
    found.push(...embedded.map((difference) => `on the embedded database: ${difference}`));
  }
  if (found.length === 0) return;
  throw new SchemaError(
    `${found.join("\n\n")}\n\n` +
      "supabase/migrations and supabase/schemas make two different databases: write each change into the\n" +
      "schema file, and into a new migration (./scripts/migration NAME).",
  );
}

function schedulesIn(files: SqlFile[]): Map<string, string> {
  return schedulesOf(files.map(({ sql }) => sql).join("\n"));
}

async function onPostgres(root: string, migrations: SqlFile[], schemaFiles: SqlFile[]) {
  const server = await startPostgres(root, { migrated: false });
  const dumpOf = async (database: string, files: SqlFile[]) => {
    await withClient(server.ownerUrl, (run) => run(`create database ${database}`));
    const url = new URL(server.ownerUrl);
    url.pathname = `/${database}`;
    await withClient(url.href, (run) => load(run, [DEFAULT_RIGHTS], files));
    const { stdout } = await promisify(execFile)(join(POSTGRES_BINARIES, "pg_dump"), [url.href], {
      maxBuffer: DUMP_LIMIT_BYTES,
    });
    return objectsOfDump(stdout);
  };
  try {
    const ours = await dumpOf("by_migrations", migrations);
    return differences(ours, await dumpOf("by_schema_files", schemaFiles), NAMES);
  } finally {
    await server.stop();
  }
}

// One after the other in one database, because starting it takes the longest.
async function onEmbedded(migrations: SqlFile[], schemaFiles: SqlFile[]) {
  const embedded = await PGlite.create();
  const run: Run = (sql) => embedded.exec(sql);
  const catalogueOf = async (files: SqlFile[]) => {
    await load(run, [], files);
    const { rows } = await embedded.query<CatalogueRow>(CATALOGUE);
    return new Map(rows.map(({ object, definition }) => [object, definition]));
  };
  try {
    await run(ROLES);
    const ours = await catalogueOf(migrations);
    await run(EMPTIED);
    return differences(ours, await catalogueOf(schemaFiles), NAMES);
  } finally {
    await embedded.close();
  }
}

async function load(run: Run, before: string[], files: SqlFile[]): Promise<void> {
  for (const sql of before) await run(sql);
  for (const { path, sql } of files) {
    try {
      await run(sql);
    } catch (error) {
      const { message, detail } = error as Error & { detail?: string };
      throw new SchemaError([`${path}: ${message}`, detail].filter(Boolean).join("\n"), { cause: error });
    }
  }
}

async function withClient<T>(connectionString: string, work: (run: Run) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await work((sql) => client.query(sql));
  } finally {
    await client.end();
  }
}

check(process.cwd()).catch((error: Error) => {
  console.error(error instanceof SchemaError ? error.message : error);
  process.exitCode = 1;
});
