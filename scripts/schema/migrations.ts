// The files of supabase/migrations.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SqlFile } from "./schema_files.ts";

export const MIGRATIONS_FOLDER = "supabase/migrations";

/** In the order in which they are applied. */
export function readMigrations(root: string): SqlFile[] {
  return migrationNames(root).map((name) => {
    const path = `${MIGRATIONS_FOLDER}/${name}`;
    return { path, sql: readFileSync(join(root, path), "utf8") };
  });
}

export function migrationNames(root: string): string[] {
  return readdirSync(join(root, MIGRATIONS_FOLDER))
    .filter((name) => name.endsWith(".sql"))
    .sort();
}

/** The name of the next file: after all that there are, and of this moment if it is later than they are. */
export function nextMigrationName(existing: string[], name: string, now: Date): string {
  const moment = now.toISOString().replace(/\D/g, "").slice(0, 14);
  const last = existing.map((file) => file.slice(0, 14)).sort().at(-1) ?? "";
  return `${last < moment ? moment : secondAfter(last)}_${name}.sql`;
}

function secondAfter(version: string): string {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(version) ?? [];
  const [year, month, day, hour, minute, second] = parts.map(Number) as [
    number, number, number, number, number, number,
  ];
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second + 1))
    .toISOString()
    .replace(/\D/g, "")
    .slice(0, 14);
}
