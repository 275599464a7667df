// Existing answers of the story function: who gets them, and what they cost.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Row } from "./backend.ts";
import { StoryStack } from "./story_stack.ts";
import { makeGate } from "./wait.ts";

describe("the cache of stories", () => {
  let story: StoryStack;
  before(async () => {
    story = await StoryStack.start();
    await story.boundPlan(null);
  });
  after(() => story?.stop());

  const premise = (token: string, body: object): Promise<Row> =>
    story.call("POST", "/story/generate-premise", token, body);
  const setting = (words: string) => ({ story_length: "Short", story_setting: words });

  /** The number of requests to the model for steps of stories during `work`. */
  async function asked(work: () => Promise<unknown>): Promise<number> {
    const before = story.teller.asked.length;
    await work();
    return story.teller.asked.length - before;
  }

  test("the second identical request asks nobody and costs one call of the database", async () => {
    const { token } = await story.newUser();
    const first = await premise(token, setting("A harbour in winter"));
    assert.equal(first["cached"], false);
    let second: Row = {};
    const calls = await story.door.callsDuring(async () => {
      const requests = await asked(async () => (second = await premise(token, setting("A harbour in winter"))));
      assert.equal(requests, 0);
    });
    assert.deepEqual(calls, ["begin_story"]);
    assert.equal(second["cached"], true);
    assert.equal(second["premise"], first["premise"]);
    const stats = await story.call("GET", "/story/cache/stats", token);
    assert.deepEqual([stats["entries"], stats["hits"]], [1, 1]);
  });

  test("the order of members and defaults that are said are the same request", async () => {
    const { token } = await story.newUser();
    const first = await premise(token, { story_setting: "A dry well", story_length: "Short" });
    const second = await premise(token, { story_length: "Short", story_setting: "A dry well", writing_style: "Narrative" });
    assert.deepEqual([second["cached"], second["premise"]], [true, first["premise"]]);
  });

  test("what another owner has asked is not answered from it, and not counted or cleared with it", async () => {
    const [mine, other] = [await story.newUser(), await story.newUser()];
    const body = setting("A street of clocks");
    await premise(mine.token, body);
    const theirs = await premise(other.token, body);
    assert.equal(theirs["cached"], false);
    assert.deepEqual(await story.call("POST", "/story/cache/clear", mine.token), { deleted: 1 });
    assert.equal((await premise(other.token, body))["cached"], true);
    assert.equal((await premise(mine.token, body))["cached"], false);
  });

  test("`fresh` asks anew, and its answer is the one that is kept", async () => {
    const { token } = await story.newUser();
    const body = setting("An attic full of birds");
    await premise(token, body);
    const { misbehave } = story.teller;
    story.teller.misbehave = () => "Tobias must free the birds, but nobody has the key.";
    const fresh = await premise(token, { ...body, fresh: true });
    story.teller.misbehave = misbehave;
    assert.deepEqual([fresh["cached"], /Tobias must free/.test(fresh["premise"])], [false, true]);
    const next = await premise(token, body);
    assert.deepEqual([next["cached"], next["premise"]], [true, fresh["premise"]]);
  });

  test("two identical requests at once are one generation, and both have its answer", async () => {
    const { token } = await story.newUser();
    const body = setting("A bridge that nobody crosses");
    const gate = makeGate();
    const { misbehave } = story.teller;
    story.teller.misbehave = async ({ answer }) => {
      await gate.opened;
      return answer;
    };
    const requests = await asked(async () => {
      const first = premise(token, body);
      const second = premise(token, body);
      setTimeout(gate.open, 500);
      const [one, other] = await Promise.all([first, second]);
      assert.equal(one["premise"], other["premise"]);
      assert.equal(one["task_id"], other["task_id"]);
    });
    story.teller.misbehave = misbehave;
    assert.equal(requests, 1);
  });

  test("a request that failed is not kept", async () => {
    const { token } = await story.newUser();
    const body = setting("A tower without stairs");
    const { misbehave } = story.teller;
    story.teller.misbehave = ({ reply }) => {
      reply.refuse(400, '{"error":{"message":"no"}}');
      return undefined;
    };
    // The pauses between attempts are over at once.
    const hurry = setInterval(() => {
      void story.sql("update public.job_steps set run_after = now() where status = 'queued'");
    }, 200);
    try {
      await assert.rejects(premise(token, body), /provider_/);
    } finally {
      clearInterval(hurry);
      story.teller.misbehave = misbehave;
    }
    const later = await premise(token, body);
    assert.equal(later["cached"], false);
    assert.ok(later["premise"].length > 20);
  });

  test("`continue` is asked anew each time", async () => {
    const { token } = await story.newUser();
    const begun = await story.call("POST", "/story/generate-start", token, setting("A train at night"));
    const body = { project_id: begun["project_id"] };
    const first = await story.call("POST", "/story/continue", token, body);
    story.work();
    const second = await story.call("POST", "/story/continue", token, body);
    story.rest();
    assert.deepEqual([first["cached"], second["cached"]], [false, false]);
    assert.notEqual(first["continuation"], second["continuation"]);
  });
});
