// Existing manuscripts: cut into chapters, read by a worker, and proposed; accepted proposals are in the
// dossier, and a worker that dies between steps costs nothing.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, test } from "node:test";
import type { Row } from "./backend.ts";
import type { Message } from "./scripted_model.ts";
import { onEachRuntime, Stack } from "./stack.ts";
import { hs256, userClaims } from "./tokens.ts";
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

onEachRuntime("import", (stack) => {
  const model = () => stack().backend.model;
  afterEach(() => model().scriptOthers((reply) => reply.refuse(500, "{}")));

  /** Answers each chapter as it should be; returns which have been asked for. */
  function readChapters(before: (chapter: number) => Promise<void> = async () => {}): number[] {
    const asked: number[] = [];
    model().scriptOthers(async (reply) => {
      const text = (reply.request.messages.at(-1) as Message).content;
      // The last chapter that is named: earlier ones may be there as context.
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
    const response = await fetch(path.startsWith("/") ? `${stack().url}/functions/v1${path}` : path, {
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
    const token = newToken();
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

  const newToken = () => hs256(userClaims(randomUUID()), stack().backend.keys.jwtSecret);

  const proposalsOf = async ({ token, projectId }: Import) =>
    (await request("GET", `/dossier/${projectId}/proposals`, token)).body as Row[];

  /** The id of the proposal in which something is named. */
  async function proposalAbout(imported: Import, words: string): Promise<string> {
    const about = (await proposalsOf(imported)).filter((one) => JSON.stringify(one).includes(words));
    assert.equal(about.length, 1, `${words}: ${JSON.stringify(about)}`);
    return about[0]!["id"];
  }

  async function decide(imported: Import, words: string, verdict: "accept" | "reject"): Promise<void> {
    const { projectId, token } = imported;
    const id = await proposalAbout(imported, words);
    const { status, body } = await request("POST", `/dossier/${projectId}/proposals/${id}/${verdict}`, token);
    assert.equal(status, 200, JSON.stringify(body));
  }

  const snapshotOf = async ({ token, projectId }: Import): Promise<Row> =>
    (await request("GET", `/dossier/${projectId}`, token)).body["snapshot_json"];
  const namesIn = (snapshot: Row) => snapshot["characters"].map(({ name }: Row) => name);

  test("a manuscript becomes proposals: what is accepted is in the dossier, what is rejected is not", async () => {
    const asked = readChapters();
    const imported = await start();
    const { task_id, status_url, title, chapters, steps } = imported.started;
    assert.equal(status_url, `${stack().url}/functions/v1/dossier/${imported.projectId}/import/${task_id}`);
    assert.deepEqual([title, chapters, steps], ["The Light", 3, 3]);
    assert.deepEqual(await runTasks(), { done: 3, failed: 0, left: false, failures: [] });
    assert.deepEqual(asked, [1, 2, 3]);
    const end = await progress(imported);
    assert.deepEqual([end["status"], end["steps_done"], end["progress"]], ["done", 3, 100]);
    assert.equal(end["proposals"].length, 3, "Mara, with what two chapters say of her; Tom; the door");

    const nothing = await snapshotOf(imported);
    assert.deepEqual([namesIn(nothing), nothing["plot_points"]], [[], []]);
    const listed = await proposalsOf(imported);
    assert.deepEqual(listed.map(({ id }) => id).sort(), [...end["proposals"]].sort());
    await decide(imported, "Mara Quill kept", "accept");
    await decide(imported, "Tom Arden", "reject");
    const shown = await snapshotOf(imported);
    assert.deepEqual(namesIn(shown), ["Mara Quill"]);
    const [mara] = shown["characters"];
    assert.deepEqual([mara["age"], mara["eye_colour"]], ["30", "grey"]);
    assert.deepEqual(shown["plot_points"], [], "nobody has said anything of it");

    const { token, projectId } = imported;
    const facts = (await request("GET", `/dossier/${projectId}/provenance?target=${mara["id"]}`, token)).body as Row[];
    const sources: Record<string, Row> = Object.fromEntries(facts.map((fact) => [fact["field"], fact["import"]]));
    assert.deepEqual([sources["age"]!["task_id"], sources["age"]!["chapter"]], [task_id, 1]);
    assert.deepEqual([sources["eye_colour"]!["task_id"], sources["eye_colour"]!["chapter"]], [task_id, 3]);
    for (const { chapter_title } of Object.values(sources)) assert.equal(typeof chapter_title, "string");
    const proposed = listed.flatMap(({ entries }) => entries.map((entry: Row) => entry["import"]["chapter"]));
    assert.deepEqual([...new Set(proposed)].sort(), [1, 2, 3]);

    for (const { body, message_id } of (await entries(imported)).filter((row) => row["kind"] === "extracted")) {
      assert.equal(message_id, null);
      const [task, step] = body["delivery"].split(":");
      assert.equal(task, task_id);
      const [part] = await stack().backend.rows("job_steps", { job_id: task_id, step });
      const { begin, end: until } = body["source"];
      assert.equal(Buffer.from(part!["payload"]["text"]).subarray(begin, until).toString(), body["quote"]);
    }
  });

  test("a worker that is killed between and within steps: the next one goes on, and nothing is done twice", async () => {
    const { backend, runtime } = stack();
    const gate = makeGate();
    const asked = readChapters(async (request_number) => {
      if (request_number === 2) await gate.opened;
    });
    const imported = await start();
    const { task_id } = imported.started;
    const first = await Stack.start(runtime, backend);
    assert.deepEqual(await runTasks(first, 1), { done: 1, failed: 0, left: true, failures: [] });
    await decide(imported, "Mara Quill kept", "accept");
    const lost = runTasks(first).then(
      () => assert.fail("it was killed"),
      () => {},
    );
    await until("the request about the second chapter", () => asked.length === 2);
    process.kill(first.functions.processId, "SIGKILL");
    await first.stop();
    await lost;
    gate.open();
    assert.deepEqual((await progress(imported))["steps_done"], 1);

    await backend.makeStepsDue({ job_id: task_id });
    const runs = await Promise.all([runTasks(), runTasks()]);
    assert.equal(runs[0]!["done"] + runs[1]!["done"], 2);
    await until("the end of the import", async () => (await progress(imported))["status"] === "done");
    assert.deepEqual([...asked].sort(), [1, 2, 2, 3]);
    const steps = await backend.steps({ job_id: task_id });
    assert.deepEqual(steps.map(({ attempts }) => attempts), [1, 2, 1]);
    const found = (await entries(imported)).filter(({ kind }) => kind === "extracted");
    assert.deepEqual(
      found.map(({ body }) => [body["delivery"].split(":")[1], body["do"]].join(" ")).sort(),
      ["1 fact", "1 mention", "2 mention", "3 fact", "3 item", "3 mention"],
    );
    const shown = await snapshotOf(imported);
    assert.deepEqual(namesIn(shown), ["Mara Quill"]);
    assert.equal(shown["characters"][0]["eye_colour"], "grey", "what comes later of whom one has accepted");
  });

  test("a part that cannot be read tells its chapter and why, and its proposals are decided at once", async () => {
    const { backend } = stack();
    model().scriptOthers((reply) => reply.refuse(401, '{"error":{"message":"no"}}'));
    const imported = await start();
    const { token, projectId } = imported;
    const { task_id } = imported.started;
    const ran = await runTasks(stack(), 1);
    assert.deepEqual([ran["done"], ran["failed"]], [0, 1]);
    assert.deepEqual(
      ran["failures"].map(({ kind, code }: Row) => [kind, code]),
      [["dossier_import", "provider_unauthorized"]],
    );
    const readings = (await request("GET", `/dossier/${projectId}/readings`, token)).body as Row[];
    assert.deepEqual(
      readings.map((each) => [each["kind"], each["task_id"]]),
      [["import", task_id]],
    );
    const { failures } = readings[0]!;
    assert.deepEqual(
      failures.map(({ step, chapter, code, is_given_up }: Row) => [step, chapter, code, is_given_up]),
      [[1, 1, "provider_unauthorized", false]],
    );
    assert.equal(failures[0]["message"], ran["failures"][0]["message"]);
    // A request for the progress reads on.
    const now = await progress(imported);
    assert.deepEqual([now["error"], now["failures"]], [failures[0]["message"], failures]);
    readChapters();
    await until("the end of the import", async () => {
      await backend.makeStepsDue({ job_id: task_id });
      await runTasks();
      return (await progress(imported))["status"] === "done";
    });
    const { proposals, failures: none } = await progress(imported);
    assert.deepEqual(none, []);

    const path = `/dossier/${projectId}/proposals`;
    const wrong = await request("POST", path, token, { accept: [...proposals, "nothing"] });
    assert.deepEqual([wrong.status, wrong.body["errors"].map((each: Row) => each["path"])], [404, ["accept[3]"]]);
    assert.deepEqual(namesIn(await snapshotOf(imported)), [], "nothing was decided");
    const [rejected, ...accepted] = proposals;
    const decided = await request("POST", path, token, { accept: accepted, reject: [rejected] });
    assert.equal(decided.status, 200, JSON.stringify(decided.body));
    const listed = await proposalsOf(imported);
    assert.deepEqual(
      listed.map(({ id, status }) => [id, status]),
      listed.map(({ id }) => [id, id === rejected ? "rejected" : "accepted"]),
    );
    const versions = (await request("GET", `/dossier/${projectId}/versions`, token)).body as Row[];
    assert.deepEqual([versions[0]!["version"], versions[0]!["entries"]], [decided.body["version"], 3]);
    await request("POST", `/dossier/${projectId}/undo`, token, {});
    assert.ok((await proposalsOf(imported)).every(({ status }) => status === "proposed"));
  });

  test("an import is refused, hidden and cancelled", async () => {
    readChapters();
    const imported = await start("Mara came home.", { format: "plain", title: "Notes" });
    const { token, projectId, started } = imported;
    assert.deepEqual([started["title"], started["chapters"], started["steps"]], ["Notes", 1, 1]);
    const again = await request("POST", `/dossier/${projectId}/import`, token, { text: "More." });
    assert.deepEqual([again.status, again.body["code"]], [409, "import_in_progress"]);
    for (const text of [" ", "* * *", "x".repeat(1024 * 1024 + 1)]) {
      const refused = await request("POST", `/dossier/${projectId}/import`, token, { text });
      assert.equal(refused.status, 422, JSON.stringify(refused.body));
    }
    const stranger = await request("GET", started["status_url"], newToken());
    assert.equal(stranger.status, 404);
    const cancelled = await request("DELETE", started["status_url"], token);
    assert.deepEqual([cancelled.status, cancelled.body["status"]], [200, "cancelled"]);
    assert.deepEqual(await runTasks(), { done: 0, failed: 0, left: false, failures: [] });
    assert.equal((await progress(imported))["status"], "cancelled");
    assert.deepEqual(await entries(imported), []);
  });

  test("the greatest text that is taken is taken", async () => {
    const sentence = "海は静かだった。「誰もいない」と彼女は言った。";
    const text = sentence.repeat(Math.floor((1024 * 1024) / Buffer.byteLength(sentence)));
    const imported = await start(text, { format: "plain" });
    assert.ok(imported.started["steps"] <= 400);
    const parts = await stack().backend.steps({ job_id: imported.started["task_id"] });
    assert.equal(parts.map((part) => part["payload"]["text"]).join(""), text);
    await request("DELETE", imported.started["status_url"], imported.token);
  });
});
