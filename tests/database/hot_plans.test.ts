// How PostgreSQL executes frequent requests, in a database of a million messages: by indexes, reading few
// more rows than it returns. Rows and pages are counted; the printed times are only information.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { KEY } from "./bots.ts";
import {
  ACTIVE_SESSIONS_OF_USER,
  BOT_OF_USER,
  BOTS_OF_USER,
  DELETED_SESSIONS_OF_USER,
  fill,
  firstBeginning,
  linearSession,
  LONG_LOG,
  longSession,
  namedSession,
  PROJECTS_OF_USER,
  PUBLIC_BOTS,
  retakenSession,
  rewrittenSession,
  RUNNING_TURNS,
  shortSession,
  user,
} from "./large_database.ts";
import { explainEverything, rowsRead, statementsOf, type Statement } from "./plans.ts";
import { startPostgres, type PostgresServer } from "./postgres_server.ts";
import { leaseOf } from "./tasks.ts";
import type { Row } from "./target.ts";

// A statement of a function is planned five times, and may then have one plan for all later calls.
const ROUNDS = 7;
// Statements with a higher expected cost are compiled first, which takes longer than executing them.
const JIT_ABOVE_COST = 100_000;
// A statement that policies of messages check reads the caller twice, and the caller's deleted sessions,
// whose messages it hides.
const POLICY_ROWS = 2 + DELETED_SESSIONS_OF_USER;
const LARGE_TABLES = [
  "principals",
  "projects",
  "sessions",
  "messages",
  "generations",
  "dossiers",
  "dossier_assertions",
  "bots",
  "bot_keys",
  "jobs",
  "job_steps",
  "job_queues",
  "session_summaries",
  "message_extractions",
];

let server: PostgresServer;
let client: pg.Client;
before(
  async () => {
    server = await startPostgres(process.cwd());
    client = new pg.Client({ connectionString: server.ownerUrl });
    await client.connect();
    const begun = Date.now();
    await fill(client);
    console.log(`1,100,100 messages loaded in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  },
  { timeout: 120_000 },
);
after(async () => {
  await client.end();
  await server.stop();
});

const sqlOf = (name: string, request: Row) => {
  const argument = JSON.stringify({ principal: user, ...request }).replaceAll("'", "''");
  return `select public.${name}(request := '${argument}'::jsonb) as answer`;
};
const call = async (name: string, request: Row): Promise<Row> =>
  (await client.query(sqlOf(name, request))).rows[0].answer;

/** Does it with the rights that PostgREST has, and takes it back. */
async function tried<T>(work: () => Promise<T>): Promise<T> {
  await client.query("begin; set local role service_role");
  try {
    return await work();
  } finally {
    await client.query("rollback");
  }
}

/** Rows of large tables that were read, all by indexes. */
function rowsByIndex(label: string, statements: Statement[]): number {
  let rows = 0;
  for (const { text, cost, nodes } of statements) {
    for (const node of nodes) {
      if (!LARGE_TABLES.includes(node["Relation Name"])) continue;
      const told = `${label}: ${node["Node Type"]} of ${node["Relation Name"]} in\n${text}`;
      assert.notEqual(node["Node Type"], "Seq Scan", told);
      rows += rowsRead(node);
    }
    assert.ok(cost < JIT_ABOVE_COST, `${label}: ${cost} for\n${text}`);
  }
  assert.ok(rows > 0, `${label}: nothing was seen`);
  return rows;
}

const tell = (statements: Statement[]) =>
  statements
    .filter(({ nodes }) => nodes.some((node) => rowsRead(node) > 0))
    .map(({ text, nodes }) => `${text}\n-- rows read: ${nodes.map(rowsRead)}`)
    .join("\n");

/** Calls the function again and again; each time it may read so many rows. */
async function assertReads(maxRows: number, name: string, request: Row): Promise<void> {
  const label = `${name} ${JSON.stringify(request).slice(0, 120)}`;
  let most = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const statements = await tried(() => statementsOf(client, () => call(name, request)));
    const rows = rowsByIndex(label, statements);
    most = Math.max(most, rows);
    assert.ok(rows <= maxRows, `${label}: ${rows} rows, more than ${maxRows}\n${tell(statements)}`);
  }
  console.log(`${most} of ${maxRows} rows: ${label}`);
}

const beginning = { kind: "chat", title: "Foxes", text: "Next?", history_budget_tokens: 3000 };

test("a turn in a session of 100,000 messages touches about as many pages as in one of 100", async () => {
  const measured = [];
  for (const [messages, { session_id }] of [
    [100, shortSession],
    [100_000, longSession],
  ] as const) {
    const sql = sqlOf("begin_turn", { ...beginning, session_id });
    let [pages, time_ms] = [Infinity, Infinity];
    for (let round = 0; round < 2 * ROUNDS; round += 1) {
      const { rows } = await tried(() =>
        client.query(`explain (analyze, buffers, format json) ${sql}`),
      );
      const [explained] = rows[0]["QUERY PLAN"];
      const plan = explained["Plan"];
      pages = Math.min(pages, plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]);
      time_ms = Math.min(time_ms, explained["Execution Time"]);
    }
    measured.push({ messages, pages, time_ms });
  }
  console.log(`begin_turn, the best of ${2 * ROUNDS}:`, measured);
  const [few, many] = measured.map(({ pages }) => pages);
  assert.ok(many! < few! * 1.5, `${many} pages against ${few}`);
});

test("turns are begun, saved and finished by indexes", async () => {
  await explainEverything(client);
  for (const about of [
    { session_id: null },
    { session_id: shortSession.session_id },
    { session_id: longSession.session_id },
    { session_id: rewrittenSession.session_id },
    { kind: "relay", external_id: namedSession.external_id, bot_id: BOT_OF_USER },
    { kind: "relay", external_id: "a new one", stream_id: "a new one" },
    { action: "regenerate", message_id: longSession.leaf_id, text: null },
    { action: "regenerate", message_id: retakenSession.leaf_id, text: null },
  ]) {
    const worst = { begin_turn: 0, append_chunk: 0, finish_turn: 0 };
    for (let round = 0; round < ROUNDS; round += 1) {
      await tried(async () => {
        let turn: Row = {};
        const step = async (name: keyof typeof worst, request: () => Row) => {
          const statements = await statementsOf(client, async () => {
            turn = { ...turn, ...(await call(name, request())) };
          });
          worst[name] = Math.max(worst[name], rowsByIndex(name, statements));
        };
        const saved = (from_offset: number, text: string) => () => ({
          generation_id: turn["generation_id"],
          from_offset,
          text,
          status: "complete",
        });
        await step("begin_turn", () => ({ ...beginning, ...about }));
        await step("append_chunk", saved(0, "A "));
        await step("finish_turn", saved(2, "fox."));
      });
    }
    console.log("rows read by a turn", worst, "of", about);
    // The history that the budget admits has 77 messages. Of takes, the path that they leave is looked at.
    assert.ok(worst.begin_turn <= 77 + 40 + 3 * POLICY_ROWS, `begin_turn: ${worst.begin_turn} rows`);
    assert.ok(worst.append_chunk <= 5, `append_chunk: ${worst.append_chunk} rows`);
    // Ten of them are of a summary, when not all has been sent.
    assert.ok(worst.finish_turn <= 30, `finish_turn: ${worst.finish_turn} rows`);
  }
});

test("turns are told their dossier, and leave what is to be read, by indexes", async () => {
  await explainEverything(client);
  for (const { session_id } of [shortSession, longSession, retakenSession]) {
    for (let round = 0; round < ROUNDS; round += 1) {
      await tried(async () => {
        let turn: Row = {};
        const step = async (maxRows: number, name: string, request: Row) => {
          const statements = await statementsOf(client, async () => {
            turn = { ...turn, ...(await call(name, request)) };
          });
          const rows = rowsByIndex(name, statements);
          assert.ok(rows <= maxRows, `${name}: ${rows} rows, more than ${maxRows}\n${tell(statements)}`);
          if (round === 0) console.log(`${rows} of ${maxRows} rows: ${name}`);
        };
        const asked = { session_id, dossier: true, extract: true };
        // The session's turns before it are asked for their versions: there are five.
        await step(77 + 45 + 2 * POLICY_ROWS, "begin_turn", { ...beginning, ...asked });
        // Nothing before it was read: the last eight messages are, each looked up and referenced.
        await step(60 + 8 * 4, "finish_turn", {
          generation_id: turn["generation_id"],
          from_offset: 0,
          text: "A fox.",
          status: "complete",
          extract: true,
          dossier_facts: ["a".repeat(64)],
        });
        const { message_id } = turn;
        await step(77 + 30 + 3 * POLICY_ROWS, "read_context", { message_id });
      });
    }
  }
});

test("a path moves, and the dossier with it, by indexes", async () => {
  await explainEverything(client);
  // Both ways are walked to the beginning, and each message on them is looked up.
  await assertReads(6 * 50 + 60, "select_message", { message_id: firstBeginning });
});

test("running turns are cancelled, and silent ones ended, by indexes", async () => {
  await explainEverything(client);
  await tried(async () => {
    const turn = await call("begin_turn", { ...beginning, session_id: linearSession.session_id });
    const request_hash = "a".repeat(64);
    const named = { ...beginning, stream_id: "a stream", request_hash };
    await call("begin_turn", named);
    const { stream_id } = turn;
    for (const [maxRows, name, request] of [
      [10, "begin_turn", named],
      [10, "request_cancel", { stream_id }],
      [15, "read_turn", { stream_id }],
      [RUNNING_TURNS + 10 + 5 * 30, "reap_generations", { limit: 5 }],
    ] as const) {
      const rows = rowsByIndex(name, await statementsOf(client, () => call(name, request)));
      console.log(`${rows} of ${maxRows} rows: ${name}`);
      assert.ok(rows <= maxRows, `${name}: ${rows} rows, more than ${maxRows}`);
    }
  });
});

test("bots are listed and read by indexes", async () => {
  await explainEverything(client);
  // All are counted; own and public ones are looked at as far as the page, where each has its row, and
  // an own one its key.
  const rows = (end: number) => BOTS_OF_USER + PUBLIC_BOTS + 2 * end + 2 * 20 + 10;
  await assertReads(rows(20), "list_bots", { query: {} });
  await assertReads(rows(60), "list_bots", { query: { limit: 20, offset: 40 } });
  await assertReads(5, "read_bot", { bot_id: BOT_OF_USER });
  await assertReads(10, "update_bot", { bot_id: BOT_OF_USER, body: { name: "A" }, encrypted_key: KEY });
});

test("work is claimed, committed and failed by indexes", async () => {
  await explainEverything(client);
  for (let round = 0; round < ROUNDS; round += 1) {
    await tried(async () => {
      const read = async (maxRows: number, name: string, request: Row) => {
        let answer: Row = {};
        const statements = await statementsOf(client, async () => {
          answer = await call(name, request);
        });
        const rows = rowsByIndex(name, statements);
        const told = `${name}: ${rows} rows, more than ${maxRows}\n${tell(statements)}`;
        assert.ok(rows <= maxRows, told);
        if (round === 0) console.log(`${rows} of ${maxRows} rows: ${name}`);
        return answer;
      };
      // From the summary at 30 to 40, in a session whose path must be walked: each message is walked,
      // listed and read, and ten are between the goal and the leaf.
      const { step: task } = await read(100, "claim_step", { kinds: ["session_summary"] });
      const { messages } = task;
      assert.equal(messages.length, 10);
      await read(25, "commit_step", { ...leaseOf(task), result: { summary: "A fox." } });
      const next = (await call("claim_step", { kinds: ["session_summary"] }))["step"];
      await read(10, "fail_step", leaseOf(next));

      // Four messages are left to read, and six before them are included as context.
      const kinds = ["dossier_extraction"];
      const reading = (await read(100, "claim_step", { kinds }))["step"];
      assert.deepEqual([reading.messages.length, reading.before.length], [4, 6]);
      const { message_id } = reading.messages[0];
      const found = [1, 2, 3].map((digit) => ({
        assertion_id: `${digit}`.repeat(64),
        kind: "extracted",
        body: {},
        message_id,
      }));
      const result = { base: reading.dossier.head, assertions: found };
      await read(90, "commit_step", { ...leaseOf(reading), result });
      const { session_id } = linearSession;
      assert.equal((await call("claim_step", { kinds, session_id }))["step"], null);
    });
  }
});

test("sessions are listed and read by indexes", async () => {
  await explainEverything(client);
  // The total is counted; each session has its row, its project and its newest message.
  const rows = (listed: number) => ACTIVE_SESSIONS_OF_USER + 3 * listed + 10;
  await assertReads(rows(20), "list_sessions", { query: { limit: 20 } });
  await assertReads(rows(100), "list_sessions", { query: { limit: 100 } });
  await assertReads(rows(40), "list_sessions", { query: { limit: 20, offset: 20 } });
  await assertReads(2 * rows(0) + 3 * 20, "list_sessions", { query: { kind: "chat", limit: 20 } });
  const { project_id, session_id } = linearSession;
  await assertReads(20, "list_sessions", { query: { project_id } });
  const { external_id } = namedSession;
  await assertReads(20, "list_sessions", { query: { external_id } });
  await assertReads(10, "read_session", { session_id });
  await assertReads(10, "read_session", { session_id: longSession.session_id });
  await assertReads(15, "update_session", { session_id, body: { title: "Renamed" } });
  await assertReads(15, "delete_session", { session_id });
});

test("projects and dossiers are listed and read by indexes", async () => {
  await explainEverything(client);
  const { project_id } = longSession;
  for (const query of [{}, { offset: 20 }]) {
    // The total is counted; each project has its row and its session, each dossier its project.
    await assertReads(PROJECTS_OF_USER + 2 * 40 + 10, "list_projects", { query });
    await assertReads(PROJECTS_OF_USER + 2 * 40 + 10, "list_dossiers", { query });
  }
  // By name: all rows of one owner are sorted.
  const query = { order: "name", status: "active" };
  await assertReads(2 * PROJECTS_OF_USER + 20 + 10, "list_projects", { query });
  await assertReads(10, "read_project", { project_id });
  await assertReads(10, "read_dossier", { project_id });
  const more = { project_id, after: LONG_LOG - 500 };
  await assertReads(2 * 500 + 10, "read_dossier_log", more);
  await assertReads(2 * 1000 + 10, "read_dossier_log", { project_id });
  await assertReads(LONG_LOG + 2 * 20 + 10, "list_dossier_versions", { project_id });
  const found = (digit: number) => ({
    assertion_id: `${digit}`.repeat(64),
    kind: "extracted",
    body: {},
    message_id: longSession.leaf_id,
  });
  const assertions = [1, 2, 3, 4, 5].map(found);
  // For each: the owner of its message, whether it is known, whether its message is the project's and on
  // the path, whether the stored row equals the sent one.
  const commit = { project_id, assertions, base: LONG_LOG };
  await assertReads(5 * 6 + 15, "commit_assertions", commit);
  await assertReads(5 * 6 + 15 + 25, "commit_assertions", { ...commit, base: LONG_LOG - 20 });
});

test("pages of messages are read by indexes, and walked to where there are takes", async () => {
  await explainEverything(client);
  const limit = 10;
  // A message of the page is listed, read and counted among its takes.
  const rows = (walked: number, takes = 0) => walked + 3 * limit + takes + 12 + 7 * POLICY_ROWS;
  const read = (maxRows: number, { session_id }: Row, query: Row) =>
    assertReads(maxRows, "list_messages", { session_id, query: { limit, ...query } });
  for (const session of [shortSession, linearSession, longSession]) {
    const middle = session.depth / 2;
    await read(rows(1), session, {});
    await read(rows(1), session, { order: "desc", offset: middle });
    await read(rows(1), session, { order: "asc" });
    await read(rows(1), session, { order: "asc", offset: middle });
    await read(rows(1), session, { offset: session.depth - limit });
  }
  const { depth } = rewrittenSession;
  await read(rows(limit), rewrittenSession, {});
  await read(rows(depth / 2 + limit), rewrittenSession, { offset: depth / 2 });
  await read(rows(depth, 2), rewrittenSession, { order: "asc" });
  // Below the takes, the path is as it was written.
  await read(rows(2, 3), retakenSession, {});
  await read(rows(4), retakenSession, { order: "asc" });
  const { session_id } = longSession;
  await assertReads(3 * 50 + 15 + 6 * POLICY_ROWS, "list_messages", { session_id, query: {} });
});
