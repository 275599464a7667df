// What a step of a story costs does not grow with the story: counted in pages touched, not in time.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { measure } from "./long_session.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { beginStory, claimStory, commitStory, endReading, plans, SETTINGS, words } from "./stories.ts";
import type { Row } from "./target.ts";
import { leaseOf } from "./tasks.ts";
import { newUser } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const CHAPTERS = 25;
const SCENES_OF_CHAPTER = 5;
const SCENE_WORDS = 800;

/** The next result of a novel's planner. */
function writeNovel(step: Row): Row {
  if (step["premise"] === null) return { did: "premise", text: "A keeper of bees leaves her island." };
  if (step["chapters"].length === 0) {
    return { did: "chapters", chapters: plans(CHAPTERS).map(({ key_events, ...one }) => ({ ...one, key_events })) };
  }
  const unrecapped: Row | null = step["unrecapped"];
  if (unrecapped !== null) {
    return { did: "recap", part_id: unrecapped["part_id"], text: words(60) };
  }
  const next: Row | null = step["next"];
  const unplanned = step["chapters"].find(({ is_outlined }: Row) => !is_outlined);
  if (next === null && unplanned !== undefined) {
    return { did: "outline", chapter: unplanned["number"], scenes: plans(SCENES_OF_CHAPTER) };
  }
  if (next === null) return { did: "done", is_complete: true };
  if (next["pieces"] === 0) {
    return { did: "piece", part_id: next["part_id"], text: words(SCENE_WORDS / 2, "honeycomb"), asked: 400, made: 400 };
  }
  return {
    did: "scene",
    part_id: next["part_id"],
    text: `${next["draft"]}\n\n${words(SCENE_WORDS / 2, "beekeeper")}`,
    asked: 400,
    made: 400,
  };
}

async function io(): Promise<Row[]> {
  await new Promise((r) => setTimeout(r, 1500));
  return target.asOwner(`select t.relname, t.seq_scan, t.idx_scan, io.heap_blks_hit + io.heap_blks_read as heap, coalesce(io.idx_blks_hit,0)+coalesce(io.idx_blks_read,0) as idx, coalesce(io.toast_blks_hit,0)+coalesce(io.toast_blks_read,0) as toast
    from pg_stat_user_tables t join pg_statio_user_tables io using (relid) order by 1`);
}
async function show(before: Row[]): Promise<void> {
  const now = await io();
  for (const [at, row] of now.entries()) {
    const d = Object.entries(row).filter(([k]) => k !== "relname").map(([k, v]) => [k, Number(v) - Number(before[at]![k])]);
    if (d.some(([, v]) => v !== 0)) console.log("IO", row["relname"], JSON.stringify(d));
  }
}
test("the last of 125 scenes touches at most 1.2 times the pages of the twentieth", async () => {
  const user = newUser();
  const settings = { ...SETTINGS, story_length: "Novel", target_words: 100_000 };
  const { task_id } = await beginStory(target, user, "full", { settings });
  const pages: Record<string, Row> = {};
  let written = 0;
  for (let isDone = false; !isDone; ) {
    const isMeasured = written === 19 || written === CHAPTERS * SCENES_OF_CHAPTER - 1;
    if (isMeasured) await target.asOwner("vacuum analyze");
    const claiming = { kinds: ["story"], job_id: task_id };
    const io0 = isMeasured ? await io() : [];
    const claimPages = isMeasured ? await measure(target, "claim_step", claiming) : 0;
    if (isMeasured) await show(io0);
    const step = (await claimStory(target, task_id))!;
    const result = writeNovel(step);
    if (isMeasured) {
      const at = (pages[written] ??= {});
      at[`claim ${result["did"]}`] = claimPages;
      at[`commit ${result["did"]}`] = await measure(target, "commit_step", { ...leaseOf(step), result });
    }
    await commitStory(target, step, result);
    if (result["did"] === "scene") {
      written += 1;
      await endReading(target);
    }
    isDone = result["did"] === "done";
  }
  const [story] = await target.select("stories", { owner_id: user.subject });
  assert.deepEqual([story!["scenes_written"], story!["length_written"]], [125, "100000"]);
  console.log("pages touched after 19 and 124 scenes", JSON.stringify(pages));
  const [early, late] = [pages[19]!, pages[124]!];
  for (const [what, count] of Object.entries(late)) {
    if (early[what] === undefined) continue;
    assert.ok(count <= early[what] * 1.2, `${what}: ${count} pages against ${early[what]}`);
  }
  assert.ok(late["claim piece"] > 0 && late["commit scene"] > 0);
});
