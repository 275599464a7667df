// The unread parts of conversations for their dossiers, in either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { guestOf, migrate, personOf } from "./accounts.ts";
import { act, editReply, retake, select } from "./actions.ts";
import { assertion, newProject, readLog, snapshot } from "./dossiers.ts";
import { claimReading, commitReading, partsOf, tell, wakeReading } from "./extractions.ts";
import { ask } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { fail, wake } from "./tasks.ts";
import { begin, finish, newUser, only, refusal, say, silence } from "./turns.ts";

export function describeExtraction(target: () => Target): void {
  const contents = async (project_id: string) =>
    (await readLog(target(), project_id)).map(({ kind, body }) => body["content"] ?? kind);
  const reading = (message_id: unknown) => only(target(), "message_extractions", { message_id });

  test("a turn that is worth it is read once: its question and its reply", async () => {
    const turn = await tell(target(), newUser(), "Who lives here?", "Mara, who is 30.");
    const { project_id, session_id, user_message_id, message_id } = turn;
    const task = (await claimReading(target(), turn))!;
    assert.deepEqual(
      [task["kind"], task["project_id"], task["session_id"]],
      ["dossier_extraction", project_id, session_id],
    );
    const created = async (id: unknown) =>
      new Date((await only(target(), "messages", { message_id: id }))["created_at"]).getTime();
    assert.deepEqual(task["messages"], [
      {
        message_id: user_message_id,
        role: "user",
        text: "Who lives here?",
        from_byte: 0,
        to_byte: 15,
        created_at: await created(user_message_id),
      },
      {
        message_id,
        role: "assistant",
        text: "Mara, who is 30.",
        from_byte: 0,
        to_byte: 16,
        created_at: await created(message_id),
      },
    ]);
    assert.deepEqual(task["dossier"], { head: 0, folded_to: 0, log_start: 0 });
    assert.deepEqual(task["before"], []);

    const found = [assertion("Mara", { message_id }), assertion("30", { message_id })];
    const told = snapshot("Mara is 30.");
    const done = await commitReading(target(), task, found, { snapshot: told });
    assert.deepEqual(done, {
      job_id: task["job_id"],
      step: 1,
      status: "done",
      attempts: 1,
      run_after: null,
      job_status: "done",
      progress: 100,
      already: false,
      dossier: { head: 2, added: 2, folded_to: 2, log_start: 0, tail: null },
    });
    const stored = await only(target(), "job_steps", { job_id: task["job_id"] });
    assert.deepEqual(stored["result"], { model: "a-model" });
    assert.equal(await claimReading(target(), turn), null);
    const again = await commitReading(target(), task, [assertion("else")]);
    assert.deepEqual([again["already"], again["dossier"]["head"]], [true, 2]);
    assert.deepEqual(await contents(project_id), ["Mara", "30"]);
    assert.deepEqual((await only(target(), "dossiers", { project_id }))["snapshot_json"], told);
  });

  test("a turn that is not worth it is read with the next one that is", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Thanks.", "You are welcome.");
    assert.equal(await claimReading(target(), turn), null);
    const { session_id } = turn;
    const next = await tell(target(), user, "Mara is 30.", "I see.", { session_id });
    const task = (await claimReading(target(), next))!;
    assert.deepEqual(
      partsOf(task).map(([, text]) => text),
      ["Thanks.", "You are welcome.", "Mara is 30.", "I see."],
    );
    await commitReading(target(), task, []);
    const third = await tell(target(), user, "And é?", "Nora.", { session_id });
    const { messages, before } = (await claimReading(target(), third))!;
    assert.deepEqual(messages.map(({ text }: Row) => text), ["And é?", "Nora."]);
    assert.deepEqual(
      before.map(({ role, text, from_byte }: Row) => [role, text, from_byte]),
      [
        ["user", "Thanks.", 0],
        ["assistant", "You are welcome.", 0],
        ["user", "Mara is 30.", 0],
        ["assistant", "I see.", 0],
      ],
    );
    const created = (await only(target(), "messages", { message_id: next["message_id"] }))["created_at"];
    assert.equal(before[3]["created_at"], new Date(created).getTime());
  });

  for (const end of ["failure", "death", "a reaper"] as const) {
    test(`what the user said is read although the turn ended by ${end}`, async () => {
      const user = newUser();
      const text = "Mara is 30.";
      const turn = await begin(target(), user, { text, extract: true });
      const { session_id } = turn;
      if (end === "failure") {
        await finish(target(), turn, { status: "failed", text: "", error_code: "provider_error" });
      } else {
        await silence(target(), turn, 61);
        if (end === "death") await begin(target(), user, { session_id });
        else await target().call("reap_generations", { limit: 1000 });
      }
      const task = (await claimReading(target(), turn))!;
      assert.deepEqual(partsOf(task), [[turn["user_message_id"], text]]);
    });
  }

  test("who finds less than there is gets on with the rest, and its log", async () => {
    const user = newUser();
    const first = await tell(target(), user, "One.", "Two.");
    const { session_id, project_id } = first;
    const task = (await claimReading(target(), first))!;
    const next = await tell(target(), user, "Three.", "Four.", { session_id });
    await ask(target(), user, "commit_assertions", {
      project_id,
      base: 0,
      assertions: [assertion("by hand", { kind: "user" })],
    });
    const message_id = first["message_id"];
    const found = [assertion("two", { message_id })];
    const done = await commitReading(target(), task, found, { snapshot: snapshot("two") });
    assert.deepEqual([done["status"], done["job_status"]], ["done", "running"]);
    const { tail, folded_to } = done["dossier"];
    assert.deepEqual(
      [folded_to, tail.map((entry: Row) => entry["body"]["content"])],
      [0, ["by hand", "two"]],
    );
    const rest = (await claimReading(target(), first))!;
    assert.deepEqual([rest["job_id"], rest["step"], rest["attempts"]], [task["job_id"], 2, 1]);
    assert.deepEqual(partsOf(rest), [
      [next["user_message_id"], "Three."],
      [next["message_id"], "Four."],
    ]);
  });

  test("a long text is read part by part, in whole words", async () => {
    const user = newUser();
    const paragraph = `${"Mära lebt hier. ".repeat(400)}\n\n`;
    const text = paragraph.repeat(7);
    const turn = await tell(target(), user, text, "I see.");
    const parts: string[] = [];
    let from = 0;
    for (;;) {
      const task = await claimReading(target(), turn);
      if (task === null) break;
      for (const part of task["messages"].filter(({ role }: Row) => role === "user")) {
        assert.equal(part["from_byte"], from);
        from = part["to_byte"];
        parts.push(part["text"]);
      }
      if (parts.length > 1) {
        const known = task["before"].at(-1);
        assert.equal(known["message_id"], turn["user_message_id"]);
        assert.ok(text.includes(known["text"]) && known["text"].length === 2000);
      }
      await commitReading(target(), task, []);
    }
    assert.equal(parts.join(""), text);
    assert.equal(from, Buffer.byteLength(text));
    assert.ok(parts.length >= 2, `${parts.length} parts`);
    for (const part of parts.slice(0, -1)) {
      assert.ok(Buffer.byteLength(part) <= 24_576);
      assert.ok(part.endsWith("\n\n"), "it ends with a paragraph");
    }
    const { read_bytes, is_done } = await reading(turn["user_message_id"]);
    assert.deepEqual([read_bytes, is_done], [from, true]);
  });

  test("a text without words is cut between characters", async () => {
    const text = "狐".repeat(10_000);
    const turn = await tell(target(), newUser(), text, "I see.");
    const task = (await claimReading(target(), turn))!;
    assert.deepEqual(partsOf(task), [[turn["user_message_id"], "狐".repeat(8192)]]);
  });

  test("a take that is not shown is read when it comes back", async () => {
    const user = newUser();
    const turn = await tell(target(), user, "Who?", "A fox.");
    const other = await retake(target(), user, "regenerate", turn["message_id"], "A crow.");
    const task = (await claimReading(target(), turn))!;
    assert.deepEqual(partsOf(task), [
      [turn["user_message_id"], "Who?"],
      [other["message_id"], "A crow."],
    ]);
    assert.equal((await commitReading(target(), task, []))["job_status"], "done");
    assert.equal(await claimReading(target(), turn), null);
    await select(target(), user, turn["message_id"]);
    const back = (await claimReading(target(), turn))!;
    assert.deepEqual(partsOf(back), [[turn["message_id"], "A fox."]]);
    // It leaves again while it is read.
    await select(target(), user, other["message_id"]);
    const found = [assertion("a fox", { message_id: turn["message_id"] })];
    const done = await commitReading(target(), back, found);
    assert.deepEqual(
      done["dossier"]["tail"].map((entry: Row) => entry["kind"]),
      ["extracted", "path"],
    );
  });

  test("an edited message is read in full, an edited reply from where it differs", async () => {
    const user = newUser();
    const turn = await tell(target(), user, "Who lives here?", "Ein Fuchs, näher am Wald.");
    const { message_id, project_id } = turn;
    const first = (await claimReading(target(), turn))!;
    await commitReading(target(), first, [assertion("fox", { message_id })]);
    const edited = "Ein Fuchs, nördlich vom Wald.";
    await editReply(target(), user, message_id, edited);
    const task = (await claimReading(target(), turn))!;
    assert.deepEqual(partsOf(task), [[message_id, "ördlich vom Wald."]]);
    assert.equal(task["messages"][0]["from_byte"], Buffer.byteLength("Ein Fuchs, n"));
    await commitReading(target(), task, []);
    assert.deepEqual(await contents(project_id), ["fox"], "what was found stays");
    await editReply(target(), user, message_id, "Ein Fuchs");
    const fold = (await claimReading(target(), turn))!;
    assert.deepEqual(partsOf(fold), [], "there is nothing new in it, only a log to fold");
    await commitReading(target(), fold, [], { snapshot: snapshot("fox") });
    assert.equal(await claimReading(target(), turn), null);

    const other = await act(target(), user, "edit", turn["user_message_id"], { text: "Who else?" });
    await finish(target(), other, { text: "A crow.", extract: true });
    const next = (await claimReading(target(), turn))!;
    assert.deepEqual(partsOf(next), [
      [other["user_message_id"], "Who else?"],
      [other["message_id"], "A crow."],
    ]);
  });

  test("who reads a text while it is edited finds the lease gone; others go on", async () => {
    const user = newUser();
    const turn = await tell(target(), user, "Who?", "A fox.");
    const { session_id, message_id } = turn;
    const stale = (await claimReading(target(), turn))!;
    await editReply(target(), user, message_id, "A crow.");
    const found = [assertion("a fox", { message_id })];
    await assert.rejects(
      commitReading(target(), stale, found),
      refusal(409, "stale_lease"),
    );
    const task = (await claimReading(target(), turn))!;
    assert.equal(task["attempts"], 1);
    assert.equal(partsOf(task)[1]![1], "A crow.");
    await commitReading(target(), task, []);
    const next = await tell(target(), user, "And?", "A hare.", { session_id });
    const going = (await claimReading(target(), next))!;
    await editReply(target(), user, message_id, "A mole.");
    assert.equal((await commitReading(target(), going, []))["job_status"], "running");
  });

  test("what cannot be read is left alone after three failures, and others are read", async () => {
    const user = newUser();
    const turn = await tell(target(), user, "Poison.", "I see.");
    const { session_id, user_message_id } = turn;
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    for (let failure = 1; failure <= 3; failure += 1) {
      for (let attempt = 1; attempt <= 5; attempt += 1) {
        await wakeReading(target(), turn);
        const task = (await claimReading(target(), turn))!;
        if (attempt % 2 === 0) await wake(target(), task);
        else await fail(target(), task);
        if (attempt === 4) await wake(target(), task);
      }
      await wakeReading(target(), turn);
      assert.equal(await claimReading(target(), turn), null);
      const { failures, is_done } = await reading(user_message_id);
      assert.deepEqual([failures, is_done], [failure, failure === 3]);
      await tell(target(), user, `After ${failure}.`, "I see.", { session_id });
      assert.equal(await claimReading(target(), turn), null, "not at once");
      await target().update(
        "jobs",
        { session_id, status: "failed" },
        { finished_at: hourAgo },
      );
      await tell(target(), user, `Later than ${failure}.`, "I see.", { session_id });
    }
    const task = (await claimReading(target(), turn))!;
    assert.ok(!partsOf(task).some(([, text]) => text === "Poison."));
  });

  test("a reading that fails tells why, and of which message, beside those that were read", async () => {
    const user = newUser();
    const turn = await tell(target(), user, "Ann is thirty.", "She is.");
    const { project_id, session_id } = turn;
    const readings = async (query: Row = {}) =>
      ask(target(), user, "list_dossier_readings", { project_id, query });
    assert.deepEqual((await readings()).body[0]["failures"], []);
    const task = (await claimReading(target(), turn))!;
    await fail(target(), task, { error: "provider_unauthorized: The key is wrong: set another one." });
    const [{ failures, ...reading }] = (await readings()).body;
    assert.deepEqual(
      [reading["kind"], reading["session_id"], reading["title"], reading["status"]],
      ["conversation", session_id, null, "running"],
    );
    const [{ code, message, message_id, chapter, is_given_up }] = failures;
    assert.deepEqual(
      [code, message, message_id, chapter, is_given_up],
      ["provider_unauthorized", "The key is wrong: set another one.", turn["user_message_id"], null, false],
    );
    const other = await tell(target(), user, "Tom is forty.", "He is.", { project_id });
    const page = await readings({ limit: 1 });
    assert.deepEqual([page.total, page.body.length, page.body[0]["session_id"]], [2, 1, other["session_id"]]);
    assert.deepEqual((await readings({ limit: 1, offset: 1 })).body[0]["session_id"], session_id);
    await wakeReading(target(), turn);
    await commitReading(target(), (await claimReading(target(), turn))!, []);
    const [, read] = (await readings()).body;
    assert.deepEqual([read["status"], read["failures"]], ["done", []]);
  });

  test("a conversation without a project, or that is deleted, is not read", async () => {
    const user = newUser();
    const relay = { kind: "relay", external_id: "here" };
    const turn = await tell(target(), user, "Mara is 30.", "I see.", relay);
    assert.equal(turn["project_id"], null);
    assert.deepEqual(
      await target().select("message_extractions", { session_id: turn["session_id"] }),
      [],
    );
    const deleted = await tell(target(), user, "Mara is 30.", "I see.");
    await ask(target(), user, "delete_session", { session_id: deleted["session_id"] });
    assert.equal(await claimReading(target(), deleted), null);
  });

  test("what is found of another project, or wrong, is refused and read again", async () => {
    const user = newUser();
    const other = await say(target(), user, "Who?", "A crow.");
    const turn = await tell(target(), user, "Who?", "A fox.");
    const task = (await claimReading(target(), turn))!;
    const { message_id } = other;
    for (const [found, more] of [
      [[assertion("x", { message_id })], {}],
      [[{ ...assertion("x"), assertion_id: "x" }], {}],
      [[], { base: 7 }],
      [[], { base: null }],
      [null, {}],
      [[], { snapshot: {} }],
    ] as const) {
      await assert.rejects(
        commitReading(target(), task, found as unknown as Row[], more),
        refusal(422, "invalid_request"),
      );
    }
    assert.equal((await commitReading(target(), task, []))["status"], "done");
  });

  test("a dossier that is cleared is not filled again with what was said before", async () => {
    const user = newUser();
    const turn = await tell(target(), user, "Who?", "A fox.");
    const { project_id, session_id, message_id } = turn;
    const task = (await claimReading(target(), turn))!;
    await ask(target(), user, "clear_dossier", { project_id });
    await assert.rejects(
      commitReading(target(), task, [assertion("a fox", { message_id })]),
      refusal(409, "stale_lease"),
    );
    assert.equal(await claimReading(target(), turn), null);
    const next = await tell(target(), user, "And?", "A crow.", { session_id });
    const later = (await claimReading(target(), next))!;
    assert.deepEqual(
      partsOf(later).map(([, text]) => text),
      ["And?", "A crow."],
    );
    assert.deepEqual([later["dossier"]["head"], later["dossier"]["log_start"]], [1, 1]);
    await commitReading(target(), later, [assertion("a crow")]);
    assert.deepEqual(await contents(project_id), ["a crow"]);
  });

  test("what is still to be read goes to the account with the session, and away with its owner", async () => {
    const guest = await guestOf(target());
    const account = await personOf(target(), newUser());
    const project_id = await newProject(target(), guest.principal);
    const turn = await tell(target(), guest.principal, "Who?", "A fox.", { project_id });
    const { session_id, message_id } = turn;
    const task = (await claimReading(target(), turn))!;
    await migrate(target(), account, guest);
    await commitReading(target(), task, [assertion("a fox", { message_id })]);
    await tell(target(), account.principal, "And?", "A crow.", { session_id });
    for (const table of ["dossiers", "dossier_assertions"]) {
      assert.equal((await only(target(), table, { project_id }))["owner_id"], account.id);
    }
    const rows = await target().select("message_extractions", { session_id });
    assert.deepEqual([...new Set(rows.map((row) => row["owner_id"]))], [account.id]);
    assert.equal(rows.length, 4);
    await ask(target(), account.principal, "delete_account");
    for (const table of ["message_extractions", "jobs"]) {
      assert.deepEqual(await target().select(table, { session_id }), [], table);
    }
    for (const table of ["dossiers", "dossier_assertions"]) {
      assert.deepEqual(await target().select(table, { project_id }), [], table);
    }
  });
}
