// A conversation of twenty turns with the real local model, which writes the replies and reads them for
// the dossier. It is a model for tests: it may find nothing, and its answer may be no dossier five times
// in a row. This test requires that everything is read or given up with a reason, that the dossier
// contains nothing which was not said, and that no person's edits change.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMaintenance } from "../../scripts/local/maintenance.ts";
import { Backend, type Row } from "../clients/backend.ts";
import { talk } from "../clients/chat.ts";
import { Stack } from "../clients/stack.ts";
import { until } from "../clients/wait.ts";
import { MODEL, serveModel } from "./served_model.ts";

const SAID = [
  "My story is about Mara, who is 34 and keeps the lighthouse of Skerry.",
  "Her brother Tom is a fisherman in the village.",
  "One night the light goes out, and a boat is lost.",
  "The boat was called the Heron.",
  "Old Finn saw it sink from the cliff.",
  "Mara has green eyes and a scar on her hand.",
  "No, she is 36.",
  "Tom believes that Mara slept that night.",
  "She did not sleep: somebody had taken the lamp's key.",
  "The key hangs in the church now.",
  "Father Ruan is the priest there.",
  "He and Mara were to be married once.",
  "It is a story about guilt.",
  "The sea gives back what it has taken after nine years.",
  "This is the ninth year.",
  "A child comes out of the water.",
  "She is called Isa and says that she is from the Heron.",
  "Finn knows her face.",
  "Mara lights the lamp again.",
  "The story ends with Tom at the door.",
];
/** A person's edits, after the turn with this number. */
const TYPED = new Map([
  [5, { name: "Mara", description: "She counts the ships that pass." }],
  [10, { name: "Ruan", description: "He has not prayed for nine years." }],
  [15, { name: "Isa", description: "She is always cold." }],
]);
const LIMIT_MS = 480_000;

const model = serveModel();
let backend: Backend;
let stack: Stack;
before(async () => {
  await until("the model", () => model.url !== ""); // A file's hooks run concurrently.
  backend = await Backend.start();
  stack = await Stack.start("deno", backend, () => ({
    MODEL_CHAT: `local:${MODEL}`,
    LOCAL_BASE_URL: `${model.url}/v1`,
    FABULA_MAX_OUTPUT_TOKENS: "24",
    // It reads a hundred tokens a second next to other load.
    FABULA_DOSSIER_MAX_OUTPUT_TOKENS: "300",
    FABULA_FIRST_TOKEN_TIMEOUT_MS: "300000",
    FABULA_TASKS_TIME_LIMIT_MS: "300000",
  }));
});
after(async () => {
  await stack.stop();
  await backend.stop();
});

test("twenty turns, with edits by hand in between", { timeout: LIMIT_MS }, async () => {
  const stop = startMaintenance({
    databaseUrl: () => backend.databaseUrl,
    functionsUrl: () => stack.functions.url,
    secretKey: backend.keys.secretKey,
    log: () => {},
    tasksEveryMs: 5_000, // Messages sent meanwhile are read together.
  });
  let token = "";
  let session_id = "";
  let project_id = "";

  async function dossier(path = "", body?: object): Promise<any> {
    const response = await fetch(`${stack.url}/functions/v1/dossier/${project_id}${path}`, {
      method: body ? "PATCH" : "GET",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  }

  const tasks = () => backend.rows("jobs", { session_id });

  /** No test waits as long as a provider's outage is waited for. */
  async function tryAgainNow(): Promise<void> {
    const steps = await backend.steps({ session_id });
    for (const { job_id, step, status, attempts } of steps) {
      if (status !== "queued" || attempts === 0) continue;
      const query = `job_id=eq.${job_id}&step=eq.${step}&status=eq.queued`;
      await fetch(`${backend.databaseUrl}/rest/v1/job_steps?${query}`, {
        method: "PATCH",
        headers: { apikey: backend.keys.secretKey, "content-type": "application/json" },
        body: JSON.stringify({ run_after: "2020-01-01T00:00:00Z" }),
      });
    }
  }

  try {
    for (const [index, text] of SAID.entries()) {
      const turn = await talk(
        stack,
        { text, ...(session_id && { session_id }) },
        token ? { token } : {},
      );
      assert.equal(turn.events.ending.at(-1), "done");
      token ||= turn.guestToken;
      session_id = turn.sessionId;
      project_id = turn.events.metadata["project_id"];
      const edit = TYPED.get(index + 1);
      if (edit) await dossier("", { snapshot_json: { characters: [edit] } });
    }
    await until(
      "the extractor",
      async () => {
        await tryAgainNow();
        return (await tasks()).every(({ status }) => status === "done" || status === "failed");
      },
      LIMIT_MS,
    );
  } finally {
    stop();
  }

  const { snapshot_json } = await dossier();
  for (const { name, description } of TYPED.values()) {
    const shown = snapshot_json.characters.find((one: Row) => one["name"] === name);
    assert.equal(shown?.description, description, name);
  }
  const facts = (await dossier("/provenance?limit=100")) as Row[];
  const found = facts.filter(({ kind }) => kind === "extracted");
  const { length } = model.recorded();
  console.log(`${found.length} facts were found; ${length} questions to the model`);
  for (const { message_id, span, quote } of found) {
    const [message] = await backend.rows("messages", { message_id });
    const said = Buffer.from(message!["content"]).subarray(span[0], span[1]).toString();
    assert.equal(said, quote);
  }
  const failed = (await backend.steps({ session_id })).filter(({ status }) => status === "failed");
  for (const { attempts, error } of failed) {
    assert.equal(attempts, 5);
    assert.match(error, /^provider_malformed/);
  }
  const read = await backend.rows("message_extractions", { session_id });
  assert.ok(read.length >= SAID.length);
  assert.ok(failed.length > 0 || read.every(({ is_done }) => is_done));
});
