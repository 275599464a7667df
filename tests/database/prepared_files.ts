// Files of an embedded Supabase with all migrations, made once and then copied: making them again
// for each file of tests takes three times as long as starting with them.
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, join } from "node:path";
import { startDatabase, type DatabaseOptions } from "../../scripts/local/database.ts";

/** To be called before the first start on `dataDir`, which is empty. */
export async function prepareFiles(options: DatabaseOptions): Promise<void> {
  const { root, dataDir } = options;
  const all = join(root, "build/tests/embedded_supabase");
  const made = join(all, fingerprint(root));
  if (!existsSync(made)) {
    mkdirSync(all, { recursive: true });
    const making = mkdtempSync(join(all, "making-"));
    const database = await startDatabase({ ...options, dataDir: making });
    await database.stop();
    try {
      renameSync(making, made);
    } catch {
      rmSync(making, { recursive: true, force: true }); // Another process was quicker.
    }
  }
  // A socket in the folder shows which process holds it.
  cpSync(made, dataDir, { recursive: true, filter: (path) => basename(path) !== "lock" });
}

/** A digest of the files' inputs. */
function fingerprint(root: string): string {
  const hash = createHash("sha256");
  for (const folder of ["supabase/migrations", "scripts/local"]) {
    for (const name of readdirSync(join(root, folder)).sort()) {
      if (!/^\d+_.*\.sql$|^database.*\.ts$/.test(name)) continue;
      hash.update(name).update(readFileSync(join(root, folder, name)));
    }
  }
  return hash.update(readFileSync(join(root, "package-lock.json"))).digest("hex").slice(0, 16);
}
