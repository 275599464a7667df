// scripts/migration: begins a new file of supabase/migrations.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { MIGRATIONS_FOLDER, migrationNames, nextMigrationName } from "./migrations.ts";
import { readSchemaFiles, SchemaError } from "./schema_files.ts";

const [name = ""] = process.argv.slice(2);
const root = process.cwd();

try {
  if (name === "--baseline") writeBaseline();
  else beginMigration();
} catch (error) {
  if (!(error instanceof SchemaError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function beginMigration(): void {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    throw new SchemaError(
      "usage: scripts/migration NAME, of small letters, digits and underscores",
    );
  }
  const path = write(name, `-- ${name.replaceAll("_", " ")}: why\n`);
  console.log(
    `${path}\n` +
      "Write into it what makes a database that has all earlier migrations what supabase/schemas says:\n" +
      "functions as `create or replace function`, columns as `alter table ... add column`, rights again\n" +
      "for what is new. Then ./scripts/check schema compares both.",
  );
}

// Writes all schema files as the only migration.
function writeBaseline(): void {
  if (migrationNames(root).length > 0) {
    throw new SchemaError(`${MIGRATIONS_FOLDER} is not empty: a baseline is the first migration.`);
  }
  const files = readSchemaFiles(root);
  const parts = files.map(({ path, sql }) => `-- ${path}\n\n${sql}`);
  console.log(
    write(
      "baseline",
      `-- The database as it was at first: all of supabase/schemas.\n\n${parts.join("\n")}`,
    ),
  );
}

function write(title: string, sql: string): string {
  const path = join(MIGRATIONS_FOLDER, nextMigrationName(migrationNames(root), title, new Date()));
  writeFileSync(join(root, path), sql, { flag: "wx" });
  return path;
}
