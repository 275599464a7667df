// Replies with a dead writer and no reader, in either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act } from "./actions.ts";
import { ask } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, messagesOf, newUser, only, say, silence } from "./turns.ts";

export function describeReaping(target: () => Target): void {
  const reap = async (request: Row = {}): Promise<number> =>
    (await target().call("reap_generations", request))["reaped"];
  const generationOf = ({ generation_id }: Row) => only(target(), "generations", { generation_id });

  test("a silent reply is ended as interrupted, and its text kept; one that beats is left", async () => {
    const user = newUser();
    await reap({ limit: 1000 });
    const dead = await begin(target(), user);
    await append(target(), dead, 0, "There was ");
    await append(target(), dead, 10, "a f");
    const alive = await begin(target(), user);
    await append(target(), alive, 0, "Once");
    await silence(target(), dead, 16);
    await silence(target(), alive, 12);
    assert.equal(await reap(), 1);
    assert.equal(await reap(), 0);
    const ended = await generationOf(dead);
    assert.deepEqual(
      [ended["status"], ended["error_code"], ended["saved_bytes"]],
      ["interrupted", "interrupted", 13],
    );
    const [, reply] = await messagesOf(target(), dead);
    assert.deepEqual([reply!["content"], reply!["is_complete"]], ["There was a f", false]);
    const session = await only(target(), "sessions", { session_id: dead["session_id"] });
    assert.equal(session["active_leaf_id"], dead["message_id"]);
    const usage = await only(target(), "usage", { generation_id: dead["generation_id"] });
    assert.deepEqual([usage["status"], usage["output_tokens"]], ["interrupted", 8]);
    assert.equal((await generationOf(alive))["status"], "streaming");
    assert.equal((await finish(target(), alive, { from_offset: 4, text: "." }))["already"], false);
  });

  test("one that said nothing leaves no message, and a take gives the path back", async () => {
    const user = newUser();
    const one = await say(target(), user, "One?", "One.");
    const { session_id, message_id } = one;
    const take = await act(target(), user, "continue", message_id);
    await silence(target(), take, 16);
    assert.equal(await reap(), 1);
    assert.equal((await messagesOf(target(), one)).length, 2);
    const session = await only(target(), "sessions", { session_id });
    assert.equal(session["active_leaf_id"], message_id);
  });

  test("one of a deleted session is ended too", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    await ask(target(), user, "delete_session", { session_id: turn["session_id"] });
    await silence(target(), turn, 16);
    assert.equal(await reap(), 1);
    assert.equal((await generationOf(turn))["status"], "interrupted");
  });

  test("a call ends as many as it may, the longest silent ones first", async () => {
    const turns: Row[] = [];
    for (let index = 0; index < 5; index += 1) {
      const turn = await begin(target(), newUser());
      await silence(target(), turn, 100 + index);
      turns.unshift(turn);
    }
    assert.equal(await reap({ limit: 0 }), 0);
    assert.equal(await reap({ limit: 2 }), 2);
    const statuses = await Promise.all(
      turns.map(async (turn) => (await generationOf(turn))["status"]),
    );
    assert.deepEqual(statuses, [
      "interrupted",
      "interrupted",
      "streaming",
      "streaming",
      "streaming",
    ]);
    assert.equal(await reap({ limit: 1e9 }), 3);
  });
}
