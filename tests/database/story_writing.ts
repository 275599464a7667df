// Stories that are being written, for tests of concurrent actions.
import { beginStory, ofStory, work } from "./stories.ts";
import type { SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { newUser, type Principal } from "./turns.ts";

export interface Writing {
  user: Principal;
  project_id: string;
  task_id: string;
  /** The step that is claimed and not committed. */
  step: Row;
}

export function storyWriting(target: () => SqlTarget) {
  /** A story of five scenes whose task holds the first step for which `isEnough` is true. */
  async function writing(isEnough: (step: Row) => boolean): Promise<Writing> {
    const user = newUser();
    const { task_id, project_id } = await beginStory(target(), user, "full");
    const steps = await work(target(), task_id, isEnough);
    return { user, project_id, task_id, step: steps.at(-1)! };
  }
  const beginsScene = (number: number) => (step: Row) =>
    step["next"]?.["number"] === number && step["next"]["pieces"] === 0 && step["unrecapped"] === null;

  async function read({ user, project_id }: Writing, with_text = true): Promise<Row> {
    return (await ofStory(target(), user, "read_story", project_id, { query: { with_text } }))["body"];
  }
  const numbersAndTitles = (story: Row) =>
    story["scenes"].map((scene: Row) => [scene["number"], scene["title"]]);
  const sceneId = async (story: Writing, number: number): Promise<string> =>
    (await read(story))["scenes"][number - 1]["scene_id"];

  const change = (story: Writing, name: string, changes: Row): Promise<Row> =>
    ofStory(target(), story.user, name, story.project_id, changes);
  const scenePart = async (story: Writing, number: number): Promise<Row> => ({
    part: "scene",
    scene_id: await sceneId(story, number),
  });

  return { writing, beginsScene, read, numbersAndTitles, sceneId, change, scenePart };
}
