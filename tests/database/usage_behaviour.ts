// The usage that is counted, in either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, newUser, only, silence } from "./turns.ts";

const TEXT = "Es war einmal ein Füchslein."; // 29 bytes of UTF-8: 8 tokens and 4 around them.

export function describeUsage(target: () => Target): void {
  const usageOf = (turn: Row) => only(target(), "usage", { generation_id: turn["generation_id"] });
  const counted = ({ input_tokens, output_tokens, is_estimated, status }: Row) => ({
    input_tokens,
    output_tokens,
    is_estimated,
    status,
  });

  test("what the provider tells is counted, once", async () => {
    const turn = await begin(target(), newUser());
    assert.deepEqual(await target().select("usage", { generation_id: turn["generation_id"] }), []);
    await finish(target(), turn);
    await finish(target(), turn);
    const usage = await usageOf(turn);
    assert.deepEqual(counted(usage), {
      input_tokens: 11,
      output_tokens: 5,
      is_estimated: false,
      status: "complete",
    });
    assert.deepEqual(
      [usage["owner_id"], usage["kind"], usage["provider"], usage["model"]],
      [turn["user_id"], "chat", "local", "a-model"],
    );
    const generation = await only(target(), "generations", {
      generation_id: turn["generation_id"],
    });
    assert.deepEqual(usage["created_at"], generation["finished_at"]);
  });

  test("however a turn ends, what was made counts, by its length where nobody told", async () => {
    for (const status of ["complete", "stopped", "disconnected", "interrupted", "failed"]) {
      const turn = await begin(target(), newUser());
      await append(target(), turn, 0, TEXT.slice(0, 10));
      await finish(target(), turn, { status, text: TEXT, usage: null });
      assert.deepEqual(counted(await usageOf(turn)), {
        input_tokens: null,
        output_tokens: 12,
        is_estimated: true,
        status,
      });
    }
  });

  test("a turn in which nothing was said has made nothing", async () => {
    const turn = await begin(target(), newUser());
    await finish(target(), turn, { status: "failed", text: "", usage: null });
    assert.deepEqual(counted(await usageOf(turn)), {
      input_tokens: null,
      output_tokens: 0,
      is_estimated: true,
      status: "failed",
    });
  });

  test("what a provider tells of a stopped turn is believed", async () => {
    const turn = await begin(target(), newUser());
    const usage = { input_tokens: 700, output_tokens: 30 };
    await finish(target(), turn, { status: "stopped", text: TEXT, usage });
    assert.deepEqual(counted(await usageOf(turn)), {
      ...usage,
      is_estimated: false,
      status: "stopped",
    });
  });

  test("a turn that has gone silent counts when the next one ends it", async () => {
    const user = newUser();
    const dead = await begin(target(), user);
    await append(target(), dead, 0, TEXT);
    await silence(target(), dead, 61);
    await begin(target(), user, { session_id: dead["session_id"] });
    assert.deepEqual(counted(await usageOf(dead)), {
      input_tokens: null,
      output_tokens: 12,
      is_estimated: true,
      status: "interrupted",
    });
  });

  test("of a reply that goes on, only what is new counts", async () => {
    const turn = await begin(target(), newUser());
    const where = { generation_id: turn["generation_id"] };
    await append(target(), turn, 0, "From another run.");
    await target().update("generations", where, { base_bytes: 17 });
    await finish(target(), turn, { from_offset: 17, text: TEXT, usage: null });
    assert.equal((await usageOf(turn))["output_tokens"], 12);
  });
}
