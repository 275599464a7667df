// One locked principal delays only itself, on a real PostgreSQL: a transaction that waits for a lock times
// out soon, and PostgREST's few connections stay available to all others.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { startPostgres, type PostgresServer } from "./postgres_server.ts";
import { newTokenHash, newUser } from "./turns.ts";

const CONNECTIONS = 10;
const WAITING = 20;
const LOCKED_MS = process.env["FABULA_TEST_RING"] === "long" ? 30_000 : 10_000;

let server: PostgresServer;
let edge: pg.Pool;
let owner: pg.Pool;
before(async () => {
  server = await startPostgres(process.cwd());
  edge = new pg.Pool({ connectionString: server.authenticatorUrl, max: CONNECTIONS });
  owner = new pg.Pool({ connectionString: server.ownerUrl, max: 2 });
});
after(async () => {
  await Promise.all([edge.end(), owner.end()]);
  await server.stop();
});

test("every function that the edge calls waits for a lock at most two seconds", async () => {
  const functions = await owner.query(
    `select proname, coalesce(proconfig @> '{lock_timeout=2s}', false) as is_bounded
     from pg_proc
     where pronamespace = 'public'::regnamespace
       and has_function_privilege('service_role', oid, 'execute')
     order by 1`,
  );
  assert.ok(functions.rows.length > 40);
  const unbounded = functions.rows.filter(({ is_bounded }) => !is_bounded);
  assert.deepEqual(unbounded.map(({ proname }) => proname), []);
});

test("statements of the roles that requests run as are bounded", async () => {
  const roles = await owner.query(
    `select rolname, rolconfig from pg_roles
     where rolname in ('anon', 'authenticated', 'service_role') order by 1`,
  );
  assert.deepEqual(
    roles.rows.map(({ rolname, rolconfig }) => [rolname, rolconfig]),
    [
      ["anon", ["statement_timeout=3s"]],
      ["authenticated", ["statement_timeout=8s"]],
      ["service_role", ["statement_timeout=10s"]],
    ],
  );
});

interface Ended {
  took_ms: number;
  code: string;
}

async function begin(principal: object): Promise<Ended> {
  const started = performance.now();
  const request = {
    principal,
    kind: "chat",
    text: "Once upon a time.",
    history_budget_tokens: 3000,
    rate_limit: { action: "chat", max_requests: 1000, window_seconds: 60 },
  };
  const client = await edge.connect();
  let code = "";
  try {
    await client.query("begin; set local role service_role");
    await client.query("select public.begin_turn(request := $1::jsonb)", [JSON.stringify(request)]);
    await client.query("commit");
  } catch (error) {
    code = (error as pg.DatabaseError).code ?? String(error);
    await client.query("rollback");
  } finally {
    client.release();
  }
  return { took_ms: performance.now() - started, code };
}

const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[numbers.length >> 1]!;

/** One request after the other, each of another principal. */
async function medianOfOthers(duration_ms: number): Promise<{ median_ms: number; count: number }> {
  const end = performance.now() + duration_ms;
  const times: number[] = [];
  while (performance.now() < end) {
    const { took_ms, code } = await begin(newUser());
    assert.equal(code, "");
    times.push(took_ms);
    await delay(20);
  }
  return { median_ms: median(times), count: times.length };
}

for (const kind of ["guest", "user"] as const) {
  test(`a locked ${kind} with ${WAITING} requests delays only itself`, async () => {
    const token_hash = newTokenHash();
    const user = newUser();
    await begin(kind === "user" ? user : { kind: "new_guest", token_hash });
    const principal = kind === "user" ? user : { kind, token_hash };
    await medianOfOthers(1000);
    const usual = await medianOfOthers(3000);

    const locker = await owner.connect();
    await locker.query("begin");
    const { rowCount } = await locker.query(
      `select from public.principals where ${kind === "user" ? "id" : "guest_token_hash"} = $1 for update`,
      [kind === "user" ? user["subject"] : token_hash],
    );
    assert.equal(rowCount, 1);
    const waiting = Array.from({ length: WAITING }, () => begin(principal));
    const meanwhile = await medianOfOthers(LOCKED_MS);
    const ended = await Promise.all(waiting);
    await locker.query("rollback");
    locker.release();
    // Measured before and after, because the machine's other load changes meanwhile.
    const after = await medianOfOthers(3000);
    const usual_ms = Math.max(usual.median_ms, after.median_ms);
    const waited_ms = median(ended.map(({ took_ms }) => took_ms));
    console.log({ kind, usual, meanwhile, after, waited_ms });

    assert.deepEqual(new Set(ended.map(({ code }) => code)), new Set(["55P03"]));
    assert.ok(meanwhile.median_ms <= 2 * usual_ms);
    assert.equal((await begin(principal)).code, "");
  });
}
