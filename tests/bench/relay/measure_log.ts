// How much saving replies writes to PostgreSQL's write-ahead log: tests/bench/database, if a
// PostgreSQL is available.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Scale } from "./main.ts";

export async function measureLog({ root }: Scale): Promise<void> {
  const programs = process.env["POSTGRES_BIN"] ?? "/usr/lib/postgresql/15/bin";
  console.log("\nPostgreSQL: bytes of write-ahead log for replies that are saved while they are made\n");
  if (!existsSync(join(programs, "postgres"))) {
    console.log(`skipped: there is no PostgreSQL in ${programs} (POSTGRES_BIN names another folder)`);
    return;
  }
  const { status } = spawnSync(join(root, "tests/bench/database/run"), { stdio: "inherit" });
  if (status !== 0) throw new Error(`tests/bench/database/run ended with ${status}`);
}
