// The session that begin_turn chooses for a turn, in either database.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { Row, Target } from "./target.ts";
import { begin, messagesOf, newUser, only, refusal, say } from "./turns.ts";

export function describeSessions(target: () => Target): void {
  test("the first turn creates a session and a project of that title", async () => {
    const turn = await begin(target(), newUser(), {
      title: "The fox",
      text: "Tell me of the fox.",
    });
    assert.equal(turn["created_session"], true);
    assert.equal(turn["title"], "The fox");
    assert.equal(turn["turn_number"], 1);
    assert.equal(turn["epoch"], 1);
    assert.deepEqual(turn["history"], []);
    const project = await only(target(), "projects", { project_id: turn["project_id"] });
    assert.deepEqual([project["owner_id"], project["name"]], [turn["user_id"], "The fox"]);
    const session = await only(target(), "sessions", { session_id: turn["session_id"] });
    assert.deepEqual(
      [
        session["owner_id"],
        session["project_id"],
        session["kind"],
        session["title"],
        session["turn_count"],
        session["message_count"],
        session["active_leaf_id"],
      ],
      [turn["user_id"], turn["project_id"], "chat", "The fox", 1, 1, turn["user_message_id"]],
    );
    const message = await only(target(), "messages", { message_id: turn["user_message_id"] });
    assert.deepEqual(
      [
        message["role"],
        message["content"],
        message["is_complete"],
        message["parent_id"],
        message["position"],
      ],
      ["user", "Tell me of the fox.", true, null, 1],
    );
    const generation = await only(target(), "generations", {
      generation_id: turn["generation_id"],
    });
    assert.deepEqual(
      [
        generation["status"],
        generation["stream_id"],
        generation["message_id"],
        generation["saved_bytes"],
      ],
      ["streaming", turn["stream_id"], turn["message_id"], 0],
    );
  });

  test("a title is cut to what fits, and there always is one", async () => {
    const long = await begin(target(), newUser(), { title: "é".repeat(500) });
    assert.equal(long["title"], "é".repeat(200));
    assert.equal((await begin(target(), newUser(), { title: "  " }))["title"], "Untitled");
    assert.equal((await begin(target(), newUser(), { title: null }))["title"], "Untitled");
  });

  test("a session goes on where it was, with the turn before as history", async () => {
    const user = newUser();
    const first = await say(target(), user, "Who lives here?", "A fox.", { title: "Foxes" });
    const second = await begin(target(), user, {
      session_id: first["session_id"],
      project_id: first["project_id"],
      text: "And who else?",
      title: "Other",
    });
    assert.deepEqual(second["history"], [
      { role: "user", content: "Who lives here?" },
      { role: "assistant", content: "A fox." },
    ]);
    assert.deepEqual(
      [
        second["created_session"],
        second["title"],
        second["turn_number"],
        second["epoch"],
        second["project_id"],
      ],
      [false, "Foxes", 2, 2, first["project_id"]],
    );
    const [question, answer, next] = await messagesOf(target(), first);
    assert.deepEqual(
      [answer!["parent_id"], next!["parent_id"]],
      [question!["message_id"], answer!["message_id"]],
    );
    assert.deepEqual(
      [question!["turn_id"], question!["turn_number"]],
      [answer!["turn_id"], answer!["turn_number"]],
    );
    assert.notEqual(next!["turn_id"], question!["turn_id"]);
  });

  test("a session can be begun in a project that exists", async () => {
    const user = newUser();
    const first = await begin(target(), user);
    const second = await begin(target(), user, { project_id: first["project_id"] });
    assert.equal(second["project_id"], first["project_id"]);
    assert.notEqual(second["session_id"], first["session_id"]);
    assert.equal((await target().select("projects", { owner_id: first["user_id"] })).length, 1);
  });

  test("unknown and another's sessions and projects are refused alike, and nothing is stored", async () => {
    const stranger = await say(target(), newUser(), "Mine.", "Yours.");
    const user = newUser();
    const own = await say(target(), user, "Hello.", "Hello.");
    const messages: string[] = [];
    const refused = async (changes: Row) => {
      await assert.rejects(begin(target(), user, changes), (error: Error) => {
        messages.push(error.message);
        return refusal(404, "not_found")(error);
      });
    };
    await refused({ session_id: stranger["session_id"] });
    await refused({ session_id: randomUUID() });
    assert.equal(messages[0], messages[1]);
    await refused({ project_id: stranger["project_id"] });
    await refused({ project_id: randomUUID() });
    assert.equal(messages[2], messages[3]);
    await refused({ session_id: own["session_id"], project_id: stranger["project_id"] });
    await refused({ session_id: own["session_id"], kind: "relay" });
    assert.equal((await target().select("sessions", { owner_id: own["user_id"] })).length, 1);
    assert.equal((await messagesOf(target(), own)).length, 2);
    assert.equal((await messagesOf(target(), stranger)).length, 2);
  });

  test("a deleted session is not found", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Hello.", "Hello.");
    await target().update("sessions", { session_id: turn["session_id"] }, { is_active: false });
    await assert.rejects(
      begin(target(), user, { session_id: turn["session_id"] }),
      refusal(404, "not_found"),
    );
  });

  test("a session does not move to another project", async () => {
    const user = newUser();
    const one = await say(target(), user, "Hello.", "Hello.");
    const other = await begin(target(), user);
    await assert.rejects(
      begin(target(), user, { session_id: one["session_id"], project_id: other["project_id"] }),
      refusal(422, "invalid_request"),
    );
  });

  test("ids that are no UUIDs are refused", async () => {
    await assert.rejects(
      begin(target(), newUser(), { session_id: "1' or true" }),
      refusal(400, "invalid_id"),
    );
    await assert.rejects(
      begin(target(), newUser(), { project_id: "" }),
      refusal(400, "invalid_id"),
    );
  });

  test("a text is 1 to 200,000 bytes", async () => {
    const user = newUser();
    for (const text of ["", null, "é".repeat(100_001)]) {
      await assert.rejects(begin(target(), user, { text }), refusal(422, "invalid_request"));
    }
    assert.deepEqual(await target().select("principals", { id: user["subject"] }), []);
    const text = "é".repeat(100_000);
    const turn = await begin(target(), user, { text });
    assert.equal(
      (await only(target(), "messages", { message_id: turn["user_message_id"] }))["content"],
      text,
    );
  });

  test("a stream id may be the caller's, once", async () => {
    const user = newUser();
    const turn = await begin(target(), user, { stream_id: "my stream" });
    assert.equal(turn["stream_id"], "my stream");
    await assert.rejects(
      begin(target(), user, { stream_id: "my stream" }),
      refusal(409, "stream_exists"),
    );
    await begin(target(), newUser(), { stream_id: "my stream" });
  });
}
