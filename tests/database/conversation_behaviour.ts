// Conversations by their caller's names for them, and a turn's report of its rate limit, in either
// database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { guestOf, migrate, personOf } from "./accounts.ts";
import { read } from "./actions.ts";
import { relay } from "./bots.ts";
import { ask } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { begin, newUser, only, refusal, say } from "./turns.ts";

export function describeConversations(target: () => Target): void {
  test("a conversation is created by its first use, without a project, and goes on by its name", async () => {
    const user = newUser();
    const named = { ...relay, external_id: "456" };
    const first = await say(target(), user, "Who?", "A fox.", named);
    assert.deepEqual([first["created_session"], first["project_id"]], [true, null]);
    assert.deepEqual(await target().select("projects", { owner_id: first["user_id"] }), []);
    const second = await begin(target(), user, { ...named, title: "Other" });
    assert.deepEqual(
      [second["session_id"], second["created_session"], second["title"], second["epoch"]],
      [first["session_id"], false, first["title"], 2],
    );
    assert.deepEqual(
      second["history"].map((message: Row) => message["content"]),
      ["Who?", "A fox."],
    );
    const session = await only(target(), "sessions", { session_id: first["session_id"] });
    assert.deepEqual([session["kind"], session["external_id"]], ["relay", "456"]);
    const { body } = await ask(target(), user, "list_sessions", { query: { kind: "relay" } });
    assert.deepEqual([body.length, body[0].project_id, body[0].project_title], [1, null, null]);
    const found = await read(target(), user, second);
    assert.deepEqual([found["session_id"], found["project_id"]], [first["session_id"], null]);
  });

  test("a name is of one owner and one kind", async () => {
    const user = newUser();
    const named = { ...relay, external_id: "456" };
    const sessions = [
      await begin(target(), user, named),
      await begin(target(), user, { ...named, external_id: "457" }),
      await begin(target(), user, { ...named, kind: "companion" }),
      await begin(target(), newUser(), named),
    ].map((turn) => turn["session_id"]);
    assert.equal(new Set(sessions).size, 4);
    await assert.rejects(begin(target(), user, named), refusal(409, "turn_in_progress"));
  });

  test("a deleted conversation does not stand in the way of a new one of its name", async () => {
    const user = newUser();
    const named = { ...relay, external_id: "456" };
    const sessions: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { session_id, history } = await say(target(), user, "Who?", "A fox.", named);
      assert.deepEqual(history, []);
      sessions.push(session_id);
      await ask(target(), user, "delete_session", { session_id });
    }
    assert.equal(new Set(sessions).size, 3);
  });

  test("a conversation may belong to a project, and stays in it", async () => {
    const user = newUser();
    const { project_id } = await say(target(), user, "Once?", "Once.");
    const inProject = { ...relay, external_id: "in", project_id };
    const first = await say(target(), user, "Who?", "A fox.", inProject);
    assert.equal(first["project_id"], project_id);
    await say(target(), user, "And?", "A crow.", inProject);
    await say(target(), user, "And?", "A hen.", { ...relay, external_id: "in" });
    const outside = { ...relay, external_id: "out" };
    await say(target(), user, "Who?", "A fox.", outside);
    await assert.rejects(
      begin(target(), user, { ...outside, project_id }),
      refusal(422, "invalid_request"),
    );
    const stranger = await begin(target(), newUser());
    await assert.rejects(
      begin(target(), user, { ...outside, project_id: stranger["project_id"] }),
      refusal(404, "not_found"),
    );
  });

  test("a name has 1 to 128 characters and stands alone", async () => {
    const user = newUser();
    const { session_id, message_id } = await say(target(), user, "Who?", "A fox.", relay);
    for (const changes of [
      { external_id: "" },
      { external_id: "é".repeat(129) },
      { external_id: "456", session_id },
      { external_id: "456", message_id, action: "regenerate", text: null },
    ]) {
      await assert.rejects(
        begin(target(), user, { ...relay, ...changes }),
        refusal(422, "invalid_request"),
      );
    }
    await begin(target(), user, { ...relay, external_id: "é".repeat(128) });
    const number = await say(target(), user, "Who?", "A fox.", { ...relay, external_id: 456 });
    const text = await begin(target(), user, { ...relay, external_id: "456" });
    assert.equal(text["session_id"], number["session_id"]);
  });

  test("names that guest and account have both used are changed, deleted ones are not", async () => {
    const named = { kind: "relay", external_id: "456" };
    const account = await personOf(target(), newUser(), named);
    const guest = await guestOf(target(), named);
    const removed = await guestOf(target(), named);
    await ask(target(), removed.principal, "delete_session", {
      session_id: removed.turn["session_id"],
    });
    await migrate(target(), account, guest);
    await migrate(target(), account, removed);
    const nameOf = async ({ turn }: typeof guest) =>
      (await only(target(), "sessions", { session_id: turn["session_id"] }))["external_id"];
    assert.equal(await nameOf(account), "456");
    assert.match(await nameOf(guest), /^456-[0-9a-f-]{36}$/);
    assert.equal(await nameOf(removed), "456");
  });

  test("a turn that is counted says how much is left, and when all of it is there again", async () => {
    const user = newUser();
    const rate_limit = { action: "relay", max_requests: 3, window_seconds: 60 };
    const rates: Row[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      rates.push((await begin(target(), user, { rate_limit }))["rate"]);
    }
    assert.deepEqual(
      rates.map(({ limit, remaining }) => [limit, remaining]),
      [
        [3, 2],
        [3, 1],
        [3, 0],
      ],
    );
    for (const [index, { reset_s }] of rates.entries()) {
      const most = (index + 1) * 20;
      assert.ok(reset_s > most - 10 && reset_s <= most, `${reset_s} s`);
    }
    await assert.rejects(begin(target(), user, { rate_limit }), refusal(429, "rate_limited"));
    assert.equal("rate" in (await begin(target(), user)), false);
  });
}
