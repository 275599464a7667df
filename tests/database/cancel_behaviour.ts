// Cancelling a reply by its stream, in both databases.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, context, read, retake, sent, takes } from "./actions.ts";
import { ask, assertHidden } from "./lists.ts";
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
  type Principal,
} from "./turns.ts";

export function describeCancelling(target: () => Target): void {
  const cancel = async (principal: Principal, turn: Row, changes: Row = {}): Promise<Row> => {
    const { stream_id } = turn;
    return (await ask(target(), principal, "request_cancel", { stream_id, body: changes }))["body"];
  };

  test("a running reply is asked to stop, once and again, and its writer is told", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    assert.equal((await append(target(), turn, 0, "There "))["cancel_requested"], false);
    const { stream_id, epoch } = turn;
    const asked = { stream_id, epoch, status: "streaming", cancel_requested: true };
    assert.deepEqual(await cancel(user, turn), asked);
    assert.deepEqual(await cancel(user, turn, { epoch }), asked);
    assert.equal((await append(target(), turn, 6, "was "))["cancel_requested"], true);
    assert.equal((await read(target(), user, turn))["cancel_requested"], true);
    await finish(target(), turn, { status: "stopped", from_offset: 10, text: "a " });
    assert.deepEqual(await cancel(user, turn), { ...asked, status: "stopped" });
    assert.equal((await read(target(), user, turn))["text"], "There was a ");
  });

  test("a writer that has no text is told with its next beat, and with each after it", async () => {
    const user = newUser();
    for (const said of ["", "There "]) {
      const turn = await begin(target(), user);
      const beat = () => append(target(), turn, said.length, "");
      await append(target(), turn, 0, said);
      assert.equal((await beat())["cancel_requested"], false);
      await cancel(user, turn);
      const told = { cancel_requested: true, status: "streaming", saved_bytes: said.length };
      assert.deepEqual([await beat(), await beat()], [told, told]);
      const { generation_id } = turn;
      const { heartbeat_at } = await only(target(), "generations", { generation_id });
      assert.ok(Date.now() - Date.parse(heartbeat_at) < 10_000, "it is not silent");
      await finish(target(), turn, { status: "stopped", from_offset: said.length, text: "" });
    }
  });

  test("a cancelled reply is stopped, keeps its text, and can go on", async () => {
    const user = newUser();
    const turn = await begin(target(), user, { kind: "relay", external_id: "456" });
    await append(target(), turn, 0, "There was ");
    await cancel(user, turn);
    assert.equal((await append(target(), turn, 10, "a "))["cancel_requested"], true);
    const end = await finish(target(), turn, { status: "stopped", from_offset: 12, text: "fox" });
    const { message_id } = turn;
    assert.deepEqual([end["status"], end["message_id"]], ["stopped", message_id]);
    const [question, reply] = await messagesOf(target(), turn);
    const text = "There was a fox";
    assert.deepEqual(
      [reply!["content"], reply!["status"], reply!["is_complete"], reply!["parent_id"]],
      [text, "stopped", false, question!["message_id"]],
    );
    const more = { kind: "relay" };
    const whole = await retake(target(), user, "continue", message_id, ", once.", more);
    assert.deepEqual([whole["base_bytes"], whole["epoch"]], [text.length, turn["epoch"] + 1]);
    const told = sent(await context(target(), user, whole["message_id"]));
    assert.deepEqual(told.at(-1), { role: "assistant", content: text });
    assert.deepEqual(
      (await takes(target(), user, message_id)).map(({ content, is_complete, is_active }) => [
        content,
        is_complete,
        is_active,
      ]),
      [
        [text, false, false],
        [`${text}, once.`, true, true],
      ],
    );
    assert.equal((await read(target(), user, turn))["text"], text);
    const { status, cancel_requested } = await cancel(user, whole);
    assert.deepEqual([status, cancel_requested], ["complete", false]);
  });

  test("a cancel of another epoch, or of a reply that has ended, changes nothing", async () => {
    const user = newUser();
    const one = await say(target(), user, "One?", "One.");
    const two = await begin(target(), user, { session_id: one["session_id"] });
    assert.deepEqual([one["epoch"], two["epoch"]], [1, 2]);
    for (const epoch of [1, 3, "999999999999999999"]) {
      const { status, cancel_requested } = await cancel(user, two, { epoch });
      assert.deepEqual([status, cancel_requested], ["streaming", false]);
    }
    const ended = { stream_id: one["stream_id"], epoch: 1 };
    for (const epoch of [null, 1, 2]) {
      assert.deepEqual(await cancel(user, one, { epoch }), {
        ...ended,
        status: "complete",
        cancel_requested: false,
      });
    }
    assert.equal((await append(target(), two, 0, "Two"))["cancel_requested"], false);
    assert.equal((await cancel(user, two, { epoch: 2 }))["cancel_requested"], true);
  });

  test("the next turn of a cancelled one is not cancelled", async () => {
    const user = newUser();
    const one = await begin(target(), user);
    await cancel(user, one);
    await finish(target(), one, { status: "stopped" });
    const take = await act(target(), user, "regenerate", one["message_id"]);
    assert.equal((await append(target(), take, 0, "Two"))["cancel_requested"], false);
  });

  test("a reply whose writer is dead is ended, with what is saved of it", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    await append(target(), turn, 0, "There was");
    await silence(target(), turn, 61);
    const { status, cancel_requested } = await cancel(user, turn);
    assert.deepEqual([status, cancel_requested], ["interrupted", false]);
    assert.equal((await read(target(), user, turn))["text"], "There was");
    await begin(target(), user, { session_id: turn["session_id"] });
  });

  test("another's stream, one of a deleted session and an unknown one are refused alike", async () => {
    const user = newUser();
    const { stream_id } = await begin(target(), user);
    await assertHidden(target(), ["request_cancel"], { stream_id }, { stream_id: "no such" });
    const deleted = await begin(target(), user);
    await ask(target(), user, "delete_session", { session_id: deleted["session_id"] });
    for (const turn of [deleted, {}, { stream_id: "" }]) {
      await assert.rejects(cancel(user, turn), refusal(404, "not_found"));
    }
    const nobody = { kind: "guest", token_hash: "0".repeat(64) };
    await assert.rejects(cancel(nobody, { stream_id }), refusal(401, "invalid_token"));
    assert.equal((await read(target(), user, { stream_id }))["cancel_requested"], false);
  });

  test("an epoch that is none is refused", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    for (const epoch of [0, -1, 1.5, "", "one", true, {}, "1000000000000000000"]) {
      await assert.rejects(cancel(user, turn, { epoch }), refusal(422, "invalid_request"));
    }
  });
}
