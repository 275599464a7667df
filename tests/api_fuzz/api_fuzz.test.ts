// The functions on deno, over a real PostgreSQL, tested by a fuzzer that knows their document: nothing fails,
// every answer follows its declaration, valid requests are accepted and invalid ones refused, nobody sees
// another's data, and the database is sound afterwards.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { scriptAuthor } from "../clients/author.ts";
import { Backend, root, type Row } from "../clients/backend.ts";
import { talk } from "../clients/chat.ts";
import { fact, find, mention } from "../clients/dossier_log.ts";
import { liveTurn, openSession, principalOf } from "../clients/realtime.ts";
import { assertDiscreetLog, Stack } from "../clients/stack.ts";
import { signUp } from "../clients/supabase.ts";
import { startPostgres } from "../database/postgres_server.ts";
import { assertSound } from "../database/soundness.ts";
import { tellSeed } from "../random_numbers.ts";
import { isLongRing } from "../ring.ts";
import { runSchemathesis, type Assignment, type Identity } from "./schemathesis.ts";

const SEED = Number(process.env["FABULA_FUZZ_SEED"] ?? 1);
const EXAMPLES = Number(process.env["FABULA_FUZZ_EXAMPLES"] ?? (isLongRing ? 20 : 6));
tellSeed(`FABULA_FUZZ_SEED=${SEED} FABULA_FUZZ_EXAMPLES=${EXAMPLES}`);

const DELETIONS = [
  "delete_session",
  "delete_sessions",
  "delete_project",
  "delete_bot",
  "delete_conversation",
  "delete_character",
  "forget_memory",
  "clear_dossier",
  "remove_dossier_entry",
  "delete_scene",
  "delete_illustration",
];
// Their bodies refer to parts of a dossier, a character or a bucket by ids or numbers that cannot be guessed.
const NAMING = [
  "choose_greeting",
  "restore_conversation",
  "split_dossier_character",
  "merge_dossier_characters",
  "lock_dossier_field",
  "unlock_dossier_field",
  "undo_dossier_change",
  "redo_dossier_change",
  "resolve_dossier_question",
  "decide_dossier_proposals",
  "move_scene",
  "illustrate_story",
  // Only a task that has failed is tried again.
  "retry_story_task",
];
// For the server's operator: all others are refused.
const OPERATORS = [
  "read_metrics",
  "run_tasks",
  "list_plans",
  "save_plan",
  "delete_plan",
  "set_plan",
  "read_usage_of_all",
  "list_accounts",
  "read_account",
  "change_account",
  "list_erasures",
  "list_failed_jobs",
  "retry_failed_job",
  "rotate_encryption",
];

// Each begins a task of a story, until too many of the caller's are open for anything else to begin.
const STORY_TASKS = [
  "improve_story_idea",
  "set_up_story",
  "generate_premise",
  "generate_outline",
  "refine_outline",
  "generate_start",
  "continue_story",
  "generate_full_story",
  "regenerate_scene",
];

describe("the API by its document", () => {
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  let databaseUrl: string;
  let stack: Stack;

  before(async () => {
    try {
      const postgres = await startPostgres(root, { migrated: false, roles: false });
      started.push(postgres);
      databaseUrl = postgres.ownerUrl;
      const backend = await Backend.start({ databaseUrl });
      started.push(backend);
      scriptAuthor(backend.model);
      stack = await Stack.start("deno", backend, (_origin, modelOrigin) => ({
        // Longer work is answered with its task.
        FABULA_STORY_WAIT_MS: "100",
        MODEL_IMAGE: "openai:scripted",
        OPENAI_BASE_URL: `${modelOrigin}/v1`,
        OPENAI_API_KEY: "sk-scripted",
      }));
      await liftPlan(stack);
      started.push(stack);
    } catch (error) {
      await stop(); // Node calls no `after` when a `before` has failed.
      throw error;
    }
  });
  after(stop);

  async function assertNothingFound(
    changes: Partial<Assignment> & Pick<Assignment, "name" | "identities">,
  ) {
    const { exitCode, report } = await runSchemathesis({
      documentUrl: `${stack.url}/functions/v1/docs/openapi.json`,
      operations: { without: [] },
      phases: ["coverage", "fuzzing"],
      examples: EXAMPLES,
      seed: SEED,
      known: {},
      mustReachAll: false,
      ...changes,
    });
    assert.equal(exitCode, 0, report);
  }

  /** The deletion of a guest. */
  async function deleteGuest(): Promise<string> {
    const users = `${stack.url}/functions/v1/users`;
    const made = await fetch(`${users}/guest`, { method: "POST" });
    const { guest_token } = (await made.json()) as Row;
    const headers = { authorization: `Bearer ${guest_token}` };
    const deleted = await fetch(`${users}/me`, { method: "DELETE", headers });
    return ((await deleted.json()) as Row)["deletion_id"];
  }

  async function makeBot(name: string, token: string): Promise<number> {
    const response = await fetch(`${stack.url}/functions/v1/stream/v1/bots`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ name, model: "scripted" }),
    });
    return Number(((await response.json()) as Row)["bot_id"]);
  }

  async function makeCompanions(token: string): Promise<Assignment["known"]> {
    const post = async (path: string, body: Row): Promise<Row> => {
      const response = await fetch(`${stack.url}/functions/v1/companion/${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return (await response.json()) as Row;
    };
    const character = { name: "Mara", greeting: "Hi.", alternative_greetings: ["Yes?"] };
    const { character_id } = await post("characters", character);
    const conversations = [1, 2].map(() => post("conversations", { character_id }));
    const memories = ["The user has a sister.", "The user lives by the sea."].map((text) =>
      post(`characters/${character_id}/memories`, { text }),
    );
    return {
      companion_id: [character_id],
      memory_id: (await Promise.all(memories)).map((each) => each["memory_id"]),
      conversation_id: (await Promise.all(conversations)).map((each) => each["id"]),
    };
  }

  /** Raises the limits, so that no caller uses up a month's plan. */
  async function liftPlan(on: Stack): Promise<void> {
    const response = await fetch(`${on.url}/functions/v1/users/plans/free`, {
      method: "PUT",
      headers: { apikey: on.backend.keys.secretKey, "content-type": "application/json" },
      body: JSON.stringify({ calls_a_month: null, tokens_a_month: null, images_a_month: null }),
    });
    assert.ok(response.ok, await response.text());
  }

  /** A story with a scene in each project, and the task that was to write it; an import into the first one. */
  async function beginStories(token: string, project_ids: string[]): Promise<Assignment["known"]> {
    const ask = async (method: string, path: string, body?: Row): Promise<Row> => {
      const response = await fetch(`${stack.url}/functions/v1/${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body && { body: JSON.stringify(body) }),
      });
      assert.ok(response.ok, `${method} ${path}: ${response.status}`);
      return (await response.json()) as Row;
    };
    const task_id: string[] = [];
    const scene_id: string[] = [];
    for (const project_id of project_ids) {
      const begun = await ask("POST", "story/generate-full", { project_id, title: "The Door" });
      await ask("POST", `story/task/${begun["task_id"]}/cancel`);
      const story = `story/projects/${project_id}`;
      await ask("PUT", `${story}/premise`, { text: "A door in the sea." });
      await ask("PUT", `${story}/outline`, { scenes: [{ number: 1, title: "The Door", image_prompt: "A door." }] });
      const { scenes } = await ask("GET", story);
      const scene = scenes[0]["scene_id"];
      await ask("PATCH", `${story}/scenes/${scene}`, { text: "The door was open." });
      task_id.push(begun["task_id"]);
      scene_id.push(scene);
    }
    const imported = await ask("POST", `dossier/${project_ids[0]}/import`, { text: "The door was open." });
    // A project reads one import at a time, and this one would take long.
    await ask("DELETE", `dossier/${project_ids[0]}/import/${imported["task_id"]}`);
    return { task_id, scene_id, import_task_id: [imported["task_id"]] };
  }

  /** Two characters of one name, who are of two ages, and a proposal: alike in each of the projects. */
  async function fillDossiers(project_ids: string[]): Promise<Assignment["known"]> {
    const source = { at: 1, delivery: "one", text: "Mara", model: "a-model", prompt: "1" };
    const entries = [
      mention("Mara", "Mara"),
      fact("Mara", "age", "30", "Mara"),
      mention("Mara", "Mara", { delivery: "two" }),
      fact("Mara", "age", "40", "Mara", { delivery: "two" }),
      mention("Ilse", "Mara", { delivery: "three", proposal: "a-proposal" }),
    ];
    const found = await Promise.all(
      project_ids.map((project_id) =>
        find(stack, { project_id, message_id: null, ...source }, entries, "any"),
      ),
    );
    const { [0]: project_id } = project_ids;
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    const { rows } = await client.query(
      "select count(*)::integer from public.dossier_assertions where project_id = $1",
      [project_id],
    );
    await client.end();
    assert.equal(rows[0].count, entries.length);
    return {
      character_id: [found[0]![0]!["assertion_id"].slice(0, 16)],
      proposal_id: ["a-proposal"],
      entry_id: [found[0]![0]!["assertion_id"].slice(0, 16)],
      version: [0, 1, 2],
    };
  }

  const callers = {
    user: async (): Promise<Identity> => ({ name: "user", token: (await signUp(stack)).token }),
    guest: async (): Promise<Identity> => {
      const { guestToken } = await talk(stack, { text: "Hello." });
      return { name: "guest", token: guestToken };
    },
  };

  describe("as each caller", { concurrency: true }, () => {
    for (const kind of ["user", "guest"] as const) {
      describe(`as a ${kind}`, { concurrency: false }, () => {
        let identities: Identity[];
        let known: Assignment["known"];

        before(async () => {
          identities = [await callers[kind](), await callers[kind === "user" ? "guest" : "user"]()];
          const { token } = identities[0]!;
          const turns: Row[] = [];
          for (const text of ["Begin.", "Begin another one."]) {
            const { events } = await talk(stack, { text }, { token });
            const { session_id } = events.metadata;
            turns.push(
              events.metadata,
              (await talk(stack, { text, session_id }, { token })).events.metadata,
            );
          }
          const beginLive = async (name: string) => {
            const principal = principalOf(token, turns[0]!["user_id"]);
            const live = await openSession(stack, principal, name);
            await liveTurn(stack, live, "Who?", "A fox.");
            return name;
          };
          const all = (...names: string[]) => [
            ...new Set(turns.flatMap((turn) => names.map((name) => turn[name]))),
          ];
          known = {
            message_id: all("message_id", "user_message_id"),
            session_id: all("session_id"),
            project_id: all("project_id"),
            stream_id: all("stream_id"),
            realtime_session_id: await Promise.all(["one", "another"].map(beginLive)),
            bot_id: await Promise.all(["one", "another"].map((name) => makeBot(name, token))),
            deletion_id: [await deleteGuest()],
          };
          Object.assign(known, await makeCompanions(token));
          Object.assign(known, await fillDossiers(known["project_id"] as string[]));
          Object.assign(known, await beginStories(token, known["project_id"] as string[]));
        });

        test("operations by themselves", async () => {
          const operations = {
            without: [...DELETIONS, ...NAMING, ...OPERATORS, ...STORY_TASKS, "delete_account"],
          };
          // The boundaries of every field are the same for everybody.
          const phases: Assignment["phases"] =
            kind === "user" ? ["examples", "coverage", "fuzzing"] : ["fuzzing"];
          const name = `${kind}-operations`;
          await assertNothingFound({
            name,
            identities,
            operations,
            phases,
            known,
            mustReachAll: true,
          });
        });

        test("operations that name what is there", async () => {
          const name = `${kind}-naming`;
          const operations = { only: NAMING };
          await assertNothingFound({ name, identities, operations, known });
        });

        test("operations in sequences", async () => {
          const operations = { without: [...STORY_TASKS, "delete_sessions", "delete_account"] };
          await assertNothingFound({
            name: `${kind}-sequences`,
            identities,
            operations,
            phases: ["stateful"],
          });
        });

        test("operations that write stories", async () => {
          const name = `${kind}-stories`;
          const operations = { only: STORY_TASKS };
          await assertNothingFound({ name, identities, operations, known });
        });

        test("deletions", async () => {
          const operations = { only: DELETIONS };
          await assertNothingFound({ name: `${kind}-deletions`, identities, operations, known });
          // Repeated until no account is left.
          const account = { only: ["delete_account"] };
          await assertNothingFound({
            name: `${kind}-account`,
            identities: identities.slice(0, 1),
            operations: account,
          });
        });
      });
    }
  });

  test("what is left in the database is sound", async () => {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      // The rest of deleted accounts is erased in batches.
      for (let isLeft = true; isLeft; ) {
        const { rows } = await client.query("select (private.clean('{}') ->> 'left')::boolean as is_left");
        isLeft = rows[0].is_left;
      }
      await assertSound({ asOwner: async (sql) => (await client.query(sql)).rows });
    } finally {
      await client.end();
    }
  });

  test("the log of all this is JSON lines without a trap, a text or a key", () => {
    assertDiscreetLog(stack);
  });
});
