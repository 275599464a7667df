// Requests about stories, and workers that write them, for the tests.
import { createHash, randomUUID } from "node:crypto";
import type { Row, Target } from "./target.ts";
import { leaseOf } from "./tasks.ts";
import type { Principal } from "./turns.ts";

export const SETTINGS: Row = {
  persona: "a keeper of bees",
  story_setting: "an island",
  character_input: "",
  plot_elements: "",
  writing_style: "Narrative",
  story_tone: "Hopeful",
  narrative_pov: "Third person",
  audience_age_group: "Adults",
  content_rating: "PG",
  ending_preference: "Happy",
  story_length: "Short",
  title: "",
  target_words: 1000,
  language: "en",
  unit: "words",
};

export const keyOf = (request: unknown): string =>
  createHash("sha256").update(JSON.stringify(request)).digest("hex");

/** A request for a route of the story, as the edge sends it. */
export function storyRequest(user: Principal, route: string, changes: Row = {}): Row {
  const said = { route, settings: SETTINGS, given: {}, fresh: false, ...changes };
  const { project_id, given, settings } = said as Row;
  return {
    principal: user,
    cache_key: keyOf({ route, settings, given, project_id }),
    share: { calls: 5, tokens: 5000 },
    ...said,
  };
}

export const beginStory = (
  target: Target,
  user: Principal,
  route: string,
  changes: Row = {},
): Promise<Row> => target.call("begin_story", storyRequest(user, route, changes));

export async function claimStory(target: Target, task_id: string, changes: Row = {}): Promise<Row | null> {
  return (await target.call("claim_step", { kinds: ["story"], job_id: task_id, ...changes }))["step"];
}

export function commitStory(target: Target, step: Row, result: Row): Promise<Row> {
  return target.call("commit_step", { ...leaseOf(step), result });
}

export const ofTask = (
  target: Target,
  user: Principal,
  name: string,
  task_id: string,
  changes: Row = {},
): Promise<Row> => target.call(name, { principal: user, task_id, ...changes });

export async function readTask(target: Target, user: Principal, task_id: string): Promise<Row> {
  return (await ofTask(target, user, "read_story_task", task_id))["body"];
}

/** An action of the person on the story of a project. */
export const ofStory = (
  target: Target,
  user: Principal,
  name: string,
  project_id: string,
  changes: Row = {},
): Promise<Row> => target.call(name, { principal: user, project_id, ...changes });

export const plan = (number: number, changes: Row = {}): Row => ({
  number,
  title: `The hive ${number}`,
  description: `She opens hive ${number}.`,
  characters: ["Ana"],
  key_events: [`Hive ${number} is empty`],
  image_prompt: "A hive at dusk",
  narration: "Softly",
  ...changes,
});

export const plans = (count: number): Row[] => Array.from({ length: count }, (_, at) => plan(at + 1));

/** A text of `count` words. */
export const words = (count: number, word = "bee"): string =>
  Array.from({ length: count }, () => word).join(" ");

/** The reading for the dossier is done elsewhere: nothing of it is open. */
export async function endReading(target: Target): Promise<void> {
  for (const status of ["queued", "running"]) {
    await target.update(
      "jobs",
      { kind: "dossier_extraction", status },
      { created_at: "2020-01-01T00:00:00Z" },
    );
  }
}

/** A worker's answer to a step, as a planner that writes scenes in one piece would have it. */
export function writeStep(step: Row, scene_words = 200): Row {
  const route = step["payload"]["route"];
  const next: Row | null = step["next"];
  if (step["premise"] === null) {
    return { did: "premise", text: `A keeper of bees ${randomUUID()}.`, is_last_step: route === "premise" };
  }
  if (step["totals"]["scenes"] === 0) {
    return { did: "outline", scenes: plans(5), is_last_step: route === "outline" };
  }
  const unrecapped: Row | null = step["unrecapped"];
  if (unrecapped !== null && (next === null || next["pieces"] === 0)) {
    return { did: "recap", part_id: unrecapped["part_id"], text: `Recap of ${unrecapped["number"]}.` };
  }
  if (next === null) return { did: "done", is_complete: true };
  if (next["pieces"] === 0) {
    return { did: "piece", part_id: next["part_id"], text: words(scene_words / 2), asked: 100, made: 80 };
  }
  return {
    did: "scene",
    part_id: next["part_id"],
    text: `${next["draft"]}\n\n${words(scene_words / 2, "hive")}`,
    asked: 100,
    made: 100,
    progress: step["totals"]["scenes_written"] * 10,
    message: `Scene ${next["number"]} is written.`,
  };
}

/** Does steps until none is left, or `isEnough` is true for the next step; returns the steps' inputs. */
export async function work(
  target: Target,
  task_id: string,
  isEnough: (step: Row) => boolean = () => false,
  write: (step: Row) => Row = writeStep,
): Promise<Row[]> {
  const done: Row[] = [];
  for (;;) {
    await endReading(target);
    const step = await claimStory(target, task_id);
    if (step === null) return done;
    if (isEnough(step)) return [...done, step];
    await commitStory(target, step, write(step));
    done.push(step);
  }
}

export const claimPicture = async (target: Target, job_id: string): Promise<Row | null> =>
  (await target.call("claim_step", { kinds: ["story_illustrations"], job_id }))["step"];

export const commitPicture = (target: Target, step: Row): Promise<Row> =>
  target.call("commit_step", {
    ...leaseOf(step),
    result: {
      scene_id: step["scene_id"],
      object_path: step["object_path"],
      image_prompt: step["image_prompt"],
      media_type: "image/png",
      byte_count: 70,
      model: "openai:gpt-image-1",
    },
    calls: [{ provider: "openai", model: "gpt-image-1", status: "complete", input_tokens: 9, output_tokens: 100 }],
  });

export const beginPictures = (target: Target, user: Principal, project_id: string, more: Row = {}): Promise<Row> =>
  target.call("begin_story_illustrations", { principal: user, body: { project_id, ...more } });

/** Draws all pictures that are left of a task; returns its steps. */
export async function drawPictures(target: Target, task_id: string): Promise<Row[]> {
  const steps: Row[] = [];
  for (let step = await claimPicture(target, task_id); step; step = await claimPicture(target, task_id)) {
    await commitPicture(target, step);
    steps.push(step);
  }
  return steps;
}
