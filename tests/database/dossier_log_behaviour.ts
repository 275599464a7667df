// The log of a dossier, in both databases.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { assertion, commit, EMPTY_SNAPSHOT, newProject, readLog, snapshot } from "./dossiers.ts";
import { ask } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { newUser, only, refusal, say } from "./turns.ts";

export function describeDossierLogs(target: () => Target): void {
  const contents = (entries: Row[]) => entries.map((entry) => entry["body"]["content"]);

  test("assertions are kept in the order given, with what they are about", async () => {
    const user = newUser();
    const { project_id, message_id } = await say(target(), user, "Who?", "A fox.");
    const found = assertion("A fox lives here.", { message_id });
    const said = assertion("It is red.", { kind: "user" });
    const moved = assertion("Another take.", { kind: "path", body: { left: [message_id] } });
    const sure = assertion("It is called Reynard.", { kind: "confirmed", message_id });
    assert.deepEqual(await commit(target(), project_id, 0, [said, found]), {
      head: 2,
      added: 2,
      folded_to: 0,
      log_start: 0,
      tail: null,
    });
    assert.deepEqual(await commit(target(), project_id, 2, [moved, sure]), {
      head: 4,
      added: 2,
      folded_to: 0,
      log_start: 0,
      tail: null,
    });
    assert.deepEqual(
      await readLog(target(), project_id),
      [said, found, moved, sure].map((entry, index) => ({ ...entry, position: index + 1 })),
    );
    const rows = await target().select("dossier_assertions", { project_id });
    assert.ok(rows.every((row) => row["owner_id"] === user["subject"]));
  });

  test("a snapshot of what the log no longer is is not stored: its maker gets the rest", async () => {
    const user = newUser();
    const project_id = await newProject(target(), user);
    await commit(target(), project_id, 0, [assertion("a")], { snapshot: snapshot("a") });
    const late = await commit(target(), project_id, 0, [assertion("b"), assertion("c")], {
      snapshot: snapshot("bc"),
    });
    assert.deepEqual([late["head"], late["added"], late["folded_to"]], [3, 2, 1]);
    assert.deepEqual(contents(late["tail"]), ["a", "b", "c"], "the caller's own in their places");
    const read = async () => (await ask(target(), user, "read_dossier", { project_id }))["body"];
    assert.equal((await read())["snapshot_json"]["logline"], "a");
    const last = late["tail"].at(-1)["position"];
    const whole = { snapshot: snapshot("abc") };
    assert.deepEqual(await commit(target(), project_id, last, [], whole), {
      head: 3,
      added: 0,
      folded_to: 3,
      log_start: 0,
      tail: null,
    });
    assert.equal((await read())["snapshot_json"]["logline"], "abc");
    assert.equal((await read())["version"], 3);
  });

  test("a log that is full refuses what is added by those who have not read it", async () => {
    const user = newUser();
    const project_id = await newProject(target(), user);
    const long = (name: string) => assertion(`${name} ${"лес ".repeat(1500)}`);
    const many = (name: string) => Array.from({ length: 250 }, (_, place) => long(`${name} ${place}`));
    await commit(target(), project_id, 0, many("first"));
    // The second has read nothing, as a writer at the same time.
    await assert.rejects(commit(target(), project_id, 0, many("second")), refusal(413, "body_too_large"));
    assert.equal((await readLog(target(), project_id)).length, 250);
    // Whoever has read it all knows what room there is; a repeated call is no new one.
    assert.equal((await commit(target(), project_id, 250, [assertion("short")]))["added"], 1);
    assert.equal((await commit(target(), project_id, 0, many("first")))["added"], 0);
    // A cleared log has all its room again, also for those who have not read that it was cleared.
    await ask(target(), user, "clear_dossier", { project_id });
    assert.equal((await commit(target(), project_id, 0, many("second")))["added"], 250);
    await assert.rejects(commit(target(), project_id, 0, many("third")), refusal(413, "body_too_large"));
  });

  test("a repeated call changes nothing", async () => {
    const user = newUser();
    const { project_id, message_id } = await say(target(), user, "Who?", "A fox.");
    const sent = [assertion("a", { message_id }), assertion("b")];
    const first = () => commit(target(), project_id, 0, sent, { snapshot: snapshot("ab") });
    await first();
    const state = async () => [
      await only(target(), "dossiers", { project_id }),
      await readLog(target(), project_id),
    ];
    const before = await state();
    const repeated = await first();
    assert.deepEqual([repeated["head"], repeated["added"], repeated["folded_to"]], [2, 0, 2]);
    assert.deepEqual(contents(repeated["tail"]), ["a", "b"]);
    await commit(target(), project_id, 2, [sent[1]!, sent[0]!], { snapshot: snapshot("ab") });
    assert.deepEqual(await state(), before);
  });

  test("the same assertion twice in a call is stored once, another one under its id is refused", async () => {
    const project_id = await newProject(target(), newUser());
    const [a, b] = [assertion("a"), assertion("b")];
    const answer = await commit(target(), project_id, 0, [b, a, b, b]);
    assert.deepEqual([answer["head"], answer["added"]], [2, 2]);
    const log = await readLog(target(), project_id);
    assert.deepEqual(contents(log), ["b", "a"]);
    const changed = { ...assertion("c"), assertion_id: a["assertion_id"] };
    const asUser = { ...a, kind: "user" };
    for (const sent of [[changed], [asUser], [assertion("d"), { ...assertion("e"), ...changed }]]) {
      await assert.rejects(commit(target(), project_id, 2, sent), refusal(422, "invalid_request"));
    }
    const { assertion_id } = assertion("d");
    const twice = [assertion("d"), { ...assertion("e"), assertion_id }];
    await assert.rejects(commit(target(), project_id, 2, twice), refusal(422, "invalid_request"));
    assert.deepEqual(await readLog(target(), project_id), log, "nothing of the call is stored");
  });

  test("what is no log entry or snapshot is refused", async () => {
    const project_id = await newProject(target(), newUser());
    const a = assertion("a");
    const wrong: Row[] = [
      { assertions: null },
      { assertions: {} },
      { assertions: [null] },
      { assertions: ["a"] },
      { assertions: [a, { ...a, assertion_id: "A".repeat(64) }] },
      { assertions: [{ ...a, assertion_id: null }] },
      { assertions: [{ ...a, kind: "guess" }] },
      { assertions: [{ ...a, body: "text" }] },
      { assertions: [{ ...a, body: null }] },
      { assertions: Array.from({ length: 1001 }, (_, index) => assertion(index)) },
      { base: null },
      { base: -1 },
      { base: 1.5 },
      { base: 1 },
      { snapshot: [] },
      { snapshot: "text" },
      { snapshot: { ...EMPTY_SNAPSHOT, objects: undefined } },
      { snapshot: { ...EMPTY_SNAPSHOT, themes: {} } },
    ];
    for (const part of wrong) {
      await assert.rejects(
        commit(target(), project_id, 0, [a], part),
        refusal(422, "invalid_request"),
        JSON.stringify(part).slice(0, 100),
      );
    }
    const long = { body: { text: "x".repeat(65_536) } };
    await assert.rejects(
      commit(target(), project_id, 0, [a, { ...a, ...long }]),
      refusal(413, "body_too_large"),
    );
    await assert.rejects(
      commit(target(), project_id, 0, [a], { snapshot: snapshot("x".repeat(4_194_304)) }),
      refusal(413, "body_too_large"),
    );
    assert.deepEqual(await readLog(target(), project_id), []);
  });

  test("a log is read in pieces, however long it is", async () => {
    const project_id = await newProject(target(), newUser());
    let head = 0;
    for (const [count, size] of [
      [1000, 10],
      [1000, 10],
      [150, 65_000],
      [3, 10],
    ] as const) {
      const sent = Array.from({ length: count }, (_, index) =>
        assertion(`${head + index}:${"x".repeat(size)}`),
      );
      head = (await commit(target(), project_id, head, sent))["head"];
    }
    const log = await readLog(target(), project_id);
    assert.deepEqual(
      log.map((entry) => Number(entry["body"]["content"].split(":")[0])),
      Array.from({ length: head }, (_, index) => index),
    );
    assert.equal((await commit(target(), project_id, 0, []))["tail"].length, 1000);
    const long = (await commit(target(), project_id, 2000, []))["tail"];
    assert.ok(long.length > 14 && long.length < 18, `${long.length} entries are 1 MB`);
  });

  test("an assertion is about a message of its own project", async () => {
    const user = newUser();
    const { project_id, user_message_id } = await say(target(), user, "Who?", "A fox.");
    const other = await say(target(), user, "Who?", "A crow.");
    const stranger = await say(target(), newUser(), "Who?", "A hare.");
    for (const message_id of [other["message_id"], stranger["message_id"], randomUUID()]) {
      await assert.rejects(
        commit(target(), project_id, 0, [assertion("x", { message_id })]),
        refusal(422, "invalid_request"),
      );
    }
    await assert.rejects(
      commit(target(), project_id, 0, [assertion("x", { message_id: "1" })]),
      refusal(400, "invalid_id"),
    );
    await commit(target(), project_id, 0, [assertion("x", { message_id: user_message_id })]);
  });
}
