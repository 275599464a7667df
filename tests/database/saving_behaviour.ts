// append_chunk and finish_turn, in either database.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { retake } from "./actions.ts";
import type { Target } from "./target.ts";
import { append, begin, finish, messagesOf, newUser, only, refusal, say } from "./turns.ts";

const STREAMING = { status: "streaming", cancel_requested: false };

export function describeSaving(target: () => Target): void {
  describeAppend(target);
  describeFinish(target);
}

function describeAppend(target: () => Target): void {
  test("chunks are counted in UTF-8 bytes", async () => {
    const turn = await begin(target(), newUser());
    assert.deepEqual(await append(target(), turn, 0, "Füchse"), { ...STREAMING, saved_bytes: 7 });
    assert.deepEqual(await append(target(), turn, 7, " 🦊"), { ...STREAMING, saved_bytes: 12 });
    const chunks = await target().select("generation_chunks", {
      generation_id: turn["generation_id"],
    });
    assert.deepEqual(chunks.map((chunk) => [chunk["from_offset"], chunk["text"]]).sort(), [
      [0, "Füchse"],
      [7, " 🦊"],
    ]);
  });

  test("a heartbeat stores nothing", async () => {
    const turn = await begin(target(), newUser());
    assert.deepEqual(await append(target(), turn, 0, ""), { ...STREAMING, saved_bytes: 0 });
    assert.deepEqual(
      await target().select("generation_chunks", { generation_id: turn["generation_id"] }),
      [],
    );
  });

  test("what was sent before is not stored again, what came since is", async () => {
    const turn = await begin(target(), newUser());
    await append(target(), turn, 0, "Füchse");
    assert.equal((await append(target(), turn, 0, "Füchse"))["saved_bytes"], 7);
    assert.equal((await append(target(), turn, 0, "Fü"))["saved_bytes"], 7, "an overtaken call");
    assert.equal((await append(target(), turn, 0, "Füchse schlafen"))["saved_bytes"], 16);
    assert.equal((await append(target(), turn, 7, " schlafen nie"))["saved_bytes"], 20);
    await finish(target(), turn, { from_offset: 20, text: "!" });
    assert.equal((await messagesOf(target(), turn))[1]!["content"], "Füchse schlafen nie!");
  });

  test("a gap is refused, and so is text that is not what was saved", async () => {
    const turn = await begin(target(), newUser());
    await append(target(), turn, 0, "abc");
    await assert.rejects(append(target(), turn, 4, "e"), refusal(422, "invalid_request"));
    await assert.rejects(append(target(), turn, -1, "abc"), refusal(422, "invalid_request"));
    await assert.rejects(append(target(), turn, 0, "abüc"), refusal(422, "invalid_request"));
    await assert.rejects(
      append(target(), turn, null as never, "d"),
      refusal(422, "invalid_request"),
    );
    assert.equal((await append(target(), turn, 3, "d"))["saved_bytes"], 4);
  });

  test("a reply has a bound", async () => {
    const turn = await begin(target(), newUser());
    const megabyte = "m".repeat(1 << 20);
    for (let index = 0; index < 4; index += 1) await append(target(), turn, index << 20, megabyte);
    await assert.rejects(append(target(), turn, 4 << 20, "m"), refusal(413, "body_too_large"));
    await assert.rejects(
      finish(target(), turn, { from_offset: 4 << 20, text: "m" }),
      refusal(413, "body_too_large"),
    );
    const end = await finish(target(), turn, { from_offset: 4 << 20, text: "", status: "stopped" });
    assert.equal(end["saved_bytes"], 4 << 20);
  });

  test("a cancel is told with the next chunk", async () => {
    const turn = await begin(target(), newUser());
    await target().update(
      "generations",
      { generation_id: turn["generation_id"] },
      { cancel_requested: true },
    );
    assert.deepEqual(await append(target(), turn, 0, "a"), {
      status: "streaming",
      cancel_requested: true,
      saved_bytes: 1,
    });
  });

  test("an unknown generation is not found", async () => {
    const unknown = { generation_id: randomUUID() };
    await assert.rejects(append(target(), unknown, 0, "a"), refusal(404, "not_found"));
    await assert.rejects(finish(target(), unknown), refusal(404, "not_found"));
    await assert.rejects(finish(target(), { generation_id: "x" }), refusal(400, "invalid_id"));
  });
}

function describeFinish(target: () => Target): void {
  test("a reply that a limit or a filter has cut is not complete, and can be continued", async () => {
    const user = newUser();
    for (const [finish_reason, is_complete] of [
      ["length", false],
      ["content_filter", false],
      ["refusal", false],
      ["stop", true],
      ["tool_calls", true],
      ["other", true],
      [null, true],
    ] as const) {
      const turn = await begin(target(), user);
      const end = await finish(target(), turn, { text: "Oda put her hand on", finish_reason });
      assert.equal(end["status"], "complete");
      const message = await only(target(), "messages", { message_id: turn["message_id"] });
      assert.equal(message["is_complete"], is_complete, String(finish_reason));
      if (is_complete) continue;
      const next = await retake(target(), user, "continue", turn["message_id"], " the door.");
      const whole = await only(target(), "messages", { message_id: next["message_id"] });
      assert.deepEqual(
        [whole["content"], whole["is_complete"]],
        ["Oda put her hand on the door.", true],
      );
    }
  });

  test("a finished turn stores the reply with what is known of it", async () => {
    const user = newUser();
    const turn = await begin(target(), user, { title: "Foxes" });
    await append(target(), turn, 0, "There was ");
    const end = await finish(target(), turn, {
      from_offset: 10,
      text: "a fox.",
      model: "the-fallback",
    });
    assert.deepEqual(end, {
      message_id: turn["message_id"],
      status: "complete",
      already: false,
      saved_bytes: 16,
      title: "Foxes",
    });
    const message = await only(target(), "messages", { message_id: turn["message_id"] });
    assert.deepEqual(
      [
        message["role"],
        message["content"],
        message["is_complete"],
        message["parent_id"],
        message["owner_id"],
        message["provider"],
        message["model"],
        message["input_tokens"],
        message["output_tokens"],
      ],
      [
        "assistant",
        "There was a fox.",
        true,
        turn["user_message_id"],
        turn["user_id"],
        "local",
        "the-fallback",
        11,
        5,
      ],
    );
    assert.deepEqual(message["metadata"], {
      status: "complete",
      finish_reason: "stop",
      stream_id: turn["stream_id"],
      provider: "local",
      model: "the-fallback",
    });
    const session = await only(target(), "sessions", { session_id: turn["session_id"] });
    assert.deepEqual(
      [session["active_leaf_id"], session["message_count"], session["turn_count"]],
      [turn["message_id"], 2, 1],
    );
    const generation = await only(target(), "generations", {
      generation_id: turn["generation_id"],
    });
    assert.deepEqual(
      [
        generation["status"],
        generation["first_token_ms"],
        generation["latency_ms"],
        generation["saved_bytes"],
        generation["model"],
        generation["input_tokens"],
        generation["output_tokens"],
      ],
      ["complete", 80, 900, 16, "the-fallback", 11, 5],
    );
    assert.ok(generation["finished_at"]);
    assert.deepEqual(
      await target().select("generation_chunks", { generation_id: turn["generation_id"] }),
      [],
    );
  });

  for (const status of ["stopped", "disconnected", "interrupted", "failed"]) {
    test(`a reply that ended as ${status} is kept as incomplete`, async () => {
      const turn = await begin(target(), newUser());
      const end = await finish(target(), turn, {
        status,
        finish_reason: null,
        error_code: "provider_incomplete",
        usage: null,
        first_token_ms: null,
      });
      assert.equal(end["status"], status);
      const message = await only(target(), "messages", { message_id: turn["message_id"] });
      assert.deepEqual(
        [message["is_complete"], message["content"], message["input_tokens"]],
        [false, "There was a fox.", null],
      );
      assert.deepEqual(message["metadata"], {
        status,
        error_code: "provider_incomplete",
        stream_id: turn["stream_id"],
        provider: "local",
        model: "a-model",
      });
    });
  }

  test("a turn without a word leaves no message", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    const end = await finish(target(), turn, {
      status: "failed",
      text: "",
      error_code: "provider_timeout",
    });
    assert.deepEqual([end["message_id"], end["status"], end["saved_bytes"]], [null, "failed", 0]);
    const again = await finish(target(), turn, { status: "failed", text: "" });
    assert.deepEqual([again["message_id"], again["already"]], [null, true]);
    assert.equal((await messagesOf(target(), turn)).length, 1);
    const session = await only(target(), "sessions", { session_id: turn["session_id"] });
    assert.deepEqual(
      [session["active_leaf_id"], session["message_count"]],
      [turn["user_message_id"], 1],
    );
    assert.equal(
      (await begin(target(), user, { session_id: turn["session_id"] }))["turn_number"],
      2,
    );
  });

  test("finishing again changes nothing", async () => {
    const turn = await begin(target(), newUser());
    const end = await finish(target(), turn);
    const before = await only(target(), "messages", { message_id: turn["message_id"] });
    const again = await finish(target(), turn, {
      status: "failed",
      text: "There was a fox. And more.",
    });
    assert.deepEqual(again, { ...end, already: true });
    assert.deepEqual(await only(target(), "messages", { message_id: turn["message_id"] }), before);
    assert.equal((await messagesOf(target(), turn)).length, 2);
  });

  test("a turn ends in one of the known ways", async () => {
    const turn = await begin(target(), newUser());
    for (const status of ["streaming", "done", null]) {
      await assert.rejects(finish(target(), turn, { status }), refusal(422, "invalid_request"));
    }
    assert.equal((await finish(target(), turn))["already"], false);
  });

  test("a reply whose path was left meanwhile is one more take", async () => {
    const user = newUser();
    const first = await say(target(), user, "One?", "One.");
    const { session_id } = first;
    const turn = await begin(target(), user, { session_id });
    await target().update("sessions", { session_id }, { active_leaf_id: first["message_id"] });
    await finish(target(), turn);
    assert.equal(
      (await only(target(), "sessions", { session_id }))["active_leaf_id"],
      first["message_id"],
    );
    assert.equal(
      (await only(target(), "messages", { message_id: turn["message_id"] }))["parent_id"],
      turn["user_message_id"],
    );
  });
}
