// A story whose workers die: between its steps and in the middle of them, two of them at once, and
// without the database. The same scenes are in it, each once, and no call of a model is made more than
// twice.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isLongRing } from "../ring.ts";
import type { Row } from "./backend.ts";
import { assertToldOnce, StoryStack } from "./story_stack.ts";
import { wordsOf } from "./story_prose.ts";
import type { Asked } from "./storyteller.ts";
import { makeGate } from "./wait.ts";

const LONGEST_MS = isLongRing ? 1_200_000 : 120_000;
const AWAY_MS = isLongRing ? 30_000 : 5_000;
const TARGET_WORDS = 1_500;
// Longer than a draft waits to be saved for the first time.
const UNTIL_SAVED_MS = 1_300;

/** The point in a call of the model at which its worker dies. */
type Moment = "asked" | "half" | "saved" | "answered";
const MOMENTS: readonly Moment[] = ["asked", "half", "saved", "answered"];
/** In the short ring, of every so many calls one is its worker's last. */
const EVERY = isLongRing ? 1 : 7;

describe("a story whose workers die", () => {
  let story: StoryStack;
  before(async () => {
    story = await StoryStack.start();
    await story.boundPlan(null);
  });
  after(() => story?.stop());

  const body = (setting: string) => ({ target_words: TARGET_WORDS, story_setting: setting });

  async function begin(setting: string): Promise<{ taskId: string; token: string }> {
    const { token } = await story.newUser();
    const begun = await story.call("POST", "/story/generate-full", token, body(setting));
    return { taskId: begun["task_id"], token };
  }

  const resultOf = ({ taskId, token }: { taskId: string; token: string }): Promise<Row> =>
    story.call("GET", `/story/task/${taskId}/result`, token);

  /** Each scene exists once, in the outline's order, and the story has its length. */
  function assertWhole(result: Row): void {
    assertToldOnce(result);
    const events = (result["outline"] as Row[]).map(({ key_events }) => (key_events as string[])[0]!);
    const places = events.map((event) => (result["story"] as string).indexOf(event));
    assert.deepEqual(places, [...places].sort((one, other) => one - other));
    assert.equal(events.length, 10);
    const words = wordsOf(result["story"]);
    assert.ok(Math.abs(words - TARGET_WORDS) <= TARGET_WORDS / 10, `${words} words`);
    assert.equal(result["is_complete"], true);
  }

  async function withDeaths(moments: readonly Moment[], setting: string): Promise<number> {
    const { teller } = story;
    teller.asked.length = 0;
    let deaths = 0;
    let calls = 0;
    /** The requests that were their worker's last. */
    const ended = new Set<string>();
    let dying: Promise<void> | undefined;
    let isOver = false;
    const die = () => {
      // A death of the last call may come due when the story is whole.
      if (isOver) return;
      dying ??= story.killFunctions().finally(() => (dying = undefined));
    };
    const momentOf = new Map<Asked, Moment>();
    teller.misbehave = (asked) => {
      calls += 1;
      if (calls % EVERY !== 0 || ended.has(asked.prompt) || dying) return asked.answer;
      ended.add(asked.prompt);
      const moment = moments[deaths % moments.length]!;
      deaths += 1;
      momentOf.set(asked, moment);
      if (moment !== "asked") return asked.answer;
      die();
      return undefined;
    };
    teller.atHalf = async (asked) => {
      const moment = momentOf.get(asked);
      if (moment !== "half" && moment !== "saved") return;
      if (moment === "saved") await delay(UNTIL_SAVED_MS);
      die();
      await dying;
    };
    teller.atEnd = (asked) => {
      if (momentOf.get(asked) === "answered") setTimeout(die, Math.random() * 60);
    };
    const task = await begin(setting);
    story.work();
    try {
      const job = await story.ended(task.taskId, LONGEST_MS);
      assert.equal(job["status"], "done", JSON.stringify(job));
    } finally {
      isOver = true;
      story.rest();
      await dying;
      teller.misbehave = ({ answer }) => answer;
      teller.atHalf = () => {};
      teller.atEnd = () => {};
    }
    assertWhole(await resultOf(task));
    assert.ok(Math.max(...teller.repetitions()) <= 2, "no call is repeated more than once");
    return deaths;
  }

  test("nobody dies: each call is made once", { timeout: LONGEST_MS }, async (context) => {
    story.teller.asked.length = 0;
    const task = await begin("A quiet valley");
    story.work();
    const job = await story.ended(task.taskId, LONGEST_MS);
    story.rest();
    assert.equal(job["status"], "done", JSON.stringify(job));
    assertWhole(await resultOf(task));
    assert.equal(Math.max(...story.teller.repetitions()), 1);
    context.diagnostic(JSON.stringify(story.teller.counts()));
  });

  for (const moments of isLongRing ? MOMENTS.map((moment) => [moment]) : [MOMENTS]) {
    test(`the functions' process is killed: ${moments.join(", ")}`, { timeout: LONGEST_MS }, async (context) => {
      const deaths = await withDeaths(moments, `A valley of ${moments.join(" ")}`);
      assert.ok(deaths >= 3, `${deaths} deaths`);
      context.diagnostic(`${deaths} deaths`);
    });
  }

  test("of two workers with the same step only one commits", { timeout: LONGEST_MS }, async () => {
    const { teller } = story;
    teller.asked.length = 0;
    const gate = makeGate();
    let racing: Asked | undefined;
    teller.misbehave = async (asked) => {
      if (asked.step !== "prose" || teller.count("recap") < 1) return asked.answer;
      if (racing === undefined) {
        racing = asked;
        // Somebody else takes the step, as if this worker's lease had ended.
        await story.sql("update public.job_steps set run_after = now() where status = 'running'");
        story.work();
        await gate.opened;
      } else if (asked.prompt === racing.prompt) {
        gate.open();
      }
      return asked.answer;
    };
    const task = await begin("A valley with two keepers");
    story.work();
    const job = await story.ended(task.taskId, LONGEST_MS);
    story.rest();
    teller.misbehave = ({ answer }) => answer;
    assert.equal(job["status"], "done", JSON.stringify(job));
    assert.equal(teller.asked.filter(({ prompt }) => prompt === racing!.prompt).length, 2, "two have raced");
    assertWhole(await resultOf(task));
  });

  test(`the database is away for ${AWAY_MS / 1000} s`, { timeout: LONGEST_MS }, async () => {
    const { teller } = story;
    teller.asked.length = 0;
    let away: Promise<void> | undefined;
    teller.atHalf = async ({ step }) => {
      if (step === "prose" && teller.count("prose") === 4) away ??= story.door.shutFor(AWAY_MS);
    };
    const task = await begin("A valley behind the flood");
    story.work();
    // A step that could not be reported to the database waits for its lease to end.
    const revived = (async () => {
      while (away === undefined) await delay(50);
      await away;
      await delay(1_000);
      await story.sql("update public.job_steps set run_after = now() where status = 'running'");
    })();
    const job = await story.ended(task.taskId, LONGEST_MS);
    story.rest();
    await revived;
    teller.atHalf = () => {};
    assert.equal(job["status"], "done", JSON.stringify(job));
    assertWhole(await resultOf(task));
    assert.ok(Math.max(...teller.repetitions()) <= 2);
  });
});
