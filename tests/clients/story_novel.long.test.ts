// A novel of 100,000 words through the whole stack: it has its length, no prompt passes the budget that is
// stated, and the last steps cost the database no more than the twentieth scene's.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import type { Row } from "./backend.ts";
import { assertToldOnce, StoryStack } from "./story_stack.ts";
import { prose, wordsOf } from "./story_prose.ts";

const LONGEST_MS = 2_400_000;
const NOVEL_WORDS = 100_000;
const CHAPTERS = 25;
const SCENES_OF_CHAPTER = 5;
const EARLY = 20;
const LATE = CHAPTERS * SCENES_OF_CHAPTER;
const MOST_GROWTH = 1.2;

describe("a novel", () => {
  let story: StoryStack;
  before(async () => {
    story = await StoryStack.start();
    await story.boundPlan(null);
  });
  after(() => story?.stop());

  /** Pages that the statement touches, in a transaction that is taken back. */
  async function pagesOf(client: pg.Client, statement: string, values: unknown[]): Promise<number> {
    let pages = Infinity;
    for (let round = 0; round < 3; round += 1) {
      await client.query("begin; set local role service_role");
      try {
        const { rows } = await client.query(`explain (analyze, buffers, format json) ${statement}`, values);
        const plan = rows[0]["QUERY PLAN"][0]["Plan"] as Row;
        pages = Math.min(pages, plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]);
      } finally {
        await client.query("rollback");
      }
    }
    return pages;
  }

  /** The cost of claiming and of committing the step that a worker is doing. */
  async function measure(connectionString: string): Promise<{ claim: number; commit: number }> {
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      await client.query("vacuum analyze");
      const { rows } = await client.query(
        `select job_id, step, lease_token from public.job_steps join public.jobs using (job_id)
         where job_steps.status = 'running' and jobs.kind = 'story'`,
      );
      const [{ job_id, step, lease_token }] = rows as [Row];
      const { rows: parts } = await client.query(
        "select part_id from public.story_parts where kind = 'scene' and message_id is null and number is not null order by number limit 1",
      );
      const result = { did: "scene", part_id: (parts[0] as Row)["part_id"], text: prose("a measured scene", 800), length: 800, asked: 800, made: 800 };
      // In the transaction that is rolled back, the step is due.
      const claim = await pagesOf(
        client,
        `with due as (update public.job_steps set run_after = now() where job_id = $1 and step = $2 returning job_id)
         select public.claim_step(jsonb_build_object('kinds', '["story"]'::jsonb, 'job_id', job_id)) from due`,
        [job_id, step],
      );
      const commit = await pagesOf(client, "select public.commit_step($1::jsonb)", [
        JSON.stringify({ job_id, step, lease_token, result }),
      ]);
      return { claim, commit };
    } finally {
      await client.end();
    }
  }

  test(`${NOVEL_WORDS} words in ${CHAPTERS} chapters`, { timeout: LONGEST_MS }, async (context) => {
    const { teller } = story;
    teller.scenesOfOutline = SCENES_OF_CHAPTER;
    teller.factorOf = () => "random";
    const pages = new Map<number, { claim: number; commit: number }>();
    const bytes = new Map<number, number>();
    const titles = new Set<string>();
    teller.misbehave = async (asked) => {
      if (asked.step !== "prose") return asked.answer;
      const isNew = !titles.has(asked.title);
      titles.add(asked.title);
      bytes.set(titles.size, Math.max(bytes.get(titles.size) ?? 0, asked.bytes));
      if (isNew && (titles.size === EARLY || titles.size === LATE)) {
        pages.set(titles.size, await measure(story.ownerUrl));
      }
      return asked.answer;
    };
    const { token } = await story.newUser();
    story.work(2);
    const beganMs = performance.now();
    let progress = 0;
    const begun = await story.call("POST", "/story/generate-full", token, {
      target_words: NOVEL_WORDS,
      story_setting: "An archipelago",
    });
    const job = await story.ended(begun["task_id"], LONGEST_MS, (row) => {
      assert.ok(row["progress"] >= progress, "progress never goes back");
      progress = row["progress"];
    });
    story.rest();
    assert.equal(job["status"], "done", JSON.stringify(job));
    const result = await story.call("GET", `/story/task/${begun["task_id"]}/result`, token);
    const words = wordsOf(result["story"]);
    context.diagnostic(`${words} words in ${Math.round((performance.now() - beganMs) / 1000)} s: ${JSON.stringify(teller.counts())}`);
    context.diagnostic(`largest prompts in bytes: ${JSON.stringify(teller.largestPrompts())}`);
    context.diagnostic(`prompts of scenes ${EARLY} and ${LATE}: ${bytes.get(EARLY)} and ${bytes.get(LATE)} bytes`);
    context.diagnostic(`pages touched: ${JSON.stringify([...pages])}`);
    assert.ok(Math.abs(words - NOVEL_WORDS) <= NOVEL_WORDS / 10, `${words} words`);
    assert.equal(titles.size, LATE);
    assertToldOnce(result);
    const [early, late] = [pages.get(EARLY)!, pages.get(LATE)!];
    for (const what of ["claim", "commit"] as const) {
      assert.ok(late[what] <= early[what] * MOST_GROWTH, `${what}: ${late[what]} pages against ${early[what]}`);
    }
  });
});
