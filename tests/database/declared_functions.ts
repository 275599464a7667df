// The functions of the database that the C++ calls, as shared/database declares them.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The names, each once and sorted. Some are declared twice, for two ways of asking. */
export async function declaredFunctions(root: string): Promise<string[]> {
  const folder = join(root, "shared/database");
  const names = new Set<string>();
  for (const file of await readdir(folder)) {
    if (!file.endsWith(".hpp")) continue;
    const text = await readFile(join(folder, file), "utf8");
    const declarations = text.match(/^inline constexpr (Function<|Declaration )/gm) ?? [];
    const named = [...text.matchAll(/\bk[A-Z]\w*\{\s*(?:\{\s*)?"([a-z_]+)"/g)];
    assert.equal(named.length, declarations.length, `${file} names each function it declares`);
    for (const [, name] of named) names.add(name!);
  }
  return [...names].sort();
}
