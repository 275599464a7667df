// Whole stories by models that do not follow instructions: too short, too long, out of order, cut off, with
// talk around the prose, repetitive. They have the requested length, tell each scene of their outline once,
// and the faults are reported.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Row } from "./backend.ts";
import { assertToldOnce, StoryStack } from "./story_stack.ts";
import { prose, wordsOf } from "./story_prose.ts";
import type { Asked, Factor } from "./storyteller.ts";

const LONGEST_MS = 150_000;
const WORKERS = 5;
const FACTORS: readonly Factor[] = [0.5, 1, 1.6, "random"];
const LONG_WORDS = 10_000;

describe("stories of the length that was asked for", () => {
  let story: StoryStack;
  before(async () => {
    story = await StoryStack.start();
    await story.boundPlan(null);
    story.work(WORKERS);
  });
  after(() => story?.stop());

  test("long stories of models that write half, once, 1.6 times and by chance what they are asked for", { timeout: LONGEST_MS }, async (context) => {
    // Each story's own setting is in all of its prompts.
    const setting = (factor: Factor) => `A city of ${factor} towers`;
    story.teller.factorOf = ({ prompt }) => FACTORS.find((factor) => prompt.includes(setting(factor)))!;
    const results = await Promise.all(
      FACTORS.map(async (factor) => {
        const { token } = await story.newUser();
        return story.write(token, { story_length: "Long", story_setting: setting(factor) }, LONGEST_MS);
      }),
    );
    story.teller.factorOf = () => 1;
    for (const [at, result] of results.entries()) {
      const words = wordsOf(result["story"]);
      const pieces = story.teller.asked.filter(({ step, prompt }) => step === "prose" && prompt.includes(setting(FACTORS[at]!)));
      context.diagnostic(`${FACTORS[at]}: ${words} words in ${pieces.length} pieces`);
      assert.ok(Math.abs(words - LONG_WORDS) <= LONG_WORDS / 10, `${words} words`);
      assert.equal(result["word_count"], words);
      assert.equal(result["is_complete"], true);
      assertToldOnce(result);
    }
    context.diagnostic(JSON.stringify(story.teller.largestPrompts()));
  });

  /**
   * Writes a short story with a model that treats its answers like this; returns the story and the findings.
   */
  async function misbehaving(
    name: string,
    misbehave: (asked: Asked) => string | undefined,
  ): Promise<{ result: Row; findings: Row[]; asked: Asked[] }> {
    const isOurs = ({ prompt }: Asked) => prompt.includes(name);
    const before = story.teller.misbehave;
    story.teller.misbehave = async (asked) => (isOurs(asked) ? misbehave(asked) : before(asked));
    const { token } = await story.newUser();
    const begun = await story.call("POST", "/story/generate-full", token, { target_words: 1_500, story_setting: name });
    const job = await story.ended(begun["task_id"], LONGEST_MS);
    assert.equal(job["status"], "done", JSON.stringify(job));
    const result = await story.call("GET", `/story/task/${begun["task_id"]}/result`, token);
    const findings = await story.sql(
      "select body from public.story_events where job_id = $1 and type = 'finding' order by seq",
      [begun["task_id"]],
    );
    return { result, findings: findings.map(({ body }) => body as Row), asked: story.teller.asked.filter(isOurs) };
  }

  const once = (first: (asked: Asked) => string | undefined, isIt: (asked: Asked) => boolean) => {
    let isDone = false;
    return (asked: Asked) => {
      if (isDone || !isIt(asked)) return asked.answer;
      isDone = true;
      return first(asked);
    };
  };
  const ofStep = (step: string) => (asked: Asked) => asked.step === step;
  const rulesOf = (findings: Row[]) => findings.map(({ rule }) => rule as string);

  function assertWhole(result: Row): void {
    const words = wordsOf(result["story"]);
    assert.ok(words >= 1_350 && words <= 1_650, `${words} words`);
    assertToldOnce(result);
  }

  interface Fault {
    name: string;
    misbehave: (asked: Asked) => string | undefined;
    /** A rule that has found it. */
    rule?: string;
    check?: (result: Row, asked: Asked[]) => void;
  }

  const secondScene = () => {
    let scenes = 0;
    return ({ step }: Asked) => step === "prose" && (scenes += 1) === 2;
  };
  let previous = "";

  const faults: Fault[] = [
    {
      name: "an outline out of order",
      misbehave: (asked) => {
        if (asked.step !== "outline") return asked.answer;
        const { scenes } = JSON.parse(asked.answer) as { scenes: Row[] };
        return JSON.stringify({ scenes: [...scenes].reverse() });
      },
      check: (result) =>
        assert.deepEqual((result["outline"] as Row[]).map(({ number }) => number), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    },
    {
      name: "an outline in a fence with talk and camelCase",
      misbehave: ({ step, answer }) =>
        step === "outline"
          ? `Sure! Here is the outline:\n\`\`\`json\n${answer.replaceAll("key_events", "keyEvents").replaceAll("image_prompt", "imagePrompt")}\n\`\`\`\nLet me know!`
          : answer,
    },
    {
      name: "an outline that is cut once",
      misbehave: once(({ answer }) => answer.slice(0, 300), ofStep("outline")),
      check: (_, asked) => assert.equal(asked.filter(ofStep("outline")).length, 2),
    },
    {
      name: "an outline of placeholders once",
      misbehave: once(
        () => JSON.stringify({ scenes: Array.from({ length: 6 }, (_, at) => ({ number: at + 1, title: "Scene title", description: "TBD", characters: ["Character 1"], key_events: ["..."], image_prompt: "", narration: "" })) }),
        ofStep("outline"),
      ),
      check: (result, asked) => {
        assert.equal(asked.filter(ofStep("outline")).length, 2);
        assert.ok(!/Scene title|TBD|Character 1/.test(JSON.stringify(result)));
      },
    },
    {
      name: "a refusal once",
      misbehave: once(() => "I'm sorry, but I can't help with that request.", ofStep("prose")),
      rule: "refusal",
      check: (result) => assert.ok(!/can't help/.test(result["story"])),
    },
    {
      name: "talk around each piece",
      misbehave: ({ step, answer }) =>
        step === "prose" ? `Sure! Here is the next scene:\n\n${answer}\n\nWould you like me to continue with the next scene?` : answer,
      rule: "talk_trimmed",
      check: (result) => assert.ok(!/Sure!|Would you like/.test(result["story"])),
    },
    {
      name: "the previous scene once again",
      misbehave: (() => {
        const isSecond = secondScene();
        return (asked: Asked) => {
          if (isSecond(asked)) return previous;
          if (asked.step === "prose") previous ||= asked.answer;
          return asked.answer;
        };
      })(),
      rule: "repeats_previous",
    },
    {
      name: "another language once",
      misbehave: once(
        ({ words }) => `${"Der alte Mann ging langsam durch den Wald und dachte an seine Frau, die nicht mehr da war. ".repeat(Math.ceil(words / 18))}`,
        ofStep("prose"),
      ),
      rule: "wrong_language",
      check: (result) => assert.ok(!/der alte Mann/i.test(result["story"])),
    },
    {
      name: "cut ends",
      misbehave: ({ step, answer, title, words }) =>
        step === "prose" ? `${answer} ${prose(`${title} ${words} end`, 9).replace(/\.$/, "")} and the` : answer,
      rule: "truncated_end",
      check: (result) => assert.ok(!/and the(\n|$)/.test(result["story"])),
    },
  ];

  test("faults of models are mended or told", { timeout: LONGEST_MS }, async (context) => {
    const told = await Promise.all(faults.map((fault) => misbehaving(fault.name, fault.misbehave)));
    for (const [at, { name, rule, check }] of faults.entries()) {
      await context.test(name, () => {
        const { result, findings, asked } = told[at]!;
        assertWhole(result);
        assert.equal(result["is_complete"], true);
        if (rule) assert.ok(rulesOf(findings).includes(rule), `found: ${rulesOf(findings).join(", ") || "nothing"}`);
        check?.(result, asked);
      });
    }
  });
});
