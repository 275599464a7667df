// Bytes of write-ahead log, and commits, for each 1,000 tokens of a reply that are saved while it is made: as
// the functions save it, every 0.9 seconds; and, to compare, if they saved it every five seconds, and if each save
// rewrote the whole text. A reply of 3,000 tokens streams for a minute.
import pg from "pg";
import { startPostgres } from "../../database/postgres_server.ts";
import { randomNumbers } from "../../random_numbers.ts";
import type { Row } from "../../database/target.ts";
import { newUser } from "../../database/turns.ts";

const TURNS = 200;
const BYTES_A_TOKEN = 4;
const TOKENS_A_SECOND = 50;
interface Schedule {
  name: string;
  firstSaves_s: readonly number[];
  gap_s: number;
}
const SCHEDULES: readonly Schedule[] = [
  // shared/turn/save_schedule.hpp.
  { name: "every 0.9 seconds", firstSaves_s: [0.9], gap_s: 0.9 },
  { name: "after 1, 2, 4 and then every 5 seconds", firstSaves_s: [1, 3, 7], gap_s: 5 },
];

const random = randomNumbers(1);
const SYLLABLES = ["fo", "xa", "mi", "ro", "lun", "ter", "sa", "wei", "gan", "pol", "ne", "dri"];
/** Not repetitive, because PostgreSQL compresses rewritten data. */
function textOf(tokens: number): string {
  let text = "";
  while (text.length < tokens * BYTES_A_TOKEN) {
    text += SYLLABLES[random(SYLLABLES.length)]!;
    if (random(3) === 0) text += " ";
  }
  return text;
}

/** Bytes that the reply has at each save, the last one being its end. */
function savesOf(tokens: number, { firstSaves_s, gap_s }: Schedule): number[] {
  const seconds = [...firstSaves_s];
  while (seconds.at(-1)! * TOKENS_A_SECOND < tokens) seconds.push(seconds.at(-1)! + gap_s);
  return seconds.map((second) => Math.min(Math.round(second * TOKENS_A_SECOND), tokens) * BYTES_A_TOKEN);
}

const server = await startPostgres(process.cwd());
const client = new pg.Client({ connectionString: server.ownerUrl });
await client.connect();
let commits = 0;
/** One call is one transaction. */
async function call(name: string, request: Row): Promise<Row> {
  const sql = `select public.${name}($1::jsonb) as answer`;
  const { rows } = await client.query(sql, [JSON.stringify(request)]);
  commits += 1;
  return rows[0].answer;
}

/** Bytes of write-ahead log that the work has written. */
async function written(work: () => Promise<unknown>): Promise<number> {
  const position = async (): Promise<string> =>
    (await client.query("select pg_current_wal_insert_lsn() as lsn")).rows[0].lsn;
  const before = await position();
  await work();
  const sql = "select pg_wal_lsn_diff($1, $2) as bytes";
  return Number((await client.query(sql, [await position(), before])).rows[0].bytes);
}

async function measure(tokens: number, schedule: Schedule, full_page_writes: "on" | "off"): Promise<Row> {
  const user = newUser();
  const saves = savesOf(tokens, schedule);
  const text = textOf(tokens);
  const commitsBefore = commits;
  const totals = { begin: 0, saves: 0, finish: 0, rewriting: 0 };
  // Pages that are written first after a checkpoint are written whole.
  await client.query(`alter system set full_page_writes = ${full_page_writes}`);
  await client.query("select pg_reload_conf()");
  await client.query("create table rewritten (id integer primary key, text text)");
  await client.query("checkpoint");
  for (let index = 0; index < TURNS; index += 1) {
    let turn: Row = {};
    totals.begin += await written(async () => {
      turn = await call("begin_turn", {
        principal: user,
        kind: "chat",
        text: "Tell me of the fox.",
        title: "The fox",
        provider: "local",
        model: "a-model",
        history_budget_tokens: 3000,
      });
    });
    const { generation_id } = turn;
    totals.saves += await written(async () => {
      for (const [save, end] of saves.slice(0, -1).entries()) {
        const from_offset = saves[save - 1] ?? 0;
        await call("append_chunk", { generation_id, from_offset, text: text.slice(from_offset, end) });
      }
    });
    totals.finish += await written(async () => {
      const from_offset = saves.at(-2)!;
      await call("finish_turn", {
        generation_id,
        status: "complete",
        from_offset,
        text: text.slice(from_offset, saves.at(-1)),
        usage: { input_tokens: 20, output_tokens: tokens },
      });
    });
    totals.rewriting += await written(async () => {
      await client.query("insert into rewritten values ($1, '')", [index]);
      for (const end of saves) {
        const sql = "update rewritten set text = $2 where id = $1";
        await client.query(sql, [index, text.slice(0, end)]);
      }
    });
  }
  await client.query("drop table rewritten");
  const thousands = (TURNS * tokens) / 1000;
  const perThousand = (bytes: number) => Math.round(bytes / thousands);
  return {
    tokens,
    schedule: schedule.name,
    saves: saves.length,
    full_page_writes,
    commits: (commits - commitsBefore) / TURNS,
    "commits per 1,000 tokens": Math.round((commits - commitsBefore) / thousands),
    begin_bytes: Math.round(totals.begin / TURNS),
    saves_bytes: Math.round(totals.saves / TURNS),
    finish_bytes: Math.round(totals.finish / TURNS),
    "saves, bytes per 1,000 tokens": perThousand(totals.saves),
    "whole turn, bytes per 1,000 tokens": perThousand(totals.begin + totals.saves + totals.finish),
    "text alone, rewritten by each save, bytes per 1,000 tokens": perThousand(totals.rewriting),
  };
}

try {
  for (const full_page_writes of ["off", "on"] as const) {
    for (const tokens of [200, 1000, 3000]) {
      for (const schedule of SCHEDULES) console.log(await measure(tokens, schedule, full_page_writes));
    }
  }
} finally {
  await client.end();
  await server.stop();
}
