// Applies supabase/migrations, and records them like the Supabase CLI: in the table
// supabase_migrations.schema_migrations, one transaction per file.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "./part.ts";

export interface SqlDatabase {
  /** Runs statements as one transaction. */
  run(sql: string): Promise<void>;
  rows<Row>(sql: string): Promise<Row[]>;
}

/** The beginning of a line that reports the progress of a start. */
export const PROGRESS = "progress: ";
/** The beginning of a line that a developer should see. */
export const NEW_MIGRATION = "applied new migration";

interface Migration {
  version: string;
  name: string;
  file: string;
  sql: string;
}

interface AppliedMigration {
  version: string;
  statements: string[] | null;
}

/**
 * Throws a StartError before any change when the database was made by other migrations than those of
 * `folder`. `home` is its place, in words for the developer.
 */
export async function refuseOtherHistory(
  database: SqlDatabase,
  folder: string,
  home: { name: string; wayOut: string },
): Promise<void> {
  const [table] = await database.rows<{ exists: boolean }>(
    "select to_regclass('supabase_migrations.schema_migrations') is not null as exists",
  );
  if (!table?.exists) return;
  const applied = await readApplied(database);
  const [first] = readMigrations(folder);
  if (applied.length === 0 || applied.some(({ version }) => version === first?.version)) return;
  throw new StartError(
    `${home.name} was made by an earlier version of Fabula, whose migrations are no longer there, and ` +
      `is left as it is: ${home.wayOut}.`,
  );
}

/** Throws a StartError with the migration that PostgreSQL refused, and the reason. */
export async function applyMigrations(database: SqlDatabase, folder: string): Promise<void> {
  const applied = await readApplied(database);
  const appliedStatements = new Map(applied.map((row) => [row.version, row.statements]));
  const migrations = readMigrations(folder);
  for (const [index, migration] of migrations.entries()) {
    const statements = appliedStatements.get(migration.version);
    if (statements !== undefined) {
      refuseChange(migration, statements);
      continue;
    }
    await apply(database, migration);
    console.log(`${PROGRESS}applied ${index + 1} of ${migrations.length} migrations`);
    // Only for a database with earlier migrations is this news.
    console.log(`${applied.length > 0 ? NEW_MIGRATION : "applied migration"} ${migration.file}`);
  }
}

async function readApplied(database: SqlDatabase): Promise<AppliedMigration[]> {
  return database.rows<AppliedMigration>(
    "select version, statements from supabase_migrations.schema_migrations",
  );
}

function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const [, version, name] = /^(\d{14})_(.+)\.sql$/.exec(file) ?? [];
      if (!version || !name) return [];
      return [{ version, name, file, sql: readFileSync(join(folder, file), "utf8") }];
    });
}

async function apply(database: SqlDatabase, migration: Migration): Promise<void> {
  const { version, name, sql } = migration;
  try {
    await database.run(
      `${sql}\n;insert into supabase_migrations.schema_migrations (version, name, statements)
       values (${quote(version)}, ${quote(name)}, array[${quote(sql)}])`,
    );
  } catch (error) {
    throw new StartError(`Migration ${migration.file} failed: ${describe(error as Error, sql)}`, {
      cause: error,
    });
  }
}

// The Supabase CLI stores a file as separate statements, so the file itself cannot be compared.
function refuseChange(migration: Migration, statements: string[] | null): void {
  if (statements?.length !== 1 || statements[0] === migration.sql) return;
  throw new StartError(
    `Migration ${migration.file} has changed since it was applied, and migrations are only added: ` +
      "put the change into a new file, or start on an empty directory with --data DIR.",
  );
}

function describe(error: Error, sql: string): string {
  const position = Number((error as { position?: string | number }).position);
  const line = position > 0 ? ` (line ${sql.slice(0, position - 1).split("\n").length})` : "";
  return error.message + line;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
