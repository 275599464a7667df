// Manuscripts that people have already: cut into chapters, read by a worker, and proposed; what somebody
// accepts is in the dossier, and a worker that dies between steps costs nothing.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { afterEach, test } from "node:test";
import type { Row } from "./backend.ts";
import type { Message } from "./scripted_model.ts";
import { onBothRuntimes, Stack } from "./stack.ts";
import { makeGate, until } from "./wait.ts";

const FILLER = "The wind came over the water, and nobody in the house said a word. ".repeat(12);
const CHAPTERS = [
  `## The Lighthouse\n\nMara Quill kept the light. ${FILLER}\n\nShe was thirty years old.`,
  `## The Boat\n\nTom Arden came with the boat. ${FILLER}\n\nMara did not trust him.`,
  `## The Door\n\nThe door in the sea was open. ${FILLER}\n\nMara had grey eyes.`,
];
const MANUSCRIPT = `---\ntitle: The Light\n---\n\n# The Light\n\n${CHAPTERS.join("\n\n")}\n`;

const NOTHING = {
  characters: [],
  locations: [],
  objects: [],
  themes: [],
  plot_points: [],
  open_questions: [],
  story: [],
  renames: [],
  retractions: [],
};
const character = (name: string, quote: string, fields: Row[] = []): Row => ({
  name,
  aliases: [],
  quote,
  fields: fields.map((field) => ({ corrects: "", ...field })),
  relationships: [],
});
const ANSWERS = [
  {
    ...NOTHING,
    characters: [
      character("Mara Quill", "Mara Quill kept the light.", [
        { field: "age", value: "30", quote: "She was thirty years old." },
      ]),
    ],
  },
  { ...NOTHING, characters: [character("Tom Arden", "Tom Arden came with the boat.")] },
  {
    ...NOTHING,
    characters: [
      character("Mara Quill", "Mara had grey eyes.", [
        { field: "eye_colour", value: "grey", quote: "Mara had grey eyes." },
      ]),
    ],
    plot_points: [
      { text: "The door in the sea is open.", quote: "The door in the sea was open.", corrects: "", instead_of: "" },
    ],
  },
];

onBothRuntimes("import", (stack) => {
  const model = () => stack().backend.model;
  afterEach(() => model().scriptOthers((reply) => reply.refuse(500, "{}")));

  /** Answers each chapter as it should be; returns which have been asked for. */
  function readChapters(before: (chapter: number) => Promise<void> = async () => {}): number[] {
    const asked: number[] = [];
    model().scriptOthers(async (reply) => {
      const text = (reply.request.messages.at(-1) as Message).content;
      // The last that is named: the ones before it may be told as what came before.
      const places = CHAPTERS.map((chapter) => text.lastIndexOf(chapter.split("\n")[0]!));
      const chapter = places.indexOf(Math.max(...places)) + 1;
      asked.push(chapter);
      await before(asked.length);
      if (reply.isClosed) return;
      reply.text(JSON.stringify(ANSWERS[chapter - 1]));
      reply.finish();
    });
    return asked;
  }

  async function request(method: string, path: string, token: string, body?: Row): Promise<{ status: number; body: Row }> {
    const response = await fetch(`${stack().url}/functions/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Row };
  }

  interface Import {
    token: string;
    projectId: string;
    started: Row;
  }

  async function start(text = MANUSCRIPT, more: Row = {}): Promise<Import> {
    const token = await newToken();
    const made = await request("POST", "/projects", token, { name: "The Sea" });
    const projectId = made.body["project_id"];
    const { status, body } = await request("POST", `/dossier/${projectId}/import`, token, { text, ...more });
    assert.equal(status, 202, JSON.stringify(body));
    return { token, projectId, started: body };
  }

  const progress = async ({ token, started }: Import) => {
    const { status, body } = await request("GET", started["status_url"], token);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };
  const entries = ({ projectId }: Import) =>
    stack().backend.rows("dossier_assertions", { project_id: projectId }, "position");

  async function runTasks(on = stack(), limit = 10): Promise<Row> {
    const response = await fetch(`${on.url}/functions/v1/tasks/run`, {
      method: "POST",
      headers: { apikey: on.backend.keys.secretKey, "content-type": "application/json" },
      body: JSON.stringify({ kinds: ["dossier_import"], limit }),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as Row;
  }
