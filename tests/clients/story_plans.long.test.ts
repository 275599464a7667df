// Many requests at once near the limit of a plan, while the processes that write their stories are
// killed: exactly the allowed ones are admitted, and the usage equals the ledger's.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Row } from "./backend.ts";
import { StoryStack } from "./story_stack.ts";

const AT_ONCE = 50;
const FIT = 7;
const ROUNDS = 3;
const LONGEST_MS = 900_000;
/** One in this many calls of the model is its process's last. */
const EVERY = 9;

describe("stories at the edge of a plan", () => {
  let story: StoryStack;
  before(async () => {
    story = await StoryStack.start();
    story.teller.scenesOfOutline = 5;
  });
  after(() => story?.stop());

  test(`${AT_ONCE} requests at once, ${ROUNDS} times, with kills`, { timeout: LONGEST_MS }, async (context) => {
    const { token } = await story.newUser();
    const callsInLedger = async (): Promise<number> => {
      // The readings of stories for their dossiers are calls of the plan, too.
      const [row] = await story.sql("select count(*)::integer as calls from public.model_calls");
      return row!["calls"];
    };
    const ask = async (setting: string): Promise<{ status: number; body: Row }> => {
      const response = await fetch(`${story.stack.url}/functions/v1/story/generate-full`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ target_words: 500, story_setting: setting }),
      });
      return { status: response.status, body: (await response.json()) as Row };
    };
    const estimate = await story.call("POST", "/story/estimate", token, { target_words: 500, story_setting: "Room 0 of 0" });
    const share = estimate["calls"] as number;
    await story.boundPlan(share * FIT + share - 1);

    let calls = 0;
    let deaths = 0;
    let dying: Promise<void> | undefined;
    story.teller.misbehave = (asked) => {
      calls += 1;
      if (calls % EVERY !== 0 || dying) return asked.answer;
      deaths += 1;
      dying = story.killFunctions().finally(() => (dying = undefined));
      return undefined;
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      const usage = await story.call("GET", "/users/me/usage", token);
      const left = share * FIT + share - 1 - (usage["usage"] as Row)["calls"];
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => ask(`Room ${at} of ${round}`)));
      const admitted = answers.filter(({ status }) => status === 202);
      const refused = answers.filter(({ status }) => status === 429);
      context.diagnostic(`round ${round}: ${left} calls left, ${share} a story, ${admitted.length} admitted`);
      assert.equal(admitted.length, Math.floor(left / share));
      assert.equal(admitted.length + refused.length, AT_ONCE);
      for (const { body } of refused) {
        assert.equal(body["code"], "plan_exceeded");
        for (const member of ["usage", "limit", "resets_at"]) assert.ok(member in body, member);
      }
      story.work(3);
      for (const { body } of admitted) {
        const job = await story.ended(body["task_id"], LONGEST_MS);
        assert.equal(job["status"], "done", JSON.stringify(job));
      }
      story.rest();
      await dying;
      const after = await story.call("GET", "/users/me/usage", token);
      const ledger = await callsInLedger();
      context.diagnostic(`used: ${JSON.stringify(after["usage"])}, the ledger has ${ledger} calls, ${deaths} deaths`);
      assert.equal((after["usage"] as Row)["calls"], ledger);
      assert.deepEqual(after["reserved"], { calls: 0, tokens: 0, images: 0 });
    }
    assert.ok(deaths > 0);
  });
});
