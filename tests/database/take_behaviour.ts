// Takes of a message, which of them is shown, and edited replies, in both databases.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { contents, editReply, retake, select, takes } from "./actions.ts";
import type { Row, Target } from "./target.ts";
import {
  append,
  begin,
  finish,
  messagesOf,
  newUser,
  only,
  refusal,
  say,
  silence,
} from "./turns.ts";

export function describeTakes(target: () => Target): void {
  const session = (turn: Row) => only(target(), "sessions", { session_id: turn["session_id"] });
  const shown = (list: Row[]) =>
    list.map((take) => [
      take["content"],
      take["take_number"],
      take["take_count"],
      take["is_active"],
    ]);

  test("takes are listed in the order in which they came, and say which one is shown", async () => {
    const user = newUser();
    const one = await say(target(), user, "One?", "One.");
    assert.deepEqual(shown(await takes(target(), user, one["message_id"])), [["One.", 1, 1, true]]);
    const two = await retake(target(), user, "regenerate", one["message_id"], "Eins.");
    await retake(target(), user, "continue", two["message_id"], " Mehr.");
    for (const message_id of [one["message_id"], two["message_id"]]) {
      assert.deepEqual(shown(await takes(target(), user, message_id)), [
        ["One.", 1, 3, false],
        ["Eins.", 2, 3, false],
        ["Eins. Mehr.", 3, 3, true],
      ]);
    }
    await say(target(), user, "Two?", "Two.", { session_id: one["session_id"] });
    const [first] = await takes(target(), user, one["message_id"]);
    const row = await only(target(), "messages", { message_id: one["message_id"] });
    const { created_at, updated_at, ...rest } = first!;
    assert.deepEqual(rest, {
      message_id: row["message_id"],
      session_id: one["session_id"],
      turn_id: row["turn_id"],
      parent_id: one["user_message_id"],
      role: "assistant",
      content: "One.",
      is_complete: true,
      metadata: row["metadata"],
      take_number: 1,
      take_count: 3,
      is_active: false,
    });
    for (const time of [created_at, updated_at]) {
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    }
  });

  test("takes of the first message, and of a user's message, are its edits alone", async () => {
    const user = newUser();
    const one = await say(target(), user, "One?", "One.");
    const edit = await retake(target(), user, "edit", one["user_message_id"], "Eins.", {
      text: "Eins?",
    });
    for (const turn of [one, edit]) {
      assert.deepEqual(shown(await takes(target(), user, turn["user_message_id"])), [
        ["One?", 1, 2, false],
        ["Eins?", 2, 2, true],
      ]);
    }
    assert.deepEqual(shown(await takes(target(), user, one["message_id"])), [
      ["One.", 1, 1, false],
    ]);
  });

  test("a selected message is shown with what came after it last", async () => {
    const user = newUser();
    const one = await say(target(), user, "One?", "One.");
    const { session_id } = one;
    const two = await say(target(), user, "Two?", "Two.", { session_id });
    const zwei = await retake(target(), user, "regenerate", two["message_id"], "Zwei.");
    const three = await say(target(), user, "Three?", "Three.", { session_id });
    const eins = await retake(target(), user, "regenerate", one["message_id"], "Eins.");
    const leafAfter = async (message_id: unknown) => {
      const answer = await select(target(), user, message_id);
      assert.deepEqual(answer, {
        session_id,
        message_id,
        active_leaf_id: answer["active_leaf_id"],
      });
      assert.equal((await session(one))["active_leaf_id"], answer["active_leaf_id"]);
      return answer["active_leaf_id"];
    };
    assert.equal(await leafAfter(one["message_id"]), three["message_id"]);
    assert.equal(await leafAfter(two["message_id"]), two["message_id"]);
    assert.equal(await leafAfter(two["user_message_id"]), three["message_id"]);
    assert.equal(await leafAfter(zwei["message_id"]), three["message_id"]);
    assert.equal(await leafAfter(one["user_message_id"]), eins["message_id"]);
    assert.equal(await leafAfter(two["message_id"]), two["message_id"]);
    const next = await begin(target(), user, { session_id });
    assert.deepEqual(contents(next["history"]), ["One?", "One.", "Two?", "Two."]);
  });

  test("a first message is selected like any other", async () => {
    const user = newUser();
    const one = await say(target(), user, "One?", "One.");
    await retake(target(), user, "edit", one["user_message_id"], "Eins.", { text: "Eins?" });
    const { active_leaf_id } = await select(target(), user, one["user_message_id"]);
    assert.equal(active_leaf_id, one["message_id"]);
  });

  test("a changed reply keeps its old texts, and is sent as it is now", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Who?", "A fox.");
    const { message_id, session_id } = turn;
    const answer = await editReply(target(), user, message_id, "A wolf.");
    assert.deepEqual(
      [answer["body"]["content"], answer["body"]["metadata"]["is_edited"], answer["etag"]],
      ["A wolf.", true, "2"],
    );
    const [take] = await takes(target(), user, message_id);
    const { is_active, ...same } = take!;
    assert.deepEqual([same, is_active], [answer["body"], true]);
    await editReply(target(), user, message_id, "Two wolves.");
    const revisions = await target().select("message_revisions", { message_id });
    assert.deepEqual(
      revisions.map((row) => [row["revision"], row["content"], Number(row["last_epoch"])]).sort(),
      [
        [1, "A fox.", 1],
        [2, "A wolf.", 1],
      ],
    );
    assert.equal(
      (await only(target(), "messages", { message_id }))["metadata"]["status"],
      "complete",
    );
    const next = await begin(target(), user, { session_id });
    assert.deepEqual(contents(next["history"]), ["Who?", "Two wolves."]);
    const more = await retakeAfter(next);
    assert.equal(more["base_bytes"], Buffer.byteLength("Two wolves."));

    async function retakeAfter(running: Row) {
      await finish(target(), running);
      return retake(target(), user, "continue", message_id, " Or three.");
    }
  });

  test("the same text again is no change, and a stale one is refused", async () => {
    const user = newUser();
    const { message_id } = await say(target(), user, "Who?", "A fox.");
    const same = await editReply(target(), user, message_id, "A fox.", { if_match: "1" });
    assert.deepEqual([same["etag"], same["body"]["metadata"]["is_edited"]], ["1", undefined]);
    assert.equal(
      (await editReply(target(), user, message_id, "A wolf.", { if_match: "1" }))["etag"],
      "2",
    );
    await assert.rejects(
      editReply(target(), user, message_id, "A bear.", { if_match: "1" }),
      refusal(412, "precondition_failed"),
    );
    assert.deepEqual(await target().select("message_revisions", { message_id, revision: 2 }), []);
  });

  test("only replies can be changed, and to something", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Who?", "A fox.");
    const refused = (message_id: unknown, content: unknown) =>
      assert.rejects(
        editReply(target(), user, message_id, content),
        refusal(422, "invalid_request"),
      );
    await refused(turn["user_message_id"], "What?");
    for (const content of ["", null, 7, "é".repeat((2 << 20) + 1)]) {
      await refused(turn["message_id"], content);
    }
    await editReply(target(), user, turn["message_id"], "é".repeat(2 << 20));
  });

  test("a reply that is still being written is waited for, one that never ends is not", async () => {
    const user = newUser();
    const { message_id, ...turn } = await begin(target(), user);
    await append(target(), turn, 0, "There ");
    await assert.rejects(select(target(), user, message_id), refusal(409, "turn_in_progress"));
    await assert.rejects(
      editReply(target(), user, message_id, "x"),
      refusal(409, "turn_in_progress"),
    );
    await assert.rejects(takes(target(), user, message_id), refusal(404, "not_found"));
    await silence(target(), turn, 61);
    const changed = await editReply(target(), user, message_id, "There was a fox.");
    assert.deepEqual([changed["etag"], changed["body"]["is_complete"]], ["2", false]);
  });

  test("unknown messages, another's and those of deleted sessions are refused alike", async () => {
    const user = newUser();
    const stranger = await say(target(), newUser(), "Mine.", "Yours.");
    const deleted = await say(target(), user, "Mine.", "Yours.");
    const { session_id } = deleted;
    await target().update("sessions", { session_id }, { is_active: false });
    const words = new Set<string>();
    for (const message_id of [randomUUID(), stranger["message_id"], deleted["message_id"], null]) {
      for (const [name, changes] of [
        ["list_takes", {}],
        ["select_message", {}],
        ["edit_reply", { body: { content: "x" } }],
        ["read_context", {}],
      ] as const) {
        const attempt = target().call(name, { principal: user, message_id, ...changes });
        await assert.rejects(attempt, (error: Error) => {
          words.add(error.message);
          return refusal(404, "not_found")(error);
        });
      }
    }
    assert.equal(words.size, 1);
    assert.deepEqual(contents(await messagesOf(target(), stranger)), ["Mine.", "Yours."]);
    await assert.rejects(takes(target(), user, "x"), refusal(400, "invalid_id"));
  });
}
