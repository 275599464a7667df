// read_context returns exactly the prompt that was sent, in either database: it is compared with
// begin_turn's own answer, long after the conversation has changed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SEED } from "../chance.ts";
import { act, context, contents, editReply, select, sent } from "./actions.ts";
import { randomNumbers } from "../random_numbers.ts";
import type { Row, Target } from "./target.ts";
import { begin, finish, newUser, refusal, say, type Principal } from "./turns.ts";


export function describeContexts(target: () => Target): void {
  test("a context has what the turn was asked with, and what it cost", async () => {
    const user = newUser();
    const settings = { max_output_tokens: 900, temperature: 0.5 };
    const one = await say(target(), user, "Who?", "A fox");
    const turn = await act(target(), user, "continue", one["message_id"], {
      instruction: "Go on.",
      system_prompt: "You tell stories.",
      settings,
      stream_id: "my stream",
    });
    await finish(target(), turn, { from_offset: 5, text: ".", model: "the-fallback" });
    const { created_at, ...rest } = await context(target(), user, turn["message_id"]);
    assert.deepEqual(rest, {
      message_id: turn["message_id"],
      stream_id: "my stream",
      action: "continue",
      provider: "local",
      model: "the-fallback",
      system_prompt: "You tell stories.",
      system_prompt_parts: [{ part: "prompt", text: "You tell stories." }],
      settings,
      summary: null,
      messages: [
        { message_id: one["user_message_id"], role: "user", content: "Who?" },
        { message_id: one["message_id"], role: "assistant", content: "A fox" },
        { message_id: null, role: "user", content: "Go on." },
      ],
      attachments: [],
      facts: [],
      memories: [],
      tokens: { in: 11, out: 5 },
    });
    assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const plain = await context(target(), user, one["message_id"]);
    assert.deepEqual([plain["system_prompt"], plain["settings"]], [null, {}]);
    assert.deepEqual(plain["messages"], [
      { message_id: one["user_message_id"], role: "user", content: "Who?" },
    ]);
  });

  test("texts are those of the time: changed before, while and after the reply was made", async () => {
    const user = newUser();
    const one = await say(target(), user, "One?", "first");
    const { session_id, message_id } = one;
    await editReply(target(), user, message_id, "second");
    const two = await begin(target(), user, { session_id, text: "Two?" });
    await editReply(target(), user, message_id, "third");
    await finish(target(), two);
    await editReply(target(), user, message_id, "fourth");
    const three = await say(target(), user, "Three?", "Three.", { session_id });
    await editReply(target(), user, message_id, "fifth");
    await editReply(target(), user, two["message_id"], "Changed too.");
    const texts = async (turn: Row) =>
      contents(sent(await context(target(), user, turn["message_id"])));
    assert.deepEqual(await texts(two), ["One?", "second", "Two?"]);
    assert.deepEqual(await texts(three), ["One?", "fourth", "Two?", "There was a fox.", "Three?"]);
  });

  test("a user's message, and a reply from before contexts were kept, have none", async () => {
    const user = newUser();
    const turn = await say(target(), user, "One?", "One.");
    await assert.rejects(
      context(target(), user, turn["user_message_id"]),
      refusal(404, "not_found"),
    );
    const { generation_id, message_id } = turn;
    await target().update("generations", { generation_id }, { sent_from_depth: null });
    await assert.rejects(context(target(), user, message_id), refusal(404, "not_found"));
  });

  test(`contexts are what was sent, whatever has happened since (SEED=${SEED})`, async () => {
    for (let tree = 0; tree < 4; tree += 1) {
      const user = newUser();
      const sentFor = await growTree(target(), user, SEED + tree);
      for (const [message_id, messages] of sentFor) {
        const told = sent(await context(target(), user, message_id));
        assert.deepEqual(told, messages, `seed ${SEED + tree}, message ${message_id}`);
      }
    }
  });
}

/** A conversation with every possible action; returns begin_turn's prompt for each reply. */
async function growTree(
  target: Target,
  user: Principal,
  seed: number,
): Promise<Map<string, Row[]>> {
  const random = randomNumbers(seed);
  const words = () => "word ".repeat(1 + random(40)) + random(1000);
  const sentFor = new Map<string, Row[]>();
  const first = await begin(target, user, { text: "Once?" });
  await finish(target, first, { text: words() });
  sentFor.set(first["message_id"], [{ role: "user", content: "Once?" }]);
  const { session_id } = first;
  const questions = [first["user_message_id"]];
  const replies = [first["message_id"]];
  const any = (ids: string[]) => ids[random(ids.length)]!;

  for (let step = 0; step < 40; step += 1) {
    if (random(4) === 0) {
      await editReply(target, user, any(replies), words());
    } else if (random(4) === 0) {
      await select(target, user, any(random(2) === 0 ? replies : questions));
    } else {
      const last = words();
      const budget = { history_budget_tokens: random(2) === 0 ? 3000 : random(250) };
      const request = [
        { session_id, text: last },
        { action: "edit", message_id: any(questions), text: last },
        { action: "regenerate", message_id: any(random(2) === 0 ? replies : questions) },
        { action: "continue", message_id: any(replies) },
        { action: "continue", message_id: any(replies), instruction: last },
      ][random(5)]! as Row;
      const turn = await begin(target, user, { ...budget, ...request });
      if (random(6) === 0) await editReply(target, user, any(replies), words());
      const said = random(8) === 0 ? "" : words();
      await finish(target, turn, { from_offset: turn["base_bytes"], text: said });
      if (turn["action"] === "say" || turn["action"] === "edit") {
        questions.push(turn["user_message_id"]);
      }
      if (said === "") continue;
      replies.push(turn["message_id"]);
      const isLastSent = request["text"] !== undefined || request["instruction"] !== undefined;
      sentFor.set(turn["message_id"], [
        ...turn["history"],
        ...(isLastSent ? [{ role: "user", content: last }] : []),
      ]);
    }
  }
  return sentFor;
}
