// A real PostgreSQL, called like PostgREST does: one transaction per call, with a role that has no rights of
// its own and becomes service_role.
import pg from "pg";
import { startPostgres, type PostgresServer } from "./postgres_server.ts";
import { Refusal, type Row, type Target } from "./target.ts";

export interface SqlTarget extends Target {
  /** Runs statements as a role, with the claims of a token if given, and rolls back; the last one's rows. */
  tryAs(role: string, sql: string, claims?: object): Promise<Row[]>;
  /** Runs a statement as a role; its rows. */
  runAs(role: string, sql: string, parameters: unknown[]): Promise<Row[]>;
  /** Runs statements as their owner. */
  asOwner(sql: string, parameters?: unknown[]): Promise<Row[]>;
}

const CONNECTIONS = 40;

export async function startSqlTarget(root: string): Promise<SqlTarget> {
  return sqlTargetOf(await startPostgres(root));
}

/** Its stop() ends the server too. */
export function sqlTargetOf(server: PostgresServer): SqlTarget {
  const edge = new pg.Pool({ connectionString: server.authenticatorUrl, max: CONNECTIONS });
  const owner = new pg.Pool({ connectionString: server.ownerUrl, max: 2 });

  async function transaction<T>(
    role: string,
    end: "commit" | "rollback",
    work: (client: pg.PoolClient) => Promise<T>,
  ) {
    const client = await edge.connect();
    try {
      await client.query("begin");
      await client.query(`set local role ${role}`);
      const result = await work(client);
      await client.query(end);
      return result;
    } catch (error) {
      await client.query("rollback");
      throw asRefusal(error);
    } finally {
      client.release();
    }
  }

  return {
    call: (name, request) =>
      untilItHasItsLocks(() =>
        transaction("service_role", "commit", async (client) => {
          const sql = `select public.${name}(request := $1::jsonb) as answer`;
          const result = await client.query(sql, [JSON.stringify(request)]);
          return result.rows[0].answer;
        }),
      ),
    select: (table, where) =>
      transaction("service_role", "commit", async (client) => {
        const sql = `select * from public.${table} where ${conditions(where, 1)}`;
        return (await client.query(sql, Object.values(where))).rows;
      }),
    update: (table, where, values) =>
      transaction("service_role", "commit", async (client) => {
        const settings = Object.keys(values).map((column, index) => `${column} = $${index + 1}`);
        const count = settings.length;
        const sql = `update public.${table} set ${settings.join(", ")} where ${conditions(where, count + 1)}`;
        await client.query(sql, [...Object.values(values), ...Object.values(where)]);
      }),
    tryAs: (role, sql, claims) =>
      transaction(role, "rollback", async (client) => {
        if (claims) {
          await client.query("select set_config('request.jwt.claims', $1, true)", [
            JSON.stringify(claims),
          ]);
        }
        const results = [await client.query(sql)].flat();
        return results.at(-1)!.rows;
      }),
    runAs: (role, sql, parameters) =>
      transaction(role, "commit", async (client) => (await client.query(sql, parameters)).rows),
    asOwner: async (sql, parameters) => (await owner.query(sql, parameters)).rows,
    stop: async () => {
      await Promise.all([edge.end(), owner.end()]);
      await server.stop();
    },
  };
}

// A call that has waited too long for a lock has changed nothing, and is repeated, as callers do.
async function untilItHasItsLocks<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const isLocked = error instanceof pg.DatabaseError && error.code === "55P03";
      if (!isLocked || attempt === 20) throw error;
    }
  }
}

function conditions(where: Row, from: number): string {
  return Object.keys(where)
    .map((column, index) => `${column} = $${index + from}`)
    .join(" and ");
}

function asRefusal(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  const status = /^PT(\d{3})$/.exec(error.code ?? "")?.[1];
  return status
    ? new Refusal(Number(status), error.detail ?? "", error.message, error.hint ?? "")
    : error;
}
