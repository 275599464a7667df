// When edits, other takes and continuations are refused, in both databases.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { act } from "./actions.ts";
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

const ACTIONS = ["edit", "regenerate", "continue"] as const;

export function describeActionRefusals(target: () => Target): void {
  const message = (message_id: unknown) => only(target(), "messages", { message_id });

  for (const action of ACTIONS) {
    test(`${action} waits for the turn that runs, and takes a dead one over`, async () => {
      const user = newUser();
      const first = await say(target(), user, "One?", "One.");
      const running = await begin(target(), user, { session_id: first["session_id"] });
      const about = action === "edit" ? first["user_message_id"] : first["message_id"];
      const attempt = () =>
        act(target(), user, action, about, action === "edit" ? { text: "?" } : {});
      await append(target(), running, 0, "So ");
      await assert.rejects(attempt(), refusal(409, "turn_in_progress"));
      await silence(target(), running, 61);
      assert.equal((await attempt())["epoch"], 3);
      assert.equal((await message(running["message_id"]))["content"], "So ");
    });
  }

  test("a reply that is still being written cannot go on yet; a dead one can", async () => {
    const user = newUser();
    const running = await begin(target(), user);
    await append(target(), running, 0, "There was ");
    for (const action of ["regenerate", "continue"] as const) {
      await assert.rejects(
        act(target(), user, action, running["message_id"]),
        refusal(409, "turn_in_progress"),
      );
    }
    await silence(target(), running, 61);
    const turn = await act(target(), user, "continue", running["message_id"]);
    assert.equal(turn["base_bytes"], 10);
    assert.equal(turn["history"][1]["content"], "There was ");
  });

  test("who asks for it is refused when the path has gone on from another message", async () => {
    const user = newUser();
    const first = await say(target(), user, "One?", "One.");
    const { session_id, message_id } = first;
    const newest = { if_newest: true };
    const before = await act(target(), user, "continue", message_id, newest);
    await finish(target(), before, { from_offset: 4, text: " And more." });
    for (const action of ["regenerate", "continue"] as const) {
      await assert.rejects(
        act(target(), user, action, message_id, newest),
        refusal(412, "precondition_failed"),
      );
    }
    const running = await begin(target(), user, { session_id });
    await append(target(), running, 0, "Two");
    await silence(target(), running, 61);
    const turn = await act(target(), user, "continue", running["message_id"], newest);
    assert.equal(turn["base_bytes"], 3, "a reply whose writer has died is the newest");
  });

  test("unknown messages, another's, those of deleted sessions and of other kinds are refused alike", async () => {
    const user = newUser();
    const stranger = await say(target(), newUser(), "Mine.", "Yours.");
    const deleted = await say(target(), user, "Mine.", "Yours.");
    const { session_id } = deleted;
    await target().update("sessions", { session_id }, { is_active: false });
    const relay = await say(target(), user, "Mine.", "Yours.", { kind: "relay" });
    const own = await say(target(), user, "Mine.", "Yours.");
    const other = await say(target(), user, "Mine.", "Yours.");
    const silent = await begin(target(), user);
    await finish(target(), silent, { status: "failed", text: "" });
    const words = new Set<string>();
    for (const action of ACTIONS) {
      const key = action === "edit" ? "user_message_id" : "message_id";
      const cases: [unknown, Row][] = [
        [randomUUID(), {}],
        [stranger[key], {}],
        [deleted[key], {}],
        [relay[key], {}],
        [own[key], { session_id: other["session_id"] }],
        [silent["message_id"], {}],
      ];
      for (const [message_id, changes] of cases) {
        const attempt = act(target(), user, action, message_id, { text: "What?", ...changes });
        await assert.rejects(attempt, (error: Error) => {
          words.add(error.message);
          return refusal(404, "not_found")(error);
        });
      }
    }
    assert.equal(words.size, 1);
    assert.equal((await messagesOf(target(), stranger)).length, 2);
    assert.equal((await messagesOf(target(), deleted)).length, 2);
  });

  test("what does not say clearly which turn is meant is refused", async () => {
    const user = newUser();
    const turn = await say(target(), user, "One?", "One.");
    const [question, reply] = [turn["user_message_id"], turn["message_id"]];
    const refused = (changes: Row) =>
      assert.rejects(begin(target(), user, changes), refusal(422, "invalid_request"));
    await refused({ action: "retry" });
    await refused({ action: "say", message_id: reply });
    for (const action of ACTIONS) await refused({ action });
    await refused({ action: "edit", message_id: reply });
    await refused({ action: "edit", message_id: question, text: "" });
    await refused({ action: "edit", message_id: question, text: "é".repeat(100_001) });
    await refused({ action: "continue", message_id: question });
    await refused({ action: "continue", message_id: reply, instruction: "" });
    await refused({ action: "continue", message_id: reply, instruction: "é".repeat(100_001) });
    await refused({ action: "edit", message_id: question, text: "?", instruction: "Again." });
    await refused({ action: "continue", message_id: reply, guidance: "Again." });
    await refused({ guidance: "Again." });
    await refused({ action: "regenerate", message_id: reply, guidance: "ы".repeat(2001) });
    await refused({ instruction: "Go on." });
    await refused({ system_prompt: "é".repeat(100_001) });
    await refused({ settings: [] });
    await assert.rejects(
      begin(target(), user, { action: "edit", message_id: "1" }),
      refusal(400, "invalid_id"),
    );
    assert.equal((await messagesOf(target(), turn)).length, 2);
  });

  test("a reply of the longest length cannot go on", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    await finish(target(), turn, { text: "m".repeat(4 << 20) });
    await assert.rejects(
      act(target(), user, "continue", turn["message_id"]),
      refusal(422, "invalid_request"),
    );
  });
}
