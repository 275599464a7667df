// The files of supabase/migrations.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SchemaError, type SqlFile } from "./schema_files.ts";

export const MIGRATIONS_FOLDER = "supabase/migrations";

/** In the order in which they are applied. */
export function readMigrations(root: string): SqlFile[] {
  const names = migrationNames(root);
  refuseEqualVersions(names);
  return names.map((name) => {
    const path = `${MIGRATIONS_FOLDER}/${name}`;
    return { path, sql: readFileSync(join(root, path), "utf8") };
  });
}

export function migrationNames(root: string): string[] {
  return readdirSync(join(root, MIGRATIONS_FOLDER))
    .filter((name) => name.endsWith(".sql"))
    .sort();
}

/** A database knows a migration by its version alone: a second one with it would not be applied. */
export function refuseEqualVersions(names: string[]): void {
  const files = new Map<string, string>();
  for (const name of names) {
    const version = name.slice(0, 14);
    const other = files.get(version);
    if (other) throw new SchemaError(`${other} and ${name} have the same version: rename the newer one.`);
    files.set(version, name);
  }
}

/** The name of the next file: later than all existing ones, and the current time if that is later. */
export function nextMigrationName(existing: string[], name: string, now: Date): string {
  const versions = existing.map((file) => file.slice(0, 14)).sort();
  const earliest = versions.length > 0 ? secondAfter(versions.at(-1)!) : now;
  return `${versionAt(earliest < now ? now : earliest)}_${name}.sql`;
}

function versionAt(moment: Date): string {
  return moment.toISOString().replace(/\D/g, "").slice(0, 14);
}

function secondAfter(version: string): Date {
  const [, date, hour, minute, second] = /^(\d{8})(\d\d)(\d\d)(\d\d)$/.exec(version) ?? [];
  const day = date?.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3");
  return new Date(Date.parse(`${day}T${hour}:${minute}:${second}Z`) + 1000);
}
