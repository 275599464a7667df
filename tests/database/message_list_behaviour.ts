// Lists of a session's messages, in either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SEED } from "../chance.ts";
import { ask, assertPage } from "./lists.ts";
import { randomNumbers } from "../random_numbers.ts";
import type { Row, Target } from "./target.ts";
import { begin, finish, messagesOf, newUser, only, refusal, say, type Principal } from "./turns.ts";


export function describeMessageLists(target: () => Target): void {
  const list = (user: Principal, session_id: string, query: Row = {}) =>
    ask(target(), user, "list_messages", { session_id, query });

  /** The page that a query must give of this path, oldest first. */
  function assertMessages(page: Row, path: string[], query: Row): void {
    const { limit = 50, offset = 0, order } = query;
    const listed = order === "asc" ? path : path.toReversed();
    // Without an order the page is turned round: newest page, read from top to bottom.
    const body = order === undefined ? page["body"].toReversed() : page["body"];
    assertPage({ ...page, body }, "message_id", listed, offset, limit);
  }

  test("a message has what it says and where it stands", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Who?", 'He said "\\u0041"\n\u2028🦊');
    const { session_id } = turn;
    const { body } = await list(user, session_id);
    const rows = await messagesOf(target(), turn);
    for (const [index, message] of body.entries()) {
      const { created_at, updated_at, ...members } = message;
      assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      assert.equal(updated_at, created_at);
      assert.deepEqual(members, {
        message_id: [turn["user_message_id"], turn["message_id"]][index],
        session_id,
        turn_id: rows[index]!["turn_id"],
        parent_id: [null, turn["user_message_id"]][index],
        role: ["user", "assistant"][index],
        content: ["Who?", 'He said "\\u0041"\n\u2028🦊'][index],
        is_complete: true,
        metadata: rows[index]!["metadata"],
        take_number: 1,
        take_count: 1,
      });
    }
    const running = await begin(target(), user, { session_id });
    await finish(target(), running, { status: "stopped" });
    const [last] = (await list(user, session_id, { limit: 1 }))["body"];
    assert.equal(last["is_complete"], false);
  });

  test("without an order the newest page comes, in the order of the conversation", async () => {
    const user = newUser();
    let session_id: any = null;
    for (let turn = 0; turn < 30; turn += 1) {
      ({ session_id } = await say(target(), user, `${turn}?`, `${turn}.`, { session_id }));
    }
    const path = (await messagesOf(target(), { session_id })).map((row) => row["message_id"]);
    for (const query of [
      {},
      { limit: 7 },
      { limit: 7, offset: 7 },
      { limit: 50, offset: 50 },
      { offset: 60 },
      { order: "asc" },
      { order: "asc", limit: 7, offset: 55 },
      { order: "asc", offset: 61 },
      { order: "desc", limit: 7, offset: 3 },
    ]) {
      assertMessages(await list(user, session_id, query), path, query);
    }
    const texts = (await list(user, session_id, { limit: 2 }))["body"];
    assert.deepEqual(
      texts.map((message: Row) => message["content"]),
      ["29?", "29."],
    );
    assertMessages(await list(user, session_id, { limit: 0 }), path, { limit: 1 });
    assertMessages(await list(user, session_id, { limit: 101 }), path, { limit: 100 });
    for (const order of ["ASC", "newest", ""]) {
      await assert.rejects(list(user, session_id, { order }), refusal(422, "invalid_request"));
    }
  });

  test("takes are numbered in the order in which they came, first questions too", async () => {
    const user = newUser();
    const first = await say(target(), user, "A?", "A.");
    const { session_id } = first;
    await target().update("sessions", { session_id }, { active_leaf_id: null });
    await say(target(), user, "B?", "B.", { session_id });
    const another = async (reply: string) => {
      const leaf = first["user_message_id"];
      await target().update("sessions", { session_id }, { active_leaf_id: leaf });
      const again = await begin(target(), user, {
        action: "regenerate",
        message_id: first["user_message_id"],
        text: null,
      });
      await finish(target(), again, { text: reply });
    };
    await another("A!");
    await another("A…");
    const seen = async () =>
      (await list(user, session_id))["body"].map((message: Row) => [
        message["content"],
        message["take_number"],
        message["take_count"],
      ]);
    assert.deepEqual(await seen(), [
      ["A?", 1, 2],
      ["A…", 3, 3],
    ]);
    const leaf = first["message_id"];
    await target().update("sessions", { session_id }, { active_leaf_id: leaf });
    assert.deepEqual(await seen(), [
      ["A?", 1, 2],
      ["A.", 1, 3],
    ]);
  });

  test(`pages follow the path through any tree, and nothing else is in them (SEED=${SEED})`, async () => {
    const random = randomNumbers(SEED);
    const user = newUser();
    for (let round = 0; round < 4; round += 1) {
      const { session_id } = await say(target(), user, "First?", "First.");
      const moveTo = (active_leaf_id: string | null) =>
        target().update("sessions", { session_id }, { active_leaf_id });
      // The later the round, the more takes; in the first there are few, and linear parts are long.
      for (let turn = 0; turn < 25; turn += 1) {
        if (random(8) < round * 2 + (turn > 15 ? 1 : 0)) {
          const rows = await messagesOf(target(), { session_id });
          await moveTo(random(10) === 0 ? null : rows[random(rows.length)]!["message_id"]);
        }
        // Some models say nothing.
        const reply = random(6) === 0 ? "" : `${turn}.`;
        await say(target(), user, `${turn}?`, reply, { session_id });
      }
      const rows = new Map<string, Row>();
      for (const row of await messagesOf(target(), { session_id })) {
        rows.set(row["message_id"], row);
      }
      for (let check = 0; check < 20; check += 1) {
        const leaves = [...rows.keys()];
        const leaf = check === 0 ? leaves.at(-1)! : leaves[random(leaves.length)]!;
        await moveTo(leaf);
        const path: string[] = [];
        for (let id: string | null = leaf; id; id = rows.get(id)!["parent_id"]) path.unshift(id);
        const query: Row = { limit: 1 + random(20), offset: random(path.length + 3) };
        const order = [undefined, "asc", "desc"][random(3)];
        if (order) query["order"] = order;
        const page = await list(user, session_id, query);
        assertMessages(page, path, query);
        for (const message of page["body"]) {
          const row = rows.get(message["message_id"])!;
          const takes = [...rows.values()].filter(
            (other) => other["parent_id"] === row["parent_id"] && other["role"] === row["role"],
          );
          assert.equal(message["take_count"], takes.length);
          assert.equal(takes[message["take_number"] - 1], row);
        }
        const session = await ask(target(), user, "read_session", { session_id });
        assert.equal(session["body"]["message_count"], path.length);
      }
    }
  });

  test("a session whose first question failed is an empty list or that question", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    const { session_id } = turn;
    await finish(target(), turn, { status: "failed", text: "" });
    assertMessages(await list(user, session_id), [turn["user_message_id"]], {});
    await target().update("sessions", { session_id }, { active_leaf_id: null });
    assertMessages(await list(user, session_id), [], {});
    assertMessages(await list(user, session_id, { order: "asc" }), [], { order: "asc" });
    const session = (await ask(target(), user, "read_session", { session_id }))["body"];
    assert.deepEqual([session["message_count"], session["last_message_preview"]], [0, null]);
    const question = await only(target(), "messages", { session_id });
    assert.equal(question["content"], "Once upon a time.");
  });
}
