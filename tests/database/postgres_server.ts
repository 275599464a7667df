// A real PostgreSQL of the tests' own, in a temporary directory, with the roles that Supabase has.
import { execFile, spawn } from "node:child_process";
import { chown, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";

export const POSTGRES_BINARIES = process.env["POSTGRES_BIN"] ?? "/usr/lib/postgresql/15/bin";

const INITIALISATION = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"];
const SETTINGS = [
  "-c",
  "listen_addresses=127.0.0.1",
  "-c",
  "fsync=off",
  "-c",
  "max_connections=80",
];
const START_DEADLINE_MS = 30_000;
const RETRY_MS = 50;

// The server ends with this process in any case: when no process can write to the shell any more.
const WATCHED = '"$0" "$@" & cat > /dev/null; kill -QUIT $!; wait $!';

export interface PostgresServer {
  /** Connects as the superuser, who owns the migrations' objects. */
  ownerUrl: string;
  /** Connects as PostgREST does, as a role that may only become one of the three. */
  authenticatorUrl: string;
  stop(): Promise<void>;
}

/** The roles that Supabase has, and the one that PostgREST connects as. */
export const ROLES = `
  create role anon nologin;
  create role authenticated nologin;
  create role service_role nologin bypassrls;
  create role authenticator login noinherit;
  grant anon, authenticated, service_role to authenticator;
`;

/** `root` is the repository, whose migrations are applied unless `migrated` is false. */
export async function startPostgres(
  root: string,
  options: { migrated?: boolean; roles?: boolean } = {},
): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), "fabula-postgres-"));
  const data = join(directory, "data");
  const port = await freePort();
  const asOwner = await unprivileged(directory);
  await promisify(execFile)(join(POSTGRES_BINARIES, "initdb"), ["-D", data, ...INITIALISATION], asOwner);
  const settings = ["-D", data, "-p", `${port}`, "-k", directory, ...SETTINGS];
  const postgres = spawn("sh", ["-c", WATCHED, join(POSTGRES_BINARIES, "postgres"), ...settings], {
    ...asOwner,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const exited = new Promise((resolve) => postgres.once("exit", resolve));
  const url = (user: string) => `postgres://${user}@127.0.0.1:${port}/postgres`;
  const stop = async () => {
    postgres.stdin.end();
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilItAnswers(url("postgres"));
    if (options.roles !== false) await execute(url("postgres"), ROLES);
    if (options.migrated !== false) await migrate(root, url("postgres"));
  } catch (error) {
    await stop();
    throw error;
  }
  return { ownerUrl: url("postgres"), authenticatorUrl: url("authenticator"), stop };
}

async function migrate(root: string, url: string): Promise<void> {
  const folder = join(root, "supabase/migrations");
  for (const file of (await readdir(folder)).sort()) {
    if (!file.endsWith(".sql")) continue;
    try {
      await execute(url, await readFile(join(folder, file), "utf8"));
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
    }
  }
}

async function execute(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function untilItAnswers(connectionString: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await execute(connectionString, "select");
    } catch (error) {
      if (attempt * RETRY_MS > START_DEADLINE_MS) throw error;
      await delay(RETRY_MS);
    }
  }
}

// PostgreSQL refuses to run as root: then it runs as the user that its package has made.
async function unprivileged(
  directory: string,
): Promise<{ cwd: string; uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return { cwd: directory };
  const id = async (kind: string) =>
    Number((await promisify(execFile)("id", [kind, "postgres"])).stdout);
  const [uid, gid] = [await id("-u"), await id("-g")];
  await chown(directory, uid, gid);
  return { cwd: directory, uid, gid };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
