// Checks that the schema files contain each object once.
import { SchemaError, type SqlFile } from "./schema_files.ts";
import { objectsMadeBy, splitStatements } from "./statements.ts";

/** Throws a SchemaError with every repeated object, and its places. */
export function refuseDuplicates(files: SqlFile[]): void {
  const places = new Map<string, string[]>();
  for (const { path, sql } of files) {
    for (const object of splitStatements(sql).flatMap(objectsMadeBy))
      places.set(object, [...(places.get(object) ?? []), path]);
  }
  const twice = [...places].filter(([, paths]) => paths.length > 1);
  if (twice.length === 0) return;
  throw new SchemaError(
    twice.map(([object, paths]) => `${object} stands in ${paths.join(" and in ")}`).join("\n"),
  );
}
