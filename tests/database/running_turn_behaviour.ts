// begin_turn while another turn runs, in either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, messagesOf, newUser, only, refusal, silence } from "./turns.ts";

export function describeRunningTurns(target: () => Target): void {
  test("a second turn waits for the one that runs", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    const again = () => begin(target(), user, { session_id: turn["session_id"] });
    await silence(target(), turn, 12);
    await assert.rejects(again(), (error: Row) => {
      const { retry_after_s, members } = JSON.parse(error["hint"]);
      assert.ok(retry_after_s > 0);
      const { started_at, ...running } = members.running;
      assert.deepEqual(running, {
        stream_id: turn["stream_id"],
        message_id: turn["message_id"],
      });
      assert.ok(Date.parse(started_at) <= Date.now());
      return refusal(409, "turn_in_progress")(error);
    });
    await finish(target(), turn);
    assert.equal((await again())["turn_number"], 2);
  });

  test("a heartbeat keeps a silent model's turn alive", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    await silence(target(), turn, 100);
    await append(target(), turn, 0, "");
    await assert.rejects(
      begin(target(), user, { session_id: turn["session_id"] }),
      refusal(409, "turn_in_progress"),
    );
  });

  test("a turn whose isolate has died is closed, its text kept as history", async () => {
    const user = newUser();
    const dead = await begin(target(), user, { text: "Tell me." });
    await append(target(), dead, 0, "There was ");
    await append(target(), dead, 10, "a fö");
    await silence(target(), dead, 16);
    const turn = await begin(target(), user, { session_id: dead["session_id"], text: "Go on." });
    assert.deepEqual(turn["history"], [
      { role: "user", content: "Tell me." },
      { role: "assistant", content: "There was a fö" },
    ]);
    assert.equal(turn["epoch"], 2);
    const message = await only(target(), "messages", { message_id: dead["message_id"] });
    assert.deepEqual(
      [
        message["content"],
        message["is_complete"],
        message["parent_id"],
        message["metadata"]["status"],
      ],
      ["There was a fö", false, dead["user_message_id"], "interrupted"],
    );
    const generation = await only(target(), "generations", {
      generation_id: dead["generation_id"],
    });
    assert.equal(generation["status"], "interrupted");
    assert.deepEqual(
      await target().select("generation_chunks", { generation_id: dead["generation_id"] }),
      [],
    );
    assert.equal(
      (await only(target(), "messages", { message_id: turn["user_message_id"] }))["parent_id"],
      dead["message_id"],
    );
    assert.deepEqual(await append(target(), dead, 15, "x."), {
      status: "interrupted",
      cancel_requested: false,
      saved_bytes: 15,
    });
    const late = await finish(target(), dead, { from_offset: 15, text: "x." });
    assert.deepEqual(
      [late["already"], late["status"], late["message_id"]],
      [true, "interrupted", dead["message_id"]],
    );
    assert.equal((await messagesOf(target(), turn)).length, 3);
  });

  test("a dead turn that said nothing leaves the question alone", async () => {
    const user = newUser();
    const dead = await begin(target(), user, { text: "Tell me." });
    await silence(target(), dead, 16);
    const turn = await begin(target(), user, { session_id: dead["session_id"], text: "Hello?" });
    assert.deepEqual(turn["history"], [{ role: "user", content: "Tell me." }]);
    assert.equal((await messagesOf(target(), turn)).length, 2);
  });
}
