// Turns that a bot answers, in both databases.
import assert from "node:assert/strict";
import { test } from "node:test";
import { context, read } from "./actions.ts";
import { BOT, KEY, newBot, relay } from "./bots.ts";
import { ask } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import {
  append,
  begin,
  finish,
  messagesOf,
  newUser,
  only,
  refusal,
  type Principal,
} from "./turns.ts";

export function describeBotTurns(target: () => Target): void {
  const turnOf = (principal: Principal, bot_id: unknown, changes: Row = {}) =>
    begin(target(), principal, { ...relay, bot_id, ...changes });

  test("the edge is given the bot with its key, and what the turn keeps of it", async () => {
    const user = newUser();
    const { bot_id } = await newBot(target(), user);
    const { name, ...asked } = BOT;
    const turn = await turnOf(user, bot_id);
    assert.deepEqual(turn["bot"], { bot_id, ...asked, access_key: KEY });
    const { generation_id, message_id } = turn;
    const generation = await only(target(), "generations", { generation_id });
    assert.deepEqual(
      [Number(generation["bot_id"]), generation["provider"], generation["model"]],
      [bot_id, asked.provider, asked.model],
    );
    await finish(target(), turn, { provider: null, model: null });
    const { system_prompt, provider, model } = await context(target(), user, message_id);
    assert.deepEqual([system_prompt, provider, model], [asked.system, asked.provider, asked.model]);
    for (const answer of [turn, await read(target(), user, turn)]) {
      const { bot, ...rest } = answer;
      assert.ok(!JSON.stringify(rest).includes(KEY.ciphertext));
    }
  });

  test("what the request says comes before what the bot says", async () => {
    const user = newUser();
    const { bot_id } = await newBot(target(), user);
    const own = { provider: "anthropic", model: "another-model", system_prompt: "You are a crow." };
    const turn = await turnOf(user, bot_id, own);
    await finish(target(), turn, { provider: null, model: null });
    const { system_prompt, provider, model } = await context(target(), user, turn["message_id"]);
    assert.deepEqual({ provider, model, system_prompt }, own);
  });

  test("a public bot answers everybody, and tells nobody its instructions or its key", async () => {
    const bot = await newBot(target(), newUser(), { is_public: true });
    const stranger = newUser();
    const turn = await turnOf(stranger, bot["bot_id"]);
    assert.deepEqual(turn["bot"].access_key, KEY);
    await finish(target(), turn);
    const told = [
      await context(target(), stranger, turn["message_id"]),
      await read(target(), stranger, turn),
      await target().select("generations", { generation_id: turn["generation_id"] }),
      await messagesOf(target(), turn),
    ];
    for (const secret of [BOT.system, KEY.ciphertext, BOT.access_path]) {
      assert.ok(!JSON.stringify(told).includes(secret), secret);
    }
  });

  test("another's bot, a deleted one and an unknown one are refused alike; nothing is stored", async () => {
    const user = newUser();
    const stranger = newUser();
    const others = await newBot(target(), newUser());
    const deleted = await newBot(target(), stranger);
    await ask(target(), stranger, "delete_bot", { bot_id: deleted["bot_id"] });
    const messages: string[] = [];
    for (const bot_id of [others["bot_id"], deleted["bot_id"], 9_000_000_000_000]) {
      await assert.rejects(turnOf(user, bot_id, { external_id: "456" }), (error: Error) => {
        messages.push(error.message);
        return refusal(404, "not_found")(error);
      });
    }
    assert.equal(new Set(messages).size, 1);
    await assert.rejects(turnOf(user, "one"), refusal(400, "invalid_id"));
    assert.deepEqual(await target().select("sessions", { owner_id: user["subject"] }), []);
  });

  test("a bot that is deleted while it answers has answered", async () => {
    const user = newUser();
    const { bot_id } = await newBot(target(), user);
    const turn = await turnOf(user, bot_id);
    await append(target(), turn, 0, "There was ");
    await ask(target(), user, "delete_bot", { bot_id });
    await finish(target(), turn, { from_offset: 10, text: "a fox." });
    assert.equal((await read(target(), user, turn))["text"], "There was a fox.");
    const plain = await turnOf(user, null);
    assert.equal("bot" in plain, false);
    const bare = await newBot(target(), user, { access_key: null, access_path: null }, null);
    const { access_key, access_path } = (await turnOf(user, bare["bot_id"]))["bot"];
    assert.deepEqual([access_key, access_path], [null, null]);
  });
}
