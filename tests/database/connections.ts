// Many connections of their own to a database, as many isolates have them, which may be killed.
import pg from "pg";
import type { SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";

export interface Connections {
  /** Calls a function on each connection at once; the codes of what was refused, and "killed". */
  callAll(name: string, requests: Row[]): Promise<{ answers: Row[]; codes: string[] }>;
  /** Kills as many of the connections as are in a transaction at the moment; returns how many. */
  killSome(count: number): Promise<number>;
  stop(): Promise<void>;
}

/** Opens this many connections as PostgREST has them. */
export async function openConnections(target: SqlTarget, count: number): Promise<Connections> {
  const [server] = await target.asOwner("select current_setting('port') as port");
  const connectionString = `postgres://authenticator@127.0.0.1:${server!["port"]}/postgres`;
  const open = async () => {
    const client = new pg.Client({ connectionString, application_name: "isolate" });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  let clients: pg.Client[] = await Promise.all(Array.from({ length: count }, open));

  async function call(client: pg.Client, name: string, request: Row): Promise<Row> {
    try {
      await client.query("begin; set local role service_role");
      const { rows } = await client.query(`select public.${name}($1::jsonb) as answer`, [JSON.stringify(request)]);
      await client.query("commit");
      return rows[0].answer;
    } catch (error) {
      await client.query("rollback").catch(() => {});
      throw error;
    }
  }
  return {
    async callAll(name, requests) {
      const results = await Promise.allSettled(
        requests.map((request, place) => call(clients[place % count]!, name, request)),
      );
      const answers: Row[] = [];
      const codes: string[] = [];
      for (const result of results) {
        if (result.status === "fulfilled") answers.push(result.value);
        else {
          const { code, detail } = result.reason as pg.DatabaseError;
          codes.push(/^PT/.test(code ?? "") ? detail! : code === "55P03" ? "locked" : "killed");
        }
      }
      await Promise.all(clients.map((client) => client.end().catch(() => {})));
      clients = await Promise.all(Array.from({ length: count }, open));
      return { answers, codes };
    },
    async killSome(most) {
      const killed = await target.asOwner(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'isolate' and state = 'active' order by random() limit $1`,
        [most],
      );
      return killed.length;
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.end().catch(() => {})));
    },
  };
}
