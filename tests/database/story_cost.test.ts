// The cost of a story's step does not grow with the story: counted in pages touched, not in time.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { measure } from "./long_session.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { beginStory, claimStory, commitStory, plans, SETTINGS, words } from "./stories.ts";
import type { Row } from "./target.ts";
import { leaseOf } from "./tasks.ts";
import { newUser, type Principal } from "./turns.ts";

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

/** Others have read the scenes for the dossier, so that no work of theirs waits. */
async function finishReading(user: Principal): Promise<void> {
  const waiting = { owner_id: user.subject, kind: "dossier_extraction", status: "queued" };
  const finished = { status: "done", finished_at: new Date().toISOString() };
  await target.update("job_steps", waiting, finished);
  await target.update("jobs", waiting, finished);
}

/**
 * Writes a novel to its end; returns the pages that steps touch at these numbers of written scenes, by the
 * step's kind.
 */
async function writtenNovel(measured: number[]): Promise<Row[]> {
  const user = newUser();
  const settings = { ...SETTINGS, story_length: "Novel", target_words: 100_000 };
  const { task_id } = await beginStory(target, user, "full", { settings });
  const pages: Record<number, Row> = {};
  let written = 0;
  for (let isDone = false; !isDone; ) {
    const isMeasured = measured.includes(written);
    if (isMeasured) await target.asOwner("vacuum analyze");
    const claiming = { kinds: ["story"], job_id: task_id };
    const claimPages = isMeasured ? await measure(target, "claim_step", claiming) : 0;
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
      await finishReading(user);
    }
    isDone = result["did"] === "done";
  }
  const [story] = await target.select("stories", { owner_id: user.subject });
  assert.deepEqual([story!["scenes_written"], story!["length_written"]], [125, "100000"]);
  return measured.map((at) => pages[at]!);
}

test("the last of 125 scenes touches at most 1.2 times the pages of the twentieth", async () => {
  // While the tables have a few pages, the planner reads them whole.
  await writtenNovel([]);
  const [early, late] = (await writtenNovel([19, CHAPTERS * SCENES_OF_CHAPTER - 1])) as [Row, Row];
  console.log("pages touched after 19 scenes", early, "after 124", late);
  for (const what of ["claim recap", "claim piece", "claim scene", "commit recap", "commit piece", "commit scene"]) {
    assert.ok(late[what] <= early[what] * 1.2, `${what}: ${late[what]} pages against ${early[what]}`);
  }
});
