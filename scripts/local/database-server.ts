// The process of the embedded Supabase. Its parent sends it one message, DatabaseServerOptions, and
// gets one back, DatabaseReport. It ends with its parent, or on SIGTERM.
import { chmodSync, mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createDatabaseServer } from "./database-http.ts";
import { MIGRATIONS, openLite } from "./database-lite.ts";
import { lockFolder } from "./database-lock.ts";
import { applyMigrations } from "./database-migrations.ts";
import { StartError } from "./part.ts";

export interface DatabaseServerOptions {
  root: string;
  dataDir: string;
  port: number;
  databaseUrl?: string;
  publishableKey: string;
  secretKey: string;
  jwtSecret: string;
}

export type DatabaseReport =
  | { url: string }
  /** Explained: the reason is in words for the developer, who needs no log. */
  | { failure: string; isExplained: boolean };

async function serve(options: DatabaseServerOptions): Promise<string> {
  const folder = join(options.dataDir, "database");
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  await lockFolder(folder);
  // Lite stores its files in the current directory, which must not be the repository.
  process.chdir(folder);

  const lite = await openLite(options, folder);
  await applyMigrations(lite.database, join(options.root, MIGRATIONS));
  await lite.settlePrivileges();

  const server = createDatabaseServer(lite.fetch);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  closeAtEnd(async () => {
    server.close();
    server.closeAllConnections();
    await lite.close();
  });
  const learned = lite.learnTables().catch((error: Error) => console.error(error));
  if (options.databaseUrl) await learned; // this takes too long on PGlite
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function closeAtEnd(close: () => Promise<void>): void {
  const end = () => void close().finally(() => process.exit(0));
  process.once("SIGTERM", end);
  process.once("disconnect", end);
}

// Lite logs every statement that PostgreSQL refuses, with parameters, which contain people's texts.
function logWithoutParameters(): void {
  const log = console.error;
  console.error = (...values: unknown[]) => log(...values.map(withoutParameters));
}

function withoutParameters(value: unknown): unknown {
  if (!(value instanceof Error) || !("severity" in value)) return value;
  const { code, detail } = value as { code?: string; detail?: string };
  return [code, detail?.match(/^\w+$/)?.[0], value.message].filter(Boolean).join(" ");
}

// When a PostgreSQL goes away, its driver rejects statements that nobody awaits any more. The next
// statement reconnects, so this process must keep running.
process.on("unhandledRejection", (reason) => console.error(reason));

// Ctrl-C in a terminal reaches every process; the parent ends this one after those that depend on it.
process.on("SIGINT", () => {});
logWithoutParameters();
process.once("message", (options: DatabaseServerOptions) => {
  const report = (message: DatabaseReport) => process.send?.(message);
  serve(options).then(
    (url) => report({ url }),
    (error: Error) => {
      console.error(error);
      report({ failure: error.message, isExplained: error instanceof StartError });
    },
  );
});
