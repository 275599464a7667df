// Many stories at once on one machine: all of them end, the progress of none decreases, and chats at the same
// time wait hardly longer than usual for the first word.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { EventReader, postChat } from "./chat.ts";
import { assertToldOnce, StoryStack } from "./story_stack.ts";
import { until } from "./wait.ts";

const STORIES = 50;
const WORKERS = 10;
const LONGEST_MS = 1_200_000;
const TURNS = 30;
const GAP_MS = 300;
const LOOK_GAP_MS = 250;
// More than the connections of the stand-in for PostgREST: each must have called the functions of a turn
// before, like those of a server that has run for a while. Five times, after which PostgreSQL keeps their
// plans.
const WARMING_AT_ONCE = 20;
const WARMING_TURNS = 6;
const MOST_SLOWER = 1.5;
// The time that a model takes for a piece of an answer: a crowd waits for its models, not for the machine.
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

  /** Until the first word. */
  async function turn(text: string): Promise<number> {
    const beganMs = performance.now();
    const response = await postChat(story.stack, { text });
    const reader = new EventReader(response);
    await reader.readUntil((events) => events.text !== "");
    const passedMs = performance.now() - beganMs;
    await reader.readToEnd();
    return passedMs;
  }

  async function warmUp(): Promise<void> {
    const person = async (number: number) => {
      for (let turns = 0; turns < WARMING_TURNS; turns += 1) await turn(`Turn ${turns} of guest ${number}, please.`);
    };
    await Promise.all(Array.from({ length: WARMING_AT_ONCE }, (_, number) => person(number)));
    // The readings of these turns would be measured with the quiet.
    story.work(WORKERS);
    await until("the end of all readings", async () => {
      const [open] = await story.sql("select count(*)::integer from public.jobs where status in ('queued', 'running')");
      return open!["count"] === 0;
    }, LONGEST_MS);
    story.rest();
  }

  /** Until the first word of each of these turns. */
  async function turns(name: string, until: () => boolean = () => false): Promise<number[]> {
    const times: number[] = [];
    for (let number = 0; number < TURNS && !until(); number += 1) {
      times.push(await turn(`Turn ${number} of ${name}, please.`));
      await delay(GAP_MS);
    }
    return times;
  }

  /** Looks at all tasks at once, so that looking takes no time from those who work. */
  async function untilAllHaveEnded(taskIds: string[]): Promise<void> {
    const progress = new Map<string, number>();
    const lastMs = performance.now() + LONGEST_MS;
    for (let open = taskIds.length; open > 0; ) {
      assert.ok(performance.now() < lastMs, `${open} stories have not ended`);
      await delay(LOOK_GAP_MS);
      const jobs = await story.sql("select job_id, status, progress, error from public.jobs where job_id = any($1)", [taskIds]);
      for (const job of jobs) {
        assert.ok(job["progress"] >= (progress.get(job["job_id"]) ?? 0), `the progress of ${job["job_id"]} went back`);
        progress.set(job["job_id"], job["progress"]);
        assert.ok(!/^(failed|cancelled)$/.test(job["status"]), JSON.stringify(job));
      }
      open = jobs.filter(({ status }) => status !== "done").length;
    }
  }

  test(`${STORIES} stories`, { timeout: LONGEST_MS }, async (context) => {
    // A password is hashed for each, which is not part of a story.
    const tokens: string[] = [];
    for (let number = 0; number < STORIES; number += 1) tokens.push((await story.newUser()).token);
    await warmUp();
    const alone = await turns("the quiet");
    story.teller.paceMs = PACE_MS;
    story.teller.scenesOfOutline = 5;
    story.work(WORKERS);
    const beganMs = performance.now();
    let isOver = false;
    const write = async () => {
      const begin = (token: string, number: number) =>
        story.call("POST", "/story/generate-full", token, { story_length: "Short", story_setting: `Island ${number}` });
      const taskIds = (await Promise.all(tokens.map(begin))).map(({ task_id }) => task_id as string);
      await untilAllHaveEnded(taskIds);
      isOver = true;
      for (const [number, taskId] of taskIds.entries()) {
        assertToldOnce(await story.call("GET", `/story/task/${taskId}/result`, tokens[number]!));
      }
    };
    const all = write();
    const beside = await Promise.race([turns("the crowd", () => isOver), all.then(() => turns("nobody", () => true))]);
    await all;
    story.rest();
    const seconds = Math.round((performance.now() - beganMs) / 1000);
    context.diagnostic(`${STORIES} stories in ${seconds} s, ${JSON.stringify(story.teller.counts())}`);
    context.diagnostic(`a turn begins after ${median(alone).toFixed(0)} ms alone, ${median(beside).toFixed(0)} ms beside them (${beside.length} turns)`);
    assert.ok(beside.length >= 10, "turns were measured beside the stories");
    assert.ok(median(beside) <= median(alone) * MOST_SLOWER, `${median(beside)} ms against ${median(alone)} ms`);
  });
});
