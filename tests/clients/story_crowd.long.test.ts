// Many stories at once on one machine: all of them end, the progress of none goes back, and whoever talks
// beside them waits hardly longer than usual for the first word.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { EventReader, postChat } from "./chat.ts";
import { assertToldOnce, StoryStack } from "./story_stack.ts";

const STORIES = 50;
const WORKERS = 10;
const LONGEST_MS = 1_200_000;
const TURNS = 30;
const GAP_MS = 300;
const MOST_SLOWER = 1.5;
// What models take for a piece of an answer: a crowd waits for its models, not for the machine.
const PACE_MS = 150;

describe("a crowd of stories", () => {
  let story: StoryStack;
  before(async () => {
    story = await StoryStack.start();
    await story.boundPlan(null);
    story.teller.otherwise = (reply) => {
      reply.text("It is told.");
      reply.finish();
    };
  });
  after(() => story?.stop());

  const median = (values: number[]): number => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]!;

  /** Until the first word of each of these turns. */
  async function turns(name: string, until: () => boolean = () => false): Promise<number[]> {
    const times: number[] = [];
    for (let turn = 0; turn < TURNS && !until(); turn += 1) {
      const beganMs = performance.now();
      const response = await postChat(story.stack, { text: `Turn ${turn} of ${name}, please.` });
      const reader = new EventReader(response);
      await reader.readUntil((events) => events.text !== "");
      times.push(performance.now() - beganMs);
      await reader.readToEnd();
      await delay(GAP_MS);
    }
    return times;
  }

  test(`${STORIES} stories`, { timeout: LONGEST_MS }, async (context) => {
    await turns("the warm-up");
    const alone = await turns("the quiet");
    story.teller.paceMs = PACE_MS;
    story.teller.scenesOfOutline = 5;
    story.work(WORKERS);
    const beganMs = performance.now();
    let ended = 0;
    const stories = Array.from({ length: STORIES }, async (_, number) => {
      const { token } = await story.newUser();
      const begun = await story.call("POST", "/story/generate-full", token, { story_length: "Short", story_setting: `Island ${number}` });
      let progress = 0;
      const job = await story.ended(begun["task_id"], LONGEST_MS, (row) => {
        assert.ok(row["progress"] >= progress, `the progress of ${number} went back`);
        progress = row["progress"];
      });
      ended += 1;
      assert.equal(job["status"], "done", JSON.stringify(job));
      assertToldOnce(await story.call("GET", `/story/task/${begun["task_id"]}/result`, token));
    });
    const all = Promise.all(stories);
    const beside = await Promise.race([turns("the crowd", () => ended === STORIES), all.then(() => turns("nobody", () => true))]);
    await all;
    story.rest();
    const seconds = Math.round((performance.now() - beganMs) / 1000);
    context.diagnostic(`${STORIES} stories in ${seconds} s, ${JSON.stringify(story.teller.counts())}`);
    context.diagnostic(`a turn begins after ${median(alone).toFixed(0)} ms alone, ${median(beside).toFixed(0)} ms beside them (${beside.length} turns)`);
    assert.ok(beside.length >= 10, "turns were measured beside the stories");
    assert.ok(median(beside) <= median(alone) * MOST_SLOWER, `${median(beside)} ms against ${median(alone)} ms`);
  });
});
