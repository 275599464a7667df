// Imports: existing texts are read step by step into their dossiers, in both databases.
import assert from "node:assert/strict";
import { test } from "node:test";
import { guestOf, migrate, personOf } from "./accounts.ts";
import { assertion, newProject, readLog, snapshot } from "./dossiers.ts";
import {
  claimStep,
  commitStep,
  readImport,
  startImport,
  stepsOf,
} from "./imports.ts";
import { ask, assertHidden } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { fail, wake } from "./tasks.ts";
import { newUser, only, refusal } from "./turns.ts";

export function describeImports(target: () => Target): void {
  const TEXTS = ["Mara came home. 🦊", "Tom left.", "The end."];
  const begin = async (texts = TEXTS): Promise<[Row, ReturnType<typeof newUser>]> => {
    const user = newUser();
    const project_id = await newProject(target(), user);
    return [await startImport(target(), user, project_id, texts), user];
  };
  const contents = async ({ project_id }: Row) =>
    (await readLog(target(), project_id)).map(({ body }) => body["content"]);
  const has = async (table: string, { task_id }: Row) =>
    (await target().select(table, { job_id: task_id })).length;

  test("a text is read step by step, in its order, each once", async () => {
    const [imported, user] = await begin();
    const { task_id, project_id } = imported;
    assert.deepEqual(
      { ...imported, created_at: "" },
      {
        task_id,
        project_id,
        title: "The Sea",
        status: "queued",
        chapters: 3,
        steps: 3,
        steps_done: 0,
        steps_failed: 0,
        progress: 0,
        proposals: [],
        error: null,
        failures: [],
        created_at: "",
        finished_at: null,
        status_url: `/dossier/${project_id}/import/${task_id}`,
      },
    );
    const first = (await claimStep(target(), imported))!;
    const { lease_token, leased_until, user_id, created_at, ...task } = first;
    assert.deepEqual(task, {
      job_id: task_id,
      kind: "dossier_import",
      step: 1,
      steps: 3,
      attempts: 1,
      session_id: null,
      project_id,
      title: "The Sea",
      chapter: 1,
      chapter_title: "Chapter 1",
      text: TEXTS[0],
      before: "",
    });
    assert.equal(created_at, Date.parse(imported["created_at"]));
    const told = snapshot("Nothing is accepted.");
    const found = [assertion("Mara"), assertion("home")];
    const done = await commitStep(target(), first, found, {
      snapshot: told,
      proposals: ["mara", "home", "mara"],
    });
    assert.deepEqual(done, {
      job_id: task_id,
      step: 1,
      status: "done",
      attempts: 1,
      run_after: null,
      job_status: "running",
      progress: 33,
      already: false,
      dossier: { head: 2, added: 2, folded_to: 2, log_start: 0, tail: null },
    });
    const now = await readImport(target(), user, imported);
    assert.deepEqual(
      [now["status"], now["steps_done"], now["progress"], now["proposals"]],
      ["running", 1, 33, ["mara", "home"]],
    );
    const stored = await only(target(), "job_steps", { job_id: task_id, step: 1 });
    assert.deepEqual(stored["result"], { model: "a-model", proposals: ["mara", "home", "mara"] });

    const second = (await claimStep(target(), imported))!;
    assert.deepEqual([second["step"], second["before"]], [2, TEXTS[0]]);
    const third = (await claimStep(target(), imported))!;
    assert.equal(third["step"], 3);
    assert.equal(await claimStep(target(), imported), null);
    await commitStep(target(), third, [], { base: 2 });
    await commitStep(target(), second, [assertion("Tom")], { base: 2, proposals: ["tom", "mara"] });
    const end = await readImport(target(), user, imported);
    assert.deepEqual(
      [end["status"], end["progress"], end["proposals"]],
      ["done", 100, ["mara", "home", "tom"]],
    );
    assert.notEqual(end["finished_at"], null);
    assert.deepEqual(await contents(imported), ["Mara", "home", "Tom"]);
  });

  test("what is committed twice is stored once", async () => {
    const [imported] = await begin();
    const task = (await claimStep(target(), imported))!;
    await commitStep(target(), task, [assertion("Mara")]);
    const again = await commitStep(target(), task, [assertion("else")]);
    assert.deepEqual([again["already"], again["dossier"]["head"]], [true, 1]);
    assert.deepEqual(await contents(imported), ["Mara"]);
    assert.equal((await fail(target(), task))["already"], true);
  });

  test("a worker who dies loses the step to another, and stores nothing any more", async () => {
    const [imported] = await begin();
    const dead = (await claimStep(target(), imported, { lease_seconds: 600 }))!;
    const next = (await claimStep(target(), imported))!;
    assert.equal(next["step"], 2);
    await wake(target(), dead);
    const taken = (await claimStep(target(), imported))!;
    assert.deepEqual([taken["step"], taken["attempts"]], [1, 2]);
    await assert.rejects(
      commitStep(target(), dead, [assertion("ghost")]),
      refusal(409, "stale_lease"),
    );
    await assert.rejects(fail(target(), dead), refusal(409, "stale_lease"));
    await commitStep(target(), taken, [assertion("Mara")]);
    assert.deepEqual(await contents(imported), ["Mara"]);
  });

  test("a step that cannot be done is tried five times, and the import goes on without it", async () => {
    const [imported, user] = await begin(["Mara.", "Tom."]);
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const task = (await claimStep(target(), imported))!;
      assert.deepEqual([task["step"], task["attempts"]], [1, attempt]);
      const failed = await fail(target(), task, { retry_after_seconds: 60 });
      assert.equal(failed["status"], attempt < 5 ? "queued" : "failed");
      if (attempt < 5) {
        assert.ok(Date.parse(failed["run_after"]) > Date.now() + 50_000);
        await wake(target(), task);
      }
    }
    const task = (await claimStep(target(), imported))!;
    assert.equal(task["step"], 2);
    await commitStep(target(), task, []);
    const end = await readImport(target(), user, imported);
    assert.deepEqual(
      [end["status"], end["steps_done"], end["steps_failed"], end["progress"], end["error"]],
      ["done", 1, 1, 100, "It was away."],
    );
  });

  test("each part that could not be read tells its chapter, a code and a sentence, and when it is tried again", async () => {
    const [imported, user] = await begin();
    const failures = async () => (await readImport(target(), user, imported))["failures"] as Row[];
    const [first, second, third] = [
      (await claimStep(target(), imported))!,
      (await claimStep(target(), imported))!,
      (await claimStep(target(), imported))!,
    ];
    await fail(target(), first, { error: "provider_rate_limited: The credit is used up: add some." });
    await fail(target(), third, { error: "provider_error: It says: no." });
    const [one, three, ...more] = await failures();
    assert.deepEqual(more, []);
    assert.ok(Date.parse(one!["retry_at"]) > Date.now());
    assert.deepEqual(
      { ...one, retry_at: "" },
      {
        step: 1,
        chapter: 1,
        chapter_title: "Chapter 1",
        message_id: null,
        code: "provider_rate_limited",
        message: "The credit is used up: add some.",
        is_given_up: false,
        retry_at: "",
      },
    );
    assert.deepEqual(
      [three!["step"], three!["chapter"], three!["code"], three!["message"]],
      [3, 3, "provider_error", "It says: no."],
    );
    const { error } = await readImport(target(), user, imported);
    assert.equal(error, "The credit is used up: add some.");
    await commitStep(target(), second, []);
    await wake(target(), first);
    await commitStep(target(), (await claimStep(target(), imported))!, []);
    assert.deepEqual((await failures()).map(({ step }) => step), [3], "what has been read has not failed");

    const { project_id } = imported;
    const readings = await ask(target(), user, "list_dossier_readings", { project_id });
    assert.deepEqual(readings.total, 1);
    const [{ failures: listed, ...reading }] = readings.body;
    assert.deepEqual(listed, await failures());
    assert.deepEqual(
      { ...reading, created_at: "" },
      {
        task_id: imported["task_id"],
        kind: "import",
        session_id: null,
        title: "The Sea",
        status: "running",
        steps: 3,
        steps_done: 2,
        steps_failed: 0,
        created_at: "",
        finished_at: null,
      },
    );
    const stranger = newUser();
    await newProject(target(), stranger);
    await assert.rejects(
      ask(target(), stranger, "list_dossier_readings", { project_id }),
      refusal(404, "not_found"),
    );
    await target().call("cancel_import", {
      principal: user,
      project_id,
      task_id: imported["task_id"],
    });
    const [ended] = await failures();
    assert.deepEqual([ended!["is_given_up"], ended!["retry_at"]], [true, null]);
  });

  test("workers that die again and again fail the step, and with all steps the import", async () => {
    const [imported, user] = await begin(["Mara."]);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await wake(target(), (await claimStep(target(), imported))!);
    }
    assert.equal(await claimStep(target(), imported), null);
    const { status, error, failures } = await readImport(target(), user, imported);
    assert.deepEqual([status, error], ["failed", "Its workers have died."]);
    assert.deepEqual([failures[0]["code"], failures[0]["is_given_up"]], ["interrupted", true]);
  });

  test("one import at a time; a cancelled one stores nothing more, and keeps what it has", async () => {
    const [imported, user] = await begin();
    const { project_id, task_id } = imported;
    const again = () => startImport(target(), user, project_id, ["More."]);
    await assert.rejects(again(), refusal(409, "import_in_progress"));
    const first = (await claimStep(target(), imported))!;
    await commitStep(target(), first, [assertion("Mara")], { proposals: ["mara"] });
    const second = (await claimStep(target(), imported))!;
    const cancel = () => ask(target(), user, "cancel_import", { project_id, task_id });
    const { body } = await cancel();
    assert.deepEqual(
      [body["status"], body["steps_done"], body["progress"], body["proposals"]],
      ["cancelled", 1, 33, ["mara"]],
    );
    await assert.rejects(commitStep(target(), second, []), refusal(409, "stale_lease"));
    assert.equal(await claimStep(target(), imported), null);
    assert.deepEqual((await cancel())["body"], body);
    const next = await again();
    assert.equal((await claimStep(target(), next))!["text"], "More.");
    assert.deepEqual(await contents(imported), ["Mara"]);
  });

  test("whoever empties the dossier ends its import", async () => {
    const [imported, user] = await begin();
    const { project_id } = imported;
    const task = (await claimStep(target(), imported))!;
    await ask(target(), user, "clear_dossier", { project_id });
    await assert.rejects(
      commitStep(target(), task, [assertion("Mara")]),
      refusal(409, "stale_lease"),
    );
    assert.deepEqual(await contents(imported), []);
    assert.equal(await claimStep(target(), imported), null);
    assert.equal((await readImport(target(), user, imported))["status"], "cancelled");
    const next = await startImport(target(), user, project_id, ["More."]);
    await ask(target(), user, "clear_dossier", { project_id });
    const last = await startImport(target(), user, project_id, ["More."]);
    assert.equal((await readImport(target(), user, next))["status"], "cancelled");
    assert.equal(last["status"], "queued");
  });

  test("texts beyond the limits are refused, and odd ones", async () => {
    const user = newUser();
    const project_id = await newProject(target(), user);
    const send = (texts: string[], changes: Row = {}) =>
      startImport(target(), user, project_id, texts, changes);
    await assert.rejects(send([]), refusal(422, "invalid_request"));
    await assert.rejects(send(["a", ""]), refusal(413, "body_too_large"));
    await assert.rejects(send(Array(401).fill("a")), refusal(422, "invalid_request"));
    await assert.rejects(send(["a".repeat(16_385)]), refusal(413, "body_too_large"));
    await assert.rejects(send(Array(65).fill("ä".repeat(8192))), refusal(413, "body_too_large"));
    assert.equal((await send(Array(64).fill("ä".repeat(8192))))["steps"], 64);
  });

  test("another's import is not there", async () => {
    const [{ project_id, task_id }, user] = await begin();
    const unknown = "00000000-0000-4000-8000-000000000000";
    await assertHidden(
      target(),
      ["read_import", "cancel_import"],
      { project_id, task_id },
      { project_id, task_id: unknown },
    );
    await assertHidden(
      target(),
      ["start_import"],
      { project_id, chapters: 1, steps: stepsOf(["Mine."]) },
      { project_id: unknown, chapters: 1, steps: stepsOf(["Mine."]) },
    );
    const other = await newProject(target(), user);
    await assert.rejects(
      readImport(target(), user, { project_id: other, task_id }),
      refusal(404, "not_found"),
    );
  });

  test("an import goes with its project, with its owner, and to the account of a guest", async () => {
    const [imported, user] = await begin();
    const { project_id } = imported;
    await ask(target(), user, "delete_project", { project_id });
    for (const table of ["jobs", "job_steps"]) {
      assert.equal(await has(table, imported), 0);
    }

    const guest = await guestOf(target());
    const guests = await newProject(target(), guest.principal);
    const moved = await startImport(target(), guest.principal, guests, TEXTS);
    const task = (await claimStep(target(), moved))!;
    const account = await personOf(target(), newUser());
    await migrate(target(), account, guest);
    assert.equal((await readImport(target(), account.principal, moved))["status"], "running");
    await commitStep(target(), task, [assertion("Mara")]);
    assert.equal((await claimStep(target(), moved))!["user_id"], account.id);

    await target().call("delete_account", { principal: account.principal });
    for (const table of ["jobs", "job_steps"]) {
      assert.equal(await has(table, moved), 0);
    }
    await assert.rejects(commitStep(target(), task, []), refusal(404, "not_found"));
  });

  test("a step that is due is work that functions are woken for", async () => {
    const [imported] = await begin(["Mara."]);
    assert.equal((await target().call("has_due_step", {}))["due"], true);
    await commitStep(target(), (await claimStep(target(), imported))!, []);
  });
}
