// Four people with their own data; everybody's words and ids differ from all others, so that a trace of one
// of them in another's answer can only come from a leak.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Row } from "./backend.ts";
import { talk, type Turn } from "./chat.ts";
import { fact, find, mention } from "./dossier_log.ts";
import { liveTurn, openSession, principalOf } from "./realtime.ts";
import type { Stack } from "./stack.ts";
import { until } from "./wait.ts";

export interface Person {
  name: string;
  /** The person's credentials. */
  token: string;
  id: string;
  sessionId: string;
  projectId: string;
  /** The newest reply, and the message that it answers. */
  messageId: string;
  questionId: string;
  /** The id of the newest turn's stream. */
  streamId: string;
  botId: number;
  /** The name of one of their live conversations. */
  liveSession: string;
  /** A conversation that has only begun, with a character of two greetings. */
  conversationId: string;
  characterId: string;
  /** A memory of the character. */
  memoryId: string;
  /** The import of a text that was not read to its end. */
  importId: string;
  /** A scene of the project's story, and a task that was to write it. */
  sceneId: string;
  storyTaskId: string;
  /** A prompt that the model answers with words of this person's. */
  prompt: string;
  /** The contents of the project's dossier. */
  known: Known;
  /** Things that nobody else may see: ids, and words that occur nowhere else. */
  marks: Set<string>;
}

/** A new word of this person's; it must not get into the logs either. */
export function newWord(stack: Stack, marks: Set<string>): string {
  const word = `w${randomBytes(8).toString("hex")}`;
  marks.add(word);
  stack.backend.secrets.add(word);
  return word;
}

export async function call(
  stack: Stack,
  method: string,
  path: string,
  token: string,
  body?: object,
): Promise<Row> {
  const response = await fetch(`${stack.url}/functions/v1${path}`, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { "content-type": "application/json" }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Row;
}

/** Somebody with a turn, a profile and a dossier; a new guest when there is no token. */
export async function settle(stack: Stack, name: string, token?: string): Promise<Person> {
  const marks = new Set<string>();
  const word = () => newWord(stack, marks);
  const prompt = `Tell of ${word()}.`;
  stack.backend.model.tell(prompt, [`Once there was ${word()}.`]);
  const turn = await talk(stack, { text: prompt }, token === undefined ? {} : { token });
  const owner = token ?? turn.guestToken;
  const bot = await call(stack, "POST", "/stream/v1/bots", owner, { model: "scripted", name: word() });
  const botId = bot["bot_id"] as number;
  const ids = idsOf(turn, marks);
  const imports = `/dossier/${ids.projectId}/import`;
  const text = `Once there was ${word()}.`;
  const { task_id: importId } = await call(stack, "POST", imports, owner, { text });
  marks.add(importId);
  await call(stack, "DELETE", `${imports}/${importId}`, owner);
  const character = { name: word(), greeting: word(), alternative_greetings: [word()] };
  const { character_id: characterId } = await call(
    stack, "POST", "/companion/characters", owner, character);
  const { id: conversationId } = await call(
    stack, "POST", "/companion/conversations", owner, { character_id: characterId });
  const { memory_id: memoryId } = await call(
    stack, "POST", `/companion/characters/${characterId}/memories`, owner, { text: word() });
  marks.add(characterId).add(conversationId).add(memoryId);
  const live = await openSession(stack, principalOf(owner, ids.id), word());
  await liveTurn(stack, live, word(), word());
  const talks = { characterId, conversationId, memoryId, liveSession: live.session_id };
  const story = await beginStory(stack, ids.projectId, owner, word);
  marks.add(story.sceneId).add(story.storyTaskId);
  const person = { name, token: owner, prompt, marks, botId, importId, ...story, ...talks, ...ids };
  marks.add(person.token);
  assert.match(person.token, token === undefined ? /^fg_/ : /^ey/);

  const profile = { email: `${word()}@example.com`, display_name: word(), avatar_url: `https://${word()}.example` };
  await call(stack, "POST", "/users", person.token, profile);
  await call(stack, "PATCH", `/projects/${person.projectId}`, person.token, { name: word() });
  await call(stack, "PATCH", `/sessions/${person.sessionId}`, person.token, { title: word() });
  return { ...person, known: await storeDossier(stack, person) };
}

/** Longer than the pause before a model is asked again, which is 750 ms at most. */
const QUIET_MS = 4_000;

/**
 * Postpones all queued steps and waits until nothing has changed for a while: the worker of a cancelled
 * task still finishes its call. Afterwards only requests change anything.
 */
export async function rest({ backend }: Stack): Promise<void> {
  let last = "";
  await until("the end of the workers' calls", async () => {
    await backend.putStepsOff();
    const steps = await backend.rows("job_steps");
    if (steps.some(({ status }) => status === "running")) return false;
    const before = last;
    last = JSON.stringify([await backend.everything(), backend.model.count]);
    if (last === before) return true;
    await delay(QUIET_MS);
    return false;
  }, 60_000);
}

/** A story by its owner's own hand: a premise, an outline, a scene; and a task that was cancelled. */
async function beginStory(stack: Stack, projectId: string, owner: string, word: () => string) {
  const begun = await call(stack, "POST", "/story/generate-full", owner, { project_id: projectId, title: word() });
  const { task_id: storyTaskId } = begun;
  await call(stack, "POST", `/story/task/${storyTaskId}/cancel`, owner);
  const story = `/story/projects/${projectId}`;
  await call(stack, "PUT", `${story}/premise`, owner, { text: `Of ${word()}.` });
  const scenes = [1, 2].map((number) => ({ number, title: word(), description: word(), image_prompt: word() }));
  await call(stack, "PUT", `${story}/outline`, owner, { scenes });
  const { scenes: stored } = await call(stack, "GET", story, owner);
  const sceneId = stored[0]["scene_id"] as string;
  await call(stack, "PATCH", `${story}/scenes/${sceneId}`, owner, { text: `There was ${word()}.` });
  return { sceneId, storyTaskId: storyTaskId as string };
}

/** Ids of a turn, which are its owner's marks from now on. */
export function idsOf(turn: Turn, marks: Set<string>) {
  const { user_id, project_id, message_id, user_message_id } = turn.events.metadata;
  for (const id of [user_id, project_id, message_id, user_message_id, turn.sessionId, turn.streamId]) {
    assert.ok(id, "the turn has all ids");
    marks.add(id);
  }
  return {
    id: user_id as string,
    sessionId: turn.sessionId,
    projectId: project_id as string,
    messageId: message_id as string,
    questionId: user_message_id as string,
    streamId: turn.streamId,
  };
}

/** A person's things in a dossier, by ids. */
export interface Known {
  /** A character that has two mentions, and the second of them. */
  character: string;
  mention: string;
  otherCharacter: string;
  /** Two values of a field that are a question, and one of them. */
  question: string;
  value: string;
  proposal: string;
}

/** Two characters, one of them of two ages, and a proposal, as a model has found them. */
async function storeDossier(stack: Stack, person: Omit<Person, "known">): Promise<Known> {
  const { projectId: project_id, messageId: message_id, token } = person;
  const [name, other, proposed] = [1, 2, 3].map(() => newWord(stack, person.marks));
  const text = [name, other, proposed].join(" ");
  const of = (at: number) => ({ project_id, message_id, text, at, delivery: `${message_id}:${at}` });
  const proposal = newWord(stack, person.marks);
  const first = await find(stack, of(1), [
    mention(name!, name!),
    fact(name!, "age", "30", name!),
    mention(other!, other!),
  ]);
  const second = await find(stack, of(2), [mention(name!, name!), fact(name!, "age", "40", name!)]);
  await find(stack, of(3), [mention(proposed!, proposed!, { proposal })]);
  const [question] = (await call(
    stack,
    "GET",
    `/dossier/${project_id}/questions`,
    token,
  )) as unknown as [Row];
  assert.equal(question["kind"], "contradiction");
  // A snapshot that is behind its log is updated by this read.
  await call(stack, "GET", `/dossier/${project_id}`, token);
  const short = (entry: Row) => (entry["assertion_id"] as string).slice(0, 16);
  const known = {
    character: short(first[0]!),
    mention: short(second[0]!),
    otherCharacter: short(first[2]!),
    question: question["id"] as string,
    value: question["values"][0]["entry"] as string,
    proposal,
  };
  for (const id of Object.values(known)) person.marks.add(id);
  return known;
}

/** Traces in the text of people other than `reader`, who may be undefined. */
export function tracesOfOthers(text: string, people: readonly Person[], reader?: Person): string[] {
  return people
    .filter((person) => person !== reader)
    .flatMap(({ name, marks }) => [...marks].filter((mark) => text.includes(mark)).map((mark) => `${name}: ${mark}`));
}

/** The rows that name each of these people, to see whose have changed. */
export function rowsOf(everything: Record<string, Row[]>, people: readonly Person[]) {
  const rows = Object.values(everything).flat().map((row) => JSON.stringify(row)).sort();
  return Object.fromEntries(people.map(({ name, id }) => [name, rows.filter((row) => row.includes(id))]));
}
