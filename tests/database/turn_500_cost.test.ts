// The cost of a turn in a long conversation: pages that the database touches, not time. The tables have not
// been analysed, as in a new installation, where the planner has no statistics.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { measure } from "./long_session.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { claimReading, commitReading, found } from "./memories.ts";
import type { Row } from "./target.ts";
import { claim, commit } from "./tasks.ts";
import { begin, finish, newUser, type Principal } from "./turns.ts";

const EARLY = 20;
const LATE = 500;
const MOST_GROWTH = 1.2;
// Somebody else's turns, so that the growth of indexes from nothing is not counted.
const TURNS_BEFORE = 150;

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

/** Has the companion remember one sentence more, of those that are unread. */
async function remember(turn: number, known: Row[]): Promise<void> {
  const step = await claimReading(target);
  if (!step) return;
  const finding = {
    text: `The user has seen the animal number ${turn}.`,
    message_id: step["messages"].at(-1)["message_id"],
  };
  await commitReading(target, step, [finding], { kept: known });
  known.push(found(finding).memory);
  await remember(turn, known);
}

/** Pages of begin_turn and finish_turn, each at these turns of one conversation. */
async function converse(user: Principal, kind: string, turns: number, measured: number[]) {
  const memories: Row[] = [];
  const pages = new Map<number, { begin: number; finish: number; history: number }>();
  let session_id: string | null = null;
  for (let turn = 1; turn <= turns; turn += 1) {
    const beginning = {
      principal: user,
      kind,
      session_id,
      text: `Message ${turn}: the fox goes on through the wood and sees a thing.`,
      title: "Foxes",
      history_budget_tokens: 12_000,
      provider: "local",
      model: "a-model",
    };
    const text = `Reply ${turn}: it was a very large stone, and it glowed.`;
    const isMeasured = measured.includes(turn);
    const first = isMeasured ? await measure(target, "begin_turn", beginning) : 0;
    const begun = await begin(target, user, beginning);
    session_id = begun["session_id"];
    if (isMeasured) {
      const { generation_id } = begun;
      const usage = { input_tokens: 11, output_tokens: 5 };
      const end = { generation_id, status: "complete", from_offset: 0, text, usage };
      const last = await measure(target, "finish_turn", end);
      pages.set(turn, { begin: first, finish: last, history: begun["history"].length });
    }
    await finish(target, begun, { text });
    if (turn % 5 === 0 && kind === "companion") await remember(turn, memories);
    if (turn % 10 === 0) {
      const task = await claim(target);
      if (task) await commit(target, task, `What was said until turn ${turn}.`);
    }
  }
  return pages;
}

for (const kind of ["chat", "companion"]) {
  test(`turn ${LATE} of a ${kind} touches at most ${MOST_GROWTH} times the pages of turn ${EARLY}`, async () => {
    await converse(newUser(), kind, TURNS_BEFORE, []);
    const measured = [EARLY, 100, LATE - 10, LATE - 5, LATE];
    const pages = await converse(newUser(), kind, LATE, measured);
    console.log("pages touched", kind, Object.fromEntries(pages));
    const early = pages.get(EARLY)!;
    for (const turn of measured.slice(2)) {
      const late = pages.get(turn)!;
      assert.ok(late.history >= 150, "the model is sent a long history");
      const growth = (late.begin + late.finish) / (early.begin + early.finish);
      assert.ok(growth <= MOST_GROWTH, `turn ${turn} touches ${growth.toFixed(2)} times as many pages`);
    }
  });
}
