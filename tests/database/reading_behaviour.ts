// read_turn's answers about a reply, in either database.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { act, editReply, read } from "./actions.ts";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, newUser, only, refusal, say, silence } from "./turns.ts";

export function describeReading(target: () => Target): void {
  test("a running reply is read as far as it is saved", async () => {
    const user = newUser();
    const turn = await begin(target(), user, { title: "Foxes", stream_id: "my stream" });
    await append(target(), turn, 0, "Ein ");
    await append(target(), turn, 4, "Füchs");
    const { silent_in_ms, ...reading } = await read(target(), user, turn);
    assert.ok(silent_in_ms > 4_000 && silent_in_ms <= 14_000, `${silent_in_ms} ms`);
    assert.deepEqual(reading, {
      status: "streaming",
      stream_id: "my stream",
      generation_id: turn["generation_id"],
      epoch: 1,
      session_id: turn["session_id"],
      project_id: turn["project_id"],
      user_id: turn["user_id"],
      message_id: turn["message_id"],
      user_message_id: turn["user_message_id"],
      turn_number: 1,
      action: "say",
      base_bytes: 0,
      saved_bytes: 10,
      text: "Ein Füchs",
      is_final: false,
      cancel_requested: false,
      error_code: null,
      finish_reason: null,
      provider: "local",
      model: "a-model",
      usage: null,
      title: "Foxes",
    });
    const { generation_id } = turn;
    await target().update("generations", { generation_id }, { cancel_requested: true });
    const byId = await target().call("read_turn", { principal: user, generation_id });
    assert.deepEqual([byId["text"], byId["cancel_requested"]], ["Ein Füchs", true]);
  });

  test("an ended reply is read from its message, with how it ended", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    await finish(target(), turn, {
      text: "Ein Füchslein.",
      status: "failed",
      error_code: "provider_incomplete",
      model: "the-fallback",
    });
    const reading = await read(target(), user, turn);
    const wanted = {
      status: "failed",
      is_final: true,
      text: "Ein Füchslein.",
      saved_bytes: 15,
      message_id: turn["message_id"],
      error_code: "provider_incomplete",
      finish_reason: "stop",
      model: "the-fallback",
      usage: { input_tokens: 11, output_tokens: 5 },
    };
    assert.deepEqual({ ...reading, ...wanted }, reading);
  });

  test("a reply that said nothing has no message", async () => {
    const user = newUser();
    const one = await say(target(), user, "One?", "One.");
    const failed = { status: "failed", text: "", error_code: "provider_timeout" };
    const turn = await begin(target(), user, { session_id: one["session_id"] });
    await finish(target(), turn, failed);
    const more = await act(target(), user, "continue", one["message_id"]);
    await finish(target(), more, { ...failed, from_offset: 4 });
    for (const ended of [turn, more]) {
      const reading = await read(target(), user, ended);
      const { message_id, text, saved_bytes, is_final, error_code } = reading;
      assert.deepEqual(
        [message_id, text, saved_bytes, is_final, error_code],
        [null, "", 0, true, "provider_timeout"],
      );
    }
  });

  test("what is known already is left out, whatever chunks it came in", async () => {
    const user = newUser();
    const text = "Ein Füchslein. 🦊 Ende.";
    const bytes = Buffer.from(text);
    const turn = await begin(target(), user);
    for (const [from, to] of [
      [0, 4],
      [4, 10],
      [10, 20],
      [20, bytes.length],
    ] as const) {
      await append(target(), turn, from, bytes.subarray(from, to).toString());
    }
    const everyOffset = async () => {
      for (let after = 0; after <= bytes.length + 2; after += 1) {
        const isInside = after < bytes.length && (bytes[after]! & 192) === 128;
        const reading = read(target(), user, turn, after);
        if (isInside) await assert.rejects(reading, refusal(422, "invalid_request"), `${after}`);
        else assert.equal((await reading)["text"], bytes.subarray(after).toString(), `${after}`);
      }
    };
    await everyOffset();
    await finish(target(), turn, { from_offset: bytes.length, text: "" });
    await everyOffset();
  });

  test("a continuation is read with the text that it goes on from, or without", async () => {
    const user = newUser();
    const one = await say(target(), user, "Who?", "Ein Füchs");
    const turn = await act(target(), user, "continue", one["message_id"]);
    await append(target(), turn, 10, "lein");
    const texts = async () => [
      (await read(target(), user, turn))["text"],
      (await read(target(), user, turn, turn["base_bytes"]))["text"],
    ];
    assert.deepEqual(await texts(), ["Ein Füchslein", "lein"]);
    await finish(target(), turn, { from_offset: 14, text: "." });
    assert.deepEqual(await texts(), ["Ein Füchslein.", "lein."]);
  });

  test("what was streamed stays, also when its reader has changed the message", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Who?", "Ein Füchslein.");
    for (const content of ["Ein Wolf.", "Zwei Wölfe."]) {
      await editReply(target(), user, turn["message_id"], content);
    }
    const reading = await read(target(), user, turn, 4);
    assert.deepEqual([reading["text"], reading["saved_bytes"]], ["Füchslein.", 15]);
  });

  test("a reply whose isolate has died is told as interrupted, and is", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    await append(target(), turn, 0, "There was ");
    await silence(target(), turn, 12);
    assert.equal((await read(target(), user, turn))["status"], "streaming");
    await silence(target(), turn, 61);
    const reading = await read(target(), user, turn, 6);
    assert.deepEqual(
      [reading["status"], reading["is_final"], reading["text"], reading["error_code"]],
      ["interrupted", true, "was ", "interrupted"],
    );
    const message = await only(target(), "messages", { message_id: turn["message_id"] });
    assert.deepEqual([message["content"], message["is_complete"]], ["There was ", false]);
    await begin(target(), user, { session_id: turn["session_id"] });
  });

  test("unknown streams, another's and those of deleted sessions are refused alike", async () => {
    const user = newUser();
    const stranger = await begin(target(), newUser(), { stream_id: "theirs" });
    const deleted = await say(target(), user, "One?", "One.");
    const { session_id } = deleted;
    await target().update("sessions", { session_id }, { is_active: false });
    const words = new Set<string>();
    const wanted: Row[] = [
      { stream_id: "theirs" },
      { stream_id: "nobody's" },
      { stream_id: deleted["stream_id"] },
      { generation_id: stranger["generation_id"] },
      { generation_id: randomUUID() },
      {},
    ];
    for (const which of wanted) {
      const reading = target().call("read_turn", { principal: user, ...which });
      await assert.rejects(reading, (error: Error) => {
        words.add(error.message);
        return refusal(404, "not_found")(error);
      });
    }
    assert.equal(words.size, 1);
  });

  test("an offset is a number of bytes", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    for (const after of [-1, 1.5, "x", "", 1e12]) {
      await assert.rejects(
        read(target(), user, turn, after),
        refusal(422, "invalid_request"),
        `${after}`,
      );
    }
    assert.equal((await read(target(), user, turn, null))["text"], "");
  });
}
