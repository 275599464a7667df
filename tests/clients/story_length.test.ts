// Whole stories, whatever the model makes of the lengths that it is asked for: they have the length that
// was wanted, and tell each scene of their outline once.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Row } from "./backend.ts";
import { assertToldOnce, StoryStack } from "./story_stack.ts";
import { wordsOf } from "./story_prose.ts";
import type { Factor } from "./storyteller.ts";

const LONGEST_MS = 120_000;

describe("the length of stories", () => {
  let story: StoryStack;
  before(async () => {
    story = await StoryStack.start();
    await story.boundPlan(null);
    story.work();
  });
  after(() => story.stop());

  async function write(body: object): Promise<Row> {
    const { token } = await story.newUser();
    return story.write(token, body, LONGEST_MS);
  }

  test("a short story", { timeout: LONGEST_MS }, async () => {
    const beganMs = performance.now();
    const result = await write({ story_length: "Short", story_setting: "A lighthouse" });
    console.log(performance.now() - beganMs, story.teller.counts(), wordsOf(result["story"]), result["word_count"]);
    assertToldOnce(result);
  });

  for (const factor of [0.5, 1, 1.6, "random"] as Factor[]) {
    test(`a long story of a model that writes ${factor} times what it is asked for`, { timeout: LONGEST_MS }, async () => {
      story.teller.factor = factor;
      const result = await write({ story_length: "Long", story_setting: `A city, ${factor}` });
      const words = wordsOf(result["story"]);
      assert.ok(words >= 9_000 && words <= 11_000, `${words} words`);
      assert.equal(result["word_count"], words);
      assert.equal(result["is_complete"], true);
      assertToldOnce(result);
      story.teller.largestPrompts();
    });
  }
});
