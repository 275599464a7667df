// The database's definition: the files of supabase/schemas, in the order of `schema_paths` in
// supabase/config.toml, which the Supabase CLI also uses.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface SqlFile {
  /** Relative to the repository's root. */
  path: string;
  sql: string;
}

/** A fault in the files; the message is for the developer who has changed them. */
export class SchemaError extends Error {}

const FOLDER = "supabase/schemas";

/** The files in order. Throws a SchemaError when a path names no file, or no path names a file. */
export function readSchemaFiles(root: string): SqlFile[] {
  const config = readFileSync(join(root, "supabase/config.toml"), "utf8");
  const files = readdirSync(join(root, FOLDER), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".sql"))
    .map((file) => `${FOLDER}/${file}`);
  return orderFiles(schemaPaths(config), files).map((path) => ({
    path,
    sql: readFileSync(join(root, path), "utf8"),
  }));
}

/** The setting `schema_paths` of the section `[db.migrations]`. */
export function schemaPaths(config: string): string[] {
  const section = config.split(/^(?=\[)/m).find((part) => part.startsWith("[db.migrations]"));
  const list = /^schema_paths = \[([^\]]*)\]/m.exec(section ?? "");
  if (!list) throw new SchemaError("supabase/config.toml has no schema_paths in [db.migrations].");
  return [...list[1]!.matchAll(/"([^"]*)"/g)].map(([, path]) => path!);
}

/** Orders files by the first path that names them; files of one path are in the order of names. */
export function orderFiles(paths: string[], files: string[]): string[] {
  const ordered = new Set<string>();
  for (const path of paths) {
    const named = namedBy(path);
    const matching = files.filter((file) => named.test(file)).sort();
    if (matching.length === 0) {
      throw new SchemaError(`schema_paths in supabase/config.toml has ${path}, which is no file.`);
    }
    for (const file of matching) ordered.add(file);
  }
  const forgotten = files.filter((file) => !ordered.has(file));
  if (forgotten.length > 0) {
    throw new SchemaError(
      `schema_paths in supabase/config.toml does not have ${forgotten.sort().join(", ")}.`,
    );
  }
  return [...ordered];
}

// Paths are relative to supabase/config.toml; a star matches anything but a slash.
function namedBy(path: string): RegExp {
  const pattern = path
    .replace(/^\.\//, "supabase/")
    .split("*")
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
    .join("[^/]*");
  return new RegExp(`^${pattern}$`);
}
