// The dossier follows the conversation's path, in both databases.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { act, retake, select, takes } from "./actions.ts";
import { assertion, commit, readLog } from "./dossiers.ts";
import type { Row, Target } from "./target.ts";
import { begin, finish, newUser, only, say, silence, type Principal } from "./turns.ts";

export function describeDossierPaths(target: () => Target): void {
  const find = (project_id: string, message_id: unknown, name: string) =>
    commit(target(), project_id, 0, [assertion(name, { message_id })]);

  /** The log's entries about the path. */
  async function moves(project_id: string): Promise<Row[]> {
    const log = await readLog(target(), project_id);
    return log.filter((entry) => entry["kind"] === "path");
  }
  const told = async (project_id: string) =>
    (await moves(project_id)).map(({ body: { left, back } }) => ({ left, back }));

  async function story(user: Principal = newUser()) {
    const turn = await say(target(), user, "Who lives here?", "A fox.");
    return { user, turn, project_id: turn["project_id"] as string };
  }

  test("messages in which nothing was found leave and come back without a word", async () => {
    const { user, turn, project_id } = await story();
    const other = await retake(target(), user, "regenerate", turn["message_id"], "A crow.");
    await select(target(), user, turn["message_id"]);
    await select(target(), user, other["message_id"]);
    assert.deepEqual(await readLog(target(), project_id), []);
  });

  test("a reply that is taken again leaves with what was found in it, and comes back", async () => {
    const { user, turn, project_id } = await story();
    const [first] = [turn["message_id"]];
    await find(project_id, first, "a fox");
    await find(project_id, turn["user_message_id"], "a house");
    const other = await retake(target(), user, "regenerate", first, "A crow.");
    assert.deepEqual(await told(project_id), [{ left: [first], back: [] }]);
    await find(project_id, other["message_id"], "a crow");
    await select(target(), user, first);
    await select(target(), user, first);
    await select(target(), user, other["message_id"]);
    assert.deepEqual(await told(project_id), [
      { left: [first], back: [] },
      { left: [other["message_id"]], back: [first] },
      { left: [first], back: [other["message_id"]] },
    ]);
    // These entries take room in the log too, as much as the three facts.
    assert.equal(Number((await only(target(), "dossiers", { project_id }))["log_room"]), 6);
  });

  test("an entry of the path has its id by its content, and its place as its sequence", async () => {
    const { user, turn, project_id } = await story();
    const { session_id, message_id } = turn;
    await find(project_id, message_id, "a fox");
    const before = Date.now();
    await retake(target(), user, "regenerate", message_id, "A crow.");
    const [entry] = (await moves(project_id)) as [Row];
    const { at, ...body } = entry["body"];
    assert.deepEqual(body, {
      do: "path",
      sequence: entry["position"],
      session_id,
      left: [message_id],
      back: [],
    });
    assert.ok(at >= before - 1000 && at <= Date.now() + 1000, `${at}`);
    const canonical = JSON.stringify({
      body: { at, back: [], do: "path", left: [message_id], sequence: 2, session_id },
      kind: "path",
      message_id: null,
      project: project_id,
    });
    assert.equal(
      entry["assertion_id"],
      createHash("sha256").update(canonical).digest("hex"),
    );
  });

  test("an edit takes all that came after it away, a selection gives it back", async () => {
    const { user, turn, project_id } = await story();
    const { session_id } = turn;
    const second = await say(target(), user, "And then?", "It slept.", { session_id });
    const found = [
      turn["user_message_id"],
      turn["message_id"],
      second["user_message_id"],
      second["message_id"],
    ];
    for (const [index, message_id] of found.entries()) {
      await find(project_id, message_id, `${index}`);
    }
    const text = "Who lives there?";
    const edited = await retake(target(), user, "edit", found[0], "A crow.", { text });
    assert.deepEqual(await told(project_id), [{ left: found.toReversed(), back: [] }]);
    await find(project_id, edited["user_message_id"], "edited");
    await select(target(), user, found[1]);
    assert.deepEqual((await told(project_id)).at(-1), {
      left: [edited["user_message_id"]],
      back: found.toReversed(),
    });
  });

  for (const end of ["finish", "death"] as const) {
    test(`a take that says nothing, by ${end}, gives back what was found before`, async () => {
      const { user, turn, project_id } = await story();
      const { message_id, session_id } = turn;
      await find(project_id, message_id, "a fox");
      const running = await act(target(), user, "regenerate", message_id);
      if (end === "finish") {
        await finish(target(), running, { status: "failed", text: "" });
      } else {
        await silence(target(), running, 61);
        await begin(target(), user, { session_id });
      }
      assert.deepEqual(await told(project_id), [
        { left: [message_id], back: [] },
        { left: [], back: [message_id] },
      ]);
    });
  }

  test("what is found in a message that has left the path before is told to have left", async () => {
    const { user, turn, project_id } = await story();
    const { message_id, user_message_id } = turn;
    const other = await retake(target(), user, "regenerate", message_id, "A crow.");
    const sent = [assertion("a fox", { message_id }), assertion("why", { message_id: user_message_id })];
    const late = await commit(target(), project_id, 0, sent);
    assert.deepEqual([late["head"], late["added"], late["folded_to"]], [3, 2, 0]);
    assert.deepEqual(
      late["tail"].map((entry: Row) => entry["kind"]),
      ["extracted", "extracted", "path"],
      "its maker learns of it",
    );
    assert.deepEqual(await told(project_id), [{ left: [message_id], back: [] }]);
    await find(project_id, message_id, "once is enough");
    assert.equal((await moves(project_id)).length, 1);
    await select(target(), user, message_id);
    assert.deepEqual((await told(project_id)).at(-1), { left: [], back: [message_id] });
    assert.equal((await takes(target(), user, other["message_id"])).length, 2);
  });

  test("a conversation of its own does not move another one of the project", async () => {
    const { user, turn, project_id } = await story();
    const beside = await say(target(), user, "Else?", "A hare.", { project_id });
    await find(project_id, turn["message_id"], "a fox");
    await find(project_id, beside["message_id"], "a hare");
    await retake(target(), user, "regenerate", beside["message_id"], "A mole.");
    const [{ body }] = (await moves(project_id)) as [Row];
    assert.deepEqual(
      [body["session_id"], body["left"]],
      [beside["session_id"], [beside["message_id"]]],
    );
  });
}
