// How a reloaded page finds the running reply, and chats by their callers' names, in either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, contents, select } from "./actions.ts";
import { ask, assertPage } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, newUser, only, refusal, say, silence, type Principal } from "./turns.ts";

export function describeRunningReplies(target: () => Target): void {
  const readSession = (user: Principal, session_id: unknown) =>
    ask(target(), user, "read_session", { session_id });
  const list = (user: Principal, session_id: unknown, query: Row = {}) =>
    ask(target(), user, "list_messages", { session_id, query });

  test("a session names its running reply until that ends", async () => {
    const user = newUser();
    const turn = await begin(target(), user, { stream_id: "my stream" });
    const { session_id, message_id } = turn;
    const during = await readSession(user, session_id);
    const { started_at, ...running } = during["body"].running;
    assert.deepEqual(running, { stream_id: "my stream", message_id });
    assert.match(started_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const listed = await ask(target(), user, "list_sessions");
    assert.deepEqual(listed["body"][0].running, during["body"].running);
    await finish(target(), turn, { status: "failed", text: "" });
    const after = await readSession(user, session_id);
    assert.equal(after["body"].running, null);
    assert.notEqual(after["etag"], during["etag"], "nothing of the session's row has changed");
  });

  test("a reply whose writer is taken for dead does not run", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    await append(target(), turn, 0, "So ");
    await silence(target(), turn, 16);
    assert.equal((await readSession(user, turn["session_id"]))["body"].running, null);
    const page = await list(user, turn["session_id"]);
    assertPage(page, "message_id", [turn["user_message_id"]], 0, 50);
  });

  test("the running reply is the last message, with what is saved of it, on whichever page that is", async () => {
    const user = newUser();
    const first = await say(target(), user, "Кто?", "Лиса.");
    const { session_id } = first;
    const turn = await begin(target(), user, { session_id, text: "那么？" });
    await append(target(), turn, 0, "Ein F");
    await append(target(), turn, 5, "üchs");
    const path = [
      first["user_message_id"], first["message_id"], turn["user_message_id"], turn["message_id"],
    ];
    const page = await list(user, session_id);
    assertPage(page, "message_id", path, 0, 50);
    const { created_at, updated_at, turn_id, ...reply } = page["body"][3];
    assert.ok(created_at <= updated_at);
    assert.equal(turn_id, page["body"][2].turn_id);
    assert.deepEqual(reply, {
      message_id: turn["message_id"],
      session_id,
      parent_id: turn["user_message_id"],
      role: "assistant",
      content: "Ein Füchs",
      is_complete: false,
      metadata: { status: "streaming", stream_id: turn["stream_id"] },
      take_number: 1,
      take_count: 1,
    });
    assert.deepEqual(Object.keys(page["body"][3]).sort(), Object.keys(page["body"][1]).sort());
    const ids = async (query: Row) =>
      (await list(user, session_id, query))["body"].map((message: Row) => message["message_id"]);
    const backwards = [...path].reverse();
    for (let limit = 1; limit <= 4; limit += 1) {
      for (let offset = 0; offset <= 4; offset += 1) {
        const from = Math.max(path.length - offset - limit, 0);
        assert.deepEqual(await ids({ limit, offset }), path.slice(from, path.length - offset));
        assert.deepEqual(
          await ids({ limit, offset, order: "asc" }), path.slice(offset, offset + limit));
        assert.deepEqual(
          await ids({ limit, offset, order: "desc" }), backwards.slice(offset, offset + limit));
      }
    }
    await finish(target(), turn, { from_offset: 10, text: "." });
    assertPage(await list(user, session_id), "message_id", path, 0, 50);
  });

  test("another take runs beside the first, and is not on a path that has moved away", async () => {
    const user = newUser();
    const first = await say(target(), user, "Who?", "A fox.");
    const { session_id, message_id } = first;
    const take = await act(target(), user, "continue", message_id);
    const [, reply] = (await list(user, session_id))["body"];
    assert.deepEqual([reply.content, reply.take_number, reply.take_count], ["A fox.", 2, 2]);
    assert.equal(reply.metadata.continued_from, message_id);
    await select(target(), user, message_id);
    const page = await list(user, session_id);
    assertPage(page, "message_id", [first["user_message_id"], message_id], 0, 50);
    const { body } = await readSession(user, session_id);
    assert.equal(body.running.message_id, take["message_id"]);
    const stranger = newUser();
    await begin(target(), stranger);
    await assert.rejects(list(stranger, session_id), refusal(404, "not_found"));
  });

  test("a chat is made by its caller's name, with a project, and found by it", async () => {
    const user = newUser();
    const named = { external_id: "глава-1 第一章" };
    const first = await say(target(), user, "Who?", "A fox.", { ...named, instructions: "Short." });
    assert.equal(first["created_session"], true);
    const project = await only(target(), "projects", { owner_id: first["user_id"] });
    assert.equal(project["project_id"], first["project_id"]);
    // Instructions are for a new session; of an old one they stay.
    const second = await say(target(), user, "And?", "A crow.", { ...named, instructions: "Long." });
    assert.deepEqual(
      [second["session_id"], second["project_id"], second["created_session"]],
      [first["session_id"], first["project_id"], false],
    );
    assert.deepEqual(contents(second["history"]), ["Who?", "A fox."]);
    await say(target(), user, "Other?", "Other.");
    await say(target(), newUser(), "Other?", "Other.", named);
    const found = await ask(target(), user, "list_sessions", { query: named });
    assertPage(found, "session_id", [first["session_id"]], 0, 20);
    assert.deepEqual(
      [found["body"][0].external_id, found["body"][0].instructions], [named.external_id, "Short."]);
    const none = await ask(target(), user, "list_sessions", { query: { external_id: "глава" } });
    assert.equal(none["total"], 0);
  });
}
